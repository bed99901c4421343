//! Samples by function, as `perf script` lists them. Pure.

use std::collections::BTreeMap;

use anyhow::ensure;
use reports_record::{OnCpu, SampledFunction};

/// Functions that a profile keeps.
const MOST: usize = 20;

/// Counts the samples of `listing`, a line each: address, function, and in brackets the file that holds it.
///
/// # Errors
/// When there is none.
pub(super) fn count(listing: &str, sampler: &str) -> anyhow::Result<OnCpu> {
    let mut counts: BTreeMap<(String, bool), u64> = BTreeMap::new();
    for line in listing.lines() {
        if let Some(function) = function(line) {
            *counts.entry(function).or_default() += 1;
        }
    }
    let samples: u64 = counts.values().sum();
    ensure!(samples > 0, "perf took no sample");
    let kernel: u64 =
        counts.iter().filter(|((_, is_kernel), _)| *is_kernel).map(|(_, samples)| samples).sum();
    let mut functions: Vec<SampledFunction> = counts
        .into_iter()
        .map(|((name, is_kernel), samples)| SampledFunction { name, is_kernel, samples })
        .collect();
    // Equal ones stay in order of their names.
    functions.sort_by_key(|function| std::cmp::Reverse(function.samples));
    functions.truncate(MOST);
    Ok(OnCpu {
        sampler: sampler.to_owned(),
        samples,
        kernel_share: kernel as f64 / samples as f64,
        functions,
    })
}

/// Name, and whether it is the kernel's; `None` for a line that is no sample.
fn function(line: &str) -> Option<(String, bool)> {
    let (address, rest) = line.trim().split_once(char::is_whitespace)?;
    u64::from_str_radix(address, 16).ok()?;
    let (name, file) = rest.trim().strip_suffix(')')?.rsplit_once(" (")?;
    // The kernel and its modules have brackets for a path.
    Some((name.trim().to_owned(), file.starts_with('[') && file != "[vdso]" && file != "[unknown]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTING: &str = "\
        ffffffff81a00b2c finish_task_switch.isra.0 ([kernel.kallsyms])\n\
            55d0c3a1f0b4 <std::net::tcp::TcpStream as std::io::Read>::read (/srv/bin/server-std-threads)\n\
        ffffffff81a00b2c finish_task_switch.isra.0 ([kernel.kallsyms])\n\
            7ffd3a1f0b40 clock_gettime ([vdso])\n\
        ffffffffc0a00b2c nft_do_chain ([nf_tables])\n\
        \n\
        # no sample\n";

    #[test]
    fn samples_are_counted_by_function_and_the_kernel_s_told_apart() {
        let found = count(LISTING, "test").unwrap();
        assert_eq!(found.samples, 5);
        assert!((found.kernel_share - 0.6).abs() < 1e-12);
        let first = &found.functions[0];
        assert_eq!(
            (first.name.as_str(), first.is_kernel, first.samples),
            ("finish_task_switch.isra.0", true, 2)
        );
        let of = |name: &str| found.functions.iter().find(|one| one.name == name).unwrap().is_kernel;
        assert!(!of("<std::net::tcp::TcpStream as std::io::Read>::read") && !of("clock_gettime"));
        assert!(of("nft_do_chain"));
    }

    #[test]
    fn a_listing_without_samples_is_no_profile() {
        assert!(count("\n# nothing\n", "test").is_err());
    }
}
