//! Servers that fail, lie, or never end.

use super::{
    AT_ONCE, Client, PROTOCOL, all, authing::ManagementClient, cloudspot::LicenseClient, in_parallel, maybe_async,
    next, pause, received, test,
};

mod authing;
mod closing;
mod cloudspot;
mod digiwin;
#[cfg(feature = "gzip")]
mod gzip;
pub mod hanging;
pub mod http2;
mod lists;
mod login_keys;
mod many_users;
pub mod matrix;
mod messages;
mod responses;
mod side_by_side;
mod time_limits;
mod tls;

/// A read or one of two writes that must not be repeated, whose body holds the id.
#[maybe_async]
pub async fn numbered_call(client: &Client, id: i64) -> iam_sdk::Result<()> {
    match id % 3 {
        0 => client.users().get_user(id.to_string()).await.map(drop),
        1 => client.tenants().remove_user(id.to_string()).await.map(drop),
        _ => client.orgs().delete(id).await.map(drop),
    }
}
