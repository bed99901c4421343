//! The endpoints by name.

use crate::Parameter;

/// One URL of the contract, without its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// A fixed short reply.
    Hello,
    /// Waits and computes nothing.
    Wait,
    /// Computes and does not wait.
    Cpu,
    /// Waits, then computes.
    Mixed,
    /// Asks another server and waits for its answer.
    Upstream,
    /// A reply of a chosen size.
    Payload,
    /// The request's body, sent back.
    Echo,
    /// Ready, with the effective settings.
    Health,
    /// Counters since the start.
    Stats,
}

impl Endpoint {
    /// Every endpoint, in the order of the declaration: [`Endpoint::index`] is a position in this array.
    pub const ALL: [Endpoint; 9] = [
        Endpoint::Hello,
        Endpoint::Wait,
        Endpoint::Cpu,
        Endpoint::Mixed,
        Endpoint::Upstream,
        Endpoint::Payload,
        Endpoint::Echo,
        Endpoint::Health,
        Endpoint::Stats,
    ];

    /// The endpoint at exactly this path: case counts, and so does a slash at the end.
    pub fn at(path: &str) -> Option<Endpoint> {
        // A match, not a search through ALL: this runs for every request.
        Some(match path {
            "/hello" => Endpoint::Hello,
            "/wait" => Endpoint::Wait,
            "/cpu" => Endpoint::Cpu,
            "/mixed" => Endpoint::Mixed,
            "/upstream" => Endpoint::Upstream,
            "/payload" => Endpoint::Payload,
            "/echo" => Endpoint::Echo,
            "/health" => Endpoint::Health,
            "/stats" => Endpoint::Stats,
            _ => return None,
        })
    }

    /// The path, with its slash.
    pub fn path(self) -> &'static str {
        match self {
            Endpoint::Hello => "/hello",
            Endpoint::Wait => "/wait",
            Endpoint::Cpu => "/cpu",
            Endpoint::Mixed => "/mixed",
            Endpoint::Upstream => "/upstream",
            Endpoint::Payload => "/payload",
            Endpoint::Echo => "/echo",
            Endpoint::Health => "/health",
            Endpoint::Stats => "/stats",
        }
    }

    /// The path without its slash: the key in [`crate::Stats::requests`].
    pub fn name(self) -> &'static str {
        &self.path()[1..]
    }

    /// The one method it answers; any other is refused, HEAD and OPTIONS included.
    pub fn method(self) -> &'static str {
        match self {
            Endpoint::Echo => "POST",
            _ => "GET",
        }
    }

    /// The parameters it takes, the required ones first.
    pub fn parameters(self) -> &'static [Parameter] {
        match self {
            Endpoint::Wait => &[Parameter::Ms, Parameter::Blocking],
            Endpoint::Cpu => &[Parameter::Rounds, Parameter::Run],
            Endpoint::Mixed => &[Parameter::Ms, Parameter::Rounds, Parameter::Run],
            Endpoint::Upstream => &[Parameter::Ms],
            Endpoint::Payload => &[Parameter::Bytes],
            Endpoint::Hello | Endpoint::Echo | Endpoint::Health | Endpoint::Stats => &[],
        }
    }

    /// Position in [`Endpoint::ALL`], for arrays of counters.
    pub fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_found_at_its_path_and_at_its_index() {
        for endpoint in Endpoint::ALL {
            assert_eq!(Endpoint::at(endpoint.path()), Some(endpoint));
            assert_eq!(Endpoint::ALL[endpoint.index()], endpoint);
            assert_eq!(format!("/{}", endpoint.name()), endpoint.path());
        }
    }

    #[test]
    fn paths_are_exact() {
        for path in ["", "/", "hello", "/hello/", "/Hello", "//hello", "/hell", "/%68ello"] {
            assert_eq!(Endpoint::at(path), None, "{path:?}");
        }
    }
}
