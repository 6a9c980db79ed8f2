//! `iam api`: calls that have no command.

use super::support::{Home, run};
use serde_json::json;
use std::fs;

const ACTIONS: &str = "/api/v2/analysis/user-action";

#[test]
fn the_data_are_json_in_a_pipe_too() {
    let home = Home::logged_in();
    let users = home.iam(&["api", "digiwin", "/api/iam/v2/user/simple"]).json();
    assert_eq!(users.as_array().unwrap().len(), 44);
    let user = home.iam(&["api", "digiwin", "/api/iam/v2/user", "-f", "id=bob"]).json();
    assert_eq!(user["id"], "bob");
    let plain = home.iam(&["api", "digiwin", "/api/iam/v2/user", "-f", "id=bob", "-o", "plain"]).ok();
    assert!(plain.contains("id\tbob\n"), "{plain}");
}

#[test]
fn the_status_and_the_headers_are_shown_where_they_are_asked_for() {
    let home = Home::logged_in();
    let shown = home.iam(&["api", "license", "/auth/users/profile/", "-i"]).ok();
    let (head, body) = shown.split_once("\n\n").unwrap();
    assert!(head.starts_with("HTTP 200\n") && head.contains("content-type: application/json"), "{head}");
    assert!(serde_json::from_str::<serde_json::Value>(body).unwrap().is_object(), "{body}");
    home.iam(&["api", "license", "/auth/users/profile/", "-H", "X-Trace: t1"]).ok();
    assert!(home.emulator.requests().last().unwrap().header_is("x-trace", "t1"));
    home.iam(&["api", "license", "/auth/users/profile/", "-H", "nothing"]).failed(2);
    home.iam(&["api", "authing", "graphql", "-f", "query=query{userpool{id}}", "-i"]).failed(2);
    home.iam(&["api", "license", "/auth/users/profile/", "-i", "--jq", "."]).failed(2);
}

#[test]
fn a_body_comes_from_fields_a_file_or_standard_input() {
    let home = Home::logged_in();
    let path = "/api/iam/v2/user";
    fs::write(home.path.join("body.json"), r#"{"id": "bob"}"#).unwrap();
    fs::write(home.path.join("id"), "bob").unwrap();
    let dry = |arguments: &[&str], input: &str| {
        let all = [&["api", "digiwin", path, "--dry-run"][..], arguments].concat();
        home.iam_with(&all, input).json()
    };
    let request = |method: &str, body: serde_json::Value| json!({"method": method, "url": format!("{}{path}", home.emulator.base_url()), "body": body});
    let bob = json!({"id": "bob"});
    assert_eq!(dry(&["--input", "body.json"], ""), request("POST", bob.clone()));
    assert_eq!(dry(&["--input", "-", "-X", "PUT"], r#"{"id": "bob"}"#), request("PUT", bob.clone()));
    assert_eq!(dry(&["-F", "id=@id"], ""), request("POST", bob));
    assert_eq!(dry(&["-f", "id=@id", "-F", "n=7"], ""), request("POST", json!({"id": "@id", "n": 7})));
    assert!(home.emulator.requests().is_empty());
    home.iam(&["api", "digiwin", "-X", "DELETE", path]).failed(2);
    assert!(home.emulator.requests().is_empty(), "nobody could be asked");
    home.iam(&["api", "digiwin", "-X", "DELETE", path, "--yes"]).failed(1);
    home.iam(&["api", "digiwin", "GET", path]).failed(2);
}

#[test]
fn all_pages_are_one_list() {
    let home = Home::logged_in();
    for number in 0..5 {
        home.iam(&["authing", "users", "create", &format!("username=u{number}")]).ok();
    }
    let count = |more: &[&str]| {
        home.emulator.clear_requests();
        let query =
            "query=query($page: Int, $limit: Int) { users(page: $page, limit: $limit) { totalCount list { id } } }";
        let call = ["api", "authing", "graphql", "-f", query, "--paginate", "--jq", "map(.id) | unique | length"];
        (home.iam(&[&call[..], more].concat()).ok(), home.emulator.requests().len())
    };
    let (all, requests) = count(&[]);
    assert_eq!((all.as_str(), requests), ("17\n", 1));
    assert_eq!(count(&["-F", "limit=4"]), ("17\n".to_owned(), 5), "as many at once as the call says");
    let actions = home.iam(&["api", "authing", ACTIONS, "--paginate", "--jq", "type"]).ok();
    assert_eq!(actions, "array\n");
}

#[test]
fn a_call_is_sent_again_where_it_may_be() {
    use iam_sdk::emulator::Fault;
    let home = Home::logged_in();
    let call = ["api", "digiwin", "/api/iam/v2/user/simple", "--jq", "length"];
    home.emulator.fault(Fault::status(503).on("digiwin.users.get_user_simple").times(1));
    assert_eq!(home.iam(&[&call[..], &["--repeatable"]].concat()).ok(), "44\n");
    home.emulator.fault(Fault::status(503).on("digiwin.users.get_user_simple").times(1));
    home.iam(&call).failed(8);
}

#[test]
fn the_environment_says_what_is_logged_and_how_results_are_shown() {
    let home = Home::logged_in();
    let with = |name: &str, value: &str| {
        let mut command = home.command(&["digiwin", "users", "get", "bob", "--fields", "id"]);
        command.env(name, value);
        run(command, "")
    };
    assert_eq!(with("IAM_OUTPUT", "jsonl").out, "{\"id\":\"bob\"}\n");
    let logged = with("IAM_LOG", "debug");
    assert!(logged.code == 0 && logged.err.contains("digiwin.users.get_user"), "{}", logged.err);
    assert_eq!(with("IAM_LOG", "").err, "");
}

#[test]
fn a_line_for_each_request() {
    let home = Home::logged_in();
    let shown = home.iam(&["digiwin", "users", "get", "bob", "--fields", "id", "-v"]);
    let lines: Vec<_> = shown.err.lines().collect();
    let [line] = lines[..] else { panic!("{shown:?}") };
    let (before, after) = line.split_once(" 200 ").unwrap_or_else(|| panic!("{shown:?}"));
    assert_eq!(before, "iam: POST /api/iam/v2/user");
    let (milliseconds, operation) = after.split_once(" ms ").unwrap_or_else(|| panic!("{shown:?}"));
    assert!(milliseconds.parse::<u64>().is_ok() && operation == "(digiwin.users.get_user)", "{shown:?}");
    // One that is sent again has a line, too.
    home.emulator.fault(iam_sdk::emulator::Fault::status(503).on("digiwin.users.get_user_simple").times(1));
    let again = home.iam(&["api", "digiwin", "/api/iam/v2/user/simple", "--repeatable", "--jq", "length", "-v"]);
    let ends: Vec<_> =
        again.err.lines().map(|line| (line.contains(" 503 "), line.contains("sent again (1)"))).collect();
    assert_eq!(ends, [(true, false), (false, true)], "{again:?}");
}
