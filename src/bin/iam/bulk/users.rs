//! `iam authing users import` and `export`.

use super::{
    export::{self, Columns, ExportOptions},
    options::ImportOptions,
    pages::Pages,
    run::{self, Work},
    user_job::{Existing, ImportUsers},
    user_key::Key,
    user_row::columns,
    user_service::Authing,
};
use crate::{
    command::Global,
    context::{Connect as _, Context},
    failure::{Failure, Result},
    output::fields,
    prompt,
    service::Service,
};
use clap::Args;
use iam_sdk::{
    CallOptions, RetryPolicy,
    authing::{CreateUserOptions, SortBy, User, UserListOptions},
    blocking::authing::ManagementClient,
};

#[derive(Args, Debug)]
#[command(
    after_help = "Columns: username, email, phone, externalId (one of these four at least), password, name, nickname and so
on, emailVerified, phoneVerified, blocked, and customData.KEY or customData.KEY:TYPE; the types are string, number, boolean,
datetime and object. Cells are sent as they are; the four names may not begin or end with a blank.

Examples:
  iam authing users import users.csv --dry-run
  iam authing users import users.csv --rejects rejects.csv
  iam authing users import users.jsonl --update --yes --rate 50

A second run of the same command goes on where the first one stopped, and creates no user twice. After an import that has done
all rows, it begins anew."
)]
pub struct Import {
    #[command(flatten)]
    options: ImportOptions,
    /// Change users who are there: they get what the row has
    #[arg(long)]
    update: bool,
    /// Leave users who are there as they are
    #[arg(long, conflicts_with = "update")]
    skip_existing: bool,
    /// By which member to look for a user; by default the first that the row has
    #[arg(long, value_enum)]
    key: Option<Key>,
    /// Keep passwords as they are in the file: hashes from another system
    #[arg(long, conflicts_with = "update")]
    keep_password: bool,
    /// Have users who are created choose another password at their first login
    #[arg(long)]
    reset_password: bool,
    /// Do not ask before users are changed
    #[arg(short, long)]
    yes: bool,
}

impl Import {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        let (job, dry) = (self.job(&client)?, self.job(&client.dry()?)?);
        let scope = run::scope("authing users import", &context);
        let confirm = |rows| match self.update && !self.yes {
            false => Ok(()),
            true => {
                let what = format!("{}, and users who are there are changed", super::progress::rows(rows));
                if !prompt::possible() {
                    return Err(Failure::Refused(format!(
                        "{what}: cannot ask for confirmation without a terminal; pass --yes"
                    )));
                }
                match prompt::confirmed(&format!("{what}. Go on?"))? {
                    true => Ok(()),
                    false => Err(Failure::Refused("nothing was done".to_owned())),
                }
            }
        };
        run::import(global, &context, Work { options: &self.options, scope, job, dry }, confirm)
    }

    fn job(&self, client: &ManagementClient) -> Result<ImportUsers<Authing>> {
        // All workers slow down together: a call that waits by itself would not let the others know.
        let users = client.users().with_options(CallOptions::new().retry(RetryPolicy::never()))?;
        let mut options = CreateUserOptions::new().keep_password(self.keep_password);
        if self.reset_password {
            options = options.reset_password_on_first_login(true);
        }
        let existing = match (self.update, self.skip_existing) {
            (true, _) => Existing::Update,
            (false, true) => Existing::Skip,
            (false, false) => Existing::Refuse,
        };
        Ok(ImportUsers { service: Authing { users, options }, existing, key: self.key })
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  iam authing users export --to users.jsonl
  iam authing users export --to users.csv --fields username,email,phone
  iam authing users export --to users.jsonl --resume

An export is CSV or JSON lines: as -o says, or else the name of the file. The file has its name once it is whole; until then it
is FILE.part.")]
pub struct Export {
    #[command(flatten)]
    options: ExportOptions,
    /// With the custom data
    #[arg(long)]
    with_data: bool,
    /// With every member that the service sends, also those that an import does not know (JSON lines alone)
    #[arg(long)]
    all_members: bool,
}

impl Export {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        let mut scope = run::scope("authing users export", &context);
        // What is written before and after must have the same members.
        scope.command += if self.with_data { " --with-data" } else { "" };
        let mut default: Vec<&str> = columns().collect();
        if self.with_data {
            default.push("customData");
        }
        let columns = Columns { default: &default, known: fields::of::<User>(), all_members: self.all_members };
        export::run(global, &self.options, &scope, columns, |position| {
            // The oldest first: users who are created meanwhile come last, and no page moves.
            let list = UserListOptions::new().sort_by(SortBy::CreatedAtAscending).with_custom_data(self.with_data);
            let list = list.limit(usize::from(self.options.page_size));
            let users = client.users();
            let fetch = move |page| Ok(users.list_with(list.clone().page(page))?);
            let mut pages = Pages::after(position, |user: &User| user.id.as_deref(), fetch);
            Ok(move || pages.next())
        })
    }
}
