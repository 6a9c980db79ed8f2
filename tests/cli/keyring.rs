//! A keyring that can be read and not written, as the process meets it: a Secret Service on a socket.

use super::support::{Home, Ran, run};
use std::{
    fs,
    io::{self, Read, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    process::Command,
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

/// What the Secret Service keeps, and what it was asked.
#[derive(Debug, Default)]
struct State {
    read_only: bool,
    /// The secret as the client sealed it. The session's key is the same in every session: see `OpenSession`.
    item: Option<Sealed>,
    calls: Vec<String>,
}

#[derive(Clone, Debug)]
struct Sealed {
    salt: Vec<u8>,
    data: Vec<u8>,
}

/// A bus with nothing but a Secret Service on it.
struct SecretService {
    address: String,
    state: Arc<Mutex<State>>,
}

impl SecretService {
    fn start(home: &Home) -> Self {
        let path = home.path.join("bus");
        let listener = UnixListener::bind(&path).unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = shared.clone();
                // A client that hangs up in the middle is no failure.
                thread::spawn(move || stream.and_then(|stream| serve(stream, &state)));
            }
        });
        Self { address: format!("unix:path={}", path.display()), state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn calls_of(&self, member: &str) -> usize {
        self.state().calls.iter().filter(|call| *call == member).count()
    }

    fn command(&self, home: &Home, arguments: &[&str]) -> Command {
        let mut command = home.command(arguments);
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.address);
        command
    }

    fn log_in(&self, home: &Home, profile: &str) -> Ran {
        let account = home.emulator.authing().account();
        let url = home.emulator.base_url();
        let login = ["login", "authing", "--profile", profile, "--base-url", &url, "--password-stdin"];
        let login = [&login[..], &["--user-pool", &account.user_pool_id]].concat();
        run(self.command(home, &login), account.secret.expose_secret())
    }

    fn iam(&self, home: &Home, arguments: &[&str]) -> Ran {
        run(self.command(home, arguments), "")
    }
}

#[test]
fn a_keyring_that_cannot_be_written_does_not_lose_the_login() {
    let home = Home::new();
    let service = SecretService::start(&home);
    service.state().read_only = true;
    let said = service.log_in(&home, "pool");
    assert_eq!(service.calls_of("CreateItem"), 1, "the keyring was read, and written in vain: {said:?}");
    let key = home.state_path().join("store.key");
    let lines: Vec<_> = said.err.lines().filter(|line| line.contains("The keyring cannot be used")).collect();
    assert!(matches!(&lines[..], [line] if line.contains("read-only") && line.contains("store.key")), "{said:?}");
    assert!(said.err.contains("Logged in"), "{said:?}");
    said.ok();
    assert_eq!(fs::read(&key).unwrap().len(), 32);
    assert!(home.config().contains("store_key = \"file\""), "{}", home.config());
    // Later runs find the session under the key in the file, and leave the keyring alone, writable or not.
    let before = (fs::read(&key).unwrap(), service.state().calls.len());
    service.state().read_only = false;
    let again = service.iam(&home, &["whoami", "--fields", "id"]);
    assert_eq!((again.err.as_str(), again.code), ("", 0), "{again:?}");
    let status = service.iam(&home, &["auth", "status"]);
    assert!(status.out.contains(&format!("sealed under a key in {}", key.display())), "{status:?}");
    assert!(status.out.contains("logged in: ") && !status.out.contains("keyring"), "{status:?}");
    assert_eq!((fs::read(&key).unwrap(), service.state().calls.len()), before);
}

