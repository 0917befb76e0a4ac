//! Running other programs, with a line before and an error that names the command.
//!
//! Knows no program in particular; what must be installed first is `need`'s.

use std::{
    fmt::Display,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    command::{Failure, Outcome},
    repo,
};

/// Says what begins.
pub(crate) fn step(what: impl Display) {
    eprintln!("==> {what}");
}

/// A program to run in the repository's root; its output goes where ours goes.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(repo::root()).stdin(Stdio::null());
    command
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Runs to the end; anything but success is an error with the command to repeat it.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| cannot_start(command, error))?;
    if status.success() { Ok(()) } else { Err(Failure::work(format!("failed ({status}): {}", spelled(command)))) }
}

/// Runs to the end and hands back what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| cannot_start(command, error))?;
    if !output.status.success() {
        return Err(Failure::work(format!("failed ({}): {}", output.status, spelled(command))));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it.
pub(crate) fn spelled(command: &Command) -> String {
    let mut text = String::new();
    if let Some(dir) = command.get_current_dir().filter(|dir| *dir != repo::root()) {
        text.push_str(&format!("cd {} && ", shown(dir)));
    }
    text.push_str(&command.get_program().to_string_lossy());
    for arg in command.get_args() {
        let arg = arg.to_string_lossy();
        if arg.contains(|c: char| c.is_whitespace() || "'\"$*;&|".contains(c)) {
            text.push_str(&format!(" '{arg}'"));
        } else {
            text.push_str(&format!(" {arg}"));
        }
    }
    text
}

/// A path as a person reads it: from the root where it lies inside.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(repo::root()).unwrap_or(path).display().to_string()
}

fn cannot_start(command: &Command, error: std::io::Error) -> Failure {
    let program = command.get_program().to_string_lossy();
    Failure::work(format!(
        "cannot start `{program}`: {error}. Install it or put it in PATH, then: {}",
        spelled(command)
    ))
}
