//! Runs an import from beginning to end: opens the files, checks the rows, sends them, and says how it went.

use super::{
    gate::Gate,
    import::{self, Counts, End, Outputs, Settings},
    input::Input,
    interrupt,
    job::{Job, Preview},
    journal::{Journal, JournalScope},
    journal_state::{JournalState, Known},
    options::ImportOptions,
    plan::{self, Plan, Unfit},
    progress::{Progress, grouped, rows},
    rejects::Rejects,
    row::Row,
};
use crate::{
    command::Global,
    context::Context,
    failure::{Failure, Result, code},
    output::{Output, fields, value::Value},
    paths::beside,
};
use iam_sdk::authing::PUBLIC_SERVICE;
use serde::Serialize;
use std::{
    env,
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What an import says at its end.
#[derive(Debug, Serialize)]
struct Summary {
    #[serde(flatten)]
    counts: Counts,
    /// What earlier runs have done.
    earlier: usize,
    /// What is still to be done.
    left: usize,
    /// The groups that were created, where rows are about groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    groups_created: Option<usize>,
}

/// The members of a summary.
const SUMMARY: &[&str] = &["created", "updated", "skipped", "unchanged", "failed", "earlier", "left", "groups_created"];

/// Returns which import a journal belongs to: a command, for one pool of one service.
pub fn scope(command: &str, context: &Context) -> JournalScope {
    let base_url = context.settings.get("base_url").unwrap_or_else(|| PUBLIC_SERVICE.to_owned());
    let pool = context.settings.get("user_pool").unwrap_or_default();
    JournalScope { command: command.to_owned(), target: format!("{} {pool}", base_url.trim_end_matches('/')) }
}

/// An import: what is read, and what is done with each row.
#[derive(Debug)]
pub struct Work<'a, J> {
    pub options: &'a ImportOptions,
    pub scope: JournalScope,
    pub job: J,
    /// The job with a client that sends nothing.
    pub dry: J,
}

/// Imports the rows of a file.
///
/// `confirm` asks whether to go on, once the number of rows is known.
pub fn import<J: Job>(
    global: &Global,
    context: &Context,
    work: Work<'_, J>,
    confirm: impl FnOnce(usize) -> Result<()>,
) -> Result<()> {
    let Work { options, scope, job, dry } = &work;
    // What is wrong with the command line is said before anything is sent.
    check_fields(global)?;
    let mut output = global.output(context)?;
    let input = Input::open(&options.file, options.format).map_err(Failure::Usage)?;
    let path = journal_path(options, &input);
    check_rejects(options, path.as_ref())?;
    check_journal(options, path.as_ref())?;
    let (mut journal, past) = match &path {
        // A dry run begins none.
        Some(path) if !options.dry_run || path.exists() => {
            let (journal, past) = Journal::open(path, scope)?;
            (Some(journal), past)
        }
        _ => (None, JournalState::default()),
    };
    if let Err(failure) = check_inodes(options, journal.as_ref()) {
        Journal::discard_if_new(journal);
        return Err(failure);
    }
    let header = input.rows().ok().and_then(|rows| rows.header());
    let create = || match &options.rejects {
        Some(path) => Rejects::create(path, options.overwrite, input.format, header.clone()).map(Some),
        None => Ok(None),
    };
    let mut wrong = Ok(None);
    let checked = plan::plan(&input, &past, job, |row, text| {
        if let Ok(None) = wrong {
            wrong = create();
        }
        if let Ok(Some(rejects)) = &mut wrong
            && let Err(error) = rejects.write(row, text)
        {
            wrong = Err(error);
        }
    });
    let plan = match checked {
        Ok(plan) => plan,
        Err(unfit) => {
            Journal::discard_if_new(journal);
            let rejected = wrong.and_then(|rejects| rejects.map_or(Ok(0), Rejects::finish)).map_err(Failure::Other)?;
            if let (Some(path), 1..) = (&options.rejects, rejected) {
                crate::say!("iam: the rows that are wrong are in {}", path.display());
            }
            let hint = match job.can_look_first() {
                true => "; with --update or --skip-existing, what has changed is looked for and sent again",
                false => "",
            };
            return Err(refused(unfit, &input, path.as_ref(), hint));
        }
    };
    if options.dry_run {
        return preview(&mut output, (&input, &past, &plan), dry);
    }
    if plan.todo() == 0 {
        let what = if plan.rows() == 0 { "it has no rows" } else { "all rows are done already" };
        crate::say!("iam: {}: {what}", input.name());
        match journal.as_mut().filter(|_| plan.rows() > 0) {
            Some(journal) => journal.finish().map_err(Failure::Other)?,
            None => Journal::discard_if_new(journal),
        }
        return show(&mut output, Counts::default(), &plan, job);
    }
    if !plan.ignored.is_empty() {
        crate::say!("iam: {}: these columns are not sent; the service sets them itself", plan.ignored.join(", "));
    }
    if let Err(failure) = confirm(plan.todo()) {
        Journal::discard_if_new(journal);
        return Err(failure);
    }
    if let Some(journal) = &mut journal {
        if let Some(at) = journal.finished_at() {
            crate::say!("iam: {}: its last import was finished at {at}; this one begins anew", input.name());
            journal.begin_anew(scope, &past)?;
        }
        journal.retrying(&past).map_err(Failure::Other)?;
    }
    let mut rejects = create().map_err(Failure::Other)?;
    if plan.done > 0 {
        let (done, rows) = (grouped(plan.done), rows(plan.rows()));
        crate::say!(
            "iam: {done} of {rows} were done by an import that did not come to its end; this one goes on with it"
        );
    }

    let gate = Arc::new(Gate::new(options.rate));
    interrupt::watch(&gate).map_err(|error| Failure::Other(format!("signals: {error}")))?;
    let mut progress = Progress::new(plan.todo(), options.quiet);
    let settings = Settings { concurrency: options.concurrency.into(), max_errors: options.max_errors };
    let outputs = Outputs { journal, rejects: rejects.as_mut(), progress: &mut progress };
    let (counts, end) = import::run((&input, &past, &plan), job, settings, &gate, outputs);
    progress.finish();
    let rejected = rejects.map_or(Ok(0), Rejects::finish);
    if let (Some(path), Ok(1..)) = (&options.rejects, &rejected) {
        crate::say!("iam: the rows that failed are in {}", path.display());
    }
    let shown = show(&mut output, counts, &plan, job);
    let left = plan.todo() - counts.all().min(plan.todo());
    if left > 0 {
        // What this run has rejected is sent again, and rejected again.
        let overwrites = matches!(rejected, Ok(1..)) && !options.overwrite;
        say_how_to_go_on(left, path.is_some(), overwrites);
    }
    // How the rows fared counts for more than whether anybody reads it.
    ended(end, &counts, options, global)?;
    rejected.map_err(Failure::Other)?;
    shown
}

