//! Ids, positions, topics, patterns and names: what is read is written back the same, and patterns mean what their
//! definition says.
//!
//! The input is words, one a line; each is tried as everything, and each two neighbours as pattern and pattern or topic.

use crate::{Target, pieces::text};
use eventwire::{Epoch, EventId, EventName, Pattern, Position, Topic, limits};

pub(crate) const TARGET: Target = Target {
    name: "words",
    about: "an id, a topic, a pattern or a name that is read is written back the same and keeps its bounds; matching is what its definition says",
    words: &[
        "k3f9x2m1q0ab-",
        "k3f9x2m1q0ab-12.3/",
        ".*",
        ".**",
        "**",
        "eventwire.",
        "18446744073709551615",
        "/a.b",
        "\u{feff}",
    ],
    changes: 4_000,
    run,
};

fn run(input: &[u8]) {
    let words: Vec<&str> = text(input).split('\n').collect();
    words.iter().for_each(|word| alone(word));
    for pair in words.windows(2) {
        if let (Ok(a), Ok(b)) = (Pattern::parse(pair[0]), Pattern::parse(pair[1])) {
            together(&a, &b);
            together(&b, &a);
        }
    }
}

fn alone(word: &str) {
    if let Ok(id) = EventId::parse(word) {
        assert_eq!(id.to_string(), word);
        assert!(word.len() <= limits::ID && word.bytes().all(|byte| byte.is_ascii_graphic()));
        assert_eq!(Position::parse(word), Ok(id.position));
        let offset = id.position.offset.0;
        assert!(
            offset > 0 && id.back.is_none_or(|back| (1..offset).contains(&back) && id.previous().0 == offset - back)
        );
    }
    if let Ok(position) = Position::parse(word) {
        let written = position.to_string();
        assert!(word.strip_prefix(&written).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/'])));
        assert_eq!(Position::parse(&written), Ok(position));
        let mut pushed = String::new();
        position.push_to(&mut pushed);
        assert_eq!(pushed, written);
    }
    if let Ok(epoch) = Epoch::parse(word) {
        assert_eq!(epoch.to_string(), word);
    }
    if let Ok(topic) = Topic::parse(word) {
        assert_eq!(topic.as_str(), word);
        let pattern = Pattern::parse(word).expect("a topic is a pattern");
        assert_eq!(pattern.as_topic(), Some(topic));
        assert!(pattern.matches(word) && pattern.literal_prefix() == word);
    }
    if let Ok(pattern) = Pattern::parse(word) {
        assert!(word.len() <= limits::TOPIC && (1..=limits::SEGMENTS).contains(&word.split('.').count()));
        assert!(pattern.covers(&pattern) && pattern.overlaps(&pattern) && Pattern::all().covers(&pattern));
        assert!(word.starts_with(pattern.literal_prefix()));
        assert_eq!(pattern.as_topic().is_none(), word.contains('*'));
    }
    if let Ok(name) = EventName::parse(word) {
        assert_eq!(name.as_str(), word);
        assert!(word.len() <= limits::NAME && !word.contains(['\r', '\n', '\0', ',', ' ']));
        assert!(!word.starts_with("eventwire."));
    }
}

fn together(a: &Pattern, b: &Pattern) {
    let (mine, others): (Vec<_>, Vec<_>) = (a.as_str().split('.').collect(), b.as_str().split('.').collect());
    if let Some(topic) = b.as_topic() {
        assert_eq!(a.matches(topic.as_str()), meant(&mine, &others), "{a} matches {b}");
        assert_eq!(a.matches(topic.as_str()), a.covers(b), "a topic is covered if it is matched");
    }
    if a.covers(b) {
        assert!(a.overlaps(b), "{a} covers {b} and does not overlap it");
        // Whatever `b` matches: one topic of its for each length there may be.
        for more in 1..=3 {
            let some: Vec<&str> = others.iter().flat_map(|part| fill(part, more)).collect();
            assert!(meant(&mine, &some), "{a} covers {b} and not {some:?}");
        }
    }
    assert_eq!(a.overlaps(b), b.overlaps(a));
    if a.overlaps(b) && a.literal_prefix().len() <= b.literal_prefix().len() {
        assert!(b.literal_prefix().starts_with(a.literal_prefix()));
    }
}

fn fill(part: &str, more: usize) -> Vec<&str> {
    match part {
        "*" => vec!["zz"],
        "**" => vec!["zz"; more],
        literal => vec![literal],
    }
}

/// The definition: `*` is exactly one segment, a final `**` one or more.
fn meant(pattern: &[&str], topic: &[&str]) -> bool {
    match (pattern, topic) {
        ([], []) => true,
        (["**"], [_, ..]) => true,
        (["*", pattern @ ..], [_, topic @ ..]) => meant(pattern, topic),
        ([a, pattern @ ..], [b, topic @ ..]) => a == b && meant(pattern, topic),
        _ => false,
    }
}
