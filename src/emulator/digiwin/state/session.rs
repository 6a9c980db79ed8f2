//! What a user's token stands for.

use crate::emulator::store::Tokens;

#[derive(Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: i64,
    pub(crate) tenant: Option<i64>,
}

/// The users' tokens, by the user's `sid`.
pub(crate) type Sessions = Tokens<i64, Session>;
