//! How a disk store writes through, as it is spelled on command lines: `always`, or `every:MS`.
//!
//! Knows only the spelling; what the modes promise, the server says.

use eventwire_server::store::Sync;
use std::{fmt, str::FromStr, time::Duration};

/// A mode of the disk store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode(pub Sync);

impl Mode {
    /// Before a publish is accepted.
    pub const ALWAYS: Self = Self(Sync::Always);

    /// Later: so late that a process is killed with all it wrote since its start still in the system's hands, or so soon
    /// that it is killed while it writes through.
    pub const fn every(number: u64) -> Self {
        Self(Sync::Every(if number.is_multiple_of(2) { Duration::from_secs(60) } else { Duration::from_millis(10) }))
    }

    /// The modes by turns.
    pub const fn of(number: u64) -> Self {
        if number.is_multiple_of(2) { Self::every(number / 2) } else { Self::ALWAYS }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Sync::Always => f.write_str("always"),
            Sync::Every(time) => write!(f, "every:{}", time.as_millis()),
        }
    }
}

impl FromStr for Mode {
    type Err = NoMode;

    fn from_str(raw: &str) -> Result<Self, NoMode> {
        let every = || raw.strip_prefix("every:")?.parse().ok().map(Duration::from_millis).map(Sync::Every);
        if raw == "always" { Ok(Self::ALWAYS) } else { every().map(Self).ok_or(NoMode) }
    }
}

/// What was said names no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMode;

impl fmt::Display for NoMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a disk store writes through `always` or `every:MS`")
    }
}

impl std::error::Error for NoMode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_is_read_back_and_nothing_else_is() {
        for mode in (0..4).map(Mode::of) {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        for raw in ["", "every", "every:", "every:-1", "every:soon", "Always", "always:5"] {
            assert_eq!(raw.parse::<Mode>(), Err(NoMode), "{raw}");
        }
    }

    #[test]
    fn two_in_a_row_are_never_of_one_mode_and_the_later_one_is_long_and_short() {
        let modes: Vec<_> = (1..=4).map(|n| Mode::of(n).to_string()).collect();
        assert_eq!(modes, ["always", "every:10", "always", "every:60000"]);
    }
}
