//! The handle of a store: where reading connections come from, where units and changes go. What is
//! particular to a database is in `sqlite` and `postgres`.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use futures_util::future::BoxFuture;
use masar_crm_core::Conn;
use masar_engine::{RunId, Timestamp};
use sqlx::{PgPool, SqlitePool, pool::PoolConnection};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    CommitError, StoreError, Write,
    commit::{Change, Committed, QUEUE, Queued, Request, Unit},
    postgres,
    query::query,
    sqlite,
};
use crate::config::Config;

/// Tells when a unit is durable, or why it is not.
pub type Durable = oneshot::Receiver<Result<Committed, CommitError>>;

/// Which database it is, by its reading connections.
#[derive(Clone)]
pub(super) enum Base {
    Sqlite(SqlitePool),
    /// With the right to write, unless it was opened to be read.
    Postgres(PgPool, Option<Arc<postgres::Owner>>),
}

/// The store.
#[derive(Clone)]
pub struct Store {
    pub(super) base: Base,
    /// To the committers; one on SQLite. Units of one run always take the same.
    pub(super) lanes: Arc<[mpsc::Sender<Request>]>,
    pub(super) positions: Arc<Positions>,
    /// For units without a run.
    pub(super) next_lane: Arc<AtomicUsize>,
    /// Told when a connection was lost in the middle of a commit.
    pub(super) unknown: Arc<Notify>,
    /// Cancelled when another process has taken the database over.
    pub(super) superseded: CancellationToken,
}

/// Who gives events their places in the log of events.
pub(super) enum Positions {
    /// One process counts.
    Dense(AtomicI64),
    /// Several processes: milliseconds since [`postgres::EPOCH`], a number of this process, a count. They
    /// sort by time and stay below 2^53, which JavaScript can still count to.
    Timed {
        /// Number of this process, below 256.
        slot: i64,
        /// Milliseconds and count of the last one, as one number.
        last: AtomicI64,
    },
}

/// Bits of a timed position for the process, and for the count within a millisecond.
const SLOT_BITS: u32 = 8;
const COUNT_BITS: u32 = 5;

impl Positions {
    fn next(&self, now: Timestamp) -> i64 {
        match self {
            Self::Dense(next) => next.fetch_add(1, Ordering::Relaxed),
            Self::Timed { slot, last } => {
                let millis = (now.0 / 1000 - postgres::EPOCH).max(0);
                let at_least = millis << COUNT_BITS;
                // More than a millisecond holds, or a clock set back, borrows from the time to come.
                let step = |last: i64| Some(at_least.max(last + 1));
                let before = last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap_or(0);
                let mine = at_least.max(before + 1);
                let (millis, count) = (mine >> COUNT_BITS, mine & ((1 << COUNT_BITS) - 1));
                (((millis << SLOT_BITS) | slot) << COUNT_BITS) | count
            }
        }
    }
}

/// A reading connection.
pub enum Reader {
    /// Of SQLite.
    Sqlite(PoolConnection<sqlx::Sqlite>),
    /// Of PostgreSQL.
    Postgres(PoolConnection<sqlx::Postgres>),
}

impl Reader {
    /// As the CRM takes it.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}

impl Store {
    /// Opens what the settings name. `observe` hears the size and the seconds of every group commit.
    ///
    /// # Errors
    /// What is wrong with the file, or with the address, the server or its rights, and what to do.
    pub async fn configured(
        config: &Config,
        now: Timestamp,
        observe: impl Fn(usize, f64) + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        match &config.database.url {
            Some(url) => Self::open_postgres(url, now, observe).await,
            None => Self::open(&config.data.folder.join("masar.db"), observe).await,
        }
    }

    /// Opens what the settings name for reading alone; whatever is submitted is refused. A server may be
    /// at work on it.
    ///
    /// # Errors
    /// As of [`Self::configured`].
    pub async fn configured_to_read(config: &Config) -> Result<Self, StoreError> {
        match &config.database.url {
            Some(url) => Self::open_postgres_to_read(url).await,
            None => Self::open_to_read(&config.data.folder.join("masar.db")).await,
        }
    }

    /// Whether it is PostgreSQL; else SQLite.
    pub fn is_postgres(&self) -> bool {
        matches!(self.base, Base::Postgres(..))
    }

    /// The place of the next event in the log of events; refused webhook calls are numbered with them.
    pub fn next_position(&self, now: Timestamp) -> i64 {
        self.positions.next(now)
    }

    /// Makes a unit durable.
    pub async fn submit(&self, unit: Unit) -> Result<Committed, CommitError> {
        self.begin(unit).await?.await.map_err(|_| CommitError::Closed)?
    }

