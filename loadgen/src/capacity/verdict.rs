//! What one trial says of its rate.

/// What one trial, or all trials at a rate together, say of that rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The server kept up and every objective was met.
    Pass,
    /// The server did not keep up, or an objective was not met, by the server's doing.
    Fail,
    /// Neither can be said.
    Unsure(Doubt),
}

/// Why a trial says nothing of its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The client was the limit: late, busy, or without a free connection. A higher rate would only make it worse.
    Client,
    /// The measurement may not be believed, or what was disturbed may have made the difference.
    Noise,
    /// Too few requests were answered for the quantile.
    Samples,
}
