//! The log of users' actions.

use super::value::now;

pub(crate) struct Action {
    pub(crate) operation: &'static str,
    pub(crate) user_id: String,
    /// The user's name, if the user exists and has one.
    pub(crate) username: Option<String>,
    pub(crate) timestamp: String,
}

#[derive(Default)]
pub(crate) struct Actions(Vec<Action>);

impl Actions {
    pub(crate) fn record(&mut self, operation: &'static str, user_id: &str, username: Option<String>) {
        self.0.push(Action { operation, user_id: user_id.to_owned(), username, timestamp: now() });
    }

    /// Returns the actions, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Action> {
        self.0.iter().rev()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
