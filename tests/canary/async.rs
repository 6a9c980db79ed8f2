#[cfg(feature = "jwt")]
pub use iam_sdk::r#async::jwt;
pub use iam_sdk::r#async::{Client, authing::ManagementClient, cloudspot::LicenseClient};
pub use maybe_async::must_be_async as maybe_async;

#[path = "tour.rs"]
pub mod tour;
