//! Which process may write. A lock keeps a second one out while the first lives; the epoch fences
//! whatever a process that was cut off still has under way: a commit holds the row of the owner, so
//! whoever takes over waits for commits that have begun, and refuses all later ones.

use std::time::Duration;

use masar_crm_core::DatabaseError;
use sqlx::{PgConnection, postgres::PgConnectOptions};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{StoreError, connect};

/// Key of the lock that the owner holds: "owner" in ASCII.
const OWNER_LOCK: i64 = 0x006f_776e_6572;
/// A process that was just killed may hold the lock until the server has noticed.
const PATIENCE: Duration = Duration::from_secs(10);
/// The lock is tried, and the connection that holds it looked at, this often.
const PAUSE: Duration = Duration::from_millis(100);
const LOOK: Duration = Duration::from_secs(2);
/// The state by which a refused commit is known; class MA is none of PostgreSQL's.
pub(in crate::store) const SUPERSEDED: &str = "MA001";

/// The right to write, until another process takes it.
pub(in crate::store) struct Owner {
    epoch: i64,
    superseded: CancellationToken,
    guard: JoinHandle<()>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.guard.abort();
    }
}

impl Owner {
    /// Waits until the process before has let go, then fences it. `superseded` is cancelled when that
    /// happens to this one.
    ///
    /// # Errors
    /// Where another process is at work on the database.
    pub(super) async fn take(
        options: &PgConnectOptions,
        superseded: CancellationToken,
    ) -> Result<Self, StoreError> {
        let mut conn = connect(options).await?;
        match tokio::time::timeout(PATIENCE, lock(&mut conn)).await {
            Ok(locked) => locked?,
            // What was asked when the time was up may still be answered: another connection asks who it is.
            Err(_) => return Err(StoreError::Unreachable(in_use(&mut connect(options).await?).await)),
        }
        let epoch: i64 = sqlx::query_scalar("UPDATE owner SET epoch = epoch + 1 RETURNING epoch")
            .fetch_one(&mut conn)
            .await?;
        let guard = tokio::spawn(hold(conn, options.clone(), epoch, superseded.clone()));
        Ok(Self { epoch, superseded, guard })
    }

    /// Begins a transaction that can be committed only by the owner.
    pub(super) async fn begin(&self, conn: &mut PgConnection) -> Result<(), DatabaseError> {
        sqlx::raw_sql("BEGIN").execute(&mut *conn).await?;
        self.check(conn).await
    }

    /// Whether this process is still the owner; a transaction that asks keeps it so until it ends.
    pub(super) async fn check(&self, conn: &mut PgConnection) -> Result<(), DatabaseError> {
        let text = "SELECT epoch FROM owner WHERE id = 1 FOR SHARE";
        let epoch: i64 = sqlx::query_scalar(text).fetch_one(conn).await?;
        if epoch == self.epoch {
            return Ok(());
        }
        self.superseded.cancel();
        Err(DatabaseError {
            message: "another Masar has taken the database over".into(),
            unique: false,
            code: None,
            again: false,
            lost: false,
            state: Some(SUPERSEDED.into()),
            constraint: None,
        })
    }
}

/// Tries until the lock is had.
async fn lock(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    loop {
        if sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(OWNER_LOCK)
            .fetch_one(&mut *conn)
            .await?
        {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn in_use(conn: &mut PgConnection) -> String {
    let text = "SELECT 'from ' || coalesce(host(a.client_addr), 'the machine of the database') || ', since ' \
         || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI') FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
         WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND (l.classid::bigint << 32) | l.objid::bigint = $1";
    let who: Result<Option<String>, _> = sqlx::query_scalar(text).bind(OWNER_LOCK).fetch_optional(conn).await;
    let who = who.ok().flatten().map_or_else(String::new, |who| format!(" ({who})"));
    format!(
        "the database is already in use by another Masar{who}: stop that one, or name another database in database.url"
    )
}

/// Holds the lock for as long as the store is open, through restarts of the server.
async fn hold(mut conn: PgConnection, options: PgConnectOptions, mine: i64, superseded: CancellationToken) {
    let mut away = false;
    loop {
        tokio::time::sleep(LOOK).await;
        let seen: Result<i64, _> = sqlx::query_scalar("SELECT epoch FROM owner").fetch_one(&mut conn).await;
        match seen {
            Ok(epoch) if epoch == mine => away = false,
            Ok(_) => return superseded.cancel(),
            Err(error) => {
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(error = %error, "the database is away; connections are made again until it is back");
                }
                // Without the lock nothing is at risk: commits look at the epoch.
                if let Ok(fresh) = connect(&options).await {
                    conn = fresh;
                    let _ = tokio::time::timeout(LOOK, lock(&mut conn)).await;
                }
            }
        }
    }
}
