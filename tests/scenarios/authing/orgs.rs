use super::{Pool, maybe_async, names, test};
use crate::support::{holds, same};
use iam_sdk::{
    ErrorKind,
    authing::{
        AddNodeOptions, AuthorizedResourceOptions, CreateOrgOptions, MemberListOptions, MemberMove, NamespaceOptions,
        NodeCode, NodeId, NodeMove, OrgTree, SyncProvider, UpdateNodeOptions,
    },
};

/// The tree, one node a line.
fn drawn(tree: &OrgTree) -> Vec<String> {
    tree.walk().map(|(depth, node)| format!("{}{}", "-".repeat(depth), node.name.as_deref().unwrap())).collect()
}

#[maybe_async]
#[test]
async fn an_organization_grows_changes_and_goes() {
    let pool = Pool::new();
    let orgs = pool.client.orgs();
    let options = CreateOrgOptions::new().code("beta").description("second");
    let org = orgs.create_with("Beta", options).await.unwrap();
    let (org_id, root) = (org.id.clone().unwrap(), org.root_node.unwrap().id.unwrap());
    assert_eq!(org.nodes.len(), 1);
    let a = orgs.add_node(&org_id, "A", NodeId(&root)).await.unwrap();
    let a = a.nodes.iter().find(|node| node.name.as_deref() == Some("A")).unwrap().id.clone().unwrap();
    let options = AddNodeOptions::new().code("b").order(5).name_i18n("{\"zh-CN\": \"乙\"}").description("B's");
    orgs.add_node_with(&org_id, "B", NodeId(&root), options).await.unwrap();
    let org = orgs.add_node(&org_id, "C", NodeId(&a)).await.unwrap();
    let forest = org.treeify();
    assert_eq!(forest.faults, []);
    assert_eq!(drawn(&forest.roots[0]), ["Beta", "-B", "-A", "--C"], "the larger order stands first");
    let b = forest.roots[0].children[0].node.clone();
    assert_eq!(b.name_i18n.as_deref(), Some("{\"zh-CN\": \"乙\"}"));
    let b = b.id.unwrap();

    let renamed = orgs.update_node(&b, UpdateNodeOptions::new().name("Bee")).await.unwrap();
    assert_eq!((renamed.name.as_deref(), renamed.code.as_deref()), (Some("Bee"), Some("b")));
    let moved = orgs.move_node(&org_id, NodeMove { node_id: &a, to_parent_id: &b }).await.unwrap().treeify();
    assert_eq!(drawn(&moved.roots[0]), ["Beta", "-Bee", "--A", "---C"]);
    same(
        orgs.move_node(&org_id, NodeMove { node_id: &b, to_parent_id: &a }).await.unwrap_err().kind(),
        ErrorKind::Validation,
    );
    let node = orgs.get_node_by_id(&a).await.unwrap();
    assert_eq!((node.depth, node.path().len(), node.root), (Some(2), 3, Some(false)));
    let root_node = orgs.root_node(&org_id).await.unwrap();
    assert_eq!(
        (root_node.id.as_deref(), &root_node.code_path[..]),
        (Some(root.as_str()), &[Some("beta".to_owned())][..])
    );
    holds(orgs.is_root_node(&org_id, NodeId(&root)).await.unwrap());
    holds(!orgs.is_root_node(&org_id, NodeId(&a)).await.unwrap());
    let children = orgs.list_children(&root).await.unwrap();
    assert_eq!((children.len(), children[0].name.as_deref()), (1, Some("Bee")));
    let found = orgs.search_nodes("bee").await.unwrap();
    assert_eq!((found.len(), &found[0].name_path[..]), (1, &["Beta".to_owned(), "Bee".to_owned()][..]));

    orgs.delete_node(&org_id, NodeId(&b)).await.unwrap();
    same(orgs.find_by_id(&org_id).await.unwrap().nodes.len(), 1);
    same(orgs.delete_node(&org_id, NodeId(&root)).await.unwrap_err().kind(), ErrorKind::Validation);
    let page = orgs.list().await.unwrap();
    assert_eq!((page.total_count, page.list[0].id.as_deref()), (2, Some(org_id.as_str())));
    orgs.delete_by_id(&org_id).await.unwrap();
    same(orgs.list().await.unwrap().total_count, 1);
    let errors = [
        orgs.find_by_id(&org_id).await.err(),
        orgs.root_node(&org_id).await.err(),
        orgs.get_node_by_id(&a).await.err(),
        orgs.list_members(&a).await.err(),
        orgs.list_roles(&a).await.err(),
        orgs.list_authorized_resources(&a).await.err(),
        orgs.delete_by_id(&org_id).await.err(),
    ];
    for error in errors {
        let error = error.unwrap();
        assert!(error.is_not_found(), "{error}");
    }
}

