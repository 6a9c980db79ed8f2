use super::{Call, Session, options_method};
use crate::{
    Password, UserToken, VerificationCode,
    digiwin::{
        AccessTokenOptions, AuthoredUser, ChangedToken, Handshake, InternalLoginOptions, LastRequest, LoginAdOptions,
        LoginOptions, LogoutOptions, TenantId, TenantRef, UserTokenInfo,
        identity::{self, RefreshedToken},
    },
};

/// Logs users in and out, and switches tenants: `/api/iam/v2/identity`. Any call can fail as [`Error`](crate::Error) says.
///
/// A login, a tenant switch and a refresh make their token the session's. If the service refuses one, the session keeps the token
/// that it had. If only the token store fails, the session has the new token, and the error, of kind
/// [`Store`](crate::ErrorKind::Store), says so: [`was_sent`](crate::Error::was_sent) is true then. In a session that logs in by
/// itself, a login fails with [`Configuration`](crate::ErrorKind::Configuration).
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) session: Session,
}

impl Identity {
    options_method!();

    /// Logs a user in with a password.
    ///
    /// The handshake comes first: `GET /api/iam/v2/identity/publickey`, unless the client remembers the key, and `POST …/aeskey`. See
    /// [`prepare_login`](super::Client::prepare_login).
    #[doc = identity::docs!(LOGIN)]
    pub fn login(&self, user_id: impl AsRef<str>, password: impl Into<Password>) -> Call<AuthoredUser> {
        self.login_with(user_id, password, LoginOptions::new())
    }

    /// Logs a user in to a tenant, or with another identity type: see [`login`](Self::login).
    pub fn login_with(
        &self,
        user_id: impl AsRef<str>,
        password: impl Into<Password>,
        options: LoginOptions,
    ) -> Call<AuthoredUser> {
        self.log_in(user_id.as_ref(), password.into(), LastRequest::Login(options))
    }

    /// Logs an employee in by Digiwin's Active Directory; `user_id` is the employee's mail address.
    ///
    /// The handshake comes first, as for [`login`](Self::login).
    #[doc = identity::docs!(LOGIN_AD)]
    pub fn login_ad(&self, user_id: impl AsRef<str>, password: impl Into<Password>) -> Call<AuthoredUser> {
        self.login_ad_with(user_id, password, LoginAdOptions::new())
    }

    /// Logs an employee in to a tenant: see [`login_ad`](Self::login_ad).
    pub fn login_ad_with(
        &self,
        user_id: impl AsRef<str>,
        password: impl Into<Password>,
        options: LoginAdOptions,
    ) -> Call<AuthoredUser> {
        self.log_in(user_id.as_ref(), password.into(), LastRequest::Directory(options))
    }

    /// Logs a user in with a code that was sent to a phone.
    ///
    /// Takes no handshake. The vendor does not document how to ask for a code.
    #[doc = identity::docs!(LOGIN_VERIFICATION_CODE)]
    pub fn login_verification_code(&self, phone: &str, code: impl Into<VerificationCode>) -> Call<AuthoredUser> {
        self.session.call_for_token(identity::login_verification_code(phone, &code.into()), Ok)
    }

    /// Logs in a tenant's internal user.
    ///
    /// The handshake comes first, as for [`login`](Self::login).
    #[doc = identity::docs!(INTERNAL_LOGIN)]
    pub fn internal_login(
        &self,
        tenant_id: TenantId<'_>,
        user_id: impl AsRef<str>,
        password: impl Into<Password>,
    ) -> Call<AuthoredUser> {
        self.internal_login_with(tenant_id, user_id, password, InternalLoginOptions::new())
    }

    /// Logs in a tenant's internal user with another identity type: see [`internal_login`](Self::internal_login).
    pub fn internal_login_with(
        &self,
        tenant_id: TenantId<'_>,
        user_id: impl AsRef<str>,
        password: impl Into<Password>,
        options: InternalLoginOptions,
    ) -> Call<AuthoredUser> {
        self.log_in(user_id.as_ref(), password.into(), LastRequest::Internal(tenant_id.0.to_owned(), options))
    }

