//! `iam demo`: the emulator, and the quick start of each service with both clients.

mod r#async;
mod blocking;

use crate::reply::nest;
use iam_sdk::{
    r#async as asynchronous,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
    digiwin::Org,
    emulator::Emulator,
};
use std::{
    error::Error,
    io::{self, Write},
};

pub fn run() -> Result<(), Box<dyn Error>> {
    let to = &mut io::stdout().lock();
    let emulator = Emulator::start()?;
    let (url, account) = (emulator.base_url(), emulator.digiwin().account());
    let (license_url, license) = (format!("{url}/api/v1"), emulator.cloudspot().account());
    let pool = emulator.authing().account();

    writeln!(to, "Digiwin IAM, emulated at {url}: the blocking client")?;
    blocking::digiwin(Out(to), Client::builder(&url, account.app_token.clone()).build()?, account)?;
    writeln!(to, "\nCloudspot License, emulated at {license_url}: the blocking client")?;
    blocking::license(Out(to), LicenseClient::builder(&license.application).base_url(&license_url).build()?, license)?;
    writeln!(to, "\nAuthing management, emulated at {url}: the blocking client")?;
    let builder = ManagementClient::builder(&pool.user_pool_id, pool.secret.clone());
    blocking::management(Out(to), builder.base_url(&url).build()?, "mia")?;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        writeln!(to, "\nDigiwin IAM: the async client")?;
        r#async::digiwin(Out(to), asynchronous::Client::builder(&url, account.app_token.clone()).build()?, account)
            .await?;
        writeln!(to, "\nCloudspot License: the async client")?;
        let builder = asynchronous::cloudspot::LicenseClient::builder(&license.application);
        r#async::license(Out(to), builder.base_url(&license_url).build()?, license).await?;
        writeln!(to, "\nAuthing management: the async client")?;
        let builder = asynchronous::authing::ManagementClient::builder(&pool.user_pool_id, pool.secret.clone());
        r#async::management(Out(to), builder.base_url(&url).build()?, "noa").await
    })?;

    writeln!(to, "\nBoth did all of it, in {} requests.", emulator.requests().len())?;
    Ok(())
}

/// Where the steps are shown. A reader that has gone ends the demo without a word.
struct Out<'a>(&'a mut dyn Write);

impl Out<'_> {
    /// Shows what a step has brought.
    fn step(&mut self, name: &str, result: std::fmt::Arguments<'_>) -> io::Result<()> {
        writeln!(self.0, "  {name:20} {result}")
    }

    /// Shows a line below a step.
    fn line(&mut self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        writeln!(self.0, "  {:20}   {text}", "")
    }
}

fn show(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn check(holds: bool, otherwise: &str) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn print_tree(out: &mut Out<'_>, orgs: &[Org]) -> io::Result<()> {
    for (depth, org) in nest(orgs) {
        out.line(format_args!("{}{} ({} people)", "    ".repeat(depth), show(&org.name), org.user_count.unwrap_or(0)))?;
    }
    Ok(())
}
