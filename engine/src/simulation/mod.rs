//! The seeded simulation: random workflows, a world whose answers follow from the seed, and what
//! can go wrong around a run. Not for production; the engine's tests and `masar simulate` call it.

mod bus;
mod chance;
mod check;
mod cluster;
mod graph;
mod hand;
mod nodes;
mod store;
mod worker;
mod world;

use std::sync::Arc;

pub use chance::Chance;
pub use graph::draw;
pub use hand::{Hand, ended_twice};
pub use nodes::Nodes;

/// What is simulated.
#[derive(Debug, Clone)]
pub struct Options {
    /// Events that arrive, each of which wants a run.
    pub runs: u64,
    /// The most nodes of the drawn workflow, 3 to 25.
    pub nodes: usize,
    /// Whether joins may depend on who is faster; then results are not compared.
    pub races: bool,
    /// Whether commits fail, workers crash and messages are lost; without, all goes well.
    pub trouble: bool,
    /// A crash at one boundary besides those drawn: `2n` before the commit number n (from 0) is
    /// durable, `2n + 1` after it and before anyone hears of it.
    pub crash_at: Option<usize>,
    /// A rule that is broken on purpose, to see whether it is noticed.
    pub sabotage: Option<Sabotage>,
    /// When something is still happening after so many acts, the simulation fails.
    pub most_acts: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            runs: 4,
            nodes: 25,
            races: false,
            trouble: true,
            crash_at: None,
            sabotage: None,
            most_acts: 100_000,
        }
    }
}

/// A rule that is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The store lets former owners write.
    NoFence,
    /// A message is acknowledged before its run is durable.
    EarlyAck,
    /// A transactional effect does not wait for the commit of its record.
    EffectOutside,
    /// External calls are made without an intent.
    NoIntent,
}

/// What a simulation has seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Things that happened.
    pub acts: usize,
    /// Group commits asked for.
    pub commits: usize,
    /// Records that became durable.
    pub records: usize,
    /// Workers that were taken for dead.
    pub crashes: usize,
    /// Of these, workers that went on.
    pub zombies: usize,
    /// Writes of former owners that were refused.
    pub fenced: usize,
    /// Runs taken up from their journals.
    pub taken_up: usize,
}

/// What did not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("seed {seed}: {what}")]
pub struct Failure {
    /// The seed that shows it.
    pub seed: u64,
    /// What, in a sentence.
    pub what: String,
}

/// Simulates what follows from `seed` until everything is at rest, then checks what must hold.
///
/// # Errors
/// The first thing that does not hold; the same seed and options show it again.
pub fn simulate(seed: u64, options: &Options) -> Result<Report, Failure> {
    let fails = |what: String| Failure { seed, what };
    let workflow = draw(seed, options.nodes, options.races).map_err(|error| fails(error.to_string()))?;
    let (plan, _) = crate::compile(&workflow, &Nodes).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        fails(format!("the drawn workflow does not compile: {}", problems.join("; ")))
    })?;
    let mut cluster = cluster::Cluster::new(Arc::new(plan), seed, options.clone());
    cluster.carry()?;
    cluster.check()?;
    Ok(cluster.report)
}
