//! The deserializer that counts, and its way through what it deserializes.

use super::{OVERHEAD, allow, check_text, give_back, map_entry, note_foreign};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};
use std::fmt;

/// A deserializer that counts what is made of its values; or a visitor or seed on the way to one.
pub(super) struct Metered<I> {
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
    pub(super) fn top<T>(inner: I) -> Self {
        Self { inner, place: Place { room: size_of::<T>(), is_top: true, members: None } }
    }

    pub(super) fn inner(inner: I, room: usize) -> Self {
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
        check_text(text)?;
        allow(text.len() + OVERHEAD)?;
        self.inner.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        check_text(text)?;
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
                give_back(self.capacity * size);
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

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.key = size_of::<S::Value>();
        let Some(members) = self.missing else { return self.map.next_key_seed(seed) };
        let mut is_known = false;
        let key = self.map.next_key_seed(Key { inner: seed, members, is_known: &mut is_known })?;
        if is_known {
            self.missing = None;
        } else if key.is_none() {
            note_foreign(members.of);
            return Err(A::Error::custom("no member that is known"));
        }
        Ok(key)
    }

    #[inline(always)]
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
