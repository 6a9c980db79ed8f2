//! Tokens that a test fixes.

use super::{Guard, GuardBuilder, Identity, Introspect, Known};
use crate::{Result, UserToken};
use std::{collections::HashMap, fmt};

/// Knows the tokens that it was given, and no others: see [`Guard::fixed`].
pub struct Fixed<I>(HashMap<String, I>);

impl<I: Identity> Guard<Fixed<I>> {
    /// Begins a guard that knows these tokens and asks no service, for tests of the routes behind it.
    ///
    /// ```
    /// use iam_sdk::{digiwin::UserTokenInfo, server::Guard};
    ///
    /// # fn build() -> iam_sdk::Result<()> {
    /// let ann = UserTokenInfo::default().with_user_id("ann").with_tenant_id("T1");
    /// let guard = Guard::fixed([("ann's token", ann)]).build()?;
    /// # Ok(()) }
    /// ```
    pub fn fixed(identities: impl IntoIterator<Item = (impl Into<String>, I)>) -> GuardBuilder<Fixed<I>> {
        let identities = identities.into_iter().map(|(token, identity)| (token.into(), identity));
        Guard::builder(Fixed(identities.collect()))
    }
}

impl<I: Identity> Introspect for Fixed<I> {
    type Identity = I;

    fn is_local(&self) -> bool {
        true
    }

    fn introspect(&self, token: &UserToken) -> impl Future<Output = Result<Option<Known<I>>>> + Send {
        std::future::ready(Ok(self.0.get(token.expose_secret()).cloned().map(Known::new)))
    }
}

impl<I> fmt::Debug for Fixed<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixed").field("tokens", &self.0.len()).finish()
    }
}
