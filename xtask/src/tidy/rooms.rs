//! Inside the server imports go one way: http, session, hub, log; hub, store; and `serve` stands apart.
//!
//! Reads `crate::…` and `super::…` paths; a path that reaches a room through a re-export in `lib.rs` is not seen.

use super::{
    Breach, Verdict,
    source::{Source, Word},
};

/// A room, and the rooms whose names may stand in it.
const ROOMS: [(&str, &[&str]); 6] = [
    // The drain handle comes from `serve`, through request extensions.
    ("http", &["session", "hub", "store", "log", "serve"]),
    ("session", &["hub", "log"]),
    ("hub", &["log", "store"]),
    ("log", &[]),
    ("store", &[]),
    ("serve", &[]),
];

pub(super) fn verdict(sources: &[Source]) -> Verdict {
    Verdict {
        rule: "inside the server imports go one way: http, session, hub, log; hub, store",
        breaches: sources.iter().flat_map(breaches).collect(),
    }
}

fn breaches(source: &Source) -> Vec<Breach> {
    let Some(inside) = source.path.strip_prefix("server/src/") else {
        return Vec::new();
    };
    let module: Vec<&str> = inside.trim_end_matches(".rs").split('/').filter(|part| *part != "mod").collect();
    let Some((room, allowed)) = ROOMS.iter().find(|(room, _)| *room == module[0]) else {
        return Vec::new();
    };
    named_from_the_crate(&source.words, module.len())
        .into_iter()
        .filter(|word| !word.test && word.text != *room)
        .filter(|word| ROOMS.iter().any(|(other, _)| *other == word.text) && !allowed.contains(&word.text.as_str()))
        .map(|word| Breach {
            place: format!("{}:{}", source.path, word.line),
            text: format!(
                "`{room}` names `{}`; it may name {}. Turn the dependency round, or move the line",
                word.text,
                if allowed.is_empty() { "no other room".to_owned() } else { allowed.join(", ") }
            ),
        })
        .collect()
}

/// The first word of every path that begins at the crate: `crate::a`, `super::a` from depth one, `crate::{a, b::c}`.
fn named_from_the_crate(words: &[Word], depth: usize) -> Vec<&Word> {
    let mut named = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut next = at;
        let mut climbed = 0;
        while is(words, next, "super") && is(words, next + 1, ":") && is(words, next + 2, ":") {
            climbed += 1;
            next += 3;
        }
        let from_crate = is(words, at, "crate") && is(words, at + 1, ":") && is(words, at + 2, ":");
        if from_crate {
            next = at + 3;
        } else if climbed < depth {
            at = next.max(at + 1);
            continue;
        }
        if is(words, next, "{") {
            named.extend(first_of_each(&words[next..]));
        } else {
            named.extend(words.get(next));
        }
        at = next;
    }
    named
}

/// In `{a, b::{c, d}, e}`: a, b, e.
fn first_of_each(words: &[Word]) -> Vec<&Word> {
    let mut firsts = Vec::new();
    let mut depth = 0;
    for (at, word) in words.iter().enumerate() {
        match word.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if depth == 1 && matches!(words[at - 1].text.as_str(), "{" | ",") => firsts.push(word),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    firsts
}

fn is(words: &[Word], at: usize, text: &str) -> bool {
    words.get(at).is_some_and(|word| word.text == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> bool {
        !verdict(&[Source::new(path, text)]).breaches.is_empty()
    }

    #[test]
    fn a_room_that_names_the_one_above_is_seen_however_it_is_written() {
        assert!(broken("server/src/log/mod.rs", "use crate::hub::Hub;"));
        assert!(broken("server/src/hub/core.rs", "use crate::{log::Log, session::Session};"));
        assert!(broken("server/src/session/mod.rs", "use super::http::Problem;"));
        assert!(broken("server/src/hub/fan/mod.rs", "use super::super::http::Problem;"));
        assert!(broken("server/src/store/disk.rs", "fn f() { crate::hub::accept() }"));
        assert!(broken("server/src/serve/mod.rs", "use crate::hub::Hub;"));
    }

    #[test]
    fn a_room_may_name_those_below_and_itself() {
        assert!(!broken("server/src/hub/core.rs", "use crate::{log::{Log, http}, store::Store};"));
        assert!(!broken("server/src/http/mod.rs", "use crate::{hub::Hub, serve::Draining, session::Session};"));
        assert!(!broken("server/src/log/segment.rs", "use super::index::Index; use crate::log::Entry;"));
    }

    #[test]
    fn tests_of_a_room_may_look_up() {
        assert!(!broken("server/src/log/mod.rs", "#[cfg(test)] mod t { use crate::hub::Hub; }"));
    }
}
