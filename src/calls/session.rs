//! The session under the flavour's types: each call owns all that it needs, so it outlives the handle that made it.

use super::{Call, Ending, FLAVOUR, run};
use crate::{
    Result, UserToken,
    config::Settings,
    protocol::{
        batches::Batches,
        decode::Data,
        dialect::Dialect,
        login::{Login, LoginMethod},
        request::Request,
        token::TokenResponse,
    },
    session,
};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Session(session::Session, Ending);

impl Session {
    pub(super) fn new(
        service: &'static str,
        dialect: &'static dyn Dialect,
        application: &str,
        settings: Settings,
        headers: HeaderMap,
        method: Option<Arc<dyn LoginMethod>>,
    ) -> Result<Self> {
        let session = session::Session::new(FLAVOUR, service, dialect, application, settings, headers, method)?;
        let ending = Ending::of(&session);
        Ok(Self(session, ending))
    }

    pub(super) fn with_session(&self, name: &str, method: Option<Arc<dyn LoginMethod>>) -> Self {
        Self(self.0.with_session(name, method), self.1.clone())
    }

    pub(super) fn with_token(&self, token: UserToken) -> Result<Self> {
        Ok(Self(self.0.with_token(token)?, self.1.clone()))
    }

    pub(super) fn call<T: DeserializeOwned + Send + 'static>(&self, request: Result<Request>) -> Call<T> {
        self.call_with(request, Data::decode)
    }

    pub(super) fn run(&self, request: Result<Request>) -> Call<()> {
        self.call_with(request, Data::acknowledge)
    }

    pub(super) fn call_with<T: Send + 'static>(
        &self,
        request: Result<Request>,
        read: fn(&Data) -> Result<T>,
    ) -> Call<T> {
        let session = self.0.clone();
        run(async move { session.call_with(request?, read).await })
    }

    pub(super) fn call_then<T: DeserializeOwned + Send + 'static, U: Send + 'static>(
        &self,
        request: Result<Request>,
        then: impl FnOnce(T) -> U + Send + 'static,
    ) -> Call<U> {
        let session = self.0.clone();
        run(async move { session.call(request?).await.map(then) })
    }

    /// Sends a request for each batch, and joins what `read` makes of the responses.
    pub(super) fn call_in_batches<T: Send + 'static, U: Send + 'static>(
        &self,
        batches: Result<Batches>,
        request: impl Fn(&[String]) -> Result<Request> + Send + 'static,
        read: fn(&Data) -> Result<T>,
        join: impl FnOnce(Vec<T>) -> U + Send + 'static,
    ) -> Call<U> {
        let session = self.0.clone();
        run(async move { session.call_in_batches(batches?, request, read).await.map(join) })
    }

    /// Sends a request whose response brings a token for this session; gives what `read` makes of the response.
    pub(super) fn call_for_token<T, U: Send + 'static>(
        &self,
        request: Result<Request>,
        read: fn(T) -> Result<U>,
    ) -> Call<U>
    where
        T: DeserializeOwned + TokenResponse + Send + 'static,
    {
        let session = self.0.clone();
        run(async move { session.call_for_token::<T>(request?).await.and_then(read) })
    }

    pub(super) fn log_in<T: DeserializeOwned + Send + 'static>(&self, login: Box<dyn Login>) -> Call<T> {
        let session = self.0.clone();
        run(async move { session.log_in(login).await })
    }

    pub(super) fn log_out(&self, request: Result<Request>) -> Call<()> {
        let session = self.0.clone();
        run(async move { session.log_out(request?).await })
    }

    pub(super) fn current_token(&self) -> Call<Option<UserToken>> {
        let session = self.0.clone();
        run(async move { session.current_token().await })
    }

    pub(super) fn set_token(&self, token: Option<UserToken>) -> Call<()> {
        let session = self.0.clone();
        run(async move { session.set_token(token).await })
    }
}

/// The methods that the clients of all services have, for a client with a field `session`.
macro_rules! client_methods {
    ($($other:ident),*) => {
        /// Creates a session that calls with this token, over the same connections.
        ///
        /// The session is in no token store, never refreshed, and gone with its handles: for a server that was handed a token.
        ///
        /// # Errors
        ///
        /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument): the token is empty, or cannot stand in a header.
        pub fn with_token(&self, token: impl Into<crate::UserToken>) -> crate::Result<Self> {
            Ok(Self { session: self.session.with_token(token.into())?, $($other: self.$other.clone()),* })
        }

        /// Returns the session's token, which may have expired, if the session has one. Sends no request.
        ///
        /// # Errors
        ///
        /// [`Store`](crate::ErrorKind::Store): the token store could not be read.
        pub fn current_token(&self) -> Call<Option<crate::UserToken>> {
            self.session.current_token()
        }

        /// Sets the session's token, or removes it with `None`. Sends no request.
        ///
        /// # Errors
        ///
        /// - [`Configuration`](crate::ErrorKind::Configuration): the session has credentials and `token` is `Some`; use
        ///   [`with_token`](Self::with_token).
        /// - [`InvalidArgument`](crate::ErrorKind::InvalidArgument): the token is empty, or cannot stand in a header.
        /// - [`Store`](crate::ErrorKind::Store): the session has the token, but the token store could not be written.
        pub fn set_current_token(&self, token: Option<crate::UserToken>) -> Call<()> {
            self.session.set_token(token)
        }
    };
    (request: $operation:path) => {
        /// Makes a call that this crate has no method for, and returns the response's data; `null` where there is none.
        ///
        /// It has the headers, session, errors and limits of all calls. `path` stands below the base URL and can hold a query
        /// (`/path?x=1`). The call is not sent again once the service may have seen it, not even with GET: see
        /// [`RequestOptions::repeatable`](crate::RequestOptions::repeatable).
        ///
        /// # Errors
        ///
        /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument): the path does not begin with `/`, or has a segment `.` or
        /// `..`, a backslash or a control character, percent-encoded or not.
        pub fn request(&self, method: crate::Method, path: &str) -> Call<crate::Json> {
            self.request_with(method, path, crate::RequestOptions::new())
        }

        /// Makes a call that this crate has no method for, with a body or query parameters: see [`request`](Self::request).
        pub fn request_with(
            &self,
            method: crate::Method,
            path: &str,
            options: crate::RequestOptions,
        ) -> Call<crate::Json> {
            self.session.call(crate::protocol::request::Request::raw(&$operation, method, path, options))
        }
    };
}
pub(super) use client_methods;
