//! Chance that repeats: everything drawn follows from the seed.

use std::f64::consts::TAU;

use fastrand::Rng;

/// Derives the seed of one thing, such as a day, from the seed of the centre (`SplitMix64`'s finisher).
pub(crate) fn mix(seed: u64, number: i64) -> u64 {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number.cast_unsigned());
    for multiplier in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(multiplier);
    }
    mixed ^ (mixed >> 31)
}

/// The hash of a text, the same on every platform (FNV-1a).
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The id of the `index`th thing of a kind, in the form of a random UUID.
pub(crate) fn uuid(seed: u64, kind: &str, index: usize) -> String {
    let number = i64::try_from(index).unwrap_or(i64::MAX);
    let mut rng = Rng::with_seed(mix(seed ^ hash(kind), number));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        rng.u32(..),
        rng.u16(..),
        rng.u16(..0x1000),
        rng.u8(8..12),
        rng.u16(..0x1000),
        rng.u64(..1 << 48),
    )
}

/// Draws whether something with this probability happens.
pub(crate) fn happens(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

/// Draws the milliseconds until something that happens every `mean` milliseconds on average.
pub(crate) fn exponential(rng: &mut Rng, mean: f64) -> i64 {
    milliseconds(-(1.0 - rng.f64()).ln() * mean)
}

/// Draws milliseconds around `mean` seconds, mostly shorter and sometimes much longer.
pub(crate) fn long_tailed(rng: &mut Rng, mean: f64, spread: f64) -> i64 {
    let normal = (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos();
    // The mean of a log-normal is exp(mu + spread²/2).
    milliseconds(mean * 1_000.0 * (spread * normal - spread * spread / 2.0).exp())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast from f64 saturates, and durations are far below 2^53"
)]
fn milliseconds(value: f64) -> i64 {
    value as i64
}
