//! A terminal: prompts that hide what is typed, questions, and Ctrl-C.

use super::support::Home;
use rustix::{
    fs::{Mode, OFlags, open},
    process::{ioctl_tiocsctty, setsid},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{
    fs::File,
    io::{Read as _, Write as _},
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::process::CommandExt as _,
    },
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// How many cells a line of the terminal has.
const SCREEN: u16 = 120;

/// A process whose standard streams are a terminal.
pub struct Session {
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Session {
    pub fn start(mut command: Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        tcsetwinsize(&terminal, Winsize { ws_row: 40, ws_col: SCREEN, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let side = || -> OwnedFd { open(&*name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap() };
        let (input, output, errors) = (side(), side(), side());
        command.env("TERM", "xterm").stdin(Stdio::from(input)).stdout(Stdio::from(output)).stderr(Stdio::from(errors));
        // Ctrl-C is for the processes whose terminal it is.
        // SAFETY: a process that was just forked has its standard streams.
        let input = unsafe { BorrowedFd::borrow_raw(0) };
        let take = move || {
            setsid()?;
            Ok(ioctl_tiocsctty(input)?)
        };
        // SAFETY: both calls are async-signal-safe.
        unsafe { command.pre_exec(take) };
        let child = command.spawn().unwrap();
        // The command holds the other ends, too.
        drop(command);
        let terminal = File::from(terminal);
        let (sender, receiver) = channel();
        let mut reader = terminal.try_clone().unwrap();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // It ends with an error when the last process has gone.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..count].to_owned()).is_err() {
                    break;
                }
            }
        });
        Self { child, terminal, output: receiver, seen: String::new() }
    }

    /// Waits until this is on the screen, after what was waited for before.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            match self.output.recv_timeout(Duration::from_secs(60)) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("no `{text}` in {}", self.seen),
            }
        }
    }

    pub fn type_in(&mut self, text: &str) {
        self.terminal.write_all(text.as_bytes()).unwrap();
    }

    /// Fails if the process has ended.
    #[track_caller]
    pub fn assert_runs(&mut self) {
        assert_eq!(self.child.try_wait().unwrap(), None, "{}", self.seen);
    }

    /// Waits for the end; returns all that was on the screen.
    pub fn end(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(500)) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (status, self.seen)
    }

    /// Returns whether the terminal shows what is typed.
    fn echoes(&self) -> bool {
        use rustix::termios::{LocalModes, tcgetattr};
        tcgetattr(&self.terminal).unwrap().local_modes.contains(LocalModes::ECHO)
    }
}

fn login(home: &Home) -> Session {
    let (url, account) = (home.emulator.base_url(), home.emulator.digiwin().account());
    let mut command = home.command(&["login", "digiwin", "--base-url", &url]);
    command.env("IAM_APP_TOKEN", account.app_token.expose_secret());
    Session::start(command)
}

#[test]
fn a_login_asks_for_what_is_missing_and_hides_the_password() {
    let home = Home::new();
    let mut session = login(&home);
    session.wait_for("User: ");
    session.type_in("ann\n");
    session.wait_for("Password of ann: ");
    assert!(!session.echoes(), "before the question is there");
    let password = home.emulator.digiwin().account().password.expose_secret().to_owned();
    session.type_in(&format!("{password}x\u{7f}\n"));
    session.wait_for("Logged in");
    assert!(session.echoes(), "the terminal is as it was");
    let (status, seen) = session.end();
    assert!(status.success() && !seen.contains(&password), "{seen}");
    assert_eq!(home.iam(&["whoami", "--fields", "userId"]).ok(), "userId\tann\n");
}

#[test]
fn a_login_of_a_new_profile_asks_for_its_service() {
    let home = Home::new();
    let start = || Session::start(home.command(&["login", "--profile", "new"]));
    let mut session = start();
    session.wait_for("Service (digiwin, authing or license): ");
    session.type_in("authing\n");
    session.wait_for("Id of the user pool: ");
    // The end of the input is no answer.
    session.type_in("\u{4}");
    let (status, seen) = session.end();
    assert!(status.code() == Some(2) && seen.contains("there was no answer"), "{seen}");
    assert_eq!(home.config(), "");
    let mut session = start();
    session.wait_for("license): ");
    session.type_in("other\n");
    let (status, seen) = session.end();
    assert!(status.code() == Some(2) && seen.contains("there is no service `other`"), "{seen}");
}

#[test]
fn ctrl_c_at_a_prompt_ends_with_130_and_leaves_the_terminal_as_it_was() {
    let home = Home::new();
    let mut session = login(&home);
    session.wait_for("User: ");
    session.type_in("ann\n");
    session.wait_for("Password of ann: ");
    assert!(!session.echoes(), "before the question is there");
    session.type_in("half\u{3}");
    assert_eq!(session.child.wait().unwrap().code(), Some(130));
    assert!(session.echoes());
    let (_, seen) = session.end();
    assert!(!seen.contains("half") && home.config().is_empty(), "{seen}");
}

