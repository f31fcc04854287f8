//! Where state lives. One SQLite file holds journal, CRM, timers and outbox, so that one
//! transaction can hold an effect and the record that tells of it. All writing goes through the
//! [committer](commit); reading goes over a small pool beside it.

mod approvals;
mod checkpoint;
#[expect(clippy::disallowed_methods, reason = "measures how long a commit takes, and decides nothing by it")]
mod commit;
mod dead_letters;
mod error;
mod open;
mod pack;
mod read;
mod retention;
mod rows;
mod sql;
mod waits;
mod workflows;

pub use approvals::{ApprovalOpening, LinkRow};
pub use commit::{Committed, Unit, Work};
pub use dead_letters::{Cause, DeadLetter, NewDeadLetter};
pub use error::{CommitError, StoreError};
pub use open::{Durable, Store};
pub use pack::Packed;
pub use read::{CallFilter, Cursor, EventFilter, RunFilter};
pub use retention::Forgotten;
pub use rows::*;
pub use waits::{Arrival, Waited};
pub use workflows::{DraftChange, NewVersion, Published, VersionRow, WorkflowRow};
