//! What is handed over, what is dropped, and what is told.

use crate::script::{after, check, check_with, patterns, run};
use eventwire_client_core::{Config, Contract, Topics};
use expect_test::expect;

fn named(list: &str) -> Config {
    Config { topics: Topics::Named(patterns(list)), ..Config::default() }
}

#[test]
fn c6_c7_duplicates_and_offsets_that_go_back_are_dropped() {
    check(
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms event a-11/prices
            3ms event a-11/prices
            4ms event a-9/prices
            5ms event a-10/orders
            6ms event a-13/prices
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver prices a-11
            6ms deliver prices a-13
        "#]],
    );
}

#[test]
fn c8_a_hole_is_told_before_the_event_behind_it() {
    check(
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms event a-14.2/prices
            3ms event a-20.6/prices
            4ms event a-21.2/orders
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms gap detected all at a-12
            2ms deliver prices a-14
            3ms deliver prices a-20
            4ms deliver orders a-21
        "#]],
    );
}

#[test]
fn a_cursor_moves_the_position_and_it_never_falls() {
    check(
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms cursor a-30 skip
            3ms cursor a-20 beat
            4ms event a-25/prices
            5ms event a-31.1/prices
            6ms bye limit
            3000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            5ms deliver prices a-31
            6ms disconnect #1
            6ms waiting limit until 1396ms
            1396ms connecting retry
            1396ms connect #2 lastEventId=a-31
        "#]],
    );
}

#[test]
fn a_reader_told_that_it_was_ahead_falls_to_where_the_order_is_and_misses_nothing_of_it() {
    check_with(
        Config { start: after("a-90"), ..Config::default() },
        "
            0ms open
            1ms hello start=a-90
            1ms gap a-10 ahead
            2ms event a-7/prices
            2ms cursor a-10 prelude
            2ms cursor a-10 live
            3ms event a-11/prices
            4ms event a-12/orders
            5ms bye limit
            3000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 lastEventId=a-90
            1ms open
            1ms gap ahead all at a-10
            2ms deliver prices a-7
            3ms deliver prices a-11
            4ms deliver orders a-12
            5ms disconnect #1
            5ms waiting limit until 1395ms
            1395ms connecting retry
            1395ms connect #2 lastEventId=a-12
        "#]],
    );
}

#[test]
fn a_gap_moves_the_position_and_is_told_before_what_follows() {
    check(
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms event a-11/prices
            3ms gap a-50 slow prices,orders
            4ms event a-40/prices
            4ms cursor a-50 prelude
            5ms event a-51/prices
            5ms cursor a-51 live
            6ms bye limit
            3000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver prices a-11
            3ms gap slow prices,orders at a-50
            4ms deliver prices a-40
            5ms deliver prices a-51
            6ms disconnect #1
            6ms waiting limit until 1396ms
            1396ms connecting retry
            1396ms connect #2 lastEventId=a-51
        "#]],
    );
}

#[test]
fn a_gap_whose_id_cannot_be_read_is_told_all_the_same() {
    check(
        "
            0ms open
            1ms hello start=a-10
            2ms gap ? lost
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms fault Id { event: "eventwire.gap", id: "?" }
            2ms gap lost all at a-10
        "#]],
    );
}

#[test]
fn another_epoch_comes_with_its_gap_and_starts_afresh() {
    check_with(
        Config { start: after("a-90"), ..Config::default() },
        "
            0ms open
            1ms hello start=b-5
            1ms gap b-5 epoch
            2ms event b-3/prices
            3ms cursor b-5 prelude
            4ms event b-6/prices
            5ms event b-6/prices
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 lastEventId=a-90
            1ms open
            1ms gap epoch all at b-5
            2ms deliver prices b-3
            4ms deliver prices b-6
        "#]],
    );
}