#[test]
fn a_signal_at_a_prompt_leaves_the_terminal_as_it_was() {
    use rustix::process::{Pid, Signal, kill_process};
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let home = Home::new();
        let mut session = login(&home);
        session.wait_for("User: ");
        session.type_in("ann\n");
        session.wait_for("Password of ann: ");
        kill_process(Pid::from_child(&session.child), signal).unwrap();
        assert_eq!(session.child.wait().unwrap().code(), Some(code));
        assert!(session.echoes(), "{signal:?}");
    }
}

#[test]
fn what_is_final_is_asked() {
    let home = Home::logged_in();
    let user = home.iam(&["authing", "users", "find", "--username", "ann", "--jq", ".id"]).ok();
    let user = user.trim();
    let delete = |answer: &str| {
        let mut session = Session::start(home.command(&["authing", "users", "delete", user]));
        session.wait_for(&format!("Remove user {user}? [y/N]: "));
        session.type_in(answer);
        session.end()
    };
    for no in ["\n", "n\n", "what?\n"] {
        let (status, seen) = delete(no);
        assert_eq!(status.code(), Some(2), "{seen}");
    }
    assert_eq!(home.requests_of("authing.users.delete"), 0);
    let (status, seen) = delete("y\n");
    assert!(status.success() && seen.contains("Done."), "{seen}");
    assert_eq!(home.requests_of("authing.users.delete"), 1);
}

#[test]
fn the_name_of_an_organization_is_to_be_typed() {
    let home = Home::logged_in();
    let org = home.iam(&["authing", "orgs", "list", "--jq", ".[0].id"]).ok();
    let org = org.trim();
    let delete = |answer: &str| {
        let mut session = Session::start(home.command(&["authing", "orgs", "delete", org]));
        session.wait_for(&format!("Type `{org}` to go on: "));
        session.type_in(answer);
        session.end().0.code()
    };
    assert_eq!(delete("y\n"), Some(2));
    assert_eq!(home.requests_of("authing.orgs.delete_by_id"), 0);
    assert_eq!(delete(&format!("{org}\n")), Some(0));
    assert_eq!(home.requests_of("authing.orgs.delete_by_id"), 1);
}

#[test]
fn people_see_tables_with_a_head_in_color() {
    let home = Home::logged_in();
    let get = ["digiwin", "users", "get-many", "bob", "--fields", "id,name"];
    let seen = |command: Command| Session::start(command).end().1.replace("\r\n", "\n");
    let colored = seen(home.command(&get));
    assert!(colored.contains("\u{1b}[1m") && colored.contains("Bob Carter"), "{colored:?}");
    let mut command = home.command(&get);
    command.env("NO_COLOR", "1");
    assert_eq!(seen(command), "ID   NAME\nbob  Bob Carter\n");
    let tree = seen(home.command(&["authing", "orgs", "tree", "--color", "never", "--fields", "name"]));
    assert_eq!(tree, "NAME\nAcme\n  Research\n    Lab 1\n  Sales\n    North\n    South\n");
}

/// Names come from users, and a terminal obeys what it is sent.
#[test]
fn what_people_called_themselves_does_not_act_on_the_terminal() {
    let home = Home::logged_in();
    let name = "a\u{202e}b\u{1b}]0;title\u{7}c\u{9b}2J";
    home.iam(&["authing", "users", "create", "username=evil", &format!("nickname={name}")]).ok();
    for format in
        [&[][..], &["-o", "plain"], &["-o", "json"], &["-o", "jsonl"], &["-o", "csv"], &["--jq", ".[].nickname"]]
    {
        let list = ["authing", "users", "list", "--limit", "1", "--fields", "nickname", "--color", "never"];
        let (status, seen) = Session::start(home.command(&[&list[..], format].concat())).end();
        assert!(status.success() && seen.contains("title"), "{format:?}: {seen:?}");
        let acts = |c: char| c != '\r' && c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!seen.contains(acts), "{format:?}: {seen:?}");
    }
    let (_, seen) = Session::start(home.command(&["digiwin", "users", "get", "x\u{202e}\u{1b}[2J"])).end();
    assert!(seen.contains("not found") && !seen.contains(['\u{202e}', '\u{1b}']), "{seen:?}");
    // What a program reads is what the service has.
    let list = ["authing", "users", "list", "--limit", "1", "--jq", ".[0].nickname"];
    assert_eq!(home.iam(&list).ok(), format!("{name}\n"));
}
