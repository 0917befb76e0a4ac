//! Items for JavaScript beside a front end in Rust: the very objects that a `for await` of the npm package hands over.
//!
//! Feature `js`. Only the way out; nothing is read from JavaScript here.

use super::{Event, Fault, Item};
use eventwire::{DecodeError, Events};
use eventwire_client_core as core;
use js_sys::{Array, BigInt, Map, Object, Reflect};
use serde::Serialize;
use std::fmt;
use wasm_bindgen::{JsCast, JsValue};

impl<E: Events + Serialize> Item<E> {
    /// This item as JavaScript has it: `{ type, data, topic, position }`, an event's `type` its name on the wire, and
    /// `eventwire.gap` and `eventwire.fault` beside them, as the npm package's type `Item` says. Plain objects and lists all
    /// through; `None`, `()` and an event without content are `null`, [`Digits`](eventwire::Digits) a string, the integers and
    /// booleans that are keys of a map are strings as in JSON. A map's key `__proto__` is a member like any other, as
    /// `JSON.parse` has it: it sets no prototype.
    ///
    /// One thing is not as npm has it: an `i128` or `u128` is a `BigInt`, however small, where `JSON.parse` would round it.
    /// The contract takes neither from an enum; `Digits` of them are strings here and there.
    ///
    /// The values are written anew from Rust, so what the enum does not hold is not there: members that it does not know,
    /// and the payload of a fault (`data` is `undefined`). A fault has two reasons more than npm's: `topic` and `request`.
    /// An `f32` is the double nearest to it: `0.1_f32` is `0.10000000149011612`.
    ///
    /// ```
    /// use eventwire::Events;
    /// use eventwire_client::Connect;
    /// use futures_util::StreamExt;
    /// use js_sys::Function;
    ///
    /// /// Hands all that comes to a library of the page's, as a chart.
    /// async fn pass_on<E>(connect: Connect<E>, library: Function)
    /// where
    ///     E: Events + serde::Serialize + serde::de::DeserializeOwned + 'static,
    /// {
    ///     let mut stream = connect.open();
    ///     while let Some(item) = stream.next().await {
    ///         match item.to_js() {
    ///             Ok(object) => drop(library.call1(&object, &object)),
    ///             Err(error) => eprintln!("{error}"),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What no page could be given whole: a 64-bit integer beyond 2^53 - 1 that is not [`Digits`](eventwire::Digits), a map
    /// whose keys are no strings in JSON either, a struct with a field that serde calls `__proto__`, or what the enum's own
    /// `Serialize` refuses.
    ///
    /// # Panics
    ///
    /// Outside a browser there is no JavaScript to hand anything to. No stream gives an item there either.
    pub fn to_js(&self) -> Result<JsValue, NotForJs> {
        Ok(match self {
            Self::Event(event) => return event.to_js(),
            Self::Gap(gap) => {
                let position = text(gap.position.map(|position| position.to_string()));
                let topics: Array = gap.topics.iter().map(|pattern| JsValue::from(pattern.as_str())).collect();
                let data =
                    [("reason", gap.reason.as_str().into()), ("topics", topics.into()), ("position", position.clone())];
                item("eventwire.gap", object(&data), JsValue::UNDEFINED, position)
            }
            Self::Fault(fault) => {
                let data = fault_data(fault);
                let of = |member: &str| Reflect::get(&data, &member.into()).unwrap_or_default();
                item("eventwire.fault", data.clone(), of("topic"), of("position"))
            }
        })
    }
}

impl<E: Events + Serialize> Event<E> {
    /// This event as JavaScript has it; see [`Item::to_js`].
    ///
    /// # Errors
    ///
    /// What no page could be given whole; see [`Item::to_js`].
    ///
    /// # Panics
    ///
    /// Outside a browser.
    pub fn to_js(&self) -> Result<JsValue, NotForJs> {
        let refuse = |reason: String| NotForJs { topic: self.topic.as_str().into(), reason };
        let whole = self
            .data
            .serialize(&serde_wasm_bindgen::Serializer::json_compatible().serialize_maps_as_objects(false))
            .map_err(|error| refuse(error.to_string()))
            .and_then(|value| plain(value).map_err(refuse))?;
        // A variant is its name, or an object whose one member has it.
        let (name, data) = if whole.is_string() {
            (whole, JsValue::NULL)
        } else {
            let member =
                whole.dyn_ref().map(Object::entries).and_then(|members| members.get(0).dyn_into::<Array>().ok());
            member.map(|member| (member.get(0), member.get(1))).unwrap_or_default()
        };
        if !name.is_string() {
            return Err(refuse("the enum writes itself as no variant".into()));
        }
        let (topic, position) = (self.topic.as_str().into(), self.position.to_string().into());
        Ok(object(&[("type", name), ("data", data), ("topic", topic), ("position", position)]))
    }
}

/// Why an event could not be handed to JavaScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotForJs {
    topic: Box<str>,
    reason: String,
}

impl fmt::Display for NotForJs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, reason } = self;
        write!(
            f,
            "an event on {topic} is not handed to JavaScript: {reason}; integers beyond 2^53 - 1 are whole as eventwire::Digits, and keys of maps strings or integers"
        )
    }
}

impl std::error::Error for NotForJs {}

