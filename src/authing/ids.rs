//! Names of things where a call takes several: what the compiler tells apart cannot be swapped.

use serde::Serialize;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub struct $name<'a>(pub &'a str);
    )+};
}

ids! {
    /// The id of an organization's node, in a call that has another argument before it.
    ///
    /// ```
    /// use iam_sdk::authing::NodeId;
    ///
    /// let parent = String::from("64f1c0");
    /// // orgs.add_node("org-1", "Sales", NodeId(&parent))
    /// # assert_eq!(NodeId(&parent).0, "64f1c0");
    /// ```
    NodeId,
    /// The code of an organization's node, which is unique in its organization.
    NodeCode,
    /// The code of a group.
    GroupCode,
    /// The code of a role.
    RoleCode,
    /// The id of an application.
    AppId,
    /// The code of a namespace of permissions.
    Namespace,
}

/// Where `orgs().move_members` takes members from, and where to.
///
/// ```
/// use iam_sdk::authing::MemberMove;
///
/// // orgs.move_members(&["user-1"], MemberMove { from_node_id: "sales", to_node_id: "marketing" })
/// # let it = MemberMove { from_node_id: "sales", to_node_id: "marketing" };
/// # assert_ne!(it.from_node_id, it.to_node_id);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberMove<'a> {
    /// The node that the users leave.
    pub from_node_id: &'a str,
    /// The node that the users join.
    pub to_node_id: &'a str,
}

/// Which node `orgs().move_node` moves, and where to.
///
/// ```
/// use iam_sdk::authing::NodeMove;
///
/// // orgs.move_node("org-1", NodeMove { node_id: "sales", to_parent_id: "europe" })
/// # let it = NodeMove { node_id: "sales", to_parent_id: "europe" };
/// # assert_ne!(it.node_id, it.to_parent_id);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeMove<'a> {
    /// The node that moves, with all below it.
    pub node_id: &'a str,
    /// The node below which it stands afterwards.
    pub to_parent_id: &'a str,
}
