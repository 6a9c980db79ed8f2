//! `iam demo`: the emulator, and the quick start of each service with both clients.

mod r#async;
mod blocking;

use iam_sdk::{
    r#async as asynchronous,
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
    digiwin::Org,
    emulator::Emulator,
};
use std::{collections::BTreeMap, error::Error};

pub fn run() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start()?;
    let (url, account) = (emulator.base_url(), emulator.digiwin().account());
    let (license_url, license) = (format!("{url}/api/v1"), emulator.cloudspot().account());
    let pool = emulator.authing().account();

    println!("Digiwin IAM, emulated at {url}: the blocking client");
    blocking::digiwin(Client::builder(&url, account.app_token.clone()).build()?, account)?;
    println!("\nCloudspot License, emulated at {license_url}: the blocking client");
    blocking::license(LicenseClient::builder(&license.application).base_url(&license_url).build()?, license)?;
    println!("\nAuthing management, emulated at {url}: the blocking client");
    let builder = ManagementClient::builder(&pool.user_pool_id, pool.secret.clone());
    blocking::management(builder.base_url(&url).build()?, "mia")?;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("\nDigiwin IAM: the async client");
        r#async::digiwin(asynchronous::Client::builder(&url, account.app_token.clone()).build()?, account).await?;
        println!("\nCloudspot License: the async client");
        let builder = asynchronous::cloudspot::LicenseClient::builder(&license.application);
        r#async::license(builder.base_url(&license_url).build()?, license).await?;
        println!("\nAuthing management: the async client");
        let builder = asynchronous::authing::ManagementClient::builder(&pool.user_pool_id, pool.secret.clone());
        r#async::management(builder.base_url(&url).build()?, "noa").await
    })?;

    println!("\nBoth did all of it, in {} requests.", emulator.requests().len());
    Ok(())
}

fn step(name: &str, result: std::fmt::Arguments<'_>) {
    println!("  {name:20} {result}");
}

fn show(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn check(holds: bool, otherwise: &str) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn print_tree(orgs: &[Org]) {
    let mut below: BTreeMap<i64, Vec<&Org>> = BTreeMap::new();
    for org in orgs {
        below.entry(org.parent_sid.unwrap_or(0)).or_default().push(org);
    }
    // Each organization is taken out once: a cycle ends.
    let mut next: Vec<(usize, &Org)> =
        below.remove(&0).unwrap_or_default().into_iter().rev().map(|org| (0, org)).collect();
    while let Some((depth, org)) = next.pop() {
        println!("  {:20}   {}{} ({} people)", "", "    ".repeat(depth), show(&org.name), org.user_count.unwrap_or(0));
        let children = org.sid.and_then(|sid| below.remove(&sid)).unwrap_or_default();
        next.extend(children.into_iter().rev().map(|child| (depth + 1, child)));
    }
}
