//! Creates what a seed describes.

use super::{
    seed::{self, Seed},
    state::{
        directory::Directory,
        tenants::Tenant,
        users::{Members, Name},
    },
};
use crate::emulator::seed_error::{SeedError, named, unique};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

/// Creates a directory with the seed's contents.
///
/// # Errors
///
/// An empty name, one that is there twice, a member or role that does not exist.
pub(super) fn sow(seed: Seed, token_lifetime: Duration) -> Result<Directory, SeedError> {
    named("the application's id", &seed.app_id)?;
    let mut directory = Directory::new(seed.app_id, token_lifetime);
    for person in seed.people {
        sow_person(&mut directory, person)?;
    }
    for tenant in seed.tenants {
        sow_tenant(&mut directory, tenant)?;
    }
    Ok(directory)
}

fn object(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}

fn sow_person(directory: &mut Directory, person: seed::Person) -> Result<(), SeedError> {
    named("a person's id", &person.id)?;
    for (name, value) in [(Name::Id, &person.id), (Name::Email, &person.email), (Name::Telephone, &person.telephone)] {
        if directory.users.is_taken(name, value, None) {
            return Err(SeedError::new(format_args!("person {}: {} {value} is there twice", person.id, name.member())));
        }
    }
    let profile = json!({
        "id": person.id, "name": person.name, "email": person.email, "telephone": person.telephone,
        "phone": person.telephone, "nickname": person.name, "type": 0, "userType": false, "confirm": true,
        "visible": true, "readonly": false, "changed": false, "agreeAgreement": true, "doubleCheck": false,
        "disabled": person.disabled, "dueDate": null, "pwDate": "2026-01-01 00:00:00", "userMappings": [],
    });
    directory.add_user(object(profile), Some(person.password));
    Ok(())
}

fn sow_tenant(directory: &mut Directory, seed: seed::Tenant) -> Result<(), SeedError> {
    named("a tenant's id", &seed.id)?;
    let what = format!("tenant {}", seed.id);
    named(&format!("the name of {what}"), &seed.name)?;
    if directory.tenants.with_id(&seed.id).is_some() {
        return Err(SeedError::new(format_args!("{what} is there twice")));
    }
    let sid = directory.next_sid();
    let roles: BTreeMap<i64, Members> =
        [("admin", "管理员 Administrator"), ("manager", "主管 Manager"), ("staff", "员工 Staff")]
            .into_iter()
            .map(|(id, name)| {
                let role = directory.next_sid();
                (role, object(json!({"sid": role, "id": id, "name": name, "label": name, "disabled": false})))
            })
            .collect();
    let mut members: BTreeMap<i64, i64> = BTreeMap::new();
    for (person, role) in &seed.members {
        let user = user(directory, &what, person)?;
        let role =
            roles.iter().find(|(_, known)| known["id"] == role.as_str()).map(|(sid, _)| *sid).ok_or_else(|| {
                SeedError::new(format_args!("{what}: {person} has the role {role}; there are admin, manager and staff"))
            })?;
        if members.insert(user, role).is_some() {
            return Err(SeedError::new(format_args!("{what}: member {person} is there twice")));
        }
    }
    let owner = seed.members.first().and_then(|(person, _)| directory.users.with_id(person));
    let (owner_sid, owner_id, owner_name) =
        owner.map_or((0, "", ""), |owner| (owner.sid(), owner.text("id"), owner.text("name")));
    let profile = object(json!({
        "sid": sid, "id": seed.id, "name": seed.name, "tenantId": seed.id, "customerId": format!("C{sid}"),
        "industryType": "制造业", "address": "上海市静安区江场路 1377 弄", "telephone": "021-00000000",
        "email": format!("contact@{}.example", seed.id.to_lowercase()), "adminId": owner_id, "adminName": owner_name,
        "contacts": owner_name, "isOpen": true, "isConfirm": 1, "status": "active", "comeFrom": "emulator",
        "testTenant": true, "experience": false, "isv": false, "offline": false, "ownerUserSid": owner_sid,
        "ownerUserId": owner_id, "createDate": "2024-05-06 07:08:09", "version": "standard", "staffSize": "11-50",
        "invoiceTitle": seed.name, "dealer": false, "owner": true, "enterpriseType": 1,
    }));
    let mut tenant = Tenant::new(sid, profile, seed.is_digiwin, roles);
    let mut applications = HashSet::new();
    for (id, expires) in &seed.applications {
        named(&format!("the id of an application of {what}"), id)?;
        unique(&mut applications, id, format_args!("{what}: application {id}"))?;
        let app = directory.next_sid();
        tenant.applications.push(object(json!({
            "sid": app, "id": id, "name": id, "categoryId": "app", "tenantSid": sid, "tenantId": seed.id,
            "tenantName": seed.name, "expiredTime": expires, "expired": false, "bufferPeriod": false,
            "authOpen": true, "totalUsage": 1000, "remainingUsage": 640, "totalUserCount": 100,
            "userCount": members.len(), "remainUsageCapacity": "5GB", "showConsoleManagement": true,
            "showConsolePolicy": false, "appToken": format!("app-token-of-{id}"), "willExpire": false,
            "willExhaust": false, "exhausted": false,
        })));
    }
    let mut ids = HashSet::new();
    for org in seed.orgs {
        sow_org(directory, (&mut tenant, &members, &mut ids), None, org)?;
    }
    directory.tenants.insert(tenant);
    members.into_iter().for_each(|(user, role)| directory.tenants.add_member(sid, user, BTreeSet::from([role])));
    Ok(())
}

/// Adds an organization to a tenant that has these members and organizations.
fn sow_org(
    directory: &mut Directory,
    (tenant, members, ids): (&mut Tenant, &BTreeMap<i64, i64>, &mut HashSet<String>),
    parent: Option<i64>,
    seed: seed::Org,
) -> Result<(), SeedError> {
    let what = format!("organization {} of tenant {}", seed.id, tenant.text("id"));
    named(&format!("the id of an organization of tenant {}", tenant.text("id")), &seed.id)?;
    named(&format!("the name of {what}"), &seed.name)?;
    unique(ids, seed.id.clone(), &what)?;
    let sid = directory.next_sid();
    tenant.add_org(sid, parent, object(json!({"id": seed.id, "name": seed.name, "createBy": "seed"})));
    for person in &seed.members {
        let user = user(directory, &what, person)?;
        if !members.contains_key(&user) {
            return Err(SeedError::new(format_args!("{what}: {person} is not a member of the tenant")));
        }
        tenant.orgs.add_user(sid, user);
    }
    seed.children.into_iter().try_for_each(|child| sow_org(directory, (tenant, members, ids), Some(sid), child))
}

fn user(directory: &Directory, what: &str, person: &str) -> Result<i64, SeedError> {
    let user = directory.users.with_id(person);
    user.map(|user| user.sid()).ok_or_else(|| SeedError::new(format_args!("{what}: there is no person {person}")))
}
