//! What arrives on a running attempt: which events the page is handed, which gaps and faults it is told.
//!
//! Decides nothing about connecting; it names the news that do.

use crate::{
    Block, Body, Config, Contract, Fault, Gap, Handle, Output, Timestamp,
    continuity::{Continuity, Verdict},
    link::{Link, Stage},
    outbox::Outbox,
    topics::{Change, Interest},
};
use eventwire::{
    EventId, Frame, Position, Start, WIRE_VERSION,
    frame::{Bye, CursorKind, GapReason, Hello, PREFIX},
    limits,
};

/// What has been read, and what may be read next.
#[derive(Debug)]
pub(crate) struct Reader {
    continuity: Continuity,
    pub(crate) interest: Interest,
    start: Start,
    contract: Option<Contract>,
    /// Whether the page was told that it is outdated.
    outdated: bool,
    /// Names the page was told of.
    unknown: Vec<Box<str>>,
}

/// News that decide about the connection.
#[derive(Debug)]
pub(crate) enum News {
    /// None such.
    Nothing,
    /// The stream has begun.
    Hello(Hello),
    /// The server speaks another wire.
    Version,
    /// The server ends the stream.
    Bye(Bye),
}

impl Reader {
    pub(crate) fn new(config: Config) -> Self {
        let position = match config.start {
            Start::After { position, .. } => Some(position),
            _ => None,
        };
        Self {
            continuity: Continuity::new(position),
            interest: Interest::new(config.topics, position.is_some()),
            start: config.start,
            contract: config.contract,
            outdated: false,
            unknown: Vec::new(),
        }
    }

    pub(crate) fn position(&self) -> Option<Position> {
        self.continuity.position()
    }

    /// Takes the gathered changes of topics if they are due.
    pub(crate) fn gathered(&mut self, now: Timestamp) -> Change {
        let (position, cut) = (self.position(), self.continuity.reached());
        self.interest.gathered(now, position, cut)
    }

    /// What the next attempt asks.
    pub(crate) fn request(&mut self, out: &mut Outbox) -> String {
        let position = self.position();
        let (query, unasked) = self.interest.request(position, self.continuity.reached(), &self.start);
        if !unasked.is_empty() {
            out.gap(Gap { reason: GapReason::Detected, topics: unasked, position });
        }
        query
    }

    /// Takes one whole event or frame.
    pub(crate) fn block(&mut self, link: &mut Link, Block { event, id, body }: Block<'_>, out: &mut Outbox) -> News {
        match body {
            Body::Frame(frame) => return self.frame(link, frame, event, id, out),
            Body::Unknown => {}
            Body::Broken(member) => out.fault(Fault::Frame { event: event.into(), member }),
            // A frame whose data the shell kept to itself.
            Body::Payload(_) if event.starts_with(PREFIX) => {}
            Body::Payload(_) if link.greeted().is_none() => out.fault(Fault::Early { event: event.into() }),
            Body::Payload(handle) => match EventId::parse(id) {
                Ok(id) => self.event(link, handle, event, id, out),
                Err(_) => out.fault(bad_id(event, id)),
            },
        }
        News::Nothing
    }

