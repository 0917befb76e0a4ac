//! From a variant to its name and bare payload: the enum's own `Serialize` writes, the variant around it is taken off.
//!
//! Scalars are written by `serde_json`, so the text is what it would write; what is added is looking: finite numbers,
//! depth, size, and a pointer to the culprit, which is put together only once something is wrong.

mod key;
mod value;

use super::{
    EncodeError, Payload,
    fail::{Cause, Fail},
};
use crate::EventName;
use serde::ser::{Impossible, Serialize, Serializer};
use std::cell::Cell;
use value::{Compound, Json};

pub(super) fn variant<E: Serialize>(event: &E) -> Result<(EventName, Payload), EncodeError> {
    /// Bytes that are kept for the next event.
    const KEPT: usize = 16 << 10;
    thread_local! {
        static OUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    // Its length is not known before: it grows here, once, and what is handed on is allocated as long as it is. Taken out
    // while it is in use: what is serialised may itself encode an event.
    let mut out = OUT.try_with(Cell::take).unwrap_or_default();
    out.clear();
    let encoded = encoded(event, &mut out);
    out.shrink_to(KEPT);
    // A thread that ends needs none.
    let _ = OUT.try_with(|kept| kept.set(out));
    encoded
}

fn encoded<E: Serialize>(event: &E, out: &mut Vec<u8>) -> Result<(EventName, Payload), EncodeError> {
    let name = event.serialize(Variant { out }).map_err(Fail::into_error)?;
    let name = EventName::parse(name).map_err(EncodeError::Name)?;
    // All that was written is UTF-8: serde_json's scalars and our ASCII between them.
    let json = std::str::from_utf8(out).map_err(|_| EncodeError::Custom("is no UTF-8".into(), String::new()))?;
    Ok((name, Payload(json.into())))
}

/// The outermost serializer: takes a variant and nothing else, and gives its name.
struct Variant<'a> {
    out: &'a mut Vec<u8>,
}

/// What is no variant of an externally tagged enum.
macro_rules! refused {
    ($($method:ident($($argument:ty),*);)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Self::Ok, Fail> {
            Err(Cause::NotAVariant.into())
        }
    )*};
}

impl<'a> Serializer for Variant<'a> {
    type Ok = &'static str;
    type Error = Fail;
    type SerializeSeq = Impossible<Self::Ok, Fail>;
    type SerializeTuple = Impossible<Self::Ok, Fail>;
    type SerializeTupleStruct = Impossible<Self::Ok, Fail>;
    type SerializeTupleVariant = Named<'a>;
    type SerializeMap = Impossible<Self::Ok, Fail>;
    type SerializeStruct = Impossible<Self::Ok, Fail>;
    type SerializeStructVariant = Named<'a>;

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<Self::Ok, Fail> {
        self.out.extend_from_slice(b"null");
        Ok(name)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<Self::Ok, Fail> {
        value.serialize(Json::new(self.out)).map_err(|fail| fail.of(name))?;
        Ok(name)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Named<'a>, Fail> {
        Ok(Named { name, content: Json::new(self.out).open(b'{', b"}")? })
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, name: &'static str, _: usize) -> Result<Named<'a>, Fail> {
        Ok(Named { name, content: Json::new(self.out).open(b'[', b"]")? })
    }

    refused! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Self::Ok, Fail> {
        Err(Cause::NotAVariant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, _: &T) -> Result<Self::Ok, Fail> {
        Err(Cause::NotAVariant.into())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Fail> {
        Err(Cause::NotAVariant.into())
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Fail> {
        Err(Cause::NotAVariant.into())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Fail> {
        Err(Cause::NotAVariant.into())
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Fail> {
        Err(Cause::NotAVariant.into())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Fail> {
        Err(Cause::NotAVariant.into())
    }
}

/// The content of a variant with fields.
struct Named<'a> {
    name: &'static str,
    content: Compound<'a>,
}

impl serde::ser::SerializeStructVariant for Named<'_> {
    type Ok = &'static str;
    type Error = Fail;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fail> {
        self.content.field(name, value).map_err(|fail| fail.of(self.name))
    }

    fn end(self) -> Result<Self::Ok, Fail> {
        self.content.close()?;
        Ok(self.name)
    }
}

impl serde::ser::SerializeTupleVariant for Named<'_> {
    type Ok = &'static str;
    type Error = Fail;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fail> {
        self.content.item(value).map_err(|fail| fail.of(self.name))
    }

    fn end(self) -> Result<Self::Ok, Fail> {
        self.content.close()?;
        Ok(self.name)
    }
}
