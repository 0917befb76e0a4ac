//! The codec of Server-Sent Events against a reference model on any chunking, and its bounds.

use eventwire::{Epoch, EventName, Frame, Offset, Position, Topic, frame::CursorKind, sse};
use proptest::{collection::vec, prelude::*, sample::select};
use std::time::Duration;

/// One block as the decoder hands it out: event, data, id.
type Owned = (String, String, String);

/// What a decoder made of a stream.
#[derive(Debug, PartialEq, Default)]
struct Read {
    blocks: Vec<Owned>,
    id: String,
    retry: Option<u64>,
}

/// Cuts `bytes` where the running sums of `cuts` fall, and decodes the pieces.
fn decode(bytes: &[u8], cuts: &[usize]) -> Read {
    let (mut decoder, mut blocks, mut rest) = (sse::Decoder::new(1 << 20), Vec::new(), bytes);
    let mut push = |piece: &[u8]| {
        let own = |block: sse::Block<'_>| blocks.push((block.event.into(), block.data.into(), block.id.into()));
        decoder.push(piece, own).expect("no line is too long");
    };
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        push(piece);
        rest = after;
    }
    push(rest);
    Read { id: decoder.last_event_id().into(), retry: decoder.retry().map(|r| r.as_millis() as u64), blocks }
}

/// The standard, word by word, on the whole text at once.
fn model(bytes: &[u8]) -> Read {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n").replace('\r', "\n");
    let mut read = Read::default();
    let (mut event, mut data, mut id) = (String::new(), String::new(), String::new());
    let Some((lines, _)) = text.rsplit_once('\n') else { return read };
    for line in lines.split('\n') {
        if line.is_empty() {
            read.id = id.clone();
            if let Some(data) = data.strip_suffix('\n') {
                let event = if event.is_empty() { "message".into() } else { event };
                read.blocks.push((event, data.into(), id.clone()));
            }
            (event, data) = (String::new(), String::new());
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => event = value.into(),
            "data" => data = data + value + "\n",
            "id" if !value.contains('\0') => id = value.into(),
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                read.retry = Some(value.parse::<u64>().unwrap_or(u64::MAX).clamp(1000, 60_000));
            }
            _ => {}
        }
    }
    read
}

/// Bytes made of what decides something in a stream.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = vec![
        b"data",
        b"event",
        b"id",
        b"retry",
        b"other",
        b":",
        b": ",
        b"::",
        b" ",
        b"\n",
        b"\n\n",
        b"\r",
        b"\r\n",
        b"\r\n\r\n",
        b"\0",
        b"7",
        b"2500",
        b"99999999999999999999",
        b"x",
        b"{\"n\":1}",
        b"\xef\xbb\xbf",
        b"\xef",
        b"\xf0\x9f\x98\x80",
        b"\xf0\x9f",
        b"\xff",
        b"\xed\xa0\x80",
        b"data: a\n",
        b"id: 1\n",
        b"event: e\n",
        b"retry: 5000\n",
    ];
    vec(select(parts), 0..60).prop_map(|parts| parts.concat())
}

/// Payloads as they go over the wire: JSON text on one line, of any characters a string may hold.
fn payloads() -> impl Strategy<Value = String> {
    "\\PC{0,40}|[\u{0}-\u{2f}\u{7f}-\u{a0}\u{2028}\u{feff}]{0,10}"
        .prop_map(|text| serde_json::to_string(&text).expect("a string is JSON"))
}

fn names() -> impl Strategy<Value = EventName> {
    "[a-zA-Z0-9_.:\"\\\\é価-]{1,30}".prop_filter_map("a reserved name", |raw| EventName::parse(&raw).ok())
}

proptest! {
    #[test]
    fn i1_any_bytes_in_any_pieces_decode_as_the_standard_says(bytes in streams(), cuts in vec(0usize..9, 0..80)) {
        prop_assert_eq!(decode(&bytes, &cuts), model(&bytes));
    }

    #[test]
    fn i1_i13_what_is_encoded_comes_back_on_any_cut_and_a_cut_stream_gives_a_prefix(
        events in vec((1u64.., 1u64..9, "[a-z]{1,9}(\\.[a-z]{1,9}){0,2}", names(), payloads()), 0..6),
        cuts in vec(0usize..40, 0..20),
        end in 0usize..600,
    ) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        let mut before = String::new();
        for (offset, back, topic, name, payload) in &events {
            let position = Position { epoch: Epoch::from_random(*offset), offset: Offset(*offset) };
            let back = Some(*back).filter(|back| back < offset);
            let topic = Topic::parse(topic).expect("a topic");
            sse::event_prefix(position, back, &topic, &mut bytes);
            sse::event_suffix(name, payload, &mut bytes);
            before = eventwire::EventId { position, back, topic }.to_string();
            expected.push((name.to_string(), payload.clone(), before.clone()));
        }
        let read = decode(&bytes, &cuts);
        prop_assert_eq!(&read.blocks, &expected);
        prop_assert_eq!(read.id, before);
        let cut = decode(&bytes[..end.min(bytes.len())], &cuts);
        prop_assert_eq!(&cut.blocks[..], &expected[..cut.blocks.len()]);
        prop_assert_eq!(cut.id, cut.blocks.last().map(|block| block.2.clone()).unwrap_or_default());
    }

    #[test]
    fn s3_foreign_text_arrives_with_each_end_of_a_line_as_lf(text in "[a\n\r: \u{feff}]{0,12}") {
        let mut bytes = Vec::new();
        sse::event_suffix(&EventName::parse("text").expect("a name"), &text, &mut bytes);
        let read = decode(&bytes, &[]);
        let expected = text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(read.blocks, [("text".into(), expected, String::new())]);
    }
}

