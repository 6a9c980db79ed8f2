//! The errors that the docs of the calls name are those that the calls have.

use super::{Pool, maybe_async, test};
use iam_sdk::{
    Error, ErrorKind,
    authing::{
        AppId, GroupCode, ImportTree, MemberMove, Namespace, NodeCode, NodeId, NodeMove, RoleCode, SyncProvider,
        UpdateGroupOptions, UpdateNodeOptions, UserInfo, UserLookup,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

/// The operations whose declaration names this kind, of the client's handles alone.
fn documented(kind: &str) -> BTreeSet<&'static str> {
    let table = include_str!("../../../src/authing/operations.md");
    let named = table.lines().filter(|row| row.contains(&format!("`{kind}`")));
    named.map(|row| row.split('`').nth(1).unwrap()).collect()
}

/// The errors of calls, by operation.
#[derive(Default)]
struct Seen(BTreeMap<String, Error>);

impl Seen {
    #[track_caller]
    fn fails<T: Debug>(&mut self, result: iam_sdk::Result<T>) {
        let error = result.unwrap_err();
        self.0.insert(error.operation().unwrap().to_owned(), error);
    }

    /// Asserts that all errors are of this kind, and of those operations that document it.
    fn are_documented(&self, kind: ErrorKind) {
        for error in self.0.values() {
            assert_eq!(error.kind(), kind, "{error}");
        }
        let seen: BTreeSet<_> = self.0.keys().map(String::as_str).collect();
        assert_eq!(seen, documented(&format!("{kind:?}")));
    }
}

#[maybe_async]
#[test]
async fn what_does_not_exist_is_not_found() {
    let pool = Pool::new();
    let (users, orgs, groups) = (pool.client.users(), pool.client.orgs(), pool.client.groups());
    let mut seen = Seen::default();
    seen.fails(users.update("nobody", &UserInfo::new().nickname("n")).await);
    seen.fails(users.detail("nobody").await);
    seen.fails(users.delete("nobody").await);
    seen.fails(users.find(UserLookup::username("nobody")).await);
    seen.fails(users.list_groups("nobody").await);
    seen.fails(users.add_group("nobody", GroupCode("staff")).await);
    seen.fails(users.list_roles("nobody").await);
    seen.fails(users.add_roles("nobody", &["admin"]).await);
    seen.fails(users.has_role("nobody", RoleCode("admin")).await);
    seen.fails(users.list_authorized_resources("nobody").await);
    seen.fails(users.check_resource_permission_batch("nobody", Namespace("default"), &["books"]).await);
    seen.fails(users.list_authorized_resources_of_resource_kind("nobody", Namespace("default"), "books").await);
    seen.fails(users.refresh_token("nobody").await);
    seen.fails(users.add_policies("nobody", &["p"]).await);
    seen.fails(users.list_org("nobody").await);
    seen.fails(users.list_department("nobody").await);
    seen.fails(users.send_first_login_verify_email(AppId("app"), "nobody").await);
    seen.fails(users.check_login_status("nobody").await);
    seen.fails(users.list_udv("nobody").await);
    seen.fails(users.set_udv("nobody", "key", "value").await);
    seen.fails(users.remove_udv("nobody", "key").await);
    seen.fails(orgs.delete_by_id("nothing").await);
    seen.fails(orgs.find_by_id("nothing").await);
    seen.fails(orgs.get_node_by_id("nothing").await);
    seen.fails(orgs.root_node("nothing").await);
    seen.fails(orgs.is_root_node("nothing", NodeId("nothing")).await);
    seen.fails(orgs.list_children("nothing").await);
    seen.fails(orgs.add_node("nothing", "n", NodeId("nothing")).await);
    seen.fails(orgs.update_node("nothing", UpdateNodeOptions::new().name("n")).await);
    seen.fails(orgs.delete_node("nothing", NodeId("nothing")).await);
    seen.fails(orgs.move_node("nothing", NodeMove { node_id: "nothing", to_parent_id: "nothing" }).await);
    seen.fails(orgs.export_by_org_id("nothing").await);
    seen.fails(orgs.add_members("nothing", &["nobody"]).await);
    seen.fails(orgs.list_members("nothing").await);
    seen.fails(orgs.delete_members("nothing", &["nobody"]).await);
    seen.fails(orgs.move_members(&["nobody"], MemberMove { from_node_id: "nothing", to_node_id: "nothing" }).await);
    seen.fails(orgs.set_main_department("nobody", Some(NodeId("nothing"))).await);
    seen.fails(orgs.list_authorized_resources("nothing").await);
    seen.fails(orgs.list_authorized_resources_by_code("nothing", NodeCode("nothing")).await);
    seen.fails(orgs.list_roles("nothing").await);
    seen.fails(orgs.add_roles("nothing", &["admin"]).await);
    seen.fails(orgs.remove_roles("nothing", &["admin"]).await);
    seen.fails(groups.update("nothing", UpdateGroupOptions::new().name("n")).await);
    seen.fails(groups.detail("nothing").await);
    seen.fails(groups.list_users("nothing").await);
    seen.fails(groups.add_users("nothing", &["nobody"]).await);
    seen.fails(groups.list_authorized_resources("nothing").await);
    seen.are_documented(ErrorKind::NotFound);

    // What is to be gone may be gone already.
    users.remove_group("nobody", GroupCode("staff")).await.unwrap();
    users.remove_roles("nobody", &["admin"]).await.unwrap();
    users.remove_policies("nobody", &["p"]).await.unwrap();
    users.kick(&["nobody"]).await.unwrap();
    users.logout("nobody").await.unwrap();
    groups.delete("nothing").await.unwrap();
    groups.remove_users("nothing", &["nobody"]).await.unwrap();
}

#[maybe_async]
#[test]
async fn arguments_that_say_nothing_are_refused_before_anything_is_sent() {
    let pool = Pool::new();
    let (users, orgs, groups) = (pool.client.users(), pool.client.orgs(), pool.client.groups());
    let none: [&str; 0] = [];
    let mut seen = Seen::default();
    seen.fails(pool.client.graphql("query { userpool { id } }", &1).await);
    seen.fails(users.create(&UserInfo::new().username("u").password("")).await);
    seen.fails(users.update("u", &UserInfo::new().password("")).await);
    seen.fails(users.exists(UserLookup::username("")).await);
    seen.fails(users.find(UserLookup::username("")).await);
    seen.fails(users.batch_get(&none).await);
    seen.fails(users.delete_many(&none).await);
    seen.fails(users.kick(&none).await);
    seen.fails(users.add_roles("u", &none).await);
    seen.fails(users.remove_roles("u", &none).await);
    seen.fails(users.check_resource_permission_batch("u", Namespace("default"), &none).await);
    seen.fails(users.add_policies("u", &none).await);
    seen.fails(users.remove_policies("u", &none).await);
    seen.fails(users.get_udf_value_batch(&none).await);
    seen.fails(users.set_udf_value("u", &Default::default()).await);
    seen.fails(users.set_udf_value_batch(&BTreeMap::new()).await);
    seen.fails(orgs.add_members("n", &none).await);
    seen.fails(orgs.delete_members("n", &none).await);
    seen.fails(orgs.move_members(&none, MemberMove { from_node_id: "a", to_node_id: "b" }).await);
    seen.fails(orgs.add_roles("n", &none).await);
    seen.fails(orgs.remove_roles("n", &none).await);
    seen.fails(orgs.import_by_json(ImportTree::from("[]")).await);
    seen.fails(orgs.start_sync(SyncProvider::Ad { connector_id: String::new() }).await);
    seen.fails(groups.delete_many(&none).await);
    seen.fails(groups.add_users("g", &none).await);
    seen.fails(groups.remove_users("g", &none).await);
    seen.are_documented(ErrorKind::InvalidArgument);
    assert_eq!(pool.emulator.requests().len(), 0);
}
