//! Experiment files: refused in words, or a definition that can be written, read again and planned.

#![no_main]

use std::fs;

use benches::{estimate, experiment, order};
use libfuzzer_sys::fuzz_target;
use reports_record::Definition;

/// Trials up to which their order is drawn here: beyond, only time would be spent.
const DRAWN: usize = 10_000;

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("one.toml");
    fs::write(&file, data).expect("a file can be written");
    let definition = match experiment::load(file.to_str().expect("a path of letters")) {
        Ok(definition) => definition,
        Err(error) => {
            let said = format!("{error:#}");
            assert!(!said.chars().any(|letter| letter.is_control() && letter != '\n'), "{said:?}");
            return;
        }
    };
    let written = serde_json::to_string(&definition).expect("what was read can be written");
    let read: Definition = serde_json::from_str(&written).expect("and read");
    assert_eq!(read, definition);
    assert_eq!(definition.excess(), None, "more was let pass than a record may hold");
    assert!(!estimate::duration(&definition).is_zero());
    let cells = definition.cells.len();
    if cells <= DRAWN {
        let mut drawn = order::cells(definition.seed, 0, cells);
        drawn.sort_unstable();
        assert!(drawn.into_iter().eq(0..cells));
    }
});
