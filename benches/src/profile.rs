//! A profile of one contender under load: where its CPU time goes, and where its threads wait.
//!
//! Looking costs CPU time of both sides, so it happens in a measurement of its own, which no verdict is made of.

mod functions;
mod threads;

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use loadgen::{Interrupt, Load, Stop};
use reports_record::{Cell, ContenderProfile, OnCpu, Phases};

use self::threads::Looks;
use crate::descendants;
use crate::field::Field;
use crate::process::Tail;
use crate::program::on_path;
use crate::trial::{Primed, Task};

/// Left out at the start by the client; the samplers look at it as well.
const WARM_UP: Duration = Duration::from_millis(500);

/// Samples per second of CPU time: not a divisor of any timer's frequency, so that no sample falls into step with one.
const HERTZ: &str = "997";

/// The load under which a profile is made.
#[derive(Debug)]
pub struct Setting<'a> {
    /// The contenders as built, and their CPUs.
    pub field: &'a Field,
    /// The cell, asked in a closed loop.
    pub cell: &'a Cell,
    /// Deadlines of requests, and how waits are drawn.
    pub phases: &'a Phases,
    /// How long each contender is looked at.
    pub span: Duration,
    /// Seed of drawn waits.
    pub seed: u64,
    /// Ends it early.
    pub interrupt: &'a Interrupt,
}

/// Looks at a fresh process of the contender `name` of this model while it serves all that it can.
///
/// # Errors
/// When it cannot be started, measured or stopped. That no sampler works here is part of the profile.
pub fn look(name: &str, model: &str, setting: &Setting<'_>) -> anyhow::Result<ContenderProfile> {
    let launch = setting.field.launch(name, &setting.cell.flags)?;
    let task = Task {
        launch: &launch,
        cell: setting.cell,
        phases: setting.phases,
        client_cpus: setting.field.client_cpus(),
        client_spins: false,
        interrupt: setting.interrupt,
    };
    let tail = Tail::default();
    let told = |(stage, error): (_, anyhow::Error)| tail.explain(anyhow!("{stage:?}: {error:#}"));
    let mut primed = Primed::start(&task, &tail).map_err(told)?;
    let load =
        Load { warm_up: WARM_UP, stop: Stop::After(setting.span), ..primed.load(&task, setting.seed)? };
    let folder = tempfile::tempdir().context("cannot make a folder for samples")?;
    let samples = folder.path().join("samples");
    let processes = descendants::below(primed.contender.supervisor());
    let sampler = on_path("perf")
        .context("perf is not installed (Debian: apt-get install linux-perf)")
        .and_then(|perf| sample(Command::new(perf), &processes, WARM_UP + setting.span, &samples));
    let looks = Looks::start(processes);
    let measurement = primed.client.measure(&load, setting.interrupt, &mut |_| ());
    let off_cpu = looks.finish();
    let on_cpu = sampler.and_then(|sampler| functions_of(sampler, &samples));
    let throughput_per_s = measurement?.goodput_per_s;
    primed.stop().map_err(told)?;
    let (on_cpu, on_cpu_missing) = match on_cpu {
        Ok(on_cpu) => (Some(on_cpu), None),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    Ok(ContenderProfile {
        contender: name.to_owned(),
        model: model.to_owned(),
        throughput_per_s,
        on_cpu,
        on_cpu_missing,
        off_cpu,
    })
}

/// Starts perf on these processes and their threads, for `span` from its return on.
///
/// perf opens a sampler for every thread before it begins, which for some hundred threads can take longer than the load lasts. It says
/// that it has begun by the first byte of the command that it times the span with.
///
/// By the CPU clock, a timer of the kernel, for virtual machines seldom have counters.
fn sample(mut perf: Command, processes: &[i32], span: Duration, file: &Path) -> anyhow::Result<Child> {
    let processes: Vec<String> = processes.iter().map(i32::to_string).collect();
    let mut sampler = perf
        .args(["record", "-q", "-e", "cpu-clock", "-F", HERTZ, "-p", &processes.join(","), "-o"])
        .arg(file)
        .args(["--", "sh", "-c", "echo; exec sleep \"$0\"", &span.as_secs_f64().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start perf")?;
    if let Some(mut stdout) = sampler.stdout.take() {
        // A perf that may not sample ends without a byte; its reason is read when it is waited for.
        let _ = stdout.read(&mut [0]);
    }
    Ok(sampler)
}

/// Waits until perf has ended, and has it list its samples.
fn functions_of(sampler: Child, file: &Path) -> anyhow::Result<OnCpu> {
    let ended = sampler.wait_with_output().context("cannot wait for perf")?;
    let last_said =
        |stderr: &[u8]| String::from_utf8_lossy(stderr).trim().lines().last().unwrap_or("nothing").to_owned();
    ensure!(
        ended.status.success(),
        "perf may not take samples here: it last said: {}",
        last_said(&ended.stderr)
    );
    let listed = Command::new("perf")
        .args(["script", "-F", "ip,sym,dso", "-i"])
        .arg(file)
        .stdin(Stdio::null())
        .output()
        .context("cannot start perf")?;
    ensure!(
        listed.status.success(),
        "perf cannot list its samples: it last said: {}",
        last_said(&listed.stderr)
    );
    functions::count(&String::from_utf8_lossy(&listed.stdout), &format!("perf, CPU clock at {HERTZ} Hz"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// What `script` does in perf's place, with perf's arguments.
    fn instead_of_perf(script: &str) -> (Command, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("perf.sh");
        fs::write(&file, script).unwrap();
        let mut perf = Command::new("sh");
        perf.arg(file);
        (perf, folder)
    }

    /// A perf that takes its time before it begins, as the real one does for hundreds of threads: a load that started before would end
    /// without a sample.
    #[test]
    fn the_load_waits_until_samples_are_taken() {
        let script =
            "sleep 0.3\nuntil [ \"$1\" = -o ]; do shift; done\necho begun >\"$2\"\nshift 3\nexec \"$@\"\n";
        let (perf, folder) = instead_of_perf(script);
        let file = folder.path().join("samples");
        let sampler = sample(perf, &[1], Duration::from_millis(10), &file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "begun\n");
        assert!(sampler.wait_with_output().unwrap().status.success());
    }

    #[test]
    fn a_perf_that_may_not_sample_is_waited_for_and_says_why() {
        let (perf, folder) = instead_of_perf("echo 'not here' >&2\nexit 255\n");
        let file = folder.path().join("samples");
        let sampler = sample(perf, &[1], Duration::from_millis(10), &file).unwrap();
        let error = functions_of(sampler, &file).unwrap_err().to_string();
        assert_eq!(error, "perf may not take samples here: it last said: not here");
    }
}
