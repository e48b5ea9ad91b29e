//! What a link of limited rate adds: the wait before one that is busy, and the time until the k-th copy has left.

/// The mean wait before a server of constant service time that Poisson arrivals keep busy for the fraction
/// `utilisation` of the time, in units of the service time: rho / (2 (1 - rho)) (M/D/1; Pollaczek 1930, Khinchin 1932).
///
/// # Panics
/// When `utilisation` is not in [0, 1): the queue would grow for ever.
pub(crate) fn md1_wait(utilisation: f64) -> f64 {
    mg1_wait(utilisation, 0.0)
}

/// The same for service times that are drawn, whose squared coefficient of variation is `scv`: rho (1 + scv) / (2 (1 - rho)).
///
/// # Panics
/// As [`md1_wait`].
pub(crate) fn mg1_wait(utilisation: f64, scv: f64) -> f64 {
    assert!((0.0..1.0).contains(&utilisation), "a queue is not stable at a utilisation of {utilisation}");
    utilisation * (1.0 + scv) / (2.0 * (1.0 - utilisation))
}

/// When the `copy`-th copy of `bytes` each, counted from 1, has left an uplink of `bits_per_s` that sends one after the
/// other, in ns from the moment at which all were given to it; it arrives one link delay later. Whole ns, rounded up: a
/// copy has left when its last bit has.
///
/// # Panics
/// When the rate is 0, or the time is above 2^64 ns.
pub(crate) fn fifo_left_ns(copy: u32, bytes: u64, bits_per_s: u64) -> u64 {
    let bits = u128::from(copy) * u128::from(bytes) * 8;
    let left_ns = (bits * 1_000_000_000).div_ceil(u128::from(bits_per_s));
    u64::try_from(left_ns).expect("a copy leaves within 584 years")
}
