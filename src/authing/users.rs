//! Requests about users.

use super::{
    documents as doc,
    ids::{AppId, GroupCode, Namespace, RoleCode},
    lookup::UserLookup,
    models::User,
    options::*,
    password::PasswordKey,
    request::{check_not_empty, paged, rest, with_operation},
    udf::{CustomData, UdfValue, Udv},
    values::QueryField,
};
use crate::{
    Error, Result,
    protocol::{
        batches::Batches,
        decode::{Data, List},
        request::{Effect, Request, segment},
    },
};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};

/// The most identifiers in one request.
const BATCH: usize = 80;

/// Divides the identifiers of a call into batches.
pub(crate) fn batches(operation: &'static str, identifiers: &[impl AsRef<str>]) -> Result<Batches> {
    Batches::new(operation, identifiers, BATCH)
}

/// Returns the members of a user as they go out, the password encrypted.
fn members(info: &UserInfo, key: &PasswordKey) -> Result<Map<String, Value>> {
    let mut members = info.members.clone();
    if let Some(password) = &info.password {
        members.insert("password".to_owned(), key.seal(password)?.into());
    }
    Ok(members)
}

/// Keeps the password out of every error.
fn without_password(request: Request, info: &UserInfo) -> Request {
    info.password.iter().fold(request, |request, password| request.secret(password.expose_secret()))
}

pub(crate) fn create(info: &UserInfo, options: &CreateUserOptions, key: &PasswordKey) -> Result<Request> {
    let document = match options.custom_data.is_empty() {
        true => &doc::CREATE_USER,
        false => &doc::CREATE_USER_WITH_CUSTOM_DATA,
    };
    let mut variables = Map::new();
    variables.insert("userInfo".to_owned(), with_operation("authing.users.create", members(info, key))?.into());
    variables.insert("keepPassword".to_owned(), options.keep_password.into());
    if let Some(reset) = options.reset_password_on_first_login {
        variables.insert("resetPasswordOnFirstLogin".to_owned(), reset.into());
    }
    if !options.custom_data.is_empty() {
        let entry = |(key, value): (&String, &UdfValue)| json!({"key": key, "value": value.json()});
        let params: Value = options.custom_data.iter().map(entry).collect();
        variables.insert("params".to_owned(), params.to_string().into());
    }
    Ok(without_password(document.request(&variables)?, info))
}

pub(crate) fn update(user_id: &str, info: &UserInfo, key: &PasswordKey) -> Result<Request> {
    let input = with_operation("authing.users.update", members(info, key))?;
    let mut request = doc::UPDATE_USER.request(&json!({"id": user_id, "input": input}))?;
    if info.password.is_some() {
        // A pool can refuse a password that the user has already.
        request = request.effect(Effect::Other);
    }
    Ok(without_password(request, info))
}

/// Makes a request of a path below a user's.
fn of_user(operation: &'static str, user_id: &str, rest_of_path: &str) -> Result<Request> {
    let id = segment(operation, "user id", user_id)?;
    Ok(rest(operation, Method::GET, format!("/api/v2/users/{id}{rest_of_path}")))
}

pub(crate) fn detail(user_id: &str, options: &UserDetailOptions) -> Result<Request> {
    let flag = if options.with_custom_data { "1" } else { "0" };
    Ok(of_user("authing.users.detail", user_id, "")?.query("with_custom_data", Some(flag)))
}

pub(crate) fn delete(user_id: &str) -> Result<Request> {
    doc::DELETE_USER.request(&json!({"id": user_id}))
}

pub(crate) fn delete_many(user_ids: &[String]) -> Result<Request> {
    doc::DELETE_USERS.request(&json!({"ids": user_ids}))
}

pub(crate) fn batch_get(identifiers: &[String], options: &BatchGetOptions) -> Result<Request> {
    let document = match options.with_custom_data {
        false => &doc::USER_BATCH,
        true => &doc::USER_BATCH_WITH_CUSTOM_DATA,
    };
    let by = options.query_field.unwrap_or(QueryField::Id);
    document.request(&json!({"ids": identifiers, "type": by}))
}

/// Puts users into the order of the identifiers that they were asked for by; users that none of them names come last.
///
/// The service gives those of one request in an order of its own.
pub(crate) fn in_order(mut users: Vec<User>, identifiers: &[impl AsRef<str>], options: &BatchGetOptions) -> Vec<User> {
    let mut positions = HashMap::new();
    let mut folded = HashMap::new();
    for (at, identifier) in identifiers.iter().map(AsRef::as_ref).enumerate() {
        positions.entry(identifier).or_insert(at);
        // Mail addresses and user names are found whatever their case.
        folded.entry(identifier.to_lowercase()).or_insert(at);
    }
    let by = options.query_field.unwrap_or(QueryField::Id);
    users.sort_by_cached_key(|user| {
        let value = match by {
            QueryField::Id => &user.id,
            QueryField::Username => &user.username,
            QueryField::Phone => &user.phone,
            QueryField::Email => &user.email,
            QueryField::ExternalId => &user.external_id,
        };
        let value = value.as_deref().unwrap_or_default();
        positions.get(value).or_else(|| folded.get(&value.to_lowercase())).copied().unwrap_or(usize::MAX)
    });
    users
}

