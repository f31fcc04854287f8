//! Forgetting: ended runs with their journals, events without runs, refused calls, expired keys.
//! In small pieces, each a transaction of its own, so that intake goes on in between.

use masar_engine::{Timestamp, WorkflowId};

use super::{Store, StoreError};

impl Store {
    /// Removes at most `most` ended runs accepted before `cut` (of one workflow, or of all but those
    /// in `except`), with their journals. Gives how many went.
    pub async fn forget_runs(
        &self,
        cut: Timestamp,
        workflow: Option<WorkflowId>,
        except: Vec<WorkflowId>,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(
                    "SELECT id FROM runs WHERE status >= 4 AND accepted_at < ",
                );
                query.push_bind(cut.0);
                if let Some(workflow) = workflow {
                    query.push(" AND workflow = ").push_bind(workflow.0);
                }
                for workflow in except {
                    query.push(" AND workflow <> ").push_bind(workflow.0);
                }
                query.push(" ORDER BY id LIMIT ").push_bind(i64::from(most));
                let ids: Vec<uuid::Uuid> = query.build_query_scalar().fetch_all(&mut *conn).await?;
                for id in &ids {
                    sqlx::query("DELETE FROM journal WHERE run = $1").bind(id).execute(&mut *conn).await?;
                    sqlx::query("DELETE FROM taken WHERE run = $1").bind(id).execute(&mut *conn).await?;
                    sqlx::query("DELETE FROM approval_links WHERE run = $1")
                        .bind(id)
                        .execute(&mut *conn)
                        .await?;
                    sqlx::query("DELETE FROM runs WHERE id = $1").bind(id).execute(&mut *conn).await?;
                }
                Ok(ids.len() as u64)
            })
        })
        .await
    }

    /// Removes at most `most` events received before `cut` that no run needs, with their decisions.
    pub async fn forget_events(&self, cut: Timestamp, most: u32) -> Result<u64, StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                let positions: Vec<i64> = sqlx::query_scalar(
                    "SELECT position FROM events e WHERE received_at < $1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.event = e.position) \
                     ORDER BY position LIMIT $2",
                )
                .bind(cut.0)
                .bind(i64::from(most))
                .fetch_all(&mut *conn)
                .await?;
                for position in &positions {
                    sqlx::query("DELETE FROM decisions WHERE event = $1").bind(position).execute(&mut *conn).await?;
                    sqlx::query("DELETE FROM events WHERE position = $1").bind(position).execute(&mut *conn).await?;
                }
                Ok(positions.len() as u64)
            })
        })
        .await
    }

    /// Removes what has expired: dedup keys, idempotency keys, refused webhook calls older than `hooks`;
    /// gives freed pages back to the disk.
    pub async fn forget_expired(
        &self,
        now: Timestamp,
        hooks: Timestamp,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.change(move |conn| {
            Box::pin(async move {
                let mut gone = 0;
                for (text, cut) in [
                    ("DELETE FROM dedup WHERE (workspace, key) IN (SELECT workspace, key FROM dedup WHERE expires < $1 LIMIT $2)", now),
                    ("DELETE FROM idempotency WHERE (workspace, key) IN (SELECT workspace, key FROM idempotency WHERE expires < $1 LIMIT $2)", now),
                    ("DELETE FROM hook_calls WHERE position IN (SELECT position FROM hook_calls WHERE at < $1 LIMIT $2)", hooks),
                ] {
                    gone += sqlx::query(text).bind(cut.0).bind(i64::from(most)).execute(&mut *conn).await?.rows_affected();
                }
                Ok(gone)
            })
        })
        .await
    }
}
