//! How long silence is believed, awake and asleep.

use crate::script::{check, run};
use eventwire_client_core::Config;
use expect_test::expect;
use std::time::Duration;

#[test]
fn silence_for_twice_the_heartbeat_and_ten_seconds_is_a_lost_connection() {
    check(
        "
            0ms open
            5ms hello heartbeat=15000
            5ms cursor a-10 prelude
            5ms cursor a-10 live
            15000ms cursor a-10 beat
            56000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            55000ms disconnect #1
            55000ms waiting stalled until 56390ms
        "#]],
    );
}

#[test]
fn the_server_says_how_often_it_speaks() {
    check(
        "
            0ms open
            5ms hello heartbeat=1000
            5ms cursor a-10 live
            12100ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            12005ms disconnect #1
            12005ms waiting stalled until 13395ms
        "#]],
    );
}

#[test]
fn any_word_within_that_time_keeps_the_connection() {
    check(
        "
            0ms open
            5ms hello heartbeat=1000
            5ms cursor a-10 prelude
            11900ms cursor a-10 beat
            23800ms event a-11/prices
            35700ms raw eventwire.unheardOf {}
            47600ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            23800ms deliver prices a-11
        "#]],
    );
}

#[test]
fn c18_a_tab_that_slept_hears_what_waited_for_it_and_keeps_its_stream() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms asleep
            120000ms timeout
            120001ms cursor a-10 beat
            120002ms event a-11/prices
            150000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            120002ms deliver prices a-11
        "#]],
    );
}

#[test]
fn c18_a_connection_that_died_in_its_sleep_is_dialled_anew_at_once() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms asleep
            120000ms timeout
            130000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            121000ms disconnect #1
            121000ms connecting woke
            121000ms connect #2 lastEventId=a-10
        "#]],
    );
}

#[test]
fn c18_an_end_that_waited_for_the_tab_to_wake_is_dialled_at_once_and_only_once() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms asleep
            120000ms ended
            120005ms ended
            130000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            120000ms connecting woke
            120000ms connect #2 lastEventId=a-10
            120005ms waiting lost until 121395ms
            121395ms connecting retry
            121395ms connect #3 lastEventId=a-10
        "#]],
    );
}

#[test]
fn c18_a_bye_that_waited_for_the_tab_to_wake_is_no_news_and_dialled_at_once() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms asleep
            120000ms bye drain after=5000
            120005ms bye drain after=5000
            130000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            120000ms disconnect #1
            120000ms connecting woke
            120000ms connect #2 lastEventId=a-10
            120005ms disconnect #2
            120005ms waiting drain until 125395ms
            125395ms connecting retry
            125395ms connect #3 lastEventId=a-10
        "#]],
    );
}

#[test]
fn c18_a_bye_auth_that_waited_for_the_tab_to_wake_comes_back_at_once_and_only_once() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms asleep
            120000ms bye auth
            120005ms bye auth
            130000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            120000ms disconnect #1
            120000ms connecting woke
            120000ms connect #2 lastEventId=a-10
            120005ms disconnect #2
            120005ms closed auth
        "#]],
    );
}

#[test]
fn c18_a_sleep_of_five_seconds_is_noticed_by_a_page_that_is_seen() {
    let end = |slept: u64| {
        let ended = 6_000 + slept;
        let script = format!(
            "0ms open\n5ms hello\n5ms cursor a-10 prelude\n6000ms cursor a-10 beat\n6000ms asleep\n{ended}ms ended"
        );
        let transcript = crate::script::run(eventwire_client_core::Config::default(), &script);
        transcript.lines().nth(3).unwrap_or_default().split_once(' ').expect("a time").1.to_owned()
    };
    expect!["waiting lost until 12390ms"].assert_eq(&end(5_000));
    expect!["connecting woke"].assert_eq(&end(5_001));
}

#[test]
fn c18_the_timers_of_a_page_that_is_not_seen_are_late_without_a_sleep() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms hidden
            7ms asleep
            9000ms ended
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            9000ms waiting lost until 10390ms
        "#]],
    );
}

#[test]
fn c18_a_stream_that_breaks_ten_seconds_after_its_sleep_was_not_broken_by_it() {
    let end = |ended: u64| {
        let script = format!(
            "0ms open\n5ms hello\n5ms cursor a-10 prelude\n6ms asleep\n120000ms timeout\n120001ms cursor a-10 beat\n\
             {ended}ms ended"
        );
        let transcript = crate::script::run(eventwire_client_core::Config::default(), &script);
        transcript.lines().nth(3).unwrap_or_default().split_once(' ').expect("a time").1.to_owned()
    };
    expect!["connecting woke"].assert_eq(&end(129_999));
    expect!["waiting lost until 131390ms"].assert_eq(&end(130_000));
}

#[test]
fn w2_late_timers_alone_condemn_nothing() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            6ms asleep
            60000ms timeout
            60001ms asleep
            120000ms cursor a-10 beat
            120000ms asleep
            180000ms timeout
            180001ms cursor a-10 beat
            190000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
        "#]],
    );
}

