use super::{Session, maybe_async};
use crate::{
    Password, Result, UserToken, VerificationCode,
    digiwin::{
        AccessTokenOptions, AuthoredUser, ChangedToken, Handshake, InternalLoginOptions, LastRequest, LoginAdOptions,
        LoginOptions, LogoutOptions, TenantId, TenantRef, UserTokenInfo,
        identity::{self, PublicKey, RefreshedToken, WrappedAesKey},
    },
};

/// Logins, tokens and tenant switches: `/api/iam/v2/identity`.
///
/// A login, a tenant switch and a refresh make their token the session's. If the service refuses one, the session keeps the token
/// that it had. If only the token store fails, the session has the new token, and the error, of kind
/// [`Store`](crate::ErrorKind::Store), says so: [`was_sent`](crate::Error::was_sent) is true then.
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) session: Session,
}

#[maybe_async]
impl Identity {
    /// Logs in: `GET publickey`, `POST aeskey`, `POST login`.
    ///
    /// # Errors
    ///
    /// [`Authentication`](crate::ErrorKind::Authentication): wrong user or password, `Application`: wrong app token, `Crypto`: the
    /// handshake failed. A login is never sent twice after an ambiguous failure. Without a request: `InvalidArgument` for an
    /// empty user or password; `Configuration` for a session that has credentials, and logs in by itself.
    pub async fn login(&self, user_id: &str, password: impl Into<Password>) -> Result<AuthoredUser> {
        self.login_with(user_id, password, LoginOptions::new()).await
    }

    /// [`login`](Self::login) into a tenant, or with another identity type.
    pub async fn login_with(
        &self,
        user_id: &str,
        password: impl Into<Password>,
        options: LoginOptions,
    ) -> Result<AuthoredUser> {
        self.log_in(user_id, password.into(), LastRequest::Login(options)).await
    }

    /// Logs in by Digiwin's Active Directory; `user_id` is an employee's mail address. Otherwise as [`login`](Self::login).
    pub async fn login_ad(&self, user_id: &str, password: impl Into<Password>) -> Result<AuthoredUser> {
        self.login_ad_with(user_id, password, LoginAdOptions::new()).await
    }

    /// [`login_ad`](Self::login_ad) into a tenant.
    pub async fn login_ad_with(
        &self,
        user_id: &str,
        password: impl Into<Password>,
        options: LoginAdOptions,
    ) -> Result<AuthoredUser> {
        self.log_in(user_id, password.into(), LastRequest::Directory(options)).await
    }

    /// Logs in with a code sent to a phone: `POST login`, without a handshake. How a code is asked for is not part of what
    /// is known of the service.
    pub async fn login_verification_code(
        &self,
        phone: &str,
        code: impl Into<VerificationCode>,
    ) -> Result<AuthoredUser> {
        self.session.call_for_token(identity::login_verification_code(phone, &code.into())?).await
    }

    /// Logs in a tenant's internal user: the handshake, then `POST internal/login`.
    pub async fn internal_login(
        &self,
        tenant_id: TenantId<'_>,
        user_id: &str,
        password: impl Into<Password>,
    ) -> Result<AuthoredUser> {
        self.internal_login_with(tenant_id, user_id, password, InternalLoginOptions::new()).await
    }

    /// [`internal_login`](Self::internal_login) with another identity type.
    pub async fn internal_login_with(
        &self,
        tenant_id: TenantId<'_>,
        user_id: &str,
        password: impl Into<Password>,
        options: InternalLoginOptions,
    ) -> Result<AuthoredUser> {
        self.log_in(user_id, password.into(), LastRequest::Internal(tenant_id.0.to_owned(), options)).await
    }

    /// Ends the session at the service and drops its token: `POST logout`.
    pub async fn logout(&self) -> Result<()> {
        self.logout_with(LogoutOptions::new()).await
    }

    /// [`logout`](Self::logout), of all the user's sessions if asked for.
    pub async fn logout_with(&self, options: LogoutOptions) -> Result<()> {
        self.session.log_out(identity::logout(&options)?).await
    }

    /// The service's RSA key, SubjectPublicKeyInfo in base64: `GET publickey`. A login asks for it by itself.
    pub async fn get_public_key(&self) -> Result<String> {
        let answer: PublicKey = self.session.call(identity::get_public_key()).await?;
        Ok(answer.public_key)
    }

    /// An AES key, encrypted under the client's RSA key that `client_encrypt_public_key` wraps: `POST aeskey`. A login asks
    /// for it by itself.
    pub async fn get_aes_key(&self, client_encrypt_public_key: &str) -> Result<String> {
        let answer: WrappedAesKey = self.session.call(identity::get_aes_key(client_encrypt_public_key)?).await?;
        Ok(answer.encrypt_aes_key)
    }

    /// What the session's token says: `POST token/analyze`.
    pub async fn analyze_token(&self) -> Result<UserTokenInfo> {
        self.session.call(identity::analyze_token()?).await
    }

    /// The same, for internal use: `GET token/analyze/internal`. How it differs is not documented.
    pub async fn analyze_token_internal(&self) -> Result<UserTokenInfo> {
        self.session.call(identity::analyze_token_internal()).await
    }

    /// Who is logged in: `POST login/info`.
    pub async fn get_login_info(&self) -> Result<AuthoredUser> {
        self.session.call(identity::get_login_info()?).await
    }

    /// Switches to another tenant: `POST token/refresh/tenant`. The calls of a tenant need this first.
    ///
    /// # Errors
    ///
    /// [`Authorization`](crate::ErrorKind::Authorization): the tenant has not bought the application, or the user is not in it.
    pub async fn refresh_token_with_tenant(&self, tenant: impl Into<TenantRef>) -> Result<ChangedToken> {
        self.session.call_for_token(identity::refresh_token_with_tenant(&tenant.into())?).await
    }

    /// Exchanges the session's token for a new one: `POST token/refresh/user`.
    pub async fn refresh_user_token(&self) -> Result<UserToken> {
        let answer: RefreshedToken = self.session.call_for_token(identity::refresh_user_token()?).await?;
        answer.into_token()
    }

    /// A token for single sign-on of another user: `POST token/grant/access`. The session stays as it is.
    pub async fn create_access_token(&self, tenant_id: TenantId<'_>, verify_user_id: &str) -> Result<AuthoredUser> {
        self.create_access_token_with(tenant_id, verify_user_id, AccessTokenOptions::new()).await
    }

    /// [`create_access_token`](Self::create_access_token) with another grant type, or for an account.
    pub async fn create_access_token_with(
        &self,
        tenant_id: TenantId<'_>,
        verify_user_id: &str,
        options: AccessTokenOptions,
    ) -> Result<AuthoredUser> {
        self.session.call(identity::create_access_token(tenant_id, verify_user_id, &options)?).await
    }

    /// The session's token, if it has one. Sends nothing.
    pub async fn current_token(&self) -> Result<Option<UserToken>> {
        self.session.current_token().await
    }

    /// Gives the session a token from elsewhere, or takes its token away. Sends nothing.
    pub async fn set_current_token(&self, token: Option<UserToken>) -> Result<()> {
        self.session.set_token(token).await
    }

    async fn log_in(&self, user_id: &str, password: Password, last: LastRequest) -> Result<AuthoredUser> {
        self.session.log_in(Box::new(Handshake::new(user_id, password, last))).await
    }
}
