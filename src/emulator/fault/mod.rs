//! Faults on demand: what a test tells the emulator to do wrong.

mod effect;
mod error;
mod layer;
mod listener;
mod parse;
mod plan;
mod rewrite;
mod sniff;
mod switch;
mod wire;

pub use error::FaultError;
pub use plan::AddedFault;

pub(super) use layer::{MiddlewareState, serve};
pub(super) use listener::FaultListener;
pub(super) use plan::Plan;
pub(super) use switch::Switch;
pub(super) use wire::Wire;

use super::registry;
use effect::{FaultEffect, Part, WireEnd};
use http::HeaderValue;

use std::time::Duration;

/// A fault that the emulator shows a client on demand: [`Emulator::fault`](super::Emulator::fault) adds it.
///
/// Without conditions it meets every request. [`on`](Self::on), [`on_path`](Self::on_path), [`times`](Self::times) and
/// [`with_probability`](Self::with_probability) restrict it. One fault is applied to a request: of several that fit, the one that
/// was added first.
///
/// ```
/// # #[cfg(feature = "blocking")] {
/// use iam_sdk::{blocking::Client, digiwin::TenantId, emulator::{Emulator, Fault}};
///
/// let emulator = Emulator::start().unwrap();
/// let account = emulator.digiwin().account();
/// let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
/// client.identity().login(&account.user_id, account.password.clone()).unwrap();
///
/// // The invitation is carried out, and the response never comes.
/// let fault = emulator.fault(Fault::reset_after().on("digiwin.tenants.invite_user").times(1));
/// let error = client.tenants().invite_user(TenantId(&account.tenant_id), "new@x.example").unwrap_err();
/// assert!(error.is_transport() && error.was_sent());
/// assert_eq!(fault.applied(), 1);
/// # }
/// ```
///
/// `iam emulate --fault` and [`str::parse`] take a fault as text: the name, its argument after `=`, then the conditions:
/// `reset-after on=digiwin.tenants.invite_user times=1`, `status=503 retry-after=2 probability=0.5 seed=7`.
///
/// | fault | in text | is the request carried out? | what the client gets |
/// | --- | --- | --- | --- |
/// | [`refuse`](Self::refuse) | `refuse` | no | no connection, until the fault is removed |
/// | [`reset_before`](Self::reset_before) | `reset-before` | no | a reset once the request has been received |
/// | [`reset_within`](Self::reset_within) | `reset-within=100` | no | a reset after so many bytes of the request |
/// | [`reset_after`](Self::reset_after) | `reset-after` | yes | a reset in place of the response |
/// | [`reset_response`](Self::reset_response) | `reset-response=20` | yes | a reset after so many bytes of the response |
/// | [`cut_response`](Self::cut_response) | `cut-response=20` | yes | the end of the connection after so many bytes |
/// | [`cut_body`](Self::cut_body) | `cut-body` | yes | half of the body, then the end of the connection |
/// | [`hang`](Self::hang) | `hang` | yes | nothing |
/// | [`stall_body`](Self::stall_body) | `stall-body` | yes | half of the body, then nothing |
/// | [`drip`](Self::drip) | `drip=50ms` | yes | the response, a byte at a time |
/// | [`delay`](Self::delay) | `delay=2s` | yes | the response, late |
/// | [`status`](Self::status) | `status=503` | no | this status, an empty body; or [`body`](Self::body), [`retry_after`](Self::retry_after) |
/// | [`html`](Self::html) | `html` | no | a page of HTML with status 200 |
/// | [`truncated_json`](Self::truncated_json) | `truncated-json` | yes | half of the body, as if it were all |
/// | [`deep_json`](Self::deep_json) | `deep-json` | no | 100,000 arrays, each inside of the one before |
/// | [`endless_body`](Self::endless_body) | `endless-body` | no | a body that never ends |
/// | [`endless_headers`](Self::endless_headers) | `endless-headers` | no | headers that never end |
/// | [`redirect`](Self::redirect) | `redirect=https://x.example/` | no | a redirect (302) |
/// | [`envelope_error`](Self::envelope_error) | `envelope-error=4711` | no | an error with this code, as the service writes it |
/// | [`unknown_members`](Self::unknown_members) | `unknown-members` | yes | members that no model has, in every object with plain members |
/// | [`numbers_as_text`](Self::numbers_as_text) | `numbers-as-text` | yes | `"7"` for `7` |
/// | [`refuse_token`](Self::refuse_token) | `refuse-token` | no | what the service says of a token that expired |
/// | [`clock_moved`](Self::clock_moved) | `clock-moved=-3600` | yes | the response of a server whose clock is so many seconds ahead |
///
/// A GraphQL document that the client did not write itself is matched by its root field if exactly one operation has that field,
/// and otherwise counts as `authing.graphql`. Operations that share an endpoint, such as Digiwin's logins, all match a request to
/// it. A raw call matches the operations of its endpoint.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it does nothing until it is added with `Emulator::fault`"]
pub struct Fault {
    effect: FaultEffect,
    operation: Option<String>,
    path: Option<String>,
    times: Option<u64>,
    probability: Option<(f64, u64)>,
    /// A setting that was made and that faults of this kind do not have.
    misplaced: Option<&'static str>,
}

