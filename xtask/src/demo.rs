//! `cargo xtask demo`: everything built, the demo running, and a browser on it.
//!
//! The demo itself is `demo-web`; this only brings it up and takes it down.

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    process::{Child, Command as Program, Stdio},
    thread,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{
    command::{Command, Failure, Outcome, unknown},
    need, npm, repo,
    run::{cargo, program, run, spelled, step},
};

pub(crate) const COMMAND: Command = Command {
    name: "demo",
    summary: "Build everything and run the demo dashboard",
    help: "\
cargo xtask demo [--port N] [--no-open] [-- OPTIONS OF THE DEMO]

Builds the client, the npm package, the page and the server, prints `dashboard http://127.0.0.1:4000` and opens it in a
browser. Ctrl-C ends it and all it started. What is missing is installed first.

  --port N     the dashboard's port (4000); N+1 is the publisher's own
  --no-open    open no browser",
    run: demo,
};

/// The page's own packages and sources.
pub(crate) const PAGE: &str = "demo-web/web";

fn demo(mut args: lexopt::Parser) -> Outcome {
    let (mut port, mut open): (u16, bool) = (4000, true);
    let mut rest: Vec<OsString> = Vec::new();
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("port") => port = lexopt::ValueExt::parse(&args.value()?)?,
            lexopt::Arg::Long("no-open") => open = false,
            // Values can only stand behind `--`, and are not ours to read.
            lexopt::Arg::Value(value) => rest.push(value),
            other => return Err(unknown(other)),
        }
    }
    build_page()?;
    step("building the server");
    run(cargo().args(["build", "--package", "eventwire-demo"]))?;
    let mut command = program(&repo::target().join("debug/eventwire-demo").display().to_string());
    command.args(["--port", &port.to_string()]).args(rest);
    step("starting the demo; Ctrl-C ends it");
    let status = watched(&mut command, open)?;
    if status { Ok(()) } else { Err(Failure::work(format!("the demo ended: {}", spelled(&command)))) }
}

/// The client, the npm package, and the page that imports it by name.
pub(crate) fn build_page() -> Outcome {
    step("building the npm package");
    npm::build()?;
    need::npm_packages(PAGE, "the page is built with them")?;
    step("building the page");
    run(program("npm").args(["run", "build", "--silent"]).current_dir(repo::path(PAGE)))
}

/// Runs the demo to its end, shows what it says, opens the dashboard once it says where. True if it ended well.
fn watched(command: &mut Program, open: bool) -> Outcome<bool> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(Failure::io(format!("cannot start {}", spelled(command))))?;
    outlive(&child)?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            if let Some(url) = line.strip_prefix("dashboard ").filter(|_| open) {
                show(url.trim());
            }
        }
    }
    let status = child.wait().map_err(Failure::io("cannot wait for the demo"))?;
    Ok(status.success())
}

/// From here on signals end the demo and not us, who then end with it.
fn outlive(child: &Child) -> Outcome {
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(Failure::io("cannot listen for signals"))?;
    let demo = child.id().to_string();
    thread::spawn(move || {
        for signal in signals.forever() {
            // A terminal's Ctrl-C reaches the demo by itself; a second one would make it hurry.
            if signal == SIGTERM {
                // If it is gone, so are we in a moment.
                let _ = program("kill").args(["-TERM", &demo]).status();
            }
        }
    });
    Ok(())
}

/// Opens a browser where there is a desktop; elsewhere the printed line has to do.
fn show(url: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let desktop =
        cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if desktop && program(opener).arg(url).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_err() {
        step(format!("no `{opener}` here: open {url} by hand"));
    }
}
