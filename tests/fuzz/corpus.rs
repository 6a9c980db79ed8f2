//! Responses of the emulator, recorded: what the fuzzing of bodies begins with.

use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path, sync::OnceLock};

/// The recorded responses of one service.
pub struct Corpus {
    recorded: Vec<Recorded>,
    /// The names of all members, and all short texts.
    pub words: Vec<&'static str>,
}

#[derive(Deserialize)]
struct Recorded {
    operation: String,
    body: String,
}

/// The responses of a service, read once.
pub fn of(service: &str) -> &'static Corpus {
    static CORPORA: [OnceLock<Corpus>; 3] = [const { OnceLock::new() }; 3];
    let at = ["digiwin", "authing", "cloudspot"].iter().position(|name| *name == service).unwrap();
    CORPORA[at].get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
        let text = fs::read_to_string(folder.join(format!("{service}.jsonl"))).unwrap();
        let recorded: Vec<Recorded> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut words = BTreeSet::new();
        for recorded in &recorded {
            collect(&serde_json::from_str(&recorded.body).unwrap_or_default(), &mut words);
        }
        Corpus { recorded, words: words.into_iter().map(|word| &*word.leak()).collect() }
    })
}

fn collect(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() < 24 => _ = words.insert(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Value::Object(members) => {
            for (name, member) in members {
                words.insert(name.clone());
                collect(member, words);
            }
        }
        _ => {}
    }
}

impl Corpus {
    /// The bodies that an operation was responded to with.
    pub fn bodies(&self, operation: &str) -> Vec<Vec<u8>> {
        let of_operation = self.recorded.iter().filter(|recorded| recorded.operation == operation);
        of_operation.map(|recorded| recorded.body.clone().into_bytes()).collect()
    }
}
