//! Values from fixed sets.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A value of a fixed set, as the wire spells it.
pub trait Known: Copy + Sized + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// As the wire spells it.
    fn as_str(self) -> &'static str;
}

/// A value of a set that the service may extend.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Open<K> {
    /// One that this version of the crate knows.
    Known(K),
    /// Another one, as it came.
    Other(String),
}

impl<K: Known> Open<K> {
    /// As the wire spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(known) => known.as_str(),
            Self::Other(other) => other,
        }
    }
}

impl<K> From<K> for Open<K> {
    fn from(known: K) -> Self {
        Self::Known(known)
    }
}

impl<K: PartialEq> PartialEq<K> for Open<K> {
    fn eq(&self, other: &K) -> bool {
        matches!(self, Self::Known(known) if known == other)
    }
}

impl<K: Known> fmt::Display for Open<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de, K: Known> Deserialize<'de> for Open<K> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let known = K::ALL.iter().find(|known| known.as_str() == text);
        Ok(known.map_or(Self::Other(text), |known| Self::Known(*known)))
    }
}

impl<K: Known> Serialize for Open<K> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

macro_rules! known {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $wire:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$value_doc])* #[doc = concat!("`", $wire, "`.")] $value,)+
        }

        impl Known for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $wire,)+
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }
    )+};
}

known! {
    /// Kinds of resource.
    ResourceType {
        Data = "DATA",
        Api = "API",
        Menu = "MENU",
        Ui = "UI",
        Button = "BUTTON",
    }

    /// Who a policy can be assigned to.
    TargetType {
        User = "USER",
        Role = "ROLE",
        Group = "GROUP",
        Org = "ORG",
        AccessKey = "AK",
        App = "APP",
    }

    /// Types of custom data.
    DataType {
        String = "STRING",
        Number = "NUMBER",
        DateTime = "DATETIME",
        Boolean = "BOOLEAN",
        Object = "OBJECT",
    }

    /// Where a user stands.
    UserStatus {
        Activated = "Activated",
        Suspended = "Suspended",
        Resigned = "Resigned",
        Archived = "Archived",
    }

    /// By what `batch_get` finds users.
    QueryField {
        Id = "id",
        Username = "username",
        Phone = "phone",
        Email = "email",
        ExternalId = "externalId",
    }

    /// The order of a list.
    SortBy {
        CreatedAtDescending = "CREATEDAT_DESC",
        CreatedAtAscending = "CREATEDAT_ASC",
        UpdatedAtDescending = "UPDATEDAT_DESC",
        UpdatedAtAscending = "UPDATEDAT_ASC",
    }

    /// What a mail is for. Which of them a deployment knows depends on its age: the first four are the old names.
    EmailScene {
        ResetPassword = "RESET_PASSWORD",
        VerifyEmail = "VERIFY_EMAIL",
        ChangeEmail = "CHANGE_EMAIL",
        MfaVerify = "MFA_VERIFY",
        RegisterVerifyCode = "REGISTER_VERIFY_CODE",
        LoginVerifyCode = "LOGIN_VERIFY_CODE",
        MfaVerifyCode = "MFA_VERIFY_CODE",
        InformationCompletionVerifyCode = "INFORMATION_COMPLETION_VERIFY_CODE",
        FirstEmailLoginVerify = "FIRST_EMAIL_LOGIN_VERIFY",
        ConsoleConductedVerify = "CONSOLE_CONDUCTED_VERIFY",
        ResetPasswordVerifyCode = "RESET_PASSWORD_VERIFY_CODE",
        EmailBindVerifyCode = "EMAIL_BIND_VERIFY_CODE",
        EmailUnbindVerifyCode = "EMAIL_UNBIND_VERIFY_CODE",
    }
}

/// From where an organization is synchronized.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncProvider {
    /// DingTalk.
    DingTalk,
    /// WeChat Work.
    WechatWork,
    /// Active Directory.
    Ad {
        /// Which connector.
        connector_id: String,
    },
}
