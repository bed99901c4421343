//! `crossover compare` as a user runs it, on servers that know no contract: this test itself, started again.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::Duration;

/// The name of the variable that makes this program a server.
const SERVE: &str = "CROSSOVER_TEST_SERVES";

/// The command of a server that does so.
fn server(kind: &str) -> String {
    let own = std::env::current_exe().unwrap();
    format!("{SERVE}={kind} exec '{}' --exact serves_the_other_tests --nocapture", own.display())
}

/// Does nothing as a test; as a server it serves until it is ended.
#[test]
fn serves_the_other_tests() {
    let Ok(kind) = std::env::var(SERVE) else { return };
    match kind.as_str() {
        "dies" => {
            eprintln!("no such database");
            std::process::exit(3);
        }
        "silent" => loop {
            thread::park();
        },
        "spinning" => drop(thread::spawn(|| {
            loop {
                std::hint::spin_loop();
            }
        })),
        _ => {}
    }
    let port = if kind == "elsewhere" { 0 } else { std::env::var("PORT").unwrap().parse().unwrap() };
    let ip = if kind == "six" { IpAddr::from(Ipv6Addr::LOCALHOST) } else { Ipv4Addr::LOCALHOST.into() };
    let listener = TcpListener::bind((ip, port)).unwrap();
    serve(&listener, &kind);
}

/// Replies of servers that end after some.
static REPLIES: AtomicU32 = AtomicU32::new(0);

/// The body of the server that names its own address in it.
static NEXT: OnceLock<String> = OnceLock::new();

fn next_page() -> String {
    format!("http://127.0.0.1:{}/items?page=2", std::env::var("PORT").unwrap())
}

/// Held by the slow server while it answers: one request after another.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Replies of a cold server until it is warm: twice as many as it answers in the closed loop of a block, and half of those in a
/// second.
const COLD: u32 = 120;

/// How long the only turn of a slow server takes; `None` for one that answers at once. One that is cold counts its `replies`.
fn turn(kind: &str, replies: &AtomicU32) -> Option<Duration> {
    let is_cold = || replies.fetch_add(1, Ordering::Relaxed) < COLD;
    let is_odd = || *STARTS.get_or_init(starts) % 2 == 1;
    match kind {
        "slow" => Some(Duration::from_millis(20)),
        "sluggish" => Some(Duration::from_millis(1)),
        "cold" => is_cold().then_some(Duration::from_millis(4)),
        "slow at odd starts" => is_odd().then_some(Duration::from_millis(1)),
        "slow at even starts" => (!is_odd()).then_some(Duration::from_millis(1)),
        _ => None,
    }
}

/// Whether an aging server has grown old, as one that tells its uptime does: not at its first start, and not at the first replies.
fn is_aged() -> bool {
    *STARTS.get_or_init(starts) > 1 && REPLIES.fetch_add(1, Ordering::Relaxed) >= 100
}

/// The number of this start, from 1.
static STARTS: OnceLock<usize> = OnceLock::new();

/// Starts of servers in this folder, this one included.
fn starts() -> usize {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open("starts").unwrap();
    file.write_all(b".").unwrap();
    std::fs::read("starts").unwrap().len()
}

fn serve(listener: &TcpListener, kind: &str) {
    for stream in listener.incoming().flatten() {
        let kind = kind.to_owned();
        thread::spawn(move || converse(stream, &kind));
    }
}

