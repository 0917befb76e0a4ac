//! What the encoder writes, the decoder reads back, however it is cut; and nothing of it begins a line of its own.
//!
//! The input is events, each `offset|back|topic|name|payload` and a `;`. What cannot be made is left out.

use crate::{
    Target,
    pieces::{cuttings, text},
};
use eventwire::{Epoch, EventId, EventName, Offset, Position, Topic, limits, sse};
use std::time::Duration;

pub(crate) const TARGET: Target = Target {
    name: "round-trip",
    about: "every event that can be made comes back as it was, whatever its payload's text is",
    words: &["1|", "|a.b|", "|tick|", ";", "\r\n", "\ndata: ", "\nevent: ", "\nid: ", "18446744073709551615"],
    changes: 4_000,
    run,
};

fn run(input: &[u8]) {
    let epoch = Epoch::from_random(7);
    let (mut bytes, mut expected) = (Vec::new(), Vec::new());
    for event in text(input).split(';') {
        let mut parts = event.splitn(5, '|');
        let mut part = || parts.next().unwrap_or_default();
        let (offset, back, topic, name, payload) = (part(), part(), part(), part(), part());
        let (Ok(topic), Ok(name)) = (Topic::parse(topic), EventName::parse(name)) else { continue };
        let offset = offset.parse().unwrap_or(1u64).max(1);
        let back = back.parse().ok().filter(|back| (1..offset).contains(back));
        let position = Position { epoch, offset: Offset(offset) };
        sse::event_prefix(position, back, &topic, &mut bytes);
        sse::event_suffix(&name, payload, &mut bytes);
        let id = EventId { position, back, topic };
        // The standard's own ends of lines; JSON on one line has none.
        let data = payload.replace("\r\n", "\n").replace('\r', "\n");
        expected.push((id, name.as_str().to_owned(), data));
    }
    let after = Duration::from_millis(crate::pieces::seed(input));
    sse::retry(after, &mut bytes);
    for pieces in cuttings(&bytes) {
        let (mut decoder, mut events) = (sse::Decoder::new(usize::MAX), Vec::new());
        for piece in pieces {
            let each = |block: sse::Block<'_>| {
                assert!(block.id.len() <= limits::ID, "an id too long for a header");
                let id = EventId::parse(block.id).expect("an id that was written is read");
                events.push((id, block.event.to_owned(), block.data.to_owned()));
            };
            decoder.push(piece, each).expect("there is no bound");
        }
        assert_eq!(events, expected);
        assert!(decoder.retry().is_some_and(|retry| (1_000..=60_000).contains(&retry.as_millis())));
    }
}
