//! The name of a map's member: JSON knows only strings, `serde_json` makes some of other scalars, and so do we.

use super::{Cause, Fail};
use serde::ser::{Error as _, Impossible, Serialize, Serializer};

/// Gives a key's text.
pub(super) struct Key;

fn no_name<T>() -> Result<T, Fail> {
    Err(Fail::custom("a map's key is a string, a number, a bool or a unit variant"))
}

macro_rules! plain {
    ($($method:ident($argument:ty);)*) => {$(
        fn $method(self, value: $argument) -> Result<String, Fail> {
            Ok(value.to_string())
        }
    )*};
}

macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$result, Fail> {
            no_name()
        }
    )*};
}

impl Serializer for Key {
    type Ok = String;
    type Error = Fail;
    type SerializeSeq = Impossible<String, Fail>;
    type SerializeTuple = Impossible<String, Fail>;
    type SerializeTupleStruct = Impossible<String, Fail>;
    type SerializeTupleVariant = Impossible<String, Fail>;
    type SerializeMap = Impossible<String, Fail>;
    type SerializeStruct = Impossible<String, Fail>;
    type SerializeStructVariant = Impossible<String, Fail>;

    plain! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_char(char);
        serialize_str(&str);
    }

    fn serialize_f32(self, value: f32) -> Result<String, Fail> {
        number(value.is_finite(), &value)
    }

    fn serialize_f64(self, value: f64) -> Result<String, Fail> {
        number(value.is_finite(), &value)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<String, Fail> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<String, Fail> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<String, Fail> {
        Ok(variant.to_owned())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<String, Fail> {
        no_name()
    }

    refused! {
        serialize_bytes(&[u8]) -> String;
        serialize_none() -> String;
        serialize_unit() -> String;
        serialize_unit_struct(&'static str) -> String;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

/// As `serde_json` writes the number.
fn number<T: Serialize>(finite: bool, value: &T) -> Result<String, Fail> {
    if !finite {
        return Err(Cause::NotFinite.into());
    }
    serde_json::to_string(value).map_err(|error| Fail::custom(error.to_string()))
}
