//! The fixtures of `tests/fixtures/wire`, read by Rust. The same files are read by wasm and by TypeScript; what they say
//! is explained beside them.

use eventwire::{
    Code, EventId, EventName, Frame, InvalidEventName, InvalidId, InvalidRequest, InvalidTopic, Pattern, Position,
    Request, Retry, Start, Topic,
    frame::{CursorKind, GapReason},
    limits, sse,
};
use serde_json::{Value, json};
use std::{fs, path::PathBuf, time::Duration};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/wire")
}

fn rows(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(root().join(file)).expect("the fixture exists");
    serde_json::from_str(&text).expect("the fixture is a list")
}

/// Every fixture of a folder, by name.
fn files(folder: &str, ending: &str) -> Vec<(String, PathBuf)> {
    let mut files: Vec<_> = fs::read_dir(root().join(folder))
        .expect("the folder exists")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    files.sort();
    assert!(files.len() > 30, "{folder} holds {} files", files.len());
    files
}

/// Text, or a list of `[text, times]` for what is too long to be written down.
#[cfg(feature = "serde")]
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .map(|part| part[0].as_str().expect("text").repeat(part[1].as_u64().expect("times") as usize))
            .collect(),
        other => panic!("no text: {other}"),
    }
}

/// What a frame says, spelled anew and not through the library's own writer.
fn frame_json(frame: &Frame) -> Value {
    let list = |items: &[Pattern]| items.iter().map(|p| p.as_str().to_owned()).collect::<Vec<_>>();
    let names = |items: &[EventName]| items.iter().map(|n| n.as_str().to_owned()).collect::<Vec<_>>();
    match frame {
        Frame::Hello(hello) => json!({
            "v": hello.v, "start": hello.start.to_string(), "head": hello.head.to_string(),
            "names": names(&hello.names), "contract": hello.contract, "topics": list(&hello.topics),
            "denied": list(&hello.denied), "heartbeat": hello.heartbeat.as_millis() as u64,
            "spread": hello.spread.as_millis() as u64, "retry": hello.retry.as_millis() as u64,
        }),
        Frame::Gap(gap) => json!({"reason": gap.reason.as_str(), "topics": list(&gap.topics)}),
        Frame::Cursor(kind) => json!({"kind": kind.as_str()}),
        Frame::Names(items) => json!({"names": names(items)}),
        Frame::Bye(bye) => json!({"reason": bye.reason.as_str(), "after": bye.after.as_millis() as u64}),
    }
}

#[test]
fn every_frame_reads_and_writes_as_its_fixture_says() {
    for (name, path) in files("frames", "json") {
        let case: Value = serde_json::from_str(&fs::read_to_string(path).expect("readable")).expect("JSON");
        let (event, data) = (case["event"].as_str().expect("event"), case["data"].as_str().expect("data"));
        match (Frame::parse(event, data), case.get("refused")) {
            (Ok(None), None) => assert!(case["reads"].is_null(), "{name}: was passed over"),
            (Ok(Some(frame)), None) => {
                assert_eq!(frame.event(), event, "{name}");
                assert_eq!(frame_json(&frame), case["reads"], "{name}");
                let again = Frame::parse(event, &frame.data()).expect("what is written can be read");
                assert_eq!(again, Some(frame.clone()), "{name}");
                if case["writes"] == true {
                    assert_eq!(frame.data(), data, "{name}");
                }
            }
            (Err(error), Some(member)) => {
                assert_eq!(&*error.member, member.as_str().expect("member"), "{name}");
                assert!(error.to_string().contains(event), "{name}: {error}");
            }
            (outcome, refused) => panic!("{name}: {outcome:?}, but refused is {refused:?}"),
        }
    }
}

fn id_reason(error: &InvalidId) -> &'static str {
    match error {
        InvalidId::TooLong => "too-long",
        InvalidId::Epoch => "epoch",
        InvalidId::Offset => "offset",
        InvalidId::Back => "back",
        InvalidId::Topic => "topic",
        _ => "new",
    }
}

