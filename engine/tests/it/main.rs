//! The engine's behaviour in its public words.

mod compile;
mod graph;
mod house;
mod replay;
