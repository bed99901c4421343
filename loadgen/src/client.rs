//! The load generator as a library: connections that stand, and measurements over them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use reports_record::Measurement;

use crate::bystanders::Bystanders;
use crate::clock::Moment;
use crate::crew::{Crew, CrewError};
use crate::descriptors::{self, TooFewDescriptors};
use crate::engine::{Standstills, ThreadReport};
use crate::evidence::Evidence;
use crate::intervals::{Collector, Ended, Interval};
use crate::opening::{LeftOut, Opening};
use crate::order::{Order, WATCH_TICK};
use crate::progress::Progress;
use crate::route::Route;
use crate::tally::Unsent;
use crate::thread::{ClientThread, Timers};
use crate::url::{ResolveError, Url};
use crate::usage::MachineReading;
use crate::{Interrupt, Load, LoadError, Request, socket};

/// An interrupted measurement ends so long after the interrupt was seen: by then every thread knows.
const STOP_AHEAD: Duration = Duration::from_millis(60);

/// Open connections to one server, ready to measure over, one measurement after another.
///
/// Blocking: the threads and runtimes inside are its own. Dropped, it closes its connections.
#[derive(Debug)]
pub struct Client {
    crew: Crew,
    route: Route,
    left_out: Vec<LeftOut>,
    threads: Vec<ClientThread>,
    bystanders: Option<Bystanders>,
}

