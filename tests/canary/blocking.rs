#[cfg(feature = "jwt")]
pub use iam_sdk::blocking::jwt;
pub use iam_sdk::blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient};
pub use maybe_async::must_be_sync as maybe_async;

#[allow(clippy::duplicate_mod)]
#[path = "tour.rs"]
pub mod tour;
