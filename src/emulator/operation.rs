//! An operation, and the paths that are its.

use crate::protocol::operation::Operation;

/// An operation of a service that is served below `prefix`.
#[derive(Clone, Copy)]
pub(super) struct Declared {
    pub(super) prefix: &'static str,
    pub(super) operation: &'static Operation,
}

impl Declared {
    /// Returns how many leading segments of the path are those of the operation.
    pub(super) fn common_segments(&self, path: &str) -> usize {
        let own = self.prefix.split('/').filter(|part| !part.is_empty()).chain(self.operation.path.split('/').skip(1));
        own.zip(path.split('/').skip(1)).take_while(|(own, given)| own == given).count()
    }

    /// Returns how many segments of the path are those of the operation, or `None` if it is another path.
    pub(super) fn matches(&self, path: &str) -> Option<usize> {
        let rest = path.strip_prefix(self.prefix)?;
        let (mut wanted, mut given) = (self.operation.path.split('/'), rest.split('/'));
        let mut equal = 0;
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return Some(equal),
                (Some(wanted), Some(given)) if wanted == given => equal += 1,
                (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
                _ => return None,
            }
        }
    }
}
