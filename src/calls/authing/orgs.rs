use super::{Pager, Session, maybe_async};
use crate::{
    Json, Result,
    authing::{
        self, AddNodeOptions, AuthorizedResource, AuthorizedResourceOptions, CreateOrgOptions, ImportTree,
        MemberListOptions, MemberMove, NamespaceOptions, NodeCode, NodeId, NodeMove, Org, OrgNode, OrgTree, Page, Role,
        SortedPageOptions, SyncProvider, UpdateNodeOptions, User, orgs,
    },
    protocol::paging,
};

/// Organizations and their nodes. Where a call returns an [`Org`], its `treeify()` nests the nodes.
#[derive(Clone, Debug)]
pub struct Orgs {
    pub(super) session: Session,
}

impl Orgs {
    /// All organizations, over all pages: see [`list_with`](Self::list_with).
    pub fn list_all(&self, options: SortedPageOptions) -> Pager<Org> {
        Pager::new(&self.session, options, orgs::list, paging::page)
    }

    /// All members of a node, over all pages: see [`list_members_with`](Self::list_members_with).
    pub fn list_all_members(&self, node_id: impl Into<String>, options: MemberListOptions) -> Pager<User> {
        let node_id = node_id.into();
        Pager::new(&self.session, options, move |page| orgs::list_members(&node_id, page), authing::non_null_page)
    }
}

#[maybe_async]
impl Orgs {
    /// Creates an organization, with a root node of that name: mutation `createOrg`.
    pub async fn create(&self, name: &str) -> Result<Org> {
        self.create_with(name, CreateOrgOptions::new()).await
    }

    /// The same, with a code and a description.
    pub async fn create_with(&self, name: &str, options: CreateOrgOptions) -> Result<Org> {
        self.session.call(orgs::create(name, &options)?).await
    }

    /// Deletes an organization and all its nodes: mutation `deleteOrg`.
    pub async fn delete_by_id(&self, org_id: &str) -> Result<()> {
        self.session.call_with(orgs::delete_by_id(org_id)?, authing::check_status).await
    }

    /// The first ten organizations, all nodes of each: query `orgs`.
    pub async fn list(&self) -> Result<Page<Org>> {
        self.list_with(SortedPageOptions::new()).await
    }

    /// A page of them. All of them: [`list_all`](Self::list_all).
    pub async fn list_with(&self, options: SortedPageOptions) -> Result<Page<Org>> {
        self.session.call(orgs::list(&options)?).await
    }

    /// An organization and all its nodes: query `org`.
    pub async fn find_by_id(&self, org_id: &str) -> Result<Org> {
        self.session.call_with(orgs::find_by_id(org_id)?, authing::non_null).await
    }

    /// A node: query `nodeById`.
    pub async fn get_node_by_id(&self, node_id: &str) -> Result<OrgNode> {
        self.session.call_with(orgs::get_node_by_id(node_id)?, authing::non_null).await
    }

    /// The root node of an organization: query `rootNode`.
    pub async fn root_node(&self, org_id: &str) -> Result<OrgNode> {
        self.session.call_with(orgs::root_node(org_id)?, authing::non_null).await
    }

    /// Whether a node is the root of an organization: query `isRootNode`.
    pub async fn is_root_node(&self, org_id: &str, node_id: NodeId<'_>) -> Result<bool> {
        self.session.call_with(orgs::is_root_node(org_id, node_id)?, authing::non_null).await
    }

    /// The nodes directly below a node: query `childrenNodes`.
    pub async fn list_children(&self, node_id: &str) -> Result<Vec<OrgNode>> {
        self.session.call_with(orgs::list_children(node_id)?, orgs::nodes).await
    }

    /// The nodes whose name or code contains `keyword`: query `searchNodes`.
    pub async fn search_nodes(&self, keyword: &str) -> Result<Vec<OrgNode>> {
        self.session.call_with(orgs::search_nodes(keyword)?, orgs::nodes).await
    }

    /// Adds a node, and gives the organization: mutation `addNode`.
    pub async fn add_node(&self, org_id: &str, name: &str, parent_node_id: NodeId<'_>) -> Result<Org> {
        self.add_node_with(org_id, name, parent_node_id, AddNodeOptions::new()).await
    }

    /// The same, with a code, a description and so on.
    pub async fn add_node_with(
        &self,
        org_id: &str,
        name: &str,
        parent_node_id: NodeId<'_>,
        options: AddNodeOptions,
    ) -> Result<Org> {
        self.session.call(orgs::add_node(org_id, name, parent_node_id, &options)?).await
    }

    /// Changes what is set in `options`: mutation `updateNode`.
    pub async fn update_node(&self, node_id: &str, options: UpdateNodeOptions) -> Result<OrgNode> {
        self.session.call_with(orgs::update_node(node_id, &options)?, authing::non_null).await
    }

    /// Deletes a node and all below it: mutation `deleteNode`.
    pub async fn delete_node(&self, org_id: &str, node_id: NodeId<'_>) -> Result<()> {
        self.session.call_with(orgs::delete_node(org_id, node_id)?, authing::check_status).await
    }

    /// Moves a node below another one, and gives the organization: mutation `moveNode`.
    pub async fn move_node(&self, org_id: &str, to: NodeMove<'_>) -> Result<Org> {
        self.session.call(orgs::move_node(org_id, to)?).await
    }

