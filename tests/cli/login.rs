//! Logging in once, profiles, the layers of settings, and where the tokens' key is.

use super::support::{Home, run};
use iam_sdk::emulator::{Emulator, digiwin};
use std::{fs, io::Read as _, time::Instant};

const SHOW: [&str; 2] = ["whoami", "--fields=userId"];

#[test]
fn a_login_lasts() {
    let home = Home::logged_in();
    for _ in 0..3 {
        assert_eq!(home.iam(&SHOW).ok(), "userId\tann\n");
    }
    assert_eq!(home.requests_of("digiwin.identity.login"), 0);
    assert_eq!(home.emulator.requests().len(), 3, "one request each");
    home.iam(&["logout"]).ok();
    assert_eq!(home.requests_of("digiwin.identity.logout"), 1);
    let out = home.iam(&SHOW).failed(4);
    assert!(out.contains("not logged in") && out.contains("iam login --profile work"), "{out}");
}

#[test]
fn every_service_logs_in_and_out() {
    let home = Home::logged_in();
    for (profile, field) in [("work", "userId"), ("pool", "id"), ("shop", "email")] {
        let show = ["whoami", "--profile", profile, "--fields", field];
        assert!(home.iam(&show).ok().starts_with(&format!("{field}\t")), "{profile}");
        home.iam(&["logout", "--profile", profile]).ok();
        home.iam(&show).failed(4);
    }
}

#[test]
fn every_way_to_log_in_to_digiwin() {
    let home = Home::new();
    let account = home.emulator.digiwin().account();
    let (url, tenant) = (home.emulator.base_url(), account.tenant_id.as_str());
    let login = |profile: &str, user: &str, method: &str, secret: &str| {
        let arguments = ["login", "digiwin", "--profile", profile, "--base-url", &url, "--tenant", tenant];
        let arguments = [&arguments[..], &["--user", user, "--method", method, "--password-stdin"]].concat();
        let mut command = home.command(&arguments);
        command.env("IAM_APP_TOKEN", account.app_token.expose_secret());
        run(command, secret).ok();
        let whoami = home.iam(&["whoami", "--profile", profile, "--fields", "userId"]).ok();
        assert_eq!(whoami, "userId\tann\n", "{method}");
    };
    login("p", "ann", "password", account.password.expose_secret());
    login("ad", "ann@digiwin.com", "ad", account.password.expose_secret());
    login("in", "ann", "internal", account.password.expose_secret());
    login("code", &account.telephone, "code", account.verification_code.expose_secret());
    for operation in ["login", "login_ad", "login_verification_code", "internal_login"] {
        assert!(home.requests_of(&format!("digiwin.identity.{operation}")) > 0, "{operation}");
    }
    assert!(home.config().contains("login = \"ad\"") && !home.config().contains("login = \"code\""));
}

#[test]
fn wrong_credentials_are_told_and_nothing_is_kept() {
    let home = Home::new();
    let url = home.emulator.base_url();
    let mut command =
        home.command(&["login", "digiwin", "--base-url", &url, "--user", "ann", "--password-stdin", "-o", "json"]);
    command.env("IAM_APP_TOKEN", home.emulator.digiwin().account().app_token.expose_secret());
    let error = run(command, "wrong").failed(4);
    let object: serde_json::Value = serde_json::from_str(error.lines().last().unwrap()).unwrap();
    assert_eq!((&object["kind"], &object["operation"]), (&"Authentication".into(), &"digiwin.identity.login".into()));
    assert_eq!(home.config(), "");
}

#[test]
fn what_is_missing_is_named_where_nobody_can_be_asked() {
    let home = Home::new();
    let told = |arguments: &[&str]| home.iam(arguments).failed(2);
    assert!(told(&["login"]).contains("which service? run `iam login digiwin|authing|license`"));
    assert!(told(&["login", "--profile", "new"]).contains("`iam login digiwin|authing|license --profile new`"));
    assert!(told(&["login", "digiwin"]).contains("--base-url or IAM_BASE_URL"));
    assert!(told(&["login", "digiwin", "--base-url", "https://x.example"]).contains("--user or IAM_USER"));
    let authing = ["login", "authing", "--user-pool", "p"];
    assert!(told(&authing).contains("there is no password: use --password-stdin"));
    assert!(told(&["login", "authing"]).contains("--user-pool"));
    assert!(told(&["digiwin", "users", "list"]).contains("--base-url"));
}

