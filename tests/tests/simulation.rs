//! The real client machine against the real hub on a paused clock: the days of `cargo xtask chaos --seeds`, some of them.

use eventwire_tests::chaos::seeds;

#[test]
fn every_event_comes_once_and_in_order_or_is_announced_whatever_the_day_is_like() {
    let sum = seeds::run(40, 10_000);
    assert_eq!((sum.tally.runs, sum.tally.violations), (40, 0));
    assert!(sum.handed > 1_000 && sum.gaps > 50 && sum.dials > 300, "these days were dull: {sum:?}");
}
