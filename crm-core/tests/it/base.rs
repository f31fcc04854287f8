//! The databases that every test of this crate runs on, each test with one of its own.

use masar_crm_core::Conn;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};

/// A database and the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Embedded,
    Postgres,
}

/// A database of a test's own, with the tables of the CRM and the outbox.
pub(crate) enum Base {
    File(Backend, tempfile::TempDir),
    Postgres(String),
}

/// A connection to it.
pub(crate) enum Link {
    Sqlite(sqlx::SqliteConnection),
    Embedded(rusqlite::Connection),
    Postgres(sqlx::PgConnection),
}

/// Where the tests' PostgreSQL is; nextest starts it (deploy/scripts/servers.sh).
fn server() -> String {
    std::env::var("TEST_POSTGRES").expect(
        "TEST_POSTGRES: run with `cargo nextest run`, or set it to what `sh deploy/scripts/postgres.sh start FOLDER` prints",
    )
}

impl Base {
    pub(crate) async fn new(backend: Backend) -> Self {
        if backend == Backend::Postgres {
            let server = server();
            // Each test is a process of its own.
            let name = format!("crm_{}", std::process::id());
            let mut conn = sqlx::PgConnection::connect(&server).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut conn).await.unwrap();
            let base = Self::Postgres(format!("{}/{name}", server.rsplit_once('/').unwrap().0));
            let Link::Postgres(mut conn) = base.connect().await else { unreachable!() };
            for text in [
                include_str!("../../../migrations/postgres/0002_outbox.sql"),
                include_str!("../../../migrations/postgres/0010_crm.sql"),
            ] {
                sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut conn).await.unwrap();
            }
            return base;
        }
        let base = Self::File(backend, tempfile::tempdir().unwrap());
        let mut link = base.connect().await;
        for text in [
            include_str!("../../../migrations/sqlite/0002_outbox.sql"),
            include_str!("../../../migrations/sqlite/0010_crm.sql"),
        ] {
            match &mut link {
                Link::Sqlite(conn) => drop(sqlx::raw_sql(AssertSqlSafe(text)).execute(conn).await.unwrap()),
                Link::Embedded(conn) => conn.execute_batch(text).unwrap(),
                Link::Postgres(_) => unreachable!(),
            }
        }
        base
    }

    pub(crate) async fn connect(&self) -> Link {
        let wait = std::time::Duration::from_secs(20);
        match self {
            Self::Postgres(url) => Link::Postgres(sqlx::PgConnection::connect(url).await.unwrap()),
            Self::File(Backend::Embedded, folder) => {
                let conn = rusqlite::Connection::open(folder.path().join("crm.db")).unwrap();
                conn.busy_timeout(wait).unwrap();
                conn.pragma_update(None, "journal_mode", "wal").unwrap();
                Link::Embedded(conn)
            }
            Self::File(_, folder) => {
                let options = SqliteConnectOptions::new()
                    .filename(folder.path().join("crm.db"))
                    .create_if_missing(true)
                    .busy_timeout(wait)
                    .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
                Link::Sqlite(options.connect().await.unwrap())
            }
        }
    }
}

impl Link {
    pub(crate) fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Embedded(conn) => Conn::Embedded(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }

    /// Begins a change: SQLite's writers queue up here, PostgreSQL's go on side by side.
    pub(crate) async fn begin(&mut self) {
        let text = if matches!(self, Self::Postgres(_)) { "BEGIN" } else { "BEGIN IMMEDIATE" };
        self.conn().execute(text, &[]).await.unwrap();
    }

    pub(crate) async fn commit(&mut self) {
        self.conn().execute("COMMIT", &[]).await.unwrap();
    }

    pub(crate) async fn rollback(&mut self) {
        self.conn().execute("ROLLBACK", &[]).await.unwrap();
    }

    /// The first column of every row, as text.
    pub(crate) async fn texts(&mut self, question: &str) -> Vec<String> {
        let rows = self.conn().rows(question, &[]).await.unwrap();
        rows.iter().map(|row| row.text(0).unwrap().to_owned()).collect()
    }
}

/// The same tests on every database.
macro_rules! on_every_database {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::base::Backend::Sqlite).await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::base::Backend::Embedded).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::base::Backend::Postgres).await;
            })*
        }
    };
}
pub(crate) use on_every_database;