#[maybe_async]
#[test]
async fn members_join_move_and_leave() {
    let pool = Pool::new();
    let orgs = pool.client.orgs();
    let org = orgs.list().await.unwrap().list.remove(0);
    let id = |name: &str| org.nodes.iter().find(|node| node.name.as_deref() == Some(name)).unwrap().id.clone().unwrap();
    let (sales, north, south) = (id("Sales"), id("North"), id("South"));
    let people = [pool.id("ann").await, pool.id("bo").await];
    let node = orgs.add_members(&north, &people).await.unwrap();
    assert_eq!((node.name.as_deref(), node.users.as_ref().unwrap().total_count), (Some("North"), 2));
    orgs.move_members(&people[..1], MemberMove { from_node_id: &north, to_node_id: &south }).await.unwrap();
    same(names(&orgs.list_members(&north).await.unwrap().list), vec!["bo"]);
    same(orgs.list_members(&sales).await.unwrap().total_count, 0);
    let below = MemberListOptions::new().include_children_nodes(true).limit(1);
    let page = orgs.list_members_with(&sales, below).await.unwrap();
    assert_eq!((page.total_count, page.list.len()), (2, 1));
    let node = orgs.delete_members(&south, &people).await.unwrap();
    assert_eq!(node.users.as_ref().unwrap().total_count, 0);
    same(orgs.add_members(&south, &[""; 0]).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    holds(orgs.add_members(&south, &["nobody"]).await.unwrap_err().is_not_found());
    same(orgs.set_main_department(&people[0], Some(NodeId(&north))).await.unwrap_err().kind(), ErrorKind::Validation);
}

#[maybe_async]
#[test]
async fn what_is_exported_can_be_imported() {
    let pool = Pool::new();
    let orgs = pool.client.orgs();
    let lab = orgs.search_nodes("lab1").await.unwrap().remove(0).id.unwrap();
    orgs.add_members(&lab, &[pool.id("ann").await]).await.unwrap();
    let mut trees = orgs.export_all().await.unwrap();
    assert_eq!(trees.len(), 1);
    let tree = trees.remove(0);
    assert_eq!(drawn(&tree), ["Acme", "-Research", "--Lab 1", "-Sales", "--North", "--South"]);
    let lab = &tree.children[0].children[0].node;
    assert_eq!(names(&lab.members), ["ann"]);

    orgs.import_by_json(&tree).await.unwrap();
    let imported = orgs.list().await.unwrap().list.remove(0);
    let again = orgs.export_by_org_id(imported.id.as_deref().unwrap()).await.unwrap();
    assert_eq!(drawn(&again[0]), drawn(&tree));
    assert_eq!(names(&again[0].children[0].children[0].node.members), ["ann"]);
    orgs.import_by_json(r#"{"name": "Text", "children": [{"name": "Sub"}]}"#).await.unwrap();
    let made =
        OrgTree::named("Made", Some("made")).child(OrgTree::named("One", None)).child(OrgTree::named("Two", None));
    orgs.import_by_json(&made).await.unwrap();
    same(orgs.export_all().await.unwrap().len(), 4);

    for wrong in ["", "[]", "no JSON", r#"[{"name": "a"}]"#, r#"{"name": "a", "children": [1]}"#] {
        let error = orgs.import_by_json(wrong).await.unwrap_err();
        assert_eq!((error.kind(), error.was_sent()), (ErrorKind::InvalidArgument, false), "{wrong}: {error}");
    }
    holds(orgs.import_by_json(r#"{"code": "nameless"}"#).await.unwrap_err().is_validation());
    holds(orgs.export_by_org_id("nothing").await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn nodes_have_roles_and_resources() {
    let pool = Pool::new();
    let orgs = pool.client.orgs();
    let org = orgs.list().await.unwrap().list.remove(0);
    let sales = org.nodes.iter().find(|node| node.code.as_deref() == Some("sales")).unwrap();
    let (org_id, sales) = (org.id.unwrap(), sales.id.clone().unwrap());
    orgs.add_roles(&sales, &["auditor"]).await.unwrap();
    let north = orgs.search_nodes("north").await.unwrap().remove(0).id.unwrap();
    same(orgs.list_roles(&north).await.unwrap().total_count, 1);
    let elsewhere = NamespaceOptions::new().namespace("elsewhere");
    same(orgs.list_roles_with(&north, elsewhere).await.unwrap().total_count, 0);
    orgs.remove_roles_with(&sales, &["auditor"], NamespaceOptions::new().namespace("default")).await.unwrap();
    same(orgs.list_roles(&north).await.unwrap().total_count, 0);

    pool.authorize("books:*", "ORG", &sales, &["books:read"]).await;
    let resources = orgs.list_authorized_resources(&north).await.unwrap();
    assert_eq!((resources.total_count, &resources.list[0].actions[..]), (1, &["books:read".to_owned()][..]));
    same(orgs.list_authorized_resources_by_code(&org_id, NodeCode("sales")).await.unwrap().total_count, 1);
    let elsewhere = AuthorizedResourceOptions::new().namespace("elsewhere");
    same(
        orgs.list_authorized_resources_by_code_with(&org_id, NodeCode("sales"), elsewhere).await.unwrap().total_count,
        0,
    );
    holds(orgs.list_authorized_resources_by_code(&org_id, NodeCode("nothing")).await.unwrap_err().is_not_found());
}

#[maybe_async]
#[test]
async fn a_synchronization_is_started() {
    let pool = Pool::new();
    let orgs = pool.client.orgs();
    orgs.start_sync(SyncProvider::DingTalk).await.unwrap();
    orgs.start_sync(SyncProvider::WechatWork).await.unwrap();
    orgs.start_sync(SyncProvider::Ad { connector_id: "ad-1".to_owned() }).await.unwrap();
    let paths: Vec<_> = pool.emulator.requests().into_iter().map(|served| served.path).skip(1).collect();
    let expected = [
        "/connections/enterprise/dingtalk/start-sync",
        "/connections/enterprise/wechatwork/start-sync",
        "/api/v2/ad/sync",
    ];
    assert_eq!(paths, expected);
    let error = orgs.start_sync(SyncProvider::Ad { connector_id: " ".to_owned() }).await.unwrap_err();
    assert_eq!((error.kind(), error.was_sent()), (ErrorKind::InvalidArgument, false));
}