pub(crate) fn list(options: &UserListOptions) -> Result<Request> {
    let document = if options.with_custom_data { &doc::USERS_WITH_CUSTOM_DATA } else { &doc::USERS };
    document.page(json!({}), options)
}

pub(crate) fn list_archived(options: &PageOptions) -> Result<Request> {
    doc::ARCHIVED_USERS.page(json!({}), options)
}

fn check_lookup(operation: &'static str, lookup: &UserLookup) -> Result<()> {
    match lookup.text() {
        (what, "") => Err(Error::argument(format!("{what}: it is empty")).operation_named(operation)),
        _ => Ok(()),
    }
}

pub(crate) fn exists(lookup: &UserLookup) -> Result<Request> {
    check_lookup("authing.users.exists", lookup)?;
    doc::IS_USER_EXISTS.request(lookup)
}

pub(crate) fn find(lookup: &UserLookup) -> Result<Request> {
    check_lookup("authing.users.find", lookup)?;
    let document = if lookup.with_custom_data { &doc::FIND_USER_WITH_CUSTOM_DATA } else { &doc::FIND_USER };
    document.request(lookup)
}

pub(crate) fn search(query: &str, options: &UserSearchOptions) -> Result<Request> {
    let document = if options.with_custom_data { &doc::SEARCH_USER_WITH_CUSTOM_DATA } else { &doc::SEARCH_USER };
    let mut variables = with_operation("authing.users.search", paged(json!({"query": query}), options))?;
    // An empty list of conditions is none.
    variables.retain(|_, value| value.as_array().is_none_or(|conditions| !conditions.is_empty()));
    document.request(&variables)
}

pub(crate) fn kick(user_ids: &[impl AsRef<str>]) -> Result<Request> {
    let request = rest("authing.users.kick", Method::POST, "/api/v2/users/kick").effect(Effect::Idempotent);
    with_operation(request.operation, check_not_empty("user ids", user_ids))?;
    request.json(&json!({"userIds": as_strs(user_ids)}))
}

pub(super) fn as_strs(list: &[impl AsRef<str>]) -> Vec<&str> {
    list.iter().map(AsRef::as_ref).collect()
}

pub(crate) fn list_groups(user_id: &str) -> Result<Request> {
    doc::USER_GROUPS.request(&json!({"id": user_id}))
}

pub(crate) fn add_group(user_id: &str, code: GroupCode<'_>) -> Result<Request> {
    doc::ADD_USER_TO_GROUP.request(&json!({"userIds": [user_id], "code": code}))
}

pub(crate) fn remove_group(user_id: &str, code: GroupCode<'_>) -> Result<Request> {
    doc::REMOVE_USER_FROM_GROUP.request(&json!({"userIds": [user_id], "code": code}))
}

pub(crate) fn list_roles(user_id: &str, options: &NamespaceOptions) -> Result<Request> {
    doc::USER_ROLES.with(json!({"id": user_id}), options)
}

pub(crate) fn add_roles(user_id: &str, codes: &[impl AsRef<str>], options: &NamespaceOptions) -> Result<Request> {
    with_operation("authing.users.add_roles", check_not_empty("role codes", codes))?;
    doc::ASSIGN_ROLE.with(json!({"userIds": [user_id], "roleCodes": as_strs(codes)}), options)
}

pub(crate) fn remove_roles(user_id: &str, codes: &[impl AsRef<str>], options: &NamespaceOptions) -> Result<Request> {
    with_operation("authing.users.remove_roles", check_not_empty("role codes", codes))?;
    doc::REVOKE_ROLE.with(json!({"userIds": [user_id], "roleCodes": as_strs(codes)}), options)
}

pub(crate) fn has_role(user_id: &str, code: RoleCode<'_>, options: &NamespaceOptions) -> Result<Request> {
    let request = of_user("authing.users.has_role", user_id, "/has-role")?;
    Ok(request.query("code", Some(code.0)).query("namespace", options.namespace.as_ref()))
}

pub(crate) fn list_authorized_resources(user_id: &str, options: &AuthorizedResourceOptions) -> Result<Request> {
    doc::USER_RESOURCES.with(json!({"id": user_id}), options)
}

