use std::fmt;

/// The progress of a call that is sent in batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partial {
    /// The identifiers whose batch succeeded.
    pub done: Vec<String>,
    /// The other identifiers: their batch failed or was not sent. If [`was_sent`](crate::Error::was_sent) is `true`, the
    /// service may have carried out a batch that failed.
    pub failed_or_unsent: Vec<String>,
}

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} done", self.done.len(), self.done.len() + self.failed_or_unsent.len())
    }
}
