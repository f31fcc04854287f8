//! Group commit on PostgreSQL: a lane owns a connection and commits whatever has queued as soon as the
//! last commit ends, as the writer of SQLite does (`store/commit.rs`). There are several, so that
//! one prepares its rows while another waits for the disk.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use masar_crm_core::{Conn, DatabaseError};
use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use tokio::sync::{Notify, mpsc};

use super::{Owner, write};
use crate::store::{
    CommitError, StoreError, Write,
    batch::Batch,
    commit::{Committed, MOST_UNITS, Queued, Request},
};

/// How often a group is tried that the server ended for the sake of another.
const ATTEMPTS: u32 = 10;
/// Pauses between two attempts to connect grow from here
const RECONNECT: Duration = Duration::from_millis(50);
/// to this.
const RECONNECT_AT_MOST: Duration = Duration::from_secs(2);

/// One committer.
pub(super) struct Lane {
    options: PgConnectOptions,
    owner: Arc<Owner>,
    unknown: Arc<Notify>,
    observe: Arc<dyn Fn(usize, f64) + Send + Sync>,
    conn: Option<PgConnection>,
    pause: Duration,
}

/// Why a group could not be written together.
struct Broken {
    error: DatabaseError,
    /// Whether works of the group have run.
    worked: bool,
}

impl Lane {
    pub(super) fn new(
        options: PgConnectOptions,
        owner: Arc<Owner>,
        unknown: Arc<Notify>,
        observe: Arc<dyn Fn(usize, f64) + Send + Sync>,
    ) -> Self {
        Self { options, owner, unknown, observe, conn: None, pause: RECONNECT }
    }

    /// Commits until every sender is gone.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut arrived = Vec::with_capacity(MOST_UNITS);
        while requests.recv_many(&mut arrived, MOST_UNITS).await > 0 {
            let begun = Instant::now();
            let group: Vec<Queued> = arrived
                .drain(..)
                .filter_map(|request| match request {
                    Request::Unit(queued) => Some(queued),
                    // Changes have connections of their own here.
                    Request::Change(_) => None,
                })
                .collect();
            let units = group.len();
            self.commit(group).await;
            (self.observe)(units, begun.elapsed().as_secs_f64());
        }
    }

    /// Commits a group: everything at once. What one unit cannot have must not cost the others: where
    /// a promise of the tables is broken, the units go one by one.
    async fn commit(&mut self, mut group: Vec<Queued>) {
        let Err(broken) = self.together(&mut group).await else {
            return tell(group);
        };
        if !broken.error.unique {
            return refuse(group, &broken.error);
        }
        // A work that has run cannot run again: its run is loaded anew from its journal.
        let (worked, plain): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|queued| broken.worked && queued.unit.work.is_some());
        if worked.len() + plain.len() == 1 {
            for queued in worked.into_iter().chain(plain) {
                let answer = self.explain(&queued.unit.writes, &broken.error).await;
                let _ = queued.done.send(Err(answer));
            }
            return;
        }
        for queued in worked {
            let _ = queued.done.send(Err(CommitError::Lost));
        }
        for queued in plain {
            let mut alone = vec![queued];
            match self.together(&mut alone).await {
                Ok(()) => tell(alone),
                Err(broken) if broken.error.unique => {
                    for queued in alone {
                        let answer = self.explain(&queued.unit.writes, &broken.error).await;
                        let _ = queued.done.send(Err(answer));
                    }
                }
                Err(broken) => refuse(alone, &broken.error),
            }
        }
    }

    /// The rows of all units, then their works one after the other, then the rows that those tell. Tried
    /// again where the server ended it for the sake of another transaction.
    async fn together(&mut self, group: &mut [Queued]) -> Result<(), Broken> {
        let mut attempt = 1;
        loop {
            let mut worked = false;
            let Err(error) = self.once(group, &mut worked).await else { return Ok(()) };
            if error.lost {
                // The next group finds a new one, or is told that there is none.
                self.conn = None;
                self.unknown.notify_one();
            }
            if !error.again || worked || attempt >= ATTEMPTS {
                return Err(Broken { error, worked });
            }
            attempt += 1;
        }
    }

    async fn once(&mut self, group: &mut [Queued], worked: &mut bool) -> Result<(), DatabaseError> {
        let owner = self.owner.clone();
        let conn = self.connection().await?;
        let result = async {
            owner.begin(conn).await?;
            write::batch(conn, Batch::of(group.iter().flat_map(|queued| &queued.unit.writes))).await?;
            let mut later = Vec::new();
            for work in group.iter_mut().filter_map(|queued| queued.unit.work.as_mut()) {
                *worked = true;
                later.extend(work.apply(Conn::Postgres(&mut *conn)).await?);
            }
            if !later.is_empty() {
                write::batch(conn, Batch::of(later.iter())).await?;
            }
            sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
            Ok(())
        };
        let result: Result<(), DatabaseError> = result.await;
        if let (Err(error), Some(conn)) = (&result, &mut self.conn)
            && !error.lost
            && sqlx::raw_sql("ROLLBACK").execute(conn).await.is_err()
        {
            self.conn = None;
        }
        result
    }

    /// The lane's connection; a new one where the last was lost.
    async fn connection(&mut self) -> Result<&mut PgConnection, DatabaseError> {
        if self.conn.is_none() {
            match tokio::time::timeout(super::PATIENCE, self.options.connect()).await {
                Ok(Ok(conn)) => {
                    self.pause = RECONNECT;
                    self.conn = Some(conn);
                }
                failed => {
                    tokio::time::sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(RECONNECT_AT_MOST);
                    return Err(failed.unwrap_or(Err(sqlx::Error::PoolTimedOut)).err().map_or_else(
                        || DatabaseError::from(sqlx::Error::PoolTimedOut),
                        |error| DatabaseError { lost: true, ..DatabaseError::from(error) },
                    ));
                }
            }
        }
        self.conn.as_mut().ok_or_else(|| DatabaseError::from(sqlx::Error::PoolTimedOut))
    }

    /// Which promise a unit ran against.
    async fn explain(&mut self, writes: &[Write], error: &DatabaseError) -> CommitError {
        let constraint = error.constraint.as_deref().unwrap_or_default();
        if constraint.starts_with("dedup") {
            for write in writes {
                let Write::EventInsert { workspace, dedup: Some((key, _)), .. } = write else { continue };
                let Ok(conn) = self.connection().await else { break };
                let found: Result<Option<i64>, _> =
                    sqlx::query_scalar("SELECT position FROM dedup WHERE workspace = $1 AND key = $2")
                        .bind(workspace.0)
                        .bind(key.to_vec())
                        .fetch_optional(conn)
                        .await;
                if let Ok(Some(position)) = found {
                    return CommitError::Duplicate { position };
                }
            }
        }
        // The names of the partitions' keys: journal_w2969_pkey, runs_default_pkey.
        match constraint.starts_with("journal") || constraint.starts_with("runs") {
            true => CommitError::Fenced,
            false => CommitError::Store(fault(error)),
        }
    }
}

fn tell(group: Vec<Queued>) {
    let at = Instant::now();
    for queued in group {
        let _ = queued.done.send(Ok(Committed { work: queued.unit.work, at }));
    }
}

fn refuse(group: Vec<Queued>, error: &DatabaseError) {
    for queued in group {
        let _ = queued.done.send(Err(CommitError::Store(fault(error))));
    }
}

fn fault(error: &DatabaseError) -> StoreError {
    StoreError::from(DatabaseError {
        message: error.message.clone(),
        state: error.state.clone(),
        constraint: error.constraint.clone(),
        ..*error
    })
}
