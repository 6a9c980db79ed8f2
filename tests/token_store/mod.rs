//! The store in files, across processes.

mod file;
mod fork;
#[cfg(feature = "redis")]
mod redis;

use iam_sdk::{
    Error, UserToken,
    token_store::{EncryptionKey, FileStore, FileStoreError, LoginAttempts, StoreKey, StoredToken, TokenStore},
};
use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

/// A directory of one test's own.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("iam-sdk-test-{:032x}", rand::random::<u128>())))
    }

    fn store(&self) -> FileStore {
        store_at(&self.0, 7)
    }

    /// The one file with this ending.
    fn file(&self, ending: &str) -> PathBuf {
        let files = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut found = files.filter(|path| path.to_str().unwrap().ends_with(ending));
        let file = found.next().unwrap_or_else(|| panic!("no file *{ending}"));
        assert_eq!(found.next(), None);
        file
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn store_at(path: &Path, key: u8) -> FileStore {
    FileStore::open(path, EncryptionKey::from_bytes([key; 32])).unwrap()
}

/// The key of a session with this name.
fn key(session: &str) -> StoreKey {
    StoreKey::new("digiwin", "https://h", "a", Some(session))
}

fn token(text: &str) -> StoredToken {
    StoredToken::new(UserToken::from(text))
}

/// Returns the token in a store.
fn text(store: &impl TokenStore, key: &StoreKey) -> String {
    store.get(key).unwrap().expect("a token").token.expose_secret().to_owned()
}

/// Returns login attempts of this age.
fn attempts(age: Duration) -> LoginAttempts {
    let at = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() - age;
    LoginAttempts::from_json(format!(r#"[{{"at":{}}}]"#, at.as_millis()).as_bytes()).unwrap()
}

fn cause(error: &Error) -> &FileStoreError {
    std::error::Error::source(error).unwrap().downcast_ref().unwrap()
}

#[cfg(feature = "conformance")]
#[test]
fn memory_and_files_keep_the_contract_of_stores() {
    use iam_sdk::token_store::{MemoryStore, conformance::check};
    use std::sync::Arc;
    let memory: Arc<dyn TokenStore> = Arc::new(MemoryStore::new());
    check(|| memory.clone()).unwrap();
    let directory = Directory::new();
    check(|| Arc::new(directory.store())).unwrap();
}

#[test]
fn a_token_is_kept_encrypted_and_private() {
    let directory = Directory::new();
    let (store, ann) = (directory.store(), key("ann"));
    assert_eq!(store.get(&ann).unwrap(), None);
    let stored = token("token-canary").expires_in(Duration::from_secs(60));
    store.put(&ann, &stored).unwrap();

    let again = directory.store().get(&ann).unwrap().unwrap();
    assert_eq!(again.token, stored.token);
    let whole_seconds = |at: Option<SystemTime>| at.unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(whole_seconds(again.expires_at), whole_seconds(stored.expires_at));
    assert_eq!(store.get(&key("bob")).unwrap(), None);

    let file = directory.file(".token");
    let bytes = fs::read(&file).unwrap();
    assert_eq!(bytes[0], 1, "the version comes first");
    assert!(!bytes.windows(6).any(|part| part == b"canary"));
    assert!(!file.to_str().unwrap().contains("ann") && !format!("{store:?}").contains("canary"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&directory.0), mode(&file)), (0o700, 0o600));

    store.remove(&ann).unwrap();
    store.remove(&ann).unwrap();
    assert_eq!(store.get(&ann).unwrap(), None);
}

#[test]
fn a_file_that_does_not_open_is_named_and_kept_aside() {
    let directory = Directory::new();
    let ann = key("ann");
    directory.store().put(&ann, &token("old")).unwrap();
    let file = directory.file(".token");
    let old = fs::read(&file).unwrap();

    let wrong = store_at(&directory.0, 8);
    let error = wrong.get(&ann).unwrap_err();
    assert!(matches!(cause(&error), FileStoreError::Unreadable { path, .. } if *path == file), "{error:?}");
    assert_eq!(fs::read(&file).unwrap(), old, "reading moves nothing");
    wrong.put(&ann, &token("new")).unwrap();
    assert_eq!(text(&wrong, &ann), "new");
    assert_eq!(fs::read(directory.file(".aside")).unwrap(), old);

    for torn in [&old[..0], &old[..1], &old[..old.len() - 1], b"not a sealed token"] {
        fs::write(&file, torn).unwrap();
        let error = directory.store().get(&ann).unwrap_err();
        let FileStoreError::Unreadable { path, reason } = cause(&error) else { panic!("{error:?}") };
        assert_eq!((path, error.is_retryable()), (&file, false));
        let line = error.to_string();
        assert!(line.contains(path.to_str().unwrap()) && line.contains(&reason.to_string()), "{line}");
    }
    fs::write(&file, &old).unwrap();
    let foreign = file.with_file_name(format!("{}.token", key("bob").as_str()));
    fs::copy(&file, foreign).unwrap();
    assert!(directory.store().get(&key("bob")).is_err(), "another session's file");
}

#[test]
fn a_passphrase_opens_the_files_of_other_processes() {
    let directory = Directory::new();
    let store =
        |passphrase: &str| FileStore::open(&directory.0, EncryptionKey::from_passphrase(passphrase).unwrap()).unwrap();
    store("correct horse").put(&key("ann"), &token("t")).unwrap();
    assert_eq!(text(&store("correct horse"), &key("ann")), "t");
    let error = store("battery staple").get(&key("ann")).unwrap_err();
    assert!(matches!(cause(&error), FileStoreError::Unreadable { .. }), "{error:?}");
    store("battery staple").put(&key("ann"), &token("u")).unwrap();
    assert_eq!(text(&store("battery staple"), &key("ann")), "u");
    assert!(directory.file(".aside").is_file());
}

#[test]
fn a_directory_that_others_may_use_is_refused() {
    let directory = Directory::new();
    fs::create_dir(&directory.0).unwrap();
    fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o755)).unwrap();
    let error = FileStore::open(&directory.0, EncryptionKey::from_bytes([7; 32])).unwrap_err();
    assert!(matches!(cause(&error), FileStoreError::OpenToOthers { mode: 0o755, .. }), "{error:?}");
    fs::write(directory.0.join("file"), "").unwrap();
    let error = FileStore::open(directory.0.join("file/tokens"), EncryptionKey::from_bytes([7; 32])).unwrap_err();
    assert!(matches!(cause(&error), FileStoreError::Io { .. }), "{error:?}");
}

