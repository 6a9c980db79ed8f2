use super::ids::Namespace;
use crate::{IntoOption, protocol::options::ToWire};
use serde::Serialize;

/// Optional arguments of `users().search`.
///
/// Conditions of one kind are alternatives; those of different kinds must all hold.
///
/// ```
/// use iam_sdk::authing::{Namespace, UserSearchOptions};
///
/// let auditors_in_sales = UserSearchOptions::new()
///     .in_department_tree("64f1c0")
///     .with_role(Namespace("default"), "auditor")
///     .limit(50);
/// # assert_ne!(auditors_in_sales, UserSearchOptions::new());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct UserSearchOptions {
    wire: Wire,
    pub(super) with_custom_data: bool,
}

/// What is sent; an empty list of conditions is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    department_opts: Vec<InDepartment>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    group_opts: Vec<InGroup>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    role_opts: Vec<WithRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct InDepartment {
    department_id: String,
    include_children_departments: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct InGroup {
    code: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct WithRole {
    namespace: String,
    code: String,
}

impl UserSearchOptions {
    /// Creates options with nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a member of users to search in, such as `nickname`. Default: the service's choice.
    pub fn in_field(mut self, name: impl Into<String>) -> Self {
        self.wire.fields.push(name.into());
        self
    }

    /// Keeps only direct members of a department.
    pub fn in_department(self, id: impl Into<String>) -> Self {
        self.department(id.into(), false)
    }

    /// Keeps only members of a department and of those below it.
    pub fn in_department_tree(self, id: impl Into<String>) -> Self {
        self.department(id.into(), true)
    }

    fn department(mut self, department_id: String, include_children_departments: bool) -> Self {
        self.wire.department_opts.push(InDepartment { department_id, include_children_departments });
        self
    }

    /// Keeps only members of a group.
    pub fn in_group(mut self, code: impl Into<String>) -> Self {
        self.wire.group_opts.push(InGroup { code: code.into() });
        self
    }

    /// Keeps only users with a role, which is unique by code in its namespace.
    pub fn with_role(mut self, namespace: Namespace<'_>, code: impl Into<String>) -> Self {
        self.wire.role_opts.push(WithRole { namespace: namespace.0.to_owned(), code: code.into() });
        self
    }

    /// Asks for the custom data too. Default: `false`.
    pub fn with_custom_data(mut self, with_custom_data: bool) -> Self {
        self.with_custom_data = with_custom_data;
        self
    }

    /// Sets the number of the page, from 1 on. Default: 1.
    pub fn page(mut self, page: impl IntoOption<usize>) -> Self {
        self.wire.page = page.into_option();
        self
    }

    /// Sets how many items a page has. Default: 10.
    pub fn limit(mut self, limit: impl IntoOption<usize>) -> Self {
        self.wire.limit = limit.into_option();
        self
    }

    /// Returns the page and the number of items on it, where they are set.
    pub(super) fn paging(&self) -> (Option<usize>, Option<usize>) {
        (self.wire.page, self.wire.limit)
    }
}

impl ToWire for UserSearchOptions {
    fn to_wire(&self) -> impl Serialize {
        &self.wire
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_are_sent_as_the_vendor_documents_them_and_empty_lists_not_at_all() {
        let wire = |options: UserSearchOptions| serde_json::to_value(options.to_wire()).unwrap();
        assert_eq!(wire(UserSearchOptions::new().with_custom_data(true).page(None)), json!({}));
        let all = UserSearchOptions::new()
            .in_field("nickname")
            .in_field("email")
            .in_department("d1")
            .in_department_tree("d2")
            .in_group("g")
            .with_role(Namespace("n"), "r")
            .page(2)
            .limit(7);
        assert_eq!(
            wire(all),
            json!({
                "fields": ["nickname", "email"],
                "departmentOpts": [
                    {"departmentId": "d1", "includeChildrenDepartments": false},
                    {"departmentId": "d2", "includeChildrenDepartments": true},
                ],
                "groupOpts": [{"code": "g"}],
                "roleOpts": [{"namespace": "n", "code": "r"}],
                "page": 2,
                "limit": 7,
            })
        );
    }
}
