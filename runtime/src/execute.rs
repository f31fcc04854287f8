//! Carrying runs out: a run in progress is a task that owns its state machine, asks the store to
//! make its records durable and calls the nodes. Who decides *that* a run starts is the dispatcher.

mod carried;
mod commands;
#[expect(
    clippy::disallowed_methods,
    reason = "a bound in wall time, asked by the interpreter in the middle of an evaluation"
)]
pub(crate) mod deadline;
mod effects;
mod gate;
mod limits;
mod registry;
mod segment;
mod task;
mod transaction;

pub use carried::Carried;
pub use gate::{Gate, Place};
pub use limits::{Limits, Verdict};
pub use registry::{Answer, Executor, InputError, RunInput, Starting};
pub use segment::{Journal, JournalError, Segment};
pub use task::RunInfo;
