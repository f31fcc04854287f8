//! The CRM: contacts, leads, deals, tickets, tasks and notes, their rules and their events.
//! It knows nothing of workflows. Whoever changes something brings the open transaction, the
//! time and the ids; every change leaves an event in the outbox of the same transaction.

mod conn;
pub mod custom;
mod entity;
mod error;
mod fields;
pub mod fold;
pub mod outbox;
pub mod phone;
mod record;
mod rules;
mod sql;

pub use conn::{Columns, Conn, DatabaseError, FromValue, Row, Value};
pub use entity::{Entity, Field, Kind};
pub use error::Error;
pub use record::{Actor, Change, Query, Record, create, delete, find, find_or_create, get, update};
