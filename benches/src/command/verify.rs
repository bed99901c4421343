//! `crossover verify`: holds contenders to the contract.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context as _;
use reports_terminal::print;
use servers_conformance::contenders::{Contender as Entry, Contenders};
use servers_conformance::faults::stage;
use servers_conformance::{Options, Report, check};

use crate::contender::Contender;
use crate::process::{Launch, Tail};
use crate::{artifacts, cpus, root};

/// Checks the server at `address`, or else the named contenders (all of them without a name), each freshly
/// built and started; with `faults` each is then put under every fault as well. Gives 1 when a case fails that is not a known exception.
///
/// # Errors
/// When a contender is not known, cannot be built or does not start.
pub fn verify(names: &[String], address: Option<SocketAddr>, faults: bool) -> anyhow::Result<i32> {
    let passed = match address {
        Some(address) => {
            answers(address)?;
            show(&address.to_string(), &check(address, &Options::default()))?
        }
        None => verify_contenders(names, faults)?,
    };
    Ok(i32::from(!passed))
}

/// How long a server may take to accept a connection before it counts as missing.
const CONNECT: Duration = Duration::from_secs(5);

/// Every case would fail where nobody listens, each for the same reason.
fn answers(address: SocketAddr) -> anyhow::Result<()> {
    let connected = TcpStream::connect_timeout(&address, CONNECT);
    connected.map(drop).with_context(|| {
        format!("cannot connect to {address}, expected a server there; start it, or name its address")
    })
}

fn verify_contenders(names: &[String], faults: bool) -> anyhow::Result<bool> {
    let root = root::find()?;
    let contenders = Contenders::load(&root.join(root::CONTENDERS))?;
    let chosen = if names.is_empty() { contenders.iter().collect() } else { choose(&contenders, names)? };
    let built = artifacts::build(&root, &contenders, chosen.iter().copied())?;
    let mut passed = true;
    for entry in chosen {
        let launch = Launch {
            cpus: cpus::allowed()?,
            ..Launch::of(built.command(entry, root::ANY_PORT)?, root.clone())
        };
        passed &= verify_one(entry, &launch)?;
        if faults {
            passed &= show(&format!("{} under fault", entry.name), &stage(entry, &launch.command))?;
        }
    }
    Ok(passed)
}

fn choose<'a>(contenders: &'a Contenders, names: &[String]) -> anyhow::Result<Vec<&'a Entry>> {
    let find = |name: &String| {
        contenders.get(name).with_context(|| format!("{} has no contender {name:?}", root::CONTENDERS))
    };
    names.iter().map(find).collect()
}

fn verify_one(entry: &Entry, launch: &Launch) -> anyhow::Result<bool> {
    let tail = Tail::default();
    let contender = Contender::start(launch, &tail)
        .map_err(|error| tail.explain(error))
        .with_context(|| format!("contender {}", entry.name))?;
    let options = Options {
        exceptions: entry.exceptions.clone(),
        contender: Some(entry.name.clone()),
        model: Some(entry.model),
        ..Options::default()
    };
    let report = check(contender.address(), &options);
    contender.stop().with_context(|| format!("contender {}", entry.name))?;
    show(&entry.name, &report)
}

fn show(name: &str, report: &Report) -> anyhow::Result<bool> {
    print(format!("{name}\n{report}\n")).context("cannot write to stdout")?;
    Ok(report.holds())
}
