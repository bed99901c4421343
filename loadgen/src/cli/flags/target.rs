//! What is asked, and what a correct reply to it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{ArgAction, Args};
use loadgen::{BodySha256, Expect, ExpectBody, Load, Request, Statuses, Url, UrlError};

use crate::cli::body_file;
use crate::cli::numbers::span;

/// What is asked, and what a correct reply to it is.
#[derive(Debug, Clone, Args)]
pub(crate) struct TargetFlags {
    /// The request's method [default: GET]
    #[arg(long, short = 'X', value_name = "METHOD", value_parser = method)]
    method: Option<String>,

    /// A header to send, 'name: value'; may be given more than once
    ///
    /// host replaces the URL's. The body's length is added by loadgen and cannot be given.
    #[arg(long, short = 'H', value_name = "HEADER", action = ArgAction::Append)]
    header: Vec<String>,

    /// A body to send with each request
    ///
    /// The text as it is. One that begins with @ is refused, because other tools take it for a file: see --body-file.
    #[arg(long, short = 'b', value_name = "TEXT", allow_hyphen_values = true, value_parser = body_text)]
    body: Option<String>,

    /// A file whose bytes are the body of each request; - for standard input
    ///
    /// Read once, as it is, before anything is sent. At most 64 MiB.
    #[arg(long, value_name = "PATH", conflicts_with = "body", allow_hyphen_values = true)]
    body_file: Option<PathBuf>,

    /// Count replies with any other status as wrong: 404, '200,404', 2xx
    ///
    /// Statuses from 200 to 599 and their classes, separated by commas.
    #[arg(long, value_name = "STATUSES", default_value = "2xx", allow_hyphen_values = true)]
    expect_status: Statuses,

    /// Count replies with any other body as wrong: sha256: and what `curl --silent URL | sha256sum` prints
    ///
    /// Of the body as it comes, chunks joined and nothing unpacked. Bodies are hashed until one is right, and from then on
    /// held to its length and CRC-32: a wrong body of the right length passes once in 4 billion.
    #[arg(long, value_name = "DIGEST", conflicts_with = "expect_same_body", allow_hyphen_values = true)]
    expect_body_digest: Option<BodySha256>,

    /// Count replies whose body differs from the first one's as wrong
    ///
    /// Not the default, because many servers rightly answer differently each time. Costs a CRC of every body.
    #[arg(long)]
    expect_same_body: bool,

    /// Deadline of one request, from its first byte sent to its reply's last
    ///
    /// A request past it counts as a time-out; quantiles take it as at least that long. From 1ms to 1h.
    #[arg(long, value_name = "TIME", default_value = "10s", allow_hyphen_values = true,
          value_parser = span(Load::TIMEOUT))]
    timeout: Duration,

    /// Open all connections before measuring, one after another, each checked with one GET of this path
    ///
    /// For servers that leave bursts of connections unanswered. The path, such as /hello, has to answer with success.
    #[arg(long, value_name = "PATH")]
    prime: Option<String>,
}

impl TargetFlags {
    /// The files that are read, with their flags.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.body_file.as_deref().map(|path| ("--body-file", path)).into_iter()
    }

    /// The one request that is sent again and again.
    pub(crate) fn request(&self, url: &Url) -> anyhow::Result<Request> {
        let body = match &self.body_file {
            Some(path) => {
                Some(body_file::read(path).with_context(|| format!("--body-file {}", path.display()))?)
            }
            None => self.body.clone().map(String::into_bytes),
        };
        let method = match (&self.method, &body) {
            (Some(method), _) => method,
            (None, None) => "GET",
            // Other programs make it a POST without a word.
            (None, Some(_)) => bail!(
                "a body needs a method that takes one: add -X POST, or -X GET if the server really expects a body with GET"
            ),
        };
        Ok(Request::new(url, method, &self.header, body.as_deref())?)
    }

    /// What a correct reply is.
    pub(crate) fn expect(&self) -> Expect {
        let body = match self.expect_body_digest {
            Some(digest) => ExpectBody::Sha256(digest),
            None if self.expect_same_body => ExpectBody::Same,
            None => ExpectBody::Any,
        };
        Expect { status: self.expect_status, body }
    }

    /// Deadline of one request.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether connections are opened beforehand and proven.
    pub(crate) fn has_priming(&self) -> bool {
        self.prime.is_some()
    }

    /// What proves a connection before the next is opened.
    pub(crate) fn priming(&self, url: &Url) -> Result<Option<Request>, UrlError> {
        let url = self.prime.as_deref().map(|path| url.with_target(path)).transpose()?;
        Ok(url.as_ref().map(Request::get))
    }
}

/// A method as it is sent. Methods are case-sensitive, and servers refuse `post`.
fn method(text: &str) -> Result<String, String> {
    const METHODS: [&str; 9] =
        ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    match METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(text)) {
        Some(known) if known != text => Err(format!("methods are case-sensitive, expected {known}")),
        _ => Ok(text.to_owned()),
    }
}

/// A body given as text; curl, hey and wrk take `@name` for a file.
fn body_text(text: &str) -> Result<String, String> {
    match text.strip_prefix('@') {
        None => Ok(text.to_owned()),
        Some(_) => {
            Err("a body that begins with @ is ambiguous: for the bytes of a file use --body-file PATH, \
                        and for this text itself `printf %s TEXT | loadgen … --body-file -`"
                .into())
        }
    }
}