fn converse(mut stream: TcpStream, kind: &str) {
    let mut bytes = [0; 4096];
    stream.set_nodelay(true).unwrap();
    while let Ok(1..) = stream.read(&mut bytes) {
        let (status, body) = match kind {
            "other" => ("200 OK", "goodbye"),
            "broken" => ("500 Oops", "out of order"),
            "moved" => ("302 Found\r\nlocation: /elsewhere", ""),
            "ported" => ("200 OK", NEXT.get_or_init(next_page).as_str()),
            // From the second start on: another body after some replies, for good.
            "aging" if is_aged() => ("200 OK", "hello again"),
            // It is ready, and out of order from then on.
            "tired" if REPLIES.fetch_add(1, Ordering::Relaxed) >= 20 => ("503 Busy", "out of order"),
            // One reply in twenty: five times as many as are forgiven.
            "flaky" if REPLIES.fetch_add(1, Ordering::Relaxed) % 20 == 19 => ("500 Oops", "out of order"),
            _ => ("200 OK", "hello"),
        };
        if let Some(time) = turn(kind, &REPLIES) {
            let _turn = ONE_AT_A_TIME.lock().unwrap();
            thread::sleep(time);
        }
        if kind == "frail" && REPLIES.fetch_add(1, Ordering::Relaxed) == 2 {
            std::io::stderr().write_all(b"out of luck\n").unwrap();
            std::process::exit(5);
        }
        if kind == "mortal" && REPLIES.fetch_add(1, Ordering::Relaxed) == 20 {
            std::process::exit(4);
        }
        let reply = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}

/// Exit code, stdout and stderr of `crossover` with these arguments.
fn crossover(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_crossover")).args(arguments).env_remove(SERVE).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// These servers are warm at once.
const WARM: [&str; 2] = ["--warm-up", "0s"];

/// As [`crossover`], for `compare` on four connections, which keeps what it finds in a folder of its own, of servers that are warm
/// unless told otherwise.
fn compare(arguments: &[&str]) -> (Option<i32>, String, String) {
    let runs = tempfile::tempdir().unwrap();
    let always = ["compare", "--anyway", "--connections", "4", "--runs", runs.path().to_str().unwrap()];
    let warm = if arguments.contains(&WARM[0]) { &[][..] } else { &WARM[..] };
    crossover(&[&always[..], warm, arguments].concat())
}

/// Whether a machine that is too busy left too few sound blocks: that is no evidence against a server.
fn is_unjudged(code: Option<i32>, stderr: &str) -> bool {
    code == Some(2) && (stderr.contains("nothing could be judged") || stderr.contains("could not be judged"))
}

/// What is said when a comparison of these two is refused.
fn refusal(a: &str, b: &str, more: &[&str]) -> String {
    let (code, stdout, stderr) = compare(&[&["--a", a, "--b", b], more].concat());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    stderr
}

#[test]
fn no_server_at_a_url_is_told_at_once() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let said = refusal(&server("hello"), &url, &[]);
    assert!(said.contains(&format!("b ({url}/): no server answers at {url}/")), "{said}");
    assert!(said.contains("start it, or give its command"), "{said}");
}

/// The server says through a pipe that it was started, and never listens; the pipe ends with the last process that holds it.
#[test]
fn an_interrupt_before_anything_was_measured_ends_every_process_and_has_the_signal_s_code() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let command = format!("exec 3> '{}'; exec sleep 60 # {{port}}", pipe.display());
    let runs = folder.path().join("runs");
    let child = Command::new(env!("CARGO_BIN_EXE_crossover"))
        .args(["compare", "--anyway", "--a", &command, "--b", &command, "--runs", runs.to_str().unwrap()])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = std::fs::File::open(&pipe).unwrap();
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted before it was ready"), "{said}");
    reader.read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn a_server_that_dies_is_told_with_its_last_words() {
    let said = refusal(&server("dies"), &server("hello"), &["--names", "old,new"]);
    assert!(said.contains("old (") && said.contains("it ended before it was ready (exit code 3)"), "{said}");
    assert!(said.contains("no such database"), "{said}");
    assert!(said.contains("expected a server that runs until SIGTERM; run the command by itself"), "{said}");
}

#[test]
fn a_command_that_is_no_server_is_told_with_what_to_do() {
    for (command, code, remedy) in [
        ("true", 0, "start it in the foreground, not as a daemon"),
        (
            "./no-such-server {port}",
            127,
            "the shell found no such program: check its name, PATH, and whether its path holds from",
        ),
        ("/dev/null", 126, "the shell may not execute it: make it executable"),
    ] {
        let said = refusal(command, &server("hello"), &[]);
        assert!(said.contains(&format!("it ended before it was ready (exit code {code})")), "{said}");
        assert!(said.contains(&format!("expected a server that runs until SIGTERM; {remedy}")), "{said}");
    }
}

/// The second one's shell outlives it by a moment, as everything does on a busy machine: its sockets are closed before anybody can say how
/// it ended.
#[test]
fn a_server_that_dies_while_it_is_measured_is_told() {
    let mortal = server("mortal");
    let late = format!("{}; CODE=$?; sleep 0.3; exit $CODE", mortal.replace(" exec ", " "));
    for dying in [mortal, late] {
        let said = refusal(&server("hello"), &dying, &[]);
        let told = "it ended while it was measured (exit code 4)";
        assert!(said.contains("b (") && said.contains(told), "{said}");
    }
}

/// Its first reply shows that it is ready, and the third request ends it.
#[test]
fn a_server_that_dies_before_its_connections_are_opened_is_told_with_its_last_words() {
    let said = refusal(&server("hello"), &server("frail"), &[]);
    assert!(
        said.contains("it ended while it was measured (exit code 5)") && said.contains("out of luck"),
        "{said}"
    );
}

#[test]
fn a_server_that_is_never_ready_is_told_with_what_it_lacks() {
    let said = refusal(&server("silent"), &server("hello"), &["--ready-timeout", "1s"]);
    assert!(said.contains("it was not ready within 1s: it listens nowhere"), "{said}");
    assert!(said.contains("give it longer by --ready-timeout, or another --ready-path"), "{said}");
    let said =
        refusal(&server("hello"), &server("broken"), &["--ready-timeout", "1s", "--request", "GET /x"]);
    assert!(said.contains("it was not ready within 1s: GET http://127.0.0.1:"), "{said}");
    assert!(
        said.contains("is answered with status 500 and \"out of order\", expected status 2xx")
            || said.contains("is answered with status 500 and \"out of order\", expected 2xx"),
        "{said}"
    );
}

#[test]
fn a_redirection_is_told_with_where_it_leads() {
    let said = refusal(&server("hello"), &server("moved"), &["--ready-timeout", "1s"]);
    let told =
        "is answered with status 302 and \"\", which leads to \"/elsewhere\" and is not followed, expected";
    assert!(said.contains(told) && said.contains("another --ready-path, --request or"), "{said}");
}

#[test]
fn different_bodies_are_refused_where_the_same_was_expected() {
    let said = refusal(&server("hello"), &server("other"), &["--expect-same-body"]);
    assert!(said.contains("a answers with 5 bytes, \"hello\", and b with 7, \"goodbye\""), "{said}");
    assert!(
        said.contains("ask for a reply that all give alike by --request, or leave that flag out"),
        "{said}"
    );
}

/// Each start gets another port, and links in a body hold it: neither server ever answers wrong.
#[test]
fn a_body_that_names_the_port_of_its_start_is_no_wrong_reply() {
    let port = server("ported");
    let (code, stdout, stderr) = compare(&["--a", &port, "--b", &port, "--within", "4s", "--rate", "200/s"]);
    assert!(code == Some(0) || is_unjudged(code, &stderr), "{stdout}{stderr}");
    assert!(!stdout.contains("replies were wrong"), "{stdout}");
    let told = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("the body of b differs from start to start: only its status is checked"),
        "{stdout}"
    );
}

