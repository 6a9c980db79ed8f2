use super::{
    arguments::{Sorting, UserId, UserIds, WithData, user},
    schema,
};
use crate::{
    arguments::{ExitCode, Field, Fields, NewPassword, Paging, field, json_fields, one_of},
    command::commands,
    failure::Result,
    guard::Subject,
};
use clap::Args;
use iam_sdk::{
    authing::{
        AppId, BatchGetOptions, CreateUserOptions, CustomData, DepartmentOptions, GroupCode, LoginStatusOptions,
        Namespace, PageOptions, QueryField, UserActionOptions, UserDetailOptions, UserInfo, UserListOptions,
        UserLogoutOptions, UserLookup, UserSearchOptions,
    },
    blocking::authing::ManagementClient,
};

/// Which user, by what is unique of a user.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Lookup {
    /// By user name
    #[arg(long)]
    username: Option<String>,
    /// By mail address
    #[arg(long)]
    email: Option<String>,
    /// By phone number
    #[arg(long)]
    phone: Option<String>,
    /// By the id in another system
    #[arg(long, value_name = "ID", alias = "externalId")]
    external_id: Option<String>,
}

impl Lookup {
    fn lookup(self) -> UserLookup {
        let Self { username, email, phone, external_id } = self;
        let by = [
            username.map(UserLookup::username),
            email.map(UserLookup::email),
            phone.map(UserLookup::phone),
            external_id.map(UserLookup::external_id),
        ];
        // The arguments' parser sees to it that there is one.
        by.into_iter().flatten().next().unwrap_or_else(|| UserLookup::username(""))
    }
}

/// Puts together what a command writes of a user.
fn info(fields: &Fields, password: &NewPassword, input: &str) -> Result<UserInfo> {
    let password = password.read()?;
    // A password alone is something to write, too.
    let object = match (fields.given.is_empty() && fields.input.is_none(), &password) {
        (true, Some(_)) => serde_json::Map::new(),
        _ => fields.object(&schema::fields_of(input))?,
    };
    schema::check_types(input, &fields.given)?;
    let info = object.into_iter().fold(UserInfo::new(), |info, (name, value)| info.set(name, value));
    Ok(password.into_iter().fold(info, UserInfo::password))
}

fn custom_data(data: &[Field]) -> CustomData {
    json_fields(data).collect()
}

