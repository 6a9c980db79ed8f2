//! Bounds the memory that decoding a response takes.
//!
//! JSON is small and what it decodes to is not: `{},` is three bytes, a user without members a thousand. [`Metered`] stands
//! between the JSON and the types that are decoded, sees the size of every element, entry and boxed value before it is
//! made, and refuses what would exceed the allowance. The count is never less than what is allocated: it follows how `Vec`
//! grows and `BTreeMap` splits, and gives nothing back.
//!
//! The allowance stands in a thread-local, and not in the deserializer: a `Deserialize` that decodes a text inside the JSON
//! by itself, as custom data does, must spend from the same one.

mod envelope;
mod metered;

pub(crate) use envelope::{Member, UsualEnvelope, decode_usual};
use metered::Metered;
use serde::{
    Deserialize,
    de::{Error, Unexpected},
};
use serde_json::de::StrRead;
use std::cell::Cell;

/// The memory that decoding may take, as a multiple of the JSON's size. With the body itself, its copies on the way and the
/// names of members all stay below 20 times the body.
const PER_BYTE: usize = 15;

/// The memory that decoding may always take: small bodies are harmless, whatever they decode to.
const ALWAYS: usize = 16 << 20;

/// What an allocation takes besides its content.
pub(crate) const OVERHEAD: usize = 16;

/// How a decode went besides its result.
#[derive(Clone, Copy)]
struct State {
    left: usize,
    exceeded: bool,
    /// The single object that was asked for has none of its model's members.
    foreign: Option<&'static str>,
    /// What is read was no UTF-8 and was repaired: see [`check_text`].
    is_repaired: bool,
}

const UNLIMITED: usize = usize::MAX;

thread_local! {
    // Cells of their own: every text spends. Nothing is counted outside of [`limited`].
    static LEFT: Cell<usize> = const { Cell::new(UNLIMITED) };
    static EXCEEDED: Cell<bool> = const { Cell::new(false) };
    static FOREIGN: Cell<Option<&'static str>> = const { Cell::new(None) };
    static IS_REPAIRED: Cell<bool> = const { Cell::new(false) };
}

impl State {
    /// Makes this the thread's state, and returns the one before.
    fn replace(self) -> Self {
        Self {
            left: LEFT.replace(self.left),
            exceeded: EXCEEDED.replace(self.exceeded),
            foreign: FOREIGN.replace(self.foreign),
            is_repaired: IS_REPAIRED.replace(self.is_repaired),
        }
    }
}

/// Why something was not decoded.
#[derive(Debug)]
pub(crate) enum Refusal {
    TooMuchMemory,
    /// An object without any member of this model.
    NoMemberOf(&'static str),
    Json(serde_json::Error),
}

/// JSON as UTF-8.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) json: &'a str,
    /// It was no UTF-8: what was none has become U+FFFD.
    pub(crate) is_repaired: bool,
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(json: &'a str) -> Self {
        Self { json, is_repaired: false }
    }
}

/// Decodes JSON, within the memory that its size allows.
pub(crate) fn decode<'de, T: Deserialize<'de>>(text: Text<'de>) -> Result<T, Refusal> {
    decode_whole(text, |json| T::deserialize(Metered::top::<T>(json)))
}

/// Decodes JSON to its end with `read`, within the memory that its size allows. A whole text is checked for UTF-8 faster than its
/// parts.
fn decode_whole<'de, T>(
    text: Text<'de>,
    read: impl FnOnce(&mut serde_json::Deserializer<StrRead<'de>>) -> serde_json::Result<T>,
) -> Result<T, Refusal> {
    let mut deserializer = serde_json::Deserializer::from_str(text.json);
    let (result, state) = limited(text, || {
        let value = read(&mut deserializer)?;
        deserializer.end().map(|()| value)
    });
    match (state, result) {
        (State { exceeded: true, .. }, _) => Err(Refusal::TooMuchMemory),
        (State { foreign: Some(model), .. }, _) => Err(Refusal::NoMemberOf(model)),
        (_, result) => result.map_err(Refusal::Json),
    }
}

/// Decodes JSON that cannot be decoded once more, to find where that fails: a path such as `[3].sid`.
pub(crate) fn path_of_failure<'de, T: Deserialize<'de>>(text: Text<'de>) -> Option<String> {
    let mut deserializer = serde_json::Deserializer::from_str(text.json);
    let (result, _) =
        limited(text, || serde_path_to_error::deserialize::<_, T>(Metered::top::<T>(&mut deserializer)).err());
    result.map(|error| error.path().to_string()).filter(|path| path != ".")
}

/// Runs `read`, which reads a text with the functions of this module. `None`: it was refused for its memory.
pub(crate) fn within<T>(text: Text<'_>, read: impl FnOnce() -> T) -> Option<T> {
    let (value, state) = limited(text, read);
    (!state.exceeded).then_some(value)
}

/// Decodes JSON that stands inside of other JSON, with what is left of that one's allowance.
pub(crate) fn decode_inner<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    let json = std::str::from_utf8(json).map_err(serde_json::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = T::deserialize(Metered::inner(&mut deserializer, size_of::<T>()))?;
    deserializer.end().map(|()| value)
}

/// Counts an allocation of so many bytes. `false`: it must not be made.
pub(crate) fn spend(bytes: usize) -> bool {
    let left = match LEFT.get() {
        UNLIMITED => Some(UNLIMITED),
        left => left.checked_sub(bytes),
    };
    match left {
        Some(left) => LEFT.set(left),
        None => EXCEEDED.set(true),
    }
    left.is_some()
}

