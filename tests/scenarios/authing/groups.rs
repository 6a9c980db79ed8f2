use super::{Pool, maybe_async, names, test};
use crate::support::{holds, same};
use iam_sdk::{
    ErrorKind,
    authing::{
        AuthorizedResourceOptions, CreateGroupOptions, GroupUsersOptions, SortBy, SortedPageOptions, UpdateGroupOptions,
    },
};

#[maybe_async]
#[test]
async fn a_group_comes_changes_and_goes() {
    let pool = Pool::new();
    let groups = pool.client.groups();
    let options = CreateGroupOptions::new().description("those who test");
    let group = groups.create_with("testers", "Testers", options).await.unwrap();
    assert_eq!(group.description.as_deref(), Some("those who test"));
    same(groups.create("testers", "Again").await.unwrap_err().code(), Some("2048"));
    let options = UpdateGroupOptions::new().new_code("qa").name("QA");
    let renamed = groups.update("testers", options).await.unwrap();
    assert_eq!((renamed.code.as_deref(), renamed.name.as_deref()), (Some("qa"), Some("QA")));
    holds(groups.detail("testers").await.unwrap_err().is_not_found());
    same(groups.detail("qa").await.unwrap().description.as_deref(), Some("those who test"));

    let ids = [pool.id("ann").await, pool.id("bo").await];
    groups.add_users("qa", &ids).await.unwrap();
    groups.remove_users("qa", &ids[..1]).await.unwrap();
    let users = groups.list_users("qa").await.unwrap();
    assert_eq!((users.total_count, names(&users.list)), (1, vec!["bo"]));
    let page = groups.list_users_with("developers", GroupUsersOptions::new().page(2).limit(2)).await.unwrap();
    assert_eq!((page.total_count, names(&page.list)), (3, vec!["ann"]));

    let codes =
        |list: &[iam_sdk::authing::Group]| list.iter().map(|group| group.code.clone().unwrap()).collect::<Vec<_>>();
    same(codes(&groups.list().await.unwrap().list), ["qa", "managers", "developers"].map(str::to_owned).to_vec());
    let oldest = SortedPageOptions::new().sort_by(SortBy::CreatedAtAscending).limit(1);
    same(codes(&groups.list_with(oldest).await.unwrap().list), vec!["developers".to_owned()]);
    groups.delete("qa").await.unwrap();
    groups.delete_many(&["managers", "developers"]).await.unwrap();
    same(groups.list().await.unwrap().total_count, 0);
    let errors = [
        groups.list_users("qa").await.err(),
        groups.list_authorized_resources("qa").await.err(),
        groups.add_users("qa", &ids).await.err(),
        groups.update("qa", UpdateGroupOptions::new()).await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(error.is_not_found(), "{error}");
    }
    for error in [groups.delete_many(&[""; 0]).await.err(), groups.add_users("qa", &[""; 0]).await.err()] {
        assert_eq!(error.unwrap().kind(), ErrorKind::InvalidArgument);
    }
}

#[maybe_async]
#[test]
async fn what_a_group_may_use() {
    let pool = Pool::new();
    let groups = pool.client.groups();
    pool.authorize("books:1", "GROUP", "developers", &["books:read"]).await;
    let resources = groups.list_authorized_resources("developers").await.unwrap();
    assert_eq!((resources.total_count, resources.list[0].code.as_deref()), (1, Some("books:1")));
    let elsewhere = AuthorizedResourceOptions::new().namespace("elsewhere");
    same(groups.list_authorized_resources_with("developers", elsewhere).await.unwrap().total_count, 0);
}
