//! Sessions under random schedules. The model checker drives the real state, flights and refreshes; only the network and the
//! service are simulated.

mod setting;

use super::*;
use crate::token_store::{StoredToken, TokenStore};
use setting::*;
use shuttle::future;
use std::sync::atomic::Ordering;

#[test]
fn callers_at_once_make_one_login_in_every_schedule() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let tokens = call_at_once(&[session(&service, &store)]);
        assert!(tokens.iter().all(|token| token.as_ref().unwrap() == "token 0"), "{tokens:?}");
        assert_eq!(logins(&service), 1);
    };
    explore(check);
}

#[test]
fn clients_that_share_a_store_make_one_login_in_every_schedule() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let tokens = call_at_once(&[session(&service, &store), session(&service, &store)]);
        assert!(tokens.iter().all(|token| token.as_ref().unwrap() == "token 0"), "{tokens:?}");
        assert_eq!(logins(&service), 1);
    };
    explore(check);
}

#[test]
fn callers_who_wait_for_flight_a_login_that_fails_learn_so() {
    let check = || {
        let (service, store) = (service(1), Arc::default());
        let tokens = call_at_once(&[session(&service, &store)]);
        // Callers that came after the failure tried again, once for all of them.
        assert!(logins(&service) <= 2 && tokens.iter().any(Result::is_err), "{tokens:?}");
        assert!(tokens.iter().flatten().all(|token| token == "token 1"), "{tokens:?}");
    };
    explore(check);
}

#[test]
fn callers_whose_token_was_refused_replace_it_once() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let session = session(&service, &store);
        assert_eq!(future::block_on(token(session.clone())).unwrap(), "token 0");
        let replace = || {
            let session = session.clone();
            future::spawn(async move {
                let refused = UserToken::from("token 0");
                session.wait_for_flight(flight::Goal::Replace, Some(refused), session.deadline()).await?;
                token(session).await
            })
        };
        let callers: Vec<_> = (0..CALLERS).map(|_| replace()).collect();
        for caller in callers {
            assert_eq!(future::block_on(caller).unwrap().unwrap(), "token 1");
        }
        assert_eq!(logins(&service), 2);
    };
    explore(check);
}

#[test]
fn a_callers_own_token_is_not_undone_and_the_store_agrees() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let session = session(&service, &store);
        let login = future::spawn(token(session.clone()));
        let own = {
            let session = session.clone();
            future::spawn(async move {
                session.state.set(session.issued(StoredToken::new("own".into()))?, Origin::Found);
                session.save(std::time::Instant::now()).await
            })
        };
        let _ = future::block_on(login).unwrap();
        future::block_on(own).unwrap().unwrap();
        let key = session.state.key.clone().unwrap();
        let stored = store.get(&key).unwrap().unwrap();
        let current = session.state.snapshot();
        assert_eq!(current.token().unwrap().token(), &UserToken::from("own"));
        assert_eq!(stored.token, UserToken::from("own"));
    };
    explore(check);
}

#[test]
fn a_token_is_cleared_only_if_it_is_still_the_sessions() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        let session = session(&service, &store);
        session.state.set(session.issued(StoredToken::new("old".into())).unwrap(), Origin::Issued);
        let (out, login) = (session.clone(), session.clone());
        let out = shuttle::thread::spawn(move || out.state.clear_token_if(&"old".into()));
        let login = shuttle::thread::spawn(move || {
            let state = login.issued(StoredToken::new("new".into())).unwrap();
            login.state.set(state, Origin::Issued)
        });
        out.join().unwrap();
        login.join().unwrap();
        assert_eq!(session.state.snapshot().token().unwrap().token(), &UserToken::from("new"));
    };
    explore(check);
}

/// The lines of a log.
#[derive(Clone, Default)]
struct Lines(Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_token_that_could_not_be_stored_is_stored_later_and_told_once() {
    use decide::{Next, next};
    // With one subscriber alone, tracing may ask a thread of another test, which has none.
    let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let check = || {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _default = tracing::subscriber::set_default(subscriber);
        let (service, store) = (service(0), Arc::<Yielding>::default());
        let session = session(&service, &store);
        let stored = || store.get(session.state.key.as_ref().unwrap()).unwrap();
        store.1.store(true, Ordering::SeqCst);
        for _ in 0..2 {
            assert_eq!(future::block_on(token(session.clone())).unwrap(), "token 0");
            let snapshot = session.state.snapshot();
            let again = snapshot.save_at.expect("the write is tried again");
            assert_eq!(next(&snapshot, TokenUse::Required, true, again), Next::GoAndStart(flight::Goal::Save));
            // Fails once more.
            future::block_on(session.wait_for_flight(flight::Goal::Save, None, session.deadline())).unwrap_err();
            assert_eq!(stored(), None);
        }
        store.1.store(false, Ordering::SeqCst);
        future::block_on(session.wait_for_flight(flight::Goal::Save, None, session.deadline())).unwrap();
        assert_eq!(stored().unwrap().token, "token 0".into());
        assert!(session.state.snapshot().save_at.is_none() && logins(&service) == 1);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("could not be stored").count(), 1, "{text}");
    };
    explore(check);
}

#[test]
fn a_session_of_a_given_token_ends_with_its_handles() {
    let check = || {
        let client = session(&service(0), &Arc::default());
        let given = client.with_token("given".into(), OnRefusal::default()).unwrap();
        let state = Arc::downgrade(&given.state);
        let other = given.clone();
        drop(given);
        assert!(state.upgrade().is_some());
        drop(other);
        assert!(state.upgrade().is_none(), "something keeps it");
    };
    shuttle::check_random(check, 1);
}

#[test]
#[should_panic(expected = "a stampede")]
fn the_model_finds_a_stampede() {
    let check = || {
        let (service, store) = (service(0), Arc::default());
        // Sessions that share neither state nor store know nothing of each other.
        let own: Arc<Yielding> = Arc::default();
        call_at_once(&[session(&service, &store), session(&service, &own)]);
        assert!(logins(&service) == 1, "a stampede");
    };
    explore(check);
}
