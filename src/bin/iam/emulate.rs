//! The command `iam emulate`.

use crate::seed::Seeds;
use clap::{Args, ValueEnum};
use iam_sdk::emulator::{Emulator, EmulatorBuilder, Fault, authing, cloudspot, digiwin};
use serde_json::json;
use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    thread,
    time::Duration,
};

#[derive(Args)]
pub struct Options {
    /// The loopback port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A fault, such as `reset-after on=authing.users.create times=1`; may be given several times
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// How many milliseconds to wait before each response
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,
    /// The lifetime of all services' tokens, in seconds; by default that of each service
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    token_lifetime: Option<u64>,
    /// Which of Digiwin's responses are in an envelope
    #[arg(long, value_enum, default_value_t)]
    response_style: ResponseStyle,
    /// The form of Authing's errors
    #[arg(long, value_enum, default_value_t)]
    error_style: ErrorStyle,
    /// A JSON file with people, tenants, organizations and so on; the guide on testing has its form
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Serve until a signal comes, whatever becomes of standard input
    #[arg(long)]
    ignore_stdin: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum ResponseStyle {
    /// All but those below /api/iam/v2/identity
    #[default]
    Mixed,
    /// None
    Bare,
    /// All; refusals have HTTP status 200
    Enveloped,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum ErrorStyle {
    /// `code` and `message`
    #[default]
    Code,
    /// `apiCode` and `statusCode`, as in newer deployments
    ApiCode,
}

fn builder(options: &Options) -> Result<EmulatorBuilder, String> {
    let seeds = options.seed.as_deref().map(Seeds::read).transpose()?.unwrap_or_default();
    let mut digiwin = digiwin::Settings::new().response_style(match options.response_style {
        ResponseStyle::Mixed => digiwin::ResponseStyle::Mixed,
        ResponseStyle::Bare => digiwin::ResponseStyle::Bare,
        ResponseStyle::Enveloped => digiwin::ResponseStyle::Enveloped,
    });
    let mut authing = authing::Settings::new().error_style(match options.error_style {
        ErrorStyle::Code => authing::ErrorStyle::Code,
        ErrorStyle::ApiCode => authing::ErrorStyle::ApiCode,
    });
    let mut cloudspot = cloudspot::Settings::new();
    if let Some(lifetime) = options.token_lifetime.map(Duration::from_secs) {
        digiwin = digiwin.token_lifetime(lifetime);
        authing = authing.token_lifetime(lifetime);
        cloudspot = cloudspot.token_lifetime(lifetime);
    }
    digiwin = seeds.digiwin.into_iter().fold(digiwin, digiwin::Settings::seed);
    authing = seeds.authing.into_iter().fold(authing, authing::Settings::seed);
    cloudspot = seeds.cloudspot.into_iter().fold(cloudspot, cloudspot::Settings::seed);
    let builder = Emulator::builder().port(options.port).latency(Duration::from_millis(options.latency));
    Ok(builder.digiwin(digiwin).authing(authing).cloudspot(cloudspot))
}

pub fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let emulator = builder(&options)?.start()?;
    for fault in options.fault {
        emulator.try_fault(fault)?;
    }
    let account = emulator.digiwin().account();
    let license = emulator.cloudspot().account();
    let impersonation = emulator.cloudspot().impersonate(&license.username, &license.company_id);
    let pool = emulator.authing().account();
    // The application is any: the emulator knows none.
    let app_id = "shop";
    let user = emulator.authing().user_ids().into_iter().next();
    let id_token = user.map(|id| emulator.authing().issue_jwt(authing::Jwt::new(id, app_id))).transpose()?;
    let line = json!({
        "base_url": emulator.base_url(),
        "digiwin": {
            "app_token": account.app_token.expose_secret(),
            "user_id": account.user_id,
            "password": account.password.expose_secret(),
            "tenant_id": account.tenant_id,
            "telephone": account.telephone,
            "verification_code": account.verification_code.expose_secret(),
        },
        "authing": {
            "user_pool_id": pool.user_pool_id,
            "secret": pool.secret.expose_secret(),
            "public_key": emulator.authing().public_key_pem()?,
            "issuer": emulator.authing().issuer(),
            "app_id": app_id,
            "id_token": id_token.as_ref().map(|token| token.expose_secret()),
        },
        "cloudspot": {
            "application": license.application,
            "username": license.username,
            "password": license.password.expose_secret(),
            "company_id": license.company_id,
            "impersonation_token": impersonation.as_ref().map(|token| token.expose_secret()),
        },
    });
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(until_told(options.ignore_stdin))?;
    Ok(())
}

/// Waits until standard input closes or a signal arrives.
async fn until_told(ignore_stdin: bool) -> io::Result<()> {
    if ignore_stdin {
        return interrupted().await;
    }
    let (closed, input) = tokio::sync::oneshot::channel();
    // Not one of the runtime's threads, which it would wait for at its end.
    thread::Builder::new().spawn(move || {
        // Closed by an error is closed too.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = closed.send(());
    })?;
    tokio::select! {
        _ = input => {
            // The program that started it has ended, or it was started without one: somebody wonders why it has stopped.
            eprintln!("iam: standard input is closed, so the emulator stops; with --ignore-stdin it goes on until a signal comes");
            Ok(())
        }
        result = interrupted() => result,
    }
}

#[cfg(unix)]
async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
        result = tokio::signal::ctrl_c() => result,
    }
}

#[cfg(not(unix))]
async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
