//! What is kept for a profile, and what may change it.

use super::support::{Home, run};
use iam_sdk::emulator::Fault;
use std::{fs, process::Child};

const SHOW: [&str; 2] = ["whoami", "--fields=userId"];

/// Returns how many sealed entries there are.
fn sealed(home: &Home) -> usize {
    let files = fs::read_dir(home.state_path().join("tokens")).unwrap().map(|file| file.unwrap().file_name());
    files.filter(|name| name.to_string_lossy().ends_with(".token")).count()
}

#[test]
fn a_login_that_fails_leaves_the_session() {
    let home = Home::logged_in();
    for profile in ["work", "pool", "shop"] {
        home.iam_with(&["login", "--profile", profile, "--password-stdin"], "wrong").failed(4);
        home.iam(&["whoami", "--profile", profile]).ok();
    }
    home.emulator.fault(Fault::refuse());
    home.iam_with(&["login", "--profile", "work", "--password-stdin"], "wrong").failed(9);
    home.emulator.clear_faults();
    home.iam(&SHOW).ok();
}

#[test]
fn a_logout_forgets_the_token_whatever_the_service_says() {
    let home = Home::logged_in();
    home.emulator.fault(Fault::status(500).on("digiwin.identity.logout"));
    let said = home.iam(&["logout"]).failed(8);
    assert!(said.contains("the service was not told"), "{said}");
    home.iam(&SHOW).failed(4);
    // The service knows the token no longer.
    home.emulator.clear_faults();
    home.log_in_to_digiwin("work");
    home.emulator.digiwin().revoke_tokens("ann");
    home.iam(&["logout"]).ok();
}

#[test]
fn what_is_kept_for_a_profile_goes_with_it() {
    let home = Home::logged_in();
    assert!(sealed(&home) >= 5, "a token each, an application's token, and a pool's secret: {}", sealed(&home));
    home.iam(&["profile", "use", "work"]).ok();
    let said = home.iam(&["profile", "remove", "work"]);
    assert!(said.err.contains("No profile is the default now"), "{}", said.err);
    home.iam(&["profile", "remove", "pool"]).ok();
    let said = home.iam(&["profile", "remove", "shop"]);
    assert_eq!((said.code, sealed(&home)), (0, 0), "{}", said.err);
}

