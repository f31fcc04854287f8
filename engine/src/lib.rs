//! The engine: what a workflow is, whether it is right, and what to do next.
//!
//! It computes and does nothing else: no I/O, no clock, no randomness, no async
//! runtime. Time and chance come in as inputs; what should be done to the world
//! goes out as [`run::Command`]s. So the same code runs in the executor, in the
//!
//! The way through: a [`Workflow`] (JSON) is [compiled](compile) against a
//! [`Catalogue`] to a [`Plan`]; a [`run::Machine`] takes the plan and an event and
//! turns inputs into journal records and commands.
//!
//! Architecture invariant: this crate depends on no other member of the workspace.

pub mod compile;
pub mod event;
pub mod id;
pub mod manifest;
pub mod node;
pub mod plan;
pub mod run;
#[cfg(feature = "simulation")]
pub mod simulation;
pub mod value;
pub mod workflow;

pub use compile::{Problem, compile};
pub use event::Event;
pub use id::{NodeKey, RunId, Sequence, Timestamp, VersionHash, WorkflowId, WorkspaceId};
pub use manifest::{Effect, Manifest};
pub use node::{Call, Catalogue, NodeSpec, Outcome, Output, Pure, StepError};
pub use plan::Plan;
pub use workflow::{Join, Workflow};

/// The one JSON value type of the house.
pub type Json = serde_json::Value;
