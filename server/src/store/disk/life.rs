//! The life of an order: its epoch, how its last run ended, how far anyone has seen; and whether a start may go on in it.
//!
//! ```text
//! order  epoch, the folder it was written in, how the run ended; replaced whole, written through
//! mark   the newest position that was shown to anyone; written before it is shown, not written through: it survives
//!        the process, and does not lie where the events do
//! ```
//!
//! Knows no event.

use super::{
    Sync,
    medium::{self, File, Medium},
};
use eventwire::{Epoch, Offset, Position};
use std::{
    io::{self, Write},
    sync::Arc,
};

const ORDER: &str = "order";
const MARK: &str = "mark";

/// Where a run takes place: what of it another run can be compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// This boot of the machine, where it can be told.
    pub(super) boot: Option<String>,
    /// The folder itself: a copy of it is another one. Where it can be told.
    pub(super) folder: Option<u64>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With everything written through, up to here.
    Clean(Offset),
    /// It did not, or not yet; what was shown was written through.
    Always,
    /// It did not, or not yet; what was shown was in the operating system's hands.
    Delayed,
}

/// What the last run left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Past {
    order: Option<(Epoch, End, Place)>,
    mark: Option<Position>,
    /// Nothing is here at all, and nothing that a store writes is missing.
    nothing: bool,
}

/// How a start goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No position that anyone was shown can be given again.
    Keep(Epoch),
    /// There was nothing before.
    Begin,
    /// What was shown may be missing, and nobody knows how far it went. Why.
    Renew(&'static str),
}

impl Past {
    /// `bare`: the folder holds no events.
    pub(super) fn read(medium: &dyn Medium, bare: bool) -> Self {
        let text = |name| medium::whole(medium, name).ok();
        let (order, mark) = (text(ORDER), text(MARK));
        Self {
            nothing: bare && order.is_none() && mark.is_none(),
            order: order.and_then(|raw| read_order(unsealed(&raw)?)),
            mark: mark.and_then(|raw| Position::parse(unsealed(&raw)?).ok()),
        }
    }

    pub(super) fn verdict(&self, now: &Place) -> Verdict {
        if self.nothing {
            return Verdict::Begin;
        }
        let Some((epoch, end, then)) = &self.order else {
            return Verdict::Renew("the file `order` is missing or damaged");
        };
        if now.folder.is_some() && then.folder.is_some() && now.folder != then.folder {
            return Verdict::Renew("this folder is a copy of the one it was written in");
        }
        // The page cache outlives the process, not the machine.
        let same_boot = now.boot.is_some() && now.boot == then.boot;
        match end {
            End::Clean(_) => Verdict::Keep(*epoch),
            End::Always if !same_boot => Verdict::Keep(*epoch),
            End::Always | End::Delayed if same_boot && self.mark.is_some() => Verdict::Keep(*epoch),
            End::Always | End::Delayed if same_boot => {
                Verdict::Renew("the file `mark` is missing or damaged after an unclean stop")
            }
            End::Always | End::Delayed => {
                Verdict::Renew("the machine stopped before what was shown had been written through")
            }
        }
    }

    /// Up to here offsets have certainly been given.
    pub(super) fn reached(&self) -> Offset {
        let clean = match &self.order {
            Some((_, End::Clean(head), _)) => *head,
            _ => Offset::ZERO,
        };
        self.mark.map_or(clean, |mark| mark.offset.max(clean))
    }

    /// Whether all that was written has been written through.
    pub(super) fn is_clean(&self) -> bool {
        matches!(self.order, Some((_, End::Clean(_), _)))
    }
}

/// The running one. Dropping it is no clean end.
#[derive(Debug)]
pub(super) struct Life {
    medium: Arc<dyn Medium>,
    place: Place,
    mark: Arc<dyn File>,
}

impl Life {
    /// From here on this run can be told from one that ended cleanly.
    pub(super) fn start(medium: Arc<dyn Medium>, place: Place, shown: Position, sync: Sync) -> io::Result<Self> {
        let mark = medium.open(MARK).or_else(|_| medium.create(MARK))?;
        let life = Self { medium, place, mark };
        // This once it is written through, so that power loss leaves one that can be read.
        life.mark(shown)?;
        life.mark.cut(MARKED as u64)?;
        life.mark.sync()?;
        life.note(shown.epoch, sync)?;
        Ok(life)
    }

    /// Notes the mode and the epoch this run is in.
    pub(super) fn note(&self, epoch: Epoch, sync: Sync) -> io::Result<()> {
        let end = match sync {
            Sync::Always => End::Always,
            Sync::Every(_) => End::Delayed,
        };
        self.write(epoch, end)
    }

    /// Notes how far anyone will have seen in a moment.
    pub(super) fn mark(&self, shown: Position) -> io::Result<()> {
        self.mark.write(0, &marked(shown))
    }

    /// A clean end: everything is on the disk itself.
    pub(super) fn stop(&self, head: Position) -> io::Result<()> {
        self.mark(head)?;
        self.mark.sync()?;
        self.write(head.epoch, End::Clean(head.offset))
    }

