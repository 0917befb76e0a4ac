//! The demo dashboard: the same feed, twice. One process publishes and watches over the other, which serves.

mod access;
mod control;
mod job;
mod machine;
mod naive;
mod publisher;
mod server;
mod supervisor;
mod trouble;

use control::Control;
use lexopt::prelude::*;
use publisher::Publisher;
use std::{
    error::Error,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::ExitCode,
};
use supervisor::{Plan, Supervisor};
use tokio::net::TcpListener;

const HELP: &str = "\
The demo dashboard: the same feed, twice.

eventwire-demo [--port N] [--page DIR] [--data DIR] [--hash DIR]

  --port N    the dashboard's port on loopback (default 4000); N+1 is the publisher's own
  --page DIR  the built page (default: web/dist beside this crate)
  --data DIR  where events are kept (default: a temporary folder, removed at the end)
  --hash DIR  the folder that a job hashes (default: the sources Cargo has downloaded)
";

struct Options {
    serve: bool,
    port: u16,
    control: Option<u16>,
    page: PathBuf,
    data: Option<PathBuf>,
    hash: PathBuf,
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("eventwire-demo: {error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ran = runtime.map_err(Into::into).and_then(|runtime| {
        let ran = runtime.block_on(run(options));
        // A read of standard input cannot be taken back; it must not hold the process.
        runtime.shutdown_background();
        ran
    });
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("eventwire-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn options() -> Result<Option<Options>, lexopt::Error> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut options = Options {
        serve: false,
        port: 4000,
        control: None,
        page: here.join("web/dist"),
        data: None,
        hash: sources().unwrap_or_else(|| here.parent().unwrap_or(here).to_owned()),
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Value(role) if role == "serve" => options.serve = true,
            Long("port") => options.port = parser.value()?.parse()?,
            Long("control") => options.control = Some(parser.value()?.parse()?),
            Long("page") => options.page = parser.value()?.into(),
            Long("data") => options.data = Some(parser.value()?.into()),
            Long("hash") => options.hash = parser.value()?.into(),
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let Options { serve, port, control, page, data, hash } = options;
    let control = control.unwrap_or(port.wrapping_add(1));
    let lasting = data.is_some();
    let data = data.unwrap_or_else(|| std::env::temp_dir().join(format!("eventwire-demo-{}", std::process::id())));
    if serve {
        let secret = std::env::var("EVENTWIRE_DEMO_SECRET")?;
        return server::serve(server::Serve { port, control, data, page, secret }).await;
    }
    if !page.join("index.html").is_file() {
        return Err(format!("there is no page in {}; build it with `cargo xtask demo`", page.display()).into());
    }
    std::fs::create_dir_all(&data)?;
    let ended = tokio::select! {
        ended = world(Plan { port, control, data: data.clone(), page, secret: random()? }, hash) => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
        () = terminated() => Ok(()),
    };
    if !lasting {
        std::fs::remove_dir_all(&data)?;
    }
    ended
}

/// Everything but the server: what happens, happens here, whether or not anybody serves it.
async fn world(plan: Plan, hash: PathBuf) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, plan.control))
        .await
        .map_err(|e| format!("port {}, the publisher's own, cannot be had: {e}; try --port", plan.control))?;
    drop(
        TcpListener::bind((Ipv4Addr::LOCALHOST, plan.port))
            .await
            .map_err(|e| format!("port {} cannot be had: {e}; try --port", plan.port))?,
    );
    let publisher = Publisher::new(&random()?[..8]);
    let (supervisor, asked) = Supervisor::new();
    let doors = Control::new(publisher.clone(), supervisor.clone(), plan.port, hash).router();
    let signs = machine::vital_signs(publisher.clone());
    let traffic = machine::traffic(publisher.clone());
    let log = access::follow(publisher.clone(), plan.data.clone());
    let dashboard = format!("http://127.0.0.1:{}", plan.port);
    tokio::spawn(publisher.send_to(dashboard.clone(), plan.secret.clone()));
    let announce = async {
        while supervisor.health().state != "running" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        println!("dashboard {dashboard}");
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ended = supervisor.clone().run(plan, asked) => ended?,
        ended = axum::serve(listener, doors) => ended?,
        ended = log => ended?,
        ended = signs => ended?,
        ended = traffic => ended?,
        () = announce => {}
    }
    Ok(())
}

/// Where Cargo keeps what it downloaded: large enough for a progress bar, and there on every machine that built this.
fn sources() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")))?;
    Some(home.join("registry/src")).filter(|folder| folder.is_dir())
}

/// Sixteen random bytes in hex, from the system.
fn random() -> std::io::Result<String> {
    use std::io::Read;
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