#[test]
fn the_password_comes_from_a_file_or_the_environment_too() {
    let home = Home::new();
    let (url, account) = (home.emulator.base_url(), home.emulator.digiwin().account());
    fs::write(home.path.join("password"), format!("{}\n", account.password.expose_secret())).unwrap();
    fs::write(home.path.join("app"), account.app_token.expose_secret()).unwrap();
    let login = ["login", "digiwin", "--base-url", &url, "--user", "ann", "--app-token-file", "app"];
    home.iam(&[&login[..], &["--password-file", "password"]].concat()).ok();
    let mut command = home.command(&[&login[..], &["--no-input"]].concat());
    command.env("IAM_PASSWORD", account.password.expose_secret());
    run(command, "").ok();
    assert_eq!(home.requests_of("digiwin.identity.login"), 2, "a login is one, whatever token there is");
    // The application's token was kept, sealed; the password was not.
    assert_eq!(home.iam(&SHOW).ok(), "userId\tann\n");
    home.emulator.digiwin().revoke_tokens("ann");
    home.iam(&SHOW).failed(4);
}

#[test]
fn a_dry_run_of_a_logout_leaves_the_session() {
    let home = Home::logged_in();
    let shown = home.iam(&["logout", "--dry-run"]).ok();
    assert!(shown.contains("/api/iam/v2/identity/logout"), "{shown}");
    home.iam(&["logout", "--dry-run", "--profile", "pool"]).ok();
    assert!(home.emulator.requests().is_empty());
    home.iam(&SHOW).ok();
}

#[test]
fn flag_then_environment_then_profile_and_status_tells_which() {
    let home = Home::logged_in();
    home.iam(&["config", "set", "timeout", "21"]).ok();
    let from = |arguments: &[&str], environment: &[(&str, &str)], setting: &str| {
        let arguments = [&["auth", "status", "--offline", "--profile", "work", "-o", "json"], arguments].concat();
        let mut command = home.command(&arguments);
        command.envs(environment.iter().copied());
        let status = run(command, "").json();
        let settings = status[0]["settings"].as_array().unwrap();
        let found = settings.iter().find(|found| found["name"] == setting).unwrap();
        (found["value"].as_str().unwrap().to_owned(), found["from"].as_str().unwrap().to_owned())
    };
    let pair = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    let environment = [("IAM_TIMEOUT", "22"), ("IAM_PASSWORD", "canary")];
    assert_eq!(from(&[], &[], "timeout"), pair("21", "profile work"));
    assert_eq!(from(&[], &environment, "timeout"), pair("22", "IAM_TIMEOUT"));
    assert_eq!(from(&["--timeout", "23"], &environment, "timeout"), pair("23", "--timeout"));
    assert_eq!(from(&[], &environment, "password"), pair("(secret)", "IAM_PASSWORD"));
    assert_eq!(from(&[], &[], "app_token"), pair("(secret)", "the sealed store"));
}

#[test]
fn status_tests_every_profile_and_fails_if_one_does() {
    let home = Home::logged_in();
    let people = home.iam(&["auth", "status"]).ok();
    assert_eq!(people.matches("  logged in: ").count(), 3, "{people}");
    assert!(
        people.contains("base_url") && people.contains("from profile pool") && people.contains("store.key"),
        "{people}"
    );
    home.emulator.digiwin().revoke_tokens("ann");
    let ran = home.iam(&["auth", "status", "-o", "json"]);
    let status: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, ran.err.as_str()), (4, ""));
    let by_name = |name: &str| status.as_array().unwrap().iter().find(|found| found["profile"] == name).unwrap();
    assert_eq!(by_name("work")["logged_in"], false);
    assert_eq!(by_name("work")["error"]["kind"], "NotLoggedIn");
    assert_eq!((&by_name("pool")["logged_in"], &by_name("pool")["error"]), (&true.into(), &serde_json::Value::Null));
}

