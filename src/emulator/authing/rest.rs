//! The REST calls.

use super::{
    resolvers::{
        access,
        args::{Args, to_json},
        custom, nodes, orgs,
    },
    service::{Authing, Caller, Spelling},
    state::{actions::Action, error_response::ErrorResponse, pool::Pool},
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, sync::Arc};

/// A request: the members of query and body together, and those of the path.
struct Call<'a> {
    pool: &'a mut Pool,
    args: Args,
    path: Vec<String>,
}

impl Call<'_> {
    /// Returns the variable segment of the path.
    fn segment(&self) -> &str {
        self.path.first().map(String::as_str).unwrap_or_default()
    }
}

type Handler = fn(Call<'_>) -> HandlerResult;

const OK: &str = "请求成功";

/// The address that all actions of users came from.
const CLIENT_IP: &str = "127.0.0.1";

pub(super) fn router(authing: Arc<Authing>) -> Router {
    let guarded = |handler: Handler| {
        move |State(authing): State<Arc<Authing>>,
              Path(path): Path<Vec<String>>,
              Query(query): Query<HashMap<String, String>>,
              headers: HeaderMap,
              body: Bytes| async move { respond(&authing, handler, path, query, &headers, &body) }
    };
    Router::new()
        .route("/api/v2/users/{id}", get(guarded(user)))
        .route("/api/v2/users/{id}/has-role", get(guarded(has_role)))
        .route("/api/v2/users/{id}/orgs", get(guarded(orgs_of_user)))
        .route("/api/v2/users/kick", post(guarded(kick)))
        .route("/api/v2/users/login-status", get(guarded(login_status)))
        .route("/api/v2/analysis/user-action", get(guarded(user_actions)))
        .route("/logout", get(guarded(logout)))
        .route("/api/v2/acl/check-resource-permission-batch", post(guarded(check_permissions)))
        .route("/api/v2/acl/get-authorized-resources-of-resource-kind", post(guarded(permissions_of_kind)))
        .route("/api/v2/orgs/import", post(guarded(import)))
        .route("/api/v2/orgs/export", get(guarded(export)))
        .route("/connections/enterprise/{type}/start-sync", post(guarded(sync)))
        .route("/api/v2/ad/sync", post(guarded(sync_ad)))
        .route("/api/v2/password/check", post(guarded(check_password)))
        .with_state(authing)
}

fn respond(
    authing: &Authing,
    handler: Handler,
    path: Vec<String>,
    query: HashMap<String, String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let caller = authing.caller(headers);
    let result = match caller.is_manager {
        false => Err(ErrorResponse::NOT_LOGGED_IN),
        true => arguments(query, body).and_then(|args| handler(Call { pool: &mut authing.pool(), args, path })),
    };
    match result {
        Ok((data, message)) => Json(json!({"code": 200, "message": message, "data": data})).into_response(),
        Err(error) => error_response(&caller, &error),
    }
}

pub(super) fn error_response(caller: &Caller, error: &ErrorResponse) -> Response {
    let status = match caller.spelling {
        Spelling::Code { .. } => StatusCode::OK,
        Spelling::ApiCode { .. } if error.code == ErrorResponse::NOT_LOGGED_IN.code => StatusCode::UNAUTHORIZED,
        Spelling::ApiCode { .. } => StatusCode::BAD_REQUEST,
    };
    (status, Json(caller.spelling.json(error))).into_response()
}

/// Reads the members of query and body. Numbers in a query become numbers; a body must be an object.
fn arguments(query: HashMap<String, String>, body: &[u8]) -> Result<Args, ErrorResponse> {
    let mut args: Map<String, Value> = match body {
        [] => Map::new(),
        body => serde_json::from_slice(body).map_err(|_| ErrorResponse::invalid("body: no JSON object"))?,
    };
    for (name, value) in query {
        let number = matches!(name.as_str(), "page" | "limit").then(|| value.parse::<i64>().ok()).flatten();
        let value = number.map_or_else(|| if value.is_empty() { Value::Null } else { value.into() }, Value::from);
        args.insert(name, value);
    }
    Ok(Args(args))
}

type HandlerResult = Result<(Value, &'static str), ErrorResponse>;

fn user(call: Call<'_>) -> HandlerResult {
    let user = call.pool.users.find(call.segment())?;
    let mut json = to_json(user);
    if call.args.text("with_custom_data") == Some("1") {
        json["customData"] = custom::of_user(call.pool, user.id());
    }
    Ok((json, "获取用户信息成功"))
}

fn has_role(call: Call<'_>) -> HandlerResult {
    Ok((access::has_role(call.pool, call.segment(), call.args.namespace(), call.args.need("code")?)?, OK))
}

fn orgs_of_user(call: Call<'_>) -> HandlerResult {
    Ok((nodes::paths_of_user(call.pool, call.segment())?, OK))
}

fn kick(call: Call<'_>) -> HandlerResult {
    if call.args.list("userIds").is_empty() {
        return Err(ErrorResponse::invalid("userIds"));
    }
    call.args.strs("userIds").into_iter().for_each(|id| call.pool.sessions.close(id, None));
    Ok((Value::Null, "操作成功"))
}

fn login_status(call: Call<'_>) -> HandlerResult {
    let id = call.args.need("userId")?;
    let user = to_json(call.pool.users.find(id)?);
    let is_login = call.pool.sessions.is_signed_in(id, call.args.text("appId"));
    Ok((json!({"isLogin": is_login, "user": user, "application": []}), OK))
}

fn user_actions(call: Call<'_>) -> HandlerResult {
    let (pool, args) = (&*call.pool, &call.args);
    let is_requested = |name, own: &str| args.text(name).is_none_or(|requested| requested == own);
    let fits = |action: &&Action| {
        is_requested("clientip", CLIENT_IP)
            && is_requested("operation_name", action.operation)
            && args.text("operator_arn").is_none_or(|arn| pool.arn("user", &action.user_id) == arn)
    };
    let show = |action: &Action| {
        json!({
            "userpool_id": pool.id(), "operator_arn": pool.arn("user", &action.user_id),
            "operation_name": action.operation, "operation_desc": action.operation, "timestamp": action.timestamp,
            "user": {"id": action.user_id, "userPoolId": pool.id(), "displayName": action.username},
            "geoip": {"ip": CLIENT_IP},
        })
    };
    let actions: Vec<&Action> = pool.actions.newest_first().filter(fits).collect();
    Ok((args.page(actions.len(), actions.into_iter(), show), OK))
}

fn logout(call: Call<'_>) -> HandlerResult {
    call.pool.sign_out(call.args.need("userId")?, call.args.text("appId"));
    Ok((Value::Null, "退出成功"))
}

fn check_permissions(call: Call<'_>) -> HandlerResult {
    let (user, namespace) = (call.args.need("userId")?, call.args.need("namespace")?);
    Ok((access::permissions(call.pool, user, namespace, &call.args.strs("resources"))?, OK))
}

fn permissions_of_kind(call: Call<'_>) -> HandlerResult {
    let (user, namespace) = (call.args.need("userId")?, call.args.need("namespace")?);
    Ok((access::permissions_of_kind(call.pool, user, namespace, call.args.need("resource")?)?, OK))
}

fn import(call: Call<'_>) -> HandlerResult {
    if call.args.need("filetype")? != "json" {
        return Err(ErrorResponse::invalid("filetype"));
    }
    let tree: Value =
        serde_json::from_str(call.args.need("file")?).map_err(|_| ErrorResponse::invalid("file: no JSON"))?;
    Ok((orgs::import(call.pool, &tree)?, "导入成功"))
}

fn export(call: Call<'_>) -> HandlerResult {
    Ok((orgs::export(call.pool, call.args.text("org_id"))?, "导出数据成功"))
}

fn sync(call: Call<'_>) -> HandlerResult {
    match call.segment() {
        "dingtalk" | "wechatwork" => Ok((Value::Null, "同步任务已开始")),
        _ => Err(ErrorResponse::not_found("connection")),
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
