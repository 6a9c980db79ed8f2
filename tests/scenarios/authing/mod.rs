//! Authing management.

use super::{ManagementClient, all, in_parallel, maybe_async, test};
use iam_sdk::{
    authing::{User, UserLookup},
    emulator::Emulator,
};
use serde_json::{Value, json};

mod custom_data;
mod documented_errors;
mod groups;
mod orgs;
mod pages;
mod token;
mod users;

/// An emulator and a client of it.
struct Pool {
    emulator: Emulator,
    client: ManagementClient,
}

impl Pool {
    fn new() -> Self {
        Self::on(Emulator::start().unwrap())
    }

    fn on(emulator: Emulator) -> Self {
        let client = client_of(&emulator);
        Self { emulator, client }
    }

    /// Returns how often an operation of Authing was requested.
    fn operation_count(&self, operation: &str) -> usize {
        operation_count(&self.emulator, operation)
    }
}

fn operation_count(emulator: &Emulator, operation: &str) -> usize {
    let operation = format!("authing.{operation}");
    emulator.requests().iter().filter(|request| request.is_operation(&operation)).count()
}

fn client_of(emulator: &Emulator) -> ManagementClient {
    let account = emulator.authing().account();
    let builder =
        ManagementClient::builder(&account.user_pool_id, account.secret.clone()).base_url(emulator.base_url());
    builder.lang("en-US").build().unwrap()
}

#[maybe_async]
impl Pool {
    /// Runs a document of a module of the service that this crate does not cover.
    async fn run(&self, document: &str, variables: Value) {
        self.client.graphql(document, &variables).await.unwrap();
    }

    async fn authorize(&self, resource: &str, target_type: &str, target: &str, actions: &[&str]) {
        let document = "mutation($r: String, $o: [AuthorizeResourceOpt]) \
                        { authorizeResource(namespace: \"default\", resource: $r, opts: $o) { code } }";
        let opts = json!([{"targetType": target_type, "targetIdentifier": target, "actions": actions}]);
        self.run(document, json!({"r": resource, "o": opts})).await;
    }

    /// A user's id, by name.
    async fn id(&self, username: &str) -> String {
        self.user(username).await.id.unwrap()
    }

    async fn user(&self, username: &str) -> User {
        self.client.users().find(UserLookup::username(username)).await.unwrap()
    }
}

fn names(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.username.as_deref().unwrap()).collect()
}
