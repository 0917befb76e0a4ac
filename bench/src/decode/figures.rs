//! What the samples of one browser say, each beside its bar.
//!
//! Takes no sample itself.

use serde_json::Value;

use crate::report::{Bar, Report};

/// `EventSource` strings: `JSON.parse` and the generated check, beside `JSON.parse` alone.
const EVENTSOURCE: Bar = Bar::AtMost { must: 1.05, aim: 1.02 };
/// The same as the design's budget has it: the worst of the sets.
const BUDGET: Bar = Bar::AtMost { must: 1.10, aim: 1.02 };
/// How much faster than zod that compiles to code, and than zod that may not.
const ZOD: Bar = Bar::AtLeast { must: 1.5, aim: 2.5 };
const JITLESS: Bar = Bar::AtLeast { must: 2.5, aim: 5.0 };
/// Bytes of the fetch transport: how much faster than eventsource-parser, `JSON.parse` and zod.
const FETCH: Bar = Bar::AtLeast { must: 2.5, aim: 4.0 };

/// One browser, and what `bench/decode/run.mjs` says of it.
pub(super) struct Browser<'a> {
    pub(super) name: &'a str,
    pub(super) taken: &'a Value,
}

impl Browser<'_> {
    /// Notes every figure.
    ///
    /// # Errors
    /// A value that was not `JSON.parse`'s, or a payload that was accepted and is not valid.
    pub(super) fn report(&self, report: &mut Report) -> Result<(), String> {
        let sets = self.taken["sets"].as_object().ok_or("no sets were measured")?;
        let mut worst: f64 = 0.0;
        let mut mutants = Mutants::default();
        for (set, taken) in sets {
            let wrong = taken["wrong"].as_array().ok_or("the values of the paths were not compared")?;
            if !wrong.is_empty() {
                return Err(format!("{}, {set}: {}", self.name, taken["wrong"]));
            }
            mutants.add(&taken["mutated"]);
            let rounds = taken["rounds"].as_array().ok_or("no rounds")?;
            worst = worst.max(self.set(set, rounds, report)?);
            self.door(set, taken["doors"].as_array().map_or(&[][..], Vec::as_slice), report);
        }
        let name = |what: &str| format!("{}_{what}", self.name);
        report.against(name("eventsource_parse_and_validate"), worst, "", BUDGET);
        mutants.report(self.name, report);
        match mutants.first {
            Some(first) if mutants.accepted_wrongly + mutants.different > 0 => {
                Err(format!("{}: a payload is not what it should be: {first}", self.name))
            }
            _ => Ok(()),
        }
    }

    /// The paths of one set; our ratio to `JSON.parse` over `EventSource`.
    fn set(&self, set: &str, rounds: &[Value], report: &mut Report) -> Result<f64, String> {
        let name = |what: &str| format!("{}_{set}_{what}", self.name);
        let of = |path: &str, to: &str| ratio(rounds, path, to).ok_or_else(|| format!("{set}: no sample of {path}"));
        report.figure(name("parse"), middle(rounds.iter().filter_map(|round| round["parse_ns"].as_f64())), "ns");
        let ours = of("ours", "parse")?;
        report.against(name("eventsource"), ours, "", EVENTSOURCE);
        report.against(name("eventsource_zod_by_ours"), of("zod", "ours")?, "", ZOD);
        report.figure(name("eventsource_zod_union_by_ours"), of("zod_union", "ours")?, "");
        report.against(name("eventsource_zod_jitless_by_ours"), of("zod_jitless", "ours")?, "", JITLESS);
        report.figure(name("eventsource_ajv"), of("ajv", "parse")?, "");
        report.figure(name("eventsource_valibot"), of("valibot", "parse")?, "");
        for (way, chunk) in [("fetch", "fetch"), ("single", "fetch_single")] {
            let path = |path: &str| format!("{way}_{path}");
            report.figure(name(chunk), of(&path("ours"), "parse")?, "");
            report.figure(name(&format!("{chunk}_parser")), of(&path("parser"), "parse")?, "");
            let zod = of(&path("parser_zod"), &path("ours"))?;
            let what = name(&format!("{chunk}_parser_zod_by_ours"));
            // One event in a chunk is what waking up costs; the bar is for what comes in bursts.
            if way == "fetch" { report.against(what, zod, "", FETCH) } else { report.figure(what, zod, "") }
        }
        Ok(ours)
    }

    /// The whole way from the server's stream to a handler.
    fn door(&self, set: &str, rounds: &[Value], report: &mut Report) {
        if rounds.is_empty() {
            return;
        }
        let name = |what: &str| format!("{}_{set}_door_{what}", self.name);
        let per = |path: &str| middle(rounds.iter().filter_map(|round| round[path].as_f64()));
        let (bare, ours) = (per("bare"), per("ours"));
        report.figure(name("bare_eventsource"), bare, "ns");
        report.figure(name("eventsource"), ours, "ns");
        report.figure(name("eventsource_by_bare"), ratio(rounds, "ours", "bare").unwrap_or_default(), "");
        report.figure(name("eventsource_by_bare_zod"), ratio(rounds, "ours", "bare_zod").unwrap_or_default(), "");
        // What the machine and all around it take, without the browser's own work and the reading of the payload.
        let more = |round: &Value| Some(round["played"].as_f64()? - round["played_bare"].as_f64()?);
        report.figure(name("machine_and_check"), middle(rounds.iter().filter_map(more)), "ns");
        report.figure(name("fetch"), per("ours_fetch"), "ns");
        report.figure(name("fetch_parser_zod"), per("parser_zod"), "ns");
        report.figure(
            name("fetch_parser_zod_by_ours"),
            ratio(rounds, "parser_zod", "ours_fetch").unwrap_or_default(),
            "",
        );
    }
}

/// What came of payloads that were changed.
#[derive(Default)]
struct Mutants {
    tried: u64,
    accepted_wrongly: u64,
    refused_wrongly: u64,
    different: u64,
    first: Option<String>,
}

impl Mutants {
    fn add(&mut self, seen: &Value) {
        let count = |key: &str| seen[key].as_u64().unwrap_or_default();
        self.tried += count("tried");
        self.accepted_wrongly += count("falseAccepts");
        self.refused_wrongly += count("falseRefusals");
        self.different += count("different");
        self.first =
            self.first.take().or_else(|| seen["first"].as_str().filter(|text| !text.is_empty()).map(str::to_owned));
    }

    fn report(&self, browser: &str, report: &mut Report) {
        let none = Bar::AtMost { must: 0.0, aim: 0.0 };
        report.figure(format!("{browser}_mutants"), self.tried as f64, "");
        report.against(format!("{browser}_mutants_accepted_wrongly"), self.accepted_wrongly as f64, "", none);
        report.against(format!("{browser}_mutants_different"), self.different as f64, "", none);
        // Numbers that no double holds.
        report.figure(format!("{browser}_mutants_refused_beyond_the_schema"), self.refused_wrongly as f64, "");
    }
}

/// The middle of what one path took of another's time, round by round.
fn ratio(rounds: &[Value], path: &str, to: &str) -> Option<f64> {
    let ratios: Vec<_> = rounds.iter().filter_map(|round| Some(round[path].as_f64()? / round[to].as_f64()?)).collect();
    (!ratios.is_empty()).then(|| middle(ratios.into_iter()))
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}
