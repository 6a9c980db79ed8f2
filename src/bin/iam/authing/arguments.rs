//! Arguments that several commands of Authing have.

use crate::arguments::{Paging, one_of};
use clap::Args;
use iam_sdk::authing::{AuthorizedResourceOptions, NamespaceOptions, ResourceType, SortBy, SortedPageOptions};

/// The ids of the users that a command is about.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct UserIds {
    /// Ids of users
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
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
