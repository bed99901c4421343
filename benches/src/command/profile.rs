//! `crossover profile`: where the contenders of a run's pair spend their time in one of its cells.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use clap::Args;
use loadgen::parse_span;
use reports_record::{Definition, Folder, Metric, PROFILE, Profile, Role, SCHEMA, shell_word, shown};
use reports_render::analysis::Analysis;
use reports_render::analysis::comparison::Comparison;
use reports_render::analysis::contrast::Kind;
use reports_terminal::{print, talk};

use super::contest::claim;
use crate::field::Field;
use crate::host::Host;
use crate::profile::{Setting, look};
use crate::root;
use crate::signals::Signals;

/// Characters of a cell's name that are shown.
const NAME: usize = 80;

/// The arguments of `crossover profile`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run's folder, which gets profile.json and a page that shows it
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// A cell of it, such as wait=1ms/c=128 [default: that of the control pair's largest difference in throughput]
    #[arg(value_name = "CELL")]
    cell: Option<String>,
    /// How long to look at each contender
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = span)]
    span: Duration,
    /// Measure although another run measures on the same CPUs
    #[arg(long)]
    anyway: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text, &(Duration::from_millis(100)..=Duration::from_secs(60)))
}

/// Looks at both controls, keeps the profile in the run's folder and writes its page; gives the exit code.
///
/// # Errors
/// When the run cannot be read or has no such cell, a contender cannot be built, started, measured or stopped, or the output
/// not be written.
pub fn profile(arguments: &Arguments) -> anyhow::Result<i32> {
    let signals = Signals::install()?;
    let folder = Folder::open(&arguments.run);
    let definition = definition(&folder, arguments.cell.as_deref())?;
    let root = root::find()?;
    let split = Host::of(&definition)?.split;
    let _claim = claim(&split, arguments.anyway)?;
    let field = Field::build(&root, &definition)?;
    let measured_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let cell = &definition.cells[0];
    talk!("looking at {}, {} each", shown(&cell.name, NAME), humantime::format_duration(arguments.span));
    let setting = Setting {
        field: &field,
        cell,
        phases: &definition.phases,
        span: arguments.span,
        seed: definition.seed,
        interrupt: signals.interrupt(),
    };
    let pair = &definition.pairs[0];
    let mut contenders = Vec::new();
    for (name, model) in [(&pair.sync, "sync"), (&pair.awaiting, "async")] {
        let seen = look(name, model, &setting).with_context(|| format!("contender {name}"));
        if signals.interrupt().is_raised() {
            return Ok(signals.exit_code());
        }
        contenders.push(seen?);
    }
    let profile = Profile {
        schema: SCHEMA,
        command: format!("cargo crossover profile RUN {}", shell_word(&cell.name)),
        measured_at,
        environment: field.environment(),
        cell: cell.name.clone(),
        span_s: arguments.span.as_secs_f64(),
        contenders,
    };
    let page = keep(&folder, &profile)?;
    print(format!("{}{}\n", reports_render::profile_in_words(&profile), page.display()))
        .context("cannot write to stdout")?;
    Ok(0)
}

fn keep(folder: &Folder, profile: &Profile) -> anyhow::Result<PathBuf> {
    folder.write_beside(PROFILE, profile)?;
    Ok(reports_render::write(Path::new(folder.path()))?)
}

/// The run's experiment with its control pair and one of its cells alone.
fn definition(folder: &Folder, cell: Option<&str>) -> anyhow::Result<Definition> {
    let run = folder.run()?;
    let cell = match cell {
        Some(cell) => cell.to_owned(),
        None => {
            let (lines, _) = folder.lines()?;
            largest(&Analysis::of(&run, &lines))
                .context("no cell of the run has a throughput of both controls; name a cell")?
        }
    };
    let mut definition = run.definition;
    definition.pairs.retain(|pair| pair.role == Role::Control);
    ensure!(!definition.pairs.is_empty(), "the run has no control pair to look at");
    definition.duplicate.of.clone_from(&definition.pairs[0].awaiting);
    definition.duplicate.name = format!("{}-again", definition.duplicate.of);
    definition.predictions.clear();
    let names: Vec<String> = definition.cells.iter().map(|cell| shown(&cell.name, NAME)).collect();
    definition.cells.retain(|one| one.name == cell && !one.is_sweep());
    ensure!(
        !definition.cells.is_empty(),
        "the run has no cell \"{}\" with a closed loop; expected one of {}",
        shown(&cell, NAME),
        names.join(", ")
    );
    Ok(definition)
}

/// The cell in which the throughputs of the control pair differ most.
fn largest(analysis: &Analysis<'_>) -> Option<String> {
    let size = |comparison: &Comparison<'_>| comparison.ratio().map(|ratio| ratio.ln().abs());
    let all = analysis.verdicts.about(Kind::Control, Metric::Throughput);
    let (cell, _) = all
        .filter_map(|comparison| Some((comparison.cell, size(comparison)?)))
        .max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    Some(analysis.verdicts.cells[cell].name.clone())
}