    fn write(&self, epoch: Epoch, end: End) -> io::Result<()> {
        let end = match end {
            End::Clean(head) => format!("clean {head}"),
            End::Always => "always".into(),
            End::Delayed => "delayed".into(),
        };
        let folder = self.place.folder.map_or_else(String::new, |folder| folder.to_string());
        let boot = self.place.boot.as_deref().unwrap_or_default();
        let text = format!("eventwire 1\nepoch {epoch}\nend {end}\nboot {boot}\nfolder {folder}\n");
        medium::replace(&*self.medium, ORDER, sealed(&text).as_bytes())
    }
}

fn read_order(text: &str) -> Option<(Epoch, End, Place)> {
    let mut lines = text.lines();
    let mut line = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    line("eventwire").filter(|version| *version == "1")?;
    let epoch = Epoch::parse(line("epoch")?).ok()?;
    let end = match line("end")? {
        "always" => End::Always,
        "delayed" => End::Delayed,
        clean => End::Clean(Offset(clean.strip_prefix("clean ")?.parse().ok()?)),
    };
    let boot = Some(line("boot")?).filter(|boot| !boot.is_empty()).map(Into::into);
    let folder = line("folder")?.parse().ok();
    Some((epoch, end, Place { boot, folder }))
}

/// Bytes of a mark: one small write of always the same length, so that no stop of the process tears it.
const MARKED: usize = MARKED_TEXT + 8 + 1;
/// The position, as wide as any.
const MARKED_TEXT: usize = 12 + 1 + 20 + 1;

/// As [`sealed`], but written for every batch: nothing is allocated for it.
fn marked(shown: Position) -> [u8; MARKED] {
    let mut out = [b' '; MARKED];
    out[MARKED_TEXT - 1] = b'\n';
    out[MARKED - 1] = b'\n';
    let (epoch, rest) = out.split_at_mut(12);
    epoch.copy_from_slice(&shown.epoch.digits());
    // What is given has this room.
    let _ = write!(&mut rest[..MARKED_TEXT - 13], "-{}", shown.offset.0);
    let sum = crc32fast::hash(&out[..MARKED_TEXT]);
    let _ = write!(&mut out[MARKED_TEXT..MARKED - 1], "{sum:08x}");
    out
}

/// The text and its checksum as the last line.
fn sealed(text: &str) -> String {
    format!("{text}{:08x}\n", crc32fast::hash(text.as_bytes()))
}

fn unsealed(raw: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(raw).ok()?.strip_suffix('\n')?;
    let (text, sum) = text.split_at_checked(text.len().checked_sub(8)?)?;
    let sum = u32::from_str_radix(sum, 16).ok()?;
    (sum == crc32fast::hash(text.as_bytes())).then(|| text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: &str = "k3f9x2m1q0ab";

    fn place(boot: &str, folder: u64) -> Place {
        Place { boot: Some(boot.into()).filter(|boot: &String| !boot.is_empty()), folder: Some(folder) }
    }

    fn check(end: End, mark: bool, then: Place, now: Place, keeps: bool) {
        let epoch = Epoch::parse(EPOCH).unwrap();
        let mark = mark.then_some(Position { epoch, offset: Offset(7) });
        let past = Past { order: Some((epoch, end, then)), mark, nothing: false };
        assert_eq!(past.verdict(&now) == Verdict::Keep(epoch), keeps, "{past:?} {now:?}");
    }

    #[test]
    fn the_epoch_is_kept_whenever_what_was_shown_must_be_there_and_never_else() {
        let (here, later) = (|| place("a", 1), || place("b", 1));
        for mark in [true, false] {
            check(End::Clean(Offset(7)), mark, here(), later(), true);
            check(End::Clean(Offset(7)), mark, here(), here(), true);
            check(End::Always, mark, here(), later(), true);
            check(End::Delayed, mark, here(), later(), false);
            check(End::Always, mark, here(), here(), mark);
            check(End::Delayed, mark, here(), here(), mark);
            // A machine that does not say which boot it is may have had another one.
            check(End::Always, mark, place("", 1), place("", 1), true);
            check(End::Delayed, mark, place("", 1), place("", 1), false);
        }
    }

    #[test]
    fn d9_a_folder_that_is_a_copy_renews_however_its_last_run_ended() {
        for end in [End::Clean(Offset(7)), End::Always, End::Delayed] {
            check(end, true, place("a", 1), place("a", 2), false);
        }
    }

    #[test]
    fn any_byte_changed_in_what_was_noted_is_noticed() {
        let mark = |offset| marked(Position { epoch: Epoch::parse(EPOCH).unwrap(), offset: Offset(offset) });
        for offset in [0, 41, u64::MAX] {
            let mark = mark(offset);
            let text = unsealed(&mark).unwrap();
            assert_eq!(text, format!("{EPOCH}-{offset}"));
            assert_eq!(sealed(&format!("{text:33}\n")).as_bytes(), mark);
        }
        for text in [
            String::from_utf8(mark(41).into()).unwrap(),
            sealed("eventwire 1\nepoch k3f9x2m1q0ab\nend always\nboot b\nfolder 5\n"),
        ] {
            assert!(unsealed(text.as_bytes()).is_some());
            for at in 0..text.len() {
                let mut raw = text.clone().into_bytes();
                raw[at] ^= 1;
                assert_eq!(unsealed(&raw), None, "byte {at}");
                assert_eq!(unsealed(&text.as_bytes()[..at]), None, "cut at {at}");
            }
        }
    }
}
