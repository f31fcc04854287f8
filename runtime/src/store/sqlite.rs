//! Opening SQLite: checks, migrations, the writing connection and the readers.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use futures_util::future::BoxFuture;
use masar_crm_core::Conn;
use sha2::{Digest, Sha256};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{runtime::Handle, sync::mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Store, StoreError,
    base::{Base, Positions},
    checkpoint::{Checkpoints, LONG},
    commit::{Committer, QUEUE},
};

/// Another process may look at the file; it is waited for so long.
const BUSY: Duration = Duration::from_secs(5);

/// Migrations in order: number, name, text. Never edited once released.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "core", include_str!("../../../migrations/sqlite/0001_core.sql")),
    (2, "outbox", include_str!("../../../migrations/sqlite/0002_outbox.sql")),
    (3, "event_waits", include_str!("../../../migrations/sqlite/0003_event_waits.sql")),
    (4, "approval_links", include_str!("../../../migrations/sqlite/0004_approval_links.sql")),
    (5, "idempotency_headers", include_str!("../../../migrations/sqlite/0005_idempotency_headers.sql")),
    (6, "webhook_calls", include_str!("../../../migrations/sqlite/0006_webhook_calls.sql")),
    (7, "slim_calls", include_str!("../../../migrations/sqlite/0007_slim_calls.sql")),
    (10, "crm", include_str!("../../../migrations/sqlite/0010_crm.sql")),
    (11, "dead_letters", include_str!("../../../migrations/sqlite/0011_dead_letters.sql")),
];

impl Store {
    /// Opens or makes the database file. `observe` hears the size and the seconds of every group commit.
    pub async fn open(
        file: &Path,
        observe: impl Fn(usize, f64) + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            // A journal segment is a few hundred bytes: on larger pages less is left over.
            .page_size(8192)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY)
            .statement_cache_capacity(200)
            .disable_statement_logging();
        let named = |error: StoreError| match error {
            StoreError::Corrupt { message, .. } => {
                StoreError::Corrupt { file: file.display().to_string(), message }
            }
            other => other,
        };
        let mut admin = options
            .clone()
            .pragma("auto_vacuum", "INCREMENTAL")
            .connect()
            .await
            .map_err(|error| named(error.into()))?;
        check_version(&mut admin).await?;
        check_integrity(&mut admin).await.map_err(named)?;
        migrate(&mut admin).await.map_err(named)?;
        let last: i64 = sqlx::query_scalar("SELECT max(coalesce((SELECT max(position) FROM events), 0), coalesce((SELECT max(position) FROM hook_calls), 0))")
            .fetch_one(&mut admin)
            .await
            .map_err(|error| named(error.into()))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .idle_timeout(Duration::from_secs(30))
            .connect_lazy_with(options.pragma("query_only", "ON").read_only(true).create_if_missing(false));
        let (requests, inbox) = mpsc::channel(QUEUE);
        let committer = Committer {
            conn: writing(file)?,
            admin,
            runtime: Handle::current(),
            observe: Box::new(observe),
            checkpoints: Checkpoints::start(writing(file)?)
                .map_err(|error| StoreError::Database(error.to_string()))?,
        };
        std::thread::Builder::new()
            .name("masar-writer".into())
            .spawn(move || committer.run(inbox))
            .map_err(|error| StoreError::Database(error.to_string()))?;
        Ok(Self {
            base: Base::Sqlite(readers),
            lanes: [requests].into(),
            positions: Arc::new(Positions::Dense(AtomicI64::new(last + 1))),
            next_lane: Arc::default(),
            unknown: Arc::default(),
            superseded: CancellationToken::new(),
        })
    }

    /// Opens a database file for reading alone; whatever is submitted is refused. A server may be at
    /// work on it.
    pub async fn open_to_read(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5))
            .disable_statement_logging();
        let named = |message: String| StoreError::Corrupt { file: file.display().to_string(), message };
        if !file.exists() {
            return Err(named("there is no such file".into()));
        }
        let readers = SqlitePoolOptions::new().max_connections(2).connect_with(options).await;
        let readers = readers.map_err(|error| named(error.to_string()))?;
        let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM migrations")
            .fetch_one(&readers)
            .await
            .map_err(|error| named(error.to_string()))?;
        let known = MIGRATIONS.last().map_or(0, |(number, ..)| *number);
        if newest > known {
            return Err(StoreError::Newer { found: newest, known });
        }
        Ok(Self {
            base: Base::Sqlite(readers),
            lanes: [].into(),
            positions: Arc::new(Positions::Dense(AtomicI64::new(1))),
            next_lane: Arc::default(),
            unknown: Arc::default(),
            superseded: CancellationToken::new(),
        })
    }
}

/// Runs something in a transaction of its own.
pub(super) async fn transaction<T, F>(conn: &mut SqliteConnection, run: F) -> Result<T, StoreError>
where
    F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, StoreError>>,
{
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    let result = match run(Conn::Sqlite(&mut *conn)).await {
        Ok(value) => sqlx::query("COMMIT").execute(&mut *conn).await.map(|_| value).map_err(StoreError::from),
        Err(error) => Err(error),
    };
    if result.is_err() {
        // Where the commit itself failed SQLite may have rolled back already; then this is refused.
        let _ = sqlx::query("ROLLBACK").execute(conn).await;
    }
    result
}

/// The connection on which runs are written.
fn writing(file: &Path) -> Result<rusqlite::Connection, StoreError> {
    let conn = rusqlite::Connection::open(file)?;
    conn.busy_timeout(BUSY)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "wal_autocheckpoint", LONG)?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

async fn check_version(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(conn).await?;
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    // Before 3.51.3 a checkpoint that races a commit can corrupt the file (sqlite.org/wal.html).
    if numbers < vec![3, 51, 3] { Err(StoreError::OldSqlite(version)) } else { Ok(()) }
}

async fn check_integrity(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    // A full check reads the whole file; the header and the schema tell of a wrong or torn one.
    let _: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(conn).await?;
    Ok(())
}

async fn migrate(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL)")
        .execute(&mut *conn)
        .await?;
    let done: Vec<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT number, digest FROM migrations ORDER BY number").fetch_all(&mut *conn).await?;
    let known = MIGRATIONS.last().map_or(0, |(number, ..)| *number);
    if let Some((found, _)) = done.iter().find(|(number, _)| *number > known) {
        return Err(StoreError::Newer { found: *found, known });
    }
    for (number, name, text) in MIGRATIONS {
        let digest = Sha256::digest(text.as_bytes()).to_vec();
        if done.iter().any(|(applied, _)| applied == number) {
            continue;
        }
        let mut tx = conn.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(*text)).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO migrations (number, name, digest) VALUES ($1, $2, $3)")
            .bind(number)
            .bind(name)
            .bind(digest)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
    }
    Ok(())
}
