//! What access grants, takes back and grants again, to pages that name their topics and to those that name none.

use crate::script::{after, check, check_with, patterns, run};
use eventwire_client_core::{Config, Topics};
use expect_test::expect;

#[test]
fn what_is_granted_anew_where_nothing_was_named_is_asked_for_as_new_at_once() {
    check(
        "
            0ms open
            1ms hello topics=orders.7
            1ms cursor a-10 prelude
            2ms event a-11/orders.7
            3ms ended
            3000ms hello topics=orders.7,prices names=tick
            3001ms hello topics=orders.7,prices
            3002ms event a-4/prices
            3002ms cursor a-11 prelude
            3003ms ended
            9000ms hello topics=orders.7,prices
            9001ms cursor a-11 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver orders.7 a-11
            3ms waiting lost until 1393ms
            1393ms connecting retry
            1393ms connect #2 lastEventId=a-11
            3000ms disconnect #2
            3000ms connecting topics
            3000ms connect #3 topics=orders.7&new=prices&lastEventId=a-11
            3001ms open
            3002ms deliver prices a-4
            3003ms waiting lost until 4036ms
            4036ms connecting retry
            4036ms connect #4 lastEventId=a-11
            9000ms open
        "#]],
    );
}

#[test]
fn what_a_page_that_brings_its_position_is_granted_first_is_not_new_to_it() {
    check_with(
        Config { start: after("a-41"), ..Config::default() },
        "
            0ms open
            1ms hello topics=orders.7 start=a-41
            1ms cursor a-41 prelude
            2ms ended
            3000ms hello topics=orders.7,prices start=a-41
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 lastEventId=a-41
            1ms open
            2ms waiting lost until 1392ms
            1392ms connecting retry
            1392ms connect #2 lastEventId=a-41
            3000ms disconnect #2
            3000ms connecting topics
            3000ms connect #3 topics=orders.7&new=prices&lastEventId=a-41
        "#]],
    );
}

#[test]
fn a_wider_grant_is_new_and_a_narrower_one_is_not() {
    check(
        "
            0ms open
            1ms hello topics=prices.acme,orders
            2ms event a-4/prices.acme
            3ms cursor a-10 prelude
            4ms ended
            3000ms hello topics=prices.*,orders
            3001ms hello topics=prices.acme,orders,prices.*
            3002ms event a-4/prices.acme
            3003ms event a-6/prices.other
            3004ms cursor a-10 prelude
            3005ms ended
            9000ms hello topics=prices.*,orders
            9001ms cursor a-10 prelude
            9002ms bye limit
            20000ms hello topics=prices.acme,orders
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver prices.acme a-4
            4ms waiting lost until 1394ms
            1394ms connecting retry
            1394ms connect #2 lastEventId=a-10
            3000ms disconnect #2
            3000ms connecting topics
            3000ms connect #3 topics=prices.acme,orders&new=prices.*&lastEventId=a-10
            3001ms open
            3003ms deliver prices.other a-6
            3005ms waiting lost until 4038ms
            4038ms connecting retry
            4038ms connect #4 lastEventId=a-10
            9000ms open
            9002ms disconnect #4
            9002ms waiting limit until 13605ms
            13605ms connecting retry
            13605ms connect #5 lastEventId=a-10
            20000ms gap forbidden prices.* at a-10
            20000ms open
        "#]],
    );
}

#[test]
fn another_epoch_brings_the_newest_of_all_and_nothing_is_asked_twice() {
    check(
        "
            0ms open
            1ms hello topics=orders
            1ms cursor a-10 prelude
            2ms ended
            3000ms hello topics=orders,prices start=b-5
            3000ms gap b-5 epoch
            3001ms event b-4/prices
            3002ms cursor b-5 prelude
            3003ms ended
            9000ms hello topics=orders,prices start=b-5
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms waiting lost until 1392ms
            1392ms connecting retry
            1392ms connect #2 lastEventId=a-10
            3000ms open
            3000ms gap epoch all at b-5
            3001ms deliver prices b-4
            3003ms waiting lost until 4036ms
            4036ms connecting retry
            4036ms connect #3 lastEventId=b-5
            9000ms open
        "#]],
    );
}

