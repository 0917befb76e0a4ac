//! What a front end takes out of an inbox, whatever it was filled with. No browser: a script is the source.

use super::*;
use eventwire::{Pattern, frame::GapReason};
use eventwire_client_core::CloseReason;
use serde::{Deserialize, Serialize};
use std::{
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::Wake,
};

#[derive(Debug, PartialEq, Serialize, Deserialize, Events)]
#[serde(rename_all = "camelCase")]
enum Shop {
    Price {
        cents: u32,
    },
    #[serde(alias = "over")]
    Closed,
}

/// A source that stands where the script says, and writes down what it is told.
#[derive(Default)]
struct Script {
    position: Cell<Option<Position>>,
    told: RefCell<Vec<&'static str>>,
}

impl Source for Script {
    fn full(&self) {
        self.told.borrow_mut().push("full");
    }

    fn drained(&self) {
        self.told.borrow_mut().push("drained");
    }

    fn position(&self) -> Option<Position> {
        self.position.get()
    }
}

struct Bench {
    inbox: Inbox<Shop>,
    script: Rc<Script>,
    wakes: Arc<Wakes>,
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn bench(capacity: usize) -> Bench {
    bench_with(capacity, None)
}

fn bench_with(capacity: usize, on_state: Option<OnState>) -> Bench {
    let script = Rc::new(Script::default());
    let inbox = Inbox::new(NonZeroUsize::new(capacity).unwrap(), None, on_state);
    let source: Weak<Script> = Rc::downgrade(&script);
    inbox.fill_from(source);
    Bench { inbox, script, wakes: Arc::default() }
}

fn at(offset: u64) -> Position {
    Position::parse(&format!("k3f9x2m1q0ab-{offset}")).unwrap()
}

fn topic() -> Topic {
    Topic::parse("prices.acme").unwrap()
}

impl Bench {
    /// The source moves there and hands the event over, as the machine does.
    fn event(&self, offset: u64, name: &str, payload: &str) {
        self.script.position.set(Some(at(offset)));
        self.inbox.event(name, payload, topic(), at(offset));
    }

    fn price(&self, offset: u64) {
        self.event(offset, "price", &format!("{{\"cents\":{offset}}}"));
    }

    /// A gap that reaches to `to`, told when the source is at `now` already.
    fn gap(&self, to: u64, now: u64) {
        self.script.position.set(Some(at(now)));
        self.inbox.gap(Gap { reason: GapReason::Detected, topics: Vec::new(), position: Some(at(to)) });
    }

    fn close(&self) {
        let reason = CloseReason { code: eventwire::Code::Forbidden, status: None, problem: None };
        self.inbox.enter(&State::Closed(reason), None);
    }

    /// The next item in a few words.
    fn next(&self) -> String {
        let waker = Waker::from(self.wakes.clone());
        match self.inbox.take(&mut Context::from_waker(&waker)) {
            Poll::Pending => "pending".into(),
            Poll::Ready(None) => "over".into(),
            Poll::Ready(Some(Item::Event(event))) => format!("{:?} at {}", event.data, event.position),
            Poll::Ready(Some(Item::Gap(gap))) => format!("gap {}", gap.reason.as_str()),
            Poll::Ready(Some(Item::Fault(fault))) => fault.to_string(),
        }
    }

    fn all(&self) -> Vec<String> {
        std::iter::repeat_with(|| self.next()).take_while(|item| item != "pending" && item != "over").collect()
    }

    fn position(&self) -> Option<Position> {
        self.inbox.position()
    }

    fn told(&self) -> Vec<&'static str> {
        self.script.told.take()
    }

    fn wakes(&self) -> usize {
        self.wakes.0.swap(0, Relaxed)
    }
}

#[test]
fn items_are_taken_in_the_order_in_which_they_came() {
    let bench = bench(10);
    bench.price(1);
    bench.gap(2, 3);
    bench.event(3, "closed", "null");
    let taken = bench.all();
    assert_eq!(taken, ["Price { cents: 1 } at k3f9x2m1q0ab-1", "gap detected", "Closed at k3f9x2m1q0ab-3"]);
}

#[test]
fn at_its_bound_the_source_is_told_once_and_nothing_is_dropped() {
    let bench = bench(2);
    bench.price(1);
    assert_eq!(bench.told(), [""; 0]);
    bench.price(2);
    assert_eq!(bench.told(), ["full"]);
    bench.price(3); // was on its way
    assert_eq!(bench.told(), [""; 0]);
    assert_eq!(bench.all().len(), 3);
}

