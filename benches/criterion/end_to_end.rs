//! `cargo test`: the program works from end to end, and its page shows the files that it really writes. No figure is judged.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use benches::bench::started;

use crate::{disturbance, interrupts, parts, passes, process, waits};

/// Groups whose iteration is one operation, whose iteration is many, and whose unit is bytes. None of them needs a contender.
const GROUPS: [&str; 3] = ["select/8", "sleepers/16", "memory/parked"];

pub(crate) fn test() -> anyhow::Result<()> {
    started::refuses(&["no-such-bench"], "no-such-bench")?;
    for flag in ["--baseline", "-b"] {
        started::refuses(&["select/8", flag, "never-saved"], "never-saved")?;
    }
    parts::test()?;
    disturbance::test()?;
    interrupts::test()?;
    waits::test()?;
    passes::test()?;
    process::test()?;
    let target = tempfile::tempdir().context("cannot make a folder for results")?;
    let filter = format!("^({})/", GROUPS.join("|"));
    let short = ["--warm-up-time", "0.05", "--measurement-time", "0.1", filter.as_str()];
    let measured = started::again(&short, |command| {
        command.env("CARGO_TARGET_DIR", target.path());
    })?;
    let said = String::from_utf8_lossy(&measured.stderr);
    ensure!(measured.status.success(), "measuring {filter} ended with {}: {said}", measured.status);
    every_group_is_on_the_page(&target.path().join("criterion"))
}

fn every_group_is_on_the_page(results: &Path) -> anyhow::Result<()> {
    let page = reports_render::criterion::write(results, None, &results.join("page.html"))?;
    let html = fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
    ensure!(
        !html.contains("could not be read as benches"),
        "the page left out what was just written:\n{html}"
    );
    for group in GROUPS {
        for name in ["sync", "async"] {
            let row = format!(">{group}/{name}<");
            // Once among the sides against themselves, once among the quantiles.
            let rows = html.matches(&row).count();
            ensure!(rows == 2, "{group}/{name} is in {rows} tables of the page, expected 2");
        }
    }
    Ok(())
}
