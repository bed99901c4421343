//! What servers are compared by.

use reports_render::number;
use reports_stats::verdict::Better;
use serde::Serialize;

/// A figure by which servers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Correct replies per second when every connection asks again at once.
    Throughput,
    /// Server CPU time per request at a rate, microseconds.
    CpuPerRequest,
    /// Median response time at a rate, microseconds.
    ResponseTimeP50,
    /// 99th percentile of the response time at a rate, microseconds.
    ResponseTimeP99,
    /// Memory of the server's processes with its connections open, MiB.
    Memory,
}

impl Metric {
    /// Every metric, in the order that they are told.
    pub const ALL: [Self; 5] =
        [Self::Throughput, Self::CpuPerRequest, Self::ResponseTimeP50, Self::ResponseTimeP99, Self::Memory];

    /// Whether it is asked at each offered rate.
    #[must_use]
    pub fn is_at_a_rate(self) -> bool {
        matches!(self, Self::CpuPerRequest | Self::ResponseTimeP50 | Self::ResponseTimeP99)
    }

    /// Which way it improves.
    #[must_use]
    pub fn better(self) -> Better {
        if self == Self::Throughput { Better::More } else { Better::Less }
    }

    /// Its name in tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Throughput => "capacity",
            Self::CpuPerRequest => "CPU",
            Self::ResponseTimeP50 => "p50",
            Self::ResponseTimeP99 => "p99",
            Self::Memory => "memory",
        }
    }

    /// A figure of it with its unit.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Throughput => number::rate(value),
            Self::CpuPerRequest | Self::ResponseTimeP50 | Self::ResponseTimeP99 => number::micros(value),
            Self::Memory => number::mebibytes(value),
        }
        // A terminal's columns are counted in plain blanks.
        .replace('\u{a0}', " ")
    }
}

/// A metric, at one of the offered rates where it is asked at a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Subject {
    /// The metric.
    pub metric: Metric,
    /// The rate's place among the offered ones, from 0; 0 where it is asked of no rate.
    pub level: usize,
}

impl Subject {
    /// Every subject of a contest at this many rates, in the order that they are told.
    pub fn all(levels: usize) -> impl Iterator<Item = Self> {
        Metric::ALL.into_iter().flat_map(move |metric| {
            let levels = if metric.is_at_a_rate() { levels } else { 1 };
            (0..levels).map(move |level| Self { metric, level })
        })
    }
}
