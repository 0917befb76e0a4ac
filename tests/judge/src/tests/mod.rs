//! The judge is judged: what is right passes, and every way to be wrong has its name.

mod broken;
mod promise;

use super::*;
use eventwire::Offset;

/// Position `offset` of the `life`th epoch.
fn at(life: u64, offset: u64) -> Position {
    Position { epoch: Epoch::from_random(life), offset: Offset(offset) }
}

fn patterns(list: &[&str]) -> Vec<Pattern> {
    list.iter().map(|raw| Pattern::parse(raw).unwrap()).collect()
}

fn published(life: u64, offset: u64, topic: &str) -> Published {
    Published {
        topic: Topic::parse(topic).unwrap(),
        content: format!("tick {life}.{offset}"),
        outcome: Outcome::Accepted(at(life, offset)),
        retried: false,
    }
}

fn event(life: u64, offset: u64, topic: &str) -> Item {
    let Published { topic, content, .. } = published(life, offset, topic);
    Item::Event { at: at(life, offset), topic, content }
}

fn gap(life: u64, upto: u64, reason: GapReason, topics: &[&str]) -> Item {
    Item::Gap { at: Some(at(life, upto)), reason, topics: patterns(topics) }
}

fn kinds(violations: &[Violation]) -> Vec<Kind> {
    let mut kinds: Vec<Kind> = violations.iter().map(|violation| violation.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}
