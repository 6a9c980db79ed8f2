//! `iam whoami` and `iam logout`.

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

/// Asks the service of a context who is logged in.
pub fn who(context: &Context, service: Service) -> Result<String> {
    Ok(match service {
        Service::Digiwin => Client::connect(context)?.who(),
        Service::Authing => ManagementClient::connect(context)?.who(),
        Service::License => LicenseClient::connect(context)?.who(),
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
        let mut context = Context::new(global.flags.clone(), None)?;
        context.is_about_session = true;
        let store = context.store()?;
        let service = context.service()?;
        if self.guard.is_dry_run() && service != Service::Digiwin {
            crate::say!("A dry run: the service would be asked nothing; the token would be forgotten.");
            return Ok(());
        }
        let ended = match service {
            Service::Digiwin => {
                let options = LogoutOptions::new().clear_all(self.everywhere.then_some(true));
                let client = Client::connect(&context)?;
                if self.guard.is_dry_run() {
                    let call = move || client.dry()?.identity().logout_with(options);
                    return global.output(&context)?.show(reply::done(call), false);
                }
                let ended = client.identity().logout_with(options);
                // Also where the service does not respond: nobody is to find the token here.
                client.clear_token()?;
                ended
            }
            Service::Authing => ManagementClient::connect(&context)?.clear_token(),
            Service::License => LicenseClient::connect(&context)?.clear_token(),
        };
        if let Some(store) = store {
            store.forget(&context.sealed("password"))?;
        }
        // A token that the service knows no longer is as good as ended.
        if let Err(error) = ended
            && !error.is_authentication()
        {
            crate::say!("The token is forgotten here; the service was not told.");
            return Err(error.into());
        }
        crate::say!("Logged out: profile `{}`.", context.profile());
        Ok(())
    }
}
