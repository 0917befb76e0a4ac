//! Random and all short histories against everything that ever was.

use super::history::{From, Op, Setting, Stage, TOPICS, VIEWS, run};
use crate::{hub::inbox::Bounds, log::Limits};
use eventwire::frame::GapReason;
use proptest::prelude::*;

const LATEST: [&[&str]; 3] = [&[], &["a.*", "busy"], &["**"]];

fn room() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(usize::MAX), 2 => 0..3000usize, 1 => 0..400usize, 1 => Just(0)]
}

fn from() -> impl Strategy<Value = From> {
    prop_oneof![
        3 => Just(From::Now),
        2 => Just(From::Earliest),
        6 => (0..300u64).prop_map(From::Back),
        1 => Just(From::Ahead),
        1 => Just(From::Unreadable),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let size = prop_oneof![4 => 0..60usize, 1 => Just(3000usize)];
    prop_oneof![
        8 => (0..TOPICS.len(), size, 1..6usize).prop_map(|(topic, size, times)| Op::Publish { topic, size, times }),
        2 => (0..40usize, 5..80usize).prop_map(|(size, times)| Op::Publish { topic: 7, size, times }),
        1 => (0..1000u64).prop_map(Op::Skip),
        1 => (0..TOPICS.len(), 0..3usize).prop_map(|(topic, name)| Op::Foreign { topic, name }),
        1 => (1..400u64).prop_map(Op::Time),
        4 => (0..VIEWS.len(), from(), room()).prop_map(|(view, start, room)| Op::Join { view, start, room }),
        1 => any::<usize>().prop_map(Op::Leave),
        3 => (any::<usize>(), room()).prop_map(|(reader, room)| Op::Room(reader, room)),
        3 => (any::<usize>(), any::<bool>(), room())
            .prop_map(|(reader, native, room)| Op::Resume { reader, native, room }),
        1 => (any::<usize>(), 0..VIEWS.len(), room())
            .prop_map(|(reader, view, room)| Op::Widen { reader, view, room }),
        7 => Just(Op::Turn),
    ]
}

/// With the store's bad days.
fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![30 => op(), 1 => Just(Op::Lose), 1 => Just(Op::Renew), 1 => any::<usize>().prop_map(Op::RenewAt)]
}

fn setting() -> impl Strategy<Value = Setting> {
    let bytes = prop_oneof![Just(0usize), 1..3000usize, Just(1 << 20)];
    let (records, patterns) =
        (prop_oneof![1..20usize, Just(1 << 16)], prop_oneof![1 => 0..20usize, 2 => Just(1 << 16)]);
    let inbox = (bytes, records, patterns);
    let inbox = inbox.prop_map(|(bytes, records, patterns)| Bounds { bytes, records, patterns });
    (64..2000usize, 300..20_000usize, 0..800usize, inbox, 0..LATEST.len()).prop_map(
        |(segment, budget, quiet, inbox, latest)| Setting {
            limits: Limits { segment, budget, retain: 500, quiet, tombs: 1000 },
            inbox,
            latest: LATEST[latest],
        },
    )
}

fn cases(default: u32) -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_event_comes_once_and_in_order_or_a_gap_tells(
        ops in prop::collection::vec(op(), 1..100),
        setting in setting(),
    ) {
        run(&ops, setting);
    }

    #[test]
    fn every_event_comes_once_and_in_order_or_a_gap_tells_on_the_stores_bad_days_too(
        ops in prop::collection::vec(any_op(), 1..100),
        setting in setting(),
    ) {
        run(&ops, setting);
    }
}

