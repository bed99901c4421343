//! Whether both contenders of a pair wait equally long when asked to.

use reports_record::{Line, Overshoot};

use super::contrast::{Contrast, Kind};

/// Share of W by which two overshoots may differ before cells of that wait carry a warning.
///
/// It equals the margin below which a difference makes no difference.
pub const TOLERANCE: f64 = 0.05;

/// A pair whose waits are not the same wait.
#[derive(Debug, Clone, PartialEq)]
pub struct Unequal<'a> {
    /// The pair.
    pub contrast: Contrast<'a>,
    /// The wait asked for, milliseconds.
    pub wait_ms: f64,
    /// Overshoot of async less that of sync, microseconds.
    pub difference_us: f64,
}

/// The overshoots of a record, in order.
#[must_use]
pub fn overshoots<'a>(lines: &'a [Line]) -> Vec<&'a Overshoot> {
    let only = |line: &'a Line| match line {
        Line::Overshoot(overshoot) => Some(overshoot),
        _ => None,
    };
    lines.iter().filter_map(only).collect()
}

/// Pairs and waits whose overshoots differ by more than [`TOLERANCE`] of the wait.
#[must_use]
pub fn unequal<'a>(overshoots: &[&Overshoot], contrasts: &[Contrast<'a>]) -> Vec<Unequal<'a>> {
    let mut found = Vec::new();
    for &contrast in contrasts.iter().filter(|contrast| contrast.kind != Kind::Repeat) {
        for sync in overshoots.iter().filter(|one| one.contender == contrast.sync) {
            let partner = overshoots
                .iter()
                .find(|other| other.contender == contrast.awaiting && other.wait_ms == sync.wait_ms);
            let Some(awaiting) = partner else { continue };
            let difference_us = awaiting.overshoot_us() - sync.overshoot_us();
            if difference_us.abs() > TOLERANCE * sync.wait_ms * 1e3 {
                found.push(Unequal { contrast, wait_ms: sync.wait_ms, difference_us });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overshoots_are_unequal_beyond_a_twentieth_of_the_wait() {
        let overshoot = |contender: &str, service_time_us_p50| Overshoot {
            contender: contender.into(),
            wait_ms: 1.0,
            service_time_us_p50,
            floor_us_p50: 40.0,
        };
        let contrast = Contrast { kind: Kind::Control, sync: "s", awaiting: "a" };
        let (sync, near, far) = (overshoot("s", 1100.0), overshoot("a", 1149.0), overshoot("a", 1151.0));
        assert_eq!(unequal(&[&sync, &near], &[contrast]), []);
        let found = unequal(&[&sync, &far], &[contrast]);
        assert_eq!(found.len(), 1);
        assert!((found[0].difference_us - 51.0).abs() < 1e-9);
    }
}