#[test]
fn a_lock_is_waited_for_and_not_for_ever() {
    let directory = Directory::new();
    let (store, ann) = (directory.store().lock_timeout(Duration::from_millis(20)), key("ann"));
    store.put(&ann, &token("t")).unwrap();
    let held = fs::File::create(directory.0.join(format!("{}.lock", ann.as_str()))).unwrap();
    held.lock().unwrap();
    let error = store.put(&ann, &token("u")).unwrap_err();
    assert!(matches!(cause(&error), FileStoreError::Locked { .. }) && error.is_retryable(), "{error:?}");
    assert_eq!(text(&store, &ann), "t", "reading needs no lock");
    drop(held);
    store.put(&ann, &token("u")).unwrap();
}

/// Not a test of its own: a process without a keyring asks for one.
#[cfg(all(feature = "keyring", target_os = "linux"))]
#[test]
fn child_without_a_keyring() {
    if std::env::var_os(NO_KEYRING).is_none() {
        return;
    }
    let error = EncryptionKey::from_keyring("iam-sdk-test", "nobody").unwrap_err();
    assert_eq!(error.kind(), iam_sdk::ErrorKind::Store);
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.is::<iam_sdk::token_store::KeyringError>(), "{source:?}");
    assert!(source.to_string().contains("keyring"), "{source}");
    println!("told so");
}

#[cfg(all(feature = "keyring", target_os = "linux"))]
const NO_KEYRING: &str = "IAM_SDK_TEST_NO_KEYRING";

