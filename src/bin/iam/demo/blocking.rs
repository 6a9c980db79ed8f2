//! The quick start of each service with the blocking client, as functions to copy.

use super::{Out, check, print_tree, show};
use iam_sdk::{
    authing::{CreateUserOptions, CustomData, RoleCode, UserInfo},
    blocking::{Client, authing::ManagementClient, cloudspot::LicenseClient},
    digiwin::TenantRef,
    emulator,
};
use std::error::Error;

/// Logs in to Digiwin IAM, switches to a tenant, and shows its organizations.
pub fn digiwin(mut out: Out<'_>, client: Client, account: &emulator::digiwin::Account) -> Result<(), Box<dyn Error>> {
    let user = client.identity().login(&account.user_id, account.password.clone())?;
    out.step("login", format_args!("{} ({})", show(&user.user_name), show(&user.user_id)))?;

    let info = client.identity().analyze_token()?;
    out.step("analyze_token", format_args!("user {}, {}", show(&info.user_id), show(&info.email)))?;

    let id = info.user_id.ok_or("the token names no user")?;
    let user = client.users().get_user(&id)?;
    out.step("get_user", format_args!("{}, phone {}", show(&user.name), show(&user.telephone)))?;

    let tenants = client.tenants().get_tenants()?;
    out.step("get_tenants", format_args!("{}", tenants.len()))?;
    for tenant in &tenants {
        out.line(format_args!("{:8} {}", show(&tenant.id), show(&tenant.name)))?;
    }

    client.identity().refresh_token_with_tenant(TenantRef::id(&account.tenant_id))?;
    let tenant = client.tenants().get_current()?.ok_or("the token is in no tenant")?;
    check(tenant.id.as_ref() == Some(&account.tenant_id), "the switch ended in another tenant")?;
    out.step("switch tenant", format_args!("now in {}", show(&tenant.name)))?;

    let orgs = client.orgs().get_cascade()?;
    let nodes: usize = orgs.values().map(Vec::len).sum();
    check(nodes > 0, "the tenant has no organizations")?;
    out.step("org tree", format_args!("{nodes} organizations"))?;
    for orgs in orgs.values() {
        print_tree(&mut out, orgs)?;
    }

    client.identity().logout()?;
    let after = client.identity().analyze_token();
    check(after.is_err_and(|error| error.is_authentication()), "the session outlived its logout")?;
    out.step("logout", format_args!("and the service refuses the next call"))?;
    Ok(())
}

/// Logs in to Cloudspot License, and shows what the user may do.
pub fn license(
    mut out: Out<'_>,
    client: LicenseClient,
    account: &emulator::cloudspot::Account,
) -> Result<(), Box<dyn Error>> {
    let license = client.authenticate(&account.username, account.password.clone())?;
    out.step("authenticate", format_args!("{}, in {} companies", account.username, license.permissions.len()))?;
    for company in &license.permissions {
        out.line(format_args!("{:20} {}", show(&company.company_name), company.permissions.join(", ")))?;
    }
    let user = client.get_user()?;
    out.step("get_user", format_args!("{} {}", show(&user.first_name), show(&user.last_name)))?;
    let company = client.get_company_permissions(account.company_id.as_str())?;
    check(company.has("use_app"), "the user may not use the application")?;
    out.step("company permissions", format_args!("{}: {}", account.company_id, company.permissions.join(", ")))?;
    client.set_current_token(None)?;
    let after = client.get_user();
    check(after.is_err_and(|error| !error.was_sent()), "a call was sent without a token")?;
    out.step("token dropped", format_args!("and the next call is not even sent"))?;
    Ok(())
}

/// Creates a user in Authing, gives rights, shows the organizations, and deletes the user.
pub fn management(mut out: Out<'_>, client: ManagementClient, username: &str) -> Result<(), Box<dyn Error>> {
    let (users, orgs, groups) = (client.users(), client.orgs(), client.groups());
    let page = users.list()?;
    out.step(
        "users",
        format_args!("{} of {}, the newest {}", page.list.len(), page.total_count, show(&page.list[0].username)),
    )?;
    let email = format!("{username}@acme.example");
    let info = UserInfo::new().username(username).email(email).password("her password");
    let data = CustomData::new().with("school", "ETH").with("age", 33);
    let user = users.create_with(&info, CreateUserOptions::new().custom_data(data))?;
    let id = user.id.as_deref().ok_or("a user without an id")?;
    out.step("create", format_args!("{username}, with custom data {:?}", user.custom_data.keys().collect::<Vec<_>>()))?;
    let again = users.create(&info);
    check(again.is_err_and(|error| error.is_conflict()), "a user name was given twice")?;
    out.step("create", format_args!("{username} again: refused, the name is taken"))?;
    groups.add_users("developers", &[id])?;
    users.add_roles(id, &["auditor"])?;
    check(users.has_role(id, RoleCode("auditor"))?, "the role was not given")?;
    let in_group = groups.list_users("developers")?.total_count;
    out.step("groups, roles", format_args!("{in_group} in developers"))?;
    let north = orgs.search_nodes("north")?.remove(0);
    orgs.add_members(north.id.as_deref().unwrap_or_default(), &[id])?;
    for tree in orgs.export_all()? {
        out.step("organization", format_args!("as a tree, {} nodes", tree.walk().count()))?;
        for (depth, node) in tree.walk() {
            out.line(format_args!("{}{} ({} people)", "    ".repeat(depth), show(&node.name), node.members.len()))?;
        }
    }
    users.delete(id)?;
    let gone = users.detail(id);
    check(gone.is_err_and(|error| error.is_not_found()), "a deleted user is still there")?;
    out.step("delete", format_args!("and the user is not found any more"))?;
    Ok(())
}
