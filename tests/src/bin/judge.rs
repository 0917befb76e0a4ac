//! The judge as a program: a history as JSON on stdin, what is wrong with it as JSON on stdout.
//!
//! Ends with 0 when nothing is wrong, with 1 when something is, with 2 when the input is no history. The format stands in
//! `tests/src/history.rs`.

use eventwire_judge::check;
use eventwire_tests::history::{read, write};
use std::{io::read_to_string, process::ExitCode};

fn main() -> ExitCode {
    let history = read_to_string(std::io::stdin()).map_err(|error| error.to_string()).and_then(|text| read(&text));
    match history {
        Ok(history) => {
            let violations = check(&history);
            println!("{}", write(&violations));
            ExitCode::from(u8::from(!violations.is_empty()))
        }
        Err(error) => {
            eprintln!("judge: stdin is no history: {error}; the format stands in tests/src/history.rs");
            ExitCode::from(2)
        }
    }
}
