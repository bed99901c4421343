//! The command line: flags in, a live line meanwhile, a summary and a file out.

pub(crate) mod arguments;
pub(crate) mod body_file;
pub(crate) mod capacity_plan;
pub(crate) mod csv_log;
pub(crate) mod fail_if;
pub(crate) mod figures;
pub(crate) mod flags;
#[cfg(test)]
mod golden;
mod habits;
pub(crate) mod hdr_log;
pub(crate) mod live;
pub(crate) mod logs;
pub(crate) mod manual;
pub(crate) mod numbers;
pub(crate) mod output;
pub(crate) mod outputs;
pub(crate) mod page;
pub(crate) mod patience;
pub(crate) mod plan;
pub(crate) mod rates;
pub(crate) mod raw_log;
pub(crate) mod refusal;
pub(crate) mod search_log;
pub(crate) mod second;
pub(crate) mod signals;
pub(crate) mod summary;
pub(crate) mod times_table;
