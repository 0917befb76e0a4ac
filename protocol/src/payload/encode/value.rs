//! A value as JSON on one line, looked at while it is written.

use super::{Cause, Fail, key};
use crate::{limits, payload::json};
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// How `serde_json::value::RawValue` and, with its feature `arbitrary_precision`, `serde_json::Number` announce text
/// that is JSON already.
const VERBATIM: [&str; 2] = ["$serde_json::private::RawValue", "$serde_json::private::Number"];

/// Writes one value.
pub(super) struct Json<'a> {
    out: &'a mut Vec<u8>,
    /// How many lists and objects are open around the value.
    depth: usize,
}

/// Writes the items of a list, or the members of an object.
pub(super) struct Compound<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    items: usize,
    /// What ends it: `]` or `}`, and one more `}` around a variant of an inner enum.
    close: &'static [u8],
    /// The variant of an inner enum, for the pointer.
    variant: Option<&'static str>,
    /// The name of the member whose value comes next.
    key: String,
    /// Its only field is JSON already.
    verbatim: bool,
}

impl<'a> Json<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, depth: 0 }
    }

    pub(super) fn open(self, open: u8, close: &'static [u8]) -> Result<Compound<'a>, Fail> {
        if self.depth == limits::DEPTH {
            return Err(Cause::TooDeep.into());
        }
        put(self.out, &[open])?;
        Ok(Compound {
            out: self.out,
            depth: self.depth + 1,
            items: 0,
            close,
            variant: None,
            key: String::new(),
            verbatim: false,
        })
    }

    /// `{"variant":` and what comes inside.
    fn inner(self, variant: &'static str) -> Result<Self, Fail> {
        if self.depth == limits::DEPTH {
            return Err(Cause::TooDeep.into());
        }
        put(self.out, b"{")?;
        text(self.out, variant)?;
        put(self.out, b":")?;
        Ok(Self { out: self.out, depth: self.depth + 1 })
    }

    fn open_inner(self, variant: &'static str, open: u8, close: &'static [u8]) -> Result<Compound<'a>, Fail> {
        let mut compound = self.inner(variant)?.open(open, close).map_err(|fail| fail.at(variant))?;
        compound.variant = Some(variant);
        Ok(compound)
    }
}

impl Compound<'_> {
    /// One item of a list.
    pub(super) fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fail> {
        let index = self.items;
        self.comma()?;
        value.serialize(Json { out: self.out, depth: self.depth }).map_err(|fail| self.place(fail.at(index)))
    }

    /// One member of an object.
    pub(super) fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Fail> {
        self.comma()?;
        text(self.out, name)?;
        put(self.out, b":")?;
        value.serialize(Json { out: self.out, depth: self.depth }).map_err(|fail| self.place(fail.at(name)))
    }

    pub(super) fn close(self) -> Result<(), Fail> {
        put(self.out, self.close)
    }

    fn comma(&mut self) -> Result<(), Fail> {
        self.items += 1;
        if self.items > 1 { put(self.out, b",") } else { Ok(()) }
    }

    fn place(&self, fail: Fail) -> Fail {
        match self.variant {
            Some(variant) => fail.at(variant),
            None => fail,
        }
    }
}

/// Appends text unless the payload grows too large: a value of any size costs no more than that.
fn put(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Fail> {
    let bytes = out.len() + text.len();
    if bytes > limits::PAYLOAD {
        return Err(Cause::TooLarge(bytes).into());
    }
    out.extend_from_slice(text);
    Ok(())
}

/// Appends a string as `serde_json` writes it.
fn text(out: &mut Vec<u8>, text: &str) -> Result<(), Fail> {
    // Looked at before it is copied, and again after: escapes are longer.
    if out.len() + text.len() > limits::PAYLOAD {
        return Err(Cause::TooLarge(out.len() + text.len()).into());
    }
    // With its quotes, if nothing has to be escaped.
    out.reserve(text.len() + 2);
    scalar(out, text)
}

/// Appends a scalar as `serde_json` writes it.
fn scalar<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), Fail> {
    serde_json::to_writer(&mut *out, value).map_err(|error| Fail::from(Cause::Custom(error.to_string())))?;
    if out.len() > limits::PAYLOAD { Err(Cause::TooLarge(out.len()).into()) } else { Ok(()) }
}

macro_rules! scalars {
    ($($method:ident($argument:ty);)*) => {$(
        fn $method(self, value: $argument) -> Result<(), Fail> {
            scalar(self.out, &value)
        }
    )*};
}

impl<'a> Serializer for Json<'a> {
    type Ok = ();
    type Error = Fail;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    scalars! {
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
    }

    fn serialize_f32(self, value: f32) -> Result<(), Fail> {
        if value.is_finite() { scalar(self.out, &value) } else { Err(Cause::NotFinite.into()) }
    }

    fn serialize_f64(self, value: f64) -> Result<(), Fail> {
        if value.is_finite() { scalar(self.out, &value) } else { Err(Cause::NotFinite.into()) }
    }

    fn serialize_str(self, value: &str) -> Result<(), Fail> {
        text(self.out, value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Fail> {
        let mut list = self.open(b'[', b"]")?;
        for byte in value {
            list.item(byte)?;
        }
        list.close()
    }

    fn serialize_none(self) -> Result<(), Fail> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Fail> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Fail> {
        put(self.out, b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Fail> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Fail> {
        text(self.out, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Fail> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Fail> {
        let Json { out, depth } = self.inner(variant)?;
        value.serialize(Json { out, depth }).map_err(|fail| fail.at(variant))?;
        put(out, b"}")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Fail> {
        self.open(b'[', b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Fail> {
        self.open(b'[', b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Fail> {
        self.open(b'[', b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Fail> {
        self.open_inner(variant, b'[', b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Fail> {
        self.open(b'{', b"}")
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Fail> {
        if VERBATIM.contains(&name) {
            let Json { out, depth } = self;
            return Ok(Compound {
                out,
                depth,
                items: 0,
                close: b"",
                variant: None,
                key: String::new(),
                verbatim: true,
            });
        }
        self.open(b'{', b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Fail> {
        self.open_inner(variant, b'{', b"}}")
    }
}

macro_rules! lists {
    ($($of:ident::$method:ident),*) => {$(
        impl $of for Compound<'_> {
            type Ok = ();
            type Error = Fail;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fail> {
                self.item(value)
            }

            fn end(self) -> Result<(), Fail> {
                self.close()
            }
        }
    )*};
}

lists!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

impl SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Fail;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fail> {
        self.key = key.serialize(key::Key).map_err(|fail| self.place(fail))?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fail> {
        let key = std::mem::take(&mut self.key);
        self.field(&key, value)
    }

    fn end(self) -> Result<(), Fail> {
        self.close()
    }
}

impl SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = Fail;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fail> {
        if self.verbatim {
            let raw = value.serialize(key::Key)?;
            return put(self.out, json::minify(&raw, self.depth)?.as_bytes());
        }
        self.field(name, value)
    }

    fn end(self) -> Result<(), Fail> {
        self.close()
    }
}

impl SerializeStructVariant for Compound<'_> {
    type Ok = ();
    type Error = Fail;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fail> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Fail> {
        self.close()
    }
}