impl Fault {
    fn new(effect: FaultEffect) -> Self {
        Self { effect, operation: None, path: None, times: None, probability: None, misplaced: None }
    }

    /// Refuses connections, and resets those that are open, until the fault is removed.
    ///
    /// A connection that is refused carries no request: the fault takes no conditions, and [`AddedFault::applied`] stays 0.
    pub fn refuse() -> Self {
        Self::new(FaultEffect::Refuse)
    }

    /// Resets the connection once the request has been received, and does not carry it out.
    pub fn reset_before() -> Self {
        Self::new(FaultEffect::wire(false, Part::Response(0), WireEnd::Reset))
    }

    /// Resets the connection after so many bytes of the request, its head included. It does not apply to a request that is not
    /// longer, or of unknown length.
    ///
    /// More can have been received by then: the operation is known only after the head, and of a GraphQL document after the body.
    pub fn reset_within(bytes: usize) -> Self {
        Self::new(FaultEffect::ResetWithin(bytes))
    }

    /// Carries the request out, and resets the connection in place of the response.
    pub fn reset_after() -> Self {
        Self::reset_response(0)
    }

    /// Carries the request out, and resets the connection after so many bytes of the response, its head included.
    ///
    /// A response that is not longer arrives as a whole.
    pub fn reset_response(bytes: usize) -> Self {
        Self::new(FaultEffect::wire(true, Part::Response(bytes), WireEnd::Reset))
    }

    /// Carries the request out, and closes the connection after so many bytes of the response, its head included.
    ///
    /// A response that is not longer arrives as a whole.
    pub fn cut_response(bytes: usize) -> Self {
        Self::new(FaultEffect::wire(true, Part::Response(bytes), WireEnd::Close))
    }

    /// Carries the request out, and closes the connection after half of the response's body; within the head if there is no body.
    pub fn cut_body() -> Self {
        Self::new(FaultEffect::wire(true, Part::HalfOfBody, WireEnd::Close))
    }

    /// Carries the request out, and sends nothing. The connection stays open.
    pub fn hang() -> Self {
        Self::new(FaultEffect::wire(true, Part::Response(0), WireEnd::Stall))
    }

    /// Carries the request out, and sends nothing after half of the response's body; nothing after a part of the head if there is no
    /// body. The connection stays open.
    pub fn stall_body() -> Self {
        Self::new(FaultEffect::wire(true, Part::HalfOfBody, WireEnd::Stall))
    }

    /// Carries the request out, and sends the response a byte at a time, with this wait before each.
    pub fn drip(every: Duration) -> Self {
        Self::new(FaultEffect::Drip(every))
    }

