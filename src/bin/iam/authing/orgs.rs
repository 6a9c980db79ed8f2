use super::arguments::{ResourceFilter, RoleNamespace, Roles, SortedPaging, Sorting, UserId, UserIds, user};
use crate::{
    arguments::{ExitCode, Paging, bytes, check_change},
    command::commands,
    failure::Failure,
    guard::Subject,
};
use clap::ValueEnum;
use iam_sdk::{
    authing::{
        AddNodeOptions, CreateOrgOptions, MemberListOptions, MemberMove, NodeCode, NodeId, NodeMove, SyncProvider,
        UpdateNodeOptions,
    },
    blocking::authing::ManagementClient,
};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Directory {
    /// DingTalk
    Dingtalk,
    /// WeChat Work
    Wechatwork,
}

commands! {
    /// Commands about organizations.
    Orgs of ManagementClient;

    /// Create an organization, with a root node of that name
    Create: Change one "authing.orgs.create" {
        /// The name
        name: String,
        /// The code, unique in the pool
        #[arg(long)]
        code: Option<String>,
        /// The description
        #[arg(long)]
        description: Option<String>,
    } |c| c.orgs().create_with(&name, CreateOrgOptions::new().code(code).description(description));

    /// Show all organizations
    #[command(alias = "ls")]
    List: Read pages "authing.orgs.list" {
        #[command(flatten)]
        sorted: SortedPaging,
    } |c| sorted.paging.of(c.orgs().list_all(sorted.options()));

    /// Show an organization and its nodes
    Get: Read one "authing.orgs.find_by_id" {
        /// The id of the organization
        org: String,
    } |c| c.orgs().find_by_id(org);

    /// Delete an organization and all its nodes
    #[command(alias = "rm", after_help = "Examples:\n  iam authing orgs delete 64f1c0\n  iam authing orgs delete 64f1c0 --confirm 64f1c0")]
    Delete: Destroy(Subject::one("organization", &org)) done "authing.orgs.delete_by_id" {
        /// The id of the organization
        org: String,
    } |c| c.orgs().delete_by_id(org);

    /// Show the trees of organizations
    #[command(after_help = "Examples:\n  iam authing orgs tree\n  iam authing orgs tree -o json > orgs.json")]
    Tree: Read forest "authing.orgs.export_all" | "authing.orgs.export_by_org_id" {
        /// The id of an organization; all by default
        org: Option<String>,
    } |c| match org {
        None => c.orgs().export_all(),
        Some(org) => c.orgs().export_by_org_id(org),
    };

    /// Create an organization from a tree: JSON in the form of an export, in one call; see also `import`
    #[command(hide = true)]
    ImportTree: Change one "authing.orgs.import_by_json" {
        /// The file; `-` is standard input
        file: PathBuf,
    } |c| {
        let text = String::from_utf8(bytes(&file)?);
        let text = text.map_err(|_| Failure::Usage(format!("{}: not UTF-8 text", file.display())))?;
        c.orgs().import_by_json(text.as_str())
    };

    /// Show a node
    Node: Read one "authing.orgs.get_node_by_id" {
        /// The id of the node
        node: String,
    } |c| c.orgs().get_node_by_id(node);

    /// Show the root node of an organization
    RootNode: Read one "authing.orgs.root_node" {
        /// The id of the organization
        org: String,
    } |c| c.orgs().root_node(org);

    /// Check whether a node is the root of an organization
    IsRootNode: Read answer "authing.orgs.is_root_node" {
        /// The id of the organization
        org: String,
        /// The id of the node
        node: String,
        #[command(flatten)]
        exit_code: ExitCode,
    } |c| exit_code.of(c.orgs().is_root_node(org, NodeId(&node)));

    /// Show the nodes directly below a node
    Children: Read list "authing.orgs.list_children" {
        /// The id of the node
        node: String,
    } |c| c.orgs().list_children(node);

    /// Show the nodes that a keyword finds
    SearchNodes: Read list "authing.orgs.search_nodes" {
        /// A part of a name
        keyword: String,
    } |c| c.orgs().search_nodes(&keyword);

    /// Add a node below another one
    AddNode: Change one "authing.orgs.add_node" {
        /// The id of the organization
        org: String,
        /// The name
        name: String,
        /// The id of the node above it
        parent: String,
        /// The code, unique in the organization
        #[arg(long)]
        code: Option<String>,
        /// The description
        #[arg(long)]
        description: Option<String>,
        /// The names in other languages: JSON, by language
        #[arg(long, value_name = "JSON")]
        name_i18n: Option<String>,
        /// The descriptions in other languages: JSON, by language
        #[arg(long, value_name = "JSON")]
        description_i18n: Option<String>,
        /// The place among the siblings: the larger, the earlier
        #[arg(long, allow_negative_numbers = true)]
        order: Option<i64>,
    } |c| {
        let options = AddNodeOptions::new().code(code).description(description).order(order);
        let options = options.name_i18n(name_i18n).description_i18n(description_i18n);
        c.orgs().add_node_with(org, &name, NodeId(&parent), options)
    };

    /// Change a node
    UpdateNode: Change one "authing.orgs.update_node" {
        /// The id of the node
        node: String,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another code
        #[arg(long)]
        code: Option<String>,
        /// Another description
        #[arg(long)]
        description: Option<String>,
    } |c| {
        check_change(&[&name, &code, &description])?;
        c.orgs().update_node(node, UpdateNodeOptions::new().name(name).code(code).description(description))
    };

    /// Delete a node and all below it
    DeleteNode: Destroy(Subject::one("node", &node)) done "authing.orgs.delete_node" {
        /// The id of the organization
        org: String,
        /// The id of the node
        node: String,
    } |c| c.orgs().delete_node(org, NodeId(&node));

    /// Move a node, with all below it, below another node
    MoveNode: Change one "authing.orgs.move_node" {
        /// The id of the organization
        org: String,
        /// The id of the node
        node: String,
        /// The id of the node that it goes below
        #[arg(long, value_name = "NODE")]
        below: String,
    } |c| c.orgs().move_node(org, NodeMove { node_id: &node, to_parent_id: &below });

    /// Show all members of a node
    Members: Read pages "authing.orgs.list_members" {
        /// The id of the node
        node: String,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        sorting: Sorting,
        /// Those of the nodes below, too
        #[arg(long)]
        below: bool,
    } |c| {
        let options = MemberListOptions::new().limit(paging.size()).sort_by(sorting.sort_by);
        paging.of(c.orgs().list_all_members(node, options.include_children_nodes(below.then_some(true))))
    };

    /// Add users to a node
    AddMembers: Change one "authing.orgs.add_members" {
        /// The id of the node
        node: String,
        #[command(flatten)]
        users: UserIds,
    } |c| c.orgs().add_members(node, &users.find(&c)?);

    /// Remove users from a node
    RemoveMembers: Delete(Subject::many("member", &users.texts())) one "authing.orgs.delete_members" {
        /// The id of the node
        node: String,
        #[command(flatten)]
        users: UserIds,
    } |c| c.orgs().delete_members(node, &users.find(&c)?);

    /// Move users from one node to another
    MoveMembers: Change done "authing.orgs.move_members" {
        #[command(flatten)]
        users: UserIds,
        /// The node that they leave
        #[arg(long, value_name = "NODE")]
        from: String,
        /// The node that they join
        #[arg(long, value_name = "NODE")]
        to: String,
    } |c| c.orgs().move_members(&users.find(&c)?, MemberMove { from_node_id: &from, to_node_id: &to });

    /// Set a user's main department, or none
    #[command(alias = "main-department")]
    SetMainDepartment: Change done "authing.orgs.set_main_department" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The id of the node; none takes the main department away
        node: Option<String>,
    } |c| c.orgs().set_main_department(id.find(&c)?, node.as_deref().map(NodeId));

    /// Show the resources that the members of a node may use
    Resources: Read page "authing.orgs.list_authorized_resources" {
        /// The id of the node
        node: String,
        #[command(flatten)]
        filter: ResourceFilter,
    } |c| c.orgs().list_authorized_resources_with(node, filter.options());

    /// Show the resources that the members of a node may use, which its code names
    ResourcesByCode: Read page "authing.orgs.list_authorized_resources_by_code" {
        /// The id of the organization
        org: String,
        /// The code of the node
        code: String,
        #[command(flatten)]
        filter: ResourceFilter,
    } |c| c.orgs().list_authorized_resources_by_code_with(org, NodeCode(&code), filter.options());

    /// Show a node's roles
    Roles: Read page "authing.orgs.list_roles" {
        /// The id of the node
        node: String,
        #[command(flatten)]
        namespace: RoleNamespace,
    } |c| c.orgs().list_roles_with(node, namespace.options());

    /// Assign roles to a node, which its members have then
    AddRoles: Change done "authing.orgs.add_roles" {
        /// The id of the node
        node: String,
        #[command(flatten)]
        roles: Roles,
    } |c| c.orgs().add_roles_with(node, &roles.roles, roles.namespace.options());

    /// Revoke roles of a node
    RemoveRoles: Change done "authing.orgs.remove_roles" {
        /// The id of the node
        node: String,
        #[command(flatten)]
        roles: Roles,
    } |c| c.orgs().remove_roles_with(node, &roles.roles, roles.namespace.options());

    /// Start to synchronize organizations from DingTalk or WeChat Work
    Sync: Change done "authing.orgs.start_sync" {
        /// The directory
        from: Directory,
    } |c| c.orgs().start_sync(match from {
        Directory::Dingtalk => SyncProvider::DingTalk,
        Directory::Wechatwork => SyncProvider::WechatWork,
    });

    /// Start to synchronize organizations from an Active Directory
    SyncAd: Change done "authing.orgs.start_sync_ad" {
        /// The id of the connector
        connector: String,
    } |c| c.orgs().start_sync(SyncProvider::Ad { connector_id: connector });
}
