//! A server that lives in the test and answers for every contender script whose ready line names it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

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
        blocking: serve_as(Manner::of("blocking", Model::Sync)),
        awaiting: serve_as(Manner::of("awaiting", Model::Async)),
    }
}

/// As [`serve`], but the awaiting one is a copy that takes this much longer for a reply.
pub(crate) fn serve_one_slowly(delay: Duration) -> Servers {
    Servers { awaiting: serve_as(Manner { delay, ..Manner::of("awaiting", Model::Async) }), ..serve() }
}

/// As [`serve`], but every second reply of a connection has a wrong body: what is asked once is answered rightly.
pub(crate) fn serve_half_wrong() -> Servers {
    Servers {
        blocking: serve_as(Manner { half_wrong: true, ..Manner::of("blocking", Model::Sync) }),
        awaiting: serve_as(Manner { half_wrong: true, ..Manner::of("awaiting", Model::Async) }),
    }
}

/// Answers for both contenders, but nothing rightly except their health.
pub(crate) fn serve_healths_only() -> Servers {
    Servers {
        blocking: serve_health_only("blocking", Model::Sync),
        awaiting: serve_health_only("awaiting", Model::Async),
    }
}

fn serve_as(manner: Manner) -> SocketAddr {
    let (listener, address) = listen();
    let requests = Arc::new(Mutex::new(BTreeMap::new()));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, requests, manner) = (stream.unwrap(), Arc::clone(&requests), manner.clone());
            // A client that is killed breaks its connections off; that is no failure of the test.
            thread::spawn(move || drop(answer_all(&stream, &requests, &manner)));
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

/// How a server answers.
#[derive(Clone)]
struct Manner {
    health: Health,
    /// Every second reply of a connection has a wrong body.
    half_wrong: bool,
    /// Before each reply, beside the wait that is asked for.
    delay: Duration,
    /// What it does amid the requests of a measurement; `None` for a server in the test itself.
    fault: Option<Fault>,
}

/// What a contender in a process of its own does at its [`FAULT_AT`]th `/wait`.
#[derive(Clone)]
enum Fault {
    Nothing,
    /// It ends, with exit code 3.
    Ends,
    /// It makes this file, by which a test knows that it is measured.
    Tells(PathBuf),
}

/// A few milliseconds into a closed loop.
const FAULT_AT: u64 = 100;

/// The variables that make this program a contender: its name, and what it does while it is measured (`ends`, a path, or nothing).
const CONTENDER: &str = "CROSSOVER_TEST_CONTENDER";
const FAULT: &str = "CROSSOVER_TEST_FAULT";

/// A script that runs this program as a contender, whose test `claim` calls [`be_a_contender`]. The `fault`, in shell words, is done
/// at this start of `blocking`, from 1: one start reads its settings, one calibrates it, and each block has one more. The script outlives a
/// contender that ends by a moment, as its supervisor does on a busy machine.
pub(crate) fn script_of_contender(claim: &str, start: usize, fault: &str) -> String {
    let own = std::env::current_exe().unwrap();
    format!(
        "trap 'kill $!; wait $!; exit 0' TERM
         echo $$ >>$PIDS; echo >>$PIDS.$1; FAULT=
         if [ $1 = blocking ] && [ $(wc -l <$PIDS.$1) -eq {start} ]; then FAULT={fault}; fi
         {CONTENDER}=$1 {FAULT}=$FAULT '{}' --exact {claim} --nocapture 3>&1 >/dev/null &
         echo $! >>$PIDS; wait $!; CODE=$?; if [ \"$FAULT\" = ends ]; then sleep 0.3; fi; exit $CODE",
        own.display()
    )
}

/// Serves until it is killed, where this program was started by such a script; otherwise does nothing.
pub(crate) fn be_a_contender() {
    let Ok(name) = std::env::var(CONTENDER) else { return };
    let fault = match std::env::var(FAULT).unwrap_or_default().as_str() {
        "" => Fault::Nothing,
        "ends" => Fault::Ends,
        path => Fault::Tells(path.into()),
    };
    let model = if name == "blocking" { Model::Sync } else { Model::Async };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Where its stdout was before that of the test harness was turned away.
    let mut stdout = std::fs::OpenOptions::new().write(true).open("/dev/fd/3").unwrap();
    let ready =
        serde_json::json!({"contender": name, "address": address, "nonce": NONCE, "pid": std::process::id()});
    writeln!(stdout, "{ready}").unwrap();
    let requests = Arc::new(Mutex::new(BTreeMap::new()));
    let manner = Manner { fault: Some(fault), ..Manner::of(&name, model) };
    for stream in listener.incoming() {
        let (stream, requests, manner) = (stream.unwrap(), Arc::clone(&requests), manner.clone());
        thread::spawn(move || drop(answer_all(&stream, &requests, &manner)));
    }
}

impl Manner {
    /// Right and at once.
    fn of(name: &str, model: Model) -> Self {
        Self { health: health(name, model), half_wrong: false, delay: Duration::ZERO, fault: None }
    }

    /// Does what it is to do once it has been asked so often.
    fn misbehave(&self, asked: &BTreeMap<String, u64>) {
        if asked.get("wait") != Some(&FAULT_AT) {
            return;
        }
        match &self.fault {
            Some(Fault::Ends) => {
                std::io::stderr().write_all(b"no such table\n").unwrap();
                std::process::exit(3);
            }
            Some(Fault::Tells(path)) => std::fs::write(path, "").unwrap(),
            Some(Fault::Nothing) | None => {}
        }
    }
}

fn answer_all(stream: &TcpStream, requests: &Requests, manner: &Manner) -> std::io::Result<()> {
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
        manner.misbehave(&counted);
        let reply = match call {
            Call::Health => Reply::health(&manner.health),
            // Of a process of its own the kernel knows the cost.
            Call::Stats if manner.fault.is_some() => {
                Reply::stats(&Stats { requests: counted, ..Stats::default() })
            }
            Call::Stats => Reply::stats(&stats(counted)),
            _ => {
                asked += 1;
                thread::sleep(call.wait().unwrap_or_default() + manner.delay);
                let reply = expected(&call, b"").unwrap();
                if manner.half_wrong && asked % 2 == 0 {
                    Reply { body: b"wrong".into(), ..reply }
                } else {
                    reply
                }
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