#[test]
fn a_full_inbox_is_drained_once_its_last_item_was_taken() {
    let bench = bench(2);
    (1..=2).for_each(|n| bench.price(n));
    bench.next();
    assert_eq!(bench.told(), ["full"]);
    bench.next();
    assert_eq!(bench.told(), ["drained"]);
    assert_eq!(bench.next(), "pending");
    assert_eq!(bench.told(), [""; 0]);
    (3..=4).for_each(|n| bench.price(n));
    assert_eq!(bench.told(), ["full"]); // and so on
}

#[test]
fn an_inbox_that_was_never_full_is_never_drained() {
    let bench = bench(2);
    bench.price(1);
    bench.all();
    assert_eq!(bench.told(), [""; 0]);
}

#[test]
fn the_position_is_up_to_what_was_taken() {
    let bench = bench(10);
    assert_eq!(bench.position(), None);
    bench.script.position.set(Some(at(5))); // hello
    assert_eq!(bench.position(), Some(at(5)));
    bench.price(6);
    bench.price(7);
    assert_eq!(bench.position(), Some(at(5)));
    bench.next();
    assert_eq!(bench.position(), Some(at(6)));
    bench.next();
    assert_eq!(bench.position(), Some(at(7)));
}

#[test]
fn a_position_that_only_a_cursor_moved_does_not_fall_when_the_next_event_comes() {
    let bench = bench(10);
    bench.price(1);
    bench.next();
    bench.script.position.set(Some(at(9))); // a heartbeat
    assert_eq!(bench.position(), Some(at(9)));
    bench.price(10);
    assert_eq!(bench.position(), Some(at(9)));
}

#[test]
fn a_gap_reaches_as_far_as_it_says_and_not_beyond_the_event_behind_it() {
    let bench = bench(10);
    bench.price(1);
    bench.next();
    bench.gap(4, 5);
    bench.price(5);
    assert_eq!(bench.position(), Some(at(1)));
    bench.next();
    assert_eq!(bench.position(), Some(at(4)));
    bench.next();
    assert_eq!(bench.position(), Some(at(5)));
}

#[test]
fn a_gap_into_another_epoch_is_not_gone_back_behind() {
    let bench = bench(10);
    bench.price(7);
    bench.next();
    let other = Position::parse("zzzzzzzzzzzz-2").unwrap();
    bench.script.position.set(Some(other));
    bench.inbox.gap(Gap { reason: GapReason::Epoch, topics: Vec::new(), position: Some(other) });
    assert_eq!(bench.position(), Some(at(7)));
    bench.next();
    let event = Position::parse("zzzzzzzzzzzz-3").unwrap();
    bench.script.position.set(Some(event));
    bench.inbox.event("closed", "null", topic(), event);
    assert_eq!(bench.position(), Some(other));
}

#[test]
fn a_stream_that_starts_behind_a_position_says_it_before_anything_came() {
    let inbox = Inbox::<Shop>::new(NonZeroUsize::MIN, Some(at(3)), None);
    assert_eq!(inbox.position(), Some(at(3)));
}

#[test]
fn a_name_no_variant_has_is_told_once() {
    let bench = bench(10);
    bench.event(1, "refund", "{}");
    bench.event(2, "refund", "{}");
    bench.event(3, "parcel", "{}");
    let taken = bench.all();
    assert_eq!(taken.len(), 2, "{taken:?}");
    assert!(taken[0].starts_with("refund on prices.acme: no variant is named \"refund\""), "{taken:?}");
    assert!(taken[1].starts_with("parcel on prices.acme: "), "{taken:?}");
    assert_eq!(bench.position(), Some(at(3)));
}

#[test]
fn names_no_variant_has_are_remembered_within_bounds() {
    let bench = bench(10_000);
    for n in 0..=limits::NAMES as u64 {
        bench.event(n + 1, &format!("n{n}"), "{}");
    }
    assert_eq!(bench.all().len(), limits::NAMES);
}

#[test]
fn an_alias_of_a_variant_is_that_variant() {
    let bench = bench(10);
    bench.event(1, "over", "null");
    assert_eq!(bench.next(), "Closed at k3f9x2m1q0ab-1");
}