/// Every sequence of four steps out of ten (with `ALL_HISTORIES`, of six): two topics, cuts in the middle of frames, a
/// small budget.
#[test]
fn all_short_histories() {
    let steps = [
        Op::Publish { topic: 0, size: 0, times: 1 },
        Op::Publish { topic: 7, size: 40, times: 1 },
        Op::Turn,
        Op::Room(0, 250),
        Op::Room(0, usize::MAX),
        Op::Resume { reader: 0, native: false, room: 600 },
        Op::Join { view: 3, start: From::Back(2), room: 0 },
        Op::Join { view: 7, start: From::Now, room: 500 },
        Op::Time(300),
        Op::Renew,
    ];
    let length = if std::env::var_os("ALL_HISTORIES").is_some() { 6 } else { 4 };
    for code in 0..steps.len().pow(length) {
        let mut rest = code;
        let mut ops = Vec::new();
        for _ in 0..length {
            ops.push(steps[rest % steps.len()]);
            rest /= steps.len();
        }
        let limits = Limits { segment: 80, budget: 200, retain: 500, quiet: 60, tombs: 1000 };
        run(&ops, Setting { limits, inbox: Bounds { bytes: 100, records: 3, patterns: 4 }, latest: LATEST[code % 2] });
    }
}

/// The newest values of a reader that is still in its prelude are forced out before it has read them.
#[test]
fn a_newest_value_lost_in_the_middle_of_a_prelude_is_told() {
    let mut ops: Vec<_> = (0..4).map(|topic| Op::Publish { topic, size: 3_000, times: 1 }).collect();
    ops.extend([Op::Join { view: 7, start: From::Now, room: 4_500 }, Op::Turn]);
    ops.extend((4..7).map(|topic| Op::Publish { topic, size: 9_000, times: 1 }));
    ops.extend([Op::Publish { topic: 7, size: 1_500, times: 40 }, Op::Turn]);
    let limits = Limits { segment: 2_000, budget: 40_000, retain: 500, quiet: 0, tombs: 1_000 };
    let inbox = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 16 };
    let tally = run(&ops, Setting { limits, inbox, latest: LATEST[2] });
    assert_eq!(tally.gaps, [GapReason::Evicted]);
}

#[test]
fn what_came_between_a_look_and_another_life_says_nothing_of_where_that_life_is() {
    let limits = Limits { segment: 80, budget: 2_000, retain: 500, quiet: 60, tombs: 1000 };
    let inbox = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 16 };
    let mut stage = Stage::new(Setting { limits, inbox, latest: &[] });
    stage.step(Op::Join { view: 0, start: From::Now, room: usize::MAX });
    stage.step(Op::Turn);
    // The window was taken, and then: one event more, another life, and only now is that life noticed.
    stage.step(Op::Publish { topic: 0, size: 0, times: 9 });
    stage.step(Op::Renew);
    stage.notice_another_life();
    stage.step(Op::Turn);
    stage.step(Op::Publish { topic: 0, size: 0, times: 1 });
    stage.finish();
}

/// A reader that is checked just as the order begins anew would find all it asks lost in the new life: that says nothing
/// of the old one.
#[test]
fn a_life_that_ends_while_a_reader_is_checked_is_told_as_that_and_not_as_a_loss_as_well() {
    let limits = Limits { segment: 200, budget: 2_000, retain: 500, quiet: 0, tombs: 1000 };
    let inbox = Bounds { bytes: 1 << 20, records: 1 << 16, patterns: 1 << 16 };
    for (view, start) in [(0, From::Back(3)), (7, From::Back(3)), (0, From::Earliest), (0, From::Now), (7, From::Now)] {
        let mut stage = Stage::new(Setting { limits, inbox, latest: LATEST[1] });
        stage.step(Op::Publish { topic: 0, size: 20, times: 20 });
        stage.step(Op::Publish { topic: 7, size: 20, times: 20 });
        stage.step(Op::Join { view: 2, start: From::Now, room: usize::MAX });
        stage.step(Op::Join { view, start, room: usize::MAX });
        // The first is handed its hello, and the second is not looked at yet.
        stage.step(Op::Skip(200));
        stage.step(Op::RenewAt(0));
        stage.step(Op::Turn);
        assert_eq!(stage.finish().gaps, [GapReason::Epoch; 2], "view {view} from {start:?}");
    }
}
