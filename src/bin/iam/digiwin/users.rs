use crate::{
    arguments::{self, ExitCode, Fields, Limit, NewPassword, one_of},
    command::commands,
    failure::Result,
    output::fields,
};
use clap::Args;
use iam_sdk::{
    blocking::Client,
    digiwin::{ExistsOptions, User, UserQueryOptions, UserQueryType, UserRef},
};
use serde_json::{Map, Value};

/// What may be taken.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Taken {
    /// An id
    #[arg(long)]
    id: Option<String>,
    /// A mail address
    #[arg(long)]
    email: Option<String>,
    /// A phone number
    #[arg(long)]
    phone: Option<String>,
}

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
        /// Which users: all, the disabled, or those of an organization, alone or with all below it
        #[arg(value_parser = one_of::<UserQueryType>(&["all", "disabled", "org", "orgCascade"]))]
        kind: UserQueryType,
        /// The organization, by sid
        #[arg(long, value_name = "SID")]
        org_sid: Option<i64>,
        /// The organization, by uri
        #[arg(long, value_name = "URI")]
        org_uri: Option<String>,
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.users().query_users_with(kind, UserQueryOptions::new().org_sid(org_sid).org_uri(org_uri)));

    /// Show all users, with few fields of each
    #[command(alias = "ls", after_help = "Examples:\n  iam digiwin users list\n  iam digiwin users list -o csv > users.csv\n  \
        iam digiwin users list --jq 'map(select(.disabled)) | length'")]
    List: Read list "digiwin.users.get_user_simple" {
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.users().get_user_simple());

    /// Check whether a user has this id, mail address or phone number
    #[command(after_help = "Examples:\n  iam digiwin users exists --id bob\n  \
        iam digiwin users exists --email bob@example.com --except bob --exit-code")]
    Exists: Read answer
        "digiwin.users.check_user_exists" | "digiwin.users.check_email_exists" | "digiwin.users.check_phone_exists" {
        #[command(flatten)]
        by: Taken,
        /// Leave out a user, whose own address or number it may be
        #[arg(long, value_name = "ID", conflicts_with = "id")]
        except: Option<String>,
        #[command(flatten)]
        exit_code: ExitCode,
    } |c| {
        let options = ExistsOptions::new().user_id(except);
        exit_code.of(match by {
            Taken { email: Some(email), .. } => c.users().check_email_exists_with(&email, options),
            Taken { phone: Some(phone), .. } => c.users().check_phone_exists_with(&phone, options),
            Taken { id, .. } => c.users().check_user_exists(id.unwrap_or_default()),
        })
    };

    /// Change a user
    #[command(after_help = "Examples:\n  iam digiwin users update id=bob nickname=Bobby disabled:=false\n  \
        iam digiwin users update --input bob.json --dry-run\n  iam digiwin users update id=bob --password-stdin < password.txt")]
    Update: Change one "digiwin.users.update_user" {
        #[command(flatten)]
        user: Fields,
        #[command(flatten)]
        password: NewPassword,
    } |c| c.users().update_user(&with_password(user.object(fields::of::<User>())?, &password)?);

    /// Show a user's roles
    Roles: Read list "digiwin.users.get_user_roles" {
        /// The user: an id, or `sid:` and the service's number
        #[arg(value_name = "USER", value_parser = arguments::user)]
        who: UserRef,
    } |c| c.users().get_user_roles(who).map(|user| user.roles);
}

/// Adds the password to what a command writes of a user.
fn with_password(mut user: Map<String, Value>, password: &NewPassword) -> Result<Map<String, Value>> {
    let password = password.read()?.map(|password| password.expose_secret().into());
    user.extend(password.map(|password| ("password".to_owned(), password)));
    Ok(user)
}
