use crate::{
    arguments::{self, ExitCode, Field, Limit},
    command::commands,
    guard::Subject,
};
use iam_sdk::{
    Json,
    blocking::Client,
    digiwin::{ApplicationFilter, InviteOptions, TenantId, TenantListOptions, TenantSimpleOptions, UserRef},
};
use serde_json::{Map, Value};

commands! {
    /// Commands about tenants.
    Tenants of Client;

    /// Show the user's tenants
    #[command(after_help = "Examples:\n  iam digiwin tenants list\n  iam digiwin tenants list --bought crm -o json")]
    List: Read list "digiwin.tenants.get_tenants" {
        /// Only those that have bought this application
        #[arg(long = "bought", value_name = "APPLICATION")]
        app_id: Option<String>,
        /// Leave out Digiwin's own tenant
        #[arg(long)]
        without_digiwin: bool,
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.tenants().get_tenants_with(
        TenantListOptions::new().app_id(app_id).exclude_digiwin_tenant(without_digiwin.then_some(true)),
    ));

    /// Show the tenant that the session is in
    Current: Read one "digiwin.tenants.get_current" {} |c| c.tenants().get_current();

    /// Show the tenant that the session is in, with few fields
    CurrentSimple: Read one "digiwin.tenants.get_current_simple" {} |c| c.tenants().get_current_simple();

    /// Show a tenant with few fields
    Get: Read one "digiwin.tenants.get_simple" {
        /// The id of a tenant
        id: String,
        /// Show the fields about invoices too
        #[arg(long)]
        invoice: bool,
    } |c| c.tenants().get_simple_with(id, TenantSimpleOptions::new().with_invoice_info(invoice));

    /// Show the tenants that a keyword finds
    Search: Read list "digiwin.tenants.query_tenants" {
        /// A part of a name or an id
        keyword: String,
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.tenants().query_tenants(&keyword));

    /// Check whether a user is in the tenant
    HasUser: Read answer "digiwin.tenants.check_user_in_tenant" {
        /// The id of a user
        id: String,
        #[command(flatten)]
        exit_code: ExitCode,
    } |c| exit_code.of(c.tenants().check_user_in_tenant(id));

    /// Show the applications that the tenant has bought
    #[command(after_help = "Examples:\n  iam digiwin tenants applications --expire-before '2027-01-01 00:00:00'")]
    Applications: Read list "digiwin.tenants.get_applications" {
        /// Only those that expire at this time or later
        #[arg(long, value_name = "TIME")]
        expire_after: Option<String>,
        /// Only those that expire at this time or earlier
        #[arg(long, value_name = "TIME")]
        expire_before: Option<String>,
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.tenants().get_applications_with(
        ApplicationFilter::new().expire_time_start(expire_after).expire_time_end(expire_before),
    ));

    /// Invite a user into a tenant
    #[command(after_help = "Examples:\n  iam digiwin tenants invite T1 bob@example.com --role id=viewer --org sid:=11")]
    Invite: Change one "digiwin.tenants.invite_user" {
        /// The id of the tenant
        tenant_id: String,
        /// Who is invited: an id, a mail address or a phone number
        invited: String,
        /// A role that the user gets, by one of its fields
        #[arg(long, value_name = "NAME=VALUE", value_parser = arguments::field)]
        role: Vec<Field>,
        /// An organization that the user joins, by one of its fields
        #[arg(long, value_name = "NAME=VALUE", value_parser = arguments::field)]
        org: Vec<Field>,
        /// An application that the user may use, by one of its fields
        #[arg(long, value_name = "NAME=VALUE", value_parser = arguments::field)]
        app: Vec<Field>,
        /// The text of the invitation
        #[arg(long)]
        content: Option<String>,
        /// When the membership ends
        #[arg(long, value_name = "TIME")]
        due_date: Option<String>,
        /// The user's employee number
        #[arg(long, value_name = "NUMBER")]
        employee: Option<String>,
        /// The language of the invitation, such as zh-CN
        #[arg(long)]
        language: Option<String>,
        /// The address that the invitation is mailed to
        #[arg(long)]
        email: Option<String>,
        /// The application that invites
        #[arg(long, value_name = "ID")]
        invite_app: Option<String>,
        /// The application that the invitation comes from
        #[arg(long, value_name = "ID")]
        source_app: Option<String>,
        /// The type of the user
        #[arg(long, value_name = "true|false")]
        user_type: Option<bool>,
        /// The user's WeChat account
        #[arg(long, value_name = "ACCOUNT")]
        wechat: Option<String>,
    } |c| {
        let options = InviteOptions::new()
            .content(content)
            .due_date(due_date)
            .emp_id(employee)
            .language(language)
            .user_email(email)
            .invite_app(invite_app)
            .source_app_id(source_app)
            .user_type(user_type)
            .wechat(wechat);
        let options = as_objects(&role).fold(options, InviteOptions::role);
        let options = as_objects(&org).fold(options, InviteOptions::org);
        let options = as_objects(&app).fold(options, InviteOptions::app);
        c.tenants().invite_user_with(TenantId(&tenant_id), invited, options)
    };

    /// Remove a user from the tenant
    RemoveUser: Delete(Subject::one("member", &arguments::user_text(&who))) one "digiwin.tenants.remove_user" {
        /// The user: an id, or `sid:` and the service's number
        #[arg(value_name = "USER", value_parser = arguments::user)]
        who: UserRef,
    } |c| c.tenants().remove_user(who);
}

/// Makes an object of each field.
fn as_objects(members: &[Field]) -> impl Iterator<Item = Json> + '_ {
    members.iter().map(|member| Value::Object(Map::from_iter([(member.name.clone(), member.value.clone())])).into())
}