#[test]
fn a_key_that_the_keyring_has_is_used_though_it_cannot_be_written() {
    let home = Home::new();
    let service = SecretService::start(&home);
    let said = service.log_in(&home, "pool");
    assert!(!said.err.contains("cannot be used"), "{said:?}");
    said.ok();
    assert!(service.state().item.is_some() && home.config().contains("store_key = \"keyring\""), "{}", home.config());
    let written = service.calls_of("CreateItem");
    service.state().read_only = true;
    service.iam(&home, &["whoami", "--fields", "id"]).ok();
    // A profile that has chosen nothing yet takes the same key.
    let said = service.log_in(&home, "other");
    assert!(!said.err.contains("cannot be used"), "{said:?}");
    said.ok();
    assert_eq!(home.config().matches("store_key = \"keyring\"").count(), 2, "{}", home.config());
    let status = service.iam(&home, &["auth", "status"]);
    assert_eq!(status.out.matches("sealed under a key in the operating system's keyring").count(), 2, "{status:?}");
    assert_eq!(service.calls_of("CreateItem"), written);
    assert!(!home.state_path().join("store.key").exists());
}

const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const ITEM: &str = "/org/freedesktop/secrets/collection/login/1";
const SESSION: &str = "/org/freedesktop/secrets/session/1";
const NO_PROMPT: &str = "/";

/// One client of the bus: it says who it is, then calls.
fn serve(mut stream: UnixStream, state: &Mutex<State>) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            line.extend(byte);
        }
        match line.trim_ascii_end() {
            b"BEGIN" => break,
            line if line.starts_with(b"\0AUTH EXTERNAL") => {
                stream.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n")?;
            }
            _ => stream.write_all(b"ERROR\r\n")?,
        }
    }
    loop {
        let call = Call::read(&mut stream)?;
        state.lock().unwrap().calls.push(call.member.clone());
        let answer = answer(&call, &mut state.lock().unwrap());
        stream.write_all(&reply(&call, answer))?;
    }
}

