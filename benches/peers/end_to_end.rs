//! `cargo test`: the program works from end to end, whichever clients are installed. What they cost is not judged.

use anyhow::{Context as _, ensure};
use benches::bench::metered::{self, Cost, Metered};
use benches::bench::started;
use loadgen::Interrupt;

use crate::answer::Answer;
use crate::field::nothing_to_compare;
use crate::peer::Peer;
use crate::spread::Spread;

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&["--open", "--rounds", "--seconds", "--quick"])?;
    started::refuses(&["--rounds", "0"], "1..=50")?;
    started::refuses(&["--seconds", "61"], "1..=60")?;
    started::refuses(&["--open", "-1/s"], "--open")?;
    reports_are_read()?;
    without_a_rival_there_is_nothing_to_compare()?;
    a_meter_tells_what_a_program_used()?;
    ensure!(Spread::of(vec![3.0, 1.0, 2.0, 9.0]).is_some_and(|spread| spread.ratio() == "2.50 (1.00–9.00)"));
    every_installed_client_has_its_row()?;
    pacing_is_compared()
}

/// As each printed it once.
fn reports_are_read() -> anyhow::Result<()> {
    let reports = [
        (
            Peer::Wrk,
            "  97602 requests in 1.10s, 11.36MB read\nRequests/sec:  88752.81\n",
            97_602.0,
            88_752.81,
        ),
        (
            Peer::H2load,
            "finished in 1.00s, 40022.00 req/s, 4.66MB/s\n\
             requests: 40022 total, 40026 started, 40022 done, 40021 succeeded, 1 failed, 0 errored, 0 timeout\n",
            40_021.0,
            40_022.0,
        ),
        (
            Peer::Ab,
            "Complete requests:      116843\nRequests per second:    116840.08 [#/sec] (mean)\n",
            116_843.0,
            116_840.08,
        ),
        (Peer::Hey, "  Requests/sec:\t47410.9350\n  [200]\t47429 responses\n", 47_429.0, 47_410.935),
    ];
    let cost = Cost { user_us: 0, system_us: 0, peak_kib: 0, involuntary_switches: 0 };
    let printed =
        |output: &str, code| Metered { cost, output: output.to_owned(), code, last_said: String::new() };
    for (peer, output, replies, rate_per_s) in reports {
        let answer = Answer::read(peer, printed(output, 0))?;
        ensure!(answer == Answer { replies, rate_per_s }, "{}: read {answer:?}", peer.name());
        ensure!(Answer::read(peer, printed(output, 1)).is_err(), "{} failed, and was read", peer.name());
        ensure!(
            Answer::read(peer, printed("nothing", 0)).is_err(),
            "{} said nothing, and was read",
            peer.name()
        );
    }
    Ok(())
}

/// Whatever is installed here.
fn without_a_rival_there_is_nothing_to_compare() -> anyhow::Result<()> {
    for (clients, expected) in [
        (&[Peer::Loadgen][..], Some("nothing to compare")),
        (&[Peer::Oha, Peer::Loadgen], Some("there are no ratios")),
        (&[Peer::Wrk, Peer::Loadgen], None),
        (&Peer::ALL, None),
    ] {
        let said = nothing_to_compare(clients);
        let fits =
            said.is_some() == expected.is_some() && said.unwrap_or("").contains(expected.unwrap_or(""));
        ensure!(fits, "with {clients:?} it says {said:?}, expected {expected:?}");
    }
    Ok(())
}

fn a_meter_tells_what_a_program_used() -> anyhow::Result<()> {
    let cpus = benches::cpus::allowed()?;
    let limit = std::time::Duration::from_secs(60);
    let run = |script: &str| {
        let command = ["sh", "-c", script].map(str::to_owned);
        metered::run(&command, &cpus[..1], limit, &Interrupt::default())
    };
    let busy = run("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo done; echo why >&2; exit 3")?;
    ensure!((busy.output.as_str(), busy.code) == ("done", 3), "{busy:?}");
    ensure!(busy.last_said == "why" && busy.clone().successful().is_err(), "{busy:?}");
    let idle = run("sleep 0.2")?;
    let cpu = |metered: &Metered| metered.cost.user_us + metered.cost.system_us;
    ensure!(cpu(&busy) > cpu(&idle) && idle.cost.peak_kib > 100, "busy {busy:?}, idle {idle:?}");
    let none = metered::run(&["/no/such/program".to_owned()], &cpus[..1], limit, &Interrupt::default());
    let said = none.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(said.contains("/no/such/program"), "a program that is not there: {said:?}");
    let short = std::time::Duration::from_millis(100);
    let endless =
        metered::run(&["sleep".to_owned(), "60".to_owned()], &cpus[..1], short, &Interrupt::default());
    let said = endless.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(said.contains("was killed"), "a program that does not end: {said:?}");
    Ok(())
}

fn every_installed_client_has_its_row() -> anyhow::Result<()> {
    let told = started::again(&["--quick"], |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "--quick ended with {}: {said}", told.status);
    for peer in Peer::ALL {
        let row = table.lines().find(|line| line.contains(&format!("| {} ", peer.name())));
        if said.contains(&format!("{} is not installed", peer.name())) {
            ensure!(row.is_none() && peer != Peer::Loadgen, "{} is missing, and has {row:?}", peer.name());
            continue;
        }
        let row = row.with_context(|| format!("no row of {} in\n{table}{said}", peer.name()))?;
        ensure!(row.contains("µs") && row.contains("MiB"), "a cost and a peak in {row}");
    }
    let missing = |peer: &Peer| said.contains(&format!("{} is not installed", peer.name()));
    let rivals = Peer::ALL.iter().filter(|peer| **peer != Peer::Loadgen && !missing(peer)).count();
    ensure!(said.contains("nothing to compare") == (rivals == 0), "{rivals} rivals, and it said: {said}");
    Ok(())
}

fn pacing_is_compared() -> anyhow::Result<()> {
    let told = started::again(&["--open", "1000/s", "--quick"], |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "--open ended with {}: {said}", told.status);
    for pacing in ["--pacing spin", "--pacing timer"] {
        ensure!(table.contains(pacing), "no row of {pacing} in\n{table}{said}");
    }
    Ok(())
}
