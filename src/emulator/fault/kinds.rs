//! The kinds of faults, each declared once: its function, its text, its row in the docs and its effect.

use super::{
    FaultError,
    argument::{needed, number, plain, time},
    effect::{FaultEffect, Part, WireEnd},
};
use std::time::Duration;

/// Makes a fault of its argument, which follows the name after `=`.
pub(super) type Make = fn(Option<&str>) -> Result<Fault, FaultError>;

/// Declares each kind with an example as text, whether the request is carried out, and what the client gets.
macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $name:ident($($argument:ident: $type:ident)?)
        $example:literal $carried_out:literal $received:literal => $effect:expr;)+) => {
        /// The faults by an example as text; an argument that a fault does not take is an error.
        pub(super) const FAULTS: &[(&str, Make)] =
            &[$(($example, |text| faults!(@make text, $name $(, $argument $type)?))),+];

        impl Fault {
            $($(#[doc = $doc])+
            #[allow(clippy::useless_conversion)]
            pub fn $name($($argument: faults!(@type $type))?) -> Self {
                $(let $argument: $type = $argument.into();)?
                Self::new($effect)
            })+
        }

        macro_rules! fault_table {
            () => {
                concat!(
                    "| fault | in text | is the request carried out? | what the client gets |\n| --- | --- | --- | --- |\n",
                    $("| [`", stringify!($name), "`](Self::", stringify!($name), ") | `", $example, "` | ",
                        $carried_out, " | ", $received, " |\n",)+
                )
            };
        }
    };
    (@type String) => { impl Into<String> };
    (@type $type:ident) => { $type };
    (@make $text:ident, $name:ident) => { plain($text, Fault::$name) };
    (@make $text:ident, $name:ident, $argument:ident String) => { needed("a URL", $text).map(Fault::$name) };
    (@make $text:ident, $name:ident, $argument:ident Duration) => { time($text).map(Fault::$name) };
    (@make $text:ident, $name:ident, $argument:ident $type:ident) => {
        number(stringify!($argument), $text).map(Fault::$name)
    };
}