/// Why no connection stands.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The crew cannot be.
    #[error(transparent)]
    Crew(#[from] CrewError),
    /// Too few descriptors for it.
    #[error(transparent)]
    Descriptors(#[from] TooFewDescriptors),
    /// The host has no address.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The host's name resolves to nothing.
    #[error("the host has no address (check its name)")]
    NoAddress,
    /// A client thread could not be started or bound to its CPU.
    #[error("could not start client thread {index}{on}: {cause}", on = pin.map_or_else(String::new, |cpu| format!(" on CPU {cpu}")))]
    Thread {
        /// Which, from 0.
        index: u32,
        /// The CPU it was to be bound to.
        pin: Option<usize>,
        /// What the system said; part of the message, and so not its source again.
        cause: io::Error,
    },
    /// The thread of idle and slow connections could not be started.
    #[error("could not start a thread for idle and slow connections: {cause}")]
    Bystanders {
        /// What the system said; part of the message, and so not its source again.
        cause: io::Error,
    },
    /// A connection could not be opened.
    #[error("could not open connection {number} to {address}: {cause} ({})", socket::remedy(cause, address))]
    Connect {
        /// Where to.
        address: SocketAddr,
        /// Which of the thread's connections, from 1.
        number: u32,
        /// What the system said; part of the message, and so not its source again.
        cause: io::Error,
    },
    /// A connection was opened, and its first request not answered as it should.
    #[error("connection {number} answered {url} with {found}, expected a success that keeps the connection")]
    Priming {
        /// What was asked.
        url: String,
        /// Which of the thread's connections, from 1.
        number: u32,
        /// What came instead.
        found: String,
    },
    /// The interrupt was raised meanwhile.
    #[error("interrupted before anything was measured")]
    Interrupted,
    /// A client thread panicked: a bug.
    #[error("a client thread was lost (a bug: its panic is above)")]
    ThreadLost,
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The load is outside its range.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A client thread could not begin.
    #[error("could not begin measuring: {0}")]
    Begin(io::Error),
    /// A client thread panicked: a bug.
    #[error("a client thread was lost (a bug: its panic is above)")]
    ThreadLost,
}

impl Client {
    /// Opens `crew`'s connections to `url`'s server, one after another, bystanders last. Of a [`Pool::OnDemand`](crate::Pool) it
    /// opens one, which shows that the server is there; the others follow when a measurement needs them.
    ///
    /// They go to all addresses of the host in turn, but for those that accept no connection; the first of these is
    /// the error when none does.
    ///
    /// With `priming`, each is proven by one such request before the next is opened; without, it is only opened. Raises
    /// the process's soft descriptor limit to the hard one.
    ///
    /// # Errors
    /// When one of them does not stand, within the resolver's 3 s, the connect time-out and 5 s for a proof.
    pub fn connect(
        url: &Url,
        crew: &Crew,
        priming: Option<&Request>,
        interrupt: &Interrupt,
    ) -> Result<Self, StartError> {
        crew.validate()?;
        descriptors::ensure(crew.connections + crew.idle + crew.slow, crew.threads)?;
        let mut addresses = url.resolve()?;
        let mut threads = Vec::new();
        let (mut route, mut left_out, mut before) = (None::<Route>, Vec::new(), 0);
        for index in 0..crew.threads {
            let pin = crew.pin(index);
            let thread = ClientThread::start(format!("client-{index}"), pin, Timers::Own)
                .map_err(|cause| StartError::Thread { index, pin, cause })?;
            let opening = Opening {
                addresses,
                are_proven: route.is_some(),
                connect_timeout: crew.connect_timeout,
                connections: crew.share(index),
                pool: crew.pool,
                before,
                priming: priming.cloned(),
                interrupt: interrupt.clone(),
            };
            let (done, opened) = mpsc::channel();
            // Nobody waits any more only if this function is gone.
            thread.order(move |hand| drop(done.send(opening.run(hand))));
            let opened = opened.recv().map_err(|_| StartError::ThreadLost)??;
            addresses = opened.route.addresses.to_vec();
            let round_trip = route.map_or(Duration::MAX, |route| route.round_trip);
            route = Some(Route { round_trip: round_trip.min(opened.route.round_trip), ..opened.route });
            left_out.extend(opened.left_out);
            before += crew.share(index);
            threads.push(thread);
        }
        let route = route.ok_or(StartError::NoAddress)?;
        let crowd = (crew.idle, crew.slow);
        let bystanders = match crowd {
            (0, 0) => None,
            _ => Some(Bystanders::summon(crowd, route.clone(), Request::get(url), crew.pin(0))?),
        };
        Ok(Self { crew: crew.clone(), route, left_out, threads, bystanders })
    }

    /// The addresses that connections go to, in turn; never empty.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.route.addresses
    }

    /// The host's other addresses, which accepted no connection.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Carries out `load` over the open connections and returns what was found, believable or not.
    ///
    /// Connections that broke are replaced, those that stand are kept for the next measurement. `progress` is told
    /// every 50 ms. Interrupted, it returns within 2 s what was measured, marked incomplete.
    ///
    /// # Errors
    /// When it could not begin; what goes wrong later is part of the measurement.
    pub fn measure(
        &mut self,
        load: &Load,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(&Progress),
    ) -> Result<Measurement, MeasureError> {
        self.measure_in_part(load, interrupt, progress, None, false)
    }

    /// As [`Client::measure`], and tells `each` second of it as soon as it is over, in order, late by up to 70 ms or by
    /// as much as a client thread is late.
    ///
    /// Costs a client thread a fresh histogram each second, and nothing more per request.
    ///
    /// # Errors
    /// As [`Client::measure`].
    pub fn measure_by_seconds(
        &mut self,
        load: &Load,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(&Progress),
        each: &mut dyn FnMut(&Interval),
    ) -> Result<Measurement, MeasureError> {
        self.measure_in_part(load, interrupt, progress, Some(each), false)
    }

    /// As [`Client::measure_by_seconds`], and each second has every request that ended in it.
    ///
    /// Costs memory for the requests of a second, about 200 bytes each, and a copy of each request's times.
    ///
    /// # Errors
    /// As [`Client::measure`].
    pub fn measure_by_requests(
        &mut self,
        load: &Load,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(&Progress),
        each: &mut dyn FnMut(&Interval),
    ) -> Result<Measurement, MeasureError> {
        self.measure_in_part(load, interrupt, progress, Some(each), true)
    }

    fn measure_in_part(
        &mut self,
        load: &Load,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(&Progress),
        mut each: Option<&mut dyn FnMut(&Interval)>,
        keeps_requests: bool,
    ) -> Result<Measurement, MeasureError> {
        load.validate()?;
        let attendance = || self.bystanders.as_ref().map(Bystanders::attendance).unwrap_or_default();
        let (machine_before, attendance_before) = (MachineReading::read(), attendance());
        let (slices, sliced) = mpsc::channel();
        let slices = each.is_some().then_some(slices);
        let connections = self.crew.connections as usize;
        let mut order = Order::new(load, self.threads.len(), connections, self.crew.pool, slices);
        order.keeps_requests = keeps_requests;
        let order = Arc::new(order);
        let due = each.as_ref().and_then(|_| order.due());
        let mut collector = Collector::new(self.threads.len(), order.begin, order.window().start, due);
        let (done, finished) = mpsc::channel();
        for (index, thread) in self.threads.iter().enumerate() {
            let (order, route, done) = (order.clone(), self.route.clone(), done.clone());
            thread.order(move |hand| drop(done.send(hand.measure(order, index, route))));
        }
        drop(done);
        let mut reports: Vec<ThreadReport> = Vec::new();
        let mut interrupted = false;
        while reports.len() < self.threads.len() {
            match finished.recv_timeout(WATCH_TICK) {
                Ok(report) => reports.push(report.map_err(MeasureError::Begin)?),
                Err(RecvTimeoutError::Timeout) => progress(&order.progress()),
                Err(RecvTimeoutError::Disconnected) => return Err(MeasureError::ThreadLost),
            }
            collector.begin_at(order.window().start);
            if let Some(each) = &mut each {
                sliced.try_iter().for_each(|slice| collector.take(slice));
                std::iter::from_fn(|| collector.next(order.ends_at())).for_each(|interval| each(&interval));
            }
            if interrupt.is_raised() && !interrupted {
                interrupted = true;
                order.stop_at(order.clock.now().after(STOP_AHEAD));
            }
            order.settle(order.clock.now());
        }
        let machine = (machine_before, MachineReading::read());
        let now = order.clock.now();
        // What a number of requests ended in a closed loop ended with the last of them.
        let last_ended = reports.iter().map(|report| report.tally.last_ended).max().unwrap_or_default();
        let end = Some(order.ends_at()).filter(|end| *end != Moment::NEVER).unwrap_or(last_ended);
        let untaken = order.starts.take_untaken(now, end);
        let unsent: Vec<Unsent> = untaken
            .into_iter()
            .map(|(intended, requests)| Unsent {
                own: Standstills::lost_by_all(
                    reports.iter().map(|report| &report.standstills),
                    intended,
                    now,
                ),
                ..Unsent::waiting(intended, requests)
            })
            .collect();
        if let Some(report) = reports.first_mut() {
            unsent.iter().for_each(|unsent| report.tally.never_sent(unsent, now));
        }
        if let Some(each) = each {
            let mut held = Ended::default();
            for report in &mut reports {
                held.times.merge(&report.tally.take_times());
                held.counts.add(&report.tally.counts());
                held.requests.extend(report.tally.take_requests());
            }
            if let Some(report) = reports.first_mut() {
                report.tally.give_back(collector.all());
                report.tally.give_back(&held.times);
            }
            if let Some(last) = collector.last(now, end, held) {
                each(&last);
            }
        }
        Ok(Evidence {
            attendance: attendance().since(attendance_before),
            addresses: &self.route.addresses,
            ..Evidence::of(&order, &self.crew, reports, machine, interrupted)
        }
        .into_measurement())
    }
}
