//! Texts for people, held to files that show them as a terminal of 80 columns does.

use std::path::Path;

use super::page::WIDTH;

/// Holds `shown` to `tests/golden/<name>` and to the width of the page.
///
/// After a deliberate change: `BLESS=1 cargo test -p loadgen golden`, then read the difference.
pub(crate) fn assert_golden(name: &str, shown: &str) {
    let wide: Vec<_> = shown.lines().filter(|line| line.chars().count() > WIDTH).collect();
    assert!(wide.is_empty(), "{name}: wider than {WIDTH} columns: {wide:#?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, shown).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == shown,
        "{name} differs; if that is meant: BLESS=1 cargo test -p loadgen golden\n--- golden\n{golden}--- shown\n{shown}"
    );
}
