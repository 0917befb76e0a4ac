//! Chance out of a seed: waits that differ from page to page, and are the same in every replay.
//!
//! SplitMix64; good enough to spread a fleet, and nothing else.

use crate::time::Millis;

/// A stream of chance.
#[derive(Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform over whole milliseconds from nothing to `most`, both included.
    pub(crate) fn up_to(&mut self, most: Millis) -> Millis {
        // 32 bits of chance times at most 32 bits of milliseconds: no division, and no window here is longer.
        let most = most.0.min(u64::from(u32::MAX));
        Millis((self.next() * (most + 1)) >> 32)
    }

    /// 32 bits. What SplitMix64 does last changes none but the lowest of them.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z >> 32
    }
}