    /// Carries the request out, and sends the response this much later.
    pub fn delay(wait: Duration) -> Self {
        Self::new(FaultEffect::Delay(wait))
    }

    /// Responds with this HTTP status, from 200 to 599, and an empty body.
    pub fn status(status: u16) -> Self {
        Self::new(FaultEffect::Respond { status, retry_after: None, body: String::new() })
    }

    /// Responds with status 200 and a page of HTML, as a proxy's login page does.
    pub fn html() -> Self {
        Self::new(FaultEffect::Html)
    }

    /// Carries the request out, and sends half of the response's body as if it were all of it.
    pub fn truncated_json() -> Self {
        Self::new(FaultEffect::TruncatedJson)
    }

    /// Responds with 100,000 arrays, each inside of the one before.
    pub fn deep_json() -> Self {
        Self::new(FaultEffect::DeepJson)
    }

    /// Responds with JSON that never ends.
    pub fn endless_body() -> Self {
        Self::new(FaultEffect::EndlessBody)
    }

    /// Responds with headers that never end.
    pub fn endless_headers() -> Self {
        Self::new(FaultEffect::EndlessHeaders)
    }

    /// Responds with a redirect (302) to this URL.
    pub fn redirect(url: impl Into<String>) -> Self {
        Self::new(FaultEffect::Redirect(url.into()))
    }

    /// Responds with an error that has this code, in the form and the language of the service's errors: Digiwin with HTTP status
    /// 200 in an envelope and 400 without one, Authing with 200 (its REST calls with 400 in the newer form), Cloudspot with 400.
    pub fn envelope_error(code: u32) -> Self {
        Self::new(FaultEffect::EnvelopeError(code))
    }

    /// Carries the request out, and adds members that no model has to every object of the response that has plain members.
    pub fn unknown_members() -> Self {
        Self::new(FaultEffect::UnknownMembers)
    }

    /// Carries the request out, and writes every number of the response as text.
    pub fn numbers_as_text() -> Self {
        Self::new(FaultEffect::NumbersAsText)
    }

    /// Responds as the service does to a token that has expired. The token stays valid.
    pub fn refuse_token() -> Self {
        Self::new(FaultEffect::RefuseToken)
    }

    /// Carries the request out, and responds like a server whose clock is so many seconds ahead, or behind: in the header `Date`, and
    /// in the members `iat` and `exp`.
    pub fn clock_moved(seconds: i64) -> Self {
        Self::new(FaultEffect::ClockMoved(seconds))
    }

