//! The page of `cargo bench`: criterion's estimates and the histograms kept beside them, both sides of each pair.

mod agreement;
mod model;
mod nearest;
mod page;
mod pairs;
mod quantity;
mod results;

use std::io;
use std::path::{Path, PathBuf};

use reports_record::{Folder, FolderError};

use crate::RenderError;
pub use agreement::Agreement;
use nearest::MeasuredRun;
use results::Results;

/// Why there is no page of `cargo bench`.
#[derive(Debug, thiserror::Error)]
pub enum CriterionError {
    /// The folder cannot be listed.
    #[error("cannot read criterion's results in {path}: {source}; run cargo bench, or name their folder")]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing in it can be shown.
    #[error("no bench in {path} can be shown ({}); run cargo bench", skipped.as_deref().unwrap_or("there is none"))]
    NoBench {
        /// The folder.
        path: PathBuf,
        /// The first that was left out, and why.
        skipped: Option<String>,
    },
    /// The run beside it cannot be read.
    #[error(transparent)]
    Run(#[from] FolderError),
    /// The page could not be written.
    #[error(transparent)]
    Write(#[from] RenderError),
}

/// Renders the results of `cargo bench` in `results`, usually `target/criterion`, and writes the page to `output`,
/// whole or not at all; returns its path. Figures of the run in the folder `run` stand beside the model's.
///
/// # Errors
/// When a folder cannot be read, `results` holds no bench that can be shown, or the page cannot be written. Single benches
/// that cannot be read do not count as errors: the page names them.
pub fn write(results: &Path, run: Option<&Path>, output: &Path) -> Result<PathBuf, CriterionError> {
    let found = read(results)?;
    if found.benches.is_empty() && found.groups.is_empty() {
        return Err(nothing(results, &found));
    }
    let run = run.map(|run| MeasuredRun::read(run, output)).transpose()?;
    Ok(crate::write_file(&Folder::open(results), output, page::document(&found, run.as_ref()))?)
}

/// Compares two invocations of `cargo bench` by their folders of results.
///
/// # Errors
/// When a folder cannot be read or holds no pair.
pub fn compare(one: &Path, other: &Path) -> Result<Agreement, CriterionError> {
    Ok(Agreement::of(&pairs_of(one)?, &pairs_of(other)?))
}

fn pairs_of(path: &Path) -> Result<Results, CriterionError> {
    let found = read(path)?;
    if found.groups.is_empty() {
        return Err(nothing(path, &found));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Results, CriterionError> {
    Results::read(path).map_err(|source| CriterionError::Unreadable { path: path.to_owned(), source })
}

fn nothing(path: &Path, found: &Results) -> CriterionError {
    let skipped = found.skipped.first().map(|skipped| format!("{}: {}", skipped.name, skipped.reason));
    CriterionError::NoBench { path: path.to_owned(), skipped }
}
