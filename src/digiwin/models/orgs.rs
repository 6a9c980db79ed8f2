use super::UserType;
use crate::{Json, protocol::model::model};

model! {
    /// An organization: one node of a tree, below `parent_sid`.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    Org {
        /// The number that the service gave the organization.
        sid: Option<i64> = "sid",
        /// The number that the service gave the tenant.
        tenant_sid: Option<i64> = "tenantSid",
        /// The label of the organization.
        label: Option<String> = "label",
        /// The id of the organization.
        id: Option<String> = "id",
        /// The name of the organization.
        name: Option<String> = "name",
        /// The number of the organization above.
        parent_sid: Option<i64> = "parentSid",
        /// The number of the aspect: the tree that the organization is in.
        org_aspect_sid: Option<i64> = "orgAspectSid",
        /// The id of the aspect: the tree that the organization is in.
        org_aspect_id: Option<String> = "orgAspectId",
        /// The number of the catalog.
        org_catalog_sid: Option<i64> = "orgCatalogSid",
        /// The id of the catalog.
        org_catalog_id: Option<String> = "orgCatalogId",
        /// The number of the type.
        type_sid: Option<i64> = "typeSid",
        /// The id of the type.
        type_id: Option<String> = "typeId",
        /// The URI of the type.
        type_uri: Option<String> = "typeUri",
        /// The name of the type.
        type_name: Option<String> = "typeName",
        /// The URI of the organization, such as `drn:iam:org:default:hq`.
        uri: Option<String> = "uri",
        /// The URN of the organization.
        urn: Option<String> = "urn",
        /// The tags of the organization, in an undocumented form.
        org_tags: Vec<Json> = "orgTags",
        /// A hash of the organization.
        hash: Option<String> = "hash",
        /// The user who created the organization.
        create_by: Option<String> = "createBy",
        /// When the organization was created, in an undocumented form.
        create_time: Option<Json> = "createTime",
        /// The number of users in the organization.
        user_count: Option<i64> = "userCount",
        /// The number of active users.
        active_count: Option<i64> = "activeCount",
        /// The number of the user in charge.
        charge_sid: Option<i64> = "chargeSid",
        /// The number of the type of the organization.
        org_type_sid: Option<i64> = "orgTypeSid",
        /// The id of the type of the organization.
        org_type_id: Option<String> = "orgTypeId",
        /// What is wrong with the organization.
        errors: Option<String> = "errors",
        /// The id of the organization above.
        parent_id: Option<String> = "parentId",
    }
}

model! {
    /// The membership of a user in an organization.
    ///
    /// The vendor names the members and their types alone; the descriptions follow the names.
    OrgUser {
        /// The number that the service gave the membership.
        sid: Option<i64> = "sid",
        /// The number that the service gave the user.
        user_sid: Option<i64> = "userSid",
        /// The id of the user.
        user_id: Option<String> = "userId",
        /// The name of the user.
        user_name: Option<String> = "userName",
        /// The type of the user.
        user_type: Option<UserType> = "userType",
        /// Whether the user is deleted.
        deleted_user: Option<bool> = "deletedUser",
        /// Whether the user is disabled.
        disabled_user: Option<bool> = "disabledUser",
        /// The number of the organization.
        org_sid: Option<i64> = "orgSid",
        /// The label of the organization.
        org_label: Option<String> = "orgLabel",
        /// The name of the organization.
        org_name: Option<String> = "orgName",
        /// The URI of the organization.
        org_uri: Option<String> = "orgUri",
        /// The URN of the organization.
        org_urn: Option<String> = "orgUrn",
        /// The URI of the type of the organization.
        org_type_uri: Option<String> = "orgTypeUri",
        /// The URN of the type of the organization.
        org_type_urn: Option<String> = "orgTypeUrn",
        /// The name of the type of the organization.
        org_type_name: Option<String> = "orgTypeName",
        /// Whether the organization is deleted.
        deleted_org: Option<bool> = "deletedOrg",
        /// Whether the organization is disabled.
        disabled_org: Option<bool> = "disabledOrg",
        /// The number of the role.
        role_sid: Option<i64> = "roleSid",
        /// The id of the role.
        role_id: Option<String> = "roleId",
        /// The name of the role.
        role_name: Option<String> = "roleName",
        /// Whether the role is deleted.
        deleted_role: Option<bool> = "deletedRole",
        /// Whether the role is disabled.
        disabled_role: Option<bool> = "disabledRole",
        /// The priority of the role.
        priority: Option<i64> = "priority",
        /// A hash of the membership.
        hash: Option<String> = "hash",
        /// The number that the service gave the tenant.
        tenant_sid: Option<i64> = "tenantSid",
        /// Whether the membership is disabled.
        relation_disabled: Option<bool> = "relationDisabled",
    }
}
