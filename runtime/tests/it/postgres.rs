//! A PostgreSQL database of a test's own, on the server that nextest starts (deploy/scripts/servers.sh).

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Where the tests' PostgreSQL is.
pub(crate) fn server() -> String {
    std::env::var("TEST_POSTGRES").expect(
        "TEST_POSTGRES: run with `cargo nextest run`, or set it to what `sh deploy/scripts/postgres.sh start FOLDER` prints",
    )
}

/// The URL of a new database.
pub(crate) async fn database() -> String {
    let server = server();
    // Each test is a process of its own.
    let name = format!("masar_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut conn = sqlx::PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut conn).await.unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}
