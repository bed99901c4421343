//! Contenders that are wrong on purpose: the suite must name exactly the cases that they break.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, SystemTime};

use servers_conformance::{Exception, Options, Outcome, Program, ProgramError, Report, ask, check, verify};
use servers_contract::limits::BODY_LIMIT;
use servers_contract::{Call, Health, Refusal, Reply, Run, Stats, expected};

/// What a contender does instead of answering rightly.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Body,
    Longer,
    Status,
    ContentType,
    NoDate,
    TooLittle,
    Garbage,
    Hangup,
    Silence,
}

/// Targets and what goes wrong at each; a contender that is right everywhere else.
type Faults = BTreeMap<&'static str, Fault>;

/// Listens for as long as the test process lives.
fn contender(faults: Faults) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let faults = faults.clone();
            thread::spawn(move || serve(stream.unwrap(), &faults));
        }
    });
    address
}

fn serve(stream: TcpStream, faults: &Faults) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (method, target, body) = request(&mut reader)?;
        let reply = match Call::parse(&method, &target) {
            Ok(Call::Upstream { .. }) => Refusal::NoUpstream.reply(),
            Ok(call) => expected(&call, &body).unwrap_or_else(|| about_itself(&call)),
            Err(refusal) => refusal.reply(),
        };
        answer(&stream, reply, faults.get(target.as_str()).copied())?;
    }
}

/// Method, target and body; `None` at the end of the connection and for what is not a request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String, Vec<u8>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let length = lines.iter().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; Some(length).filter(|length| *length <= BODY_LIMIT)?];
    reader.read_exact(&mut body).ok()?;
    let mut words = lines.first()?.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned(), body))
}

fn about_itself(call: &Call) -> Reply {
    let health = r#"{"contender":"wrong","version":"1","model":"sync","nonce":"n","settings":{}}"#;
    match call {
        Call::Health => Reply::health(&serde_json::from_str::<Health>(health).unwrap()),
        // Counts nothing at all.
        _ => Reply::stats(&Stats { requests: BTreeMap::from([("hello".to_owned(), 0)]), ..Stats::default() }),
    }
}

fn answer(mut stream: &TcpStream, mut reply: Reply, fault: Option<Fault>) -> Option<()> {
    let mut length = reply.body.len();
    match fault {
        Some(Fault::Silence) => thread::park(),
        Some(Fault::Hangup) => return None,
        Some(Fault::Garbage) => stream.write_all(b"never mind\r\n\r\n").ok()?,
        Some(Fault::Body) => reply.body.to_mut()[0] ^= 1,
        Some(Fault::Longer) => (reply.body.to_mut().push(b'x'), length += 1).1,
        Some(Fault::TooLittle) => length += 1,
        Some(Fault::Status) => reply.status = 201,
        Some(Fault::ContentType) => reply.content_type = "text/html",
        Some(Fault::NoDate) | None => {}
    }
    let Reply { status, content_type, allow, .. } = reply;
    let allow = allow.map(|methods| format!("allow: {methods}\r\n")).unwrap_or_default();
    let date = format!("date: {}\r\n", httpdate::fmt_http_date(SystemTime::now()));
    let date = if matches!(fault, Some(Fault::NoDate)) { String::new() } else { date };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\n{allow}{date}content-length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), &reply.body].concat()).ok()
}

/// The wrong cases of one group: this contender is too simple for the others.
fn wrong<'a>(report: &'a Report, group: &str) -> Vec<&'a str> {
    report.wrong().into_iter().filter(|name| name.starts_with(group)).collect()
}

fn outcome<'a>(report: &'a Report, name: &str) -> &'a Outcome {
    &report.outcomes.iter().find(|(known, _)| known == name).unwrap().1
}

#[test]
fn each_wrong_reply_fails_its_own_case_and_no_other() {
    let faults = Faults::from([
        ("/wait?ms=2.005", Fault::Body),
        ("/wait?ms=0.2", Fault::Longer),
        ("/cpu?rounds=0", Fault::Status),
        ("/cpu?rounds=10&run=pool", Fault::ContentType),
        ("/cpu?rounds=1000", Fault::Hangup),
        ("/payload?bytes=1", Fault::Garbage),
        ("/wait?ms=-1", Fault::Body),
        ("/nowhere", Fault::Status),
    ]);
    let report = check(contender(faults), &Options::default());
    let endpoints = [
        "endpoint: /wait?ms=0.2",
        "endpoint: /wait?ms=2.005",
        "endpoint: /cpu?rounds=0",
        "endpoint: /cpu?rounds=1000",
        "endpoint: /cpu?rounds=10&run=pool",
        "endpoint: /payload?bytes=1",
        // Chunks are beyond this contender.
        "endpoint: /echo in chunks",
        "endpoint: /echo in chunks with a trailer",
    ];
    assert_eq!(wrong(&report, "endpoint:"), endpoints);
    assert_eq!(wrong(&report, "refusal:"), ["refusal: GET /wait?ms=-1", "refusal: GET /nowhere"]);
    assert!(!report.holds());
    let Outcome::Failed(finding) = outcome(&report, "endpoint: /cpu?rounds=0") else { panic!("{report}") };
    assert!(finding.sent.contains("GET /cpu?rounds=0") && finding.expected.starts_with("200"), "{finding}");
    assert!(finding.got.starts_with("201"), "{finding}");
}

