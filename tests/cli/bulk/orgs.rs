//! `iam authing orgs import`, `export` and `diff`.

use super::World;
use iam_sdk::emulator::Fault;
use serde_json::{Value, json};

fn tree() -> Value {
    json!({"name": "Head", "code": "head", "children": [
        {"name": "Sales", "code": "sales", "description": "who sell", "members": [{"username": "ann"}, {"email": "nobody@x.example", "username": "bo"}],
         "children": [{"name": "北京", "children": []}]},
        {"name": "IT", "code": "it", "children": []},
    ]})
}

fn diff(world: &World) -> Vec<(String, String, String)> {
    let run = world.iam(&["authing", "orgs", "diff", "org.json", "-o", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let lines: Vec<Value> = serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines.iter().map(|line| (text(line, "change"), text(line, "path"), text(line, "detail"))).collect()
}

#[test]
fn a_tree_is_imported_compared_and_made_like_its_file() {
    let world = World::new();
    let members =
        |world: &World| world.usernames("").into_iter().filter(|name| ["ann", "bo"].contains(&name.as_str())).count();
    assert_eq!(members(&world), 2, "the seed has both");
    world.write("org.json", tree().to_string());
    assert_eq!(diff(&world).iter().filter(|(change, ..)| change == "add").count(), 4);
    let dry = world.iam(&["authing", "orgs", "import", "org.json", "--dry-run"]);
    assert!(dry.code == 0 && dry.err.contains("`Head` would be created, with 4 nodes"), "{dry:?}");
    assert_eq!(world.requests_of("authing.orgs.import_by_json"), 0);

    // The organization is created, and the response lost: it is not created again.
    let fault = world.emulator.fault(Fault::reset_after().on("authing.orgs.import_by_json").times(1));
    let run = world.iam(&["authing", "orgs", "import", "org.json"]);
    assert_eq!((run.code, fault.applied()), (0, 1), "{run:?}");
    assert_eq!(world.requests_of("authing.orgs.import_by_json"), 1);
    assert_eq!(diff(&world), []);
    let again = world.iam(&["authing", "orgs", "import", "org.json"]);
    assert!(again.code == 2 && again.err.contains("--update"), "{again:?}");

    let mut changed = tree();
    changed["children"][0]["name"] = "Vente".into();
    changed["children"][0]["members"] = json!([{"username": "ann"}]);
    changed["children"][0]["children"] =
        json!([{"name": "上海", "code": "sh", "children": [{"name": "West", "code": "w"}]}]);
    world.write("org.json", changed.to_string());
    let line = |change: &str, path: &str, detail: &str| (change.to_owned(), path.to_owned(), detail.to_owned());
    let all = [
        line("update", "Head/Vente", "name: Vente"),
        line("add", "Head/Vente/上海", "sh"),
        line("add", "Head/Vente/上海/West", "w"),
        line("leave", "Head/Vente", "bo"),
        line("remove", "Head/Sales/北京", ""),
    ];
    assert_eq!(diff(&world), all);
    let differs = world.iam(&["authing", "orgs", "diff", "org.json", "--exit-code"]);
    assert_eq!(differs.code, 1, "{differs:?}");
    let dry = world.iam(&["authing", "orgs", "import", "org.json", "--update", "--dry-run"]);
    assert!(dry.code == 0 && dry.out.contains("Head/Vente/上海") && !dry.out.contains("remove"), "{dry:?}");
    assert_eq!(diff(&world), all, "nothing has changed");

    let run = world.iam(&["authing", "orgs", "import", "org.json", "--update"]);
    assert_eq!(run.code, 0, "{run:?}");
    let left = [line("leave", "Head/Vente", "bo"), line("remove", "Head/Vente/北京", "")];
    assert_eq!(diff(&world), left, "what the file has not is still there");
    let refused = world.iam(&["authing", "orgs", "import", "org.json", "--update", "--prune"]);
    assert!(refused.code == 2 && refused.out.contains("remove"), "{refused:?}");
    assert_eq!(diff(&world), left);
    let run = world.iam(&["authing", "orgs", "import", "org.json", "--update", "--prune", "--confirm", "Head"]);
    assert_eq!((run.code, diff(&world)), (0, vec![]), "{run:?}");
}

#[test]
fn an_export_is_an_import() {
    let world = World::new();
    let run = world.iam(&["authing", "orgs", "export", "--to", "org.json"]);
    assert!(run.code == 0 && run.err.contains("organizations are in org.json"), "{run:?}");
    assert!(!world.has("org.json.part"));
    assert_eq!(diff(&world), []);
    let stdout = world.iam(&["authing", "orgs", "export"]);
    assert_eq!(stdout.out, world.read("org.json"));
    let refused = world.iam(&["authing", "orgs", "export", "--to", "org.json"]);
    assert!(refused.code == 2 && refused.err.contains("--overwrite"), "{refused:?}");
    for (text, part) in [
        ("{\"name\": \"canary\"", "neither a tree of nodes"),
        ("[{\"code\": \"c\"}]", "a node has no name"),
        ("7", "neither a tree"),
    ] {
        world.write("wrong.json", text);
        let run = world.iam(&["authing", "orgs", "import", "wrong.json"]);
        assert!(run.code == 2 && run.err.contains(part) && !run.err.contains("canary"), "{text}: {run:?}");
    }
}

/// The names of all organizations.
fn roots(world: &World) -> Vec<String> {
    let mut names: Vec<_> =
        world.client().orgs().export_all().unwrap().into_iter().filter_map(|tree| tree.node.name).collect();
    names.sort();
    names
}

#[test]
fn several_trees_are_compared_before_any_is_changed() {
    let world = World::new();
    let seeded = roots(&world).len();
    let trees =
        json!([{"name": "TA", "code": "ta", "children": [{"name": "A1", "code": "a1"}]}, {"name": "TB", "code": "tb"}]);
    world.write("org.json", trees.to_string());
    let dry = world.iam(&["authing", "orgs", "import", "org.json", "-n", "-o", "jsonl"]);
    assert_eq!((dry.code, dry.out.lines().count(), roots(&world).len()), (0, 3, seeded), "{dry:?}");
    assert_eq!(world.iam(&["authing", "orgs", "import", "org.json"]).code, 0);
    assert_eq!((roots(&world).len(), diff(&world)), (seeded + 2, vec![]));

    // One of them is there: nothing is done about the other one either.
    world.write("org.json", json!([{"name": "TC", "code": "tc"}, {"name": "TA", "code": "ta"}]).to_string());
    let refused = world.iam(&["authing", "orgs", "import", "org.json"]);
    assert!(refused.code == 2 && refused.err.contains("`TA` exists already"), "{refused:?}");
    let pruned = ["authing", "orgs", "import", "org.json", "--update", "--prune", "--confirm", "TA"];
    let refused = world.iam(&pruned);
    assert!(refused.code == 2 && refused.err.contains("several trees"), "{refused:?}");
    assert_eq!(roots(&world).len(), seeded + 2);

    // A member is nobody: that is found before anything is made.
    let trees = |member: &str| {
        let other = json!({"name": "TA", "code": "ta", "members": [{"username": member}]});
        json!([{"name": "TC", "code": "tc"}, other]).to_string()
    };
    world.write("org.json", trees("nobody-here"));
    for dry in [&["-n"][..], &[]] {
        let nobody = world.iam(&[&["authing", "orgs", "import", "org.json", "--update"], dry].concat());
        assert!(nobody.code == 2 && nobody.err.contains("nobody-here"), "{nobody:?}");
        assert_eq!(roots(&world).len(), seeded + 2);
    }
    let diff = world.iam(&["authing", "orgs", "diff", "org.json"]);
    assert!(diff.code == 0 && diff.err.contains("cannot join: nobody-here"), "{diff:?}");

    // The second one fails after the first one was made.
    world.write("org.json", trees("ann"));
    let fault = world.emulator.fault(Fault::status(400).on("authing.orgs.add_members"));
    let partly = world.iam(&["authing", "orgs", "import", "org.json", "--update"]);
    assert_eq!((partly.code, fault.applied()), (3, 1), "{partly:?}");
    assert!(partly.err.contains("1 changes were made"), "{partly:?}");
    assert!(roots(&world).contains(&"TC".to_owned()));
}

#[test]
fn a_misspelt_member_of_a_tree_removes_nothing() {
    let world = World::new();
    world.write("org.json", tree().to_string());
    assert_eq!(world.iam(&["authing", "orgs", "import", "org.json"]).code, 0);
    world.emulator.clear_requests();
    world.write(
        "org.json",
        tree().to_string().replace("\"children\":[{\"children\":[],\"name\":\"北京\"}]", "\"childern\":[]"),
    );
    for command in [&["diff"][..], &["import", "--update", "--prune", "--confirm", "Head"]] {
        let run = world.iam(&[&["authing", "orgs", command[0], "org.json"], &command[1..]].concat());
        assert!(run.code == 2 && run.err.contains("Head/Sales: a node has no member `childern`"), "{run:?}");
    }
    assert!(world.emulator.requests().is_empty());
}

#[test]
fn what_a_new_node_gets_is_compared() {
    let world = World::new();
    world.write("org.json", tree().to_string());
    assert_eq!(world.iam(&["authing", "orgs", "import", "org.json"]).code, 0);
    let mut changed = tree();
    changed["children"][0]["description"] = "".into();
    changed["children"][1]["order"] = 7.into();
    world.write("org.json", changed.to_string());
    let lines = diff(&world);
    let changes: Vec<_> = lines.iter().map(|(change, path, _)| format!("{change} {path}")).collect();
    assert_eq!(changes, ["update Head/Sales", "differ Head/IT"], "{lines:?}");
    let run = world.iam(&["authing", "orgs", "import", "org.json", "--update"]);
    assert!(run.code == 0 && run.err.contains("1 nodes differ in what no call changes"), "{run:?}");
    assert_eq!(diff(&world).len(), 1);
}

#[test]
fn an_organization_of_the_same_name_and_another_code_is_another_one() {
    let world = World::new();
    world.write("org.json", json!({"name": "TA", "code": "ta"}).to_string());
    assert_eq!(world.iam(&["authing", "orgs", "import", "org.json"]).code, 0);
    world.write("org.json", json!({"name": "TA", "code": "ta-new"}).to_string());
    let run = world.iam(&["authing", "orgs", "import", "org.json", "--update"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(roots(&world).iter().filter(|name| *name == "TA").count(), 2);
}

#[test]
fn an_organization_that_may_have_been_created_is_not_created_again() {
    let world = World::new();
    let before = roots(&world);
    world.write("org.json", json!({"name": "Lost"}).to_string());
    let fault = world.emulator.fault(Fault::reset_before().on("authing.orgs.import_by_json"));
    let run = world.iam(&["authing", "orgs", "import", "org.json"]);
    assert_eq!((run.code, fault.applied()), (3, 1), "{run:?}");
    assert!(run.err.contains("may have created `Lost`") && run.err.contains("orgs diff"), "{run:?}");
    assert_eq!(roots(&world), before);
}
