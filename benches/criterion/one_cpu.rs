//! Both sides on a single CPU, where nothing runs at the same time as anything else.

use benches::cpus;

/// Runs `work` with this thread, and every thread it starts, bound to one CPU; the binding ends with it.
pub(crate) fn on_one_cpu(work: impl FnOnce()) {
    let allowed = cpus::allowed().expect("the kernel says which CPUs this thread may use");
    let first = &allowed[..1];
    cpus::bind(first).expect("a thread may be bound to one of its own CPUs");
    work();
    cpus::bind(&allowed).expect("a thread may be given back the CPUs it had");
}
