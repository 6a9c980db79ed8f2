//! Every command of the three services: it makes its call, and prints what `snapshots/commands.txt` has.

use super::support::Home;
use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

/// Operations and commands that make them, in an order in which they succeed, or fail as the snapshot says. `{…}` is an id that
/// the service made; what follows `<` is standard input.
const COMMANDS: &str = r#"
digiwin.users.get_user                      digiwin users get bob
digiwin.users.get_user_list                 digiwin users get-many ann bob nobody
digiwin.users.query_users                   digiwin users query disabled
digiwin.users.get_user_simple               digiwin users list --jq .[:3]
digiwin.users.check_email_exists            digiwin users exists --email bob@digiwin.com
digiwin.users.check_email_exists            digiwin users exists --email bob@digiwin.com --except bob
digiwin.users.check_phone_exists            digiwin users exists --phone 1
digiwin.users.check_user_exists             digiwin users exists --id bob
digiwin.users.update_user                   digiwin users update id=bob nickname=B disabled:=false
digiwin.users.get_user_roles                digiwin users roles bob
digiwin.tenants.get_tenants                 digiwin tenants list
digiwin.tenants.get_current                 digiwin tenants current --fields id,name
digiwin.tenants.get_current_simple          digiwin tenants current-simple
digiwin.tenants.get_simple                  digiwin tenants get T1
digiwin.tenants.query_tenants               digiwin tenants search T
digiwin.tenants.check_user_in_tenant        digiwin tenants has-user bob
digiwin.tenants.get_applications            digiwin tenants applications
digiwin.tenants.invite_user                 digiwin tenants invite T1 new@x.example --role id=staff
digiwin.tenants.remove_user                 digiwin tenants remove-user new@x.example --yes
digiwin.orgs.get_cascade                    digiwin orgs tree
digiwin.orgs.get_org_list                   digiwin orgs get-many {sid}
digiwin.orgs.get_users_in_org               digiwin orgs users {sid}
digiwin.orgs.get_users_cascade              digiwin orgs all-users {sid} --jq length
digiwin.orgs.create_or_update               digiwin orgs save name=New parentSid:={sid}
digiwin.orgs.delete                         digiwin orgs delete 7 --confirm 7
digiwin.identity.analyze_token              digiwin token show
digiwin.identity.analyze_token              whoami
digiwin.identity.analyze_token_internal     digiwin token show-internal
digiwin.identity.get_login_info             digiwin token login-info
digiwin.identity.refresh_token_with_tenant  digiwin token switch-tenant T1
digiwin.identity.refresh_user_token         digiwin token refresh
digiwin.identity.create_access_token        digiwin token grant-access T1 bob
digiwin.identity.get_public_key             digiwin token public-key
digiwin.identity.get_aes_key                digiwin token aes-key no-key
digiwin.request                             api digiwin /api/iam/v2/user/simple --jq length

cloudspot.get_user                          license show
cloudspot.get_user                          whoami --profile shop
cloudspot.get_permissions                   license permissions
cloudspot.get_company_permissions           license check c1
cloudspot.validate_impersonation            license impersonation --stdin < {impersonation}
cloudspot.request                           api license /auth/users/profile/

