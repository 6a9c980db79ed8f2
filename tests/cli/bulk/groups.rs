//! `iam authing groups import` and `export`.

use super::World;
use iam_sdk::emulator::Fault;

#[test]
fn groups_and_their_members_come_from_a_file_and_go_to_one() {
    let world = World::new();
    world.write(
        "groups.csv",
        "group,groupName,username,email\nnew,New ones,ann,\nnew,,bo,\ndevelopers,,ann,\nempty,Empty,,\nnew,,nobody,\n",
    );
    let dry = world.iam(&["authing", "groups", "import", "groups.csv", "-n"]);
    assert!(dry.code == 0 && dry.out.contains("POST ") && world.emulator.requests().is_empty(), "{dry:?}");
    assert!(dry.out.contains("createGroup") && dry.err.contains("not known without a call: the user's id"), "{dry:?}");
    assert!(!dry.out.contains("userIds"), "a user name is no id: {dry:?}");
    let import = ["authing", "groups", "import", "groups.csv", "-o", "json", "--rejects", "rejects.csv"];
    let run = world.iam(&import);
    assert_eq!((run.code, run.count("failed"), run.count("groups_created")), (3, 1, 2), "{run:?}");
    assert!(world.read("rejects.csv").contains("new,,nobody,,no user has this username"), "{run:?}");
    let members = |code: &str| {
        let users = world.client().groups().list_users(code).unwrap().list;
        let mut names: Vec<_> = users.into_iter().filter_map(|user| user.username).collect();
        names.sort();
        names
    };
    assert_eq!((members("new"), members("empty").len()), (vec!["ann".to_owned(), "bo".to_owned()], 0));
    assert!(members("developers").contains(&"ann".to_owned()));
    assert_eq!(world.client().groups().detail("new").unwrap().name.as_deref(), Some("New ones"));

    let export = world.iam(&[
        "authing",
        "groups",
        "export",
        "new",
        "empty",
        "--to",
        "out.csv",
        "--fields",
        "group,groupName,username",
    ]);
    assert_eq!(export.code, 0, "{export:?}");
    let text = world.read("out.csv");
    let mut lines: Vec<_> = text.lines().skip(1).collect();
    lines.sort_unstable();
    assert_eq!(lines, ["empty,Empty,", "new,New ones,ann", "new,New ones,bo"]);
    world.emulator.clear_requests();
    world.write("all.csv", world.iam(&["authing", "groups", "export", "-o", "csv"]).out);
    let again = world.iam(&["authing", "groups", "import", "all.csv", "-o", "json"]);
    assert_eq!((again.code, again.count("failed")), (0, 0), "{again:?}");
    assert_eq!((members("new").len(), world.requests_of("authing.groups.create")), (2, 0));
}

#[test]
fn an_export_of_groups_goes_on_after_the_last_one() {
    let world = World::new();
    let client = world.client();
    let codes: Vec<_> = (0..8).map(|n| format!("g-{n}")).collect();
    for code in &codes {
        client.groups().create(code, code).unwrap();
    }
    let export = ["authing", "groups", "export", "--to", "all.csv", "--fields", "group"];
    let fault = world.emulator.fault(Fault::status(500).on("authing.groups.list_users").with_probability(0.5, 5));
    assert_eq!(world.iam(&export).code, 8);
    while world.read("all.csv.part").lines().count() < 2 {
        assert_eq!(world.iam(&[&export[..], &["--resume"]].concat()).code, 8);
    }
    fault.remove();
    // All come later by one.
    let first = world.read("all.csv.part").lines().nth(1).unwrap().to_owned();
    client.groups().delete(&first).unwrap();
    let resumed = world.iam(&[&export[..], &["--resume"]].concat());
    assert_eq!(resumed.code, 0, "{resumed:?}");
    let text = world.read("all.csv");
    assert!(codes.iter().all(|code| text.lines().filter(|line| line == code).count() == 1), "{text}");
}
