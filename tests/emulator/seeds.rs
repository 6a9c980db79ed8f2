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
        (with_authing(pool().user([("shoes", "red")])), "authing seed: user number 2: users have no member `shoes`"),
        (
            with_authing(pool().user([("blocked", "yes")])),
            "authing seed: user number 2: member `blocked` has the wrong type",
        ),
        (
            with_authing(pool().user([("id", "1"), ("username", "bo")]).user([("id", "1"), ("username", "cy")])),
            "authing seed: two users have the id 1",
        ),
        (with_authing(pool().group("g", "", &[])), "authing seed: the name of group g is empty"),
        (
            with_authing(pool().group("g", "G", &[]).group("g", "H", &[])),
            "authing seed: group g: the group exists already",
        ),
        (with_authing(pool().group("g", "G", &["bo"])), "authing seed: group g: there is no user bo"),
        (with_authing(pool().group("g", "G", &["ann", "ann"])), "authing seed: group g has the user ann twice"),
        (with_authing(pool().role("", &[])), "authing seed: a role's code is empty"),
        (with_authing(pool().role("r", &[]).role("r", &[])), "authing seed: role r: the role exists already"),
        (with_authing(pool().role("r", &["bo"])), "authing seed: role r: there is no user bo"),
        (with_authing(pool().custom_field("", "STRING")), "authing seed: a custom field's key is empty"),
        (with_authing(pool().custom_field("k", "TEXT")), "authing seed: custom field k: there is no type TEXT"),
        (
            with_authing(pool().custom_field("k", "STRING").custom_field("k", "NUMBER")),
            "authing seed: two custom fields have the key k",
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
        (with_authing(authing::Seed::new("p", "")), "authing seed: the user pool's secret is empty"),
        (Emulator::builder().digiwin(digiwin::Seed::new("", "t")), "digiwin seed: the application's id is empty"),
        (Emulator::builder().digiwin(digiwin::Seed::new("a", "")), "digiwin seed: the application's token is empty"),
        (
            Emulator::builder().digiwin(people().person(Person::new("bo", ""))),
            "digiwin seed: the password of person bo is empty",
        ),
        (
            with_tenant(tenant().application("app", "2099")),
            "digiwin seed: tenant T1: application app expires on `2099`; write a date such as 2027-12-31 00:00:00",
        ),
        (
            with_cloudspot(companies().person(cloudspot::Person::new("ann", "pw")).person(may("app", "c1"))),
            "cloudspot seed: person ann is the first, whose account tests use, and may use no application",
        ),
        (
            with_cloudspot(companies().person(cloudspot::Person::new("ann", "").may("app", "c1", &[]))),
            "cloudspot seed: the password of person ann is empty",
        ),
        (Emulator::builder().digiwin(people().person(Person::new("", "pw"))), "digiwin seed: a person's id is empty"),
        (
            Emulator::builder().digiwin(people().person(Person::new("ann", "pw"))),
            "digiwin seed: two people have the id ann",
        ),
        (
            Emulator::builder().digiwin(people().person(Person::new("bo", "pw").email("ann@x.example"))),
            "digiwin seed: two people have the email ann@x.example",
        ),
        (
            Emulator::builder().digiwin(people().person(Person::new("bo", "pw").telephone("1"))),
            "digiwin seed: two people have the telephone 1",
        ),
        (
            Emulator::builder().digiwin(people().person(Person::new("ann@x.example", "pw"))),
            "digiwin seed: the id ann@x.example signs two people in: it is another name of one",
        ),
        (
            Emulator::builder().digiwin(digiwin::Seed::new("a", "t\n")),
            "digiwin seed: the application's token does not fit in a header",
        ),
        (
            with_authing(pool().user([("nickname", "Bo")])),
            "authing seed: user number 2 has no username, email, phone, externalId or id",
        ),
        (
            with_authing(pool().user([("username", "bo"), ("password", "short")])),
            "authing seed: user bo: a password has 6 characters at least",
        ),
        (with_authing(authing::Seed::new("p\n", "s")), "authing seed: the user pool's id does not fit in a header"),
        (
            with_tenant(tenant().org(digiwin::Org::new("o", "O").member("ann").member("ann"))),
            "digiwin seed: organization o of tenant T1 has the member ann twice",
        ),
        (with_tenant(Tenant::new("", "T")), "digiwin seed: a tenant's id is empty"),
        (with_tenant(Tenant::new("T1", "")), "digiwin seed: the name of tenant T1 is empty"),
        (with_tenant(tenant().member("bo", "staff")), "digiwin seed: tenant T1: there is no person bo"),
        (with_tenant(tenant().member("ann", "staff")), "digiwin seed: tenant T1 has the member ann twice"),
        (
            with_tenant(Tenant::new("T1", "T").member("ann", "boss")),
            "digiwin seed: tenant T1: ann has the role boss; there are admin, manager and staff",
        ),
        (
            with_tenant(tenant().application("app", "2099-01-01 00:00:00").application("app", "2098-01-01 00:00:00")),
            "digiwin seed: tenant T1 has the application app twice",
        ),
        (
            with_tenant(tenant().org(digiwin::Org::new("o", "O").child(digiwin::Org::new("o", "P")))),
            "digiwin seed: two organizations of tenant T1 have the id o",
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
            "digiwin seed: two tenants have the id T1",
        ),
        (with_cloudspot(companies().company("", "Two")), "cloudspot seed: a company's id is empty"),
        (with_cloudspot(companies().company("c2", "")), "cloudspot seed: the name of company c2 is empty"),
        (with_cloudspot(companies().company("c1", "Two")), "cloudspot seed: two companies have the id c1"),
        (
            with_cloudspot(companies().person(cloudspot::Person::new("", "pw").may("app", "c1", &[]))),
            "cloudspot seed: a person's user name is empty",
        ),
        (with_cloudspot(companies().person(may("app", "c2"))), "cloudspot seed: person ann: there is no company c2"),
        (
            with_cloudspot(companies().person(may("app", "c1").may("app", "c1", &[]))),
            "cloudspot seed: person ann has app in company c1 twice",
        ),
        (
            with_cloudspot(companies().person(may("app", "c1")).person(may("other", "c1"))),
            "cloudspot seed: two people have the user name ann",
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
    assert_eq!(error.to_string(), "authing seed: user bo: member `password` has the wrong type");
}

#[test]
fn a_password_of_a_seed_is_clear_text() {
    let user = [("id", "u1"), ("username", "bo"), ("password", "clear-text")];
    let emulator = with_authing(authing::Seed::new("p", "s").user(user)).start().unwrap();
    assert_eq!(emulator.authing().password_of("u1").unwrap().expose_secret(), "clear-text");
}

#[test]
fn the_default_seeds_are_right_and_a_seed_can_be_read_from_json() {
    let emulator = Emulator::builder()
        .authing(authing::Seed::default())
        .digiwin(digiwin::Seed::default())
        .cloudspot(cloudspot::Seed::default());
    let emulator = emulator.start().unwrap();
    assert_eq!(emulator.digiwin().account().telephone, "13800000000");
    let json = r#"{"app_id": "a", "app_token": "t", "people": [{"id": "ann", "password": "pw"}]}"#;
    let seed: digiwin::Seed = serde_json::from_str(json).unwrap();
    let emulator = Emulator::builder().digiwin(seed).start().unwrap();
    assert_eq!(emulator.digiwin().account().user_id, "ann");
    assert!(serde_json::from_str::<cloudspot::Seed>(r#"{"persons": []}"#).is_err());
}
