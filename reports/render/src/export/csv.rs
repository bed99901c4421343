//! Every attempt of a run as a table: RFC 4180, one row per loop, units in the columns' names.

use reports_record::{Line, Measurement, OutcomeKind, Run, Times, TrialOutcome};

use super::cell::Cell;
use super::row::Row;
use crate::analysis::amount;
use crate::analysis::observation::is_usable;

/// A column's name, and what a row has there.
type Column = (String, Box<dyn Fn(&Row<'_>) -> Cell>);

/// The table of every attempt at a trial, with its header. A figure that there is none of is an empty cell.
#[must_use]
pub fn trials_csv(run: &Run, lines: &[Line]) -> Vec<u8> {
    let columns = all();
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    let header = columns.iter().map(|(name, _)| name.as_str());
    writer.write_record(header).expect("every record has a cell for every column");
    for row in Row::all(&run.definition, lines) {
        let cells = columns.iter().map(|(_, value)| value(&row).written());
        writer.write_record(cells).expect("every record has a cell for every column");
    }
    writer.into_inner().expect("writing into memory cannot fail")
}

/// The names of the columns, in order.
#[must_use]
pub fn columns() -> Vec<String> {
    all().into_iter().map(|(name, _)| name).collect()
}

fn all() -> Vec<Column> {
    let mut columns = place();
    columns.extend(measurement());
    columns.extend(times("response_time_us", |measurement| measurement.response_time_us.as_ref()));
    columns.extend(times("beyond_wait_us", |measurement| measurement.beyond_wait_us.as_ref()));
    columns.extend(times("service_time_us", |measurement| Some(&measurement.service_time_us)));
    columns.extend(OutcomeKind::ALL.map(|kind| {
        let count = move |measurement: &Measurement| measurement.outcomes.get(&kind).copied().unwrap_or(0);
        of_measurement(&format!("outcome_{kind}"), move |measurement| count(measurement).into())
    }));
    columns.extend(server());
    columns
}

fn column(name: &str, value: impl Fn(&Row<'_>) -> Cell + 'static) -> Column {
    (name.to_owned(), Box::new(value))
}

/// Empty in the row of an attempt that failed.
fn of_measurement(name: &str, value: impl Fn(&Measurement) -> Cell + 'static) -> Column {
    column(name, move |row| row.measured.map_or(Cell::Empty, |(_, one, _)| value(&one.measurement)))
}

/// What was to be measured, and what came of it.
fn place() -> Vec<Column> {
    let of_cell = |name: &str, value: fn(&reports_record::Cell) -> Cell| {
        column(name, move |row| row.cell.map_or(Cell::Empty, value))
    };
    let of_failure =
        |name: &str, value: fn(&TrialOutcome) -> Cell| column(name, move |row| value(&row.trial.outcome));
    vec![
        column("cell", |row| Cell::text(&row.trial.cell)),
        of_cell("family", |cell| Cell::text(&cell.family)),
        of_cell("method", |cell| Cell::text(&cell.method)),
        of_cell("target", |cell| Cell::text(&cell.target)),
        of_cell("wait_ms", |cell| cell.wait_ms.into()),
        of_cell("rounds", |cell| cell.rounds.into()),
        of_cell("body_bytes", |cell| cell.bytes.into()),
        of_cell("connections", |cell| cell.connections.into()),
        of_cell("offered_load", |cell| cell.load.into()),
        of_cell("flags", |cell| Cell::text(cell.flags.join(" "))),
        column("contender", |row| Cell::text(&row.trial.contender)),
        column("block", |row| row.trial.block.into()),
        column("position", |row| row.trial.position.into()),
        column("attempt", |row| row.trial.attempt.into()),
        column("is_last_attempt", |row| row.is_last.into()),
        column("seed", |row| row.trial.seed.into()),
        column("started_at", |row| Cell::text(&row.trial.started_at)),
        of_failure("failed_stage", |outcome| match outcome {
            TrialOutcome::Failed { stage, .. } => Cell::text(format!("{stage:?}").to_lowercase()),
            TrialOutcome::Measured(_) => Cell::Empty,
        }),
        of_failure("failed_reason", |outcome| match outcome {
            TrialOutcome::Failed { reason, .. } => Cell::text(reason),
            TrialOutcome::Measured(_) => Cell::Empty,
        }),
        column("loop", |row| row.measured.map_or(Cell::Empty, |(name, ..)| Cell::text(name))),
    ]
}

fn measurement() -> Vec<Column> {
    vec![
        of_measurement("verdict", |one| Cell::text(one.certificate.verdict.to_string())),
        of_measurement("complete", |one| one.complete.into()),
        of_measurement("is_believable", |one| is_usable(one).into()),
        of_measurement("offered_rate_per_s", |one| one.offered_rate_per_s.into()),
        of_measurement("achieved_rate_per_s", |one| one.achieved_rate_per_s.into()),
        of_measurement("goodput_per_s", |one| one.goodput_per_s.into()),
        of_measurement("window_s", |one| one.window_s.into()),
        of_measurement("due", |one| one.account.due.into()),
        of_measurement("finished", |one| one.account.finished.into()),
        of_measurement("failed", |one| one.account.failed.into()),
        of_measurement("censored", |one| one.account.censored.into()),
        of_measurement("in_flight_mean", |one| one.in_flight_mean.into()),
        of_measurement("received_bytes", |one| one.received_bytes.into()),
        of_measurement("client_cpu_per_request_us", |one| one.client.cpu_per_request_us.into()),
        of_measurement("client_busiest_thread", |one| one.client.busiest_thread.into()),
        of_measurement("client_steal", |one| one.client.steal.into()),
    ]
}

fn times(prefix: &str, of: fn(&Measurement) -> Option<&Times>) -> Vec<Column> {
    let figure = |name: &str, value: fn(&Times) -> Cell| {
        of_measurement(&format!("{prefix}_{name}"), move |one| of(one).map_or(Cell::Empty, value))
    };
    vec![
        figure("p50", |times| times.p50.into()),
        figure("p90", |times| times.p90.into()),
        figure("p95", |times| times.p95.into()),
        figure("p99", |times| times.p99.into()),
        figure("p99_9", |times| times.p99_9.into()),
        figure("p99_99", |times| times.p99_99.into()),
        figure("mean", |times| times.mean.into()),
        figure("max", |times| times.max.into()),
        figure("count", |times| times.count.into()),
        figure("at_least", |times| Cell::text(times.at_least.join(" "))),
    ]
}

fn server() -> Vec<Column> {
    let of_cost = |name: &str, value: fn(&reports_record::ServerCost) -> Cell| {
        column(name, move |row| row.measured.map_or(Cell::Empty, |(_, one, _)| value(&one.cost)))
    };
    let held = |name: &str, value: fn(&reports_record::Resources) -> Cell| {
        column(name, move |row| row.measured.map_or(Cell::Empty, |(.., all)| value(&all.resources)))
    };
    vec![
        of_cost("server_requests", |cost| cost.requests.into()),
        of_cost("server_cpu_per_request_us", |cost| cost.cpu_per_request_us().into()),
        column("server_cores", |row| {
            let cores = row.measured.and_then(|(_, one, _)| {
                Some(amount::cores(one.cost.cpu_per_request_us()?, one.measurement.achieved_rate_per_s))
            });
            cores.into()
        }),
        column("server_and_client_cpu_per_request_us", |row| {
            let both = row.measured.and_then(|(_, one, _)| {
                Some(one.cost.cpu_per_request_us()? + one.measurement.client.cpu_per_request_us?)
            });
            both.into()
        }),
        of_cost("server_switches_per_request", |cost| cost.switches_per_request().into()),
        held("server_threads_max", |held| held.threads_max.into()),
        held("server_rss_max_bytes", |held| held.rss_max_bytes.into()),
        held("server_pss_bytes", |held| held.pss_bytes.into()),
        held("server_kernel_bytes", |held| held.kernel_bytes.into()),
        held("server_idle_memory_bytes", |held| held.idle_memory_bytes.into()),
        held("server_descriptors_max", |held| held.descriptors_max.into()),
        held("listen_overflows", |held| held.listen_overflows.into()),
    ]
}
