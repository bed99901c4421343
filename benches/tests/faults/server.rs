//! A server that lives in the test and answers for every contender script whose ready line names it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use servers_contract::{Call, Health, Model, Reply, Settings, Stats, expected};

/// The nonce in its `/health`.
pub(crate) const NONCE: &str = "theirs";

/// Where a test's contenders are answered for: each by its own name and model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Servers {
    pub(crate) blocking: SocketAddr,
    pub(crate) awaiting: SocketAddr,
}

impl Servers {
    /// Shell code that sets `$READY` to the ready line of the contender whose name is the script's first argument.
    pub(crate) fn ready(self) -> String {
        let Self { blocking, awaiting } = self;
        format!(
            "case $1 in blocking) ADDRESS={blocking};; *) ADDRESS={awaiting};; esac; \
             READY=\"{{\\\"contender\\\":\\\"$1\\\",\\\"address\\\":\\\"$ADDRESS\\\",\\\"nonce\\\":\\\"{NONCE}\\\",\\\"pid\\\":$$}}\""
        )
    }
}

/// Answers the whole contract for GET requests, for as long as the test runs.
pub(crate) fn serve() -> Servers {
    Servers {
        blocking: serve_as("blocking", Model::Sync, false),
        awaiting: serve_as("awaiting", Model::Async, false),
    }
}

/// As [`serve`], but every second reply of a connection has a wrong body: what is asked once is answered rightly.
pub(crate) fn serve_half_wrong() -> Servers {
    Servers {
        blocking: serve_as("blocking", Model::Sync, true),
        awaiting: serve_as("awaiting", Model::Async, true),
    }
}

/// Answers for both contenders, but nothing rightly except their health.
pub(crate) fn serve_healths_only() -> Servers {
    Servers {
        blocking: serve_health_only("blocking", Model::Sync),
        awaiting: serve_health_only("awaiting", Model::Async),
    }
}

fn serve_as(name: &'static str, model: Model, half_wrong: bool) -> SocketAddr {
    let (listener, address) = listen();
    let requests = Arc::new(Mutex::new(BTreeMap::new()));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, requests) = (stream.unwrap(), Arc::clone(&requests));
            // A client that is killed breaks its connections off; that is no failure of the test.
            thread::spawn(move || drop(answer_all(&stream, &requests, &health(name, model), half_wrong)));
        }
    });
    address
}

/// A listener that every process started from here on inherits, so that a script's contender listens there as the runner
/// demands.
fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    fcntl(&listener, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Answers nothing but its health: whatever else it is asked gets the same reply, which is then wrong.
pub(crate) fn serve_health_only(name: &'static str, model: Model) -> SocketAddr {
    let (listener, address) = listen();
    answer_health(listener, name, model);
    address
}

/// As [`serve_health_only`], but no process that is started from here listens there.
pub(crate) fn serve_apart(name: &'static str, model: Model) -> SocketAddr {
    let (listener, address) = listen();
    fcntl(&listener, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    answer_health(listener, name, model);
    address
}

fn answer_health(listener: TcpListener, name: &'static str, model: Model) {
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            if read_head(&mut BufReader::new(&stream)).is_some() {
                let _ = write(&stream, &Reply::health(&health(name, model)), true);
            }
        }
    });
}

type Requests = Mutex<BTreeMap<String, u64>>;

fn answer_all(
    stream: &TcpStream,
    requests: &Requests,
    health: &Health,
    half_wrong: bool,
) -> std::io::Result<()> {
    let mut asked = 0;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((target, close)) = read_head(&mut reader) {
        let call = Call::parse("GET", &target).unwrap();
        let counted = {
            let mut requests = requests.lock().unwrap();
            *requests.entry(call.endpoint().name().to_owned()).or_default() += 1;
            requests.clone()
        };
        let reply = match call {
            Call::Health => Reply::health(health),
            Call::Stats => Reply::stats(&stats(counted)),
            _ => {
                asked += 1;
                let reply = expected(&call, b"").unwrap();
                if half_wrong && asked % 2 == 0 { Reply { body: b"wrong".into(), ..reply } } else { reply }
            }
        };
        write(stream, &reply, close)?;
        if close {
            break;
        }
    }
    Ok(())
}

/// The target of the next request, and whether it is the connection's last; `None` at the end.
fn read_head(reader: &mut BufReader<&TcpStream>) -> Option<(String, bool)> {
    let mut lines = reader.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let target = lines.next()?.split(' ').nth(1)?.to_owned();
    // All of them: the next head begins behind the last.
    let fields: Vec<_> = lines.collect();
    Some((target, fields.iter().any(|field| field.eq_ignore_ascii_case("connection: close"))))
}

fn write(mut stream: &TcpStream, reply: &Reply, close: bool) -> std::io::Result<()> {
    let close = if close { "connection: close\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {}\r\n{close}content-length: {}\r\n\r\n",
        reply.content_type,
        reply.body.len()
    );
    stream.write_all(&[head.as_bytes(), &reply.body].concat())
}

fn health(name: &str, model: Model) -> Health {
    Health {
        contender: name.into(),
        version: "sh".into(),
        model,
        nonce: NONCE.into(),
        settings: Settings::default(),
    }
}

/// Next to nothing, as what the kernel knows of a script that waits: what a request costs the test is not measured here.
fn stats(requests: BTreeMap<String, u64>) -> Stats {
    let cost = Some(requests.values().sum::<u64>() / 1_000);
    Stats {
        requests,
        cpu_user_us: cost,
        cpu_system_us: cost,
        voluntary_switches: cost,
        involuntary_switches: cost,
        ..Stats::default()
    }
}
