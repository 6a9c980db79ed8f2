//! Bounds the memory that decoding a response takes.
//!
//! JSON is small and what it decodes to is not: `{},` is three bytes, a user without members a thousand. [`Metered`] stands
//! between the JSON and the types that are decoded, sees the size of every element, entry and boxed value before it is
//! made, and refuses what would exceed the allowance. The count is never less than what is allocated: it follows how `Vec`
//! grows and `BTreeMap` splits, and gives nothing back.
//!
//! The allowance stands in a thread-local, and not in the deserializer: a `Deserialize` that decodes a text inside the JSON
//! by itself, as custom data does, must spend from the same one.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use std::{cell::Cell, fmt};

/// The memory that decoding may take, as a multiple of the JSON's size. With the body itself, its copies on the way and the
/// names of members all stay below 20 times the body.
const PER_BYTE: usize = 15;

/// The memory that decoding may always take: small bodies are harmless, whatever they decode to.
const ALWAYS: usize = 16 << 20;

/// What an allocation takes besides its content.
const OVERHEAD: usize = 16;

/// How a decode went besides its result.
#[derive(Clone, Copy)]
struct State {
    left: usize,
    exceeded: bool,
    /// The single object that was asked for has none of its model's members.
    foreign: Option<&'static str>,
}

/// Nothing is counted outside of [`limited`].
const UNLIMITED: State = State { left: usize::MAX, exceeded: false, foreign: None };

thread_local! {
    static STATE: Cell<State> = const { Cell::new(UNLIMITED) };
}

/// Why something was not decoded.
#[derive(Debug)]
pub(crate) enum Refusal {
    TooMuchMemory,
    /// An object without any member of this model.
    NoMemberOf(&'static str),
    Json(serde_json::Error),
}

/// Decodes JSON, within the memory that its size allows.
pub(crate) fn decode<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Refusal> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let (result, state) = limited(json.len(), || {
        let value = T::deserialize(Metered::top::<T>(&mut deserializer))?;
        deserializer.end().map(|()| value)
    });
    match (state, result) {
        (State { exceeded: true, .. }, _) => Err(Refusal::TooMuchMemory),
        (State { foreign: Some(model), .. }, _) => Err(Refusal::NoMemberOf(model)),
        (_, result) => result.map_err(Refusal::Json),
    }
}

/// Decodes JSON that cannot be decoded once more, to find where that fails: a path such as `[3].sid`.
pub(crate) fn path_of_failure<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<String> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let (result, _) =
        limited(json.len(), || serde_path_to_error::deserialize::<_, T>(Metered::top::<T>(&mut deserializer)).err());
    result.map(|error| error.path().to_string()).filter(|path| path != ".")
}

/// Runs `read`, which reads `bytes` bytes with the functions of this module. `None`: it was refused for its memory.
pub(crate) fn within<T>(bytes: usize, read: impl FnOnce() -> T) -> Option<T> {
    let (value, state) = limited(bytes, read);
    (!state.exceeded).then_some(value)
}

/// Decodes JSON that stands inside of other JSON, with what is left of that one's allowance.
pub(crate) fn decode_inner<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = T::deserialize(Metered::inner(&mut deserializer, size_of::<T>()))?;
    deserializer.end().map(|()| value)
}

