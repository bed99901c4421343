//! Record to figures to one self-contained HTML page.
//!
//! In layers, each knowing only those above it:
//!
//! 1. [`analysis`]: trials become paired effects, verdicts, estimates and evidence; pure.
//! 2. [`answer`]: a few sentences that follow from the verdict table.
//! 3. [`figure`]: geometry, then SVG.
//! 4. `page`: everything in one HTML file that makes no request and needs no script.
//!
//! [`number`] and [`label`] write figures and foreign text. Nothing here measures.

pub mod analysis;
pub mod answer;
pub mod figure;
pub mod label;
pub mod number;
mod page;

use std::path::{Path, PathBuf};

use reports_record::{Folder, FolderError, Line, Run, Skipped};

use analysis::Analysis;

/// Name of the page in a run's folder.
pub const PAGE: &str = "index.html";

/// Why a page could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The run's folder could not be read, or the page not be written into it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is nothing to draw a map of.
    #[error("cannot draw the decision map: the experiment has no control pair")]
    NoControlPair,
    /// The page's path names no file.
    #[error("cannot write the page to {0}: expected the path of a file")]
    NoFile(PathBuf),
}

/// The page of a run: one HTML document. The same record gives the same bytes.
#[must_use]
pub fn page(run: &Run, lines: &[Line], skipped: &[Skipped]) -> String {
    page::document(&Analysis::of(run, lines), skipped)
}

/// Renders the run in `folder` and writes its page there, whole or not at all; gives the page's path.
///
/// # Errors
/// When the record cannot be read or the page cannot be written; an earlier page is then intact. Lines
/// that cannot be read are no error: the page lists them.
pub fn write(folder: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    Ok(folder.write(PAGE, rendered(&folder)?.as_bytes())?)
}

/// As [`write()`], to a file of the caller's choice.
///
/// # Errors
/// As [`write()`]; also when `output` names no file.
pub fn write_to(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let page = rendered(&Folder::open(folder.as_ref()))?;
    write_file(output.as_ref(), &page)
}

/// Writes the control pair's decision map of the run in `folder` as an SVG document, for use outside the page.
///
/// # Errors
/// As [`write_to`]; also when the experiment has no control pair.
pub fn write_map(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    let map = page::decision_map(&Analysis::of(&run, &lines)).ok_or(RenderError::NoControlPair)?;
    write_file(output.as_ref(), &map)
}

fn write_file(output: &Path, text: &str) -> Result<PathBuf, RenderError> {
    let name = output.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| RenderError::NoFile(output.to_owned()))?;
    let parent = output.parent().unwrap_or(Path::new(""));
    Ok(Folder::open(parent).write(name, text.as_bytes())?)
}

fn rendered(folder: &Folder) -> Result<String, RenderError> {
    let run = folder.run()?;
    let (lines, skipped) = folder.lines()?;
    Ok(page(&run, &lines, &skipped))
}
