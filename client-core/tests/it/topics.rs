//! Topics that come and go while the page lives.

use crate::script::{after, check, check_with, patterns, run};
use eventwire_client_core::{Config, Topics};
use expect_test::expect;

fn named(list: &str) -> Config {
    Config { topics: Topics::Named(patterns(list)), ..Config::default() }
}

#[test]
fn added_topics_are_gathered_into_one_redial_from_the_position() {
    check_with(
        named("prices"),
        "
            0ms open
            1ms hello topics=prices
            1ms cursor a-10 prelude
            2ms event a-11/prices
            10ms add orders
            30ms add stock.*
            59ms event a-12/prices
            60ms end
            65ms hello topics=prices start=a-12
            65ms event a-7/stock.a
            66ms event a-12/prices
            67ms cursor a-12 prelude
            68ms ended
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices
            1ms open
            2ms deliver prices a-11
            59ms deliver prices a-12
            60ms disconnect #1
            60ms connecting topics
            60ms connect #2 topics=prices&new=orders,stock.*&lastEventId=a-12
            65ms open
            65ms deliver stock.a a-7
            68ms waiting lost until 1458ms
            1458ms connecting retry
            1458ms connect #3 topics=prices,orders,stock.*&lastEventId=a-12
        "#]],
    );
}

#[test]
fn a_topic_has_users_and_leaves_with_the_last() {
    check_with(
        named("prices,orders"),
        "
            0ms open
            1ms hello
            1ms cursor a-10 prelude
            10ms add orders
            100ms delete orders
            200ms delete orders
            300ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices,orders
            1ms open
            250ms disconnect #1
            250ms connecting topics
            250ms connect #2 topics=prices&lastEventId=a-10
        "#]],
    );
}

#[test]
fn a_part_that_unmounts_and_mounts_again_dials_nothing() {
    check_with(
        named("prices,orders"),
        "
            0ms open
            1ms hello
            10ms delete orders
            11ms add orders
            300ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices,orders
            1ms open
        "#]],
    );
}

