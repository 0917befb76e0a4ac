//! `cargo xtask bench resume`: coming back. 5,000 readers owed 50 events each, all at once; and one reader owed 20,000,
//! alone in the log and behind 1,000,000 older ones.
//!
//! Through the public interface: a hub in memory and the bodies of its responses. Every sequence is kept, and read and
//! held to continuity when the clock has stopped.

use std::{error::Error, time::Instant};

use axum::body::Bytes;
use eventwire::{Position, Topic};
use eventwire_server::Hub;

use crate::{
    report::Report,
    stream::{Chance, Checked, Load, Stream, patterns, processor_time, publish},
    topics::{
        Size, at_most,
        memory::{self, topics_of},
        middle_and_tail,
    },
};

/// A thousand topics of ten events each, of which every reader follows five.
const TOPICS: usize = 1_000;
const TURNS: usize = 10;
const EACH: usize = 5;

pub(crate) fn run(mut args: lexopt::Parser) -> Result<(), Box<dyn Error>> {
    let (mut json, mut size) = (false, Size { quick: false });
    while let Some(arg) = args.next()? {
        match arg {
            lexopt::Arg::Long("json") => json = true,
            lexopt::Arg::Long("quick") => size.quick = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut report = Report::default();
    runtime.block_on(async {
        storm(size, &mut report).await?;
        alone(size, &mut report).await
    })?;
    report.print(json);
    Ok(())
}

/// All of them come at once, and it is over when the last has all it is owed.
async fn storm(size: Size, report: &mut Report) -> Result<(), String> {
    let (clients, rounds) = (size.of(5_000, 200), size.of(5, 1));
    let hub = memory::hub(256 << 20).await?;
    let (names, load) = (topics_of(TOPICS)?, memory::load());
    let start = hub.position();
    for n in 0..TOPICS * TURNS {
        publish(&hub, &names[n % TOPICS], &load)?;
    }
    let (mut took, mut spent, mut each) = (Vec::new(), Vec::new(), Vec::new());
    let mut chance = Chance(521_288_629);
    for _ in 0..rounds {
        let asked: Vec<_> = (0..clients)
            .map(|_| patterns(chance.different(TOPICS as u64, EACH).into_iter().map(|n| names[n as usize].to_string())))
            .collect();
        let (began, processor) = (Instant::now(), processor_time()?);
        let mut readers = Vec::with_capacity(clients);
        for asked in asked {
            let hub = hub.clone();
            readers.push(tokio::spawn(async move {
                let pieces = Stream::open(&hub, &asked, Some(start))?.all().await?;
                Ok::<_, String>((pieces, began.elapsed().as_secs_f64() * 1e3))
            }));
        }
        let mut streams = Vec::with_capacity(clients);
        for reader in readers {
            let (pieces, took) = reader.await.map_err(|error| error.to_string())??;
            each.push(took);
            streams.push(pieces);
        }
        took.push(began.elapsed().as_secs_f64());
        spent.push((processor_time()? - processor) * 1e3 / clients as f64);
        streams.iter().try_for_each(|pieces| check(pieces, start, TURNS * EACH))?;
    }
    report.against("storm_all_caught_up_s", middle_and_tail(took).0, "s", at_most(0.6, 0.3));
    report.against("storm_processor_ms_per_client", middle_and_tail(spent).0, "ms", at_most(0.1, 0.1));
    let (middle, tail) = middle_and_tail(each);
    report.figure("storm_client_caught_up_ms", middle, "ms");
    report.figure("storm_client_caught_up_p99_ms", tail, "ms");
    Ok(())
}

/// One reader of one topic: everything after its position is its own, or it has to be found among the rest.
async fn alone(size: Size, report: &mut Report) -> Result<(), String> {
    let (owed, older, rounds) = (size.of(20_000, 1_000), size.of(1_000_000, 20_000), size.of(7, 1));
    let topic = Topic::parse("mine").map_err(|error| error.to_string())?;
    for (name, older) in [("resume_20k_alone_s", 0), ("resume_20k_behind_1m_older_s", older)] {
        let hub = memory::hub(1 << 30).await?;
        let (names, load) = (topics_of(TOPICS)?, memory::load());
        for n in 0..older {
            // A tenth of what is older is of this very topic.
            let topic = if n % 10 == 0 { &topic } else { &names[n % TOPICS] };
            publish(&hub, topic, &load)?;
        }
        let start = hub.position();
        for _ in 0..owed {
            publish(&hub, &topic, &load)?;
        }
        let mut took = Vec::new();
        for _ in 0..rounds {
            took.push(once(&hub, start, owed).await?);
        }
        let (middle, tail) = middle_and_tail(took);
        report.against(name, middle, "s", at_most(0.15, 0.05));
        report.figure(name.replace("_s", "_p99_s"), tail, "s");
        if older > 0 {
            // Every event of this topic is followed by 19 of others.
            let position = hub.position();
            for n in 0..owed * 20 {
                let topic = if n % 20 == 0 { &topic } else { &names[n % TOPICS] };
                publish(&hub, topic, &load)?;
            }
            report.figure("resume_20k_among_400k_s", once(&hub, position, owed).await?, "s");
        }
    }
    Ok(())
}

async fn once(hub: &Hub<Load>, start: Position, owed: usize) -> Result<f64, String> {
    let asked = patterns(["mine".to_owned()]);
    let began = Instant::now();
    let pieces = Stream::open(hub, &asked, Some(start))?.all().await?;
    let took = began.elapsed().as_secs_f64();
    check(&pieces, start, owed)?;
    Ok(took)
}

fn check(pieces: &[Bytes], start: Position, owed: usize) -> Result<(), String> {
    let mut checked = Checked::new(Some(start));
    pieces.iter().for_each(|piece| checked.read(piece));
    checked.verdict(owed)
}