#[test]
fn another_epoch_without_a_gap_is_told_by_the_client_itself() {
    check_with(
        Config { start: after("a-90"), ..Config::default() },
        "
            0ms open
            1ms hello start=b-5
            1ms cursor b-5 prelude
            4ms event b-6/prices
            5ms event c-1/prices
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 lastEventId=a-90
            1ms open
            1ms gap detected all at b-5
            4ms deliver prices b-6
            5ms gap detected all at c-0
            5ms deliver prices c-1
        "#]],
    );
}

#[test]
fn a_cut_prelude_comes_again_whole_and_each_of_its_events_is_handed_over_once() {
    check_with(
        named("prices.*"),
        "
            0ms open
            1ms hello start=a-10 topics=prices.*
            2ms event a-4/prices.a
            3ms event a-7/prices.b
            4ms ended
            3000ms hello start=a-10 topics=prices.*
            3001ms event a-4/prices.a
            3002ms event a-7/prices.b
            3003ms event a-9/prices.c
            3004ms cursor a-10 prelude
            3005ms event a-12/prices.a
            3006ms bye limit
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices.*
            1ms open
            2ms deliver prices.a a-4
            3ms deliver prices.b a-7
            4ms waiting lost until 1394ms
            1394ms connecting retry
            1394ms connect #2 new=prices.*&lastEventId=a-10
            3000ms open
            3003ms deliver prices.c a-9
            3005ms deliver prices.a a-12
            3006ms disconnect #2
            3006ms waiting limit until 4039ms
            4039ms connecting retry
            4039ms connect #3 topics=prices.*&lastEventId=a-12
        "#]],
    );
}

#[test]
fn a_prelude_after_a_gap_hands_over_only_what_came_since() {
    check_with(
        named("prices.*,orders"),
        "
            0ms open
            1ms hello start=a-10 topics=prices.*,orders
            2ms event a-4/prices.a
            3ms cursor a-10 prelude
            4ms event a-12/prices.b
            5ms gap a-50 slow prices.*
            6ms event a-4/prices.a
            7ms event a-12/prices.b
            8ms event a-33/prices.c
            9ms ended
            9000ms hello start=a-50 topics=prices.*,orders
            9001ms event a-4/prices.a
            9002ms event a-33/prices.c
            9003ms event a-34/prices.d
            9004ms cursor a-50 prelude
            9005ms event a-51/prices.d
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=prices.*,orders
            1ms open
            2ms deliver prices.a a-4
            4ms deliver prices.b a-12
            5ms gap slow prices.* at a-50
            8ms deliver prices.c a-33
            9ms waiting lost until 1399ms
            1399ms connecting retry
            1399ms connect #2 topics=orders&new=prices.*&lastEventId=a-50
            9000ms open
            9003ms deliver prices.d a-34
            9005ms deliver prices.d a-51
        "#]],
    );
}

#[test]
fn a_cut_prelude_of_all_that_is_granted_names_what_hello_put_in_force() {
    check(
        "
            0ms open
            1ms hello start=a-10 topics=prices.*,orders
            2ms event a-4/prices.a
            4ms ended
            3000ms hello start=a-10 topics=prices.*,orders
            3001ms event a-4/prices.a
            3004ms cursor a-10 prelude
            3006ms ended
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver prices.a a-4
            4ms waiting lost until 1394ms
            1394ms connecting retry
            1394ms connect #2 new=prices.*,orders&lastEventId=a-10
            3000ms open
            3006ms waiting lost until 4039ms
            4039ms connecting retry
            4039ms connect #3 lastEventId=a-10
        "#]],
    );
}

