use super::{
    Client, Keys, RECORDING, Server, Value, golden, json, maybe_async, object, operations_without, recorded, status,
    test,
};
use iam_sdk::{
    Method, RequestOptions, Result,
    digiwin::{
        AccessTokenOptions, ApplicationFilter, ExistsOptions, IdentityType, InternalLoginOptions, InviteOptions,
        LoginAdOptions, LoginOptions, LogoutOptions, TenantId, TenantListOptions, TenantRef, TenantSimpleOptions,
        UserQueryOptions, UserQueryType,
    },
};
use std::{collections::BTreeSet, sync::Arc};

#[maybe_async]
async fn send(label: &str, client: &Client) -> Result<()> {
    let (identity, users, tenants, orgs) = (client.identity(), client.users(), client.tenants(), client.orgs());
    match label {
        "digiwin.identity.login" => drop(identity.login("u1", "p@ss-密码").await?),
        "digiwin.identity.login_ad" => drop(identity.login_ad("ann@digiwin.com", "pw").await?),
        "digiwin.identity.login_verification_code" => {
            drop(identity.login_verification_code("13800000000", "123456").await?)
        }
        "digiwin.identity.internal_login" => drop(identity.internal_login(TenantId("T1"), "u1", "pw").await?),
        "digiwin.identity.analyze_token" => drop(identity.analyze_token().await?),
        "digiwin.identity.analyze_token_internal" => drop(identity.analyze_token_internal().await?),
        "digiwin.identity.get_login_info" => drop(identity.get_login_info().await?),
        "digiwin.identity.refresh_user_token" => drop(identity.refresh_user_token().await?),
        "digiwin.identity.create_access_token" => drop(identity.create_access_token(TenantId("T1"), "u2").await?),
        "digiwin.identity.logout" => identity.logout().await?,
        "digiwin.users.get_user_list" => drop(users.get_user_list(&["u1", "用户二"]).await?),
        "digiwin.users.get_user_simple" => drop(users.get_user_simple().await?),
        "digiwin.users.check_email_exists" => drop(users.check_email_exists("a@b.c").await?),
        "digiwin.users.check_phone_exists" => drop(users.check_phone_exists("138").await?),
        "digiwin.users.check_user_exists" => drop(users.check_user_exists("u1").await?),
        "digiwin.users.update_user" => drop(users.update_user(&object!({"id": "u1", "name": "New"})).await?),
        "digiwin.tenants.get_tenants" => drop(tenants.get_tenants().await?),
        "digiwin.tenants.get_current" => drop(tenants.get_current().await?),
        "digiwin.tenants.get_simple" => drop(tenants.get_simple("T1").await?),
        "digiwin.tenants.get_current_simple" => drop(tenants.get_current_simple().await?),
        "digiwin.tenants.query_tenants" => drop(tenants.query_tenants("鼎捷").await?),
        "digiwin.tenants.check_user_in_tenant" => drop(tenants.check_user_in_tenant("u 1/é").await?),
        "digiwin.tenants.get_applications" => drop(tenants.get_applications().await?),
        "digiwin.tenants.invite_user" => drop(tenants.invite_user(TenantId("T1"), "new@x.y").await?),
        "digiwin.orgs.get_cascade" => drop(orgs.get_cascade().await?),
        "digiwin.orgs.get_org_list" => drop(orgs.get_org_list(&[11, 12]).await?),
        "digiwin.orgs.get_users_cascade" => drop(orgs.get_users_cascade(11).await?),
        "digiwin.orgs.create_or_update" => {
            _ = orgs.create_or_update(&object!({"name": "New", "parentSid": 11})).await?
        }
        "digiwin.orgs.delete" => drop(orgs.delete(12).await?),
        label => panic!("no call for {label}"),
    }
    Ok(())
}