pub(crate) fn check_permissions(
    user_id: &str,
    namespace: Namespace<'_>,
    resources: &[impl AsRef<str>],
) -> Result<Request> {
    const OPERATION: &str = "authing.users.check_resource_permission_batch";
    with_operation(OPERATION, check_not_empty("resources", resources))?;
    let request = rest(OPERATION, Method::POST, "/api/v2/acl/check-resource-permission-batch").effect(Effect::Read);
    request.json(&json!({"userId": user_id, "namespace": namespace, "resources": as_strs(resources)}))
}

pub(crate) fn permissions_of_kind(user_id: &str, namespace: Namespace<'_>, resource: &str) -> Result<Request> {
    const OPERATION: &str = "authing.users.list_authorized_resources_of_resource_kind";
    let request = rest(OPERATION, Method::POST, "/api/v2/acl/get-authorized-resources-of-resource-kind");
    request.effect(Effect::Read).json(&json!({"userId": user_id, "namespace": namespace, "resource": resource}))
}

pub(crate) fn list_user_actions(options: &UserActionOptions) -> Result<Request> {
    let request = rest("authing.users.list_user_actions", Method::GET, "/api/v2/analysis/user-action");
    let page = with_operation(request.operation, paged(json!({}), options))?;
    // What is not asked for is sent empty.
    let text = |member: &Option<String>| Some(member.clone().unwrap_or_default());
    Ok(request
        .query("page", page.get("page"))
        .query("limit", page.get("limit"))
        .query("clientip", text(&options.client_ip))
        .query("operation_name", text(&options.operation_name))
        .query("operator_arn", text(&options.operator_arn)))
}

pub(crate) fn refresh_token(user_id: &str) -> Result<Request> {
    doc::REFRESH_TOKEN.request(&json!({"id": user_id}))
}

pub(crate) fn list_policies(user_id: &str, options: &PageOptions) -> Result<Request> {
    doc::POLICY_ASSIGNMENTS.page(json!({"targetType": "USER", "targetIdentifier": user_id}), options)
}

fn policies(document: &doc::Document, user_id: &str, policies: &[impl AsRef<str>]) -> Result<Request> {
    document.request(&json!({"policies": as_strs(policies), "targetType": "USER", "targetIdentifiers": [user_id]}))
}

pub(crate) fn add_policies(user_id: &str, codes: &[impl AsRef<str>]) -> Result<Request> {
    with_operation("authing.users.add_policies", check_not_empty("policies", codes))?;
    policies(&doc::ADD_POLICIES, user_id, codes)
}

pub(crate) fn remove_policies(user_id: &str, codes: &[impl AsRef<str>]) -> Result<Request> {
    with_operation("authing.users.remove_policies", check_not_empty("policies", codes))?;
    policies(&doc::REMOVE_POLICIES, user_id, codes)
}

pub(crate) fn list_udv(user_id: &str) -> Result<Request> {
    doc::UDV.request(&json!({"targetType": "USER", "targetId": user_id}))
}

pub(crate) fn set_udv(user_id: &str, key: &str, value: &UdfValue) -> Result<Request> {
    doc::SET_UDV.request(&json!({"targetType": "USER", "targetId": user_id, "key": key, "value": value.text()}))
}

pub(crate) fn remove_udv(user_id: &str, key: &str) -> Result<Request> {
    doc::REMOVE_UDV.request(&json!({"targetType": "USER", "targetId": user_id, "key": key}))
}

pub(crate) fn get_udf_value_batch(user_ids: &[impl AsRef<str>]) -> Result<Request> {
    with_operation("authing.users.get_udf_value_batch", check_not_empty("user ids", user_ids))?;
    doc::UDF_VALUE_BATCH.request(&json!({"targetType": "USER", "targetIds": as_strs(user_ids)}))
}

pub(crate) fn set_udf_value(user_id: &str, data: &CustomData) -> Result<Request> {
    if data.is_empty() {
        return Err(Error::argument("custom data: there is none").operation_named("authing.users.set_udf_value"));
    }
    let entry = |(key, value): (&String, &UdfValue)| json!({"key": key, "value": value.text()});
    let list: Value = data.iter().map(entry).collect();
    doc::SET_UDV_BATCH.request(&json!({"targetType": "USER", "targetId": user_id, "udvList": list}))
}

pub(crate) fn set_udf_value_batch(data: &BTreeMap<String, CustomData>) -> Result<Request> {
    let entries = data.iter().flat_map(|(id, data)| data.iter().map(move |(key, value)| (id, key, value)));
    let input: Vec<Value> =
        entries.map(|(id, key, value)| json!({"targetId": id, "key": key, "value": value.text()})).collect();
    with_operation("authing.users.set_udf_value_batch", check_not_empty("custom data", &input))?;
    doc::SET_UDF_VALUE_BATCH.request(&json!({"targetType": "USER", "input": input}))
}

