//! Authing: `check_login_status`.

use crate::{
    Error, ErrorKind, Result, UserToken,
    r#async::authing::ManagementClient,
    authing::{TokenOwner, TokenStatus},
    server::{Caller, HasTenant, Identity, Introspect, Introspection, Roles, SourceId, fault::is_definite_no},
};
use std::time::{Duration, SystemTime};

impl Identity for TokenOwner {
    type Client = ();

    fn user_id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// The user pool.
    fn tenant_id(&self) -> Option<&str> {
        self.user_pool_id.as_deref()
    }

    fn bytes(&self) -> usize {
        super::bytes(self)
    }
}

impl HasTenant for TokenOwner {}

/// Asks `check_login_status`, which says when a token expires. A token of another user pool than the client's is refused.
impl Introspect for ManagementClient {
    type Identity = TokenOwner;

    async fn introspect(&self, token: &UserToken) -> Result<Introspection<TokenOwner>> {
        match self.check_login_status(token.clone()).await {
            Ok(status) => introspection(status, self.user_pool_id()),
            Err(error) if is_definite_no(&error) => Ok(Introspection::inactive().reason(error)),
            Err(error) => Err(error),
        }
    }

    /// No client acts for Authing's users: the management client's calls are made as the user pool.
    fn client(&self) -> Result<()> {
        Ok(())
    }

    fn service(&self) -> &'static str {
        "authing"
    }
}

/// The codes of the roles in the pool's default namespace. They are asked with the pool's own token.
impl Roles<TokenOwner> for ManagementClient {
    fn source_id(&self) -> SourceId {
        self.source_id()
    }

    async fn roles(&self, who: &Caller<TokenOwner>) -> Result<Vec<String>> {
        let roles = self.users().list_roles(who.user_id()).await.map_err(of_this_server)?;
        Ok(roles.list.into_iter().filter_map(|role| role.code).collect())
    }
}

/// Returns the error of a call that this server makes with its own credentials: it says nothing about the caller.
fn of_this_server(error: Error) -> Error {
    if !matches!(error.kind(), ErrorKind::Authentication | ErrorKind::Authorization) {
        return error;
    }
    let refused = Error::new(ErrorKind::Application).detail("the user pool's own credentials were refused");
    let refused = error.status().into_iter().fold(refused, Error::with_status);
    let refused = error.code().map(str::to_owned).into_iter().fold(refused, Error::with_code);
    error.operation().into_iter().fold(refused, Error::with_operation)
}

fn introspection(status: TokenStatus, user_pool_id: &str) -> Result<Introspection<TokenOwner>> {
    let unreadable = |what: &'static str| {
        let error = Error::new(ErrorKind::Decode).operation_named("authing.check_login_status");
        Err(error.detail(what))
    };
    match (status.status, status.data) {
        (Some(false), _) => Ok(Introspection::inactive()),
        (None, _) => unreadable("the response does not say whether the token is valid"),
        (Some(true), Some(owner)) if !owner.user_id().is_empty() => {
            if owner.user_pool_id.as_deref().is_some_and(|pool| pool != user_pool_id) {
                return Ok(another_pools());
            }
            let active = Introspection::active(owner);
            let expires = status.exp.map(|exp| u64::try_from(exp).unwrap_or(0));
            // An expiry in milliseconds of the far future is none that a clock has.
            let expires = expires.and_then(|exp| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(exp)));
            Ok(expires.into_iter().fold(active, Introspection::expires_at))
        }
        (Some(true), _) => unreadable("the response names no user"),
    }
}

fn another_pools() -> Introspection<TokenOwner> {
    let reason = Error::new(ErrorKind::Authentication).operation_named("authing.check_login_status");
    Introspection::inactive().reason(reason.detail("the token is of another user pool"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_that_is_told_counts() {
        let owner = |id: &str, pool: &str| TokenOwner::default().with_id(id).with_user_pool_id(pool);
        let status = |status: Option<bool>, data: Option<TokenOwner>, exp: Option<i64>| {
            let mut told = TokenStatus::default();
            (told.status, told.data, told.exp) = (status, data, exp);
            let introspection = introspection(told, "pool").map_err(|error| error.kind());
            let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            introspection.map(|introspection| {
                let active = introspection.into_result().ok();
                active.map(|(owner, expiry)| (owner.id.unwrap(), expiry.map(|expiry| since(expiry.at))))
            })
        };
        let ann = |exp| Ok(Some(("ann".to_owned(), exp)));
        for (told, data, exp, expected) in [
            (Some(true), Some(owner("ann", "pool")), Some(7), ann(Some(7))),
            (Some(true), Some(owner("ann", "pool")), None, ann(None)),
            (Some(true), Some(TokenOwner::default().with_id("ann")), Some(-1), ann(Some(0))),
            (Some(true), Some(owner("ann", "other")), Some(7), Ok(None)),
            (Some(true), Some(owner("", "pool")), Some(7), Err(ErrorKind::Decode)),
            (Some(true), None, Some(7), Err(ErrorKind::Decode)),
            (None, Some(owner("ann", "pool")), Some(7), Err(ErrorKind::Decode)),
            (Some(false), Some(owner("ann", "pool")), Some(7), Ok(None)),
            (Some(false), None, None, Ok(None)),
        ] {
            assert_eq!(status(told, data.clone(), exp), expected, "{told:?} {data:?} {exp:?}");
        }
    }
}
