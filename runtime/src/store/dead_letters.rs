//! Messages of a broker that could not be taken: kept until somebody sends them again or throws
//! them away. Not here: why they could not be taken (`bus`).

use std::collections::BTreeMap;

use masar_crm_core::Row;
use masar_engine::{Timestamp, WorkspaceId};

use super::{Store, StoreError, query::query};

/// A dead letter on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// The same for a second delivery of it.
    pub key: [u8; 32],
    /// Stable code of the reason.
    pub code: String,
    /// The reason.
    pub reason: String,
    /// The key under which it was sent, for an event its type.
    pub routing_key: String,
    /// What its body is said to be.
    pub content_type: Option<String>,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
    /// When it was taken into the store.
    pub at: Timestamp,
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// What it is.
    pub letter: NewDeadLetter,
    /// Size of its body, bytes; a list does not read the body itself.
    pub size: i64,
}

/// Dead letters of one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The code.
    pub code: String,
    /// The key under which they were sent.
    pub routing_key: String,
    /// How many.
    pub count: i64,
    /// The newest one's reason.
    pub reason: String,
    /// When the newest came.
    pub newest: Timestamp,
}

const LIST: &str = "SELECT id, key, code, reason, routing_key, content_type, headers, NULL, length(body), at FROM dead_letters \
     WHERE workspace = $1 AND code = coalesce($2, code) AND id < $3 ORDER BY id DESC LIMIT $4";
const GET: &str = "SELECT id, key, code, reason, routing_key, content_type, headers, body, length(body), at FROM dead_letters \
     WHERE workspace = $1 AND id = $2";
const CAUSES: &str = "SELECT c.code, c.routing_key, c.number, d.reason, d.at FROM \
     (SELECT code, routing_key, count(*) AS number, max(id) AS newest FROM dead_letters WHERE workspace = $1 GROUP BY code, routing_key) c \
     JOIN dead_letters d ON d.id = c.newest ORDER BY c.number DESC, c.code LIMIT 500";

const OF_CAUSE: &str = "SELECT id FROM dead_letters WHERE workspace = $1 AND code = $2 AND routing_key = coalesce($3, routing_key) \
     AND id > $4 ORDER BY id LIMIT $5";

// They stand in the order of time.
const FORGET: &str = "DELETE FROM dead_letters WHERE id IN (SELECT id FROM \
     (SELECT id, at FROM dead_letters ORDER BY id LIMIT $2) AS oldest WHERE at < $1)";

fn letter(row: &Row) -> Result<DeadLetter, StoreError> {
    let mut columns = row.columns();
    let id = columns.take()?;
    let letter = NewDeadLetter {
        key: columns.take::<Vec<u8>>()?.try_into().unwrap_or_default(),
        code: columns.take()?,
        reason: columns.take()?,
        routing_key: columns.take()?,
        content_type: columns.take()?,
        headers: serde_json::from_str(&columns.take::<String>()?).unwrap_or_default(),
        body: columns.take::<Option<Vec<u8>>>()?.unwrap_or_default(),
        at: Timestamp(0),
    };
    let size = columns.take()?;
    Ok(DeadLetter { id, letter: NewDeadLetter { at: Timestamp(columns.take()?), ..letter }, size })
}

impl Store {
    /// Keeps a dead letter; the same again changes nothing.
    pub async fn add_dead_letter(&self, new: NewDeadLetter) -> Result<(), StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                query(
                    "INSERT INTO dead_letters (workspace, key, code, reason, routing_key, content_type, headers, body, at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                )
                .bind(WorkspaceId::FIRST.0)
                .bind(new.key)
                .bind(&new.code)
                .bind(&new.reason)
                .bind(&new.routing_key)
                .bind(&new.content_type)
                .bind(serde_json::to_string(&new.headers).unwrap_or_default())
                .bind(new.body)
                .bind(new.at.0)
                .execute(&mut conn)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Dead letters without their bodies, newest first.
    pub async fn dead_letters(
        &self,
        workspace: WorkspaceId,
        code: Option<&str>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        let rows = query(LIST)
            .bind(workspace.0)
            .bind(code)
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .all(self)
            .await?;
        rows.iter().map(letter).collect()
    }

    /// A dead letter with its body.
    pub async fn dead_letter(
        &self,
        workspace: WorkspaceId,
        id: i64,
    ) -> Result<Option<DeadLetter>, StoreError> {
        let row = query(GET).bind(workspace.0).bind(id).first(self).await?;
        row.as_ref().map(letter).transpose()
    }

    /// Dead letters by their cause, the most frequent first.
    pub async fn dead_causes(&self, workspace: WorkspaceId) -> Result<Vec<Cause>, StoreError> {
        let rows = query(CAUSES).bind(workspace.0).all(self).await?;
        let cause = |row: &Row| {
            let mut columns = row.columns();
            Ok(Cause {
                code: columns.take()?,
                routing_key: columns.take()?,
                count: columns.take()?,
                reason: columns.take()?,
                newest: Timestamp(columns.take()?),
            })
        };
        rows.iter().map(cause).collect()
    }

    /// Numbers of the dead letters of a cause, oldest first.
    pub async fn dead_of_cause(
        &self,
        workspace: WorkspaceId,
        code: &str,
        key: Option<&str>,
        after: i64,
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let ids = query(OF_CAUSE)
            .bind(workspace.0)
            .bind(code)
            .bind(key)
            .bind(after)
            .bind(limit)
            .column(self)
            .await?;
        Ok(ids)
    }

    /// Removes the oldest of those that came before `cut`, at most `most`; how many went.
    pub async fn forget_dead_letters(&self, cut: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                let done = query(FORGET).bind(cut.0).bind(most).execute(&mut conn).await?;
                Ok(done)
            })
        })
        .await
    }

    /// Throws a dead letter away; whether it was there.
    pub async fn delete_dead_letter(&self, workspace: WorkspaceId, id: i64) -> Result<bool, StoreError> {
        self.change(move |mut conn| {
            Box::pin(async move {
                let done = query("DELETE FROM dead_letters WHERE workspace = $1 AND id = $2")
                    .bind(workspace.0)
                    .bind(id)
                    .execute(&mut conn)
                    .await?;
                Ok(done == 1)
            })
        })
        .await
    }
}
