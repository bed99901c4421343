//! Prints the page of a made-up run of eleven cells, to look at: redirect it to a file and open that.

use std::io::Write as _;

#[path = "../tests/synthetic/mod.rs"]
#[allow(dead_code, reason = "each user of the made-up runs needs a part of them")]
mod synthetic;

fn main() -> std::io::Result<()> {
    let run = synthetic::run(synthetic::definition(synthetic::quick_cells(), 6));
    let lines = synthetic::lines(&run, &synthetic::World::plausible());
    std::io::stdout().write_all(reports_render::page(&run, &lines, &[]).as_bytes())
}
