//! Formats, fields, filters, and a reader that has gone.

use super::support::Home;
use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

#[test]
fn a_list_in_every_format() {
    let home = Home::logged_in();
    let list = |more: &[&str]| {
        let arguments = ["digiwin", "users", "get-many", "bob", "chen.jing", "--fields", "id,name"];
        home.iam(&[&arguments[..], more].concat()).ok()
    };
    for (format, expected) in [
        ("table", "ID         NAME\nbob        Bob Carter\nchen.jing  陈静\n"),
        ("plain", "bob\tBob Carter\nchen.jing\t陈静\n"),
        ("json", "[\n  {\"id\":\"bob\",\"name\":\"Bob Carter\"},\n  {\"id\":\"chen.jing\",\"name\":\"陈静\"}\n]\n"),
        ("jsonl", "{\"id\":\"bob\",\"name\":\"Bob Carter\"}\n{\"id\":\"chen.jing\",\"name\":\"陈静\"}\n"),
        ("csv", "id,name\nbob,Bob Carter\nchen.jing,陈静\n"),
    ] {
        assert_eq!(list(&["-o", format]), expected, "{format}");
    }
    assert_eq!(list(&[]), list(&["-o", "plain"]), "in a pipe");
    assert_eq!(list(&["--jq", ".[].name"]), "Bob Carter\n陈静\n");
    assert_eq!(list(&["--jq", ".[].name", "-o", "json"]), "\"Bob Carter\"\n\"陈静\"\n");
    assert_eq!(list(&["--color", "always", "-o", "table"]).matches("\u{1b}[").count(), 2, "the head");
}

#[test]
fn nothing_in_every_format() {
    let home = Home::logged_in();
    let list = |format: &str| home.iam(&["digiwin", "users", "get-many", "nobody", "-o", format]).ok();
    let nothing = ["table", "plain", "json", "jsonl"].map(list);
    assert_eq!(nothing, ["", "", "[]\n", ""]);
    let head = list("csv");
    assert!(head.starts_with("sid,id,name,") && head.lines().count() == 1, "what reads it finds its columns: {head}");
}

#[test]
fn the_setting_of_the_profile_counts_where_no_flag_does() {
    let home = Home::logged_in();
    home.iam(&["config", "set", "output", "jsonl", "--profile", "work"]).ok();
    let get = ["digiwin", "users", "get", "bob", "--fields", "id"];
    assert_eq!(home.iam(&get).ok(), "{\"id\":\"bob\"}\n");
    assert_eq!(home.iam(&[&get[..], &["-o", "plain"]].concat()).ok(), "id\tbob\n");
    home.iam(&["config", "set", "output", "xml"]).failed(2);
}

#[test]
fn fields_are_listed_and_unknown_ones_are_told_before_anything_is_sent() {
    let home = Home::logged_in();
    for (command, has, count) in
        [(&["digiwin", "users", "get", "bob"][..], "email", 9), (&["authing", "orgs", "tree"], "code", 9)]
    {
        let fields = home.iam(&[command, &["--fields"]].concat()).ok();
        assert!(fields.lines().any(|name| name == has) && fields.lines().count() > count, "{fields}");
        let unknown = home.iam(&[command, &["--fields", "nmae"]].concat()).failed(2);
        assert!(unknown.contains("there is no `nmae`; there are ") && unknown.contains(has), "{unknown}");
    }
    assert!(home.emulator.requests().is_empty());
}

#[test]
fn pages_are_fetched_as_long_as_somebody_reads() {
    let home = Home::logged_in();
    let list = ["authing", "users", "list", "--page-size", "2"];
    assert_eq!(home.iam(&list).ok().lines().count(), 12);
    assert_eq!(home.requests_of("authing.users.list"), 6);
    home.emulator.clear_requests();
    assert_eq!(home.iam(&[&list[..], &["--limit", "3"]].concat()).ok().lines().count(), 3);
    assert_eq!(home.requests_of("authing.users.list"), 2, "nothing is fetched that is not shown");
    home.emulator.clear_requests();
    assert_eq!(home.iam(&[&list[..], &["--jq", "length"]].concat()).ok(), "12\n", "a filter sees all pages at once");
}

