//! Experiments as data: an experiment file, read, checked, and its matrix multiplied out.

mod file;
mod matrix;

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use reports_record::{Definition, Duplicate, Pair, Phase, Phases, Prediction};

use self::file::ExperimentFile;

/// Experiments that come with the program, by name.
pub const EMBEDDED: [(&str, &str); 5] = [
    ("quick", include_str!("../experiments/quick.toml")),
    ("grid", include_str!("../experiments/grid.toml")),
    ("nagle", include_str!("../experiments/nagle.toml")),
    ("smoke", include_str!("../experiments/smoke.toml")),
    ("aa", include_str!("../experiments/aa.toml")),
];

/// Blocks that a file may ask for.
const BLOCKS: std::ops::RangeInclusive<u32> = 1..=1_000;

/// The experiment of this name, or in the file of this path, resolved.
///
/// # Errors
/// When there is no such experiment, or the file is not one: the message names the file and, where
/// there is one, the line.
pub fn load(name_or_path: &str) -> anyhow::Result<Definition> {
    if let Some((name, text)) = EMBEDDED.iter().find(|(name, _)| *name == name_or_path) {
        return resolve(name, text).with_context(|| format!("experiment {name}"));
    }
    let path = Path::new(name_or_path);
    if path.extension().is_none_or(|extension| extension != "toml") {
        let names: Vec<_> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        bail!(
            "no experiment {name_or_path:?}; expected one of {} or a path to a .toml file",
            names.join(", ")
        );
    }
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read experiment {name_or_path}"))?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("experiment");
    resolve(name, &text).with_context(|| format!("experiment {name_or_path}"))
}

