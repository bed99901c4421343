//! From bytes, however they are split, to requests.

use servers_contract::{Refusal, limits::HEAD_LIMIT};

use crate::{
    KEEP_SIZE, READ_SIZE, Request,
    chunks::Chunks,
    head::{self, Body, Head},
};

/// One connection's incoming bytes. Requests are handed out in place; pipelined ones one after another.
///
/// Holds at most a request of the largest allowed size and one read beyond.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where the present message begins.
    start: usize,
    /// Where the bytes that have arrived end; the rest of the buffer is room.
    filled: usize,
    /// Bytes of the message that was handed out last: they go when the decoder is used again.
    handed_out: usize,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Before the end of a head; `scanned` bytes of it hold no end, and `skipped` bytes of empty lines came before it.
    Head { scanned: usize, skipped: usize },
    /// In a body of known length.
    Length(Head, usize),
    /// In a chunked body.
    Chunked(Head, Chunks),
    /// Nothing after this can be understood.
    Refused(Refusal),
}

const START: State = State::Head { scanned: 0, skipped: 0 };

/// The line that is skipped before a head: RFC 9112 §2.2, some clients send one too many after a body.
const EMPTY_LINE: &[u8] = b"\r\n";

/// What a connection is waiting for: each has a time-out of its own ([`crate::Timeouts`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The first byte of a request.
    Idle,
    /// The rest of a head.
    Head,
    /// The rest of a body.
    Body,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder { buffer: Vec::new(), start: 0, filled: 0, handed_out: 0, state: START }
    }
}

impl Decoder {
    /// Room for the next read, [`READ_SIZE`] bytes or more. Tell [`Decoder::filled`] how many of them came.
    pub fn space(&mut self) -> &mut [u8] {
        self.drop_handed_out();
        if self.start == self.filled {
            (self.start, self.filled) = (0, 0);
            if self.buffer.len() > KEEP_SIZE {
                self.buffer = Vec::new();
            }
        }
        if self.buffer.len() - self.filled < READ_SIZE {
            self.buffer.copy_within(self.start..self.filled, 0);
            (self.start, self.filled) = (0, self.filled - self.start);
            if self.buffer.len() - self.filled < READ_SIZE {
                // At least doubled, so that a body of n bytes is moved O(log n) times, and never more than twice
                // what has arrived, so that an announced length alone costs nothing.
                let grown = (2 * self.filled).max(self.filled + READ_SIZE);
                self.buffer.resize(grown, 0);
            }
        }
        &mut self.buffer[self.filled..]
    }

    /// So many bytes were read into [`Decoder::space`].
    pub fn filled(&mut self, bytes: usize) {
        self.filled = (self.filled + bytes).min(self.buffer.len());
    }

