//! Waits for events, as `store/waits.rs` tells of them; here with several transactions at the same
//! time. Of a wait and an event that fit, whichever is written second must notice the first: events
//! of a type share a lock in their transactions, a wait for that type takes it alone.

use std::collections::BTreeMap;

use masar_engine::{Json, RunId, Sequence};
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::store::{
    approvals::ApprovalOpening,
    batch::{Batch, Timer},
    pack::unpack,
    rows::{TimerKind, Write},
    waits::{MOST_LOOKED_AT, correlated},
};

const LOCK: &str = "SELECT CASE WHEN u.alone THEN pg_advisory_xact_lock(u.key) ELSE pg_advisory_xact_lock_shared(u.key) END \
     FROM UNNEST($1::bigint[], $2::bool[]) AS u (key, alone)";
const WAITING: &str = "SELECT w.run, w.token, w.workspace, w.event_type, w.key, w.correlate FROM waits w \
     JOIN UNNEST($1::bigint[], $2::text[]) AS u (workspace, type) ON w.workspace = u.workspace AND w.event_type = u.type";
// A wait that is announced again, since its run was loaded anew, is the same wait.
const WAIT: &str = "INSERT INTO waits (id, workspace, workflow, run, token, step, kind, event_type, key, correlate, title, context, assignee, deadline, opened_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT (run, token) DO NOTHING";
const SINCE: &str = "FROM events e WHERE workspace = $1 AND type = $2 AND type <> 'masar.hook' AND position > (SELECT event FROM runs WHERE id = $3) \
     AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.run = $3 AND t.position = e.position)";

/// The number of an event type's lock, apart from that of the schema.
fn key(workspace: i64, event_type: &str) -> i64 {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::new().chain_update(workspace.to_be_bytes()).chain_update(event_type).finalize();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(bytes)
}

/// Takes the locks of the event types of a batch, in order, so that no two groups wait for each other.
pub(super) async fn lock(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
    let mut locks: BTreeMap<i64, bool> = BTreeMap::new();
    for arrival in &batch.arrivals {
        locks.entry(key(arrival.workspace.0, &arrival.event_type)).or_default();
    }
    for write in &batch.waits {
        if let Write::WaitOpen { workspace, event_type: Some(event_type), .. } = write {
            locks.insert(key(workspace.0, event_type), true);
        }
    }
    if locks.is_empty() {
        return Ok(());
    }
    let (keys, alone): (Vec<i64>, Vec<bool>) = locks.into_iter().unzip();
    sqlx::query(LOCK).bind(keys).bind(alone).execute(conn).await.map(|_| ())
}

/// Adds a timer, due at once, for every open wait that an event of the batch fits.
pub(super) async fn arrive(conn: &mut PgConnection, batch: &mut Batch<'_>) -> Result<(), sqlx::Error> {
    if batch.arrivals.is_empty() {
        return Ok(());
    }
    let mut types: Vec<(i64, &str)> =
        batch.arrivals.iter().map(|arrival| (arrival.workspace.0, arrival.event_type.as_str())).collect();
    types.sort_unstable();
    types.dedup();
    let (workspaces, types): (Vec<i64>, Vec<String>) =
        types.into_iter().map(|(workspace, name)| (workspace, name.to_owned())).unzip();
    for row in sqlx::query(WAITING).bind(workspaces).bind(types).fetch_all(conn).await? {
        let (run, token): (Uuid, i64) = (row.try_get("run")?, row.try_get("token")?);
        let (workspace, event_type): (i64, String) = (row.try_get("workspace")?, row.try_get("event_type")?);
        let (key, correlate): (Option<String>, Option<String>) =
            (row.try_get("key")?, row.try_get("correlate")?);
        for arrival in &batch.arrivals {
            if arrival.workspace.0 != workspace || arrival.event_type != event_type {
                continue;
            }
            let found = || correlated(correlate.as_deref(), arrival.subject.as_deref(), &arrival.data);
            if key.is_none() || found() == key {
                let timer = (arrival.at, RunId(run), token as Sequence, TimerKind::Event, arrival.position);
                batch.timers.push(timer);
            }
        }
    }
    Ok(())
}

