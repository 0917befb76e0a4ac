//! From a name and a bare payload to a variant: an enum's `Deserialize` is told the variant by name, and reads the
//! payload straight from its text.

use super::{DecodeError, json};
use crate::limits;
use serde::{
    Deserialize, Deserializer as _,
    de::{DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, IntoDeserializer, VariantAccess, Visitor, value},
};
use serde_json::{Deserializer, Error, de::StrRead};
use std::cell::Cell;

pub(super) fn variant<E: DeserializeOwned>(name: &str, payload: &str) -> Result<E, DecodeError> {
    if payload.len() > limits::PAYLOAD {
        return Err(DecodeError::TooLarge(payload.len()));
    }
    // serde_json's own bound stops one short of ours, so it is switched off below and ours is looked at first.
    if json::too_deep(payload) {
        return Err(DecodeError::TooDeep);
    }
    let known = Cell::new(false);
    E::deserialize(Named { name, payload, known: &known })
        .map_err(|error| if known.get() { DecodeError::Payload(error) } else { DecodeError::UnknownName(name.into()) })
}

/// One variant, its name beside its content instead of around it.
#[derive(Clone, Copy)]
struct Named<'a> {
    name: &'a str,
    payload: &'a str,
    /// Set once the enum has recognised the name.
    known: &'a Cell<bool>,
}

impl<'de> serde::Deserializer<'de> for Named<'de> {
    type Error = Error;

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        self.known.set(true);
        Err(Error::custom("the type does not read a variant of an externally tagged enum"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Named<'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: value::StrDeserializer<'_, Error> = self.name.into_deserializer();
        let variant = seed.deserialize(name)?;
        self.known.set(true);
        Ok((variant, self))
    }
}

impl<'de> Named<'de> {
    fn read<T>(self, content: impl FnOnce(&mut Deserializer<StrRead<'de>>) -> Result<T, Error>) -> Result<T, Error> {
        let mut json = Deserializer::from_str(self.payload);
        json.disable_recursion_limit();
        let value = content(&mut json)?;
        json.end()?;
        Ok(value)
    }
}

impl<'de> VariantAccess<'de> for Named<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        self.read(|json| <()>::deserialize(json))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        self.read(|json| seed.deserialize(json))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.read(|json| json.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.read(|json| json.deserialize_struct("", fields, visitor))
    }
}
