use crate::{arguments::Paging, command::commands};
use iam_sdk::{
    authing::{AuthorizedResourceOptions, Namespace, NamespaceOptions, PageOptions, ResourceType, RoleCode},
    blocking::authing::ManagementClient,
};

commands! {
    /// Commands about users' rights.
    Rights of ManagementClient;

    /// Show a user's roles
    Roles: Read page "authing.users.list_roles" {
        /// The id of the user
        id: String,
        /// The namespace of the roles
        #[arg(long)]
        namespace: Option<String>,
    } |c| c.users().list_roles_with(id, NamespaceOptions::new().namespace(namespace));

    /// Give a user roles
    #[command(after_help = "Examples:\n  iam authing rights add-roles 64f1c0 auditor manager")]
    AddRoles: Change done "authing.users.add_roles" {
        /// The id of the user
        id: String,
        /// Codes of roles
        #[arg(required = true, value_name = "CODE")]
        roles: Vec<String>,
        /// The namespace of the roles
        #[arg(long)]
        namespace: Option<String>,
    } |c| c.users().add_roles_with(id, &roles, NamespaceOptions::new().namespace(namespace));

    /// Take roles away from a user
    RemoveRoles: Change done "authing.users.remove_roles" {
        /// The id of the user
        id: String,
        /// Codes of roles
        #[arg(required = true, value_name = "CODE")]
        roles: Vec<String>,
        /// The namespace of the roles
        #[arg(long)]
        namespace: Option<String>,
    } |c| c.users().remove_roles_with(id, &roles, NamespaceOptions::new().namespace(namespace));

    /// Say whether a user has a role
    HasRole: Read one "authing.users.has_role" {
        /// The id of the user
        id: String,
        /// The code of the role
        role: String,
        /// The namespace of the role
        #[arg(long)]
        namespace: Option<String>,
    } |c| c.users().has_role_with(id, RoleCode(&role), NamespaceOptions::new().namespace(namespace));

    /// Show a user's policies
    Policies: Read pages "authing.users.list_policies" {
        /// The id of the user
        id: String,
        #[command(flatten)]
        paging: Paging,
    } |c| paging.of(c.users().list_all_policies(id, PageOptions::new().limit(paging.size())));

    /// Assign policies to a user
    AddPolicies: Change done "authing.users.add_policies" {
        /// The id of the user
        id: String,
        /// Codes of policies
        #[arg(required = true, value_name = "CODE")]
        policies: Vec<String>,
    } |c| c.users().add_policies(id, &policies);

    /// Take policies away from a user
    RemovePolicies: Change done "authing.users.remove_policies" {
        /// The id of the user
        id: String,
        /// Codes of policies
        #[arg(required = true, value_name = "CODE")]
        policies: Vec<String>,
    } |c| c.users().remove_policies(id, &policies);

    /// Show the resources that a user may use
    Resources: Read page "authing.users.list_authorized_resources" {
        /// The id of the user
        id: String,
        /// The namespace of the resources
        #[arg(long)]
        namespace: Option<String>,
        /// Only resources of this kind
        #[arg(long, value_name = "KIND")]
        kind: Option<ResourceType>,
    } |c| {
        let options = AuthorizedResourceOptions::new().namespace(namespace).resource_type(kind);
        c.users().list_authorized_resources_with(id, options)
    };

    /// Show which of these resources a user may access
    #[command(after_help = "Examples:\n  iam authing rights check 64f1c0 default books:1 books:2")]
    Check: Read list "authing.users.check_resource_permission_batch" {
        /// The id of the user
        id: String,
        /// The namespace of the resources
        namespace: String,
        /// Resources, such as books:1
        #[arg(required = true, value_name = "RESOURCE")]
        resources: Vec<String>,
    } |c| c.users().check_resource_permission_batch(id, Namespace(&namespace), &resources);

    /// Show the resources of one kind, such as books, that a user may use
    ResourcesOfKind: Read list "authing.users.list_authorized_resources_of_resource_kind" {
        /// The id of the user
        id: String,
        /// The namespace of the resources
        namespace: String,
        /// The kind
        kind: String,
    } |c| c.users().list_authorized_resources_of_resource_kind(id, Namespace(&namespace), &kind);
}
