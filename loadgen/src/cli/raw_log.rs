//! The table of single requests: written while the measurement is under way, once a second.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use anyhow::Context as _;
use loadgen::{Interval, RawRequest};
use reports_record::Stream;

use super::output::Output;

/// Names of the columns, in order.
const COLUMNS: &str = "intended_ns,started_ns,ended_ns,lateness_ns,connection_wait_ns,connect_ns,first_byte_ns,service_ns,response_ns,\
                       status,outcome,censored,requests";

/// A table of one row a request: RFC 4180, with a header.
pub(crate) struct RawLog {
    stream: Stream,
    name: String,
    /// Why no more is written; measuring goes on, for what it finds may still have a place to go.
    failure: Option<io::Error>,
}

impl RawLog {
    /// Writes its header, in place of an earlier file.
    pub(crate) fn begin(output: &Output) -> anyhow::Result<Self> {
        let header = format!("{COLUMNS}\r\n");
        let stream = output.begin(|mut stream| {
            stream.write_all(header.as_bytes())?;
            stream.flush().map(|()| stream)
        })?;
        Ok(Self { stream, name: output.to_string(), failure: None })
    }

    /// Adds the rows of a second, in one piece, so that a kill leaves whole rows; after a failure, nothing.
    pub(crate) fn push(&mut self, interval: &Interval) {
        if self.failure.is_none() {
            let rows: String = interval.requests.iter().map(row).collect();
            self.failure = self.stream.write_all(rows.as_bytes()).and_then(|()| self.stream.flush()).err();
        }
    }

    /// Waits until the table is on disk.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        let Self { stream, name, failure } = self;
        failure
            .map_or_else(|| stream.finish(), Err)
            .with_context(|| format!("could not write all of {name}; its whole rows can be read"))
    }
}

/// A request's row; a cell is empty where there is no such figure. None of them needs quotes.
fn row(request: &RawRequest) -> String {
    let RawRequest { intended, started, ended, lateness, connection_wait, connect, .. } = *request;
    let RawRequest { first_byte, service, response, status, outcome, requests, .. } = *request;
    let mut row = intended.to_string();
    let mut cell = |text: &dyn std::fmt::Display| {
        write!(row, ",{text}").expect("writing to a string cannot fail");
    };
    cell(&Cell(started));
    cell(&ended);
    for time in [lateness, connection_wait, connect, first_byte, service, response] {
        cell(&Cell(time));
    }
    cell(&Cell(status));
    cell(&Cell(outcome));
    cell(&request.is_censored());
    cell(&requests);
    row.push_str("\r\n");
    row
}

/// A value, or nothing.
struct Cell<T>(Option<T>);

impl<T: std::fmt::Display> std::fmt::Display for Cell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |value| value.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use reports_record::OutcomeKind;

    use super::*;

    #[test]
    fn a_row_has_a_cell_for_each_column_and_none_for_what_is_not_known() {
        let answered = RawRequest {
            intended: -5,
            started: Some(10),
            ended: 40,
            lateness: Some(3),
            connection_wait: Some(12),
            connect: Some(0),
            first_byte: Some(29),
            service: Some(30),
            response: Some(45),
            status: Some(200),
            outcome: Some(OutcomeKind::Ok),
            requests: 1,
        };
        assert_eq!(row(&answered), "-5,10,40,3,12,0,29,30,45,200,ok,false,1\r\n");
        let never_sent = RawRequest {
            started: None,
            lateness: None,
            connect: None,
            first_byte: None,
            service: None,
            status: None,
            outcome: None,
            requests: 7,
            ..answered
        };
        assert_eq!(row(&never_sent), "-5,,40,,12,,,,45,,,true,7\r\n");
        assert_eq!(COLUMNS.split(',').count(), row(&answered).split(',').count());
    }
}
