//! What is done with the row of a user: created, or changed, exactly once.

use super::{
    caller::{self, CallError, Caller, Repeat, Severity, is_ambiguous, severity},
    job::{History, Job, Preview},
    outcome::{Done, Outcome},
    row::Row,
    user_key::Key,
    user_row::{IGNORED, UserRow},
    user_service::Service,
};
use iam_sdk::{Error, authing::User};
use jiff::{SignedDuration, Timestamp};

/// How often a row is begun anew after calls that may have been carried out.
const ATTEMPTS: u32 = 6;

/// How much later than the service's clock this machine's may be.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What is done with a user who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// The row fails.
    Refuse,
    /// The user stays as it is.
    Skip,
    /// The user gets what the row has.
    Update,
}

/// Imports users.
#[derive(Debug)]
pub struct ImportUsers<S> {
    pub service: S,
    pub existing: Existing,
    pub key: Option<Key>,
}

impl<S: Service> Job for ImportUsers<S> {
    fn check_column(&self, name: &str) -> std::result::Result<(), String> {
        UserRow::check_column(name)
    }

    fn check(&self, row: &Row) -> std::result::Result<Vec<(&'static str, String)>, String> {
        UserRow::read(row, self.key).map(|user| user.names())
    }

    fn run(&self, row: &Row, history: History, caller: &Caller<'_>) -> std::result::Result<Outcome, CallError> {
        let user = match UserRow::read(row, self.key) {
            Ok(user) => user,
            Err(message) => return Ok(Outcome::refused(message, "InvalidArgument")),
        };
        let mut maybe_sent = history.maybe_sent;
        match self.import(&user, &mut maybe_sent, history.started_at, caller) {
            Err(CallError::Failed(error)) if severity(&error) == Severity::Row => {
                Ok(Outcome::Failed { message: error.to_string(), short: caller::short(&error), is_unknown: maybe_sent })
            }
            other => other,
        }
    }

    fn preview(&self, row: &Row) -> std::result::Result<Vec<Preview>, Error> {
        let Ok(user) = UserRow::read(row, self.key) else { return Ok(Vec::new()) };
        let name = user.called();
        let mut previews = Vec::new();
        if self.existing != Existing::Refuse {
            previews.push(Preview::of(self.service.find(&user))?);
            if self.existing == Existing::Update {
                let id = format!("(the id of {name})");
                previews.push(Preview::Note(format!("if {name} is found, and has not all that the row says:")));
                previews.push(Preview::of(self.service.update(&id, &user))?);
                if !user.custom.is_empty() {
                    previews.push(Preview::of(self.service.set_custom_data(&id, &user))?);
                }
            } else {
                previews.push(Preview::Note(format!("if {name} is found, the user stays as it is")));
            }
            previews.push(Preview::Note("if not:".to_owned()));
        }
        previews.push(Preview::of(self.service.create(&user))?);
        Ok(previews)
    }

    fn looks_first(&self) -> bool {
        self.existing != Existing::Refuse
    }

    fn can_look_first(&self) -> bool {
        true
    }

    fn ignored(&self) -> &'static [&'static str] {
        &IGNORED
    }
}

