//! Where two contracts differ: both trees side by side, each named type once.
//!
//! Has no opinion of its own: a place breaks only if the types there do not fit, and where they do not, some place is named.

use super::{
    arms::{alternatives, arms},
    change::{Change, ChangeKind},
    fits::{DEEP, Fits},
    limits,
    words::{self, Words},
};
use crate::{
    model::{Event, Field, List, Model, Node, Note, Record, Shape},
    named::{Arms, tag_of},
    refusal::At,
};
use serde_json::Value;
use std::{
    collections::{HashMap, VecDeque},
    ops::{AddAssign, Range},
};

/// Most places listed besides those where changes are told. Every change in a type is a change wherever the type is used:
/// of many in one that is used often, the list would be as long as both together, multiplied.
const PLACES: usize = 1 << 18;

/// Two models, walked through together.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    old: &'a Model,
    new: &'a Model,
    /// Pages of the old with a server of the new.
    forward: Fits<'a>,
    /// The other way about: with both the types are the same.
    backward: Fits<'a>,
    /// Both again, for what went and what came in its stead: a search of its own, since what it costs no verdict may lack.
    renamed: [Fits<'a>; 2],
    /// What was said of a pair of named types.
    seen: HashMap<(usize, usize), Seen>,
    /// The pairs that this place is in.
    open: Vec<(usize, usize)>,
    /// Whether the types around this place fit, so that nothing in it breaks.
    fine: bool,
    /// Whether this event's payloads do not differ in what a page checks.
    same: bool,
    depth: usize,
    /// Places of named types that may still be listed.
    places: usize,
    event: &'a str,
    pub(super) changes: Vec<Change>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(old: &'a Model, new: &'a Model) -> Self {
        let (forward, backward) = (Fits::new(old, new), Fits::new(new, old));
        Self {
            old,
            new,
            forward,
            backward,
            renamed: [Fits::new(old, new), Fits::new(new, old)],
            seen: HashMap::new(),
            open: Vec::new(),
            fine: false,
            same: false,
            depth: 0,
            places: PLACES,
            event: "",
            changes: Vec::new(),
        }
    }

    /// Says what follows of this event, whose payloads are the same or may differ.
    pub(super) fn event(&mut self, name: &'a str, same: bool) {
        (self.event, self.same, self.fine) = (name, same, same);
    }

    pub(super) fn say(&mut self, kind: ChangeKind, breaks: bool, at: &At, words: Words) {
        self.changes.push(Change::new(kind, breaks && !self.fine, self.event, at, words));
    }

    /// The first type that is the same. Each may be held against each: the search ends where it is said to.
    pub(super) fn alike(&mut self, old: &'a Shape, mut new: impl Iterator<Item = &'a Shape>) -> Option<usize> {
        let [forward, backward] = &mut self.renamed;
        new.position(|new| forward.spent() || forward.fits(old, new) && backward.fits(new, old))
            .filter(|_| !forward.spent())
    }

    pub(super) fn payload(&mut self, old: &'a Event, new: &'a Event, at: &At) {
        let at = &at.moved("");
        let before = self.changes.len();
        self.notes(&old.note, &new.note, at);
        let elsewhere = self.shape(&old.payload.shape, &new.payload.shape, at);
        let said = elsewhere.broke || self.changes[before..].iter().any(|change| change.breaks);
        if !said && !self.same && !self.forward.fits(&old.payload.shape, &new.payload.shape) {
            self.whole(&old.payload.shape, &new.payload.shape, at);
        }
    }

    fn notes(&mut self, old: &Note, new: &Note, at: &At) {
        if old.deprecated != new.deprecated {
            self.say(ChangeKind::Deprecated, false, at, words::deprecated(new.deprecated));
        }
        if old.doc != new.doc {
            self.say(ChangeKind::Docs, false, at, words::docs());
        }
    }

    fn node(&mut self, old: &'a Node, new: &'a Node, at: &At) -> Elsewhere {
        self.notes(&old.note, &new.note, at);
        self.shape(&old.shape, &new.shape, at)
    }

    fn shape(&mut self, old: &'a Shape, new: &'a Shape, at: &At) -> Elsewhere {
        let names = match (old, new) {
            (Shape::Ref(old), Shape::Ref(new)) => Some((*old, *new)),
            _ => None,
        };
        if let Some(elsewhere) = names.and_then(|names| self.again(names, at)) {
            return elsewhere;
        }
        let before = self.changes.len();
        let depth = self.open.len();
        if let Some((old, new)) = names {
            self.open.push((old, new));
            self.notes(&self.old.defs[old].node.note, &self.new.defs[new].node.note, at);
        }
        let start = self.changes.len();
        let fits = self.fine || self.forward.fits(old, new);
        let around = self.fine;
        self.fine |= fits;
        let mut elsewhere = Elsewhere::default();
        if self.depth < DEEP {
            self.depth += 1;
            elsewhere = self.parts(old, new, at);
            self.depth -= 1;
        }
        self.fine = around;
        if names.is_some() && elsewhere.within == Some(depth) {
            elsewhere.within = None;
        }
        let said = &self.changes[start..];
        let told = if fits {
            self.same || elsewhere.said || !said.is_empty() || self.backward.fits(new, old)
        } else {
            elsewhere.broke || said.iter().any(|change| change.breaks)
        };
        if !told && elsewhere.within.is_none() {
            self.whole(old, new, at);
        }
        if let Some(names) = names {
            self.open.truncate(depth);
            let within = elsewhere.within.map(|depth| self.open[depth]);
            let said = before..self.changes.len();
            let broke = self.changes[before..].iter().any(|change| change.breaks);
            self.seen.insert(names, Seen { said, broke, within });
        }
        elsewhere
    }

    /// What was said of two named types that were met before.
    fn again(&mut self, names: (usize, usize), at: &At) -> Option<Elsewhere> {
        let mut elsewhere = Elsewhere::default();
        let mut next = Some(names);
        while let Some(names) = next {
            if let Some(depth) = self.open.iter().position(|open| *open == names) {
                elsewhere.within = Some(depth);
                return Some(elsewhere);
            }
            let Seen { said, broke, within } = self.seen.get(&names)?.clone();
            next = within;
            elsewhere.said |= !said.is_empty();
            elsewhere.broke |= broke;
            let places = said.len().min(self.places);
            self.places -= places;
            for change in &mut self.changes[said][..places] {
                change.also.push(at.place.clone());
            }
        }
        Some(elsewhere)
    }

    /// Says of a type as a whole that it is another.
    fn whole(&mut self, old: &'a Shape, new: &'a Shape, at: &At) {
        let (fits, back) = (self.forward.fits(old, new), self.backward.fits(new, old));
        let kind = match (fits, back) {
            (true, _) => ChangeKind::Narrowed,
            (false, true) => ChangeKind::Widened,
            (false, false) => ChangeKind::Changed,
        };
        self.say(kind, !fits, at, words::shape((self.old, old), (self.new, new), back));
    }

    fn parts(&mut self, old: &'a Shape, new: &'a Shape, at: &At) -> Elsewhere {
        match (self.old.resolve(old), self.new.resolve(new)) {
            (Shape::Record(old), Shape::Record(new)) => self.record(old, new, at),
            (Shape::List(was), Shape::List(is)) => {
                let elsewhere = self.node(&was.items, &is.items, &at.key("*").items());
                self.lengths(was, is, (old, new), at);
                elsewhere
            }
            (Shape::Tuple(old), Shape::Tuple(new)) if old.len() == new.len() => {
                let both = old.iter().zip(new).enumerate();
                each(both.map(|(i, (old, new))| self.node(old, new, &at.key(i).member(&i.to_string()))))
            }
            (Shape::All(old), Shape::All(new)) if old.len() == new.len() => {
                each(old.iter().zip(new).map(|(old, new)| self.node(old, new, at)))
            }
            (old @ (Shape::Literal(_) | Shape::External(..)), new @ (Shape::Literal(_) | Shape::External(..))) => {
                self.variants(old, new, at)
            }
            (old @ Shape::Union(_), new) | (old, new @ Shape::Union(_)) => self.union(old, new, at),
            _ => Elsewhere::default(),
        }
    }

    fn record(&mut self, old: &'a Record, new: &'a Record, at: &At) -> Elsewhere {
        if let Some(elsewhere) = self.keys(old, new, at) {
            return elsewhere;
        }
        let mut elsewhere = Elsewhere::default();
        let mut added: VecDeque<_> =
            new.fields.iter().filter(|field| old.fields.named(&field.name).is_none()).collect();
        let all = added.clone();
        for field in old.fields.iter() {
            let at = at.key(&field.name).member(&field.name);
            let Some(now) = new.fields.named(&field.name) else {
                let like = self.alike(&field.node.shape, added.iter().map(|other| &other.node.shape));
                let like = like.and_then(|like| added.remove(like)).map(|other| other.name.as_str());
                let what = words::field_removed(&field.name, like);
                self.say(ChangeKind::FieldRemoved, field.required, &at, what);
                continue;
            };
            match (field.required, now.required) {
                (true, false) => self.say(ChangeKind::FieldOptional, true, &at, words::field_optional()),
                (false, true) => self.say(ChangeKind::FieldRequired, false, &at, words::field_required()),
                _ => {}
            }
            elsewhere += self.node(&field.node, &now.node, &at);
        }
        for field in all {
            let ignored = match &old.rest {
                Some(rest) => {
                    limits::key(old.keys.as_deref(), &field.name) && self.forward.fits(&rest.shape, &field.node.shape)
                }
                None => true,
            };
            let at = at.key(&field.name).member(&field.name);
            self.say(ChangeKind::FieldAdded, !ignored, &at, words::field_added(self.new, field, old.rest.is_some()));
        }
        if let (Some(old), Some(new)) = (&old.rest, &new.rest) {
            elsewhere += self.node(old, new, &at.key("*").items());
        }
        elsewhere
    }

    /// Says of a map's keys that they are no longer listed, or that they are now. Nothing of any other record, nor if a page
    /// of before does not take its values.
    fn keys(&mut self, old: &'a Record, new: &'a Record, at: &At) -> Option<Elsewhere> {
        let (map, listed, opened) = match (&old.rest, &new.rest) {
            (None, Some(rest)) if new.fields.is_empty() && !old.more => (rest, &old.fields, true),
            (Some(rest), None) if old.fields.is_empty() && !new.more => (rest, &new.fields, false),
            _ => return None,
        };
        let first = listed.first()?;
        let fits = |field: &'a Field| {
            let (page, server) = if opened { (&field.node, &**map) } else { (&**map, &field.node) };
            self.forward.fits(&page.shape, &server.shape)
        };
        if new.keys.is_some()
            || old.keys.is_some()
            || listed.iter().any(|field| field.required)
            || !listed.iter().all(fits)
        {
            return None;
        }
        let kind = if opened { ChangeKind::Widened } else { ChangeKind::Narrowed };
        self.say(kind, false, at, words::keys(listed, opened));
        let (old, new) = if opened { (&first.node, &**map) } else { (&**map, &first.node) };
        Some(self.node(old, new, &at.key("*").items()))
    }

    /// Says of a list's length, and of what else holds for it as a whole.
    fn lengths(&mut self, old: &List, new: &List, whole: (&'a Shape, &'a Shape), at: &At) {
        let (fits, back) = (limits::list(old, new), limits::list(new, old));
        if !(fits && back) {
            let kind = if fits { ChangeKind::Narrowed } else { ChangeKind::Widened };
            self.say(kind, !fits, at, words::shape((self.old, whole.0), (self.new, whole.1), back));
        }
    }

    /// Enums in payloads whose variants are names, or objects of one member.
    fn variants(&mut self, old: &'a Shape, new: &'a Shape, at: &At) -> Elsewhere {
        let (Some((old_names, old_members)), Some((new_names, new_members))) = (alternatives(old), alternatives(new))
        else {
            return Elsewhere::default();
        };
        let brief = |field: &Field| words::one(format!("{{{}: …}}", Value::from(field.name.as_str())));
        for (_, name) in old_names.iter().filter(|(_, name)| !new_names.has(name)) {
            self.say(ChangeKind::VariantRemoved, false, at, words::variant_removed(&name.to_string()));
        }
        for (_, name) in new_names.iter().filter(|(_, name)| !old_names.has(name)) {
            self.say(ChangeKind::VariantAdded, true, at, words::variant_added(&name.to_string()));
        }
        let mut elsewhere = Elsewhere::default();
        for member in old_members.iter() {
            match new_members.named(&member.name) {
                Some(other) => {
                    let at = at.key(&member.name).variant(&member.name);
                    elsewhere += self.node(&member.node, &other.node, &at);
                }
                None => self.say(ChangeKind::VariantRemoved, false, at, words::variant_removed(&brief(member))),
            }
        }
        for member in new_members.iter().filter(|member| old_members.named(&member.name).is_none()) {
            self.say(ChangeKind::VariantAdded, true, at, words::variant_added(&brief(member)));
        }
        elsewhere
    }

    fn union(&mut self, old: &'a Shape, new: &'a Shape, at: &At) -> Elsewhere {
        let ((was, nullable), (is, nullable_now)) = (arms(old), arms(new));
        if nullable != nullable_now {
            let kind = if nullable_now { ChangeKind::NullAdded } else { ChangeKind::NullRemoved };
            self.say(kind, nullable_now, at, words::null(nullable_now));
        }
        match (was.as_slice(), is.as_slice()) {
            ([old], [new]) => self.shape(old, new, at),
            _ => match (old, new) {
                (Shape::Union(old), Shape::Union(new)) => self.tagged(old, new, at),
                _ => Elsewhere::default(),
            },
        }
    }

    /// Enums in payloads whose variants say their name in a member.
    fn tagged(&mut self, old: &'a Arms, new: &'a Arms, at: &At) -> Elsewhere {
        let (Some(was), Some(is)) = (old.tag(), new.tag()) else { return Elsewhere::default() };
        let (was, is) = (&was.member, &is.member);
        if was != is {
            self.say(ChangeKind::TagChanged, true, at, words::tag(was, is));
            return Elsewhere::default();
        }
        let name = |arm: &'a Node| tag_of(&arm.shape, is).map_or("", |(name, _)| name);
        let quoted = |arm: &'a Node| Value::from(name(arm)).to_string();
        let mut elsewhere = Elsewhere::default();
        for arm in old.iter() {
            match new.named(name(arm)) {
                Some(other) => elsewhere += self.node(arm, other, &at.clone().variant(name(arm))),
                None => self.say(ChangeKind::VariantRemoved, false, at, words::variant_removed(&quoted(arm))),
            }
        }
        for arm in new.iter().filter(|arm| old.named(name(arm)).is_none()) {
            self.say(ChangeKind::VariantAdded, true, at, words::variant_added(&quoted(arm)));
        }
        elsewhere
    }
}

/// What was said of a type at other places than this one.
#[derive(Clone, Copy, Debug, Default)]
struct Elsewhere {
    said: bool,
    broke: bool,
    /// It holds the type at this depth of those that are walked through now: what there is to say will be said there.
    within: Option<usize>,
}

/// What was said of two named types.
#[derive(Clone, Debug)]
struct Seen {
    said: Range<usize>,
    broke: bool,
    /// The rest is said of these, which hold them and are held by them.
    within: Option<(usize, usize)>,
}

impl AddAssign for Elsewhere {
    fn add_assign(&mut self, other: Self) {
        self.said |= other.said;
        self.broke |= other.broke;
        // The outermost.
        self.within = [self.within, other.within].into_iter().flatten().min();
    }
}

fn each(all: impl Iterator<Item = Elsewhere>) -> Elsewhere {
    let mut sum = Elsewhere::default();
    all.for_each(|one| sum += one);
    sum
}