/// A body that tells how long the server runs, or the minute: it is the same at each start, and another one amid a block.
#[test]
fn a_body_that_changes_over_time_is_no_wrong_reply() {
    let folder = tempfile::tempdir().unwrap();
    let aging = format!("cd '{}' && {}", folder.path().display(), server("aging"));
    let (code, stdout, stderr) =
        compare(&["--a", &server("hello"), "--b", &aging, "--within", "4s", "--rate", "200/s"]);
    assert!(code == Some(0) || is_unjudged(code, &stderr), "{stdout}{stderr}");
    assert!(!stdout.contains("replies were wrong"), "{stdout}");
    let told = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let note =
        "the body of b differs over time: only its status is checked (first \"hello\", then \"hello again\")";
    assert!(told.contains(note), "{stdout}{stderr}");
}

/// As Node listens where it is told `localhost`, on a machine that has IPv6: at another address than 127.0.0.1, with the given port.
#[test]
fn a_command_that_listens_at_its_port_for_ipv6_alone_is_found() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return;
    }
    let six = format!("{} # {{port}}", server("six"));
    let said = refusal(&six, &server("broken"), &["--ready-timeout", "1s"]);
    assert!(said.contains("b (") && said.contains("is answered with status 500"), "{said}");
}

/// The shell ends, and what it started is a server that answers: it has to stay in the foreground.
#[test]
fn a_command_that_leaves_its_server_in_the_background_is_told_to_stay_in_the_foreground() {
    let background = format!("{} & sleep 1", server("hello").replace("exec ", ""));
    // It answers, and never as it should until its shell ends.
    let said = refusal(&background, &server("hello"), &["--expect-status", "404"]);
    assert!(
        said.contains("left its server in the background") && said.contains("without & and not as a daemon"),
        "{said}"
    );
}

/// A turn of half a second at one request a second holds none, or one.
#[test]
fn a_rate_with_too_few_requests_in_a_turn_is_refused_with_one_that_has_enough() {
    let said = refusal(&server("hello"), &server("hello"), &["--rate", "100/s", "--rate", "1/s"]);
    assert!(
        said.contains("--rate 1/s: a server's turn of 0.5 s holds fewer than 5 requests of it"),
        "{said}"
    );
    assert!(said.contains("expected 10.0/s or more"), "{said}");
}

/// Six blocks of two servers that warm up for a minute each take twelve minutes: that is told before it is found out.
#[test]
fn a_block_that_takes_longer_than_its_time_is_refused_at_once_with_the_time_it_takes() {
    let said = refusal(&server("hello"), &server("hello"), &["--warm-up", "60s", "--within", "20s"]);
    assert!(said.contains("2 servers are asked in turn after 60 s of --warm-up each"), "{said}");
    assert!(
        said.contains("a verdict needs 6 blocks, and --within leaves 20 s: give --within 16m or more"),
        "{said}"
    );
}

/// One that computes all the time takes half of the CPU that both have in turn: neither may be believed beside it.
#[test]
fn a_server_that_works_while_the_other_one_is_asked_is_named_and_nothing_is_judged_beside_it() {
    let (code, stdout, stderr) =
        compare(&["--a", &server("spinning"), "--b", &server("hello"), "--within", "4s", "--rate", "200/s"]);
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    let told = (stdout + &stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    let is_named =
        told.contains("turns: a used ") && told.contains("of the servers' CPUs while another was asked");
    assert!(is_named || told.contains("had spoilt what was measured"), "{told}");
}

#[test]
fn two_urls_of_one_server_are_not_two_servers() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || serve(&listener, "hello"));
    let (a, b) = (format!("http://127.0.0.1:{port}"), format!("127.0.0.1:{port}"));
    let said = refusal(&a, &b, &[]);
    assert!(
        said.contains(&format!("a and b are one server, at 127.0.0.1:{port}: start a second one")),
        "{said}"
    );
}

