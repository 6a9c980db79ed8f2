//! `iam authing orgs diff`.

use super::{
    file,
    members::MemberIds,
    service::{OrgService as _, find},
    tree_diff::{LINE, TreeDiff, placed},
};
use crate::{
    command::Global,
    context::{Connect as _, Context},
    failure::{Failure, Result, code},
    output::{fields, value::Value},
    service::Service,
};
use clap::Args;
use iam_sdk::blocking::authing::ManagementClient;
use std::path::PathBuf;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  iam authing orgs diff orgs.json\n  iam authing orgs diff orgs.json --exit-code -o json"
)]
pub struct Diff {
    /// The file: a tree or a list of trees as JSON; `-` is standard input
    file: PathBuf,
    /// The id of the organization; by default the one whose root has the code; without a code, the id or the name
    #[arg(long, value_name = "ID")]
    org: Option<String>,
    /// Exit with 1 where there is a difference
    #[arg(long)]
    exit_code: bool,
}

impl Diff {
    pub fn run(self, global: &Global) -> Result<()> {
        if let Some(unknown) = global.output.fields.as_deref().and_then(|asked| fields::unknown(asked, LINE)) {
            return Err(Failure::Usage(format!("--fields: there is no `{unknown}`; there are {}", LINE.join(", "))));
        }
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let mut output = global.output(&context)?;
        let client = ManagementClient::connect(&context)?;
        let trees = file::read(&self.file)?;
        file::one_tree(self.org.as_deref(), &trees)?;
        let all = client.trees(self.org.as_deref())?;
        let (mut lines, mut unknown, mut ids) = (Vec::new(), Vec::new(), MemberIds::default());
        for tree in &trees {
            let nodes = placed(tree);
            let there = find(&all, self.org.as_deref(), &tree.node)?;
            let diff = there.map_or_else(|| TreeDiff::all(&nodes), |there| TreeDiff::new(&nodes, &placed(there)));
            lines.extend(diff.lines(&nodes));
            unknown.append(&mut match there {
                Some(_) => ids.unknown(&client, diff.joining())?,
                None => ids.unknown(&client, tree.walk().flat_map(|(_, node)| &node.members))?,
            });
        }
        if !unknown.is_empty() {
            crate::say!("iam: these members are not users of this pool, and cannot join: {}", unknown.join(", "));
        }
        let differs = !lines.is_empty();
        let items = lines.iter().map(Value::of).collect::<std::result::Result<Vec<_>, _>>()?;
        if differs || !output.is_for_people() {
            output.many(Box::new(items.into_iter().map(Ok)), LINE)?;
            output.text("")?;
        } else {
            crate::say!("No differences.");
        }
        if differs && self.exit_code { Err(Failure::AlreadyReported(code::FAILED)) } else { Ok(()) }
    }
}
