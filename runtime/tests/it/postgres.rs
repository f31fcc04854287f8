//! A PostgreSQL database of a test's own, on the server that nextest starts (deploy/scripts/servers.sh).

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use masar_engine::{Timestamp, WorkflowId};
use masar_runtime::store::{CommitError, Store, StoreError, Unit, Write};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::server::{Server, masar};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_the_database_over_fences_the_process_before() {
    let url = database().await;
    let store = Store::open_postgres(&url, Timestamp(1_780_000_000_000_000), |_, _| {}).await.unwrap();
    let fired = |at| {
        let workflow = WorkflowId(uuid::Uuid::nil());
        Unit::of(vec![Write::ScheduleFired { workflow, trigger: "daily".into(), at: Timestamp(at) }])
    };
    store.submit(fired(1)).await.unwrap();
    let mut conn = sqlx::PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("UPDATE owner SET epoch = epoch + 1").execute(&mut conn).await.unwrap();
    assert!(matches!(store.submit(fired(2)).await, Err(CommitError::Store(StoreError::Superseded))));
    let change = store.change(|_| Box::pin(async { Ok(()) })).await;
    assert!(matches!(change, Err(StoreError::Superseded)), "{change:?}");
    store.superseded().await;
    assert_eq!(store.last_fired(WorkflowId(uuid::Uuid::nil()), "daily").await.unwrap(), Some(Timestamp(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_one_database_is_kept_out_and_told_why() {
    let url = database().await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let first = Server::start_with(folder, &[], &[("MASAR_DATABASE_URL", &url)]);
    let other = tempfile::tempdir().unwrap();
    let mut second = masar(other.path(), &["serve", "--listen", "127.0.0.1:0"]);
    second.env("MASAR_DATABASE_URL", &url);
    let ended = tokio::task::spawn_blocking(move || second.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("already in use by another Masar (from "), "{said}");
    assert_eq!(first.call("GET", "/api/v1/runs", None).await.0, 200, "the first goes on");
}
