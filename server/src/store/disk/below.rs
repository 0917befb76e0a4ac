//! What is known of what lies below the first: events that outlive their neighbours, and, topic by topic, how far it is
//! forgotten. A journal of its own, written anew when most of it is void.
//!
//! Knows no retention: it is told what to keep.

use super::{
    frame::{self, Frames},
    medium::{self, File, Medium},
};
use crate::store::{Forgotten, Record};
use eventwire::{Offset, Topic};
use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::Arc,
};

const NAME: &str = "below";
/// Topics whose losses are remembered one by one; beyond, the oldest are one number.
const TOPICS: usize = 1 << 18;
/// Below this many bytes the journal is not written anew.
const SMALL: u64 = 1 << 20;

/// One sentence of the journal.
#[derive(Debug)]
pub(super) enum Entry {
    /// An event that is to be kept.
    Keep(u64, Record),
    /// It is not any more.
    Drop(u64),
    /// The newest event of a topic that is forgotten.
    Lost(Topic, u64),
    /// Up to here, events of any topic may be forgotten.
    Floor(u64),
    /// Up to here, events that were to be kept may be damaged.
    Torn(u64),
    /// What is below this is forgotten.
    First(u64),
}

#[derive(Debug)]
pub(super) struct Below {
    medium: Arc<dyn Medium>,
    /// Its end, and how many entries it has. `None`: it is written anew at the next change.
    file: Option<(Arc<dyn File>, u64)>,
    entries: u64,
    facts: Facts,
}

#[derive(Clone, Debug, Default)]
struct Facts {
    first: u64,
    floor: u64,
    torn: u64,
    kept: BTreeMap<u64, Record>,
    lost: HashMap<Topic, u64>,
}

impl Below {
    pub(super) fn read(medium: Arc<dyn Medium>) -> Self {
        let bytes = medium::whole(&*medium, NAME).unwrap_or_default();
        let mut facts = Facts { first: 1, ..Facts::default() };
        let (mut next, mut damaged, mut batch) = (1, false, Vec::new());
        let mut frames = Frames::new(&bytes, true);
        for frame in frames.by_ref() {
            damaged |= frame.number > next;
            if frame.number < next {
                continue;
            }
            next = frame.number + 1;
            match Entry::read(frame.body) {
                Some(entry) => batch.push(entry),
                None => damaged = true,
            }
            // What was not written to its end had no consequences.
            if frame.index + 1 == frame.count {
                batch.drain(..).for_each(|entry| facts.apply(entry));
            }
        }
        let torn = frames.damaged;
        if damaged {
            tracing::error!(target: "eventwire::store::damaged", file = NAME,
                "what was kept of old events is damaged; readers are told");
            facts.floor = facts.floor.max(facts.first - 1);
            facts.torn = facts.floor;
        }
        let pristine = !damaged && !torn && batch.is_empty();
        let file = if pristine { medium.open(NAME).ok().map(|file| (file, bytes.len() as u64)) } else { None };
        Self { medium, file, entries: next - 1, facts }
    }

    pub(super) fn first(&self) -> u64 {
        self.facts.first
    }

    pub(super) fn kept(&self) -> impl Iterator<Item = (u64, &Record)> {
        self.facts.kept.iter().map(|(at, record)| (*at, record))
    }

    pub(super) fn forgotten(&self) -> Forgotten {
        let Facts { floor, torn, lost, .. } = &self.facts;
        Forgotten {
            floor: Offset(*floor),
            torn: Offset(*torn),
            topics: lost.iter().map(|(topic, at)| (topic.clone(), Offset(*at))).collect(),
        }
    }

