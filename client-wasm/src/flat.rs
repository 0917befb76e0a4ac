//! The machine as JavaScript drives it: a few numbers and one text each way, and never a call back.
//!
//! `browser/browser.js` has the other half of each number. Decides nothing.

use eventwire::{
    Code, EventName, Frame, Pattern, Position,
    frame::{Bye, CursorKind, Gap, GapReason, Hello},
};
use eventwire_client_core::{
    Attempt, Block, Body, Client, End, Fault, Handle, Input, Output, State, Status, Timestamp, TransportEvent,
};
use std::time::Duration;

/// Said by name elsewhere; the others are told by `browser.js` alone.
pub(crate) const FULL: u32 = 11;
pub(crate) const DRAINED: u32 = 12;
pub(crate) const ADD: u32 = 14;
pub(crate) const DELETE: u32 = 15;

/// Tells the machine what happened, with what is said besides.
pub(crate) fn tell(client: &mut Client, now: f64, what: u32, attempt: u32, numbers: [f64; 4], text: &str) {
    let now = Timestamp(now as u64);
    let mut rest = text;
    let mut line = || cut(&mut rest, b'\n');
    let topics;
    let news = |event| Input::Transport(Attempt(attempt), event);
    let block = |event, id, body| news(TransportEvent::Block(Block { event, id, body }));
    let input = match what {
        0 => Input::Open,
        1 => Input::Timeout,
        2 => Input::Visible,
        3 => Input::Hidden,
        4 => Input::PageHide,
        5 => Input::PageShow,
        6 => Input::Online,
        7 => Input::Offline,
        8 => Input::Freeze,
        9 => Input::Resume,
        10 => Input::Close,
        FULL => Input::QueueFull,
        DRAINED => Input::QueueDrained,
        13 => Input::Restart,
        ADD | DELETE => {
            topics = patterns(text).unwrap_or_default();
            if what == ADD { Input::TopicsAdd(&topics) } else { Input::TopicsDelete(&topics) }
        }
        16 => news(TransportEvent::Ended(End::Lost)),
        17 => news(TransportEvent::Opened),
        18 => news(TransportEvent::Ended(End::Refused)),
        19 => news(TransportEvent::Status(Status {
            status: numbers[0] as u16,
            retry_after: (numbers[1] > 0.0).then(|| millis(numbers[1])),
            code: (!text.is_empty()).then_some(text),
        })),
        // Its name and its id.
        20 => block(line(), line(), Body::Payload(Handle(numbers[0] as u32))),
        // Its name, its id, and its words in the order of `frames.js`, lists joined by commas.
        21 => {
            let (event, id, words) = (line(), line(), rest);
            block(
                event,
                id,
                frame(event, words, numbers).map_or_else(|member| Body::Broken(member.into()), Body::Frame),
            )
        }
        // Its name, its id, and the member that is wrong; none in a frame that nobody here knows.
        _ => {
            let (event, id, member) = (line(), line(), rest);
            block(event, id, if member.is_empty() { Body::Unknown } else { Body::Broken(member.into()) })
        }
    };
    client.handle_input(now, input);
}

