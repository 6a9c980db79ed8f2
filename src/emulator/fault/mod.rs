//! Faults on demand: what a test tells the emulator to do wrong.

mod argument;
mod effect;
mod error;
mod kinds;
mod layer;
mod listener;
mod nearest;
mod parse;
mod plan;
mod rewrite;
mod sniff;
mod switch;
mod wire;

pub use error::FaultError;
pub use kinds::Fault;
pub use plan::AddedFault;

pub(super) use layer::{MiddlewareState, serve};
pub(super) use listener::FaultListener;
pub(super) use plan::Plan;
pub(super) use switch::Switch;
pub(super) use wire::Wire;

use super::registry;
use crate::protocol::operation::Operation;
use effect::FaultEffect;
use http::HeaderValue;
use nearest::nearest;

impl Fault {
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
    /// `authing.users` or `authing`. [`operations`](super::operations) lists the names. A fault has one operation: of several calls of
    /// this, the last one counts.
    ///
    /// A raw call, such as `digiwin.request`, counts as the operations of its endpoint: restrict the fault to one of these, or
    /// [`on_path`](Self::on_path).
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Restricts the fault to requests of this path, such as `/api/iam/v2/user/simple`: the whole path, with Cloudspot's
    /// `/api/v1`, without the query. It is no pattern. Of several calls of this, the last one counts.
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
        if let FaultEffect::EnvelopeError(code @ (0 | 200)) = self.effect {
            return Err(FaultError::new(format_args!("envelope-error={code}: this code means success")));
        }
        if let Some(name) = &self.operation {
            check_operation(name)?;
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

/// Refuses the name of an operation that no request has.
fn check_operation(name: &str) -> Result<(), FaultError> {
    let named = |wanted: &dyn Fn(&Operation) -> bool| {
        let operations = registry::declared().map(|declared| declared.operation);
        operations.filter(|operation| wanted(operation)).map(|operation| operation.name).collect::<Vec<_>>()
    };
    let requested = named(&|operation| !operation.is_raw());
    if requested.iter().any(|operation| is_below(operation, name)) {
        return Ok(());
    }
    if named(&|operation| operation.is_raw()).contains(&name) {
        return Err(FaultError::new(format_args!(
            "on={name}: a raw call counts as the operations of its endpoint: name one of these, or its path"
        )));
    }
    Err(FaultError::new(format_args!(
        "on={name}: no operation has this name or begins with it; the nearest are {}",
        nearest(name, requested.into_iter()).join(", ")
    )))
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
            (Fault::html().on("digiwin.users.get_usr"), "nearest are digiwin.users.get_user,"),
            (Fault::html().on("digiwin.request"), "a raw call counts as the operations of its endpoint"),
            (Fault::envelope_error(0), "envelope-error=0: this code means success"),
            (Fault::envelope_error(200), "envelope-error=200"),
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
