//! One server, one queue, requests at random: M/D/1 and M/M/1 against Pollaczek and Khinchine.

use std::time::Duration;

use benches::bench::place::Place;
use benches::bench::scripted::{Replies, Script, Spread};
use benches::bench::table::Table;
use loadgen::{Interval, Rate, Schedule};
use reports_record::Arrivals;
use reports_terminal::talk;

use crate::measured::{Asked, SEED, measure};
use crate::verdict::{late, micros, millis};

const SERVICE: Duration = Duration::from_millis(5);

/// Far more than ever wait: at 90 % more than 500 in one M/M/1 has a probability of 0.9 to the 500th.
const CONNECTIONS: u32 = 500;

/// Batches of a window, and Student's t for their number less one, 97.5 %.
#[derive(Debug, Clone, Copy)]
struct Batches {
    number: u32,
    t: f64,
}

const FULL: Batches = Batches { number: 20, t: 2.093 };
const QUICK: Batches = Batches { number: 3, t: 4.303 };

/// Fewest batches whose interval is shown: with three, t is 4.3 and hardly any queue would be told from another.
const FEWEST: u32 = 10;

/// Responses forget where they began with the queue's relaxation time: batches ten times as long are nearly independent
/// (their correlation is about a twentieth), which batch means need (Law, Simulation Modeling and Analysis, 9.5.3).
const RELAXATIONS: f64 = 10.0;

/// A queue and how busy it is.
#[derive(Debug, Clone, Copy)]
struct Queue {
    name: &'static str,
    spread: Spread,
    load: f64,
}

fn queues(quick: bool) -> Vec<Queue> {
    let loads: &[f64] = if quick { &[0.5] } else { &[0.5, 0.7, 0.9] };
    [("M/D/1", Spread::Fixed), ("M/M/1", Spread::Exponential)]
        .into_iter()
        .flat_map(|(name, spread)| loads.iter().map(move |&load| Queue { name, spread, load }))
        .collect()
}

impl Queue {
    /// Squared coefficient of variation of its service times.
    fn variation(self) -> f64 {
        match self.spread {
            Spread::Fixed => 0.0,
            Spread::Exponential => 1.0,
        }
    }

    fn rate(self) -> f64 {
        self.load / SERVICE.as_secs_f64()
    }

    /// Mean wait, microseconds: Pollaczek (1930), Khinchine (1932).
    fn mean_wait_us(self) -> f64 {
        self.load * micros(SERVICE) * (1.0 + self.variation()) / (2.0 * (1.0 - self.load))
    }

    /// Relaxation time of M/M/1 (Cohen, The Single Server Queue, III.2); scaled by variability as heavy traffic has it.
    fn relaxation(self) -> Duration {
        SERVICE.mul_f64((1.0 + self.variation()) / 2.0 / (1.0 - self.load.sqrt()).powi(2))
    }

    /// Whole seconds, for those are what is told while measuring.
    fn batch(self) -> Duration {
        Duration::from_secs((self.relaxation() * RELAXATIONS as u32).as_secs().max(1))
    }

    fn asked(self, quick: bool) -> Asked {
        Asked {
            script: Script::Queue { service: SERVICE, spread: self.spread, seed: SEED },
            rate: self.rate(),
            arrivals: Arrivals::Poisson,
            connections: CONNECTIONS,
            warm_up: if quick { Duration::ZERO } else { self.batch() },
            window: self.batch() * batches(quick).number,
        }
    }
}

fn batches(quick: bool) -> Batches {
    if quick { QUICK } else { FULL }
}

pub(crate) fn length(quick: bool) -> Duration {
    let length = |asked: Asked| asked.warm_up + asked.window;
    queues(quick).into_iter().map(|queue| length(queue.asked(quick))).sum()
}

/// The heading over queues.
pub(crate) fn table() -> Table {
    Table::new([
        "queue of 5 ms",
        "busy",
        "mean wait, exact",
        "measured",
        "95 % interval",
        "exact is in it",
        "exact for these very starts",
        "off by",
        "client away",
        "server away, late (most)",
    ])
}

pub(crate) fn tell(place: &Place, quick: bool, table: &mut Table) -> anyhow::Result<()> {
    for queue in queues(quick) {
        let asked = queue.asked(quick);
        talk!("truths: {} at {:.0} %, {} s", queue.name, queue.load * 100.0, asked.window.as_secs());
        let found = measure(place, &asked)?;
        let sample = Sample::of(&asked)?;
        let Some(response) = found.measurement.response_time_us.as_ref().and_then(|times| times.mean) else {
            continue;
        };
        let waits = batch_means(&found.seconds, &asked, queue.batch());
        let waits: Vec<f64> = waits.into_iter().map(|response| response - sample.service_us).collect();
        let (interval, holds) = interval(&waits, batches(quick), queue.mean_wait_us());
        let (exact, wait) = (queue.mean_wait_us(), response - sample.service_us);
        table.push([
            queue.name.to_owned(),
            format!("{:.0} %", queue.load * 100.0),
            millis(exact),
            millis(wait),
            interval,
            holds.to_owned(),
            millis(sample.wait_us),
            format!("{:+.0} µs", wait - sample.wait_us),
            format!("{:.1} %", found.client_away() * 100.0),
            late(&found.server),
        ]);
    }
    Ok(())
}

