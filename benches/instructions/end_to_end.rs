//! `cargo test`: the program works from end to end, with valgrind and without. No count is judged.

use anyhow::{Context as _, ensure};
use benches::bench::started;
use benches::program;

use crate::baseline::{Baseline, PATH};
use crate::callgrind::collected;
use crate::step::{Step, be_step};

pub(crate) fn test() -> anyhow::Result<()> {
    started::help_names(&["--bless", "--quick"])?;
    started::refuses(&["--bless", "--quick"], "--quick")?;
    let closing = "==7== Events    : Ir\n==7== Collected : 1234567\n==7== \n";
    ensure!(collected(closing) == Some(1_234_567) && collected("Collected : many").is_none());
    for step in Step::ALL {
        be_step(&[step.name().to_owned(), "50".to_owned()])?;
    }
    ensure!(be_step(&["no such step".to_owned(), "1".to_owned()]).is_err(), "a step that is none was done");
    the_baseline_has_every_step_and_is_written_as_it_is_read()?;
    without_valgrind_it_says_so()?;
    // Which of both this machine can show, PATH decides, not what the program says of itself.
    if program::on_path("valgrind").is_some() { every_step_is_counted() } else { Ok(()) }
}

fn the_baseline_has_every_step_and_is_written_as_it_is_read() -> anyhow::Result<()> {
    let baseline = Baseline::read(&benches::root::find()?.join(PATH))?;
    for step in Step::ALL {
        let count = baseline.instructions.get(step.name());
        ensure!(count.is_some_and(|count| *count > 1.0), "the baseline has {count:?} for {}", step.name());
    }
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("baseline.toml");
    baseline.write(&copy)?;
    ensure!(Baseline::read(&copy)? == baseline, "a baseline changes by being written");
    Ok(())
}

fn without_valgrind_it_says_so() -> anyhow::Result<()> {
    let nowhere = tempfile::tempdir()?;
    let told = started::again(&["--quick"], |command| {
        command.env("PATH", nowhere.path());
    })?;
    let said = String::from_utf8_lossy(&told.stderr);
    ensure!(told.status.code() == Some(2), "without valgrind it ended with {}: {said}", told.status);
    ensure!(
        said.contains("valgrind") && said.contains("apt-get install"),
        "without valgrind it said: {said}"
    );
    ensure!(told.stdout.is_empty(), "without valgrind it printed a table");
    Ok(())
}

fn every_step_is_counted() -> anyhow::Result<()> {
    let told = started::again(&["--quick"], |_| ())?;
    let (table, said) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    ensure!(told.status.success(), "--quick ended with {}: {said}", told.status);
    for step in Step::ALL {
        let row = table.lines().find(|line| line.contains(step.operation()));
        let row = row.with_context(|| format!("no row of {} in\n{table}{said}", step.name()))?;
        let count: f64 = row.split('|').nth(2).unwrap_or_default().trim().parse()?;
        ensure!(count > 1.0, "{} takes {count} instructions", step.name());
    }
    ensure!(said.contains("not compared"), "so few were compared: {said}");
    Ok(())
}
