//! Which experiments are asked, and in which order: the runner behind `crossover`.
//!
//! Pure: [`experiment`] (what is asked), [`order`], [`remaining`], [`estimate`] and [`budget`] (when, and how long), [`reach`] (what the client can carry).
//! The rest touches the system: [`host`] says what a run gets of this machine, [`field`] builds the contenders, [`runner`] carries a run out,
//! [`slices`] measures living servers alternately, [`meter`] reads their cost; [`trial`] makes one trial of one [`contender`], a [`process`] that [`supervise`] holds on a leash.
//! [`request_path`] times the stages of a request, [`mod@profile`] says where a contender spends its time. [`foreign`] are servers that know no contract. [`mod@bench`] is what the benches of whole programs share.
//! Contenders are only ever processes; this crate links none of them.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "crossover measures on Linux only: its runner needs CPU affinity, child subreapers and the counters in /proc; \
     build it on Linux, in a container or a virtual machine if need be"
);

pub mod artifacts;
mod at_once;
pub mod bench;
pub mod budget;
pub mod cgroup;
pub mod checkout;
pub mod command;
pub mod conditions;
pub mod contender;
pub mod contest;
pub mod cpu_claim;
pub mod cpus;
pub mod descendants;
pub mod doctor;
pub mod drawn;
pub mod estimate;
pub mod experiment;
pub mod field;
mod first_failures;
pub mod foreign;
mod going;
pub mod host;
mod listening_sockets;
pub mod look;
pub mod machine;
pub mod machine_speed;
pub mod meter;
pub mod order;
pub mod outside;
pub mod overshoot;
pub mod places;
pub mod process;
pub mod profile;
pub mod program;
pub mod progress;
pub mod reach;
pub mod remaining;
pub mod request_path;
pub mod root;
pub mod runner;
pub mod sampler;
mod server_checks;
pub mod signals;
pub mod sliced_block;
pub mod slices;
pub mod soaker;
pub mod soundness;
pub mod standstill;
pub mod starvation;
pub mod supervise;
pub mod target;
pub mod trial;