/// The signature and the body of a response, or an error's name and text.
type Answer = Result<(&'static str, Body), (&'static str, &'static str)>;

fn answer(call: &Call, state: &mut State) -> Answer {
    let body = Body::default();
    Ok(match call.member.as_str() {
        "Hello" => ("s", body.text(":1.1")),
        // With 1 as the service's public key the shared secret is 1 too, whatever the client's private key is: what one
        // process sealed, another one opens, and nothing here need know how.
        "OpenSession" => ("vo", body.signature("ay").bytes(&[1]).text(SESSION)),
        "ReadAlias" => ("o", body.text(COLLECTION)),
        "SearchItems" if call.path == COLLECTION => ("ao", body.paths(&[])),
        "SearchItems" => ("aoao", body.paths(state.item.as_ref().map(|_| ITEM).as_slice()).paths(&[])),
        // The one property that is asked for: `Locked`.
        "Get" => ("v", body.signature("b").number(0)),
        "CreateItem" if state.read_only => {
            return Err(("org.freedesktop.DBus.Error.AccessDenied", "the keyring is read-only"));
        }
        "CreateItem" => {
            let mut arguments = Reader { bytes: &call.body, at: 0 };
            arguments.skip_properties();
            arguments.align(8);
            arguments.text();
            state.item = Some(Sealed { salt: arguments.bytes(), data: arguments.bytes() });
            ("oo", body.text(ITEM).text(NO_PROMPT))
        }
        "GetSecret" => {
            let Sealed { salt, data } = state.item.clone().expect("an item that was found");
            ("(oayays)", body.text(SESSION).bytes(&salt).bytes(&data).text("text/plain"))
        }
        _ => return Err(("org.freedesktop.DBus.Error.UnknownMethod", "not of this Secret Service")),
    })
}

/// A method call, without what nobody here looks at.
struct Call {
    serial: u32,
    path: String,
    member: String,
    body: Vec<u8>,
}

impl Call {
    fn read(stream: &mut UnixStream) -> io::Result<Self> {
        let mut head = [0; 16];
        stream.read_exact(&mut head)?;
        assert_eq!(
            head[0], b'l',
            "libdbus writes in the machine's order of bytes, and this reads the little end first"
        );
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        let (body, serial, fields) = (number(4) as usize, number(8), number(12) as usize);
        // The fields begin at 16 and are filled up to a multiple of 8; the body comes after them.
        let mut bytes = vec![0; fields.next_multiple_of(8)];
        stream.read_exact(&mut bytes)?;
        let (mut path, mut member) = (String::new(), String::new());
        let mut reader = Reader { bytes: &bytes[..fields], at: 0 };
        while reader.at < fields {
            reader.align(8);
            let code = reader.byte();
            match (code, reader.signature().as_str()) {
                (1, "o") => path = reader.text(),
                (3, "s") => member = reader.text(),
                (_, "s" | "o") => drop(reader.text()),
                (_, "g") => drop(reader.signature()),
                (_, _) => drop(reader.number()),
            }
        }
        let mut bytes = vec![0; body];
        stream.read_exact(&mut bytes)?;
        Ok(Self { serial, path, member, body: bytes })
    }
}

fn reply(call: &Call, answer: Answer) -> Vec<u8> {
    let (kind, error, signature, body) = match answer {
        Ok((signature, body)) => (2, None, signature, body),
        Err((name, text)) => (3, Some(name), "s", Body::default().text(text)),
    };
    let mut fields = Body::default().byte(5).signature("u").number(call.serial);
    fields = fields.align(8).byte(8).signature("g").signature(signature);
    if let Some(name) = error {
        fields = fields.align(8).byte(4).signature("s").text(name);
    }
    let mut message = vec![b'l', kind, 0, 1];
    for number in [body.0.len() as u32, 1, fields.0.len() as u32] {
        message.extend(number.to_le_bytes());
    }
    message.extend(&fields.align(8).0);
    message.extend(&body.0);
    message
}

/// Values as D-Bus writes them. What it begins with is at a multiple of 8.
#[derive(Default)]
struct Body(Vec<u8>);

impl Body {
    fn align(mut self, size: usize) -> Self {
        self.0.resize(self.0.len().next_multiple_of(size), 0);
        self
    }

    fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    fn number(self, number: u32) -> Self {
        let mut aligned = self.align(4);
        aligned.0.extend(number.to_le_bytes());
        aligned
    }

    /// A text, or the path of an object.
    fn text(self, text: &str) -> Self {
        let mut begun = self.number(text.len() as u32);
        begun.0.extend(text.as_bytes());
        begun.byte(0)
    }

    fn signature(self, text: &str) -> Self {
        let mut begun = self.byte(text.len() as u8);
        begun.0.extend(text.as_bytes());
        begun.byte(0)
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut begun = self.number(bytes.len() as u32);
        begun.0.extend(bytes);
        begun
    }

    /// No path, or one.
    fn paths(self, paths: &[&str]) -> Self {
        let length = paths.iter().map(|path| 4 + path.len() + 1).sum::<usize>();
        assert!(paths.len() < 2, "a second one would begin at a multiple of 4");
        paths.iter().fold(self.number(length as u32), |body, path| body.text(path))
    }
}

/// Reads what [`Body`] writes.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn align(&mut self, size: usize) {
        self.at = self.at.next_multiple_of(size);
    }

    fn take(&mut self, count: usize) -> &[u8] {
        self.at += count;
        &self.bytes[self.at - count..self.at]
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn number(&mut self) -> u32 {
        self.align(4);
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let length = self.number() as usize;
        let text = String::from_utf8(self.take(length).to_vec()).unwrap();
        self.byte();
        text
    }

    fn signature(&mut self) -> String {
        let length = self.byte().into();
        let text = String::from_utf8(self.take(length).to_vec()).unwrap();
        self.byte();
        text
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.number() as usize;
        self.take(length).to_vec()
    }

    /// Goes over a table of properties, `a{sv}`.
    fn skip_properties(&mut self) {
        let length = self.number() as usize;
        self.align(8);
        self.take(length);
    }
}