#[cfg(all(feature = "keyring", target_os = "linux"))]
#[test]
fn a_machine_without_a_keyring_is_told_so() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["token_store::child_without_a_keyring", "--exact", "--nocapture"]).env(NO_KEYRING, "1");
    // Nobody listens there.
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("told so"), "{told}{}", String::from_utf8_lossy(&output.stderr));
}

const DIRECTORY: &str = "IAM_SDK_TEST_STORE";

/// Not a test of its own: what the two below run in other processes. Writes one token after the other until it is killed or
/// has written as many as it should.
#[test]
fn child_that_writes() {
    let Ok(arguments) = std::env::var(DIRECTORY) else { return };
    let (path, writes) = arguments.rsplit_once(' ').unwrap();
    let (store, ann) = (store_at(Path::new(path), 7), key("ann"));
    for n in 0..writes.parse::<u32>().unwrap() {
        store.put(&ann, &token(&format!("token-{n:06}-{}", "x".repeat(20_000)))).unwrap();
        if n == 0 {
            println!("writing");
        }
    }
}

fn child(directory: &Directory, writes: u32) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["token_store::child_that_writes", "--exact", "--nocapture"]).stdout(Stdio::piped());
    command.env(DIRECTORY, format!("{} {writes}", directory.0.display())).spawn().unwrap()
}

fn is_whole(stored: &StoredToken) -> bool {
    let text = stored.token.expose_secret();
    text.starts_with("token-") && text.len() == 6 + 6 + 1 + 20_000
}

#[test]
fn a_writer_killed_at_any_moment_leaves_the_old_or_the_new_token() {
    let directory = Directory::new();
    let (store, ann) = (directory.store(), key("ann"));
    for _ in 0..200 {
        let mut child = child(&directory, 1_000_000);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.ends_with("writing\n") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the child ended");
        }
        // A moment at random, within a few writes.
        for n in 0..rand::random_range(0..200_000u32) {
            std::hint::black_box(n);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_whole(&store.get(&ann).unwrap().unwrap()));
    }
    store.put(&ann, &token("after")).unwrap();
    assert_eq!(text(&store, &ann), "after");
    let left: Vec<_> = fs::read_dir(&directory.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1, "the token, and nothing of the writers that were killed: {left:?}");
}

#[test]
fn eight_processes_that_write_and_one_that_reads_never_meet_a_torn_file() {
    let directory = Directory::new();
    let (store, ann) = (directory.store(), key("ann"));
    let mut children: Vec<Child> = (0..8).map(|_| child(&directory, 100)).collect();
    let mut read = 0;
    while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        if let Some(stored) = store.get(&ann).unwrap() {
            assert!(is_whole(&stored));
            read += 1;
        }
    }
    for mut child in children {
        let mut output = String::new();
        child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        assert!(child.wait().unwrap().success(), "{output}");
    }
    assert!(read > 0);
}

/// Not a test of its own: a process that makes one call, by a session with credentials in a store that others share.
#[test]
fn child_that_calls() {
    let Ok(arguments) = std::env::var(CALL) else { return };
    let [url, app_token, user, password, store] = arguments.split('|').collect::<Vec<_>>().try_into().unwrap();
    let store: std::sync::Arc<dyn TokenStore> = match store.split_once(':').unwrap() {
        ("file", path) => std::sync::Arc::new(store_at(Path::new(path), 7)),
        #[cfg(feature = "redis")]
        ("redis", _) => std::sync::Arc::new(redis::store_at(store, 7)),
        _ => panic!("{store}"),
    };
    let credentials = iam_sdk::digiwin::Credentials::password(user, password);
    #[cfg(feature = "blocking")]
    {
        let builder = iam_sdk::blocking::Client::builder(url, app_token).credentials(credentials);
        builder.shared_token_store(store).build().unwrap().identity().analyze_token().unwrap();
    }
    #[cfg(not(feature = "blocking"))]
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let builder = iam_sdk::Client::builder(url, app_token).credentials(credentials);
        builder.shared_token_store(store).build().unwrap().identity().analyze_token().await.unwrap();
    });
}

