//! Where state lives. One database, SQLite or PostgreSQL, holds journal, CRM, timers and outbox, so
//! that one transaction can hold an effect and the record that tells of it. All that runs write goes
//! through committers, many runs in one transaction; reading goes over a small pool beside them.
//!
//! Questions and rare changes have one text for both databases (`query`). What runs write is
//! particular to each: `commit`, `sql` and `waits` for SQLite, `postgres` for PostgreSQL.

mod approvals;
mod base;
mod batch;
mod checkpoint;
#[expect(clippy::disallowed_methods, reason = "measures how long a commit takes, and decides nothing by it")]
mod commit;
mod dead_letters;
mod error;
mod pack;
mod postgres;
mod query;
mod read;
mod retention;
mod rows;
mod sql;
mod sqlite;
mod waits;
mod workflows;

pub use approvals::{ApprovalOpening, LinkRow};
pub use base::{Durable, Reader, Store};
pub use commit::{Committed, Unit, Work};
pub use dead_letters::{Cause, DeadLetter, NewDeadLetter};
pub use error::{CommitError, StoreError};
pub use pack::Packed;
pub use read::{CallFilter, Cursor, EventFilter, RunFilter};
pub use retention::Forgotten;
pub use rows::*;
pub use waits::{Arrival, Waited};
pub use workflows::{DraftChange, NewVersion, Published, VersionRow, WorkflowRow};
