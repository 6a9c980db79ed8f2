//! The REST calls.

use super::{Authing, Spelling, refusal::Refusal, roles, value::Args, world::World};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, sync::Arc};

/// A request: the members of query and body together, and those of the path.
struct Call<'a> {
    world: &'a mut World,
    args: Args,
    path: Vec<String>,
}

impl Call<'_> {
    fn segment(&self, at: usize) -> &str {
        self.path.get(at).map(String::as_str).unwrap_or_default()
    }

    /// Returns a path segment that is a number.
    fn number(&self, at: usize) -> Option<i64> {
        self.segment(at).parse().ok()
    }
}

type Handler = fn(Call<'_>) -> Result<(Value, &'static str), Refusal>;

const OK: &str = "请求成功";

pub(super) fn router(authing: Arc<Authing>) -> Router {
    let guarded = |handler: Handler| {
        move |State(authing): State<Arc<Authing>>,
              Path(path): Path<HashMap<String, String>>,
              Query(query): Query<HashMap<String, String>>,
              headers: HeaderMap,
              body: Bytes| async move { respond(&authing, handler, &path, query, &headers, &body) }
    };
    Router::new()
        .route("/api/v2/users/{a}", get(guarded(user)))
        .route("/api/v2/users/{a}/has-role", get(guarded(has_role)))
        .route("/api/v2/users/{a}/orgs", get(guarded(orgs_of_user)))
        .route("/api/v2/users/kick", post(guarded(kick)))
        .route("/api/v2/users/login-status", get(guarded(login_status)))
        .route("/api/v2/analysis/user-action", get(guarded(user_actions)))
        .route("/logout", get(guarded(logout)))
        .route("/api/v2/acl/check-resource-permission-batch", post(guarded(check_permissions)))
        .route("/api/v2/acl/get-authorized-resources-of-resource-kind", post(guarded(permissions_of_kind)))
        .route("/api/v2/acl/revoke-resource", post(guarded(revoke)))
        .route("/api/v2/orgs/import", post(guarded(import)))
        .route("/api/v2/orgs/export", get(guarded(export)))
        .route("/connections/enterprise/{a}/start-sync", post(guarded(sync)))
        .route("/api/v2/ad/sync", post(guarded(sync_ad)))
        .route("/api/v2/password/check", post(guarded(check_password)))
        .route("/api/v2/resource-namespace/{a}", get(guarded(namespaces)).post(guarded(create_namespace)))
        .route("/api/v2/resource-namespace/{a}/{b}", put(guarded(update_namespace)).delete(guarded(delete_namespace)))
        .route("/api/v2/resources", get(guarded(resources)).post(guarded(create_resource)))
        .route("/api/v2/resources/detail", get(guarded(resource)))
        .route("/api/v2/resources/{a}", post(guarded(update_resource)).delete(guarded(delete_resource)))
        .with_state(authing)
}

fn respond(
    authing: &Authing,
    handler: Handler,
    path: &HashMap<String, String>,
    query: HashMap<String, String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let caller = authing.caller(headers);
    let result = match caller.is_manager {
        false => Err(Refusal::NOT_LOGGED_IN),
        true => arguments(query, body).and_then(|args| {
            let path = ["a", "b"].into_iter().filter_map(|name| path.get(name).cloned()).collect();
            handler(Call { world: &mut authing.world(), args, path })
        }),
    };
    match result {
        Ok((data, message)) => Json(json!({"code": 200, "message": message, "data": data})).into_response(),
        Err(refusal) => {
            let status = match caller.spelling {
                Spelling::Code { .. } => StatusCode::OK,
                Spelling::ApiCode { .. } if refusal.code == Refusal::NOT_LOGGED_IN.code => StatusCode::UNAUTHORIZED,
                Spelling::ApiCode { .. } => StatusCode::BAD_REQUEST,
            };
            (status, Json(caller.spelling.json(&refusal))).into_response()
        }
    }
}

