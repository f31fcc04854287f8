//! The engine's behaviour in its public words.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod compile;
mod graph;
mod house;
mod laws;
mod replay;
mod simulation;
