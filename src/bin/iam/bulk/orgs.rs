//! `iam authing orgs import`, `export` and `diff`: trees, in files of JSON.

use super::{
    caller::is_ambiguous,
    input::beside,
    progress::grouped,
    tree_diff::{Change, Diff, LINE, Placed, called, name, path, placed},
    user_row::Key,
};
use crate::{
    arguments::bytes,
    command::Global,
    context::{Connect as _, Context},
    failure::{Failure, Result, code},
    guard::{Destroy, Guard as _, Subject},
    output::value::Value,
    service::Service,
};
use clap::Args;
use iam_sdk::{
    authing::{AddNodeOptions, NodeId, NodeMove, OrgNode, OrgTree, UpdateNodeOptions, User},
    blocking::authing::ManagementClient,
};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// How often the service is compared with the file anew, after calls that may have been carried out.
const ATTEMPTS: u32 = 4;
/// How many members join at once.
const BATCH: usize = 80;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  iam authing orgs import orgs.json --dry-run
  iam authing orgs import orgs.json
  iam authing orgs import orgs.json --update --prune --confirm Headquarters

The file is what `orgs export` writes, or made by hand: {\"name\", \"code\", \"members\": [{\"username\"}], \"children\": []}. Nodes are
the same that have the same code; or else the same id; or else the same name below the same parent. A second run goes on where
the first one stopped.")]
pub struct Import {
    /// The file: a tree or a list of trees as JSON; `-` is standard input
    file: PathBuf,
    /// Make an organization that is there like the file
    #[arg(long)]
    update: bool,
    /// The id of the organization; by default the one whose root has the code, or else the name
    #[arg(long, value_name = "ID", requires = "update")]
    org: Option<String>,
    /// Remove nodes and members that the file does not have
    #[arg(long, requires = "update")]
    prune: bool,
    #[command(flatten)]
    guard: Destroy,
}

impl Import {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        let trees = read(&self.file)?;
        one_tree(&self.org, &trees)?;
        for tree in &trees {
            self.import(global, &context, &client, tree)?;
        }
        Ok(())
    }

    fn import(&self, global: &Global, context: &Context, client: &ManagementClient, tree: &OrgTree) -> Result<()> {
        let file = placed(tree);
        let root = name(&tree.node).to_owned();
        let mut is_asked = false;
        let mut made = 0;
        for attempt in 1.. {
            let there = find(client, self.org.as_deref(), &tree.node)?;
            // Of its own making, if an earlier attempt has lost the response.
            if there.is_some() && !self.update && attempt == 1 {
                let text = format!("the organization `{root}` exists already; --update makes it like the file");
                return Err(Failure::Refused(text));
            }
            let Some(there) = there else {
                if self.guard.is_dry_run() {
                    crate::say!("A dry run: `{root}` would be created, with {} nodes.", grouped(file.len()));
                    return Ok(());
                }
                match client.orgs().import_by_json(&without_members(tree)) {
                    Ok(_) => made += file.len(),
                    Err(error) if is_ambiguous(&error) && attempt < ATTEMPTS => {}
                    Err(error) => return Err(error.into()),
                }
                if attempt >= ATTEMPTS {
                    return Err(Failure::Other(format!("the organization `{root}` was created, and cannot be found")));
                }
                continue;
            };
            let service = placed(&there);
            let mut diff = Diff::new(&file, &service);
            if !self.prune {
                diff = diff.without_removals();
            }
            if self.guard.is_dry_run() {
                show(global, context, &diff, &file)?;
                crate::say!("A dry run: nothing was changed.");
                return Ok(());
            }
            if diff.removes() && !is_asked {
                show(global, context, &diff, &file)?;
                let subject =
                    Subject { text: format!("what organization {root} has and the file has not"), name: root.clone() };
                self.guard.confirm(&subject)?;
                is_asked = true;
            }
            match apply(client, there.node.org_id.as_deref(), &file, diff, &mut made) {
                Ok(()) => {
                    crate::say!("iam: {root}: {} changes", grouped(made));
                    return Ok(());
                }
                Err(Failure::Call(error)) if is_ambiguous(&error) && attempt < ATTEMPTS => {}
                Err(failure) => {
                    crate::say!(
                        "iam: {root}: {} changes were made; the same command goes on (with --update)",
                        grouped(made)
                    );
                    return Err(failure);
                }
            }
        }
        Ok(())
    }
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  iam authing orgs diff orgs.json\n  iam authing orgs diff orgs.json --exit-code -o json"
)]
pub struct DiffArguments {
    /// The file: a tree or a list of trees as JSON; `-` is standard input
    file: PathBuf,
    /// The id of the organization; by default the one whose root has the code, or else the name
    #[arg(long, value_name = "ID")]
    org: Option<String>,
    /// Exit with 1 where there is a difference
    #[arg(long)]
    exit_code: bool,
}

