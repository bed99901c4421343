//! A server that does what a script says, on a thread per connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use loadgen::Url;

/// A short, correct reply.
pub(crate) const HELLO: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

/// Listens on a free port of loopback until dropped or killed.
pub(crate) struct Server {
    power: Power,
    accepted: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
}

/// What turns a server off, also from within its script.
#[derive(Clone)]
pub(crate) struct Power {
    address: SocketAddr,
    off: Arc<AtomicBool>,
}

/// One accepted connection.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) power: Power,
    answered: Arc<AtomicUsize>,
}

/// A connection that a test accepted by itself.
pub(crate) fn connection(stream: TcpStream) -> Connection {
    let power = Power { address: stream.local_addr().unwrap(), off: Arc::default() };
    Connection { stream, power, answered: Arc::default() }
}

impl Server {
    /// Gives each connection to `script`, which owns it: returning closes it.
    pub(crate) fn start(script: impl Fn(Connection) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let power = Power { address: listener.local_addr().unwrap(), off: Arc::default() };
        let server = Self { power: power.clone(), accepted: Arc::default(), answered: Arc::default() };
        let (accepted, answered) = (server.accepted.clone(), server.answered.clone());
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if !power.is_on() {
                    break;
                }
                let Ok(stream) = stream else { continue };
                stream.set_nodelay(true).unwrap();
                accepted.fetch_add(1, Ordering::SeqCst);
                let connection = Connection { stream, power: power.clone(), answered: answered.clone() };
                let script = script.clone();
                std::thread::spawn(move || script(connection));
            }
        });
        server
    }

    /// Answers every request of every connection with `reply`, after `delay`.
    pub(crate) fn answering(reply: &'static [u8], delay: Duration) -> Self {
        Self::start(move |mut connection| {
            while connection.request().is_some() {
                std::thread::sleep(delay);
                connection.answer(reply);
            }
        })
    }

    pub(crate) fn url(&self, target: &str) -> Url {
        format!("http://{}{target}", self.power.address).parse().unwrap()
    }

    /// Requests [answered](Connection::answer) so far.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Connections accepted so far.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.power.kill();
    }
}

impl Power {
    fn is_on(&self) -> bool {
        !self.off.load(Ordering::SeqCst)
    }

    /// Ends every script at its next request or reply, and closes the listener.
    pub(crate) fn kill(&self) {
        self.off.store(true, Ordering::SeqCst);
        // Wakes the listener; one that is closed already need not be.
        let _ = TcpStream::connect(self.address);
    }
}

impl Connection {
    /// The next request's head, its body read and dropped; `None` when the client is gone, or the server killed.
    pub(crate) fn request(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while self.power.is_on() && !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.stream.read_exact(&mut body).ok()?;
        self.power.is_on().then_some(head)
    }

    /// Sends a whole reply, and counts it.
    pub(crate) fn answer(&mut self, reply: &[u8]) {
        self.send(reply);
        self.answered.fetch_add(1, Ordering::SeqCst);
    }

    /// Sends as much as the client takes; nothing once the server is killed.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        if self.power.is_on() {
            // A client that is gone is noticed by the next request that does not come.
            let _ = self.stream.write_all(bytes);
        }
    }
}
