//! `iam authing users import`.

use super::{World, csv_of, names_of};
use crate::cli::support::Ran;
use iam_sdk::emulator::Fault;
use serde_json::{Value, json};
use std::{
    io::Write as _,
    process::Stdio,
    time::{Duration, Instant},
};

const IMPORT: [&str; 3] = ["authing", "users", "import"];

fn import<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&IMPORT, arguments].concat()
}

#[test]
fn users_come_from_csv_once() {
    let world = World::new();
    world.write("users.csv", csv_of(60));
    let run = world.iam(&import(&["users.csv", "-o", "json"]));
    assert_eq!((run.code, run.count("created"), run.count("failed")), (0, 60, 0), "{run:?}");
    assert_eq!(world.usernames("u-"), names_of(60));
    world.emulator.clear_requests();
    let empty = world.iam(&import(&["users.csv", "-o", "json", "-n"]));
    assert_eq!((empty.code, world.emulator.requests().len()), (0, 0), "{empty:?}");
}

#[test]
fn rows_of_json_come_from_standard_input_with_custom_data() {
    let world = World::new();
    let rows = [
        json!({"username": "u-1", "blocked": true, "customData": {"school": "ETH", "age": 33}}),
        json!({"phone": 13911112222_i64, "customData.age:number": "7"}),
    ];
    let mut process = world.command(&import(&["-", "-o", "json"])).stdin(Stdio::piped()).spawn().unwrap();
    let text = rows.map(|row| row.to_string()).join("\n");
    process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let run = Ran::of(process.wait_with_output().unwrap());
    assert_eq!((run.code, run.count("created")), (0, 2), "{run:?}");
    let users = world.client().users();
    let lookup = iam_sdk::authing::UserLookup::username("u-1").with_custom_data(true);
    let user = users.find(lookup).unwrap();
    assert_eq!((user.blocked, user.custom_data.get("age")), (Some(true), Some(&33.into())));
    assert!(users.find(iam_sdk::authing::UserLookup::phone("13911112222")).is_ok());
}

#[test]
fn of_standard_input_a_journal_is_kept_where_one_is_named() {
    let world = World::new();
    let run = |rows: &str, arguments: &[&str]| {
        let mut process =
            world.command(&import(&[&["-", "-o", "json"], arguments].concat())).stdin(Stdio::piped()).spawn();
        process.as_mut().unwrap().stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
        Ran::of(process.unwrap().wait_with_output().unwrap())
    };
    let journal = ["--journal", "people.journal"];
    // The last row fails: the name is taken.
    let first = run("username\nu-1\nu-2\nann\n", &journal);
    assert_eq!((first.code, first.count("created"), first.count("failed")), (3, 2, 1), "{first:?}");
    assert_eq!(world.read("people.journal").matches("\"result\":\"created\"").count(), 2);
    world.emulator.clear_requests();
    let second = run("username\nu-1\nu-2\nu-3\n", &journal);
    assert_eq!((second.code, second.count("created"), second.count("earlier")), (0, 1, 2), "{second:?}");
    assert_eq!(world.requests_of("authing.users.create"), 1);
    // Without a name there is none, and the rows are new each time.
    let files = || std::fs::read_dir(&world.path).unwrap().count();
    let before = files();
    let unnamed = run("username\nu-1\nu-4\n", &[]);
    assert_eq!((unnamed.code, unnamed.count("created"), unnamed.count("failed")), (3, 1, 1), "{unnamed:?}");
    let stopped = run("username\nu-1\nu-5\n", &["--max-errors", "1", "--concurrency", "1"]);
    assert_eq!((stopped.count("created"), stopped.count("left")), (0, 1), "{stopped:?}");
    assert!(stopped.err.contains("of standard input a journal is kept only with --journal FILE"), "{stopped:?}");
    assert_eq!(files(), before);
}

