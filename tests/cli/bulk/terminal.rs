//! An import on a terminal: the bar, and Ctrl-C.

use super::{World, csv_of, names_of};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::{
        fd::{FromRawFd as _, OwnedFd},
        unix::process::CommandExt as _,
    },
    process::Child,
    sync::{Arc, Mutex},
    thread,
};

/// A process on a pseudo-terminal, and what it has shown so far.
struct Terminal {
    process: Child,
    keyboard: File,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

impl Terminal {
    fn run(world: &World, arguments: &[&str]) -> Self {
        let (mut main, mut other) = (0, 0);
        let size = libc::winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the first two are written, the size is read, and the others may be null.
        let result = unsafe { libc::openpty(&mut main, &mut other, std::ptr::null_mut(), std::ptr::null(), &size) };
        assert_eq!(result, 0);
        // SAFETY: both were opened just now, and nothing else closes them.
        let (main, other) = unsafe { (OwnedFd::from_raw_fd(main), OwnedFd::from_raw_fd(other)) };
        let mut command = world.iam(arguments);
        command.env("TERM", "xterm");
        command.stdin(other.try_clone().unwrap()).stdout(other.try_clone().unwrap()).stderr(other);
        // SAFETY: both calls are async-signal-safe.
        unsafe {
            command.pre_exec(|| match libc::setsid() != -1 && libc::ioctl(0, libc::TIOCSCTTY, 0) != -1 {
                true => Ok(()),
                false => Err(std::io::Error::last_os_error()),
            });
        }
        let process = command.spawn().unwrap();
        // It keeps the other end open, which would keep the reader waiting.
        drop(command);
        let shown = Arc::<Mutex<Vec<u8>>>::default();
        let (mut screen, sink) = (File::from(main.try_clone().unwrap()), shown.clone());
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            // On Linux the end is an error.
            while let Ok(length @ 1..) = screen.read(&mut bytes) {
                sink.lock().unwrap().extend_from_slice(&bytes[..length]);
            }
        });
        Self { process, keyboard: File::from(main), shown, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    fn wait_for(&mut self, condition: impl Fn(&str) -> bool) {
        while !condition(&self.text()) {
            assert_eq!(self.process.try_wait().unwrap(), None, "{}", self.text());
            thread::yield_now();
        }
    }

    fn press(&mut self, key: &[u8]) {
        self.keyboard.write_all(key).unwrap();
    }

    /// Waits for its end, and returns its exit code and all that it has shown.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.process.wait().unwrap().code();
        self.reader.join().unwrap();
        let text = String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned();
        (code, text)
    }
}

#[test]
fn ctrl_c_lets_the_calls_under_way_end_and_says_how_to_go_on() {
    let world = World::new("ctrl-c");
    world.write("my users.csv", csv_of(300));
    let arguments = ["authing", "users", "import", "my users.csv", "--rate", "40"];
    let mut terminal = Terminal::run(&world, &arguments);
    terminal.wait_for(|text| text.contains("/300"));
    while world.usernames("u-").len() < 3 {
        assert_eq!(terminal.process.try_wait().unwrap(), None);
    }
    terminal.press(b"\x03");
    let (code, text) = terminal.end();
    assert_eq!(code, Some(130), "{text}");
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
    let rest = world.run(&["authing", "users", "import", "my users.csv", "-o", "json"]);
    assert_eq!((rest.code, rest.count("earlier"), rest.count("failed")), (Some(0), created as u64, 0), "{rest:?}");
    assert_eq!(world.usernames("u-"), names_of(300));
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_that_is_closed_lets_the_calls_under_way_end() {
    let world = World::new("hang-up");
    world.write("users.csv", csv_of(300));
    let mut process = world.iam(&["authing", "users", "import", "users.csv", "--rate", "40"]).spawn().unwrap();
    while world.usernames("u-").len() < 3 {
        assert_eq!(process.try_wait().unwrap(), None);
    }
    // SAFETY: the process is a child that was not waited for.
    assert_eq!(unsafe { libc::kill(process.id().cast_signed(), libc::SIGHUP) }, 0);
    let run = super::Run::of(process.wait_with_output().unwrap());
    assert!(run.code == Some(130) && run.err.contains("go on with: "), "{run:?}");
    let created = world.usernames("u-").len();
    assert_eq!(world.read("users.csv.iam-journal").matches("\"result\":\"created\"").count(), created);
}

#[test]
fn an_update_asks_first() {
    let world = World::new("asked");
    world.write("users.csv", "username,nickname\nann,A\n");
    for (answer, code, nickname) in [(&b"n\r"[..], Some(2), None), (b"y\r", Some(0), Some("A"))] {
        let mut terminal = Terminal::run(&world, &["authing", "users", "import", "users.csv", "--update"]);
        terminal.wait_for(|text| text.contains("Go on? [y/N]"));
        terminal.press(answer);
        let (ended, text) = terminal.end();
        assert_eq!(ended, code, "{text}");
        let ann = world.client().users().find(iam_sdk::authing::UserLookup::username("ann")).unwrap();
        assert_eq!(ann.nickname.as_deref().filter(|name| *name == "A"), nickname);
    }
}