#[test]
fn c5_ids_that_cannot_be_read_are_faults_and_move_nothing() {
    check(
        "
            0ms open
            1ms hello start=a-10
            1ms cursor a-10 prelude
            2ms event ?
            3ms event a-11
            4ms event A-11/prices
            5ms event a-011/prices
            6ms event a-11.12/prices
            7ms event a-99999999999999999999/prices
            8ms cursor ? beat
            9ms event a-11/prices
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms fault Id { event: "tick", id: "?" }
            3ms fault Id { event: "tick", id: "a-11" }
            4ms fault Id { event: "tick", id: "AAAAAAAAAAAA-11/prices" }
            5ms fault Id { event: "tick", id: "a-011/prices" }
            6ms fault Id { event: "tick", id: "a-11.12/prices" }
            7ms fault Id { event: "tick", id: "a-99999999999999999999/prices" }
            8ms fault Id { event: "eventwire.cursor", id: "?" }
            9ms deliver prices a-11
        "#]],
    );
}

#[test]
fn c10_frames_of_newer_servers_are_ignored_and_broken_ones_are_faults() {
    check(
        r#"
            0ms open
            1ms hello start=a-10
            2ms raw eventwire.fromTheFuture {"v":9}
            3ms raw eventwire.cursor {"kind":"sideways"}
            4ms raw eventwire.gap nonsense
            5ms raw eventwire.bye {"reason":7}
        "#,
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            3ms fault Id { event: "eventwire.cursor", id: "" }
            4ms fault Frame { event: "eventwire.gap", member: "data" }
            5ms fault Frame { event: "eventwire.bye", member: "reason" }
        "#]],
    );
}

#[test]
fn c10_an_unknown_event_is_a_fault_once_per_name_and_moves_the_position() {
    let contract = Contract { names: Some("tick,note".into()), hash: "00000000000000aa".into() };
    check_with(
        Config { contract: Some(contract), ..Config::default() },
        "
            0ms open
            1ms hello start=a-10 names=note,tick
            1ms cursor a-10 prelude
            2ms event a-11/prices tick
            3ms event a-12/prices renamed
            4ms event a-13/prices renamed
            5ms event a-14/prices note
            6ms bye limit
            3000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver prices a-11
            3ms fault Unknown { event: "renamed" }
            5ms deliver prices a-14
            6ms disconnect #1
            6ms waiting limit until 1396ms
            1396ms connecting retry
            1396ms connect #2 lastEventId=a-14
        "#]],
    );
}

#[test]
fn c10_names_that_are_not_known_are_told_up_to_as_many_as_an_enum_may_have() {
    let contract = Contract { names: Some("tick".into()), hash: "00000000000000aa".into() };
    let events = (0..1_002).map(|n| format!("2ms event a-{}/prices renamed{n}\n", n + 11)).collect::<String>();
    let script = format!("0ms open\n1ms hello\n1ms cursor a-10 prelude\n{events}");
    let transcript = run(Config { contract: Some(contract), ..Config::default() }, &script);
    let told: Vec<&str> = transcript.lines().filter(|line| line.contains("Unknown")).collect();
    assert_eq!(told.len(), 1_000);
    assert!(told[999].contains("renamed999"), "{}", told[999]);
}

#[test]
fn c10_a_frame_whose_data_the_shell_did_not_bring_is_passed_over() {
    check(
        "
            0ms open
            1ms event a-11/prices eventwire.fromTheFuture
            2ms hello
            2ms cursor a-10 prelude
            3ms event a-11/prices eventwire.fromTheFuture
            4ms event nonsense eventwire.fromTheFuture
            5ms event a-11/prices
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            2ms open
            5ms deliver prices a-11
        "#]],
    );
}

#[test]
fn another_contract_is_told_once_with_its_names() {
    let contract = Contract { names: Some("tick".into()), hash: "00000000000000aa".into() };
    check_with(
        Config { contract: Some(contract), ..Config::default() },
        "
            0ms open
            1ms hello contract=00000000000000aa
            2ms bye limit
            2500ms hello contract=00000000000000bb names=tick,late
            2501ms bye limit
            9000ms hello contract=00000000000000bb
            9001ms bye limit
            20000ms hello contract=00000000000000cc
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms disconnect #1
            2ms waiting limit until 1392ms
            1392ms connecting retry
            1392ms connect #2 new=**&lastEventId=a-10
            2500ms outdated 00000000000000bb
            2500ms open
            2501ms disconnect #2
            2501ms waiting limit until 3534ms
            3534ms connecting retry
            3534ms connect #3 new=**&lastEventId=a-10
            9000ms open
            9001ms disconnect #3
            9001ms waiting limit until 13604ms
            13604ms connecting retry
            13604ms connect #4 new=**&lastEventId=a-10
            20000ms open
        "#]],
    );
}

