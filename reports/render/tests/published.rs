//! What is published is what this version renders.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use reports_record::Folder;

/// With `BLESS=1` the pages are written instead of compared.
#[test]
fn every_published_page_is_what_this_version_writes_of_its_record() {
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("../published");
    let runs: Vec<PathBuf> = fs::read_dir(published).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!runs.is_empty(), "nothing is published");
    for run in runs {
        let page = reports_render::page_in(&Folder::open(&run), &run).unwrap();
        let path = run.join("index.html");
        if env::var_os("BLESS").is_some() {
            fs::write(&path, page).unwrap();
            continue;
        }
        let name = path.display();
        assert!(
            fs::read_to_string(&path).unwrap() == page,
            "{name} is not what this version writes; look at the difference after \
             `BLESS=1 cargo test -p reports-render --test published`, and commit it"
        );
    }
}
