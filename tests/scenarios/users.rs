use super::{Setting, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::digiwin::{ExistsOptions, User, UserQueryOptions, UserQueryType, UserRef};
use serde_json::json;

#[maybe_async]
#[test]
async fn users_are_found_by_id_sid_list_and_query() {
    let setting = Setting::in_tenant().await;
    let users = setting.client.users();
    let bob = users.get_user("bob").await.unwrap();
    assert_eq!(bob.name.as_deref(), Some("Bob Carter"));
    same(users.get_user(bob.sid.unwrap()).await.unwrap(), bob);
    holds(users.get_user(UserRef::Sid(1)).await.unwrap_err().is_not_found());

    let found = users.get_user_list(&["bob", "nobody", "陈静", "chen.jing"]).await.unwrap();
    let ids: Vec<_> = found.iter().map(|user| user.id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["bob", "chen.jing"]);
    holds(users.get_user_list(&[] as &[&str]).await.unwrap().is_empty());

    same(users.query_users(UserQueryType::All).await.unwrap().len(), 44);
    let disabled = users.query_users(UserQueryType::Disabled).await.unwrap();
    assert_eq!(disabled.iter().map(|user| user.id.as_deref()).collect::<Vec<_>>(), [Some("left.long.ago")]);

    let orgs = setting.client.orgs().get_cascade().await.unwrap().remove("defaultOrgAspect").unwrap();
    let machining = orgs.iter().find(|org| org.id.as_deref() == Some("machining")).unwrap();
    let (sid, uri) = (machining.sid.unwrap(), machining.uri.as_deref().unwrap());
    let by_sid = UserQueryOptions::new().org_sid(sid);
    holds(users.query_users_with(UserQueryType::Org, by_sid.clone()).await.unwrap().is_empty());
    same(users.query_users_with(UserQueryType::OrgCascade, by_sid).await.unwrap().len(), 10);
    let by_uri = UserQueryOptions::new().org_uri(uri);
    same(users.query_users_with(UserQueryType::OrgCascade, by_uri).await.unwrap().len(), 10);

    let simple = users.get_user_simple().await.unwrap();
    assert_eq!(simple.len(), 44);
    let ann = simple.iter().find(|user| user.id.as_deref() == Some("ann")).unwrap();
    assert_eq!(ann.roles[0].id.as_deref(), Some("admin"));

    let roles = users.get_user_roles("bob").await.unwrap();
    assert_eq!(roles.roles.iter().map(|role| role.id.as_deref()).collect::<Vec<_>>(), [Some("manager")]);
    same(users.get_user_roles(roles.sid.unwrap()).await.unwrap(), roles);
    holds(users.get_user_roles("nobody").await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn existence_is_checked_by_mail_phone_and_id() {
    let setting = Setting::logged_in().await;
    let users = setting.client.users();
    holds(users.check_email_exists("bob@digiwin.com").await.unwrap());
    holds(!users.check_email_exists("bob@elsewhere.example").await.unwrap());
    let but_bob = ExistsOptions::new().user_id("bob");
    holds(!users.check_email_exists_with("bob@digiwin.com", but_bob.clone()).await.unwrap());
    holds(users.check_phone_exists("13800000001").await.unwrap());
    holds(!users.check_phone_exists_with("13800000001", but_bob).await.unwrap());
    holds(users.check_user_exists("bob").await.unwrap());
    holds(!users.check_user_exists("nobody").await.unwrap());
}

#[maybe_async]
#[test]
async fn an_update_changes_what_later_calls_see() {
    let setting = Setting::in_tenant().await;
    let users = setting.client.users();
    users.update_user(&json!({"id": "bob", "name": "Robert Carter", "favouriteColour": "绿"})).await.unwrap();

    let mut bob: User = users.get_user("bob").await.unwrap();
    assert_eq!(bob.name.as_deref(), Some("Robert Carter"));
    assert_eq!(bob.extra.get("favouriteColour").unwrap(), Some("绿"));
    bob.nickname = Some("Bobby".into());
    users.update_user(&bob).await.unwrap();
    let again = users.get_user("bob").await.unwrap();
    assert_eq!(again, bob);

    let taken = users.update_user(&json!({"id": "bob", "email": "ann@digiwin.com"})).await.unwrap_err();
    assert!(taken.is_validation(), "{taken}");
    holds(users.update_user(&json!({"id": "nobody", "name": "x"})).await.unwrap_err().is_not_found());

    let other = setting.client.with_session("bob");
    other.identity().login("bob", "bob-密码-1").await.unwrap();
    let refused = other.users().update_user(&json!({"id": "ann", "name": "x"})).await.unwrap_err();
    assert!(refused.is_authorization(), "{refused}");
    users.update_user(&json!({"id": "bob", "disabled": true})).await.unwrap();
    holds(other.identity().analyze_token().await.unwrap_err().is_authentication());
}
