//! The load generators that are compared: found, asked, understood.

use std::path::{Path, PathBuf};
use std::time::Duration;

use benches::bench::oha;
use benches::{artifacts, program};
use loadgen::Url;

/// A load generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Wrk,
    H2load,
    Ab,
    Hey,
    Oha,
    Loadgen,
}

impl Peer {
    /// In the order of the table; the first is what the others are compared with.
    pub(crate) const ALL: [Self; 6] =
        [Self::Wrk, Self::H2load, Self::Ab, Self::Hey, Self::Oha, Self::Loadgen];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wrk => "wrk",
            Self::H2load => "h2load",
            Self::Ab => "ab -k",
            Self::Hey => "hey",
            Self::Oha => "oha",
            Self::Loadgen => "loadgen",
        }
    }

    /// Where its program is, loadgen's built first; `None` when it is not installed.
    ///
    /// # Errors
    /// When loadgen cannot be built.
    pub(crate) fn find(self, root: &Path) -> anyhow::Result<Option<PathBuf>> {
        Ok(match self {
            Self::Ab => program::on_path("ab"),
            Self::Oha => oha::find(root),
            Self::Loadgen => Some(artifacts::build_loadgen(root)?),
            _ => program::on_path(self.name()),
        })
    }

    /// Its command line for a closed loop on one thread over `connections` kept alive, whole seconds long.
    pub(crate) fn command(self, program: &Path, connections: u32, turn: Duration, url: &Url) -> Vec<String> {
        let (seconds, connections_) = (turn.as_secs(), connections.to_string());
        let lasting = format!("{seconds}s");
        // ab ends at a number of requests too, and makes room for as many: more than it can do.
        let many = (seconds * 300_000).to_string();
        let seconds = seconds.to_string();
        let arguments: Vec<&str> = match self {
            Self::Wrk => vec!["-t", "1", "-c", &connections_, "-d", &lasting],
            Self::H2load => vec!["--h1", "-t", "1", "-c", &connections_, "-D", &seconds],
            Self::Ab => vec!["-k", "-q", "-c", &connections_, "-t", &seconds, "-n", &many],
            Self::Hey => vec!["-cpus", "1", "-c", &connections_, "-z", &lasting],
            Self::Loadgen => {
                vec![
                    "--threads",
                    "1",
                    "-c",
                    &connections_,
                    "-d",
                    &lasting,
                    "--expect-same-body",
                    "--json",
                    "-",
                ]
            }
            Self::Oha => {
                return oha::command(program, &oha::Asked { rate: None, connections, window: turn }, url);
            }
        };
        let program = program.display().to_string();
        std::iter::once(program.as_str())
            .chain(arguments)
            .chain([url.to_string().as_str()])
            .map(str::to_owned)
            .collect()
    }
}