#[maybe_async]
#[test]
async fn requests_are_those_of_the_python_client() {
    let keys = Arc::new(Keys::new());
    let server_keys = keys.clone();
    let server = Server::start(move |request| match server_keys.respond(request) {
        Some(response) => response,
        None if request.path.contains("/identity/") => {
            json(r#"{"token": "user-token-0", "user_token": "user-token-0", "userId": "u1"}"#)
        }
        None if request.path.ends_with("/tenant/simple") => json(r#"{"id": "T1"}"#),
        None => status(200, ""),
    });
    let golden = golden(RECORDING, "digiwin.");
    // `every_option_is_sent` has these, and a login's recording has the handshake.
    let unrecorded = [
        "digiwin.request",
        "digiwin.identity.get_public_key",
        "digiwin.identity.get_aes_key",
        "digiwin.identity.refresh_token_with_tenant",
        "digiwin.users.get_user",
        "digiwin.users.query_users",
        "digiwin.users.get_user_roles",
        "digiwin.tenants.remove_user",
        "digiwin.orgs.get_users_in_org",
    ];
    assert_eq!(operations_without("digiwin.", &golden), unrecorded);
    let clients = golden.len();
    for (label, expected) in golden {
        let client = Client::builder(server.url() + "/", "app-token").header("X-Extra", "1").build().unwrap();
        client.set_current_token(Some("user-token-0".into())).await.unwrap();
        let before = server.requests().len();
        send(&label, &client).await.unwrap_or_else(|error| panic!("{label}: {error}"));
        let sent: Vec<Value> = server.requests()[before..].iter().map(|request| recorded(request, &keys)).collect();
        assert_eq!(sent, expected, "{label}");
    }
    let connections: BTreeSet<_> = server.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), clients, "one connection a client");
}

/// Sends `call`, whose last request must have had this method and target, and this body.
macro_rules! sends {
    ($server:expr, $call:expr, $target:literal, $body:tt) => {{
        // The response does not matter here.
        let _ = $call;
        let request = $server.requests().pop().unwrap();
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
        let mark = if query.is_empty() { "" } else { "?" };
        assert_eq!(format!("{} {}{mark}{query}", request.method, request.path.replace("/api/iam/v2/", "")), $target);
        let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        for random in ["passwordHash", "clientEncryptPublicKey"] {
            body.as_object_mut().and_then(|body| body.remove(random));
        }
        assert_eq!(body, object!($body), $target);
    }};
}