#[test]
fn a_server_that_grants_what_was_not_asked_for_is_not_hammered() {
    check(
        "
            0ms open
            1ms hello topics=a
            1ms cursor a-10 prelude
            2ms ended
            3000ms hello topics=a,b
            3001ms hello topics=a,b,c
            3002ms cursor a-10 prelude
            3003ms ended
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms waiting lost until 1392ms
            1392ms connecting retry
            1392ms connect #2 lastEventId=a-10
            3000ms disconnect #2
            3000ms connecting topics
            3000ms connect #3 topics=a&new=b&lastEventId=a-10
            3001ms open
            3003ms waiting lost until 4036ms
            4036ms connecting retry
            4036ms connect #4 topics=a,b&new=c&lastEventId=a-10
        "#]],
    );
}

#[test]
fn what_is_granted_anew_and_refused_when_asked_for_was_never_had() {
    check(
        "
            0ms open
            1ms hello topics=a
            1ms cursor a-10 prelude
            2ms ended
            3000ms hello topics=a,b
            3001ms hello topics=a denied=b
            3002ms cursor a-10 prelude
            3003ms ended
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms waiting lost until 1392ms
            1392ms connecting retry
            1392ms connect #2 lastEventId=a-10
            3000ms disconnect #2
            3000ms connecting topics
            3000ms connect #3 topics=a&new=b&lastEventId=a-10
            3001ms open
            3003ms waiting lost until 4036ms
            4036ms connecting retry
            4036ms connect #4 lastEventId=a-10
        "#]],
    );
}

#[test]
fn what_is_withdrawn_and_granted_again_where_nothing_was_named_is_handed_over_once() {
    check(
        "
            0ms open
            1ms hello topics=a,b
            2ms event a-4/b
            3ms cursor a-10 prelude
            4ms ended
            3000ms hello topics=a
            3001ms cursor a-20 prelude
            3002ms ended
            9000ms hello topics=a,b
            9001ms hello topics=a,b
            9002ms event a-4/b
            9003ms cursor a-20 prelude
            9004ms ended
            20000ms hello topics=a
            20001ms cursor a-30 prelude
            20002ms ended
            28000ms hello topics=a,b
            28001ms hello topics=a,b
            28002ms event a-15/b
            28003ms event a-25/b
            28004ms cursor a-30 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver b a-4
            4ms waiting lost until 1394ms
            1394ms connecting retry
            1394ms connect #2 lastEventId=a-10
            3000ms gap forbidden b at a-10
            3000ms open
            3002ms waiting lost until 4035ms
            4035ms connecting retry
            4035ms connect #3 lastEventId=a-20
            9000ms disconnect #3
            9000ms connecting topics
            9000ms connect #4 topics=a&new=b&lastEventId=a-20
            9001ms open
            9004ms waiting lost until 13607ms
            13607ms connecting retry
            13607ms connect #5 lastEventId=a-20
            20000ms gap forbidden b at a-20
            20000ms open
            20002ms waiting lost until 25666ms
            25666ms connecting retry
            25666ms connect #6 lastEventId=a-30
            28000ms disconnect #6
            28000ms connecting topics
            28000ms connect #7 topics=a&new=b&lastEventId=a-30
            28001ms open
            28003ms deliver b a-25
        "#]],
    );
}

