//! References inside one schema.
//!
//! Only `#` and `#/…`: a contract is one document.

use serde_json::Value;

/// The JSON pointer a reference means, if it stays inside the document.
pub(crate) fn pointer(target: &str) -> Option<String> {
    let fragment = target.strip_prefix('#')?;
    (fragment.is_empty() || fragment.starts_with('/')).then(|| unescape(fragment)).flatten()
}

/// The schema a reference means.
pub(crate) fn resolve<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    root.pointer(&pointer(target)?)
}

/// The name of the definition a reference means.
#[cfg(feature = "schemars")]
pub(crate) fn definition(target: &str) -> Option<String> {
    let name = pointer(target)?.strip_prefix("/$defs/")?.to_owned();
    (!name.contains('/')).then(|| name.replace("~1", "/").replace("~0", "~"))
}

/// A reference to a definition.
#[cfg(feature = "schemars")]
pub(crate) fn target(name: &str) -> String {
    let mut target = "#/$defs/".to_owned();
    for byte in name.replace('~', "~0").replace('/', "~1").bytes() {
        match byte {
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => target.push(byte.into()),
            byte => target += &format!("%{byte:02X}"),
        }
    }
    target
}

/// A reference is a URI: schemars escapes what may not stand in one.
fn unescape(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
