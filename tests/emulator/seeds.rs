//! Seeds that contradict themselves, and settings.

use iam_sdk::emulator::{
    Emulator, EmulatorBuilder,
    authing::{self, Org},
    cloudspot,
    digiwin::{self, Person, Tenant},
};
use std::io::ErrorKind;

fn pool() -> authing::Seed {
    authing::Seed::new("pool", "secret").user([("username", "ann"), ("email", "ann@x.example"), ("phone", "1")])
}

fn people() -> digiwin::Seed {
    digiwin::Seed::new("app", "token").person(Person::new("ann", "pw").email("ann@x.example").telephone("1"))
}

fn tenant() -> Tenant {
    Tenant::new("T1", "Tenant").member("ann", "staff")
}

fn companies() -> cloudspot::Seed {
    cloudspot::Seed::new().company("c1", "One")
}

fn with_authing(seed: authing::Seed) -> EmulatorBuilder {
    Emulator::builder().authing(seed)
}

fn with_tenant(tenant: Tenant) -> EmulatorBuilder {
    Emulator::builder().digiwin(people().tenant(tenant))
}

fn with_cloudspot(seed: cloudspot::Seed) -> EmulatorBuilder {
    Emulator::builder().cloudspot(seed)
}

#[test]
fn a_mistake_in_a_seed_is_named() {
    let may = |application: &str, company: &str| cloudspot::Person::new("ann", "pw").may(application, company, &[]);
    let cases = [
        (with_authing(authing::Seed::new("", "s")), "authing seed: the user pool's id is empty"),
        (with_authing(pool().user([("username", "ann")])), "authing seed: user ann: the user name exists already"),
        (
            with_authing(pool().user([("email", "ANN@x.example")])),
            "authing seed: user ANN@x.example: the user exists already",
        ),
        (with_authing(pool().user([("phone", "1")])), "authing seed: user 1: the phone number exists already"),
        (
            with_authing(pool().user([("email", "nowhere")])),
            "authing seed: user nowhere: the mail address is malformed",
        ),
        (with_authing(pool().user([("shoes", "red")])), "authing seed: user number 2: users have no member shoes"),
        (
            with_authing(pool().user([("blocked", "yes")])),
            "authing seed: user number 2: a member has a value of the wrong type",
        ),
        (
            with_authing(pool().user([("id", "1"), ("username", "bo")]).user([("id", "1"), ("username", "cy")])),
            "authing seed: user cy: the id 1 is there twice",
        ),
        (with_authing(pool().group("g", "", &[])), "authing seed: the name of group g is empty"),
        (
            with_authing(pool().group("g", "G", &[]).group("g", "H", &[])),
            "authing seed: group g: the group exists already",
        ),
        (with_authing(pool().group("g", "G", &["bo"])), "authing seed: group g: there is no user bo"),
        (with_authing(pool().group("g", "G", &["ann", "ann"])), "authing seed: group g: user ann is there twice"),
        (with_authing(pool().role("", &[])), "authing seed: a role's code is empty"),
        (with_authing(pool().role("r", &[]).role("r", &[])), "authing seed: role r: the role exists already"),
        (with_authing(pool().role("r", &["bo"])), "authing seed: role r: there is no user bo"),
        (with_authing(pool().custom_field("", "STRING")), "authing seed: a custom field's key is empty"),
        (with_authing(pool().custom_field("k", "TEXT")), "authing seed: custom field k: there is no type TEXT"),
        (
            with_authing(pool().custom_field("k", "STRING").custom_field("k", "NUMBER")),
            "authing seed: custom field k is there twice",
        ),
        (
            with_authing(pool().organization(Org::new("o", ""))),
            "authing seed: the name of the node o of an organization is empty",
        ),
        (
            with_authing(pool().organization(Org::new("o", "O").child(Org::new("o", "P")))),
            "authing seed: organization O: the node code exists already",
        ),
        (
            with_authing(pool().organization(Org::new("o", "O").child(Org::new("p", "P").member("bo")))),
            "authing seed: organization P: there is no user bo",
        ),
        (Emulator::builder().digiwin(digiwin::Seed::new("", "t")), "digiwin seed: the application's id is empty"),
        (Emulator::builder().digiwin(people().person(Person::new("", "pw"))), "digiwin seed: a person's id is empty"),
        (
            Emulator::builder().digiwin(people().person(Person::new("ann", "pw"))),
            "digiwin seed: person ann: id ann is there twice",
        ),
        (
            Emulator::builder().digiwin(people().person(Person::new("bo", "pw").email("ann@x.example"))),
            "digiwin seed: person bo: email ann@x.example is there twice",
        ),
        (
            Emulator::builder().digiwin(people().person(Person::new("bo", "pw").telephone("1"))),
            "digiwin seed: person bo: telephone 1 is there twice",
        ),
        (with_tenant(Tenant::new("", "T")), "digiwin seed: a tenant's id is empty"),
        (with_tenant(Tenant::new("T1", "")), "digiwin seed: the name of tenant T1 is empty"),
        (with_tenant(tenant().member("bo", "staff")), "digiwin seed: tenant T1: there is no person bo"),
        (with_tenant(tenant().member("ann", "staff")), "digiwin seed: tenant T1: member ann is there twice"),
        (
            with_tenant(Tenant::new("T1", "T").member("ann", "boss")),
            "digiwin seed: tenant T1: ann has the role boss; there are admin, manager and staff",
        ),
        (
            with_tenant(tenant().application("app", "2099-01-01 00:00:00").application("app", "2098-01-01 00:00:00")),
            "digiwin seed: tenant T1: application app is there twice",
        ),
        (
            with_tenant(tenant().org(digiwin::Org::new("o", "O").child(digiwin::Org::new("o", "P")))),
            "digiwin seed: organization o of tenant T1 is there twice",
        ),
        (
            with_tenant(tenant().org(digiwin::Org::new("", "O"))),
            "digiwin seed: the id of an organization of tenant T1 is empty",
        ),
        (
            with_tenant(Tenant::new("T1", "T").org(digiwin::Org::new("o", "O").member("ann"))),
            "digiwin seed: organization o of tenant T1: ann is not a member of the tenant",
        ),
        (
            Emulator::builder().digiwin(people().tenant(tenant()).tenant(Tenant::new("T1", "U"))),
            "digiwin seed: tenant T1 is there twice",
        ),
        (with_cloudspot(companies().company("", "Two")), "cloudspot seed: a company's id is empty"),
        (with_cloudspot(companies().company("c2", "")), "cloudspot seed: the name of company c2 is empty"),
        (with_cloudspot(companies().company("c1", "Two")), "cloudspot seed: company c1 is there twice"),
        (
            with_cloudspot(companies().person(cloudspot::Person::new("", "pw"))),
            "cloudspot seed: a person's user name is empty",
        ),
        (with_cloudspot(companies().person(may("app", "c2"))), "cloudspot seed: person ann: there is no company c2"),
        (
            with_cloudspot(companies().person(may("app", "c1").may("app", "c1", &[]))),
            "cloudspot seed: person ann: app in company c1 is there twice",
        ),
        (
            with_cloudspot(companies().person(may("app", "c1")).person(may("other", "c1"))),
            "cloudspot seed: person ann is there twice",
        ),
    ];
    for (builder, expected) in cases {
        let error = builder.start().unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, expected));
    }
    let right = with_authing(pool()).digiwin(people().tenant(tenant())).cloudspot(companies().person(may("app", "c1")));
    right.start().unwrap();
}

#[test]
fn a_wrong_value_in_a_seed_is_not_quoted() {
    let seed = pool().user([("username", "bo".into()), ("password", iam_sdk::Json::from(4711))]);
    let error = with_authing(seed).start().unwrap_err();
    assert_eq!(error.to_string(), "authing seed: user bo: a member has a value of the wrong type");
}