#[test]
fn eight_processes_that_change_the_profiles_lose_nothing() {
    let home = Home::new();
    let children: Vec<Child> = (0..8)
        .map(|n| {
            let (name, pool) = (format!("p{n}"), format!("user_pool=pool{n}"));
            home.command(&["profile", "set", &name, "service=authing", &pool]).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(home.iam(&["profile", "list", "--fields", "name"]).ok().lines().count(), 8, "{}", home.config());
}

#[test]
fn the_environments_secrets_are_for_the_default_profile_alone() {
    let home = Home::logged_in();
    home.iam(&["profile", "use", "work"]).ok();
    home.iam(&["logout", "--profile", "shop"]).ok();
    home.emulator.clear_requests();
    let status = |variables: &[(&str, &str)]| {
        let mut command = home.command(&["auth", "status", "-o", "json"]);
        command.envs(variables.iter().copied());
        let ran = run(command, "");
        let status: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let of = |name: &str| {
            let found = status.as_array().unwrap().iter().find(|found| found["profile"] == name).unwrap();
            (found["default"].as_bool().unwrap(), found["logged_in"].as_bool().unwrap())
        };
        [of("work"), of("pool"), of("shop")]
    };
    // A token that no service knows: only the default profile's service sees it.
    assert_eq!(status(&[("IAM_TOKEN", "canary")]), [(true, false), (false, true), (false, false)]);
    let seen = home.emulator.requests().len();
    assert_eq!(home.requests_of("cloudspot.authenticate"), 0, "{seen} requests");
    let account = home.emulator.cloudspot().account();
    let password = [("IAM_PASSWORD", account.password.expose_secret())];
    assert_eq!(status(&password), [(true, true), (false, true), (false, false)]);
    assert_eq!(home.requests_of("cloudspot.authenticate"), 0);
    let mut command = home.command(&["auth", "status", "-o", "json", "--jq", "map(.profile)"]);
    command.env("IAM_PROFILE", "pool");
    assert_eq!(run(command, "").json(), serde_json::json!(["pool"]));
}

#[test]
fn a_profile_that_nobody_named_is_not_rewritten() {
    let home = Home::logged_in();
    home.iam(&["profile", "use", "work"]).ok();
    let before = home.config();
    let login = ["login", "digiwin", "--tenant", "T2", "--password-stdin"];
    let said = home.iam_with(&login, "pw").failed(2);
    assert!(said.contains("profile `work` has the tenant") && said.contains("--tenant says `T2`"), "{said}");
    assert_eq!(home.config(), before);
    // A setting of another service's is none of the profile's.
    let account = home.emulator.authing().account();
    let login = ["login", "--profile", "pool", "--password-stdin", "--tenant", "T9"];
    home.iam_with(&login, account.secret.expose_secret()).ok();
    assert!(!home.config().contains("T9"), "{}", home.config());
}

#[test]
fn the_nearer_layer_tells_where_the_password_is() {
    let home = Home::logged_in();
    let account = home.emulator.digiwin().account();
    fs::write(home.path.join("wrong"), "wrong").unwrap();
    fs::write(home.path.join("right"), account.password.expose_secret()).unwrap();
    home.iam(&["config", "set", "password_file", "wrong", "--profile", "work"]).ok();
    home.emulator.digiwin().revoke_tokens("ann");
    let mut command = home.command(&SHOW);
    command.env("IAM_CREDENTIAL_COMMAND", "cat right");
    assert_eq!(run(command, "").ok(), "userId\tann\n");
}

#[test]
fn what_is_not_valid_is_refused_when_it_is_set() {
    let home = Home::logged_in();
    let before = home.config();
    for (setting, value) in [("timeout", "abc"), ("base_url", "nonsense"), ("output", "xml"), ("service", "okta")] {
        let said = home.iam(&["config", "set", setting, value, "--profile", "work"]).failed(2);
        assert!(said.contains(setting) && said.contains(value), "{said}");
    }
    for name in ["base_url=http://x", "", "../x", "a\nb"] {
        home.iam(&["profile", "set", name, "service=digiwin"]).failed(2);
    }
    assert_eq!(home.config(), before);
    // Where an editor has put it, the error says where it is.
    fs::write(home.config_path(), before.replace("[profiles.work]", "[profiles.work]\ntimeout = \"abc\"")).unwrap();
    let said = home.iam(&SHOW).failed(2);
    assert!(said.contains("timeout: `abc` (from profile work) is not a number of seconds"), "{said}");
}

#[test]
fn a_hint_to_log_in_says_what_asks_for_another_session() {
    let home = Home::logged_in();
    let said = home.iam(&["whoami", "--user", "bob"]).failed(4);
    assert!(said.contains("--user asks for the user `bob`"), "{said}");
    let said = home.iam(&["authing", "users", "list", "--profile", "work"]).failed(2);
    assert!(said.contains("profiles of authing: pool"), "{said}");
}

#[test]
fn a_look_at_the_state_writes_nothing() {
    let home = Home::new();
    home.iam(&["profile", "set", "new", "service=authing", "user_pool=p", "base_url=http://127.0.0.1:1"]).ok();
    let before = home.config();
    home.iam(&["auth", "status", "--offline"]).ok();
    assert_eq!(home.config(), before);
    assert!(!home.state_path().exists(), "no key was made");
}

#[test]
fn a_token_of_the_environment_is_no_session_to_log_out() {
    let home = Home::logged_in();
    let mut command = home.command(&["logout", "--profile", "pool"]);
    command.env("IAM_TOKEN", "canary");
    run(command, "").ok();
    home.iam(&["whoami", "--profile", "pool"]).failed(4);
}

#[test]
fn what_a_profile_is_of_does_not_change_with_the_environment() {
    let home = Home::logged_in();
    let mut command = home.command(&["digiwin", "token", "show", "--profile", "work", "--fields", "userId"]);
    command.env("IAM_SERVICE", "authing");
    assert_eq!(run(command, "").ok(), "userId\tann\n");
}

#[test]
fn the_spelling_of_an_address_loses_no_secret() {
    let home = Home::logged_in();
    let url = home.emulator.base_url() + "/";
    home.iam(&["config", "set", "base_url", &url, "--profile", "work"]).ok();
    home.iam(&SHOW).ok();
}

#[cfg(unix)]
#[test]
fn what_is_wrong_around_a_profile_is_told() {
    use std::os::unix::{ffi::OsStringExt as _, fs::PermissionsExt as _};
    let home = Home::logged_in();
    let mut command = home.command(&SHOW);
    command.env("IAM_PROFILE", std::ffi::OsString::from_vec(vec![0xff]));
    assert!(run(command, "").failed(2).contains("IAM_PROFILE: the value is not valid UTF-8"));
    // A slip in the file.
    let config = home.config().replace("[profiles.work]", "[profiles.work]\npasword = \"canary\"");
    fs::write(home.config_path(), config).unwrap();
    let status = home.iam(&["auth", "status", "--profile", "work"]).ok();
    assert!(status.contains("`pasword` is not a setting") && !status.contains("canary"), "{status}");
    // A pipe in the place of the file would be read for ever.
    let pipe = home.path.join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    let mut command = home.command(&SHOW);
    command.env("IAM_CONFIG", &pipe);
    assert!(run(command, "").failed(2).contains("not a file"));
    // A folder that cannot be written is told before the password is asked for; root may write everywhere.
    let folder = home.config_path().parent().unwrap().to_owned();
    if !rustix::process::geteuid().is_root() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
        home.emulator.clear_requests();
        home.iam_with(&["login", "--profile", "work", "--password-stdin"], "pw").failed(1);
        assert!(home.emulator.requests().is_empty());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn where_no_token_can_be_kept_one_run_works_all_the_same() {
    let home = Home::logged_in();
    let account = home.emulator.authing().account();
    let config = format!(
        "[profiles.ci]\nservice = \"authing\"\nbase_url = \"{}\"\nuser_pool = \"{}\"\n",
        home.emulator.base_url(),
        account.user_pool_id
    );
    fs::write(home.path.join("ci.toml"), config).unwrap();
    let mut command = home.command(&["authing", "users", "list", "--limit", "1"]);
    // A file stands where the folder would be.
    command.env("IAM_CONFIG", home.path.join("ci.toml")).env("IAM_STATE_DIR", home.path.join("ci.toml"));
    command.env("IAM_USER_POOL_SECRET", account.secret.expose_secret());
    let ran = run(command, "");
    assert!(ran.err.contains("no token is kept"), "{}", ran.err);
    ran.ok();
}
