//! How users and fields are named on the command line, and what a dry run says of calls that take several requests.

use super::support::Home;

#[test]
fn users_are_named_by_what_at_most_one_has() {
    let home = Home::new();
    home.log_in_to_authing("pool");
    let id = home.iam(&["authing", "users", "find", "--username", "ann", "--jq", ".id"]).ok();
    let get = |user: &str| home.iam(&["authing", "users", "get", user, "--jq", ".id"]);
    for name in ["username:ann", "email:ann@acme.example", id.trim()] {
        assert_eq!(get(name).ok(), id, "{name}");
    }
    get("username:nosuch").failed(6);
    get("name:ann").failed(2);
    home.iam(&["authing", "groups", "create", "team", "Team"]).ok();
    home.iam(&["authing", "groups", "add-members", "team", "username:ann", "username:lena"]).ok();
    let members =
        home.iam(&["authing", "groups", "members", "team", "--jq", "map(.username) | sort | join(\" \")"]).ok();
    assert_eq!(members, "ann lena\n");
    // Who it is is found out before anything is changed; where nobody may be asked, that is said.
    home.emulator.clear_requests();
    let dry = home.iam(&["authing", "users", "delete", "username:ann", "--dry-run"]);
    assert!(dry.out.contains("findUser") && !dry.out.contains("deleteUser"), "{dry:?}");
    assert!(dry.err.contains("the id of username:ann is not known without a call"), "{dry:?}");
    assert!(home.emulator.requests().is_empty());
    home.iam(&["authing", "users", "delete", "username:nosuch", "--yes"]).failed(6);
    assert_eq!(home.requests_of("authing.users.delete"), 0);
    let refused = home.iam(&["authing", "users", "delete", "username:ann"]).failed(2);
    assert!(refused.contains("username:ann"), "{refused}");
    home.iam(&["authing", "users", "delete", "username:ann", "--yes"]).ok();
    get(id.trim()).failed(6);
}

#[test]
fn a_misspelt_field_is_not_sent() {
    let home = Home::logged_in();
    for (command, nearest) in [
        (&["authing", "users", "create", "usrname=x"][..], "username"),
        (&["authing", "users", "update", "username:ann", "nickName=x"], "nickname"),
        (&["digiwin", "users", "update", "id=bob", "nicknam=x"], "nickname"),
        (&["digiwin", "orgs", "save", "nam=x"], "name"),
    ] {
        let refused = home.iam(&[command, &["--dry-run"]].concat()).failed(2);
        assert!(refused.contains(&format!("did you mean `{nearest}`?")), "{refused}");
        let sent = home.iam(&[command, &["--dry-run", "--any-field"]].concat());
        assert_eq!(sent.code, 0, "{sent:?}");
    }
    assert!(home.emulator.requests().is_empty());
}

#[test]
fn a_dry_run_says_of_how_many_requests_it_shows_the_first() {
    let home = Home::new();
    home.log_in_to_authing("pool");
    let delete = |users: usize| {
        let ids: Vec<_> = (0..users).map(|n| format!("u{n}")).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        home.iam(&[&["authing", "users", "delete-many", "--dry-run"], &ids[..]].concat()).err
    };
    // One takes 80 ids.
    assert_eq!(delete(80), "A dry run: nothing was sent.\n");
    assert_eq!(delete(81), "A dry run: nothing was sent. This is the first of 2 requests.\n");
    assert_eq!(delete(200), "A dry run: nothing was sent. This is the first of 3 requests.\n");
}

#[test]
fn a_group_whose_code_is_taken_is_a_conflict_and_one_that_is_not_there_is_no_failure() {
    let home = Home::new();
    home.log_in_to_authing("pool");
    home.iam(&["authing", "groups", "create", "team", "Team"]).ok();
    home.iam(&["authing", "groups", "create", "team", "Team"]).failed(7);
    home.iam(&["authing", "groups", "delete", "nosuch", "--yes"]).ok();
    let help = home.iam(&["authing", "groups", "delete", "--help"]).ok();
    assert!(help.contains("does not tell whether there was such a group"), "{help}");
}

#[test]
fn an_address_of_license_without_its_path_has_a_hint() {
    let home = Home::new();
    let account = home.emulator.cloudspot().account();
    let url = home.emulator.base_url();
    let login = ["login", "license", "--base-url", &url, "--application", &account.application];
    let login = [&login[..], &["--user", &account.username, "--password-stdin"]].concat();
    let failed = home.iam_with(&login, account.password.expose_secret());
    assert!(failed.code != 0 && failed.err.contains(&format!("--base-url {url}/api/v1?")), "{failed:?}");
}
