//! The connections and the threads that serve them.

use std::time::Duration;

use clap::{Args, ValueEnum};
use loadgen::{Crew, CrewError, Load, Pool};

use crate::cli::numbers::{span, whole};

/// The connections and the threads that serve them.
#[derive(Debug, Clone, Args)]
pub(crate) struct CrewFlags {
    /// Connections; in an open loop the most that may be open at once
    ///
    /// In a closed loop this is the concurrency: each connection is a user, who opens it with the first request. In an open
    /// loop it bounds the concurrency: take more than rate times response time, or requests wait for a connection (which is
    /// measured and shown).
    #[arg(long, short = 'c', value_name = "N", default_value = "1", allow_hyphen_values = true,
          value_parser = whole(Crew::CONNECTIONS))]
    connections: u32,

    /// Open loop: when connections are opened, and which one is used next [default: on-demand]
    ///
    /// on-demand: as HTTP clients do. A request that finds no free connection opens one, which counts in its response time;
    /// of the free ones the most recently used is next. all: every connection is opened before measuring, and the one that
    /// has been free longest is next, as from that many independent users. Some servers reserve a worker for each open
    /// connection.
    #[arg(long, value_enum, value_name = "HOW")]
    pool: Option<HowPooled>,

    /// Idle connections to hold open beside the measured ones
    ///
    /// They are opened last and send nothing. One that the server closes is opened again, and the certificate
    /// reports it.
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true, value_parser = whole(0..=100_000u32))]
    idle: u32,

    /// Connections to hold open beside the measured ones whose requests arrive a byte every 100ms
    ///
    /// They send a plain GET of the same URL, again and again. They are not measured themselves; their effect on
    /// the other connections is.
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true, value_parser = whole(0..=100_000u32))]
    slow: u32,

    /// Open a fresh connection every N requests; 1 means for each request
    ///
    /// The last request on a connection says `connection: close`. The next connection is opened when its first
    /// request is due; the time that takes is shown, and is part of the response time. Without this flag,
    /// connections are kept for as long as the server keeps them. Each closed connection holds its local port for a
    /// minute.
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = whole(1..=u32::MAX))]
    churn: Option<u32>,

    /// Client threads, each with its own event loop and share of the connections
    ///
    /// One thread sends tens of thousands of requests per second; add more when the certificate says client-limited.
    #[arg(long, short = 't', value_name = "N", default_value = "1", allow_hyphen_values = true,
          value_parser = whole(Crew::THREADS))]
    threads: u32,

    /// Bind client threads to these CPUs, in turn: 0 or 0,1
    ///
    /// Keep them apart from the server's, or the two take turns and both are measured.
    #[arg(long, value_name = "CPUS", value_delimiter = ',', allow_hyphen_values = true, value_parser = whole(0..=1023usize))]
    pin: Vec<usize>,

    /// How long opening one connection may take
    ///
    /// From 1ms to 1h. Opening a connection takes milliseconds on a network worth measuring on, but a server whose queue of them is
    /// full answers none at first: the kernel tries again after a second, and by the default a few times more.
    #[arg(long, value_name = "TIME", default_value = "5s", allow_hyphen_values = true,
          value_parser = span(Load::TIMEOUT))]
    connect_timeout: Duration,
}

/// When connections are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HowPooled {
    /// When a request finds none free
    OnDemand,
    /// Before measuring
    All,
}

impl CrewFlags {
    /// Whether the pool was chosen, which a closed loop has no use for.
    pub(crate) fn chooses_pool(&self) -> bool {
        self.pool.is_some()
    }

    /// Requests that a connection carries before it gives way to a fresh one.
    pub(crate) fn churn(&self) -> Option<u32> {
        self.churn
    }

    /// Whether connections are only to be opened when they are needed.
    pub(crate) fn chooses_on_demand(&self) -> bool {
        self.pool == Some(HowPooled::OnDemand)
    }

    /// The crew, each part within its range. Connections that are primed are all opened beforehand.
    pub(crate) fn crew(&self, is_primed: bool) -> Result<Crew, CrewError> {
        let pool = match self.pool {
            Some(HowPooled::All) => Pool::All,
            Some(HowPooled::OnDemand) => Pool::OnDemand,
            None if is_primed => Pool::All,
            None => Pool::OnDemand,
        };
        let crew = Crew {
            connections: self.connections,
            idle: self.idle,
            slow: self.slow,
            threads: self.threads,
            pins: self.pin.clone(),
            connect_timeout: self.connect_timeout,
            pool,
        };
        crew.validate()?;
        Ok(crew)
    }
}
