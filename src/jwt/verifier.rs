//! The verifier of a flavour, written once.

/// Declares the verifier and its builder, with the call and the driver of a flavour.
macro_rules! verifier {
    ($Call:ident, $Driver:ident) => {
        use crate::{
            Result, UserToken,
            jwt::{self, Checker, Claims, KeySource, Secret},
            session::Drive as _,
        };

        /// Builds a [`Verifier`].
        pub type VerifierBuilder = jwt::VerifierBuilder<Verifier>;

        /// Checks users' JWTs with their issuer's keys.
        ///
        /// Cheap to clone; clones share the keys. [`jwt`](crate::jwt) lists the checks and the meaning of each outcome.
        #[derive(Clone, Debug)]
        pub struct Verifier(std::sync::Arc<Checker>);

        impl Verifier {
            /// Begins a verifier with keys from `source`.
            pub fn builder(source: KeySource) -> VerifierBuilder {
                VerifierBuilder::new(source)
            }

            /// Begins a verifier of the tokens that Authing issues to the users of an application, signed with RS256.
            ///
            /// `app_host` is the application's own host, such as `https://shop.authing.cn`; `app_id` is the application's id. Discovery, `iss` and
            /// `aud` are as OpenID Connect has them: the audience of an ID token is the application. That the issuer is `/oidc` below the
            /// application's host is Authing's own; where yours differs, name it with [`KeySource::discovery`].
            pub fn for_authing(app_host: impl AsRef<str>, app_id: impl Into<String>) -> VerifierBuilder {
                let issuer = jwt::authing_issuer(app_host.as_ref());
                VerifierBuilder::new(KeySource::discovery(issuer)).audience(app_id)
            }

            /// Begins a verifier of the tokens that Authing issues to the users of an application, signed with HS256 and a secret.
            ///
            /// The arguments are as for [`for_authing`](Self::for_authing). OpenID Connect has the application's secret for this
            /// (`client_secret`). No keys are fetched.
            pub fn for_authing_with_secret(
                app_host: impl AsRef<str>,
                app_id: impl Into<String>,
                secret: impl Into<Secret>,
            ) -> VerifierBuilder {
                let issuer = jwt::authing_issuer(app_host.as_ref());
                VerifierBuilder::new(KeySource::secret(secret)).issuer(issuer).audience(app_id)
            }

            /// Checks a token, and returns its claims. Fetches the keys first if they are not at hand.
            ///
            /// # Errors
            ///
            /// - [`Authentication`](crate::ErrorKind::Authentication): the token is not accepted; the text says why.
            /// - [`Configuration`](crate::ErrorKind::Configuration): the discovery document is another issuer's.
            /// - `Connect`, `Tls`, `Timeout`, `Transport`, `RateLimited`, `Server`, `Api`, `Decode` or `TooLarge`: the keys could not be fetched,
            ///   so that the token may be good or bad.
            pub fn verify(&self, token: impl Into<UserToken>) -> $Call<Claims> {
                let (checker, token) = (self.0.clone(), token.into());
                $Driver::run(async move { checker.verify(token).await })
            }

            #[cfg(feature = "server")]
            #[allow(dead_code, reason = "the blocking one stands behind no guard")]
            pub(crate) fn leeway(&self) -> std::time::Duration {
                self.0.leeway()
            }

            /// Checks a token, and returns its claims, or `None` if it is not accepted.
            ///
            /// # Errors
            ///
            /// Those of [`verify`](Self::verify) but for `Authentication`: an error is never the fault of the token's bearer.
            pub fn check(&self, token: impl Into<UserToken>) -> $Call<Option<Claims>> {
                let (checker, token) = (self.0.clone(), token.into());
                $Driver::run(async move { checker.check(token).await })
            }

            /// Checks a token, and returns its claims, or why it is not accepted.
            #[cfg(feature = "server")]
            #[allow(dead_code, reason = "the blocking one stands behind no guard")]
            pub(crate) fn check_with_reason(&self, token: UserToken) -> $Call<Result<Claims>> {
                let checker = self.0.clone();
                $Driver::run(async move { checker.check_with_reason(token).await })
            }

            /// Fetches the keys now, for example before a server takes its first request.
            ///
            /// # Errors
            ///
            /// Those of [`verify`](Self::verify) but for `Authentication`.
            pub fn fetch_keys(&self) -> $Call<()> {
                let checker = self.0.clone();
                $Driver::run(async move { checker.fetch_keys().await })
            }
        }

        impl VerifierBuilder {
            /// Builds the verifier. Sends nothing.
            ///
            /// # Errors
            ///
            /// [`Configuration`](crate::ErrorKind::Configuration), naming the setting that is missing or wrong.
            pub fn build(self) -> Result<Verifier> {
                Ok(Verifier(std::sync::Arc::new(self.prepare($Driver::RUNTIME)?)))
            }
        }
    };
}
pub(crate) use verifier;
