use super::{Setting, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::digiwin::{
    ApplicationFilter, InviteOptions, Tenant, TenantId, TenantListOptions, TenantSimpleOptions, UserRef,
};
use serde_json::json;

fn ids(tenants: &[Tenant]) -> Vec<&str> {
    tenants.iter().filter_map(|tenant| tenant.id.as_deref()).collect()
}

#[maybe_async]
#[test]
async fn tenants_are_listed_found_and_shown() {
    let setting = Setting::in_tenant().await;
    let tenants = setting.client.tenants();
    same(ids(&tenants.get_tenants().await.unwrap()), ["T1", "T2", "T3", "digiwin"]);
    let options = TenantListOptions::new().exclude_digiwin_tenant(true);
    same(ids(&tenants.get_tenants_with(options).await.unwrap()), ["T1", "T2", "T3"]);
    let options = TenantListOptions::new().app_id("athena-erp");
    same(ids(&tenants.get_tenants_with(options).await.unwrap()), ["T1", "T3"]);
    same(ids(&tenants.query_tenants("LAKE").await.unwrap()), ["T3"]);
    same(ids(&tenants.query_tenants("精密").await.unwrap()), ["T1"]);

    let current = tenants.get_current().await.unwrap().unwrap();
    assert_eq!((current.id.as_deref(), current.status.as_deref()), (Some("T1"), Some("active")));
    assert_eq!((current.is_open, current.is_confirm), (Some(true), Some(1)));
    same(tenants.get_current_simple().await.unwrap().unwrap().sid, current.sid);
    same(tenants.get_simple("T2").await.unwrap().invoice_title, None);
    let options = TenantSimpleOptions::new().with_invoice_info(true);
    let simple = tenants.get_simple_with("T2", options).await.unwrap();
    assert_eq!(simple.invoice_title.as_deref(), Some("北辰贸易 Northstar Trading"));
    holds(tenants.get_tenant_simple("T404").await.unwrap_err().is_not_found());

    holds(tenants.check_user_in_tenant("bob").await.unwrap());
    holds(!tenants.check_user_in_tenant("nobody").await.unwrap());
}

#[maybe_async]
#[test]
async fn applications_are_filtered_by_their_end() {
    let setting = Setting::in_tenant().await;
    let tenants = setting.client.tenants();
    let all = tenants.get_applications().await.unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[0].app_token.as_ref().unwrap().expose_secret(), "app-token-of-iam-sdk-demo");
    let filter =
        ApplicationFilter::new().expire_time_start("2027-01-01 00:00:00").expire_time_end("2027-07-01 00:00:00");
    let some = tenants.get_applications_with(filter).await.unwrap();
    assert_eq!(some.iter().map(|app| app.id.as_deref()).collect::<Vec<_>>(), [Some("athena-erp")]);
}

#[maybe_async]
#[test]
async fn an_invitation_and_a_removal_change_the_tenant() {
    let setting = Setting::in_tenant().await;
    let (tenants, users) = (setting.client.tenants(), setting.client.users());
    let lathe = setting.client.orgs().get_cascade().await.unwrap()["defaultOrgAspect"]
        .iter()
        .find(|org| org.id.as_deref() == Some("lathe"))
        .and_then(|org| org.sid)
        .unwrap();
    let before = setting.client.orgs().get_users_in_org(lathe).await.unwrap().len();

    let options = InviteOptions::new().role(json!({"id": "staff"})).org(json!({"sid": lathe})).emp_id("E9");
    let invited = tenants.invite_user_with(TenantId("T1"), "new@x.example", options).await.unwrap();
    assert_eq!(invited.get("tenantId"), Some("T1".into()));
    holds(tenants.check_user_in_tenant("new@x.example").await.unwrap());
    holds(users.check_email_exists("new@x.example").await.unwrap());
    same(setting.client.orgs().get_users_in_org(lathe).await.unwrap().len(), before + 1);
    let roles = users.get_user_roles("new@x.example").await.unwrap();
    assert_eq!(roles.roles[0].id.as_deref(), Some("staff"));
    holds(tenants.invite_user(TenantId("T1"), "new@x.example").await.unwrap_err().is_validation());
    holds(tenants.invite_user(TenantId("T404"), "x@y.z").await.unwrap_err().is_not_found());

    tenants.remove_user("new@x.example").await.unwrap();
    holds(!tenants.check_user_in_tenant("new@x.example").await.unwrap());
    same(setting.client.orgs().get_users_in_org(lathe).await.unwrap().len(), before);
    holds(tenants.remove_user(UserRef::Sid(1)).await.unwrap_err().is_not_found());

    let staff = setting.client.with_session("bob");
    staff.identity().login("bob", "bob-密码-1").await.unwrap();
    holds(staff.tenants().invite_user(TenantId("T1"), "x@y.z").await.unwrap_err().is_authorization());
}
