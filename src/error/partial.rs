use std::fmt;

/// How far a call came that is sent in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Partial {
    /// The identifiers whose part succeeded.
    pub done: Vec<String>,
    /// The others: their part failed or was not sent. Where [`was_sent`](crate::Error::was_sent) holds, a part that failed
    /// may have been carried out all the same.
    pub not_done: Vec<String>,
}

impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} done", self.done.len(), self.done.len() + self.not_done.len())
    }
}