#[test]
fn two_names_of_one_server_are_not_two_servers() {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || serve(&listener, "hello"));
    for name in ["127.0.0.2", "localhost"] {
        let said = refusal(&format!("http://127.0.0.1:{port}"), &format!("http://{name}:{port}"), &[]);
        assert!(said.contains("a and b are one server, at 127.0.0.1:"), "{said}");
        assert!(said.contains("start a second one at another port, or give its command twice"), "{said}");
    }
}

/// One process may serve two programs at two ports: that is told, and compared.
#[test]
fn one_process_at_two_ports_is_a_note() {
    let listen = || {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || serve(&listener, "hello"));
        url
    };
    let (a, b) = (listen(), listen());
    let (_, stdout, stderr) = compare(&["--a", &a, "--b", &b, "--within", "1s", "--rate", "200/s"]);
    let told = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let own = std::process::id();
    assert!(told.contains(&format!("note: one process, {own}, answers at 127.0.0.1:")), "{stdout}{stderr}");
    assert!(told.contains("a and b may be one server"), "{stdout}");
}

#[test]
fn a_condition_on_a_figure_that_is_not_read_is_refused() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || serve(&listener, "hello"));
    for figure in ["cpu", "memory"] {
        let condition = format!("b worse {figure}");
        let said = refusal(&server("hello"), &url, &["--fail-if", &condition]);
        assert!(said.contains(&format!("--fail-if '{condition}': neither CPU nor memory is read")), "{said}");
    }
}

/// At 50 requests a second no block holds the 1,000 that a 99th percentile needs: the condition has neither failed nor passed.
#[test]
fn a_condition_that_could_not_be_judged_does_not_pass() {
    let (a, b) = (server("hello"), server("hello"));
    let given = ["--a", &a, "--b", &b, "--within", "4s", "--rate", "50/s", "--fail-if", "b worse p99"];
    let (code, stdout, stderr) = compare(&given);
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    assert!(stdout.contains("not judged: whether b is worse than a in p99 at 50.0/s"), "{stdout}");
    let said = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("--fail-if 'b worse p99' could not be judged, so it has neither failed nor passed"),
        "{stderr}"
    );
}

#[test]
fn a_condition_on_another_name_and_a_wrong_number_of_names_are_refused() {
    let said = refusal(&server("hello"), &server("hello"), &["--fail-if", "new worse cpu"]);
    assert!(said.contains("--fail-if names \"new\", expected one of a, b"), "{said}");
    let said = refusal(&server("hello"), &server("hello"), &["--names", "x"]);
    assert!(said.contains("--names has 1 name for 2 servers"), "{said}");
    for (names, wrong) in [
        ("x,x", "\"x\" comes twice"),
        ("x,", "\"\" is empty"),
        ("x, y", "\" y\" begins or ends with a blank"),
    ] {
        let said = refusal(&server("hello"), &server("hello"), &["--names", names]);
        assert!(said.contains(&format!("--names: {wrong}; expected another name")), "{said}");
    }
    let (code, _, said) = compare(&["--revisions", "HEAD,HEAD", "--command", "true"]);
    assert!(
        code == Some(2) && said.contains("--revisions: \"HEAD\" comes twice; expected another name"),
        "{said}"
    );
    let said = refusal("https://127.0.0.1:1", &server("hello"), &[]);
    assert!(said.contains("https://127.0.0.1:1") && said.contains("TLS"), "{said}");
}

