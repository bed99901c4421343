//! Counting by callgrind: this program started again under valgrind, twice, and the difference taken.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use benches::program;
use loadgen::Interrupt;

use crate::step::{BE_STEP, Step};

/// valgrind, found.
#[derive(Debug)]
pub(crate) struct Callgrind(PathBuf);

impl Callgrind {
    /// Looks for it on PATH.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let program = program::on_path("valgrind");
        program
            .map(Self)
            .context("cannot count without valgrind, which is not on PATH (Debian: apt-get install valgrind)")
    }

    /// Instructions of one operation of `step`, user mode; `None` once `interrupt` is raised.
    ///
    /// Of many operations less that of few: what starting takes, however much, cancels. The middle of as many such
    /// differences as the step needs.
    pub(crate) fn per_operation(
        &self,
        step: Step,
        quick: bool,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Option<f64>> {
        let (few, many) = if quick { (100, 600) } else { (1_000, 11_000) };
        let mut counts = Vec::new();
        for _ in 0..if quick { 1 } else { step.repeats() } {
            let Some(first) = self.instructions(step, few, interrupt)? else { return Ok(None) };
            let Some(second) = self.instructions(step, many, interrupt)? else { return Ok(None) };
            ensure!(
                second > first,
                "{many} operations took no more instructions than {few}: {second} and {first}"
            );
            counts.push((second - first) as f64 / (many - few) as f64);
        }
        counts.sort_by(f64::total_cmp);
        Ok(counts.get(counts.len() / 2).copied())
    }

    fn instructions(
        &self,
        step: Step,
        operations: u64,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Option<u64>> {
        let own = std::env::current_exe().context("cannot find this program to count")?;
        let told = Command::new(&self.0)
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(own)
            .args([BE_STEP, step.name(), &operations.to_string()])
            .stdin(Stdio::null())
            .output()
            .context("cannot start valgrind")?;
        if interrupt.is_raised() {
            return Ok(None);
        }
        let said = String::from_utf8_lossy(&told.stderr);
        ensure!(told.status.success(), "{} under valgrind ended with {}: {said}", step.name(), told.status);
        collected(&said).map(Some).with_context(|| format!("valgrind did not tell a count: {said}"))
    }
}

/// The count in callgrind's closing words, `==12== Collected : 123456`.
pub(crate) fn collected(said: &str) -> Option<u64> {
    let (_, count) = said.lines().rev().find_map(|line| line.split_once("Collected :"))?;
    count.trim().parse().ok()
}
