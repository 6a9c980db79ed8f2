use super::{Setting, maybe_async, test};
use crate::support::{holds, same};
use iam_sdk::digiwin::Org;
use serde_json::json;
use std::collections::BTreeSet;

fn sid_of(orgs: &[Org], id: &str) -> i64 {
    orgs.iter().find(|org| org.id.as_deref() == Some(id)).and_then(|org| org.sid).unwrap()
}

fn level<'a>(all: &'a [Org], mut org: &'a Org) -> usize {
    let mut level = 1;
    while let Some(parent) = org.parent_sid.filter(|sid| *sid != 0) {
        org = all.iter().find(|other| other.sid == Some(parent)).unwrap();
        level += 1;
    }
    level
}

#[maybe_async]
#[test]
async fn organizations_make_a_tree_of_four_levels() {
    let setting = Setting::in_tenant().await;
    let orgs = setting.client.orgs();
    let all = orgs.get_cascade().await.unwrap().remove("defaultOrgAspect").unwrap();
    assert_eq!(all.iter().map(|org| level(&all, org)).collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3, 4]));

    let (hq, lathe) = (sid_of(&all, "hq"), sid_of(&all, "lathe"));
    let listed = orgs.get_org_list(&[lathe, 1, hq]).await.unwrap();
    assert_eq!(listed.iter().map(|org| org.sid.unwrap()).collect::<Vec<_>>(), [lathe, hq]);

    let direct = orgs.get_users_in_org(hq).await.unwrap();
    assert_eq!(direct.iter().map(|user| user.user_id.as_deref()).collect::<Vec<_>>(), [Some("ann")]);
    assert_eq!(direct[0].role_id.as_deref(), Some("admin"));
    same(orgs.get_users_cascade(hq).await.unwrap().len(), 41);
    let uri = listed[0].uri.clone().unwrap();
    same(orgs.get_users_in_org(uri.as_str()).await.unwrap().len(), 5);
    same(orgs.get_users_cascade(uri).await.unwrap().len(), 5);
    holds(orgs.get_users_in_org("drn:none").await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn organizations_are_created_changed_moved_and_deleted() {
    let setting = Setting::in_tenant().await;
    let orgs = setting.client.orgs();
    let all = orgs.get_cascade().await.unwrap().remove("defaultOrgAspect").unwrap();
    let (it, rd) = (sid_of(&all, "it"), sid_of(&all, "rd"));

    let sid = orgs
        .create_or_update(&json!({"name": "数据组 Data", "parentSid": it, "costCentre": 77}))
        .await
        .unwrap()
        .unwrap();
    let mut org = orgs.get_org_list(&[sid]).await.unwrap().remove(0);
    assert_eq!((org.name.as_deref(), org.parent_sid), (Some("数据组 Data"), Some(it)));
    assert_eq!(org.extra.get("costCentre").unwrap(), Some(77));

    org.name = Some("Data".into());
    org.parent_sid = Some(rd);
    same(orgs.create_or_update(&org).await.unwrap(), Some(sid));
    let moved = orgs.get_org_list(&[sid]).await.unwrap().remove(0);
    assert_eq!((moved.name.as_deref(), moved.parent_id.as_deref()), (Some("Data"), Some("rd")));
    assert_eq!(moved.extra.get("costCentre").unwrap(), Some(77));

    holds(orgs.delete(rd).await.unwrap_err().is_validation());
    orgs.delete(sid).await.unwrap();
    holds(orgs.get_org_list(&[sid]).await.unwrap().is_empty());
    holds(orgs.delete(sid).await.unwrap_err().is_not_found());
    let below_itself = json!({"sid": rd, "parentSid": sid_of(&all, "cad")});
    holds(orgs.create_or_update(&below_itself).await.unwrap_err().is_validation());
}

#[maybe_async]
#[test]
async fn a_token_in_no_tenant_is_refused() {
    let setting = Setting::logged_in().await;
    let (orgs, tenants) = (setting.client.orgs(), setting.client.tenants());
    let refused = [
        orgs.get_cascade().await.err(),
        orgs.get_org_list(&[1]).await.err(),
        orgs.get_users_in_org(1).await.err(),
        orgs.get_users_cascade(1).await.err(),
        orgs.create_or_update(&json!({"name": "x"})).await.err(),
        orgs.delete(1).await.err(),
        tenants.get_current().await.err(),
        tenants.get_current_simple().await.err(),
        tenants.get_applications().await.err(),
    ];
    for (n, error) in refused.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("call {n} succeeded"));
        assert!(error.is_authorization(), "call {n}: {error}");
    }
}
