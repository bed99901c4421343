//! The server that contenders ask and wait for on a socket: it answers each question after the time that it asks for.
//!
//! One event loop, on a thread of the process that starts it, with one timer for all waits. It runs on the CPUs of the thread that
//! starts it, which in a run are the client's: what it costs is not the contender's.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;
use servers_async::Timer;
use servers_contract::upstream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime,
    sync::oneshot,
};

/// Between two attempts to accept where that failed: descriptors may have run out, and spinning would not bring them back.
const PAUSE: Duration = Duration::from_millis(10);

/// A running upstream; it ends when it is dropped, and its connections with it.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Starts its thread and listens on a free port of loopback; questions are answered from now on.
    ///
    /// # Errors
    /// When there is no port, thread or timer to be had.
    pub fn start() -> anyhow::Result<Upstream> {
        let (end, ended) = oneshot::channel();
        let (started, start) = mpsc::channel();
        let serve = move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            match runtime.context("no event loop") {
                Ok(runtime) => runtime.block_on(serve(&started, ended)),
                // Somebody waits for it, or the whole start is given up.
                Err(error) => drop(started.send(Err(error))),
            }
        };
        let thread = thread::Builder::new().name("upstream".to_owned()).spawn(serve);
        let thread = thread.context("could not start the thread of the upstream")?;
        let address = start.recv().context("the thread of the upstream ended early")?;
        let address = address.context("could not start the upstream")?;
        Ok(Upstream { address, end: Some(end), thread: Some(thread) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        drop(self.end.take());
        // A thread that panicked has ended too, and has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Listens, tells where, and answers until `ended` is resolved.
async fn serve(started: &mpsc::Sender<anyhow::Result<SocketAddr>>, ended: oneshot::Receiver<()>) {
    let prepared = prepare();
    let (listener, address, timer) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return drop(started.send(Err(error))),
    };
    let _ = started.send(Ok(address));
    tokio::select! {
        // However it was resolved: by a drop.
        _ = ended => {}
        () = accept(listener, timer) => {}
    }
}

fn prepare() -> anyhow::Result<(TcpListener, SocketAddr, Timer)> {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).context("could not listen on a free port")?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    Ok((listener, address, Timer::start().context("no timer")?))
}

async fn accept(listener: TcpListener, timer: Timer) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let timer = timer.clone();
                // An error here is a contender that has ended its connection: it knows.
                tokio::spawn(async move { drop(answer(stream, &timer).await) });
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Answers one question after another; each is due at its wait from when it was read.
async fn answer(mut stream: TcpStream, timer: &Timer) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut question = [0; upstream::LENGTH];
    loop {
        stream.read_exact(&mut question).await?;
        let wait = upstream::wait(question).ok_or(ErrorKind::InvalidData)?;
        timer.wait_until(Instant::now() + wait).await;
        stream.write_all(&question).await?;
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the tests are clients and have no event loop to hold")]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };

    use servers_contract::limits;

    use super::*;

    fn asked(upstream: &Upstream, wait: Duration) -> TcpStream {
        let mut stream = TcpStream::connect(upstream.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(&upstream::question(wait)).unwrap();
        stream
    }

    fn answer_of(mut stream: &TcpStream) -> [u8; upstream::LENGTH] {
        let mut answer = [0; upstream::LENGTH];
        stream.read_exact(&mut answer).unwrap();
        answer
    }

    #[test]
    fn an_answer_is_the_question_and_never_early() {
        let upstream = Upstream::start().unwrap();
        for micros in [0, 200, 5_000] {
            let (wait, begun) = (Duration::from_micros(micros), Instant::now());
            let stream = asked(&upstream, wait);
            assert_eq!(answer_of(&stream), upstream::question(wait));
            assert!(begun.elapsed() >= wait, "{micros}");
            // The same connection answers again.
            (&stream).write_all(&upstream::question(Duration::ZERO)).unwrap();
            assert_eq!(answer_of(&stream), [0; 4]);
        }
    }

    #[test]
    fn a_long_wait_holds_up_no_other() {
        let upstream = Upstream::start().unwrap();
        let long = asked(&upstream, limits::WAIT_MAX);
        let hundred: Vec<_> = (0..100).map(|_| asked(&upstream, Duration::from_millis(2))).collect();
        for stream in &hundred {
            assert_eq!(answer_of(stream), upstream::question(Duration::from_millis(2)));
        }
        long.set_nonblocking(true).unwrap();
        let early = (&long).read(&mut [0]).unwrap_err();
        assert_eq!(early.kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn a_wait_beyond_the_longest_ends_the_connection() {
        let upstream = Upstream::start().unwrap();
        assert_eq!(asked(&upstream, Duration::MAX).read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn it_is_gone_once_it_is_dropped() {
        let upstream = Upstream::start().unwrap();
        let (address, mut stream) = (upstream.address(), asked(&upstream, limits::WAIT_MAX));
        drop(upstream);
        assert!(stream.read(&mut [0]).map_or(true, |read| read == 0));
        assert!(TcpStream::connect(address).is_err());
    }
}
