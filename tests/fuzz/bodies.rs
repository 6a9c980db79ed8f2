//! Bodies of responses: bytes at random, JSON at random of the services' words, and responses that were changed a little.

use super::corpus::Corpus;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Map, Value, json};

/// A response's body, as strange as it may be.
pub fn body(corpus: &'static Corpus, operation: &str) -> BoxedStrategy<Vec<u8>> {
    let recorded = corpus.bodies(operation);
    let wrapped = json_value(corpus).prop_map(|value| value.to_string().into_bytes());
    let enveloped = (json_value(corpus), status(), 0..4_u8).prop_map(|(data, status, style)| {
        let body = match style {
            0 => json!({"status": status, "message": "m", "data": data}),
            1 => json!({"code": status, "message": "m", "data": data}),
            2 => json!({"data": {"x": data}, "errors": [{"message": {"code": status, "message": "m"}}]}),
            _ => json!({"data": data}),
        };
        body.to_string().into_bytes()
    });
    let any = prop_oneof![
        1 => vec(any::<u8>(), 0..64).boxed(),
        3 => wrapped.boxed(),
        3 => enveloped.boxed(),
    ];
    if recorded.is_empty() {
        return any.boxed();
    }
    let changed = (select(recorded), vec(change(corpus), 0..4)).prop_map(|(mut body, changes)| {
        changes.into_iter().for_each(|change| change.apply(&mut body));
        body
    });
    prop_oneof![2 => any, 3 => changed].boxed()
}

fn status() -> impl Strategy<Value = Value> {
    const CODES: [i64; 14] = [0, 1, 200, 400, 401, 403, 404, 499, 500, 1576, 2004, 2020, 2026, -1];
    prop_oneof![
        select(CODES.to_vec()).prop_map(Value::from),
        select(CODES.to_vec()).prop_map(|code| code.to_string().into()),
        Just(Value::Null),
    ]
}

/// A value of any shape, its members and texts often those of the services.
pub fn json_value(corpus: &'static Corpus) -> BoxedStrategy<Value> {
    let word = || select(&corpus.words[..]).prop_map(str::to_owned);
    let text = prop_oneof![word(), "[0-9]{1,20}", "\\PC{0,12}", Just("true".to_owned()), Just(String::new())];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        let members = vec((prop_oneof![9 => word(), 1 => "\\PC{0,6}"], inner.clone()), 0..8);
        prop_oneof![
            vec(inner, 0..6).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
    .boxed()
}

/// Something that happens to a body.
#[derive(Clone, Debug)]
enum Change {
    CutAt(Index),
    Byte(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Repeat(Index, Index),
    /// One of the values in it becomes another one.
    Value(Index, Value),
    /// One of the members in it goes.
    Without(Index),
}

fn change(corpus: &'static Corpus) -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        1 => at().prop_map(Change::CutAt),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => (at(), vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (at(), at()).prop_map(|(from, to)| Change::Remove(from, to)),
        1 => (at(), at()).prop_map(|(from, to)| Change::Repeat(from, to)),
        8 => (at(), json_value(corpus)).prop_map(|(at, value)| Change::Value(at, value)),
        4 => at().prop_map(Change::Without),
    ]
}

impl Change {
    fn apply(self, body: &mut Vec<u8>) {
        let end = body.len() + 1;
        let range = |from: Index, to: Index| {
            let (from, to) = (from.index(end), to.index(end));
            from.min(to)..from.max(to)
        };
        match self {
            Self::CutAt(at) => body.truncate(at.index(end)),
            Self::Byte(_, _) if body.is_empty() => {}
            Self::Byte(at, byte) => {
                let at = at.index(body.len());
                body[at] = byte;
            }
            Self::Insert(at, bytes) => {
                let at = at.index(end);
                body.splice(at..at, bytes);
            }
            Self::Remove(from, to) => drop(body.drain(range(from, to))),
            Self::Repeat(from, to) => {
                let range = range(from, to);
                let copy = body[range.clone()].to_vec();
                body.splice(range.end..range.end, copy);
            }
            Self::Value(at, value) => edit(body, |document| {
                let index = at.index(count(document));
                nth(document, &mut { index }, &mut |found| *found = value.clone());
            }),
            Self::Without(at) => edit(body, |document| {
                let index = at.index(count(document));
                nth(document, &mut { index }, &mut |found| {
                    if let Some(members) = found.as_object_mut()
                        && let Some(name) = members.keys().nth(index % members.len().max(1)).cloned()
                    {
                        members.remove(&name);
                    }
                });
            }),
        }
    }
}

/// Edits a body that is JSON still.
fn edit(body: &mut Vec<u8>, change: impl FnOnce(&mut Value)) {
    if let Ok(mut document) = serde_json::from_slice(body) {
        change(&mut document);
        *body = document.to_string().into_bytes();
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Does something to the value that `left` values stand before.
fn nth(value: &mut Value, left: &mut usize, act: &mut impl FnMut(&mut Value)) {
    if *left == 0 {
        *left = usize::MAX;
        return act(value);
    }
    *left -= 1;
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    for value in inner {
        nth(value, left, act);
    }
}
