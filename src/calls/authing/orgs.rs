use super::{Call, Pager, Session, options_method};
use crate::{
    Json,
    authing::{
        self, AddNodeOptions, AuthorizedResource, AuthorizedResourceOptions, CreateOrgOptions, ImportTree,
        MemberListOptions, MemberMove, NamespaceOptions, NodeCode, NodeId, NodeMove, Org, OrgNode, OrgTree, Page, Role,
        SortedPageOptions, SyncProvider, UpdateNodeOptions, User, documents, orgs,
    },
    protocol::{decode::Data, paging},
};

/// Finds and changes organizations and their nodes. Any call can fail as [`Error`](crate::Error) says.
///
/// Where a call returns an [`Org`], its `treeify()` nests the nodes. A call about an organization or a node that does not exist
/// is an error of kind [`NotFound`](crate::ErrorKind::NotFound).
#[derive(Clone, Debug)]
pub struct Orgs {
    pub(super) session: Session,
}

impl Orgs {
    options_method!();

    /// Creates an organization, with a root node of that name.
    #[doc = documents::docs!(CREATE_ORG)]
    pub fn create(&self, name: &str) -> Call<Org> {
        self.create_with(name, CreateOrgOptions::new())
    }

    /// Creates an organization with a code and a description: see [`create`](Self::create).
    pub fn create_with(&self, name: &str, options: CreateOrgOptions) -> Call<Org> {
        self.session.call(orgs::create(name, &options))
    }

    /// Deletes an organization and all its nodes.
    #[doc = documents::docs!(DELETE_ORG)]
    pub fn delete_by_id(&self, org_id: impl AsRef<str>) -> Call<()> {
        self.session.call_with(orgs::delete_by_id(org_id.as_ref()), authing::check_status)
    }

    /// Returns the first ten organizations, all nodes of each.
    #[doc = documents::docs!(ORGS)]
    pub fn list(&self) -> Call<Page<Org>> {
        self.list_with(SortedPageOptions::new())
    }

    /// Returns a page of organizations: see [`list`](Self::list).
    pub fn list_with(&self, options: SortedPageOptions) -> Call<Page<Org>> {
        self.session.call(orgs::list(&options))
    }

    /// Returns a pager over all organizations: see [`list`](Self::list).
    pub fn list_all(&self, options: SortedPageOptions) -> Pager<Org> {
        Pager::new(&self.session, options, orgs::list, paging::page)
    }

    /// Returns an organization and all its nodes.
    #[doc = documents::docs!(ORG)]
    pub fn find_by_id(&self, org_id: impl AsRef<str>) -> Call<Org> {
        self.session.call_with(orgs::find_by_id(org_id.as_ref()), Data::non_null)
    }

    /// Returns a node.
    #[doc = documents::docs!(NODE_BY_ID)]
    pub fn get_node_by_id(&self, node_id: impl AsRef<str>) -> Call<OrgNode> {
        self.session.call_with(orgs::get_node_by_id(node_id.as_ref()), Data::non_null)
    }

    /// Returns the root node of an organization.
    #[doc = documents::docs!(ROOT_NODE)]
    pub fn root_node(&self, org_id: impl AsRef<str>) -> Call<OrgNode> {
        self.session.call_with(orgs::root_node(org_id.as_ref()), Data::non_null)
    }

    /// Returns whether a node is the root of an organization.
    #[doc = documents::docs!(IS_ROOT_NODE)]
    pub fn is_root_node(&self, org_id: impl AsRef<str>, node_id: NodeId<'_>) -> Call<bool> {
        self.session.call_with(orgs::is_root_node(org_id.as_ref(), node_id), Data::non_null)
    }

    /// Returns the nodes directly below a node.
    #[doc = documents::docs!(CHILDREN_NODES)]
    pub fn list_children(&self, node_id: impl AsRef<str>) -> Call<Vec<OrgNode>> {
        self.session.call_with(orgs::list_children(node_id.as_ref()), Data::list)
    }

    /// Returns the nodes whose name or code contains `keyword`.
    #[doc = documents::docs!(SEARCH_NODES)]
    pub fn search_nodes(&self, keyword: &str) -> Call<Vec<OrgNode>> {
        self.session.call_with(orgs::search_nodes(keyword), Data::list)
    }

    /// Adds a node, and returns the organization.
    #[doc = documents::docs!(ADD_NODE)]
    pub fn add_node(&self, org_id: impl AsRef<str>, name: &str, parent_node_id: NodeId<'_>) -> Call<Org> {
        self.add_node_with(org_id, name, parent_node_id, AddNodeOptions::new())
    }

