//! One result's way out, named by a flag and checked before anything starts.

use std::io;
use std::path::Path;

use anyhow::{Context as _, bail};
use reports_record::{Destination, Stream, shown};
use serde::Serialize;

/// Longest path that an error shows in full, characters.
const PATH: usize = 300;

/// A result's destination, and the flag that named it.
#[derive(Debug)]
pub(crate) struct Output {
    flag: &'static str,
    to: Destination,
}

impl Output {
    /// Checks that `path` can be written to; waits for a reader where it is a named pipe.
    pub(crate) fn open(flag: &'static str, path: &Path) -> anyhow::Result<Self> {
        let to = Destination::open(path).with_context(|| named(flag, path))?;
        Ok(Self { flag, to })
    }

    /// Whether it is stdout, where then nothing else goes.
    pub(crate) fn is_stdout(&self) -> bool {
        self.to.is_stdout()
    }

    /// Writes `found` as JSON, whole or not at all.
    pub(crate) fn write_json(&self, found: &impl Serialize) -> anyhow::Result<()> {
        let mut json = serde_json::to_vec_pretty(found).context("could not serialise what was measured")?;
        json.push(b'\n');
        self.write(&json)
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.to.write(bytes).with_context(|| format!("could not write {self}"))
    }

    /// Begins something that grows, in place of an earlier file once `begin` has written its head.
    pub(crate) fn begin<T>(&self, begin: impl FnOnce(Stream) -> io::Result<T>) -> anyhow::Result<T> {
        self.to.begin(begin).with_context(|| format!("could not write {self}"))
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&named(self.flag, self.to.path()))
    }
}

fn named(flag: &str, path: &Path) -> String {
    format!("{flag} {}", shown(path.as_os_str().as_encoded_bytes(), PATH))
}

/// The place that an input is read from: `-` is stdin, which may be redirected from a file.
fn read_at(path: &Path) -> &Path {
    if path == Path::new("-") { Path::new("/dev/stdin") } else { path }
}

/// Makes sure that no two of `outputs` are one file, and that none is a file of `inputs` (flag and path) or the file to
/// which stdout or stderr was redirected: one would destroy the other.
pub(crate) fn ensure_apart(outputs: &[&Output], inputs: &[(&str, &Path)]) -> anyhow::Result<()> {
    for (index, output) in outputs.iter().enumerate() {
        if let Some(other) = outputs[..index].iter().find(|other| other.to.is_same_as(&output.to)) {
            bail!("{other} and {output} are the same file, expected a file of its own for each result");
        }
        if let Some((flag, path)) = inputs.iter().find(|(_, path)| output.to.is_at(read_at(path))) {
            let input = named(flag, path);
            bail!("{output} would replace {}, which is read; name another file", input.trim());
        }
        for stream in ["stdout", "stderr"] {
            if output.to.is_file() && output.to.is_at(&Path::new("/dev").join(stream)) {
                bail!(
                    "{output}: {stream} is redirected to the same file; redirect it elsewhere, or write to - instead"
                );
            }
        }
    }
    Ok(())
}