#[test]
fn a_page_that_knows_no_hash_is_never_outdated_and_one_without_names_is_handed_all() {
    check_with(
        Config { contract: Some(Contract { names: None, hash: "".into() }), ..Config::default() },
        "
            0ms open
            1ms hello contract=00000000000000bb
            2ms event a-11/prices
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms deliver prices a-11
        "#]],
    );
}

#[test]
fn a_server_without_a_contract_outdates_no_page() {
    check_with(
        Config { contract: Some(Contract { names: None, hash: "00000000000000aa".into() }), ..Config::default() },
        "
            0ms open
            1ms hello contract=
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
        "#]],
    );
}

#[test]
fn what_comes_before_hello_is_dropped_and_told() {
    check(
        "
            0ms open
            1ms event a-11/prices
            2ms cursor a-12 live
            3ms hello start=a-10
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms fault Early { event: "tick" }
            2ms fault Early { event: "eventwire.cursor" }
            3ms open
        "#]],
    );
}

#[test]
fn a_denied_topic_is_a_fault_once_and_one_that_was_had_is_a_gap() {
    check_with(
        named("orders,prices"),
        "
            0ms open
            1ms hello topics=orders denied=prices
            1ms cursor a-10 prelude
            2ms bye limit
            2500ms hello topics=orders denied=prices
            2500ms cursor a-10 prelude
            2501ms bye limit
            9000ms hello topics=prices denied=orders
            9000ms event a-8/prices
            9001ms cursor a-10 prelude
            9002ms bye limit
            30000ms hello topics=orders,prices
            30000ms event a-8/orders
            30001ms cursor a-10 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1 topics=orders,prices
            1ms fault Denied { pattern: "prices" }
            1ms open
            2ms disconnect #1
            2ms waiting limit until 1392ms
            1392ms connecting retry
            1392ms connect #2 topics=orders&new=prices&lastEventId=a-10
            2500ms open
            2501ms disconnect #2
            2501ms waiting limit until 3534ms
            3534ms connecting retry
            3534ms connect #3 topics=orders&new=prices&lastEventId=a-10
            9000ms gap forbidden orders at a-10
            9000ms open
            9000ms deliver prices a-8
            9002ms disconnect #3
            9002ms waiting limit until 13605ms
            13605ms connecting retry
            13605ms connect #4 topics=prices&new=orders&lastEventId=a-10
            23605ms disconnect #4
            23605ms waiting no-answer until 29269ms
            29269ms connecting retry
            29269ms connect #5 topics=prices&new=orders&lastEventId=a-10
            30000ms open
        "#]],
    );
}

#[test]
fn what_access_no_longer_grants_is_told_where_nothing_was_named() {
    check(
        "
            0ms open
            1ms hello topics=orders.*,prices.acme
            1ms cursor a-10 prelude
            2ms bye limit
            2500ms hello topics=prices.*
            2501ms hello topics=prices.acme,prices.*
            2501ms cursor a-10 prelude
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            1ms open
            2ms disconnect #1
            2ms waiting limit until 1392ms
            1392ms connecting retry
            1392ms connect #2 lastEventId=a-10
            2500ms gap forbidden orders.* at a-10
            2500ms disconnect #2
            2500ms connecting topics
            2500ms connect #3 topics=prices.acme&new=prices.*&lastEventId=a-10
            2501ms open
        "#]],
    );
}
