//! Runs an import from beginning to end: opens the files, checks the rows, sends them, and says how it went.

use super::{
    gate::Gate,
    import::{self, Counts, End, Job, Outputs, Plan, SHOWN, Settings, Unfit},
    input::{Input, beside},
    interrupt,
    journal::{Journal, Owner},
    options::ImportOptions,
    past::Past,
    progress::{Progress, grouped},
    rejects::Rejects,
};
use crate::{
    command::Global,
    context::Context,
    failure::{Failure, Result, code},
    output::value::Value,
};
use iam_sdk::authing::PUBLIC_SERVICE;
use serde::Serialize;
use std::{env, fs, path::PathBuf, sync::Arc};

/// What an import says at its end.
#[derive(Debug, Serialize)]
struct Summary {
    #[serde(flatten)]
    counts: Counts,
    /// What earlier runs have done.
    earlier: usize,
    /// What is still to be done.
    left: usize,
}

/// Returns whom a journal is of: a command, for one pool of one service.
pub fn owner(command: &str, context: &Context) -> Owner {
    let base_url = context.settings.get("base_url").unwrap_or_else(|| PUBLIC_SERVICE.to_owned());
    let pool = context.settings.get("user_pool").unwrap_or_default();
    Owner { command: command.to_owned(), target: format!("{} {pool}", base_url.trim_end_matches('/')) }
}

/// Imports the rows of a file.
///
/// `dry` is the job with a client that sends nothing; `confirm` asks whether to go on, once the number of rows is known.
pub fn import<J: Job>(
    global: &Global,
    context: &Context,
    (options, owner): (&ImportOptions, &Owner),
    (job, dry): (&J, &J),
    confirm: impl FnOnce(usize) -> Result<()>,
) -> Result<()> {
    let input = Input::open(&options.file, options.format).map_err(Failure::Usage)?;
    let path = journal_path(options, &input);
    check_rejects(options, path.as_ref())?;
    let is_new = path.as_ref().is_none_or(|path| !path.exists());
    let (mut journal, past) = match &path {
        Some(path) if !(options.dry_run && is_new) => {
            let (journal, past) = Journal::open(path, owner).map_err(Failure::Other)?;
            (Some(journal), past)
        }
        _ => (None, Past::default()),
    };
    let plan = import::plan(&input, &past, job).map_err(|unfit| {
        if let Some(path) = path.as_ref().filter(|_| is_new && journal.is_some()) {
            // Nothing was sent: there is nothing to remember.
            let _ = fs::remove_file(path);
        }
        refused(unfit, &input, path.as_ref())
    })?;
    if options.dry_run {
        return preview(global, context, (&input, &plan), dry);
    }
    if plan.todo() == 0 {
        let what = if plan.rows() == 0 { "it has no rows" } else { "all rows are done already" };
        crate::say!("iam: {}: {what}", input.name());
        return show(global, context, Counts::default(), &plan);
    }
    confirm(plan.todo()).inspect_err(|_| {
        if let Some(path) = path.as_ref().filter(|_| is_new) {
            let _ = fs::remove_file(path);
        }
    })?;
    if let Some(journal) = &mut journal {
        journal.retrying(&past).map_err(Failure::Other)?;
    }
    let header = input.rows().ok().and_then(|rows| rows.header());
    let rejects = options.rejects.as_ref().map(|path| Rejects::create(path, input.format, header));
    let mut rejects = rejects.transpose().map_err(Failure::Other)?;
    if plan.done > 0 {
        crate::say!("iam: {} of {} rows are done already", grouped(plan.done), grouped(plan.rows()));
    }

    let gate = Arc::new(Gate::new(options.rate));
    let interrupted = interrupt::watch(&gate).map_err(|error| Failure::Other(format!("signals: {error}")))?;
    let mut progress = Progress::new(plan.todo(), options.quiet);
    let settings = Settings { concurrency: options.concurrency.into(), max_errors: options.max_errors };
    let outputs = Outputs { journal, rejects: rejects.as_mut(), progress: &mut progress };
    let (counts, end) = import::run((&input, &past, &plan), job, settings, (&gate, &interrupted), outputs);
    progress.finish();
    let rejected = rejects.map_or(0, Rejects::finish);
    if let Some(path) = options.rejects.as_ref().filter(|_| rejected > 0) {
        crate::say!("iam: {} rows that failed are in {}", grouped(rejected), path.display());
    }
    let shown = show(global, context, counts, &plan);
    let left = plan.todo() - counts.all().min(plan.todo());
    if left > 0 {
        say_how_to_go_on(left, path.is_some());
    }
    // How the rows fared counts for more than whether anybody reads it.
    ended(end, &counts, global)?;
    shown
}

