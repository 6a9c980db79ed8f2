//! The command `iam`: the three identity services on the command line, and the emulator for other programs.

mod api;
mod arguments;
mod auth;
mod authing;
mod bulk;
mod command;
mod config;
mod context;
mod demo;
mod digiwin;
mod emulate;
mod failure;
mod guard;
mod help;
mod license;
mod log;
mod login;
mod output;
mod paths;
mod profiles;
mod prompt;
mod reply;
mod secrets;
mod service;
mod session;
mod settings;
mod store;
mod usage;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use command::Global;
use failure::{Failure, Result};
use output::Color;
use service::Service;
use std::process::ExitCode;

/// The identity services on the command line
#[derive(Parser)]
#[command(
    name = "iam",
    disable_help_subcommand = true,
    version,
    max_term_width = 100,
    after_help = "Examples:
  iam login digiwin --base-url https://iam.example.com --user ann
  iam whoami
  iam digiwin users list --fields id,name,email -o csv
  iam authing users search mia --jq '.[].id'
  iam authing orgs delete 64f1c0 --dry-run

`iam help exit-codes`, `iam help environment` and `iam help formatting` say more."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

#[allow(clippy::large_enum_variant, reason = "there is one value in a run")]
#[derive(Subcommand)]
enum Command {
    /// Log in, and stay logged in
    Login(login::Login),
    /// End the session
    Logout(session::Logout),
    /// Show who is logged in
    Whoami(session::Whoami),
    /// Show what the command line would use, and whether it works
    #[command(subcommand)]
    Auth(auth::Auth),
    /// Show profiles, choose one, and change them
    #[command(subcommand)]
    Profile(config::ProfileCommand),
    /// Show the settings of a profile, and change them
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Digiwin IAM
    #[command(subcommand)]
    Digiwin(digiwin::Digiwin),
    /// Authing management
    #[command(subcommand)]
    Authing(authing::Authing),
    /// Cloudspot License
    #[command(subcommand)]
    License(license::License),
    /// Make any call of a service
    Api(api::Api),
    /// Print completions for a shell
    Completions(help::Completions),
    /// Write man pages into a folder
    Man(help::Man),
    /// Show help: for a command, or on exit-codes, environment or formatting
    Help(help::Help),
    /// Start the emulator and do what the vendor's quick start does, with the blocking and with the async client
    Demo,
    /// Serve the emulator until standard input closes or a signal comes; prints one line of JSON first
    Emulate(emulate::Options),
}

fn tree() -> clap::Command {
    help::examples_first(Arguments::command())
}

fn main() -> ExitCode {
    let parsed = tree().try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    let Arguments { command, mut global } = match parsed {
        Ok(parsed) => parsed,
        Err(error) if error.use_stderr() && usage::is_json(std::env::args_os()) => {
            failure::keep_notes();
            return Failure::Usage(usage::message(&error)).report(true);
        }
        // Help and the version are such an error, too; nobody may be there any more to read them.
        Err(error) => error.exit(),
    };
    global.service = command.service();
    let as_json = global.is_json();
    if as_json {
        failure::keep_notes();
    }
    match global.output.color {
        Some(Color::Always) => anstream::ColorChoice::Always.write_global(),
        Some(Color::Never) => anstream::ColorChoice::Never.write_global(),
        Some(Color::Auto) | None => {}
    }
    log::start(global.flags.verbose);
    if global.flags.no_input {
        prompt::forbid();
    }
    // A filter that is wrong is found before anything is sent.
    let ended = global.check().and_then(|()| global.output.check()).and_then(|()| run(command, &global));
    let code = match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(as_json),
    };
    failure::print_notes();
    code
}

impl Command {
    /// Returns the service that a command is of, if it is of one.
    fn service(&self) -> Option<Service> {
        match self {
            Self::Digiwin(_) => Some(Service::Digiwin),
            Self::Authing(_) => Some(Service::Authing),
            Self::License(_) => Some(Service::License),
            Self::Api(api) => Some(api.service()),
            _ => None,
        }
    }
}

