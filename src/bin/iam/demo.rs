use iam_sdk::{
    r#async,
    authing::{CreateUserOptions, CustomData, RoleCode, UserInfo},
    blocking,
    digiwin::{Org, TenantRef},
    emulator::Emulator,
};
use std::{collections::BTreeMap, error::Error};

/// The tour of Digiwin IAM, once for both flavours: `$wait` is `.await` or nothing.
macro_rules! tour {
    ($client:expr, $account:expr $(, $($wait:tt)+)?) => {{
        let (client, account) = ($client, $account);
        let user = client.identity().login(&account.user_id, account.password.clone())$($($wait)+)??;
        step("login", format_args!("{} ({})", show(&user.user_name), show(&user.user_id)));

        let info = client.identity().analyze_token()$($($wait)+)??;
        step("analyze_token", format_args!("user {}, {}", show(&info.user_id), show(&info.email)));

        let id = info.user_id.ok_or("the token names no user")?;
        let user = client.users().get_user(&id)$($($wait)+)??;
        step("get_user", format_args!("{}, phone {}", show(&user.name), show(&user.telephone)));

        let tenants = client.tenants().get_tenants()$($($wait)+)??;
        step("get_tenants", format_args!("{}", tenants.len()));
        for tenant in &tenants {
            println!("  {:20}   {:8} {}", "", show(&tenant.id), show(&tenant.name));
        }

        client.identity().refresh_token_with_tenant(TenantRef::id(&account.tenant_id))$($($wait)+)??;
        let tenant = client.tenants().get_current()$($($wait)+)??.ok_or("the token is in no tenant")?;
        check(tenant.id.as_ref() == Some(&account.tenant_id), "the switch ended in another tenant")?;
        step("switch tenant", format_args!("now in {}", show(&tenant.name)));

        let orgs = client.orgs().get_cascade()$($($wait)+)??;
        let nodes: usize = orgs.values().map(Vec::len).sum();
        check(nodes > 0, "the tenant has no organizations")?;
        step("org tree", format_args!("{nodes} organizations"));
        for orgs in orgs.values() {
            print_tree(orgs);
        }

        client.identity().logout()$($($wait)+)??;
        let after = client.identity().analyze_token()$($($wait)+)?;
        check(after.is_err_and(|error| error.is_authentication()), "the session outlived its logout")?;
        step("logout", format_args!("and the service refuses the next call"));
    }};
}

/// The tour of Cloudspot License, once for both flavours.
macro_rules! license_tour {
    ($client:expr, $account:expr $(, $($wait:tt)+)?) => {{
        let (client, account) = ($client, $account);
        let license = client.authenticate(&account.username, account.password.clone())$($($wait)+)??;
        step("authenticate", format_args!("{}, in {} companies", account.username, license.permissions.len()));
        for company in &license.permissions {
            println!("  {:20}   {:20} {}", "", show(&company.company_name), company.permissions.join(", "));
        }
        let user = client.get_user()$($($wait)+)??;
        step("get_user", format_args!("{} {}", show(&user.first_name), show(&user.last_name)));
        let company = client.get_company_permissions(account.company_id.as_str())$($($wait)+)??;
        check(company.has("use_app"), "the user may not use the application")?;
        step("company permissions", format_args!("{}: {}", account.company_id, company.permissions.join(", ")));
        client.set_current_token(None)$($($wait)+)??;
        let after = client.get_user()$($($wait)+)?;
        check(after.is_err_and(|error| !error.was_sent()), "a call was sent without a token")?;
        step("token dropped", format_args!("and the next call is not even sent"));
    }};
}

