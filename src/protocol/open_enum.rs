//! Values of sets that a service may extend.

/// Declares an enum of texts. Another text than those is kept in `Other`, and sent back as it came.
macro_rules! open_enum {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $wire:literal,)+ })+) => {$(
        $(#[$doc])*
        ///
        /// `From<&str>` and `FromStr` give the variant of a text; they cannot fail.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$value_doc])* #[doc = concat!("`", $wire, "`.")] $value,)+
            /// Another value, which this version of the crate does not know.
            Other(String),
        }

        impl $name {
            /// Returns the text of the value, as it is sent.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$value => $wire,)+
                    Self::Other(other) => other,
                }
            }

            fn known(text: &str) -> Option<Self> {
                match text {
                    $($wire => Some(Self::$value),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::known(text).unwrap_or_else(|| Self::Other(text.to_owned()))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::known(&text).unwrap_or(Self::Other(text))
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from).map(Self::from)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        $crate::protocol::model::field_values!($name);
    )+};
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    open_enum! {
        /// Colours.
        Colour {
            Red = "RED",
            DarkBlue = "darkBlue",
        }
    }

    #[test]
    fn any_text_is_a_value_and_stays_what_it_was() {
        for (text, colour) in
            [("RED", Colour::Red), ("darkBlue", Colour::DarkBlue), ("red", Colour::Other("red".into()))]
        {
            assert_eq!(Colour::from(text), colour);
            assert_eq!(Colour::from(text.to_owned()), colour);
            assert_eq!(text.parse(), Ok(colour.clone()));
            assert_eq!((colour.as_str(), colour.to_string().as_str()), (text, text));
            let json = serde_json::to_string(&colour).unwrap();
            assert_eq!(json, format!("{text:?}"));
            assert_eq!(serde_json::from_str::<Colour>(&json).unwrap(), colour);
        }
        assert!(serde_json::from_str::<Colour>("7").is_err());
    }
}
