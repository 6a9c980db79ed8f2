//! `iam authing users import` where files, rows, disks or services are not as they should be.

use super::{World, csv_of, names_of};
use iam_sdk::emulator::Fault;
use std::io::{BufRead as _, BufReader};

fn import<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["authing", "users", "import"], arguments].concat()
}

#[test]
fn a_finished_import_begins_anew() {
    let world = World::new();
    world.write("users.csv", "username,nickname\nu-1,A\nu-2,A\n");
    assert_eq!(world.iam(&import(&["users.csv"])).code, 0);
    // One is deleted, and the other line is corrected.
    let users = world.client().users();
    let lookup = |name: &str| iam_sdk::authing::UserLookup::username(name);
    users.delete(users.find(lookup("u-1")).unwrap().id.unwrap()).unwrap();
    world.write("users.csv", "username,nickname\nu-1,A\nu-2,B\n");
    let again = world.iam(&import(&["users.csv", "--update", "--yes", "-o", "json"]));
    assert_eq!((again.code, again.count("created"), again.count("updated")), (0, 1, 1), "{again:?}");
    assert!(again.err.contains("its last import was finished at 20") && again.err.contains("begins anew"), "{again:?}");
    assert_eq!(users.find(lookup("u-2")).unwrap().nickname.as_deref(), Some("B"));
    // What is alike is not written.
    world.emulator.clear_requests();
    let same = world.iam(&import(&["users.csv", "--update", "--yes", "-o", "json"]));
    assert_eq!((same.code, same.count("unchanged"), same.count("updated")), (0, 2, 0), "{same:?}");
    assert_eq!(world.requests_of("authing.users.update"), 0);
    // A journal without its last line is of an import that was stopped: what is done is done.
    let journal = world.read("users.csv.iam-journal");
    let (rest, last) = journal.trim_end().rsplit_once('\n').unwrap();
    assert!(last.contains("finished_at"), "{journal}");
    world.write("users.csv.iam-journal", format!("{rest}\n"));
    world.emulator.clear_requests();
    let done = world.iam(&import(&["users.csv", "--update", "--yes", "-o", "json"]));
    assert_eq!((done.code, done.count("earlier"), world.emulator.requests().len()), (0, 2, 0), "{done:?}");
    assert!(
        done.err.contains("all rows are done already") && world.read("users.csv.iam-journal").contains("finished_at")
    );
}

#[test]
fn a_line_that_is_corrected_is_compared_again_by_an_update() {
    let world = World::new();
    // The last row fails: the name is taken.
    let rows = |nickname: &str, last: &str| format!("username,nickname\nu-1,{nickname}\nu-2,A\n{last},A\n");
    world.write("users.csv", rows("A", "ann"));
    let first = world.iam(&import(&["users.csv", "-o", "json"]));
    assert_eq!((first.code, first.count("created"), first.count("failed")), (3, 2, 1), "{first:?}");
    world.write("users.csv", rows("B", "u-3"));
    let refused = world.iam(&import(&["users.csv"]));
    assert!(refused.code == 2 && refused.err.contains("line 2 is not the row"), "{refused:?}");
    assert!(refused.err.contains("with --update or --skip-existing"), "{refused:?}");
    let update = world.iam(&import(&["users.csv", "--update", "--yes", "-o", "json"]));
    assert_eq!((update.code, update.count("updated"), update.count("created")), (0, 1, 1), "{update:?}");
    assert_eq!(update.count("earlier"), 1);
    let lookup = iam_sdk::authing::UserLookup::username("u-1");
    assert_eq!(world.client().users().find(lookup).unwrap().nickname.as_deref(), Some("B"));
}

#[test]
fn a_file_without_rows_leaves_no_journal() {
    let world = World::new();
    world.write("users.csv", "username\n");
    let run = world.iam(&import(&["users.csv"]));
    assert!(run.code == 0 && run.err.contains("it has no rows"), "{run:?}");
    assert!(!world.has("users.csv.iam-journal"));
}

#[test]
fn a_row_that_the_service_never_answers_does_not_stop_the_others() {
    let world = World::new();
    world.write("users.csv", csv_of(40));
    // One at a time, and as often as a row is tried.
    let fault = world.emulator.fault(Fault::status(503).on("authing.users.create").times(6));
    let arguments = import(&["users.csv", "-o", "json", "--rejects", "rejects.csv", "--concurrency", "1"]);
    let run = world.iam(&arguments);
    assert_eq!((run.code, run.count("created"), run.count("failed")), (3, 39, 1), "{run:?}");
    assert!(world.read("rejects.csv").contains("u-00000,") && fault.applied() == 6, "{run:?}");
    let again = world.iam(&import(&["users.csv", "-o", "json"]));
    assert_eq!((again.code, again.count("created"), again.count("earlier")), (0, 1, 39), "{again:?}");
    assert_eq!(world.usernames("u-"), names_of(40));
}

