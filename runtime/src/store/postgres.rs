//! PostgreSQL: opening, migrations, partitions, changes. What runs write goes through lanes
//! (`commit`), each a connection that commits many runs at once.

#[expect(clippy::disallowed_methods, reason = "measures how long a commit takes, and decides nothing by it")]
mod commit;
mod owner;
mod partitions;
mod waits;
mod write;

use std::{
    str::FromStr as _,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use futures_util::future::BoxFuture;
use masar_crm_core::Conn;
use masar_engine::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use super::{
    Store, StoreError,
    base::{Base, Positions},
    commit::QUEUE,
};
pub(super) use owner::{Owner, SUPERSEDED};

/// 2026-01-01T00:00:00Z in milliseconds since 1970: where timed positions begin to count.
pub(super) const EPOCH: i64 = 1_767_225_600_000;
/// Oldest server that has what is used: MERGE-free, but partitions that are attached without a
/// full lock, and generated identities on them.
const OLDEST: i64 = 140_000;
/// Connections that commit. A commit waits for the disk, meanwhile others prepare theirs.
const LANES: usize = 3;
/// Connections that read, and change what people administer.
const READERS: u32 = 10;
/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(10);
/// Key of the lock under which the schema is changed: "masar" in ASCII.
const SCHEMA_LOCK: i64 = 0x006d_6173_6172;

/// Migrations in order: number, name, text. Never edited once released.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "core", include_str!("../../../migrations/postgres/0001_core.sql")),
    (2, "outbox", include_str!("../../../migrations/postgres/0002_outbox.sql")),
    (10, "crm", include_str!("../../../migrations/postgres/0010_crm.sql")),
    (11, "dead_letters", include_str!("../../../migrations/postgres/0011_dead_letters.sql")),
    (12, "workspaces", include_str!("../../../migrations/postgres/0012_row_security.sql")),
];

impl Store {
    /// Opens the database at a URL and brings it to the newest schema. `observe` hears the size and the
    /// seconds of every group commit.
    ///
    /// # Errors
    /// What is wrong with the address, the server or its rights, and what to do.
    pub async fn open_postgres(
        url: &str,
        now: Timestamp,
        observe: impl Fn(usize, f64) + Send + Sync + 'static,
    ) -> Result<Self, StoreError> {
        let options = options(url)?;
        let mut conn = connect(&options).await?;
        check_version(&mut conn).await?;
        migrate(&mut conn).await?;
        partitions::ahead(&mut conn, now).await?;
        conn.close().await?;
        let superseded = CancellationToken::new();
        let unknown = Arc::new(Notify::new());
        let owner = Arc::new(Owner::take(&options, superseded.clone()).await?);
        let pool = readers(&options, READERS);
        let observe: Arc<dyn Fn(usize, f64) + Send + Sync> = Arc::new(observe);
        let lanes = (0..LANES).map(|_| {
            let (requests, inbox) = mpsc::channel(QUEUE / LANES);
            tokio::spawn(
                commit::Lane::new(options.clone(), owner.clone(), unknown.clone(), observe.clone())
                    .run(inbox),
            );
            requests
        });
        let lanes: Vec<_> = lanes.collect();
        let positions = Positions::Timed { slot: 0, last: AtomicI64::new(0) };
        Ok(Self {
            base: Base::Postgres(pool, Some(owner)),
            unknown,
            superseded,
            lanes: lanes.into(),
            positions: Arc::new(positions),
            next_lane: Arc::default(),
        })
    }

    /// Opens the database at a URL for reading alone; whatever is submitted is refused.
    ///
    /// # Errors
    /// As of [`Store::open_postgres`]; and where the schema is older than this program.
    pub async fn open_postgres_to_read(url: &str) -> Result<Self, StoreError> {
        let options = options(url)?.options([("default_transaction_read_only", "on")]);
        let mut conn = connect(&options).await?;
        check_version(&mut conn).await?;
        let (found, known) = (newest(&mut conn).await?, known());
        if found > known {
            return Err(StoreError::Newer { found, known });
        }
        if found < known {
            return Err(StoreError::Unreachable(format!(
                "the database is at migration {found}, this Masar needs {known}: start `masar serve` once, it brings the database up to date"
            )));
        }
        Ok(Self {
            base: Base::Postgres(readers(&options, 2), None),
            unknown: Arc::default(),
            superseded: CancellationToken::new(),
            lanes: [].into(),
            positions: Arc::new(Positions::Dense(AtomicI64::new(1))),
            next_lane: Arc::default(),
        })
    }

    /// Makes the partitions of the weeks to come, and removes those whose runs are all over and older
    /// than `cut`. Nothing on SQLite, which has none.
    pub async fn keep_partitions(&self, now: Timestamp, cut: Option<Timestamp>) -> Result<u64, StoreError> {
        let Base::Postgres(pool, _) = &self.base else { return Ok(0) };
        let mut conn = pool.acquire().await?;
        partitions::ahead(&mut conn, now).await?;
        match cut {
            Some(cut) => partitions::drop_before(&mut conn, cut).await,
            None => Ok(0),
        }
    }
}

fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(|error| {
        StoreError::Unreachable(format!(
            "the address of the database is not understood ({error}): give postgres://user:password@host:5432/database"
        ))
    })?;
    Ok(options.application_name("masar").statement_cache_capacity(300).disable_statement_logging())
}

fn readers(options: &PgConnectOptions, most: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(PATIENCE)
        .idle_timeout(Duration::from_secs(60))
        .connect_lazy_with(options.clone())
}

/// Connects, and says of a failure what to do.
async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    let connecting = tokio::time::timeout(PATIENCE, options.connect());
    let (host, port) = (options.get_host(), options.get_port());
    let error = match connecting.await {
        Ok(Ok(conn)) => return Ok(conn),
        Ok(Err(error)) => error,
        Err(_) => {
            let text = format!(
                "PostgreSQL at {host}:{port} does not answer: is the address right, and the way open?"
            );
            return Err(StoreError::Unreachable(text));
        }
    };
    let state = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
    let database = options.get_database().unwrap_or(options.get_username());
    // PostgreSQL, appendix A.
    let mend = match state.as_deref() {
        Some("28P01" | "28000") => {
            format!("check user and password in database.url (the user is {})", options.get_username())
        }
        Some("3D000") => format!("make it with: createdb {database}"),
        Some("42501") => format!("GRANT CONNECT ON DATABASE {database} TO {}", options.get_username()),
        Some("53300") => "raise max_connections of the server, or run fewer processes".to_owned(),
        Some("57P03") => "it is starting or stopping; try again".to_owned(),
        Some(_) => "see the server's log".to_owned(),
        None => "is it running there, and does database.url name the right host and port?".to_owned(),
    };
    Err(StoreError::Unreachable(format!("PostgreSQL at {host}:{port} does not let us in: {error}; {mend}")))
}

async fn check_version(conn: &mut PgConnection) -> Result<(), StoreError> {
    let number: String = sqlx::query_scalar("SHOW server_version_num").fetch_one(&mut *conn).await?;
    let text: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut *conn).await?;
    if number.parse::<i64>().is_ok_and(|number| number < OLDEST) {
        return Err(StoreError::Unreachable(format!(
            "the server is PostgreSQL {text}; Masar needs {} or newer",
            OLDEST / 10_000
        )));
    }
    let encoding: String = sqlx::query_scalar("SHOW server_encoding").fetch_one(conn).await?;
    if encoding != "UTF8" {
        return Err(StoreError::Unreachable(format!(
            "the database is encoded in {encoding}: make one with createdb --encoding=UTF8 --template=template0"
        )));
    }
    Ok(())
}

fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |(number, ..)| *number)
}

/// The newest migration that the database has.
async fn newest(conn: &mut PgConnection) -> Result<i64, StoreError> {
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('migrations') IS NOT NULL").fetch_one(&mut *conn).await?;
    match there {
        true => {
            Ok(sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM migrations").fetch_one(conn).await?)
        }
        false => Ok(0),
    }
}

/// One process at a time, all migrations in one transaction: a failure leaves the schema as it was.
async fn migrate(conn: &mut PgConnection) -> Result<(), StoreError> {
    let explain = |error: sqlx::Error| match error
        .as_database_error()
        .and_then(|error| error.code())
        .as_deref()
    {
        Some("42501") => StoreError::Unreachable(format!(
            "the schema cannot be made: {error}; let the user own the database: ALTER DATABASE … OWNER TO …, or GRANT CREATE ON SCHEMA public"
        )),
        _ => error.into(),
    };
    let mut tx = conn.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *tx).await?;
    let (found, known) = (newest(&mut tx).await?, known());
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    sqlx::query("CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, digest BYTEA NOT NULL)")
        .execute(&mut *tx)
        .await
        .map_err(explain)?;
    for (number, name, text) in MIGRATIONS.iter().filter(|(number, ..)| *number > found) {
        sqlx::raw_sql(AssertSqlSafe(*text)).execute(&mut *tx).await.map_err(explain)?;
        sqlx::query("INSERT INTO migrations (number, name, digest) VALUES ($1, $2, $3)")
            .bind(number)
            .bind(name)
            .bind(Sha256::digest(text.as_bytes()).to_vec())
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Runs a change in a transaction of its own.
pub(super) async fn change<T, F>(pool: &PgPool, owner: Option<&Owner>, run: F) -> Result<T, StoreError>
where
    F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, StoreError>>,
{
    let owner = owner.ok_or_else(|| StoreError::ReadOnly("it was opened to be read".into()))?;
    // Dropped without a commit it is rolled back.
    let mut tx = pool.begin().await?;
    owner.check(&mut tx).await?;
    let value = run(Conn::Postgres(&mut tx)).await?;
    tx.commit().await?;
    Ok(value)
}
