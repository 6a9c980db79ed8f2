//! The service's error responses.

#[derive(Debug)]
pub(crate) struct ErrorResponse {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl ErrorResponse {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, message)
    }

    pub(crate) fn not_signed_in() -> Self {
        Self::new(401, "the user's token is missing, unknown or expired")
    }

    pub(crate) fn no_tenant() -> Self {
        Self::forbidden("the token is in no tenant: switch to one first")
    }

    pub(crate) fn wrong_password() -> Self {
        Self::new(401, "用户名或密码错误 (wrong user name or password)")
    }
}
