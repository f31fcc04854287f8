//! Family `flow`: which way a run goes, how often, and when.

mod approval;
mod call;
mod end;
mod for_each;
mod if_;
mod loop_;
mod switch;
mod wait;
mod wait_for_event;

pub(crate) use approval::node as approval;
pub(crate) use call::node as call;
pub(crate) use end::{fail, stop};
pub(crate) use for_each::node as for_each;
pub(crate) use if_::node as if_;
pub(crate) use loop_::node as loop_;
pub(crate) use switch::node as switch;
pub(crate) use wait::node as wait;
pub(crate) use wait_for_event::node as wait_for_event;