#[test]
fn nothing_is_sent_while_a_row_is_wrong() {
    let world = World::new();
    world.write(
        "users.csv",
        "username,email,password\nu-1,no-address,canary\nu-2,a@b.example,canary\n,,canary\nu-4\nu-2,,\n",
    );
    let run = world.iam(&import(&["users.csv"]));
    assert_eq!(run.code, 2);
    for part in [
        "4 rows are wrong, and nothing was sent",
        "line 2: email: not a mail address",
        "line 4: it has none of username",
        "line 5: it has 1 columns, and the header has 3",
        "line 6: line 3 has the same username",
    ] {
        assert!(run.err.contains(part), "{part}: {run:?}");
    }
    assert!(!run.err.contains("canary") && world.emulator.requests().is_empty() && !world.has("users.csv.iam-journal"));
    world.write("wrong.csv", "username,passwort\nu-1,canary\n");
    let run = world.iam(&import(&["wrong.csv", "-o", "json"]));
    let error: Value = serde_json::from_str(&run.err).unwrap();
    assert_eq!((run.code, &error["kind"]), (2, &json!("Usage")));
    assert!(error["message"].as_str().unwrap().contains("`passwort`: a user has no member"), "{run:?}");
    let missing = world.iam(&import(&["missing.csv"]));
    assert!(missing.code == 2 && missing.err.contains("missing.csv: "), "{missing:?}");
}

#[test]
fn a_dry_run_shows_the_first_request_and_sends_nothing() {
    let world = World::new();
    world.write("users.csv", "username,password\nu-1,canary\nu-2,canary\n");
    let run = world.iam(&import(&["users.csv", "--dry-run", "-vv"]));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("POST ") && run.out.contains("u-1") && run.out.contains("(redacted)"), "{run:?}");
    assert!(run.err.contains("2 rows are in order, and 2 would be sent"), "{run:?}");
    assert!(!(run.out + &run.err).contains("canary") && world.emulator.requests().is_empty());
    assert!(!world.has("users.csv.iam-journal"));
    // What an update sends first is a look-up; what follows depends on what it finds.
    let update = world.iam(&import(&["users.csv", "--update", "--dry-run", "-o", "jsonl"]));
    let requests: Vec<Value> = update.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((update.code, requests.len()), (0, 3), "{update:?}");
    for (request, operation) in requests.iter().zip(["findUser", "updateUser", "createUser"]) {
        assert!(request["body"]["query"].as_str().unwrap().contains(operation), "{update:?}");
    }
    assert_eq!(requests[1]["body"]["variables"]["id"], "(the id of username u-1)");
    assert!(update.err.contains("if username u-1 is found, and has not all that the row says:"), "{update:?}");
    assert!(update.err.contains("Which users are there already is not known without a call."), "{update:?}");
    assert!(world.emulator.requests().is_empty());
    // The first row that is still to do.
    world.write("users.csv", "username\nu-1\nu-2\nann\n");
    assert_eq!(world.iam(&import(&["users.csv", "--max-errors", "1", "--concurrency", "1"])).code, 3);
    world.write("users.csv", "username\nu-1\nu-2\nu-3\n");
    let rest = world.iam(&import(&["users.csv", "--dry-run"]));
    assert!(rest.out.contains("u-3") && !rest.out.contains("u-1"), "{rest:?}");
    assert!(rest.err.contains("3 rows are in order, and 1 would be sent"), "{rest:?}");
}

