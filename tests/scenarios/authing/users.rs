use super::{ManagementClient, Pool, client_of, maybe_async, names, test};
use crate::support::{holds, same};
use iam_sdk::{
    ErrorKind,
    authing::{
        AppId, AuthorizedResourceOptions, BatchGetOptions, CreateUserOptions, CustomData, GroupCode,
        LoginStatusOptions, Namespace, NamespaceOptions, NodeId, QueryField, ResourceType, RoleCode, TargetType,
        UserActionOptions, UserInfo, UserListOptions, UserLogoutOptions, UserLookup, UserSearchOptions, UserStatus,
    },
    emulator::{Emulator, authing::Seed},
};
use serde_json::json;

#[maybe_async]
#[test]
async fn a_user_comes_changes_and_goes() {
    let pool = Pool::new();
    let users = pool.client.users();
    let info =
        UserInfo::new().username("mia").email("mia@acme.example").phone("139").external_id("x-1").nickname("Mia");
    let created = users.create(&info).await.unwrap();
    let id = created.id.clone().unwrap();
    assert_eq!((created.username.as_deref(), created.status), (Some("mia"), Some(UserStatus::Activated)));
    assert!(created.extra.is_empty());

    let changed = users.update(&id, &UserInfo::new().nickname("M").set("city", "Ulm")).await.unwrap();
    assert_eq!((changed.nickname.as_deref(), changed.city.as_deref()), (Some("M"), Some("Ulm")));
    assert_eq!(changed.email.as_deref(), Some("mia@acme.example"), "what is not set stays");
    same(users.detail(&id).await.unwrap().nickname.as_deref(), Some("M"));
    for lookup in [
        UserLookup::username("mia"),
        UserLookup::email("MIA@acme.example"),
        UserLookup::phone("139"),
        UserLookup::external_id("x-1"),
    ] {
        holds(users.exists(lookup.clone()).await.unwrap());
        same(users.find(lookup).await.unwrap().id.as_deref(), Some(id.as_str()));
    }

    users.delete(&id).await.unwrap();
    holds(!users.exists(UserLookup::username("mia")).await.unwrap());
    holds(users.find(UserLookup::username("mia")).await.unwrap_err().is_not_found());
    let gone = users.detail(&id).await.unwrap_err();
    assert_eq!((gone.kind(), gone.code()), (ErrorKind::NotFound, Some("2004")));
    assert_eq!(gone.server_message(), Some("the user does not exist"));
    holds(users.delete(&id).await.unwrap_err().is_not_found());
    holds(users.update(&id, &info).await.unwrap_err().is_not_found());
    let archived = users.list_archived_users().await.unwrap();
    assert_eq!((archived.total_count, names(&archived.list)), (1, vec!["mia"]));
    assert_eq!(archived.list[0].is_deleted, Some(true));
    // The name is free again.
    users.create(&info).await.unwrap();
}

#[maybe_async]
#[test]
async fn what_is_taken_is_a_conflict_and_nonsense_is_invalid() {
    let pool = Pool::new();
    let users = pool.client.users();
    let taken = [
        (UserInfo::new().username("ann"), "2034"),
        (UserInfo::new().username("new").email("Ann@acme.example"), "2026"),
        (UserInfo::new().username("new").phone("13800000000"), "2035"),
        (UserInfo::new().username("new").external_id("e-0"), "2026"),
    ];
    let bo = pool.id("bo").await;
    for (info, code) in taken {
        let error = users.create(&info).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some(code)), "{error}");
        holds(users.update(&bo, &info).await.unwrap_err().is_conflict());
    }
    let error = users.create(&UserInfo::new().email("nowhere")).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Validation, Some("2003")));
    same(users.list().await.unwrap().total_count, 12);
    // Their own name is no conflict.
    users.update(&bo, &UserInfo::new().username("bo").email("bo@acme.example")).await.unwrap();
}