/// Refuses fields that no summary has.
fn check_fields(global: &Global) -> Result<()> {
    match global.output.fields.as_deref().and_then(|asked| fields::unknown(asked, SUMMARY)) {
        Some(unknown) => {
            Err(Failure::Usage(format!("--fields: there is no `{unknown}`; there are {}", SUMMARY.join(", "))))
        }
        None => Ok(()),
    }
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
        false => Rejects::check(rejects, options.overwrite).map_err(Failure::Refused),
    }
}

/// Opens what is a plain file: the other end of a pipe would notice.
fn plain(path: &Path) -> Option<File> {
    if path.is_file() { File::open(path).ok() } else { None }
}

/// Refuses a journal that is another name of the input.
fn check_journal(options: &ImportOptions, journal: Option<&PathBuf>) -> Result<()> {
    match (plain(&options.file), journal.and_then(|path| plain(path))) {
        (Some(input), Some(journal)) if is_same(&input, &journal) => {
            Err(Failure::Usage("--journal is the file that this import reads; name another one".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Refuses a file of rejects that is another name of the input or of the journal, which is open by now.
fn check_inodes(options: &ImportOptions, journal: Option<&Journal>) -> Result<()> {
    let Some(rejects) = options.rejects.as_deref().and_then(plain) else { return Ok(()) };
    let is_input = plain(&options.file).is_some_and(|input| is_same(&rejects, &input));
    match is_input || journal.is_some_and(|journal| is_same(&rejects, journal.file())) {
        true => {
            Err(Failure::Usage("--rejects is a file that this import reads or writes; name another one".to_owned()))
        }
        false => Ok(()),
    }
}

/// Returns whether two names are of one file.
#[cfg(unix)]
fn is_same(one: &File, other: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let of = |file: &File| file.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
    matches!((of(one), of(other)), (Ok(one), Ok(other)) if one == other)
}

/// Nothing tells; the names were compared before.
#[cfg(not(unix))]
fn is_same(_: &File, _: &File) -> bool {
    false
}

fn refused(unfit: Unfit, input: &Input, journal: Option<&PathBuf>, hint: &str) -> Failure {
    Failure::Usage(match unfit {
        Unfit::Changed(text) => {
            let journal = journal.map(|path| path.display().to_string()).unwrap_or_default();
            format!(
                "{}: {text}; remove {journal} to begin anew, or name another journal with --journal{hint}",
                input.name()
            )
        }
        Unfit::Header(problems) => {
            let lines: String =
                problems.iter().map(|problem| format!("\n  line {}: {}", problem.line, problem.text)).collect();
            format!("{}: nothing was sent{lines}", input.name())
        }
        Unfit::Problems(problems) => {
            let are = if problems.count == 1 { "is" } else { "are" };
            let mut text = format!("{}: {} {are} wrong, and nothing was sent", input.name(), rows(problems.count));
            for (problem, line, count) in &problems.groups {
                text += &format!("\n  line {line}: {problem}");
                match count {
                    1 => {}
                    2 => text += " (and another row)",
                    count => text += &format!(" (and {} others)", rows(count - 1).trim_end_matches(" rows")),
                }
            }
            if problems.others() > 0 {
                text += &format!("\n  and {} more; --rejects FILE keeps all", rows(problems.others()));
            }
            text
        }
    })
}

/// Shows what the first row would send that is still to do.
fn preview<J: Job>(output: &mut Output, (input, past, plan): (&Input, &JournalState, &Plan), dry: &J) -> Result<()> {
    let is_to_do = |row: &Row| !matches!(past.of(row.number, row.hash()), Known::Done(_));
    let first = input.rows().ok().and_then(|mut rows| rows.find_map(|row| row.ok().filter(is_to_do)));
    for preview in first.map(|row| dry.preview(&row)).transpose()?.unwrap_or_default() {
        match preview {
            Preview::Request(request) => output.request(&request)?,
            Preview::Note(text) => {
                // In their order, where both go to one terminal.
                output.text("")?;
                crate::say!("iam: {text}");
            }
        }
    }
    output.text("")?;
    let (are, todo) = (if plan.rows() == 1 { "is" } else { "are" }, grouped(plan.todo()));
    let all = rows(plan.rows());
    let unknown = if dry.looks_first() { " Which users are there already is not known without a call." } else { "" };
    crate::say!(
        "A dry run: nothing was sent. {all} {are} in order, and {todo} would be sent like the first one.{unknown}"
    );
    Ok(())
}

fn show(output: &mut Output, counts: Counts, plan: &Plan, job: &impl Job) -> Result<()> {
    let left = plan.todo() - counts.all().min(plan.todo());
    let summary = Summary { counts, earlier: plan.done, left, groups_created: job.groups_created() };
    output.one(Value::of(&summary)?)?;
    output.text("")
}

fn say_how_to_go_on(left: usize, has_journal: bool, overwrites: bool) {
    let left = format!("{} {} left", rows(left), if left == 1 { "is" } else { "are" });
    match has_journal {
        true => crate::say!("iam: {left}; go on with: {}", command_line(env::args_os(), overwrites)),
        false => crate::say!("iam: {left}; of standard input a journal is kept only with --journal FILE"),
    }
}

/// Returns a command as a shell reads it. What is not UTF-8 is shown as well as it can be.
fn command_line(arguments: impl Iterator<Item = OsString>, overwrites: bool) -> String {
    let arguments = arguments.map(|argument| quoted(&argument.to_string_lossy()));
    arguments.chain(overwrites.then(|| "--overwrite".to_owned())).collect::<Vec<_>>().join(" ")
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
fn ended(end: End, counts: &Counts, options: &ImportOptions, global: &Global) -> Result<()> {
    // Rows that failed alone are nothing that is done.
    let is_partly_done = counts.all() > counts.failed;
    match end {
        End::Complete if counts.failed == 0 => Ok(()),
        End::Complete => Err(Failure::AlreadyReported(code::PARTLY_DONE)),
        End::TooManyErrors => {
            let most = options.max_errors.unwrap_or_default();
            let others = match counts.failed.saturating_sub(most) {
                0 => String::new(),
                others => format!("; {} more that were under way failed as well", grouped(others)),
            };
            crate::say!("iam: stopped after {} that failed{others}", rows(most));
            Err(Failure::AlreadyReported(code::PARTLY_DONE))
        }
        End::Interrupted => Err(Failure::Interrupted),
        End::Failed(error) if is_partly_done => {
            Failure::Call(error).report(global.is_json());
            Err(Failure::AlreadyReported(code::PARTLY_DONE))
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
        let arguments = || ["iam", "my users.csv"].map(OsString::from).into_iter();
        assert_eq!(command_line(arguments(), false), "iam 'my users.csv'");
        assert_eq!(command_line(arguments(), true), "iam 'my users.csv' --overwrite");
        #[cfg(unix)]
        {
            let odd: OsString = std::os::unix::ffi::OsStringExt::from_vec(b"a\xff.csv".to_vec());
            assert_eq!(command_line([odd].into_iter(), false), "'a\u{fffd}.csv'");
        }
    }
}