faults! {
    /// Refuses connections, and resets those that are open, until the fault is removed.
    ///
    /// A connection that is refused carries no request: the fault takes no conditions, and [`AddedFault::applied`](crate::emulator::AddedFault::applied) stays 0.
    refuse() "refuse" "no" "no connection, until the fault is removed" => FaultEffect::Refuse;
    /// Resets the connection once the request has been received, and does not carry it out.
    reset_before() "reset-before" "no" "a reset once the request has been received"
        => FaultEffect::wire(false, Part::Response(0), WireEnd::Reset);
    /// Resets the connection after so many bytes of the request, its head included. It does not apply to a request that is not
    /// longer, or of unknown length.
    ///
    /// More can have been received by then: the operation is known only after the head, and of a GraphQL document after the body.
    reset_within(bytes: usize) "reset-within=100" "no" "a reset after so many bytes of the request"
        => FaultEffect::ResetWithin(bytes);
    /// Carries the request out, and resets the connection in place of the response.
    reset_after() "reset-after" "yes" "a reset in place of the response"
        => FaultEffect::wire(true, Part::Response(0), WireEnd::Reset);
    /// Carries the request out, and resets the connection after so many bytes of the response, its head included.
    ///
    /// A response that is not longer arrives as a whole.
    reset_response(bytes: usize) "reset-response=20" "yes" "a reset after so many bytes of the response"
        => FaultEffect::wire(true, Part::Response(bytes), WireEnd::Reset);
    /// Carries the request out, and closes the connection after so many bytes of the response, its head included.
    ///
    /// A response that is not longer arrives as a whole.
    cut_response(bytes: usize) "cut-response=20" "yes" "the end of the connection after so many bytes"
        => FaultEffect::wire(true, Part::Response(bytes), WireEnd::Close);
    /// Carries the request out, and closes the connection after half of the response's body; within the head if there is no body.
    cut_body() "cut-body" "yes" "half of the body, then the end of the connection"
        => FaultEffect::wire(true, Part::HalfOfBody, WireEnd::Close);
    /// Carries the request out, and sends nothing. The connection stays open.
    hang() "hang" "yes" "nothing" => FaultEffect::wire(true, Part::Response(0), WireEnd::Stall);
    /// Carries the request out, and sends nothing after half of the response's body; nothing after a part of the head if there is no
    /// body. The connection stays open.
    stall_body() "stall-body" "yes" "half of the body, then nothing"
        => FaultEffect::wire(true, Part::HalfOfBody, WireEnd::Stall);
    /// Carries the request out, and sends the response a byte at a time, with this wait before each.
    drip(every: Duration) "drip=50ms" "yes" "the response, a byte at a time" => FaultEffect::Drip(every);
    /// Carries the request out, and sends the response this much later.
    delay(wait: Duration) "delay=2s" "yes" "the response, late" => FaultEffect::Delay(wait);
    /// Responds with this HTTP status, from 200 to 599, and an empty body.
    status(status: u16) "status=503" "no"
        "this status, an empty body; or [`body`](Self::body), [`retry_after`](Self::retry_after)"
        => FaultEffect::Respond { status, retry_after: None, body: String::new() };
    /// Responds with status 200 and a page of HTML, as a proxy's login page does.
    html() "html" "no" "a page of HTML with status 200" => FaultEffect::Html;
    /// Carries the request out, and sends half of the response's body as if it were all of it.
    truncated_json() "truncated-json" "yes" "half of the body, as if it were all" => FaultEffect::TruncatedJson;
    /// Responds with 100,000 arrays, each inside of the one before.
    deep_json() "deep-json" "no" "100,000 arrays, each inside of the one before" => FaultEffect::DeepJson;
    /// Responds with JSON that never ends.
    endless_body() "endless-body" "no" "a body that never ends" => FaultEffect::EndlessBody;
    /// Responds with headers that never end.
    endless_headers() "endless-headers" "no" "headers that never end" => FaultEffect::EndlessHeaders;
    /// Responds with a redirect (302) to this URL.
    redirect(url: String) "redirect=https://x.example/" "no" "a redirect (302)" => FaultEffect::Redirect(url);
    /// Responds with an error that has this code, in the form and the language of the service's errors: Digiwin with HTTP status
    /// 200 in an envelope and 400 without one, Authing with 200 (its REST calls with 400 in the newer form), Cloudspot with 400.
    /// The codes 0 and 200 mean success, and are refused.
    envelope_error(code: u32) "envelope-error=4711" "no" "an error with this code, as the service writes it"
        => FaultEffect::EnvelopeError(code);
    /// Carries the request out, and adds members that no model has to every object of the response that has plain members.
    unknown_members() "unknown-members" "yes" "members that no model has, in every object with plain members"
        => FaultEffect::UnknownMembers;
    /// Carries the request out, and writes every number of the response as text.
    numbers_as_text() "numbers-as-text" "yes" "`\"7\"` for `7`" => FaultEffect::NumbersAsText;
    /// Responds as the service does to a token that has expired. The token stays valid.
    refuse_token() "refuse-token" "no" "what the service says of a token that expired" => FaultEffect::RefuseToken;
    /// Carries the request out, and responds like a server whose clock is so many seconds ahead, or behind: in the header `Date`, and
    /// in the members `iat` and `exp`.
    clock_moved(seconds: i64) "clock-moved=-3600" "yes" "the response of a server whose clock is so many seconds ahead"
        => FaultEffect::ClockMoved(seconds);
}

/// A fault that the emulator shows a client on demand: [`Emulator::fault`](crate::emulator::Emulator::fault) adds it.
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
/// | condition or setting | method | in text | default |
/// | --- | --- | --- | --- |
/// | an operation, or the words that its name begins with | [`on`](Self::on) | `on=digiwin.users` | any |
/// | a path, whole and without the query | [`on_path`](Self::on_path) | `path=/api/iam/v2/user` | any |
/// | how often | [`times`](Self::times) | `times=1` | always |
/// | a probability, and the seed of its choices | [`with_probability`](Self::with_probability) | `probability=0.5 seed=7` | 1; seed 0 |
/// | `Retry-After` of `status`, in seconds | [`retry_after`](Self::retry_after) | `retry-after=2` | none |
/// | the body of `status` | [`body`](Self::body) | none | empty |
///
#[doc = fault_table!()]
///
/// A GraphQL document that the client did not write itself is matched by its root field if exactly one operation has that field,
/// and otherwise counts as `authing.graphql`. Operations that share an endpoint, such as Digiwin's logins, all match a request to
/// it. A raw call matches the operations of its endpoint.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it does nothing until it is added with `Emulator::fault`"]
pub struct Fault {
    pub(super) effect: FaultEffect,
    pub(super) operation: Option<String>,
    pub(super) path: Option<String>,
    pub(super) times: Option<u64>,
    pub(super) probability: Option<(f64, u64)>,
    /// A setting that was made and that faults of this kind do not have.
    pub(super) misplaced: Option<&'static str>,
}

impl Fault {
    fn new(effect: FaultEffect) -> Self {
        Self { effect, operation: None, path: None, times: None, probability: None, misplaced: None }
    }
}