    /// The next complete request, or `None` until more has been read.
    ///
    /// # Errors
    /// What follows cannot be understood, or is too large; it stays that way, and the connection has to close.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not lend its buffer")]
    pub fn next(&mut self) -> Result<Option<Request<'_>>, Refusal> {
        self.drop_handed_out();
        match self.complete() {
            Ok(Some((head, body))) => Ok(Some(self.hand_out(head, body))),
            Ok(None) => Ok(None),
            Err(refusal) => {
                self.state = State::Refused(refusal);
                Err(refusal)
            }
        }
    }

    /// What is waited for, once [`Decoder::next`] has nothing more.
    pub fn progress(&self) -> Progress {
        match self.state {
            // After more than one empty line it would not be idle any more: they could come for ever.
            State::Head { skipped, .. }
                if self.start + self.handed_out == self.filled && skipped <= EMPTY_LINE.len() =>
            {
                Progress::Idle
            }
            State::Head { .. } | State::Refused(_) => Progress::Head,
            State::Length(..) | State::Chunked(..) => Progress::Body,
        }
    }

    /// Whether the client waits to be told to send the body; true once per request.
    pub fn take_continue(&mut self) -> bool {
        match &mut self.state {
            State::Length(head, _) | State::Chunked(head, _) => std::mem::take(&mut head.expects_continue),
            State::Head { .. } | State::Refused(_) => false,
        }
    }

    /// Goes on from what has arrived: a head and its body's length, if the request is complete.
    fn complete(&mut self) -> Result<Option<(Head, usize)>, Refusal> {
        loop {
            match &mut self.state {
                State::Head { scanned, skipped } => {
                    let message = &self.buffer[self.start..self.filled];
                    if message.starts_with(EMPTY_LINE) {
                        self.start += EMPTY_LINE.len();
                        (*scanned, *skipped) = (0, *skipped + EMPTY_LINE.len());
                        if *skipped > HEAD_LIMIT {
                            return Err(Refusal::HeadTooLarge);
                        }
                        continue;
                    }
                    let Some(end) = head::end(message, scanned)? else { return Ok(None) };
                    let head = head::parse(&message[..end])?;
                    self.state = match head.body {
                        Body::Length(length) => State::Length(head, length),
                        Body::Chunked => State::Chunked(head, Chunks::default()),
                    };
                }
                State::Length(head, length) => {
                    let length = *length;
                    if self.filled - self.start < head.length + length {
                        return Ok(None);
                    }
                    return Ok(self.take_head().map(|head| (head, length)));
                }
                State::Chunked(head, chunks) => {
                    let body = &mut self.buffer[self.start + head.length..self.filled];
                    let complete = chunks.advance(body)?;
                    self.filled -= chunks.close_gap(body);
                    let length = chunks.length();
                    return Ok(if complete { self.take_head().map(|head| (head, length)) } else { None });
                }
                State::Refused(refusal) => return Err(*refusal),
            }
        }
    }

    /// Ends the message: the state goes back to the start, the head comes out.
    fn take_head(&mut self) -> Option<Head> {
        match std::mem::replace(&mut self.state, START) {
            State::Length(head, _) | State::Chunked(head, _) => Some(head),
            State::Head { .. } | State::Refused(_) => None,
        }
    }

    fn hand_out(&mut self, head: Head, body: usize) -> Request<'_> {
        self.handed_out = head.length + body;
        let message = &self.buffer[self.start..][..self.handed_out];
        let text = |range| str::from_utf8(&message[range]).expect("httparse gave it as a str");
        Request {
            method: text(head.method),
            target: text(head.target),
            body: &message[head.length..],
            persistence: head.persistence,
        }
    }

    fn drop_handed_out(&mut self) {
        self.start += std::mem::take(&mut self.handed_out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fills the room with `bytes`, as a read does.
    fn read(decoder: &mut Decoder, bytes: &[u8]) {
        decoder.space()[..bytes.len()].copy_from_slice(bytes);
        decoder.filled(bytes.len());
    }

    #[test]
    fn room_is_made_for_a_whole_read_and_what_has_come_is_kept() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.space().len(), READ_SIZE);
        read(&mut decoder, b"GET /a HTTP/1.1\r\nhost: a\r\n\r\nGET /b HTTP/1.1\r\n");
        assert!(decoder.next().unwrap().is_some() && decoder.next().unwrap().is_none());
        // The first request has been handed out: its room is used again, and the second one's beginning is moved to the front.
        let grown = decoder.space().len();
        assert!(grown >= READ_SIZE, "{grown}");
        read(&mut decoder, b"host: a\r\n\r\n");
        assert_eq!(decoder.next().unwrap().unwrap().target, "/b");
    }

    #[test]
    fn a_large_buffer_is_given_back_once_it_is_empty_and_a_small_one_is_kept() {
        let mut decoder = Decoder::default();
        let body = vec![b'x'; 2 * KEEP_SIZE];
        let head = format!("POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n", body.len());
        let all = [head.as_bytes(), &body].concat();
        for piece in all.chunks(READ_SIZE) {
            assert!(decoder.next().unwrap().is_none());
            read(&mut decoder, piece);
            // Never more than twice what has arrived, and room for one read.
            assert!(decoder.buffer.len() <= 2 * all.len() + READ_SIZE);
        }
        assert!(decoder.next().unwrap().is_some());
        assert!(decoder.buffer.len() > KEEP_SIZE);
        assert_eq!(decoder.space().len(), READ_SIZE);
        assert_eq!(decoder.buffer.len(), READ_SIZE);
        read(&mut decoder, b"GET /b HTTP/1.1\r\nhost: a\r\n\r\n");
        assert!(decoder.next().unwrap().is_some());
        // All of it was handed out, and the buffer is as it was.
        assert_eq!((decoder.space().len(), decoder.buffer.len()), (READ_SIZE, READ_SIZE));
    }

    /// A buffer of this size, with a part of a message in `start`..`filled`.
    fn holding(size: usize, start: usize, filled: usize) -> Decoder {
        let mut buffer = vec![0; size];
        buffer[start..filled].fill(b'x');
        Decoder { buffer, start, filled, ..Decoder::default() }
    }

    #[test]
    fn what_has_come_is_moved_where_a_read_lacks_room_and_the_buffer_grows_where_that_is_not_enough() {
        const R: usize = READ_SIZE;
        for (size, start, filled, expected) in [
            (2 * R, 10, R, (2 * R, 10, R)),
            (2 * R, 10, R + 10, (2 * R, 0, R)),
            (3 * R, 10, 2 * R + 10, (3 * R, 0, 2 * R)),
            (3 * R, 0, 3 * R, (6 * R, 0, 3 * R)),
            (R, 0, 10, (R + 10, 0, 10)),
        ] {
            let mut decoder = holding(size, start, filled);
            assert!(decoder.space().len() >= R);
            assert_eq!((decoder.buffer.len(), decoder.start, decoder.filled), expected);
            assert!(decoder.buffer[decoder.start..decoder.filled].iter().all(|byte| *byte == b'x'));
        }
    }

    #[test]
    fn a_buffer_of_the_largest_size_that_is_kept_is_kept() {
        let mut decoder = Decoder { buffer: vec![0; KEEP_SIZE], ..Decoder::default() };
        assert_eq!(decoder.space().len(), KEEP_SIZE);
    }

    /// The targets of the requests in `bytes`, and the decoder after them.
    fn targets(bytes: &[u8]) -> (Result<Vec<String>, Refusal>, Decoder) {
        let mut decoder = Decoder::default();
        bytes.chunks(READ_SIZE).for_each(|piece| read(&mut decoder, piece));
        let mut targets = Vec::new();
        loop {
            match decoder.next() {
                Ok(Some(request)) => targets.push(request.target.to_owned()),
                Ok(None) => return (Ok(targets), decoder),
                Err(refusal) => return (Err(refusal), decoder),
            }
        }
    }

    const GET: &str = "GET /a HTTP/1.1\r\nhost: a\r\n\r\n";

    #[test]
    fn each_part_of_a_request_is_waited_for_under_its_own_name() {
        let post = |rest: &str| format!("POST /a HTTP/1.1\r\nhost: a\r\n{rest}");
        for (bytes, expected) in [
            (String::new(), Progress::Idle),
            ("\r\n".into(), Progress::Idle),
            ("\r\n\r\n".into(), Progress::Head),
            ("GET".into(), Progress::Head),
            (GET.into(), Progress::Idle),
            (format!("{GET}\r\n"), Progress::Idle),
            (format!("{GET}G"), Progress::Head),
            (post("content-length: 2\r\n\r\nx"), Progress::Body),
            (post("transfer-encoding: chunked\r\n\r\n1\r\n"), Progress::Body),
            ("GET\n".into(), Progress::Head),
        ] {
            assert_eq!(targets(bytes.as_bytes()).1.progress(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn empty_lines_are_skipped_up_to_the_size_of_a_head() {
        let after = |lines: usize| targets(&[&b"\r\n".repeat(lines), GET.as_bytes()].concat()).0;
        for lines in [1, 2, HEAD_LIMIT / 2] {
            assert_eq!(after(lines), Ok(vec!["/a".to_owned()]), "{lines}");
        }
        assert_eq!(after(HEAD_LIMIT / 2 + 1), Err(Refusal::HeadTooLarge));
    }

    #[test]
    fn a_request_behind_chunks_begins_where_they_end() {
        let chunked = "POST /b HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                       2;x=y\r\nab\r\n1\r\nc\r\n0\r\nx: y\r\n\r\n";
        let (targets, decoder) = targets(format!("{chunked}{GET}{chunked}{GET}").as_bytes());
        assert_eq!(targets, Ok(["/b", "/a", "/b", "/a"].map(str::to_owned).to_vec()));
        assert_eq!(decoder.progress(), Progress::Idle);
    }

    #[test]
    fn nothing_is_waited_for_behind_a_request_that_is_handed_out() {
        let mut decoder = Decoder::default();
        read(&mut decoder, GET.as_bytes());
        assert!(decoder.next().unwrap().is_some());
        assert_eq!(decoder.progress(), Progress::Idle);
    }

    #[test]
    fn a_body_behind_another_request_is_waited_for_to_its_end() {
        let post = "POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n01234";
        let (before, mut decoder) = targets(format!("{GET}{post}").as_bytes());
        assert_eq!((before, decoder.progress()), (Ok(vec!["/a".to_owned()]), Progress::Body));
        read(&mut decoder, b"56789");
        assert_eq!(decoder.next().unwrap().unwrap().body, b"0123456789");
    }
}
