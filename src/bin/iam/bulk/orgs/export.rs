//! `iam authing orgs export`.

use super::file;
use crate::{
    bulk::export::plain,
    command::Global,
    context::{Connect as _, Context},
    failure::{Failure, Result},
    output::Format,
    paths::AtomicFile,
    service::Service,
};
use clap::Args;
use iam_sdk::blocking::authing::ManagementClient;
use std::{
    io::{self, BufWriter, Write as _},
    path::PathBuf,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  iam authing orgs export --to orgs.json\n  iam authing orgs export 64f1c0 > headquarters.json"
)]
pub struct Export {
    /// The id of the organization; all by default
    org: Option<String>,
    /// The file to write, which has its name once it is whole; without it, standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    overwrite: bool,
}

impl Export {
    pub fn run(self, global: &Global) -> Result<()> {
        check_output(global)?;
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        if let Some(path) = self.to.as_ref().filter(|path| path.exists() && !self.overwrite) {
            return Err(Failure::Refused(format!("{} is there already; --overwrite replaces it", path.display())));
        }
        if let Some(path) = &self.to {
            plain(path)?;
        }
        let trees = match &self.org {
            Some(org) => client.orgs().export_by_org_id(org)?,
            None => client.orgs().export_all()?,
        };
        let Some(path) = &self.to else {
            return Ok(file::write(&trees, &mut io::stdout().lock())?);
        };
        // It has the mail addresses and phone numbers of members.
        let written = AtomicFile::create(path).and_then(|to| {
            let mut to = BufWriter::new(to);
            file::write(&trees, &mut to)?;
            to.flush()?;
            to.into_inner().map_err(io::IntoInnerError::into_error)?.commit(self.overwrite)
        });
        written.map_err(|error| Failure::file(path, &error))?;
        crate::say!("iam: {} organizations are in {}", trees.len(), path.display());
        Ok(())
    }
}

/// Refuses what has no effect on trees.
fn check_output(global: &Global) -> Result<()> {
    let wrong = |flag: &str| Err(Failure::Usage(format!("{flag}: trees are exported as JSON, and whole")));
    match &global.output {
        output if output.jq.is_some() => wrong("--jq"),
        output if output.fields.is_some() => wrong("--fields"),
        output if output.output.is_some_and(|format| format != Format::Json) => wrong("--output"),
        _ => Ok(()),
    }
}
