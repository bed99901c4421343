//! The workspace is what docs/ARCHITECTURE.md says it is.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Crates of the workspace with the crates of the workspace that they depend on.
type Arrows = BTreeMap<String, BTreeSet<String>>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn metadata() -> Metadata {
    let version = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    // Other platforms' crates need not be on this machine.
    MetadataCommand::new()
        .current_dir(root())
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), host.to_owned()])
        .exec()
        .unwrap()
}

/// The rows between the `crates` marks: level, and the documented arrows.
fn documented() -> (BTreeMap<String, u32>, Arrows) {
    let text = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let table = text.split("<!-- crates -->").nth(1).unwrap().split("<!-- /crates -->").next().unwrap();
    let (mut levels, mut arrows) = (BTreeMap::new(), Arrows::new());
    for row in table.trim().lines().skip(2) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let name = cells[2].to_owned();
        levels.insert(name.clone(), cells[1].parse().unwrap());
        arrows.insert(
            name,
            cells[3].split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect(),
        );
    }
    (levels, arrows)
}

fn actual(metadata: &Metadata) -> Arrows {
    let members: BTreeSet<_> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let arrows = |package: &&cargo_metadata::Package| {
        let to = package
            .dependencies
            .iter()
            .filter(|dependency| {
                dependency.kind == DependencyKind::Normal && members.contains(&dependency.name)
            })
            .map(|dependency| dependency.name.clone());
        (package.name.to_string(), to.collect())
    };
    metadata.workspace_packages().iter().map(arrows).collect()
}

#[test]
fn dependencies_between_crates_are_the_documented_ones() {
    let (_, documented) = documented();
    assert_eq!(actual(&metadata()), documented);
}

#[test]
fn no_arrow_points_up_or_sideways() {
    let (levels, arrows) = documented();
    for (from, all) in &arrows {
        for to in all {
            assert!(
                levels[to] < levels[from],
                "{from} (level {}) → {to} (level {})",
                levels[from],
                levels[to]
            );
        }
    }
}

#[test]
fn nothing_that_blocks_pulls_in_an_async_runtime() {
    let metadata = metadata();
    for name in ["servers-sync", "servers-tiny-http", "servers-std-threads"] {
        let pulled_in = normal_dependencies(&metadata, name);
        for runtime in ["tokio", "actix-rt", "async-std", "smol", "async-io", "futures-executor", "mio"] {
            assert!(!pulled_in.contains(runtime), "{name} pulls in {runtime}");
        }
        assert!(pulled_in.contains("servers-contract"), "the walk over {name}'s dependencies found nothing");
    }
    // The same walk does find the runtime where there is one.
    assert!(normal_dependencies(&metadata, "servers-tokio-tasks").contains("tokio"));
}

/// Names of all crates that end up in a build of `package`, build scripts and tests aside.
fn normal_dependencies(metadata: &Metadata, package: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let start = metadata.workspace_packages().into_iter().find(|one| one.name == package).unwrap();
    let (mut seen, mut open) = (BTreeSet::new(), vec![&start.id]);
    while let Some(id) = open.pop() {
        for dependency in &nodes[id].deps {
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if normal && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}

/// Where its width is not known, as in a pipe, clap would take 100 columns.
#[test]
fn every_command_line_sets_its_help_in_80_columns() {
    let sources = Command::new("git").args(["ls-files", "*.rs"]).current_dir(root()).output();
    let Some(sources) = sources.ok().filter(|output| output.status.success()) else {
        eprintln!("not in a git checkout: the sources cannot be listed");
        return;
    };
    let sources = String::from_utf8(sources.stdout).unwrap();
    let mut command_lines = 0;
    for file in sources.lines() {
        let Ok(text) = std::fs::read_to_string(root().join(file)) else { continue };
        let text = text.split("#[cfg(test)]").next().unwrap();
        for (place, _) in text.match_indices(concat!("Parser", ")]\n")) {
            let own: String =
                text[place..].lines().skip(1).take_while(|line| !line.contains("struct ")).collect();
            assert!(
                own.contains("max_term_width = 80"),
                "{file}: found {own:?}, expected max_term_width = 80"
            );
            command_lines += 1;
        }
    }
    assert!(command_lines >= 10, "{command_lines} command lines found");
}

#[test]
fn the_top_level_holds_what_the_readme_promises_and_nothing_else() {
    let listed = Command::new("git").arg("-C").arg(root()).args(["ls-tree", "--name-only", "HEAD"]).output();
    let Some(listed) = listed.ok().filter(|output| output.status.success()) else {
        eprintln!("not in a git checkout: the top level cannot be listed");
        return;
    };
    let allowed: BTreeSet<_> = [
        "Cargo.toml",
        "Cargo.lock",
        "benches",
        "servers",
        "loadgen",
        "reports",
        "scripts",
        "docs",
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "clippy.toml",
        "rustfmt.toml",
        "deny.toml",
    ]
    .into();
    for name in String::from_utf8(listed.stdout).unwrap().lines() {
        assert!(name.starts_with('.') || allowed.contains(name), "{name} does not belong at the top level");
    }
}
