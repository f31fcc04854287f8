//! Forgetting: ended runs with their journals, decisions, events that nothing refers to any more,
//! webhook calls, expired keys. Readers look for what is old and the writer only removes what
//! they name, in small pieces, each a transaction of its own, so that intake goes on in between.

use std::collections::HashMap;

use masar_engine::{RunId, Timestamp, WorkflowId};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::{Store, StoreError, read::id_at};

/// A piece of what was old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten<T> {
    /// How many went.
    pub gone: u64,
    /// Where the next piece begins; `None` where there is no more.
    pub next: Option<T>,
}

impl Store {
    /// The days that workflows keep their runs, where they say so: as their live version does, or
    /// their draft where none is live.
    pub async fn keep_days(&self) -> Result<HashMap<WorkflowId, u32>, StoreError> {
        const DAYS: &str = "json_extract(coalesce(v.body, w.draft), '$.settings.keepDays')";
        let text = format!(
            "SELECT w.id, {DAYS} FROM workflows w LEFT JOIN versions v ON v.workflow = w.id AND v.number = w.published \
             WHERE {DAYS} IS NOT NULL"
        );
        let rows: Vec<(Uuid, i64)> =
            sqlx::query_as(sqlx::AssertSqlSafe(text)).fetch_all(&self.readers).await?;
        let read = |(id, days)| Some((WorkflowId(id), u32::try_from(days).ok()?));
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// Every workflow that has runs or decisions, also those that were deleted.
    pub async fn logged_workflows(&self) -> Result<Vec<WorkflowId>, StoreError> {
        // From one workflow to the next over the index, without looking at all of their rows.
        let ids: Vec<Uuid> = sqlx::query_scalar(
            "WITH RECURSIVE seen (id) AS (\
                 SELECT min(id) FROM (SELECT min(workflow) AS id FROM runs UNION ALL SELECT min(workflow) FROM decisions) \
                 UNION ALL \
                 SELECT (SELECT min(id) FROM (SELECT min(workflow) AS id FROM runs WHERE workflow > seen.id \
                         UNION ALL SELECT min(workflow) FROM decisions WHERE workflow > seen.id)) \
                 FROM seen WHERE seen.id IS NOT NULL\
             ) SELECT id FROM seen WHERE id IS NOT NULL",
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(ids.into_iter().map(WorkflowId).collect())
    }

    /// The first position of an event received at or after `cut`. Positions follow time closely
    /// enough for forgetting, so that halving finds it.
    pub async fn position_at(&self, cut: Timestamp) -> Result<i64, StoreError> {
        let last: i64 = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM events")
            .fetch_one(&self.readers)
            .await?;
        let (mut low, mut high) = (0, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let at: Option<(i64, i64)> = sqlx::query_as(
                "SELECT position, received_at FROM events WHERE position >= $1 ORDER BY position LIMIT 1",
            )
            .bind(middle)
            .fetch_optional(&self.readers)
            .await?;
            match at {
                Some((position, received)) if received < cut.0 => low = position + 1,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// Removes runs of a workflow that ended before `cut`, with their journals and whatever else
    /// belongs to them, and their events where nothing else refers to those. At most `most`.
    pub async fn forget_runs(
        &self,
        workflow: WorkflowId,
        cut: Timestamp,
        after: Option<RunId>,
        most: u32,
    ) -> Result<Forgotten<RunId>, StoreError> {
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT id, event FROM runs WHERE workflow = $1 AND id > $2 AND id < $3 AND status >= 4 \
             AND coalesce(ended_at, accepted_at) < $4 ORDER BY id LIMIT $5",
        )
        .bind(workflow.0)
        .bind(after.map_or(Uuid::nil(), |run| run.0))
        // A run ends after it has begun: ids sort by their beginning.
        .bind(id_at(cut.plus_millis(1)))
        .bind(cut.0)
        .bind(i64::from(most))
        .fetch_all(&self.readers)
        .await?;
        let next = if rows.len() == most as usize { rows.last().map(|(id, _)| RunId(*id)) } else { None };
        if rows.is_empty() {
            return Ok(Forgotten { gone: 0, next });
        }
        let gone = self
            .change(move |conn| {
                Box::pin(async move {
                    let mut gone = 0;
                    for piece in rows.chunks(100) {
                        // A run that was taken up again in the meantime stays.
                        let ids: Vec<Uuid> = piece.iter().map(|(id, _)| *id).collect();
                        let mut query = within("SELECT id FROM runs WHERE status >= 4 AND id IN (", &ids);
                        let ids: Vec<Uuid> = query.build_query_scalar().fetch_all(&mut *conn).await?;
                        for head in [
                            "DELETE FROM journal WHERE run IN (",
                            "DELETE FROM taken WHERE run IN (",
                            "DELETE FROM approval_links WHERE run IN (",
                            "DELETE FROM runs WHERE id IN (",
                        ] {
                            within(head, &ids).build().execute(&mut *conn).await?;
                        }
                        gone += ids.len() as u64;
                        let events: Vec<i64> = piece.iter().map(|(_, event)| *event).collect();
                        forget_unneeded(&mut *conn, cut, &events).await?;
                    }
                    Ok(gone)
                })
            })
            .await?;
        Ok(Forgotten { gone, next })
    }

    /// Removes at most `most` decisions about a workflow on events before position `before`.
    pub async fn forget_decisions(
        &self,
        workflow: WorkflowId,
        before: i64,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM decisions WHERE (event, workflow, trigger_key) IN (SELECT event, workflow, trigger_key FROM decisions \
                     WHERE workflow = $1 AND event < $2 ORDER BY event LIMIT $3)",
                )
                .bind(workflow.0)
                .bind(before)
                .bind(i64::from(most))
                .execute(conn)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }

    /// Removes events received before `cut`, at positions after `after` and before `before`, that
    /// neither a run nor a decision refers to. At most `most`.
    pub async fn forget_events(
        &self,
        cut: Timestamp,
        after: i64,
        before: i64,
        most: u32,
    ) -> Result<Forgotten<i64>, StoreError> {
        let positions: Vec<i64> = sqlx::query_scalar(
            "SELECT position FROM events e WHERE position > $1 AND position < $2 AND received_at < $3 \
             AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.event = e.position) \
             AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.event = e.position) ORDER BY position LIMIT $4",
        )
        .bind(after)
        .bind(before)
        .bind(cut.0)
        .bind(i64::from(most))
        .fetch_all(&self.readers)
        .await?;
        let next = if positions.len() == most as usize { positions.last().copied() } else { None };
        if positions.is_empty() {
            return Ok(Forgotten { gone: 0, next });
        }
        let gone = self
            .change(move |conn| {
                Box::pin(async move {
                    let mut gone = 0;
                    for piece in positions.chunks(100) {
                        gone += forget_unneeded(&mut *conn, cut, piece).await?;
                    }
                    Ok(gone)
                })
            })
            .await?;
        Ok(Forgotten { gone, next })
    }

    /// Removes at most `most` of each that has expired: dedup keys, idempotency keys, webhook calls
    /// older than `hooks`. Gives how many went.
    pub async fn forget_expired(
        &self,
        now: Timestamp,
        hooks: Timestamp,
        most: u32,
    ) -> Result<u64, StoreError> {
        // Keys have no order in time: readers look for those that have expired.
        let mut expired = Vec::new();
        for table in ["dedup", "idempotency"] {
            let text =
                format!("SELECT workspace, CAST(key AS BLOB) FROM {table} WHERE expires < $1 LIMIT $2");
            let keys: Vec<(i64, Vec<u8>)> = sqlx::query_as(sqlx::AssertSqlSafe(text))
                .bind(now.0)
                .bind(i64::from(most))
                .fetch_all(&self.readers)
                .await?;
            expired.push((table, keys));
        }
        self.change(move |conn| {
            Box::pin(async move {
                // Calls stand in the order of time: the oldest come first.
                let calls = "DELETE FROM hook_calls WHERE position IN (SELECT position FROM \
                             (SELECT position, at FROM hook_calls ORDER BY position LIMIT $2) WHERE at < $1)";
                let done = sqlx::query(calls).bind(hooks.0).bind(i64::from(most)).execute(&mut *conn).await?;
                let mut gone = done.rows_affected();
                for (table, keys) in expired {
                    let kind = if table == "dedup" { "BLOB" } else { "TEXT" };
                    for (workspace, key) in keys {
                        // One that has been written anew in the meantime has not expired.
                        let text = format!("DELETE FROM {table} WHERE workspace = $1 AND key = CAST($2 AS {kind}) AND expires < $3");
                        let done = sqlx::query(sqlx::AssertSqlSafe(text)).bind(workspace).bind(key).bind(now.0).execute(&mut *conn).await?;
                        gone += done.rows_affected();
                    }
                }
                Ok(gone)
            })
        })
        .await
    }
}

/// Removes those of these events that are old enough and that nothing refers to.
async fn forget_unneeded(
    conn: &mut SqliteConnection,
    cut: Timestamp,
    positions: &[i64],
) -> Result<u64, sqlx::Error> {
    let mut query = within("DELETE FROM events WHERE position IN (", positions);
    query.push(" AND received_at < ").push_bind(cut.0);
    query.push(
        " AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.event = events.position) \
         AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.event = events.position)",
    );
    Ok(query.build().execute(conn).await?.rows_affected())
}

/// `head` with a list of values and the closing bracket.
fn within<'q, T>(head: &str, values: &[T]) -> QueryBuilder<Sqlite>
where
    T: Copy + sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite> + 'q,
{
    let mut query = QueryBuilder::new(head);
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(*value);
    }
    query.push(")");
    query
}
