use crate::{arguments::Paging, command::commands, guard::Subject};
use iam_sdk::{
    authing::{
        AuthorizedResourceOptions, CreateGroupOptions, GroupUsersOptions, ResourceType, SortBy, SortedPageOptions,
        UpdateGroupOptions,
    },
    blocking::authing::ManagementClient,
};

commands! {
    /// Commands about groups.
    Groups of ManagementClient;

    /// Create a group
    #[command(after_help = "Examples:\n  iam authing groups create developers Developers --description 'who build it'")]
    Create: Change one "authing.groups.create" {
        /// The code
        code: String,
        /// The name
        name: String,
        /// The description
        #[arg(long)]
        description: Option<String>,
    } |c| c.groups().create_with(code, &name, CreateGroupOptions::new().description(description));

    /// Change a group
    Update: Change one "authing.groups.update" {
        /// The code of the group
        code: String,
        /// Another code
        #[arg(long, value_name = "CODE")]
        new_code: Option<String>,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// Another description
        #[arg(long)]
        description: Option<String>,
    } |c| c.groups().update(code, UpdateGroupOptions::new().new_code(new_code).name(name).description(description));

    /// Show a group
    Get: Read one "authing.groups.detail" {
        /// The code of the group
        code: String,
    } |c| c.groups().detail(code);

    /// Show all groups
    List: Read pages "authing.groups.list" {
        #[command(flatten)]
        paging: Paging,
        /// The order: CREATEDAT_DESC, CREATEDAT_ASC, UPDATEDAT_DESC or UPDATEDAT_ASC
        #[arg(long, value_name = "ORDER")]
        sort_by: Option<SortBy>,
    } |c| paging.of(c.groups().list_all(SortedPageOptions::new().limit(paging.size()).sort_by(sort_by)));

    /// Delete a group; its users stay
    Delete: Delete(Subject::one("group", &code)) done "authing.groups.delete" {
        /// The code of the group
        code: String,
    } |c| c.groups().delete(code);

    /// Delete groups; their users stay
    DeleteMany: Delete(Subject::many("group", &codes)) done "authing.groups.delete_many" {
        /// Codes of groups
        #[arg(required = true, value_name = "CODE")]
        codes: Vec<String>,
    } |c| c.groups().delete_many(&codes);

    /// Show all users in a group
    Users: Read pages "authing.groups.list_users" {
        /// The code of the group
        code: String,
        #[command(flatten)]
        paging: Paging,
        /// With the custom data
        #[arg(long)]
        with_data: bool,
    } |c| {
        let options = GroupUsersOptions::new().limit(paging.size()).with_custom_data(with_data);
        paging.of(c.groups().list_all_users(code, options))
    };

    /// Take users into a group
    AddUsers: Change done "authing.groups.add_users" {
        /// The code of the group
        code: String,
        /// Ids of users
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    } |c| c.groups().add_users(code, &ids);

    /// Take users out of a group
    RemoveUsers: Change done "authing.groups.remove_users" {
        /// The code of the group
        code: String,
        /// Ids of users
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    } |c| c.groups().remove_users(code, &ids);

    /// Show the resources that the users of a group may use
    Resources: Read page "authing.groups.list_authorized_resources" {
        /// The code of the group
        code: String,
        /// The namespace of the resources
        #[arg(long)]
        namespace: Option<String>,
        /// Only resources of this kind
        #[arg(long, value_name = "KIND")]
        kind: Option<ResourceType>,
    } |c| {
        let options = AuthorizedResourceOptions::new().namespace(namespace).resource_type(kind);
        c.groups().list_authorized_resources_with(code, options)
    };
}
