//! Prints the page of a made-up run, to look at: redirect it to a file and open that.
//!
//! Takes the number of blocks, 6 if not given; with fewer it shows a page without verdicts. A second argument, `grid`, makes it
//! a run of sixty cells with a sweep and bodies instead of eleven cells.

use std::error::Error;
use std::io::Write as _;

#[path = "../tests/synthetic/mod.rs"]
#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

fn main() -> Result<(), Box<dyn Error>> {
    let blocks = std::env::args().nth(1).map_or(Ok(6), |blocks| blocks.parse())?;
    let cells = match std::env::args().nth(2).as_deref() {
        None | Some("quick") => synthetic::quick_cells(),
        Some("grid") => synthetic::grid_cells(&[0.0, 0.2, 1.0, 5.0, 10.0, 50.0], &[1, 8, 32, 128, 512, 1024]),
        Some(other) => return Err(format!("no made-up experiment {other}, expected quick or grid").into()),
    };
    let run = synthetic::run(synthetic::definition(cells, blocks));
    let lines = synthetic::lines(&run, &synthetic::World::detailed());
    std::io::stdout().write_all(reports_render::page(&run, &lines, &[]).as_bytes())?;
    Ok(())
}