#[test]
fn rows_that_fail_are_rejects_which_can_be_imported() {
    let world = World::new();
    world.write("users.csv", "username,name,password\nu-1,One,canary\nann,\"Two, too\",canary\nu-3,Three,canary\n");
    let arguments = import(&["users.csv", "--rejects", "rejects.csv", "-o", "json", "-vv"]);
    let run = world.iam(&arguments);
    assert_eq!((run.code, run.count("created"), run.count("failed")), (3, 2, 1), "{run:?}");
    assert!(run.err.contains("line 3: ") && run.err.contains("2034"), "{run:?}");
    let rejects = world.read("rejects.csv");
    assert!(rejects.starts_with("username,name,password,error\nann,\"Two, too\",canary,"), "{rejects}");
    let journal = world.read("users.csv.iam-journal");
    assert!(!(run.out + &run.err + &journal).contains("canary"), "{journal}");
    assert_eq!(journal.matches("\"result\":\"created\"").count(), 2, "{journal}");
    assert!(journal.contains("\"error\":\"Conflict 2034\""), "{journal}");

    // Once more: the rejects are somebody's now, and stay. With leave to replace them it fails again, and nothing else is sent.
    // Then, corrected.
    world.emulator.clear_requests();
    let refused = world.iam(&arguments);
    assert!(refused.code == 2 && refused.err.contains("--overwrite replaces it"), "{refused:?}");
    assert_eq!((world.read("rejects.csv"), world.emulator.requests().len()), (rejects.clone(), 0));
    let again = world.iam(&[&arguments[..], &["--overwrite"]].concat());
    assert_eq!((again.code, again.count("failed"), again.count("earlier")), (3, 1, 2), "{again:?}");
    assert_eq!(world.requests_of("authing.users.create"), 1);
    world.write("rejects.csv", rejects.replace("ann,", "u-2,"));
    let corrected = world.iam(&import(&["rejects.csv", "-o", "json"]));
    assert_eq!((corrected.code, corrected.count("created")), (0, 1), "{corrected:?}");
    assert_eq!(world.usernames("u-"), ["u-1", "u-2", "u-3"]);
}

#[test]
fn users_who_are_there_are_changed_only_when_that_is_asked_for() {
    let world = World::new();
    world.write("users.csv", "username,nickname,customData.school\nann,A,ETH\nu-1,B,ETH\n");
    let arguments = import(&["users.csv", "--update", "-o", "json"]);
    let refused = world.iam(&arguments);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.err.contains("--yes") && world.emulator.requests().is_empty() && !world.has("users.csv.iam-journal")
    );
    let run = world.iam(&[&arguments[..], &["--yes"]].concat());
    assert_eq!((run.code, run.count("created"), run.count("updated")), (0, 1, 1), "{run:?}");
    let lookup = iam_sdk::authing::UserLookup::username("ann").with_custom_data(true);
    let ann = world.client().users().find(lookup).unwrap();
    assert_eq!((ann.nickname.as_deref(), ann.custom_data.get("school")), (Some("A"), Some(&"ETH".into())));
    world.write("skip.csv", "username,nickname\nann,C\n");
    let skipped = world.iam(&import(&["skip.csv", "--skip-existing", "-o", "json"]));
    assert_eq!((skipped.code, skipped.count("skipped")), (0, 1), "{skipped:?}");
    assert_eq!(
        world.client().users().find(iam_sdk::authing::UserLookup::username("ann")).unwrap().nickname.as_deref(),
        Some("A")
    );
}

#[test]
fn a_user_whose_response_was_lost_is_not_created_again() {
    let world = World::new();
    world.write("users.csv", csv_of(200));
    let fault = world.emulator.fault(Fault::reset_after().on("authing.users.create").with_probability(0.2, 7));
    let run = world.iam(&import(&["users.csv", "-o", "json"]));
    assert_eq!((run.code, run.count("created"), run.count("failed")), (0, 200, 0), "{run:?}");
    assert!(fault.applied() > 10, "{}", fault.applied());
    assert_eq!(world.usernames("u-"), names_of(200));
    let created = world.requests_of("authing.users.create");
    assert_eq!(created, 200, "each was sent once, and found after its response was lost");
}

