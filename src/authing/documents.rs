//! The GraphQL documents, each with one root field. User-controlled values travel as variables alone.

use crate::protocol::operation::{Document, Effect, Holds, Operation, TokenUse};
use http::Method;

macro_rules! user {
    () => {
        "id arn userPoolId status username email emailVerified phone phoneVerified unionid openid nickname registerSource \
         photo password oauth token tokenExpiredAt loginsCount lastLogin lastIP signedUp blocked isDeleted device browser \
         company name givenName familyName middleName profile preferredUsername website gender birthdate zoneinfo locale \
         address formatted streetAddress locality region postalCode city province country createdAt updatedAt externalId"
    };
}
macro_rules! identities {
    () => {
        " identities { openid userIdInIdp userId connectionId isSocial provider type userPoolId }"
    };
}
macro_rules! custom_data {
    () => {
        " customData @include(if: $withCustomData) { key value dataType label }"
    };
}
macro_rules! node {
    () => {
        "id orgId name nameI18n description descriptionI18n order code root depth path createdAt updatedAt children"
    };
}
macro_rules! org {
    () => {
        concat!("id rootNode { ", node!(), " } nodes { ", node!(), " }")
    };
}
macro_rules! group {
    () => {
        "code name description createdAt updatedAt"
    };
}
macro_rules! role {
    () => {
        "id namespace code arn description createdAt updatedAt"
    };
}
macro_rules! page {
    ($($fields:expr),+) => { concat!("totalCount list { ", $($fields),+, " }") };
}
macro_rules! resources {
    () => {
        "authorizedResources(namespace: $namespace, resourceType: $resourceType) { totalCount list { code type actions } }"
    };
}
macro_rules! message {
    () => {
        "message code"
    };
}

/// Declares operations: how errors name the call, its effect, `Never` where no token goes along, query or mutation with its
/// variables, the root field, its arguments, the fields selected, and after each `|` a kind of error that is particular to it, and
/// when.
macro_rules! documents {
    ($($id:ident = $name:literal $effect:ident $($token:ident)? => $keyword:ident $head:literal
        { $root:literal $($arguments:literal)? { $($fields:expr),* } } $(| $kind:ident: $when:literal)*)+) => {
        $(pub(super) static $id: Operation = Operation {
            name: $name,
            effect: Effect::$effect,
            token_use: documents!(@token $($token)?),
            holds: Holds::Data,
            method: Method::POST,
            path: super::document::PATH,
            document: Some(Document {
                root: $root,
                text: concat!(
                    stringify!($keyword), " ", $head, " { ", $root, $($arguments,)? documents!(@fields $($fields),*), " }"
                ),
            }),
            #[cfg(test)]
            fails: &[$(crate::ErrorKind::$kind),*],
        };)+

        /// All of them.
        #[cfg(any(test, feature = "emulator"))]
        pub(super) static OPERATIONS: &[&Operation] = &[$(&$id),+];

        macro_rules! docs {
            $(($id) => {
                $crate::protocol::operation::operation_docs!(
                    concat!("the ", stringify!($keyword), " `", $root, "`"), $effect $(| $kind: $when)*
                )
            };)+
        }
        pub(crate) use docs;
    };
    (@token) => { TokenUse::Required };
    (@token $token:ident) => { TokenUse::$token };
    (@fields) => { "" };
    (@fields $($fields:expr),+) => { concat!(" { ", $($fields),+, " }") };
}

