//! Values from fixed sets.

use crate::protocol::open_enum::open_enum;

open_enum! {
    /// Kinds of resource.
    ResourceType {
        Data = "DATA",
        Api = "API",
        Menu = "MENU",
        Ui = "UI",
        Button = "BUTTON",
    }

    /// Kinds of target that a policy can be assigned to.
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

    /// States of a user's account.
    UserStatus {
        Activated = "Activated",
        Suspended = "Suspended",
        Resigned = "Resigned",
        Archived = "Archived",
    }

    /// Members by which `batch_get` finds users.
    QueryField {
        Id = "id",
        Username = "username",
        Phone = "phone",
        Email = "email",
        ExternalId = "externalId",
    }

    /// Orders of a list.
    SortBy {
        CreatedAtDescending = "CREATEDAT_DESC",
        CreatedAtAscending = "CREATEDAT_ASC",
        UpdatedAtDescending = "UPDATEDAT_DESC",
        UpdatedAtAscending = "UPDATEDAT_ASC",
    }

    /// Purposes of a mail. Which of them a deployment knows depends on its age: the first four are the old names.
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
