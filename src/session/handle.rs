//! A session under a flavour's types: each call owns all that it needs, so it outlives the handle that made it.

use super::{OnRefusal, Session};
use crate::{
    CallOptions, Result, UserToken,
    config::Settings,
    protocol::{
        application::Application,
        batches::Batches,
        decode::Data,
        login::{KeyRequest, Login, LoginMethod},
        request::Request,
        token::TokenResponse,
    },
    transport::runtime,
};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// How a flavour drives the future of a call. The value is kept by all handles of a client, and dropped with the last one.
pub(crate) trait Drive: Clone {
    const RUNTIME: runtime::Flavour;

    /// What a call returns.
    type Call<T: Send + 'static>;

    fn of(session: &Session) -> Self;

    fn run<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Self::Call<T>;
}

#[derive(Clone, Debug)]
pub(crate) struct Handle<D>(Session, D);

impl<D: Drive> Handle<D> {
    pub(crate) fn new((application, settings): (Application, Settings)) -> Result<Self> {
        let session = Session::new(D::RUNTIME, application, settings)?;
        let driver = D::of(&session);
        Ok(Self(session, driver))
    }

    pub(crate) fn with_session(&self, name: &str, method: Option<Arc<dyn LoginMethod>>) -> Self {
        Self(self.0.with_session(name, method), self.1.clone())
    }

    pub(crate) fn with_options(&self, options: CallOptions) -> Result<Self> {
        Ok(Self(self.0.with_options(options)?, self.1.clone()))
    }

    pub(crate) fn with_token(&self, token: UserToken) -> Result<Self> {
        self.with_watched_token(token, OnRefusal::default())
    }

    pub(crate) fn with_watched_token(&self, token: UserToken, on_refusal: OnRefusal) -> Result<Self> {
        Ok(Self(self.0.with_token(token, on_refusal)?, self.1.clone()))
    }

    #[cfg(feature = "server")]
    #[allow(dead_code, reason = "the blocking clients act for no caller")]
    pub(crate) fn with_time_limit(&self, longest: std::time::Duration) -> Self {
        Self(self.0.with_time_limit(longest), self.1.clone())
    }

    #[cfg(feature = "server")]
    #[allow(dead_code, reason = "the blocking clients stand behind no guard")]
    pub(crate) fn source_id(&self) -> crate::server::SourceId {
        self.0.source_id()
    }

    /// Returns what is remembered about the application's own token, for all sessions of the client.
    #[cfg(feature = "server")]
    #[allow(dead_code, reason = "the blocking clients ask nothing for a guard")]
    pub(crate) fn app_token_check(&self) -> &crate::server::AppTokenCheck {
        self.0.app_token_check()
    }

    pub(crate) fn call<T: DeserializeOwned + Send + 'static>(&self, request: Result<Request>) -> D::Call<T> {
        self.call_with(request, Data::decode)
    }

    pub(crate) fn run(&self, request: Result<Request>) -> D::Call<()> {
        self.call_with(request, Data::acknowledge)
    }

    pub(crate) fn call_with<T: Send + 'static>(
        &self,
        request: Result<Request>,
        read: fn(&Data) -> Result<T>,
    ) -> D::Call<T> {
        let session = self.0.clone();
        D::run(async move { session.call_with(&request, read).await })
    }

    pub(crate) fn call_then<T: DeserializeOwned + Send + 'static, U: Send + 'static>(
        &self,
        request: Result<Request>,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> D::Call<U> {
        let session = self.0.clone();
        D::run(async move { session.call_with(&request, Data::decode).await.map(then) })
    }

    /// Sends a request for each batch, and joins what `read` makes of the responses.
    pub(crate) fn call_in_batches<T: Send + 'static, U: Send + 'static>(
        &self,
        batches: Result<Batches>,
        request: impl Fn(&[String]) -> Result<Request> + Send + 'static,
        read: fn(&Data) -> Result<T>,
        join: impl FnOnce(Vec<T>) -> U + Send + 'static,
    ) -> D::Call<U> {
        let session = self.0.clone();
        D::run(async move { session.call_in_batches(batches, request, read).await.map(join) })
    }

    /// Sends a request whose response brings a token for this session; gives what `read` makes of the response.
    pub(crate) fn call_for_token<T, U: Send + 'static>(
        &self,
        request: Result<Request>,
        read: fn(T) -> Result<U>,
    ) -> D::Call<U>
    where
        T: DeserializeOwned + TokenResponse + Send + 'static,
    {
        let session = self.0.clone();
        D::run(async move { session.call_for_token(request, read).await })
    }

    pub(crate) fn log_in<T: DeserializeOwned + Send + 'static>(&self, login: Box<dyn Login>) -> D::Call<T> {
        let session = self.0.clone();
        D::run(async move { session.log_in(login).await })
    }

    pub(crate) fn prepare_login(&self, wanted: Result<KeyRequest>) -> D::Call<()> {
        let session = self.0.clone();
        D::run(async move { session.prepare_login(wanted).await })
    }

    pub(crate) fn log_out(&self, request: Result<Request>) -> D::Call<()> {
        let session = self.0.clone();
        D::run(async move { session.log_out(request).await })
    }

    pub(crate) fn current_token(&self) -> D::Call<Option<UserToken>> {
        let session = self.0.clone();
        D::run(async move { session.current_token().await })
    }

    pub(crate) fn log_in_with_credentials(&self) -> D::Call<()> {
        let session = self.0.clone();
        D::run(async move { session.log_in_with_credentials().await })
    }

    pub(crate) fn set_token(&self, token: Option<UserToken>) -> D::Call<()> {
        let session = self.0.clone();
        D::run(async move { session.set_token(token).await })
    }
}

#[cfg(all(test, feature = "async", feature = "digiwin"))]
mod tests {
    use super::super::{observe::AttemptLog, reading::Reading};
    use super::*;
    use crate::digiwin::{self, User};

    /// Tells how large the future of a call is, and does not run it.
    #[derive(Clone)]
    struct Measure;

    impl Drive for Measure {
        const RUNTIME: runtime::Flavour = runtime::Flavour::Async;

        type Call<T: Send + 'static> = usize;

        fn of(_: &Session) -> Self {
            Self
        }

        fn run<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> usize {
            size_of_val(&work)
        }
    }

    #[test]
    fn a_calls_future_is_small() {
        let application = Application {
            service: "digiwin",
            dialect: &digiwin::DIALECT,
            identity: String::from("a").into(),
            headers: Default::default(),
            method: None,
        };
        let handle = Handle::<Measure>::new((application, Settings::new("http://127.0.0.1".into()))).unwrap();
        let request = digiwin::users::get_user(&"ann".into());
        let (mut reading, log) = (Reading::with(Data::decode::<User>), AttemptLog::default());
        let sending = size_of_val(&handle.0.send(request.as_ref().unwrap(), &mut reading, &log));
        let call = handle.call::<User>(request);
        // Each is an allocation. glibc keeps smaller ones for each thread; others take several times as long.
        assert!(call <= 512 && sending <= 1032, "{call} {sending}");
    }
}
