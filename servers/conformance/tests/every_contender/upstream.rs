//! `/upstream`: replies that wait for another server's answer on a socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use servers_conformance::{Answer, Program, exchange, verify};
use servers_contract::{Call, Refusal, upstream};
use servers_upstream::Upstream;

use super::command;

/// Far above what anything here takes, so that a test that hangs ends.
const PATIENCE: Duration = Duration::from_secs(30);

fn start(upstream: SocketAddr) -> Program {
    Program::start(&[command(), vec!["--upstream".to_owned(), upstream.to_string()]].concat()).unwrap()
}

fn call(micros: u64) -> Call {
    Call::Upstream { wait: Duration::from_micros(micros) }
}

fn answer(program: &Program) -> Answer {
    let request = format!("GET {} HTTP/1.1\r\nhost: test\r\n\r\n", call(0).target());
    exchange(program.ready().address, request.as_bytes(), PATIENCE).unwrap()
}

/// An upstream that answers each question as `answer` says, which is told the connection's number, from 0; without an answer it ends
/// the connection.
fn scripted(answer: fn(usize, [u8; upstream::LENGTH]) -> Option<[u8; upstream::LENGTH]>) -> Scripted {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let scripted = Scripted { address: listener.local_addr().unwrap(), accepted: Arc::default() };
    let accepted = Arc::clone(&scripted.accepted);
    let serve = move |mut stream: TcpStream, number| {
        let mut question = [0; upstream::LENGTH];
        while stream.read_exact(&mut question).is_ok() {
            let Some(answer) = answer(number, question) else { return };
            if stream.write_all(&answer).is_err() {
                return;
            }
        }
    };
    thread::spawn(move || {
        for stream in listener.incoming() {
            let number = accepted.fetch_add(1, Ordering::SeqCst);
            thread::spawn(move || serve(stream.unwrap(), number));
        }
    });
    scripted
}

struct Scripted {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

#[test]
fn a_reply_waits_for_the_upstream_s_answer() {
    let upstream = Upstream::start().unwrap();
    let program = start(upstream.address());
    let begun = Instant::now();
    verify(program.ready().address, &[0, 200, 30_000].map(call)).unwrap();
    assert!(begun.elapsed() >= Duration::from_micros(30_200));
}

#[test]
fn waits_on_the_upstream_go_on_together() {
    let upstream = Upstream::start().unwrap();
    let program = start(upstream.address());
    let address = program.ready().address;
    let begun = Instant::now();
    let waits: Vec<_> =
        (0..40).map(|_| thread::spawn(move || verify(address, &[call(500_000)]).unwrap())).collect();
    waits.into_iter().for_each(|wait| wait.join().unwrap());
    // One after another they would take 20 s; half of that is far from both.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_connection_to_the_upstream_is_used_again() {
    let upstream = scripted(|_, question| Some(question));
    let program = start(upstream.address);
    verify(program.ready().address, &[0; 20].map(call)).unwrap();
    assert_eq!(upstream.accepted.load(Ordering::SeqCst), 1);
}

#[test]
fn an_upstream_that_fails_is_a_502_and_the_next_request_has_a_new_connection() {
    let wrong = scripted(|number, question| Some(if number == 0 { [7; upstream::LENGTH] } else { question }));
    let ending = scripted(|number, question| (number > 0).then_some(question));
    let failed =
        Answer { status: 502, body: Refusal::UpstreamFailed.reply().body.into_owned(), location: None };
    for upstream in [wrong, ending] {
        let program = start(upstream.address);
        assert_eq!(answer(&program), failed);
        verify(program.ready().address, &[call(0)]).unwrap();
        assert_eq!(upstream.accepted.load(Ordering::SeqCst), 2);
    }
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(answer(&start(nowhere)), failed);
}