#[test]
fn a_service_that_answers_nothing_ends_the_import() {
    let world = World::new();
    world.write("users.csv", csv_of(30));
    let fault = world.emulator.fault(Fault::status(503).on("authing.users.create"));
    let run = world.iam(&import(&["users.csv", "-o", "json"]));
    assert_eq!(run.code, 8, "{run:?}");
    assert!(run.count("left") >= 17 && run.err.contains("go on with: "), "{run:?}");
    fault.remove();
    let again = world.iam(&import(&["users.csv", "-o", "json"]));
    assert_eq!((again.code, again.count("created"), world.usernames("u-")), (0, 30, names_of(30)), "{again:?}");
}

#[test]
fn a_wait_that_is_too_long_ends_the_import() {
    let world = World::new();
    world.write("users.csv", csv_of(3));
    let fault = world.emulator.fault(Fault::status(429).retry_after(7200).on("authing.users.create"));
    let run = world.iam(&import(&["users.csv"]));
    assert!(run.code == 8 && run.err.contains("go on with: ") && fault.applied() <= 3, "{run:?}");
}

#[test]
fn a_quote_that_is_forgotten_swallows_no_rows() {
    let world = World::new();
    world.write("users.csv", "username,nickname\nqa,\"abc\nqb,x\nqc,y\n");
    let run = world.iam(&import(&["users.csv"]));
    assert!(run.code == 2 && run.err.contains("line 2: a quote"), "{run:?}");
    world.write("users.csv", "username,nickname\nqa,x\n\"qb\nqc\",y\n\"qd \",z\n");
    let run = world.iam(&import(&["users.csv"]));
    assert!(run.code == 2 && run.err.contains("line 3: username: it has a line break"), "{run:?}");
    assert!(run.err.contains("line 5: username: it begins or ends with a blank"), "{run:?}");
    assert!(world.emulator.requests().is_empty());
}

#[test]
fn rows_that_are_wrong_are_told_together_and_all_are_rejects() {
    let world = World::new();
    let rows: String = (0..200).map(|n| format!("u-{n},maybe\n")).collect();
    world.write("users.csv", format!("username,blocked\n{rows}u-200,no\n"));
    let run = world.iam(&import(&["users.csv", "--rejects", "rejects.csv"]));
    assert_eq!((run.code, run.err.matches("neither true nor false").count()), (2, 1), "{run:?}");
    assert!(run.err.contains("200 rows are wrong") && run.err.contains("(and 199 others)"), "{run:?}");
    assert!(run.err.contains("the rows that are wrong are in rejects.csv"), "{run:?}");
    assert_eq!(world.read("rejects.csv").lines().count(), 201);
    world.write("wrong.csv", format!("username,blocket\n{rows}"));
    let run = world.iam(&import(&["wrong.csv"]));
    assert_eq!((run.code, run.err.matches("`blocket`").count()), (2, 1), "{run:?}");
    assert!(
        run.err.contains("line 1: `blocket`: a user has no member") && !run.err.contains("rows are wrong"),
        "{run:?}"
    );
}

#[test]
#[cfg(unix)]
fn another_name_of_what_is_read_is_not_written() {
    let world = World::new();
    world.write("users.csv", "username\nann\n");
    std::fs::hard_link(world.path.join("users.csv"), world.path.join("linked.csv")).unwrap();
    for rejects in ["linked.csv", "./users.csv.iam-journal"] {
        let run = world.iam(&import(&["users.csv", "--rejects", rejects, "--overwrite"]));
        assert!(run.code == 2 && run.err.contains("--rejects"), "{rejects}: {run:?}");
        assert_eq!((world.read("users.csv").as_str(), world.emulator.requests().len()), ("username\nann\n", 0));
    }
    world.write("empty.csv", "");
    let run = world.iam(&import(&["empty.csv", "--journal", "./empty.csv"]));
    assert!(run.code == 2 && run.err.contains("--journal is the file"), "{run:?}");
    assert_eq!(world.read("empty.csv"), "");
    assert!(!world.has("users.csv.iam-journal"));
}

#[test]
fn a_long_wait_is_told() {
    let world = World::new();
    world.write("users.csv", csv_of(3));
    let _fault = world.emulator.fault(Fault::status(429).retry_after(600).on("authing.users.create"));
    let mut process = world.command(&import(&["users.csv"])).spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("the service asks to wait 600 s") || line.contains("to wait 59")));
    process.kill().unwrap();
    process.wait().unwrap();
}
