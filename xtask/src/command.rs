//! What a command is, and how one fails.
//!
//! Knows nothing of what any command does.

use std::{fmt, io};

/// One word after `cargo xtask`.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// One line for the overview.
    pub(crate) summary: &'static str,
    /// What `--help` prints; begins with the usage line.
    pub(crate) help: &'static str,
    pub(crate) run: fn(lexopt::Parser) -> Outcome,
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// `--help` stood somewhere after the first word.
    HelpAsked,
    /// The caller's words make no sense: exit code 2.
    Usage(String),
    /// The work failed: exit code 1. Names the culprit, the reason, the next step.
    Work(String),
    /// The work failed and all was said, the last line included: exit code 1.
    Told,
}

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(crate) fn work(text: impl Into<String>) -> Self {
        Self::Work(text.into())
    }

    /// For an IO error: what was being done to what.
    pub(crate) fn io(doing: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Work(format!("{doing}: {error}"))
    }

    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::HelpAsked => 0,
            Self::Usage(_) => 2,
            Self::Work(_) | Self::Told => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HelpAsked => f.write_str("--help"),
            Self::Told => Ok(()),
            Self::Usage(text) | Self::Work(text) => f.write_str(text),
        }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

/// The last arm of a command's match over its arguments: `--help` anywhere, or a word it does not know.
pub(crate) fn unknown(arg: lexopt::Arg<'_>) -> Failure {
    match arg {
        lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => Failure::HelpAsked,
        lexopt::Arg::Short(letter) => Failure::Usage(format!("unknown option `-{letter}`")),
        lexopt::Arg::Long(name) => Failure::Usage(format!("unknown option `--{name}`")),
        lexopt::Arg::Value(value) => Failure::Usage(format!("unknown argument `{}`", value.to_string_lossy())),
    }
}

/// For a command without arguments.
pub(crate) fn no_arguments(mut parser: lexopt::Parser) -> Outcome {
    match parser.next()? {
        None => Ok(()),
        Some(arg) => Err(unknown(arg)),
    }
}