#[test]
fn s2_every_id_reads_as_its_fixture_says_and_is_written_back() {
    for case in rows("ids.json") {
        let raw = case["raw"].as_str().expect("raw");
        let position = match Position::parse(raw) {
            Ok(at) => json!({"epoch": at.epoch.to_string(), "offset": at.offset.to_string()}),
            Err(reason) => json!({"refused": id_reason(&reason)}),
        };
        assert_eq!(position, case["position"], "{raw}");
        let event = match EventId::parse(raw) {
            Ok(id) => {
                assert_eq!(id.to_string(), raw);
                json!({"back": id.back.map(|back| back.to_string()), "topic": id.topic.as_str()})
            }
            Err(reason) => json!({"refused": id_reason(&reason)}),
        };
        assert_eq!(event, case["event"], "{raw}");
    }
}

fn topic_reason(error: &InvalidTopic) -> &'static str {
    match error {
        InvalidTopic::EmptySegment => "empty-segment",
        InvalidTopic::TooLong => "too-long",
        InvalidTopic::TooDeep => "too-deep",
        InvalidTopic::Character(_) => "character",
        InvalidTopic::Wildcard => "wildcard",
        _ => "new",
    }
}

#[test]
fn every_topic_and_pattern_reads_as_its_fixture_says() {
    for case in rows("topics.json") {
        let raw = case["raw"].as_str().expect("raw");
        let topic = Topic::parse(raw).err().map(|reason| topic_reason(&reason));
        assert_eq!(json!(topic), case["topic"], "topic {raw:?}");
        let pattern = Pattern::parse(raw).err().map(|reason| topic_reason(&reason));
        assert_eq!(json!(pattern), case["pattern"], "pattern {raw:?}");
    }
}

#[test]
fn every_pattern_matches_and_covers_as_its_fixture_says() {
    let pattern = |raw: &Value| Pattern::parse(raw.as_str().expect("a pattern")).expect("a pattern");
    for case in rows("patterns.json") {
        if case.get("granted").is_some() {
            let covers = pattern(&case["granted"]).covers(&pattern(&case["asked"]));
            assert_eq!(json!(covers), case["covers"], "{case}");
        } else {
            let matches = pattern(&case["pattern"]).matches(case["topic"].as_str().expect("a topic"));
            assert_eq!(json!(matches), case["matches"], "{case}");
        }
    }
}

#[test]
fn s1_s7_every_event_name_reads_as_its_fixture_says() {
    for case in rows("names.json") {
        let raw = case["raw"].as_str().expect("raw");
        let refused = EventName::parse(raw).err().map(|reason| match reason {
            InvalidEventName::Empty => "empty",
            InvalidEventName::TooLong => "too-long",
            InvalidEventName::Reserved(_) => "reserved",
            InvalidEventName::Character(_) => "character",
            _ => "new",
        });
        assert_eq!(json!(refused), case["refused"], "{raw:?}");
    }
}