impl<S: Service> ImportUsers<S> {
    /// Creates the user once. `maybe_sent` says before and after it whether a request may have been carried out whose response is
    /// missing.
    fn import(
        &self,
        user: &UserRow,
        maybe_sent: &mut bool,
        started_at: Timestamp,
        caller: &Caller<'_>,
    ) -> std::result::Result<Outcome, CallError> {
        let mut last: Option<Error> = None;
        for attempt in 0.. {
            if (*maybe_sent || self.existing != Existing::Refuse)
                && let Some(found) = caller.call(Repeat::Always, || self.service.find(user))?
            {
                let is_own = *maybe_sent && is_created_since(&found, started_at) && user.differs_from(&found).is_none();
                *maybe_sent = false;
                return self.found(user, &found, is_own, caller);
            }
            if let Some(error) = last {
                *maybe_sent &= !error.is_conflict();
                return Err(CallError::Failed(error));
            }
            match caller.call(Repeat::IfNotSent, || self.service.create(user)) {
                Ok(created) => return Ok(Outcome::Done(Done::Created, created.id.unwrap_or_default())),
                // It may be the user whom a request created that seemed to fail: one look. If nobody is found, what is taken
                // belongs to a user whom the row's first name does not find.
                Err(CallError::Failed(error)) if error.is_conflict() && *maybe_sent => last = Some(error),
                Err(CallError::Failed(error)) if is_ambiguous(&error) => {
                    *maybe_sent = true;
                    caller.wait_before(attempt)?;
                    // One last look.
                    last = (attempt + 1 == ATTEMPTS).then_some(error);
                }
                Err(error) => {
                    // Refused: it was looked for before, and is not there.
                    *maybe_sent = false;
                    return Err(error);
                }
            }
        }
        // There are not that many numbers.
        Err(CallError::Stopped)
    }

    /// Does what is to be done with a user who is there. `is_own`: a request of this import has created it.
    fn found(
        &self,
        user: &UserRow,
        found: &User,
        is_own: bool,
        caller: &Caller<'_>,
    ) -> std::result::Result<Outcome, CallError> {
        let id = found.id.clone().unwrap_or_default();
        if is_own && self.existing != Existing::Update {
            return Ok(Outcome::Done(Done::Created, id));
        }
        match self.existing {
            Existing::Skip => Ok(Outcome::Done(Done::Skipped, id)),
            Existing::Refuse => {
                let message = match user.differs_from(found) {
                    Some(member) => format!("a user with this name exists, and has another {member}"),
                    None => "a user with this name was there before this import began".to_owned(),
                };
                Ok(Outcome::refused(message, "Conflict"))
            }
            Existing::Update if user.is_all_of(found) => Ok(Outcome::Done(Done::Unchanged, id)),
            Existing::Update => {
                // A password that was set a second time may end sessions that began meanwhile.
                let repeat = if user.has_password { Repeat::IfNotSent } else { Repeat::Always };
                caller.call(repeat, || self.service.update(&id, user))?;
                if !user.custom.is_empty() {
                    caller.call(Repeat::Always, || self.service.set_custom_data(&id, user))?;
                }
                Ok(Outcome::Done(Done::Updated, id))
            }
        }
    }
}