    /// Sets the header `Retry-After` of [`status`](Self::status), in seconds. Other faults cannot have it.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        match &mut self.effect {
            FaultEffect::Respond { retry_after, .. } => *retry_after = Some(seconds),
            _ => self.misplaced = Some("retry_after"),
        }
        self
    }

    /// Sets the body of [`status`](Self::status). Other faults have bodies of their own.
    pub fn body(mut self, text: impl Into<String>) -> Self {
        match &mut self.effect {
            FaultEffect::Respond { body, .. } => *body = text.into(),
            _ => self.misplaced = Some("body"),
        }
        self
    }

    /// Restricts the fault to an operation, such as `digiwin.users.get_user`, or to all that begin with these words, such as
    /// `authing.users` or `authing`. [`operations`](super::operations) lists the names.
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Restricts the fault to requests of this path, such as `/api/iam/v2/user/simple`.
    pub fn on_path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Applies the fault to so many requests that fit, then no more. Default: to all.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Applies the fault to requests that fit with this probability, from 0 to 1. The same seed makes the same choices.
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = Some((probability, seed));
        self
    }

    /// Refuses a fault that could never apply, or not as it says.
    pub(super) fn check(&self) -> Result<(), FaultError> {
        if let Some(setting) = self.misplaced {
            return Err(FaultError::new(format_args!("{setting}: only the fault `status` has it")));
        }
        if let FaultEffect::Respond { status, .. } = self.effect
            && !(200..=599).contains(&status)
        {
            return Err(FaultError::new(format_args!("status `{status}`: it must be from 200 to 599")));
        }
        if let FaultEffect::Redirect(url) = &self.effect
            && HeaderValue::from_str(url).is_err()
        {
            return Err(FaultError::new(format_args!("redirect `{url}`: a header cannot hold it")));
        }
        if self.times == Some(0) {
            return Err(FaultError::new("times=0: the fault would never apply"));
        }
        if let Some(path) = self.path.as_ref().filter(|path| !path.starts_with('/')) {
            return Err(FaultError::new(format_args!("path={path}: a path begins with `/`")));
        }
        let conditional =
            self.operation.is_some() || self.path.is_some() || self.times.is_some() || self.probability.is_some();
        if self.effect == FaultEffect::Refuse && conditional {
            return Err(FaultError::new(
                "refuse: a refused connection carries no request, so that no condition can apply",
            ));
        }
        if let Some(name) = &self.operation
            && !registry::operations().any(|operation| is_below(operation, name))
        {
            return Err(FaultError::new(format_args!("on={name}: no operation has this name or begins with it")));
        }
        match self.probability {
            Some((probability, _)) if !(0.0..=1.0).contains(&probability) => {
                Err(FaultError::new(format_args!("probability={probability}: it must be from 0 to 1")))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether a request fits, chance aside.
    fn fits(&self, operations: &[&str], path: &str) -> bool {
        let of_operation = |name: &String| operations.iter().any(|operation| is_below(operation, name));
        self.operation.as_ref().is_none_or(of_operation) && self.path.as_ref().is_none_or(|wanted| wanted == path)
    }
}

/// Returns whether an operation has this name, or a name that begins with these words.
pub(super) fn is_below(operation: &str, name: &str) -> bool {
    operation.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_fits_by_operation_and_path() {
        let user = ["digiwin.users.get_user"];
        let fault = Fault::html;
        for (fault, operations, path, fits) in [
            (fault(), &[][..], "/x", true),
            (fault().on("digiwin.users.get_user"), &user[..], "/x", true),
            (fault().on("digiwin.users"), &user[..], "/x", true),
            (fault().on("digiwin"), &user[..], "/x", true),
            (fault().on("digiwin.users.get"), &user[..], "/x", false),
            (fault().on("digiwin.users.get_user_list"), &user[..], "/x", false),
            (fault().on("authing"), &user[..], "/x", false),
            (fault().on("digiwin"), &[][..], "/x", false),
            (fault().on_path("/x"), &user[..], "/x", true),
            (fault().on_path("/x"), &user[..], "/x/y", false),
            (fault().on("digiwin").on_path("/x"), &user[..], "/y", false),
        ] {
            assert_eq!(fault.fits(operations, path), fits, "{fault:?}");
        }
    }

    #[test]
    fn a_fault_that_can_never_apply_is_refused() {
        for (fault, text) in [
            (Fault::html().on("digiwin.users.get_usr"), "digiwin.users.get_usr"),
            (Fault::html().with_probability(1.5, 0), "from 0 to 1"),
            (Fault::html().with_probability(f64::NAN, 0), "from 0 to 1"),
            (Fault::html().retry_after(1), "retry_after: only the fault `status` has it"),
            (Fault::hang().body("x"), "body: only the fault `status` has it"),
            (Fault::status(199), "status `199`: it must be from 200 to 599"),
            (Fault::status(600), "status `600`"),
            (Fault::redirect("/x\n"), "redirect `/x\n`: a header cannot hold it"),
            (Fault::html().times(0), "times=0: the fault would never apply"),
            (Fault::html().on_path("api"), "path=api: a path begins with `/`"),
            (Fault::refuse().times(1), "refuse: a refused connection carries no request"),
            (Fault::refuse().on("digiwin"), "no condition can apply"),
        ] {
            assert!(fault.check().unwrap_err().to_string().contains(text), "{fault:?}");
        }
        assert!(Fault::html().on("authing.users").with_probability(1.0, 0).check().is_ok());
    }
}
