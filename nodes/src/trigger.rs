//! Family `trigger`: what starts a run. A trigger's own run only hands the event on; whether an event
//! starts it is decided before, by who takes the event in, from the types here.

pub mod called;
pub mod error;
pub mod event;
pub mod manual;
pub mod message;
pub mod schedule;
pub mod webhook;

use masar_engine::{Outcome, Output};

/// A trigger's input is the event's data; it goes on as it came.
fn pass() -> Outcome {
    Outcome::Done(Output::pass("out"))
}
