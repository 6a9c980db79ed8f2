//! The command `iam emulate`, as a process.

use iam_sdk::{
    ErrorKind,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

fn emulate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iam"));
    command.arg("emulate").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command that serves, and the line that it printed; it ends with this.
struct Serving {
    process: Child,
    line: Value,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut process = emulate(arguments).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        Self { process, line }
    }

    fn text(&self, pointer: &str) -> String {
        self.line.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}")).to_owned()
    }

    fn authing(&self) -> ManagementClient {
        let [pool, secret, base] = ["/authing/user_pool_id", "/authing/secret", "/base_url"].map(|at| self.text(at));
        ManagementClient::builder(pool, secret).base_url(base).build().unwrap()
    }

    /// Waits for its end, and returns its exit code and what it wrote to standard error.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        let mut text = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (code, text)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already, where a test waited for its end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A file of settings, gone with this.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("iam-emulate-{}-{name}.json", std::process::id()));
        fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn it_serves_what_its_file_and_options_say() {
    let file = File::new(
        "served",
        r#"{"faults": ["status=503 on=authing.users.detail times=3"],
            "digiwin": {"response_style": "enveloped"},
            "authing": {"error_style": "code", "token_lifetime_seconds": 77, "seed": {"user_pool_id": "p", "secret": "s", "users": [{"username": "mia"}]}}}"#,
    );
    let arguments =
        ["--settings", file.path(), "--error-style", "api-code", "--fault", "html on=authing.groups.list times=1"];
    let serving = Serving::start(&arguments);
    let authing = serving.authing();
    let users = authing.users().list().unwrap();
    assert_eq!((users.total_count, users.list[0].username.as_deref()), (1, Some("mia")));
    let document = "query($p: String!, $s: String!) { accessToken(userPoolId: $p, secret: $s) { exp iat } }";
    let response = authing.graphql(document, &json!({"p": "p", "s": "s"})).unwrap();
    let token: Value = response.decode().unwrap();
    let [exp, iat] = ["exp", "iat"].map(|time| token["accessToken"][time].as_i64().unwrap());
    assert_eq!(exp - iat, 77);
    let id = users.list[0].id.clone().unwrap();
    assert_eq!(authing.users().detail(&id).unwrap_err().kind(), ErrorKind::Server);
    assert!(authing.users().detail(&id).is_ok());
    assert_eq!(authing.groups().list().unwrap_err().kind(), ErrorKind::Decode);
    let digiwin = Client::builder(serving.text("/base_url"), serving.text("/digiwin/app_token")).build().unwrap();
    let [user, password] = ["/digiwin/user_id", "/digiwin/password"].map(|at| serving.text(at));
    assert!(digiwin.identity().login(&user, password).is_ok());
    let application = serving.text("/cloudspot/application");
    let license = LicenseClient::builder(application).base_url(serving.text("/cloudspot/base_url")).build().unwrap();
    let [user, password] = ["/cloudspot/username", "/cloudspot/password"].map(|at| serving.text(at));
    assert!(license.authenticate(&user, password).is_ok());
}

#[test]
fn it_says_so_when_standard_input_closes() {
    let mut serving = Serving::start(&[]);
    drop(serving.process.stdin.take());
    let (code, text) = serving.end();
    assert_eq!(code, Some(0));
    assert!(text.contains("standard input is closed") && text.contains("--ignore-stdin"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_and_nothing_else_where_standard_input_is_ignored() {
    let mut serving = Serving::start(&["--ignore-stdin"]);
    drop(serving.process.stdin.take());
    assert!(serving.authing().users().list().is_ok());
    let pid = rustix::process::Pid::from_child(&serving.process);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(serving.end(), (Some(0), String::new()));
}

/// What it ends with and writes to standard error when it cannot serve.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = emulate(arguments).output().unwrap();
    assert!(stdout.is_empty());
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_mistake_is_named() {
    let taken = Serving::start(&[]);
    let base = taken.text("/base_url");
    let port = base.rsplit(':').next().unwrap();
    let seed = File::new(
        "seed",
        r#"{"authing": {"seed": {"user_pool_id": "p", "secret": "s", "groups": [{"code": "g", "name": "G", "members": ["ann"]}]}}}"#,
    );
    let broken = File::new("broken", r#"{"latency": 20}"#);
    for (arguments, named) in [
        (["--fault", "resets"], vec!["`resets` is no fault", "reset-before"]),
        (["--fault", "html on=authing.user"], vec!["authing.user", "no operation has this name"]),
        (["--port", port], vec![port, "in use"]),
        (["--settings", seed.path()], vec!["ann"]),
        (["--settings", broken.path()], vec![broken.path(), "at `latency`: unknown field"]),
        (["--settings", "/no/such/file"], vec!["/no/such/file"]),
        (["--token-lifetime", "0"], vec!["--token-lifetime", "0"]),
    ] {
        let (code, text) = refused(&arguments);
        assert!(code.is_some_and(|code| code != 0), "{arguments:?}");
        assert!(named.iter().all(|part| text.contains(part)), "{arguments:?}: {text}");
    }
}
