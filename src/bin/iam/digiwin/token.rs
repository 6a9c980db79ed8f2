use crate::{arguments, command::commands};
use iam_sdk::{
    blocking::Client,
    digiwin::{AccessTokenOptions, TenantId, TenantRef},
};

commands! {
    /// Commands about the session's token.
    Token of Client;

    /// Show what the session's token says
    Show: Read one "digiwin.identity.analyze_token" {} |c| c.identity().analyze_token();

    /// Show what the session's token says, for internal use
    ShowInternal: Read one "digiwin.identity.analyze_token_internal" {} |c| c.identity().analyze_token_internal();

    /// Show who is logged in
    LoginInfo: Read one "digiwin.identity.get_login_info" {} |c| c.identity().get_login_info();

    /// Switch the session to another tenant
    #[command(after_help = "Examples:\n  iam digiwin token switch-tenant T2")]
    SwitchTenant: Change one "digiwin.identity.refresh_token_with_tenant" {
        /// The tenant: an id, or `sid:` and the service's number
        #[arg(value_parser = arguments::tenant)]
        to: TenantRef,
    } |c| c.identity().refresh_token_with_tenant(to);

    /// Replace the session's token with a new one
    Refresh: Change done "digiwin.identity.refresh_user_token" {} |c| c.identity().refresh_user_token().map(drop);

    /// Print a token for the single sign-on of another user; the session keeps its own
    GrantAccess: Change token "digiwin.identity.create_access_token" {
        /// The id of the tenant
        tenant_id: String,
        /// The id of the user
        user_id: String,
        /// The type of the grant
        #[arg(long, value_name = "TYPE")]
        grant_type: Option<String>,
        /// An account
        #[arg(long)]
        account: Option<String>,
    } |c| {
        let options = AccessTokenOptions::new().grant_type(grant_type).account(account);
        c.identity().create_access_token_with(TenantId(&tenant_id), user_id, options).map(|user| user.token)
    };

    /// Print the service's RSA key
    PublicKey: Read one "digiwin.identity.get_public_key" {} |c| c.identity().get_public_key();

    /// Print an AES key, encrypted under your RSA key
    AesKey: Change one "digiwin.identity.get_aes_key" {
        /// Your RSA key, encrypted under the service's
        key: String,
    } |c| c.identity().get_aes_key(&key);
}