/// As an `Error`: in what JavaScript calls, `?` hands it on.
impl From<NotForJs> for JsValue {
    fn from(refusal: NotForJs) -> Self {
        js_sys::Error::new(&refusal.to_string()).into()
    }
}

/// What serde wrote, with its maps as plain objects. They are made here: assigned to an object, as the serializer would, a key
/// `__proto__` were its prototype.
fn plain(value: JsValue) -> Result<JsValue, String> {
    if let Some(list) = value.dyn_ref::<Array>() {
        for (i, inner) in (0..).zip(list.iter()).filter(|(_, inner)| inner.is_object()) {
            list.set(i, plain(inner)?);
        }
        return Ok(value);
    }
    if let Some(map) = value.dyn_ref::<Map>() {
        let members = Array::new();
        for member in map.entries() {
            let member: Array = member.unwrap_or_default().unchecked_into();
            members.push(&Array::of2(&key(member.get(0))?, &plain(member.get(1))?));
        }
        let object = Object::from_entries(&members);
        return object.map(JsValue::from).map_err(|_| "a map has no members".to_owned());
    }
    if let Some(object) = value.dyn_ref::<Object>() {
        // Of a struct: fields are assigned.
        if !Object::is(Object::get_prototype_of(object).as_ref(), Object::get_prototype_of(&Object::new()).as_ref()) {
            return Err("a field is called __proto__".into());
        }
        for name in Object::keys(object).iter() {
            let inner = Reflect::get(object, &name).unwrap_or_default();
            if inner.is_object() {
                assign(object, &name, &plain(inner)?);
            }
        }
    }
    Ok(value)
}

/// A map's key as JSON has it.
fn key(key: JsValue) -> Result<JsValue, String> {
    if key.is_string() {
        return Ok(key);
    }
    let number = key.as_f64().filter(|number| number.fract() == 0.0).map(|number| number.to_string());
    let bool = key.as_bool().map(|bool| bool.to_string());
    let wide = || key.dyn_ref::<BigInt>()?.to_string(10).ok().map(JsValue::from);
    let spelled = number.or(bool).map(JsValue::from).or_else(wide);
    spelled.ok_or_else(|| format!("a map has a key that is no string: {key:?}"))
}

/// As npm's type `Fault` has it.
fn fault_data(fault: &Fault) -> JsValue {
    let (none, empty) = (JsValue::UNDEFINED, || JsValue::from(""));
    let mut event = empty();
    let (mut path, mut expected, mut found) = (empty(), empty(), empty());
    let (mut topic, mut position) = (none.clone(), none.clone());
    let reason = match fault {
        // Told once for all that have this name.
        Fault::Decode { event: name, error: DecodeError::UnknownName(_), .. } => {
            event = (**name).into();
            "unknown"
        }
        Fault::Decode { event: name, topic: on, position: at, error } => {
            (event, topic, position) = ((**name).into(), on.as_str().into(), at.to_string().into());
            match error {
                DecodeError::Payload(error) if error.is_syntax() || error.is_eof() => {
                    (expected, found) = ("JSON".into(), error.to_string().into());
                    "json"
                }
                error => {
                    found = error.to_string().into();
                    "invalid"
                }
            }
        }
        Fault::Topic { topic: asked, .. } => {
            topic = (**asked).into();
            "topic"
        }
        Fault::Request(text) => {
            found = text.into();
            "request"
        }
        Fault::Wire(fault) => {
            match fault {
                core::Fault::Id { event: name, id } => (event, found) = ((**name).into(), (**id).into()),
                core::Fault::Frame { event: name, member } => (event, path) = ((**name).into(), (**member).into()),
                core::Fault::Unknown { event: name } | core::Fault::Early { event: name } => event = (**name).into(),
                core::Fault::Denied { pattern } | core::Fault::TooMany { pattern } => topic = pattern.as_str().into(),
                core::Fault::Version { version } => {
                    (event, path) = ("eventwire.hello".into(), "v".into());
                    found = version.to_string().into();
                }
            }
            fault.as_str()
        }
    };
    object(&[
        ("reason", reason.into()),
        ("event", event),
        ("path", path),
        ("expected", expected),
        ("found", found),
        ("topic", topic),
        ("position", position),
        ("data", none),
        ("message", fault.to_string().into()),
    ])
}

fn item(kind: &str, data: JsValue, topic: JsValue, position: JsValue) -> JsValue {
    object(&[("type", kind.into()), ("data", data), ("topic", topic), ("position", position)])
}

fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in members {
        assign(&object, &(*name).into(), value);
    }
    object.into()
}

fn assign(object: &Object, name: &JsValue, value: &JsValue) {
    // A plain object takes any member.
    let taken = Reflect::set(object, name, value);
    debug_assert!(taken.is_ok(), "{name:?}");
}

fn text(text: Option<String>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_topic_the_reason_and_the_way_out() {
        let refusal = NotForJs { topic: "a.b".into(), reason: "9007199254740993 can't be represented".into() };
        let text = refusal.to_string();
        assert!(text.contains("a.b") && text.contains("9007199254740993") && text.contains("Digits"), "{text}");
    }

    #[test]
    fn a_refusal_can_be_handed_on_to_javascript_as_the_readme_does() {
        let _: fn(NotForJs) -> JsValue = JsValue::from;
    }
}
