//! The GraphQL variables and REST requests of Authing, beside those that `tests/python/record_authing.py` recorded. The documents
//! of the two clients differ in the fields that they request.

use super::{ManagementClient, Request, Server, Value, golden, json, maybe_async, object, test, without_nulls};
use iam_sdk::{
    Result,
    authing::{
        AppId, AuthorizedResourceOptions, BatchGetOptions, CreateGroupOptions, CreateUserOptions, CustomData,
        GroupCode, MemberMove, Namespace, NodeCode, NodeId, NodeMove, QueryField, RoleCode, SyncProvider,
        UpdateGroupOptions, UpdateNodeOptions, UserDetailOptions, UserInfo, UserListOptions, UserLookup,
    },
};

fn default_namespace() -> AuthorizedResourceOptions {
    AuthorizedResourceOptions::new().namespace("default")
}

#[maybe_async]
async fn send(label: &str, client: &ManagementClient) -> Result<()> {
    match label.split('.').nth(1).unwrap() {
        "users" => send_users(label, client).await,
        "orgs" => send_orgs(label, client).await,
        _ => send_groups(label, client).await,
    }
}

#[maybe_async]
async fn send_users(label: &str, client: &ManagementClient) -> Result<()> {
    let users = client.users();
    match label.strip_prefix("authing.users.").unwrap() {
        "create" => {
            let info = UserInfo::new().username("mia").email("mia@x.y").password("pw");
            drop(users.create(&info).await?)
        }
        "create_with" => {
            let options = CreateUserOptions::new().keep_password(true).custom_data(CustomData::from_iter([("age", 7)]));
            drop(users.create_with(&UserInfo::new().username("m").password("hash"), options).await?)
        }
        "update" => drop(users.update("u1", &UserInfo::new().nickname("M")).await?),
        "detail" => drop(users.detail("u1").await?),
        "detail_with" => drop(users.detail_with("u1", UserDetailOptions::new().with_custom_data(true)).await?),
        "list" => drop(users.list().await?),
        "list_with" => drop(users.list_with(UserListOptions::new().page(2).limit(7)).await?),
        "list_archived_users" => drop(users.list_archived_users().await?),
        "exists" => drop(users.exists(UserLookup::username("mia")).await?),
        "find" => drop(users.find(UserLookup::email("mia@x.y")).await?),
        "search" => drop(users.search("an").await?),
        "batch_get" => drop(users.batch_get(&["u1", "u2"]).await?),
        "batch_get_with" => {
            let options = BatchGetOptions::new().query_field(QueryField::Username);
            drop(users.batch_get_with(&["mia"], options).await?)
        }
        "delete" => users.delete("u1").await?,
        "delete_many" => users.delete_many(&["u1", "u2"]).await?,
        "kick" => users.kick(&["u1"]).await?,
        "list_groups" => drop(users.list_groups("u1").await?),
        "add_group" => users.add_group("u1", GroupCode("g")).await?,
        "remove_group" => users.remove_group("u1", GroupCode("g")).await?,
        "list_roles" => drop(users.list_roles("u1").await?),
        "add_roles" => users.add_roles("u1", &["r"]).await?,
        "remove_roles" => users.remove_roles("u1", &["r"]).await?,
        "has_role" => drop(users.has_role("u1", RoleCode("r")).await?),
        "list_authorized_resources" => drop(users.list_authorized_resources_with("u1", default_namespace()).await?),
        "check_resource_permission_batch" => {
            drop(users.check_resource_permission_batch("u1", Namespace("ns"), &["a:1"]).await?)
        }
        "list_authorized_resources_of_resource_kind" => {
            drop(users.list_authorized_resources_of_resource_kind("u1", Namespace("ns"), "books").await?)
        }
        "list_user_actions" => drop(users.list_user_actions().await?),
        "refresh_token" => drop(users.refresh_token("u1").await?),
        "list_policies" => drop(users.list_policies("u1").await?),
        "add_policies" => users.add_policies("u1", &["p"]).await?,
        "remove_policies" => users.remove_policies("u1", &["p"]).await?,
        "list_udv" => drop(users.list_udv("u1").await?),
        "set_udv" => drop(users.set_udv("u1", "school", "清华").await?),
        "remove_udv" => drop(users.remove_udv("u1", "school").await?),
        "set_udf_value" => users.set_udf_value("u1", &CustomData::from_iter([("age", 22)])).await?,
        "list_org" => drop(users.list_org("u1").await?),
        "list_department" => drop(users.list_department("u1").await?),
        "logout" => users.logout("u1").await?,
        "check_login_status" => drop(users.check_login_status("u1").await?),
        "send_first_login_verify_email" => users.send_first_login_verify_email(AppId("app"), "u1").await?,
        call => panic!("no call for {call}"),
    }
    Ok(())
}

