//! The `Events` derive of eventwire: names of an enum's variants as the user's own serde attributes spell them.
//!
//! Writes no codec: payloads go through the enum's own `Serialize` and `Deserialize`. Refuses at compile time what could
//! not be an event: tuples, tags, reserved or doubled names.

mod attributes;
mod case;

use attributes::{Container, Variant};
use proc_macro::TokenStream;
use quote::quote;
use std::collections::HashMap;
use syn::{Data, DeriveInput, Error, Fields, Ident, Result, ext::IdentExt, parse_macro_input};

/// The names of an enum's events, and their bare payloads both ways through its `Serialize` and `Deserialize`.
///
/// The enum is externally tagged, which is serde's default. Read are `rename_all` on the enum, `rename`, `skip` and
/// `skip_serializing` on variants; a skipped variant is no event. A variant holds nothing, one value, or named fields.
#[proc_macro_derive(Events, attributes(serde))]
pub fn events(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> Result<proc_macro2::TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(
            &input.ident,
            "events are the variants of an enum; write `enum` here, one variant for each kind of event",
        ));
    };
    let container = Container::read(&input.attrs)?;
    let mut wrong: Option<Error> = None;
    let mut complain = |error: Error| match &mut wrong {
        Some(all) => all.combine(error),
        None => wrong = Some(error),
    };
    let (mut names, mut seen) = (Vec::new(), HashMap::<String, Ident>::new());
    for variant in &data.variants {
        let read = match Variant::read(&variant.attrs) {
            Ok(read) => read,
            Err(error) => {
                complain(error);
                continue;
            }
        };
        if read.skipped {
            continue;
        }
        if let Err(error) = one_value(&variant.ident, &variant.fields).and_then(|()| written(&variant.fields)) {
            complain(error);
        }
        let name = read.rename.unwrap_or_else(|| container.rule.apply(&variant.ident.unraw().to_string()));
        if let Err(reason) = allowed(&name) {
            complain(Error::new_spanned(&variant.ident, reason));
        }
        if let Some(first) = seen.insert(name.clone(), variant.ident.clone()) {
            complain(Error::new_spanned(
                &variant.ident,
                format!("`{first}` and `{}` are both named {name:?} on the wire; rename one of them", variant.ident),
            ));
        }
        names.push(name);
    }
    if names.len() > NAMES {
        complain(Error::new_spanned(
            &input.ident,
            format!("{} events in one enum, at most {NAMES} fit into a `hello`; use a hub for each part", names.len()),
        ));
    }
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let ident = &input.ident;
    let (generics, arguments, conditions) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::eventwire::Events for #ident #arguments #conditions {
            const NAMES: &'static [&'static str] = &[#(#names),*];
        }
    })
}

/// Most variants, as `eventwire::limits::NAMES`.
const NAMES: usize = 1000;
/// Longest name in bytes, as `eventwire::limits::NAME`.
const NAME: usize = 128;

/// A payload is one value: none, one, or named ones.
fn one_value(variant: &Ident, fields: &Fields) -> Result<()> {
    let Fields::Unnamed(tuple) = fields else {
        return Ok(());
    };
    match tuple.unnamed.len() {
        1 => Ok(()),
        0 => Err(Error::new_spanned(
            variant,
            format!("`{variant}()` has a payload that says nothing; write `{variant}` or `{variant} {{}}`"),
        )),
        _ => Err(Error::new_spanned(
            variant,
            format!(
                "`{variant}` is a tuple of several values, and a payload's parts need names; write `{variant} {{ … }}` with named fields, or put one struct into it"
            ),
        )),
    }
}

/// serde writes a variant whose only value it skips as one without a value; its schema goes on to say the value.
fn written(fields: &Fields) -> Result<()> {
    match fields {
        Fields::Unnamed(tuple) => tuple.unnamed.iter().try_for_each(|field| attributes::written(&field.attrs)),
        Fields::Named(_) | Fields::Unit => Ok(()),
    }
}

/// The rules of `eventwire::EventName`, here to be told earlier; a test holds the two together.
fn allowed(name: &str) -> std::result::Result<(), String> {
    if name.is_empty() {
        return Err("an event's name may not be empty".into());
    }
    if name.len() > NAME {
        return Err(format!("an event's name has at most {NAME} bytes"));
    }
    if let Some(c) = name.chars().find(|c| c.is_control() || c.is_whitespace() || matches!(c, ',' | '\u{feff}')) {
        return Err(format!("{c:?} is not allowed in an event's name; rename it with #[serde(rename = \"…\")]"));
    }
    if name.starts_with("eventwire.") || matches!(name, "open" | "error" | "message") {
        return Err(format!(
            "the event name {name:?} is reserved (`open`, `error`, `message`, `eventwire.…`): browsers and eventwire use it themselves; rename it with #[serde(rename = \"…\")]"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::allowed;
    use serde_json::Value;

    #[test]
    fn names_are_refused_here_exactly_as_at_run_time() {
        let rows = include_str!("../../../tests/fixtures/wire/names.json");
        let rows: Vec<Value> = serde_json::from_str(rows).expect("the fixture is a list");
        for row in rows {
            let raw = row["raw"].as_str().expect("a name");
            assert_eq!(allowed(raw).is_err(), !row["refused"].is_null(), "{raw:?}");
        }
    }
}
