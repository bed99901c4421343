//! Which time of a request.

use std::fmt::{self, Display, Formatter};

use reports_record::{Distribution, Measurement, Times};

/// Which time of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    ResponseTime,
    ServiceTime,
    Lateness,
    ConnectionWait,
    Connect,
    FirstByte,
}

impl Part {
    const ALL: [(&'static str, Self); 6] = [
        ("response_time", Self::ResponseTime),
        ("service_time", Self::ServiceTime),
        ("lateness", Self::Lateness),
        ("connection_wait", Self::ConnectionWait),
        ("connect", Self::Connect),
        ("first_byte", Self::FirstByte),
    ];

    /// Takes `response_time_p99` apart.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        Self::ALL
            .into_iter()
            .find_map(|(name, part)| text.strip_prefix(name)?.strip_prefix('_').map(|rest| (part, rest)))
    }

    pub(super) fn needs_schedule(self) -> bool {
        matches!(self, Self::ResponseTime | Self::Lateness | Self::ConnectionWait)
    }

    /// Whether measurements carry it in full.
    pub(super) fn has_histogram(self) -> bool {
        matches!(self, Self::ResponseTime | Self::ServiceTime)
    }

    pub(super) fn times(self, measurement: &Measurement) -> Option<&Times> {
        match self {
            Self::ResponseTime => measurement.response_time_us.as_ref(),
            Self::ServiceTime => Some(&measurement.service_time_us),
            Self::Lateness => measurement.lateness_us.as_ref(),
            Self::ConnectionWait => measurement.connection_wait_us.as_ref(),
            Self::Connect => measurement.connect_us.as_ref(),
            Self::FirstByte => Some(&measurement.first_byte_us),
        }
    }

    /// It in full; `None` where the measurement has only a summary, or a histogram that was altered or is another's.
    pub(super) fn distribution(self, measurement: &Measurement) -> Option<Distribution> {
        match self {
            Self::ResponseTime => measurement.response_times().ok().flatten(),
            Self::ServiceTime => measurement.service_times().ok(),
            _ => None,
        }
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, known)| known == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}
