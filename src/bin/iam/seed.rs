//! Seeds as JSON, in which every member but names and passwords may be left out.

use iam_sdk::emulator::{authing, cloudspot, digiwin};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DigiwinSeed {
    app_id: String,
    app_token: String,
    #[serde(default)]
    people: Vec<DigiwinPerson>,
    #[serde(default)]
    tenants: Vec<Tenant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DigiwinPerson {
    id: String,
    password: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    telephone: String,
    #[serde(default)]
    disabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tenant {
    id: String,
    name: String,
    #[serde(default)]
    digiwin: bool,
    #[serde(default)]
    applications: Vec<Application>,
    #[serde(default)]
    members: Vec<Member>,
    #[serde(default)]
    orgs: Vec<DigiwinOrg>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    id: String,
    expires: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    person: String,
    role: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DigiwinOrg {
    id: String,
    name: String,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    children: Vec<DigiwinOrg>,
}

pub fn digiwin<'de, D: Deserializer<'de>>(from: D) -> Result<Option<digiwin::Seed>, D::Error> {
    let DigiwinSeed { app_id, app_token, people, tenants } = DigiwinSeed::deserialize(from)?;
    let seed = people.into_iter().fold(digiwin::Seed::new(app_id, app_token), |seed, person| {
        let DigiwinPerson { id, password, name, email, telephone, disabled } = person;
        let person = digiwin::Person::new(id, password).name(name).email(email).telephone(telephone);
        seed.person(person.disabled(disabled))
    });
    Ok(Some(tenants.into_iter().fold(seed, |seed, tenant| seed.tenant(tenant_of(tenant)))))
}

fn tenant_of(tenant: Tenant) -> digiwin::Tenant {
    let Tenant { id, name, digiwin, applications, members, orgs } = tenant;
    let tenant = digiwin::Tenant::new(id, name);
    let tenant = if digiwin { tenant.digiwin() } else { tenant };
    let tenant = applications.into_iter().fold(tenant, |tenant, of| tenant.application(of.id, of.expires));
    let tenant = members.into_iter().fold(tenant, |tenant, member| tenant.member(member.person, member.role));
    orgs.into_iter().fold(tenant, |tenant, org| tenant.org(digiwin_org(org)))
}

fn digiwin_org(org: DigiwinOrg) -> digiwin::Org {
    let root = org.members.into_iter().fold(digiwin::Org::new(org.id, org.name), digiwin::Org::member);
    org.children.into_iter().map(digiwin_org).fold(root, digiwin::Org::child)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthingSeed {
    user_pool_id: String,
    secret: String,
    #[serde(default)]
    users: Vec<Map<String, Value>>,
    #[serde(default)]
    groups: Vec<Group>,
    #[serde(default)]
    roles: Vec<Role>,
    #[serde(default)]
    custom_fields: Vec<CustomField>,
    #[serde(default)]
    organizations: Vec<AuthingOrg>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    code: String,
    name: String,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    code: String,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomField {
    key: String,
    r#type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthingOrg {
    #[serde(default)]
    code: String,
    name: String,
    description: Option<String>,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    children: Vec<AuthingOrg>,
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

pub fn authing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<authing::Seed>, D::Error> {
    let AuthingSeed { user_pool_id, secret, users, groups, roles, custom_fields, organizations } =
        AuthingSeed::deserialize(from)?;
    let mut seed = authing::Seed::new(user_pool_id, secret);
    for user in users {
        seed = seed.user(user);
    }
    for Group { code, name, members } in groups {
        seed = seed.group(code, name, &refs(&members));
    }
    for Role { code, members } in roles {
        seed = seed.role(code, &refs(&members));
    }
    for CustomField { key, r#type } in custom_fields {
        seed = seed.custom_field(key, r#type);
    }
    Ok(Some(organizations.into_iter().map(authing_org).fold(seed, authing::Seed::organization)))
}

fn authing_org(org: AuthingOrg) -> authing::Org {
    let AuthingOrg { code, name, description, members, children } = org;
    let root = authing::Org::new(code, name);
    let root = description.into_iter().fold(root, authing::Org::description);
    let root = members.into_iter().fold(root, authing::Org::member);
    children.into_iter().map(authing_org).fold(root, authing::Org::child)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudspotSeed {
    #[serde(default)]
    companies: Vec<Company>,
    people: Vec<CloudspotPerson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Company {
    id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloudspotPerson {
    username: String,
    password: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    pin: Option<String>,
    #[serde(default)]
    may: Vec<Grant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    application: String,
    company: String,
    #[serde(default)]
    permissions: Vec<String>,
}

pub fn cloudspot<'de, D: Deserializer<'de>>(from: D) -> Result<Option<cloudspot::Seed>, D::Error> {
    let CloudspotSeed { companies, people } = CloudspotSeed::deserialize(from)?;
    // The account that the command prints is the first person's.
    if people.iter().all(|person| person.may.is_empty()) {
        return Err(D::Error::custom("nobody may use an application"));
    }
    let seed =
        companies.into_iter().fold(cloudspot::Seed::new(), |seed, company| seed.company(company.id, company.name));
    Ok(Some(people.into_iter().fold(seed, |seed, person| {
        let CloudspotPerson { username, password, first_name, last_name, pin, may } = person;
        let person = cloudspot::Person::new(username, password).name(first_name, last_name);
        let person = pin.into_iter().fold(person, cloudspot::Person::pin);
        seed.person(may.into_iter().fold(person, |person, Grant { application, company, permissions }| {
            person.may(application, company, &refs(&permissions))
        }))
    })))
}