fn journal_path(options: &ImportOptions, input: &Input) -> Option<PathBuf> {
    options.journal.clone().or_else(|| input.is_file().then(|| beside(&options.file, ".iam-journal")))
}

/// Refuses a file of rejects that would destroy what is read.
fn check_rejects(options: &ImportOptions, journal: Option<&PathBuf>) -> Result<()> {
    let Some(rejects) = &options.rejects else { return Ok(()) };
    let same = |other: &PathBuf| {
        rejects == other
            || matches!((rejects.canonicalize(), other.canonicalize()), (Ok(left), Ok(right)) if left == right)
    };
    match same(&options.file) || journal.is_some_and(same) {
        true => {
            Err(Failure::Usage(format!("--rejects: {} is read by this import; name another file", rejects.display())))
        }
        false => Ok(()),
    }
}

fn refused(unfit: Unfit, input: &Input, journal: Option<&PathBuf>) -> Failure {
    Failure::Usage(match unfit {
        Unfit::Changed(text) => {
            let journal = journal.map(|path| path.display().to_string()).unwrap_or_default();
            format!("{}: {text}; remove {journal} to begin anew, or name another journal with --journal", input.name())
        }
        Unfit::Problems(problems, count) => {
            let mut text = match count {
                1 => format!("{}: a row is wrong, and nothing was sent", input.name()),
                count => format!("{}: {} rows are wrong, and nothing was sent", input.name(), grouped(count)),
            };
            for problem in &problems {
                text += &format!("\n  line {}: {}", problem.line, problem.text);
            }
            if count > problems.len() {
                text += &format!("\n  (the first {SHOWN})");
            }
            text
        }
    })
}

/// Shows what the first row would send.
fn preview<J: Job>(global: &Global, context: &Context, (input, plan): (&Input, &Plan), dry: &J) -> Result<()> {
    let first = input.rows().ok().and_then(|mut rows| rows.next()).and_then(|row| row.ok());
    if let Some(error) = first.and_then(|row| dry.preview(&row)) {
        match error.dry_run() {
            Some(request) => global.output(context)?.request(request)?,
            None => return Err(error.into()),
        }
    }
    let (rows, todo) = (grouped(plan.rows()), grouped(plan.todo()));
    crate::say!("A dry run: nothing was sent. {rows} rows are in order, and {todo} would be sent like the first one.");
    Ok(())
}

fn show(global: &Global, context: &Context, counts: Counts, plan: &Plan) -> Result<()> {
    let left = plan.todo() - counts.all().min(plan.todo());
    let summary = Summary { counts, earlier: plan.done, left };
    let mut output = global.output(context)?;
    output.one(Value::of(&summary)?)?;
    output.text("")
}

fn say_how_to_go_on(left: usize, has_journal: bool) {
    let left = grouped(left);
    let command: Vec<_> = env::args().map(|argument| quoted(&argument)).collect();
    match has_journal {
        true => crate::say!("iam: {left} rows are left; go on with: {}", command.join(" ")),
        false => crate::say!("iam: {left} rows are left; of standard input a journal is kept only with --journal FILE"),
    }
}

/// Returns an argument as a shell reads it. No argument is a secret: no flag takes one.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    match !argument.is_empty() && argument.chars().all(is_plain) {
        true => argument.to_owned(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

/// Returns how the command ends.
fn ended(end: End, counts: &Counts, global: &Global) -> Result<()> {
    let is_partly_done = counts.all() > 0;
    match end {
        End::Complete if counts.failed == 0 => Ok(()),
        End::Complete => Err(Failure::Told(code::PARTLY_DONE)),
        End::TooManyErrors => {
            crate::say!("iam: stopped after {} rows that failed", grouped(counts.failed));
            Err(Failure::Told(code::PARTLY_DONE))
        }
        End::Interrupted => Err(Failure::Interrupted),
        End::Failed(error) if is_partly_done => {
            Failure::Call(error).report(global.is_json());
            Err(Failure::Told(code::PARTLY_DONE))
        }
        End::Failed(error) => Err(error.into()),
        End::Broken(text) => Err(Failure::Other(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_quoted_for_a_shell() {
        for (argument, expected) in [
            ("users.csv", "users.csv"),
            ("my users.csv", "'my users.csv'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("米.csv", "米.csv"),
        ] {
            assert_eq!(quoted(argument), expected);
        }
    }
}
