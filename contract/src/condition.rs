//! Conditions of generated code, kept as a tree until they are written: their text may hold foreign strings.

use std::fmt;

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Always,
    /// `left === right`.
    Is(String, String),
    /// A call, which may be negated as it stands.
    Test(String),
    /// Any other comparison.
    Raw(String),
    Either(Vec<Condition>),
    Both(Vec<Condition>),
}

impl Condition {
    pub(crate) fn either(mut arms: Vec<Self>) -> Self {
        match arms.len() {
            _ if arms.iter().any(|arm| matches!(arm, Self::Always)) => Self::Always,
            1 => arms.remove(0),
            _ => Self::Either(arms),
        }
    }

    pub(crate) fn both(mut parts: Vec<Self>) -> Self {
        parts.retain(|part| !matches!(part, Self::Always));
        match parts.len() {
            0 => Self::Always,
            1 => parts.remove(0),
            _ => Self::Both(parts),
        }
    }

    /// The opposite, as text that may stand beside `&&`.
    pub(crate) fn negated(&self) -> String {
        match self {
            Self::Is(left, right) => format!("{left} !== {right}"),
            Self::Test(call) => format!("!{call}"),
            Self::Either(arms) => arms.iter().map(Self::negated).collect::<Vec<_>>().join(" && "),
            other => format!("!({other})"),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, joint) = match self {
            Self::Always => return f.write_str("true"),
            Self::Is(left, right) => return write!(f, "{left} === {right}"),
            Self::Test(text) | Self::Raw(text) => return f.write_str(text),
            Self::Either(all) => (all, " || "),
            Self::Both(all) => (all, " && "),
        };
        for (i, one) in all.iter().enumerate() {
            f.write_str(if i > 0 { joint } else { "" })?;
            match one {
                Self::Either(_) | Self::Both(_) => write!(f, "({one})")?,
                one => write!(f, "{one}")?,
            }
        }
        Ok(())
    }
}
