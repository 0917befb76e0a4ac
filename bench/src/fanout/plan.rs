//! Who is measured at what, in which sizes, and which reader follows which topics.
//!
//! Pure data: the order of these lists is the order of every round.

use std::time::Duration;

/// What a server process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// axum's `Sse` over tokio broadcasts, one per topic, under `axum::serve`.
    Axum,
    /// The hub's stream under `eventwire_server::serve`.
    Ours,
    /// A loop that writes to sockets and does nothing else.
    Bare,
}

/// Which topics there are and how many of them each reader follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// Every reader follows the one topic there is.
    One,
    /// Every reader follows this many topics out of eight times as many, its neighbour the ones beside.
    Of(u32),
    /// Every reader follows a topic of its own.
    Private,
}

/// One server to be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Variant {
    pub(super) kind: Kind,
    pub(super) shape: Shape,
}

/// How events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Few enough that every event is a write of its own.
    Paced,
    /// In the server's process, by a publisher that never yields.
    Burst,
    /// By HTTP, a hundred events a request.
    Batched,
    /// By HTTP, one event a request, the next when the last is answered.
    Single,
    /// In the server's process, as much as ours can just write.
    Busy,
    /// In the server's process, more than it can write.
    Overload,
}

/// The servers that are measured one after the other with the same steps.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) readers: u32,
    pub(super) variants: &'static [Variant],
    /// Steps, and how many events each reader gets in it.
    pub(super) steps: Vec<(Step, u32)>,
    /// How many events a second each reader gets in a paced step.
    pub(super) pace: f64,
}

const fn of(kind: Kind, shape: Shape) -> Variant {
    Variant { kind, shape }
}

const MANY: [Variant; 7] = [
    of(Kind::Axum, Shape::One),
    of(Kind::Ours, Shape::One),
    of(Kind::Bare, Shape::One),
    of(Kind::Axum, Shape::Of(8)),
    of(Kind::Ours, Shape::Of(8)),
    of(Kind::Axum, Shape::Of(100)),
    of(Kind::Ours, Shape::Of(100)),
];
const PRIVATE: [Variant; 3] =
    [of(Kind::Axum, Shape::Private), of(Kind::Ours, Shape::Private), of(Kind::Bare, Shape::Private)];

/// Events a second that a server is offered for each reader, to be busy and to be overloaded. A thousand events in half a
/// second are no overload where the last reader has the last of them 30 ms later: then a server uses the processor for
/// being early, as much as it can have, and its cost says nothing of how it copes.
pub(super) const BUSY: f64 = 2_000.0;
pub(super) const OVERLOAD: f64 = 4_000.0;
/// Events a request in a batch.
pub(super) const BATCH: u32 = 100;

/// What is measured. `quick`: whether everything works, not how well.
pub(super) fn groups(quick: bool) -> [Group; 3] {
    let (readers, private, burst, single) = if quick { (150, 300, 100, 100) } else { (1_000, 10_000, 1_000, 300) };
    let (crowd, paced) = if quick { (200, 3) } else { (4_000, 15) };
    let steps = [Step::Burst, Step::Batched, Step::Busy, Step::Overload].map(|step| (step, burst));
    let steps = steps.into_iter().chain([(Step::Single, single)]).collect();
    [
        Group { name: "paced", readers: crowd, variants: &MANY, steps: vec![(Step::Paced, paced)], pace: 5.0 },
        Group { name: "private", readers: private, variants: &PRIVATE, steps: vec![(Step::Paced, 3)], pace: 1.0 },
        Group { name: "bursts", readers, variants: &MANY, steps, pace: 0.0 },
    ]
}

/// How long a step may take before what is missing is missing for good.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

impl Group {
    /// Whether this server is put to this step: more than one topic each is asked of the ways in that differ by it.
    pub(super) fn takes(&self, variant: Variant, step: Step) -> bool {
        matches!(step, Step::Paced | Step::Burst) || variant.shape == Shape::One
    }
}

impl Shape {
    /// Topics there are.
    pub(super) fn topics(self, readers: u32) -> u32 {
        match self {
            Self::One => 1,
            Self::Of(each) => each * 8,
            Self::Private => readers,
        }
    }

    /// Topics that each reader follows.
    pub(super) fn each(self) -> u32 {
        match self {
            Self::One | Self::Private => 1,
            Self::Of(each) => each,
        }
    }

    /// Events to publish so that each reader gets `each`.
    pub(super) fn events(self, readers: u32, each: u32) -> u64 {
        u64::from(each) * u64::from(self.topics(readers)) / u64::from(self.each())
    }

    /// The first of the topics of reader `i`; the others follow it, around the end.
    pub(super) fn first(self, readers: u32, i: u32) -> u32 {
        i % self.topics(readers)
    }
}

impl Kind {
    /// Its name in tables, figures and the server's own arguments.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Axum => "axum",
            Self::Ours => "eventwire",
            Self::Bare => "bare",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Axum, Self::Ours, Self::Bare].into_iter().find(|kind| kind.name() == name)
    }
}

impl Variant {
    /// Its name in tables and in the first word of every figure.
    pub(super) fn name(self) -> String {
        let kind = self.kind.name();
        match self.shape {
            Shape::One => format!("{kind}_1"),
            Shape::Of(each) => format!("{kind}_{each}"),
            Shape::Private => format!("{kind}_private"),
        }
    }

    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Variant> {
        MANY.into_iter().chain(PRIVATE)
    }
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Paced => "paced",
            Self::Burst => "burst",
            Self::Batched => "batched",
            Self::Single => "single",
            Self::Busy => "busy",
            Self::Overload => "overload",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reader_is_owed_the_same_whatever_it_follows() {
        for group in groups(false).iter().chain(&groups(true)) {
            for (variant, &(_, each)) in group.variants.iter().flat_map(|v| group.steps.iter().map(move |s| (v, s))) {
                let (shape, topics) = (variant.shape, variant.shape.topics(group.readers));
                let events = shape.events(group.readers, each);
                // Round and round the topics: what they get differs by one at most.
                let owed = events as f64 / f64::from(topics) * f64::from(shape.each());
                assert!((owed - f64::from(each)).abs() < 1.0, "{variant:?}: {owed} of {each}");
            }
        }
    }

    #[test]
    fn no_two_servers_share_a_name() {
        let mut names: Vec<_> = Variant::all().map(Variant::name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), Variant::all().count());
    }
}