documents! {
    ACCESS_TOKEN = "authing.access_token" Read Never
        => query "accessToken($userPoolId: String!, $secret: String!)"
        { "accessToken" "(userPoolId: $userPoolId, secret: $secret)" { "accessToken exp iat" } }
    CHECK_LOGIN_STATUS = "authing.check_login_status" Read Never
        => query "checkLoginStatus($token: String)"
        { "checkLoginStatus" "(token: $token)" { "code message status exp iat data { id userPoolId arn }" } }
    SEND_EMAIL = "authing.send_email" Other Never
        => mutation "sendEmail($email: String!, $scene: EmailScene!)"
        { "sendEmail" "(email: $email, scene: $scene)" { message!() } }
    USERPOOL = "authing.userpool_detail" Read
        => query "userpool"
        { "userpool" {
            "id name domain description secret jwtSecret ownerId logo createdAt updatedAt emailVerifiedDefault \
             sendWelcomeEmail registerDisabled appSsoEnabled showWxQRCodeWhenRegisterDisabled allowedOrigins \
             tokenExpiresAfter isDeleted loginFailStrategy packageType useCustomUserStore loginRequireEmailVerified \
             verifyCodeLength userpoolTypes { code name description image sdks } \
             frequentRegisterCheck { timeInterval limit enabled } loginFailCheck { timeInterval limit enabled } \
             loginPasswordFailCheck { timeInterval limit enabled } changePhoneStrategy { verifyOldPhone } \
             changeEmailStrategy { verifyOldEmail } qrcodeLoginStrategy { qrcodeExpiresAfter returnFullUserInfo \
             allowExchangeUserInfoFromBrowser ticketExpiresAfter } app2WxappLoginStrategy { ticketExpriresAfter \
             ticketExchangeUserInfoNeedSecret } whitelist { phoneEnabled emailEnabled usernameEnabled } \
             customSMSProvider { enabled provider config }"
        } }

    CREATE_USER = "authing.users.create" Other
        => mutation "createUser($userInfo: CreateUserInput!, $params: String, $keepPassword: Boolean, $resetPasswordOnFirstLogin: Boolean, $withCustomData: Boolean!)"
        { "createUser" "(userInfo: $userInfo, params: $params, keepPassword: $keepPassword, resetPasswordOnFirstLogin: $resetPasswordOnFirstLogin)" { user!(), custom_data!() } }
        | Conflict: "the user name, mail address, phone number or external id is taken"
        | InvalidArgument: "the password is empty, or longer than the public key can take"
    UPDATE_USER = "authing.users.update" Idempotent
        => mutation "updateUser($id: String, $input: UpdateUserInput!)"
        { "updateUser" "(id: $id, input: $input)" { user!() } }
        | InvalidArgument: "the password is empty, or longer than the public key can take"
        | NotFound: "there is no such user"
    DELETE_USER = "authing.users.delete" Other
        => mutation "deleteUser($id: String!)"
        { "deleteUser" "(id: $id)" { message!() } }
        | NotFound: "there is no such user"
    DELETE_USERS = "authing.users.delete_many" Other
        => mutation "deleteUsers($ids: [String!]!)"
        { "deleteUsers" "(ids: $ids)" { message!() } }
        | InvalidArgument: "no id is given"
    USER_BATCH = "authing.users.batch_get" Read
        => query "userBatch($ids: [String!]!, $type: String, $withCustomData: Boolean!)"
        { "userBatch" "(ids: $ids, type: $type)" { user!(), identities!(), custom_data!() } }
        | InvalidArgument: "no identifier is given"
    USERS = "authing.users.list" Read
        => query "users($page: Int, $limit: Int, $sortBy: SortByEnum, $excludeUsersInOrg: Boolean, $withCustomData: Boolean!)"
        { "users" "(page: $page, limit: $limit, sortBy: $sortBy, excludeUsersInOrg: $excludeUsersInOrg)" { page!(user!(), identities!(), custom_data!()) } }
    ARCHIVED_USERS = "authing.users.list_archived_users" Read
        => query "archivedUsers($page: Int, $limit: Int)"
        { "archivedUsers" "(page: $page, limit: $limit)" { page!(user!()) } }
    IS_USER_EXISTS = "authing.users.exists" Read
        => query "isUserExists($email: String, $phone: String, $username: String, $externalId: String)"
        { "isUserExists" "(email: $email, phone: $phone, username: $username, externalId: $externalId)" {} }
        | InvalidArgument: "the text to look for is empty"
    FIND_USER = "authing.users.find" Read
        => query "findUser($email: String, $phone: String, $username: String, $externalId: String, $withCustomData: Boolean!)"
        { "findUser" "(email: $email, phone: $phone, username: $username, externalId: $externalId)" { user!(), custom_data!() } }
        | InvalidArgument: "the text to look for is empty"
        | NotFound: "there is no such user"
    SEARCH_USER = "authing.users.search" Read
        => query "searchUser($query: String!, $fields: [String], $page: Int, $limit: Int, $departmentOpts: [SearchUserDepartmentOpt], $groupOpts: [SearchUserGroupOpt], $roleOpts: [SearchUserRoleOpt], $withCustomData: Boolean!)"
        { "searchUser" "(query: $query, fields: $fields, page: $page, limit: $limit, departmentOpts: $departmentOpts, groupOpts: $groupOpts, roleOpts: $roleOpts)" { page!(user!(), custom_data!()) } }
    USER_GROUPS = "authing.users.list_groups" Read
        => query "getUserGroups($id: String!)"
        { "user" "(id: $id)" { "groups { ", page!(group!()), " }" } }
        | NotFound: "there is no such user"
    USER_ROLES = "authing.users.list_roles" Read
        => query "getUserRoles($id: String!, $namespace: String)"
        { "user" "(id: $id)" { "roles(namespace: $namespace) { ", page!(role!(), " parent { ", role!(), " }"), " }" } }
        | NotFound: "there is no such user"
    USER_DEPARTMENTS = "authing.users.list_department" Read
        => query "getUserDepartments($id: String!, $orgId: String)"
        { "user" "(id: $id)" { "departments(orgId: $orgId) { ", page!("isMainDepartment joinedAt department { ", node!(), " codePath namePath }"), " }" } }
        | NotFound: "there is no such user"
    USER_RESOURCES = "authing.users.list_authorized_resources" Read
        => query "listUserAuthorizedResources($id: String!, $namespace: String, $resourceType: String)"
        { "user" "(id: $id)" { resources!() } }
        | NotFound: "there is no such user"
    ADD_USER_TO_GROUP = "authing.users.add_group" Idempotent
        => mutation "addUserToGroup($userIds: [String!]!, $code: String)"
        { "addUserToGroup" "(userIds: $userIds, code: $code)" { message!() } }
        | NotFound: "there is no such user or group"
    REMOVE_USER_FROM_GROUP = "authing.users.remove_group" Idempotent
        => mutation "removeUserFromGroup($userIds: [String!]!, $code: String)"
        { "removeUserFromGroup" "(userIds: $userIds, code: $code)" { message!() } }
    ASSIGN_ROLE = "authing.users.add_roles" Idempotent
        => mutation "assignRole($namespace: String, $roleCodes: [String], $userIds: [String!])"
        { "assignRole" "(namespace: $namespace, roleCodes: $roleCodes, userIds: $userIds)" { message!() } }
        | InvalidArgument: "no role is given"
        | NotFound: "there is no such user"
    REVOKE_ROLE = "authing.users.remove_roles" Idempotent
        => mutation "revokeRole($namespace: String, $roleCodes: [String], $userIds: [String!])"
        { "revokeRole" "(namespace: $namespace, roleCodes: $roleCodes, userIds: $userIds)" { message!() } }
        | InvalidArgument: "no role is given"
    REFRESH_TOKEN = "authing.users.refresh_token" Other
        => mutation "refreshToken($id: String)"
        { "refreshToken" "(id: $id)" { "token iat exp" } }
        | NotFound: "there is no such user"
    POLICY_ASSIGNMENTS = "authing.users.list_policies" Read
        => query "policyAssignments($targetType: PolicyAssignmentTargetType, $targetIdentifier: String, $page: Int, $limit: Int)"
        { "policyAssignments" "(targetType: $targetType, targetIdentifier: $targetIdentifier, page: $page, limit: $limit)" { page!("code targetType targetIdentifier") } }
    ADD_POLICIES = "authing.users.add_policies" Idempotent
        => mutation "addPolicyAssignments($policies: [String!]!, $targetType: PolicyAssignmentTargetType!, $targetIdentifiers: [String!])"
        { "addPolicyAssignments" "(policies: $policies, targetType: $targetType, targetIdentifiers: $targetIdentifiers)" { message!() } }
        | InvalidArgument: "no policy is given"
        | NotFound: "there is no such user"
    REMOVE_POLICIES = "authing.users.remove_policies" Idempotent
        => mutation "removePolicyAssignments($policies: [String!]!, $targetType: PolicyAssignmentTargetType!, $targetIdentifiers: [String!])"
        { "removePolicyAssignments" "(policies: $policies, targetType: $targetType, targetIdentifiers: $targetIdentifiers)" { message!() } }
        | InvalidArgument: "no policy is given"
    FIRST_LOGIN_MAIL = "authing.users.send_first_login_verify_email" Other
        => mutation "sendFirstLoginVerifyEmail($userId: String!, $appId: String!)"
        { "sendFirstLoginVerifyEmail" "(userId: $userId, appId: $appId)" { message!() } }
        | NotFound: "there is no such user"

    UDV = "authing.users.list_udv" Read
        => query "udv($targetType: UDFTargetType!, $targetId: String!)"
        { "udv" "(targetType: $targetType, targetId: $targetId)" { "key value dataType label" } }
        | NotFound: "there is no such user"
    UDF_VALUE_BATCH = "authing.users.get_udf_value_batch" Read
        => query "udfValueBatch($targetType: UDFTargetType!, $targetIds: [String!]!)"
        { "udfValueBatch" "(targetType: $targetType, targetIds: $targetIds)" { "targetId data { key value dataType label }" } }
        | InvalidArgument: "no user is given"
    SET_UDV = "authing.users.set_udv" Idempotent
        => mutation "setUdv($targetType: UDFTargetType!, $targetId: String!, $key: String!, $value: String!)"
        { "setUdv" "(targetType: $targetType, targetId: $targetId, key: $key, value: $value)" { "key value dataType label" } }
        | NotFound: "there is no such user"
    SET_UDV_BATCH = "authing.users.set_udf_value" Idempotent
        => mutation "setUdvBatch($targetType: UDFTargetType!, $targetId: String!, $udvList: [UserDefinedDataInput!])"
        { "setUdvBatch" "(targetType: $targetType, targetId: $targetId, udvList: $udvList)" { "key value dataType label" } }
        | InvalidArgument: "no value is given"
    SET_UDF_VALUE_BATCH = "authing.users.set_udf_value_batch" Idempotent
        => mutation "setUdfValueBatch($targetType: UDFTargetType!, $input: [SetUdfValueBatchInput!]!)"
        { "setUdfValueBatch" "(targetType: $targetType, input: $input)" { message!() } }
        | InvalidArgument: "no value is given"
    REMOVE_UDV = "authing.users.remove_udv" Other
        => mutation "removeUdv($targetType: UDFTargetType!, $targetId: String!, $key: String!)"
        { "removeUdv" "(targetType: $targetType, targetId: $targetId, key: $key)" { "key value dataType label" } }
        | NotFound: "there is no such user"

    CREATE_ORG = "authing.orgs.create" Other
        => mutation "createOrg($name: String!, $code: String, $description: String)"
        { "createOrg" "(name: $name, code: $code, description: $description)" { org!() } }
    DELETE_ORG = "authing.orgs.delete_by_id" Other
        => mutation "deleteOrg($id: String!)"
        { "deleteOrg" "(id: $id)" { message!() } }
        | NotFound: "there is no such organization"
    ORGS = "authing.orgs.list" Read
        => query "orgs($page: Int, $limit: Int, $sortBy: SortByEnum)"
        { "orgs" "(page: $page, limit: $limit, sortBy: $sortBy)" { page!(org!()) } }
    ORG = "authing.orgs.find_by_id" Read
        => query "org($id: String!)"
        { "org" "(id: $id)" { org!() } }
        | NotFound: "there is no such organization"
    NODE_BY_ID = "authing.orgs.get_node_by_id" Read
        => query "nodeById($id: String!)"
        { "nodeById" "(id: $id)" { node!() } }
        | NotFound: "there is no such node"
    ROOT_NODE = "authing.orgs.root_node" Read
        => query "rootNode($orgId: String!)"
        { "rootNode" "(orgId: $orgId)" { node!(), " codePath namePath" } }
        | NotFound: "there is no such organization"
    CHILDREN_NODES = "authing.orgs.list_children" Read
        => query "getChildrenNodes($nodeId: String!)"
        { "childrenNodes" "(nodeId: $nodeId)" { node!() } }
        | NotFound: "there is no such node"
    SEARCH_NODES = "authing.orgs.search_nodes" Read
        => query "searchNodes($keyword: String!)"
        { "searchNodes" "(keyword: $keyword)" { node!(), " codePath namePath" } }
    IS_ROOT_NODE = "authing.orgs.is_root_node" Read
        => query "isRootNode($nodeId: String!, $orgId: String!)"
        { "isRootNode" "(nodeId: $nodeId, orgId: $orgId)" {} }
        | NotFound: "there is no such organization"
    ADD_NODE = "authing.orgs.add_node" Other
        => mutation "addNode($orgId: String!, $parentNodeId: String, $name: String!, $nameI18n: String, $description: String, $descriptionI18n: String, $order: Int, $code: String)"
        { "addNode" "(orgId: $orgId, parentNodeId: $parentNodeId, name: $name, nameI18n: $nameI18n, description: $description, descriptionI18n: $descriptionI18n, order: $order, code: $code)" { org!() } }
        | NotFound: "there is no such organization or node"
    UPDATE_NODE = "authing.orgs.update_node" Idempotent
        => mutation "updateNode($id: String!, $name: String, $code: String, $description: String)"
        { "updateNode" "(id: $id, name: $name, code: $code, description: $description)" { node!() } }
        | NotFound: "there is no such node"
    DELETE_NODE = "authing.orgs.delete_node" Other
        => mutation "deleteNode($orgId: String!, $nodeId: String!)"
        { "deleteNode" "(orgId: $orgId, nodeId: $nodeId)" { message!() } }
        | NotFound: "there is no such organization or node"
    MOVE_NODE = "authing.orgs.move_node" Idempotent
        => mutation "moveNode($orgId: String!, $nodeId: String!, $targetParentId: String!)"
        { "moveNode" "(orgId: $orgId, nodeId: $nodeId, targetParentId: $targetParentId)" { org!() } }
        | NotFound: "there is no such organization or node"
    ADD_MEMBER = "authing.orgs.add_members" Idempotent
        => mutation "addMember($nodeId: String, $userIds: [String!]!)"
        { "addMember" "(nodeId: $nodeId, userIds: $userIds)" { node!(), " users { ", page!(user!()), " }" } }
        | InvalidArgument: "no user is given"
        | NotFound: "there is no such node"
    REMOVE_MEMBER = "authing.orgs.delete_members" Idempotent
        => mutation "removeMembers($nodeId: String, $userIds: [String!]!)"
        { "removeMember" "(nodeId: $nodeId, userIds: $userIds)" { node!(), " users { ", page!(user!()), " }" } }
        | InvalidArgument: "no user is given"
        | NotFound: "there is no such node"
    MOVE_MEMBERS = "authing.orgs.move_members" Other
        => mutation "moveMembers($userIds: [String!]!, $sourceNodeId: String!, $targetNodeId: String!)"
        { "moveMembers" "(userIds: $userIds, sourceNodeId: $sourceNodeId, targetNodeId: $targetNodeId)" { message!() } }
        | InvalidArgument: "no user is given"
        | NotFound: "there is no such node"
    MEMBERS = "authing.orgs.list_members" Read
        => query "getMembersById($page: Int, $limit: Int, $sortBy: SortByEnum, $includeChildrenNodes: Boolean, $id: String!)"
        { "nodeById" "(id: $id)" { "users(page: $page, limit: $limit, sortBy: $sortBy, includeChildrenNodes: $includeChildrenNodes) { ", page!(user!()), " }" } }
        | NotFound: "there is no such node"
    SET_MAIN_DEPARTMENT = "authing.orgs.set_main_department" Idempotent
        => mutation "setMainDepartment($userId: String!, $departmentId: String)"
        { "setMainDepartment" "(userId: $userId, departmentId: $departmentId)" { message!() } }
        | NotFound: "there is no such user or node"
    NODE_RESOURCES = "authing.orgs.list_authorized_resources" Read
        => query "listNodeByIdAuthorizedResources($id: String!, $namespace: String, $resourceType: String)"
        { "nodeById" "(id: $id)" { resources!() } }
        | NotFound: "there is no such node"
    NODE_BY_CODE_RESOURCES = "authing.orgs.list_authorized_resources_by_code" Read
        => query "listNodeByCodeAuthorizedResources($orgId: String!, $code: String!, $namespace: String, $resourceType: String)"
        { "nodeByCode" "(orgId: $orgId, code: $code)" { resources!() } }
        | NotFound: "there is no such organization or node"
    NODE_ROLES = "authing.orgs.list_roles" Read
        => query "getNodeRoles($id: String!, $namespace: String)"
        { "nodeById" "(id: $id)" { "roles(namespace: $namespace) { ", page!(role!()), " }" } }
        | NotFound: "there is no such node"
    ASSIGN_ROLE_TO_NODE = "authing.orgs.add_roles" Idempotent
        => mutation "assignRole($namespace: String, $roleCodes: [String], $nodeCodes: [String!])"
        { "assignRole" "(namespace: $namespace, roleCodes: $roleCodes, nodeCodes: $nodeCodes)" { message!() } }
        | InvalidArgument: "no role is given"
        | NotFound: "there is no such node"
    REVOKE_ROLE_FROM_NODE = "authing.orgs.remove_roles" Idempotent
        => mutation "revokeRole($namespace: String, $roleCodes: [String], $nodeCodes: [String!])"
        { "revokeRole" "(namespace: $namespace, roleCodes: $roleCodes, nodeCodes: $nodeCodes)" { message!() } }
        | InvalidArgument: "no role is given"
        | NotFound: "there is no such node"

    CREATE_GROUP = "authing.groups.create" Other
        => mutation "createGroup($code: String!, $name: String!, $description: String)"
        { "createGroup" "(code: $code, name: $name, description: $description)" { group!() } }
    UPDATE_GROUP = "authing.groups.update" Other
        => mutation "updateGroup($code: String!, $name: String, $description: String, $newCode: String)"
        { "updateGroup" "(code: $code, name: $name, description: $description, newCode: $newCode)" { group!() } }
        | NotFound: "there is no such group"
    GROUP = "authing.groups.detail" Read
        => query "group($code: String!)"
        { "group" "(code: $code)" { group!() } }
        | NotFound: "there is no such group"
    GROUPS = "authing.groups.list" Read
        => query "groups($userId: String, $page: Int, $limit: Int, $sortBy: SortByEnum)"
        { "groups" "(userId: $userId, page: $page, limit: $limit, sortBy: $sortBy)" { page!(group!()) } }
    DELETE_GROUPS = "authing.groups.delete" Other
        => mutation "deleteGroups($codeList: [String!]!)"
        { "deleteGroups" "(codeList: $codeList)" { message!() } }
    DELETE_MANY_GROUPS = "authing.groups.delete_many" Other
        => mutation "deleteGroups($codeList: [String!]!)"
        { "deleteGroups" "(codeList: $codeList)" { message!() } }
        | InvalidArgument: "no group is given"
    GROUP_USERS = "authing.groups.list_users" Read
        => query "groupWithUsers($code: String!, $page: Int, $limit: Int, $withCustomData: Boolean!)"
        { "group" "(code: $code)" { "users(page: $page, limit: $limit) { ", page!(user!(), custom_data!()), " }" } }
        | NotFound: "there is no such group"
    ADD_USERS_TO_GROUP = "authing.groups.add_users" Idempotent
        => mutation "addUserToGroup($userIds: [String!]!, $code: String)"
        { "addUserToGroup" "(userIds: $userIds, code: $code)" { message!() } }
        | InvalidArgument: "no user is given"
        | NotFound: "there is no such group"
    REMOVE_USERS_FROM_GROUP = "authing.groups.remove_users" Idempotent
        => mutation "removeUserFromGroup($userIds: [String!]!, $code: String)"
        { "removeUserFromGroup" "(userIds: $userIds, code: $code)" { message!() } }
        | InvalidArgument: "no user is given"
    GROUP_RESOURCES = "authing.groups.list_authorized_resources" Read
        => query "listGroupAuthorizedResources($code: String!, $namespace: String, $resourceType: String)"
        { "group" "(code: $code)" { resources!() } }
        | NotFound: "there is no such group"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authing::{document::selects_secret, graphql};
    use apollo_compiler::{ExecutableDocument, Schema, validation::Valid};
    use std::collections::BTreeSet;

    fn schema() -> Valid<Schema> {
        Schema::parse_and_validate(include_str!("schema.graphql"), "schema.graphql").unwrap()
    }

    #[test]
    fn every_document_fits_the_schema_and_has_one_root_field() {
        let schema = schema();
        for Operation { name, effect, document, .. } in OPERATIONS {
            let Document { root, text } = document.as_ref().unwrap();
            let document = ExecutableDocument::parse_and_validate(&schema, *text, *name).unwrap();
            let names: Vec<_> =
                document.operations.iter().flat_map(|operation| operation.root_fields(&document)).collect();
            assert!(names.iter().all(|field| field.response_key() == root), "{text}");
            let roots: Vec<_> =
                document.operations.iter().map(|operation| operation.selection_set.selections.len()).collect();
            assert_eq!(roots, [1], "{text}");
            assert_eq!(text.starts_with("query"), *effect == Effect::Read, "{text}");
            assert_eq!(graphql::is_query(text), *effect == Effect::Read, "{text}");
        }
    }

    #[test]
    fn only_what_can_be_repeated_is_marked_so() {
        let operations: BTreeSet<&str> =
            OPERATIONS.iter().filter(|operation| operation.effect == Effect::Idempotent).map(|o| o.name).collect();
        // Each sets something to a value, or puts names into a set or takes them out of it.
        let expected = [
            "authing.groups.add_users",
            "authing.groups.remove_users",
            "authing.orgs.add_members",
            "authing.orgs.add_roles",
            "authing.orgs.delete_members",
            "authing.orgs.move_node",
            "authing.orgs.remove_roles",
            "authing.orgs.set_main_department",
            "authing.orgs.update_node",
            "authing.users.add_group",
            "authing.users.add_policies",
            "authing.users.add_roles",
            "authing.users.remove_group",
            "authing.users.remove_policies",
            "authing.users.remove_roles",
            "authing.users.set_udf_value",
            "authing.users.set_udf_value_batch",
            "authing.users.set_udv",
            "authing.users.update",
        ];
        assert_eq!(operations, expected.into());
    }

    #[test]
    fn documents_that_select_secrets_are_known() {
        for (operation, expected) in [
            (&ACCESS_TOKEN, true),
            (&REFRESH_TOKEN, true),
            (&USERPOOL, true),
            (&USERS, true),
            (&MEMBERS, true),
            (&CHECK_LOGIN_STATUS, true),
            (&GROUPS, false),
            (&ORG, false),
            (&DELETE_USER, false),
        ] {
            let document = operation.document.as_ref().unwrap();
            assert_eq!(selects_secret(document), expected, "{}", document.text);
        }
    }

    #[test]
    fn the_validation_sees_what_is_wrong() {
        let schema = schema();
        for wrong in [
            "query q { userpool { id nonsense } }",
            "query q($id: Int!) { user(id: $id) { id } }",
            "query q($id: String) { user(id: $id) { id } }",
            "query q($id: String!, $unused: String) { user(id: $id) { id } }",
            "query q { user { id } }",
            "query q { userpool }",
        ] {
            assert!(ExecutableDocument::parse_and_validate(&schema, wrong, "wrong").is_err(), "{wrong}");
        }
    }
}
