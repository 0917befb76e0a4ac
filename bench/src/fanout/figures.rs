//! From samples to figures: medians, and ratios of medians beside what they have to be.

use super::{
    plan::{Kind, Shape, Step, Variant},
    round::{Sample, Shown},
};
use crate::report::{Bar, Report};
use std::{collections::BTreeMap, fmt::Write};

/// All rounds.
#[derive(Debug, Default)]
pub(super) struct Figures {
    rounds: u32,
    idle: BTreeMap<Variant, Vec<f64>>,
    steps: BTreeMap<(Step, Variant), Vec<Sample>>,
}

/// A figure of a sample: its name, its unit.
type Field = (&'static str, &'static str, fn(&Sample) -> f64);

const AXUM: Variant = Variant { kind: Kind::Axum, shape: Shape::One };
const OURS: Variant = Variant { kind: Kind::Ours, shape: Shape::One };
const AXUM_PRIVATE: Variant = Variant { kind: Kind::Axum, shape: Shape::Private };
const OURS_PRIVATE: Variant = Variant { kind: Kind::Ours, shape: Shape::Private };

/// How often ours fits into axum's processor time, step by step.
const RATIOS: [(&str, Step, Variant, Variant, Bar); 6] = [
    ("burst", Step::Burst, AXUM, OURS, Bar::AtLeast { must: 5.0, aim: 15.0 }),
    ("batched", Step::Batched, AXUM, OURS, Bar::AtLeast { must: 5.0, aim: 15.0 }),
    ("overload", Step::Overload, AXUM, OURS, Bar::AtLeast { must: 2.0, aim: 3.0 }),
    ("paced", Step::Paced, AXUM, OURS, Bar::AtLeast { must: 1.05, aim: 1.2 }),
    ("single", Step::Single, AXUM, OURS, Bar::AtLeast { must: 1.1, aim: 2.0 }),
    ("private", Step::Paced, AXUM_PRIVATE, OURS_PRIVATE, Bar::AtLeast { must: 0.9, aim: 1.2 }),
];
/// What an idle stream of ours weighs, in those of axum.
const IDLE: Bar = Bar::AtMost { must: 1.05, aim: 0.95 };
/// What may be lost, come twice or out of order.
const NONE: Bar = Bar::AtMost { must: 0.0, aim: 0.0 };

impl Figures {
    pub(super) fn add(&mut self, shown: Shown, group: &str) {
        // One group opens enough streams for what one of them costs to show.
        if group != "bursts" {
            self.idle.entry(shown.variant).or_default().push(shown.idle);
        }
        for (step, sample) in shown.steps {
            self.steps.entry((step, shown.variant)).or_default().push(sample);
        }
    }

    pub(super) fn round(&mut self) {
        self.rounds += 1;
    }

