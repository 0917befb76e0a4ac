//! Words that may stand only in some rooms, or nowhere.
//!
//! Sees words, not meanings: a type of ours that is called `Instant` would be refused too, and should be renamed.

use super::{Breach, Verdict, source::Source};

const PURE: &[&str] = &["protocol/src", "contract/src", "client-core/src", "server/src/log"];

pub(super) fn verdicts(sources: &[Source]) -> Vec<Verdict> {
    vec![
        Verdict { rule: "only server/src/http names axum", breaches: each(sources, axum) },
        Verdict { rule: "server/src/log names neither tokio nor axum", breaches: each(sources, log) },
        Verdict { rule: "pure rooms have no clock", breaches: each(sources, clock) },
        Verdict { rule: "pure rooms have no chance", breaches: each(sources, chance) },
        Verdict { rule: "every queue has a bound", breaches: each(sources, queues) },
        Verdict {
            rule: "nothing is forgotten: holding is owning, dropping is closing",
            breaches: each(sources, forget),
        },
    ]
}

fn each(sources: &[Source], rule: fn(&Source) -> Vec<Breach>) -> Vec<Breach> {
    sources.iter().flat_map(rule).collect()
}

fn axum(source: &Source) -> Vec<Breach> {
    if !source.within(&["server/src"]) || source.within(&["server/src/http"]) {
        return Vec::new();
    }
    outside_tests(source, &["axum", "axum_core"], "axum is named in server/src/http alone; move the line there")
}

fn log(source: &Source) -> Vec<Breach> {
    if !source.within(&["server/src/log", "server/src/log.rs"]) {
        return Vec::new();
    }
    outside_tests(source, &["tokio", "axum", "hyper", "http"], "the log is bytes in order; its callers do the rest")
}

fn clock(source: &Source) -> Vec<Breach> {
    if !source.within(PURE) {
        return Vec::new();
    }
    let words = ["Instant", "SystemTime", "UNIX_EPOCH", "sleep", "chrono", "web_time"];
    outside_tests(source, &words, "time arrives as an argument here, so that any bad day can be replayed")
}

fn chance(source: &Source) -> Vec<Breach> {
    if !source.within(PURE) {
        return Vec::new();
    }
    let words = ["rand", "fastrand", "getrandom", "thread_rng", "RandomState"];
    outside_tests(source, &words, "chance arrives as an argument here: a seed, or bits")
}

fn queues(source: &Source) -> Vec<Breach> {
    let text = "a queue without a bound hides loss until memory ends; give it a bound and a named overflow rule";
    let names = ["unbounded", "unbounded_channel", "UnboundedSender", "UnboundedReceiver", "unbounded_send"];
    let named = names.iter().flat_map(|name| source.find(&[name]));
    // Only std's channel takes no argument, and it has no bound; with one there is `sync_channel`.
    let bare = source.find(&["mpsc", ":", ":", "channel", "(", ")"]);
    named.chain(bare).map(|word| breach(source, word.line, text)).collect()
}

fn forget(source: &Source) -> Vec<Breach> {
    let text = "keep the value where its owner is, and drop it there";
    let method = source.find(&[".", "forget", "(", ")"]);
    let function = source.find(&["mem", ":", ":", "forget"]);
    method.into_iter().chain(function).map(|word| breach(source, word.line, text)).collect()
}

fn outside_tests(source: &Source, names: &[&str], text: &str) -> Vec<Breach> {
    source
        .words
        .iter()
        .filter(|word| !word.test && names.contains(&word.text.as_str()))
        .map(|word| breach(source, word.line, &format!("`{}`: {text}", word.text)))
        .collect()
}

fn breach(source: &Source, line: usize, text: &str) -> Breach {
    Breach { place: format!("{}:{line}", source.path), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which rules a file with this text breaks.
    fn broken(path: &str, text: &str) -> Vec<&'static str> {
        let verdicts = verdicts(&[Source::new(path, text)]);
        verdicts.into_iter().filter(|verdict| !verdict.breaches.is_empty()).map(|verdict| verdict.rule).collect()
    }

    #[test]
    fn axum_outside_its_room_is_seen() {
        let text = "use axum::Router;";
        assert_eq!(broken("server/src/hub/mod.rs", text), ["only server/src/http names axum"]);
        assert!(broken("server/src/http/mod.rs", text).is_empty());
        assert!(broken("demo-web/src/main.rs", text).is_empty());
        assert!(broken("server/src/hub/mod.rs", "// axum\n").is_empty());
    }

    #[test]
    fn tokio_in_the_log_is_seen() {
        let text = "fn f() { tokio::spawn(g()); }";
        assert_eq!(broken("server/src/log/mod.rs", text), ["server/src/log names neither tokio nor axum"]);
        assert!(broken("server/src/hub/mod.rs", text).is_empty());
    }

    #[test]
    fn a_clock_in_a_pure_room_is_seen() {
        for path in ["protocol/src/a.rs", "contract/src/a.rs", "client-core/src/a.rs", "server/src/log/a.rs"] {
            assert_eq!(broken(path, "let now = Instant::now();"), ["pure rooms have no clock"]);
        }
        assert!(broken("server/src/session/a.rs", "let now = Instant::now();").is_empty());
        assert!(broken("client-core/src/a.rs", "use std::time::Duration;").is_empty());
    }

    #[test]
    fn chance_in_a_pure_room_is_seen() {
        assert_eq!(broken("client-core/src/a.rs", "fastrand::u64(..)"), ["pure rooms have no chance"]);
        assert!(broken("client-core/src/a.rs", "#[cfg(test)] mod t { use rand::Rng; }").is_empty());
    }

    #[test]
    fn a_queue_without_a_bound_is_seen_everywhere() {
        let rule = "every queue has a bound";
        assert_eq!(broken("server/src/hub/a.rs", "mpsc::unbounded_channel()"), [rule]);
        assert_eq!(broken("tests/src/a.rs", "std::sync::mpsc::channel()"), [rule]);
        assert!(broken("server/src/hub/a.rs", "mpsc::channel(8)").is_empty());
    }

    #[test]
    fn forgetting_is_seen_everywhere() {
        let rule = "nothing is forgotten: holding is owning, dropping is closing";
        assert_eq!(broken("client-wasm/src/a.rs", "closure.forget();"), [rule]);
        assert_eq!(broken("server/src/a.rs", "std::mem::forget(guard)"), [rule]);
        assert!(broken("server/src/log/a.rs", "log.forget(topic)").is_empty());
    }
}