/// Multiplies out the matrix of an experiment file and checks that it can be run.
fn resolve(name: &str, text: &str) -> anyhow::Result<Definition> {
    let file: ExperimentFile = toml::from_str(text)?;
    ensure!(
        is_file_name(name),
        "name {name:?}: expected letters, digits, '-' and '_' only, for it names a folder"
    );
    ensure!(
        BLOCKS.contains(&file.blocks),
        "blocks must be {} to {}, not {}",
        BLOCKS.start(),
        BLOCKS.end(),
        file.blocks
    );
    ensure!(
        file.blocks == 1 || file.blocks.is_multiple_of(2),
        "blocks must be even (every second block reverses the order of the one before), not {}",
        file.blocks
    );
    ensure!(file.contender_cpus >= 1, "contender_cpus must be at least 1");
    let cells = matrix::cells(&file.workload)?;
    let predictions = file
        .prediction
        .iter()
        .map(|prediction| resolve_prediction(prediction, &cells))
        .collect::<anyhow::Result<_>>()?;
    let definition = Definition {
        name: name.to_owned(),
        question: file.question.clone(),
        blocks: file.blocks,
        seed: file.seed,
        contender_cpus: file.contender_cpus,
        phases: phases(&file.phases)?,
        pairs: file
            .pair
            .iter()
            .map(|pair| Pair { role: pair.role, sync: pair.sync.clone(), awaiting: pair.awaiting.clone() })
            .collect(),
        duplicate: Duplicate { of: file.duplicate.of.clone(), name: file.duplicate.name.clone() },
        cells,
        predictions,
    };
    check_contenders(&definition)?;
    Ok(definition)
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn phases(file: &file::PhasesTable) -> anyhow::Result<Phases> {
    ensure!(
        file.open_load > 0.0 && file.open_load <= 1.0,
        "phases.open_load must be above 0 and at most 1, not {}",
        file.open_load
    );
    let phase = |phase: &file::PhaseTable| Phase {
        warm_up_s: phase.warm_up.as_secs_f64(),
        duration_s: phase.duration.as_secs_f64(),
    };
    Ok(Phases {
        closed: phase(&file.closed),
        open: phase(&file.open),
        open_load: file.open_load,
        calibration: phase(&file.calibration),
        timeout_s: file.timeout.as_secs_f64(),
        grace_s: file.grace.as_secs_f64(),
    })
}

fn resolve_prediction(
    prediction: &file::PredictionTable,
    cells: &[reports_record::Cell],
) -> anyhow::Result<Prediction> {
    let names: Vec<_> = cells
        .iter()
        .filter(|cell| prediction.selection.selects(cell))
        .map(|cell| cell.name.clone())
        .collect();
    ensure!(
        !names.is_empty(),
        "prediction {:?}: its `where` selects no cell; name an endpoint, wait_ms, rounds or connections of a [[workload]]",
        prediction.claim
    );
    Ok(Prediction {
        claim: prediction.claim.clone(),
        pair: prediction.pair,
        metric: prediction.metric,
        cells: names,
        expects: prediction.expects,
    })
}

/// Every name stands for one process, and the duplicate doubles one that is there.
fn check_contenders(definition: &Definition) -> anyhow::Result<()> {
    ensure!(!definition.pairs.is_empty(), "at least one [[pair]] is needed");
    let mut names: Vec<&str> =
        definition.pairs.iter().flat_map(|pair| [pair.sync.as_str(), pair.awaiting.as_str()]).collect();
    ensure!(
        names.contains(&definition.duplicate.of.as_str()),
        "duplicate.of {:?} is in no [[pair]]",
        definition.duplicate.of
    );
    names.push(&definition.duplicate.name);
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        bail!("contender {:?} is named twice; the duplicate needs a name of its own", twice[0]);
    }
    for prediction in &definition.predictions {
        ensure!(
            definition.pairs.iter().any(|pair| pair.role == prediction.pair),
            "prediction {:?} is about the {} pair, which the file does not have",
            prediction.claim,
            prediction.pair.name()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", resolve("test", text).unwrap_err())
    }

    fn quick() -> &'static str {
        EMBEDDED[0].1
    }

    #[test]
    fn every_embedded_experiment_resolves() {
        for (name, _) in EMBEDDED {
            let definition = load(name).unwrap();
            assert_eq!(definition.name, name);
            assert!(!definition.cells.is_empty());
        }
    }

    #[test]
    fn quick_asks_for_three_waits_by_three_connections_and_two_more() {
        let definition = load("quick").unwrap();
        assert_eq!(definition.cells.len(), 11);
        assert!(definition.blocks >= 6);
        assert!(definition.cells.iter().any(|cell| cell.name == "wait=10ms/c=512"));
    }

    #[test]
    fn grid_maps_six_waits_by_six_connections_and_sweeps_past_saturation() {
        let definition = load("grid").unwrap();
        let waits = definition.cells.iter().filter(|cell| cell.family == "wait").count();
        assert_eq!(waits, 36);
        let sweep: Vec<_> = definition.cells.iter().filter(|cell| cell.is_sweep()).collect();
        assert!(sweep.iter().any(|cell| cell.load > Some(1.0)));
        assert_eq!(sweep[3].name, "mixed=1ms+100/c=128/load=55%");
        assert_eq!(sweep[3].workload(), "mixed=1ms+100/c=128");
    }

    #[test]
    fn nagle_sets_the_option_both_ways_for_every_size() {
        let definition = load("nagle").unwrap();
        let cell = &definition.cells[1];
        assert_eq!((cell.name.as_str(), cell.bytes), ("payload=256B/c=8/nodelay=false", 256));
        assert_eq!(cell.flags, ["--nodelay=false"]);
        assert_eq!(definition.predictions[0].cells.len(), 3);
    }

    #[test]
    fn what_no_contender_could_be_started_or_asked_with_is_refused() {
        let nagle = EMBEDDED[2].1;
        assert!(
            error(&nagle.replace("\"--nodelay=false\"]\nconn", "\"--listen=1\"]\nconn")).contains("runner")
        );
        assert!(error(&nagle.replace("\"--nodelay=false\"]\nconn", "\"rm\"]\nconn")).contains("flags"));
        assert!(error(&nagle.replace("bytes = [256,", "bytes = [2000000,")).contains("bytes"));
        let grid = EMBEDDED[1].1;
        assert!(error(&grid.replace("load = [0.1,", "load = [-0.1,")).contains("load"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let text = quick().replace("blocks = 8", "blocks = 8\nblokcs = 7");
        let message = error(&text);
        assert!(message.contains("blokcs") && message.contains("line"), "{message}");
    }

    #[test]
    fn odd_blocks_a_missing_cell_and_a_doubled_name_are_refused() {
        assert!(error(&quick().replace("blocks = 8", "blocks = 7")).contains("even"));
        assert!(
            error(&quick().replace("connections = [8, 64, 512]", "connections = []")).contains("connections")
        );
        assert!(error(&quick().replace("tokio-tasks-again", "std-threads")).contains("named twice"));
        assert!(
            error(&quick().replace("wait_ms = [10], connections = [8, 64]", "wait_ms = [11]"))
                .contains("selects no cell")
        );
    }

    #[test]
    fn a_name_that_leaves_its_folder_is_refused() {
        assert!(resolve("../x", quick()).is_err());
        assert!(format!("{:#}", load("nonsense").unwrap_err()).contains("quick"));
    }
}
