//! `iam authing users export`.

use super::{World, csv_of, names_of};
use iam_sdk::emulator::Fault;
use serde_json::Value;

#[test]
fn an_export_can_be_imported() {
    let world = World::new("export");
    world.write("users.csv", csv_of(30));
    assert_eq!(world.run(&["authing", "users", "import", "users.csv"]).code, Some(0));
    let run = world.run(&["authing", "users", "export", "--to", "all.csv", "--page-size", "7"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.err.contains("42 rows are in all.csv"), "{run:?}");
    assert!(world.has("all.csv") && !world.has("all.csv.part") && !world.has("all.csv.iam-journal"));
    let refused = world.run(&["authing", "users", "export", "--to", "all.csv"]);
    assert!(refused.code == Some(2) && refused.err.contains("--overwrite"), "{refused:?}");
    let lines = world.run(&["authing", "users", "export", "--fields", "username,email"]);
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

    let other = World::new("imported");
    for name in other.usernames("") {
        let users = other.client().users();
        let user = users.find(iam_sdk::authing::UserLookup::username(name)).unwrap();
        users.delete(user.id.unwrap()).unwrap();
    }
    other.write("all.csv", world.read("all.csv"));
    let run = other.run(&["authing", "users", "import", "all.csv", "-o", "json"]);
    assert_eq!((run.code, run.count("created")), (Some(0), 42), "{run:?}");
    assert_eq!((other.usernames(""), other.usernames("u-")), (world.usernames(""), names_of(30)));
}

#[test]
fn an_export_goes_on_after_a_failure() {
    let world = World::new("resume");
    world.write("users.csv", csv_of(100));
    assert_eq!(world.run(&["authing", "users", "import", "users.csv"]).code, Some(0));
    let whole = world.run(&["authing", "users", "export", "--with-data"]).out;
    let export = ["authing", "users", "export", "--to", "all.jsonl", "--with-data", "--page-size", "5"];
    let fault = world.emulator.fault(Fault::status(500).on("authing.users.list").with_probability(0.2, 3));
    let first = world.run(&export);
    assert_eq!(first.code, Some(8), "{first:?}");
    assert!(first.err.contains("--resume") && !world.has("all.jsonl") && world.has("all.jsonl.part"), "{first:?}");
    let other = world.run(&["authing", "users", "export", "--to", "all.jsonl", "--resume"]);
    assert!(other.code == Some(2) && other.err.contains("other options"), "{other:?}");
    let resume = [&export[..], &["--resume"]].concat();
    let ends = std::iter::repeat_with(|| world.run(&resume).code).take(100).find(|code| *code != Some(8));
    assert_eq!((ends, fault.applied() > 1), (Some(Some(0)), true));
    assert_eq!(world.read("all.jsonl"), whole);
}
