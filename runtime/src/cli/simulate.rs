//! `masar simulate`: the engine's seeded simulation from the command line. Needs no settings and
//! no data folder, and touches nothing.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use masar_engine::simulation::{Options, Report, simulate as simulate_seed};

/// Simulates `seeds` seeds from `first` on; stops at the first that fails.
pub(super) fn simulate(first: u64, seeds: u64) -> anyhow::Result<u8> {
    let bar = bar(seeds);
    let mut sum = Report::default();
    for seed in (0..seeds).map(|offset| first.wrapping_add(offset)) {
        // Every fourth workflow holds races: there, who is faster may show in the result.
        let options = Options { races: seed % 4 == 0, ..Options::default() };
        match simulate_seed(seed, &options) {
            Ok(report) => {
                sum.acts += report.acts;
                sum.commits += report.commits;
                sum.records += report.records;
                sum.crashes += report.crashes;
                sum.fenced += report.fenced;
                sum.taken_up += report.taken_up;
            }
            Err(failure) => {
                bar.finish_and_clear();
                println!("FAILED: {failure}\nsee it again: masar simulate --seed {seed} --seeds 1");
                return Ok(1);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!(
        "all holds: {seeds} seeds from {first}, {} acts, {} commits, {} records, {} crashes, {} runs taken up, {} writes of former owners refused",
        sum.acts, sum.commits, sum.records, sum.crashes, sum.taken_up, sum.fenced
    );
    Ok(0)
}

/// On a terminal only.
fn bar(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} seeds, {per_sec}, {eta} left") {
        bar.set_style(style);
    }
    bar
}
