//! What a fault does.

use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum FaultEffect {
    Refuse,
    ResetWithin(usize),
    Cut { carried_out: bool, after: Part, end: WireEnd },
    Drip(Duration),
    Delay(Duration),
    Respond { status: u16, retry_after: Option<u64>, body: String },
    Html,
    TruncatedJson,
    DeepJson,
    EndlessBody,
    EndlessHeaders,
    Redirect(String),
    EnvelopeError(u32),
    UnknownMembers,
    NumbersAsText,
    RefuseToken,
    ClockMoved(i64),
}

/// How much of the response is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// So many bytes, the head included.
    Response(usize),
    /// The head, and so many bytes of the body.
    Body(usize),
    /// The head and half of the body; a few bytes of the head if there is no body.
    HalfOfBody,
}

/// What follows the part of a response that is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WireEnd {
    Reset,
    Close,
    Stall,
}

impl FaultEffect {
    /// Returns whether it changes values in the response's JSON.
    pub(super) fn rewrites_json(&self) -> bool {
        matches!(self, Self::UnknownMembers | Self::NumbersAsText | Self::ClockMoved(_))
    }

    pub(super) fn wire(carried_out: bool, after: Part, end: WireEnd) -> Self {
        Self::Cut { carried_out, after, end }
    }
}

impl Part {
    /// Resolves half of a body of this length.
    pub(super) fn of_body(self, length: usize) -> Self {
        match self {
            Self::HalfOfBody if length == 0 => Self::Response(10),
            Self::HalfOfBody => Self::Body(length / 2),
            part => part,
        }
    }
}
