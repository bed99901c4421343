//! From a raw request to a reply: read, count, answer, survive.

use std::{fmt, sync::Arc};

use servers_contract::{Call, Process, Refusal, Reply};

use crate::{answer::answer, guard::guarded, upstream::Upstream};

/// The handlers of one process; cloning is cheap, and each thread may have its own.
#[derive(Clone)]
pub struct Handlers {
    pub(crate) process: Arc<dyn Process>,
    pub(crate) upstream: Arc<Upstream>,
}

impl Handlers {
    /// Handlers that report to this process.
    pub fn new(process: Arc<dyn Process>) -> Handlers {
        let upstream = Arc::new(Upstream::of(process.upstream()));
        Handlers { process, upstream }
    }

    /// Answers a request; blocks for as long as its endpoint waits and computes.
    ///
    /// Never fails: what is wrong with the request, and a handler's panic, come back as replies.
    pub fn respond(&self, method: &str, target: &str, body: &[u8]) -> Reply {
        let call = match Call::parse(method, target) {
            Ok(call) => call,
            Err(refusal) => return self.refuse(refusal),
        };
        let endpoint = call.endpoint();
        self.process.count_request(endpoint);
        let handler = || {
            assert!(!self.process.panics_in(endpoint), "told to panic");
            answer(&call, body, self)
        };
        guarded(handler).unwrap_or_else(|refusal| self.refuse(refusal))
    }

    /// The reply for a request that the front refuses itself, such as one whose body is too large.
    pub fn refuse(&self, refusal: Refusal) -> Reply {
        self.process.count_refusal();
        refusal.reply()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Handlers").finish_non_exhaustive()
    }
}
