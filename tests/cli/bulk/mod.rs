//! Bulk import, export and comparison: the command `iam` as a process, against the emulator.

mod export;
mod groups;
mod import;
mod killed;
mod orgs;
mod resilience;
mod terminal;

use super::support::{Home, Ran};
use iam_sdk::{authing::UserListOptions, blocking::authing::ManagementClient};
use std::{
    fs,
    ops::Deref,
    process::{Command, Stdio},
};

/// A home whose environment has all that Authing's pool asks for: nobody logs in.
struct World(Home);

impl World {
    fn new() -> Self {
        Self(Home::new())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let account = self.emulator.authing().account();
        let mut command = self.0.command(arguments);
        command
            .env("IAM_BASE_URL", self.emulator.base_url())
            .env("IAM_USER_POOL", &account.user_pool_id)
            .env("IAM_USER_POOL_SECRET", account.secret.expose_secret())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn iam(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn has(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    fn client(&self) -> ManagementClient {
        let account = self.emulator.authing().account();
        let builder = ManagementClient::builder(&account.user_pool_id, account.secret.clone());
        builder.base_url(self.emulator.base_url()).build().unwrap()
    }

    /// The user names that begin with `prefix`, sorted: one twice if there were two such users.
    fn usernames(&self, prefix: &str) -> Vec<String> {
        let users = self.client().users().list_all(UserListOptions::new().limit(1000));
        let names = users.filter_map(|user| user.unwrap().username);
        let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        names
    }
}

impl Deref for World {
    type Target = Home;

    fn deref(&self) -> &Home {
        &self.0
    }
}

/// A file of so many users, named `u-00000` and so on.
fn csv_of(users: usize) -> String {
    let rows = (0..users).map(|n| format!("u-{n:05},u-{n:05}@bulk.example,\"Name, {n}\"\n"));
    std::iter::once("username,email,name\n".to_owned()).chain(rows).collect()
}

fn names_of(users: usize) -> Vec<String> {
    (0..users).map(|n| format!("u-{n:05}")).collect()
}
