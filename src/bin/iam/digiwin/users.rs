use crate::{
    arguments::{self, Members, NewPassword},
    command::commands,
    failure::Result,
};
use iam_sdk::{
    blocking::Client,
    digiwin::{ExistsOptions, UserQueryOptions, UserQueryType, UserRef},
};
use serde_json::{Map, Value};

commands! {
    /// Commands about users.
    Users of Client;

    /// Show a user
    #[command(after_help = "Examples:\n  iam digiwin users get bob\n  iam digiwin users get sid:1002 --fields id,name,email")]
    Get: Read one "digiwin.users.get_user" {
        /// The user: an id, or `sid:` and the service's number
        #[arg(value_name = "USER", value_parser = arguments::user)]
        who: UserRef,
    } |c| c.users().get_user(who);

    /// Show the users with these ids; those that do not exist are left out
    GetMany: Read list "digiwin.users.get_user_list" {
        /// Ids of users
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    } |c| c.users().get_user_list(&ids);

    /// Show the users of a kind
    #[command(after_help = "Examples:\n  iam digiwin users query disabled\n  iam digiwin users query orgCascade --org-sid 11")]
    Query: Read list "digiwin.users.query_users" {
        /// Which users: all, disabled, org or orgCascade
        kind: UserQueryType,
        /// The organization, by sid
        #[arg(long, value_name = "SID")]
        org_sid: Option<i64>,
        /// The organization, by uri
        #[arg(long, value_name = "URI")]
        org_uri: Option<String>,
    } |c| c.users().query_users_with(kind, UserQueryOptions::new().org_sid(org_sid).org_uri(org_uri));

    /// Show all users, with few members of each
    #[command(after_help = "Examples:\n  iam digiwin users list\n  iam digiwin users list -o csv > users.csv\n  \
        iam digiwin users list --jq 'map(select(.disabled)) | length'")]
    List: Read list "digiwin.users.get_user_simple" {} |c| c.users().get_user_simple();

    /// Say whether a user has this mail address
    EmailExists: Read one "digiwin.users.check_email_exists" {
        /// A mail address
        email: String,
        /// Leave out a user, whose own address it may be
        #[arg(long, value_name = "ID")]
        except: Option<String>,
    } |c| c.users().check_email_exists_with(&email, ExistsOptions::new().user_id(except));

    /// Say whether a user has this phone number
    PhoneExists: Read one "digiwin.users.check_phone_exists" {
        /// A phone number
        phone: String,
        /// Leave out a user, whose own number it may be
        #[arg(long, value_name = "ID")]
        except: Option<String>,
    } |c| c.users().check_phone_exists_with(&phone, ExistsOptions::new().user_id(except));

    /// Say whether a user has this id
    Exists: Read one "digiwin.users.check_user_exists" {
        /// An id
        id: String,
    } |c| c.users().check_user_exists(id);

    /// Change a user
    #[command(after_help = "Examples:\n  iam digiwin users update id=bob nickname=Bobby disabled:=false\n  \
        iam digiwin users update --input bob.json --dry-run\n  iam digiwin users update id=bob --password-stdin < password.txt")]
    Update: Change result "digiwin.users.update_user" {
        #[command(flatten)]
        user: Members,
        #[command(flatten)]
        password: NewPassword,
    } |c| Ok(c.users().update_user(&with_password(user.object()?, &password)?)?);

    /// Show a user's roles
    Roles: Read one "digiwin.users.get_user_roles" {
        /// The user: an id, or `sid:` and the service's number
        #[arg(value_name = "USER", value_parser = arguments::user)]
        who: UserRef,
    } |c| c.users().get_user_roles(who);
}

/// Adds the password to what a command writes of a user.
fn with_password(mut user: Map<String, Value>, password: &NewPassword) -> Result<Map<String, Value>> {
    let password = password.read()?.map(|password| password.expose_secret().into());
    user.extend(password.map(|password| ("password".to_owned(), password)));
    Ok(user)
}
