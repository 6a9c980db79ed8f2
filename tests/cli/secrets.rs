//! No secret where it does not belong: not in help, logs, errors, files in clear text, or what a process shows of itself.

use super::support::{Home, Ran, run};
use iam_sdk::emulator::{Emulator, Fault, authing, cloudspot, digiwin};
use std::{fs, path::Path};

const CANARY: &str = "canary-of-secrets-7f3a";

/// A home whose every secret holds the canary.
fn home() -> Home {
    let person = digiwin::Person::new("ann", format!("{CANARY}-password")).email("ann@digiwin.com");
    let seed = digiwin::Seed::new("app", format!("{CANARY}-app-token")).person(person);
    let seed =
        seed.tenant(digiwin::Tenant::new("T1", "One").member("ann", "admin").application("app", "2099-01-01 00:00:00"));
    let pool = authing::Seed::new("pool-1", format!("{CANARY}-secret"));
    let shop = cloudspot::Seed::default();
    let emulator = Emulator::builder()
        .digiwin(digiwin::Settings::new().seed(seed))
        .authing(authing::Settings::new().seed(pool))
        .cloudspot(cloudspot::Settings::new().seed(shop))
        .start();
    Home::with(emulator.unwrap())
}

fn check(ran: &Ran) {
    assert!(!ran.out.contains(CANARY) && !ran.err.contains(CANARY), "{}{}", ran.out, ran.err);
}

fn files(folder: &Path, each: &mut impl FnMut(&Path, &[u8])) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, each),
            false => each(&path, &fs::read(&path).unwrap()),
        }
    }
}

#[test]
fn no_secret_is_printed_logged_or_written_in_clear_text() {
    let home = home();
    home.log_in_to_digiwin("work");
    home.log_in_to_authing("pool");
    let secrets = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        for variable in ["IAM_PASSWORD", "IAM_USER_POOL_SECRET", "IAM_STORE_PASSPHRASE", "IAM_TOKEN"] {
            command.env(variable, format!("{CANARY}-{variable}"));
        }
        run(command, &format!("{CANARY}-input"))
    };
    for arguments in [
        &["--help"][..],
        &["login", "--help"],
        &["help", "environment"],
        &["authing", "users", "create", "--help"],
        &["auth", "status"],
        &["auth", "status", "-o", "json"],
        &["whoami", "-vv"],
        &["digiwin", "users", "list", "-vv"],
        &["authing", "users", "list", "--profile", "pool", "-vv"],
        &["authing", "users", "create", "username=mia", "--password-stdin", "--dry-run"],
        &["authing", "users", "create", "username=mia", "--password-stdin", "--dry-run", "-o", "json"],
        &["authing", "pool", "check-password", "--stdin", "-vv"],
        &["authing", "pool", "check-token", "--stdin", "-vv"],
        &["digiwin", "users", "update", "id=ann", "--password-stdin", "--dry-run"],
    ] {
        check(&secrets(arguments));
        check(&home.iam_with(arguments, &format!("{CANARY}-input")));
    }
    // A login, right and wrong, as loud as can be.
    for wrong in ["", "-wrong"] {
        let mut command = home.command(&["login", "--profile", "work", "--password-stdin", "-vv"]);
        command.env("IAM_APP_TOKEN", format!("{CANARY}-app-token"));
        let ran = run(command, &format!("{CANARY}-password{wrong}"));
        assert_eq!(ran.code, if wrong.is_empty() { 0 } else { 4 }, "{}", ran.err);
        assert!(ran.err.contains("digiwin.identity.login"), "the log is on: {}", ran.err);
        check(&ran);
    }
    let mut sealed = 0;
    files(&home.path, &mut |path, bytes| {
        sealed += 1;
        assert!(!String::from_utf8_lossy(bytes).contains(CANARY), "{}", path.display());
    });
    assert!(sealed > 3, "{sealed}");
}

#[test]
fn a_service_that_echoes_secrets_shows_none() {
    let home = home();
    home.log_in_to_digiwin("work");
    let token = home.iam(&["auth", "token"]).ok();
    let echo = format!("{{\"code\": 500, \"message\": \"{CANARY}-app-token {}\"}}", token.trim());
    home.emulator.fault(Fault::status(500).body(echo));
    for format in ["plain", "json"] {
        let ran = home.iam(&["digiwin", "users", "list", "-o", format]);
        check(&ran);
        assert!(ran.err.contains("(redacted)") && !ran.err.contains(token.trim()), "{}", ran.err);
    }
}

#[test]
fn a_password_on_the_command_line_is_refused() {
    let home = Home::logged_in();
    let told = home.iam(&["authing", "users", "create", "username=mia", &format!("password={CANARY}")]).failed(2);
    assert!(told.contains("every process of this machine can read") && !told.contains(CANARY), "{told}");
    for arguments in [
        &["digiwin", "users", "update", "id=ann"][..],
        &["api", "digiwin", "-X", "POST", "/api/iam/v2/user/update", "-f", "id=ann", "-f"],
        &["api", "digiwin", "-X", "POST", "/api/iam/v2/user/update", "-F"],
    ] {
        let password = format!("password={CANARY}");
        let told = home.iam(&[arguments, &[&password]].concat()).failed(2);
        assert!(told.contains("every process of this machine can read") && !told.contains(CANARY), "{told}");
    }
    home.iam(&["login", "--password", CANARY]).failed(2);
    assert!(home.emulator.requests().is_empty());
}
