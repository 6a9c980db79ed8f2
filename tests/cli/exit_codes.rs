//! Each exit code, and what is printed with it.

use super::support::{Home, run};
use iam_sdk::emulator::Fault;
use serde_json::Value;

const ONE: [&str; 4] = ["digiwin", "users", "get", "bob"];

/// Runs a command that meets a fault.
fn with_fault(home: &Home, fault: Fault, arguments: &[&str]) -> super::support::Ran {
    let fault = home.emulator.fault(fault);
    let ran = home.iam(arguments);
    fault.remove();
    ran
}

#[test]
fn every_kind_of_failure_has_its_code() {
    let home = Home::logged_in();
    let get = "digiwin.users.get_user";
    home.iam(&ONE).ok();
    // 1: a code of the service's own.
    let refused = with_fault(&home, Fault::envelope_error(21_009).on(get), &ONE).failed(1);
    assert!(refused.contains("21009") && refused.lines().count() == 1, "{refused}");
    // 2: the command line, a file, a confirmation.
    home.iam(&["digiwin", "users", "get"]).failed(2);
    home.iam(&["no-such-command"]).failed(2);
    home.iam(&["whoami", "--profile", "nothing"]).failed(2);
    home.iam(&["digiwin", "users", "get", "bob", "--fields", "nmae"]).failed(2);
    let unasked = home.iam(&["authing", "users", "delete", "u1"]).failed(2);
    assert!(unasked.contains("user u1: cannot ask for confirmation without a terminal; pass --yes"), "{unasked}");
    home.iam(&["authing", "orgs", "delete", "o1", "--confirm", "o2"]).failed(2);
    // 3: some of many.
    let ids: Vec<_> = (0..100).map(|n| format!("u{n}")).collect();
    let many: Vec<_> =
        ["authing", "users", "delete-many", "--yes"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    home.emulator.fault(Fault::delay(std::time::Duration::ZERO).on("authing.users.delete_many").times(1));
    let partly = with_fault(&home, Fault::status(400).on("authing.users.delete_many"), &many).failed(3);
    assert!(partly.contains("of 100 done"), "{partly}");
    // 4: nobody is logged in, or not with these credentials.
    home.emulator.digiwin().revoke_tokens("ann");
    let again = home.iam(&ONE).failed(4);
    assert!(again.contains("run `iam login --profile work`"), "{again}");
    home.log_in_to_digiwin("work");
    // 5: not permitted.
    with_fault(&home, Fault::status(403).on(get), &ONE).failed(5);
    // 6: no such thing.
    let told = home.iam(&["digiwin", "users", "get", "nobody"]).failed(6);
    assert!(told.starts_with("iam: digiwin users get nobody: not found"), "{told}");
    // 7: wrong data, or taken.
    with_fault(&home, Fault::status(400).on(get), &ONE).failed(7);
    home.iam(&["authing", "users", "create", "username=ann"]).failed(7);
    // 8: later.
    with_fault(&home, Fault::status(429).on(get), &ONE).failed(8);
    with_fault(&home, Fault::status(500).on(get), &ONE).failed(8);
    // 9: the network.
    let hanging = [&ONE[..], &["--timeout", "1"]].concat();
    with_fault(&home, Fault::hang().on(get), &hanging).failed(9);
    home.iam(&[&ONE[..], &["--base-url", "http://127.0.0.1:1"]].concat()).failed(4);
    home.iam(&["authing", "users", "list", "--base-url", "http://127.0.0.1:1"]).failed(4);
}

#[test]
fn a_connection_that_is_refused_is_the_network() {
    let home = Home::new();
    let mut command = home.command(&["digiwin", "users", "list", "--base-url", "http://127.0.0.1:1", "--user", "ann"]);
    command.env("IAM_APP_TOKEN", "a").env("IAM_PASSWORD", "p");
    let refused = run(command, "").failed(9);
    assert!(refused.contains("no connection"), "{refused}");
}

#[test]
fn programs_get_an_object_on_standard_error() {
    let home = Home::logged_in();
    let slow = Fault::status(429).retry_after(7).on("digiwin.users.get_user");
    let ran = with_fault(&home, slow, &["digiwin", "users", "get", "bob", "-o", "json", "--timeout", "2"]);
    assert_eq!(ran.out, "");
    let object: Value = serde_json::from_str(&ran.failed(8)).unwrap();
    assert_eq!(object["kind"], "RateLimited");
    assert_eq!(object["operation"], "digiwin.users.get_user");
    assert_eq!((&object["status"], &object["was_sent"]), (&429.into(), &true.into()));
    assert_eq!(object["retry_after"], 7.0);
    let usage = home.iam(&["digiwin", "users", "get", "bob", "--fields", "nmae", "-o", "jsonl"]).failed(2);
    let object: Value = serde_json::from_str(&usage).unwrap();
    assert_eq!((&object["kind"], &object["was_sent"]), (&"Usage".into(), &false.into()));
}

/// Whatever asks for JSON asks for it of errors, too, also of those before a command has begun.
#[test]
fn errors_are_objects_wherever_json_is_asked_for() {
    let home = Home::logged_in();
    let is_object = |ran: super::support::Ran, kind: &str, says: &str| {
        let object: Value = serde_json::from_str(&ran.err).unwrap_or_else(|error| panic!("{error}: {}", ran.err));
        assert_eq!((&object["kind"], ran.code), (&kind.into(), if kind == "Usage" { 2 } else { 6 }), "{object}");
        let message = object["message"].as_str().unwrap();
        assert!(message.contains(says) && message.lines().count() == 1, "{message}");
    };
    is_object(home.iam(&["digiwin", "users", "get", "-o", "json"]), "Usage", "<USER>");
    is_object(home.iam(&["--output=jsonl", "no-such-command"]), "Usage", "no-such-command");
    is_object(home.iam(&["digiwin", "users", "get", "bob", "-o", "json", "--nosuch"]), "Usage", "--nosuch");
    let in_environment = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("IAM_OUTPUT", "json");
        run(command, "")
    };
    is_object(in_environment(&["digiwin", "users", "get", "nobody"]), "NotFound", "");
    is_object(in_environment(&["digiwin", "users", "get"]), "Usage", "<USER>");
    is_object(in_environment(&["whoami", "--profile", "nothing"]), "Usage", "nothing");
    assert_eq!(in_environment(&["digiwin", "users", "get", "bob", "--jq", ".id"]).ok(), "\"bob\"\n");
    // A flag counts for more.
    let mut plain = home.command(&["digiwin", "users", "get", "nobody", "-o", "plain"]);
    plain.env("IAM_OUTPUT", "json");
    assert!(run(plain, "").failed(6).starts_with("iam: "));
    home.iam(&["config", "set", "output", "json", "--profile", "work"]).ok();
    is_object(home.iam(&["digiwin", "users", "get", "nobody"]), "NotFound", "");
    is_object(home.iam(&["digiwin", "users", "get", "--profile", "work"]), "Usage", "<USER>");
    assert!(home.iam(&["authing", "users", "get", "nobody"]).failed(6).starts_with("iam: "), "another profile");
}

#[test]
fn a_file_that_the_user_named_is_a_matter_of_the_command_line() {
    let home = Home::logged_in();
    for arguments in [
        &["digiwin", "users", "update", "--input", "nosuch"][..],
        &["api", "digiwin", "/x", "--input", "nosuch"],
        &["api", "digiwin", "/x", "-F", "a=@nosuch"],
        &["authing", "users", "data", "set-of-many", "nosuch"],
        &["authing", "pool", "check-password", "--file", "nosuch"],
        &["digiwin", "users", "get", "bob", "--ca-file", "nosuch"],
        &["emulate", "--settings", "nosuch"],
        // Nor is there anything to do here.
        &["authing", "groups", "update", "nosuch"],
        &["authing", "orgs", "update-node", "nosuch"],
    ] {
        let told = home.iam(arguments).failed(2);
        assert!(told.contains("nosuch") || told.contains("nothing to change"), "{told}");
    }
    assert!(home.emulator.requests().is_empty());
}
