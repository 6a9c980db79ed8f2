//! What is done with the row of a user: created, or changed, exactly once.

use super::{
    caller::{CallError, Caller, Repeat, Severity, is_ambiguous, severity},
    import::{self, Job},
    journal::{Done, Outcome},
    row::Row,
    user_row::{Key, UserRow},
};
use iam_sdk::{
    Error, Result,
    authing::{CreateUserOptions, User},
    blocking::authing::Users,
};

/// How often a row is begun anew after calls that may have been carried out.
const ATTEMPTS: u32 = 6;

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

/// The calls that an import makes.
pub trait Service: Sync {
    fn create(&self, user: &UserRow) -> Result<User>;
    fn find(&self, user: &UserRow) -> Result<Option<User>>;
    fn update(&self, id: &str, user: &UserRow) -> Result<()>;
    fn set_custom_data(&self, id: &str, user: &UserRow) -> Result<()>;
}

/// Authing.
#[derive(Debug)]
pub struct Authing {
    pub users: Users,
    /// Those of every user, but for the custom data.
    pub options: CreateUserOptions,
}

impl Service for Authing {
    fn create(&self, user: &UserRow) -> Result<User> {
        let options = match user.custom.is_empty() {
            true => self.options.clone(),
            false => self.options.clone().custom_data(user.custom.clone()),
        };
        self.users.create_with(&user.info, options)
    }

