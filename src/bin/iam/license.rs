//! The commands of Cloudspot License.

use crate::{
    arguments::{Limit, SecretArgument},
    command::commands,
};
use iam_sdk::blocking::cloudspot::LicenseClient;

commands! {
    /// Commands of Cloudspot License.
    License of LicenseClient;

    /// Show the user that is logged in
    Show: Read one "cloudspot.get_user" {} |c| c.get_user();

    /// Show what the user may do, by company
    #[command(after_help = "Examples:\n  iam license permissions\n  iam license permissions --jq '.[].company_name'")]
    Permissions: Read list "cloudspot.get_permissions" {
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.get_permissions().map(|license| license.permissions));

    /// Show what the user may do in a company
    #[command(after_help = "Examples:\n  iam license check c1\n  iam license check c1 --jq '.permissions | index(\"use_app\") != null'")]
    Check: Read one "cloudspot.get_company_permissions" {
        /// The id of the company
        company: String,
    } |c| c.get_company_permissions(company);

    /// Show the user behind an impersonation's token
    Impersonation: Read one "cloudspot.validate_impersonation" {
        #[command(flatten)]
        token: SecretArgument,
    } |c| c.validate_impersonation(token.read("The impersonation's token")?.expose_secret());
}
