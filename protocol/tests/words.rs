//! Topics, patterns, ids, requests and frames: properties over many values, and small worlds tried whole.

use eventwire::{
    Code, Epoch, EventId, EventName, Frame, InvalidRequest, Offset, Pattern, Position, Request, Start, Topic,
    frame::{Bye, CursorKind, Gap, GapReason, Hello},
    limits,
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::{fmt::Display, time::Duration};

/// Every pattern of up to `depth` segments out of two letters and the wildcards.
fn small_patterns(depth: usize) -> Vec<Pattern> {
    let mut raws: Vec<String> = vec![String::new()];
    let mut all = Vec::new();
    for _ in 0..depth {
        let join =
            |raw: &String, segment: &str| if raw.is_empty() { segment.into() } else { format!("{raw}.{segment}") };
        all.extend(raws.iter().map(|raw| join(raw, "**")));
        raws = raws.iter().flat_map(|raw| ["a", "b", "*"].map(|segment| join(raw, segment))).collect();
        all.extend(raws.iter().cloned());
    }
    all.iter().map(|raw| Pattern::parse(raw).expect("a pattern")).collect()
}

/// What a pattern matches, by the words of the specification.
fn matches(pattern: &[&str], topic: &[&str]) -> bool {
    match (pattern, topic) {
        ([], []) => true,
        (["**"], [_, ..]) => true,
        (["*", pattern @ ..], [_, topic @ ..]) => matches(pattern, topic),
        ([a, pattern @ ..], [b, topic @ ..]) => a == b && matches(pattern, topic),
        _ => false,
    }
}

#[test]
fn covering_and_overlapping_are_what_all_topics_of_a_small_world_say() {
    let patterns = small_patterns(3);
    // One segment and one letter more than any pattern names, so that a wildcard has something of its own.
    let mut topics: Vec<Vec<&str>> = Vec::new();
    let mut last: Vec<Vec<&str>> = vec![vec![]];
    for _ in 0..4 {
        last = last.iter().flat_map(|topic| ["a", "b", "c"].map(|segment| [&topic[..], &[segment]].concat())).collect();
        topics.extend(last.iter().cloned());
    }
    let sets: Vec<Vec<bool>> = patterns
        .iter()
        .map(|pattern| {
            let segments: Vec<_> = pattern.as_str().split('.').collect();
            topics
                .iter()
                .map(|topic| {
                    let expected = matches(&segments, topic);
                    assert_eq!(pattern.matches(&topic.join(".")), expected, "{pattern} {topic:?}");
                    expected
                })
                .collect()
        })
        .collect();
    for (mine, my_set) in patterns.iter().zip(&sets) {
        for (other, other_set) in patterns.iter().zip(&sets) {
            let covers = other_set.iter().zip(my_set).all(|(other, mine)| *mine || !other);
            assert_eq!(mine.covers(other), covers, "{mine} covers {other}");
            let overlaps = other_set.iter().zip(my_set).any(|(other, mine)| *mine && *other);
            assert_eq!(mine.overlaps(other), overlaps, "{mine} overlaps {other}");
        }
    }
}

#[test]
fn a_patterns_literal_prefix_is_what_stands_before_its_first_wildcard() {
    for (raw, prefix) in [("a.b", "a.b"), ("a.*", "a"), ("a.b.**", "a.b"), ("*", ""), ("**", ""), ("*.a", "")] {
        let pattern = Pattern::parse(raw).expect("a pattern");
        assert_eq!(pattern.literal_prefix(), prefix, "{raw}");
        assert_eq!(pattern.as_topic().is_some(), !raw.contains('*'), "{raw}");
    }
}

#[test]
fn the_last_offset_is_its_own_successor() {
    assert_eq!(Offset(1).next(), Offset(2));
    assert_eq!(Offset(u64::MAX).next(), Offset(u64::MAX));
}

#[test]
fn an_ids_previous_offset_is_known_from_its_continuity() {
    for (raw, previous) in [("k3f9x2m1q0ab-9.2/a", 7), ("k3f9x2m1q0ab-9/a", 0)] {
        assert_eq!(EventId::parse(raw).expect("an id").previous(), Offset(previous));
    }
}

fn positions() -> impl Strategy<Value = Position> {
    (any::<u64>(), any::<u64>())
        .prop_map(|(bits, offset)| Position { epoch: Epoch::from_random(bits), offset: Offset(offset) })
}

fn patterns() -> impl Strategy<Value = Pattern> {
    vec(select(vec!["a", "B-9", "_~", "*", "orders"]), 1..6)
        .prop_flat_map(|segments| select(vec![segments.join("."), segments.join(".") + ".**", "**".into()]))
        .prop_map(|raw| Pattern::parse(&raw).expect("a pattern"))
}

fn names() -> impl Strategy<Value = EventName> {
    "[^\\p{Cc}\\p{Z},\u{feff}]{1,20}".prop_filter_map("reserved or white space", |raw| EventName::parse(&raw).ok())
}

/// A list of patterns as a request keeps it: each once.
fn lists() -> impl Strategy<Value = Vec<Pattern>> {
    vec(patterns(), 0..9).prop_map(|mut list| {
        list.sort();
        list.dedup();
        list
    })
}

fn times() -> impl Strategy<Value = Duration> {
    (0u64..1 << 53).prop_map(Duration::from_millis)
}

fn frames() -> impl Strategy<Value = Frame> {
    let hello = (
        (any::<u32>(), positions(), positions(), vec(names(), 0..4), "\\PC{0,16}"),
        (lists(), lists(), times(), times(), times()),
    )
        .prop_map(|((v, start, head, names, contract), (topics, denied, heartbeat, spread, retry))| {
            let contract = contract.into();
            Frame::Hello(Hello { v, start, head, names, contract, topics, denied, heartbeat, spread, retry })
        });
    let gap =
        (select(GapReason::ALL.to_vec()), lists()).prop_map(|(reason, topics)| Frame::Gap(Gap { reason, topics }));
    let codes: Vec<_> = Code::ALL.into_iter().filter(|code| code.is_bye()).collect();
    let bye = (select(codes), times()).prop_map(|(reason, after)| Frame::Bye(Bye { reason, after }));
    let cursor = select(CursorKind::ALL.to_vec()).prop_map(Frame::Cursor);
    prop_oneof![hello, gap, bye, cursor, vec(names(), 0..4).prop_map(Frame::Names)]
}

proptest! {
    #[test]
    fn i2_an_id_is_short_safe_in_a_header_and_comes_back(
        at in positions(), back in option::of(any::<u64>()), topic in "[A-Za-z0-9_~-]{1,4}(\\.[A-Za-z0-9_~-]{1,4}){0,13}",
    ) {
        let position = Position { offset: Offset(at.offset.0.max(1)), ..at };
        let back = back.map(|back| back % position.offset.0).filter(|back| *back > 0);
        let id = EventId { position, back, topic: Topic::parse(&topic).expect("a topic") };
        let raw = id.to_string();
        prop_assert!(raw.len() <= limits::ID && raw.bytes().all(|b| b.is_ascii_graphic()));
        prop_assert_eq!(EventId::parse(&raw), Ok(id));
        prop_assert_eq!(Position::parse(&raw), Ok(position));
        let asked = Request::parse("", [raw.as_bytes()]).expect("an id is a position");
        prop_assert_eq!(asked.start, Start::After { position, native: true });
        let mut cheap = String::new();
        position.push_to(&mut cheap);
        prop_assert_eq!(cheap, position.to_string());
    }

    #[test]
    fn a_request_comes_back_from_its_query(
        topics in lists(), new in lists(), start in 0..4, at in positions(), escape in any::<bool>(),
    ) {
        let new = new.into_iter().filter(|pattern| !topics.contains(pattern)).collect();
        let start = match start {
            0 => Start::Now,
            1 => Start::Earliest,
            2 => Start::After { position: at, native: false },
            _ => Start::Unreadable { native: false },
        };
        let request = Request { topics, new, start };
        let mut query = request.to_query();
        if escape {
            // As `URLSearchParams` writes it.
            query = query.replace(',', "%2C").replace('~', "%7E");
        }
        prop_assert_eq!(Request::parse(&query, []), Ok(request));
    }

    #[test]
    fn a_frame_comes_back_from_its_data_and_is_one_line(frame in frames()) {
        let data = frame.data();
        prop_assert!(!data.contains(['\n', '\r']));
        prop_assert_eq!(Frame::parse(frame.event(), &data), Ok(Some(frame)));
    }

    #[test]
    fn s10_no_query_and_no_header_can_make_reading_panic(
        query in "(topics|new|lastEventId|x|&|=|%[0-9a-f]{0,2}|[,.*+ é\u{0}]|a){0,30}", header in vec(any::<u8>(), 0..40),
    ) {
        let _ = Request::parse(&query, [&header[..]]);
        let _ = Frame::parse("eventwire.hello", &query);
        let _ = EventId::parse(&String::from_utf8_lossy(&header));
    }
}

fn says(error: impl Display, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

#[test]
fn every_refusal_of_a_request_names_the_culprit_and_the_next_step() {
    let refused = |query: &str| Request::parse(query, []).expect_err("is refused");
    says(refused("topics=a..b"), &["a..b", "empty"]);
    says(refused("topics=a&new=a"), &["`a`", "one of them"]);
    says(refused("lastEventId=%C3%A9"), &["256", "send back"]);
    says(refused("topics=a&topics=b"), &["`topics`", "once"]);
    says(refused("topics=%ff"), &["UTF-8", "encode"]);
    says(refused(&format!("topics={}", "a,".repeat(200))), &["100", "wildcard"]);
    let long = refused(&format!("topics={}", "x".repeat(300)));
    let InvalidRequest::Pattern(shown, _) = &long else { panic!("{long}") };
    assert_eq!(shown.len(), 100);
    assert_eq!(long.code(), Code::BadRequest);
}

#[cfg(feature = "serde")]
#[test]
fn words_travel_in_an_apps_own_types_as_their_text() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Props {
        from: Position,
        topics: Vec<Pattern>,
        upto: Offset,
    }
    let json = r#"{"from":"k3f9x2m1q0ab-7","topics":["a.*"],"upto":"18446744073709551615"}"#;
    let props: Props = serde_json::from_str(json).expect("readable");
    assert_eq!(serde_json::to_string(&props).expect("writable"), json);
    let refused = serde_json::from_str::<Topic>("\"a b\"").expect_err("is refused");
    says(refused, &["a b", "not allowed"]);
}
