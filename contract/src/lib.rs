//! The contract compiler: the JSON Schema of one enum in; checks, TypeScript types, validators, a hash and differences
//! out.
//!
//! What a validator lets pass and JSON Schema would not, each on purpose:
//!
//! - members that a struct does not name, also under `#[serde(deny_unknown_fields)]` and beside the keys of a map that are
//!   the variants of an enum: a server may add some, and pages that are open go on. An alternative that is closed around
//!   its one member stays so, since that member is the variant's name;
//! - a value that fits two arms of a `oneOf` that no tag and no single member tells apart: it has the type of both;
//! - equal objects or lists in a set: sets of strings, numbers and the like are checked.
//!
//! And what it refuses though the schema as written would not: integers beyond the format schemars gives them (`int32`
//! without bounds), integers beyond 2^53 - 1, and numbers that JSON can spell but no double holds (`1e999`).
//!
//! In all else it agrees with `jsonschema` and ajv on any payload, spoiled as it may be (`cargo xtask agree`). ajv alone
//! does not look at a member called `__proto__`, and takes one that every object inherits for there, unless it is told
//! `ownProperties`; `jsonschema` reads no lone surrogates, since serde_json does not.
//!
//! Works on values and text alone: no clock, no network, and no file except the one [`write_if_changed`] is given.

mod bounds;
mod checks;
mod condition;
mod diff;
mod expected;
mod facts;
#[cfg(feature = "schemars")]
mod families;
mod flattened;
mod hash;
mod helpers;
mod keywords;
mod model;
mod module;
mod named;
mod numbers;
mod order;
mod pattern;
mod read;
mod refs;
mod refusal;
#[cfg(feature = "schemars")]
mod stable;
mod standard;
mod text;
mod top;
mod types;
mod write;

pub use diff::{Change, ChangeKind, check};
pub use refusal::Refusal;
pub use write::{Written, keep_types, write_if_changed};

use eventwire::EventName;
use helpers::Language;
use serde_json::Value;

/// The checked contract of one enum: names, types, validators and hash.
#[derive(Clone, Debug)]
pub struct Contract {
    name: String,
    names: Vec<EventName>,
    hash: String,
    schema: Value,
    model: model::Model,
}

impl Contract {
    /// Compiles the contract of an enum. Needs the feature `schemars` of this crate.
    ///
    /// # Errors
    /// Every place at which the enum cannot cross to a page.
    #[cfg(feature = "schemars")]
    pub fn of<E: schemars::JsonSchema>() -> Result<Self, Vec<Refusal>> {
        Self::compile(&stable::schema::<E>())
    }

    /// Compiles a schema: JSON Schema 2020-12 as schemars 1 writes it for what is serialised.
    ///
    /// # Errors
    /// Every place at which the schema cannot become a contract.
    pub fn compile(schema: &Value) -> Result<Self, Vec<Refusal>> {
        if let Some(refusal) = bounds::refusal(schema) {
            return Err(vec![refusal]);
        }
        let mut refusals = Vec::new();
        let (name, events) = top::read(schema, &mut refusals);
        let model = read::model(schema, &events, &mut refusals);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let hash = hash::hash(schema, events.iter().map(|event| (event.name.as_str(), event.payload)));
        let names = events.into_iter().map(|event| event.name).collect();
        Ok(Self { name, names, hash, schema: schema.clone(), model })
    }

    /// The enum's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The events' names, in the schema's order: schemars puts unit variants without a doc comment first.
    pub fn names(&self) -> &[EventName] {
        &self.names
    }

    /// 16 hex digits that differ when the shape of a payload differs, and do not when only its documentation does.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The schema it was compiled from.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The one TypeScript module: types, validators as plain code without `eval`, names and hash; the same validators as
    /// Standard Schemas.
    pub fn typescript(&self) -> String {
        self.module(Language::TypeScript)
    }

    /// The same module without its types, for what reads JavaScript only.
    pub fn javascript(&self) -> String {
        self.module(Language::JavaScript)
    }

    fn module(&self, language: Language) -> String {
        let documents = standard::documents(&self.schema);
        let doc = self.schema.get("description").and_then(Value::as_str);
        let head = module::Head { name: &self.name, hash: &self.hash, doc, documents: &documents };
        module::write(head, &self.model, language)
    }
}

/// Compiles the Rust of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/contract.md")]
mod guide {}
