//! Digiwin IAM: `analyze_token`.

use crate::{
    Error, ErrorKind, Result, UserToken,
    r#async::Client,
    digiwin::UserTokenInfo,
    server::{Caller, HasTenant, Identity, Introspect, Introspection, Roles, SourceId, fault::is_definite_no},
};

impl Identity for UserTokenInfo {
    type Client = Client;

    fn user_id(&self) -> &str {
        self.user_id.as_deref().unwrap_or_default()
    }

    fn tenant_id(&self) -> Option<&str> {
        self.tenant_id.as_deref().filter(|id| !id.is_empty())
    }

    fn bytes(&self) -> usize {
        super::bytes(self)
    }
}

impl HasTenant for UserTokenInfo {}

/// Asks `analyze_token`. The service does not say when a token expires.
///
/// It responds with 401 to a wrong token and to a wrong app token alike. So such a response is followed by `get_public_key`, which has the
/// app token alone: only if the service accepts that one, the user's token is wrong. That it is accepted is remembered for 5 s.
///
/// That the service checks the app token in this call is what the emulator does; the service's documents do not say so. A service
/// that does not check it makes every token invalid, with 401 in place of 503, while the app token is wrong.
impl Introspect for Client {
    type Identity = UserTokenInfo;

    async fn introspect(&self, token: &UserToken) -> Result<Introspection<UserTokenInfo>> {
        match self.with_token(token.clone())?.identity().analyze_token().await {
            Ok(info) if info.user_id().is_empty() => Err(Error::new(ErrorKind::Decode)
                .operation_named("digiwin.identity.analyze_token")
                .detail("the response names no user")),
            Ok(info) => Ok(Introspection::active(info)),
            Err(error) if is_definite_no(&error) => {
                let ask = async { self.identity().get_public_key().await.map(drop) };
                self.app_token_check().confirm(ask).await?;
                Ok(Introspection::inactive().reason(error))
            }
            Err(error) => Err(error),
        }
    }

    fn client(&self) -> Result<Client> {
        Ok(self.clone())
    }

    fn service(&self) -> &'static str {
        "digiwin"
    }
}

/// The ids of the roles that are not disabled. They are asked with the caller's own token.
impl Roles<UserTokenInfo> for Client {
    fn source_id(&self) -> SourceId {
        self.source_id()
    }

    async fn roles(&self, who: &Caller) -> Result<Vec<String>> {
        let user = self.with_token(who.token().clone())?.users().get_user_roles(who.user_id()).await?;
        let roles = user.roles.into_iter().filter(|role| role.disabled != Some(true));
        Ok(roles.filter_map(|role| role.id).collect())
    }
}
