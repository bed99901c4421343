//! The parts that a request is made of: system calls, a switch, the codec. The model of a request counts them.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::ensure;
use criterion::Criterion;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::EventFd;
use servers_contract::Reply;
use servers_wire::{Decoder, Replies};

use crate::bound::{self, Cpus};
use crate::clock::{BATCH, Turn, batches};
use crate::cost::{Cost, Spent, Stopwatch, Threads};
use crate::group::{Plan, group};
use crate::kept::Side;
use crate::session::Session;

/// Sockets that are sent to, or read from, one after another.
pub(crate) const SOCKETS: usize = 64;

/// A request as the load generator sends it to `/hello`.
const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nhost: 127.0.0.1:40000\r\nuser-agent: loadgen\r\n\r\n";

pub(crate) fn benches(criterion: &mut Criterion, session: &Session) {
    ready_events(criterion, session);
    let mut parts = group(criterion, session, Plan::new("parts", ""));
    let sample = "the mean of a slice";
    parts.single(
        "send",
        Side::new("128 bytes are sent over loopback to a socket that is read later").sample(sample),
        || {
            let pairs = pairs();
            move |iterations| send_and_read(&pairs, iterations, true)
        },
    );
    parts.single(
        "receive",
        Side::new("128 bytes that have come over loopback are read").sample(sample),
        || {
            let pairs = pairs();
            move |iterations| send_and_read(&pairs, iterations, false)
        },
    );
    drop(parts);
    across_cpus(criterion, session);
    let mut parts = group(criterion, session, Plan::new("parts", ""));
    parts.single("would_block", Side::batched("a read finds nothing and does not wait", BATCH), || {
        let (mut here, there) = pair();
        here.set_nonblocking(true).expect("a socket has this option");
        move |iterations| {
            let _open = &there;
            batches(iterations, BATCH, || assert!(here.read(&mut [0; 64]).is_err(), "nothing was sent"))
        }
    });
    parts.single("switch", Side::batched("a thread gives its CPU to another that is ready", BATCH), || {
        let other = Yielding::start();
        move |iterations| {
            let _runs = &other;
            // The other thread's turn is a switch as well.
            let mut turn = batches(iterations.div_ceil(2), BATCH, thread::yield_now);
            turn.samples.iter_mut().for_each(|sample| *sample /= 2);
            turn
        }
    });
    parts.single(
        "codec",
        Side::batched("a request for /hello is decoded and its reply encoded", BATCH),
        || {
            let (mut decoder, mut replies, reply) = (Decoder::default(), Replies::default(), Reply::hello());
            move |iterations| {
                batches(iterations, BATCH, || {
                    decoder.space()[..REQUEST.len()].copy_from_slice(REQUEST);
                    decoder.filled(REQUEST.len());
                    let request =
                        decoder.next().expect("the request is right").expect("the request is whole");
                    replies.push(&request, &reply, false, 1_700_000_000);
                    black_box(replies.bytes());
                    replies.clear();
                })
            }
        },
    );
}

/// The same calls where another CPU sleeps until it is woken, and this one until it is woken in return.
fn across_cpus(criterion: &mut Criterion, session: &Session) {
    let plan = Plan { cpus: Cpus::OneAndClient, ..Plan::new("parts_sleeping", "") };
    let mut parts = group(criterion, session, plan);
    for (name, call, operation) in [
        ("send", Call::Send, "128 bytes are sent over loopback to a thread that sleeps on another CPU"),
        (
            "receive",
            Call::Receive,
            "a read sleeps until 128 bytes come from another CPU, this CPU being idle meanwhile",
        ),
        (
            "epoll_wait",
            Call::EpollWait,
            "an epoll_wait sleeps until bytes come from another CPU, this CPU being idle meanwhile",
        ),
    ] {
        parts.single(name, Side::new(operation).sample("the mean of a slice"), || {
            let echo = Echo::start();
            move |iterations| echo.exchanges(iterations, call)
        });
    }
}

/// Ready events that one `epoll_wait` finds.
fn ready_events(criterion: &mut Criterion, session: &Session) {
    let mut group = group(criterion, session, Plan::new("ready_events", ""));
    for (name, count) in [("1", 1), ("8", 8), ("64", 64)] {
        group.single(
            name,
            Side::batched("one of N ready events is fetched by an epoll_wait for all", BATCH),
            || {
                let epoll = Epoll::new(EpollCreateFlags::empty()).expect("this system gives an epoll");
                let sources: Vec<EventFd> = (0..count)
                    .map(|_| EventFd::from_value(1).expect("this system gives an eventfd"))
                    .collect();
                for source in &sources {
                    epoll
                        .add(source, EpollEvent::new(EpollFlags::EPOLLIN, 0))
                        .expect("an eventfd can be waited for");
                }
                move |iterations| {
                    let _open = &sources;
                    let mut events = [EpollEvent::empty(); SOCKETS];
                    let waits = iterations.div_ceil(count);
                    let watch = Stopwatch::start(Threads::All);
                    for _ in 0..waits {
                        let found =
                            epoll.wait(&mut events, EpollTimeout::ZERO).expect("an epoll can be asked");
                        debug_assert_eq!(found as u64, count, "every source is ready");
                    }
                    let share = iterations as f64 / (waits * count) as f64;
                    whole_batch(watch.stop().scaled(share), iterations)
                }
            },
        );
    }
}

