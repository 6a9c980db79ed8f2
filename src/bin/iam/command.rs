//! How the commands of a service are declared, and run: each is a call, its arguments, and how its result is shown.

use crate::{
    context::{Connect, Context},
    failure::{Failure, Result},
    guard::{Guard, Subject},
    output::{Format, Options, Output},
    reply::Reply,
    service::Service,
    settings::Flags,
};
use std::env;

/// What all commands have: the flags that stand before or after any command.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Global {
    #[command(flatten)]
    pub flags: Flags,
    #[command(flatten)]
    pub output: Options,
    /// The service of the command, if it is of one.
    #[arg(skip)]
    pub service: Option<Service>,
}

impl Global {
    /// Refuses flags that mean something to other services than the command's.
    pub fn check(&self) -> Result<()> {
        let Some(service) = self.service else { return Ok(()) };
        let Flags { user, tenant, user_pool, application, .. } = &self.flags;
        for (flag, value, services) in [
            ("--user", user, &[Service::Digiwin, Service::License][..]),
            ("--tenant", tenant, &[Service::Digiwin]),
            ("--user-pool", user_pool, &[Service::Authing]),
            ("--application", application, &[Service::License]),
        ] {
            if value.is_some() && !services.contains(&service) {
                let of = services.iter().map(|service| service.name()).collect::<Vec<_>>().join(" and ");
                return Err(Failure::Usage(format!("{flag} is of {of}, and the command of {service}")));
            }
        }
        Ok(())
    }

    /// Runs the call of a command: connects, asks if need be, calls, and shows the result.
    pub fn call<C: Connect>(
        &self,
        guard: &impl Guard,
        subject: &Subject,
        reply: impl FnOnce(C) -> Result<Reply>,
    ) -> Result<()> {
        let context = Context::new(self.flags.clone(), Some(C::SERVICE))?;
        let mut output = self.output(&context)?;
        let mut client = C::connect(&context)?;
        if guard.is_dry_run() {
            client = client.dry()?;
        }
        guard.confirm(subject)?;
        let list_fields = self.output.fields.as_ref().is_some_and(Vec::is_empty);
        output.show(reply(client)?, list_fields)
    }

    /// Returns whether errors are for programs that read JSON: whatever says how results are shown says it of errors, too.
    pub fn is_json(&self) -> bool {
        let format = self.output.output.or_else(|| {
            let of_environment = || env::var("IAM_OUTPUT").ok().filter(|name| !name.is_empty());
            let setting = match Context::new(self.flags.clone(), self.service) {
                Ok(context) => context.settings.get("output"),
                // What is wrong with the profile is said in the form that the rest asks for.
                Err(_) => of_environment(),
            };
            <Format as clap::ValueEnum>::from_str(&setting?, true).ok()
        });
        matches!(format, Some(Format::Json | Format::Jsonl))
    }

    /// Prepares the output of a command.
    pub fn output(&self, context: &Context) -> Result<Output> {
        let setting = context.settings.get("output").map(|name| {
            <Format as clap::ValueEnum>::from_str(&name, true)
                .map_err(|_| Failure::Usage("output: neither table nor plain nor json nor jsonl nor csv".to_owned()))
        });
        Output::new(&self.output, setting.transpose()?)
    }
}

/// Declares the commands of a noun. For each: what it does (the help), its name, what guards it, how its result is shown (a
/// function of [`reply`](crate::reply)), the operation that it calls, its arguments, and the call.
macro_rules! commands {
    (
        $(#[$doc:meta])*
        $noun:ident of $client:ty;
        $(
            $(#[$help:meta])*
            $verb:ident: $guard:ident $(($subject:expr))? $show:ident $($operation:literal)|+
                { $($(#[$argument:meta])* $name:ident: $type:ty),* $(,)? } |$c:ident| $call:expr;
        )+
    ) => {
        $(#[$doc])*
        #[allow(clippy::large_enum_variant, reason = "there is one value in a run")]
        #[derive(clap::Subcommand, Debug)]
        pub enum $noun {
            $(
                $(#[$help])*
                $verb {
                    $($(#[$argument])* $name: $type,)*
                    #[command(flatten)]
                    guard: $crate::guard::$guard,
                },
            )+
        }

        impl $noun {
            /// The operations that the commands call.
            #[cfg(test)]
            pub const OPERATIONS: &[&str] = &[$($($operation),+),+];

            /// Runs the command.
            pub fn run(self, global: &$crate::command::Global) -> $crate::failure::Result<()> {
                match self {
                    $(Self::$verb { $($name,)* guard } => {
                        #[allow(unused_mut, unused_assignments)]
                        let mut subject = $crate::guard::Subject::default();
                        $(subject = $subject;)?
                        global.call::<$client>(&guard, &subject, move |$c| {
                            Ok($crate::reply::$show($crate::command::made!($show $call)))
                        })
                    })+
                }
            }
        }
    };
}
pub(crate) use commands;

/// Makes a closure of a command's call, which can also fail before it calls.
macro_rules! made {
    (pages $call:expr) => {
        move || -> $crate::failure::Result<_> { Ok($call) }
    };
    ($show:ident $call:expr) => {
        move || -> $crate::failure::Result<_> { Ok($call?) }
    };
}
pub(crate) use made;