#[test]
fn the_file_of_profiles_keeps_its_comments() {
    let home = Home::logged_in();
    let commented = format!("# ours\n{}", home.config()).replace("user = \"ann\"", "user = \"ann\" # her own");
    fs::write(home.config_path(), &commented).unwrap();
    home.iam(&["profile", "set", "ci", "service=authing", "user_pool=p"]).ok();
    home.iam(&["profile", "use", "ci"]).ok();
    home.iam(&["config", "set", "user", "bob", "--profile", "work"]).ok();
    let config = home.config();
    assert!(config.starts_with("# ours\n") && config.contains("user = \"bob\" # her own"), "{config}");
    assert!(config.contains("profile = \"ci\""), "{config}");
    let list = home.iam(&["profile", "list", "--fields", "name,default,service_default"]).ok();
    assert_eq!(list, "work\tfalse\ttrue\npool\tfalse\tfalse\nshop\tfalse\ttrue\nci\ttrue\ttrue\n");
    home.iam(&["profile", "remove", "ci"]).ok();
    assert!(!home.config().contains("ci"), "{}", home.config());
    let secret = home.iam(&["config", "set", "password", "canary", "--profile", "work"]).failed(2);
    assert!(secret.contains("clear text") && !home.config().contains("canary"), "{secret}");
    home.iam(&["profile", "use", "nothing"]).failed(2);
    assert_eq!(home.iam(&["config", "path"]).ok().trim(), home.config_path().display().to_string());
    assert_eq!(home.iam(&["config", "get", "user", "--profile", "work"]).ok(), "bob\n");
}

#[test]
fn a_token_from_the_environment_takes_the_place_of_a_session() {
    let home = Home::logged_in();
    let token = home.iam(&["auth", "token", "--profile", "work"]).ok();
    home.iam(&["logout", "--profile", "work"]).ok();
    let url = home.emulator.base_url();
    let client =
        iam_sdk::blocking::Client::builder(&url, home.emulator.digiwin().account().app_token.clone()).build().unwrap();
    assert!(client.with_token(token.trim()).unwrap().identity().analyze_token().is_err(), "the logout ended it");
    home.log_in_to_digiwin("work");
    let token = home.iam(&["auth", "token", "--profile", "work"]).ok();
    let mut command = home.command(&["digiwin", "token", "show", "--base-url", &url, "--fields", "userId"]);
    command.env("IAM_TOKEN", token.trim()).env("IAM_CONFIG", "nothing.toml").env("IAM_STATE_DIR", "nothing");
    command.env("IAM_APP_TOKEN", home.emulator.digiwin().account().app_token.expose_secret());
    assert_eq!(run(command, "").ok(), "userId\tann\n");
    assert!(!home.path.join("nothing").exists(), "nothing is stored");
}

/// A profile whose password a command prints, and whose token has expired.
fn with_expired_token() -> Home {
    let settings = digiwin::Settings::new().token_lifetime(std::time::Duration::from_secs(1));
    let home = Home::with(Emulator::builder().digiwin(settings).start().unwrap());
    home.log_in_to_digiwin("work");
    fs::write(home.path.join("password"), home.emulator.digiwin().account().password.expose_secret()).unwrap();
    home.iam(&["config", "set", "credential_command", "echo x >> asked; cat password"]).ok();
    home.emulator.digiwin().expire_tokens();
    home.emulator.clear_requests();
    home
}

#[cfg(unix)]
#[test]
fn eight_processes_with_an_expired_token_log_in_once() {
    let settings = digiwin::Settings::new().token_lifetime(std::time::Duration::from_secs(3600));
    let home = Home::with(Emulator::builder().digiwin(settings).start().unwrap());
    home.log_in_to_digiwin("work");
    fs::write(home.path.join("password"), home.emulator.digiwin().account().password.expose_secret()).unwrap();
    home.iam(&["config", "set", "credential_command", "echo x >> asked; cat password"]).ok();
    home.emulator.digiwin().expire_tokens();
    home.emulator.clear_requests();
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut command = home.command(&SHOW);
            command
                .stdin(std::process::Stdio::null())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            "userId\tann\n",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(home.requests_of("digiwin.identity.login"), 1);
    assert_eq!(fs::read_to_string(home.path.join("asked")).unwrap(), "x\n", "the command was run once");
}

#[test]
fn a_command_brings_the_password_when_it_is_needed_and_not_before() {
    let home = with_expired_token();
    assert_eq!(home.iam(&SHOW).ok(), "userId\tann\n");
    let asked = || fs::read_to_string(home.path.join("asked")).unwrap_or_default().len();
    assert_eq!(asked(), 2);
    let status = home.iam(&["auth", "status", "--offline"]).ok();
    assert!(status.contains("(a command)") && !status.contains("cat password"), "{status}");
    assert_eq!(asked(), 2);
}

