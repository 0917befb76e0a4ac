//! Bytes cut into pieces, the same way for the same bytes: a network's whims that can be replayed.

/// Whole, byte by byte, and cut at random, with empty pieces in between.
pub(crate) fn cuttings(bytes: &[u8]) -> [Vec<&[u8]>; 3] {
    let mut chance = fastrand::Rng::with_seed(seed(bytes));
    let (mut random, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (piece, left) = rest.split_at(chance.usize(0..=rest.len().min(9)));
        random.push(piece);
        rest = left;
    }
    [vec![bytes], bytes.chunks(1).collect(), random]
}

/// FNV-1a: the same number for the same bytes on any machine.
pub(crate) fn seed(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// The text as far as it is one.
pub(crate) fn text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}
