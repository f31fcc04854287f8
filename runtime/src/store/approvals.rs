//! What goes with the opening of an approval, and the links by which people decide.

use masar_engine::{RunId, Sequence, Timestamp, WorkspaceId};
use rusqlite::{Connection, Result, params};

use super::{
    OutboxRow, Store, StoreError, TimerKind,
    query::query,
    sql::{OUTBOX, TIMER, append},
};

/// What an approval brings along when it opens for the first time.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalOpening {
    /// Its link.
    pub link: LinkRow,
    /// The event that tells of it; none in a test run.
    pub requested: Option<OutboxRow>,
    /// When to remind of it.
    pub remind: Option<Timestamp>,
}

/// A link to an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// SHA-256 of the token that only the link holds.
    pub secret: [u8; 32],
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The run that waits.
    pub run: RunId,
    /// Names the wait in its run.
    pub token: Sequence,
    /// The step that waits.
    pub step: String,
    /// What the person reads.
    pub title: String,
    /// When it expires.
    pub deadline: Option<Timestamp>,
    /// When it was made.
    pub made_at: Timestamp,
}

/// Writes what goes with a new approval.
pub(super) fn opened(conn: &Connection, opening: &ApprovalOpening) -> Result<()> {
    let ApprovalOpening { link, requested, remind } = opening;
    write_link(conn, link)?;
    if let Some(due) = remind {
        let kind = TimerKind::Remind as i64;
        conn.prepare_cached(TIMER)?.execute(params![
            due.0,
            link.run.0.as_bytes(),
            link.token as i64,
            kind,
            0
        ])?;
    }
    if let Some(event) = requested {
        append(&mut conn.prepare_cached(OUTBOX)?, event)?;
    }
    Ok(())
}

/// Writes a link.
pub(super) fn write_link(conn: &Connection, link: &LinkRow) -> Result<()> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO approval_links (secret, workspace, run, token, step, title, deadline, made_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let (step, title) = (&link.step, &link.title);
    let deadline = link.deadline.map(|at| at.0);
    statement
        .execute(params![
            link.secret,
            link.workspace.0,
            link.run.0.as_bytes(),
            link.token as i64,
            step,
            title,
            deadline,
            link.made_at.0
        ])
        .map(|_| ())
}

impl Store {
    /// The link with this hash. The hash is as good as a password; it names its workspace itself.
    pub async fn approval_link(&self, secret: [u8; 32]) -> std::result::Result<Option<LinkRow>, StoreError> {
        let row = query(
            "SELECT workspace, run, token, step, title, deadline, made_at FROM approval_links WHERE secret = $1",
        )
        .bind(secret)
        .first(self)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut columns = row.columns();
        Ok(Some(LinkRow {
            secret,
            workspace: WorkspaceId(columns.take()?),
            run: RunId(columns.take()?),
            token: columns.take::<i64>()? as Sequence,
            step: columns.take()?,
            title: columns.take()?,
            deadline: columns.take::<Option<i64>>()?.map(Timestamp),
            made_at: Timestamp(columns.take()?),
        }))
    }
}