#[test]
fn w2_a_dead_link_is_found_even_by_timers_that_are_always_late() {
    check(
        "
            0ms open
            5ms hello
            6ms asleep
            60000ms timeout
            60001ms asleep
            120000ms timeout
            120001ms asleep
            180000ms timeout
            180001ms asleep
            240000ms timeout
            240001ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            240000ms disconnect #1
            240000ms connecting woke
            240000ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn w5_a_page_that_comes_back_doubts_a_stream_that_missed_a_heartbeat() {
    check(
        "
            0ms open
            5ms hello
            6ms cursor a-10 prelude
            10ms hidden
            25000ms visible
            25005ms hidden
            26000ms visible
            29000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            27000ms disconnect #1
            27000ms connecting woke
            27000ms connect #2 lastEventId=a-10
        "#]],
    );
}

#[test]
fn w5_a_stream_that_may_yet_speak_is_not_doubted_when_the_page_comes_back() {
    check(
        "
            0ms open
            5ms hello heartbeat=15000
            5ms cursor a-10 prelude
            25005ms visible
            41000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            40005ms disconnect #1
            40005ms waiting stalled until 41395ms
        "#]],
    );
}

#[test]
fn a_dial_that_slept_gets_its_second_chance_too() {
    check(
        "
            0ms open
            1ms asleep
            600000ms timeout
            600100ms opened
            600200ms hello
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            600200ms open
        "#]],
    );
}

#[test]
fn a_clock_that_falls_stands_still() {
    check(
        "
            1000ms open
            1005ms hello
            500ms ended
            9000ms end
        ",
        expect![[r#"
            1000ms connecting opened
            1000ms connect #1
            1005ms open
            500ms waiting lost until 2395ms
            2395ms connecting retry
            2395ms connect #2 new=**&lastEventId=a-10
        "#]],
    );
}

#[test]
fn c16_a_stream_that_dies_young_again_and_again_is_dialled_ever_slower_until_one_is_healthy() {
    check(
        "
            0ms open
            1ms hello
            2ms ended
            3000ms hello
            3001ms ended
            8000ms hello
            8001ms ended
            20000ms hello
            20001ms cursor a-10 beat
            50001ms cursor a-10 beat
            80001ms cursor a-10 beat
            80002ms ended
            83000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms waiting lost until 1392ms
            1392ms connecting retry
            1392ms connect #2 new=**&lastEventId=a-10
            3000ms open
            3001ms waiting lost until 4034ms
            4034ms connecting retry
            4034ms connect #3 new=**&lastEventId=a-10
            8000ms open
            8001ms waiting lost until 12604ms
            12604ms connecting retry
            12604ms connect #4 new=**&lastEventId=a-10
            20000ms open
            80002ms waiting lost until 81585ms
            81585ms connecting retry
            81585ms connect #5 new=**&lastEventId=a-10
        "#]],
    );
}

/// A machine that believes so many milliseconds of silence.
fn stall(millis: u64) -> Config {
    Config { stall: Some(Duration::from_millis(millis)), ..Config::default() }
}

#[test]
fn a_page_may_say_itself_how_long_silence_is_believed() {
    let transcript = run(
        stall(500),
        "
            0ms open
            5ms hello heartbeat=15000
            5ms cursor a-10 live
            400ms event a-11/prices
            800ms visible
            2000ms end
        ",
    );
    expect![[r#"
        0ms connecting opened
        0ms connect #1
        5ms open
        400ms deliver prices a-11
        900ms disconnect #1
        900ms waiting stalled until 2290ms
    "#]]
    .assert_eq(&transcript);
}

#[test]
fn silence_of_a_millisecond_is_silence() {
    let transcript = run(
        stall(1),
        "
            0ms open
            5ms hello heartbeat=15000
            5ms cursor a-10 live
            100ms end
        ",
    );
    expect![[r#"
        0ms connecting opened
        0ms connect #1
        5ms open
        6ms disconnect #1
        6ms waiting stalled until 1396ms
    "#]]
    .assert_eq(&transcript);
}

#[test]
fn a_restart_closes_the_connection_and_dials_at_once_wherever_the_client_is() {
    check(
        "
            0ms restart
            0ms open
            5ms hello
            5ms cursor a-10 live
            10ms event a-11/prices
            20ms restart
            25ms hello start=a-11
            25ms cursor a-11 live
            30ms ended
            40ms restart
            50ms full
            60ms restart
            70ms drained
            80ms restart
            90ms close
            95ms restart
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms deliver prices a-11
            20ms disconnect #1
            20ms connecting retry
            20ms connect #2 lastEventId=a-11
            25ms open
            30ms waiting lost until 1420ms
            40ms connecting retry
            40ms connect #3 lastEventId=a-11
            50ms disconnect #3
            50ms paused queue
            70ms connecting drained
            70ms connect #4 lastEventId=a-11
            80ms disconnect #4
            80ms connecting retry
            80ms connect #5 lastEventId=a-11
            90ms disconnect #5
            90ms closed closed
        "#]],
    );
}