#[maybe_async]
#[test]
async fn a_password_goes_out_encrypted_and_the_callers_value_stays() {
    let emulator = Emulator::start().unwrap();
    let account = emulator.authing().account();
    let key = emulator.authing().public_key_pem().unwrap();
    let builder =
        ManagementClient::builder(&account.user_pool_id, account.secret.clone()).base_url(emulator.base_url());
    let client = builder.public_key_pem(key).build().unwrap();
    let users = client.users();
    let info = UserInfo::new().username("mia").password("päss-密码");
    let before = info.clone();
    let created = users.create(&info).await.unwrap();
    assert_eq!(info, before);
    let id = created.id.unwrap();
    let kept = || emulator.authing().password_of(&id).map(|password| password.expose_secret().to_owned());
    assert_eq!(kept().as_deref(), Some("päss-密码"));
    assert_ne!(created.password, Some("päss-密码".into()));

    users.update(&id, &UserInfo::new().set("password", "another one")).await.unwrap();
    assert_eq!(kept().as_deref(), Some("another one"));
    let hash = UserInfo::new().username("old").password("$2b$12$hash");
    let kept = users.create_with(&hash, CreateUserOptions::new().keep_password(true)).await.unwrap();
    assert_eq!(kept.password, Some("$2b$12$hash".into()), "kept as it came");

    let short = users.create(&UserInfo::new().username("short").password("12345")).await.unwrap_err();
    assert_eq!((short.kind(), short.code()), (ErrorKind::Validation, Some("2029")));
    let long = users.create(&UserInfo::new().password("x".repeat(300))).await.unwrap_err();
    assert_eq!((long.kind(), long.was_sent()), (ErrorKind::InvalidArgument, false));
    // Under the vendor's default key, which this pool cannot open.
    let default = client_of(&emulator);
    let sealed = default.users().create(&UserInfo::new().username("sealed").password("whatever")).await.unwrap();
    assert_eq!(emulator.authing().password_of(&sealed.id.unwrap()), None);
}

#[maybe_async]
#[test]
async fn users_are_listed_and_searched() {
    let pool = Pool::new();
    let users = pool.client.users();
    let page = users.list().await.unwrap();
    assert_eq!((page.total_count, page.list.len()), (12, 10));
    assert_eq!(page.list[0].username.as_deref(), Some("lena"), "the newest first");
    let page = users.list_with(UserListOptions::new().page(2).limit(5)).await.unwrap();
    assert_eq!(names(&page.list), ["georg", "fatima", "emil", "dana", "chen"]);

    let found = users.search("AN").await.unwrap();
    assert_eq!(names(&found.list), ["hana", "dana", "ann"]);
    let in_group = UserSearchOptions::new().in_group("developers");
    let found = users.search_with("acme.example", in_group).await.unwrap();
    assert_eq!(names(&found.list), ["chen", "bo", "ann"]);
    let both = UserSearchOptions::new().in_group("developers").with_role(Namespace("default"), "auditor").limit(3);
    same(names(&users.search_with("", both).await.unwrap().list), vec!["bo"]);
    let fields = UserSearchOptions::new().in_field("nickname");
    same(users.search_with("e-1", fields).await.unwrap().total_count, 0);

    let north = pool.client.orgs().search_nodes("north").await.unwrap().remove(0);
    let (parent, north) = (north.path()[1].to_owned(), north.id.unwrap());
    pool.client.orgs().add_members(&north, &[pool.id("jun").await]).await.unwrap();
    let directly = |id: &str| UserSearchOptions::new().in_department(id);
    same(names(&users.search_with("", directly(&north)).await.unwrap().list), vec!["jun"]);
    same(users.search_with("", directly(&parent)).await.unwrap().total_count, 0);
    let below = UserSearchOptions::new().in_department_tree(&parent);
    same(names(&users.search_with("", below).await.unwrap().list), vec!["jun"]);
    let outside = users.list_with(UserListOptions::new().exclude_users_in_org(true)).await.unwrap();
    assert_eq!(outside.total_count, 11);
}

