//! The stream decoder against the standard's own words, read over the whole text at once.
//!
//! The reference is written from HTML, section 9.2.6 "Interpreting an event stream", and shares nothing with the decoder.

use crate::{Target, pieces::cuttings};
use eventwire::sse::Decoder;

pub(crate) const TARGET: Target = Target {
    name: "sse",
    about: "a stream decodes to what the standard says, however it is cut; a bound only ever cuts it short",
    words: &[
        "data",
        "data: ",
        "data:",
        "event: ",
        "id: ",
        "id",
        "retry: ",
        ":",
        "\r\n",
        "\n\n",
        "\u{feff}",
        "\u{0}",
        "99999999999999999999",
    ],
    changes: 4_000,
    run,
};

/// What a stream says: its events, then its last id and its reconnection time.
#[derive(Debug, Default, PartialEq)]
struct Said {
    events: Vec<[String; 3]>,
    id: String,
    retry: Option<u64>,
}

fn run(stream: &[u8]) {
    let expected = standard(stream);
    for pieces in cuttings(stream) {
        let (said, whole) = decoded(&pieces, usize::MAX);
        assert!(whole, "refused without a bound");
        assert_eq!(said, expected);
        for limit in [1 << 20, 64, 7] {
            let (said, whole) = decoded(&pieces, limit);
            assert!(said.events.len() <= expected.events.len());
            assert_eq!(said.events[..], expected.events[..said.events.len()], "a bound of {limit} changed what came");
            let within = longest(stream) <= limit;
            assert!(whole || !within, "nothing is longer than {limit}, yet it was refused");
            if whole {
                assert_eq!(said, expected);
            }
        }
    }
}

fn decoded(pieces: &[&[u8]], limit: usize) -> (Said, bool) {
    let (mut decoder, mut events) = (Decoder::new(limit), Vec::new());
    let mut whole = true;
    for piece in pieces {
        let each =
            |block: eventwire::sse::Block<'_>| events.push([block.event, block.data, block.id].map(str::to_owned));
        let pushed = decoder.push(piece, each).is_ok();
        assert!(whole || !pushed, "a decoder that refused went on");
        whole = pushed;
    }
    let retry = decoder.retry().map(|retry| retry.as_millis() as u64);
    (Said { events, id: decoder.last_event_id().to_owned(), retry }, whole)
}

/// The longest line, and the most data of one block: what a bound is held against.
fn longest(stream: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let (mut longest, mut data) = (0, 0);
    for line in stream.split(ends) {
        longest = longest.max(line.len());
        // Not to the byte: lossless text is never longer than three times its bytes, and each line adds an end.
        data += 3 * line.len() + 1;
    }
    longest.max(data)
}

/// The standard, word by word.
fn standard(stream: &[u8]) -> Said {
    let text = String::from_utf8_lossy(stream);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines: Vec<&str> = text.split('\n').collect();
    // What follows the last end of a line is no line.
    lines.pop();
    let mut said = Said::default();
    let (mut data, mut kind, mut last_id) = (String::new(), String::new(), String::new());
    for line in lines {
        if line.is_empty() {
            said.id.clone_from(&last_id);
            if data.is_empty() {
                kind.clear();
                continue;
            }
            let data = std::mem::take(&mut data);
            let kind = std::mem::take(&mut kind);
            let kind = if kind.is_empty() { "message".to_owned() } else { kind };
            said.events.push([kind, data.strip_suffix('\n').unwrap_or(&data).to_owned(), said.id.clone()]);
            continue;
        }
        let (field, value) = match line.find(':') {
            Some(0) => continue,
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, ""),
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => kind = value.to_owned(),
            "data" => data += &format!("{value}\n"),
            "id" if !value.contains('\0') => last_id = value.to_owned(),
            "retry" if !value.is_empty() && value.chars().all(|c| c.is_ascii_digit()) => {
                // Ours beyond the standard: brought between a second and a minute, whatever was asked.
                said.retry = Some(value.parse::<u128>().map_or(60_000, |ms| ms.clamp(1_000, 60_000) as u64));
            }
            _ => {}
        }
    }
    said
}