#[test]
fn a_frame_carries_its_id_and_leaves_it_out_if_it_has_none() {
    let at = Position::parse("k3f9x2m1q0ab-7").expect("a position");
    let mut bytes = Vec::new();
    sse::frame(&Frame::Cursor(CursorKind::Live), Some(at), &mut bytes);
    sse::frame(&Frame::Names(vec![EventName::parse("tick").expect("a name")]), None, &mut bytes);
    expect_test::expect![[r#"
        id: k3f9x2m1q0ab-7
        event: eventwire.cursor
        data: {"kind":"live"}

        event: eventwire.names
        data: {"names":["tick"]}

    "#]]
    .assert_eq(&String::from_utf8(bytes).expect("UTF-8"));
}

#[test]
fn s5_a_retry_of_any_length_stays_between_a_second_and_a_minute() {
    for (asked, said) in [
        (Duration::ZERO, "1000"),
        (Duration::from_millis(999), "1000"),
        (Duration::from_millis(2317), "2317"),
        (Duration::from_millis(60_001), "60000"),
        (Duration::MAX, "60000"),
    ] {
        let mut bytes = Vec::new();
        sse::retry(asked, &mut bytes);
        assert_eq!(String::from_utf8(bytes).expect("UTF-8"), format!("retry: {said}\n"));
    }
}

/// How far a decoder with a bound of ten bytes gets: blocks, or the error.
fn bounded(stream: &str, size: usize) -> Result<usize, sse::LineTooLong> {
    let (mut decoder, mut blocks) = (sse::Decoder::new(10), 0);
    let outcome = stream.as_bytes().chunks(size).try_for_each(|chunk| decoder.push(chunk, |_| blocks += 1));
    if outcome.is_err() {
        // Nothing that follows is trusted.
        assert!(decoder.push(b"\n\ndata: x\n\n", |_| unreachable!("the decoder is broken")).is_err());
    }
    outcome.map(|()| blocks)
}

#[test]
fn a_line_or_a_block_beyond_the_bound_ends_the_decoder_on_any_chunking() {
    for size in [1, 2, 3, 100] {
        assert_eq!(bounded("data: 7890\n\ndata: 7890\n\n", size), Ok(2));
        assert!(bounded("data: 78901\n\n", size).is_err());
        assert!(bounded(": a comment that never ends", size).is_err());
        // Two lines and their LF are ten bytes; a third line is too many.
        assert_eq!(bounded("data:12345\ndata:6789\n\n", size), Ok(1));
        assert!(bounded("data:12345\ndata:6789\ndata:0\n\n", size).is_err());
    }
}

#[test]
fn a_long_line_in_many_pieces_is_looked_at_once() {
    // A megabyte, byte by byte: with a second look at what was held, this would be 10^12 steps and never end.
    let mut decoder = sse::Decoder::new(2 << 20);
    let mut length = 0;
    let line = format!("data: {}\n\n", "x".repeat(1 << 20));
    for byte in line.as_bytes() {
        decoder.push(&[*byte], |block| length = block.data.len()).expect("within the bound");
    }
    assert_eq!(length, 1 << 20);
}

#[test]
fn comments_come_only_to_who_asked_for_them_in_their_place_and_on_any_chunking() {
    let stream = ":one\ndata: a\n: two\n\n:\nid: 7\n\n:\u{fe0f}\r\n: cut";
    let read = |mut decoder: sse::Decoder, size: usize| {
        let mut seen = Vec::new();
        for piece in stream.as_bytes().chunks(size) {
            let each = |block: sse::Block<'_>| seen.push(format!("{}|{}|{}", block.event, block.data, block.id));
            decoder.push(piece, each).expect("no line is too long");
        }
        seen
    };
    for size in 1..=stream.len() {
        let decoder = sse::Decoder::new(100);
        assert_eq!(read(decoder.with_comments(), size), ["|one|", "|two|", "message|a|", "||", "|\u{fe0f}|7"]);
        assert_eq!(read(sse::Decoder::new(100), size), ["message|a|"]);
    }
}

#[test]
fn an_id_stays_over_connections_until_another_comes_and_a_mark_before_the_stream_is_still_none() {
    let mut decoder = sse::Decoder::new(100).with_id("before");
    let mut ids = vec![decoder.last_event_id().to_owned()];
    for piece in ["\u{feff}data: x\n\n", "id\ndata: x\n\n"] {
        decoder.push(piece.as_bytes(), |block| ids.push(block.id.to_owned())).expect("no line is too long");
    }
    assert_eq!(ids, ["before", "before", ""]);
}