#[maybe_async]
#[test]
async fn every_option_is_sent() {
    let keys = Keys::new();
    let server = Server::start(move |request| keys.respond(request).unwrap_or_else(|| json(r#"{"token": "t"}"#)));
    let client = Client::builder(server.url(), "app-token").build().unwrap();
    let (identity, users, tenants, orgs) = (client.identity(), client.users(), client.tenants(), client.orgs());

    let options = LoginOptions::new().tenant_id("T1").identity_type(IdentityType::Token);
    let call = identity.login_with("u", "p", options).await;
    sends!(server, call, "POST identity/login", {"userId": "u", "identityType": "token", "tenantId": "T1"});
    let call = identity.login_ad_with("u", "p", LoginAdOptions::new().tenant_id("T1")).await;
    sends!(server, call, "POST identity/login", {
        "userId": "u", "identityType": "service", "serviceName": "digiwin", "tenantId": "T1",
    });
    let options = InternalLoginOptions::new().identity_type(IdentityType::Other("x".into()));
    let call = identity.internal_login_with(TenantId("T1"), "u", "p", options).await;
    sends!(server, call, "POST identity/internal/login", {
        "userId": "u", "identityType": "x", "tenantId": "T1", "tenantSid": 0,
    });
    let call = identity.refresh_token_with_tenant(TenantRef::id("T1")).await;
    sends!(server, call, "POST identity/token/refresh/tenant", {"tenantId": "T1"});
    let call = identity.refresh_token_with_tenant(TenantRef::sid(7)).await;
    sends!(server, call, "POST identity/token/refresh/tenant", {"tenantSid": 7});
    let call = identity.refresh_token_with_tenant(TenantRef::both("T1", 7)).await;
    sends!(server, call, "POST identity/token/refresh/tenant", {"tenantId": "T1", "tenantSid": 7});
    let call = identity
        .create_access_token_with(TenantId("T1"), "u", AccessTokenOptions::new().grant_type("g").account("a"))
        .await;
    sends!(server, call, "POST identity/token/grant/access", {
        "grantType": "g", "tenantId": "T1", "verifyUserId": "u", "account": "a",
    });
    let call = identity.logout_with(LogoutOptions::new().clear_all(true)).await;
    sends!(server, call, "POST identity/logout", {"clearAll": true});

    let call = users.get_user("u").await;
    sends!(server, call, "POST user", {"id": "u", "sid": 0});
    let call = users.get_user(7).await;
    sends!(server, call, "POST user", {"id": null, "sid": 7});
    let call = users.query_users(UserQueryType::All).await;
    sends!(server, call, "POST user/query", {"queryParameter": {"type": "all", "sid": 0}});
    let options = UserQueryOptions::new().org_sid(11).org_uri("drn:x");
    let call = users.query_users_with(UserQueryType::OrgCascade, options).await;
    sends!(server, call, "POST user/query", {"queryParameter": {"type": "orgCascade", "sid": 11, "uri": "drn:x"}});
    let call = users.check_email_exists_with("a@b", ExistsOptions::new().user_id("u")).await;
    sends!(server, call, "POST user/email/exist", {"email": "a@b", "id": "u"});
    let call = users.check_phone_exists_with("1", ExistsOptions::new().user_id("u")).await;
    sends!(server, call, "POST user/mobilephone/exist", {"telephone": "1", "id": "u"});
    let call = users.get_user_roles(7i64).await;
    sends!(server, call, "POST user/role", {"id": null, "sid": 7});

    let call = tenants.get_tenants_with(TenantListOptions::new().app_id("a b").exclude_digiwin_tenant(true)).await;
    sends!(server, call, "POST tenant?appId=a+b&excludeDigiwinTenant=true", null);
    let call = tenants.get_simple_with("T1", TenantSimpleOptions::new().with_invoice_info(true)).await;
    sends!(server, call, "POST tenant/simple", {"id": "T1", "withInvoiceInfo": true});
    let filter = ApplicationFilter::new().expire_time_start("2026-01-01").expire_time_end("2027-01-01");
    let call = tenants.get_applications_with(filter).await;
    sends!(server, call, "GET tenant/application?expireTimeStart=2026-01-01&expireTimeEnd=2027-01-01", null);
    let options = InviteOptions::new()
        .role(object!({"id": "r"}))
        .org(object!({"sid": 1}))
        .org(object!({"sid": 2}))
        .app(object!({"id": "a"}))
        .content("c")
        .due_date("d")
        .invite_app("i")
        .user_type(true)
        .emp_id("e")
        .language("zh-CN")
        .user_email("a@b")
        .source_app_id("s")
        .wechat("w");
    let call = tenants.invite_user_with(TenantId("T1"), "u", options).await;
    sends!(server, call, "POST tenant/user/invite/new", {
        "tenantId": "T1", "user": "u", "role": [{"id": "r"}], "org": [{"sid": 1}, {"sid": 2}], "app": [{"id": "a"}],
        "content": "c", "dueDate": "d", "inviteApp": "i", "userType": true, "empId": "e", "language": "zh-CN",
        "userEmail": "a@b", "sourceAppId": "s", "wechat": "w",
    });
    let call = tenants.remove_user(7).await;
    sends!(server, call, "POST tenant/remove/user", {"id": null, "sid": 7});
    let call = orgs.get_users_in_org("drn:x").await;
    sends!(server, call, "POST org/userinorg", {"orgSid": 0, "orgUri": "drn:x"});

    let options = RequestOptions::new().query("b", 2).json(&object!({"x": [1]}));
    let call = client.request_with(Method::PUT, "/api/iam/v2/new?a=1", options).await;
    sends!(server, call, "PUT new?a=1&b=2", {"x": [1]});
}

#[maybe_async]
#[test]
async fn a_proxy_is_asked_for_every_host() {
    let proxy = Server::start(|_| json(r#"[{"id": "u"}]"#));
    let builder = Client::builder("http://iam.example.com/gw", "app-token").allow_http(true).proxy(proxy.url());
    let client = builder.user_agent("tool/1").build().unwrap();
    client.users().get_user_simple().await.unwrap();
    let request = proxy.requests().remove(0);
    assert_eq!(request.path, "http://iam.example.com/gw/api/iam/v2/user/simple");
    assert_eq!(request.headers["user-agent"], "tool/1");
}