    /// Logs the user out at the service, and removes the token from the session and the token store.
    ///
    /// A session with credentials and without a token sends nothing, and logs in again at its next call. If the service refuses, the
    /// session keeps its token.
    #[doc = identity::docs!(LOGOUT)]
    pub fn logout(&self) -> Call<()> {
        self.logout_with(LogoutOptions::new())
    }

    /// Ends the session, or all the user's sessions, at the service: see [`logout`](Self::logout).
    pub fn logout_with(&self, options: LogoutOptions) -> Call<()> {
        self.session.log_out(identity::logout(&options))
    }

    /// Returns the service's RSA key, SubjectPublicKeyInfo in base64. A login asks for it by itself.
    #[doc = identity::docs!(GET_PUBLIC_KEY)]
    pub fn get_public_key(&self) -> Call<String> {
        self.session.call_with(identity::get_public_key(), identity::public_key)
    }

    /// Returns an AES key, encrypted under the client's RSA key. A login asks for it by itself.
    ///
    /// `client_encrypt_public_key` is the client's key, encrypted under the service's.
    #[doc = identity::docs!(GET_AES_KEY)]
    pub fn get_aes_key(&self, client_encrypt_public_key: &str) -> Call<String> {
        self.session.call_with(identity::get_aes_key(client_encrypt_public_key), identity::wrapped_aes_key)
    }

    /// Returns what the session's token says.
    #[doc = identity::docs!(ANALYZE_TOKEN)]
    pub fn analyze_token(&self) -> Call<UserTokenInfo> {
        self.session.call(identity::analyze_token())
    }

    /// Returns what the session's token says, for internal use.
    ///
    /// The vendor does not document how it differs from [`analyze_token`](Self::analyze_token).
    #[doc = identity::docs!(ANALYZE_TOKEN_INTERNAL)]
    pub fn analyze_token_internal(&self) -> Call<UserTokenInfo> {
        self.session.call(identity::analyze_token_internal())
    }

    /// Returns the user that is logged in.
    #[doc = identity::docs!(GET_LOGIN_INFO)]
    pub fn get_login_info(&self) -> Call<AuthoredUser> {
        self.session.call(identity::get_login_info())
    }

    /// Switches the session to another tenant. The calls of a tenant need this first.
    #[doc = identity::docs!(REFRESH_TOKEN_WITH_TENANT)]
    pub fn refresh_token_with_tenant(&self, tenant: impl Into<TenantRef>) -> Call<ChangedToken> {
        self.session.call_for_token(identity::refresh_token_with_tenant(&tenant.into()), Ok)
    }

    /// Replaces the session's token with a new one, and returns it.
    #[doc = identity::docs!(REFRESH_USER_TOKEN)]
    pub fn refresh_user_token(&self) -> Call<UserToken> {
        self.session.call_for_token(identity::refresh_user_token(), RefreshedToken::into_token)
    }

    /// Returns a token for the single sign-on of another user. The session keeps its own.
    #[doc = identity::docs!(CREATE_ACCESS_TOKEN)]
    pub fn create_access_token(&self, tenant_id: TenantId<'_>, verify_user_id: impl AsRef<str>) -> Call<AuthoredUser> {
        self.create_access_token_with(tenant_id, verify_user_id, AccessTokenOptions::new())
    }

    /// Returns a token of another grant type, or for an account: see [`create_access_token`](Self::create_access_token).
    pub fn create_access_token_with(
        &self,
        tenant_id: TenantId<'_>,
        verify_user_id: impl AsRef<str>,
        options: AccessTokenOptions,
    ) -> Call<AuthoredUser> {
        self.session.call(identity::create_access_token(tenant_id, verify_user_id.as_ref(), &options))
    }

    fn log_in(&self, user_id: &str, password: Password, last: LastRequest) -> Call<AuthoredUser> {
        self.session.log_in(Box::new(Handshake::new(user_id, password, last)))
    }
}
