//! Sessions: making one anew, ending it, and saying whose it is.

use crate::{
    command::Global,
    context::{Connect, Context},
    failure::Result,
    guard::{Change, Guard as _},
    reply::{self, Reply},
    service::Service,
};
use clap::Args;
use iam_sdk::{
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
    digiwin::LogoutOptions,
};

/// A client whose session can be made anew.
pub trait Session {
    /// Forgets the session's token.
    fn forget(&self) -> iam_sdk::Result<()>;

    /// Asks the service who is logged in.
    fn ask(&self) -> iam_sdk::Result<()>;
}

macro_rules! session {
    ($($client:ty: |$c:ident| $ask:expr;)+) => {$(
        impl Session for $client {
            fn forget(&self) -> iam_sdk::Result<()> {
                self.set_current_token(None)
            }

            fn ask(&self) -> iam_sdk::Result<()> {
                let $c = self;
                $ask.map(drop)
            }
        }
    )+};
}

session! {
    Client: |c| c.identity().analyze_token();
    ManagementClient: |c| c.userpool_detail();
    LicenseClient: |c| c.get_user();
}

/// Logs in, whatever token there is.
pub fn renew(client: &impl Session) -> Result<()> {
    client.forget()?;
    Ok(client.ask()?)
}

/// Asks the service of a context who is logged in.
pub fn check(context: &Context, service: Service) -> Result<()> {
    Ok(match service {
        Service::Digiwin => Client::connect(context)?.ask(),
        Service::Authing => ManagementClient::connect(context)?.ask(),
        Service::License => LicenseClient::connect(context)?.ask(),
    }?)
}

/// `iam whoami`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  iam whoami\n  iam whoami --profile pool -o json")]
pub struct Whoami {}

impl Whoami {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), None)?;
        let reply = match context.service()? {
            Service::Digiwin => {
                let client = Client::connect(&context)?;
                reply::one(move || client.identity().analyze_token())
            }
            Service::Authing => {
                let client = ManagementClient::connect(&context)?;
                reply::one(move || client.userpool_detail())
            }
            Service::License => {
                let client = LicenseClient::connect(&context)?;
                reply::one(move || client.get_user())
            }
        };
        show(global, &context, reply)
    }
}

/// Shows a reply as the flags say.
pub fn show(global: &Global, context: &Context, reply: Reply) -> Result<()> {
    let list_fields = global.output.fields.as_ref().is_some_and(Vec::is_empty);
    global.output(context)?.show(reply, list_fields)
}

/// `iam logout`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  iam logout\n  iam logout --profile work --everywhere")]
pub struct Logout {
    /// End all the user's sessions, not only this one (digiwin)
    #[arg(long)]
    everywhere: bool,
    #[command(flatten)]
    guard: Change,
}

impl Logout {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), None)?;
        let store = context.store()?;
        match context.service()? {
            Service::Digiwin => {
                let options = LogoutOptions::new().clear_all(self.everywhere.then_some(true));
                let client = Client::connect(&context)?;
                if self.guard.is_dry_run() {
                    let call = move || client.dry()?.identity().logout_with(options);
                    return global.output(&context)?.show(reply::done(call), false);
                }
                client.identity().logout_with(options)?;
            }
            _ if self.guard.is_dry_run() => {
                crate::say!("A dry run: the service would be asked nothing; the token would be forgotten.");
                return Ok(());
            }
            Service::Authing => ManagementClient::connect(&context)?.forget()?,
            Service::License => LicenseClient::connect(&context)?.forget()?,
        }
        if let Some(store) = store {
            store.forget(&context.sealed("password"))?;
        }
        crate::say!("Logged out: profile `{}`.", context.profile());
        Ok(())
    }
}
