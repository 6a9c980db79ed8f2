//! Optional arguments, as one value a call.

use serde_json::Value;

/// Declares the optional arguments of a call, each with a setter of its name; what is not set is not sent. Lists of JSON, in
/// brackets, are sent even when empty; flags, in parentheses, are never sent: they decide what is asked for.
macro_rules! options {
    (
        $(#[$doc:meta])*
        $name:ident $([$($(#[$list_doc:meta])* $list:ident,)*])? $(($($(#[$flag_doc:meta])* $flag:ident,)*))? {
            $($(#[$field_doc:meta])* $field:ident : $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name {
            $($(pub(crate) $list: Vec<serde_json::Value>,)*)?
            $($(
                #[serde(skip)]
                pub(crate) $flag: bool,
            )*)?
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(crate) $field: Option<$type>,
            )*
        }

        impl $name {
            /// None set.
            pub fn new() -> Self {
                Self::default()
            }

            $($(
                $(#[$list_doc])*
                pub fn $list(mut self, $list: impl Into<serde_json::Value>) -> Self {
                    $crate::protocol::options::add(&mut self.$list, $list.into());
                    self
                }
            )*)?

            $($(
                $(#[$flag_doc])*
                pub fn $flag(mut self, $flag: bool) -> Self {
                    self.$flag = $flag;
                    self
                }
            )*)?

            $(
                $(#[$field_doc])*
                pub fn $field(mut self, $field: impl Into<$type>) -> Self {
                    self.$field = Some($field.into());
                    self
                }
            )*
        }
    };
}

pub(crate) use options;

/// Adds one value, or each of a list.
pub(crate) fn add(list: &mut Vec<Value>, value: Value) {
    match value {
        Value::Array(values) => list.extend(values),
        value => list.push(value),
    }
}
