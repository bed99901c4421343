//! Record to figures to one self-contained HTML page.
//!
//! In layers, each knowing only those above it:
//!
//! 1. [`analysis`]: trials become paired effects, verdicts, estimates and evidence; pure.
//! 2. [`answer`]: a few sentences that follow from the verdict table.
//! 3. [`figure`]: geometry, then SVG.
//! 4. `page`: everything in one HTML file that makes no request; what its one script adds works without it, too.
//! 5. [`export`]: the record for other tools, beside the page.
//!
//! [`number`] and [`label`] write figures and foreign text. Nothing here measures.
//! Beside all this, [`measurement`] makes a page of a single measurement, [`contest`] one of servers measured side by side, and
//! [`criterion`] one of what `cargo bench` left.

pub mod analysis;
pub mod answer;
mod beside;
pub mod contest;
pub mod criterion;
pub mod export;
pub mod figure;
pub mod label;
pub mod measurement;
pub mod number;
mod page;
pub mod request_path;
mod runs;

use std::path::{Path, PathBuf};

use reports_record::{Folder, FolderError, Line, Profile, Run, Skipped};

use analysis::Analysis;
pub use beside::Beside;
pub use runs::{update_index, write_index};

/// Name of the page in a run's folder.
pub const PAGE: &str = "index.html";

/// Name of the page of `cargo bench` in a run's folder, where there is one; the two pages link to each other.
pub const COSTS_PAGE: &str = "costs.html";

/// Why a page could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The run's folder could not be read, or the page not be written into it.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The record could not be exported.
    #[error(transparent)]
    Export(#[from] export::ExportError),
    /// There is nothing to draw a map of.
    #[error("cannot draw the decision map: the experiment has no control pair")]
    NoControlPair,
    /// A drawing could not be turned into pixels.
    #[error(transparent)]
    Png(#[from] figure::png::PngError),
    /// There is no axis to find a crossover on.
    #[error("cannot draw the crossover: no workload was measured at several numbers of connections")]
    NoConnections,
    /// A folder of runs could not be listed.
    #[error("cannot list the runs in {folder}: {source}")]
    Listing {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing to list.
    #[error(
        "found no run in {0}: expected folders that hold environment.json, such as those below reports/runs"
    )]
    NoRuns(PathBuf),
    /// Something else stands where the index of runs would.
    #[error("{0} is no index of runs, so it was left alone; move it, or name another folder with --runs")]
    NoIndex(PathBuf),
    /// The path names no file.
    #[error("cannot write to {0}: expected the path of a file")]
    NoFile(PathBuf),
}

/// The page of a run by itself: one HTML document. The same record gives the same bytes.
#[must_use]
pub fn page(run: &Run, lines: &[Line], skipped: &[Skipped]) -> String {
    page_with(run, lines, skipped, &Beside::default())
}

/// As [`page`], with what lies beside the record.
#[must_use]
pub fn page_with(run: &Run, lines: &[Line], skipped: &[Skipped], beside: &Beside) -> String {
    page::document(&Analysis::of(run, lines), skipped, beside)
}

/// The page of the run in `folder` as it is written into the folder `place`: it shows what later measurements left beside the
/// record, and links to a page of `cargo bench` in `place`.
///
/// # Errors
/// When the record, or what lies beside it, cannot be read.
pub fn page_in(folder: &Folder, place: &Path) -> Result<String, RenderError> {
    let run = folder.run()?;
    let (lines, skipped) = folder.lines()?;
    Ok(page_with(&run, &lines, &skipped, &Beside::of(folder, place)?))
}

/// Renders the run in `folder` and writes its page there, whole or not at all; gives the page's path.
///
/// # Errors
/// When the record cannot be read or the page cannot be written; an earlier page is then intact. Lines
/// that cannot be read are no error: the page lists them.
pub fn write(folder: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    Ok(folder.write(PAGE, page_in(&folder, folder.path())?.as_bytes())?)
}

/// As [`write()`], to a file of the caller's choice.
///
/// # Errors
/// As [`write()`]; also when `output` names no file.
pub fn write_to(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let output = output.as_ref();
    let page = page_in(&folder, output.parent().unwrap_or(Path::new("")))?;
    write_file(&folder, output, &page)
}

