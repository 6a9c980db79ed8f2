//! What is asked, what an answer means, and whether to ask again: decisions, without I/O.

pub(crate) mod decode;
pub(crate) mod dialect;
pub(crate) mod login;
pub(crate) mod model;
pub(crate) mod options;
pub(crate) mod paging;
pub(crate) mod parts;
pub(crate) mod request;
pub(crate) mod retry;
pub(crate) mod token;
