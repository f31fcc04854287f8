//! The seeded simulation: random workflows, a world whose answers follow from the seed, and what
//! can go wrong around a run. Not for production; the engine's tests and `masar simulate` call it.

mod chance;
mod graph;
mod hand;
mod nodes;
mod world;

pub use chance::Chance;
pub use graph::draw;
pub use hand::{Hand, ended_twice};
pub use nodes::Nodes;
