//! The harness hub's enum: a numbered event with room to grow, and a word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the harness hub publishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
pub enum Harness {
    /// The publisher's own number, and padding to any size.
    Tick {
        /// The number.
        n: u32,
        /// As long as the test likes.
        pad: String,
    },
    /// A word.
    Note {
        /// The word.
        text: String,
    },
}

/// The same enum a release later: what the harness's contract says with `--changed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, eventwire::Events)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Harness")]
pub enum Changed {
    /// The publisher's own number, and padding to any size.
    Tick {
        /// The number.
        number: u32,
        /// As long as the test likes.
        pad: String,
    },
    /// A word.
    Note {
        /// The word.
        text: String,
        /// Who said it.
        by: Option<String>,
    },
}
