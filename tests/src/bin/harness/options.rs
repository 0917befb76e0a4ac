//! What the harness is told on its command line. Every mistake names the option and what it was given.

use eventwire_tests::mode::Mode;
use lexopt::{Arg, Parser, ValueExt};
use std::{ffi::OsString, path::PathBuf, str::FromStr, time::Duration};

pub(crate) const HELP: &str = "\
A hub over HTTP, for tests and tools.

    cargo run -p eventwire-tests --bin harness -- [OPTIONS]

Options:
    --listen HOST:PORT     where to listen (127.0.0.1:0: a free port, printed)
    --store KIND           memory, or disk:DIR (memory)
    --sync MODE            when a disk store writes through: always, before it accepts, or every:MS (always)
    --retain SECONDS       how long events are kept (600)
    --max-bytes BYTES      how many bytes of events are kept (67108864)
    --latest PATTERN       of these topics only the newest event matters; may be given several times
    --heartbeat MS         the longest silence on a stream (15000)
    --stall MS             how long a reader's writes may be blocked (10000)
    --rotate SECONDS       how old a stream may become (as old as it likes)
    --readers N            how many streams there may be (100000)
    --per-principal N      how many streams one user may have (as many as there may be)
    --drain SECONDS        over what time streams are told goodbye after SIGTERM (2)
    --changed              /contract is that of the enum a release later; nothing else changes
    --help                 this

Routes:
    POST /publish/{topic}  {\"event\", \"data\", \"key\"} or an array of them; 200 with positions once all are accepted
    GET  /events           the stream: topics, new, lastEventId (a position, or `earliest`: all that is kept; without
                           one what comes from now on); user: whose it is; for: milliseconds until access ends
    POST /revoke/{user}    ends the streams of a user
    GET  /contract         the JSON Schema
    GET  /stats            readers, sessions, tasks, bytes, position, pid
    GET  /sessions         every open stream
Events: tick {n: u32, pad: string}, note {text: string}

By hand:
    curl --json '{\"event\":\"note\",\"data\":{\"text\":\"hello\"}}' HOST:PORT/publish/board
    curl -N 'HOST:PORT/events?topics=board&lastEventId=earliest'
    curl -N -H 'Last-Event-ID: POSITION' 'HOST:PORT/events?topics=board'";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: String,
    pub(crate) store: Store,
    pub(crate) sync: Option<Mode>,
    pub(crate) retain: Duration,
    pub(crate) max_bytes: usize,
    pub(crate) latest: Vec<String>,
    pub(crate) heartbeat: Duration,
    pub(crate) stall: Duration,
    pub(crate) rotate: Option<Duration>,
    pub(crate) readers: Option<usize>,
    pub(crate) per_principal: Option<usize>,
    pub(crate) drain: Duration,
    pub(crate) changed: bool,
}

#[derive(Debug)]
pub(crate) enum Store {
    Memory,
    Disk(PathBuf),
}

impl Options {
    /// `None`: help was asked for.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, String> {
        let mut options = Self {
            listen: "127.0.0.1:0".into(),
            store: Store::Memory,
            sync: None,
            retain: Duration::from_secs(600),
            max_bytes: 64 << 20,
            latest: Vec::new(),
            heartbeat: Duration::from_secs(15),
            stall: Duration::from_secs(10),
            rotate: None,
            readers: None,
            per_principal: None,
            drain: Duration::from_secs(2),
            changed: false,
        };
        let mut parser = Parser::from_args(args);
        while let Some(arg) = parser.next().map_err(|error| error.to_string())? {
            match arg {
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
                Arg::Long("listen") => options.listen = text(&mut parser, "--listen")?,
                Arg::Long("store") => options.store = value(&mut parser, "--store", "memory or disk:DIR")?,
                Arg::Long("sync") => options.sync = Some(value(&mut parser, "--sync", "always or every:MS")?),
                Arg::Long("retain") => options.retain = seconds(&mut parser, "--retain")?,
                Arg::Long("max-bytes") => options.max_bytes = value(&mut parser, "--max-bytes", "a number of bytes")?,
                Arg::Long("latest") => options.latest.push(text(&mut parser, "--latest")?),
                Arg::Long("heartbeat") => options.heartbeat = millis(&mut parser, "--heartbeat")?,
                Arg::Long("stall") => options.stall = millis(&mut parser, "--stall")?,
                Arg::Long("rotate") => options.rotate = Some(seconds(&mut parser, "--rotate")?),
                Arg::Long("readers") => options.readers = Some(value(&mut parser, "--readers", "a number")?),
                Arg::Long("per-principal") => {
                    options.per_principal = Some(value(&mut parser, "--per-principal", "a number")?);
                }
                Arg::Long("changed") => options.changed = true,
                Arg::Long("drain") => options.drain = seconds(&mut parser, "--drain")?,
                other => return Err(other.unexpected().to_string()),
            }
        }
        match (&options.store, options.sync) {
            (Store::Memory, Some(mode)) => {
                Err(format!("--sync was given {mode}, and memory writes nothing: name a folder with --store disk:DIR"))
            }
            _ => Ok(Some(options)),
        }
    }
}