/// Returns whether a user was created since. One that does not say when was not: it may be anybody's.
fn is_created_since(user: &User, started_at: Timestamp) -> bool {
    let created_at = user.created_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    created_at.is_some_and(|created_at| created_at.duration_since(started_at) >= -CLOCK_SKEW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::gate::Gate;
    use iam_sdk::{ErrorKind, Result};
    use std::sync::Mutex;

    /// A service with one user at the most, whose calls fail as the script says.
    #[derive(Default)]
    struct Fake {
        user: Mutex<Option<User>>,
        calls: Mutex<Vec<&'static str>>,
        /// Of each create: what is done before it fails, or nothing.
        script: Mutex<Vec<(bool, Error)>>,
    }

    impl Service for Fake {
        fn create(&self, _: &UserRow) -> Result<User> {
            self.calls.lock().unwrap().push("create");
            let mut user = self.user.lock().unwrap();
            let failure = self.script.lock().unwrap().pop();
            if user.is_some() && failure.is_none() {
                return Err(Error::new(ErrorKind::Conflict).with_status(200));
            }
            if failure.as_ref().is_none_or(|(done, _)| *done) {
                *user = Some(own("u1", "mia"));
            }
            failure.map_or_else(|| Ok(user.clone().unwrap()), |(_, error)| Err(error))
        }

        fn find(&self, _: &UserRow) -> Result<Option<User>> {
            self.calls.lock().unwrap().push("find");
            Ok(self.user.lock().unwrap().clone())
        }

        fn update(&self, _: &str, _: &UserRow) -> Result<()> {
            self.calls.lock().unwrap().push("update");
            Ok(())
        }

        fn set_custom_data(&self, _: &str, _: &UserRow) -> Result<()> {
            self.calls.lock().unwrap().push("custom");
            Ok(())
        }
    }

    /// A user of whom the row says all, created just now.
    fn own(id: &str, username: &str) -> User {
        let mut user =
            User::default().with_id(id).with_username(username).with_created_at(Timestamp::now().to_string());
        user.custom_data = iam_sdk::authing::CustomData::new().with("a", "b");
        user
    }

    const REFUSE: Existing = Existing::Refuse;

    struct Case {
        existing: Existing,
        maybe_sent: bool,
        there: Option<User>,
        script: Vec<(bool, Error)>,
        calls: &'static [&'static str],
        result: &'static str,
    }

    fn history(maybe_sent: bool) -> History {
        History { maybe_sent, started_at: Timestamp::now() }
    }

    fn check(case: Case) {
        let Case { existing, maybe_sent, there, script, calls, result } = case;
        let fake = Fake { user: Mutex::new(there), script: Mutex::new(script), calls: Mutex::default() };
        let job = ImportUsers { service: fake, existing, key: None };
        let members = vec![("username".into(), "mia".into()), ("customData.a".into(), "b".into())];
        let row = Row { number: 1, line: 2, members };
        let gate = Gate::new(None);
        let found = match job.run(&row, history(maybe_sent), &Caller::without_waits(&gate)) {
            Ok(Outcome::Done(done, id)) => format!("{done:?} {id}"),
            Ok(Outcome::Failed { short, is_unknown: true, .. }) => format!("unknown {short}"),
            Ok(Outcome::Failed { short, .. }) => format!("failed {short}"),
            Err(CallError::Failed(error)) => format!("stop {:?}", error.kind()),
            Err(CallError::Stopped) => "stopped".to_owned(),
        };
        assert_eq!((found.as_str(), job.service.calls.lock().unwrap().as_slice()), (result, calls));
    }

    #[test]
    fn a_user_is_created_once_whatever_fails() {
        let mia = || Some(own("u0", "Mia"));
        let other = || Some(own("u0", "noa"));
        let lost = || Error::new(ErrorKind::Transport).with_status(200);
        let refused = || Error::new(ErrorKind::Connect);
        let plain =
            |script, calls, result| Case { existing: REFUSE, maybe_sent: false, there: None, script, calls, result };
        check(plain(vec![], &["create"], "Created u1"));
        check(plain(vec![(false, refused())], &["create", "create"], "Created u1"));
        check(plain(vec![(true, lost())], &["create", "find"], "Created u1"));
        check(plain(vec![(false, lost())], &["create", "find", "create"], "Created u1"));
        check(plain(vec![(true, lost()), (false, lost())], &["create", "find", "create", "find"], "Created u1"));
        let decode = Error::new(ErrorKind::Decode).with_status(200);
        check(plain(vec![(true, decode)], &["create", "find"], "Created u1"));
        let wrong = Error::new(ErrorKind::Validation).with_status(200);
        check(plain(vec![(false, wrong)], &["create"], "failed Validation"));
        let nobody = Error::new(ErrorKind::Authentication).with_status(401);
        check(plain(vec![(false, nobody)], &["create"], "stop Authentication"));

        check(Case { there: mia(), ..plain(vec![], &["create"], "failed Conflict") });
        let resumed = |there, calls, result| Case { maybe_sent: true, there, ..plain(vec![], calls, result) };
        check(resumed(None, &["find", "create"], "Created u1"));
        check(resumed(mia(), &["find"], "Created u0"));
        check(resumed(other(), &["find"], "failed Conflict"));
    }

    /// A row can have the name of somebody who was there before: that user's password is not the row's.
    #[test]
    fn a_user_who_was_there_before_the_import_is_nobody_that_it_created() {
        let hour = SignedDuration::from_hours(1);
        let at = |time: Timestamp| Some(own("u0", "mia").with_created_at(time.to_string()));
        let silent = || {
            let mut user = own("u0", "mia");
            user.created_at = None;
            user
        };
        let mut bare = own("u0", "mia");
        bare.custom_data = iam_sdk::authing::CustomData::new();
        for (there, existing, result) in [
            (at(Timestamp::now() - hour), REFUSE, "failed Conflict"),
            (at(Timestamp::now() - hour), Existing::Skip, "Skipped u0"),
            // The service's clock is a little behind.
            (at(Timestamp::now() - CLOCK_SKEW / 2), REFUSE, "Created u0"),
            (Some(silent()), REFUSE, "failed Conflict"),
            (Some(bare), REFUSE, "failed Conflict"),
        ] {
            check(Case { existing, maybe_sent: true, there, script: vec![], calls: &["find"], result });
        }
    }

    #[test]
    fn the_last_attempt_is_looked_for_too() {
        let broken = |done| (done, Error::new(ErrorKind::Decode).with_status(200));
        let case = |script, calls, result| {
            check(Case { existing: REFUSE, maybe_sent: false, there: None, script, calls, result });
        };
        let tries: &[&str] = &[
            "create", "find", "create", "find", "create", "find", "create", "find", "create", "find", "create", "find",
        ];
        // The script is read from its end.
        let mut script: Vec<_> = (0..ATTEMPTS).map(|_| broken(false)).collect();
        case(script.clone(), tries, "unknown Decode");
        script[0] = broken(true);
        case(script, tries, "Created u1");
    }

    #[test]
    fn a_user_who_is_there_is_skipped_or_changed() {
        let mia = || Some(own("u0", "mia"));
        let case = |existing, maybe_sent, there, calls, result| {
            check(Case { existing, maybe_sent, there, script: vec![], calls, result });
        };
        case(Existing::Skip, false, None, &["find", "create"], "Created u1");
        case(Existing::Skip, false, mia(), &["find"], "Skipped u0");
        case(Existing::Skip, true, mia(), &["find"], "Created u0");
        case(Existing::Update, false, None, &["find", "create"], "Created u1");
        let other = || {
            let mut user = own("u0", "mia");
            user.custom_data = iam_sdk::authing::CustomData::new().with("a", "c");
            Some(user)
        };
        case(Existing::Update, false, other(), &["find", "update", "custom"], "Updated u0");
        case(Existing::Update, true, other(), &["find", "update", "custom"], "Updated u0");
        case(Existing::Update, false, mia(), &["find"], "Unchanged u0");
    }

    #[test]
    fn a_name_that_the_lookup_does_not_find_is_a_conflict() {
        struct Taken;
        impl Service for Taken {
            fn create(&self, _: &UserRow) -> Result<User> {
                Err(Error::new(ErrorKind::Conflict).with_status(200))
            }
            fn find(&self, _: &UserRow) -> Result<Option<User>> {
                Ok(None)
            }
            fn update(&self, _: &str, _: &UserRow) -> Result<()> {
                panic!("nobody is there")
            }
            fn set_custom_data(&self, _: &str, _: &UserRow) -> Result<()> {
                panic!("nobody is there")
            }
        }
        let row = Row { number: 1, line: 2, members: vec![("username".into(), "mia".into())] };
        let gate = Gate::new(None);
        for maybe_sent in [false, true] {
            for existing in [Existing::Refuse, Existing::Skip, Existing::Update] {
                let job = ImportUsers { service: Taken, existing, key: None };
                let outcome = job.run(&row, history(maybe_sent), &Caller::without_waits(&gate)).unwrap();
                assert!(matches!(&outcome, Outcome::Failed { short, .. } if short == "Conflict"), "{outcome:?}");
            }
        }
    }
}
