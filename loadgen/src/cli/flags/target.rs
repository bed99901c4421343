//! What is asked, and what a correct reply to it is.

use std::time::Duration;

use clap::{ArgAction, Args};
use loadgen::{Expect, ExpectBody, Load, Request, RequestError, Url, UrlError};

use crate::cli::numbers::span;

/// What is asked, and what a correct reply to it is.
#[derive(Debug, Clone, Args)]
pub(crate) struct TargetFlags {
    /// The request's method
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    method: String,

    /// A header to send, 'name: value'; may be given more than once
    ///
    /// host replaces the URL's. The body's length is added from --body and cannot be given.
    #[arg(long, short = 'H', value_name = "HEADER", action = ArgAction::Append)]
    header: Vec<String>,

    /// A body to send with each request
    #[arg(long, short = 'b', value_name = "TEXT", allow_hyphen_values = true)]
    body: Option<String>,

    /// Count replies whose body differs from the first one's as wrong
    ///
    /// Not the default, because many servers rightly answer differently each time. Costs a CRC of every body.
    #[arg(long)]
    expect_same_body: bool,

    /// Deadline of one request, from its first byte sent to its reply's last
    ///
    /// A request past it counts as a time-out, in quantiles as at least so long. From 1ms to 1h.
    #[arg(long, value_name = "TIME", default_value = "10s", allow_hyphen_values = true,
          value_parser = span(Load::TIMEOUT))]
    timeout: Duration,

    /// Prove each connection by one GET of this path before the next is opened
    ///
    /// Connections are opened one after another in any case: some servers leave bursts of them unanswered. The path,
    /// such as /hello, has to answer with success.
    #[arg(long, value_name = "PATH")]
    prime: Option<String>,
}

impl TargetFlags {
    /// The one request that is sent again and again.
    pub(crate) fn request(&self, url: &Url) -> Result<Request, RequestError> {
        Request::new(url, &self.method, &self.header, self.body.as_deref().map(str::as_bytes))
    }

    /// What a correct reply is.
    pub(crate) fn expect(&self) -> Expect {
        let body = if self.expect_same_body { ExpectBody::Same } else { ExpectBody::Any };
        Expect { status: None, body }
    }

    /// Deadline of one request.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What proves a connection before the next is opened.
    pub(crate) fn priming(&self, url: &Url) -> Result<Option<Request>, UrlError> {
        let url = self.prime.as_deref().map(|path| url.with_target(path)).transpose()?;
        Ok(url.as_ref().map(Request::get))
    }
}
