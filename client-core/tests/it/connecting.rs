//! When the client dials, how long it waits, and what closes it.

use crate::script::{check, check_with, run};
use eventwire_client_core::Config;
use expect_test::expect;

#[test]
fn a_client_that_is_closed_before_it_is_opened_says_nothing_ever() {
    check(
        "
            0ms close
            1ms open
            2ms visible
            60000ms end
        ",
        expect![[r#""#]],
    );
}

#[test]
fn a_stream_opens_hands_over_events_and_comes_back_where_it_was() {
    check(
        "
            0ms open
            5ms opened
            6ms hello names=tick start=a-10
            6ms cursor a-10 prelude
            6ms cursor a-10 live
            9ms event a-11/prices
            9ms event a-12.1/prices
            39000ms cursor a-12 beat
            70000ms cursor a-12 beat
            70010ms ended
            73000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            6ms open
            9ms deliver prices a-11
            9ms deliver prices a-12
            70010ms waiting lost until 71400ms
            71400ms connecting retry
            71400ms connect #2 lastEventId=a-12
        "#]],
    );
}

#[test]
fn a_response_that_never_comes_is_given_up_after_ten_seconds_c15() {
    check(
        "
            0ms open
            12000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            10000ms disconnect #1
            10000ms waiting no-answer until 11390ms
            11390ms connecting retry
            11390ms connect #2
        "#]],
    );
}

#[test]
fn a_response_without_hello_is_given_up_after_five_seconds() {
    check(
        "
            0ms open
            100ms opened
            6000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5100ms disconnect #1
            5100ms waiting no-hello until 6490ms
        "#]],
    );
}

#[test]
fn a_refusal_without_a_word_is_probed_once_per_step_and_its_status_decides() {
    check(
        "
            0ms open
            5ms refused
            6ms refused
            9ms status 503 retry-after=20000 code=unavailable
            21000ms refused
            21001ms status 429
            24000ms refused
            24001ms ended
            29000ms refused
            29001ms status 403 code=forbidden
            900000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms probe #1
            6ms waiting lost until 1396ms
            1396ms connecting retry
            1396ms connect #2
            11396ms disconnect #2
            11396ms waiting no-answer until 12429ms
            12429ms connecting retry
            12429ms connect #3
            21000ms probe #3
            21001ms waiting too-many-requests until 25604ms
            25604ms connecting retry
            25604ms connect #4
            29000ms probe #4
            29001ms closed forbidden 403 forbidden
        "#]],
    );
}

#[test]
fn a_probe_that_is_never_answered_is_given_up() {
    check(
        "
            0ms open
            5ms refused
            11000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms probe #1
            10005ms disconnect #1
            10005ms waiting no-answer until 11395ms
        "#]],
    );
}

#[test]
fn a_network_error_is_not_probed() {
    check(
        "
            0ms open
            5ms ended
            1000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms waiting lost until 1395ms
        "#]],
    );
}

#[test]
fn c12_c13_statuses_that_close() {
    let end = |status: &str| {
        let script = format!("0ms open\n1ms refused\n2ms status {status}\n900000ms end");
        run(Config::default(), &script).lines().skip(3).collect::<Vec<_>>().join("; ")
    };
    let all = [
        "401",
        "403",
        "404",
        "406",
        "204",
        "200",
        "206",
        "400",
        "405",
        "413",
        "410",
        "421",
        "499",
        "400 code=bad-request",
        "403 code=teapot",
        "401 code=unauthorized",
        "401 code=limit",
    ];
    let lines: Vec<String> = all.iter().map(|status| format!("{status}: {}\n", end(status))).collect();
    expect![[r#"
        401: 2ms closed unauthorized 401
        403: 2ms closed forbidden 403
        404: 2ms closed not-found 404
        406: 2ms closed not-acceptable 406
        204: 2ms closed no-content 204
        200: 2ms closed not-a-stream 200
        206: 2ms closed not-a-stream 206
        400: 2ms closed bad-request 400
        405: 2ms closed method-not-allowed 405
        413: 2ms closed too-large 413
        410: 2ms closed refused 410
        421: 2ms closed refused 421
        499: 2ms closed refused 499
        400 code=bad-request: 2ms closed bad-request 400 bad-request
        403 code=teapot: 2ms closed forbidden 403 teapot
        401 code=unauthorized: 2ms closed unauthorized 401 unauthorized
        401 code=limit: 2ms closed unauthorized 401 limit
    "#]]
    .assert_eq(&lines.concat());
}

#[test]
fn c14_statuses_that_back_off() {
    for status in ["301", "408", "425", "429", "500", "502", "503", "504", "599"] {
        let script = format!("0ms open\n1ms refused\n2ms status {status}\n31000ms end");
        let transcript = run(Config::default(), &script);
        assert!(transcript.contains("waiting") && transcript.contains("connect #2"), "{status}:\n{transcript}");
        assert!(!transcript.contains("closed"), "{status}:\n{transcript}");
    }
}

#[test]
fn bye_says_when_to_come_back_and_the_spread_is_added() {
    check(
        "
            0ms open
            5ms opened
            6ms hello spread=20000 retry=2000
            6ms cursor a-10 prelude
            6ms cursor a-10 live
            39000ms cursor a-11 beat
            70000ms cursor a-11 beat
            70001ms bye drain after=5000
            70002ms visible
            95001ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            6ms open
            70001ms disconnect #1
            70001ms waiting drain until 82797ms
            70002ms waiting drain until 75001ms
            75001ms connecting retry
            75001ms connect #2 lastEventId=a-11
            85001ms disconnect #2
            85001ms waiting no-answer until 87017ms
            87017ms connecting retry
            87017ms connect #3 lastEventId=a-11
        "#]],
    );
}

#[test]
fn bye_auth_comes_back_once_and_the_answer_decides() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            5ms cursor a-10 live
            10ms bye auth
            2500ms refused
            2501ms status 401
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms waiting auth until 1400ms
            1400ms connecting retry
            1400ms connect #2 lastEventId=a-10
            2500ms probe #2
            2501ms closed unauthorized 401
        "#]],
    );
}

#[test]
fn bye_auth_again_before_the_stream_was_live_closes() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            5ms cursor a-10 live
            10ms bye auth
            2500ms hello
            2500ms cursor a-10 prelude
            2501ms bye auth
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms waiting auth until 1400ms
            1400ms connecting retry
            1400ms connect #2 lastEventId=a-10
            2500ms open
            2501ms disconnect #2
            2501ms closed auth
        "#]],
    );
}

