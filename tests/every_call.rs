//! Every call of the three services, by the name of its operation: for tests that try each of them on something.
//!
//! Mounted where `Client`, `ManagementClient`, `LicenseClient`, `Outcome` and `outcome` are those of a flavour.

use super::{Client, LicenseClient, ManagementClient, Outcome, outcome};
use iam_sdk::{
    Method,
    authing::{
        AppId, CustomData, EmailScene, GroupCode, MemberMove, Namespace, NodeCode, NodeId, NodeMove, RoleCode,
        SyncProvider, UpdateGroupOptions, UpdateNodeOptions, UserInfo, UserLookup,
    },
    digiwin::{TenantId, UserQueryType},
};
use serde_json::json;

/// The clients, and what the calls are about.
#[derive(Clone)]
pub struct Target {
    pub digiwin: Client,
    pub authing: ManagementClient,
    pub cloudspot: LicenseClient,
    pub names: Names,
}

/// What the calls name, which is known only once a service was asked.
#[derive(Clone)]
pub struct Names {
    pub password: String,
    pub org_sid: i64,
    pub license_password: String,
    pub impersonation: String,
    pub user: String,
    pub org: String,
    pub root: String,
    pub node: String,
    pub other_node: String,
    /// What a call creates.
    pub fresh: String,
    /// What a call deletes.
    pub doomed: String,
    pub doomed_sid: i64,
}

impl Default for Names {
    fn default() -> Self {
        let [password, license_password, impersonation] = ["p", "p", "i"].map(str::to_owned);
        let [user, org, root, node, other_node] = ["u1", "o1", "n1", "n2", "n3"].map(str::to_owned);
        let [fresh, doomed] = ["new@x.example", "nothing"].map(str::to_owned);
        let (org_sid, doomed_sid) = (1, 7);
        Self {
            password,
            org_sid,
            license_password,
            impersonation,
            user,
            org,
            root,
            node,
            other_node,
            fresh,
            doomed,
            doomed_sid,
        }
    }
}

pub type CallOf = fn(&Target) -> Outcome;

macro_rules! calls {
    ($($name:literal => |$target:ident| $call:expr;)+) => {
        /// The calls; of a GraphQL operation and a raw call one each.
        pub const EVERY_CALL: &[(&str, CallOf)] = &[$(($name, |$target| outcome($call))),+];
    };
}

const TREE: &str = r#"{"name": "Imported", "code": "imported", "children": [{"name": "Below", "code": "below"}]}"#;

const PASSWORD: &str = "Secret-12345";