/// Counts an allocation of so many bytes. `false`: it must not be made.
pub(crate) fn spend(bytes: usize) -> bool {
    let state = STATE.get();
    match state.left.checked_sub(bytes) {
        Some(left) => {
            STATE.set(State { left, ..state });
            true
        }
        None => {
            STATE.set(State { exceeded: true, ..state });
            false
        }
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

fn limited<T>(bytes: usize, read: impl FnOnce() -> T) -> (T, State) {
    struct Restore(State);
    impl Drop for Restore {
        fn drop(&mut self) {
            STATE.set(self.0);
        }
    }
    let left = bytes.saturating_mul(PER_BYTE).max(ALWAYS);
    let restore = Restore(STATE.replace(State { left, ..UNLIMITED }));
    let value = read();
    let state = STATE.get();
    drop(restore);
    (value, state)
}

/// A deserializer that counts what is made of its values; or a visitor or seed on the way to one.
pub(crate) struct Metered<I> {
    inner: I,
    place: Place,
}

/// Where a value goes.
#[derive(Clone, Copy)]
struct Place {
    /// How much memory is counted already for what is deserialized there.
    room: usize,
    /// Whether it is what the call asked for, and not something inside of it.
    is_top: bool,
    /// Of a struct: its name and its members' names.
    members: Option<Members>,
}

#[derive(Clone, Copy)]
struct Members {
    of: &'static str,
    names: &'static [&'static str],
}

impl<I> Metered<I> {
    fn top<T>(inner: I) -> Self {
        Self { inner, place: Place { room: size_of::<T>(), is_top: true, members: None } }
    }

    fn inner(inner: I, room: usize) -> Self {
        Self { inner, place: Place { room, is_top: false, members: None } }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Metered<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, inner: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(Metered { inner, place: self.place })
    }

    fn deserialize_option<V: Visitor<'de>>(self, inner: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_option(Metered { inner, place: self.place })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        of: &'static str,
        names: &'static [&'static str],
        inner: V,
    ) -> Result<V::Value, D::Error> {
        // In a `Box`, say, of which only the pointer is counted.
        if size_of::<V::Value>() > self.place.room {
            allow(size_of::<V::Value>() + OVERHEAD)?;
        }
        let place = Place { members: Some(Members { of, names }), ..self.place };
        self.inner.deserialize_struct(of, names, Metered { inner, place })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, inner: V) -> Result<V::Value, D::Error> {
        // By such names serde_json makes a `RawValue`, which is as long as it is.
        if name.starts_with("$serde_json") {
            return self.inner.deserialize_newtype_struct(name, inner);
        }
        self.inner.deserialize_newtype_struct(name, Metered { inner, place: self.place })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    // JSON says by itself what these are.
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier
    }
}

macro_rules! visit {
    ($($method:ident: $type:ty),*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Metered<V> {
    type Value = V::Value;

    visit! {
        visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        allow(text.len() + OVERHEAD)?;
        self.inner.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        allow(text.len() + OVERHEAD)?;
        self.inner.visit_borrowed_str(text)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Metered { inner: from, place: self.place })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Metered { inner: from, place: self.place })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(List { list, length: 0, capacity: 0 })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let Place { is_top, members, .. } = self.place;
        let missing = members.filter(|_| is_top);
        self.inner.visit_map(Map { map, is_struct: members.is_some(), missing, count: 0, key: 0 })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Metered<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Metered::inner(from, self.place.room))
    }
}

/// A list, counted as the `Vec` that it becomes.
struct List<A> {
    list: A,
    length: usize,
    capacity: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for List<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let size = size_of::<S::Value>();
        let element = self.list.next_element_seed(Metered::inner(seed, size))?;
        if element.is_some() && size > 0 {
            if self.length == self.capacity {
                let least = if size > 1024 { 1 } else { 4 };
                let grown = least.max(2 * self.capacity);
                // While it moves there are both, the old one and the new one.
                allow(grown * size)?;
                STATE.set(give_back(STATE.get(), self.capacity * size));
                self.capacity = grown;
            }
            self.length += 1;
        }
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        // Nothing is reserved for what was only announced.
        None
    }
}

const fn give_back(state: State, bytes: usize) -> State {
    State { left: state.left.saturating_add(bytes), ..state }
}

/// A struct, or a map, counted as the `BTreeMap` that it becomes.
struct Map<A> {
    map: A,
    is_struct: bool,
    /// The members of which none has come yet, where there must be one.
    missing: Option<Members>,
    count: usize,
    /// The size of the last key.
    key: usize,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Map<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.key = size_of::<S::Value>();
        let Some(members) = self.missing else { return self.map.next_key_seed(seed) };
        let mut is_known = false;
        let key = self.map.next_key_seed(Key { inner: seed, members, is_known: &mut is_known })?;
        if is_known {
            self.missing = None;
        } else if key.is_none() {
            STATE.set(State { foreign: Some(members.of), ..STATE.get() });
            return Err(A::Error::custom("no member that is known"));
        }
        Ok(key)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let size = size_of::<S::Value>();
        if !self.is_struct {
            allow(map_entry(self.count, self.key + size))?;
            self.count += 1;
        }
        self.map.next_value_seed(Metered::inner(seed, size))
    }
}

/// A member's name on its way, or what reads it; notes whether it is one that the model has.
struct Key<'a, I> {
    inner: I,
    members: Members,
    is_known: &'a mut bool,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        let Self { inner, members, is_known } = self;
        inner.deserialize(Key { inner: from, members, is_known })
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Key<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { inner, members, is_known } = self;
        inner.deserialize_any(Key { inner: visitor, members, is_known })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Key<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<V::Value, E> {
        *self.is_known = self.members.names.contains(&name);
        self.inner.visit_str(name)
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<V::Value, E> {
        *self.is_known = self.members.names.contains(&name);
        self.inner.visit_borrowed_str(name)
    }
}
