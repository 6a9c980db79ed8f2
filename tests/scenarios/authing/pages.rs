use super::{Pool, all, maybe_async, names, test};
use crate::support::same;
use iam_sdk::{
    authing::{
        GroupUsersOptions, MemberListOptions, PageOptions, SortBy, SortedPageOptions, UserActionOptions,
        UserListOptions, UserSearchOptions,
    },
    emulator::{Emulator, authing::Seed},
};

fn pool(users: usize) -> Pool {
    let seed = (0..users).fold(Seed::new("pool", "secret"), |seed, n| seed.user([("username", format!("u{n}"))]));
    let usernames: Vec<String> = (0..users).map(|n| format!("u{n}")).collect();
    let usernames: Vec<&str> = usernames.iter().map(String::as_str).collect();
    Pool::on(Emulator::builder().authing(seed.group("g", "G", &usernames)).start().unwrap())
}

#[maybe_async]
#[test]
async fn a_pager_gives_everything_once() {
    let pool = pool(25);
    let (users, orgs, groups) = (pool.client.users(), pool.client.orgs(), pool.client.groups());
    let oldest = UserListOptions::new().sort_by(SortBy::CreatedAtAscending);
    let (found, error) = all(users.list_all(oldest)).await;
    let expected: Vec<String> = (0..25).map(|n| format!("u{n}")).collect();
    assert_eq!((names(&found), error.is_none()), (expected.iter().map(String::as_str).collect(), true));
    assert_eq!(pool.operation_count("users.list"), 3);

    same(all(users.search_all("u1", UserSearchOptions::new().limit(4))).await.0.len(), 11);
    same(all(groups.list_all_users("g", GroupUsersOptions::new())).await.0.len(), 25);
    same(all(groups.list_all(SortedPageOptions::new())).await.0.len(), 1);
    let org = orgs.create("O").await.unwrap();
    let root = org.root_node.unwrap().id.unwrap();
    let ids: Vec<String> = found.iter().map(|user| user.id.clone().unwrap()).collect();
    orgs.add_members(&root, &ids).await.unwrap();
    same(all(orgs.list_all_members(&root, MemberListOptions::new())).await.0.len(), 25);
    same(all(orgs.list_all(SortedPageOptions::new())).await.0.len(), 1);
    users.delete_many(&ids[..12]).await.unwrap();
    same(all(users.list_all_archived_users(PageOptions::new().limit(5))).await.0.len(), 12);
    same(all(users.list_all_policies(&ids[20], PageOptions::new())).await.0.len(), 0);
    let deleted = UserActionOptions::new().operation_name("deleteUser");
    same(all(users.list_all_user_actions(deleted)).await.0.len(), 12);
}

#[maybe_async]
#[test]
async fn a_pager_is_taken_up_where_an_error_ended_it() {
    let pool = pool(25);
    let users = pool.client.users();
    let oldest = UserListOptions::new().sort_by(SortBy::CreatedAtAscending);
    let mut pager = users.list_all(oldest.clone());
    same(pager.next_page().await.unwrap().unwrap().list.len(), 10);
    pool.emulator.respond_next("/graphql/v2", 500, "{}");
    let error = pager.next_page().await.unwrap_err();
    assert_eq!((error.is_server(), pager.position()), (true, 2));
    same(pager.next_page().await.unwrap(), None);
    let (rest, error) = all(users.list_all(oldest.page(pager.position()))).await;
    assert_eq!((rest.len(), error.is_none(), rest[0].username.as_deref()), (15, true, Some("u10")));
}

#[maybe_async]
#[test]
async fn an_error_or_the_same_page_again_ends_a_pager() {
    let pool = pool(25);
    let page = r#"{"data": {"users": {"totalCount": 25, "list": [{"id": "a"}, {"id": "b"}]}}}"#;
    pool.client.users().list().await.unwrap();
    for _ in 0..2 {
        pool.emulator.respond_next("/graphql/v2", 200, page);
    }
    let (found, error) = all(pool.client.users().list_all(UserListOptions::new())).await;
    assert_eq!(found.len(), 2);
    assert!(error.unwrap().to_string().contains("page 2"));
    pool.emulator.respond_next("/graphql/v2", 200, page);
    pool.emulator.respond_next("/graphql/v2", 200, r#"{"data": {"users": {"totalCount": 25, "list": null}}}"#);
    let (found, error) = all(pool.client.users().list_all(UserListOptions::new())).await;
    assert_eq!((found.len(), error.is_none()), (2, true), "an empty page is the end");
    pool.emulator.respond_next("/graphql/v2", 200, page);
    pool.emulator.respond_next("/graphql/v2", 500, "<html>");
    let (found, error) = all(pool.client.users().list_all(UserListOptions::new())).await;
    assert_eq!((found.len(), error.unwrap().is_server()), (2, true));
}
