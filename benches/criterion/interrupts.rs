//! Interrupts of the serving CPU's timer: the kernel charges each to the thread that it stops.

use std::fs;

use crate::bound;

/// How often the timer of the serving threads' CPU has interrupted it so far; `None` where the kernel does not tell.
pub(crate) fn of_timer() -> Option<u64> {
    read(&fs::read_to_string("/proc/interrupts").ok()?, bound::server())
}

/// Interrupts since an earlier reading.
pub(crate) fn of_timer_since(before: Option<u64>) -> Option<u64> {
    of_timer().zip(before).map(|(now, before)| now.saturating_sub(before))
}

/// x86 has a row `LOC`; ARM has numbered ones, of which each CPU uses one.
fn read(interrupts: &str, cpu: u32) -> Option<u64> {
    let mut lines = interrupts.lines();
    let own = format!("CPU{cpu}");
    let column = lines.next()?.split_whitespace().position(|name| name == own)?;
    let of_timer = lines.filter(|line| line.trim_start().starts_with("LOC:") || line.contains("arch_timer"));
    // The row's own name stands before the first CPU.
    let counts = of_timer.map(|line| line.split_whitespace().nth(column + 1)?.parse::<u64>().ok());
    counts.reduce(|sum, count| Some(sum? + count?)).flatten()
}

/// Holds the reading of `/proc/interrupts` to text as the kernel writes it.
///
/// # Errors
/// When a count is another one.
pub(crate) fn test() -> anyhow::Result<()> {
    let x86 = "           CPU0       CPU2\n  0:  9  9  IO-APIC  2-edge  timer\nLOC:  11  22  Local timer interrupts\n";
    let arm = "    CPU0  CPU1\n 10:  0  0  GICv3  30 Level  arch_timer\n 11:  33  44  GICv3  27 Level  arch_timer\n";
    let found = [(x86, 0), (x86, 2), (x86, 1), (arm, 1), ("", 0)].map(|(text, cpu)| read(text, cpu));
    let expected = [Some(11), Some(22), None, Some(44), None];
    anyhow::ensure!(found == expected, "read {found:?}, expected {expected:?}");
    Ok(())
}