    /// Hands a unit over; what comes back tells when it is durable. Units of one run become durable in
    /// the order in which they were handed over; on SQLite all units do.
    pub async fn begin(&self, unit: Unit) -> Result<Durable, CommitError> {
        let (done, answer) = oneshot::channel();
        let lane = self.lane(&unit)?;
        let request = Request::Unit(Queued { unit, done });
        lane.send(request).await.map_err(|_| CommitError::Closed)?;
        Ok(answer)
    }

    fn lane(&self, unit: &Unit) -> Result<&mpsc::Sender<Request>, CommitError> {
        let lane = match self.lanes.len() {
            0 => return Err(CommitError::Closed),
            1 => 0,
            lanes => {
                let run = unit.run.or_else(|| unit.writes.iter().find_map(Write::run));
                let number = run.map_or_else(
                    || self.next_lane.fetch_add(1, Ordering::Relaxed),
                    // The end of a UUIDv7 is random.
                    |RunId(id)| usize::from(id.as_bytes()[15]),
                );
                number % lanes
            }
        };
        self.lanes.get(lane).ok_or(CommitError::Closed)
    }

    /// Runs a change in a transaction of its own; on an error nothing of it stays.
    pub async fn change<T, F>(&self, run: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        if let Base::Postgres(pool, owner) = &self.base {
            return postgres::change(pool, owner.as_deref(), run).await;
        }
        let (told, tell) = oneshot::channel();
        let change: Change = Box::new(move |conn| {
            Box::pin(async move {
                let _ = told.send(sqlite::transaction(conn, run).await);
            })
        });
        let gone = || StoreError::Database("the store has been closed".into());
        let writer = self.lanes.first().ok_or_else(gone)?;
        writer.send(Request::Change(change)).await.map_err(|_| gone())?;
        tell.await.map_err(|_| gone())?
    }

    /// A reading connection.
    pub async fn reader(&self) -> Result<Reader, StoreError> {
        Ok(match &self.base {
            Base::Sqlite(pool) => Reader::Sqlite(pool.acquire().await?),
            Base::Postgres(pool, _) => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// Which database it is, in a few words.
    pub async fn described(&self) -> Result<String, StoreError> {
        Ok(match &self.base {
            Base::Sqlite(pool) => format!("{} opens", pool.connect_options().get_filename().display()),
            Base::Postgres(pool, _) => {
                let options = pool.connect_options();
                let version: Option<String> = query("SHOW server_version").scalar(self).await?;
                let (host, port) = (options.get_host(), options.get_port());
                format!("PostgreSQL {} at {host}:{port} answers", version.unwrap_or_default())
            }
        })
    }

    /// How far the database's clock is from `now`, milliseconds; SQLite has none of its own.
    pub async fn clock_skew(&self, now: Timestamp) -> Result<Option<i64>, StoreError> {
        if !self.is_postgres() {
            return Ok(None);
        }
        let text = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        let there: Option<i64> = query(text).scalar(self).await?;
        Ok(there.map(|there| there - now.0 / 1000))
    }

    /// Returns when another process has taken the database over; from then on nothing can be written.
    pub async fn superseded(&self) {
        self.superseded.cancelled().await;
    }

    /// Returns when a commit may have been made although its unit was refused: the connection was lost
    /// before the answer came.
    pub async fn commit_unknown(&self) {
        self.unknown.notified().await;
    }

    /// Units that wait to be written.
    pub fn waiting(&self) -> usize {
        self.lanes.iter().map(|lane| QUEUE - lane.capacity()).sum()
    }

    /// Closes the readers. The writers end when the last clone of the store is gone.
    pub async fn close(&self) {
        match &self.base {
            Base::Sqlite(pool) => pool.close().await,
            Base::Postgres(pool, _) => pool.close().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timed_positions_grow_whatever_the_clock_does_and_differ_between_processes() {
        let at = |millis: i64| Timestamp((postgres::EPOCH + millis) * 1000);
        let one = Positions::Timed { slot: 1, last: AtomicI64::new(0) };
        let two = Positions::Timed { slot: 2, last: AtomicI64::new(0) };
        let mut taken = Vec::new();
        for millis in [10, 10, 9, 500, 3] {
            taken.extend((0..100).map(|_| one.next(at(millis))));
        }
        assert!(taken.is_sorted_by(|a, b| a < b));
        assert!(taken.iter().all(|position| *position < 1 << 53));
        let other = two.next(at(10_000));
        assert!(other > *taken.last().unwrap() && one.next(at(10_000)) < other);
        // For some thirty years.
        assert!(two.next(at(1_000_000_000_000)) < 1 << 53);
    }
}
