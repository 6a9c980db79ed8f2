//! What a `FileStore` refuses, what it leaves alone and what it cleans.

use super::{Directory, attempts, cause, key, store_at, text, token};
use iam_sdk::{
    ErrorKind,
    token_store::{EncryptionKey, FileStore, FileStoreError, LoginAttempts, StoreKey, TokenStore},
};
use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Directory {
    /// Makes it, before a store does.
    fn made() -> Self {
        let directory = Self::new();
        fs::create_dir(&directory.0).unwrap();
        fs::set_permissions(&directory.0, fs::Permissions::from_mode(0o700)).unwrap();
        directory
    }

    fn path(&self, key: &StoreKey, ending: &str) -> PathBuf {
        self.0.join(format!("{}.{ending}", key.as_str()))
    }

    /// The endings of all files, in order.
    fn endings(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut endings: Vec<_> = names.map(|name| name.split_once('.').unwrap().1.to_owned()).collect();
        endings.sort();
        endings
    }
}

fn open(path: impl Into<PathBuf>) -> iam_sdk::Result<FileStore> {
    FileStore::open(path, EncryptionKey::from_bytes([7; 32]))
}

fn make_old(path: &Path, age: Duration) {
    File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

/// Runs a test of this file in a process of its own.
fn in_a_child(test: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&*format!("token_store::file::{test}"), "--exact", "--nocapture", "--test-threads=1"]);
    let output = command.env(CHILD, "1").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("done"),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

const CHILD: &str = "IAM_SDK_TEST_CHILD";

#[test]
fn a_directory_of_another_user_is_refused() {
    let directory = Directory::made();
    let user = rustix::process::geteuid().as_raw();
    // Root may give a directory away, and another user finds one that is root's.
    let (path, owner) = if user == 0 { (directory.0.as_path(), 12_345) } else { (Path::new("/"), 0) };
    if user == 0 {
        std::os::unix::fs::chown(path, Some(owner), None).unwrap();
    }
    let error = open(path).unwrap_err();
    assert!(
        matches!(cause(&error), FileStoreError::ForeignOwner { owner: o, user: u, .. } if (*o, *u) == (owner, user)),
        "{error:?}"
    );
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
}

#[test]
fn a_link_or_a_file_in_the_place_of_the_directory_is_refused() {
    let (directory, place) = (Directory::made(), Directory::made());
    let link = place.0.join("link");
    symlink(&directory.0, &link).unwrap();
    let file = place.0.join("file");
    fs::write(&file, "").unwrap();
    let with_slash = PathBuf::from(format!("{}/", link.display()));
    for path in [&link, &with_slash, &link.join("."), &file] {
        let error = open(path).unwrap_err();
        assert!(matches!(cause(&error), FileStoreError::NotADirectory { .. }), "{path:?}: {error:?}");
    }
    // Also where the link comes later.
    let own = place.0.join("own");
    let store = open(&own).unwrap();
    fs::rename(&own, place.0.join("moved")).unwrap();
    symlink(&directory.0, &own).unwrap();
    assert!(store.put(&key("ann"), &token("t")).is_err());
    assert!(store.try_lock(&key("ann")).is_err());
    assert_eq!(fs::read_dir(&directory.0).unwrap().count(), 0, "nothing was written there");
}

