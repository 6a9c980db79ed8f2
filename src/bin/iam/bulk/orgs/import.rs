//! `iam authing orgs import`.

use super::{
    apply::apply,
    file,
    members::MemberIds,
    service::{CreateError, OrgService as _, create, find},
    tree_diff::{LINE, Placed, TreeDiff, name, placed},
};
use crate::{
    bulk::{caller::is_ambiguous, import::SHOWN, progress::grouped},
    command::Global,
    context::{Connect as _, Context},
    failure::{Failure, Result, code},
    guard::{Destroy, Guard as _, Subject},
    output::{Output, value::Value},
    service::Service,
};
use clap::Args;
use iam_sdk::{authing::OrgTree, blocking::authing::ManagementClient};
use std::path::PathBuf;

/// How often the service is compared with the file anew, after calls that may have been carried out.
const ATTEMPTS: u32 = 4;

#[derive(Args, Debug)]
#[command(mut_arg("dry_run", |flag| flag.help("Show what would change; only reads are sent")), after_help = "Examples:
  iam authing orgs import orgs.json --dry-run
  iam authing orgs import orgs.json
  iam authing orgs import orgs.json --update --prune --confirm Headquarters

The file is what `orgs export` writes, or made by hand: {\"name\", \"code\", \"members\": [{\"username\"}], \"children\": []}. Nodes are
the same that have the same code; or else the same id; or else the same name below the same parent. An organization is
found by the code of its root, and by the name only if the file has no code. A second run goes on where
the first one stopped.")]
pub struct Import {
    /// The file: a tree or a list of trees as JSON; `-` is standard input
    file: PathBuf,
    /// Make an organization that is there like the file
    #[arg(long)]
    update: bool,
    /// The id of the organization; by default the one whose root has the code; without a code, the id or the name
    #[arg(long, value_name = "ID", requires = "update")]
    org: Option<String>,
    /// Remove nodes and members that a file of one tree does not have
    #[arg(long, requires = "update")]
    prune: bool,
    #[command(flatten)]
    guard: Destroy,
}

/// What is to be done about one tree of the file.
struct Task<'a> {
    tree: &'a OrgTree,
    nodes: Vec<Placed<'a>>,
    /// The organization, if it is there.
    there: Option<OrgTree>,
}