const CALL: &str = "IAM_SDK_TEST_CALL";

/// Returns how many logins eight processes that share this store make: first, and after their token has ended.
fn logins_of_eight_processes(store: &str) -> [usize; 2] {
    let emulator = iam_sdk::emulator::Emulator::builder().latency(Duration::from_millis(20)).start().unwrap();
    let account = emulator.digiwin().account();
    let password = account.password.expose_secret();
    let call = [&emulator.base_url(), account.app_token.expose_secret(), &account.user_id, password, store].join("|");
    let round = || {
        let children: Vec<Child> = (0..8)
            .map(|_| {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["token_store::child_that_calls", "--exact", "--nocapture"]);
                command.env(CALL, &call).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        emulator.requests().iter().filter(|served| served.path.ends_with("/identity/login")).count()
    };
    let first = round();
    emulator.digiwin().expire_tokens();
    [first, round()]
}

#[test]
fn eight_processes_on_one_directory_make_one_login() {
    let directory = Directory::new();
    directory.store();
    assert_eq!(logins_of_eight_processes(&format!("file:{}", directory.0.display())), [1, 2]);
}

#[cfg(feature = "blocking")]
#[test]
fn a_session_with_credentials_passes_over_a_file_that_cannot_be_read_and_logs_in() {
    use iam_sdk::{blocking::Client, digiwin::Credentials, emulator::Emulator};
    let (emulator, directory) = (Emulator::start().unwrap(), Directory::new());
    let account = emulator.digiwin().account();
    let client = || {
        let builder = Client::builder(emulator.base_url(), account.app_token.clone());
        let builder = builder.credentials(Credentials::password("ann", account.password.clone()));
        builder.token_store(directory.store()).build().unwrap()
    };
    let log = crate::support::log::Log::start();
    client().identity().analyze_token().unwrap();
    let logins = || emulator.requests().iter().filter(|served| served.path.ends_with("/identity/login")).count();
    for (damage, expected) in [("damaged", 2), ("", 3)] {
        fs::write(directory.file(".token"), damage).unwrap();
        // Each is a process of its own, as far as the session knows.
        client().identity().analyze_token().unwrap();
        assert_eq!(fs::read(directory.file(".aside")).unwrap(), damage.as_bytes());
        client().identity().analyze_token().unwrap();
        assert_eq!(logins(), expected, "the next one finds the new token");
    }
    let text = log.text();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("cannot be read")).collect();
    assert!(
        told.len() >= 2 && told.iter().all(|line| line.contains(".token: ")),
        "an event that names the file: {text}"
    );
}

#[cfg(all(feature = "async", feature = "blocking"))]
#[test]
fn both_flavours_read_one_anothers_store_and_a_login_heals_it() {
    use iam_sdk::{ErrorKind, r#async, blocking, emulator::Emulator};
    let (emulator, directory) = (Emulator::start().unwrap(), Directory::new());
    let account = emulator.digiwin().account();
    let builder = || {
        let builder = blocking::Client::builder(emulator.base_url(), account.app_token.clone());
        builder.token_store(directory.store()).build().unwrap().with_session("ann")
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let builder = r#async::Client::builder(emulator.base_url(), account.app_token.clone());
        let client = builder.token_store(directory.store()).build().unwrap().with_session("ann");
        client.identity().login("ann", account.password.clone()).await.unwrap();
    });
    assert_eq!(builder().identity().analyze_token().unwrap().user_id.as_deref(), Some("ann"));

    fs::write(directory.file(".token"), "damaged").unwrap();
    let client = builder();
    let error = client.identity().analyze_token().unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::Store, false));
    assert!(matches!(cause(&error), FileStoreError::Unreadable { .. }));
    client.identity().login("ann", account.password.clone()).unwrap();
    assert_eq!(builder().identity().analyze_token().unwrap().user_id.as_deref(), Some("ann"));
    assert_eq!(fs::read(directory.file(".aside")).unwrap(), b"damaged");
}