#[maybe_async]
#[test]
async fn any_number_of_users_is_fetched_and_deleted() {
    let seed = (0..250).fold(Seed::new("pool", "secret"), |seed, n| seed.user([("username", format!("u{n}"))]));
    let pool = Pool::on(Emulator::builder().authing(seed).start().unwrap());
    let users = pool.client.users();
    let mut wanted: Vec<String> = (0..250).rev().map(|n| format!("u{n}")).collect();
    wanted.extend(["u3".to_owned(), "unknown".to_owned()]);
    let by_name = BatchGetOptions::new().query_field(QueryField::Username);
    let found = users.batch_get_with(&wanted, by_name).await.unwrap();
    assert_eq!(names(&found), wanted[..250].iter().map(String::as_str).collect::<Vec<_>>(), "each once, in order");
    assert_eq!(pool.operation_count("users.batch_get"), 4);

    let ids: Vec<String> = found.into_iter().map(|user| user.id.unwrap()).collect();
    same(users.batch_get(&ids[..80]).await.unwrap().len(), 80);
    assert_eq!(pool.operation_count("users.batch_get"), 5);
    users.delete_many(&ids[..200]).await.unwrap();
    same(users.list().await.unwrap().total_count, 50);
    assert_eq!(pool.operation_count("users.delete_many"), 3);
    let nobody = users.delete_many(&[""; 0]).await.unwrap_err();
    assert_eq!((nobody.kind(), nobody.was_sent()), (ErrorKind::InvalidArgument, false));
}

