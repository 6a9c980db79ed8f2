//! What stands between a command and its call: a dry run, or a question.

use crate::{
    failure::{Failure, Result},
    prompt,
};
use clap::Args;

/// Guards a call.
pub trait Guard {
    /// Returns whether the call is only to be shown.
    fn is_dry_run(&self) -> bool;

    /// Asks whether to go on, where that is needed. `what` is what would be gone, such as `user u1`.
    ///
    /// # Errors
    ///
    /// [`Refused`](Failure::Refused), where the answer is no, or there is no terminal to ask on.
    fn confirm(&self, what: &Subject) -> Result<()>;
}

/// What a call is about: how a question names it, and what has to be typed where that is asked for.
#[derive(Default)]
pub struct Subject {
    pub text: String,
    pub name: String,
}

impl Subject {
    /// Names one thing.
    pub fn one(kind: &str, name: &str) -> Self {
        Self { text: format!("{kind} {name}"), name: name.to_owned() }
    }

    /// Names several things.
    pub fn many(kind: &str, names: &[String]) -> Self {
        let text = match names {
            [one] => format!("{kind} {one}"),
            many => format!("{} {kind}s", many.len()),
        };
        Self { name: names.first().cloned().unwrap_or_default(), text }
    }
}

/// Nothing changes: nothing is asked.
#[derive(Args, Debug)]
#[group(skip)]
pub struct Read {}

impl Guard for Read {
    fn is_dry_run(&self) -> bool {
        false
    }

    fn confirm(&self, _: &Subject) -> Result<()> {
        Ok(())
    }
}

/// Something changes that can be changed back.
#[derive(Args, Debug)]
#[group(skip)]
pub struct Change {
    /// Show the request, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

impl Guard for Change {
    fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn confirm(&self, _: &Subject) -> Result<()> {
        Ok(())
    }
}

/// Something is gone afterwards: a question, or `--yes`.
#[derive(Args, Debug)]
#[group(skip)]
pub struct Delete {
    /// Show the request, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

impl Guard for Delete {
    fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn confirm(&self, what: &Subject) -> Result<()> {
        if self.yes || self.dry_run {
            return Ok(());
        }
        if !prompt::possible() {
            return Err(Failure::Refused(format!(
                "{}: cannot ask for confirmation without a terminal; pass --yes",
                what.text
            )));
        }
        match prompt::confirmed(&format!("Remove {}?", what.text))? {
            true => Ok(()),
            false => Err(Failure::Refused("nothing was done".to_owned())),
        }
    }
}

/// Much is gone afterwards: its name is to be typed, on the command line or as an answer.
#[derive(Args, Debug)]
#[group(skip)]
pub struct Destroy {
    /// Show the request, and send nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// What goes, once more: in place of the question
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

impl Guard for Destroy {
    fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    fn confirm(&self, what: &Subject) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        let typed = match &self.confirm {
            Some(name) => name.clone(),
            None if !prompt::possible() => {
                return Err(Failure::Refused(format!(
                    "{}: cannot ask for confirmation without a terminal; pass --confirm {}",
                    what.text, what.name
                )));
            }
            None => prompt::text(&format!("Remove {}? Type `{}` to go on", what.text, what.name))?,
        };
        match typed == what.name {
            true => Ok(()),
            false => Err(Failure::Refused(format!("`{typed}` is not `{}`: nothing was done", what.name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_final_is_refused_where_nobody_can_be_asked() {
        prompt::forbid();
        let what = Subject::one("organization", "o1");
        let delete = |yes, dry_run| Delete { dry_run, yes }.confirm(&what);
        assert!(matches!(delete(false, false), Err(Failure::Refused(_))));
        assert!(delete(true, false).is_ok() && delete(false, true).is_ok());
        let destroy =
            |confirm: Option<&str>| Destroy { dry_run: false, confirm: confirm.map(str::to_owned) }.confirm(&what);
        assert!(matches!(destroy(None), Err(Failure::Refused(_))));
        assert!(matches!(destroy(Some("o2")), Err(Failure::Refused(_))));
        assert!(destroy(Some("o1")).is_ok());
    }

    #[test]
    fn many_are_counted_and_one_is_named() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(Subject::many("user", &names(&["u1"])).text, "user u1");
        assert_eq!(Subject::many("user", &names(&["u1", "u2"])).text, "2 users");
    }
}