/// Refuses a text that stood for something else before its JSON was repaired. Elsewhere in the JSON that matters to nobody: a
/// message in another coding, for instance.
pub(crate) fn check_text<E: Error>(text: &str) -> Result<(), E> {
    match IS_REPAIRED.get() && text.contains(char::REPLACEMENT_CHARACTER) {
        true => Err(E::invalid_type(Unexpected::Other("text that is not UTF-8"), &"UTF-8")),
        false => Ok(()),
    }
}

/// [`spend`], inside of a `Deserialize`.
pub(crate) fn allow<E: Error>(bytes: usize) -> Result<(), E> {
    if spend(bytes) { Ok(()) } else { Err(E::custom("it would take too much memory")) }
}

/// What a `BTreeMap` of `count` entries of this size takes for one more.
pub(crate) const fn map_entry(count: usize, size: usize) -> usize {
    // Eleven entries, twelve edges; a node that was split keeps five at least.
    let node = 11 * size + 128;
    match count {
        0 => node,
        11 => 2 * node,
        _ if count < 11 => 0,
        _ => node / 5,
    }
}

fn limited<T>(text: Text<'_>, read: impl FnOnce() -> T) -> (T, State) {
    struct Restore(State);
    impl Drop for Restore {
        fn drop(&mut self) {
            self.0.replace();
        }
    }
    let left = text.json.len().saturating_mul(PER_BYTE).max(ALWAYS);
    let inner = State { left, exceeded: false, foreign: None, is_repaired: text.is_repaired };
    let _restore = Restore(inner.replace());
    let value = read();
    (value, State { left: LEFT.get(), exceeded: EXCEEDED.get(), foreign: FOREIGN.get(), ..inner })
}

/// Takes back what was counted for an allocation that is gone.
pub(crate) fn give_back(bytes: usize) {
    LEFT.set(LEFT.get().saturating_add(bytes));
}

/// Notes that the single object that was asked for has no member of this model.
fn note_foreign(model: &'static str) {
    FOREIGN.set(Some(model));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    struct Large {
        #[serde(default)]
        _numbers: [u64; 16],
        #[serde(default)]
        #[allow(dead_code)]
        id: String,
        boxed: Option<Box<Large>>,
    }

    fn refused<T: for<'de> Deserialize<'de>>(json: &str) -> bool {
        match decode::<T>(json.into()) {
            Err(Refusal::TooMuchMemory) => true,
            Ok(_) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    fn list(element: &str, bytes: usize) -> String {
        format!("[{element}{}]", format!(",{element}").repeat(bytes / (element.len() + 1)))
    }

    #[test]
    fn what_is_small_may_be_anything() {
        assert!(!refused::<Vec<Large>>(&list("{}", 100_000)));
        assert!(!refused::<Value>(&list("[0]", 100_000)));
        assert!(!refused::<Value>(&list(r#"{"":0}"#, 100_000)));
    }

    #[test]
    fn what_takes_many_times_its_size_is_refused() {
        const SIZE: usize = 3_000_000;
        assert!(refused::<Vec<Large>>(&list("{}", SIZE)));
        assert!(refused::<Vec<Large>>(&list(r#"{"boxed":{}}"#, SIZE)));
        assert!(refused::<Value>(&list("[0]", SIZE)));
        assert!(refused::<Value>(&list(r#"{"":0}"#, SIZE)));
        assert!(refused::<Vec<String>>(&list(r#""""#, SIZE)));
        assert!(refused::<Vec<BTreeMap<String, u8>>>(&list(r#"{"":0}"#, SIZE)));
        assert!(!refused::<Vec<u8>>(&list("0", SIZE)));
        assert!(!refused::<serde::de::IgnoredAny>(&list("[0]", SIZE)));
        assert!(!refused::<String>(&format!("{:?}", "x".repeat(SIZE))));
        assert!(!refused::<Vec<Large>>(&list(&format!(r#"{{"id":"{}"}}"#, "x".repeat(200)), SIZE)));
    }

    #[test]
    fn what_stands_inside_of_a_text_spends_from_the_same_allowance() {
        #[derive(Deserialize)]
        #[serde(from = "String")]
        struct Inner(Option<Value>);
        impl From<String> for Inner {
            fn from(text: String) -> Self {
                Self(decode_inner(text.as_bytes()).ok())
            }
        }
        let text = format!("\"{}\"", list("[0]", 200));
        assert!(
            decode::<Vec<Inner>>(list(&text, 10_000).as_str().into()).unwrap().iter().all(|inner| inner.0.is_some())
        );
        assert!(refused::<Vec<Inner>>(&list(&text, 3_000_000)));
        // And afterwards nothing is limited any more.
        assert!(decode_inner::<Value>(list("[0]", 3_000_000).as_bytes()).is_ok());
    }

    #[test]
    fn an_object_must_be_one_of_its_model() {
        for (json, is_one) in [
            (r#"{"id": "x"}"#, true),
            (r#"{"new": 1, "i\u0064": "x"}"#, true),
            ("{}", false),
            (r#"{"Id": "x"}"#, false),
            (r#"{"status": 500, "message": "x"}"#, false),
        ] {
            let refusal = decode::<Option<Large>>(json.into()).err();
            assert_eq!(!matches!(refusal, Some(Refusal::NoMemberOf("Large"))), is_one, "{json}");
        }
        // Not so inside of another one, or of a list.
        assert_eq!(decode::<Vec<Large>>("[{}, {}]".into()).unwrap().len(), 2);
        assert!(decode::<Large>(r#"{"boxed": {"new": 1}}"#.into()).unwrap().boxed.is_some());
        assert!(decode::<Option<Large>>("null".into()).unwrap().is_none());
    }
}
