//! HdrHistogram's interval log, version 1.3: one histogram a line, as the ordinary tools read it.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::{Distribution, shown};

/// Longest comment and tag that are written in full, characters.
const TEXT: usize = 500;

/// The column of maxima is in milliseconds, as the Java implementation's is for nanoseconds; histograms are not scaled.
const MAX_DIVISOR: f64 = 1e6;

/// A log that grows by a line at a time, each handed over in one piece: a kill leaves whole lines.
///
/// Values are nanoseconds; a censored time is entered at its lower bound.
#[derive(Debug)]
pub struct IntervalLog<W> {
    writer: W,
}

impl<W: Write> IntervalLog<W> {
    /// Begins a log whose intervals are counted from `start`; `comments` go to its head, a line each.
    ///
    /// # Errors
    /// When the head cannot be written.
    pub fn begin(mut writer: W, start: SystemTime, comments: &[&str]) -> io::Result<Self> {
        let mut builder = IntervalLogWriterBuilder::new();
        builder.add_comment("[Histogram log format version 1.3]");
        for comment in comments {
            builder.add_comment(&shown(comment, TEXT));
        }
        builder.with_start_time(start).with_base_time(start).with_max_value_divisor(MAX_DIVISOR);
        let mut head = Vec::new();
        builder.begin_log_with(&mut head, &mut V2DeflateSerializer::new())?;
        head.extend_from_slice(
            b"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        );
        writer.write_all(&head)?;
        writer.flush()?;
        Ok(Self { writer })
    }

    /// Adds an interval of `length` that began at `start` since the log's.
    ///
    /// A `tag` says whose times they are; it is escaped and cut, and commas and spaces in it become `_`.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn push(
        &mut self,
        tag: Option<&str>,
        (start, length): (Duration, Duration),
        times: &Distribution,
    ) -> io::Result<()> {
        let tag = tag.map(|tag| shown(tag, TEXT).replace([',', ' '], "_"));
        let mut text = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        IntervalLogWriterBuilder::new()
            .with_max_value_divisor(MAX_DIVISOR)
            .begin_log_with(&mut text, &mut serializer)?
            .write_histogram(&times.merged(), start, length, tag.as_deref().and_then(Tag::new))
            .map_err(|error| io::Error::other(error.to_string()))?;
        // Each writer repeats the divisor as a comment; once, in the head, is enough.
        let line = text.iter().position(|&byte| byte == b'\n').map_or(&[][..], |end| &text[end + 1..]);
        self.writer.write_all(line)?;
        self.writer.flush()
    }

    /// What the log was written to.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD as BASE64;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn what_is_logged_is_read_back_by_the_format_s_own_reader() {
        let mut times = Distribution::new();
        (1..=100).for_each(|ms| times.record(Duration::from_millis(ms)));
        times.censor(Duration::from_secs(2));
        let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
        let mut log = IntervalLog::begin(Vec::new(), start, &["a comment"]).unwrap();
        let second = |index| (Duration::from_secs(index), Duration::from_secs(1));
        log.push(None, second(1), &times).unwrap();
        log.push(Some("a b,c\nd\u{1b}[2J"), second(2), &Distribution::new()).unwrap();
        let bytes = log.into_inner();
        let entries: Vec<LogEntry<'_>> = IntervalLogIterator::new(&bytes).map(Result::unwrap).collect();
        let [
            LogEntry::StartTime(started),
            LogEntry::BaseTime(base),
            LogEntry::Interval(one),
            LogEntry::Interval(two),
        ] = entries.as_slice()
        else {
            panic!("{entries:?}")
        };
        assert_eq!((started.as_millis(), base), (1_700_000_000_250, started));
        assert_eq!((one.start_timestamp(), one.duration()), second(1));
        assert!((one.max() / 2000.0 - 1.0).abs() < 0.001, "milliseconds: {}", one.max());
        let read = Deserializer::new()
            .deserialize::<u64, _>(&mut BASE64.decode(one.encoded_histogram()).unwrap().as_slice())
            .unwrap();
        assert_eq!(read, times.merged());
        assert_eq!(two.tag().as_deref(), Some(r"a_b_c\nd\u{1b}[2J"));
        assert_eq!(bytes.iter().filter(|&&byte| byte == b'#').count(), 5, "one head");
    }
}
