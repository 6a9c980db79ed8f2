//! What all imports are told on the command line.

use super::rows::FileFormat;
use clap::Args;
use std::path::PathBuf;

/// What an import reads, how fast it goes, and what it keeps.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct ImportOptions {
    /// The file: CSV with a header, or a JSON object a line; `-` is standard input
    pub file: PathBuf,
    /// The format of the file; by default what its name or its first character says
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// How many rows to send at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=128))]
    pub concurrency: u16,
    /// How many calls a second to make at the most; without it, until the service asks to slow down
    #[arg(long, value_name = "N", value_parser = rate)]
    pub rate: Option<f64>,
    /// Stop after so many rows that failed; those under way come to their end
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub max_errors: Option<usize>,
    /// Write the rows that failed to this file, with a column `error`: corrected, it can be imported
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Replace the file of --rejects if it is there
    #[arg(long, requires = "rejects")]
    pub overwrite: bool,
    /// The journal, with which a second run goes on where this one stops; by default FILE.iam-journal
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Check all rows, show what the first row would send, and send nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|rate| (0.01..=100_000.0).contains(rate)).ok_or("a number from 0.01 to 100000".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or("a whole number from 1 on".to_owned())
}
