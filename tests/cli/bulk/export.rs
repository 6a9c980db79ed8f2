//! `iam authing users export`.

use super::{World, csv_of, names_of};
use iam_sdk::emulator::Fault;
use serde_json::Value;

#[test]
fn an_export_can_be_imported() {
    let world = World::new();
    world.write("users.csv", csv_of(30));
    assert_eq!(world.iam(&["authing", "users", "import", "users.csv"]).code, 0);
    let run = world.iam(&["authing", "users", "export", "--to", "all.csv", "--page-size", "7"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("42 rows are in all.csv"), "{run:?}");
    assert!(world.has("all.csv") && !world.has("all.csv.part") && !world.has("all.csv.iam-journal"));
    let refused = world.iam(&["authing", "users", "export", "--to", "all.csv"]);
    assert!(refused.code == 2 && refused.err.contains("--overwrite"), "{refused:?}");
    let lines = world.iam(&["authing", "users", "export", "--fields", "username,email"]);
    let rows: Vec<Value> = lines.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_new = |row: &Value| row["username"].as_str().is_some_and(|name| name.starts_with("u-"));
    assert_eq!((rows.len(), rows.iter().position(is_new)), (42, Some(12)), "the oldest come first");
    assert!(
        rows.iter().all(|row| row
            .as_object()
            .unwrap()
            .keys()
            .all(|name| ["username", "email"].contains(&name.as_str())))
    );

    let other = World::new();
    for name in other.usernames("") {
        let users = other.client().users();
        let user = users.find(iam_sdk::authing::UserLookup::username(name)).unwrap();
        users.delete(user.id.unwrap()).unwrap();
    }
    other.write("all.csv", world.read("all.csv"));
    let run = other.iam(&["authing", "users", "import", "all.csv", "-o", "json"]);
    assert_eq!((run.code, run.count("created")), (0, 42), "{run:?}");
    assert_eq!((other.usernames(""), other.usernames("u-")), (world.usernames(""), names_of(30)));
}

#[test]
fn an_export_goes_on_after_a_failure() {
    let world = World::new();
    world.write("users.csv", csv_of(100));
    assert_eq!(world.iam(&["authing", "users", "import", "users.csv"]).code, 0);
    let whole = world.iam(&["authing", "users", "export", "--with-data"]).out;
    let export = ["authing", "users", "export", "--to", "all.jsonl", "--with-data", "--page-size", "5"];
    let fault = world.emulator.fault(Fault::status(500).on("authing.users.list").with_probability(0.2, 3));
    let first = world.iam(&export);
    assert_eq!(first.code, 8, "{first:?}");
    assert!(first.err.contains("--resume") && !world.has("all.jsonl") && world.has("all.jsonl.part"), "{first:?}");
    let other = world.iam(&["authing", "users", "export", "--to", "all.jsonl", "--resume"]);
    assert!(other.code == 2 && other.err.contains("other options"), "{other:?}");
    let resume = [&export[..], &["--resume"]].concat();
    let ends = std::iter::repeat_with(|| world.iam(&resume).code).take(100).find(|code| *code != 8);
    assert_eq!((ends, fault.applied() > 1), (Some(0), true));
    assert_eq!(world.read("all.jsonl"), whole);
}

#[test]
fn who_is_deleted_between_two_runs_hides_nobody_else() {
    let world = World::new();
    world.write("users.csv", csv_of(100));
    assert_eq!(world.iam(&["authing", "users", "import", "users.csv"]).code, 0);
    let export = ["authing", "users", "export", "--to", "all.csv", "--fields", "id,username", "--page-size", "5"];
    let fault = world.emulator.fault(Fault::status(500).on("authing.users.list").with_probability(0.3, 3));
    // It stops somewhere between the second page and the last one.
    assert_eq!(world.iam(&export).code, 8);
    while world.read("all.csv.part").lines().count() <= 6 {
        assert_eq!(world.iam(&[&export[..], &["--resume"]].concat()).code, 8);
    }
    fault.remove();
    let part = world.read("all.csv.part");
    let id = part.lines().nth(1).unwrap().split(',').next().unwrap();
    world.client().users().delete(id).unwrap();
    let resumed = world.iam(&[&export[..], &["--resume"]].concat());
    assert_eq!(resumed.code, 0, "{resumed:?}");
    let text = world.read("all.csv");
    let names = names_of(100);
    let missing: Vec<_> = names.iter().filter(|name| !text.contains(&format!(",{name}\n"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn an_export_leaves_the_journal_of_an_import_alone() {
    let world = World::new();
    world.write("users.csv", csv_of(3));
    assert_eq!(world.iam(&["authing", "users", "import", "users.csv"]).code, 0);
    let journal = world.read("users.csv.iam-journal");
    let run = world.iam(&["authing", "users", "export", "--to", "users.csv", "--overwrite"]);
    assert_eq!((run.code, world.read("users.csv.iam-journal")), (0, journal), "{run:?}");
}

#[test]
fn json_lines_can_be_imported_whatever_members_the_service_adds() {
    let world = World::new();
    let fault = world.emulator.fault(Fault::unknown_members().on("authing.users.list"));
    let run = world.iam(&["authing", "users", "export", "--to", "all.jsonl", "--with-data"]);
    assert!(run.code == 0 && fault.applied() > 0, "{run:?}");
    let all = world.iam(&["authing", "users", "export", "--all-members"]);
    fault.remove();
    let other = World::new();
    let users: Vec<_> = other.client().users().list_all(Default::default()).map(|user| user.unwrap()).collect();
    for user in users {
        other.client().users().delete(user.id.unwrap()).unwrap();
    }
    other.write("all.jsonl", world.read("all.jsonl"));
    other.write("members.jsonl", all.out);
    let run = other.iam(&["authing", "users", "import", "all.jsonl", "-o", "json"]);
    assert_eq!((run.code, run.count("created")), (0, 12), "{run:?}");
    assert_eq!(other.usernames(""), world.usernames(""));
    let run = other.iam(&["authing", "users", "import", "members.jsonl"]);
    assert!(run.code == 2 && run.err.contains("a user has no member"), "these have all that came: {run:?}");
}

#[test]
fn an_export_refuses_flags_that_would_have_no_effect() {
    let world = World::new();
    for (arguments, part) in [
        (&["users", "export", "--jq", "."][..], "--jq"),
        (&["users", "export", "-o", "table"], "csv or jsonl"),
        (&["groups", "export", "-o", "json"], "csv or jsonl"),
        (&["users", "export", "--fields", "nonsense"], "there is no `nonsense`"),
        (&["orgs", "export", "--fields", "name"], "--fields"),
        (&["orgs", "export", "-o", "csv"], "--output"),
        (&["orgs", "export", "--jq", "."], "--jq"),
        (&["orgs", "diff", "x.json", "--fields", "nonsense"], "there is no `nonsense`"),
    ] {
        let run = world.iam(&[&["authing"], arguments].concat());
        assert!(run.code == 2 && run.err.contains(part) && run.out.is_empty(), "{arguments:?}: {run:?}");
    }
    assert!(world.emulator.requests().is_empty());
    let csv = world.iam(&["authing", "users", "export", "-o", "csv", "--fields", "username"]);
    assert!(csv.code == 0 && csv.out.starts_with("username\n"), "{csv:?}");
}

#[test]
#[cfg(unix)]
fn what_is_no_plain_file_is_not_replaced_and_a_link_stays_one() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let world = World::new();
    let at = |name: &str| world.path.join(name);
    assert!(std::process::Command::new("mkfifo").arg(at("pipe.csv")).status().unwrap().success());
    world.write("real.csv", "old");
    symlink(at("real.csv"), at("link.csv")).unwrap();
    world.write("other.txt", "precious");
    symlink(at("other.txt"), at("trap.csv.part")).unwrap();
    for kind in ["users", "orgs"] {
        let run = world.iam(&["authing", kind, "export", "--to", "pipe.csv", "--overwrite"]);
        assert!(run.code == 2 && run.err.contains("not a regular file"), "{run:?}");
        let run = world.iam(&["authing", kind, "export", "--to", "link.csv", "--overwrite"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(at("link.csv").symlink_metadata().unwrap().is_symlink() && world.read("real.csv").len() > 10);
        assert_eq!(at("real.csv").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(!at("pipe.csv").is_file());
    let run = world.iam(&["authing", "users", "export", "--to", "trap.csv"]);
    assert!(run.code == 1 && run.err.contains("trap.csv.part"), "{run:?}");
    assert_eq!(world.read("other.txt"), "precious");
}
