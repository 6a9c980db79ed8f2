//! What users do, against the emulator.

use super::{
    AT_ONCE, Client, all, authing::ManagementClient, cloudspot::LicenseClient, error_of_a_call, in_parallel,
    maybe_async, received, test,
};
use iam_sdk::{
    digiwin::Credentials,
    emulator::{
        Emulator,
        digiwin::{ResponseStyle, Settings},
    },
};

mod authing;
mod call_options;
mod cloudspot;
mod credentials;
mod every_operation;
mod headers_from;
mod identity;
mod login_keys;
mod login_limit;
#[cfg(feature = "metrics")]
mod metrics;
mod observability;
mod opentelemetry;
mod orgs;
mod providers;
mod refresh;
mod replaced_tokens;
mod sessions;
mod settings;
mod single_flight;
mod store_faults;
mod tenants;
mod token_faults;
mod users;

const LOGIN: &str = "/api/iam/v2/identity/login";
const REFRESH: &str = "/api/iam/v2/identity/token/refresh/user";
const ANALYZE: &str = "/api/iam/v2/identity/token/analyze";

fn ann(emulator: &Emulator) -> Credentials {
    let account = emulator.digiwin().account();
    Credentials::password(&account.user_id, account.password.clone())
}

fn client_with(emulator: &Emulator, credentials: Credentials) -> Client {
    let account = emulator.digiwin().account();
    Client::builder(emulator.base_url(), account.app_token.clone()).credentials(credentials).build().unwrap()
}

/// Returns how many requests went to a path.
fn request_count(emulator: &Emulator, path: &str) -> usize {
    emulator.requests().iter().filter(|served| served.path == path).count()
}

/// An emulator and a client of it.
struct Setting {
    emulator: Emulator,
    client: Client,
}

impl Setting {
    fn new() -> Self {
        Self::on(Emulator::start().unwrap())
    }

    fn in_style(style: ResponseStyle) -> Self {
        Self::on(Emulator::builder().digiwin(Settings::new().response_style(style)).start().unwrap())
    }

    fn on(emulator: Emulator) -> Self {
        let account = emulator.digiwin().account();
        let client = Client::builder(emulator.base_url(), account.app_token.clone()).build().unwrap();
        Self { emulator, client }
    }
}

#[maybe_async]
impl Setting {
    /// Logged in, in no tenant.
    async fn logged_in() -> Self {
        let setting = Self::new();
        let account = setting.emulator.digiwin().account();
        setting.client.identity().login(&account.user_id, account.password.clone()).await.unwrap();
        setting
    }

    /// Logged in, in the tenant `T1`.
    async fn in_tenant() -> Self {
        let setting = Self::logged_in().await;
        setting.client.identity().refresh_token_with_tenant("T1").await.unwrap();
        setting
    }
}
