//! How the commands of a service are declared, and run: each is a call, its arguments, and how its result is shown.

use crate::{
    context::{Connect, Context},
    failure::{Failure, Result},
    guard::{Guard, Subject},
    output::{Format, Options, Output},
    reply::Reply,
    settings::Flags,
};

/// What all commands have: the flags that stand before or after any command.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Global {
    #[command(flatten)]
    pub flags: Flags,
    #[command(flatten)]
    pub output: Options,
}

impl Global {
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

    /// Returns whether errors are for programs that read JSON.
    pub fn is_json(&self) -> bool {
        matches!(self.output.output, Some(Format::Json | Format::Jsonl))
    }

    /// Prepares the output of a command.
    pub fn output(&self, context: &Context) -> Result<Output> {
        let setting = context.settings.get("output").map(|name| {
            <Format as clap::ValueEnum>::from_str(&name, true)
                .map_err(|_| Failure::Usage("output: neither table nor plain nor json nor jsonl nor csv".to_owned()))
        });
        Ok(Output::new(&self.output, setting.transpose()?))
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
            $verb:ident: $guard:ident $(($subject:expr))? $show:ident $operation:literal
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
            /// The operation that each command calls.
            #[cfg(test)]
            pub const OPERATIONS: &[&str] = &[$($operation),+];

            /// Runs the command.
            pub fn run(self, global: &$crate::command::Global) -> $crate::failure::Result<()> {
                match self {
                    $(Self::$verb { $($name,)* guard } => {
                        #[allow(unused_mut, unused_assignments)]
                        let mut subject = $crate::guard::Subject::default();
                        $(subject = $subject;)?
                        global.call::<$client>(&guard, &subject, move |$c| {
                            Ok($crate::reply::$show(move || $call))
                        })
                    })+
                }
            }
        }
    };
}
pub(crate) use commands;
