use crate::{
    arguments::{self, Fields, Limit},
    command::commands,
    guard::Subject,
    output::fields,
};
use iam_sdk::{
    blocking::Client,
    digiwin::{Org, OrgRef},
};

commands! {
    /// Commands about organizations.
    Orgs of Client;

    /// Show the tree of all organizations
    #[command(after_help = "Examples:\n  iam digiwin orgs tree\n  iam digiwin orgs tree -o json --jq '.[] | map(.name)'")]
    Tree: Read cascade "digiwin.orgs.get_cascade" {} |c| c.orgs().get_cascade();

    /// Show the organizations with these sids
    GetMany: Read list "digiwin.orgs.get_org_list" {
        /// Sids of organizations
        #[arg(required = true, value_name = "SID")]
        sids: Vec<i64>,
    } |c| c.orgs().get_org_list(&sids);

    /// Show the users directly in an organization
    Users: Read list "digiwin.orgs.get_users_in_org" {
        /// The organization, by sid or by uri
        #[arg(value_parser = arguments::org)]
        org: OrgRef,
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.orgs().get_users_in_org(org));

    /// Show the users in an organization and in all below it
    AllUsers: Read list "digiwin.orgs.get_users_cascade" {
        /// The organization, by sid or by uri
        #[arg(value_parser = arguments::org)]
        org: OrgRef,
        #[command(flatten)]
        limit: Limit,
    } |c| limit.of(c.orgs().get_users_cascade(org));

    /// Change the organization that has the field `sid`, or create one where there is none
    #[command(after_help = "Examples:\n  iam digiwin orgs save name=Sales parentSid:=11\n  iam digiwin orgs save sid:=12 name=Vertrieb")]
    Save: Change one "digiwin.orgs.create_or_update" {
        #[command(flatten)]
        org: Fields,
    } |c| c.orgs().create_or_update(&org.object(fields::of::<Org>())?);

    /// Delete an organization
    Delete: Destroy(Subject::one("organization", &sid.to_string())) one "digiwin.orgs.delete" {
        /// The sid of the organization
        sid: i64,
    } |c| c.orgs().delete(sid);
}
