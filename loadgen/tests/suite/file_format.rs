//! The JSON is what docs/FORMATS.md says, path by path.

use std::collections::BTreeSet;
use std::time::Duration;

use loadgen::{Draws, Expect, ExpectBody, Load, Pace, Part, Rate, Variant, merge};
use reports_record::Arrivals;
use serde_json::Value;

use super::server::{HELLO, Server};
use super::{load, measure};

/// Objects of one shape are documented once, under this name instead of their own.
const SHAPES: [(&str, &[&str]); 2] = [
    (
        "times",
        &[
            "service_time_us",
            "response_time_us",
            "beyond_wait_us",
            "lateness_us",
            "connection_wait_us",
            "connect_us",
            "first_byte_us",
            "wrong_reply_service_time_us",
        ],
    ),
    (
        "histogram",
        &[
            "service_time",
            "service_time_censored",
            "response_time",
            "response_time_censored",
            "beyond_wait",
            "beyond_wait_censored",
        ],
    ),
];

/// Every path of `value`, with `[]` for elements of arrays, `<kind>` and `<status>` for the keys of counts, and shapes by their name.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = match path {
                    "outcomes" => "<kind>",
                    "statuses" => "<status>",
                    "times.intervals" => "<name>",
                    _ => name,
                };
                let own = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                found.insert(own.clone());
                let shape = SHAPES.iter().find(|(_, names)| names.contains(&name));
                paths(value, shape.map_or(&own, |(shape, _)| shape), found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| {
            found.insert(format!("{path}[]"));
            paths(element, &format!("{path}[]"), found);
        }),
        _ => {}
    }
}

/// The first column of the table between the markers.
fn documented() -> BTreeSet<String> {
    let formats = include_str!("../../../docs/FORMATS.md");
    let marker = "<!-- loadgen-json -->";
    let table = formats.split(marker).nth(1).expect("docs/FORMATS.md has the table between two markers");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(path, _)| path.to_owned()).collect()
}

#[test]
fn every_path_is_documented_and_every_documented_path_occurs() {
    let server = Server::start(|mut connection| {
        // Every third request of a connection is never answered, so that there is something to censor.
        for reply in [HELLO, b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy"] {
            if connection.request().is_some() {
                connection.send(reply);
            }
        }
        connection.request();
        connection.request();
    });
    let closed = Load {
        timeout: Duration::from_millis(50),
        settle: Some(Duration::from_secs(1)),
        ..load(&server.url("/"), Duration::from_millis(300))
    };
    let rate = Rate::per_second(100.0).unwrap();
    let open = Load { pace: Pace::open(rate, Arrivals::Poisson, 1), ..closed.clone() };
    let variant = Variant {
        request: open.request.clone(),
        expect: Expect { body: ExpectBody::Exactly(b"hello".to_vec()), ..Expect::default() },
        wait: Duration::ZERO,
    };
    let drawn = Load { draws: Some(Draws::new(vec![variant], 1).unwrap()), ..open.clone() };
    let mut found = BTreeSet::new();
    let measured = [&closed, &drawn, &open, &open].map(|load| measure(load, 2));
    let parts = measured[2..].iter().map(|one| Part { name: "file".into(), measurement: one.clone() });
    let sum = merge(&parts.collect::<Vec<_>>()).unwrap();
    for measurement in measured.into_iter().chain([sum]) {
        paths(&serde_json::to_value(measurement).unwrap(), "", &mut found);
    }
    assert_eq!(found, documented(), "left: in the file; right: in docs/FORMATS.md");
}
