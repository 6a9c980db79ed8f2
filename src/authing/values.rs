//! Values from fixed sets.

use crate::protocol::open_enum::open_enum;

open_enum! {
    /// Kinds of resource that permissions are about.
    ///
    /// The vendor documents the names alone; the descriptions follow them.
    ResourceType {
        /// Data, such as books or orders:
        Data = "DATA",
        /// An endpoint of an API:
        Api = "API",
        /// A menu of an application:
        Menu = "MENU",
        /// A part of a user interface:
        Ui = "UI",
        /// A button of a user interface:
        Button = "BUTTON",
    }

    /// Kinds of target that a policy can be assigned to.
    ///
    /// The vendor documents the names alone; the descriptions follow them.
    TargetType {
        /// A user:
        User = "USER",
        /// A role:
        Role = "ROLE",
        /// A group of users:
        Group = "GROUP",
        /// A node of an organization:
        Org = "ORG",
        /// An access key, with which programs call the service:
        AccessKey = "AK",
        /// An application:
        App = "APP",
    }

    /// Types of custom data, which say how a value is read: see [`UdfValue`](super::UdfValue).
    DataType {
        /// Text:
        String = "STRING",
        /// A number, whole or not:
        Number = "NUMBER",
        /// A time, as ISO 8601 or in milliseconds since 1970:
        DateTime = "DATETIME",
        /// True or false:
        Boolean = "BOOLEAN",
        /// A JSON object or list:
        Object = "OBJECT",
    }

    /// States of a user's account.
    ///
    /// The vendor documents the names alone; the descriptions follow them.
    UserStatus {
        /// The account is in use:
        Activated = "Activated",
        /// The account is shut for a time:
        Suspended = "Suspended",
        /// The user has left the company:
        Resigned = "Resigned",
        /// The user was deleted, and is kept in the archive:
        Archived = "Archived",
    }

    /// Members by which `batch_get` finds users.
    QueryField {
        /// The id that the service gave the user:
        Id = "id",
        /// The user name:
        Username = "username",
        /// The phone number:
        Phone = "phone",
        /// The mail address:
        Email = "email",
        /// The id of the user in another system:
        ExternalId = "externalId",
    }

    /// Orders of a list.
    SortBy {
        /// The newest first:
        CreatedAtDescending = "CREATEDAT_DESC",
        /// The oldest first:
        CreatedAtAscending = "CREATEDAT_ASC",
        /// The last changed first:
        UpdatedAtDescending = "UPDATEDAT_DESC",
        /// The longest unchanged first:
        UpdatedAtAscending = "UPDATEDAT_ASC",
    }

    /// Purposes of a mail. Which of them a deployment knows depends on its age: the first four are the old names.
    ///
    /// The vendor documents the names alone; the descriptions follow them.
    EmailScene {
        /// To choose another password:
        ResetPassword = "RESET_PASSWORD",
        /// To prove that the address is the user's:
        VerifyEmail = "VERIFY_EMAIL",
        /// To change the address:
        ChangeEmail = "CHANGE_EMAIL",
        /// The second factor of a login:
        MfaVerify = "MFA_VERIFY",
        /// The code for a registration:
        RegisterVerifyCode = "REGISTER_VERIFY_CODE",
        /// The code for a login:
        LoginVerifyCode = "LOGIN_VERIFY_CODE",
        /// The code for the second factor of a login:
        MfaVerifyCode = "MFA_VERIFY_CODE",
        /// The code for the completion of a user's data:
        InformationCompletionVerifyCode = "INFORMATION_COMPLETION_VERIFY_CODE",
        /// To verify the address at the first login with it:
        FirstEmailLoginVerify = "FIRST_EMAIL_LOGIN_VERIFY",
        /// A verification that an administrator asked for in the console:
        ConsoleConductedVerify = "CONSOLE_CONDUCTED_VERIFY",
        /// The code for another password:
        ResetPasswordVerifyCode = "RESET_PASSWORD_VERIFY_CODE",
        /// The code for the address that a user adds to an account:
        EmailBindVerifyCode = "EMAIL_BIND_VERIFY_CODE",
        /// The code for the address that a user removes from an account:
        EmailUnbindVerifyCode = "EMAIL_UNBIND_VERIFY_CODE",
    }
}

/// A directory that an organization is synchronized from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncProvider {
    /// DingTalk.
    DingTalk,
    /// WeChat Work.
    WechatWork,
    /// Active Directory.
    Ad {
        /// The id of the connector.
        connector_id: String,
    },
}
