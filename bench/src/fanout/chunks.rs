//! The body of a chunked response, out of bytes as they arrive.
//!
//! Strict: whatever is not a chunk is an error, since a server that writes a wrong length has cut an event in two.

/// Where in a chunk the next byte lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Chunks {
    #[default]
    Begin,
    /// In the digits of a length.
    Size(u32),
    /// Behind its carriage return.
    SizeEnd(u32),
    /// So many bytes are left.
    Data(u32),
    /// Behind the last byte of a chunk, and behind its carriage return.
    DataEnd,
    DataReturn,
}

/// Not chunked, or the last chunk: a stream has no end of its own accord.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl Chunks {
    /// Takes the next piece of the body out of `bytes`. Empty: more bytes are needed.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<&'a [u8], Broken> {
        while let Some((&first, rest)) = bytes.split_first() {
            *self = match *self {
                Self::Data(left) => {
                    let (data, rest) = bytes.split_at(bytes.len().min(left as usize));
                    let left = left - data.len() as u32;
                    *self = if left == 0 { Self::DataEnd } else { Self::Data(left) };
                    *bytes = rest;
                    return Ok(data);
                }
                Self::Begin => Self::Size(digit(first)?),
                Self::Size(size) if first == b'\r' => Self::SizeEnd(size),
                Self::Size(size) if size < 1 << 26 => Self::Size(size << 4 | digit(first)?),
                Self::SizeEnd(size) if first == b'\n' && size > 0 => Self::Data(size),
                Self::DataEnd if first == b'\r' => Self::DataReturn,
                Self::DataReturn if first == b'\n' => Self::Begin,
                _ => return Err(Broken),
            };
            *bytes = rest;
        }
        Ok(&[])
    }
}

fn digit(byte: u8) -> Result<u32, Broken> {
    char::from(byte).to_digit(16).ok_or(Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pieces: &[&[u8]]) -> Result<Vec<u8>, Broken> {
        let (mut chunks, mut body) = (Chunks::default(), Vec::new());
        for mut bytes in pieces.iter().copied() {
            while !bytes.is_empty() {
                body.extend_from_slice(chunks.next(&mut bytes)?);
            }
        }
        Ok(body)
    }

    #[test]
    fn a_body_is_the_same_wherever_it_is_cut() {
        let wire = b"1a\r\nabcdefghijklmnopqrstuvwxyz\r\n1\r\n\n\r\n";
        for cut in 0..=wire.len() {
            let (a, b) = wire.split_at(cut);
            assert_eq!(read(&[a, b]).unwrap(), b"abcdefghijklmnopqrstuvwxyz\n");
        }
    }

    #[test]
    fn a_wrong_length_an_end_and_plain_text_are_broken() {
        for wire in [&b"2\r\nabc\r\n"[..], b"0\r\n\r\n", b"data: x\n\n", b"3\nabc", b"fffffffff\r\n"] {
            assert_eq!(read(&[wire]), Err(Broken), "{wire:?}");
        }
    }
}