    fn frame(&mut self, link: &mut Link, frame: Frame, event: &str, id: &str, out: &mut Outbox) -> News {
        match frame {
            Frame::Bye(bye) => return News::Bye(bye),
            Frame::Hello(hello) if hello.v != WIRE_VERSION => {
                out.fault(Fault::Version { version: hello.v });
                return News::Version;
            }
            Frame::Hello(hello) => return News::Hello(hello),
            _ if link.greeted().is_none() => out.fault(Fault::Early { event: event.into() }),
            Frame::Names(_) => {} // for who has to listen by name: the shell
            Frame::Gap(gap) => {
                let before = self.position();
                let ahead = gap.reason == GapReason::Ahead;
                match Position::parse(id) {
                    // Whoever stayed where the order has not been would take its next events for old ones.
                    Ok(position) if ahead => self.continuity.fall(position),
                    Ok(position) => self.continuity.advance(position),
                    Err(_) => out.fault(bad_id(event, id)),
                }
                if ahead || before.is_some_and(|before| self.continuity.foreign(before)) {
                    // Nothing of another order speaks for this one, nor what this one has not come to.
                    self.interest.start_anew();
                } else {
                    self.interest.lost(&gap.topics, before);
                }
                link.stage = Stage::Prelude;
                // Loss is told even if where the stream goes on cannot be read.
                out.gap(Gap { reason: gap.reason, topics: gap.topics, position: self.position() });
            }
            Frame::Cursor(kind) => {
                match Position::parse(id) {
                    Ok(position) => {
                        if self.continuity.foreign(position) {
                            self.hole(position, out);
                        }
                        self.continuity.advance(position);
                    }
                    Err(_) => out.fault(bad_id(event, id)),
                }
                match kind {
                    CursorKind::Prelude => link.stage = Stage::Following,
                    CursorKind::Live => link.stage = Stage::Live,
                    CursorKind::Beat | CursorKind::Skip => return News::Nothing,
                }
                // Over, or more than over.
                self.interest.settle();
                self.continuity.settle();
            }
        }
        News::Nothing
    }

    /// Takes over what a `hello` says of names, contract and access, and where the stream starts. Returns whether this
    /// stream is the right one: another has to ask for the newest events of what access has begun to grant.
    pub(crate) fn hello(&mut self, mut hello: Hello, out: &mut Outbox) -> bool {
        let before = self.position();
        let cut = self.continuity.reached();
        if before.is_none() {
            self.continuity.advance(hello.start);
            if let Start::Unreadable { .. } = self.start {
                out.gap(Gap { reason: GapReason::Position, topics: Vec::new(), position: self.position() });
            }
        }
        // Without a hash, here or there, there is nothing to compare.
        let both = |mine: &Contract| !mine.hash.is_empty() && !hello.contract.is_empty();
        if !self.outdated && self.contract.as_ref().is_some_and(|mine| both(mine) && mine.hash != hello.contract) {
            self.outdated = true;
            out.push(Output::Outdated { hash: hello.contract.clone(), names: std::mem::take(&mut hello.names) });
        }
        let answer = self.interest.hello(&hello, before, cut, out);
        if !answer.had.is_empty() {
            out.gap(Gap { reason: GapReason::Forbidden, topics: answer.had, position: self.position() });
        }
        !answer.fresh
    }

    fn event(&mut self, link: &Link, handle: Handle, name: &str, id: EventId, out: &mut Outbox) {
        if self.continuity.foreign(id.position) {
            // No gap told of the other epoch: this is the whole notice the page will get.
            self.hole(Position { offset: id.previous(), ..id.position }, out);
        }
        let prelude = (link.stage == Stage::Prelude).then(|| self.interest.standing(id.topic.as_str()));
        match self.continuity.judge(&id, prelude) {
            Verdict::Duplicate => {
                out.counters.duplicates += 1;
                return;
            }
            // Only this topic's loss is proven. But whatever swallowed that event may have swallowed others, and they
            // can no longer be told from those that this page had.
            Verdict::Hole => self.hole(Position { offset: id.previous(), ..id.position }, out),
            Verdict::Next => {}
        }
        if self.contract.as_ref().is_none_or(|mine| mine.knows(name)) {
            out.push(Output::Deliver { handle, topic: id.topic, position: id.position });
        } else if self.unknown.len() < limits::NAMES && !self.unknown.iter().any(|told| **told == *name) {
            self.unknown.push(name.into());
            out.fault(Fault::Unknown { event: name.into() });
        }
    }

    /// Tells a loss that the server did not tell.
    fn hole(&mut self, position: Position, out: &mut Outbox) {
        if self.continuity.foreign(position) {
            self.continuity.advance(position);
            self.interest.begin_again();
        }
        out.gap(Gap { reason: GapReason::Detected, topics: Vec::new(), position: Some(position) });
    }
}

fn bad_id(event: &str, id: &str) -> Fault {
    Fault::Id { event: event.into(), id: id[..id.floor_char_boundary(limits::ID)].into() }
}
