//! `iam help`, completions and man pages.

use crate::{
    failure::{Failure, Result},
    settings::SETTINGS,
};
use clap::{Args, Command, ValueEnum};
use clap_complete::aot::{self, Shell as Target};
use std::{
    io::{self, Write as _},
    path::PathBuf,
};

const EXIT_CODES: &str = "\
Exit codes

    0  done; also where whoever read standard output has gone
    1  another failure: the service refused with a code of its own, the response makes no sense, the token store failed,
       a filter of --jq does not fit the data; also the answer `false` with --exit-code
    2  the command line, a setting or a file is wrong, or a confirmation was refused or missing; nothing was sent
    3  partly done: some of many items failed
    4  not logged in, or wrong credentials, of the user or of the application
    5  the user may not do this
    6  not found
    7  the service finds the data wrong, or the name is taken
    8  the service asks to slow down, or failed: the same may succeed later
    9  the network: no connection, a time limit, TLS
  130  Ctrl-C

A failure is one line on standard error; with -o json or -o jsonl it is an object there:

  {\"kind\", \"operation\", \"status\", \"code\", \"message\", \"request_id\", \"retry_after\", \"was_sent\", \"notes\"}

So it is where IAM_OUTPUT or the profile asks for JSON. `notes` are the lines that people would read beside it.
`was_sent` false says that the service has not seen the request.
";

const FORMATTING: &str = "\
Formatting

  -o table   aligned columns, the default on a terminal, as many as fit; long texts are shortened, identifiers never
  -o plain   text with tabs, no head, the same columns each time: the default in a pipe
  -o json    one JSON value; a list is an array with one item a line
  -o jsonl   one JSON value a line
  -o csv     comma-separated values with a head

  --fields id,company.name   only these fields, in this order; --fields alone lists those of the command's results
  --jq FILTER                a jq filter over all that comes, also with @csv and @tsv; strings are shown without quotes,
                             unless -o json is given; with -o csv or -o table the results are rows

A tree is indented in a table, has a column `depth` in CSV and plain text, and is nested in JSON.

Lists are fetched page by page and shown as the pages arrive; --limit ends them, and nothing is fetched that is not shown.
What people read and programs do not (prompts, progress, confirmations) is on standard error.
Colors are used on a terminal; NO_COLOR, TERM=dumb and --color never switch them off.

Examples:
  iam authing users list --fields id,username,email -o csv > users.csv
  iam authing users list --jq 'group_by(.company) | map({(.[0].company // \"-\"): length}) | add'
  iam digiwin orgs tree
";

/// The variables that hold secrets.
const SECRETS: [(&str, &str); 5] = [
    ("IAM_PASSWORD", "the user's password (digiwin, license)"),
    ("IAM_USER_POOL_SECRET", "the user pool's secret (authing)"),
    ("IAM_APP_TOKEN", "the application's token (digiwin)"),
    ("IAM_TOKEN", "a session's token, in place of a login"),
    ("IAM_STORE_PASSPHRASE", "seals the tokens at rest, in place of the keyring or a key file"),
];

/// The variables that are neither settings nor secrets.
const OTHERS: [(&str, &str); 6] = [
    ("IAM_PROFILE", "the profile"),
    ("IAM_CONFIG", "the file with the profiles"),
    ("IAM_STATE_DIR", "where the sealed tokens are"),
    ("IAM_LOG", "debug or trace: the SDK's log, on standard error; -vv is trace"),
    ("NO_COLOR, CLICOLOR", "see `iam help formatting`"),
    ("HTTPS_PROXY, NO_PROXY", "the proxy"),
];

fn environment() -> String {
    let mut text =
        "Environment\n\nEach setting comes from its flag, else from its variable, else from the profile.\n\n"
            .to_owned();
    text += &format!("  {:<24} {:<18} {}\n", "variable", "in a profile", "meaning");
    for setting in &SETTINGS {
        text += &format!("  {:<24} {:<18} {}\n", setting.variable, setting.name, setting.help);
    }
    text += "\nSecrets, which stand in no profile and are the value of no flag:\n\n";
    let line = |(variable, meaning): &(&str, &str)| format!("  {variable:<24} {meaning}\n");
    text.extend(SECRETS.iter().map(line));
    text += "
Variables can be read by a command's children and in a container's description; a file or a command is better.
A command is a line for the shell, or a list of words: credential_command = [\"pass\", \"show\", \"iam/ann\"].

Others:

";
    text.extend(OTHERS.iter().map(line));
    text
}

/// What a command does, then examples of it, then the rest.
const ORDER: &str = "{about}{after-help}\n\n{usage-heading} {usage}\n\n{all-args}";

/// The flags of all commands that `-h` leaves out: `--help` has them.
const ONLY_IN_LONG_HELP: [&str; 10] =
    ["base_url", "user", "tenant", "user_pool", "application", "timeout", "ca_file", "no_input", "verbose", "color"];

/// Has the help of each command begin with its examples.
pub fn examples_first(tree: Command) -> Command {
    tree.help_template(ORDER)
        .mut_args(|argument| {
            let is_left_out = argument.is_global_set() && ONLY_IN_LONG_HELP.contains(&argument.get_id().as_str());
            argument.hide_short_help(is_left_out)
        })
        .mut_subcommands(examples_first)
}

#[derive(Args, Debug)]
pub struct Help {
    /// A command, or exit-codes, environment or formatting
    words: Vec<String>,
}

impl Help {
    pub fn run(self, mut tree: Command) -> Result<()> {
        let words: Vec<_> = self.words.iter().map(String::as_str).collect();
        let text = match &words[..] {
            ["exit-codes"] => EXIT_CODES.to_owned(),
            ["environment"] => environment(),
            ["formatting"] => FORMATTING.to_owned(),
            _ => {
                tree.build();
                let mut command = &mut tree;
                for word in &words {
                    let found = command.find_subcommand_mut(word);
                    command =
                        found.ok_or_else(|| Failure::Usage(format!("there is no help for `{}`", words.join(" "))))?;
                }
                command.render_long_help().ansi().to_string()
            }
        };
        // Without colors where there are none.
        let mut to = anstream::stdout();
        Ok(to.write_all(text.as_bytes()).and_then(|()| to.flush())?)
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  iam completions bash > /etc/bash_completion.d/iam\n  \
    iam completions zsh > \"${fpath[1]}/_iam\"\n  iam completions fish > ~/.config/fish/completions/iam.fish\n  \
    iam completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut tree: Command) -> Result<()> {
        let target = match self.shell {
            Shell::Bash => Target::Bash,
            Shell::Zsh => Target::Zsh,
            Shell::Fish => Target::Fish,
            Shell::Powershell => Target::PowerShell,
        };
        // In memory first: it panics where it cannot write.
        let mut text = Vec::new();
        aot::generate(target, &mut tree, "iam", &mut text);
        Ok(io::stdout().lock().write_all(&text)?)
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  iam man --out ~/.local/share/man/man1")]
pub struct Man {
    /// The folder
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

impl Man {
    pub fn run(self, tree: Command) -> Result<()> {
        std::fs::create_dir_all(&self.out)
            .and_then(|()| clap_mangen::generate_to(tree, &self.out))
            .map_err(|error| Failure::file(&self.out, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::code;

    #[test]
    fn the_codes_are_the_documented_ones() {
        let codes = [
            code::FAILED,
            code::USAGE,
            code::PARTLY_DONE,
            code::AUTHENTICATION,
            code::AUTHORIZATION,
            code::NOT_FOUND,
            code::REFUSED_DATA,
            code::TRY_LATER,
            code::NETWORK,
            code::INTERRUPTED,
        ];
        for code in codes {
            assert!(EXIT_CODES.contains(&format!("\n  {code:>3}  ")), "{code}");
        }
    }

    /// Whatever variable the command reads, in whichever of its files.
    #[test]
    fn every_variable_is_documented() {
        let text = environment();
        let mut seen = std::collections::BTreeSet::new();
        let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/bin/iam")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for (_, rest) in source.match_indices("\"IAM_").map(|(at, _)| source.split_at(at + 1)) {
                    let end = rest.find(|c: char| !(c.is_ascii_uppercase() || c == '_')).unwrap_or(rest.len());
                    seen.insert(rest[..end].to_owned());
                }
            }
        }
        // The beginning of a name that is put together; what a setting's name gives is in the table.
        seen.remove("IAM_");
        assert!(seen.len() > 20 && seen.contains("IAM_STATE_DIR"), "{seen:?}");
        for variable in seen {
            assert!(text.contains(&format!("  {variable} ")), "{variable}");
        }
    }
}
