use super::arguments::{ResourceFilter, SortedPaging, UserIds, WithData};
use crate::{
    arguments::{Paging, check_change},
    command::commands,
    guard::Subject,
};
use iam_sdk::{
    authing::{CreateGroupOptions, GroupUsersOptions, UpdateGroupOptions},
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
    } |c| {
        check_change(&[&new_code, &name, &description])?;
        c.groups().update(code, UpdateGroupOptions::new().new_code(new_code).name(name).description(description))
    };

    /// Show a group
    Get: Read one "authing.groups.detail" {
        /// The code of the group
        code: String,
    } |c| c.groups().detail(code);

    /// Show all groups
    #[command(alias = "ls")]
    List: Read pages "authing.groups.list" {
        #[command(flatten)]
        sorted: SortedPaging,
    } |c| sorted.paging.of(c.groups().list_all(sorted.options()));

    /// Delete a group; its users stay
    #[command(alias = "rm", after_help = "The service does not tell whether there was such a group.")]
    Delete: Delete(Subject::one("group", &code)) done "authing.groups.delete" {
        /// The code of the group
        code: String,
    } |c| c.groups().delete(code);

    /// Delete groups; their users stay
    #[command(after_help = "The service does not tell which of the groups there were.")]
    DeleteMany: Delete(Subject::many("group", &codes)) done "authing.groups.delete_many" {
        /// Codes of groups
        #[arg(required = true, value_name = "CODE")]
        codes: Vec<String>,
    } |c| c.groups().delete_many(&codes);

    /// Show all members of a group
    #[command(alias = "users")]
    Members: Read pages "authing.groups.list_users" {
        /// The code of the group
        code: String,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        data: WithData,
    } |c| {
        let options = GroupUsersOptions::new().limit(paging.size()).with_custom_data(data.with_data);
        paging.of(c.groups().list_all_users(code, options))
    };

    /// Add users to a group
    #[command(alias = "add-users", after_help = "Examples:\n  iam authing groups add-members developers 64f1c0")]
    AddMembers: Change done "authing.groups.add_users" {
        /// The code of the group
        code: String,
        #[command(flatten)]
        users: UserIds,
    } |c| c.groups().add_users(code, &users.find(&c)?);

    /// Remove users from a group
    #[command(alias = "remove-users")]
    RemoveMembers: Delete(Subject::many("member", &users.texts())) done "authing.groups.remove_users" {
        /// The code of the group
        code: String,
        #[command(flatten)]
        users: UserIds,
    } |c| c.groups().remove_users(code, &users.find(&c)?);

    /// Show the resources that the users of a group may use
    Resources: Read page "authing.groups.list_authorized_resources" {
        /// The code of the group
        code: String,
        #[command(flatten)]
        filter: ResourceFilter,
    } |c| c.groups().list_authorized_resources_with(code, filter.options());
}