pub(crate) fn list_org(user_id: &str) -> Result<Request> {
    of_user("authing.users.list_org", user_id, "/orgs")
}

pub(crate) fn list_department(user_id: &str, options: &DepartmentOptions) -> Result<Request> {
    doc::USER_DEPARTMENTS.with(json!({"id": user_id}), options)
}

pub(crate) fn first_login_mail(app_id: AppId<'_>, user_id: &str) -> Result<Request> {
    doc::FIRST_LOGIN_MAIL.request(&json!({"appId": app_id, "userId": user_id}))
}

pub(crate) fn logout(user_id: &str, options: &UserLogoutOptions) -> Request {
    let request = rest("authing.users.logout", Method::GET, "/logout").effect(Effect::Idempotent);
    request.query("appId", options.app_id.as_ref()).query("userId", Some(user_id))
}

pub(crate) fn check_login_status(user_id: &str, options: &LoginStatusOptions) -> Request {
    let request = rest("authing.users.check_login_status", Method::GET, "/api/v2/users/login-status");
    request
        .query("appId", options.app_id.as_ref())
        .query("userId", Some(user_id))
        .query("deviceId", options.device_id.as_ref())
}

/// Decodes a list of values; `null` reads as empty.
pub(crate) fn udvs(data: &Data) -> Result<Vec<Udv>> {
    let List(list) = data.decode()?;
    Ok(list)
}

/// Decodes custom data by user.
pub(crate) fn custom_data_of_many(data: &Data) -> Result<BTreeMap<String, CustomData>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct OfOne {
        target_id: String,
        data: Option<CustomData>,
    }
    let List(list) = data.decode::<List<OfOne>>()?;
    Ok(list.into_iter().map(|one| (one.target_id, one.data.unwrap_or_default())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(by: QueryField, sent: &[&str], asked: &[&str]) -> Vec<String> {
        let user = |value: &&str| {
            let value = Some((*value).to_owned());
            let mut user = User::default();
            *match by {
                QueryField::Id => &mut user.id,
                QueryField::Username => &mut user.username,
                QueryField::Phone => &mut user.phone,
                QueryField::Email => &mut user.email,
                QueryField::ExternalId => &mut user.external_id,
            } = value.clone();
            user.nickname = value;
            user
        };
        let options = BatchGetOptions::new().query_field(by);
        in_order(sent.iter().map(user).collect(), asked, &options)
            .into_iter()
            .filter_map(|user| user.nickname)
            .collect()
    }

    #[test]
    fn users_stand_in_the_order_that_they_were_asked_for() {
        use QueryField::*;
        for by in [Id, Username, Phone, Email, ExternalId] {
            assert_eq!(ordered(by, &["c", "a", "b"], &["b", "missing", "c", "a"]), ["b", "c", "a"]);
        }
        assert_eq!(
            ordered(Email, &["x@y.example", "A@y.example"], &["a@Y.example", "X@y.example"]),
            ["A@y.example", "x@y.example",]
        );
        assert_eq!(ordered(Id, &["b", "?", "B", "a"], &["a", "B", "b"]), ["a", "B", "b", "?"]);
    }

    #[test]
    fn any_scalar_is_a_password_and_never_goes_out_in_clear() {
        let key = PasswordKey::from_pem(super::super::DEFAULT_PUBLIC_KEY_PEM).unwrap();
        for (value, text) in [
            (json!("pass-4711"), "pass-4711"),
            (json!(471_147_114_711_u64), "471147114711"),
            (json!(-47.1123), "-47.1123"),
            (json!(true), "true"),
            (json!(["pass-4711"]), r#"["pass-4711"]"#),
        ] {
            let info = UserInfo::new().set("password", value).username("ann");
            assert!(!format!("{info:?}").contains(text), "{info:?}");
            for request in [create(&info, &CreateUserOptions::new(), &key), update("u", &info, &key)] {
                let request = request.unwrap();
                let body = String::from_utf8(request.body.unwrap().to_vec()).unwrap();
                assert!(body.contains(r#""password":""#) && !body.contains("4711"), "{body}");
                assert!(request.secrets.iter().any(|secret| secret.as_str() == text), "{text}");
                assert_eq!(request.effect, Effect::Other);
            }
        }
        let info = UserInfo::new().password("x").set("password", Value::Null);
        let request = update("u", &info, &key).unwrap();
        assert!(!String::from_utf8_lossy(&request.body.unwrap()).contains("password\":"));
        assert_eq!(request.effect, Effect::Idempotent);
    }
}