calls! {
    "digiwin.request" => |t| t.digiwin.request(Method::GET, "/api/iam/v2/user/simple");
    "digiwin.identity.login" => |t| t.digiwin.identity().login("ann", t.names.password.as_str());
    "digiwin.identity.login_ad" => |t| t.digiwin.identity().login_ad("ann@digiwin.com", t.names.password.as_str());
    "digiwin.identity.login_verification_code" => |t| t.digiwin.identity().login_verification_code("13800000000", "123456");
    "digiwin.identity.internal_login" => |t| t.digiwin.identity().internal_login(TenantId("T1"), "ann", t.names.password.as_str());
    "digiwin.identity.logout" => |t| t.digiwin.identity().logout();
    "digiwin.identity.get_public_key" => |t| t.digiwin.identity().get_public_key();
    "digiwin.identity.get_aes_key" => |t| t.digiwin.identity().get_aes_key("no key");
    "digiwin.identity.analyze_token" => |t| t.digiwin.identity().analyze_token();
    "digiwin.identity.analyze_token_internal" => |t| t.digiwin.identity().analyze_token_internal();
    "digiwin.identity.get_login_info" => |t| t.digiwin.identity().get_login_info();
    "digiwin.identity.refresh_token_with_tenant" => |t| t.digiwin.identity().refresh_token_with_tenant("T1");
    "digiwin.identity.refresh_user_token" => |t| t.digiwin.identity().refresh_user_token();
    "digiwin.identity.create_access_token" => |t| t.digiwin.identity().create_access_token(TenantId("T1"), "bob");
    "digiwin.users.get_user" => |t| t.digiwin.users().get_user("bob");
    "digiwin.users.get_user_list" => |t| t.digiwin.users().get_user_list(&["ann", "bob"]);
    "digiwin.users.query_users" => |t| t.digiwin.users().query_users(UserQueryType::All);
    "digiwin.users.get_user_simple" => |t| t.digiwin.users().get_user_simple();
    "digiwin.users.check_email_exists" => |t| t.digiwin.users().check_email_exists("bob@digiwin.com");
    "digiwin.users.check_phone_exists" => |t| t.digiwin.users().check_phone_exists("1");
    "digiwin.users.check_user_exists" => |t| t.digiwin.users().check_user_exists("bob");
    "digiwin.users.update_user" => |t| t.digiwin.users().update_user(&json!({"id": "bob", "nickname": "B"}));
    "digiwin.users.get_user_roles" => |t| t.digiwin.users().get_user_roles("bob");
    "digiwin.tenants.get_tenants" => |t| t.digiwin.tenants().get_tenants();
    "digiwin.tenants.get_current" => |t| t.digiwin.tenants().get_current();
    "digiwin.tenants.get_simple" => |t| t.digiwin.tenants().get_simple("T1");
    "digiwin.tenants.get_current_simple" => |t| t.digiwin.tenants().get_current_simple();
    "digiwin.tenants.query_tenants" => |t| t.digiwin.tenants().query_tenants("T");
    "digiwin.tenants.check_user_in_tenant" => |t| t.digiwin.tenants().check_user_in_tenant("bob");
    "digiwin.tenants.get_applications" => |t| t.digiwin.tenants().get_applications();
    "digiwin.tenants.invite_user" => |t| t.digiwin.tenants().invite_user(TenantId("T1"), &t.names.fresh);
    "digiwin.tenants.remove_user" => |t| t.digiwin.tenants().remove_user(t.names.doomed.as_str());
    "digiwin.orgs.get_cascade" => |t| t.digiwin.orgs().get_cascade();
    "digiwin.orgs.get_org_list" => |t| t.digiwin.orgs().get_org_list(&[t.names.org_sid]);
    "digiwin.orgs.get_users_in_org" => |t| t.digiwin.orgs().get_users_in_org(t.names.org_sid);
    "digiwin.orgs.get_users_cascade" => |t| t.digiwin.orgs().get_users_cascade(t.names.org_sid);
    "digiwin.orgs.create_or_update" => |t| t.digiwin.orgs().create_or_update(&json!({"name": "New", "parentSid": t.names.org_sid}));
    "digiwin.orgs.delete" => |t| t.digiwin.orgs().delete(t.names.doomed_sid);

    "cloudspot.request" => |t| t.cloudspot.request(Method::GET, "/auth/users/profile/");
    "cloudspot.authenticate" => |t| t.cloudspot.authenticate("ann", t.names.license_password.as_str());
    "cloudspot.get_user" => |t| t.cloudspot.get_user();
    "cloudspot.get_permissions" => |t| t.cloudspot.get_permissions();
    "cloudspot.get_company_permissions" => |t| t.cloudspot.get_company_permissions("c1");
    "cloudspot.validate_impersonation" => |t| t.cloudspot.validate_impersonation(t.names.impersonation.as_str());

    "authing.request" => |t| t.authing.request(Method::GET, "/api/v2/orgs/export");
    "authing.graphql" => |t| t.authing.graphql("query { userpool { id } }", &());
    "authing.check_login_status" => |t| t.authing.check_login_status("a-token");
    "authing.send_email" => |t| t.authing.send_email("mia@x.example", EmailScene::VerifyEmail);
    "authing.userpool_detail" => |t| t.authing.userpool_detail();
    "authing.is_password_valid" => |t| t.authing.is_password_valid(PASSWORD);
    "authing.users.create" => |t| t.authing.users().create(&UserInfo::new().username(&t.names.fresh).password(PASSWORD));
    "authing.users.update" => |t| t.authing.users().update(&t.names.user, &UserInfo::new().username("mia"));
    "authing.users.detail" => |t| t.authing.users().detail(&t.names.user);
    "authing.users.list" => |t| t.authing.users().list();
    "authing.users.list_archived_users" => |t| t.authing.users().list_archived_users();
    "authing.users.exists" => |t| t.authing.users().exists(UserLookup::username("mia"));
    "authing.users.find" => |t| t.authing.users().find(UserLookup::username("mia"));
    "authing.users.search" => |t| t.authing.users().search("mia");
    "authing.users.batch_get" => |t| t.authing.users().batch_get(&[&t.names.user]);
    "authing.users.list_groups" => |t| t.authing.users().list_groups(&t.names.user);
    "authing.users.add_group" => |t| t.authing.users().add_group(&t.names.user, GroupCode("g"));
    "authing.users.remove_group" => |t| t.authing.users().remove_group(&t.names.user, GroupCode("g"));
    "authing.users.list_roles" => |t| t.authing.users().list_roles(&t.names.user);
    "authing.users.add_roles" => |t| t.authing.users().add_roles(&t.names.user, &["admin"]);
    "authing.users.remove_roles" => |t| t.authing.users().remove_roles(&t.names.user, &["admin"]);
    "authing.users.has_role" => |t| t.authing.users().has_role(&t.names.user, RoleCode("admin"));
    "authing.users.list_policies" => |t| t.authing.users().list_policies(&t.names.user);
    "authing.users.add_policies" => |t| t.authing.users().add_policies(&t.names.user, &["p"]);
    "authing.users.remove_policies" => |t| t.authing.users().remove_policies(&t.names.user, &["p"]);
    "authing.users.list_authorized_resources" => |t| t.authing.users().list_authorized_resources(&t.names.user);
    "authing.users.check_resource_permission_batch" =>
        |t| t.authing.users().check_resource_permission_batch(&t.names.user, Namespace("default"), &["a:1"]);
    "authing.users.list_authorized_resources_of_resource_kind" =>
        |t| t.authing.users().list_authorized_resources_of_resource_kind(&t.names.user, Namespace("default"), "a");
    "authing.users.list_user_actions" => |t| t.authing.users().list_user_actions();
    "authing.users.refresh_token" => |t| t.authing.users().refresh_token(&t.names.user);
    "authing.users.list_org" => |t| t.authing.users().list_org(&t.names.user);
    "authing.users.list_department" => |t| t.authing.users().list_department(&t.names.user);
    "authing.users.send_first_login_verify_email" =>
        |t| t.authing.users().send_first_login_verify_email(AppId("app"), &t.names.user);
    "authing.users.kick" => |t| t.authing.users().kick(&[&t.names.user]);
    "authing.users.logout" => |t| t.authing.users().logout(&t.names.user);
    "authing.users.check_login_status" => |t| t.authing.users().check_login_status(&t.names.user);
    "authing.users.list_udv" => |t| t.authing.users().list_udv(&t.names.user);
    "authing.users.set_udv" => |t| t.authing.users().set_udv(&t.names.user, "school", "y");
    "authing.users.remove_udv" => |t| t.authing.users().remove_udv(&t.names.user, "school");
    "authing.users.get_udf_value_batch" => |t| t.authing.users().get_udf_value_batch(&[&t.names.user]);
    "authing.users.set_udf_value" =>
        |t| t.authing.users().set_udf_value(&t.names.user, &CustomData::new().with("school", "z"));
    "authing.users.set_udf_value_batch" => |t| t
        .authing
        .users()
        .set_udf_value_batch(&[(t.names.user.clone(), CustomData::new().with("school", "z"))].into());
    "authing.users.delete" => |t| t.authing.users().delete(&t.names.doomed);
    "authing.users.delete_many" => |t| t.authing.users().delete_many(&[&t.names.doomed]);

    "authing.orgs.create" => |t| t.authing.orgs().create("New");
    "authing.orgs.list" => |t| t.authing.orgs().list();
    "authing.orgs.find_by_id" => |t| t.authing.orgs().find_by_id(&t.names.org);
    "authing.orgs.get_node_by_id" => |t| t.authing.orgs().get_node_by_id(&t.names.node);
    "authing.orgs.root_node" => |t| t.authing.orgs().root_node(&t.names.org);
    "authing.orgs.is_root_node" => |t| t.authing.orgs().is_root_node(&t.names.org, NodeId(&t.names.root));
    "authing.orgs.list_children" => |t| t.authing.orgs().list_children(&t.names.root);
    "authing.orgs.search_nodes" => |t| t.authing.orgs().search_nodes("A");
    "authing.orgs.add_node" => |t| t.authing.orgs().add_node(&t.names.org, "More", NodeId(&t.names.root));
    "authing.orgs.update_node" =>
        |t| t.authing.orgs().update_node(&t.names.node, UpdateNodeOptions::new().name("C"));
    "authing.orgs.move_node" => |t| t
        .authing
        .orgs()
        .move_node(&t.names.org, NodeMove { node_id: &t.names.other_node, to_parent_id: &t.names.node });
    "authing.orgs.import_by_json" => |t| t.authing.orgs().import_by_json(TREE);
    "authing.orgs.export_all" => |t| t.authing.orgs().export_all();
    "authing.orgs.export_by_org_id" => |t| t.authing.orgs().export_by_org_id(&t.names.org);
    "authing.orgs.add_members" => |t| t.authing.orgs().add_members(&t.names.node, &[&t.names.user]);
    "authing.orgs.list_members" => |t| t.authing.orgs().list_members(&t.names.node);
    "authing.orgs.move_members" => |t| t.authing.orgs().move_members(
        &[&t.names.user],
        MemberMove { from_node_id: &t.names.node, to_node_id: &t.names.other_node },
    );
    "authing.orgs.delete_members" => |t| t.authing.orgs().delete_members(&t.names.node, &[&t.names.user]);
    "authing.orgs.set_main_department" =>
        |t| t.authing.orgs().set_main_department(&t.names.user, Some(NodeId(&t.names.other_node)));
    "authing.orgs.list_authorized_resources" => |t| t.authing.orgs().list_authorized_resources(&t.names.node);
    "authing.orgs.list_authorized_resources_by_code" =>
        |t| t.authing.orgs().list_authorized_resources_by_code(&t.names.org, NodeCode("a"));
    "authing.orgs.list_roles" => |t| t.authing.orgs().list_roles(&t.names.node);
    "authing.orgs.add_roles" => |t| t.authing.orgs().add_roles(&t.names.node, &["admin"]);
    "authing.orgs.remove_roles" => |t| t.authing.orgs().remove_roles(&t.names.node, &["admin"]);
    "authing.orgs.start_sync" => |t| t.authing.orgs().start_sync(SyncProvider::DingTalk);
    "authing.orgs.start_sync_ad" =>
        |t| t.authing.orgs().start_sync(SyncProvider::Ad { connector_id: "ad".to_owned() });
    "authing.orgs.delete_node" => |t| t.authing.orgs().delete_node(&t.names.org, NodeId(&t.names.doomed));
    "authing.orgs.delete_by_id" => |t| t.authing.orgs().delete_by_id(&t.names.doomed);

    "authing.groups.create" => |t| t.authing.groups().create(&t.names.fresh, "New");
    "authing.groups.update" => |t| t.authing.groups().update("g", UpdateGroupOptions::new().name("H"));
    "authing.groups.detail" => |t| t.authing.groups().detail("g");
    "authing.groups.list" => |t| t.authing.groups().list();
    "authing.groups.list_users" => |t| t.authing.groups().list_users("g");
    "authing.groups.add_users" => |t| t.authing.groups().add_users("g", &[&t.names.user]);
    "authing.groups.remove_users" => |t| t.authing.groups().remove_users("g", &[&t.names.user]);
    "authing.groups.list_authorized_resources" => |t| t.authing.groups().list_authorized_resources("g");
    "authing.groups.delete" => |t| t.authing.groups().delete(&t.names.doomed);
    "authing.groups.delete_many" => |t| t.authing.groups().delete_many(&[&t.names.doomed]);
}