/// The truth: one request at a time, 20 ms each, against a server that answers at once. How fast this machine is does not
/// matter: it can be too busy to tell, but never tell it the other way round.
#[test]
fn a_server_a_hundred_times_slower_is_measured_without_ending_early() {
    let (a, b) = (server("slow"), server("elsewhere"));
    let runs = tempfile::tempdir().unwrap();
    let runs = ["--runs", runs.path().to_str().unwrap()];
    let within = [
        "--within",
        "10s",
        "--names",
        "slow one,fast one",
        "--fail-if",
        "fast one worse throughput",
        "--json",
    ];
    let servers = ["compare", "--anyway", "--connections", "4", "--a", a.as_str(), "--b", b.as_str()];
    let (code, stdout, stderr) = crossover(&[&servers[..], &within[..], &WARM[..], &runs[..]].concat());
    assert!(code == Some(0) || is_unjudged(code, &stderr), "{stderr}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    is_kept(&stderr, &stdout);
    let contest = &document["contests"][0];
    let found = contest["findings"]["all"].as_array().unwrap();
    let capacity = found.iter().find(|one| one["subject"]["metric"] == "throughput").unwrap();
    assert_ne!(capacity["winner"], "first", "{capacity}");
    if let Some(ratio) = capacity["ratio"].as_f64() {
        assert!(ratio > 5.0, "{capacity}");
    }
    if capacity["winner"] == "other" {
        let first = contest["answers"][0][0].as_str().unwrap();
        assert!(
            first.starts_with("fast one serves ") && first.contains(" times as many requests as slow one: "),
            "{first}"
        );
    }
    // Both ended by SIGTERM, which is a normal end.
    assert!(!stderr.contains("ended on SIGTERM") && !stderr.contains("killed"), "{stderr}");
    let is_spoilt = stderr.contains("had spoilt what was measured");
    assert!(is_spoilt || !contest["blocks"].as_array().unwrap().is_empty(), "{stderr}");
}

/// The sentences of a comparison that was judged, and its findings by metric; `None` where the machine is too busy.
fn judged(arguments: &[&str]) -> Option<(Vec<String>, serde_json::Value)> {
    let (code, stdout, stderr) = compare(&[arguments, &["--json"]].concat());
    assert!(code == Some(0) || is_unjudged(code, &stderr), "{stderr}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let contest = &document["contests"][0];
    let sentences: Vec<String> = serde_json::from_value(contest["answers"][0].clone()).unwrap();
    let of = contest["findings"]["all"].as_array().unwrap().iter();
    let found: serde_json::Map<String, serde_json::Value> =
        of.map(|one| (one["subject"]["metric"].as_str().unwrap().to_owned(), one.clone())).collect();
    let is_judged = ["throughput", "cpu_per_request", "response_time_p50"]
        .iter()
        .all(|metric| found[*metric]["blocks"].as_u64() >= Some(6));
    (code == Some(0) && is_judged).then(|| (sentences, found.into()))
}

/// One request at a time, a millisecond or twenty each: at most 1,000 and 50 requests a second. At 200 one keeps up, and no cost and no
/// response time of a server that does not is held against another's as if both had served the rate.
#[test]
fn a_rate_that_one_server_carries_is_told_first_and_decides_no_cost() {
    let (quick, slow) = (server("sluggish"), server("slow"));
    let servers =
        ["--a", &quick, "--b", &slow, "--names", "quick,slow", "--within", "15s", "--rate", "200/s"];
    let Some((sentences, found)) = judged(&servers) else { return };
    let first = &sentences[0];
    assert!(first.starts_with("quick keeps up with 200/s, and slow does not: it serves "), "{sentences:#?}");
    for metric in ["throughput", "response_time_p50"] {
        assert_ne!(found[metric]["winner"], "other", "{found}");
    }
    assert_eq!(found["response_time_p50"]["at_least"], serde_json::json!([false, true]), "{found}");
    assert_eq!(found["cpu_per_request"]["winner"], "cannot_tell", "{found}");
}

/// Two servers of 50 requests a second, asked for 200; and one for sixty times what it can serve, of which nothing is answered in time.
#[test]
fn a_rate_beyond_both_servers_has_no_winner_and_nobody_who_answers_wrong() {
    let slow = server("slow");
    let servers = ["--a", &slow, "--b", &slow, "--names", "one,two", "--within", "15s", "--rate"];
    if let Some((sentences, found)) = judged(&[&servers[..], &["200/s"]].concat()) {
        let first = &sentences[0];
        assert!(first.starts_with("Neither one nor two keeps up with 200/s: they serve "), "{sentences:#?}");
        for metric in ["cpu_per_request", "response_time_p50"] {
            assert_eq!(found[metric]["winner"], "cannot_tell", "{found}");
        }
    }
    let (_, stdout, stderr) = compare(&[&servers[..7], &["8s", "--rate", "3k/s"]].concat());
    assert!(!stderr.contains("answered wrong"), "{stdout}{stderr}");
}

/// Each start of a server answers its first replies in four times the time of the other's, and all that follow at once: as servers do
/// that compile what they run. Users meet it warm. A machine that is too busy can leave it undecided, but never turn it round.
#[test]
fn a_server_that_is_slow_until_it_is_warm_is_not_taken_for_a_slow_one() {
    let (steady, cold) = (server("sluggish"), server("cold"));
    let given =
        ["--a", &steady, "--b", &cold, "--names", "steady,cold", "--warm-up", "1s", "--rate", "100/s"];
    let asked = ["--within", "20s", "--fail-if", "cold worse throughput", "--json"];
    let (code, stdout, stderr) = compare(&[&given[..], &asked].concat());
    assert!(code == Some(0) || is_unjudged(code, &stderr), "{stdout}{stderr}");
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let found = document["contests"][0]["findings"]["all"].as_array().unwrap();
    let capacity = found.iter().find(|one| one["subject"]["metric"] == "throughput").unwrap();
    assert_ne!(capacity["winner"], "first", "{capacity}");
    if let Some(ratio) = capacity["ratio"].as_f64() {
        assert!(ratio > 2.0, "{capacity}");
    }
    assert!(stderr.contains("after 1s of warm-up"), "{stderr}");
}

/// The new version has no figures to be worse by: all its blocks have errors. It must not pass for that.
#[test]
fn a_server_that_answers_wrong_now_and_then_does_not_pass_a_condition() {
    let (a, b) = (server("hello"), server("flaky"));
    let given = ["--a", &a, "--b", &b, "--names", "old,new", "--within", "8s", "--rate", "200/s"];
    let (code, stdout, stderr) = compare(&[&given[..], &["--fail-if", "new worse throughput"]].concat());
    // What a busy machine spoilt is no evidence, against a server either.
    let is_client_s = stderr.contains("failed for the same reason: headroom");
    let is_spoilt = is_client_s || stdout.contains("had spoilt what was measured");
    assert!(is_spoilt || code == Some(2), "{stdout}{stderr}");
    assert!(is_spoilt || !stdout.contains("passed"), "{stdout}");
    assert!(is_spoilt || stderr.contains("replies were wrong"), "{stderr}");
}

/// Its first replies are right, and all later ones wrong: that is told, whatever the machine does to the blocks.
#[test]
fn a_server_that_is_ready_and_then_answers_wrong_is_told_even_where_no_block_counts() {
    let (a, b) = (server("hello"), server("tired"));
    let (code, stdout, stderr) = compare(&["--a", &a, "--b", &b, "--within", "2s", "--rate", "200/s"]);
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    let told = (stdout + &stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("b answered wrong before the first block: ") || told.contains("no correct reply came"),
        "{told}"
    );
    assert!(told.contains("503"), "{told}");
}

/// The page is written, whose path is the last line of what was `said`, but for an error; the record beside it is `document`.
fn is_kept(said: &str, document: &str) {
    let page = said.lines().rfind(|line| !line.starts_with("crossover: ")).unwrap();
    let page = std::path::PathBuf::from(page);
    let text = std::fs::read_to_string(&page).unwrap();
    for part in [
        "slow one or fast one",
        "id=\"answer\"",
        "Every block",
        "crossover compare",
        "--names 'slow one,fast one'",
        "</html>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<script"), "{text}");
    let record = page.with_file_name("contest.json");
    assert_eq!(std::fs::read_to_string(&record).unwrap(), document);
    let record: serde_json::Value = serde_json::from_str(document).unwrap();
    assert!(record["environment"]["kernel"].is_string() && record["started_at"].is_string(), "{record}");
    // It is no run, and whoever takes it for one is told.
    let (code, _, said) = crossover(&["diff", page.parent().unwrap().to_str().unwrap(), "."]);
    assert_eq!(code, Some(2));
    assert!(said.contains("holds no run") && said.contains("this one is of `ask` or `compare`"), "{said}");
}

/// What is not measured is marked so, and never told in the words of a verdict.
#[test]
fn a_case_like_a_published_run_is_arithmetic_and_no_verdict() {
    let published =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published/2026-11-28-quick");
    let ask = |folder: &std::path::Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_crossover"))
            .args(["ask", "--wait", "20ms", "--cpu", "1ms", "--connections", "200", "--like"])
            .arg(folder)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, stdout, stderr) = ask(&published);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("How well it fits: of 22 limits") && stdout.contains("nothing was measured"),
        "{stdout}"
    );
    assert!(
        stdout.lines().all(|line| line.chars().count() <= 80 || line.starts_with("nothing was")),
        "{stdout}"
    );
    let told = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    // The case lies outside what was measured, and its first sentence says so.
    let first = "Either. Your own 1 ms of CPU is the limit. ARITHMETIC, OUTSIDE WHAT WAS MEASURED ";
    assert!(told.starts_with(first), "{stdout}");
    assert!(
        told.contains("Outside what was measured: 20.0 ms of waiting (measured: 0 to 10.0); 1.00 ms of CPU"),
        "{stdout}"
    );
    for word in ["wins", "tie", "cannot tell"] {
        assert!(!stdout.split(|c: char| !c.is_alphanumeric()).any(|found| found == word), "{word}: {stdout}");
    }
    // Connections are counted, not rounded.
    let told_of = |connections: &str, run: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_crossover"))
            .args(["ask", "--connections", connections, "--like"])
            .arg(published.with_file_name(run))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let told = told_of("5000", "2026-11-28-grid");
    assert!(told.contains("Outside what was measured: 5,000 connections (measured: 1 to 1,024)"), "{told}");
    assert!(told.contains("With 5,000 connections open the whole server holds about "), "{told}");
    let told = told_of("1", "2026-11-28-quick");
    assert!(told.contains("Outside what was measured: 1 connection (measured: 8 to 512)"), "{told}");
    assert!(told.contains("With one connection open the whole server holds about "), "{told}");
    let old = published.with_file_name("2026-11-22-grid");
    let (code, stdout, stderr) = ask(&old);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("ARITHMETIC"), "{stdout}");
    let (code, stdout, stderr) = ask(std::path::Path::new("/nowhere"));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(
        stderr.contains("/nowhere holds no run: expected a folder with environment.json, such as one below reports/runs or \
                         reports/published; name that (there is no such folder)"),
        "{stderr}"
    );
}

