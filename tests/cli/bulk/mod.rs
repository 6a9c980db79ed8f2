//! Bulk import, export and comparison: the command `iam` as a process, against the emulator.

mod export;
mod groups;
mod import;
mod killed;
mod orgs;
mod resilience;
mod terminal;

use iam_sdk::{authing::UserListOptions, blocking::authing::ManagementClient, emulator::Emulator};
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// An emulator, and a directory for files; gone with this.
struct World {
    emulator: Emulator,
    directory: PathBuf,
}

impl World {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("iam-bulk-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).unwrap();
        Self { emulator: Emulator::start().unwrap(), directory }
    }

    /// The command with these arguments, which nothing but the emulator and the directory has an effect on.
    fn iam(&self, arguments: &[&str]) -> Command {
        let account = self.emulator.authing().account();
        let mut command = Command::new(env!("CARGO_BIN_EXE_iam"));
        command
            .args(arguments)
            .current_dir(&self.directory)
            .env_clear()
            .env("HOME", &self.directory)
            .env("IAM_CONFIG", self.directory.join("config.toml"))
            .env("IAM_STATE_DIR", self.directory.join("state"))
            .env("IAM_BASE_URL", self.emulator.base_url())
            .env("IAM_USER_POOL", &account.user_pool_id)
            .env("IAM_USER_POOL_SECRET", account.secret.expose_secret())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.iam(arguments).output().unwrap())
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.directory.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.directory.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    fn has(&self, name: &str) -> bool {
        self.directory.join(name).exists()
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

    /// How often an operation was received.
    fn received(&self, operation: &str) -> usize {
        self.emulator.requests().iter().filter(|request| request.is_operation(operation)).count()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What a command has done.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    fn of(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// A number of the summary that `-o json` prints.
    #[track_caller]
    fn count(&self, name: &str) -> u64 {
        let summary: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        summary[name].as_u64().unwrap_or_else(|| panic!("{name}: {self:?}"))
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
