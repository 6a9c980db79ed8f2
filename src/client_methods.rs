//! What the clients and handles of all services have, written once.

/// The method that sets options, for a client or handle with a field `session`.
macro_rules! options_method {
    ($($other:ident),*) => {
        /// Returns a copy whose calls have other time limits, retries or headers.
        ///
        /// The copy shares session, token and connections with the original, which stays as it is. Settings that `options` leave unset
        /// are those of the original; clients, sessions and handles that are made from the copy have the copy's. Sends nothing. See
        /// [`CallOptions`](crate::CallOptions).
        ///
        /// # Errors
        ///
        /// [`Configuration`](crate::ErrorKind::Configuration), naming what is wrong: a time limit of zero, a
        /// [`RetryPolicy`](crate::RetryPolicy) that says nothing sensible, or a header that is malformed or that the client sets
        /// itself.
        pub fn with_options(&self, options: crate::CallOptions) -> crate::Result<Self> {
            Ok(Self { session: self.session.with_options(options)?, $($other: self.$other.clone()),* })
        }
    };
}
pub(crate) use options_method;

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

        /// Creates a session as [`with_token`](Self::with_token) does, which tells when the service refuses the token, and
        /// whose calls take no longer than this.
        #[cfg(feature = "server")]
        #[allow(dead_code, reason = "the blocking clients, and Authing's, act for no caller")]
        pub(crate) fn with_watched_token(
            &self,
            token: crate::UserToken,
            on_refusal: crate::session::OnRefusal,
            longest: std::time::Duration,
        ) -> crate::Result<Self> {
            let session = self.session.with_watched_token(token, on_refusal)?.with_time_limit(longest);
            Ok(Self { session, $($other: self.$other.clone()),* })
        }

        /// Returns what tells this client, and all that share its connections, from others in a guard's cache.
        #[cfg(feature = "server")]
        #[allow(dead_code, reason = "the blocking clients stand behind no guard")]
        pub(crate) fn source_id(&self) -> crate::server::SourceId {
            self.session.source_id()
        }

        #[cfg(feature = "server")]
        #[allow(dead_code, reason = "only Digiwin has an app token")]
        pub(crate) fn app_token_check(&self) -> &crate::server::AppTokenCheck {
            self.session.app_token_check()
        }

        /// Returns the session's token, which may have expired, if the session has one. Sends no request.
        ///
        /// # Errors
        ///
        /// [`Store`](crate::ErrorKind::Store): the token store could not be read.
        pub fn current_token(&self) -> Call<Option<crate::UserToken>> {
            self.session.current_token()
        }

        /// Logs in with the session's credentials, even if its token is valid.
        ///
        /// Calls log in by themselves: this is for a program that wants to know now whether the credentials are right. If the login
        /// fails, the session keeps the token that it has; if it succeeds, the old token is not ended at the service. Credentials that
        /// give a token in place of a password are not checked with the service.
        ///
        /// The login serves all handles of the session: headers, retries and attempts are the client's own, whatever `with_options`
        /// says, and the call waits for it no longer than its own time limit. The limit of failed logins does not hold it up: in a loop
        /// it can lock an account.
        ///
        /// # Errors
        ///
        /// - [`Configuration`](crate::ErrorKind::Configuration): the session has no credentials, was logged out meanwhile, or its
        ///   calls are dry runs, which cannot show a login of several requests.
        /// - [`Authentication`](crate::ErrorKind::Authentication): the service refuses the credentials.
        /// - [`Store`](crate::ErrorKind::Store): the token store could not be read.
        pub fn log_in(&self) -> Call<()> {
            self.session.log_in_with_credentials()
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
    (sessions: $login:path, $how:literal) => {
        /// Creates a session with a token of its own, named by `key`, such as a user's id. It uses the same connections.
        ///
        /// A key always gives the same session, also in other processes that share the token store. The session does not use the
        #[doc = concat!("credentials given to the builder: log in with `", $how, "`.")]
        pub fn with_session(&self, key: impl AsRef<str>) -> Self {
            Self { session: self.session.with_session(key.as_ref(), None) }
        }

        /// Creates a session that logs in by itself, named by `key`: see the builder's `credentials`.
        pub fn with_session_as(&self, key: impl AsRef<str>, credentials: Credentials) -> Self {
            let method = Some($login(credentials));
            Self { session: self.session.with_session(key.as_ref(), method) }
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

        /// Makes a call that this crate has no method for, and returns the response with its status and headers: see
        /// [`request`](Self::request).
        pub fn request_for_response(
            &self,
            method: crate::Method,
            path: &str,
            options: crate::RequestOptions,
        ) -> Call<crate::RawResponse> {
            let request = crate::protocol::request::Request::raw(&$operation, method, path, options);
            self.session.call_with(request, crate::protocol::decode::Data::raw)
        }
    };
}
pub(crate) use client_methods;