#[test]
fn without_a_keyring_a_key_file_is_made_and_said_and_kept() {
    let home = Home::new();
    let account = home.emulator.authing().account();
    let url = home.emulator.base_url();
    let login = ["login", "authing", "--base-url", &url, "--user-pool", &account.user_pool_id, "--password-stdin"];
    let said = home.iam_with(&login, account.secret.expose_secret());
    let key = home.state_path().join("store.key");
    assert!(said.err.contains("The keyring cannot be used") && said.err.contains("store.key"), "{}", said.err);
    assert!(home.config().contains("store_key = \"file\""), "{}", home.config());
    assert_eq!(fs::read(&key).unwrap().len(), 32);
    assert!(!home.iam_with(&login, account.secret.expose_secret()).err.contains("cannot be used"), "said once");
    for file in fs::read_dir(home.state_path().join("tokens")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let secret = account.secret.expose_secret().as_bytes();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret), "sealed");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(home.iam(&["whoami"]).failed(1).contains("other users may read the key"));
    }
}

#[test]
fn a_passphrase_takes_the_place_of_a_key() {
    let home = Home::new();
    let account = home.emulator.authing().account();
    let url = home.emulator.base_url();
    let login = ["login", "authing", "--base-url", &url, "--user-pool", &account.user_pool_id, "--password-stdin"];
    let mut command = home.command(&login);
    command.env("IAM_STORE_PASSPHRASE", "a long passphrase");
    let said = run(command, account.secret.expose_secret());
    assert!(said.err.contains("IAM_STORE_PASSPHRASE") && !said.err.contains("a long passphrase"), "{}", said.err);
    assert!(home.config().contains("store_key = \"passphrase\"") && !home.state_path().join("store.key").exists());
    assert!(home.iam(&["whoami"]).failed(2).contains("set IAM_STORE_PASSPHRASE"));
    let mut command = home.command(&["whoami", "--fields", "id"]);
    command.env("IAM_STORE_PASSPHRASE", "a long passphrase");
    run(command, "").ok();
}

#[test]
fn a_profile_does_not_switch_to_another_key_by_itself() {
    let home = Home::logged_in();
    home.iam(&["config", "set", "store_key", "keyring", "--profile", "work"]).ok();
    let failed = home.iam(&SHOW).failed(1);
    assert!(failed.contains("keyring") && failed.contains("iam config set store_key file"), "{failed}");
}

/// A keyring that is locked asks its user on another screen, for ever.
#[cfg(target_os = "linux")]
#[test]
fn a_keyring_that_hangs_does_not_hang_the_login() {
    let home = Home::new();
    let account = home.emulator.authing().account();
    let bus = std::os::unix::net::UnixListener::bind(home.path.join("bus")).unwrap();
    let (seen, asked) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // It takes what comes, and says nothing.
        while let Ok((mut stream, _)) = bus.accept() {
            let _ = seen.send(());
            std::thread::spawn(move || stream.read_to_end(&mut Vec::new()));
        }
    });
    let url = home.emulator.base_url();
    let login = ["login", "authing", "--base-url", &url, "--user-pool", &account.user_pool_id, "--password-stdin"];
    let mut command = home.command(&login);
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", home.path.join("bus").display()));
    let began = Instant::now();
    let said = run(command, account.secret.expose_secret());
    assert!(asked.try_recv().is_ok(), "the keyring was asked");
    assert!(said.err.contains("did not respond within 3 s") && said.err.contains("Logged in"), "{}", said.err);
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    home.iam(&["whoami"]).ok();
}

#[test]
fn a_store_that_cannot_be_written_is_told_before_the_password_is_read() {
    let home = Home::new();
    let account = home.emulator.authing().account();
    // A file where the store's folder would be.
    fs::create_dir_all(home.path.join(".local/state")).unwrap();
    fs::write(home.state_path(), "").unwrap();
    let url = home.emulator.base_url();
    let login = ["login", "authing", "--base-url", &url, "--user-pool", &account.user_pool_id, "--password-stdin"];
    let failed = home.iam_with(&login, account.secret.expose_secret()).failed(1);
    assert!(failed.contains(&home.state_path().display().to_string()), "{failed}");
    assert!(home.emulator.requests().is_empty());
}