fn run(command: Command, global: &Global) -> Result<()> {
    match command {
        Command::Login(command) => command.run(global),
        Command::Logout(command) => command.run(global),
        Command::Whoami(command) => command.run(global),
        Command::Auth(command) => command.run(global),
        Command::Profile(command) => command.run(global),
        Command::Config(command) => command.run(global),
        Command::Digiwin(command) => command.run(global),
        Command::Authing(command) => command.run(global),
        Command::License(command) => command.run(global),
        Command::Api(command) => command.run(global),
        Command::Completions(command) => command.run(tree()),
        Command::Man(command) => command.run(tree()),
        Command::Help(command) => command.run(tree()),
        Command::Demo => demo::run().map_err(Failure::from_any),
        Command::Emulate(options) => emulate::run(options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{ArgAction, Command as Tree};

    fn walk(tree: &Tree, path: &str, each: &mut impl FnMut(&str, &Tree)) {
        each(path, tree);
        for command in tree.get_subcommands() {
            walk(command, &format!("{path} {}", command.get_name()), each);
        }
    }

    fn built() -> Tree {
        let mut tree = tree();
        tree.build();
        tree
    }

    #[test]
    fn the_tree_of_commands_is_sound() {
        tree().debug_assert();
    }

    /// A value on the command line can be read by every process of the machine, and help shows values of the environment.
    #[test]
    fn no_flag_takes_a_secret_and_none_shows_the_environment() {
        const SECRETS: [&str; 6] = ["password", "secret", "token", "credential", "passphrase", "pin"];
        let mut seen = 0;
        walk(&built(), "iam", &mut |path, command| {
            for argument in command.get_arguments() {
                seen += 1;
                let name = argument.get_id().as_str();
                let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
                let is_secret = SECRETS.iter().any(|secret| name.contains(secret)) && !name.ends_with("_file");
                let of_emulator = path == "iam emulate";
                assert!(!(takes_value && is_secret) || of_emulator, "{path}: {name} takes a secret");
                // Without clap's feature `env` an argument cannot even name a variable; this holds if it comes back.
                assert!(!argument.to_string().contains("env:"), "{path}: {name}");
            }
        });
        assert!(seen > 500, "{seen}");
    }

    #[test]
    fn every_operation_has_a_command() {
        let with_command: std::collections::BTreeSet<_> = digiwin::Digiwin::operations()
            .chain(authing::Authing::operations())
            .chain(license::License::OPERATIONS.iter().copied())
            .chain(OF_OTHER_COMMANDS)
            .collect();
        let tables = [
            include_str!("../../digiwin/operations.md"),
            include_str!("../../authing/operations.md"),
            include_str!("../../cloudspot/operations.md"),
        ];
        let declared: std::collections::BTreeSet<_> = tables
            .iter()
            .flat_map(|table| table.lines().filter_map(|row| row.strip_prefix("| `")?.split('`').next()))
            .collect();
        assert_eq!(declared, with_command);
        assert!(declared.len() > 110, "{}", declared.len());
    }

    /// `iam login`, `iam logout` and `iam api`.
    const OF_OTHER_COMMANDS: [&str; 11] = [
        "authing.access_token",
        "authing.graphql",
        "authing.request",
        "cloudspot.authenticate",
        "cloudspot.request",
        "digiwin.identity.internal_login",
        "digiwin.identity.login",
        "digiwin.identity.login_ad",
        "digiwin.identity.login_verification_code",
        "digiwin.identity.logout",
        "digiwin.request",
    ];

    /// Returns the words of a line of an example, up to what is the shell's.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        for c in line.chars() {
            match (c, quote) {
                ('\'' | '"', None) => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (c, Some(open)) if c == open => quote = None,
                (' ', None) => words.extend(word.take()),
                ('|' | '>' | '<', None) => break,
                (c, _) => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn every_example_is_a_command_of_its_own_service() {
        let mut examples = Vec::new();
        walk(&built(), "iam", &mut |path, command| {
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines =
                text.lines().filter_map(|line| Some(&line[line.find("iam ")?..]).filter(|_| line.starts_with("  ")));
            examples.extend(lines.map(|line| (path.to_owned(), line.to_owned())));
        });
        for (path, line) in &examples {
            // Of `VARIABLE=$(iam …) iam …` the first one.
            let line = if path == "iam auth token" { line.split(')').next().unwrap() } else { line };
            let matches =
                tree().try_get_matches_from(words(line)).unwrap_or_else(|error| panic!("{path}: {line}: {error}"));
            let Arguments { command, mut global } = Arguments::from_arg_matches(&matches).unwrap();
            global.service = command.service();
            global
                .check()
                .and_then(|()| global.output.check())
                .unwrap_or_else(|error| panic!("{path}: {line}: {error}"));
        }
        assert!(examples.len() > 60, "{}", examples.len());
    }

    #[test]
    fn every_command_says_what_it_does() {
        walk(&built(), "iam", &mut |path, command| {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(!about.is_empty() && !about.ends_with('.'), "{path}: {about}");
        });
    }
}