/// The prelude was cut before `b`: that a position was reached elsewhere says nothing of it.
#[test]
fn a_topic_withdrawn_before_its_prelude_came_brings_its_newest_event_when_it_is_granted_again() {
    let script = "
        0ms open
        1ms hello topics=a,b
        2ms event a-4/a
        3ms ended
        3000ms hello topics=a denied=b
        3001ms event a-4/a
        3002ms cursor a-10 prelude
        3003ms bye limit
        20000ms hello topics=a,b
        20001ms hello topics=a,b
        20002ms event a-6/b
        20003ms cursor a-10 prelude
    ";
    check_with(
        Config { topics: Topics::Named(patterns("a,b")), ..Config::default() },
        script,
        expect![[r#"
        0ms connecting opened
        0ms connect #1 topics=a,b
        1ms open
        2ms deliver a a-4
        3ms waiting lost until 1393ms
        1393ms connecting retry
        1393ms connect #2 new=a,b&lastEventId=a-10
        3000ms gap forbidden b at a-10
        3000ms open
        3003ms disconnect #2
        3003ms waiting limit until 4036ms
        4036ms connecting retry
        4036ms connect #3 topics=a&new=b&lastEventId=a-10
        14036ms disconnect #3
        14036ms waiting no-answer until 18639ms
        18639ms connecting retry
        18639ms connect #4 topics=a&new=b&lastEventId=a-10
        20000ms open
        20001ms open
        20002ms deliver b a-6
    "#]],
    );
    check(
        script,
        expect![[r#"
        0ms connecting opened
        0ms connect #1
        1ms open
        2ms deliver a a-4
        3ms waiting lost until 1393ms
        1393ms connecting retry
        1393ms connect #2 new=a,b&lastEventId=a-10
        3000ms gap forbidden b at a-10
        3000ms open
        3003ms disconnect #2
        3003ms waiting limit until 4036ms
        4036ms connecting retry
        4036ms connect #3 lastEventId=a-10
        14036ms disconnect #3
        14036ms waiting no-answer until 18639ms
        18639ms connecting retry
        18639ms connect #4 lastEventId=a-10
        20000ms disconnect #4
        20000ms connecting topics
        20000ms connect #5 topics=a&new=b&lastEventId=a-10
        20001ms open
        20002ms deliver b a-6
    "#]],
    );
}

#[test]
fn a_topic_withdrawn_after_its_prelude_was_cut_hands_over_none_of_it_twice() {
    let script = "
        0ms open
        1ms hello topics=a,b
        2ms event a-4/b
        3ms event a-6/a
        4ms ended
        3000ms hello topics=a denied=b
        3001ms event a-6/a
        3002ms cursor a-10 prelude
        3003ms bye limit
        20000ms hello topics=a,b
        20001ms hello topics=a,b
        20002ms event a-4/b
        20003ms cursor a-10 prelude
    ";
    check_with(
        Config { topics: Topics::Named(patterns("a,b")), ..Config::default() },
        script,
        expect![[r#"
        0ms connecting opened
        0ms connect #1 topics=a,b
        1ms open
        2ms deliver b a-4
        3ms deliver a a-6
        4ms waiting lost until 1394ms
        1394ms connecting retry
        1394ms connect #2 new=a,b&lastEventId=a-10
        3000ms gap forbidden b at a-10
        3000ms open
        3003ms disconnect #2
        3003ms waiting limit until 4036ms
        4036ms connecting retry
        4036ms connect #3 topics=a&new=b&lastEventId=a-10
        14036ms disconnect #3
        14036ms waiting no-answer until 18639ms
        18639ms connecting retry
        18639ms connect #4 topics=a&new=b&lastEventId=a-10
        20000ms open
        20001ms open
    "#]],
    );
    check(
        script,
        expect![[r#"
        0ms connecting opened
        0ms connect #1
        1ms open
        2ms deliver b a-4
        3ms deliver a a-6
        4ms waiting lost until 1394ms
        1394ms connecting retry
        1394ms connect #2 new=a,b&lastEventId=a-10
        3000ms gap forbidden b at a-10
        3000ms open
        3003ms disconnect #2
        3003ms waiting limit until 4036ms
        4036ms connecting retry
        4036ms connect #3 lastEventId=a-10
        14036ms disconnect #3
        14036ms waiting no-answer until 18639ms
        18639ms connecting retry
        18639ms connect #4 lastEventId=a-10
        20000ms disconnect #4
        20000ms connecting topics
        20000ms connect #5 topics=a&new=b&lastEventId=a-10
        20001ms open
    "#]],
    );
}

/// What an earlier prelude handed over says nothing of a topic that was added after it.
#[test]
fn a_topic_added_later_and_withdrawn_before_its_prelude_brings_its_newest_event_when_it_is_granted_again() {
    check_with(
        Config { topics: Topics::Named(patterns("a")), ..Config::default() },
        "
            0ms open
            1ms hello topics=a
            2ms event a-4/a
            3ms cursor a-10 prelude
            10ms add b
            61ms hello topics=a,b
            62ms ended
            3000ms hello topics=a denied=b
            3001ms cursor a-10 prelude
            3002ms bye limit
            12000ms hello topics=a,b
            12001ms event a-3/b
            12002ms cursor a-10 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=a
            1ms open
            2ms deliver a a-4
            60ms disconnect #1
            60ms connecting topics
            60ms connect #2 topics=a&new=b&lastEventId=a-10
            61ms open
            62ms waiting lost until 1452ms
            1452ms connecting retry
            1452ms connect #3 topics=a&new=b&lastEventId=a-10
            3000ms gap forbidden b at a-10
            3000ms open
            3002ms disconnect #3
            3002ms waiting limit until 4035ms
            4035ms connecting retry
            4035ms connect #4 topics=a&new=b&lastEventId=a-10
            12000ms open
            12001ms deliver b a-3
        "#]],
    );
}

#[test]
fn of_several_that_are_withdrawn_and_granted_again_none_is_handed_over_twice() {
    check(
        "
            0ms open
            1ms hello topics=a,b,c
            2ms event a-4/a
            2ms event a-5/b
            3ms cursor a-10 prelude
            4ms bye limit
            2500ms hello topics=c
            2501ms cursor a-20 prelude
            2502ms bye limit
            6000ms hello topics=a,b,c
            6001ms hello topics=a,b,c
            6002ms event a-4/a
            6002ms event a-5/b
            6002ms event a-15/b
            6003ms cursor a-20 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver a a-4
            2ms deliver b a-5
            4ms disconnect #1
            4ms waiting limit until 1394ms
            1394ms connecting retry
            1394ms connect #2 lastEventId=a-10
            2500ms gap forbidden a,b at a-10
            2500ms open
            2502ms disconnect #2
            2502ms waiting limit until 3535ms
            3535ms connecting retry
            3535ms connect #3 lastEventId=a-20
            6000ms disconnect #3
            6000ms connecting topics
            6000ms connect #4 topics=c&new=a,b&lastEventId=a-20
            6001ms open
            6002ms deliver b a-15
        "#]],
    );
}

#[test]
fn a_topic_withdrawn_twice_by_different_patterns_was_had_up_to_the_later_time() {
    check(
        "
            0ms open
            1ms hello topics=b.x,z
            2ms cursor a-10 prelude
            3ms bye limit
            2500ms hello topics=z
            2501ms cursor a-12 prelude
            2502ms bye limit
            6000ms hello topics=b.*,z
            6001ms hello topics=b.*,z
            6002ms cursor a-12 prelude
            6003ms event a-15/b.x
            6004ms cursor a-20 live
            6005ms bye limit
            14000ms hello topics=z
            14001ms cursor a-20 prelude
            14002ms bye limit
            22000ms hello topics=b.x,z
            22001ms hello topics=b.x,z
            22002ms event a-15/b.x
            22003ms event a-18/b.x
            22004ms cursor a-20 prelude
            22005ms event a-21/b.x
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            3ms disconnect #1
            3ms waiting limit until 1393ms
            1393ms connecting retry
            1393ms connect #2 lastEventId=a-10
            2500ms gap forbidden b.x at a-10
            2500ms open
            2502ms disconnect #2
            2502ms waiting limit until 3535ms
            3535ms connecting retry
            3535ms connect #3 lastEventId=a-12
            6000ms disconnect #3
            6000ms connecting topics
            6000ms connect #4 topics=z&new=b.*&lastEventId=a-12
            6001ms open
            6003ms deliver b.x a-15
            6005ms disconnect #4
            6005ms waiting limit until 10608ms
            10608ms connecting retry
            10608ms connect #5 lastEventId=a-20
            14000ms gap forbidden b.* at a-20
            14000ms open
            14002ms disconnect #5
            14002ms waiting limit until 19666ms
            19666ms connecting retry
            19666ms connect #6 lastEventId=a-20
            22000ms disconnect #6
            22000ms connecting topics
            22000ms connect #7 topics=z&new=b.x&lastEventId=a-20
            22001ms open
            22005ms deliver b.x a-21
        "#]],
    );
}

/// It had its events up to the gap, and some of the prelude that came after it.
#[test]
fn a_topic_withdrawn_while_the_prelude_of_a_gap_was_cut_was_had_up_to_the_cut() {
    let script = |cut: &str| {
        format!(
            "
            0ms open
            1ms hello topics=a,b
            2ms cursor a-10 prelude
            3ms event a-12/b
            4ms gap a-50 slow a,b
            5ms event {cut}
            6ms ended
            3000ms hello topics=a denied=b
            3002ms cursor a-50 prelude
            3003ms bye limit
            12000ms hello topics=a,b
            12001ms event a-12/b
            12002ms event a-30/b
            12003ms event a-40/b
            12004ms cursor a-50 prelude
            "
        )
    };
    let handed = |cut| {
        let transcript = run(Config { topics: Topics::Named(patterns("a,b")), ..Config::default() }, &script(cut));
        let handed = transcript.lines().filter_map(|line| line.split_once("deliver b "));
        handed.map(|(_, position)| position.to_owned()).collect::<Vec<_>>().join(" ")
    };
    expect!["a-12 a-30 a-40"].assert_eq(&handed("a-4/a"));
    expect!["a-12 a-30 a-40"].assert_eq(&handed("a-30/b"));
    expect!["a-12 a-40"].assert_eq(&handed("a-31/a"));
}

/// It had `b` up to 10 of the order before: offset 3 of this one is not among that.
#[test]
fn what_was_had_of_one_order_is_not_taken_for_what_another_brings_that_begins_in_mid_stream() {
    let script = |refused: &str| {
        format!(
            "
            0ms open
            1ms hello topics=a,b
            2ms event a-4/b
            3ms cursor a-10 prelude
            4ms ended
            3000ms hello topics=a {refused}
            3001ms cursor a-20 prelude
            3002ms event b-5.4/a
            3003ms ended
            9000ms hello topics=a,b start=b-5
            9001ms hello topics=a,b start=b-5
            9002ms event b-3/b
            9003ms cursor b-5 prelude
            "
        )
    };
    check(
        &script(""),
        expect![[r#"
        0ms connecting opened
        0ms connect #1
        1ms open
        2ms deliver b a-4
        4ms waiting lost until 1394ms
        1394ms connecting retry
        1394ms connect #2 lastEventId=a-10
        3000ms gap forbidden b at a-10
        3000ms open
        3002ms gap detected all at b-1
        3002ms deliver a b-5
        3003ms waiting lost until 4036ms
        4036ms connecting retry
        4036ms connect #3 lastEventId=b-5
        9000ms disconnect #3
        9000ms connecting topics
        9000ms connect #4 topics=a&new=b&lastEventId=b-5
        9001ms open
        9002ms deliver b b-3
    "#]],
    );
    let named = Config { topics: Topics::Named(patterns("a,b")), ..Config::default() };
    check_with(
        named,
        &script("denied=b"),
        expect![[r#"
        0ms connecting opened
        0ms connect #1 topics=a,b
        1ms open
        2ms deliver b a-4
        4ms waiting lost until 1394ms
        1394ms connecting retry
        1394ms connect #2 topics=a,b&lastEventId=a-10
        3000ms gap forbidden b at a-10
        3000ms open
        3002ms gap detected all at b-1
        3002ms deliver a b-5
        3003ms waiting lost until 4036ms
        4036ms connecting retry
        4036ms connect #3 topics=a&new=b&lastEventId=b-5
        9000ms open
        9001ms open
        9002ms deliver b b-3
    "#]],
    );
}

/// More is granted than a request can name: the newest events of what is new cannot be asked for, and the page hears of that
/// alone.
#[test]
fn what_is_granted_anew_and_cannot_be_asked_for_is_told_as_a_gap_of_just_that() {
    let many: Vec<_> = (0..=eventwire::limits::PATTERNS).map(|n| format!("t{n}")).collect();
    let many = many.join(",");
    let script = format!(
        "
        0ms open
        1ms hello topics={many}
        2ms cursor a-10 prelude
        3ms ended
        3000ms hello topics={many},fresh
        3001ms hello topics={many},fresh
        "
    );
    let transcript = run(Config { topics: Topics::Granted, ..Config::default() }, &script);
    let gaps: Vec<_> = transcript.lines().filter(|line| line.contains(" gap ")).collect();
    assert_eq!(gaps, ["3000ms gap detected fresh at a-10"], "{transcript:.2000}");
}
