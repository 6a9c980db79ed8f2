//! What a command has for its user: a value or a list, made when it is written, so that wrong `--fields` send nothing.

use crate::{
    failure::{Failure, Result},
    output::{fields, tree::Tree, value::Value},
};
use iam_sdk::{
    UserToken,
    authing::{OrgNode, OrgTree, Page},
    digiwin::Org,
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

type Make<T> = Box<dyn FnOnce() -> Result<T>>;

/// What a command has for its user.
pub enum Reply {
    /// That it is done.
    Done(Make<()>),
    /// Whether something holds, and whether the exit code says so, too.
    Answer(Make<(bool, bool)>),
    /// One value, with the names of its members.
    One(&'static [&'static str], Make<Value>),
    /// Items, which come one by one.
    Many(&'static [&'static str], Make<Items>),
    /// A list whose items hang together, with the names of their members.
    Tree(&'static [&'static str], Make<Tree>),
}

/// Items of a list.
pub type Items = Box<dyn Iterator<Item = Result<Value>>>;

/// The answer to a question, and whether the exit code tells it, too.
pub struct Answer {
    yes: bool,
    exit_code: bool,
}

impl Answer {
    pub fn new(yes: bool, exit_code: bool) -> Self {
        Self { yes, exit_code }
    }
}

/// Shows nothing but that the call has succeeded.
pub fn done<E: Into<Failure>>(call: impl FnOnce() -> Result<(), E> + 'static) -> Reply {
    Reply::Done(Box::new(move || call().map_err(Into::into)))
}

/// Shows what a call returns.
pub fn one<T: Serialize + DeserializeOwned, E: Into<Failure>>(call: impl FnOnce() -> Result<T, E> + 'static) -> Reply {
    Reply::One(fields::of::<T>(), Box::new(move || Ok(Value::of(&call().map_err(Into::into)?)?)))
}

/// Shows `true` or `false`.
pub fn answer(call: impl FnOnce() -> Result<Answer> + 'static) -> Reply {
    Reply::Answer(Box::new(move || call().map(|answer| (answer.yes, answer.exit_code))))
}

/// Shows a value that is no model's.
pub fn value(make: impl FnOnce() -> Result<Value> + 'static) -> Reply {
    Reply::One(&[], Box::new(make))
}

/// Prints a token: that of a command whose purpose it is.
pub fn token(call: impl FnOnce() -> Result<Option<UserToken>> + 'static) -> Reply {
    let text = |token: UserToken| Value::Text(token.expose_secret().to_owned());
    value(move || Ok(call()?.map_or(Value::Null, text)))
}

/// Shows a list.
pub fn list<T: Serialize + DeserializeOwned + 'static, E: Into<Failure>>(
    call: impl FnOnce() -> Result<Vec<T>, E> + 'static,
) -> Reply {
    many::<T, _>(move || Ok(call().map_err(Into::into)?.into_iter().map(Ok)))
}

/// Shows the list of a response that has no second page.
pub fn page<T: Serialize + DeserializeOwned + 'static, E: Into<Failure>>(
    call: impl FnOnce() -> Result<Page<T>, E> + 'static,
) -> Reply {
    many::<T, _>(move || Ok(call().map_err(Into::into)?.list.into_iter().map(Ok)))
}

/// Shows a list as its pages arrive.
pub fn pages<T: Serialize + DeserializeOwned + 'static, I: Iterator<Item = iam_sdk::Result<T>> + 'static>(
    pager: impl FnOnce() -> Result<I> + 'static,
) -> Reply {
    many::<T, _>(pager)
}

/// Shows rows that are no model's.
pub fn rows(make: impl FnOnce() -> Result<Vec<Value>> + 'static) -> Reply {
    Reply::Many(&[], Box::new(move || Ok(Box::new(make()?.into_iter().map(Ok)) as Items)))
}

fn many<T: Serialize + DeserializeOwned + 'static, I: Iterator<Item = iam_sdk::Result<T>> + 'static>(
    call: impl FnOnce() -> Result<I> + 'static,
) -> Reply {
    let items = move || Ok(Box::new(call()?.map(|item| Ok(Value::of(&item?)?))) as Items);
    Reply::Many(fields::of::<T>(), Box::new(items))
}

/// Shows the trees of organizations.
pub fn forest<E: Into<Failure>>(call: impl FnOnce() -> Result<Vec<OrgTree>, E> + 'static) -> Reply {
    let make = move || {
        let trees = call().map_err(Into::into)?;
        let mut nodes = Vec::new();
        for (depth, node) in trees.iter().flat_map(OrgTree::walk) {
            nodes.push((depth, Value::of(node)?));
        }
        Ok(Tree { value: Value::of(&trees)?, nodes })
    };
    Reply::Tree(fields::of::<OrgNode>(), Box::new(make))
}

/// Shows organizations that name their parents, by aspect.
pub fn cascade<E: Into<Failure>>(call: impl FnOnce() -> Result<BTreeMap<String, Vec<Org>>, E> + 'static) -> Reply {
    let make = move || {
        let aspects = call().map_err(Into::into)?;
        let mut nodes = Vec::new();
        for orgs in aspects.values() {
            for (depth, org) in nest(orgs) {
                nodes.push((depth, Value::of(org)?));
            }
        }
        Ok(Tree { value: Value::of(&aspects)?, nodes })
    };
    Reply::Tree(fields::of::<Org>(), Box::new(make))
}

/// Returns organizations with their depths, parents first. Each comes once, also where the parents form a cycle.
pub fn nest(orgs: &[Org]) -> Vec<(usize, &Org)> {
    let mut below: BTreeMap<i64, Vec<&Org>> = BTreeMap::new();
    let known: std::collections::BTreeSet<_> = orgs.iter().filter_map(|org| org.sid).collect();
    for org in orgs {
        // One whose parent is not among them stands at the top.
        let parent = org.parent_sid.filter(|parent| known.contains(parent) && org.sid != Some(*parent));
        below.entry(parent.unwrap_or(0)).or_default().push(org);
    }
    let mut nested = Vec::new();
    while let Some((&first, _)) = below.first_key_value() {
        let roots = below.remove(&0).or_else(|| below.remove(&first)).unwrap_or_default();
        let mut next: Vec<_> = roots.into_iter().rev().map(|org| (0, org)).collect();
        while let Some((depth, org)) = next.pop() {
            nested.push((depth, org));
            let children = org.sid.and_then(|sid| below.remove(&sid)).unwrap_or_default();
            next.extend(children.into_iter().rev().map(|child| (depth + 1, child)));
        }
    }
    nested
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizations_are_nested_and_none_is_lost() {
        let org = |sid: i64, parent: i64| Org::default().with_sid(sid).with_parent_sid(parent);
        let shape =
            |orgs: &[Org]| nest(orgs).into_iter().map(|(depth, org)| (depth, org.sid.unwrap())).collect::<Vec<_>>();
        assert_eq!(shape(&[org(1, 0), org(2, 1), org(3, 0), org(4, 2)]), [(0, 1), (1, 2), (2, 4), (0, 3)]);
        assert_eq!(shape(&[org(5, 99), org(6, 5)]), [(0, 5), (1, 6)], "the parent is not among them");
        assert_eq!(shape(&[org(1, 2), org(2, 1), org(3, 3)]).len(), 3, "a cycle ends, and all come");
    }
}
