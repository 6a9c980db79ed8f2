//! A guard before a tower service.

use super::{
    Caller, Guard, Identity, Introspect, Rejection, RejectionKind,
    core::Rule,
    respond::{EmptyResponder, JsonResponder, Respond, grpc, trailers_only},
};
use http::{Request, Response};
use std::{
    fmt,
    marker::PhantomData,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tower_layer::Layer;
use tower_service::Service;

/// Puts a [`Guard`] before services: see [`Guard::layer`].
///
/// The caller is among the extensions of the requests that it lets through: as [`Caller`], which axum's handlers take as an argument.
#[must_use = "it guards nothing until services stand behind it"]
pub struct GuardLayer<I: Introspect, R = JsonResponder> {
    guard: Guard<I>,
    needs_token: bool,
    rule: Option<Rule<I::Identity>>,
    grpc: bool,
    responder: R,
}

/// A service behind a [`GuardLayer`].
pub struct GuardService<S, I: Introspect, R = JsonResponder> {
    inner: S,
    layer: GuardLayer<I, R>,
}

/// Stands in a request's extensions in place of a caller: a guard has looked, and found no token.
pub(super) struct NoCaller<I> {
    #[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "read by axum's extractors"))]
    pub(super) rejection: Rejection,
    of: PhantomData<fn() -> I>,
}

/// Stands in the extensions of a response that a [`Rejection`] was made into: the layer makes its own of it.
#[derive(Clone)]
pub(super) struct Returned(pub(super) Rejection);

impl<I: Introspect> Guard<I> {
    /// Returns a layer that lets requests through whose caller is known.
    ///
    /// On a router of axum use `route_layer`: with `layer`, a path that does not exist is 401 in place of 404. A layer for CORS must stand
    /// outside, that is be added after this one: a browser's preflight (`OPTIONS`) has no token.
    ///
    /// ```
    /// # #[cfg(feature = "axum")]
    /// # fn app(client: iam_sdk::Client) -> iam_sdk::Result<()> {
    /// use axum::{Router, routing::get};
    /// use iam_sdk::server::{Caller, Guard};
    ///
    /// let guard = Guard::builder(client).build()?;
    /// let app: Router = Router::new()
    ///     .route("/me", get(async |who: Caller| who.user_id().to_owned()))
    ///     .route_layer(guard.layer());
    /// # Ok(()) }
    /// ```
    pub fn layer(&self) -> GuardLayer<I> {
        GuardLayer { guard: self.clone(), needs_token: true, rule: None, grpc: false, responder: JsonResponder }
    }

    /// Returns a layer that lets requests without a token through, too. Those whose token is invalid, or of which the service cannot
    /// tell, are rejected.
    ///
    /// Of two layers of the same identity the inner one counts: it removes the caller that the outer one has found, and looks by itself. Where
    /// its guard reads another header, the handler gets `None` although the outer guard knows who calls.
    pub fn optional_layer(&self) -> GuardLayer<I> {
        GuardLayer { needs_token: false, ..self.layer() }
    }

    /// Returns a layer that lets requests through whose caller is known and passes a rule; others are rejected with 403.
    pub fn require_layer(&self, rule: impl Fn(&Caller<I::Identity>) -> bool + Send + Sync + 'static) -> GuardLayer<I> {
        GuardLayer { rule: Some(Arc::new(rule)), ..self.layer() }
    }
}

impl<I: Introspect, R> GuardLayer<I, R> {
    /// Makes the responses of rejections with `responder`, also of those that handlers return, unless with a status of their own:
    /// [`JsonResponder`], [`EmptyResponder`], or a closure. Default: [`JsonResponder`], for which the body must be one that can be made of text.
    ///
    /// ```
    /// # fn layer(guard: iam_sdk::server::Guard<iam_sdk::Client>) {
    /// use iam_sdk::server::Rejection;
    ///
    /// let layer = guard.layer().responder(|rejection: &Rejection| {
    ///     let mut response = http::Response::new(rejection.code().to_owned());
    ///     *response.status_mut() = rejection.status();
    ///     *response.headers_mut() = rejection.headers();
    ///     response
    /// });
    /// # let _ = layer; }
    /// ```
    pub fn responder<N>(self, responder: N) -> GuardLayer<I, N> {
        let Self { guard, needs_token, rule, grpc, .. } = self;
        GuardLayer { guard, needs_token, rule, grpc, responder }
    }

    /// Responds to requests of gRPC in gRPC's own way: with HTTP status 200 and a `grpc-status` in a response of trailers alone.
    /// [`RejectionKind`] has the table of codes.
    ///
    /// For services of gRPC alone. It goes by the request's content type, which the client chooses: what stands behind, or looks at the
    /// HTTP status of the responses, must know gRPC. Default: off.
    ///
    /// Requests that are not gRPC's get the status and no body ([`EmptyResponder`]), since tonic's body cannot be made of text. Set
    /// another [`responder`](Self::responder) after this.
    pub fn grpc(self) -> GuardLayer<I, EmptyResponder> {
        GuardLayer { grpc: true, ..self.responder(EmptyResponder) }
    }

    fn respond<A: Default>(&self, rejection: &Rejection, grpc: Option<http::HeaderValue>) -> Response<A>
    where
        R: Respond<A>,
    {
        match grpc {
            Some(content_type) => trailers_only(rejection, content_type),
            None => self.responder.respond(rejection),
        }
    }

    /// Makes the response of a rejection that a handler returned as this layer makes its own. One to which the handler has given a status
    /// of its own stays.
    fn respond_for_handler<A: Default>(&self, response: &mut Response<A>, grpc: Option<http::HeaderValue>)
    where
        R: Respond<A>,
    {
        let Some(Returned(rejection)) = response.extensions_mut().remove::<Returned>() else { return };
        self.guard.0.note_rejection(rejection.error());
        if response.status() != rejection.status() {
            return;
        }
        let mut own = self.respond(&rejection.realm(&self.guard.0.settings().realm), grpc);
        // What others have set that concerns no body, such as a cookie, or CORS.
        let is_others = |name: &http::HeaderName| {
            use http::header::{CACHE_CONTROL, RETRY_AFTER, TRANSFER_ENCODING, WWW_AUTHENTICATE};
            let of_rejection = [CACHE_CONTROL, RETRY_AFTER, TRANSFER_ENCODING, WWW_AUTHENTICATE].contains(name);
            !of_rejection && !name.as_str().starts_with("content-")
        };
        for name in response.headers().keys().filter(|name| is_others(name)) {
            for value in response.headers().get_all(name) {
                own.headers_mut().append(name, value.clone());
            }
        }
        mem::swap(own.extensions_mut(), response.extensions_mut());
        *response = own;
    }

    /// Puts the caller into a request's extensions, or rejects the request.
    async fn admit<B>(&self, request: &mut Request<B>) -> Result<(), Rejection> {
        // A layer outside, or a bug, must not stand for this one's caller.
        request.extensions_mut().remove::<Caller<I::Identity>>();
        // The future holds the headers alone: that of the request would have to be `Sync` for it.
        let headers = mem::take(request.headers_mut());
        let admitted = self.guard.admit(&headers, self.needs_token, self.rule.as_ref()).await;
        *request.headers_mut() = headers;
        let missing = || self.guard.0.reject(RejectionKind::MissingToken);
        match admitted? {
            Some(caller) => drop(request.extensions_mut().insert(caller)),
            None if self.needs_token => return Err(missing()),
            None => {
                let none = NoCaller::<I::Identity> { rejection: missing(), of: PhantomData };
                request.extensions_mut().insert(none);
            }
        }
        Ok(())
    }
}

impl<S, I: Introspect, R: Clone> Layer<S> for GuardLayer<I, R> {
    type Service = GuardService<S, I, R>;

    fn layer(&self, inner: S) -> Self::Service {
        GuardService { inner, layer: self.clone() }
    }
}

impl<S, I, R, B, A> Service<Request<B>> for GuardService<S, I, R>
where
    S: Service<Request<B>, Response = Response<A>, Future: Send> + Clone + Send + 'static,
    I: Introspect,
    R: Respond<A> + Send + Sync + 'static,
    B: Send + 'static,
    A: Default,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let layer = self.layer.clone();
        let grpc = if layer.grpc { grpc(request.headers()) } else { None };
        // Who is known needs no future of the guard's: a small one is cheaper to make.
        if let Some(caller) = layer.guard.admit_cached(request.headers(), layer.rule.as_ref()) {
            request.extensions_mut().insert(caller);
            let response = self.inner.call(request);
            return Box::pin(async move {
                let mut response = response.await?;
                layer.respond_for_handler(&mut response, grpc);
                Ok(response)
            });
        }
        // The clone need not be ready; the one that was polled is.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            if let Err(rejection) = layer.admit(&mut request).await {
                return Ok(layer.respond(&rejection, grpc));
            }
            let mut response = inner.call(request).await?;
            layer.respond_for_handler(&mut response, grpc);
            Ok(response)
        })
    }
}

impl<I: Identity> Clone for NoCaller<I> {
    fn clone(&self) -> Self {
        Self { rejection: self.rejection.clone(), of: PhantomData }
    }
}

impl<I: Introspect, R: Clone> Clone for GuardLayer<I, R> {
    fn clone(&self) -> Self {
        Self {
            guard: self.guard.clone(),
            needs_token: self.needs_token,
            rule: self.rule.clone(),
            grpc: self.grpc,
            responder: self.responder.clone(),
        }
    }
}

impl<S: Clone, I: Introspect, R: Clone> Clone for GuardService<S, I, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<I: Introspect, R> fmt::Debug for GuardLayer<I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardLayer")
            .field("guard", &self.guard)
            .field("needs_token", &self.needs_token)
            .finish_non_exhaustive()
    }
}

impl<S, I: Introspect, R> fmt::Debug for GuardService<S, I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardService").field("layer", &self.layer).finish_non_exhaustive()
    }
}
