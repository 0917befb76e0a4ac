//! A child whose output is shown as it comes and counted on the way.
//!
//! Knows no suite. Under CI a child that outlives its limit is ended with all it started.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::counts::Counts;
use crate::{
    command::{Failure, Outcome},
    run::{program, spelled},
};

/// How long any suite may take before CI ends it: several times what the slowest takes from clean on two cores.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// Runs to the end, counts what the output says, and holds it against the exit status.
pub(crate) fn counted(command: &mut Command) -> Outcome<Counts> {
    let mut counts = Counts::default();
    let status = followed(command, |line| counts = counts + Counts::of_line(line))?;
    if !status.success() && counts.failed == 0 {
        // It did not come as far as counting, or ended badly after it.
        println!("failed ({status}): {}", spelled(command));
        counts.failed = 1;
    }
    if counts.is_empty() {
        return Err(Failure::work(format!("no test ran: {}", spelled(command))));
    }
    Ok(counts)
}

/// Runs to the end: one result, as the exit status says.
pub(crate) fn held(command: &mut Command) -> Outcome<Counts> {
    let status = followed(command, |_| {})?;
    if status.success() {
        return Ok(Counts::HELD);
    }
    println!("failed ({status}): {}", spelled(command));
    Ok(Counts { failed: 1, ..Counts::default() })
}

/// Shows each line as it comes.
fn followed(command: &mut Command, mut hear: impl FnMut(&str)) -> Outcome<ExitStatus> {
    let in_ci = std::env::var_os("CI").is_some();
    if in_ci {
        // A group of its own can be ended whole. At a terminal it would not hear Ctrl-C.
        command.process_group(0);
    }
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(Failure::io(format!("cannot start {}", spelled(command))))?;
    let watch = in_ci.then(|| Watch::over(&child));
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.map_err(Failure::io(format!("cannot read what {} says", spelled(command))))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            hear(&line);
        }
    }
    let status = child.wait().map_err(Failure::io(format!("cannot wait for {}", spelled(command))))?;
    drop(watch);
    Ok(status)
}

/// Ends a group of processes at the limit. Dropping it lets them be.
struct Watch {
    _over: mpsc::SyncSender<()>,
}

impl Watch {
    fn over(child: &Child) -> Self {
        let (over, ended) = mpsc::sync_channel::<()>(0);
        let group = format!("-{}", child.id());
        thread::spawn(move || {
            if ended.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                println!("ended: took longer than {} minutes", LIMIT.as_secs() / 60);
                // The result shows in the child's status.
                let _ = program("kill").args(["-KILL", "--", &group]).status();
            }
        });
        Self { _over: over }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Outcome<Counts> {
        counted(program("sh").args(["-c", script]))
    }

    #[test]
    fn what_the_child_says_is_counted() {
        let counts = shell("echo '# pass 2'; echo 'test result: ok. 3 passed; 0 failed; 1 ignored;'").unwrap();
        assert_eq!(counts.to_string(), "5 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn a_child_that_breaks_before_it_counts_is_a_failure() {
        assert_eq!(shell("exit 3").unwrap().failed, 1);
        assert_eq!(shell("echo '# pass 2'; exit 1").unwrap().failed, 1);
    }

    #[test]
    fn a_child_that_only_holds_or_does_not_is_one_result() {
        let held = |script: &str| held(program("sh").args(["-c", script])).unwrap().to_string();
        assert_eq!(held("echo fine"), "1 passed, 0 failed, 0 skipped");
        assert_eq!(held("echo '# pass 2'; exit 1"), "0 passed, 1 failed, 0 skipped");
    }

    #[test]
    fn a_suite_without_a_test_is_an_error_and_not_a_success() {
        assert!(shell("true").unwrap_err().to_string().contains("no test ran"));
    }
}
