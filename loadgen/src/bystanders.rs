//! Connections beside the measured ones: idle ones that only stand, and slow ones that send a byte at a time.

use std::future::Future;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::opening::read_reply;
use crate::route::Route;
use crate::socket::NotConnected;
use crate::thread::{ClientThread, Timers};
use crate::{Request, StartError};

/// From one byte of a slow request to the next: a short head takes six seconds, within what servers commonly wait for
/// one and a thousand times what it takes otherwise.
const PER_BYTE: Duration = Duration::from_millis(100);
/// Pause before a bystander that was closed comes back.
const BACK_OFF: Duration = Duration::from_millis(100);

/// The bystanders of one client. They stand until it is dropped.
#[derive(Debug)]
pub(crate) struct Bystanders {
    counts: Arc<Counts>,
    // Dropped before the thread, which ends when this is gone.
    _stand: oneshot::Sender<()>,
    _thread: ClientThread,
}

#[derive(Debug, Default)]
struct Counts {
    standing: AtomicU64,
    closed: AtomicU64,
    slow_replies: AtomicU64,
}

/// What became of bystanders so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Attendance {
    pub(crate) standing: u64,
    /// Times one was closed by the server, or could not be opened again.
    pub(crate) closed: u64,
    /// Replies to slow requests.
    pub(crate) slow_replies: u64,
}

impl Attendance {
    /// What happened since `earlier`; who stands, stands now.
    pub(crate) fn since(self, earlier: Self) -> Self {
        Self {
            standing: self.standing,
            closed: self.closed - earlier.closed,
            slow_replies: self.slow_replies - earlier.slow_replies,
        }
    }
}

impl Bystanders {
    /// Opens `idle` and then `slow` connections, one after another; slow ones send `request`. All live on one thread,
    /// bound to CPU `pin` if there is one.
    pub(crate) fn summon(
        (idle, slow): (u32, u32),
        route: Route,
        request: Request,
        pin: Option<usize>,
    ) -> Result<Self, StartError> {
        let thread = ClientThread::start("bystanders".into(), pin, Timers::OfRuntime)
            .map_err(|cause| StartError::Bystanders { cause })?;
        let counts = Arc::<Counts>::default();
        let (stand, leave) = oneshot::channel();
        let (done, opened) = mpsc::channel();
        let seen = counts.clone();
        thread.order(move |hand| {
            hand.runtime.block_on(async {
                let all = async {
                    let crowd = open_all(idle, slow, &route, &seen).await;
                    let (crowd, answer) = match crowd {
                        Ok(crowd) => (crowd, Ok(())),
                        Err(error) => (Vec::new(), Err(error)),
                    };
                    // Who waits for it may be gone; then so is everything else.
                    let _ = done.send(answer);
                    let request = Rc::new(request);
                    for (turn, (stream, is_slow)) in crowd.into_iter().enumerate() {
                        let place = Place { route: route.clone(), turn, counts: seen.clone() };
                        if is_slow {
                            let request = request.clone();
                            tokio::task::spawn_local(
                                place.hold(stream, move |stream, counts| {
                                    drip(stream, request.clone(), counts)
                                }),
                            );
                        } else {
                            tokio::task::spawn_local(place.hold(stream, |stream, _| until_closed(stream)));
                        }
                    }
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    () = all => {}
                    _ = leave => {}
                }
            });
        });
        opened.recv().map_err(|_| StartError::ThreadLost)??;
        Ok(Self { counts, _stand: stand, _thread: thread })
    }

    /// Who stands, and what happened so far.
    pub(crate) fn attendance(&self) -> Attendance {
        let Counts { standing, closed, slow_replies } = &*self.counts;
        let [standing, closed, slow_replies] =
            [standing, closed, slow_replies].map(|count| count.load(Ordering::Relaxed));
        Attendance { standing, closed, slow_replies }
    }
}

/// Connections, and whether each is a slow one.
async fn open_all(
    idle: u32,
    slow: u32,
    route: &Route,
    counts: &Counts,
) -> Result<Vec<(TcpStream, bool)>, StartError> {
    let mut crowd = Vec::new();
    for number in 1..=idle + slow {
        let turn = crowd.len();
        let failed = |failed: NotConnected| StartError::Connect {
            address: route.address(turn),
            number,
            cause: failed.source,
        };
        let (stream, _) = route.open_in_time(turn).await.map_err(failed)?;
        crowd.push((stream, number > idle));
        counts.standing.fetch_add(1, Ordering::Relaxed);
    }
    Ok(crowd)
}

/// Where one bystander stands.
struct Place {
    route: Route,
    /// Which of the route's addresses its connection goes to, counted on and on.
    turn: usize,
    counts: Arc<Counts>,
}

impl Place {
    /// Does `what` with one connection after another, for ever.
    async fn hold<F: Future<Output = io::Result<()>>>(
        mut self,
        first: TcpStream,
        mut what: impl FnMut(TcpStream, Arc<Counts>) -> F,
    ) {
        let mut next = Some(first);
        loop {
            if let Some(stream) = next.take() {
                // However it ended: it was not this side's doing.
                let _ = what(stream, self.counts.clone()).await;
                self.counts.standing.fetch_sub(1, Ordering::Relaxed);
            }
            self.counts.closed.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(BACK_OFF).await;
            self.turn = self.turn.wrapping_add(1);
            if let Ok((stream, _)) = self.route.open_in_time(self.turn).await {
                self.counts.standing.fetch_add(1, Ordering::Relaxed);
                next = Some(stream);
            }
        }
    }
}

/// Takes what comes, says nothing.
async fn until_closed(mut stream: TcpStream) -> io::Result<()> {
    let mut unread = [0; 256];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

/// Sends requests a byte at a time, reads the replies.
async fn drip(mut stream: TcpStream, request: Rc<Request>, counts: Arc<Counts>) -> io::Result<()> {
    loop {
        for byte in request.bytes() {
            tokio::time::sleep(PER_BYTE).await;
            stream.write_all(&[*byte]).await?;
        }
        let reply = read_reply(&mut stream, &request).await?;
        counts.slow_replies.fetch_add(1, Ordering::Relaxed);
        if !reply.keep_alive {
            return Ok(());
        }
    }
}