#[maybe_async]
#[test]
async fn roles_are_held_directly_or_by_group_and_department() {
    let pool = Pool::new();
    let users = pool.client.users();
    let emil = pool.id("emil").await;
    holds(users.list_roles(&emil).await.unwrap().list.is_empty());
    users.add_roles(&emil, &["admin", "auditor"]).await.unwrap();
    let roles = users.list_roles(&emil).await.unwrap();
    assert_eq!((roles.total_count, roles.list[0].code.as_deref()), (2, Some("admin")));
    holds(users.has_role(&emil, RoleCode("admin")).await.unwrap());
    users.remove_roles(&emil, &["admin"]).await.unwrap();
    holds(!users.has_role(&emil, RoleCode("admin")).await.unwrap());
    let elsewhere = NamespaceOptions::new().namespace("elsewhere");
    holds(!users.has_role_with(&emil, RoleCode("auditor"), elsewhere.clone()).await.unwrap());
    holds(users.add_roles_with(&emil, &["auditor"], elsewhere).await.unwrap_err().is_not_found());
    holds(users.add_roles("nobody", &["auditor"]).await.unwrap_err().is_not_found());

    // By department, inherited from the node above.
    let orgs = pool.client.orgs();
    let lab = orgs.search_nodes("lab1").await.unwrap().remove(0);
    let (research, lab) = (lab.path()[1].to_owned(), lab.id.unwrap());
    orgs.add_members(&lab, std::slice::from_ref(&emil)).await.unwrap();
    orgs.add_roles(&research, &["admin"]).await.unwrap();
    holds(users.has_role(&emil, RoleCode("admin")).await.unwrap());
    same(orgs.list_roles(&lab).await.unwrap().list[0].code.as_deref(), Some("admin"));
    orgs.remove_roles(&research, &["admin"]).await.unwrap();
    holds(!users.has_role(&emil, RoleCode("admin")).await.unwrap());
    holds(users.list_roles("nobody").await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn groups_and_policies_of_a_user() {
    let pool = Pool::new();
    let users = pool.client.users();
    let ann = pool.id("ann").await;
    same(users.list_groups(&ann).await.unwrap().list[0].code.as_deref(), Some("developers"));
    users.add_group(&ann, GroupCode("managers")).await.unwrap();
    users.remove_group(&ann, GroupCode("developers")).await.unwrap();
    let groups = users.list_groups(&ann).await.unwrap();
    assert_eq!((groups.total_count, groups.list[0].name.as_deref()), (1, Some("Managers")));
    holds(users.add_group(&ann, GroupCode("nothing")).await.unwrap_err().is_not_found());

    let statements = json!([{"resource": "books:*", "actions": ["books:read"], "effect": "ALLOW"}]);
    pool.run(
        "mutation($s: [PolicyStatementInput!]!) { createPolicy(code: \"readers\", statements: $s) { code } }",
        json!({"s": statements}),
    )
    .await;
    users.add_policies(&ann, &["readers"]).await.unwrap();
    let policies = users.list_policies(&ann).await.unwrap();
    assert_eq!((policies.total_count, policies.list[0].code.as_deref()), (1, Some("readers")));
    assert_eq!(policies.list[0].target_type, Some(TargetType::User));
    users.remove_policies(&ann, &["readers"]).await.unwrap();
    same(users.list_policies(&ann).await.unwrap().total_count, 0);
    holds(users.add_policies(&ann, &["nothing"]).await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn what_a_user_may_use() {
    let pool = Pool::new();
    let users = pool.client.users();
    let (ann, bo) = (pool.id("ann").await, pool.id("bo").await);
    pool.authorize("books:*", "GROUP", "developers", &["books:read"]).await;
    pool.authorize("books:1", "USER", &ann, &["books:edit"]).await;
    pool.authorize("orders:1", "ROLE", "admin", &["orders:read"]).await;

    let resources = users.list_authorized_resources(&ann).await.unwrap();
    let codes: Vec<_> = resources.list.iter().map(|resource| resource.code.as_deref().unwrap()).collect();
    assert_eq!((resources.total_count, &codes[..]), (3, &["books:*", "books:1", "orders:1"][..]));
    assert_eq!(resources.list[1].kind, Some(ResourceType::Data));
    let menus = AuthorizedResourceOptions::new().namespace("default").resource_type(ResourceType::Menu);
    same(users.list_authorized_resources_with(&ann, menus).await.unwrap().total_count, 0);
    let unknown = AuthorizedResourceOptions::new().resource_type(ResourceType::from("CAR"));
    let refused = users.list_authorized_resources_with(&ann, unknown).await.unwrap_err();
    assert_eq!((refused.kind(), refused.status()), (ErrorKind::InvalidArgument, None));
    holds(users.list_authorized_resources("nobody").await.unwrap_err().is_not_found());

    let checked = users
        .check_resource_permission_batch(&ann, Namespace("default"), &["books:1", "books:2", "cars:1"])
        .await
        .unwrap();
    assert_eq!(checked.len(), 2);
    assert_eq!((checked[0].code.as_deref(), checked[0].actions.len()), (Some("books:1"), 2));
    same(users.check_resource_permission_batch(&bo, Namespace("default"), &["orders:1"]).await.unwrap().len(), 0);
    let books = users.list_authorized_resources_of_resource_kind(&ann, Namespace("default"), "books").await.unwrap();
    assert_eq!(books.len(), 2);
    let empty = users.check_resource_permission_batch(&ann, Namespace("default"), &[""; 0]).await.unwrap_err();
    assert_eq!(empty.kind(), ErrorKind::InvalidArgument);
}

#[maybe_async]
#[test]
async fn users_sign_in_and_are_signed_out() {
    let pool = Pool::new();
    let users = pool.client.users();
    let ann = pool.id("ann").await;
    let refreshed = users.refresh_token(&ann).await.unwrap();
    assert!(refreshed.exp.unwrap() > refreshed.iat.unwrap());
    let token = refreshed.token.unwrap();
    let status = pool.client.check_login_status(token.clone()).await.unwrap();
    assert_eq!((status.status, status.data.unwrap().id.as_deref()), (Some(true), Some(ann.as_str())));
    let status = users.check_login_status(&ann).await.unwrap();
    assert_eq!((status.is_login, status.user.unwrap().username.as_deref()), (Some(true), Some("ann")));

    users.logout(&ann).await.unwrap();
    same(pool.client.check_login_status(token).await.unwrap().status, Some(false));
    pool.emulator.authing().sign_in(&ann, Some("shop")).unwrap();
    let at = |app: &str| LoginStatusOptions::new().app_id(app);
    same(users.check_login_status_with(&ann, at("shop")).await.unwrap().is_login, Some(true));
    same(users.check_login_status_with(&ann, at("bank")).await.unwrap().is_login, Some(false));
    users.logout_with(&ann, UserLogoutOptions::new().app_id("bank")).await.unwrap();
    same(users.check_login_status(&ann).await.unwrap().is_login, Some(true));
    users.kick(&[&ann]).await.unwrap();
    same(users.check_login_status(&ann).await.unwrap().is_login, Some(false));
    let nobody = users.check_login_status("nobody").await.unwrap_err();
    assert_eq!((nobody.kind(), nobody.code()), (ErrorKind::NotFound, Some("2004")));
    same(users.kick(&[""; 0]).await.unwrap_err().kind(), ErrorKind::InvalidArgument);

    let actions = users.list_user_actions_with(UserActionOptions::new().operation_name("login")).await.unwrap();
    assert_eq!(actions.total_count, 2);
    assert_eq!(actions.list[0].user.as_ref().unwrap().get("displayName"), Some("ann".into()));
    let all = users.list_user_actions().await.unwrap();
    assert!(all.total_count > 2 && all.list[0].operation_name.as_deref() == Some("logout"));

    users.send_first_login_verify_email(AppId("shop"), &ann).await.unwrap();
    assert_eq!(pool.emulator.authing().mail()[0].0, "ann@acme.example");
    holds(users.send_first_login_verify_email(AppId("shop"), "nobody").await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn departments_of_a_user() {
    let pool = Pool::new();
    let (users, orgs) = (pool.client.users(), pool.client.orgs());
    let ann = pool.id("ann").await;
    holds(users.list_org(&ann).await.unwrap().is_empty());
    let nodes = orgs.search_nodes("o").await.unwrap();
    let node = |code: &str| nodes.iter().find(|node| node.code.as_deref() == Some(code)).unwrap().id.clone().unwrap();
    let (north, south) = (node("north"), node("south"));
    orgs.add_members(&north, std::slice::from_ref(&ann)).await.unwrap();
    orgs.add_members(&south, std::slice::from_ref(&ann)).await.unwrap();
    orgs.set_main_department(&ann, Some(NodeId(&south))).await.unwrap();

    let departments = users.list_department(&ann).await.unwrap();
    assert_eq!(departments.total_count, 2);
    for department in &departments.list {
        let node = department.department.as_ref().unwrap();
        assert_eq!(department.is_main_department, Some(node.id.as_deref() == Some(south.as_str())));
        assert_eq!(node.name_path[..2], ["Acme", "Sales"]);
        assert!(department.joined_at.is_some());
    }
    let paths = users.list_org(&ann).await.unwrap();
    assert_eq!((paths.len(), paths[0].len()), (2, 3));
    assert_eq!(paths[0][0].root, Some(true));
    orgs.set_main_department(&ann, None).await.unwrap();
    let none = users.list_department(&ann).await.unwrap().list.iter().all(|one| one.is_main_department == Some(false));
    assert!(none);
    holds(users.list_org("nobody").await.unwrap_err().is_not_found());
    holds(users.list_department("nobody").await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn wrong_arguments_are_not_sent() {
    let pool = Pool::new();
    let users = pool.client.users();
    let errors = [
        users.find(UserLookup::email("")).await.err(),
        users.exists(UserLookup::external_id("").with_custom_data(true)).await.err(),
        users.detail("").await.err(),
        users.detail("..").await.err(),
        users.list_with(UserListOptions::new().page(0)).await.err(),
        users.list_with(UserListOptions::new().limit(0)).await.err(),
        users.batch_get(&[""; 0]).await.err(),
        users.add_roles("u", &[""; 0]).await.err(),
        users.remove_policies("u", &[""; 0]).await.err(),
        users.get_udf_value_batch(&[""; 0]).await.err(),
        users.set_udf_value("u", &CustomData::new()).await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::InvalidArgument, false), "{error}");
        assert!(error.operation().unwrap().starts_with("authing.users."), "{error}");
    }
    assert!(pool.emulator.requests().is_empty());
    // A path cannot be left.
    holds(users.detail("../orgs/export").await.unwrap_err().is_not_found());
}
