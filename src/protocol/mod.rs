//! What is asked, what a response means, and whether to ask again: decisions, without I/O.

pub(crate) mod application;
pub(crate) mod batches;
pub(crate) mod decode;
pub(crate) mod dialect;
pub(crate) mod dry_run;
pub(crate) mod login;
pub(crate) mod meter;
pub(crate) mod model;
pub(crate) mod open_enum;
pub(crate) mod operation;
pub(crate) mod options;
pub(crate) mod paging;
pub(crate) mod raw_response;
pub(crate) mod redacted;
pub(crate) mod request;
pub(crate) mod request_options;
pub(crate) mod retry;
pub(crate) mod retry_after;
pub(crate) mod token;