#[test]
fn a_service_that_asks_to_slow_down_is_obeyed_by_all_workers() {
    let world = World::new();
    world.write("users.csv", csv_of(50));
    let fault = world.emulator.fault(Fault::status(429).retry_after(2).on("authing.users.create").times(1));
    let arguments = import(&["users.csv", "-o", "json", "--rate", "1000", "--concurrency", "4"]);
    let mut process = world.command(&arguments).spawn().unwrap();
    while fault.applied() == 0 {
        assert_eq!(process.try_wait().unwrap(), None);
    }
    // Those under way come to their end; the worker that was refused is not the only one that waits.
    let refused = Instant::now();
    while refused.elapsed() < Duration::from_secs(1) {
        let received = world.requests_of("authing.users.create");
        assert!(received <= 12, "{received} were sent while the service asked to wait");
    }
    let run = Ran::of(process.wait_with_output().unwrap());
    assert_eq!((run.code, run.count("created")), (0, 50), "{run:?}");
    assert!(refused.elapsed() >= Duration::from_millis(1900), "{:?}", refused.elapsed());
    assert_eq!((world.requests_of("authing.users.create"), world.usernames("u-")), (51, names_of(50)));
}

#[test]
fn a_file_that_is_there_is_not_taken_for_rejects() {
    let world = World::new();
    world.write("users.csv", "username\nu-1\n");
    world.write("precious.txt", "precious");
    let arguments = import(&["users.csv", "--rejects", "precious.txt"]);
    let run = world.iam(&arguments);
    assert!(run.code == 2 && run.err.contains("precious.txt is there already"), "{run:?}");
    assert!(world.emulator.requests().is_empty() && !world.has("users.csv.iam-journal"));
    // No row fails: nothing is written in its place.
    let run = world.iam(&[&arguments[..], &["--overwrite"]].concat());
    assert_eq!((run.code, world.read("precious.txt").as_str()), (0, "precious"), "{run:?}");
    let names = std::fs::read_dir(&world.path).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_str().is_some_and(|name| name.ends_with(".iam-tmp"))).count(), 0);
    world.write("taken.csv", "username,password\nann,canary\n");
    let run = world.iam(&import(&["taken.csv", "--rejects", "new.csv"]));
    assert_eq!(run.code, 3, "{run:?}");
    #[cfg(unix)]
    {
        let metadata = std::fs::metadata(world.path.join("new.csv")).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&metadata) & 0o777, 0o600);
    }
}

#[test]
fn hashes_of_passwords_are_no_update() {
    let world = World::new();
    world.write("users.csv", "username,password\nann,hash\n");
    let run = world.iam(&import(&["users.csv", "--update", "--yes", "--keep-password"]));
    assert!(run.code == 2 && run.err.contains("--keep-password"), "{run:?}");
    assert!(world.emulator.requests().is_empty());
}

#[test]
fn what_is_wrong_with_the_output_is_said_before_anything_is_sent() {
    let world = World::new();
    world.write("users.csv", "username\nu-1\n");
    let run = world.iam(&import(&["users.csv", "--fields", "created,nonsense"]));
    assert!(run.code == 2 && run.err.contains("there is no `nonsense`"), "{run:?}");
    assert!(world.emulator.requests().is_empty());
    let run = world.iam(&import(&["users.csv", "--fields", "created", "-o", "csv"]));
    assert_eq!((run.code, run.out.as_str()), (0, "created\n1\n"), "{run:?}");
}