commands! {
    /// Commands about users.
    Users of ManagementClient;

    /// Create a user
    #[command(after_help = "Examples:\n  iam authing users create username=mia email=mia@example.com --password-prompt\n  \
        iam authing users create --input mia.json --data school=ETH --dry-run")]
    Create: Change one "authing.users.create" {
        #[command(flatten)]
        user: Fields,
        #[command(flatten)]
        password: NewPassword,
        /// Custom data, too: name=text, or name:=JSON
        #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
        data: Vec<Field>,
        /// Keep the password as it comes: it is a hash of another system's
        #[arg(long)]
        keep_password: bool,
        /// Have the user choose another password at the first login
        #[arg(long)]
        reset_password: bool,
    } |c| {
        let options = CreateUserOptions::new().keep_password(keep_password).custom_data(custom_data(&data));
        let options = if reset_password { options.reset_password_on_first_login(true) } else { options };
        c.users().create_with(&info(&user, &password, "CreateUserInput")?, options)
    };

    /// Change a user
    #[command(after_help = "Examples:\n  iam authing users update 64f1c0 nickname=Mia blocked:=true")]
    Update: Change one "authing.users.update" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        #[command(flatten)]
        user: Fields,
        #[command(flatten)]
        password: NewPassword,
    } |c| {
        // What is wrong with it is found before anybody is looked for.
        let info = info(&user, &password, "UpdateUserInput")?;
        c.users().update(id.find(&c)?, &info)
    };

    /// Show a user
    #[command(after_help = "Examples:\n  iam authing users get 64f1c0\n  iam authing users get 64f1c0 --with-data -o json")]
    Get: Read one "authing.users.detail" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        #[command(flatten)]
        data: WithData,
    } |c| c.users().detail_with(id.find(&c)?, UserDetailOptions::new().with_custom_data(data.with_data));

    /// Show all users
    #[command(alias = "ls", after_help = "Examples:\n  iam authing users list --limit 20\n  iam authing users list -o jsonl > users.jsonl\n  \
        iam authing users list --fields id,username,email -o csv\n  iam authing users list --jq 'group_by(.company) | map(length)'")]
    List: Read pages "authing.users.list" {
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        sorting: Sorting,
        #[command(flatten)]
        data: WithData,
        /// Only those who are in no organization
        #[arg(long)]
        without_org: bool,
    } |c| {
        let options = UserListOptions::new().limit(paging.size()).sort_by(sorting.sort_by).with_custom_data(data.with_data);
        paging.of(c.users().list_all(options.exclude_users_in_org(without_org.then_some(true))))
    };

    /// Show all archived users
    #[command(alias = "archived")]
    ListArchived: Read pages "authing.users.list_archived_users" {
        #[command(flatten)]
        paging: Paging,
    } |c| paging.of(c.users().list_all_archived_users(PageOptions::new().limit(paging.size())));

    /// Check whether a user exists
    #[command(after_help = "Examples:\n  iam authing users exists --username mia\n  \
        iam authing users exists --email mia@example.com --exit-code")]
    Exists: Read answer "authing.users.exists" {
        #[command(flatten)]
        by: Lookup,
        #[command(flatten)]
        exit_code: ExitCode,
    } |c| exit_code.of(c.users().exists(by.lookup()));

    /// Show the user with this user name, mail address, phone number or external id
    #[command(after_help = "Examples:\n  iam authing users find --email mia@example.com --fields id")]
    Find: Read one "authing.users.find" {
        #[command(flatten)]
        by: Lookup,
        #[command(flatten)]
        data: WithData,
    } |c| c.users().find(by.lookup().with_custom_data(data.with_data));

    /// Show the users that have a text in their name, address and so on
    #[command(after_help = "Examples:\n  iam authing users search mia\n  iam authing users search '' --role auditor --department 64f1c0")]
    Search: Read pages "authing.users.search" {
        /// The text
        query: String,
        #[command(flatten)]
        paging: Paging,
        /// Only those in this department or below it
        #[arg(long, value_name = "NODE")]
        department: Vec<String>,
        /// Only those in this group
        #[arg(long, value_name = "CODE")]
        group: Vec<String>,
        /// Only those with this role
        #[arg(long, value_name = "CODE")]
        role: Vec<String>,
        /// The namespace of the roles
        #[arg(long, default_value = "default")]
        namespace: String,
        #[command(flatten)]
        data: WithData,
    } |c| {
        let options = UserSearchOptions::new().limit(paging.size()).with_custom_data(data.with_data);
        let options = department.iter().fold(options, UserSearchOptions::in_department_tree);
        let options = group.iter().fold(options, UserSearchOptions::in_group);
        let options = role.iter().fold(options, |options, role| options.with_role(Namespace(&namespace), role));
        paging.of(c.users().search_all(query, options))
    };

    /// Show the users with these ids; those that do not exist are left out
    GetMany: Read list "authing.users.batch_get" {
        /// Ids, or what --by says
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// What they are; id by default
        #[arg(long, value_name = "FIELD", value_parser = one_of::<QueryField>(&["id", "username", "phone", "email", "externalId"]))]
        by: Option<QueryField>,
        #[command(flatten)]
        data: WithData,
    } |c| c.users().batch_get_with(&ids, BatchGetOptions::new().query_field(by).with_custom_data(data.with_data));

    /// Delete a user, who goes to the archive
    #[command(alias = "rm")]
    Delete: Delete(Subject::one("user", id.text())) done "authing.users.delete" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
    } |c| c.users().delete(id.find(&c)?);

    /// Delete users, who go to the archive
    DeleteMany: Delete(Subject::many("user", &users.texts())) done "authing.users.delete_many" {
        #[command(flatten)]
        users: UserIds,
    } |c| c.users().delete_many(&users.find(&c)?);

    /// Sign users out everywhere
    Kick: Change done "authing.users.kick" {
        #[command(flatten)]
        users: UserIds,
    } |c| c.users().kick(&users.find(&c)?);

    /// Show a user's groups
    Groups: Read page "authing.users.list_groups" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
    } |c| c.users().list_groups(id.find(&c)?);

    /// Add a user to a group
    AddGroup: Change done "authing.users.add_group" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The code of the group
        group: String,
    } |c| c.users().add_group(id.find(&c)?, GroupCode(&group));

    /// Remove a user from a group
    RemoveGroup: Delete(Subject::one("member", id.text())) done "authing.users.remove_group" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// The code of the group
        group: String,
    } |c| c.users().remove_group(id.find(&c)?, GroupCode(&group));

    /// Show the last actions of users
    Actions: Read pages "authing.users.list_user_actions" {
        #[command(flatten)]
        paging: Paging,
        /// Only those from this IP address
        #[arg(long, value_name = "ADDRESS")]
        client_ip: Option<String>,
        /// Only those of this operation
        #[arg(long, value_name = "NAME")]
        operation: Option<String>,
        /// Only those of this user, named by ARN
        #[arg(long, value_name = "ARN")]
        operator: Option<String>,
    } |c| {
        let options = UserActionOptions::new().limit(paging.size()).client_ip(client_ip);
        paging.of(c.users().list_all_user_actions(options.operation_name(operation).operator_arn(operator)))
    };

    /// Print a new token for a user
    RefreshToken: Change token "authing.users.refresh_token" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
    } |c| c.users().refresh_token(id.find(&c)?).map(|token| token.token);

    /// Show, for each department of a user, the nodes from the root to it
    Orgs: Read list "authing.users.list_org" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
    } |c| c.users().list_org(id.find(&c)?);

    /// Show a user's departments
    Departments: Read page "authing.users.list_department" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// Only those of this organization
        #[arg(long, value_name = "ID")]
        org: Option<String>,
    } |c| c.users().list_department_with(id.find(&c)?, DepartmentOptions::new().org_id(org));

    /// Send a user the mail that verifies the address at the first login
    VerifyEmail: Change done "authing.users.send_first_login_verify_email" {
        /// The id of the application
        app: String,
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
    } |c| c.users().send_first_login_verify_email(AppId(&app), id.find(&c)?);

    /// Sign a user out of all applications
    Logout: Change done "authing.users.logout" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// Out of this application alone
        #[arg(long, value_name = "ID")]
        app: Option<String>,
    } |c| c.users().logout_with(id.find(&c)?, UserLogoutOptions::new().app_id(app));

    /// Show whether a user is signed in
    LoginStatus: Read one "authing.users.check_login_status" {
        /// The user: an id, or what `iam authing users find` finds: username:NAME, email:…, phone:… or externalId:…
        #[arg(value_name = "USER", value_parser = user)]
        id: UserId,
        /// At this application
        #[arg(long, value_name = "ID")]
        app: Option<String>,
        /// On this device
        #[arg(long, value_name = "ID")]
        device: Option<String>,
    } |c| c.users().check_login_status_with(id.find(&c)?, LoginStatusOptions::new().app_id(app).device_id(device));
}
