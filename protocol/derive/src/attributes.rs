//! What serde's attributes say about names; what they say about anything else is passed over.

use crate::case::Rule;
use syn::{Attribute, Error, Expr, LitStr, Result, Token, meta::ParseNestedMeta, parenthesized};

/// The attributes of the enum.
pub(crate) struct Container {
    pub(crate) rule: Rule,
}

/// The attributes of a variant.
pub(crate) struct Variant {
    pub(crate) rename: Option<String>,
    pub(crate) skipped: bool,
}

impl Container {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut rule = Rule::Pascal;
        each(attributes, |meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match name.as_str() {
                "rename_all" => {
                    if let Some(raw) = one_name(&meta, "rename_all")? {
                        rule = Rule::parse(&raw.value()).ok_or_else(|| {
                            let known: Vec<_> = Rule::ALL.iter().map(|(name, _)| *name).collect();
                            Error::new(raw.span(), format!("no spelling of serde's; known are {}", known.join(", ")))
                        })?;
                    }
                    Ok(())
                }
                "tag" | "content" | "untagged" => Err(meta.error(format!(
                    "`{name}` puts the event's name into its payload, or leaves it out, but on the wire the name stands in the `event:` line; remove #[serde({name})] from this enum, and put an inner enum that needs it into a variant"
                ))),
                "from" | "try_from" | "into" | "remote" => Err(meta.error(format!(
                    "with `{name}` another type decides the names; derive `Events` on that type, and publish that one"
                ))),
                _ => pass_over(&meta),
            }
        })?;
        Ok(Self { rule })
    }
}

impl Variant {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut variant = Self { rename: None, skipped: false };
        each(attributes, |meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match name.as_str() {
                "rename" => {
                    variant.rename = one_name(&meta, "rename")?.map(|raw| raw.value());
                    Ok(())
                }
                "skip" | "skip_serializing" => {
                    variant.skipped = true;
                    Ok(())
                }
                "untagged" | "other" => Err(meta.error(format!(
                    "a variant with #[serde({name})] has no name of its own; remove the attribute: names that are not known become faults by themselves"
                ))),
                _ => pass_over(&meta),
            }
        })?;
        Ok(variant)
    }
}

/// Whether the only value of a variant is written.
pub(crate) fn written(attributes: &[Attribute]) -> Result<()> {
    each(attributes, |meta| {
        if meta.path.is_ident("skip") || meta.path.is_ident("skip_serializing") {
            return Err(meta.error(
                "the only value of a variant has to be written, or pages wait for it in vain; skip the variant, or write it without a value",
            ));
        }
        pass_over(&meta)
    })
}

fn each(attributes: &[Attribute], mut read: impl FnMut(ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    serde.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut read))
}

/// `name = "…"`, or `name(serialize = "…", deserialize = "…")` with one and the same text.
fn one_name(meta: &ParseNestedMeta<'_>, name: &str) -> Result<Option<LitStr>> {
    if meta.input.peek(Token![=]) {
        return meta.value()?.parse().map(Some);
    }
    let (mut out, mut back) = (None::<LitStr>, None::<LitStr>);
    meta.parse_nested_meta(|side| {
        let slot = if side.path.is_ident("serialize") { &mut out } else { &mut back };
        *slot = Some(side.value()?.parse()?);
        Ok(())
    })?;
    match (out, back) {
        (Some(out), Some(back)) if out.value() == back.value() => Ok(Some(out)),
        _ => Err(meta.error(format!(
            "one name goes over the wire, but `{name}` gives one to write and another to read; write {name} = \"…\", and #[serde(alias = \"…\")] for a name that is still to be read"
        ))),
    }
}

/// Reads what an attribute says without looking at it.
fn pass_over(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let inside;
        parenthesized!(inside in meta.input);
        inside.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