/// The second page never comes: what is there already is the first one.
#[cfg(unix)]
#[test]
fn items_are_shown_before_the_next_page_is_there_and_a_signal_ends_the_wait() {
    use iam_sdk::emulator::Fault;
    use rustix::process::{Pid, Signal, kill_process};
    use std::os::unix::process::ExitStatusExt as _;
    for format in ["plain", "json", "jsonl", "csv"] {
        let home = Home::logged_in();
        home.emulator.fault(Fault::delay(std::time::Duration::ZERO).on("authing.users.list").times(1));
        home.emulator.fault(Fault::hang().on("authing.users.list"));
        let list = ["authing", "users", "list", "--page-size", "2", "--fields", "username", "-o", format];
        // Longer than any machine is busy: only the signal ends it.
        let list = [&list[..], &["--timeout", "3600"]].concat();
        let mut child = home.command(&list).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.by_ref().any(|line| line.unwrap().contains("lena")), "{format}");
        while home.requests_of("authing.users.list") < 2 {
            std::thread::yield_now();
        }
        // Not Ctrl-C's, which shells have what runs in the background ignore.
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    }
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    let home = Home::logged_in();
    for format in ["table", "plain", "json", "jsonl", "csv"] {
        let mut command = home.command(&["authing", "users", "list", "--page-size", "1", "-o", format]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        let mut out = BufReader::with_capacity(1, child.stdout.take().unwrap());
        if format != "table" {
            out.read_line(&mut first).unwrap();
        }
        drop(out);
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && err.is_empty(), "{format}: {} {err}", output.status);
    }
}

/// What is said to people may find nobody.
#[cfg(unix)]
#[test]
fn standard_error_that_is_closed_is_no_failure() {
    let home = Home::logged_in();
    let closed = |line: &str| {
        let mut shell = std::process::Command::new("sh");
        let model = home.command(&[]);
        shell.args(["-c", &format!("{} {line} 2>/dev/full", env!("CARGO_BIN_EXE_iam"))]).env_clear();
        shell.envs(model.get_envs().filter_map(|(name, value)| Some((name, value?))));
        super::support::run(shell, "").code
    };
    if std::path::Path::new("/dev/full").exists() {
        assert_eq!(closed("digiwin users get-many nobody -o table"), 0);
        assert_eq!(closed("digiwin users get nobody"), 6);
        assert_eq!(closed("digiwin users update id=bob nickname=B --dry-run"), 0);
    }
}

/// Whatever a command prints, and however little of it is read: `iam … | head -1`.
#[test]
fn nothing_that_is_printed_needs_a_reader() {
    let home = Home::logged_in();
    for arguments in [
        &["demo"][..],
        &["--help"],
        &["help", "environment"],
        &["help", "login"],
        &["completions", "zsh"],
        &["--version"],
    ] {
        let mut child = home.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && err.is_empty(), "{arguments:?}: {} {err}", output.status);
    }
}

#[test]
fn a_wrong_filter_is_found_before_anything_is_sent() {
    let home = Home::logged_in();
    let create = ["authing", "users", "create", "username=zz1", "--jq"];
    for wrong in ["nosuch", ".["] {
        let told = home.iam(&[&create[..], &[wrong]].concat()).failed(2);
        assert!(told.contains("--jq"), "{told}");
    }
    assert!(home.emulator.requests().is_empty(), "{:?}", home.emulator.requests());
    // One that does not fit the data is noticed when there are some: not a matter of the command line.
    let told = home.iam(&[&create[..], &[".username.nosuch"]].concat()).failed(1);
    assert!(told.len() < 600, "{told}");
    assert_eq!(home.requests_of("authing.users.create"), 1);
}

#[test]
fn results_of_a_filter_have_the_format_that_is_asked_for() {
    let home = Home::logged_in();
    let jq = |filter: &str, format: &str| {
        let get = ["digiwin", "users", "get-many", "bob", "chen.jing", "--jq", filter];
        home.iam(&[&get[..], &["-o", format]].concat()).ok()
    };
    assert_eq!(jq("map({id, name})", "csv"), "id,name\nbob,Bob Carter\nchen.jing,陈静\n");
    assert_eq!(jq(".[] | [.id, .name]", "csv"), "bob,Bob Carter\nchen.jing,陈静\n");
    assert_eq!(jq("map({id, name})", "table"), "ID         NAME\nbob        Bob Carter\nchen.jing  陈静\n");
    let csv = home.iam(&["digiwin", "users", "get-many", "bob", "--jq", ".[] | [.id, .name] | @csv"]).ok();
    assert_eq!(csv, "\"bob\",\"Bob Carter\"\n");
}