/// What these very starts and service times come to, chance and all: the same schedule through the same script.
struct Sample {
    /// Mean wait of those due in the window, microseconds.
    wait_us: f64,
    /// Their mean service time.
    service_us: f64,
}

impl Sample {
    fn of(asked: &Asked) -> anyhow::Result<Self> {
        let mut replies = Replies::new(asked.script);
        let (mut wait, mut service, mut requests) = (Duration::ZERO, Duration::ZERO, 0_u32);
        let mut free = Duration::ZERO;
        for start in Schedule::new(&Rate::per_second(asked.rate)?.into(), asked.warm_up, asked.arrivals, SEED)
        {
            if start >= asked.warm_up + asked.window {
                break;
            }
            let begin = start.max(free);
            free = replies.due(start);
            if start >= asked.warm_up {
                (wait, service, requests) = (wait + (begin - start), service + (free - begin), requests + 1);
            }
        }
        let mean = |sum: Duration| micros(sum) / f64::from(requests.max(1));
        Ok(Self { wait_us: mean(wait), service_us: mean(service) })
    }
}

/// Mean response times of each batch, microseconds; what ends after the window belongs to the last.
fn batch_means(seconds: &[Interval], asked: &Asked, batch: Duration) -> Vec<f64> {
    let number = (asked.window.as_secs() / batch.as_secs().max(1)).max(1) as usize;
    let mut sums = vec![(0.0, 0_u64); number];
    for second in seconds {
        // Rounded, for a second begins a little late.
        let since = second.start.saturating_sub(asked.warm_up).as_secs_f64().round() as u64;
        let index = ((since / batch.as_secs().max(1)) as usize).min(number - 1);
        let (times, (sum, count)) = (second.times.exact(), &mut sums[index]);
        if !times.is_empty() {
            *sum += times.mean() / 1e3 * times.len() as f64;
            *count += times.len();
        }
    }
    sums.into_iter().filter(|(_, count)| *count > 0).map(|(sum, count)| sum / count as f64).collect()
}

/// The interval on the mean of `waits` and whether `exact` lies in it, in words; neither with fewer than [`FEWEST`] batches, nor
/// where one of them is missing.
fn interval(waits: &[f64], batches: Batches, exact: f64) -> (String, &'static str) {
    if waits.len() < batches.number.max(FEWEST) as usize {
        return ("–".to_owned(), "too few batches");
    }
    let half = half_width(waits, batches.t);
    let centre = waits.iter().sum::<f64>() / waits.len() as f64;
    let holds = if (exact - centre).abs() <= half { "yes" } else { "no" };
    (format!("{}–{}", millis(centre - half), millis(centre + half)), holds)
}

/// Half the interval on the mean of `values`, Student's.
fn half_width(values: &[f64], t: f64) -> f64 {
    let number = values.len() as f64;
    let mean = values.iter().sum::<f64>() / number;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    t * (squares / (number - 1.0) / number).sqrt()
}

/// Holds the judgement to withholding what too few batches cannot tell, and the drawn queues to theory.
///
/// # Errors
/// When three batches are judged, however well they fit, or twenty are not; when the mean wait of a long sample is off by a tenth.
pub(crate) fn test() -> anyhow::Result<()> {
    for queue in queues(true) {
        // 2,000 s, more than 10,000 relaxation times: chance moves the mean by 2 %.
        let long = Asked { window: Duration::from_secs(2_000), ..queue.asked(true) };
        let off = Sample::of(&long)?.wait_us / queue.mean_wait_us() - 1.0;
        anyhow::ensure!(off.abs() < 0.1, "{} at {}: the drawn wait is off by {off}", queue.name, queue.load);
    }
    let waits: Vec<f64> = (0..20).map(|batch| 2_500.0 + f64::from(batch % 3 - 1) * 40.0).collect();
    for (count, batches, exact, expected) in [
        (3, QUICK, 2_500.0, "too few batches"),
        (3, QUICK, 9_000.0, "too few batches"),
        (19, FULL, 2_500.0, "too few batches"),
        (20, FULL, 2_500.0, "yes"),
        (20, FULL, 9_000.0, "no"),
    ] {
        let (shown, told) = interval(&waits[..count], batches, exact);
        let is_withheld = shown == "–";
        anyhow::ensure!(
            told == expected && is_withheld == (expected == "too few batches"),
            "{count} batches with an exact wait of {exact} µs were told as {shown:?}, {told:?}; expected {expected:?}"
        );
    }
    Ok(())
}
