//! Group commit: one thread owns the writing connection and commits whatever has queued as soon as
//! the last flush ends. There is no linger: alone, a unit waits for one flush; under load the
//! groups grow by themselves. A thread and a connection of its own, because a hop between threads
//! for each statement costs more than the statements of a whole group.

use std::{any::Any, time::Instant};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use masar_crm_core::{Conn, DatabaseError};
use masar_engine::RunId;
use rusqlite::Connection;
use sqlx::SqliteConnection;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{CommitError, StoreError, Write, batch::Batch, checkpoint::Checkpoints};

/// Units in one transaction.
pub(super) const MOST_UNITS: usize = 1000;
/// Units that may wait; beyond that intake is refused.
pub(super) const QUEUE: usize = 16_384;

/// Things that become durable together or not at all.
#[derive(Default)]
pub struct Unit {
    /// Rows.
    pub writes: Vec<Write>,
    /// What runs inside the transaction, after these rows, and tells more.
    pub work: Option<Box<dyn Work>>,
    /// The run whose unit it is, where its rows do not say.
    pub run: Option<RunId>,
}

impl Unit {
    /// Rows without work.
    pub fn of(writes: Vec<Write>) -> Self {
        Self { writes, work: None, run: None }
    }
}

/// Work inside a transaction.
#[async_trait]
pub trait Work: Send {
    /// Does it; the returned rows belong to the same transaction. What fails inside it undoes itself;
    /// an error here says that the database failed, and then nothing of the whole group stays.
    async fn apply(&mut self, conn: Conn<'_>) -> Result<Vec<Write>, DatabaseError>;

    /// For getting the work back as what it was.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// A unit that is durable.
pub struct Committed {
    /// Its work, with whatever that has brought back.
    pub work: Option<Box<dyn Work>>,
    pub(super) at: Instant,
}

impl Committed {
    /// How long it has been durable, microseconds: so long it took until somebody came to hear of it.
    pub fn unheard(&self) -> u64 {
        u64::try_from(self.at.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// A change of what people administer: its own transaction, told by itself whether it stands.
pub(super) type Change =
    Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, ()> + Send + 'static>;

pub(super) enum Request {
    Unit(Queued),
    Change(Change),
}

pub(super) struct Queued {
    pub(super) unit: Unit,
    pub(super) done: oneshot::Sender<Result<Committed, CommitError>>,
}

/// What the committer has done, for the metrics.
pub(super) type Observer = Box<dyn Fn(usize, f64) + Send + Sync>;

/// The writing side of the store.
pub(super) struct Committer {
    /// For units.
    pub(super) conn: Connection,
    /// For changes; it never writes while `conn` does.
    pub(super) admin: SqliteConnection,
    /// Where works and changes wait, should they.
    pub(super) runtime: Handle,
    pub(super) observe: Observer,
    pub(super) checkpoints: Checkpoints,
}

impl Committer {
    /// Commits until every sender is gone.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut arrived = Vec::with_capacity(MOST_UNITS);
        let mut group = Vec::with_capacity(MOST_UNITS);
        while requests.blocking_recv_many(&mut arrived, MOST_UNITS) > 0 {
            let begun = Instant::now();
            let mut changes = Vec::new();
            for request in arrived.drain(..) {
                match request {
                    Request::Unit(queued) => group.push(queued),
                    Request::Change(change) => changes.push(change),
                }
            }
            let units = group.len();
            if units > 0 {
                self.commit(&mut group);
                self.checkpoints.committed();
                (self.observe)(units, begun.elapsed().as_secs_f64());
            }
            for change in changes {
                self.runtime.block_on(change(&mut self.admin));
            }
        }
    }

    /// Commits a group: everything at once. What one unit cannot have must not cost the others: where
    /// a promise of the tables is broken, the units go one by one.
    fn commit(&mut self, group: &mut Vec<Queued>) {
        let Err(broken) = self.together(group) else {
            let at = Instant::now();
            for queued in group.drain(..) {
                let _ = queued.done.send(Ok(Committed { work: queued.unit.work, at }));
            }
            return;
        };
        if !broken.error.unique {
            for queued in group.drain(..) {
                let _ = queued.done.send(Err(fault(&broken.error)));
            }
            return;
        }
        // A work that has run cannot run again: its run is loaded anew from its journal.
        let (worked, plain): (Vec<_>, Vec<_>) =
            group.drain(..).partition(|queued| broken.worked && queued.unit.work.is_some());
        match (worked.len(), plain.len()) {
            (1, 0) | (0, 1) => {
                for queued in worked.into_iter().chain(plain) {
                    let answer = self.explain(&queued.unit.writes, &broken.error);
                    let _ = queued.done.send(Err(answer));
                }
            }
            _ => {
                for queued in worked {
                    let _ = queued.done.send(Err(CommitError::Lost));
                }
                for queued in plain {
                    self.commit(&mut vec![queued]);
                }
            }
        }
    }

    /// The rows of all units, then their works one after the other, then the rows that those tell.
    fn together(&mut self, group: &mut [Queued]) -> Result<(), Broken> {
        let mut worked = false;
        let result = self.transaction(|committer| {
            let rows = group.iter().flat_map(|queued| &queued.unit.writes);
            Batch::of(rows).write(&committer.conn)?;
            let mut later = Vec::new();
            for work in group.iter_mut().filter_map(|queued| queued.unit.work.as_mut()) {
                worked = true;
                later.extend(committer.runtime.block_on(work.apply(Conn::Embedded(&mut committer.conn)))?);
            }
            Batch::of(later.iter()).write(&committer.conn)?;
            Ok(())
        });
        result.map_err(|error| Broken { error, worked })
    }

    fn transaction(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        self.execute("BEGIN IMMEDIATE")?;
        let result = inside(self).and_then(|()| self.execute("COMMIT"));
        if result.is_err() {
            // Where the commit itself failed SQLite may have rolled back already; then this is refused.
            let _ = self.execute("ROLLBACK");
        }
        result
    }

    fn execute(&self, text: &str) -> Result<(), DatabaseError> {
        self.conn.prepare_cached(text)?.execute([])?;
        Ok(())
    }

    /// Which promise a unit ran against.
    fn explain(&self, writes: &[Write], error: &DatabaseError) -> CommitError {
        let text = &error.message;
        if text.contains("dedup.") {
            let first = writes.iter().find_map(|write| match write {
                Write::EventInsert { workspace, dedup: Some((key, _)), .. } => {
                    let text = "SELECT position FROM dedup WHERE workspace = ? AND key = ?";
                    self.conn.query_row(text, rusqlite::params![workspace.0, key], |row| row.get(0)).ok()
                }
                _ => None,
            });
            if let Some(position) = first {
                return CommitError::Duplicate { position };
            }
        }
        if text.contains("journal.") || text.contains("runs.id") { CommitError::Fenced } else { fault(error) }
    }
}

/// Why a group could not be written together.
struct Broken {
    error: DatabaseError,
    /// Whether works of the group have run.
    worked: bool,
}

fn fault(error: &DatabaseError) -> CommitError {
    CommitError::Store(StoreError::from_code(error.code, &error.message))
}