impl DiffArguments {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        let trees = read(&self.file)?;
        one_tree(&self.org, &trees)?;
        let mut lines = Vec::new();
        for tree in &trees {
            let file = placed(tree);
            let there = find(&client, self.org.as_deref(), &tree.node)?;
            match &there {
                Some(there) => lines.extend(Diff::new(&file, &placed(there)).lines(&file)),
                None => {
                    let all =
                        Diff { changes: (0..file.len()).map(|node| Change::Add { node }).collect(), ids: Vec::new() };
                    lines.extend(all.lines(&file));
                }
            }
        }
        let differs = !lines.is_empty();
        let items = lines.iter().map(Value::of).collect::<std::result::Result<Vec<_>, _>>()?;
        let mut output = global.output(&context)?;
        if differs || !output.is_for_people() {
            output.many(Box::new(items.into_iter().map(Ok)), LINE)?;
            output.text("")?;
        } else {
            crate::say!("No differences.");
        }
        if differs && self.exit_code { Err(Failure::Told(code::FAILED)) } else { Ok(()) }
    }
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  iam authing orgs export --to orgs.json\n  iam authing orgs export 64f1c0 > headquarters.json"
)]
pub struct Export {
    /// The id of the organization; all by default
    org: Option<String>,
    /// The file to write, which has its name once it is whole; without it, standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    overwrite: bool,
}

impl Export {
    pub fn run(self, global: &Global) -> Result<()> {
        let context = Context::new(global.flags.clone(), Some(Service::Authing))?;
        let client = ManagementClient::connect(&context)?;
        if let Some(path) = self.to.as_ref().filter(|path| path.exists() && !self.overwrite) {
            return Err(Failure::Refused(format!("{} is there already; --overwrite replaces it", path.display())));
        }
        let trees = match &self.org {
            Some(org) => client.orgs().export_by_org_id(org)?,
            None => client.orgs().export_all()?,
        };
        let write = |to: &mut dyn io::Write| -> io::Result<()> {
            to.write_all(b"[")?;
            for (at, tree) in trees.iter().enumerate() {
                let before = if at == 0 { "\n" } else { ",\n" };
                to.write_all(before.as_bytes())?;
                to.write_all(tree.to_json().as_bytes())?;
            }
            to.write_all(b"\n]\n")?;
            to.flush()
        };
        match &self.to {
            None => Ok(write(&mut io::stdout().lock())?),
            Some(path) => {
                to_file(path, write)?;
                crate::say!("iam: {} organizations are in {}", trees.len(), path.display());
                Ok(())
            }
        }
    }
}

/// Writes a file that has its name once it is whole.
fn to_file(path: &Path, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<()> {
    let part = beside(path, ".part");
    let written = File::create(&part).and_then(|file| {
        let mut to = io::BufWriter::new(&file);
        write(&mut to)?;
        to.flush()?;
        file.sync_all()
    });
    written.map_err(|error| Failure::file(&part, &error))?;
    fs::rename(&part, path).map_err(|error| Failure::file(path, &error))
}

/// Reads the trees of a file.
fn read(path: &PathBuf) -> Result<Vec<OrgTree>> {
    let bytes = bytes(path)?;
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let is_list = text.trim_ascii_start().first() == Some(&b'[');
    let trees =
        if is_list { serde_json::from_slice(text) } else { serde_json::from_slice(text).map(|tree| vec![tree]) };
    let wrong = |what: &str| Failure::Usage(format!("{}: {what}", path.display()));
    let trees: Vec<OrgTree> = trees.map_err(|error| match error.line() {
        0 => wrong("no tree of nodes, and no list of trees"),
        line => wrong(&format!("line {line}: no tree of nodes, and no list of trees")),
    })?;
    for (_, node) in trees.iter().flat_map(OrgTree::walk) {
        if name(node).trim().is_empty() {
            return Err(wrong("a node has no name"));
        }
    }
    Ok(trees)
}

fn one_tree(org: &Option<String>, trees: &[OrgTree]) -> Result<()> {
    match org.is_some() && trees.len() != 1 {
        true => Err(Failure::Usage("--org: the file has several trees".to_owned())),
        false => Ok(()),
    }
}

/// Finds the organization that a file's root is of.
fn find(client: &ManagementClient, org: Option<&str>, root: &OrgNode) -> Result<Option<OrgTree>> {
    if let Some(org) = org {
        return Ok(client.orgs().export_by_org_id(org)?.into_iter().next());
    }
    let all = client.orgs().export_all()?;
    let has = |member: fn(&OrgNode) -> &Option<String>| {
        let wanted = member(root).as_deref().filter(|text| !text.is_empty());
        wanted
            .is_some_and(|_| all.iter().any(|tree| member(&tree.node).as_deref() == wanted))
            .then_some((member, wanted))
    };
    let Some((member, wanted)) =
        has(|node| &node.code).or_else(|| has(|node| &node.id)).or_else(|| has(|node| &node.name))
    else {
        return Ok(None);
    };
    let mut found = all.into_iter().filter(|tree| member(&tree.node).as_deref() == wanted);
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(Failure::Usage(format!(
            "two organizations are called `{}`; say with --org which one is meant",
            wanted.unwrap_or_default()
        ))),
        (found, _) => Ok(found),
    }
}