    /// Makes an organization of a tree, typed or JSON text: `POST /api/v2/orgs/import`. What the service responds besides its
    /// success is not documented.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument): the text is no tree.
    pub async fn import_by_json<'a>(&self, tree: impl Into<ImportTree<'a>>) -> Result<Json> {
        self.session.call(orgs::import_by_json(tree.into())?).await
    }

    /// All organizations as trees, members in each node: `GET /api/v2/orgs/export`.
    pub async fn export_all(&self) -> Result<Vec<OrgTree>> {
        self.session.call_with(orgs::export_all(), orgs::trees).await
    }

    /// One organization as a tree, members in each node: `GET /api/v2/orgs/export?org_id=`.
    pub async fn export_by_org_id(&self, org_id: &str) -> Result<Vec<OrgTree>> {
        self.session.call_with(orgs::export_by_org_id(org_id), orgs::trees).await
    }

    /// Adds members to a node, and gives the node with the first page of its members: mutation `addMember`.
    pub async fn add_members(&self, node_id: &str, user_ids: &[impl AsRef<str> + Sync]) -> Result<OrgNode> {
        self.session.call_with(orgs::add_members(node_id, user_ids)?, authing::non_null).await
    }

    /// The first ten members of a node: query `nodeById { users }`.
    pub async fn list_members(&self, node_id: &str) -> Result<Page<User>> {
        self.list_members_with(node_id, MemberListOptions::new()).await
    }

    /// A page of them, also of the nodes below. All of them: [`list_all_members`](Self::list_all_members).
    pub async fn list_members_with(&self, node_id: &str, options: MemberListOptions) -> Result<Page<User>> {
        self.session.call_with(orgs::list_members(node_id, &options)?, authing::non_null_field).await
    }

    /// Takes members out of a node, and gives the node with the first page of its members: mutation `removeMember`.
    pub async fn delete_members(&self, node_id: &str, user_ids: &[impl AsRef<str> + Sync]) -> Result<OrgNode> {
        self.session.call_with(orgs::delete_members(node_id, user_ids)?, authing::non_null).await
    }

    /// Moves members from one node to another: mutation `moveMembers`.
    pub async fn move_members(&self, user_ids: &[impl AsRef<str> + Sync], nodes: MemberMove<'_>) -> Result<()> {
        self.session.call_with(orgs::move_members(user_ids, nodes)?, authing::check_status).await
    }

    /// Says which of a user's departments is the main one; `None`: none is. Mutation `setMainDepartment`.
    pub async fn set_main_department(&self, user_id: &str, department_id: Option<NodeId<'_>>) -> Result<()> {
        self.session.call_with(orgs::set_main_department(user_id, department_id)?, authing::check_status).await
    }

    /// What the members of a node may use: query `nodeById { authorizedResources }`.
    pub async fn list_authorized_resources(&self, node_id: &str) -> Result<Page<AuthorizedResource>> {
        self.list_authorized_resources_with(node_id, AuthorizedResourceOptions::new()).await
    }

    /// The same, in a namespace or of one kind.
    pub async fn list_authorized_resources_with(
        &self,
        node_id: &str,
        options: AuthorizedResourceOptions,
    ) -> Result<Page<AuthorizedResource>> {
        self.session.call_with(orgs::list_authorized_resources(node_id, &options)?, authing::resources).await
    }

    /// The same for a node named by its code: query `nodeByCode { authorizedResources }`.
    pub async fn list_authorized_resources_by_code(
        &self,
        org_id: &str,
        code: NodeCode<'_>,
    ) -> Result<Page<AuthorizedResource>> {
        self.list_authorized_resources_by_code_with(org_id, code, AuthorizedResourceOptions::new()).await
    }

    /// The same, in a namespace or of one kind.
    pub async fn list_authorized_resources_by_code_with(
        &self,
        org_id: &str,
        code: NodeCode<'_>,
        options: AuthorizedResourceOptions,
    ) -> Result<Page<AuthorizedResource>> {
        let request = orgs::list_authorized_resources_by_code(org_id, code, &options)?;
        self.session.call_with(request, authing::resources).await
    }

    /// The roles of a node, those of the nodes above it among them: query `nodeById { roles }`.
    pub async fn list_roles(&self, node_id: &str) -> Result<Page<Role>> {
        self.list_roles_with(node_id, NamespaceOptions::new()).await
    }

    /// The same, in a namespace.
    pub async fn list_roles_with(&self, node_id: &str, options: NamespaceOptions) -> Result<Page<Role>> {
        self.session.call_with(orgs::list_roles(node_id, &options)?, authing::non_null_field).await
    }

    /// Gives a node roles, by code: mutation `assignRole`.
    pub async fn add_roles(&self, node_id: &str, codes: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.add_roles_with(node_id, codes, NamespaceOptions::new()).await
    }

    /// The same, in a namespace.
    pub async fn add_roles_with(
        &self,
        node_id: &str,
        codes: &[impl AsRef<str> + Sync],
        options: NamespaceOptions,
    ) -> Result<()> {
        self.session.call_with(orgs::add_roles(node_id, codes, &options)?, authing::check_status).await
    }

    /// Takes roles away from a node, by code: mutation `revokeRole`.
    pub async fn remove_roles(&self, node_id: &str, codes: &[impl AsRef<str> + Sync]) -> Result<()> {
        self.remove_roles_with(node_id, codes, NamespaceOptions::new()).await
    }

    /// The same, in a namespace.
    pub async fn remove_roles_with(
        &self,
        node_id: &str,
        codes: &[impl AsRef<str> + Sync],
        options: NamespaceOptions,
    ) -> Result<()> {
        self.session.call_with(orgs::remove_roles(node_id, codes, &options)?, authing::check_status).await
    }

    /// Starts a synchronization: `POST /connections/enterprise/{type}/start-sync`, for Active Directory
    /// `POST /api/v2/ad/sync`.
    ///
    /// # Errors
    ///
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument): an empty connector id.
    pub async fn start_sync(&self, provider: SyncProvider) -> Result<()> {
        self.session.run(orgs::start_sync(&provider)?).await
    }
}