/// The tour of Authing management, once for both flavours.
macro_rules! management_tour {
    ($client:expr, $username:expr $(, $($wait:tt)+)?) => {{
        let (client, username) = ($client, $username);
        let (users, orgs, groups) = (client.users(), client.orgs(), client.groups());
        let page = users.list()$($($wait)+)??;
        step("users", format_args!("{} of {}, the newest {}", page.list.len(), page.total_count, show(&page.list[0].username)));
        let info = UserInfo::new().username(username).email(format!("{username}@acme.example")).password("her password");
        let data = CustomData::new().with("school", "ETH").with("age", 33);
        let user = users.create_with(&info, CreateUserOptions::new().custom_data(data))$($($wait)+)??;
        let id = user.id.as_deref().ok_or("a user without an id")?;
        step("create", format_args!("{username}, with custom data {:?}", user.custom_data.keys().collect::<Vec<_>>()));
        let again = users.create(&info)$($($wait)+)?;
        check(again.is_err_and(|error| error.is_conflict()), "a user name was given twice")?;
        step("create", format_args!("{username} again: refused, the name is taken"));
        groups.add_users("developers", &[id])$($($wait)+)??;
        users.add_roles(id, &["auditor"])$($($wait)+)??;
        check(users.has_role(id, RoleCode("auditor"))$($($wait)+)??, "the role was not given")?;
        step("groups, roles", format_args!("{} in developers", groups.list_users("developers")$($($wait)+)??.total_count));
        let north = orgs.search_nodes("north")$($($wait)+)??.remove(0);
        orgs.add_members(north.id.as_deref().unwrap_or_default(), &[id])$($($wait)+)??;
        for tree in orgs.export_all()$($($wait)+)?? {
            step("organization", format_args!("as a tree, {} nodes", tree.walk().count()));
            for (depth, node) in tree.walk() {
                println!("  {:20}   {}{} ({} people)", "", "    ".repeat(depth), show(&node.name), node.members.len());
            }
        }
        users.delete(id)$($($wait)+)??;
        let gone = users.detail(id)$($($wait)+)?;
        check(gone.is_err_and(|error| error.is_not_found()), "a deleted user is still there")?;
        step("delete", format_args!("and the user is not found any more"));
    }};
}

pub fn run() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::start()?;
    let account = emulator.digiwin().account();
    let license = emulator.cloudspot().account();
    let license_url = format!("{}/api/v1", emulator.base_url());

    println!("Digiwin IAM, emulated at {}: the blocking client", emulator.base_url());
    let client = blocking::Client::builder(emulator.base_url(), account.app_token.clone()).build()?;
    tour!(client, account);
    println!("\nCloudspot License, emulated at {license_url}: the blocking client");
    let client = blocking::cloudspot::LicenseClient::builder(&license.application).base_url(&license_url).build()?;
    license_tour!(client, license);

    println!("\nAuthing management, emulated at {}: the blocking client", emulator.base_url());
    let pool = emulator.authing().account();
    let builder = blocking::authing::ManagementClient::builder(&pool.user_pool_id, pool.secret.clone());
    management_tour!(builder.base_url(emulator.base_url()).build()?, "mia");

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        println!("\nDigiwin IAM: the async client");
        let client = r#async::Client::builder(emulator.base_url(), account.app_token.clone()).build()?;
        tour!(client, account, .await);
        println!("\nCloudspot License: the async client");
        let client = r#async::cloudspot::LicenseClient::builder(&license.application).base_url(&license_url).build()?;
        license_tour!(client, license, .await);
        println!("\nAuthing management: the async client");
        let builder = r#async::authing::ManagementClient::builder(&pool.user_pool_id, pool.secret.clone());
        management_tour!(builder.base_url(emulator.base_url()).build()?, "noa", .await);
        Ok::<_, Box<dyn Error>>(())
    })?;

    println!("\nBoth did all of it, in {} requests.", emulator.requests().len());
    Ok(())
}

fn step(name: &str, result: std::fmt::Arguments<'_>) {
    println!("  {name:20} {result}");
}

fn show(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn check(holds: bool, otherwise: &str) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn print_tree(orgs: &[Org]) {
    let mut below: BTreeMap<i64, Vec<&Org>> = BTreeMap::new();
    for org in orgs {
        below.entry(org.parent_sid.unwrap_or(0)).or_default().push(org);
    }
    // Each organization is taken out once: a cycle ends.
    let mut next: Vec<(usize, &Org)> =
        below.remove(&0).unwrap_or_default().into_iter().rev().map(|org| (0, org)).collect();
    while let Some((depth, org)) = next.pop() {
        println!("  {:20}   {}{} ({} people)", "", "    ".repeat(depth), show(&org.name), org.user_count.unwrap_or(0));
        let children = org.sid.and_then(|sid| below.remove(&sid)).unwrap_or_default();
        next.extend(children.into_iter().rev().map(|child| (depth + 1, child)));
    }
}
