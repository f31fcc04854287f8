//! Runs and their journals lie in partitions of a week each: ids of runs sort by time. So a week
//! whose runs are all over and old goes by dropping two tables instead of deleting millions of rows.

use masar_engine::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{SCHEMA_LOCK, StoreError};
use crate::store::read::id_at;

const WEEK_MS: i64 = 7 * 24 * 3_600_000;
/// 1970-01-04, a Sunday: weeks begin with it.
const FIRST_SUNDAY_MS: i64 = 3 * 24 * 3_600_000;
/// Weeks that are made ahead.
const AHEAD: i64 = 4;

/// The number of a moment's week.
fn week(at: Timestamp) -> i64 {
    (at.0 / 1000 - FIRST_SUNDAY_MS).div_euclid(WEEK_MS)
}

fn begin(week: i64) -> Timestamp {
    Timestamp((week * WEEK_MS + FIRST_SUNDAY_MS) * 1000)
}

/// Makes the partitions of this week and of those to come.
pub(super) async fn ahead(conn: &mut PgConnection, now: Timestamp) -> Result<(), StoreError> {
    for week in week(now)..=week(now) + AHEAD {
        let there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL")
                .bind(format!("runs_w{week}"))
                .bind(format!("journal_w{week}"))
                .fetch_one(&mut *conn)
                .await?;
        if there {
            continue;
        }
        let mut tx = conn.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *tx).await?;
        let (from, to) = (id_at(begin(week)), id_at(begin(week + 1)));
        let mut whole = true;
        for table in ["runs", "journal"] {
            let column = if table == "runs" { "id" } else { "run" };
            // Rows of a time without a partition went to the default one; then they stay there.
            let text = format!(
                "SELECT EXISTS (SELECT 1 FROM {table}_default WHERE {column} >= $1 AND {column} < $2)"
            );
            let taken: bool =
                sqlx::query_scalar(AssertSqlSafe(text)).bind(from).bind(to).fetch_one(&mut *tx).await?;
            if taken {
                whole = false;
                break;
            }
            let text = format!(
                "CREATE TABLE IF NOT EXISTS {table}_w{week} PARTITION OF {table} FOR VALUES FROM ('{from}') TO ('{to}')"
            );
            sqlx::query(AssertSqlSafe(text)).execute(&mut *tx).await?;
        }
        if whole {
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Drops the partitions of weeks that ended before `cut`, where no run of them is open or ended
/// later. Gives how many runs went.
pub(super) async fn drop_before(conn: &mut PgConnection, cut: Timestamp) -> Result<u64, StoreError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = 'runs'::regclass AND c.relname LIKE 'runs\\_w%' ORDER BY 1",
    )
    .fetch_all(&mut *conn)
    .await?;
    let weeks = names.iter().filter_map(|name| name.strip_prefix("runs_w")?.parse::<i64>().ok());
    let mut gone = 0;
    for week in weeks.filter(|week| begin(week + 1) <= cut) {
        let mut tx = conn.begin().await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(SCHEMA_LOCK).execute(&mut *tx).await?;
        // A run that is taken up again changes its row: that waits for us, or we see it.
        let text = format!("LOCK TABLE runs_w{week} IN SHARE ROW EXCLUSIVE MODE");
        sqlx::query(AssertSqlSafe(text)).execute(&mut *tx).await?;
        let text = format!(
            "SELECT EXISTS (SELECT 1 FROM runs_w{week} WHERE status < 4 OR coalesce(ended_at, accepted_at) >= $1)"
        );
        let kept: bool = sqlx::query_scalar(AssertSqlSafe(text)).bind(cut.0).fetch_one(&mut *tx).await?;
        if kept {
            continue;
        }
        let text = format!("SELECT count(*) FROM runs_w{week}");
        let runs: i64 = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&mut *tx).await?;
        for table in ["taken", "approval_links"] {
            let text = format!("DELETE FROM {table} WHERE run >= $1 AND run < $2");
            sqlx::query(AssertSqlSafe(text))
                .bind(id_at(begin(week)))
                .bind(id_at(begin(week + 1)))
                .execute(&mut *tx)
                .await?;
        }
        for table in ["journal", "runs"] {
            sqlx::query(AssertSqlSafe(format!("DROP TABLE {table}_w{week}"))).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        gone += u64::try_from(runs).unwrap_or(0);
    }
    Ok(gone)
}
