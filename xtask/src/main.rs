//! Every developer command: `cargo xtask`.
//!
//! This file only finds the command and says what went wrong. Each command is a module with one `COMMAND`.

use std::{ffi::OsString, process::ExitCode};

use command::{Command, Failure};

mod agree;
mod bench;
mod chaos;
mod command;
mod demo;
mod e2e;
mod fuzz;
mod leptos;
mod mutants;
mod need;
mod npm;
mod repo;
mod run;
mod size;
mod test;
mod tidy;
mod types;

/// In the order in which a newcomer meets them.
const COMMANDS: [&Command; 13] = [
    &demo::COMMAND,
    &test::COMMAND,
    &test::CI,
    &tidy::COMMAND,
    &types::COMMAND,
    &npm::COMMAND,
    &size::COMMAND,
    &e2e::COMMAND,
    &chaos::COMMAND,
    &bench::COMMAND,
    &fuzz::COMMAND,
    &agree::COMMAND,
    &mutants::COMMAND,
];

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(name) = words.next() else {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    };
    match dispatch(&name.to_string_lossy(), words.collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure @ Failure::Told) => ExitCode::from(failure.code()),
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(name: &str, words: Vec<OsString>) -> Result<(), Failure> {
    if matches!(name, "-h" | "--help" | "help") {
        print!("{}", overview());
        return Ok(());
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return Err(Failure::usage(format!(
            "no command `{name}`. The commands are {}; `cargo xtask` says what each does",
            COMMANDS.map(|command| command.name).join(", ")
        )));
    };
    let asks = words.first().is_some_and(|word| word == "--help" || word == "-h");
    if asks {
        println!("{}", command.help.trim());
        return Ok(());
    }
    match (command.run)(lexopt::Parser::from_args(words)) {
        Err(Failure::HelpAsked) => {
            println!("{}", command.help.trim());
            Ok(())
        }
        Err(Failure::Usage(text)) => {
            Err(Failure::Usage(format!("cargo xtask {name}: {text}\n`cargo xtask {name} --help` lists what it takes")))
        }
        outcome => outcome,
    }
}

fn overview() -> String {
    let mut text = String::from("cargo xtask COMMAND, each with --help\n\n");
    for command in COMMANDS {
        text.push_str(&format!("  {:<8}{}\n", command.name, command.summary));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_names_every_command() {
        for command in COMMANDS {
            assert!(overview().contains(command.summary));
            assert!(command.help.contains(&format!("cargo xtask {}", command.name)));
        }
    }

    #[test]
    fn an_unknown_command_is_named_and_the_known_ones_listed() {
        let text = dispatch("frobnicate", Vec::new()).unwrap_err().to_string();
        assert!(text.contains("frobnicate") && text.contains("tidy"), "{text}");
    }

    #[test]
    fn an_unknown_argument_is_named_with_the_command_that_refused_it() {
        for command in COMMANDS {
            let words = vec![OsString::from("--frobnicate")];
            let text = dispatch(command.name, words).unwrap_err().to_string();
            assert!(text.contains("--frobnicate") && text.contains(command.name), "{text}");
        }
    }
}
