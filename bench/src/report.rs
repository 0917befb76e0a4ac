//! What a bench prints: figures by name, each beside its bar.
//!
//! Judges nothing but whether a figure is on the right side of its bar; a bar that does not hold fails no run, for this
//! is a matter of machines.

use std::fmt::Write as _;

/// The figures of one run, in the order in which they were taken.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    value: f64,
    unit: &'static str,
    bar: Option<Bar>,
}

/// On which side of what a figure should lie: `../docs` has the budgets in words.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// The figure must not be above `must`; `aim` is what we would like.
    AtMost {
        /// What has to hold.
        must: f64,
        /// What would be better.
        aim: f64,
    },
    /// The figure must not be below `must`; `aim` is what we would like.
    AtLeast {
        /// What has to hold.
        must: f64,
        /// What would be better.
        aim: f64,
    },
}

impl Report {
    /// Notes a figure; `name` is snake case, told apart from all others of the run, and ends in its unit where it has one.
    pub(crate) fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.rows.push(Row { name: name.into(), value, unit, bar: None });
    }

    /// Notes a figure beside its bar.
    pub(crate) fn against(&mut self, name: impl Into<String>, value: f64, unit: &'static str, bar: Bar) {
        self.rows.push(Row { name: name.into(), value, unit, bar: Some(bar) });
    }

    /// Prints the figures: a table for people, or one flat JSON object of numbers.
    pub(crate) fn print(&self, json: bool) {
        if json { println!("{}", self.json()) } else { print!("{}", self.table()) }
    }

    fn json(&self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        for row in &self.rows {
            object.insert(row.name.clone(), row.value.into());
            if let Some(bar) = row.bar {
                let (must, aim) = bar.parts();
                object.insert(format!("{}_must", row.name), must.into());
                object.insert(format!("{}_aim", row.name), aim.into());
                object.insert(format!("{}_holds", row.name), u8::from(bar.holds(row.value)).into());
            }
        }
        object.into()
    }

    fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for row in &self.rows {
            let value = shown(row.value);
            let _ = write!(text, "{:width$}  {value:>12} {:<9}", row.name, row.unit);
            if let Some(bar) = row.bar {
                let (must, aim) = bar.parts();
                let verdict = if bar.holds(row.value) { "holds" } else { "DOES NOT HOLD" };
                let side = if matches!(bar, Bar::AtMost { .. }) { "at most" } else { "at least" };
                let _ = write!(text, "{verdict}: {side} {}, aim {}", shown(must), shown(aim));
            }
            let _ = writeln!(text);
        }
        text
    }
}

impl Bar {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost { must, .. } => value <= must,
            Self::AtLeast { must, .. } => value >= must,
        }
    }

    fn parts(self) -> (f64, f64) {
        match self {
            Self::AtMost { must, aim } | Self::AtLeast { must, aim } => (must, aim),
        }
    }
}

/// As many digits as a figure of a noisy machine deserves.
fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        small if small >= 1.0 || small == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
