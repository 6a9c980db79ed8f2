//! An import on a terminal: the bar, and Ctrl-C.

use super::{World, csv_of, names_of};
use crate::cli::{support::Ran, terminal::Session};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn ctrl_c_lets_the_calls_under_way_end_and_says_how_to_go_on() {
    let world = World::new();
    world.write("my users.csv", csv_of(300));
    let arguments = ["authing", "users", "import", "my users.csv", "--rate", "40"];
    let mut session = Session::start(world.command(&arguments));
    session.wait_for("/300");
    while world.usernames("u-").len() < 3 {
        session.assert_runs();
    }
    session.type_in("\u{3}");
    let (status, text) = session.end();
    assert_eq!(status.code(), Some(130), "{text}");
    for part in [
        "stopping; the calls under way come to their end",
        "go on with: ",
        "authing users import 'my users.csv' --rate 40",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // All that was sent is in the journal: nothing is looked up.
    let journal = world.read("my users.csv.iam-journal");
    let created = world.usernames("u-").len();
    assert_eq!(journal.matches("\"result\":\"created\"").count(), created, "{journal}");
    assert!(created < 300);
    let rest = world.iam(&["authing", "users", "import", "my users.csv", "-o", "json"]);
    assert_eq!((rest.code, rest.count("earlier"), rest.count("failed")), (0, created as u64, 0), "{rest:?}");
    assert_eq!(world.usernames("u-"), names_of(300));
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_that_is_closed_lets_the_calls_under_way_end() {
    let world = World::new();
    world.write("users.csv", csv_of(300));
    let mut process = world.command(&["authing", "users", "import", "users.csv", "--rate", "40"]).spawn().unwrap();
    while world.usernames("u-").len() < 3 {
        assert_eq!(process.try_wait().unwrap(), None);
    }
    kill_process(Pid::from_child(&process), Signal::HUP).unwrap();
    let run = Ran::of(process.wait_with_output().unwrap());
    assert!(run.code == 130 && run.err.contains("go on with: "), "{run:?}");
    let created = world.usernames("u-").len();
    assert_eq!(world.read("users.csv.iam-journal").matches("\"result\":\"created\"").count(), created);
}

#[test]
fn an_update_asks_first() {
    let world = World::new();
    world.write("users.csv", "username,nickname\nann,A\n");
    for (answer, code, nickname) in [("n\r", 2, None), ("y\r", 0, Some("A"))] {
        let mut session = Session::start(world.command(&["authing", "users", "import", "users.csv", "--update"]));
        session.wait_for("Go on? [y/N]");
        session.type_in(answer);
        let (status, text) = session.end();
        assert_eq!(status.code(), Some(code), "{text}");
        let ann = world.client().users().find(iam_sdk::authing::UserLookup::username("ann")).unwrap();
        assert_eq!(ann.nickname.as_deref().filter(|name| *name == "A"), nickname);
    }
}