/// Writes the control pair's decision map of the run in `folder`, for use outside the page: a PNG where `output` ends in `.png`, else an
/// SVG document.
///
/// # Errors
/// As [`write_to`]; also when the experiment has no control pair, or a PNG's letters cannot be drawn.
pub fn write_map(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    let map = page::decision_map(&Analysis::of(&run, &lines)).ok_or(RenderError::NoControlPair)?;
    write_drawing(&folder, output.as_ref(), &map)
}

/// Writes the figure of the crossover by connections of the run in `folder`, in the forms of [`write_map`].
///
/// # Errors
/// As [`write_to`]; also when no workload was measured at several numbers of connections.
pub fn write_crossover(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    let figure = page::crossover_figure(&Analysis::of(&run, &lines)).ok_or(RenderError::NoConnections)?;
    write_drawing(&folder, output.as_ref(), &figure)
}

/// Where the contenders of a profile spend their time, a sentence each.
#[must_use]
pub fn profile_in_words(profile: &Profile) -> String {
    page::profile_in_words(profile)
}

/// The answer of the run in `folder`, sentence by sentence.
///
/// # Errors
/// When the record cannot be read.
pub fn answer_of(folder: impl AsRef<Path>) -> Result<Vec<answer::Sentence>, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    Ok(answer::answer(&Analysis::of(&run, &lines)))
}

/// What the open loops of a run add in favour of async where all requests asked for one wait
/// ([`Analysis::favours_async`](analysis::Analysis::favours_async)).
///
/// Figures of `cargo bench --bench loads`, 2026-11-28 (docs/METHOD.md, *Closed against open*).
pub const FAVOURS_ASYNC: &str = "The load at a rate favours async: requests that wait all wait equally long, and start in bunches, for the \
     client sleeps in between. Where each had a wait of its own and started on time, CPU per request, async ÷ threads, was 9 to \
     20\u{a0}% higher in four combinations at 6,000 to 13,100 requests a second (docs/METHOD.md, Closed against open).";

/// How many questions of the run in `folder` are undecided, and why, in a sentence; `None` where none is.
///
/// # Errors
/// When the record cannot be read.
pub fn undecided_of(folder: impl AsRef<Path>) -> Result<Option<String>, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    Ok(analysis::end::undecided(&Analysis::of(&run, &lines).verdicts))
}

/// Writes every attempt of the run in `folder` as a table of comma-separated values.
///
/// # Errors
/// As [`write_to`].
pub fn write_csv(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    write_file(&folder, output.as_ref(), export::trials_csv(&run, &lines))
}

/// Writes the believable trials of the run in `folder` as an HdrHistogram interval log.
///
/// # Errors
/// As [`write_to`]; also when a histogram or a time of the record cannot be read.
pub fn write_hdr_log(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    write_file(&folder, output.as_ref(), export::hdr_log(&run, &lines)?)
}

/// Writes a percentile table per cell, contender and loop of the run in `folder` into `output`, a new or empty folder.
///
/// # Errors
/// As [`write_to`]; also when a histogram of the record cannot be read.
pub fn write_hgrm(folder: impl AsRef<Path>, output: impl AsRef<Path>) -> Result<PathBuf, RenderError> {
    let folder = Folder::open(folder.as_ref());
    let (run, (lines, _)) = (folder.run()?, folder.lines()?);
    // What is there already is refused below, unless it is an empty folder.
    if !output.as_ref().exists() {
        folder.spare(output.as_ref())?;
    }
    export::write_folder(output.as_ref(), &export::percentile_tables(&run, &lines)?)?;
    Ok(output.as_ref().to_owned())
}

/// Writes a figure in the form that its file's name asks for.
fn write_drawing(
    folder: &Folder,
    output: &Path,
    figure: &page::figure::Figure,
) -> Result<PathBuf, RenderError> {
    let is_png = output.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
    if is_png {
        write_file(folder, output, figure::png::png(&figure.in_light())?)
    } else {
        write_file(folder, output, figure.standalone())
    }
}

/// Writes what was made of the record in `folder`, unless `output` is part of a record.
fn write_file(folder: &Folder, output: &Path, text: impl AsRef<[u8]>) -> Result<PathBuf, RenderError> {
    if output.file_name().is_none() {
        return Err(RenderError::NoFile(output.to_owned()));
    }
    Ok(folder.write_to(output, text.as_ref())?)
}