#[test]
fn s10_every_query_reads_as_its_fixture_says() {
    for case in rows("queries.json") {
        let query = case["query"].as_str().expect("query");
        let headers: Vec<&[u8]> = case["headers"]
            .as_array()
            .map(|headers| headers.iter().map(|header| header.as_str().expect("text").as_bytes()).collect())
            .unwrap_or_default();
        let list = |items: &[Pattern]| items.iter().map(|p| p.as_str().to_owned()).collect::<Vec<_>>();
        match Request::parse(query, headers) {
            Ok(request) => {
                let start = match &request.start {
                    Start::Now => json!("now"),
                    Start::Earliest => json!("earliest"),
                    Start::After { position, native } => json!({"after": position.to_string(), "native": native}),
                    Start::Unreadable { native } => json!({"unreadable": true, "native": native}),
                };
                let asks = json!({"topics": list(&request.topics), "new": list(&request.new), "start": start});
                assert_eq!(asks, case["asks"], "{case}");
                if let Some(writes) = case.get("writes") {
                    assert_eq!(json!(request.to_query()), *writes, "{case}");
                }
            }
            Err(error) => {
                let refused = match error {
                    InvalidRequest::Pattern(..) => "pattern",
                    InvalidRequest::Twice(_) => "twice",
                    InvalidRequest::TooMany => "too-many",
                    InvalidRequest::Position => "position",
                    InvalidRequest::Repeated(_) => "repeated",
                    InvalidRequest::Query => "query",
                    _ => "new",
                };
                assert_eq!(json!(refused), case["refused"], "{query}: {error}");
            }
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn s9_every_payload_reads_as_its_fixture_says() {
    use eventwire::{EncodeError, Payload};
    for case in rows("payloads.json") {
        let json = text(&case["json"]);
        let shown: String = json.chars().take(60).collect();
        let (refused, pointer) = match Payload::parse(&json) {
            Ok(payload) => {
                assert!(payload.as_str() == text(&case["payload"]), "{shown}");
                continue;
            }
            Err(EncodeError::NotFinite(pointer)) => ("not-finite", pointer),
            Err(EncodeError::TooDeep(pointer)) => ("too-deep", pointer),
            Err(EncodeError::TooLarge(bytes)) => {
                assert!(bytes > limits::PAYLOAD);
                ("too-large", String::new())
            }
            Err(EncodeError::Custom(_, pointer)) => ("malformed", pointer),
            Err(other) => panic!("{shown}: {other}"),
        };
        assert_eq!((json!(refused), json!(pointer)), (case["refused"].clone(), case["pointer"].clone()), "{shown}");
    }
}

/// Blocks, last event id and retry of a stream cut into pieces of at most `size` bytes.
fn decoded(bytes: &[u8], size: usize) -> Value {
    let (mut decoder, mut blocks) = (sse::Decoder::new(limits::LINE), Vec::new());
    for chunk in bytes.chunks(size) {
        decoder
            .push(chunk, |block| blocks.push(json!({"event": block.event, "data": block.data, "id": block.id})))
            .expect("no line is too long");
    }
    json!({
        "blocks": blocks,
        "lastEventId": decoder.last_event_id(),
        "retry": decoder.retry().map(|retry: Duration| retry.as_millis() as u64),
    })
}

#[test]
fn i1_every_stream_decodes_as_its_fixture_says_in_pieces_of_any_size() {
    for (name, path) in files("streams", "sse") {
        let bytes = fs::read(&path).expect("readable");
        let expected = fs::read_to_string(path.with_extension("json")).expect("its expectation exists");
        let mut expected: Value = serde_json::from_str(&expected).expect("JSON");
        let members = expected.as_object_mut().expect("an object");
        members.retain(|member, _| !["about", "browsers"].contains(&member.as_str()));
        for size in [bytes.len().max(1), 1, 2, 3, 5, 7, 64] {
            assert_eq!(decoded(&bytes, size), expected, "{name} in pieces of {size}");
        }
    }
}

/// What is by chance, and the same in npm/test/fixtures.test.ts.
struct Chance(u32);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % n
    }
}

/// FNV-1a of what the decoder makes of the streams of one seed.
fn read_of_any_bytes(seed: u32, pieces: &[Vec<u8>], bounds: &[usize]) -> u32 {
    let mut chance = Chance(seed.wrapping_mul(2_654_435_769));
    let mut hash = 2_166_136_261_u32;
    for _ in 0..100 {
        let limit = bounds[chance.below(bounds.len())];
        let mut bytes = Vec::new();
        for _ in 0..chance.below(60) {
            match chance.below(pieces.len() + 1) {
                n if n < pieces.len() => bytes.extend_from_slice(&pieces[n]),
                _ => bytes.push(chance.below(256) as u8),
            }
        }
        let mut said = String::new();
        let mut decoder = sse::Decoder::new(limit).with_id("before").with_comments();
        let whole =
            decoder.push(&bytes, |block| said += &format!("{}\n{}\n{}\r", block.event, block.id, block.data)).is_ok();
        let retry = decoder.retry().map_or(0, |retry| retry.as_millis());
        said += &format!("{}\n{retry}\n{whole}\r", decoder.last_event_id());
        for byte in said.bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
        }
    }
    hash
}