authing.userpool_detail                     authing pool show --fields id,name
authing.userpool_detail                     whoami --profile pool --fields id
authing.send_email                          authing pool send-email mia@x.example VERIFY_EMAIL
authing.is_password_valid                   authing pool check-password --stdin < Secret-12345
authing.check_login_status                  authing pool check-token --stdin < a-token
authing.request                             api authing /api/v2/orgs/export --jq length
authing.graphql                             api authing graphql -f query=query{userpool{id}}
authing.users.create                        authing users create username=mia email=mia@x.example --password-stdin < Secret-12345
authing.users.update                        authing users update {user} nickname=Mia
authing.users.detail                        authing users get {user} --fields username,nickname
authing.users.list                          authing users list --limit 3
authing.users.list_archived_users           authing users list-archived
authing.users.exists                        authing users exists --username mia
authing.users.find                          authing users find --username mia --fields email
authing.users.search                        authing users search mia
authing.users.batch_get                     authing users get-many {user}
authing.groups.create                       authing groups create g G --description D
authing.users.add_group                     authing users add-group {user} g
authing.users.list_groups                   authing users groups {user}
authing.users.remove_group                  authing users remove-group {user} g --yes
authing.users.add_roles                     authing users add-roles {user} admin
authing.users.list_roles                    authing users roles {user}
authing.users.has_role                      authing users has-role {user} admin
authing.users.remove_roles                  authing users remove-roles {user} admin
authing.users.add_policies                  authing users add-policies {user} p
authing.users.list_policies                 authing users policies {user}
authing.users.remove_policies               authing users remove-policies {user} p
authing.users.list_authorized_resources     authing users resources {user}
authing.users.check_resource_permission_batch authing users check-resources {user} default a:1
authing.users.list_authorized_resources_of_resource_kind authing users resources-of-kind {user} default a
authing.users.list_user_actions             authing users actions --limit 2 --fields operation_name
authing.users.refresh_token                 authing users refresh-token {user} --jq length>0
authing.users.list_department               authing users departments {user}
authing.users.list_org                      authing users orgs {user}
authing.users.send_first_login_verify_email authing users verify-email app {user}
authing.users.kick                          authing users kick {user}
authing.users.logout                        authing users logout {user}
authing.users.check_login_status            authing users login-status {user}
authing.users.set_udv                       authing users data set {user} school=y
authing.users.list_udv                      authing users data list {user}
authing.users.set_udf_value                 authing users data set-many {user} school=z age:=7
authing.users.set_udf_value_batch           authing users data set-of-many - < {"{user}": {"school": "ETH"}}
authing.users.get_udf_value_batch           authing users data get-many {user} -o json
authing.users.remove_udv                    authing users data unset {user} school
authing.orgs.create                         authing orgs create New --fields id
authing.orgs.list                           authing orgs list --fields id
authing.orgs.find_by_id                     authing orgs get {org} --fields id
authing.orgs.root_node                      authing orgs root-node {org} --fields name,code
authing.orgs.get_node_by_id                 authing orgs node {node} --fields name,code
authing.orgs.is_root_node                   authing orgs is-root-node {org} {root}
authing.orgs.list_children                  authing orgs children {root}
authing.orgs.search_nodes                   authing orgs search-nodes north
authing.orgs.add_node                       authing orgs add-node {org} More {root} --code more --fields id
authing.orgs.update_node                    authing orgs update-node {node} --name Forschung --fields name
authing.orgs.move_node                      authing orgs move-node {org} {other_node} --below {node} --fields id
authing.orgs.export_all                     authing orgs tree
authing.orgs.export_by_org_id               authing orgs tree {org}
authing.orgs.import_by_json                 authing orgs import-tree - < {"name": "Imported", "code": "imported", "children": [{"name": "Below", "code": "below"}]}
authing.orgs.add_members                    authing orgs add-members {node} {user} --fields name
authing.orgs.list_members                   authing orgs members {node} --fields username
authing.orgs.set_main_department            authing orgs set-main-department {user} {node}
authing.orgs.move_members                   authing orgs move-members {user} --from {node} --to {other_node}
authing.orgs.delete_members                 authing orgs remove-members {other_node} {user} --yes --fields name
authing.orgs.add_roles                      authing orgs add-roles {node} admin
authing.orgs.list_roles                     authing orgs roles {node}
authing.orgs.remove_roles                   authing orgs remove-roles {node} admin
authing.orgs.list_authorized_resources      authing orgs resources {node}
authing.orgs.list_authorized_resources_by_code authing orgs resources-by-code {org} research
authing.orgs.start_sync                     authing orgs sync dingtalk
authing.orgs.start_sync_ad                  authing orgs sync-ad ad
authing.orgs.delete_node                    authing orgs delete-node {org} {other_node} --confirm {other_node}
authing.orgs.delete_by_id                   authing orgs delete {org} --confirm {org}
authing.groups.update                       authing groups update g --name H
authing.groups.detail                       authing groups get g
authing.groups.list                         authing groups list
authing.groups.add_users                    authing groups add-members g {user}
authing.groups.list_users                   authing groups members g --fields username
authing.groups.remove_users                 authing groups remove-members g {user} --yes
authing.groups.list_authorized_resources    authing groups resources g
authing.groups.delete_many                  authing groups delete-many g --yes
authing.groups.delete                       authing groups delete developers --yes
authing.users.delete_many                   authing users delete-many nobody --yes
authing.users.delete                        authing users delete {user} --yes
"#;

