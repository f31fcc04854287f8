//! Forgetting: ended runs with their journals, decisions, events that nothing refers to any more,
//! webhook calls, expired keys. Readers look for what is old and the writer only removes what
//! they name, in small pieces, each a transaction of its own, so that intake goes on in between.

use std::collections::HashMap;

use masar_crm_core::{Conn, DatabaseError, Value};
use masar_engine::{RunId, Timestamp, WorkflowId};
use uuid::Uuid;

use super::{
    Store, StoreError,
    query::{Query, query},
    read::id_at,
};

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
        const SQLITE: &str = "json_extract(coalesce(v.body, w.draft), '$.settings.keepDays')";
        const POSTGRES: &str = "(coalesce(v.body, w.draft)::jsonb #>> '{settings,keepDays}')::bigint";
        let days = if self.is_postgres() { POSTGRES } else { SQLITE };
        let text = format!(
            "SELECT w.id, {days} FROM workflows w LEFT JOIN versions v ON v.workflow = w.id AND v.number = w.published \
             WHERE {days} IS NOT NULL"
        );
        let mut found = HashMap::new();
        for row in query(text).all(self).await? {
            if let Ok(days) = u32::try_from(row.get::<i64>(1)?) {
                found.insert(WorkflowId(row.get(0)?), days);
            }
        }
        Ok(found)
    }

    /// Every workflow that has runs or decisions, also those that were deleted.
    pub async fn logged_workflows(&self) -> Result<Vec<WorkflowId>, StoreError> {
        // From one workflow to the next over the index, without looking at all of their rows.
        let next = |table: &str, after: &str| {
            format!(
                "SELECT * FROM (SELECT workflow AS id FROM {table} {after} ORDER BY workflow LIMIT 1) AS {table}_next"
            )
        };
        let least = |after: &str| {
            let (runs, decisions) = (next("runs", after), next("decisions", after));
            format!("SELECT id FROM ({runs} UNION ALL {decisions}) AS either ORDER BY id LIMIT 1")
        };
        let text = format!(
            "WITH RECURSIVE seen (id) AS (SELECT ({}) UNION ALL SELECT ({}) FROM seen WHERE seen.id IS NOT NULL) \
             SELECT id FROM seen WHERE id IS NOT NULL",
            least(""),
            least("WHERE workflow > seen.id")
        );
        Ok(query(text).column(self).await?.into_iter().map(WorkflowId).collect())
    }

    /// The first position of an event received at or after `cut`. Positions follow time closely
    /// enough for forgetting, so that halving finds it.
    pub async fn position_at(&self, cut: Timestamp) -> Result<i64, StoreError> {
        let last: Option<i64> = query("SELECT coalesce(max(position), 0) FROM events").scalar(self).await?;
        let last = last.unwrap_or(0);
        let (mut low, mut high) = (0, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let text =
                "SELECT position, received_at FROM events WHERE position >= $1 ORDER BY position LIMIT 1";
            match query(text).bind(middle).first(self).await? {
                Some(row) if row.get::<i64>(1)? < cut.0 => low = row.get::<i64>(0)? + 1,
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
        let rows = query(
            "SELECT id, event FROM runs WHERE workflow = $1 AND id > $2 AND id < $3 AND status >= 4 \
             AND coalesce(ended_at, accepted_at) < $4 ORDER BY id LIMIT $5",
        )
        .bind(workflow.0)
        .bind(after.map_or(Uuid::nil(), |run| run.0))
        // A run ends after it has begun: ids sort by their beginning.
        .bind(id_at(cut.plus_millis(1)))
        .bind(cut.0)
        .bind(most)
        .all(self)
        .await?;
        let rows = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
        let rows = rows.collect::<Result<Vec<(Uuid, i64)>, DatabaseError>>()?;
        let next = if rows.len() == most as usize { rows.last().map(|(id, _)| RunId(*id)) } else { None };
        if rows.is_empty() {
            return Ok(Forgotten { gone: 0, next });
        }
        let gone = self
            .change(move |mut conn| {
                Box::pin(async move {
                    let mut gone = 0;
                    for piece in rows.chunks(100) {
                        // A run that was taken up again in the meantime stays.
                        let ids: Vec<Uuid> = piece.iter().map(|(id, _)| *id).collect();
                        let mut over = within("SELECT id FROM runs WHERE status >= 4 AND id IN (", ids);
                        if !conn.is_sqlite() {
                            over.push(" FOR UPDATE");
                        }
                        let ids: Vec<Uuid> = over
                            .rows(&mut conn)
                            .await?
                            .iter()
                            .map(|row| row.get(0))
                            .collect::<Result<_, _>>()?;
                        for head in [
                            "DELETE FROM journal WHERE run IN (",
                            "DELETE FROM taken WHERE run IN (",
                            "DELETE FROM approval_links WHERE run IN (",
                            "DELETE FROM runs WHERE id IN (",
                        ] {
                            within(head, ids.iter().copied()).execute(&mut conn).await?;
                        }
                        gone += ids.len() as u64;
                        let events: Vec<i64> = piece.iter().map(|(_, event)| *event).collect();
                        forget_unneeded(&mut conn, cut, events).await?;
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
        self.change(move |mut conn| {
            Box::pin(async move {
                let done = query(
                    "DELETE FROM decisions WHERE (event, workflow, trigger_key) IN (SELECT event, workflow, trigger_key FROM decisions \
                     WHERE workflow = $1 AND event < $2 ORDER BY event LIMIT $3)",
                )
                .bind(workflow.0)
                .bind(before)
                .bind(most)
                .execute(&mut conn)
                .await?;
                Ok(done)
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
        let positions: Vec<i64> = query(
            "SELECT position FROM events e WHERE position > $1 AND position < $2 AND received_at < $3 \
             AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.event = e.position) \
             AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.event = e.position) ORDER BY position LIMIT $4",
        )
        .bind(after)
        .bind(before)
        .bind(cut.0)
        .bind(most)
        .column(self)
        .await?;
        let next = if positions.len() == most as usize { positions.last().copied() } else { None };
        if positions.is_empty() {
            return Ok(Forgotten { gone: 0, next });
        }
        let gone = self
            .change(move |mut conn| {
                Box::pin(async move {
                    let mut gone = 0;
                    for piece in positions.chunks(100) {
                        gone += forget_unneeded(&mut conn, cut, piece.to_vec()).await?;
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
            let text = format!("SELECT workspace, key FROM {table} WHERE expires < $1 LIMIT $2");
            for row in query(text).bind(now.0).bind(most).all(self).await? {
                expired.push((table, row.get::<i64>(0)?, row.get::<Value>(1)?));
            }
        }
        self.change(move |mut conn| {
            Box::pin(async move {
                // Calls stand in the order of time: the oldest come first.
                let calls = "DELETE FROM hook_calls WHERE position IN (SELECT position FROM \
                             (SELECT position, at FROM hook_calls ORDER BY position LIMIT $2) AS oldest WHERE at < $1)";
                let mut gone = query(calls).bind(hooks.0).bind(most).execute(&mut conn).await?;
                for (table, workspace, key) in expired {
                    // One that has been written anew in the meantime has not expired.
                    let text = format!("DELETE FROM {table} WHERE workspace = $1 AND key = $2 AND expires < $3");
                    gone += query(text).bind(workspace).bind(key).bind(now.0).execute(&mut conn).await?;
                }
                Ok(gone)
            })
        })
        .await
    }
}

/// Removes those of these events that are old enough and that nothing refers to.
async fn forget_unneeded(
    conn: &mut Conn<'_>,
    cut: Timestamp,
    positions: Vec<i64>,
) -> Result<u64, DatabaseError> {
    let mut delete = within("DELETE FROM events WHERE position IN (", positions);
    delete.push(" AND received_at < ").push_bind(cut.0);
    delete.push(
        " AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.event = events.position) \
         AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.event = events.position)",
    );
    delete.execute(conn).await
}

/// `head` with a list of values and the closing bracket.
fn within<T: Into<Value>>(head: &'static str, values: impl IntoIterator<Item = T>) -> Query {
    let mut text = query(head);
    text.push_list(values).push(")");
    text
}