#[test]
fn bye_auth_again_while_a_long_replay_goes_on_is_another_change_of_access_and_no_refusal() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            5ms cursor a-10 live
            10ms bye auth
            2500ms hello
            2500ms cursor a-10 prelude
            2500ms event a-11/prices
            2501ms bye auth
            2502ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms waiting auth until 1400ms
            1400ms connecting retry
            1400ms connect #2 lastEventId=a-10
            2500ms open
            2500ms deliver prices a-11
            2501ms disconnect #2
            2501ms waiting auth until 3534ms
        "#]],
    );
}

#[test]
fn bye_auth_after_a_stream_that_let_the_page_in_and_broke_is_another_change_of_access() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            5ms cursor a-10 live
            10ms bye auth
            2500ms hello
            2501ms ended
            8000ms hello
            8001ms bye auth
            8002ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms waiting auth until 1400ms
            1400ms connecting retry
            1400ms connect #2 lastEventId=a-10
            2500ms open
            2501ms waiting lost until 3534ms
            3534ms connecting retry
            3534ms connect #3 lastEventId=a-10
            8000ms open
            8001ms disconnect #3
            8001ms waiting auth until 12604ms
        "#]],
    );
}

#[test]
fn bye_auth_after_every_live_stream_is_a_short_lived_token_and_goes_on() {
    check(
        "
            0ms open
            5ms hello
            5ms cursor a-10 prelude
            5ms cursor a-10 live
            10ms bye auth
            2500ms hello
            2500ms cursor a-10 prelude
            2500ms cursor a-10 live
            2510ms bye auth
            9000ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            10ms disconnect #1
            10ms waiting auth until 1400ms
            1400ms connecting retry
            1400ms connect #2 lastEventId=a-10
            2500ms open
            2510ms disconnect #2
            2510ms waiting auth until 3543ms
            3543ms connecting retry
            3543ms connect #3 lastEventId=a-10
        "#]],
    );
}

#[test]
fn bye_limit_backs_off_slower_every_time() {
    check(
        "
            0ms open
            5ms hello
            5ms bye limit
            2500ms hello
            2500ms bye limit
            5600ms hello
            5600ms bye limit
            5601ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms open
            5ms disconnect #1
            5ms waiting limit until 1395ms
            1395ms connecting retry
            1395ms connect #2 new=**&lastEventId=a-10
            2500ms open
            2500ms disconnect #2
            2500ms waiting limit until 3533ms
            3533ms connecting retry
            3533ms connect #3 new=**&lastEventId=a-10
            5600ms open
            5600ms disconnect #3
            5600ms waiting limit until 10203ms
        "#]],
    );
}