    /// Adds a node with a code, a description and so on: see [`add_node`](Self::add_node).
    pub fn add_node_with(
        &self,
        org_id: impl AsRef<str>,
        name: &str,
        parent_node_id: NodeId<'_>,
        options: AddNodeOptions,
    ) -> Call<Org> {
        self.session.call(orgs::add_node(org_id.as_ref(), name, parent_node_id, &options))
    }

    /// Changes a node's name, code or description.
    #[doc = documents::docs!(UPDATE_NODE)]
    pub fn update_node(&self, node_id: impl AsRef<str>, options: UpdateNodeOptions) -> Call<OrgNode> {
        self.session.call_with(orgs::update_node(node_id.as_ref(), &options), Data::non_null)
    }

    /// Deletes a node and all nodes below it.
    #[doc = documents::docs!(DELETE_NODE)]
    pub fn delete_node(&self, org_id: impl AsRef<str>, node_id: NodeId<'_>) -> Call<()> {
        self.session.call_with(orgs::delete_node(org_id.as_ref(), node_id), authing::check_status)
    }

    /// Moves a node below another one, and returns the organization.
    #[doc = documents::docs!(MOVE_NODE)]
    pub fn move_node(&self, org_id: impl AsRef<str>, to: NodeMove<'_>) -> Call<Org> {
        self.session.call(orgs::move_node(org_id.as_ref(), to))
    }