    /// Notes all of these or none, and writes them through.
    pub(super) fn note(&mut self, entries: Vec<Entry>) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let live = (self.facts.kept.len() + self.facts.lost.len()) as u64 * 256;
        let appended = match &self.file {
            Some((file, length)) if *length < SMALL.max(4 * live) => {
                encode(&entries, self.entries, &mut bytes);
                file.write(*length, &bytes).and_then(|()| file.sync()).map(|()| length + bytes.len() as u64)
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        match appended {
            Ok(length) => {
                self.file = self.file.take().map(|(file, _)| (file, length));
                self.entries += entries.len() as u64;
                entries.into_iter().for_each(|entry| self.facts.apply(entry));
                Ok(())
            }
            Err(_) => self.anew(entries),
        }
    }

    /// Writes all that is still known, and these, to a new file. What a failed write left in the old one goes with it.
    fn anew(&mut self, entries: Vec<Entry>) -> io::Result<()> {
        self.file = None;
        let mut facts = self.facts.clone();
        entries.into_iter().for_each(|entry| facts.apply(entry));
        let all = facts.entries();
        let mut bytes = Vec::new();
        encode(&all, 0, &mut bytes);
        medium::replace(&*self.medium, NAME, &bytes)?;
        self.file = Some((self.medium.open(NAME)?, bytes.len() as u64));
        self.entries = all.len() as u64;
        self.facts = facts;
        Ok(())
    }
}

impl Facts {
    fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Keep(at, record) => {
                self.kept.insert(at, record);
            }
            Entry::Drop(at) => {
                self.kept.remove(&at);
            }
            Entry::Lost(topic, at) => {
                let lost = self.lost.entry(topic).or_default();
                *lost = at.max(*lost);
                if self.lost.len() > TOPICS {
                    self.fold();
                }
            }
            Entry::Floor(at) => self.floor = self.floor.max(at),
            Entry::Torn(at) => self.torn = self.torn.max(at),
            Entry::First(at) => self.first = self.first.max(at),
        }
    }

    /// The older half of the losses becomes one number.
    fn fold(&mut self) {
        let mut all: Vec<u64> = self.lost.values().copied().collect();
        let middle = all.len() / 2;
        let (_, middle, _) = all.select_nth_unstable(middle);
        let middle = *middle;
        self.floor = self.floor.max(middle);
        self.lost.retain(|_, at| *at > middle);
    }

    fn entries(&self) -> Vec<Entry> {
        let mut all = vec![Entry::First(self.first), Entry::Floor(self.floor), Entry::Torn(self.torn)];
        all.extend(self.lost.iter().map(|(topic, at)| Entry::Lost(topic.clone(), *at)));
        all.extend(self.kept.iter().map(|(at, record)| Entry::Keep(*at, record.clone())));
        all
    }
}

/// One batch. An entry too long for a frame is a record that was too long to be stored in the first place.
fn encode(entries: &[Entry], after: u64, out: &mut Vec<u8>) {
    let count = entries.len() as u32;
    for (index, entry) in (0..count).zip(entries) {
        let written = frame::write(out, after + 1 + u64::from(index), (index, count), |out| entry.write(out));
        debug_assert!(written, "{entry:?}");
    }
}

impl Entry {
    /// A letter, a number, and a text.
    fn write(&self, out: &mut Vec<u8>) {
        let (letter, number) = match self {
            Self::Keep(at, _) => ('k', at),
            Self::Drop(at) => ('d', at),
            Self::Lost(_, at) => ('l', at),
            Self::Floor(at) => ('f', at),
            Self::Torn(at) => ('t', at),
            Self::First(at) => ('1', at),
        };
        out.extend_from_slice(format!("{letter} {number} ").as_bytes());
        match self {
            Self::Keep(_, record) => record.encode_to(out),
            Self::Lost(topic, _) => out.extend_from_slice(topic.as_str().as_bytes()),
            Self::Drop(_) | Self::Floor(_) | Self::Torn(_) | Self::First(_) => {}
        }
    }

    fn read(body: &[u8]) -> Option<Self> {
        let mut parts = std::str::from_utf8(body).ok()?.splitn(3, ' ');
        let (letter, number, text) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        Some(match letter {
            "k" => Self::Keep(number, Record::decode(text.as_bytes()).ok()?),
            "d" => Self::Drop(number),
            "l" => Self::Lost(Topic::parse(text).ok()?, number),
            "f" => Self::Floor(number),
            "t" => Self::Torn(number),
            "1" => Self::First(number),
            _ => return None,
        })
    }
}