/// Writes a tree without its members, who are named by ids that another pool does not have.
fn without_members(tree: &OrgTree) -> String {
    // From the last to the first: every node comes after its children.
    let nodes: Vec<_> = tree.walk().collect();
    let mut waiting: Vec<(usize, OrgTree)> = Vec::new();
    for (depth, node) in nodes.into_iter().rev() {
        let mut copy = OrgTree::named(name(node), node.code.as_deref());
        copy.node.description = node.description.clone();
        copy.node.name_i18n = node.name_i18n.clone();
        copy.node.description_i18n = node.description_i18n.clone();
        copy.node.order = node.order;
        while let Some((_, child)) = waiting.pop_if(|(below, _)| *below == depth + 1) {
            copy.children.push(child);
        }
        waiting.push((depth, copy));
    }
    waiting.pop().map(|(_, tree)| tree.to_json()).unwrap_or_default()
}

fn show(global: &Global, context: &Context, diff: &Diff, file: &[Placed<'_>]) -> Result<()> {
    let items = diff.lines(file).iter().map(Value::of).collect::<std::result::Result<Vec<_>, _>>()?;
    let mut output = global.output(context)?;
    output.many(Box::new(items.into_iter().map(Ok)), LINE)?;
    output.text("")
}

/// Makes the changes in their order, and counts them.
fn apply(
    client: &ManagementClient,
    org: Option<&str>,
    file: &[Placed<'_>],
    diff: Diff,
    made: &mut usize,
) -> Result<()> {
    let orgs = client.orgs();
    let org = org.ok_or_else(|| Failure::Other("the organization has no id".to_owned()))?;
    let Diff { changes, mut ids } = diff;
    for change in changes {
        match change {
            Change::Add { node } => {
                let new = file[node].node;
                let parent = file[node].parent.and_then(|parent| ids[parent].clone());
                let parent = parent.ok_or_else(|| unknown(file, node))?;
                let options = AddNodeOptions::new()
                    .code(new.code.as_ref())
                    .description(new.description.as_ref())
                    .order(new.order);
                let options = options.name_i18n(new.name_i18n.as_ref()).description_i18n(new.description_i18n.as_ref());
                let after = orgs.add_node_with(org, name(new), NodeId(&parent), options)?;
                let taken: Vec<_> = ids.iter().flatten().cloned().collect();
                let added = after.nodes.iter().find(|added| {
                    let is_below = added.path.iter().rev().nth(1) == Some(&parent);
                    let is_new = added.id.as_ref().is_some_and(|id| !taken.contains(id));
                    is_new && is_below && added.name == new.name && (new.code.is_none() || added.code == new.code)
                });
                ids[node] = added.and_then(|added| added.id.clone());
            }
            Change::Update { id, name, code, description, .. } => {
                orgs.update_node(id, UpdateNodeOptions::new().name(name).code(code).description(description))?;
            }
            Change::Move { id, node, .. } => {
                let parent = file[node].parent.and_then(|parent| ids[parent].clone());
                let parent = parent.ok_or_else(|| unknown(file, node))?;
                orgs.move_node(org, NodeMove { node_id: &id, to_parent_id: &parent })?;
            }
            Change::Join { node, members } => {
                let id = ids[node].clone().ok_or_else(|| unknown(file, node))?;
                let users = members.iter().map(|member| user_id(client, member)).collect::<Result<Vec<_>>>()?;
                for users in users.chunks(BATCH) {
                    orgs.add_members(&id, users)?;
                }
            }
            Change::Leave { node, members } => {
                let id = ids[node].clone().ok_or_else(|| unknown(file, node))?;
                let users: Vec<_> = members.into_iter().filter_map(|member| member.id).collect();
                for users in users.chunks(BATCH) {
                    orgs.delete_members(&id, users)?;
                }
            }
            Change::Remove { id, .. } => orgs.delete_node(org, NodeId(&id))?,
        }
        *made += 1;
    }
    Ok(())
}

fn unknown(file: &[Placed<'_>], node: usize) -> Failure {
    Failure::Other(format!("{}: the service does not say which node it has become", path(file, node)))
}

/// Finds the user that a file names: by the names that pools share, and else by the id.
fn user_id(client: &ManagementClient, member: &User) -> Result<String> {
    let names = [
        (Key::Username, &member.username),
        (Key::Email, &member.email),
        (Key::Phone, &member.phone),
        (Key::ExternalId, &member.external_id),
    ];
    for (key, value) in names {
        let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else { continue };
        match client.users().find(key.lookup(value)) {
            Ok(found) => {
                return found.id.ok_or_else(|| Failure::Other(format!("{}: a user without an id", called(member))));
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    match &member.id {
        Some(id) if client.users().detail(id).is_ok() => Ok(id.clone()),
        _ => Err(Failure::Other(format!(
            "the member `{}` is no user of this pool; import the users first",
            called(member)
        ))),
    }
}
