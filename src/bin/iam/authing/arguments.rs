//! Arguments that several commands of Authing have.

use crate::{
    arguments::{Paging, one_of},
    failure::{Failure, Result},
};
use clap::Args;
use iam_sdk::{
    authing::{AuthorizedResourceOptions, NamespaceOptions, ResourceType, SortBy, SortedPageOptions, UserLookup},
    blocking::authing::ManagementClient,
};

/// The ids of the users that a command is about.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct UserIds {
    /// Users: ids, or username:NAME, email:…, phone:… or externalId:…
    #[arg(required = true, value_name = "USER", value_parser = user)]
    ids: Vec<UserId>,
}

impl UserIds {
    /// Returns the users as they were named.
    pub fn texts(&self) -> Vec<String> {
        self.ids.iter().map(|id| id.text().to_owned()).collect()
    }

    /// Returns the ids of the users.
    pub fn find(&self, client: &ManagementClient) -> Result<Vec<String>> {
        self.ids.iter().map(|id| id.find(client)).collect()
    }
}

/// A user, as a command line names one.
#[derive(Clone, Debug)]
pub enum UserId {
    Id(String),
    /// The id of the user that is found so, and how that was written.
    Found(UserLookup, String),
}

/// Reads a user: an id, or a name that at most one user has, such as `email:mia@example.com`. No id has a colon in it.
pub fn user(text: &str) -> Result<UserId, String> {
    let Some((kind, name)) = text.split_once(':') else { return Ok(UserId::Id(text.to_owned())) };
    let by = match kind {
        "username" => UserLookup::username,
        "email" => UserLookup::email,
        "phone" => UserLookup::phone,
        "externalId" | "external-id" => UserLookup::external_id,
        _ => return Err("write an id, or username:, email:, phone: or externalId: before a name".to_owned()),
    };
    match name {
        "" => Err(format!("the name after `{kind}:` is missing")),
        name => Ok(UserId::Found(by(name.to_owned()), text.to_owned())),
    }
}

impl UserId {
    /// Returns the user as it was named.
    pub fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Found(_, text) => text,
        }
    }

    /// Returns the id, which takes a call unless it was named itself.
    pub fn find(&self, client: &ManagementClient) -> Result<String> {
        let (lookup, text) = match self {
            Self::Id(id) => return Ok(id.clone()),
            Self::Found(lookup, text) => (lookup.clone(), text),
        };
        let found = client.users().find(lookup).inspect_err(|error| {
            if error.is_dry_run() {
                crate::say!("iam: the id of {text} is not known without a call; this is the one that finds it:");
            }
        })?;
        found.id.ok_or_else(|| Failure::Other(format!("{text}: the service sent a user without an id")))
    }
}

/// In which order a list comes.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Sorting {
    /// The order
    #[arg(long, value_name = "ORDER", value_parser = one_of::<SortBy>(&["CREATEDAT_DESC", "CREATEDAT_ASC", "UPDATEDAT_DESC", "UPDATEDAT_ASC"]))]
    pub sort_by: Option<SortBy>,
}

/// Which part of a list that can be sorted a command shows.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct SortedPaging {
    #[command(flatten)]
    pub paging: Paging,
    #[command(flatten)]
    sorting: Sorting,
}

impl SortedPaging {
    pub fn options(&self) -> SortedPageOptions {
        SortedPageOptions::new().limit(self.paging.size()).sort_by(self.sorting.sort_by.clone())
    }
}

/// Which resources a command shows.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct ResourceFilter {
    /// The namespace of the resources
    #[arg(long)]
    namespace: Option<String>,
    /// Only resources of this kind
    #[arg(long, value_name = "KIND", value_parser = one_of::<ResourceType>(&["DATA", "API", "MENU", "UI", "BUTTON"]))]
    kind: Option<ResourceType>,
}

impl ResourceFilter {
    pub fn options(self) -> AuthorizedResourceOptions {
        AuthorizedResourceOptions::new().namespace(self.namespace).resource_type(self.kind)
    }
}

/// In which namespace roles are.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct RoleNamespace {
    /// The namespace of the roles
    #[arg(long)]
    namespace: Option<String>,
}

impl RoleNamespace {
    pub fn options(self) -> NamespaceOptions {
        NamespaceOptions::new().namespace(self.namespace)
    }
}

/// The codes of roles, in a namespace.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Roles {
    /// Codes of roles
    #[arg(required = true, value_name = "CODE")]
    pub roles: Vec<String>,
    #[command(flatten)]
    pub namespace: RoleNamespace,
}

/// Whether users come with their custom data.
#[derive(Args, Clone, Copy, Debug)]
#[group(skip)]
pub struct WithData {
    /// Include the custom data
    #[arg(long)]
    pub with_data: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_an_id_or_a_name() {
        assert!(matches!(user("64f1c0").unwrap(), UserId::Id(id) if id == "64f1c0"));
        for text in ["username:mia", "email:mia@x.example", "phone:139", "externalId:7", "external-id:a:b"] {
            let found = user(text).unwrap();
            assert!(matches!(&found, UserId::Found(..)) && found.text() == text, "{text}");
        }
        for wrong in ["name:mia", "username:", ":mia"] {
            assert!(user(wrong).is_err(), "{wrong}");
        }
    }
}
