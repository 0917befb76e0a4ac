//! Hidden, left, frozen, offline: when a page holds still, and when it comes back.

use crate::script::{check, check_with};
use eventwire_client_core::{Background, Config};
use expect_test::expect;

fn background(background: Background) -> Config {
    Config { background, ..Config::default() }
}

#[test]
fn a_hidden_page_holds_no_connection_after_its_grace_and_loses_no_place() {
    check(
        "
            0ms open
            5ms hello start=a-10
            5ms cursor a-10 prelude
            8ms event a-41/prices
            9ms hidden
            10ms hidden
            30000ms cursor a-42 beat
            9000000ms online
            9000001ms visible
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            8ms deliver prices a-41
            60009ms disconnect #1
            60009ms paused hidden
            9000001ms connecting visible
            9000001ms connect #2 lastEventId=a-42
        "#]],
    );
}

#[test]
fn a_page_that_is_seen_again_within_its_grace_keeps_its_stream() {
    check(
        "
            0ms open
            5ms hello
            10ms hidden
            30000ms cursor a-10 beat
            60009ms visible
            60010ms cursor a-10 beat
            90000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
        "#]],
    );
}

#[test]
fn a_tab_that_is_opened_hidden_dials_and_has_its_grace() {
    check(
        "
            0ms hidden
            100000ms open
            100005ms hello
            140000ms cursor a-10 beat
            200000ms visible
        ",
        expect![[r#"
            100000ms connecting opened
            100000ms connect #1
            100005ms open
            160000ms disconnect #1
            160000ms paused hidden
            200000ms connecting visible
            200000ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn w3_a_page_that_is_hidden_and_failing_dials_nothing_once_its_grace_is_over() {
    check_with(
        background(Background::Grace(std::time::Duration::from_secs(2))),
        "
            0ms open
            1ms ended
            2ms hidden
            1700ms ended
            900000ms online
            900001ms visible
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms waiting lost until 1391ms
            1391ms connecting retry
            1391ms connect #2
            1700ms waiting lost until 2733ms
            2002ms paused hidden
            900001ms connecting visible
            900001ms connect #3
        "#]],
    );
}

#[test]
fn keep_stays_and_dials_while_hidden() {
    check_with(
        background(Background::Keep),
        "
            0ms open
            5ms hello
            10ms hidden
            11ms freeze
            40000ms cursor a-10 beat
            65000ms ended
            70000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            65000ms waiting lost until 66390ms
            66390ms connecting retry
            66390ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn immediate_closes_with_the_first_sign() {
    check_with(
        background(Background::Immediate),
        "
            0ms open
            5ms hello
            10ms hidden
            5000ms visible
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms paused hidden
            5000ms connecting visible
            5000ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn w4_a_page_that_is_left_closes_at_once_and_dials_when_it_comes_back() {
    check_with(
        background(Background::Keep),
        "
            0ms open
            5ms hello
            9ms hidden
            10ms pagehide
            11ms #1 ended
            12ms visible
            900000ms pageshow
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms paused left
            900000ms connecting visible
            900000ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn a_page_that_comes_out_of_its_cache_counts_as_seen() {
    check(
        "
            0ms open
            5ms hello
            9ms hidden
            10ms pagehide
            20ms pageshow
            21ms hello
            21ms cursor a-10 prelude
            40000ms cursor a-10 beat
            70000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms paused left
            20ms connecting visible
            20ms connect #2 new=**&lastEventId=a-10
            21ms open
        "#]],
    );
}

#[test]
fn a_freeze_ends_the_grace_of_a_hidden_page() {
    check(
        "
            0ms open
            5ms hello
            9ms hidden
            10ms freeze
            5000ms resume
            6000ms visible
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms paused hidden
            6000ms connecting visible
            6000ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn c17_offline_is_a_hint_and_a_stream_that_flows_is_kept() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            10ms offline
            8000ms event a-11/prices
            8001ms online
            8002ms online
            15000ms cursor a-11 beat
            30000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            8000ms deliver prices a-11
        "#]],
    );
}

#[test]
fn c17_after_offline_a_stream_has_to_speak_within_a_heartbeat_or_is_dialled_anew() {
    check(
        "
            0ms open
            5ms hello
            1000ms offline
            3000ms online
            30000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            28000ms disconnect #1
            28000ms waiting stalled until 29390ms
            29390ms connecting retry
            29390ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn offline_dials_every_thirty_seconds_and_online_at_once() {
    check(
        "
            0ms open
            5ms ended
            6ms offline
            30006ms ended
            60006ms ended
            61000ms online
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms waiting lost until 1395ms
            6ms waiting lost until 30006ms
            30006ms connecting retry
            30006ms connect #2
            30006ms waiting lost until 60006ms
            60006ms connecting retry
            60006ms connect #3
            60006ms waiting lost until 90006ms
            61000ms waiting lost until 61006ms
        "#]],
    );
}

#[test]
fn hints_dial_at_once_but_never_hammer_a_server_that_refuses() {
    check(
        "
            0ms open
            1ms ended
            2ms visible
            3ms visible
            1001ms ended
            1002ms pageshow
            1003ms resume
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms waiting lost until 1391ms
            2ms waiting lost until 1001ms
            1001ms connecting retry
            1001ms connect #2
            1001ms waiting lost until 2017ms
            1002ms waiting lost until 2001ms
            2001ms connecting retry
            2001ms connect #3
        "#]],
    );
}

#[test]
fn hints_respect_a_server_that_said_when_to_come_back() {
    check(
        "
            0ms open
            1ms status 503 retry-after=20000
            2ms visible
            30000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms waiting unavailable until 20391ms
            2ms waiting unavailable until 20001ms
            20001ms connecting retry
            20001ms connect #2
        "#]],
    );
}

#[test]
fn a_full_queue_closes_the_stream_and_a_drained_one_dials_at_once_from_the_same_place() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms event a-11/prices
            6ms full
            7ms #1 event a-12/prices
            8ms hidden
            9ms visible
            50000ms drained
            50001ms drained
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            6ms deliver prices a-11
            6ms disconnect #1
            6ms paused queue
            50000ms connecting drained
            50000ms connect #2 lastEventId=a-11
        "#]],
    );
}

#[test]
fn a_page_that_reads_its_queue_before_it_was_full_hurries_nobody() {
    check(
        "
            0ms open
            5ms hello
            5ms ended
            1100ms drained
            1101ms drained
            1300ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            5ms waiting lost until 1395ms
        "#]],
    );
}

#[test]
fn a_page_with_two_reasons_to_hold_still_needs_both_gone() {
    check(
        "
            0ms open
            5ms hello
            6ms full
            7ms pagehide
            8ms drained
            9ms pageshow
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            6ms disconnect #1
            6ms paused queue
            7ms paused left
            9ms connecting visible
            9ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}