#[test]
fn links_in_the_place_of_files_are_never_followed() {
    let ann = key("ann");
    for ending in ["new", "lock", "refresh.lock", "token", "logins", "token.aside"] {
        let (directory, elsewhere) = (Directory::new(), Directory::made());
        let store = directory.store();
        let target = elsewhere.0.join("precious");
        fs::write(&target, "precious").unwrap();
        let link = directory.path(&ann, ending);
        symlink(&target, &link).unwrap();
        let put = store.put(&ann, &token("t"));
        if ["new", "lock", "token"].contains(&ending) {
            let error = put.unwrap_err();
            assert!(matches!(cause(&error), FileStoreError::NotAFile { path } if *path == link), "{ending}: {error:?}");
        } else {
            put.unwrap();
        }
        match ending {
            "token" => assert!(store.get(&ann).is_err() && store.remove(&ann).is_err()),
            "refresh.lock" => assert!(store.try_lock(&ann).is_err()),
            "logins" => assert!(store.login_attempts(&ann).is_err()),
            "token.aside" => {
                fs::write(directory.path(&ann, "token"), "damaged").unwrap();
                assert!(store.put(&ann, &token("u")).is_err());
            }
            _ => {}
        }
        let _ = store.put_login_attempts(&ann, &attempts(Duration::ZERO));
        assert_eq!(fs::read(&target).unwrap(), b"precious", "{ending}");
        assert!(fs::symlink_metadata(&link).is_ok_and(|there| there.is_symlink() || ending == "logins"), "{ending}");

        // A link that leads nowhere makes no file there.
        let nowhere = elsewhere.0.join("nowhere");
        let _ = fs::remove_file(&link);
        symlink(&nowhere, &link).unwrap();
        let _ =
            (store.put(&ann, &token("t")), store.try_lock(&ann), store.put_login_attempts(&ann, &attempts(HOUR / 100)));
        assert!(!nowhere.exists(), "{ending}");
    }
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let (directory, ann) = (Directory::new(), key("ann"));
    let store = directory.store();
    let path = directory.path(&ann, "token");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("inside"), "").unwrap();
    for error in [store.get(&ann).unwrap_err(), store.put(&ann, &token("t")).unwrap_err()] {
        assert!(matches!(cause(&error), FileStoreError::NotAFile { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    assert!(path.join("inside").exists());
    assert_eq!(directory.endings(), ["token"], "nothing was moved, and no lock stays");

    fs::remove_dir_all(&path).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert!(
        matches!(cause(&store.get(&ann).unwrap_err()), FileStoreError::NotAFile { .. }),
        "a pipe is not waited for"
    );
}

#[test]
fn a_process_without_descriptors_loses_no_token() {
    in_a_child("child_without_descriptors");
}

/// Not a test of its own: a process that has too many open files.
#[test]
fn child_without_descriptors() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    use rustix::process::{Resource, getrlimit, setrlimit};
    let (directory, ann) = (Directory::new(), key("ann"));
    let store = directory.store();
    store.put(&ann, &token("good")).unwrap();
    let limit = getrlimit(Resource::Nofile);
    // With none left nothing opens; with one or two, the lock does and the token does not.
    for spare in 0..4 {
        let mut open = Vec::new();
        setrlimit(Resource::Nofile, rustix::process::Rlimit { current: Some(256), ..limit }).unwrap();
        while let Ok(file) = File::open("/dev/null") {
            open.push(file);
        }
        open.truncate(open.len() - spare);
        let outcome = (store.get(&ann), store.put(&ann, &token("newer")));
        drop(open);
        setrlimit(Resource::Nofile, limit).unwrap();
        if spare == 0 {
            for error in [outcome.0.unwrap_err(), outcome.1.as_ref().unwrap_err().clone()] {
                assert!(matches!(cause(&error), FileStoreError::Io { .. }) && error.is_retryable(), "{error:?}");
                assert!(error.to_string().contains("Too many open files"), "{error}");
            }
        }
        assert!(["good", "newer"].contains(&&*text(&store, &ann)), "{spare} left");
        assert!(!directory.path(&ann, "token.aside").exists(), "{spare} left: a good token was moved aside");
    }
    println!("done");
}

#[test]
fn a_change_of_the_working_directory_does_not_move_a_store() {
    in_a_child("child_that_changes_its_directory");
}

/// Not a test of its own: the working directory is the whole process's.
#[test]
fn child_that_changes_its_directory() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let (one, two, ann) = (Directory::made(), Directory::made(), key("ann"));
    std::env::set_current_dir(&one.0).unwrap();
    let store = open("store").unwrap();
    store.put(&ann, &token("t")).unwrap();
    std::env::set_current_dir(&two.0).unwrap();
    assert_eq!(text(&store, &ann), "t");
    store.put(&ann, &token("u")).unwrap();
    assert_eq!(text(&store_at(&one.0.join("store"), 7), &ann), "u");
    assert_eq!(fs::read_dir(&two.0).unwrap().count(), 0);
    println!("done");
}

#[test]
fn locks_leave_no_files_and_are_held_as_long_as_theirs_is_there() {
    let (directory, ann) = (Directory::new(), key("ann"));
    let store = directory.store();
    store.put(&ann, &token("t")).unwrap();
    assert_eq!(directory.endings(), ["token"]);
    let held = store.try_lock(&ann).unwrap().unwrap();
    assert!(held.is_held() && directory.store().try_lock(&ann).unwrap().is_none());
    store.put(&ann, &token("u")).unwrap();
    assert_eq!(directory.endings(), ["refresh.lock", "token"], "the lock is held all the while");
    drop(held);
    assert_eq!(directory.endings(), ["token"]);

    // Deleted by hand it excludes nobody: its holder can tell, and does not release another one's.
    let lost = store.try_lock(&ann).unwrap().unwrap();
    fs::remove_file(directory.path(&ann, "refresh.lock")).unwrap();
    let taken = directory.store().try_lock(&ann).unwrap().unwrap();
    assert!(!lost.is_held() && taken.is_held());
    drop(lost);
    assert!(taken.is_held() && store.try_lock(&ann).unwrap().is_none());
}

#[test]
fn what_earlier_processes_left_is_cleaned_in_time() {
    let (directory, [ann, bob, cat]) = (Directory::new(), ["ann", "bob", "cat"].map(key));
    directory.store();
    let plant = |key: &StoreKey, ending: &str, age: Duration| {
        fs::write(directory.path(key, ending), "left").unwrap();
        make_old(&directory.path(key, ending), age);
    };
    for ending in ["new", "lock", "refresh.lock", "logins"] {
        plant(&ann, ending, HOUR);
        plant(&bob, ending, HOUR);
        plant(&cat, ending, Duration::from_secs(1));
    }
    plant(&ann, "token.aside", 8 * 24 * HOUR);
    plant(&bob, "token.aside", 6 * 24 * HOUR);
    plant(&bob, "token", 400 * 24 * HOUR);
    fs::write(directory.0.join("notes.lock"), "not the store's").unwrap();
    make_old(&directory.0.join("notes.lock"), HOUR);
    // Of bob's session somebody is at work.
    let at_work = File::open(directory.path(&bob, "lock")).unwrap();
    at_work.lock().unwrap();

    directory.store().put(&ann, &token("t")).unwrap();
    let left = |key: &StoreKey| {
        let endings = ["new", "lock", "refresh.lock", "logins", "token.aside", "token"];
        endings.into_iter().filter(|ending| directory.path(key, ending).exists()).collect::<Vec<_>>()
    };
    assert_eq!(left(&ann), ["token"]);
    assert_eq!(left(&bob), ["new", "lock", "logins", "token.aside", "token"]);
    assert_eq!(left(&cat), ["new", "lock", "refresh.lock", "logins"], "young");
    assert!(directory.0.join("notes.lock").exists());

    drop(at_work);
    directory.store().put(&ann, &token("u")).unwrap();
    assert_eq!(left(&bob), ["token.aside", "token"]);
}

#[test]
fn a_file_kept_aside_counts_its_days_from_then() {
    let (directory, ann) = (Directory::new(), key("ann"));
    directory.store();
    fs::write(directory.path(&ann, "token"), "damaged").unwrap();
    make_old(&directory.path(&ann, "token"), 400 * 24 * HOUR);
    directory.store().put(&ann, &token("t")).unwrap();
    directory.store().put(&ann, &token("u")).unwrap();
    assert_eq!(fs::read(directory.path(&ann, "token.aside")).unwrap(), b"damaged");
    // One is kept.
    fs::write(directory.path(&ann, "token"), "damaged again").unwrap();
    directory.store().put(&ann, &token("v")).unwrap();
    assert_eq!(fs::read(directory.file(".aside")).unwrap(), b"damaged again");
}

#[test]
fn a_file_that_a_killed_writer_left_is_no_obstacle() {
    let (directory, ann) = (Directory::new(), key("ann"));
    let store = directory.store();
    fs::write(directory.path(&ann, "new"), "half a tok").unwrap();
    fs::write(directory.path(&ann, "lock"), "").unwrap();
    fs::write(directory.path(&ann, "refresh.lock"), "").unwrap();
    store.put(&ann, &token("t")).unwrap();
    assert_eq!(text(&store, &ann), "t");
    drop(store.try_lock(&ann).unwrap().unwrap());
    assert_eq!(directory.endings(), ["token"]);
    assert_eq!(fs::metadata(directory.path(&ann, "token")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn logins_are_shared_sealed_and_end() {
    let (directory, ann) = (Directory::new(), key("ann"));
    let store = directory.store();
    assert_eq!(store.login_attempts(&ann).unwrap(), LoginAttempts::default());
    let recent = attempts(Duration::from_secs(1));
    // Noted with the lock held.
    let held = store.try_lock(&ann).unwrap().unwrap();
    store.put_login_attempts(&ann, &recent).unwrap();
    drop(held);
    assert_eq!(directory.store().login_attempts(&ann).unwrap(), recent);
    assert_eq!(store.login_attempts(&key("bob")).unwrap(), LoginAttempts::default());
    let file = directory.file(".logins");
    let sealed = fs::read(&file).unwrap();
    assert!(!sealed.windows(2).any(|part| part == b"at"), "sealed");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    for unreadable in [&sealed[..0], &sealed[..20], b"damaged"] {
        fs::write(&file, unreadable).unwrap();
        assert_eq!(store.login_attempts(&ann).unwrap(), LoginAttempts::default());
    }
    store.put_login_attempts(&ann, &recent).unwrap();
    store.put_login_attempts(&ann, &attempts(Duration::from_secs(120))).unwrap();
    assert_eq!(directory.endings(), [""; 0]);
}

#[test]
fn a_token_that_could_not_be_read_again_is_refused() {
    let (directory, ann) = (Directory::new(), key("ann"));
    let store = directory.store();
    store.put(&ann, &token("t")).unwrap();
    let error = store.put(&ann, &token(&"x".repeat(300_000))).unwrap_err();
    assert!(matches!(cause(&error), FileStoreError::TooLarge { .. }), "{error:?}");
    assert_eq!(text(&store, &ann), "t");
    fs::write(directory.path(&ann, "token"), vec![1; 300_000]).unwrap();
    assert!(matches!(cause(&store.get(&ann).unwrap_err()), FileStoreError::Unreadable { .. }));
}

#[test]
fn an_empty_passphrase_is_refused() {
    assert_eq!(EncryptionKey::from_passphrase("").unwrap_err().kind(), ErrorKind::Configuration);
}

#[test]
fn missing_parents_are_made_for_this_user_alone() {
    let directory = Directory::made();
    let nested = directory.0.join("config/my-tool/tokens");
    open(&nested).unwrap().put(&key("ann"), &token("t")).unwrap();
    for made in [directory.0.join("config"), directory.0.join("config/my-tool"), nested] {
        assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700, "{}", made.display());
    }
}