#[test]
fn columns_that_are_not_sent_are_named_once() {
    let world = World::new();
    world.write("users.csv", "username,registerSource,city\nu-1,wechat,Gent\nu-2,wechat,\n");
    let run = world.iam(&import(&["users.csv"]));
    assert_eq!((run.code, run.err.matches("registerSource").count()), (0, 1), "{run:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_whose_name_is_not_utf_8_is_imported_and_named() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::new();
    let name = std::ffi::OsStr::from_bytes(b"users-\xff.csv");
    std::fs::write(world.path.join(name), "username\nu-1\n").unwrap();
    let mut command = world.command(&IMPORT);
    let run = Ran::of(command.arg(name).env("IAM_USER_POOL_SECRET", "wrong").output().unwrap());
    assert!(run.code == 4 && run.err.contains("go on with: "), "{run:?}");
    assert!(run.err.contains("'users-\u{fffd}.csv'"), "{run:?}");
}

#[test]
fn a_journal_is_of_one_file_and_one_pool() {
    let world = World::new();
    // The last row fails: the import is not at its end.
    world.write("a.csv", "username\nu-1\nu-2\nann\n");
    assert_eq!(world.iam(&import(&["a.csv"])).code, 3);
    world.write("b.csv", "username\nu-8\nu-9\n");
    let other = world.iam(&import(&["b.csv", "--journal", "a.csv.iam-journal"]));
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.err.contains("line 2") && other.err.contains("a.csv.iam-journal"), "{other:?}");
    world.write("a.csv", "username\nu-1\n");
    let shorter = world.iam(&import(&["a.csv"]));
    assert!(shorter.code == 2 && shorter.err.contains("rows were removed"), "{shorter:?}");
    world.write("a.csv", "username\nu-1\nu-2\nu-3\n");
    let longer = world.iam(&import(&["a.csv", "-o", "json"]));
    assert_eq!((longer.code, longer.count("created"), longer.count("earlier")), (0, 1, 2), "{longer:?}");
    let pool = world.iam(&import(&["a.csv", "--user-pool", "another"]));
    assert!(pool.code == 2 && pool.err.contains("another") && pool.err.contains("--journal"), "{pool:?}");
    let no_journal = world.iam(&import(&["b.csv", "--journal", "a.csv"]));
    assert!(no_journal.code == 2 && no_journal.err.contains("a.csv: not a journal"), "{no_journal:?}");
    let itself = world.iam(&import(&["b.csv", "--rejects", "./b.csv"]));
    assert!(itself.code == 2 && world.read("b.csv").contains("u-9"), "{itself:?}");
    assert_eq!(world.usernames("u-"), ["u-1", "u-2", "u-3"]);
}

#[test]
fn two_runs_at_once_do_not_share_a_journal() {
    let world = World::new();
    world.write("users.csv", csv_of(40));
    let mut first = world.command(&import(&["users.csv", "--rate", "5"])).spawn().unwrap();
    while world.usernames("u-").is_empty() {
        assert_eq!(first.try_wait().unwrap(), None);
    }
    let second = world.iam(&import(&["users.csv"]));
    assert!(second.code == 1 && second.err.contains("another run of this import is under way"), "{second:?}");
    first.kill().unwrap();
    first.wait().unwrap();
    let third = world.iam(&import(&["users.csv", "-o", "json"]));
    assert_eq!((third.code, third.count("failed"), world.usernames("u-")), (0, 0, names_of(40)), "{third:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_ends_it_and_is_named() {
    let world = World::new();
    world.write("users.csv", "username\nann\nu-1\n");
    let run = world.iam(&import(&["users.csv", "--rejects", "/dev/full", "--concurrency", "1"]));
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("the file of rejects /dev/full: No space left"), "{run:?}");
    let journal = world.iam(&import(&["users.csv", "--journal", "/dev/full"]));
    assert!(journal.code == 2 && journal.err.contains("/dev/full: not a regular file"), "{journal:?}");
}

#[test]
fn it_stops_where_no_other_row_would_succeed() {
    let world = World::new();
    world.write("users.csv", csv_of(30));
    let mut command = world.command(&import(&["users.csv", "-o", "json"]));
    let refused = Ran::of(command.env("IAM_USER_POOL_SECRET", "wrong").output().unwrap());
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.err.contains("30 rows are left; go on with: ") && !refused.err.contains("wrong\""), "{refused:?}");
    assert!(world.requests_of("authing.users.create") == 0);
    let rows: String = ["ann", "bob", "cem", "dana"].map(|name| format!("{name}\n")).concat();
    world.write("taken.csv", format!("username\n{rows}{}", names_of(400).join("\n")));
    let run = world.iam(&import(&["taken.csv", "-o", "json", "--max-errors", "1", "--concurrency", "1"]));
    assert_eq!((run.code, run.count("failed")), (3, 1), "{run:?}");
    assert!(run.count("left") > 300 && run.err.contains("stopped after 1 row that failed"), "{run:?}");
}