#[test]
fn a_contender_that_falls_silent_is_left_after_the_patience() {
    let faults = Faults::from([("/cpu?rounds=0", Fault::Silence), ("/cpu?rounds=1", Fault::TooLittle)]);
    let address = contender(faults);
    let options = Options { patience: Duration::from_millis(200), ..Options::default() };
    let report = check(address, &options);
    for name in ["endpoint: /cpu?rounds=0", "endpoint: /cpu?rounds=1"] {
        let Outcome::Failed(finding) = outcome(&report, name) else { panic!("{name}: {report}") };
        assert!(finding.got.contains("nothing more came within 200ms"), "{finding}");
    }
}

#[test]
fn a_reply_without_a_date_is_noticed() {
    let case = "evidence: every reply has a date";
    let report = check(contender(Faults::from([("/nowhere", Fault::NoDate)])), &Options::default());
    let Outcome::Failed(finding) = outcome(&report, case) else { panic!("{report}") };
    assert!(finding.sent.contains("/nowhere") && finding.got == "[]", "{finding}");
    let report = check(contender(Faults::new()), &Options::default());
    assert_eq!(*outcome(&report, case), Outcome::Passed, "{report}");
}

#[test]
fn counters_that_do_not_count_are_noticed() {
    let report = check(contender(Faults::new()), &Options::default());
    let cases = ["evidence: stats", "evidence: requests are counted exactly"];
    assert_eq!(wrong(&report, "evidence:"), cases, "{report}");
}

#[test]
fn whoever_answers_must_be_who_was_started() {
    let address = contender(Faults::new());
    let held = |options: Options| wrong(&check(address, &options), "evidence: health").is_empty();
    let is = |text: &str| Some(text.to_owned());
    assert!(held(Options { contender: is("wrong"), nonce: is("n"), version: is("1"), ..Options::default() }));
    assert!(!held(Options { nonce: is("another"), ..Options::default() }));
    assert!(!held(Options { contender: is("another"), ..Options::default() }));
    assert!(!held(Options { version: is("2"), ..Options::default() }));
}

#[test]
fn a_known_exception_is_let_through_and_one_that_is_gone_is_reported() {
    let faults = Faults::from([("/wait?ms=1", Fault::Status)]);
    let cases = ["endpoint: /wait?ms=1", "endpoint: /hello"].map(str::to_owned).to_vec();
    let reason = "it is so".to_owned();
    let options = Options { exceptions: vec![Exception { cases, reason }], ..Options::default() };
    let report = check(contender(faults), &options);
    let known = outcome(&report, "endpoint: /wait?ms=1");
    assert!(matches!(known, Outcome::Excepted { reason, .. } if reason == "it is so"), "{known:?}");
    assert_eq!(*outcome(&report, "endpoint: /hello"), Outcome::ExceptionGone);
    assert!(
        report.wrong().contains(&"endpoint: /hello") && !report.wrong().contains(&"endpoint: /wait?ms=1")
    );
    assert!(report.to_string().contains("gone: endpoint: /hello"), "{report}");
}

#[test]
fn verifying_a_cell_looks_at_its_calls_and_at_nothing_else() {
    let address =
        contender(Faults::from([("/cpu?rounds=1", Fault::Body), ("/payload?bytes=9", Fault::Hangup)]));
    let wait = Call::Wait { wait: Duration::from_micros(1500), blocking: false };
    let cpu = Call::Cpu { rounds: 1, run: Run::Inline };
    assert_eq!(
        verify(address, &[Call::Hello, wait, Call::Echo, Call::Health, Call::Payload { bytes: 8 }]),
        Ok(())
    );
    let finding = verify(address, &[Call::Hello, cpu]).unwrap_err();
    assert!(finding.sent.contains("GET /cpu?rounds=1 "), "{finding}");
    assert!(verify(address, &[Call::Payload { bytes: 9 }]).is_err());
}

#[test]
fn a_contender_that_is_not_there_is_named() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let finding = verify(gone, &[Call::Hello]).unwrap_err();
    assert!(finding.got.contains(&format!("could not connect to {gone}")), "{finding}");
    assert!(ask::<Health>(gone, "/health").is_err());
}

#[test]
fn an_answer_about_itself_is_read_by_its_schema() {
    let address = contender(Faults::from([("/stats", Fault::ContentType)]));
    assert_eq!(ask::<Health>(address, "/health").unwrap().contender, "wrong");
    let finding = ask::<Stats>(address, "/stats").unwrap_err();
    assert!(finding.got.contains("text/html"), "{finding}");
}

#[test]
fn a_program_that_never_gets_ready_is_an_error_with_its_command() {
    let nothing = Program::start(&["true".to_owned()]).unwrap_err().to_string();
    assert!(nothing.contains("[\"true\"] was not ready") && nothing.contains("got nothing"), "{nothing}");
    let other = Program::start(&["echo".to_owned(), "hello".to_owned()]).unwrap_err().to_string();
    assert!(other.contains("hello"), "{other}");
    let missing = Program::start(&["./no-such-program".to_owned()]).unwrap_err();
    assert!(matches!(missing, ProgramError::Start { .. }), "{missing}");
}
