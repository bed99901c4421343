//! `cargo bench --bench instructions`: how many instructions the load generator's hot path takes, as callgrind counts them.
//!
//! Counts do not depend on what else the machine does, so that a slip of a few per cent shows at once, which no timing
//! here could tell. What a cache miss or a system call costs is not in them.

mod baseline;
mod callgrind;
mod end_to_end;
mod flags;
mod step;

use std::process::ExitCode;

use benches::bench::scripted::{SCRIPTED, be_scripted};
use benches::bench::started;
use benches::bench::table::Table;
use benches::root;
use benches::signals::Signals;
use clap::Parser as _;
use reports_terminal::talk;

use crate::baseline::Baseline;
use crate::callgrind::Callgrind;
use crate::flags::Flags;
use crate::step::{BE_STEP, Step, be_step};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    started::end("instructions", run(&arguments))
}

fn run(arguments: &[String]) -> anyhow::Result<i32> {
    match arguments.first().map(String::as_str) {
        Some(SCRIPTED) => be_scripted(&arguments[1..]).map(|()| 0),
        Some(BE_STEP) => be_step(&arguments[1..]).map(|()| 0),
        _ if started::by_cargo_bench(arguments) => count(&Flags::parse()),
        _ => end_to_end::test().map(|()| 0),
    }
}

fn count(flags: &Flags) -> anyhow::Result<i32> {
    let signals = Signals::install()?;
    let callgrind = Callgrind::find()?;
    let path = root::find()?.join(baseline::PATH);
    let baseline = Baseline::read(&path)?;
    let compiler = baseline::compiler()?;
    // Counts of other code say nothing about this one.
    let compared = flags.are_compared().then_some(&baseline).filter(|baseline| baseline.compiler == compiler);
    let mut table = Table::new(["step", "instructions", "baseline", ""]);
    let (mut counts, mut risen) = (Baseline::new(compiler), Vec::new());
    for step in Step::ALL {
        let Some(count) = callgrind.per_operation(step, flags.quick, signals.interrupt())? else {
            break;
        };
        let known = compared.and_then(|baseline| baseline.instructions.get(step.name()).copied());
        let change = known.map(|known| count / known - 1.0);
        if change.is_some_and(|change| change > baseline::TOLERANCE) {
            risen.push(step.name());
        }
        table.push([
            step.operation().to_owned(),
            format!("{count:.1}"),
            known.map_or_else(|| "–".to_owned(), |known| format!("{known:.1}")),
            change.map_or_else(String::new, |change| format!("{:+.1} %", change * 100.0)),
        ]);
        counts.instructions.insert(step.name().to_owned(), count);
    }
    table.print()?;
    if signals.interrupt().is_raised() {
        return Ok(signals.exit_code());
    }
    if flags.bless {
        counts.write(&path)?;
        talk!("instructions: {} holds these counts now", path.display());
        return Ok(0);
    }
    match compared {
        None => talk!("instructions: not compared: {}", flags.why_not(&baseline, &counts)),
        Some(_) if risen.is_empty() => {}
        Some(_) => {
            let bound = baseline::TOLERANCE * 100.0;
            talk!(
                "instructions: more than {bound:.0} % above the baseline: {} (if that is meant: --bless)",
                risen.join(", ")
            );
            return Ok(1);
        }
    }
    Ok(0)
}
