//! One record as bytes of a file, made so that it is found again in whatever is left of the file, and never mistaken.
//!
//! Knows numbers and bytes; what they mean is its users' business.

/// Bytes before a body: magic, checksum, length, number, place in its batch, size of its batch.
pub(super) const HEAD: usize = 28;
/// The longest body: a payload of the largest size and what goes with it.
pub(super) const MOST: usize = 2 << 20;
/// Never inside a body: bodies are text, and `0xff` is in no UTF-8.
const MAGIC: [u8; 4] = [0xff, b'e', b'w', 1];

/// A record as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// Its number: of an event the offset.
    pub(super) number: u64,
    /// Which of its batch it is, from 0.
    pub(super) index: u32,
    /// How many records its batch has: all of them, or the batch was never finished.
    pub(super) count: u32,
    pub(super) body: &'a [u8],
}

/// Appends a frame whose body is what `body` writes. `false`, and nothing is appended: it is too long.
#[must_use]
pub(super) fn write(
    out: &mut Vec<u8>,
    number: u64,
    (index, count): (u32, u32),
    body: impl FnOnce(&mut Vec<u8>),
) -> bool {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    body(out);
    let length = out.len() - start - HEAD;
    if length > MOST {
        out.truncate(start);
        return false;
    }
    let head = &mut out[start..start + HEAD];
    head[8..12].copy_from_slice(&(length as u32).to_le_bytes());
    head[12..20].copy_from_slice(&number.to_le_bytes());
    head[20..24].copy_from_slice(&index.to_le_bytes());
    head[24..28].copy_from_slice(&count.to_le_bytes());
    let sum = crc32fast::hash(&out[start + 8..]);
    out[start..start + 4].copy_from_slice(&MAGIC);
    out[start + 4..start + 8].copy_from_slice(&sum.to_le_bytes());
    true
}

/// Frames in some bytes of a file, in order; whatever is none is passed over.
#[derive(Debug)]
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether the file ends where the bytes do.
    whole: bool,
    /// Something was passed over.
    pub(super) damaged: bool,
}

impl<'a> Frames<'a> {
    pub(super) fn new(bytes: &'a [u8], whole: bool) -> Self {
        Self { bytes, at: 0, whole, damaged: false }
    }

    /// Up to where all is known: what is cut off by the end of the bytes, and not of the file, begins here.
    pub(super) fn at(&self) -> usize {
        self.at
    }
}

impl<'a> Iterator for Frames<'a> {
    type Item = Frame<'a>;

    fn next(&mut self) -> Option<Frame<'a>> {
        loop {
            let rest = &self.bytes[self.at..];
            match read(rest) {
                Read::Frame(frame) => {
                    self.at += HEAD + frame.body.len();
                    return Some(frame);
                }
                Read::Short if rest.is_empty() || !self.whole => return None,
                Read::Short | Read::Nothing => {
                    self.damaged = true;
                    // On to the next byte that could begin one.
                    let next = rest.iter().skip(1).position(|&byte| byte == MAGIC[0]);
                    self.at += next.map_or(rest.len(), |next| next + 1);
                }
            }
        }
    }
}

enum Read<'a> {
    Frame(Frame<'a>),
    /// It could be one, were there more bytes.
    Short,
    Nothing,
}

fn read(bytes: &[u8]) -> Read<'_> {
    let magic = bytes.len().min(MAGIC.len());
    if bytes[..magic] != MAGIC[..magic] {
        return Read::Nothing;
    }
    let Some((head, rest)) = bytes.split_at_checked(HEAD) else { return Read::Short };
    let length = four(&head[8..12]) as usize;
    if length > MOST {
        return Read::Nothing;
    }
    let Some(body) = rest.get(..length) else { return Read::Short };
    if crc32fast::hash(&bytes[8..HEAD + length]) != four(&head[4..8]) {
        return Read::Nothing;
    }
    let mut number = [0; 8];
    number.copy_from_slice(&head[12..20]);
    Read::Frame(Frame {
        number: u64::from_le_bytes(number),
        index: four(&head[20..24]),
        count: four(&head[24..28]),
        body,
    })
}

fn four(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Vec<u8> {
        let mut out = Vec::new();
        for n in 1..=3 {
            assert!(write(&mut out, n, (n as u32 - 1, 3), |out| out.extend_from_slice(format!("body {n}").as_bytes())));
        }
        out
    }

    fn numbers(bytes: &[u8]) -> Vec<u64> {
        Frames::new(bytes, true).map(|frame| frame.number).collect()
    }

    #[test]
    fn what_was_written_is_found() {
        let bytes = three();
        let found: Vec<_> = Frames::new(&bytes, true).map(|f| (f.number, f.index, f.count, f.body)).collect();
        assert_eq!(found, [(1, 0, 3, &b"body 1"[..]), (2, 1, 3, b"body 2"), (3, 2, 3, b"body 3")]);
    }

    #[test]
    fn any_byte_changed_costs_the_record_it_was_in_and_no_other() {
        let bytes = three();
        let each = bytes.len() / 3;
        for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut broken = bytes.clone();
            broken[at] ^= 1 << bit;
            let lost = (at / each) as u64 + 1;
            let left: Vec<_> = (1..=3).filter(|n| *n != lost).collect();
            assert_eq!(numbers(&broken), left, "bit {bit} of byte {at}");
        }
    }

    #[test]
    fn cut_anywhere_what_was_whole_before_is_found() {
        let bytes = three();
        let each = bytes.len() / 3;
        for cut in 0..bytes.len() {
            assert_eq!(numbers(&bytes[..cut]).len(), cut / each, "cut at {cut}");
            // With more of the file to come, the rest is waited for.
            let mut frames = Frames::new(&bytes[..cut], false);
            assert_eq!(frames.by_ref().count(), cut / each);
            assert_eq!((frames.at(), frames.damaged), (cut / each * each, false), "cut at {cut}");
        }
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        let mut out = three();
        assert!(!write(&mut out, 4, (0, 1), |out| out.resize(out.len() + MOST + 1, b'x')));
        assert_eq!(out, three());
    }
}
