//! Where the project is: contenders are built there, and runs are kept there.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The list of contenders, which also marks the project's root.
pub const CONTENDERS: &str = "servers/contenders.toml";

/// Where runs are kept unless told otherwise.
pub const RUNS: &str = "reports/runs";

/// Where contenders listen: loopback, on a port that the system chooses.
pub const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// The closest folder, from the current one upwards, that holds the project.
///
/// # Errors
/// When there is none.
pub fn find() -> anyhow::Result<PathBuf> {
    let start = std::env::current_dir().context("cannot tell the current folder")?;
    let found = start.ancestors().find(|folder| folder.join(CONTENDERS).is_file()).map(Path::to_owned);
    match found {
        Some(root) => Ok(root),
        None => bail!("no {CONTENDERS} in {} or above; run this inside the project", start.display()),
    }
}
