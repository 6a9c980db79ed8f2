//! An emulator, and a home of its own for the processes of a test.

use iam_sdk::emulator::Emulator;
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

/// What a process printed, and its exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Returns what it printed; fails unless it ended well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.out, self.err);
        self.out
    }

    /// Fails unless it ended with this code; returns what it printed on standard error.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self.err
    }

    /// Returns a number of the summary that an import prints with `-o json`, however it ended.
    #[track_caller]
    pub fn count(&self, name: &str) -> u64 {
        let summary: serde_json::Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        summary[name].as_u64().unwrap_or_else(|| panic!("{name}: {self:?}"))
    }

    /// Returns what it printed as JSON.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// A home for `iam`, and an emulator that it talks to.
pub struct Home {
    pub emulator: Emulator,
    pub path: PathBuf,
}

impl Home {
    pub fn new() -> Self {
        Self::with(Emulator::start().unwrap())
    }

    pub fn with(emulator: Emulator) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cli-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self { emulator, path }
    }

    /// A home with the profiles `work`, `pool` and `shop`, each logged in.
    pub fn logged_in() -> Self {
        let home = Self::new();
        home.log_in_to_digiwin("work");
        home.log_in_to_authing("pool");
        home.log_in_to_license("shop");
        home.emulator.clear_requests();
        home
    }

    pub fn log_in_to_digiwin(&self, profile: &str) {
        let account = self.emulator.digiwin().account();
        let url = self.emulator.base_url();
        let arguments = ["login", "digiwin", "--profile", profile, "--base-url", &url, "--password-stdin"];
        let arguments = [&arguments[..], &["--user", &account.user_id, "--tenant", &account.tenant_id]].concat();
        let mut command = self.command(&arguments);
        command.env("IAM_APP_TOKEN", account.app_token.expose_secret());
        run(command, account.password.expose_secret()).ok();
    }

    pub fn log_in_to_authing(&self, profile: &str) {
        let account = self.emulator.authing().account();
        let url = self.emulator.base_url();
        let arguments = ["login", "authing", "--profile", profile, "--base-url", &url, "--password-stdin"];
        let arguments = [&arguments[..], &["--user-pool", &account.user_pool_id]].concat();
        self.iam_with(&arguments, account.secret.expose_secret()).ok();
    }

    pub fn log_in_to_license(&self, profile: &str) {
        let account = self.emulator.cloudspot().account();
        let url = format!("{}/api/v1", self.emulator.base_url());
        let arguments = ["login", "license", "--profile", profile, "--base-url", &url, "--password-stdin"];
        let arguments =
            [&arguments[..], &["--application", &account.application, "--user", &account.username]].concat();
        self.iam_with(&arguments, account.password.expose_secret()).ok();
    }

    /// Prepares a run of `iam`, with nothing of this process's environment that it would look at.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_iam"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", &self.path)
            .env("PATH", "/usr/bin:/bin")
            .current_dir(&self.path);
        // A keyring of the machine's is none of the test's business.
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        command
    }

    /// Runs `iam`.
    pub fn iam(&self, arguments: &[&str]) -> Ran {
        self.iam_with(arguments, "")
    }

    /// Runs `iam` with this on standard input.
    pub fn iam_with(&self, arguments: &[&str], input: &str) -> Ran {
        run(self.command(arguments), input)
    }

    /// Returns the requests since the last time that were this operation.
    pub fn requests_of(&self, operation: &str) -> usize {
        self.emulator.requests().iter().filter(|request| request.is_operation(operation)).count()
    }

    /// Returns the file with the profiles.
    pub fn config(&self) -> String {
        fs::read_to_string(self.config_path()).unwrap_or_default()
    }

    pub fn config_path(&self) -> PathBuf {
        self.path.join(".config/iam/config.toml")
    }

    pub fn state_path(&self) -> PathBuf {
        self.path.join(".local/state/iam")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Runs a command to its end.
pub fn run(mut command: Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may not read what it does not need.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Ran::of(child.wait_with_output().unwrap())
}
