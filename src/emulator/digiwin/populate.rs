//! Creates what a seed describes.

use super::{
    seed::{self, Seed},
    state::{
        directory::Directory,
        error_response::ErrorResponse,
        members::{Members, object},
        orgs::Orgs,
        tenants::{Application, Role, Tenant},
        users::Name,
    },
};
use crate::emulator::{
    seed_check::{SeedError, not_empty, sendable, unique},
    store::Table,
};
use jiff::{civil::DateTime, tz::TimeZone};
use serde_json::json;
use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

/// Creates a directory with the seed's contents.
///
/// # Errors
///
/// An empty name, secret or duplicate, a member or role that does not exist, a date that cannot be read.
pub(super) fn populate(seed: Seed, token_lifetime: Duration) -> Result<Directory, SeedError> {
    not_empty("the application's id", &seed.app_id)?;
    not_empty("the application's token", seed.app_token.expose_secret())?;
    sendable("the application's token", seed.app_token.expose_secret())?;
    let mut directory = Directory::new(seed.app_id, token_lifetime);
    for person in seed.people {
        add_person(&mut directory, person)?;
    }
    for tenant in seed.tenants {
        add_tenant(&mut directory, tenant)?;
    }
    Ok(directory)
}

fn add_person(directory: &mut Directory, person: seed::Person) -> Result<(), SeedError> {
    not_empty("a person's id", &person.id)?;
    not_empty(&format!("the password of person {}", person.id), person.password.expose_secret())?;
    for (name, value) in [(Name::Id, &person.id), (Name::Email, &person.email), (Name::Telephone, &person.telephone)] {
        if directory.users.is_taken(name, value, None) {
            return Err(SeedError::new(format_args!("two people have the {} {value}", name.member())));
        }
        if !value.is_empty() && directory.users.is_name_of_other(value, None) {
            let name = name.member();
            return Err(SeedError::new(format_args!(
                "the {name} {value} signs two people in: it is another name of one"
            )));
        }
    }
    let profile = json!({
        "id": person.id, "name": person.name, "email": person.email, "telephone": person.telephone,
        "phone": person.telephone, "nickname": person.name, "type": 0, "userType": false, "confirm": true,
        "visible": true, "readonly": false, "changed": false, "agreeAgreement": true, "doubleCheck": false,
        "disabled": person.disabled, "dueDate": null, "pwDate": "2026-01-01 00:00:00", "userMappings": [],
    });
    directory.add_user(object(profile), Some(person.password)).map(drop).map_err(|error| refused(&error))
}