/// Logins and logout, which `login.rs` tries.
const OF_LOGIN: [&str; 6] = [
    "authing.access_token",
    "cloudspot.authenticate",
    "digiwin.identity.login",
    "digiwin.identity.login_ad",
    "digiwin.identity.login_verification_code",
    "digiwin.identity.internal_login",
];

struct Row<'a> {
    operation: &'a str,
    arguments: Vec<&'a str>,
    input: &'a str,
}

fn rows() -> Vec<Row<'static>> {
    let row = |line: &'static str| {
        let (line, input) = line.split_once(" < ").unwrap_or((line, ""));
        let (operation, rest) = line.split_once(' ').unwrap();
        Row { operation, arguments: rest.split_whitespace().collect(), input }
    };
    COMMANDS.lines().filter(|line| !line.is_empty()).map(row).collect()
}

/// The ids that the service made, by their names in the table.
fn ids(home: &Home) -> Vec<(&'static str, String)> {
    let one = |arguments: &[&str]| home.iam(arguments).ok().trim().to_owned();
    let org = one(&["authing", "orgs", "list", "--jq", ".[0].id"]);
    let node = |code: &str| {
        one(&["authing", "orgs", "list", "--jq", &format!(".[0].nodes[] | select(.code == \"{code}\").id")])
    };
    let account = home.emulator.cloudspot().account();
    let impersonation = home.emulator.cloudspot().impersonate(&account.username, &account.company_id).unwrap();
    vec![
        ("user", one(&["authing", "users", "find", "--username", "ann", "--jq", ".id"])),
        ("root", node("acme")),
        ("node", node("research")),
        ("other_node", node("sales")),
        ("org", org),
        ("sid", one(&["digiwin", "orgs", "tree", "--jq", "[.[]][0][0].sid"])),
        ("impersonation", impersonation.expose_secret().to_owned()),
    ]
}

fn fill(text: &str, ids: &[(&str, String)]) -> String {
    ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id))
}

/// Takes out what differs from run to run: ids, times, tokens.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, from) = rest.split_at(at);
        steady.push_str(before);
        let end = from.find(|c: char| !(c.is_ascii_alphanumeric() || "-:._+/=".contains(c))).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let bare = word.trim_end_matches(['.', ':', ',']);
        let is_time = bare.len() >= 19 && bare[..4].parse::<u16>().is_ok() && bare.contains('T') && bare.contains(':');
        let is_token = bare.len() >= 40 && !bare.contains([':', '.']) || bare.starts_with("eyJ");
        match () {
            () if is_time => steady += "<time>",
            () if is_token => steady += "<token>",
            () if bare.starts_with("127.0.0.1:") => steady += "<address>",
            () => {
                let is_id = |part: &str| part.len() >= 24 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
                let parts = word.split_inclusive([':', '=']).map(|part| {
                    let bare = part.trim_end_matches([':', '=']);
                    if is_id(bare) { part.replace(bare, "<id>") } else { part.to_owned() }
                });
                steady.extend(parts);
            }
        }
        rest = after;
    }
    steady + rest
}

fn declared() -> BTreeSet<&'static str> {
    let tables = [
        include_str!("../../src/digiwin/operations.md"),
        include_str!("../../src/authing/operations.md"),
        include_str!("../../src/cloudspot/operations.md"),
    ];
    tables.iter().flat_map(|table| table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next())).collect()
}

#[test]
fn every_operation_is_tried() {
    let mut tried: BTreeSet<_> = rows().iter().map(|row| row.operation).chain(OF_LOGIN).collect();
    assert!(tried.insert("digiwin.identity.logout"), "by `iam logout`");
    assert_eq!(tried, declared());
}