#[maybe_async]
async fn send_orgs(label: &str, client: &ManagementClient) -> Result<()> {
    let orgs = client.orgs();
    match label.strip_prefix("authing.orgs.").unwrap() {
        "create" => drop(orgs.create("Beta").await?),
        "delete_by_id" => orgs.delete_by_id("o1").await?,
        "list" => drop(orgs.list().await?),
        "get_node_by_id" => drop(orgs.get_node_by_id("n1").await?),
        "add_node" => drop(orgs.add_node("o1", "A", NodeId("n1")).await?),
        "update_node" => drop(orgs.update_node("n1", UpdateNodeOptions::new().name("B")).await?),
        "find_by_id" => drop(orgs.find_by_id("o1").await?),
        "delete_node" => orgs.delete_node("o1", NodeId("n1")).await?,
        "move_node" => drop(orgs.move_node("o1", NodeMove { node_id: "n1", to_parent_id: "n2" }).await?),
        "is_root_node" => drop(orgs.is_root_node("o1", NodeId("n1")).await?),
        "list_children" => drop(orgs.list_children("n1").await?),
        "search_nodes" => drop(orgs.search_nodes("bee").await?),
        "root_node" => drop(orgs.root_node("o1").await?),
        "add_members" => drop(orgs.add_members("n1", &["u1"]).await?),
        "move_members" => orgs.move_members(&["u1"], MemberMove { from_node_id: "n1", to_node_id: "n2" }).await?,
        "list_members" => drop(orgs.list_members("n1").await?),
        "delete_members" => drop(orgs.delete_members("n1", &["u1"]).await?),
        "set_main_department" => orgs.set_main_department("u1", Some(NodeId("n1"))).await?,
        "export_all" => drop(orgs.export_all().await?),
        "export_by_org_id" => drop(orgs.export_by_org_id("o1").await?),
        "list_authorized_resources" => drop(orgs.list_authorized_resources_with("n1", default_namespace()).await?),
        "list_authorized_resources_by_code" => {
            drop(orgs.list_authorized_resources_by_code_with("o1", NodeCode("c"), default_namespace()).await?)
        }
        "start_sync" => orgs.start_sync(SyncProvider::DingTalk).await?,
        call => panic!("no call for {call}"),
    }
    Ok(())
}

#[maybe_async]
async fn send_groups(label: &str, client: &ManagementClient) -> Result<()> {
    let groups = client.groups();
    match label.strip_prefix("authing.groups.").unwrap() {
        "create" => {
            let options = CreateGroupOptions::new().description("those who test");
            drop(groups.create_with("qa", "QA", options).await?)
        }
        "update" => drop(groups.update("qa", UpdateGroupOptions::new().name("Quality")).await?),
        "detail" => drop(groups.detail("qa").await?),
        "list" => drop(groups.list().await?),
        "delete" => groups.delete("qa").await?,
        "delete_many" => groups.delete_many(&["qa"]).await?,
        "list_users" => drop(groups.list_users("qa").await?),
        "add_users" => groups.add_users("qa", &["u1"]).await?,
        "remove_users" => groups.remove_users("qa", &["u1"]).await?,
        "list_authorized_resources" => drop(groups.list_authorized_resources_with("qa", default_namespace()).await?),
        call => panic!("no call for {call}"),
    }
    Ok(())
}

/// The root field of a document.
fn root_field(document: &str) -> &str {
    let selection = &document[document.find('{').unwrap() + 1..];
    selection.trim_start().split(|end: char| !end.is_alphanumeric()).next().unwrap()
}

/// A request in the form of the recording.
fn recorded(request: &Request) -> Value {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let mut entry = match request.path.as_str() {
        "/graphql/v2" => object!({
            "operation": root_field(body["query"].as_str().unwrap()), "variables": body["variables"],
        }),
        path => object!({"method": request.method, "path": path, "query": request.query, "body": body}),
    };
    for info in ["userInfo", "input"] {
        // It is random, and as long as a block of the vendor's public key in base64.
        if let Some(password) = entry.pointer_mut(&format!("/variables/{info}/password")) {
            assert_eq!(password.as_str().unwrap().len(), 172);
            *password = "<encrypted>".into();
        }
    }
    entry
}

/// Two clients write the same JSON text and the same query differently.
fn comparable(mut entry: Value) -> Value {
    for text in ["/variables/params", "/variables/value"] {
        if let Some(value) = entry.pointer_mut(text)
            && let Some(text) = value.as_str()
        {
            *value = serde_json::from_str(text).unwrap();
        }
    }
    // A variable of our documents, which have one for what the vendor's client has two for.
    if let Some(variables) = entry.pointer_mut("/variables").and_then(Value::as_object_mut) {
        variables.remove("withCustomData");
    }
    without_nulls(entry)
}

#[maybe_async]
#[test]
async fn requests_are_those_of_the_python_client() {
    let server = Server::start(|request| {
        let is_token = String::from_utf8_lossy(&request.body).contains("accessToken(");
        let token = r#"{"data": {"accessToken": {"accessToken": "management", "iat": 1, "exp": 9999999999}}}"#;
        json(if is_token { token } else { r#"{"code": 200, "data": {}}"# })
    });
    let golden = golden(include_str!("golden-authing.json"), "authing.");
    assert_eq!(golden.len(), 73);
    let client = ManagementClient::builder("pool", "secret").base_url(server.url()).build().unwrap();
    // It gets the management token, which the recording leaves out.
    let _ = client.groups().list().await;
    let mut differences = Vec::new();
    for (label, expected) in golden {
        let before = server.requests().len();
        // The response has no data; only what was sent counts.
        let _ = send(&label, &client).await;
        let sent: Vec<Value> =
            server.requests()[before..].iter().map(|request| comparable(recorded(request))).collect();
        let expected: Vec<Value> = expected.into_iter().map(comparable).collect();
        if sent != expected {
            differences.push(format!("{label}\n  sent     {}\n  recorded {}", object!(sent), object!(expected)));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
