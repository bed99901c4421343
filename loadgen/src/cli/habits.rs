//! Flags and commands of other load generators, and what they are called here.

/// Flags of curl, ab, wrk, wrk2, hey, oha, bombardier, autocannon, vegeta, k6 and hyperfine that this program does not
/// have, and what to give instead. A flag that it has too, with another meaning, is in [`MISREAD`].
const FLAGS: &[(&[&str], &str)] = &[
    (
        &[
            "--rps",
            "--qps",
            "-q",
            "-R",
            "--rate-limit",
            "--overallRate",
            "--connectionRate",
            "--arrival-rate",
        ],
        "the rate of requests is --rate, with its unit: -r 100/s",
    ),
    (
        &["-z", "--time", "--timelimit", "--run-time"],
        "how long to measure is --duration, with its unit: -d 10s",
    ),
    (
        &["--concurrency", "--clients", "--users", "--vus", "-u", "--conns", "--max-workers", "-C", "-N"],
        "how many requests are under way at once is --connections: -c 64",
    ),
    (
        &["--iterations", "-i", "--amount", "--count", "--number", "--total", "--runs"],
        "how many requests to send is --requests: -n 1000",
    ),
    (
        &["-w", "--warmup", "--warmUp", "--warmup-time"],
        "the time to leave out at the start is --warm-up: --warm-up 1s",
    ),
    (&["-m", "--request", "-I", "--head"], "the request's method is --method: -X POST"),
    (
        &["--data", "--data-raw", "--data-ascii", "--body-text", "--json-body", "--data-urlencode"],
        "the request's body is --body: -b TEXT",
    ),
    (
        &[
            "-D",
            "-p",
            "-f",
            "--data-binary",
            "--upload-file",
            "--postfile",
            "--input",
            "--body-path",
            "--data-file",
        ],
        "a body from a file is --body-file PATH",
    ),
    (
        &[
            "-T",
            "-A",
            "-a",
            "--user-agent",
            "--user",
            "--cookie",
            "--host",
            "--content-type",
            "--accept",
            "--headers",
            "--compressed",
        ],
        "every header is a --header of its own: -H 'content-type: text/plain'",
    ),
    (
        &["--max-time", "--request-timeout"],
        "the deadline of a request is --timeout, with its unit: --timeout 5s",
    ),
    // A script to wrk, a time-out to ab.
    (
        &["-s"],
        "scripts are not run: give the request by --method, --header and --body; the deadline of a request is --timeout 5s",
    ),
    (
        &["--disable-keepalive", "--no-keepalive", "--disableKeepAlive"],
        "a fresh connection for each request is --churn 1",
    ),
    (
        &["-k", "--insecure", "--cacert", "--cert", "--tls", "--keepalive", "--keep-alive"],
        "leave it out: connections are kept open, and only http:// is spoken",
    ),
    (
        &[
            "--latency",
            "-l",
            "--latencies",
            "-L",
            "--latency-correction",
            "--latencies-only",
            "-U",
            "--u_latency",
        ],
        "leave it out: the summary always has the times; in an open loop (--rate) they count from the intended start",
    ),
    (
        &[
            "-o",
            "-O",
            "--out",
            "--output",
            "--output-format",
            "--format",
            "--export-json",
            "--summary-export",
            "--report",
            "-j",
        ],
        "results go to files by --json, --csv, --html, --hgrm, --hdr-log and --raw; --json - is stdout",
    ),
    (&["-e", "--export-csv"], "a row for each second is --csv PATH, a row for each request --raw PATH"),
    (
        &["-g", "--gnuplot", "--plot", "--histogram"],
        "the whole distribution is --hgrm PATH, a page with figures --html PATH",
    ),
    (
        &["--stage", "--ramp-up", "--rampup", "--load-schedule", "--ramp"],
        "rates that change are --stages: --stages '500/s:10s, 500/s..2k/s:30s'",
    ),
    (&["--burst-rate", "--burst-delay", "--burst"], "bursts are --bursts: --bursts 64/1s"),
    (&["--cpus", "--workers", "-P", "--parallel"], "client threads are --threads: -t 2"),
    (
        &["--threshold", "--thresholds", "--fail-on", "--slo", "--sla"],
        "a bound on a figure is --fail-if: --fail-if 'p99 > 20ms'",
    ),
    (
        &["--wait-ongoing-requests-after-deadline"],
        "what is in flight at the end may go on for --grace: --grace 2s",
    ),
    (
        &["--targets", "--url", "--script", "--lua", "--urls-from-file", "--rand-regex-url"],
        "one request is sent again and again: give its URL, and --method, --header and --body",
    ),
    (
        &["--silent", "--quiet", "--no-tui", "--verbose", "-v", "--no-color", "--no-progress"],
        "leave it out: redirect stderr, to which everything but the summary goes",
    ),
    (
        &["--follow-redirects", "--location", "--redirect", "--disable-redirects"],
        "leave it out: redirects are not followed; --expect-status 3xx takes them as correct",
    ),
    (&["--http2", "--http3", "--h2", "--http-version"], "leave it out: HTTP/1.1 is spoken"),
    (
        &["--pipeline", "--pipelining"],
        "leave it out: each connection has one request under way; take more --connections",
    ),
];

/// Flags that other programs have with another meaning, by the word with which clap names ours, and what a value that
/// does not suit ours was probably meant for.
const MISREAD: &[(&str, &str)] = &[
    ("--duration", "-d is how long to measure, with its unit: -d 10s; a body is --body (-b)"),
    (
        "--threads",
        "-t is the number of client threads; a deadline is --timeout, how long to measure --duration (-d)",
    ),
    ("--rate", "-r is the rate, with its unit: -r 100/s"),
    ("--timeout", "--timeout is the deadline of one request, with its unit: --timeout 5s"),
];

/// Commands of other programs.
const COMMANDS: &[&str] = &["attack", "bench", "benchmark", "get", "load", "run", "start", "test"];

/// The tip for a flag of another program; `flag` without its value.
pub(crate) fn of_flag(flag: &str) -> Option<&'static str> {
    FLAGS.iter().find(|(names, _)| names.contains(&flag)).map(|(_, tip)| *tip)
}

/// The tip for a value that does not suit `flag`, such as `--duration <TIME>`.
pub(crate) fn of_value(flag: &str) -> Option<&'static str> {
    let name = flag.split(' ').next()?;
    MISREAD.iter().find(|(ours, _)| *ours == name).map(|(_, tip)| *tip)
}

/// Whether other programs have a command of this name.
pub(crate) fn is_command(word: &str) -> bool {
    COMMANDS.contains(&word)
}