impl FromStr for Store {
    type Err = ();

    fn from_str(raw: &str) -> Result<Self, ()> {
        match raw.split_once(':') {
            None if raw == "memory" => Ok(Self::Memory),
            Some(("disk", folder)) if !folder.is_empty() => Ok(Self::Disk(folder.into())),
            _ => Err(()),
        }
    }
}

fn text(parser: &mut Parser, option: &str) -> Result<String, String> {
    let raw = parser.value().map_err(|_| format!("{option} needs a value"))?;
    raw.string().map_err(|_| format!("{option} was given a value that is not UTF-8"))
}

fn value<T: FromStr>(parser: &mut Parser, option: &str, is: &str) -> Result<T, String> {
    let raw = text(parser, option)?;
    raw.parse().map_err(|_| format!("{option} was given {raw:?}, which is not {is}"))
}

fn millis(parser: &mut Parser, option: &str) -> Result<Duration, String> {
    value(parser, option, "a whole number of milliseconds").map(Duration::from_millis)
}

fn seconds(parser: &mut Parser, option: &str) -> Result<Duration, String> {
    let raw: f64 = value(parser, option, "a number of seconds")?;
    Duration::try_from_secs_f64(raw).map_err(|_| format!("{option} was given {raw}, which is no time span"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, culprit: &str) {
        let error = Options::parse(line.split(' ').map(Into::into)).expect_err(line);
        assert!(error.contains(culprit), "{line}: {error}");
    }

    #[test]
    fn every_option_error_names_the_option_and_what_it_was_given() {
        check("--store disc:x", "--store was given \"disc:x\"");
        check("--store disk:", "--store was given \"disk:\"");
        check("--store", "--store needs a value");
        check("--store disk:x --sync soon", "--sync was given \"soon\"");
        check("--sync every:10", "--sync was given every:10");
        check("--retain soon", "--retain was given \"soon\"");
        check("--retain -1", "--retain");
        check("--heartbeat 1.5", "--heartbeat was given \"1.5\"");
        check("--stall x", "--stall was given \"x\"");
        check("--rotate x", "--rotate was given \"x\"");
        check("--readers -1", "--readers was given \"-1\"");
        check("--per-principal", "--per-principal needs a value");
        check("--max-bytes 1e9", "--max-bytes was given \"1e9\"");
        check("--lisen x", "--lisen");
        check("memory", "memory");
    }

    #[test]
    fn what_is_asked_for_is_what_one_gets() {
        let line = "--listen 127.0.0.1:4000 --store disk:a:b --retain 0.5 --latest a.* --latest b --heartbeat 200";
        let options = |line: &str| Options::parse(line.split(' ').map(Into::into)).unwrap().unwrap();
        assert_eq!(options("--sync every:50 --store disk:a").sync.unwrap().to_string(), "every:50");
        let options = options(line);
        assert!(matches!(&options.store, Store::Disk(folder) if folder.as_os_str() == "a:b"));
        assert_eq!((options.retain, options.heartbeat), (Duration::from_millis(500), Duration::from_millis(200)));
        assert_eq!(options.latest, ["a.*", "b"]);
        assert!(Options::parse(["--help".into()]).unwrap().is_none());
    }
}
