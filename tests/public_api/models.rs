//! Models as a user's own tests use them: without a server.

use iam_sdk::{authing, cloudspot, digiwin};
use serde::{
    Deserializer, Serialize,
    de::{DeserializeOwned, Error, Visitor, value},
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fmt::Debug};

/// Learns the names of a model's members, which it asks a deserializer for.
struct Names<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = names;
        Err(Error::custom("that was all"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Error::custom("no model"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The object of a model in which every member has a value.
fn complete<T: DeserializeOwned>() -> Map<String, Value> {
    let mut names: &[&str] = &[];
    assert!(T::deserialize(Names(&mut names)).is_err() && !names.is_empty());
    let candidates = [
        json!("text"),
        json!(7),
        json!(true),
        json!(["text"]),
        json!([{"key": "k", "dataType": "NUMBER", "value": "1.5"}]),
        json!({"new": 1}),
    ];
    let value = |name: &str| {
        let fits = |value: &&Value| serde_json::from_value::<T>(json!({name: value})).is_ok();
        candidates.iter().find(fits).unwrap_or_else(|| panic!("no value for {name}")).clone()
    };
    names.iter().map(|name| ((*name).to_owned(), value(name))).collect()
}

/// Reads, writes and reads a model again; returns the members that it does not write.
fn round_trip<T: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned>() -> BTreeSet<String> {
    const UNKNOWN: &str = r#""unKnown":{ "a" : [1.50,null,"\u00e9"]}"#;
    let read = |members: &Map<String, Value>| -> T {
        let known = serde_json::to_string(members).unwrap();
        serde_json::from_str(&format!("{},{UNKNOWN}}}", known.trim_end_matches('}').trim_end_matches(','))).unwrap()
    };
    let members = complete::<T>();
    // The last member is no object: its braces would be taken for the model's.
    let mut members: Map<_, _> = members.into_iter().collect();
    members.insert("zzz".to_owned(), json!(0));
    let model = read(&members);
    assert_eq!(model.clone(), model);

    let written = serde_json::to_string(&model).unwrap();
    assert!(written.contains(UNKNOWN), "{written}");
    let mut left: Map<String, Value> = serde_json::from_str(&written).unwrap();
    left.remove("unKnown");
    let secret = members.keys().filter(|name| !left.contains_key(*name)).cloned().collect::<BTreeSet<_>>();
    members.retain(|name, _| !secret.contains(name));
    let again: T = serde_json::from_str(&written).unwrap();
    assert_eq!(again, read(&members));
    assert_eq!(again == model, secret.is_empty());
    assert_eq!(serde_json::to_string(&again).unwrap(), written);

    assert_eq!(serde_json::from_str::<T>("{}").unwrap(), T::default());
    let nulls: Map<_, _> =
        members.keys().filter(|name| *name != "zzz").map(|name| (name.clone(), Value::Null)).collect();
    assert_eq!(serde_json::from_value::<T>(nulls.into()).unwrap(), T::default());
    secret
}

#[test]
fn every_model_is_written_as_it_was_read_but_for_its_secrets() {
    macro_rules! all {
        ($($service:ident: $($model:ident $([$($secret:literal),+])?),+;)+) => {$($({
            let secrets: &[&str] = &[$($($secret),+)?];
            let name = concat!(stringify!($service), "::", stringify!($model));
            assert_eq!(Vec::from_iter(round_trip::<$service::$model>()), secrets, "{name}");
        })+)+};
    }
    all! {
        digiwin: AuthoredUser ["token"], UserTokenInfo, ChangedToken ["token", "user_token"], Role, User, UserSimple,
            UserWithRoles, Tenant, TenantApplication ["appToken"], Org, OrgUser;
        authing: User ["oauth", "password", "token"], Identity, Group, Role, Org, OrgNode, UserDepartment,
            AuthorizedResource, PolicyAssignment, RefreshedToken ["token"], TokenStatus, TokenOwner, LoginStatus,
            UserAction, PasswordCheck, UserPool ["customSMSProvider", "jwtSecret", "secret"], UserPoolType,
            FrequencyCheck, AllowLists;
        cloudspot: AuthenticatedLicense ["token"], CompanyPermissions, LicenseUser ["pin"],
            Impersonation ["auth_token", "token", "user"];
    }
}

#[test]
fn a_page_is_written_as_it_was_read() {
    let json = r#"{"totalCount":2,"list":[{"code":"a"},{"code":"b","new":1.0}],"cursor":"c"}"#;
    let page: authing::Page<authing::Group> = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&page).unwrap(), json);
}

#[test]
fn a_page_is_built_in_one_expression() {
    let page = authing::Page::new(vec![authing::Group::default().with_code("a")]);
    assert_eq!((page.total_count, page.clone().with_total_count(7).total_count), (1, 7));
}

#[test]
fn a_model_is_built_in_one_expression() {
    let bob = digiwin::UserWithRoles::default()
        .with_id("bob")
        .with_kind(1)
        .with_roles([digiwin::Role::default().with_id("admin"), digiwin::Role::default().with_id("viewer")]);
    assert_eq!((bob.id.as_deref(), bob.kind, bob.roles.len()), (Some("bob"), Some(1), 2));
    let ann = authing::User::default()
        .with_username("ann")
        .with_status(authing::UserStatus::Suspended)
        .with_custom_data(authing::CustomData::new().with("age", 22))
        .with_token("canary");
    assert!(!format!("{ann:?}").contains("canary"));
    assert_eq!(
        serde_json::to_value(&ann).unwrap(),
        json!({"status": "Suspended", "username": "ann",
            "customData": [{"key": "age", "value": "22", "dataType": "NUMBER"}]})
    );
    let company = cloudspot::CompanyPermissions::default().with_company_id("7").with_permissions(["use_app"]);
    assert!(company.has("use_app"));
}

#[test]
fn numbers_and_booleans_are_read_from_text() {
    let user: digiwin::User =
        serde_json::from_str(r#"{"sid": "7", "disabled": "true", "visible": 0, "name": 12, "userType": "2"}"#).unwrap();
    assert_eq!((user.sid, user.disabled, user.visible), (Some(7), Some(true), Some(false)));
    assert_eq!((user.name.as_deref(), user.user_type), (Some("12"), Some(digiwin::UserType::Number(2))));
    assert!(serde_json::from_str::<digiwin::User>(r#"{"sid": "seven"}"#).is_err());
}
