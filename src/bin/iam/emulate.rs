use iam_sdk::emulator::Emulator;
use serde_json::json;
use std::{
    error::Error,
    io::{self, Write},
    thread,
};

pub fn run(port: u16) -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::builder().port(port).start()?;
    let account = emulator.digiwin().account();
    let license = emulator.cloudspot().account();
    let impersonation = emulator.cloudspot().impersonate(&license.username, &license.company_id);
    let authing = emulator.authing().account();
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
            "user_pool_id": authing.user_pool_id,
            "secret": authing.secret.expose_secret(),
            "public_key": emulator.authing().public_key_pem()?,
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
    runtime.block_on(until_told())?;
    Ok(())
}

/// Waits until standard input closes or a signal arrives.
async fn until_told() -> io::Result<()> {
    let (closed, input) = tokio::sync::oneshot::channel();
    // Not one of the runtime's threads, which it would wait for at its end.
    thread::Builder::new().spawn(move || {
        // Closed by an error is closed too.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        let _ = closed.send(());
    })?;
    tokio::select! {
        _ = input => Ok(()),
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