/// What the machine asks: sixteen times the number that goes with it and what it is, and a text of several lines.
pub(crate) fn asked(output: Output) -> (f64, String) {
    let mut text = String::new();
    let (what, number): (u32, f64) = match &output {
        Output::Connect { attempt, query } => {
            text.push_str(query);
            (1, attempt.0.into())
        }
        Output::Disconnect { attempt } => (2, attempt.0.into()),
        Output::Probe { attempt } => (3, attempt.0.into()),
        // Topic and position are in the event's own id.
        Output::Deliver { handle, .. } => (5, handle.0.into()),
        Output::Gap(gap) => {
            text.push_str(gap.reason.as_str());
            text.push('\n');
            text.push_str(&joined(&gap.topics));
            text.push('\n');
            push_position(&mut text, gap.position);
            (6, 0.0)
        }
        Output::Fault(fault) => {
            let mut number = 0.0;
            let (event, path, found, topic) = match fault {
                Fault::Id { event, id } => (&**event, "", &**id, ""),
                Fault::Frame { event, member } => (&**event, &**member, "", ""),
                Fault::Unknown { event } | Fault::Early { event } => (&**event, "", "", ""),
                Fault::Denied { pattern } | Fault::TooMany { pattern } => ("", "", "", pattern.as_str()),
                Fault::Version { version } => {
                    number = f64::from(*version);
                    ("eventwire.hello", "v", "", "")
                }
            };
            join(&mut text, &[fault.as_str(), event, path, found, topic]);
            (7, number)
        }
        Output::Outdated { hash, .. } => {
            text.push_str(hash);
            (8, 0.0)
        }
        Output::State(state) => {
            let (status, problem) = match state {
                State::Closed(reason) => (reason.status.unwrap_or_default(), reason.problem.as_deref()),
                _ => (0, None),
            };
            join(&mut text, &[state.kind(), state.reason(), problem.unwrap_or_default()]);
            (9, state.next_attempt_at().map_or(f64::from(status), |at| at.0 as f64))
        }
    };
    (number * 16.0 + f64::from(what), text)
}

pub(crate) fn push_position(text: &mut String, position: Option<Position>) {
    if let Some(position) = position {
        position.push_to(text);
    }
}

fn frame(name: &str, words: &str, [a, b, c, d]: [f64; 4]) -> Result<Frame, &'static str> {
    let mut rest = words;
    let mut word = || cut(&mut rest, b'\n');
    Ok(match name {
        "eventwire.hello" => Frame::Hello(Hello {
            v: a as u32,
            start: Position::parse(word()).map_err(|_| "start")?,
            head: Position::parse(word()).map_err(|_| "head")?,
            names: names(word()),
            contract: word().into(),
            topics: patterns(word()).ok_or("topics")?,
            denied: patterns(word()).ok_or("denied")?,
            heartbeat: millis(b),
            spread: millis(c),
            retry: millis(d),
        }),
        "eventwire.gap" => Frame::Gap(Gap {
            reason: GapReason::parse(word()).unwrap_or(GapReason::Lost),
            topics: patterns(word()).ok_or("topics")?,
        }),
        "eventwire.cursor" => Frame::Cursor(CursorKind::parse(word()).unwrap_or(CursorKind::Skip)),
        "eventwire.names" => Frame::Names(Vec::new()),
        _ => Frame::Bye(Bye { reason: Code::of_bye(word()), after: millis(a) }),
    })
}

/// The names of a hello. `browser.js` reads them and listens for them; only a front end in Rust is told them from here.
fn names(joined: &str) -> Vec<EventName> {
    let (mut names, mut rest) = (Vec::new(), joined);
    while cfg!(feature = "typed") && !rest.is_empty() {
        names.extend(EventName::read(cut(&mut rest, b',')));
    }
    names
}

#[inline(never)]
pub(crate) fn millis(number: f64) -> Duration {
    Duration::from_millis(number as u64)
}

/// Patterns joined by commas, if each is one. Nothing at all is none.
pub(crate) fn patterns(joined: &str) -> Option<Vec<Pattern>> {
    let mut patterns = Vec::new();
    let mut rest = joined;
    while !rest.is_empty() {
        patterns.push(Pattern::read(cut(&mut rest, b','))?);
    }
    Some(patterns)
}

/// What comes before the next `by`, or all; the rest is what follows that. Not `split`: its searcher is dear in wasm.
pub(crate) fn cut<'a>(rest: &mut &'a str, by: u8) -> &'a str {
    let text = *rest;
    let end = text.bytes().position(|byte| byte == by).unwrap_or(text.len());
    *rest = text.get(end + 1..).unwrap_or_default();
    &text[..end]
}

/// Patterns joined by commas.
pub(crate) fn joined(patterns: &[Pattern]) -> String {
    let mut text = String::new();
    patterns.iter().for_each(|pattern| pattern.push_to(&mut text));
    text
}

/// One a line.
fn join(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
}