    /// Events that were delivered, that were missing, and that were wrong.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let all = || self.steps.values().flatten();
        (all().map(|s| s.delivered).sum(), all().map(|s| s.missing).sum(), all().map(|s| s.wrong).sum())
    }

    fn cpu(&self, step: Step, variant: Variant) -> Option<f64> {
        median(self.steps.get(&(step, variant))?.iter().map(|sample| sample.cpu))
    }

    /// Says it all: tables for people, or one flat object of numbers.
    pub(super) fn print(&self, json: bool) {
        let mut report = Report::default();
        if json {
            self.samples(&mut report);
        } else {
            print!("{}", self.tables());
        }
        self.bars(&mut report);
        report.print(json);
    }

    fn bars(&self, report: &mut Report) {
        for (name, step, axum, ours, bar) in RATIOS {
            if let (Some(axum), Some(ours)) = (self.cpu(step, axum), self.cpu(step, ours)) {
                report.against(format!("axum_over_ours_{name}"), axum / ours, "x", bar);
            }
        }
        let idle = |variant| median(self.idle.get(&variant)?.iter().copied());
        if let (Some(axum), Some(ours)) = (idle(AXUM), idle(OURS)) {
            report.against("ours_over_axum_idle", ours / axum, "x", IDLE);
        }
        let (delivered, missing, wrong) = self.counts();
        report.figure("delivered", delivered as f64, "checked");
        report.against("missing", missing as f64, "", NONE);
        report.against("wrong", wrong as f64, "", NONE);
        report.figure("rounds", self.rounds.into(), "");
    }

    fn samples(&self, report: &mut Report) {
        let fields: [Field; 5] = [
            ("cpu_us", "µs", |s| s.cpu),
            ("p50_ms", "ms", |s| s.p50),
            ("p99_ms", "ms", |s| s.p99),
            ("wall_ms", "ms", |s| s.wall),
            ("peak_mb", "MB", |s| s.peak),
        ];
        for (&(step, variant), samples) in &self.steps {
            for (field, unit, of) in fields {
                let value = median(samples.iter().map(of)).unwrap_or_default();
                report.figure(format!("{}_{}_{field}", step.name(), variant.name()), value, unit);
            }
        }
        for (variant, bytes) in &self.idle {
            let bytes = median(bytes.iter().copied()).unwrap_or_default();
            report.figure(format!("idle_{}_bytes", variant.name()), bytes, "B");
        }
    }

    /// The tables that people read.
    fn tables(&self) -> String {
        let mut out = String::new();
        let mut last = None;
        for (&(step, variant), samples) in &self.steps {
            if last.replace(step) != Some(step) {
                let _ = writeln!(
                    out,
                    "\n{:<9} {:>20} {:>9} {:>15} {:>8} {:>8} {:>9} {:>9} {:>9}",
                    step.name(),
                    "server",
                    "µs/event",
                    "least to most",
                    "x axum",
                    "p50 ms",
                    "p99 ms",
                    "wall ms",
                    "peak MB"
                );
            }
            let of = |field: fn(&Sample) -> f64| median(samples.iter().map(field)).unwrap_or_default();
            let (least, most) = samples.iter().fold((f64::MAX, 0.0f64), |(l, m), s| (l.min(s.cpu), m.max(s.cpu)));
            let axum = self.cpu(step, Variant { kind: Kind::Axum, ..variant });
            let _ = writeln!(
                out,
                "{:<9} {:>20} {:>9.3} {:>15} {:>8} {:>8.1} {:>9.1} {:>9.0} {:>9.1}",
                "",
                variant.name(),
                of(|s| s.cpu),
                format!("{least:.2} to {most:.2}"),
                axum.map_or("-".into(), |axum| format!("{:.2}", axum / of(|s| s.cpu))),
                of(|s| s.p50),
                of(|s| s.p99),
                of(|s| s.wall),
                of(|s| s.peak),
            );
        }
        let _ = writeln!(out, "\nidle      {:>20} {:>15}", "server", "bytes a stream");
        for (variant, bytes) in &self.idle {
            let bytes = median(bytes.iter().copied()).unwrap_or_default();
            let _ = writeln!(out, "          {:>20} {bytes:>15.0}", variant.name());
        }
        out.push('\n');
        out
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some((low + high) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(variant: Variant, cpu: f64) -> Shown {
        let sample = Sample { cpu, delivered: 10, ..Sample::default() };
        Shown { variant, idle: cpu * 1e3, steps: vec![(Step::Burst, sample)] }
    }

    #[test]
    fn medians_are_compared_and_the_extremes_shown() {
        let mut figures = Figures::default();
        for (axum, ours) in [(6.0, 1.0), (600.0, 100.0), (12.0, 2.0)] {
            figures.add(shown(AXUM, axum), "paced");
            figures.add(shown(OURS, ours), "paced");
            figures.round();
        }
        assert_eq!(figures.cpu(Step::Burst, OURS), Some(2.0));
        assert_eq!(figures.counts(), (60, 0, 0));
        let tables = figures.tables();
        let row = tables.lines().find(|line| line.contains("eventwire_1")).unwrap_or_default();
        assert!(row.contains("2.000") && row.contains("1.00 to 100.00") && row.contains("6.00"), "{row}");
    }

    #[test]
    fn the_median_of_nothing_is_nothing() {
        assert_eq!(median([].into_iter()), None);
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0].into_iter()), Some(2.5));
    }
}