#[test]
fn without_a_topic_left_nothing_is_asked_until_one_is_added() {
    check_with(
        named("prices"),
        "
            0ms open
            1ms hello
            1ms cursor a-10 prelude
            10ms delete prices
            500ms add orders
            600ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices
            1ms open
            60ms disconnect #1
            60ms paused topics
            550ms connecting topics
            550ms connect #2 new=orders&lastEventId=a-10
        "#]],
    );
    check_with(
        named(""),
        "
            0ms open
            10ms add orders
            100ms end
        ",
        expect![[r#"
            0ms paused topics
            60ms connecting topics
            60ms connect #1 topics=orders
        "#]],
    );
}

#[test]
fn the_last_topic_is_new_again_when_it_comes_back_after_a_while_without_any() {
    check_with(
        named("prices"),
        "
            0ms open
            1ms hello
            1ms cursor a-10 prelude
            10ms delete prices
            500ms add prices
            600ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices
            1ms open
            60ms disconnect #1
            60ms paused topics
            550ms connecting topics
            550ms connect #2 new=prices&lastEventId=a-10
        "#]],
    );
}

#[test]
fn where_none_were_named_all_are_already_there() {
    check(
        "
            0ms open
            1ms hello
            10ms add orders
            20ms delete orders
            100ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
        "#]],
    );
}

#[test]
fn a_topic_added_while_waiting_dials_at_once_and_one_deleted_does_not() {
    check_with(
        named("prices,orders"),
        "
            0ms open
            1ms hello
            1ms cursor a-10 prelude
            2ms ended
            10ms delete orders
            200ms add stock
            250ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices,orders
            1ms open
            2ms waiting lost until 1392ms
            250ms connecting topics
            250ms connect #2 topics=prices&new=stock&lastEventId=a-10
        "#]],
    );
}

#[test]
fn topics_added_before_the_first_dial_are_simply_asked_for() {
    check_with(
        named("prices"),
        "
            0ms add orders
            1ms open
            2ms hello
            100ms end
        ",
        expect![[r#"
            1ms connecting opened
            1ms connect #1 topics=prices,orders
            2ms open
        "#]],
    );
}

#[test]
fn a_page_that_brings_its_position_asks_for_nothing_as_new_but_what_it_adds_later() {
    let config = Config { start: after("a-41"), ..named("prices") };
    check_with(
        config,
        "
            0ms open
            1ms hello start=a-41
            1ms cursor a-41 prelude
            10ms add orders
            70ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices&lastEventId=a-41
            1ms open
            60ms disconnect #1
            60ms connecting topics
            60ms connect #2 topics=prices&new=orders&lastEventId=a-41
        "#]],
    );
}

#[test]
fn a_new_pattern_over_topics_that_were_there_hands_none_of_them_over_twice() {
    check_with(
        named("prices.acme"),
        "
            0ms open
            1ms hello
            2ms event a-4/prices.acme
            3ms cursor a-10 prelude
            10ms add prices.*
            61ms hello start=a-10
            62ms event a-4/prices.acme
            63ms event a-6/prices.other
            64ms cursor a-10 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices.acme
            1ms open
            2ms deliver prices.acme a-4
            60ms disconnect #1
            60ms connecting topics
            60ms connect #2 topics=prices.acme&new=prices.*&lastEventId=a-10
            61ms open
            63ms deliver prices.other a-6
        "#]],
    );
}

#[test]
fn topics_beyond_what_a_request_can_name_are_faults() {
    let many: Vec<String> = (0..101).map(|n| format!("t{n}")).collect();
    check_with(
        named("t0"),
        &format!("0ms open\n1ms hello\n2ms add {}\n100ms end", many.join(",")).replace("\n100ms end", ""),
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=t0
            1ms open
            2ms fault TooMany { pattern: "t100" }
        "#]],
    );
}

#[test]
fn a_topic_added_and_deleted_in_one_breath_dials_nothing() {
    check_with(
        named("prices"),
        "
            0ms open
            1ms hello topics=prices
            10ms add orders
            20ms delete orders
            200ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices
            1ms open
        "#]],
    );
}

#[test]
fn a_topic_deleted_just_before_a_retry_is_not_asked_for() {
    check_with(
        named("prices,orders"),
        "
            0ms open
            1ms hello topics=prices,orders
            1ms cursor a-10 prelude
            2ms ended
            1390ms delete orders
            1500ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices,orders
            1ms open
            2ms waiting lost until 1392ms
            1392ms connecting retry
            1392ms connect #2 topics=prices&lastEventId=a-10
        "#]],
    );
}

#[test]
fn topics_longer_than_a_request_may_be_are_faults() {
    // 86 of these with what parts them are 6,106 bytes of 6,144.
    let many: Vec<String> = (0..87).map(|n| format!("t{n:069}")).collect();
    let transcript = run(named("t"), &format!("0ms open\n1ms delete t\n2ms add {}", many.join(",")));
    let faults: Vec<&str> = transcript.lines().filter(|line| line.contains("TooMany")).collect();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains(&many[86]), "{faults:?}");
}

#[test]
fn what_a_page_had_of_a_pattern_it_let_go_of_is_not_handed_over_again_by_a_wider_one_that_is_new() {
    check_with(
        named("latest.x"),
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms event a-12/latest.x
            10ms add latest.*
            61ms ended
            62ms delete latest.x
            4000ms hello start=a-12
            4000ms event a-11/latest.y
            4000ms event a-12/latest.x
            4000ms cursor a-12 prelude
            5000ms event a-13/latest.x
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=latest.x
            1ms open
            2ms deliver latest.x a-12
            60ms disconnect #1
            60ms connecting topics
            60ms connect #2 topics=latest.x&new=latest.*&lastEventId=a-12
            61ms waiting lost until 1451ms
            1451ms connecting retry
            1451ms connect #3 new=latest.*&lastEventId=a-12
            4000ms open
            4000ms deliver latest.y a-11
            5000ms deliver latest.x a-13
        "#]],
    );
}

#[test]
fn a_topic_let_go_of_while_another_came_brings_its_newest_event_when_it_is_asked_for_again() {
    check_with(
        named("latest.x"),
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms event a-12/latest.x
            10ms add other
            11ms delete latest.x
            100ms hello start=a-12
            100ms cursor a-12 prelude
            1000ms add latest.x
            1100ms hello start=a-12
            1100ms event a-12/latest.x
            1100ms cursor a-12 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=latest.x
            1ms open
            2ms deliver latest.x a-12
            60ms disconnect #1
            60ms connecting topics
            60ms connect #2 new=other&lastEventId=a-12
            100ms open
            1050ms disconnect #2
            1050ms connecting topics
            1050ms connect #3 topics=other&new=latest.x&lastEventId=a-12
            1100ms open
            1100ms deliver latest.x a-12
        "#]],
    );
}

#[test]
fn what_a_wider_pattern_brought_counts_also_where_a_narrower_one_was_let_go_of_before() {
    check_with(
        named("latest.x"),
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms event a-12/latest.x
            10ms add latest.*
            61ms ended
            62ms delete latest.x
            4000ms hello start=a-12
            4000ms cursor a-12 prelude
            4001ms event a-20.8/latest.x
            5000ms gap a-30 slow latest.*
            5001ms event a-20/latest.x
            5001ms cursor a-30 prelude
            5002ms event a-31.11/latest.x
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=latest.x
            1ms open
            2ms deliver latest.x a-12
            60ms disconnect #1
            60ms connecting topics
            60ms connect #2 topics=latest.x&new=latest.*&lastEventId=a-12
            61ms waiting lost until 1451ms
            1451ms connecting retry
            1451ms connect #3 new=latest.*&lastEventId=a-12
            4000ms open
            4001ms deliver latest.x a-20
            5000ms gap slow latest.* at a-30
            5002ms deliver latest.x a-31
        "#]],
    );
}