impl Import {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let mut output = global.output(&context)?;
        let client = ManagementClient::connect(&context)?;
        let trees = file::read(&self.file)?;
        file::one_tree(self.org.as_deref(), &trees)?;
        if self.prune && trees.len() > 1 {
            let text = "--prune: the file has several trees; name what goes of one at a time";
            return Err(Failure::Usage(text.to_owned()));
        }
        // All is compared, and all is asked, before anything is changed.
        let mut tasks = self.tasks(&client, &trees)?;
        let mut member_ids = MemberIds::default();
        self.check_members(&client, &tasks, &mut member_ids)?;
        if self.guard.is_dry_run() {
            for task in &tasks {
                self.preview(&mut output, task)?;
            }
            crate::say!("A dry run: nothing was changed.");
            return Ok(());
        }
        for task in &tasks {
            self.confirm(&mut output, task)?;
        }
        let mut made = 0;
        for task in &mut tasks {
            let before = made;
            if let Err(failure) = self.make_alike(&client, task, &mut member_ids, &mut made) {
                if made == 0 {
                    return Err(failure);
                }
                crate::say!("iam: {} changes were made; the same command goes on (with --update)", grouped(made));
                failure.report(global.is_json());
                return Err(Failure::AlreadyReported(code::PARTLY_DONE));
            }
            crate::say!("iam: {}: {} changes", name(&task.tree.node), grouped(made - before));
        }
        Ok(())
    }

    /// Finds the organization of each tree.
    fn tasks<'a>(&self, client: &ManagementClient, trees: &'a [OrgTree]) -> Result<Vec<Task<'a>>> {
        let all = client.trees(self.org.as_deref())?;
        let mut tasks: Vec<Task<'_>> = Vec::new();
        for tree in trees {
            let there = find(&all, self.org.as_deref(), &tree.node)?.cloned();
            let root = name(&tree.node);
            if there.is_some() && !self.update {
                let text = format!("the organization `{root}` exists already; --update makes it like the file");
                return Err(Failure::Refused(text));
            }
            if there.is_some() && tasks.iter().any(|other| other.there == there) {
                return Err(Failure::Usage(format!("two trees of the file are of the organization `{root}`")));
            }
            tasks.push(Task { tree, nodes: placed(tree), there });
        }
        Ok(tasks)
    }

    /// Refuses members who are nobody, before anything is changed.
    fn check_members(&self, client: &ManagementClient, tasks: &[Task<'_>], ids: &mut MemberIds) -> Result<()> {
        let mut unknown = Vec::new();
        for task in tasks {
            unknown.append(&mut match &task.there {
                Some(there) => ids.unknown(client, self.diff(task, there).joining())?,
                None => ids.unknown(client, task.tree.walk().flat_map(|(_, node)| &node.members))?,
            });
        }
        match unknown.len() {
            0 => Ok(()),
            count => {
                let names: Vec<_> = unknown.into_iter().take(SHOWN).collect();
                Err(Failure::Usage(format!(
                    "{}: nothing was changed: {} members are not users of this pool; import the users first: {}{}",
                    self.file.display(),
                    grouped(count),
                    names.join(", "),
                    if count > SHOWN { ", …" } else { "" }
                )))
            }
        }
    }

    fn diff(&self, task: &Task<'_>, there: &OrgTree) -> TreeDiff {
        let diff = TreeDiff::new(&task.nodes, &placed(there));
        if self.prune { diff } else { diff.without_removals() }
    }

    fn preview(&self, output: &mut Output, task: &Task<'_>) -> Result<()> {
        match &task.there {
            Some(there) => show(output, &self.diff(task, there), &task.nodes),
            None => {
                let root = name(&task.tree.node);
                crate::say!("iam: `{root}` would be created, with {} nodes", grouped(task.nodes.len()));
                show(output, &TreeDiff::all(&task.nodes), &task.nodes)
            }
        }
    }

    /// Asks before something is taken away.
    fn confirm(&self, output: &mut Output, task: &Task<'_>) -> Result<()> {
        let Some(there) = &task.there else { return Ok(()) };
        let diff = self.diff(task, there);
        if !diff.removes() {
            return Ok(());
        }
        show(output, &diff, &task.nodes)?;
        let root = name(&task.tree.node).to_owned();
        self.guard.confirm(&Subject { text: format!("what organization {root} has and the file has not"), name: root })
    }

    /// Makes an organization like its tree, and counts the changes.
    fn make_alike(
        &self,
        client: &ManagementClient,
        task: &mut Task<'_>,
        member_ids: &mut MemberIds,
        made: &mut usize,
    ) -> Result<()> {
        for attempt in 1.. {
            let there = match task.there.take() {
                Some(there) => there,
                None => {
                    let there = create(client, task.tree).map_err(|error| match error {
                        CreateError::Failed(failure) => failure,
                        CreateError::Unknown(error) => {
                            *made += 1;
                            let root = name(&task.tree.node);
                            Failure::Other(format!(
                                "{error}; the service may have created `{root}`: `iam authing orgs diff` shows whether it has"
                            ))
                        }
                    })?;
                    *made += task.nodes.len();
                    there
                }
            };
            let diff = self.diff(task, &there);
            let differing = diff.differing();
            match apply(client, there.node.org_id(), &task.nodes, diff, member_ids, made) {
                Err(Failure::Call(error)) if is_ambiguous(&error) && attempt < ATTEMPTS => {
                    client.wait(attempt - 1);
                    let all = client.trees(self.org.as_deref())?;
                    let found = find(&all, self.org.as_deref(), &task.tree.node)?;
                    task.there = Some(found.cloned().unwrap_or(there));
                }
                // What a request may have changed counts as changed.
                Err(Failure::Call(error)) if is_ambiguous(&error) => {
                    *made += 1;
                    return Err(error.into());
                }
                result => {
                    if differing > 0 {
                        let root = name(&task.tree.node);
                        crate::say!(
                            "iam: {root}: {} nodes differ in what no call changes; `iam authing orgs diff` shows them",
                            grouped(differing)
                        );
                    }
                    return result;
                }
            }
        }
        Ok(())
    }
}

fn show(output: &mut Output, diff: &TreeDiff, file: &[Placed<'_>]) -> Result<()> {
    let items = diff.lines(file).iter().map(Value::of).collect::<std::result::Result<Vec<_>, _>>()?;
    output.many(Box::new(items.into_iter().map(Ok)), LINE)?;
    output.text("")
}
