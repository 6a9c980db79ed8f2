//! An observer that notes what it is told.

use iam_sdk::{
    ErrorKind,
    observe::{AttemptInfo, CallInfo, Observer, RefreshInfo, VerificationInfo},
};
use std::sync::{Arc, Mutex};

#[derive(Clone, Debug, Default)]
pub struct Observed(Arc<Mutex<Notes>>);

#[derive(Clone, Debug, Default)]
pub struct Notes {
    pub calls: Vec<CallInfo>,
    pub attempts: Vec<Attempt>,
    pub refreshes: Vec<RefreshInfo>,
    pub verifications: Vec<VerificationInfo>,
}

/// What a test looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    pub operation: &'static str,
    pub url_template: Option<&'static str>,
    pub resends: u32,
    pub reason: Option<ErrorKind>,
    pub status: Option<u16>,
    pub error_type: Option<&'static str>,
}

impl Observed {
    pub fn notes(&self) -> Notes {
        self.0.lock().unwrap().clone()
    }

    /// Returns the counts of calls, attempts and refreshes.
    pub fn counts(&self) -> (usize, usize, usize) {
        let notes = self.notes();
        (notes.calls.len(), notes.attempts.len(), notes.refreshes.len())
    }
}

impl Observer for Observed {
    fn call_finished(&self, call: &CallInfo) {
        self.0.lock().unwrap().calls.push(call.clone());
    }

    fn attempt_finished(&self, attempt: &AttemptInfo<'_>) {
        self.0.lock().unwrap().attempts.push(Attempt {
            operation: attempt.operation,
            url_template: attempt.url_template,
            resends: attempt.resend_count,
            reason: attempt.resend_reason,
            status: attempt.status,
            error_type: attempt.error_type(),
        });
    }

    fn refresh_finished(&self, refresh: &RefreshInfo) {
        self.0.lock().unwrap().refreshes.push(refresh.clone());
    }

    fn verification_finished(&self, verification: &VerificationInfo) {
        self.0.lock().unwrap().verifications.push(verification.clone());
    }
}
