//! Prints the page of a made-up run of eleven cells, to look at: redirect it to a file and open that.
//!
//! Takes the number of blocks, 6 if not given; with fewer it shows a page without verdicts.

use std::error::Error;
use std::io::Write as _;

#[path = "../tests/synthetic/mod.rs"]
#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

fn main() -> Result<(), Box<dyn Error>> {
    let blocks = std::env::args().nth(1).map_or(Ok(6), |blocks| blocks.parse())?;
    let run = synthetic::run(synthetic::definition(synthetic::quick_cells(), blocks));
    let lines = synthetic::lines(&run, &synthetic::World::plausible());
    std::io::stdout().write_all(reports_render::page(&run, &lines, &[]).as_bytes())?;
    Ok(())
}