/// Opens a wait, where it is not open already, and adds a timer for an event that it missed. Gives
/// what goes with a new approval.
pub(super) async fn open<'w>(
    conn: &mut PgConnection,
    write: &'w Write,
    timers: &mut Vec<Timer>,
) -> Result<Option<&'w ApprovalOpening>, sqlx::Error> {
    let Write::WaitOpen {
        id,
        workspace,
        workflow,
        run,
        token,
        step,
        kind,
        event_type,
        key,
        correlate,
        title,
        context,
        assignee,
        deadline,
        opened_at,
        approval,
    } = write
    else {
        return Ok(None);
    };
    let new = sqlx::query(WAIT)
        .bind(id)
        .bind(workspace.0)
        .bind(workflow.0)
        .bind(run.0)
        .bind(*token as i64)
        .bind(step)
        .bind(*kind as i64)
        .bind(event_type)
        .bind(key)
        .bind(correlate)
        .bind(title)
        .bind(context.to_string())
        .bind(assignee)
        .bind(deadline.map(|at| at.0))
        .bind(opened_at.0)
        .execute(&mut *conn)
        .await?
        .rows_affected();
    if let Some(event_type) = event_type {
        let wait = Opened {
            workspace: workspace.0,
            run: *run,
            event_type,
            key: key.as_deref(),
            correlate: correlate.as_deref(),
        };
        if let Some(position) = missed(conn, &wait).await? {
            timers.push((*opened_at, *run, *token, TimerKind::Event, position));
        }
    }
    Ok(approval.as_deref().filter(|_| new > 0))
}

struct Opened<'a> {
    workspace: i64,
    run: RunId,
    event_type: &'a str,
    key: Option<&'a str>,
    correlate: Option<&'a str>,
}

/// The earliest event that fits, came after the run's own and was not taken by it.
async fn missed(conn: &mut PgConnection, wait: &Opened<'_>) -> Result<Option<i64>, sqlx::Error> {
    let bound = |text: String| {
        sqlx::query(sqlx::AssertSqlSafe(text))
            .bind(wait.workspace)
            .bind(wait.event_type.to_owned())
            .bind(wait.run.0)
    };
    let (Some(key), Some(path)) = (wait.key, wait.correlate) else {
        let row = match wait.key {
            None => {
                bound(format!("SELECT position {SINCE} ORDER BY position LIMIT 1"))
                    .fetch_optional(conn)
                    .await?
            }
            Some(subject) => {
                let text = format!("SELECT position {SINCE} AND subject = $4 ORDER BY position LIMIT 1");
                bound(text).bind(subject.to_owned()).fetch_optional(conn).await?
            }
        };
        return row.map(|row| row.try_get(0)).transpose();
    };
    // A short body is stored plain, behind a byte 0; one that does not hold the key as it is
    // written in JSON needs no parsing.
    let written = Json::from(key).to_string();
    let written = written.trim_matches('"').as_bytes().to_vec();
    let text = format!(
        "SELECT position, data FROM (SELECT position, data {SINCE} ORDER BY position DESC LIMIT $5) AS newest \
         WHERE substr(data, 1, 1) <> '\\x00'::bytea OR position($4::bytea IN data) > 0 ORDER BY position"
    );
    for row in bound(text).bind(written).bind(MOST_LOOKED_AT).fetch_all(conn).await? {
        let stored: Vec<u8> = row.try_get(1)?;
        let data = unpack(&stored).and_then(|data| serde_json::from_slice::<Json>(&data).ok());
        if data.is_some_and(|data| correlated(Some(path), None, &data).as_deref() == Some(key)) {
            return row.try_get(0).map(Some);
        }
    }
    Ok(None)
}
