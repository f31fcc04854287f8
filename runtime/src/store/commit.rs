//! Group commit: one task owns the writing connection and commits whatever has queued as soon as
//! the last flush ends. There is no linger: alone, a unit waits for one flush; under load the
//! groups grow by themselves.

use std::{any::Any, time::Instant};

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::{CommitError, StoreError, Write, sql::Batch};

/// Units in one transaction.
const MOST_UNITS: usize = 1000;
/// Units that may wait; beyond that intake is refused.
pub(super) const QUEUE: usize = 16_384;

/// Things that become durable together or not at all.
#[derive(Default)]
pub struct Unit {
    /// Rows.
    pub writes: Vec<Write>,
    /// What runs inside the transaction and tells more rows.
    pub work: Option<Box<dyn Work>>,
}

/// Work inside a transaction, under a savepoint of its own.
#[async_trait]
pub trait Work: Send {
    /// Does it; the returned rows belong to the same transaction. On an error nothing of the unit stays.
    async fn apply(&mut self, conn: &mut SqliteConnection) -> Result<Vec<Write>, WorkError>;

    /// For getting the work back as what it was.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// Why a work failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct WorkError(#[from] pub sqlx::Error);

/// A unit that is durable.
pub struct Committed {
    /// Its work, with whatever that has brought back.
    pub work: Option<Box<dyn Work>>,
}

pub(super) struct Request {
    pub(super) unit: Unit,
    pub(super) done: oneshot::Sender<Result<Committed, CommitError>>,
}

/// What the committer has done, for the metrics.
pub(super) type Observer = Box<dyn Fn(usize, f64) + Send + Sync>;

/// Commits until every sender is gone.
pub(super) async fn committer(
    mut conn: SqliteConnection,
    mut requests: mpsc::Receiver<Request>,
    observe: Observer,
) {
    let mut group = Vec::with_capacity(MOST_UNITS);
    while requests.recv_many(&mut group, MOST_UNITS).await > 0 {
        let begun = Instant::now();
        let units = group.len();
        commit(&mut conn, &mut group).await;
        observe(units, begun.elapsed().as_secs_f64());
    }
}

async fn commit(conn: &mut SqliteConnection, group: &mut Vec<Request>) {
    // All at once first. What one unit cannot have must not cost the others: then one by one.
    let simple = group.iter().all(|request| request.unit.work.is_none());
    if simple {
        let mut batch = Batch::default();
        let writes: Vec<Vec<Write>> =
            group.iter_mut().map(|request| std::mem::take(&mut request.unit.writes)).collect();
        writes.iter().flatten().cloned().for_each(|write| batch.add(write));
        match transaction(conn, &batch).await {
            Ok(()) => {
                for request in group.drain(..) {
                    let _ = request.done.send(Ok(Committed { work: None }));
                }
                return;
            }
            Err(error) if group.len() == 1 || !is_constraint(&error) => {
                let single = group.len() == 1;
                for (request, writes) in group.drain(..).zip(writes) {
                    let answer = if single { explain(conn, &writes, &error).await } else { fault(&error) };
                    let _ = request.done.send(Err(answer));
                }
                return;
            }
            Err(_) => {
                for (request, writes) in group.iter_mut().zip(writes) {
                    request.unit.writes = writes;
                }
            }
        }
    }
    one_by_one(conn, group).await;
}

async fn transaction(conn: &mut SqliteConnection, batch: &Batch) -> Result<(), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    let result = match batch.write(conn).await {
        Ok(()) => sqlx::query("COMMIT").execute(&mut *conn).await.map(|_| ()),
        Err(error) => Err(error),
    };
    if result.is_err() {
        // Where the commit itself failed SQLite may have rolled back already; then this is refused.
        let _ = sqlx::query("ROLLBACK").execute(&mut *conn).await;
    }
    result
}

/// One transaction, a savepoint a unit: a unit that fails leaves no trace and harms no other.
async fn one_by_one(conn: &mut SqliteConnection, group: &mut Vec<Request>) {
    let requests = std::mem::take(group);
    if let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await {
        for request in requests {
            let _ = request.done.send(Err(fault(&error)));
        }
        return;
    }
    let mut kept = Vec::with_capacity(requests.len());
    for mut request in requests {
        match unit(conn, &mut request.unit).await {
            Ok(()) => kept.push(request),
            Err(error) => {
                let answer = explain(conn, &request.unit.writes, &error).await;
                let _ = request.done.send(Err(answer));
            }
        }
    }
    match sqlx::query("COMMIT").execute(&mut *conn).await {
        Ok(_) => {
            for request in kept {
                let _ = request.done.send(Ok(Committed { work: request.unit.work }));
            }
        }
        Err(error) => {
            let _ = sqlx::query("ROLLBACK").execute(&mut *conn).await;
            for request in kept {
                let _ = request.done.send(Err(fault(&error)));
            }
        }
    }
}

async fn unit(conn: &mut SqliteConnection, unit: &mut Unit) -> Result<(), sqlx::Error> {
    sqlx::query("SAVEPOINT unit").execute(&mut *conn).await?;
    let result = unit_inner(conn, unit).await;
    if result.is_err() {
        sqlx::query("ROLLBACK TO unit").execute(&mut *conn).await?;
    }
    sqlx::query("RELEASE unit").execute(&mut *conn).await?;
    result
}

async fn unit_inner(conn: &mut SqliteConnection, unit: &mut Unit) -> Result<(), sqlx::Error> {
    let mut batch = Batch::default();
    unit.writes.iter().cloned().for_each(|write| batch.add(write));
    if let Some(work) = &mut unit.work {
        // What the work builds on, e.g. the run's own row, comes first.
        batch.write(conn).await?;
        batch = Batch::default();
        work.apply(conn).await.map_err(|error| error.0)?.into_iter().for_each(|write| batch.add(write));
    }
    batch.write(conn).await
}

fn is_constraint(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

fn fault(error: &sqlx::Error) -> CommitError {
    // `sqlx::Error` cannot be cloned; what a caller tells apart is kept.
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<i32>().ok())
        .map(|code| code & 0xff);
    CommitError::Store(match code {
        Some(13) => StoreError::DiskFull,
        Some(8 | 14) => StoreError::ReadOnly(error.to_string()),
        Some(11 | 26) => StoreError::Corrupt { file: "the database".into(), message: error.to_string() },
        _ => StoreError::Database(sqlx::Error::Protocol(error.to_string())),
    })
}

/// Which promise a unit ran against.
async fn explain(conn: &mut SqliteConnection, writes: &[Write], error: &sqlx::Error) -> CommitError {
    if !is_constraint(error) {
        return fault(error);
    }
    let text = error.to_string();
    if text.contains("dedup.") {
        for write in writes {
            if let Write::EventInsert { workspace, dedup: Some((key, _)), .. } = write
                && let Ok(Some(position)) =
                    sqlx::query_scalar("SELECT position FROM dedup WHERE workspace = $1 AND key = $2")
                        .bind(workspace.0)
                        .bind(key.to_vec())
                        .fetch_optional(&mut *conn)
                        .await
            {
                return CommitError::Duplicate { position };
            }
        }
    }
    if text.contains("journal.") || text.contains("runs.id") { CommitError::Fenced } else { fault(error) }
}
