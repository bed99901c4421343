//! The workers: how many, with which limits, when they are ready, and how they end.

use std::net::TcpListener;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use std::{io, thread};

use actix_web::dev::Server;
use actix_web::{App, HttpServer, rt, web};
use anyhow::{Context, anyhow};
use servers_async::{Handlers, Single};
use servers_front::{Contender, Flags, Start};
use tokio::sync::oneshot;

use crate::answer::{Worker, answer};
use crate::connections::Connections;

/// Threads for offloaded work, all workers together: what tokio gives a runtime, and the default of `--threads`.
const BLOCKING_THREADS: usize = 512;

/// Serves until there is a reason to stop, then lets the workers finish what they are at.
pub(crate) fn serve(start: Start) -> anyhow::Result<()> {
    let shares = Shares::of(&start.flags, start.max_connections);
    shares.tell(&start.contender);
    let server = build(start.listener, &start.flags, &shares, &start.contender)
        .context("actix-web does not take the listener")?;
    let (stopping, stopped) = oneshot::channel();
    let stop = start.stop;
    let wait = move || {
        let reason = stop.wait();
        // Fails only if the server has ended by itself, and then its error is what counts.
        let _ = stopping.send(());
        reason
    };
    let reason = thread::Builder::new()
        .name("stop".to_owned())
        .spawn(wait)
        .context("could not start the thread that waits for the end")?;
    rt::System::new().block_on(until(stopped, server)).context("actix-web could not go on serving")?;
    reason.join().unwrap_or_else(|_| Err(anyhow!("the thread that waits for the end panicked")))
}

/// What each worker gets of what the flags state for the process.
struct Shares {
    workers: usize,
    connections: usize,
    blocking_threads: usize,
}

impl Shares {
    fn of(flags: &Flags, connections: usize) -> Self {
        let workers = flags.workers();
        let share = |total: usize| (total / workers).max(1);
        let threads = flags.threads.map_or(BLOCKING_THREADS, NonZeroUsize::get);
        Self { workers, connections: share(connections), blocking_threads: share(threads) }
    }

    /// Says what is in effect: rounding has changed the totals.
    fn tell(&self, contender: &Contender) {
        contender.adjust_settings(|settings| {
            settings.max_connections = Some((self.connections * self.workers) as u64);
            settings.threads = Some((self.blocking_threads * self.workers) as u64);
        });
    }
}

/// The server, which starts its workers once it is awaited.
fn build(
    listener: TcpListener,
    flags: &Flags,
    shares: &Shares,
    contender: &Arc<Contender>,
) -> io::Result<Server> {
    let connections = Connections::default();
    let open = connections.clone();
    contender.report_open_connections(move || open.count());
    let accepted = Arc::clone(contender);
    let start = StartWorker {
        contender: Arc::clone(contender),
        single: Single::default(),
        body_timeout: flags.body_timeout,
        workers: shares.workers,
        started: Arc::default(),
    };
    let app = move || {
        let start = start.clone();
        App::new().data_factory(move || std::future::ready(start.start())).default_service(web::to(answer))
    };
    let server = HttpServer::new(app)
        .workers(shares.workers)
        .max_connections(shares.connections)
        .worker_max_blocking_threads(shares.blocking_threads)
        .keep_alive(flags.keep_alive)
        .client_request_timeout(flags.head_timeout)
        // Whole seconds is all it takes: rounded up, so that nobody is cut off before the grace is over.
        .shutdown_timeout(flags.grace.as_millis().div_ceil(1000) as u64)
        // The front has taken SIGTERM and SIGINT over.
        .disable_signals()
        .on_connect(move |_, connection| {
            accepted.count_connection();
            connection.insert(connections.open());
        })
        .listen(listener)?;
    Ok(server.run())
}

/// Makes the handlers of a worker, on its own event loop.
#[derive(Clone)]
struct StartWorker {
    contender: Arc<Contender>,
    single: Single,
    body_timeout: Duration,
    workers: usize,
    started: Arc<AtomicUsize>,
}

impl StartWorker {
    /// Also says that the contender is ready once the last worker has started; what connects before that waits in the
    /// listen queue.
    fn start(&self) -> io::Result<Worker> {
        let handlers = Handlers::start(self.contender.clone(), self.single.clone())?;
        if self.started.fetch_add(1, Relaxed) + 1 == self.workers {
            self.contender.ready();
        }
        Ok(Worker { handlers, body_timeout: self.body_timeout })
    }
}

/// Runs the server until `stopped`, then lets it finish what is in flight within its time-out.
async fn until(stopped: oneshot::Receiver<()>, server: Server) -> io::Result<()> {
    let handle = server.handle();
    rt::spawn(async move {
        if stopped.await.is_ok() {
            handle.stop(true).await;
        }
    });
    server.await
}
