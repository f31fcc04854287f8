//! What goes with the opening of an approval, and the links by which people decide.

use masar_engine::{RunId, Sequence, Timestamp, WorkspaceId};
use sqlx::{Row as _, SqliteConnection};

use super::{OutboxRow, Store, StoreError, TimerKind};

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
pub(super) async fn opened(
    conn: &mut SqliteConnection,
    opening: &ApprovalOpening,
) -> Result<(), sqlx::Error> {
    let ApprovalOpening { link, requested, remind } = opening;
    write_link(conn, link).await?;
    if let Some(due) = remind {
        sqlx::query(
            "INSERT OR REPLACE INTO timers (due, run, token, kind, payload, workspace) VALUES ($1, $2, $3, $4, 0, $5)",
        )
        .bind(due.0)
        .bind(link.run.0)
        .bind(link.token as i64)
        .bind(TimerKind::Remind as i64)
        .bind(link.workspace.0)
        .execute(&mut *conn)
        .await?;
    }
    if let Some(event) = requested {
        sqlx::query(
            "INSERT INTO outbox (workspace, event_id, source, type, subject, time, data, depth) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(event.workspace.0)
        .bind(event.event_id)
        .bind(&event.source)
        .bind(&event.event_type)
        .bind(&event.subject)
        .bind(event.time.0)
        .bind(event.data.to_string())
        .bind(event.depth)
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Writes a link.
pub(super) async fn write_link(conn: &mut SqliteConnection, link: &LinkRow) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO approval_links (secret, workspace, run, token, step, title, deadline, made_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(link.secret.to_vec())
    .bind(link.workspace.0)
    .bind(link.run.0)
    .bind(link.token as i64)
    .bind(&link.step)
    .bind(&link.title)
    .bind(link.deadline.map(|at| at.0))
    .bind(link.made_at.0)
    .execute(conn)
    .await?;
    Ok(())
}

impl Store {
    /// The link with this hash. The hash is as good as a password; it names its workspace itself.
    pub async fn approval_link(&self, secret: [u8; 32]) -> Result<Option<LinkRow>, StoreError> {
        let row = sqlx::query(
            "SELECT workspace, run, token, step, title, deadline, made_at FROM approval_links WHERE secret = $1",
        )
        .bind(secret.to_vec())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(LinkRow {
            secret,
            workspace: WorkspaceId(row.try_get("workspace")?),
            run: RunId(row.try_get("run")?),
            token: row.try_get::<i64, _>("token")? as Sequence,
            step: row.try_get("step")?,
            title: row.try_get("title")?,
            deadline: row.try_get::<Option<i64>, _>("deadline")?.map(Timestamp),
            made_at: Timestamp(row.try_get("made_at")?),
        }))
    }
}
