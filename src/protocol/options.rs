//! Optional arguments, as one value a call.

use serde::Serialize;

/// A value for an optional argument, or `None` to leave it out.
///
/// Setters of options take a value or an `Option` of it; for text also `&str` and `&String`. A bare `None` needs its type:
/// `None::<String>`.
///
/// ```
/// use iam_sdk::digiwin::LoginOptions;
///
/// let tenant: Option<&str> = None;
/// assert_eq!(LoginOptions::new().tenant_id(tenant), LoginOptions::new());
/// assert_eq!(LoginOptions::new().tenant_id("T1"), LoginOptions::new().tenant_id(Some("T1".to_owned())));
/// ```
pub trait IntoOption<T> {
    /// Converts the value.
    fn into_option(self) -> Option<T>;
}

impl<T> IntoOption<T> for T {
    fn into_option(self) -> Option<T> {
        Some(self)
    }
}

impl<T> IntoOption<T> for Option<T> {
    fn into_option(self) -> Option<T> {
        self
    }
}

macro_rules! text {
    ($($type:ty),+) => {$(
        impl IntoOption<String> for $type {
            fn into_option(self) -> Option<String> {
                Some(self.to_owned())
            }
        }

        impl IntoOption<String> for Option<$type> {
            fn into_option(self) -> Option<String> {
                self.map(ToOwned::to_owned)
            }
        }
    )+};
}

text!(&str, &String);

/// Optional arguments as the service takes them: what is not set is left out.
pub(crate) trait ToWire {
    fn to_wire(&self) -> impl Serialize;
}

/// Declares the optional arguments of a call, each with a setter of its name; what is not set is not sent. Lists, in
/// brackets, are sent even when empty; flags, in parentheses, are never sent: they decide what is asked for.
macro_rules! options {
    (
        $(#[$doc:meta])*
        $name:ident $([$($(#[$list_doc:meta])* $list:ident : $item:ty,)*])? $(($($(#[$flag_doc:meta])* $flag:ident,)*))? {
            $($(#[$field_doc:meta])* $field:ident : $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(pub(crate) $list: Vec<$item>,)*)?
            $($(pub(crate) $flag: bool,)*)?
            $(pub(crate) $field: Option<$type>,)*
        }

        impl $name {
            /// Creates options with nothing set.
            pub fn new() -> Self {
                Self::default()
            }

            $($(
                $(#[$list_doc])*
                pub fn $list(mut self, $list: impl Into<$item>) -> Self {
                    self.$list.push($list.into());
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
                pub fn $field(mut self, $field: impl $crate::IntoOption<$type>) -> Self {
                    self.$field = $field.into_option();
                    self
                }
            )*
        }

        impl $crate::protocol::options::ToWire for $name {
            fn to_wire(&self) -> impl serde::Serialize {
                #[derive(serde::Serialize)]
                #[serde(rename_all = "camelCase")]
                struct Wire<'a> {
                    $($($list: &'a [$item],)*)?
                    $(
                        #[serde(skip_serializing_if = "Option::is_none")]
                        $field: Option<&'a $type>,
                    )*
                    #[serde(skip)]
                    of: std::marker::PhantomData<&'a $name>,
                }
                Wire {
                    $($($list: &self.$list,)*)?
                    $($field: self.$field.as_ref(),)*
                    of: std::marker::PhantomData,
                }
            }
        }
    };
}

pub(crate) use options;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;
    use serde_json::json;

    options! {
        /// Options of a test.
        Options [
            /// Adds a role.
            role_ids: Json,
        ] (
            /// Asks for more.
            with_more,
        ) {
            /// Sets the name.
            full_name: String,
            /// Sets the number.
            limit: usize,
        }
    }

    #[test]
    fn what_is_set_is_sent_and_nothing_else() {
        let wire = |options: Options| serde_json::to_value(options.to_wire()).unwrap();
        assert_eq!(wire(Options::new().with_more(true)), json!({"roleIds": []}));
        let name = "Ann".to_owned();
        let all = Options::new().role_ids(json!(["a", "b"])).role_ids("c").full_name(&name).limit(3);
        assert_eq!(wire(all.clone()), json!({"roleIds": [["a", "b"], "c"], "fullName": "Ann", "limit": 3}));
        assert_eq!(wire(all.full_name(None::<&str>).limit(None)), json!({"roleIds": [["a", "b"], "c"]}));
        let set = Options::new().full_name("Ann");
        for same in [
            Options::new().full_name(name.clone()),
            Options::new().full_name(Some("Ann")),
            Options::new().full_name(Some(name)),
        ] {
            assert_eq!(same, set);
        }
    }
}