    fn find(&self, user: &UserRow) -> Result<Option<User>> {
        let Some(lookup) = user.lookup() else { return Ok(None) };
        match self.users.find(lookup) {
            Ok(user) => Ok(Some(user)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn update(&self, id: &str, user: &UserRow) -> Result<()> {
        self.users.update(id, &user.info).map(drop)
    }

    fn set_custom_data(&self, id: &str, user: &UserRow) -> Result<()> {
        self.users.set_udf_value(id, &user.custom).map(drop)
    }
}

/// Imports users.
#[derive(Debug)]
pub struct ImportUsers<S> {
    pub service: S,
    pub existing: Existing,
    pub key: Option<Key>,
}

impl<S: Service> Job for ImportUsers<S> {
    fn check(&self, row: &Row) -> std::result::Result<Vec<(&'static str, String)>, String> {
        UserRow::read(row, self.key).map(|user| user.names())
    }

    fn run(&self, row: &Row, maybe_sent: bool, caller: &Caller<'_>) -> std::result::Result<Outcome, CallError> {
        let user = match UserRow::read(row, self.key) {
            Ok(user) => user,
            Err(message) => return Ok(Outcome::Failed { short: "InvalidArgument".to_owned(), message }),
        };
        match self.import(&user, maybe_sent, caller) {
            Err(CallError::Failed(error)) if severity(&error) == Severity::Row => Ok(import::failed(&error)),
            other => other,
        }
    }

    fn preview(&self, row: &Row) -> Option<Error> {
        self.service.create(&UserRow::read(row, self.key).ok()?).err()
    }
}

impl<S: Service> ImportUsers<S> {
    fn import(
        &self,
        user: &UserRow,
        mut maybe_sent: bool,
        caller: &Caller<'_>,
    ) -> std::result::Result<Outcome, CallError> {
        let mut refusal = None;
        for attempt in 0.. {
            if (maybe_sent || self.existing != Existing::Refuse)
                && let Some(found) = caller.call(Repeat::Always, || self.service.find(user))?
            {
                return self.found(user, &found, maybe_sent, caller);
            }
            if let Some(error) = refusal {
                // What is taken belongs to a user whom the row's first name does not find.
                return Err(CallError::Failed(error));
            }
            match caller.call(Repeat::IfNotSent, || self.service.create(user)) {
                Ok(created) => return Ok(Outcome::Done(Done::Created, created.id.unwrap_or_default())),
                // It may be the user whom a call created that seemed to fail.
                Err(CallError::Failed(error)) if error.is_conflict() && maybe_sent => refusal = Some(error),
                Err(CallError::Failed(error)) if is_ambiguous(&error) && attempt + 1 < ATTEMPTS => {
                    maybe_sent = true;
                    caller.wait_before(attempt)?;
                }
                Err(error) => return Err(error),
            }
        }
        // There are not that many numbers.
        Err(CallError::Stopped)
    }

    /// Does what is to be done with a user who is there.
    fn found(
        &self,
        user: &UserRow,
        found: &User,
        maybe_sent: bool,
        caller: &Caller<'_>,
    ) -> std::result::Result<Outcome, CallError> {
        let id = found.id.clone().unwrap_or_default();
        let differs = user.differs_from(found);
        if maybe_sent && differs.is_none() && self.existing != Existing::Update {
            return Ok(Outcome::Done(Done::Created, id));
        }
        match self.existing {
            Existing::Skip => Ok(Outcome::Done(Done::Skipped, id)),
            Existing::Refuse => {
                let message = format!("a user with this name exists, and has another {}", differs.unwrap_or("id"));
                Ok(Outcome::Failed { message, short: "Conflict".to_owned() })
            }
            Existing::Update => {
                caller.call(Repeat::Always, || self.service.update(&id, user))?;
                if !user.custom.is_empty() {
                    caller.call(Repeat::Always, || self.service.set_custom_data(&id, user))?;
                }
                Ok(Outcome::Done(Done::Updated, id))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::gate::Gate;
    use iam_sdk::ErrorKind;
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
                *user = Some(User::default().with_id("u1").with_username("mia"));
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

    const REFUSE: Existing = Existing::Refuse;

    struct Case {
        existing: Existing,
        maybe_sent: bool,
        there: Option<User>,
        script: Vec<(bool, Error)>,
        calls: &'static [&'static str],
        result: &'static str,
    }

    fn check(case: Case) {
        let Case { existing, maybe_sent, there, script, calls, result } = case;
        let fake = Fake { user: Mutex::new(there), script: Mutex::new(script), calls: Mutex::default() };
        let job = ImportUsers { service: fake, existing, key: None };
        let members = vec![("username".into(), "mia".into()), ("customData.a".into(), "b".into())];
        let row = Row { number: 1, line: 2, members };
        let gate = Gate::new(None);
        let found = match job.run(&row, maybe_sent, &Caller::new(&gate)) {
            Ok(Outcome::Done(done, id)) => format!("{done:?} {id}"),
            Ok(Outcome::Failed { short, .. }) => format!("failed {short}"),
            Err(CallError::Failed(error)) => format!("stop {:?}", error.kind()),
            Err(CallError::Stopped) => "stopped".to_owned(),
        };
        assert_eq!((found.as_str(), job.service.calls.lock().unwrap().as_slice()), (result, calls));
    }

    #[test]
    fn a_user_is_created_once_whatever_fails() {
        let mia = || Some(User::default().with_id("u0").with_username("Mia"));
        let other = || Some(User::default().with_id("u0").with_username("noa"));
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

    #[test]
    fn a_user_who_is_there_is_skipped_or_changed() {
        let mia = || Some(User::default().with_id("u0").with_username("mia"));
        let case = |existing, maybe_sent, there, calls, result| {
            check(Case { existing, maybe_sent, there, script: vec![], calls, result });
        };
        case(Existing::Skip, false, None, &["find", "create"], "Created u1");
        case(Existing::Skip, false, mia(), &["find"], "Skipped u0");
        case(Existing::Skip, true, mia(), &["find"], "Created u0");
        case(Existing::Update, false, None, &["find", "create"], "Created u1");
        case(Existing::Update, false, mia(), &["find", "update", "custom"], "Updated u0");
        case(Existing::Update, true, mia(), &["find", "update", "custom"], "Updated u0");
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
                let outcome = job.run(&row, maybe_sent, &Caller::new(&gate)).unwrap();
                assert!(matches!(&outcome, Outcome::Failed { short, .. } if short == "Conflict"), "{outcome:?}");
            }
        }
    }
}
