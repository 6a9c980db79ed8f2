//! The data of Digiwin IAM.

mod identity;
mod orgs;
mod tenants;
mod users;

pub use identity::{AuthoredUser, ChangedToken, UserTokenInfo};
pub use orgs::{Org, OrgUser};
pub use tenants::{Tenant, TenantApplication};
pub use users::{Role, User, UserSimple, UserType, UserWithRoles};