/// `UPDATE_SNAPSHOTS=1 cargo test --all-features --test suite cli::commands` writes what they print.
#[cfg(unix)]
#[test]
fn every_command_makes_its_call_and_prints_what_is_kept() {
    let home = Home::logged_in();
    let ids = ids(&home);
    let mut printed = String::new();
    for Row { operation, arguments, input } in rows() {
        let arguments: Vec<_> = arguments.iter().map(|argument| fill(argument, &ids)).collect();
        let mut words: Vec<_> = arguments.iter().map(String::as_str).collect();
        let shown = steady(&words.join(" "));
        home.emulator.clear_requests();
        let ran = home.iam_with(&words, &fill(input, &ids));
        // A raw call is of the operation that has its endpoint.
        let is_raw = operation.ends_with(".request") || operation.ends_with(".graphql");
        let calls = home.requests_of(operation);
        assert!(calls >= 1 || is_raw, "{shown}: {:?} {}", home.emulator.requests(), ran.err);
        let steady = |text: &str| steady(&text.replace(&home.emulator.base_url(), "https://iam.example.com"));
        writeln!(printed, "$ iam {shown}\n{}", steady(&ran.out)).unwrap();
        for line in ran.err.lines() {
            writeln!(printed, "! {}", steady(line)).unwrap();
        }
        if ran.code != 0 {
            writeln!(printed, "exit code {}", ran.code).unwrap();
        }
        // What people see: of a change, its dry run, so that it is made once.
        if is_change(&home, &words) {
            words.push("--dry-run");
        }
        let seen = match input {
            "" => on_terminal(home.command(&words)),
            // A terminal would show what is typed.
            input => home.iam_with(&[&words[..], &["-o", "table"]].concat(), &fill(input, &ids)).out,
        };
        writeln!(printed, "{}", indented(&steady(&seen))).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots/commands.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    for (line, (kept, printed)) in kept.lines().zip(printed.lines()).enumerate() {
        assert_eq!(printed, kept, "line {} of {}", line + 1, path.display());
    }
    assert_eq!(kept.len(), printed.len(), "{}", path.display());
}

/// Returns what a terminal shows of a command, with the escapes that it gets made visible.
#[cfg(unix)]
fn on_terminal(command: std::process::Command) -> String {
    let (_, seen) = super::terminal::Session::start(command).end();
    seen.replace("\r\n", "\n").replace('\u{1b}', "\\e")
}

/// Returns what is printed on a terminal, told from the rest by a margin.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("| {line}\n")).collect()
}

/// Commands that change something have `--dry-run`.
fn is_change(home: &Home, words: &[&str]) -> bool {
    name_of(words).is_some_and(|name| home.iam(&[name, &["--help"]].concat()).out.contains("--dry-run"))
}

/// Returns the words of a service's command that name it.
fn name_of<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    match words {
        ["authing", "users", "data", _, ..] => Some(&words[..4]),
        ["digiwin" | "authing", _, _, ..] => Some(&words[..3]),
        ["license", _, ..] => Some(&words[..2]),
        _ => None,
    }
}

/// Returns how many commands of the services are declared to change something.
fn declared_changes() -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin/iam");
    let files = ["authing", "digiwin"].into_iter().flat_map(|service| fs::read_dir(folder.join(service)).unwrap());
    let files = files.map(|entry| entry.unwrap().path()).chain([folder.join("license.rs")]);
    let guards = [": Change ", ": Delete(", ": Destroy("];
    let is_change = |line: &str| line.starts_with("    ") && guards.iter().any(|guard| line.contains(guard));
    files.map(|file| fs::read_to_string(file).unwrap().lines().filter(|line| is_change(line)).count()).sum()
}

#[test]
fn a_dry_run_shows_the_request_and_sends_nothing() {
    let home = Home::logged_in();
    let ids = ids(&home);
    let mut dry = BTreeSet::new();
    for Row { operation, arguments, input } in rows() {
        let arguments: Vec<_> = arguments.iter().map(|argument| fill(argument, &ids)).collect();
        let words: Vec<_> = arguments.iter().map(String::as_str).collect();
        if !is_change(&home, &words) {
            continue;
        }
        home.emulator.clear_requests();
        let words: Vec<_> =
            words.into_iter().filter(|word| !["--yes"].contains(word)).chain(["--dry-run", "-o", "json"]).collect();
        let words: Vec<_> = match words.iter().position(|word| ["--jq", "--fields"].contains(word)) {
            Some(at) => words[..at].iter().chain(&words[at + 2..]).copied().collect(),
            None => words,
        };
        let shown = home.iam_with(&words, &fill(input, &ids)).json();
        let url = shown["url"].as_str().unwrap();
        assert!(url.starts_with(&home.emulator.base_url()) && shown["method"].is_string(), "{operation}: {shown}");
        assert!(home.emulator.requests().is_empty(), "{operation}: {:?}", home.emulator.requests());
        assert!(!shown.to_string().contains("Secret-12345"), "{operation}: {shown}");
        dry.insert(name_of(&words).unwrap().join(" "));
    }
    assert_eq!(dry.len(), declared_changes(), "{dry:?}");
}