#[test]
fn each_payload_that_is_not_its_variants_is_a_fault_and_stops_nothing() {
    let bench = bench(10);
    bench.event(1, "price", "{\"cents\":-1}");
    bench.event(2, "price", "{\"cents\":");
    bench.price(3);
    let taken = bench.all();
    assert_eq!(taken.len(), 3, "{taken:?}");
    assert!(taken[0].contains("price on prices.acme: the payload is not what the variant holds"), "{taken:?}");
    assert!(taken[1].contains("price on prices.acme: the payload is not what the variant holds"), "{taken:?}");
    assert_eq!(taken[2], "Price { cents: 3 } at k3f9x2m1q0ab-3");
}

#[test]
fn whoever_waits_is_woken_by_an_item_and_by_the_end_and_only_once_for_each_wait() {
    let bench = bench(10);
    bench.price(1);
    assert_eq!(bench.wakes(), 0); // nobody waited
    bench.next();
    assert_eq!(bench.next(), "pending");
    bench.inbox.enter(&State::Open, None);
    assert_eq!(bench.wakes(), 0); // a state is no item
    bench.price(2);
    bench.price(3);
    assert_eq!(bench.wakes(), 1);
    bench.all();
    bench.close();
    assert_eq!(bench.wakes(), 1);
    assert_eq!(bench.next(), "over");
}

#[test]
fn what_came_before_the_end_is_taken_before_the_end() {
    let bench = bench(10);
    bench.price(1);
    bench.close();
    assert_eq!(bench.next(), "Price { cents: 1 } at k3f9x2m1q0ab-1");
    assert_eq!(bench.next(), "over");
    assert_eq!(bench.next(), "over");
}

#[test]
fn each_state_is_told_until_nobody_listens() {
    let seen: Rc<RefCell<Vec<&'static str>>> = Rc::default();
    let write = seen.clone();
    let bench = bench_with(10, Some(Rc::new(move |state: &State| write.borrow_mut().push(state.kind()))));
    bench.inbox.enter(&State::Open, Some(7.0));
    assert_eq!((bench.inbox.state().kind(), bench.inbox.next_attempt_at()), ("open", Some(7.0)));
    bench.inbox.leave();
    bench.close();
    assert_eq!(*seen.borrow(), ["open"]);
    assert_eq!(bench.inbox.next_attempt_at(), None);
    assert_eq!(bench.inbox.state().kind(), "closed");
}

#[test]
fn a_source_that_is_gone_is_told_nothing() {
    let mut bench = bench(1);
    bench.script = Rc::default();
    bench.price(1);
    assert_eq!(bench.all().len(), 1);
    assert_eq!(bench.told(), [""; 0]);
}

/// A page may do to its stream whatever it likes while it is told something.
#[test]
fn a_source_may_look_into_the_inbox_that_tells_it() {
    struct Nosy(RefCell<Option<Rc<Inbox<Shop>>>>, Cell<usize>);
    impl Source for Nosy {
        fn full(&self) {
            self.drained();
        }
        fn drained(&self) {
            let inbox = self.0.borrow().clone().unwrap();
            inbox.fault(Fault::Topic { topic: "".into(), reason: Pattern::parse("").unwrap_err() });
            self.1.set(self.1.get() + 1);
        }
        fn position(&self) -> Option<Position> {
            None
        }
    }
    let nosy = Rc::new(Nosy(RefCell::default(), Cell::default()));
    let inbox = Rc::new(Inbox::<Shop>::new(NonZeroUsize::MIN, None, None));
    *nosy.0.borrow_mut() = Some(inbox.clone());
    let source: Weak<Nosy> = Rc::downgrade(&nosy);
    inbox.fill_from(source);
    inbox.event("closed", "null", topic(), at(1));
    assert_eq!(nosy.1.get(), 1);
    *nosy.0.borrow_mut() = None; // it held itself
}

#[test]
fn another_contract_is_told_once_with_the_names_that_differ_and_an_alias_is_known() {
    let bench = bench(8);
    let told = Rc::new(RefCell::new(Vec::new()));
    let tell = told.clone();
    bench.inbox.warn(Some(("aa".into(), Rc::new(move |outdated: &Outdated| tell.borrow_mut().push(outdated.clone())))));
    let names = ["over", "refund"].map(|name| EventName::parse(name).unwrap());
    bench.inbox.outdated("bb", &names);
    bench.inbox.outdated("cc", &names);
    let [outdated] = &told.borrow()[..] else { panic!("{told:?}") };
    assert_eq!((&*outdated.page, &*outdated.server), ("aa", "bb"));
    assert_eq!(outdated.added, [EventName::parse("refund").unwrap()]);
    assert_eq!(outdated.removed, ["price", "closed"]);
}
