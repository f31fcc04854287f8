//! Events on their way out, written in the transaction of what they tell of.

use serde_json::Value;
use uuid::Uuid;

use crate::{Conn, Error, conn::values};

/// An event to be sent once the transaction stands.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEvent {
    /// Its id.
    pub id: Uuid,
    /// Who says so, e.g. `/crm`.
    pub source: String,
    /// What kind of thing happened.
    pub event_type: String,
    /// What it is about.
    pub subject: Option<String>,
    /// When, microseconds since 1970.
    pub time: i64,
    /// What is known about it.
    pub data: Value,
    /// How many runs led to it, one after the other.
    pub depth: i32,
}

const APPEND: &str = "INSERT INTO outbox (workspace, event_id, source, type, subject, time, data, depth) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Adds an event.
pub async fn append(conn: &mut Conn<'_>, workspace: i64, event: &OutboxEvent) -> Result<(), Error> {
    let values = values![
        workspace,
        event.id,
        &event.source,
        &event.event_type,
        event.subject.as_deref(),
        event.time,
        event.data.to_string(),
        event.depth,
    ];
    conn.execute(APPEND, values).await?;
    Ok(())
}
