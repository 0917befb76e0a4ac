//! One server, from its start to its end: what it costs idle, and in each step that it takes.

use super::{
    child::Server,
    load::Readers,
    plan::{BUSY, Group, OVERLOAD, PATIENCE, Step, Variant},
};
use std::{
    error::Error,
    thread,
    time::{Duration, Instant},
};

/// What one server showed.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) variant: Variant,
    /// Bytes of memory that each open stream added.
    pub(super) idle: f64,
    pub(super) steps: Vec<(Step, Sample)>,
}

/// What one step showed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// Microseconds of the server's processor time per event and reader.
    pub(super) cpu: f64,
    /// Milliseconds from publishing to reading.
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Milliseconds until everyone had everything.
    pub(super) wall: f64,
    /// The most memory that the server had until then, in MB.
    pub(super) peak: f64,
    pub(super) delivered: u64,
    /// Not delivered though owed.
    pub(super) missing: u64,
    /// Delivered though not owed, twice, out of order or broken.
    pub(super) wrong: u64,
}

/// For what follows the beginning of a stream: what opening it left to do is not its cost.
const SETTLE: Duration = Duration::from_millis(400);
/// After everything came, something may come twice.
const AFTER: Duration = Duration::from_millis(50);

/// Puts a server of this kind to all steps of the group that it takes.
pub(super) fn measure(group: &Group, variant: Variant) -> Result<Shown, Box<dyn Error>> {
    let mut server = Server::start(variant, group.readers)?;
    let (bare, _) = server.memory()?;
    let mut readers = Readers::open(server.address, variant.shape, group.readers, PATIENCE)?;
    readers.rest(SETTLE)?;
    let (idle, _) = server.memory()?;
    let begun = readers.take();
    let mut steps = Vec::new();
    for &(step, each) in group.steps.iter().filter(|(step, _)| group.takes(variant, *step)) {
        let mut sample = run(&mut server, &mut readers, group, step, each)?;
        sample.wrong += if steps.is_empty() { begun.wrong } else { 0 };
        steps.push((step, sample));
    }
    let idle = idle.saturating_sub(bare) as f64 / f64::from(group.readers);
    Ok(Shown { variant, idle, steps })
}

fn run(
    server: &mut Server,
    readers: &mut Readers,
    group: &Group,
    step: Step,
    each: u32,
) -> Result<Sample, Box<dyn Error>> {
    let shape = server.variant().shape;
    let events = shape.events(group.readers, each);
    let owed = readers.owed(server.published(), events);
    // As many events for each reader, whatever it follows.
    let rate = |each: f64| each * f64::from(server.topics()) / f64::from(shape.each());
    let (began, cpu) = (Instant::now(), server.cpu()?);
    let mut publisher = None;
    match step {
        Step::Paced => server.run(events, rate(group.pace))?,
        Step::Burst => server.run(events, 0.0)?,
        Step::Busy => server.run(events, rate(BUSY))?,
        Step::Overload => server.run(events, rate(OVERLOAD))?,
        Step::Batched => publisher = Some(thread::spawn(server.batches(events))),
        Step::Single => publisher = Some(thread::spawn(server.publisher(events))),
    }
    readers.read(owed, PATIENCE)?;
    let (wall, cpu) = (began.elapsed(), server.cpu()? - cpu);
    if let Some(publisher) = publisher {
        publisher.join().map_err(|_| "the publisher panicked")??;
    }
    readers.rest(AFTER)?;
    let mut tally = readers.take();
    tally.delays.sort_unstable();
    let quantile = |q: f64| {
        let last = tally.delays.len().saturating_sub(1);
        tally.delays.get((last as f64 * q) as usize).map_or(0.0, |&delay| f64::from(delay) / 1e3)
    };
    Ok(Sample {
        cpu: cpu as f64 / 1e3 / tally.delivered.max(1) as f64,
        p50: quantile(0.5),
        p99: quantile(0.99),
        wall: wall.as_secs_f64() * 1e3,
        peak: server.memory()?.1 as f64 / 1e6,
        delivered: tally.delivered,
        missing: owed.saturating_sub(tally.delivered),
        wrong: tally.wrong + tally.delivered.saturating_sub(owed),
    })
}