/// A turn of `operations` with their mean as its only sample: a whole batch or none, for one of fewer operations would claim
/// more than there were.
fn whole_batch(cost: Cost, operations: u64) -> Turn {
    let batch = (cost.value / operations as f64 * f64::from(BATCH)) as u64;
    Turn { cost, samples: (operations >= u64::from(BATCH)).then_some(batch).into_iter().collect() }
}

pub(crate) fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let here = TcpStream::connect(address).expect("a listener with room accepts");
    let (there, _) = listener.accept().expect("a connection that stands is accepted");
    for stream in [&here, &there] {
        stream.set_nodelay(true).expect("a TCP socket has this option");
    }
    (here, there)
}

pub(crate) fn pairs() -> Vec<(TcpStream, TcpStream)> {
    (0..SOCKETS).map(|_| pair()).collect()
}

/// Messages over all sockets, then their reading; one of the two costs.
fn send_and_read(pairs: &[(TcpStream, TcpStream)], iterations: u64, sending_costs: bool) -> Turn {
    let (mut wall, mut cpu, mut left) = (0.0, 0.0, iterations);
    while left > 0 {
        let now = &pairs[..(left as usize).min(pairs.len())];
        let mut timed = |costs: bool, work: &dyn Fn()| {
            let watch = Stopwatch::start(Threads::All);
            work();
            let cost = watch.stop();
            if costs {
                wall += cost.value;
                cpu += cost.cpu_ns.unwrap_or_default();
            }
        };
        timed(sending_costs, &|| {
            for (here, _) in now {
                let mut here = here;
                here.write_all(&[1; 128]).expect("the other end is open");
            }
        });
        timed(!sending_costs, &|| {
            for (_, there) in now {
                let mut there = there;
                let read = there.read(&mut [0; 4096]).expect("a message was sent");
                assert_eq!(read, 128, "the message is whole");
            }
        });
        left -= now.len() as u64;
    }
    Turn::of_mean(Spent { wall, cpu }.cost(), iterations)
}

/// The call of an exchange whose cost counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Send,
    Receive,
    EpollWait,
}

/// A thread on the client's CPU that answers each message, and sleeps until the next.
struct Echo {
    stream: TcpStream,
    epoll: Epoll,
}

impl Echo {
    fn start() -> Self {
        let (stream, mut there) = pair();
        // It ends with the other end of its connection.
        thread::spawn(move || {
            bound::bind(&[bound::client()]);
            let mut buffer = [0; 128];
            while there.read_exact(&mut buffer).is_ok() && there.write_all(&buffer).is_ok() {}
        });
        let epoll = Epoll::new(EpollCreateFlags::empty()).expect("this system gives an epoll");
        epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, 0)).expect("a socket can be waited for");
        Self { stream, epoll }
    }

    /// Messages and their answers, one after another. By the time that an answer is read, the thread that gave it sleeps again.
    fn exchanges(&self, iterations: u64, counted: Call) -> Turn {
        bound::bind(&[bound::server()]);
        let (mut here, mut buffer) = (&self.stream, [0; 128]);
        let mut call = Timed::default();
        for _ in 0..iterations {
            call.time(counted == Call::Send, || {
                here.write_all(&[1; 128]).expect("the other end is open");
            });
            if counted == Call::EpollWait {
                call.time(true, || {
                    let found = self.epoll.wait(&mut [EpollEvent::empty()], EpollTimeout::NONE);
                    assert_eq!(found.ok(), Some(1), "a message is answered");
                });
            }
            call.time(counted == Call::Receive, || {
                here.read_exact(&mut buffer).expect("a message is answered");
            });
            call.time_nothing();
        }
        Turn::of_mean(call.cost(), iterations)
    }
}

/// A call that is timed each time by itself, since others stand between: reading a clock of CPU time is a system call too,
/// about as long as the shortest of those that are timed.
#[derive(Debug, Default)]
struct Timed {
    with_readings: Spent,
    readings: Spent,
}

impl Timed {
    /// Does `work`, and adds what it takes if it `counts`.
    fn time(&mut self, counts: bool, work: impl FnOnce()) {
        let spent = Spent::on(work);
        if counts {
            self.with_readings.add(spent);
        }
    }

    /// Adds what the readings alone take: once for each call that counts.
    fn time_nothing(&mut self) {
        self.readings.add(Spent::on(|| ()));
    }

    /// The calls without the readings around them.
    fn cost(&self) -> Cost {
        let Self { with_readings, readings } = self;
        with_readings.less(*readings).cost()
    }
}

/// Holds a call that does nothing to a cost of nothing.
///
/// # Errors
/// When more than a quarter of what the readings take is left of it.
pub(crate) fn test() -> anyhow::Result<()> {
    let mut nothing = Timed::default();
    for _ in 0..20_000 {
        nothing.time(true, || ());
        nothing.time_nothing();
    }
    let (left, readings) = (nothing.cost().cpu_ns.unwrap_or_default(), nothing.readings.cpu);
    ensure!(
        left < readings / 4.0,
        "nothing takes {left} ns of CPU time, and reading the clocks {readings} ns"
    );
    Ok(())
}

/// A thread that is always ready and always gives way.
struct Yielding {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Yielding {
    fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                while !over.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
            }
        });
        Self { over, thread: Some(thread) }
    }
}

impl Drop for Yielding {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        debug_assert!(matches!(ended, Some(Ok(()))), "the thread ends when it is told to");
    }
}