/// At 10 ms both end at connections ÷ wait on eight connections, and on 512 the published run has a winner: the one that costs less
/// there, whichever costs less on eight.
#[test]
fn a_case_by_arithmetic_says_from_which_connections_on_its_answer_is_another() {
    let published =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published/2026-11-28-quick");
    let like = |connections: &str, pair: &str| {
        let case = ["ask", "--wait", "10ms", "--connections", connections, "--pair", pair];
        let (code, stdout, stderr) =
            crossover(&[&case[..], &["--like", published.to_str().unwrap()]].concat());
        assert_eq!(code, Some(0), "{stderr}");
        stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let few = like("8", "stock");
    assert!(few.starts_with("Either. Your connections and their waiting are the limit. ARITHMETIC"), "{few}");
    assert!(few.contains("connections or more, actix-web can serve more."), "{few}");
    let many = like("512", "stock");
    assert!(many.starts_with("Actix-web can serve ") && many.contains(" times as many requests."), "{many}");
    assert!(many.contains("both keep up, and with about "), "{many}");
    for pair in ["control", "documented"] {
        assert!(like("64", pair).contains("ARITHMETIC"), "{pair}");
    }
}

/// The question is which costs less: that stands first, with its size, as on the page, whose picker a golden list holds to the same words.
#[test]
fn a_case_at_a_rate_that_both_can_serve_is_answered_by_the_cost() {
    // A run that no later one takes the place of.
    let published =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../reports/published/2026-11-22-grid");
    let like = ["--pair", "control", "--like", published.to_str().unwrap()];
    let case = ["ask", "--wait", "10ms", "--connections", "64", "--rate", "2k/s"];
    let (code, stdout, stderr) = crossover(&[&case[..], &like[..]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let told = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.starts_with(
            "Cheaper with std-threads, by arithmetic alone: 12 % less CPU a request, 1.8 % of a core in all. Both can serve this rate. \
             ARITHMETIC At 2.00k/s a request costs "
        ),
        "{told}"
    );
    assert!(
        told.contains("(measured at wait 5 ms, 32 connections). The nearest measured combination does not"),
        "{told}"
    );
}

#[test]
fn a_case_that_is_not_given_is_asked_for() {
    for arguments in [&["ask"][..], &["ask", "--rate", "500/s"], &["ask", "--like", "nowhere"]] {
        let (code, stdout, stderr) = crossover(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""));
        assert!(
            stderr.contains("no case is given: expected one or more of --wait, --cpu and --connections"),
            "{stderr}"
        );
    }
}

/// A document of the project.
fn document(path: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The words of a command line, as a shell reads them.
fn words(line: &str) -> Vec<String> {
    // A function in the program's place: it prints what it is given.
    let script =
        format!("crossover() {{ printf '%s\\0' \"$@\"; }}\ncargo() {{ shift; crossover \"$@\"; }}\n{line}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Every command of a document that begins like this, its continued lines joined.
fn commands(text: &str, beginning: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    joined.lines().filter(|line| line.starts_with(beginning)).map(str::to_owned).collect()
}

/// clap reads the words one after another: an unknown flag or a wrong value ends it before it comes to the request for help.
#[test]
fn every_documented_command_is_one_that_the_program_takes() {
    let mut seen = 0;
    for path in ["README.md", "docs/COMPARE.md"] {
        let text = document(path);
        for line in ["cargo crossover ", "crossover "].into_iter().flat_map(|begin| commands(&text, begin)) {
            let mut words = words(&line);
            words.push("--help".to_owned());
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let (code, _, said) = crossover(&words);
            assert_eq!(code, Some(0), "{path}: {line}: {said}");
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}

/// The command of the example workflow, on a repository of two commits, of which the first is slow: everything but the names of
/// revisions, the build, the server and the time is as documented.
#[test]
fn the_documented_workflow_compares_two_revisions_of_a_repository() {
    let text = document("docs/COMPARE.md");
    let block = text.split("- run: >\n").nth(1).unwrap().split("```").next().unwrap();
    let line = block
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("origin/${{ github.base_ref }}", "HEAD~1");
    let mut words = words(&line);
    let set = |words: &mut Vec<String>, flag: &str, value: String| {
        let at = words.iter().position(|word| word == flag).unwrap_or_else(|| panic!("no {flag} in {line}"));
        words[at + 1] = value;
    };
    let own = std::env::current_exe().unwrap();
    set(&mut words, "--build", format!("cp '{}' server", own.display()));
    let serve = format!("{SERVE}=\"$(cat kind)\" exec ./server --exact serves_the_other_tests --nocapture");
    set(&mut words, "--command", serve);
    set(&mut words, "--within", "10s".to_owned());
    let runs = tempfile::tempdir().unwrap();
    words.extend(
        [
            &["--anyway", "--json", "--connections", "4", "--runs", runs.path().to_str().unwrap()][..],
            &WARM[..],
        ]
        .concat()
        .into_iter()
        .map(str::to_owned),
    );

    let repository = Repository::of(["slow", "hello"]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = repository.crossover(&words);
    let stderr = String::from_utf8(output.stderr).unwrap();
    // The new revision is not worse in anything.
    let code = output.status.code();
    assert!(code == Some(0) || is_unjudged(code, &stderr), "{stderr}");
    for part in
        ["building HEAD~1", "building HEAD (", "than old in capacity", "than old in CPU", "than old in p50"]
    {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = &document["contests"][0]["findings"];
    assert_eq!(findings["names"], serde_json::json!(["old", "new"]));
    let capacity = findings["all"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["subject"]["metric"] == "throughput")
        .unwrap();
    assert_ne!(capacity["winner"], "first", "{capacity}");
    if let Some(ratio) = capacity["ratio"].as_f64() {
        assert!(ratio > 5.0, "{capacity}");
    }
    repository.is_left_as_it_was();
}

/// A repository of two commits, whose file `kind` says how a revision serves.
struct Repository(tempfile::TempDir);

impl Repository {
    fn of(kinds: [&str; 2]) -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        repository.git(&["init", "--quiet"]);
        for kind in kinds {
            std::fs::write(repository.0.path().join("kind"), kind).unwrap();
            repository.git(&["add", "kind"]);
            repository.git(&["commit", "--quiet", "-m", kind]);
        }
        repository
    }

    fn git(&self, arguments: &[&str]) -> String {
        let named = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"];
        let output =
            Command::new("git").args(named).args(arguments).current_dir(self.0.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn crossover(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crossover"));
        command.args(arguments).current_dir(self.0.path()).env_remove(SERVE).output().unwrap()
    }

    /// Exit code and talk of a comparison of its two commits that must not find the second one worse.
    fn compare(&self) -> (Option<i32>, String) {
        let own = std::env::current_exe().unwrap();
        let build = format!("cp '{}' server", own.display());
        let serve =
            format!("{SERVE}=\"$(cat kind)\" exec ./server --exact serves_the_other_tests --nocapture");
        let runs = tempfile::tempdir().unwrap();
        let always = ["compare", "--anyway", "--connections", "4", "--runs", runs.path().to_str().unwrap()];
        let revisions =
            ["--revisions", "HEAD~1,HEAD", "--names", "old,new", "--build", &build, "--command", &serve];
        let asked = ["--rate", "300/s", "--within", "12s"];
        let conditions = ["--fail-if", "new worse throughput", "--fail-if", "new worse p50"];
        let output =
            self.crossover(&[&always[..], &revisions[..], &asked[..], &WARM[..], &conditions[..]].concat());
        self.is_left_as_it_was();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code(), text)
    }

    fn is_left_as_it_was(&self) {
        assert_eq!(self.git(&["worktree", "list"]).lines().count(), 1);
        assert_eq!(self.git(&["status", "--porcelain"]), "");
    }
}

/// A build takes minutes: an unknown revision, a request that cannot be sent, or a folder that cannot be made come before the first.
#[test]
fn what_is_wrong_is_told_before_anything_is_built() {
    let repository = Repository::of(["hello", "slow"]);
    let revisions = ["compare", "--anyway", "--build", "echo built", "--command", "true"];
    let runs = tempfile::tempdir().unwrap();
    let runs = ["--runs", runs.path().to_str().unwrap()];
    let two = ["--revisions", "HEAD~1,HEAD"];
    for (wrong, told) in [
        ([&["--revisions", "HEAD~1,nowhere"][..], &runs].concat(), "no revision \"nowhere\""),
        (
            [&two[..], &runs, &["--header", "no colon"]].concat(),
            "the request, by --request, --header and --body",
        ),
        ([&two[..], &runs, &["--request", "GET /\u{e4}"]].concat(), "percent-encode it"),
        (
            [&two[..], &runs, &["--server-cpus", "1000"]].concat(),
            "--server-cpus 1000: the contender asks for",
        ),
        ([&two[..], &["--runs", "/dev/null/runs"]].concat(), "cannot make the folder"),
    ] {
        let output = repository.crossover(&[&revisions[..], &wrong].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(told) && !said.contains("building"), "{told}: {said}");
    }
    repository.is_left_as_it_was();
}

/// A millisecond a request, one at a time, against a server that answers at once: a fraction of its requests.
#[test]
fn a_revision_that_serves_a_fraction_fails_its_comparison() {
    let (code, said) = Repository::of(["hello", "sluggish"]).compare();
    // What a busy machine spoilt is no evidence, against a revision either.
    let is_spoilt = said.contains("had spoilt what was measured");
    let is_spoilt = is_spoilt || is_unjudged(code, &said);
    assert!(is_spoilt || code == Some(1), "{code:?}: {said}");
    let failed = |figure: &str| said.contains(&format!("failed: new is worse than old in {figure}"));
    // A client that shares its CPU measures itself where the server is quicker: then the response time alone tells.
    let is_client_limited =
        said.contains("not judged: whether new is worse than old in capacity") && failed("p50");
    assert!(is_spoilt || is_client_limited || failed("capacity"), "{said}");
}

/// Each revision is slow at every other of its starts, in turn: it serves a multiple of the other's requests, and a fraction in the
/// next block.
#[test]
fn a_revision_that_cannot_be_told_from_the_old_one_passes_with_the_loss_that_could_have_hidden() {
    let (code, said) = Repository::of(["slow at odd starts", "slow at even starts"]).compare();
    let is_spoilt = said.contains("had spoilt what was measured");
    let is_spoilt = is_spoilt || is_unjudged(code, &said);
    assert!(is_spoilt || code == Some(0), "{code:?}: {said}");
    let told = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let passed = "passed, cannot tell whether new is worse than old in capacity: a loss of up to";
    assert!(is_spoilt || told.contains(passed), "{said}");
}
