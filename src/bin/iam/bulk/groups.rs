//! `iam authing groups import` and `export`: groups with their members, a row for each membership.

use super::{
    export::{self, Columns, ExportOptions},
    group_job::ImportGroups,
    options::ImportOptions,
    pages::{ExportPage, Position},
    run::{self, Work},
};
use crate::{
    command::Global,
    context::{Connect as _, Context},
    failure::Result,
    service::Service,
};
use clap::Args;
use iam_sdk::{
    CallOptions, RetryPolicy,
    authing::{Group, GroupUsersOptions, SortBy, SortedPageOptions, User},
    blocking::authing::ManagementClient,
};
use serde::Serialize;

#[derive(Args, Debug)]
#[command(
    after_help = "Columns: group (the code), and of the member one of username, email, phone, externalId and id; groupName and
description, for a group that is not there yet. A row without a member is the group alone.

Examples:
  iam authing groups import members.csv --dry-run
  iam authing groups import members.jsonl --rejects rejects.jsonl"
)]
pub struct Import {
    #[command(flatten)]
    options: ImportOptions,
}

impl Import {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        // All workers slow down together: a call that waits by itself would not let the others know.
        let client = client.with_options(CallOptions::new().retry(RetryPolicy::never()))?;
        let (job, dry) = (ImportGroups::new(client.clone()), ImportGroups::new(client.dry()?));
        let scope = run::scope("authing groups import", &context);
        run::import(global, &context, Work { options: &self.options, scope, job, dry }, |_| Ok(()))
    }
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  iam authing groups export --to members.csv
  iam authing groups export developers testers -o csv

An export is CSV or JSON lines: as -o says, or else the name of the file.")]
pub struct Export {
    /// Codes of groups; all by default
    groups: Vec<String>,
    #[command(flatten)]
    options: ExportOptions,
}

/// A membership, or a group without members.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    group: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
}

const COLUMNS: &[&str] = &["group", "groupName", "description", "id", "username", "email", "phone", "externalId"];

impl Row {
    fn new(group: &Group, user: Option<User>) -> Self {
        let User { id, username, email, phone, external_id, .. } = user.unwrap_or_default();
        let (name, description) = (group.name.clone(), group.description.clone());
        let group = group.code.clone().unwrap_or_default();
        Self { group, group_name: name, description, id, username, email, phone, external_id }
    }
}

impl Export {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        let mut scope = run::scope("authing groups export", &context);
        scope.command += &self.groups.iter().map(|group| format!(" {group}")).collect::<String>();
        let size = usize::from(self.options.page_size);
        let groups = || -> Result<Vec<Group>> {
            if !self.groups.is_empty() {
                return Ok(self
                    .groups
                    .iter()
                    .map(|code| client.groups().detail(code))
                    .collect::<iam_sdk::Result<_>>()?);
            }
            let options = SortedPageOptions::new().limit(size).sort_by(SortBy::CreatedAtAscending);
            Ok(client.groups().list_all(options).collect::<iam_sdk::Result<_>>()?)
        };
        let columns = Columns { default: COLUMNS, known: COLUMNS, all_members: false };
        // A group is a page: an export that was stopped goes on with the next one.
        export::run(global, &self.options, &scope, columns, |mut position| {
            let groups = groups()?;
            let done = match position.recent.is_empty() {
                true => 0,
                false => position.find(groups.iter().map(code)).ok_or_else(Position::lost)?,
            };
            let (mut left, client) = (groups.into_iter().skip(done), client.clone());
            Ok(move || {
                let Some(group) = left.next() else { return Ok(None) };
                let users = client.groups().list_all_users(code(&group), GroupUsersOptions::new().limit(size));
                let mut items =
                    users.map(|user| Ok(Row::new(&group, Some(user?)))).collect::<iam_sdk::Result<Vec<_>>>()?;
                if items.is_empty() {
                    items.push(Row::new(&group, None));
                }
                position = position.after(position.page + 1, [code(&group).to_owned()].into_iter());
                Ok(Some(ExportPage { items, total: None, position: position.clone() }))
            })
        })
    }
}

fn code(group: &Group) -> &str {
    group.code.as_deref().unwrap_or_default()
}