fn add_tenant(directory: &mut Directory, seed: seed::Tenant) -> Result<(), SeedError> {
    not_empty("a tenant's id", &seed.id)?;
    let what = format!("tenant {}", seed.id);
    not_empty(&format!("the name of {what}"), &seed.name)?;
    if directory.tenants.with_id(&seed.id).is_some() {
        return Err(SeedError::new(format_args!("two tenants have the id {}", seed.id)));
    }
    let sid = directory.next_sid();
    let roles = [("admin", "管理员 Administrator"), ("manager", "主管 Manager"), ("staff", "员工 Staff")];
    let roles =
        roles.map(|(id, name)| Role { sid: directory.next_sid(), id, name, label: name, disabled: false }).into();
    let mut tenant = Tenant {
        sid,
        id: seed.id,
        name: seed.name,
        profile: Members::new(),
        is_digiwin: seed.is_digiwin,
        applications: Vec::new(),
        roles,
        orgs: Orgs::default(),
        members: Table::default(),
    };
    for seed::Member { person, role } in &seed.members {
        let user = user(directory, &what, person)?;
        let role = tenant.roles.iter().find(|own| own.id == role).map(|role| role.sid).ok_or_else(|| {
            SeedError::new(format_args!("{what}: {person} has the role {role}; there are admin, manager and staff"))
        })?;
        if tenant.has(user) {
            return Err(SeedError::new(format_args!("{what} has the member {person} twice")));
        }
        tenant.members.insert(user, BTreeSet::from([role]));
    }
    let owner = seed.members.first().and_then(|member| directory.users.with_id(&member.person));
    let (owner_sid, owner_id) = owner.map_or((0, ""), |owner| (owner.sid(), owner.id()));
    let owner_name = owner.and_then(|owner| owner.profile.name.as_deref()).unwrap_or_default();
    tenant.profile = object(json!({
        "sid": sid, "id": tenant.id, "name": tenant.name, "tenantId": tenant.id, "customerId": format!("C{sid}"),
        "industryType": "制造业", "address": "上海市静安区江场路 1377 弄", "telephone": "021-00000000",
        "email": format!("contact@{}.example", tenant.id.to_lowercase()), "adminId": owner_id, "adminName": owner_name,
        "contacts": owner_name, "isOpen": true, "isConfirm": 1, "status": "active", "comeFrom": "emulator",
        "testTenant": true, "experience": false, "isv": false, "offline": false, "ownerUserSid": owner_sid,
        "ownerUserId": owner_id, "createDate": "2024-05-06 07:08:09", "version": "standard", "staffSize": "11-50",
        "invoiceTitle": tenant.name, "dealer": false, "owner": true, "enterpriseType": 1,
    }));
    let mut applications = HashSet::new();
    for seed::Application { id, expires } in &seed.applications {
        not_empty(&format!("the id of an application of {what}"), id)?;
        unique(&mut applications, id, format_args!("{what} has the application {id} twice"))?;
        let no_date = |_| {
            let example = "2027-12-31 00:00:00";
            SeedError::new(format_args!(
                "{what}: application {id} expires on `{expires}`; write a date such as {example}"
            ))
        };
        let date = expires.parse::<DateTime>().and_then(|date| date.to_zoned(TimeZone::UTC)).map_err(no_date)?;
        let members = object(json!({
            "sid": directory.next_sid(), "id": id, "name": id, "categoryId": "app", "tenantSid": sid,
            "tenantId": tenant.id, "tenantName": tenant.name, "expiredTime": expires, "bufferPeriod": false,
            "authOpen": true, "totalUsage": 1000, "remainingUsage": 640, "totalUserCount": 100,
            "userCount": tenant.members.len(), "remainUsageCapacity": "5GB", "showConsoleManagement": true,
            "showConsolePolicy": false, "appToken": format!("app-token-of-{id}"), "willExpire": false,
            "willExhaust": false, "exhausted": false,
        }));
        tenant.applications.push(Application { id: id.clone(), expires: date.timestamp(), members });
    }
    seed.orgs.into_iter().try_for_each(|org| add_org(directory, &mut tenant, 0, org))?;
    directory.tenants.insert(tenant);
    Ok(())
}

/// Adds a tree of organizations to a tenant, below the one with this `sid`.
fn add_org(directory: &mut Directory, tenant: &mut Tenant, parent: i64, seed: seed::Org) -> Result<(), SeedError> {
    let what = format!("organization {} of tenant {}", seed.id, tenant.id);
    not_empty(&format!("the id of an organization of tenant {}", tenant.id), &seed.id)?;
    not_empty(&format!("the name of {what}"), &seed.name)?;
    if tenant.orgs.with_id(&seed.id).is_some() {
        return Err(SeedError::new(format_args!("two organizations of tenant {} have the id {}", tenant.id, seed.id)));
    }
    let sid = directory.next_sid();
    let members = json!({"id": seed.id, "name": seed.name, "parentSid": parent, "createBy": "seed"});
    tenant.add_org(sid, object(members)).map_err(|error| refused(&error))?;
    let mut placed = HashSet::new();
    for person in &seed.members {
        let user = user(directory, &what, person)?;
        if !tenant.has(user) {
            return Err(SeedError::new(format_args!("{what}: {person} is not a member of the tenant")));
        }
        unique(&mut placed, user, format_args!("{what} has the member {person} twice"))?;
        tenant.orgs.add_user(sid, user);
    }
    seed.children.into_iter().try_for_each(|child| add_org(directory, tenant, sid, child))
}

fn refused(error: &ErrorResponse) -> SeedError {
    SeedError::new(&error.message)
}

fn user(directory: &Directory, what: &str, person: &str) -> Result<i64, SeedError> {
    let user = directory.users.with_id(person);
    user.map(|user| user.sid()).ok_or_else(|| SeedError::new(format_args!("{what}: there is no person {person}")))
}