/// Reads the members of query and body. Numbers in a query become numbers; a body must be an object.
fn arguments(query: HashMap<String, String>, body: &[u8]) -> Result<Args, Refusal> {
    let mut args: Map<String, Value> = match body {
        [] => Map::new(),
        body => serde_json::from_slice(body).map_err(|_| Refusal::invalid("body: no JSON object"))?,
    };
    for (name, value) in query {
        let number = matches!(name.as_str(), "page" | "limit").then(|| value.parse::<i64>().ok()).flatten();
        let value = number.map_or_else(|| if value.is_empty() { Value::Null } else { value.into() }, Value::from);
        args.insert(name, value);
    }
    Ok(Args(args))
}

type HandlerResult = Result<(Value, &'static str), Refusal>;

fn user(call: Call<'_>) -> HandlerResult {
    let user = call.world.known(call.segment(0))?;
    let mut json = user.json();
    if call.args.text("with_custom_data") == Some("1") {
        json["customData"] = call.world.custom.list("USER", user.id());
    }
    Ok((json, "获取用户信息成功"))
}

fn has_role(call: Call<'_>) -> HandlerResult {
    let has = roles::has_role(call.world, call.segment(0), call.args.namespace(), call.args.need("code")?)?;
    Ok((has, OK))
}

fn orgs_of_user(call: Call<'_>) -> HandlerResult {
    Ok((call.world.org_paths(call.segment(0))?, OK))
}

fn kick(call: Call<'_>) -> HandlerResult {
    if call.args.list("userIds").is_empty() {
        return Err(Refusal::invalid("userIds"));
    }
    call.args.texts("userIds").into_iter().for_each(|id| call.world.sign_out(id, None));
    Ok((Value::Null, "操作成功"))
}

fn login_status(call: Call<'_>) -> HandlerResult {
    let id = call.args.need("userId")?;
    let user = call.world.known(id)?.json();
    let is_login = call.world.is_signed_in(id, call.args.text("appId"));
    Ok((json!({"isLogin": is_login, "user": user, "application": []}), OK))
}

fn user_actions(call: Call<'_>) -> HandlerResult {
    let matches = |action: &&Value| {
        let fits = |name, own: &Value| call.args.text(name).is_none_or(|matches| *own == matches);
        fits("clientip", &action["geoip"]["ip"])
            && fits("operation_name", &action["operation_name"])
            && fits("operator_arn", &action["operator_arn"])
    };
    let actions: Vec<&Value> = call.world.actions.iter().rev().filter(matches).collect();
    Ok((call.args.page(actions, Value::clone), OK))
}

fn logout(call: Call<'_>) -> HandlerResult {
    let id = call.args.need("userId")?.to_owned();
    call.world.sign_out(&id, call.args.text("appId"));
    call.world.note("logout", &id);
    Ok((Value::Null, "退出成功"))
}

fn check_permissions(call: Call<'_>) -> HandlerResult {
    let user = call.args.need("userId")?;
    Ok((call.world.permissions(user, call.args.need("namespace")?, &call.args.texts("resources"))?, OK))
}

fn permissions_of_kind(call: Call<'_>) -> HandlerResult {
    let (user, namespace) = (call.args.need("userId")?, call.args.need("namespace")?);
    Ok((call.world.permissions_of_kind(user, namespace, call.args.need("resource")?)?, OK))
}

fn revoke(call: Call<'_>) -> HandlerResult {
    let data = call.world.revoke_all(call.args.namespace(), call.args.required("resource"), call.args.list("opts"))?;
    Ok((data, OK))
}

fn import(call: Call<'_>) -> HandlerResult {
    if call.args.need("filetype")? != "json" {
        return Err(Refusal::invalid("filetype"));
    }
    let tree: Value = serde_json::from_str(call.args.need("file")?).map_err(|_| Refusal::invalid("file: no JSON"))?;
    Ok((call.world.import(&tree)?, "导入成功"))
}

fn export(call: Call<'_>) -> HandlerResult {
    Ok((call.world.export(call.args.text("org_id"))?, "导出数据成功"))
}

fn sync(call: Call<'_>) -> HandlerResult {
    match call.segment(0) {
        "dingtalk" | "wechatwork" => Ok((Value::Null, "同步任务已开始")),
        _ => Err(Refusal::missing("connection")),
    }
}

fn sync_ad(call: Call<'_>) -> HandlerResult {
    call.args.need("connectionId")?;
    Ok((Value::Null, "同步任务已开始"))
}

/// Checks a password by the rule of a new pool: at least six characters.
fn check_password(call: Call<'_>) -> HandlerResult {
    let valid = call.args.need("password")?.chars().count() >= 6;
    let message = if valid { "密码合法" } else { "密码长度不能少于 6 位" };
    Ok((json!({"valid": valid, "message": message}), OK))
}

fn namespaces(call: Call<'_>) -> HandlerResult {
    let page = call.args.page(call.world.access.namespaces.iter().collect(), Value::clone);
    Ok((json!({"total": page["totalCount"], "list": page["list"]}), OK))
}

fn create_namespace(call: Call<'_>) -> HandlerResult {
    let (code, name) = (call.args.need("code")?, call.args.need("name")?);
    let namespaces = &mut call.world.access.namespaces;
    if namespaces.iter().any(|known| known["code"] == code) {
        return Err(Refusal::exists("namespace"));
    }
    let id = namespaces.last().and_then(|last| last["id"].as_i64()).unwrap_or(0) + 1;
    let namespace = json!({"id": id, "code": code, "name": name, "description": call.args.get("description")});
    namespaces.push(namespace.clone());
    Ok((namespace, OK))
}

fn update_namespace(call: Call<'_>) -> HandlerResult {
    let id = call.number(1);
    let namespace = call.world.access.namespaces.iter_mut().find(|known| known["id"].as_i64() == id);
    let namespace = namespace.ok_or(Refusal::missing("namespace").coded(3005))?;
    super::value::put(namespace, &call.args, &["name", "code", "description"]);
    Ok((namespace.clone(), OK))
}

fn delete_namespace(call: Call<'_>) -> HandlerResult {
    let id = call.number(1);
    let before = call.world.access.namespaces.len();
    call.world.access.namespaces.retain(|known| known["id"].as_i64() != id);
    if call.world.access.namespaces.len() == before {
        return Err(Refusal::missing("namespace").coded(3003));
    }
    Ok((Value::Null, OK))
}

fn is_resource(resource: &Value, namespace: &str, code: &str) -> bool {
    resource["namespace"] == namespace && resource["code"] == code
}

fn resources(call: Call<'_>) -> HandlerResult {
    let matches = |resource: &&Value| {
        resource["namespace"] == call.args.namespace()
            && call.args.text("type").is_none_or(|kind| resource["type"] == kind)
    };
    let resources = call.world.access.resources.iter().filter(matches).collect();
    Ok((call.args.page(resources, Value::clone), OK))
}

fn create_resource(call: Call<'_>) -> HandlerResult {
    let (namespace, code) = (call.args.namespace(), call.args.need("code")?);
    let resources = &mut call.world.access.resources;
    if resources.iter().any(|known| is_resource(known, namespace, code)) {
        return Err(Refusal::exists("resource"));
    }
    let mut resource = json!({"id": super::value::new_id(), "namespace": namespace, "code": code});
    super::value::put(&mut resource, &call.args, &["type", "actions", "description", "apiIdentifier"]);
    resources.push(resource.clone());
    Ok((resource, OK))
}

fn resource(call: Call<'_>) -> HandlerResult {
    let matches = |known: &&Value| match call.args.text("id") {
        Some(id) => known["id"] == id,
        None => is_resource(known, call.args.namespace(), call.args.required("code")),
    };
    let resource = call.world.access.resources.iter().find(matches).cloned();
    Ok((resource.ok_or(Refusal::missing("resource"))?, OK))
}

fn update_resource(call: Call<'_>) -> HandlerResult {
    let code = call.segment(0).to_owned();
    let namespace = call.args.namespace().to_owned();
    let resource = call.world.access.resources.iter_mut().find(|known| is_resource(known, &namespace, &code));
    let resource = resource.ok_or(Refusal::missing("resource"))?;
    super::value::put(resource, &call.args, &["type", "actions", "description", "apiIdentifier"]);
    Ok((resource.clone(), OK))
}

fn delete_resource(call: Call<'_>) -> HandlerResult {
    let (code, namespace) = (call.segment(0).to_owned(), call.args.namespace().to_owned());
    call.world.access.resources.retain(|known| !is_resource(known, &namespace, &code));
    Ok((Value::Null, OK))
}