#[test]
fn trees_are_for_programs_too() {
    let home = Home::logged_in();
    let tree =
        |more: &[&str]| home.iam(&[&["authing", "orgs", "tree", "--fields", "name,code"][..], more].concat()).ok();
    let plain = "Acme\tacme\nResearch\tresearch\nLab 1\tlab1\nSales\tsales\nNorth\tnorth\nSouth\tsouth\n";
    assert_eq!(tree(&[]), plain, "no name is changed");
    assert_eq!(tree(&["-o", "csv"]), format!("name,code\n{}", plain.replace('\t', ",")));
    let json: serde_json::Value = serde_json::from_str(&tree(&["-o", "json"])).unwrap();
    assert_eq!(json[0]["children"][0]["children"][0], serde_json::json!({"name": "Lab 1", "code": "lab1"}));
    let all = home.iam(&["authing", "orgs", "tree", "-o", "csv"]).ok();
    assert!(all.starts_with("depth,") && all.lines().any(|line| line.starts_with("2,")), "{all}");
    let digiwin = home.iam(&["digiwin", "orgs", "tree", "--fields", "id,name", "-o", "json"]).json();
    let first = &digiwin.as_object().unwrap().values().next().unwrap()[0];
    assert!(first["name"].is_string() && first.as_object().unwrap().len() == 2, "{first}");
}

#[test]
fn fields_reach_into_lists_and_lists_end_at_the_limit() {
    let home = Home::logged_in();
    let roles = home.iam(&["digiwin", "users", "list", "--limit", "2", "--fields", "id,roles.id", "-o", "csv"]).ok();
    assert_eq!(roles, "id,roles.id\nann,admin\nbob,manager\n");
    assert_eq!(home.iam(&["digiwin", "users", "roles", "bob", "--fields", "id"]).ok(), "manager\n");
}

#[test]
fn the_exit_code_of_a_question_can_be_its_answer() {
    let home = Home::logged_in();
    let exists = |id: &str| home.iam(&["digiwin", "users", "exists", "--id", id, "--exit-code"]);
    assert_eq!(exists("bob").ok(), "true\n");
    let no = exists("nobody");
    assert_eq!((no.code, no.out.as_str(), no.err.as_str()), (1, "false\n", ""));
    assert_eq!(home.iam(&["digiwin", "users", "exists", "--id", "nobody"]).ok(), "false\n");
}

#[test]
fn flags_of_another_service_are_refused() {
    let home = Home::logged_in();
    let list = ["digiwin", "tenants", "list", "--application", "crm"];
    let told = home.iam(&list).failed(2);
    assert!(told.contains("--application is of license"), "{told}");
    assert!(home.emulator.requests().is_empty());
}

#[test]
fn help_is_there_for_every_subject() {
    let home = Home::new();
    for (subject, has) in [
        ("exit-codes", "not logged in"),
        ("environment", "IAM_USER_POOL_SECRET"),
        ("formatting", "--jq FILTER"),
        ("login", "--password-stdin"),
    ] {
        assert!(home.iam(&["help", subject]).ok().contains(has), "{subject}");
    }
    assert!(home.iam(&["help", "authing", "users", "list"]).ok().contains("Examples:"));
    home.iam(&["help", "nothing"]).failed(2);
}

#[test]
fn completions_and_man_pages_are_made() {
    let home = Home::new();
    for (shell, has) in
        [("bash", "complete -F"), ("zsh", "#compdef iam"), ("fish", "complete -c iam"), ("powershell", "Register-Arg")]
    {
        let text = home.iam(&["completions", shell]).ok();
        assert!(text.contains(has) && text.contains("users"), "{shell}");
    }
    home.iam(&["man", "--out", "man"]).ok();
    let pages = std::fs::read_dir(home.path.join("man")).unwrap().count();
    assert!(pages > 130, "{pages}");
    assert!(std::fs::read_to_string(home.path.join("man/iam-login.1")).unwrap().contains("password"));
}
