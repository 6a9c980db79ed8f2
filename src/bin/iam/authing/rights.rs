use super::arguments::{ResourceFilter, RoleNamespace, Roles, UserId, user};
use crate::{
    arguments::{ExitCode, Paging},
    command::commands,
};
use iam_sdk::{
    authing::{Namespace, PageOptions, RoleCode},
    blocking::authing::ManagementClient,
};

commands! {
    /// Commands about users' rights.
    Rights of ManagementClient;

    /// Show a user's roles
    Roles: Read page "authing.users.list_roles" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        #[command(flatten)]
        namespace: RoleNamespace,
    } |c| c.users().list_roles_with(id.find(&c)?, namespace.options());

    /// Assign roles to a user
    #[command(after_help = "Examples:\n  iam authing users add-roles 64f1c0 auditor manager")]
    AddRoles: Change done "authing.users.add_roles" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        #[command(flatten)]
        roles: Roles,
    } |c| c.users().add_roles_with(id.find(&c)?, &roles.roles, roles.namespace.options());

    /// Revoke roles of a user
    RemoveRoles: Change done "authing.users.remove_roles" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        #[command(flatten)]
        roles: Roles,
    } |c| c.users().remove_roles_with(id.find(&c)?, &roles.roles, roles.namespace.options());

    /// Check whether a user has a role
    HasRole: Read answer "authing.users.has_role" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The code of the role
        role: String,
        #[command(flatten)]
        namespace: RoleNamespace,
        #[command(flatten)]
        exit_code: ExitCode,
    } |c| exit_code.of(c.users().has_role_with(id.find(&c)?, RoleCode(&role), namespace.options()));

    /// Show a user's policies
    Policies: Read pages "authing.users.list_policies" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        #[command(flatten)]
        paging: Paging,
    } |c| paging.of(c.users().list_all_policies(id.find(&c)?, PageOptions::new().limit(paging.size())));

    /// Assign policies to a user
    AddPolicies: Change done "authing.users.add_policies" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// Codes of policies
        #[arg(required = true, value_name = "CODE")]
        policies: Vec<String>,
    } |c| c.users().add_policies(id.find(&c)?, &policies);

    /// Revoke policies of a user
    RemovePolicies: Change done "authing.users.remove_policies" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// Codes of policies
        #[arg(required = true, value_name = "CODE")]
        policies: Vec<String>,
    } |c| c.users().remove_policies(id.find(&c)?, &policies);

    /// Show the resources that a user may use
    Resources: Read page "authing.users.list_authorized_resources" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        #[command(flatten)]
        filter: ResourceFilter,
    } |c| c.users().list_authorized_resources_with(id.find(&c)?, filter.options());

    /// Show which of these resources a user may access
    #[command(after_help = "Examples:\n  iam authing users check-resources 64f1c0 default books:1 books:2")]
    CheckResources: Read list "authing.users.check_resource_permission_batch" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The namespace of the resources
        namespace: String,
        /// Resources, such as books:1
        #[arg(required = true, value_name = "RESOURCE")]
        resources: Vec<String>,
    } |c| c.users().check_resource_permission_batch(id.find(&c)?, Namespace(&namespace), &resources);

    /// Show the resources of one kind, such as books, that a user may use
    ResourcesOfKind: Read list "authing.users.list_authorized_resources_of_resource_kind" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The namespace of the resources
        namespace: String,
        /// The kind
        kind: String,
    } |c| c.users().list_authorized_resources_of_resource_kind(id.find(&c)?, Namespace(&namespace), &kind);
}
