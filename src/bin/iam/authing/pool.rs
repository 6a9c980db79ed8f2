use crate::{arguments::SecretArgument, command::commands};
use iam_sdk::{authing::EmailScene, blocking::authing::ManagementClient};

commands! {
    /// Commands about the user pool.
    Pool of ManagementClient;

    /// Show the pool's settings
    Show: Read one "authing.userpool_detail" {} |c| c.userpool_detail();

    /// Send one of the service's mails to an address
    #[command(after_help = "Examples:\n  iam authing pool send-email mia@example.com VERIFY_EMAIL")]
    SendEmail: Change done "authing.send_email" {
        /// The address
        email: String,
        /// The purpose, such as RESET_PASSWORD or VERIFY_EMAIL
        scene: EmailScene,
    } |c| c.send_email(&email, scene);

    /// Show whether a password fits the pool's rules
    CheckPassword: Read one "authing.is_password_valid" {
        #[command(flatten)]
        password: SecretArgument,
    } |c| c.is_password_valid(password.read("The password")?);

    /// Show whether a user's token is valid, and whose it is
    CheckToken: Read one "authing.check_login_status" {
        #[command(flatten)]
        token: SecretArgument,
    } |c| c.check_login_status(token.read("The user's token")?.expose_secret());
}
