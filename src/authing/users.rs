//! Requests about users.

use super::{
    documents as doc,
    ids::{AppId, GroupCode, Namespace, RoleCode},
    lookup::UserLookup,
    models::User,
    options::*,
    password::PasswordKey,
    request::{as_strs, paged},
    search::UserSearchOptions,
    udf::{CustomData, UdfValue},
    values::QueryField,
};
use crate::{
    Json, Result,
    protocol::{
        batches::Batches,
        decode::{Data, List},
        operation::{Effect, Operation, operations},
        request::Request,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

operations! {
    DETAIL = "authing.users.detail" Read Required Secret GET "/api/v2/users/{user_id}"
        | NotFound: "there is no such user";
    HAS_ROLE = "authing.users.has_role" Read Required Data GET "/api/v2/users/{user_id}/has-role"
        | NotFound: "there is no such user";
    LIST_ORG = "authing.users.list_org" Read Required Data GET "/api/v2/users/{user_id}/orgs"
        | NotFound: "there is no such user";
    CHECK_LOGIN_STATUS = "authing.users.check_login_status" Read Required Secret GET "/api/v2/users/login-status"
        | NotFound: "there is no such user";
    KICK = "authing.users.kick" Idempotent Required Data POST "/api/v2/users/kick"
        | InvalidArgument: "no user is given";
    LOGOUT = "authing.users.logout" Idempotent Required Data GET "/logout";
    LIST_USER_ACTIONS = "authing.users.list_user_actions" Read Required SecretList GET "/api/v2/analysis/user-action";
    CHECK_PERMISSIONS = "authing.users.check_resource_permission_batch" Read Required Data POST "/api/v2/acl/check-resource-permission-batch"
        | InvalidArgument: "no resource is given"
        | NotFound: "there is no such user";
    PERMISSIONS_OF_KIND = "authing.users.list_authorized_resources_of_resource_kind" Read Required Data POST "/api/v2/acl/get-authorized-resources-of-resource-kind"
        | NotFound: "there is no such user";
}

/// The most identifiers in one request.
const BATCH: usize = 80;

/// Divides the identifiers of `batch_get` into batches.
pub(crate) fn batches_to_get(identifiers: &[impl AsRef<str>]) -> Result<Batches> {
    Batches::new(doc::USER_BATCH.name, identifiers, BATCH)
}

/// Divides the ids of `delete_many` into batches.
pub(crate) fn batches_to_delete(user_ids: &[impl AsRef<str>]) -> Result<Batches> {
    Batches::new(doc::DELETE_USERS.name, user_ids, BATCH)
}

/// Returns the members of a user as they go out, the password encrypted.
fn members(info: &UserInfo, key: &PasswordKey) -> Result<BTreeMap<String, Json>> {
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
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Variables {
        user_info: BTreeMap<String, Json>,
        with_custom_data: bool,
        keep_password: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        reset_password_on_first_login: Option<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        params: Option<String>,
    }

    let entry = |(key, value): (&String, &UdfValue)| json!({"key": key, "value": value.json()});
    let params: Value = options.custom_data.iter().map(entry).collect();
    let variables = Variables {
        user_info: doc::CREATE_USER.check(members(info, key))?,
        with_custom_data: !options.custom_data.is_empty(),
        keep_password: options.keep_password,
        reset_password_on_first_login: options.reset_password_on_first_login,
        params: (!options.custom_data.is_empty()).then(|| params.to_string()),
    };
    Ok(without_password(doc::CREATE_USER.variables(&variables)?, info))
}

pub(crate) fn update(user_id: &str, info: &UserInfo, key: &PasswordKey) -> Result<Request> {
    #[derive(Serialize)]
    struct Variables<'a> {
        id: &'a str,
        input: BTreeMap<String, Json>,
    }

    let input = doc::UPDATE_USER.check(members(info, key))?;
    let mut request = doc::UPDATE_USER.variables(&Variables { id: user_id, input })?;
    if info.password.is_some() {
        // A pool can refuse a password that the user has already.
        request.effect = Effect::Other;
    }
    Ok(without_password(request, info))
}

pub(crate) fn detail(user_id: &str, options: &UserDetailOptions) -> Result<Request> {
    let flag = if options.with_custom_data { "1" } else { "0" };
    Ok(DETAIL.at(user_id)?.query("with_custom_data", Some(flag)))
}

pub(crate) fn delete(user_id: &str) -> Result<Request> {
    doc::DELETE_USER.variables(&json!({"id": user_id}))
}

pub(crate) fn delete_many(user_ids: &[String]) -> Result<Request> {
    doc::DELETE_USERS.variables(&json!({"ids": user_ids}))
}

pub(crate) fn batch_get(identifiers: &[String], options: &BatchGetOptions) -> Result<Request> {
    let by = options.query_field.as_ref().unwrap_or(&QueryField::Id);
    let with = options.with_custom_data;
    doc::USER_BATCH.variables(&json!({"ids": identifiers, "type": by, "withCustomData": with}))
}

/// Returns what puts users into the order of the identifiers that they were asked for by; users that none of them names come last.
///
/// The service gives those of one request in an order of its own.
pub(crate) fn in_order(
    identifiers: &[impl AsRef<str>],
    options: &BatchGetOptions,
) -> Box<dyn FnOnce(Vec<Vec<User>>) -> Vec<User> + Send> {
    let by = options.query_field.clone().unwrap_or(QueryField::Id);
    let identifiers: Vec<String> = identifiers.iter().map(|identifier| identifier.as_ref().to_owned()).collect();
    Box::new(move |batches| sorted(batches.into_iter().flatten().collect(), &identifiers, by))
}

fn sorted(mut users: Vec<User>, identifiers: &[String], by: QueryField) -> Vec<User> {
    let mut positions = HashMap::new();
    let mut folded = HashMap::new();
    for (at, identifier) in identifiers.iter().map(String::as_str).enumerate() {
        positions.entry(identifier).or_insert(at);
        // Mail addresses and user names are found whatever their case.
        folded.entry(identifier.to_lowercase()).or_insert(at);
    }
    users.sort_by_cached_key(|user| {
        let value = match by {
            QueryField::Id => &user.id,
            QueryField::Username => &user.username,
            QueryField::Phone => &user.phone,
            QueryField::Email => &user.email,
            QueryField::ExternalId => &user.external_id,
            QueryField::Other(_) => &None,
        };
        let value = value.as_deref().unwrap_or_default();
        positions.get(value).or_else(|| folded.get(&value.to_lowercase())).copied().unwrap_or(usize::MAX)
    });
    users
}

pub(crate) fn list(options: &UserListOptions) -> Result<Request> {
    doc::USERS.page(json!({"withCustomData": options.with_custom_data}), options)
}

pub(crate) fn list_archived(options: &PageOptions) -> Result<Request> {
    doc::ARCHIVED_USERS.page(json!({}), options)
}

fn check_lookup(operation: &'static Operation, lookup: &UserLookup) -> Result<&'static Operation> {
    let (what, text) = lookup.member();
    operation.has_text(what, text)
}

pub(crate) fn exists(lookup: &UserLookup) -> Result<Request> {
    check_lookup(&doc::IS_USER_EXISTS, lookup)?.variables(&lookup.variables())
}

pub(crate) fn find(lookup: &UserLookup) -> Result<Request> {
    let mut variables = lookup.variables();
    variables.insert("withCustomData".to_owned(), lookup.with_custom_data.into());
    check_lookup(&doc::FIND_USER, lookup)?.variables(&variables)
}

pub(crate) fn search(query: &str, options: &UserSearchOptions) -> Result<Request> {
    doc::SEARCH_USER.page(json!({"query": query, "withCustomData": options.with_custom_data}), options)
}

pub(crate) fn kick(user_ids: &[impl AsRef<str>]) -> Result<Request> {
    KICK.not_empty("user ids", user_ids)?.json(&json!({"userIds": as_strs(user_ids)}))
}

pub(crate) fn list_groups(user_id: &str) -> Result<Request> {
    doc::USER_GROUPS.variables(&json!({"id": user_id}))
}

pub(crate) fn add_group(user_id: &str, code: GroupCode<'_>) -> Result<Request> {
    doc::ADD_USER_TO_GROUP.variables(&json!({"userIds": [user_id], "code": code}))
}

pub(crate) fn remove_group(user_id: &str, code: GroupCode<'_>) -> Result<Request> {
    doc::REMOVE_USER_FROM_GROUP.variables(&json!({"userIds": [user_id], "code": code}))
}

pub(crate) fn list_roles(user_id: &str, options: &NamespaceOptions) -> Result<Request> {
    doc::USER_ROLES.with(json!({"id": user_id}), options)
}

pub(crate) fn add_roles(user_id: &str, codes: &[impl AsRef<str>], options: &NamespaceOptions) -> Result<Request> {
    doc::ASSIGN_ROLE
        .not_empty("role codes", codes)?
        .with(json!({"userIds": [user_id], "roleCodes": as_strs(codes)}), options)
}

pub(crate) fn remove_roles(user_id: &str, codes: &[impl AsRef<str>], options: &NamespaceOptions) -> Result<Request> {
    doc::REVOKE_ROLE
        .not_empty("role codes", codes)?
        .with(json!({"userIds": [user_id], "roleCodes": as_strs(codes)}), options)
}

pub(crate) fn has_role(user_id: &str, code: RoleCode<'_>, options: &NamespaceOptions) -> Result<Request> {
    let request = HAS_ROLE.at(user_id)?.query("code", Some(code.0));
    Ok(request.query("namespace", options.namespace.as_ref()))
}

pub(crate) fn list_authorized_resources(user_id: &str, options: &AuthorizedResourceOptions) -> Result<Request> {
    doc::USER_RESOURCES.resources(json!({"id": user_id}), options)
}

pub(crate) fn check_permissions(
    user_id: &str,
    namespace: Namespace<'_>,
    resources: &[impl AsRef<str>],
) -> Result<Request> {
    let body = json!({"userId": user_id, "namespace": namespace, "resources": as_strs(resources)});
    CHECK_PERMISSIONS.not_empty("resources", resources)?.json(&body)
}

pub(crate) fn permissions_of_kind(user_id: &str, namespace: Namespace<'_>, resource: &str) -> Result<Request> {
    PERMISSIONS_OF_KIND.json(&json!({"userId": user_id, "namespace": namespace, "resource": resource}))
}

pub(crate) fn list_user_actions(options: &UserActionOptions) -> Result<Request> {
    let page = LIST_USER_ACTIONS.check(paged(json!({}), options))?;
    // What is not asked for is sent empty.
    let text = |member: &Option<String>| Some(member.clone().unwrap_or_default());
    Ok(LIST_USER_ACTIONS
        .request()
        .query("page", page.get("page"))
        .query("limit", page.get("limit"))
        .query("clientip", text(&options.client_ip))
        .query("operation_name", text(&options.operation_name))
        .query("operator_arn", text(&options.operator_arn)))
}

pub(crate) fn refresh_token(user_id: &str) -> Result<Request> {
    doc::REFRESH_TOKEN.variables(&json!({"id": user_id}))
}

pub(crate) fn list_policies(user_id: &str, options: &PageOptions) -> Result<Request> {
    doc::POLICY_ASSIGNMENTS.page(json!({"targetType": "USER", "targetIdentifier": user_id}), options)
}

fn policies(operation: &'static Operation, user_id: &str, policies: &[impl AsRef<str>]) -> Result<Request> {
    let operation = operation.not_empty("policies", policies)?;
    operation.variables(&json!({"policies": as_strs(policies), "targetType": "USER", "targetIdentifiers": [user_id]}))
}

pub(crate) fn add_policies(user_id: &str, codes: &[impl AsRef<str>]) -> Result<Request> {
    policies(&doc::ADD_POLICIES, user_id, codes)
}

pub(crate) fn remove_policies(user_id: &str, codes: &[impl AsRef<str>]) -> Result<Request> {
    policies(&doc::REMOVE_POLICIES, user_id, codes)
}

pub(crate) fn list_udv(user_id: &str) -> Result<Request> {
    doc::UDV.variables(&json!({"targetType": "USER", "targetId": user_id}))
}

pub(crate) fn set_udv(user_id: &str, key: &str, value: &UdfValue) -> Result<Request> {
    doc::SET_UDV.variables(&json!({"targetType": "USER", "targetId": user_id, "key": key, "value": value.text()}))
}

pub(crate) fn remove_udv(user_id: &str, key: &str) -> Result<Request> {
    doc::REMOVE_UDV.variables(&json!({"targetType": "USER", "targetId": user_id, "key": key}))
}

pub(crate) fn get_udf_value_batch(user_ids: &[impl AsRef<str>]) -> Result<Request> {
    doc::UDF_VALUE_BATCH
        .not_empty("user ids", user_ids)?
        .variables(&json!({"targetType": "USER", "targetIds": as_strs(user_ids)}))
}

pub(crate) fn set_udf_value(user_id: &str, data: &CustomData) -> Result<Request> {
    if data.is_empty() {
        return Err(doc::SET_UDV_BATCH.refuse("custom data: there is none"));
    }
    let entry = |(key, value): (&String, &UdfValue)| json!({"key": key, "value": value.text()});
    let list: Value = data.iter().map(entry).collect();
    doc::SET_UDV_BATCH.variables(&json!({"targetType": "USER", "targetId": user_id, "udvList": list}))
}

pub(crate) fn set_udf_value_batch(data: &BTreeMap<String, CustomData>) -> Result<Request> {
    let entries = data.iter().flat_map(|(id, data)| data.iter().map(move |(key, value)| (id, key, value)));
    let input: Vec<Value> =
        entries.map(|(id, key, value)| json!({"targetId": id, "key": key, "value": value.text()})).collect();
    doc::SET_UDF_VALUE_BATCH.not_empty("custom data", &input)?.variables(&json!({"targetType": "USER", "input": input}))
}

pub(crate) fn list_org(user_id: &str) -> Result<Request> {
    LIST_ORG.at(user_id)
}

pub(crate) fn list_department(user_id: &str, options: &DepartmentOptions) -> Result<Request> {
    doc::USER_DEPARTMENTS.with(json!({"id": user_id}), options)
}

pub(crate) fn first_login_mail(app_id: AppId<'_>, user_id: &str) -> Result<Request> {
    doc::FIRST_LOGIN_MAIL.variables(&json!({"appId": app_id, "userId": user_id}))
}

pub(crate) fn logout(user_id: &str, options: &UserLogoutOptions) -> Result<Request> {
    Ok(LOGOUT.request().query("appId", options.app_id.as_ref()).query("userId", Some(user_id)))
}

pub(crate) fn check_login_status(user_id: &str, options: &LoginStatusOptions) -> Result<Request> {
    let request = CHECK_LOGIN_STATUS.request().query("appId", options.app_id.as_ref());
    Ok(request.query("userId", Some(user_id)).query("deviceId", options.device_id.as_ref()))
}

/// Decodes custom data by key; `null` reads as empty.
pub(crate) fn custom_data(data: &Data) -> Result<CustomData> {
    Ok(data.decode::<Option<CustomData>>()?.unwrap_or_default())
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
            *match &by {
                QueryField::Id => &mut user.id,
                QueryField::Username => &mut user.username,
                QueryField::Phone => &mut user.phone,
                QueryField::Email => &mut user.email,
                QueryField::ExternalId => &mut user.external_id,
                QueryField::Other(name) => unreachable!("{name}"),
            } = value.clone();
            user.nickname = value;
            user
        };
        let options = BatchGetOptions::new().query_field(by.clone());
        in_order(asked, &options)(vec![sent.iter().map(user).collect()])
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