#[test]
fn a_server_of_another_wire_is_told_and_left_alone_for_a_while() {
    check(
        "
            0ms open
            5ms hello v=2
            100ms end
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms fault Version { version: 2 }
            5ms disconnect #1
            5ms waiting version until 1395ms
        "#]],
    );
}

#[test]
fn news_of_an_attempt_that_is_over_change_nothing() {
    check(
        "
            0ms open
            5ms ended
            6ms #1 opened
            6ms #1 hello
            6ms #1 status 403
            6ms #1 event a-11/prices
            7ms #9 ended
            1400ms #1 hello
            1401ms #1 event a-11/prices
            1402ms #1 ended
            1403ms hello
            1404ms #1 ended
            1405ms #1 bye drain
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms waiting lost until 1395ms
            1395ms connecting retry
            1395ms connect #2
            1403ms open
        "#]],
    );
}

#[test]
fn c20_close_during_backoff_or_while_dialling_or_probing_dials_nothing_and_says_nothing_after() {
    let during = |state: &str, lines: &str| {
        let script = format!("0ms open\n{lines}\n50ms close\n51ms open\n52ms visible\n53ms #1 hello\n900000ms end");
        let transcript = run(Config::default(), &script);
        let tail = transcript.lines().filter(|line| line.starts_with("50ms ")).collect::<Vec<_>>().join("; ");
        assert!(transcript.lines().last().is_some_and(|line| line == "50ms closed closed"), "{state}:\n{transcript}");
        format!("{state}: {tail}\n")
    };
    let all = [
        during("dialling", ""),
        during("probing", "5ms refused"),
        during("waiting", "5ms ended"),
        during("prelude", "5ms hello"),
        during("paused", "5ms pagehide"),
    ];
    expect![[r#"
        dialling: 50ms disconnect #1; 50ms closed closed
        probing: 50ms disconnect #1; 50ms closed closed
        waiting: 50ms closed closed
        prelude: 50ms disconnect #1; 50ms closed closed
        paused: 50ms closed closed
    "#]]
    .assert_eq(&all.concat());
}

#[test]
fn start_says_what_is_asked_first() {
    use crate::script::{after, patterns};
    use eventwire::Start;
    use eventwire_client_core::Topics;
    let ask = |start, topics| {
        let config = Config { start, topics, ..Config::default() };
        run(config, "0ms open").lines().last().expect("a connect").to_owned() + "\n"
    };
    let named = || Topics::Named(patterns("prices.acme,orders.*"));
    let all = [
        ask(Start::Now, Topics::Granted),
        ask(Start::Now, named()),
        ask(Start::Earliest, named()),
        ask(after("a-41"), Topics::Granted),
        ask(after("a-41"), named()),
    ];
    expect![[r#"
        0ms connect #1
        0ms connect #1 topics=prices.acme,orders.*
        0ms connect #1 topics=prices.acme,orders.*&lastEventId=earliest
        0ms connect #1 lastEventId=a-41
        0ms connect #1 topics=prices.acme,orders.*&lastEventId=a-41
    "#]]
    .assert_eq(&all.concat());
}

#[test]
fn a_position_that_the_page_could_not_read_is_a_gap() {
    let start = eventwire::Start::Unreadable { native: false };
    check_with(
        Config { start, ..Config::default() },
        "
            0ms open
            5ms hello start=a-10
        ",
        expect![[r#"
            0ms connecting opened
            0ms connect #1
            5ms gap position all at a-10
            5ms open
        "#]],
    );
}

/// A page may close its stream while it is being told of a gap: the rest of what waited is not handed to it.
#[test]
fn c20_a_page_that_closes_while_it_is_told_something_hears_no_more() {
    use crate::script::say;
    use eventwire_client_core::{Client, Input, Timestamp};
    let words = |client: &mut Client| {
        std::iter::from_fn(|| client.poll_output()).map(|output| say(&output)).collect::<Vec<_>>().join("; ")
    };

    let mut client = Client::new(Config::default(), 7);
    client.handle_input(Timestamp(0), Input::Open);
    client.handle_input(Timestamp(0), Input::Close); // nothing was carried out yet: there is nothing to disconnect
    let unopened = words(&mut client);

    let mut client = Client::new(Config::default(), 7);
    client.handle_input(Timestamp(0), Input::Open);
    let opened = words(&mut client);
    client.handle_input(Timestamp(1), Input::PageHide);
    client.handle_input(Timestamp(2), Input::PageShow);
    client.handle_input(Timestamp(3), Input::Close); // the first attempt is open, the second was never carried out
    let redialled = words(&mut client);

    expect![[r#"
        closed closed
        connecting opened; connect #1
        disconnect #1; closed closed
    "#]]
    .assert_eq(&format!("{unopened}\n{opened}\n{redialled}\n"));
}