#[test]
fn any_bytes_read_as_their_fixture_says() {
    let text = fs::read_to_string(root().join("any-bytes.json")).expect("the fixture exists");
    let fixture: Value = serde_json::from_str(&text).expect("JSON");
    let list = |name: &str| fixture[name].as_array().expect("a list").clone();
    // A character is a byte.
    let bytes = |piece: &Value| piece.as_str().expect("text").chars().map(|c| c as u32 as u8).collect();
    let pieces: Vec<Vec<u8>> = list("pieces").iter().map(bytes).collect();
    let bounds: Vec<usize> = list("limits").iter().map(|limit| limit.as_u64().expect("a number") as usize).collect();
    let reads: Vec<u32> = (1..=64).map(|seed| read_of_any_bytes(seed, &pieces, &bounds)).collect();
    assert_eq!(
        json!(list("reads")),
        json!(reads),
        "if the decoder is right, these are the fixture's `reads`: {reads:?}"
    );
}

#[test]
fn the_specification_tells_every_code_and_reason_and_what_comes_next() {
    let text = fs::read_to_string(root().join("../../../docs/wire.md")).expect("docs/wire.md exists");
    for code in Code::ALL {
        let next = match code.retry() {
            Retry::Resume => "| resume |",
            Retry::BackOff => "| back off |",
            Retry::Once => "| once: the answer decides |",
            Retry::Never => "| never |",
        };
        // Reasons of a gap have words of their own, in a table of two columns.
        let mut rows = text.lines().filter(|line| line.matches(" |").count() == 4);
        let row =
            rows.find(|line| line.starts_with(&format!("| `{code}` |"))).unwrap_or_else(|| panic!("no row of {code}"));
        assert!(row.ends_with(next), "{row}");
        assert_eq!(row.contains("| bye"), code.is_bye(), "{row}");
        assert_eq!(Code::parse(code.as_str()), Some(code));
    }
    for reason in GapReason::ALL {
        assert!(text.contains(&format!("| `{reason}` | ")), "{reason}");
        assert_eq!(GapReason::parse(reason.as_str()), Some(reason));
    }
    for kind in CursorKind::ALL {
        assert!(text.contains(&format!("`{kind}` (")), "{kind}");
        assert_eq!(CursorKind::parse(kind.as_str()), Some(kind));
    }
}

#[test]
fn the_specification_names_every_fixture_and_every_fixture_exists() {
    let text = fs::read_to_string(root().join("../../../docs/wire.md")).expect("docs/wire.md exists");
    let mut have: Vec<String> =
        ["ids", "topics", "patterns", "names", "queries", "payloads", "contract-hash", "any-bytes"]
            .map(|name| format!("{name}.json"))
            .into();
    have.extend(files("frames", "json").into_iter().map(|(name, _)| format!("frames/{name}.json")));
    have.extend(files("streams", "sse").into_iter().map(|(name, _)| format!("streams/{name}.sse")));
    let silent: Vec<_> = have.iter().filter(|file| !text.contains(file.as_str())).collect();
    assert!(silent.is_empty(), "docs/wire.md does not name {silent:?}");
    for word in text.split('`').filter(|word| {
        (word.starts_with("frames/") || word.starts_with("streams/"))
            && !word.contains(['*', ' ', '…'])
            && word.contains('.')
    }) {
        assert!(have.iter().any(|file| file == word), "docs/wire.md names {word}, which is not there");
    }
}
