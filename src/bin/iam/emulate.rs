//! The command `iam emulate`.

mod settings;

use crate::failure::{Failure, Result};
use clap::Args;
use iam_sdk::emulator::{
    Fault,
    authing::{self, ErrorStyle},
    digiwin::ResponseStyle,
};
use serde_json::json;
use settings::Settings;
use std::{
    error::Error,
    io::{self, Write},
    num::NonZeroU64,
    path::PathBuf,
    thread,
};

#[derive(Args)]
pub struct Options {
    /// A JSON file of settings: users, faults, styles and so on; the guide on testing has its form. Options given beside it win
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The loopback port to listen on; 0, the default, takes a free one
    #[arg(long)]
    port: Option<u16>,
    /// A fault, such as `reset-after on=authing.users.create times=1`; may be given several times
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// How many milliseconds to wait before each response
    #[arg(long, value_name = "MS")]
    latency: Option<u64>,
    /// The lifetime in seconds of Digiwin's and Cloudspot's user tokens and of Authing's management tokens
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<NonZeroU64>,
    /// How Digiwin's responses are wrapped: `mixed`, all but those below /api/iam/v2/identity (default); `bare`, no response is
    /// wrapped; `enveloped`, all are, and refusals have HTTP status 200
    #[arg(long, value_name = "STYLE")]
    response_style: Option<ResponseStyle>,
    /// The form of Authing's errors: `code`, with `code` and `message` (default); `api-code`, with `apiCode` and `statusCode`, as
    /// in newer deployments
    #[arg(long, value_name = "STYLE")]
    error_style: Option<ErrorStyle>,
    /// Serve until a signal comes, even after standard input has closed
    #[arg(long)]
    ignore_stdin: bool,
}

impl Options {
    /// Returns the file's settings, changed by the options.
    fn settings(&self) -> Result<Settings, String> {
        let mut settings = self.settings.as_deref().map(Settings::read).transpose()?.unwrap_or_default();
        settings.port = self.port.unwrap_or(settings.port);
        settings.latency_ms = self.latency.unwrap_or(settings.latency_ms);
        settings.faults.extend(self.fault.iter().cloned());
        for lifetime in [
            &mut settings.digiwin.token_lifetime_seconds,
            &mut settings.authing.token_lifetime_seconds,
            &mut settings.cloudspot.token_lifetime_seconds,
        ] {
            *lifetime = self.token_lifetime.or(*lifetime);
        }
        settings.digiwin.response_style = self.response_style.or(settings.digiwin.response_style);
        settings.authing.error_style = self.error_style.or(settings.authing.error_style);
        Ok(settings)
    }
}

pub fn run(options: Options) -> Result<()> {
    let settings = options.settings().map_err(Failure::Usage)?;
    serve(settings, options.ignore_stdin).map_err(Failure::from_any)
}

fn serve(mut settings: Settings, ignore_stdin: bool) -> Result<(), Box<dyn Error>> {
    let faults = std::mem::take(&mut settings.faults);
    let emulator = settings.builder().kept_requests(0).start()?;
    for fault in faults {
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
            "base_url": emulator.base_url(),
            "app_token": account.app_token.expose_secret(),
            "user_id": account.user_id,
            "password": account.password.expose_secret(),
            "tenant_id": account.tenant_id,
            "telephone": account.telephone,
            "verification_code": account.verification_code.expose_secret(),
        },
        "authing": {
            "base_url": emulator.base_url(),
            "user_pool_id": pool.user_pool_id,
            "secret": pool.secret.expose_secret(),
            "public_key": emulator.authing().public_key_pem()?,
            "issuer": emulator.authing().issuer(),
            "app_id": app_id,
            "id_token": id_token.as_ref().map(|token| token.expose_secret()),
        },
        "cloudspot": {
            "base_url": emulator.cloudspot().base_url(),
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
    runtime.block_on(until_told(ignore_stdin))?;
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
            crate::say!("iam: standard input is closed, so the emulator stops; with --ignore-stdin it goes on until a signal comes");
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
