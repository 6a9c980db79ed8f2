//! Values that no log, `Debug` or error text may show.

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// `Debug` prints a placeholder, there is no `Display` and no `Serialize`, and the memory is overwritten on
        /// drop. [`expose_secret`](Self::expose_secret) is the one way to the text.
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(zeroize::Zeroizing<String>);

        impl $name {
            /// Returns the secret. Keep it out of logs.
            pub fn expose_secret(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(redacted)"))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(zeroize::Zeroizing::new(text))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::from(text.to_owned())
            }
        }

        impl From<&String> for $name {
            fn from(text: &String) -> Self {
                Self::from(text.clone())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any($crate::secret::Text).map(Self::from)
            }
        }
    )+};
}
#[cfg(all(feature = "jwt", any(feature = "async", feature = "blocking")))]
pub(crate) use secrets;

/// Text, or a whole number as text.
pub(crate) struct Text;

impl serde::de::Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    fn visit_u64<E>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

secrets! {
    /// A password, as the user typed it.
    Password,
    /// A one-time code sent to a phone.
    VerificationCode,
    /// A short code that a user types instead of a password.
    Pin,
    /// The token that says which application calls (`digi-middleware-auth-app`).
    AppToken,
    /// The token of a signed-in user (`digi-middleware-auth-user`, `X-LICENSE-TOKEN`).
    UserToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Password::from("hunter2")), "Password(redacted)");
        assert_eq!(Password::from("hunter2").expose_secret(), "hunter2");
    }
}