    /// Creates an organization from a tree, typed or as JSON text.
    ///
    /// The vendor does not document the response; its data is returned unchanged.
    #[doc = orgs::docs!(IMPORT)]
    pub fn import_by_json<'a>(&self, tree: impl Into<ImportTree<'a>>) -> Call<Json> {
        self.session.call(orgs::import_by_json(tree.into()))
    }

    /// Returns all organizations as trees, with the members of each node.
    #[doc = orgs::docs!(EXPORT_ALL)]
    pub fn export_all(&self) -> Call<Vec<OrgTree>> {
        self.session.call_with(orgs::export_all(), orgs::trees)
    }

    /// Returns one organization as a tree, with the members of each node.
    #[doc = orgs::docs!(EXPORT)]
    pub fn export_by_org_id(&self, org_id: impl AsRef<str>) -> Call<Vec<OrgTree>> {
        self.session.call_with(orgs::export_by_org_id(org_id.as_ref()), orgs::trees)
    }

    /// Adds members to a node, and returns the node with the first page of its members.
    #[doc = documents::docs!(ADD_MEMBER)]
    pub fn add_members(&self, node_id: impl AsRef<str>, user_ids: &[impl AsRef<str>]) -> Call<OrgNode> {
        self.session.call_with(orgs::add_members(node_id.as_ref(), user_ids), Data::non_null)
    }

    /// Returns the first ten members of a node.
    #[doc = documents::docs!(MEMBERS)]
    pub fn list_members(&self, node_id: impl AsRef<str>) -> Call<Page<User>> {
        self.list_members_with(node_id, MemberListOptions::new())
    }

    /// Returns a page of the members of a node, those of the nodes below it too if asked for: see
    /// [`list_members`](Self::list_members).
    pub fn list_members_with(&self, node_id: impl AsRef<str>, options: MemberListOptions) -> Call<Page<User>> {
        self.session.call_with(orgs::list_members(node_id.as_ref(), &options), authing::non_null_field)
    }

    /// Returns a pager over all members of a node: see [`list_members`](Self::list_members).
    pub fn list_all_members(&self, node_id: impl Into<String>, options: MemberListOptions) -> Pager<User> {
        let node_id = node_id.into();
        Pager::new(&self.session, options, move |page| orgs::list_members(&node_id, page), authing::non_null_page)
    }

    /// Takes members out of a node, and returns the node with the first page of its members.
    #[doc = documents::docs!(REMOVE_MEMBER)]
    pub fn delete_members(&self, node_id: impl AsRef<str>, user_ids: &[impl AsRef<str>]) -> Call<OrgNode> {
        self.session.call_with(orgs::delete_members(node_id.as_ref(), user_ids), Data::non_null)
    }

    /// Moves members from one node to another.
    #[doc = documents::docs!(MOVE_MEMBERS)]
    pub fn move_members(&self, user_ids: &[impl AsRef<str>], nodes: MemberMove<'_>) -> Call<()> {
        self.session.call_with(orgs::move_members(user_ids, nodes), authing::check_status)
    }

    /// Sets which of a user's departments is the main one; with `None` no department is.
    #[doc = documents::docs!(SET_MAIN_DEPARTMENT)]
    pub fn set_main_department(&self, user_id: impl AsRef<str>, department_id: Option<NodeId<'_>>) -> Call<()> {
        self.session.call_with(orgs::set_main_department(user_id.as_ref(), department_id), authing::check_status)
    }

    /// Returns the resources that the members of a node may use.
    #[doc = documents::docs!(NODE_RESOURCES)]
    pub fn list_authorized_resources(&self, node_id: impl AsRef<str>) -> Call<Page<AuthorizedResource>> {
        self.list_authorized_resources_with(node_id, AuthorizedResourceOptions::new())
    }

    /// Returns the resources that the members of a node may use, in one namespace or of one kind: see
    /// [`list_authorized_resources`](Self::list_authorized_resources).
    pub fn list_authorized_resources_with(
        &self,
        node_id: impl AsRef<str>,
        options: AuthorizedResourceOptions,
    ) -> Call<Page<AuthorizedResource>> {
        self.session.call_with(orgs::list_authorized_resources(node_id.as_ref(), &options), authing::resources)
    }

    /// Returns the resources that the members of a node, named by its code, may use.
    #[doc = documents::docs!(NODE_BY_CODE_RESOURCES)]
    pub fn list_authorized_resources_by_code(
        &self,
        org_id: impl AsRef<str>,
        code: NodeCode<'_>,
    ) -> Call<Page<AuthorizedResource>> {
        self.list_authorized_resources_by_code_with(org_id, code, AuthorizedResourceOptions::new())
    }

    /// Returns the resources that the members of a node, named by code, may use, in one namespace or of one kind: see
    /// [`list_authorized_resources_by_code`](Self::list_authorized_resources_by_code).
    pub fn list_authorized_resources_by_code_with(
        &self,
        org_id: impl AsRef<str>,
        code: NodeCode<'_>,
        options: AuthorizedResourceOptions,
    ) -> Call<Page<AuthorizedResource>> {
        let request = orgs::list_authorized_resources_by_code(org_id.as_ref(), code, &options);
        self.session.call_with(request, authing::resources)
    }

    /// Returns the roles of a node, those of the nodes above it among them.
    #[doc = documents::docs!(NODE_ROLES)]
    pub fn list_roles(&self, node_id: impl AsRef<str>) -> Call<Page<Role>> {
        self.list_roles_with(node_id, NamespaceOptions::new())
    }

    /// Returns the roles of a node in a namespace: see [`list_roles`](Self::list_roles).
    pub fn list_roles_with(&self, node_id: impl AsRef<str>, options: NamespaceOptions) -> Call<Page<Role>> {
        self.session.call_with(orgs::list_roles(node_id.as_ref(), &options), authing::non_null_field)
    }

    /// Gives a node roles, by code.
    #[doc = documents::docs!(ASSIGN_ROLE_TO_NODE)]
    pub fn add_roles(&self, node_id: impl AsRef<str>, codes: &[impl AsRef<str>]) -> Call<()> {
        self.add_roles_with(node_id, codes, NamespaceOptions::new())
    }

    /// Gives a node roles of a namespace: see [`add_roles`](Self::add_roles).
    pub fn add_roles_with(
        &self,
        node_id: impl AsRef<str>,
        codes: &[impl AsRef<str>],
        options: NamespaceOptions,
    ) -> Call<()> {
        self.session.call_with(orgs::add_roles(node_id.as_ref(), codes, &options), authing::check_status)
    }

    /// Takes roles away from a node, by code.
    #[doc = documents::docs!(REVOKE_ROLE_FROM_NODE)]
    pub fn remove_roles(&self, node_id: impl AsRef<str>, codes: &[impl AsRef<str>]) -> Call<()> {
        self.remove_roles_with(node_id, codes, NamespaceOptions::new())
    }

    /// Takes roles of a namespace away from a node: see [`remove_roles`](Self::remove_roles).
    pub fn remove_roles_with(
        &self,
        node_id: impl AsRef<str>,
        codes: &[impl AsRef<str>],
        options: NamespaceOptions,
    ) -> Call<()> {
        self.session.call_with(orgs::remove_roles(node_id.as_ref(), codes, &options), authing::check_status)
    }

    /// Starts a synchronization.
    ///
    /// For Active Directory it sends `POST /api/v2/ad/sync` instead; an empty id of the connector is
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    #[doc = orgs::docs!(START_SYNC)]
    pub fn start_sync(&self, provider: SyncProvider) -> Call<()> {
        self.session.run(orgs::start_sync(&provider))
    }
}
