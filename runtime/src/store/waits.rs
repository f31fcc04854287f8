//! Waits for events, inside the committer's transaction: an event that is written looks for the
//! waits that it fits, a wait that opens looks for the events that it missed.
//!
//! Invariant: of a wait and an event that fit, whichever is written second notices the first.
//! All writing goes through one committer, one group after the other; within a group events are
//! written before waits. So none is lost between the two, whatever a caller read beforehand.
//!
//! Invariant: a wait takes one event, the earliest; an event that a run has taken is not taken
//! again by a wait of that run that opens later (waits that are open together all take it).
//! Noticing only sets a timer. The run that it wakes closes the wait, clears its timers and notes the event as taken
//! in one commit; an event whose timer was cleared stays for the next wait of that run.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
};

use masar_engine::{Json, RunId, Sequence, Timestamp, WorkspaceId};
use sqlx::{Row as _, SqliteConnection};

use super::{pack::unpack, rows::TimerKind};

/// Events that a wait with a path looks at when it opens: the newest. Reading one that holds the
/// value takes about ten microseconds, and the committer does nothing else meanwhile.
const MOST_LOOKED_AT: i64 = 5_000;

/// Event types that some run may wait for. Only grows while the program runs: a type that was
/// waited for once costs a look-up.
#[derive(Debug, Default)]
pub struct Waited(RwLock<HashSet<String>>);

impl Waited {
    /// Notes a type; to be done before the wait is handed to the store.
    pub fn note(&self, event_type: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(event_type.to_owned());
    }

    /// Whether a run may wait for this type.
    pub fn contains(&self, event_type: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(event_type)
    }
}

/// What an event brings along to find the waits that it fits.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its place in the log of events.
    pub position: i64,
    /// Its type.
    pub event_type: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Its data.
    pub data: Arc<Json>,
    /// When it was accepted.
    pub at: Timestamp,
    /// Asked when the event is written, not when it was accepted.
    pub waited: Arc<Waited>,
}

/// The value that a wait compares with its key.
fn correlated(correlate: Option<&str>, subject: Option<&str>, data: &Json) -> Option<String> {
    let Some(path) = correlate else { return subject.map(str::to_owned) };
    let value = path.split('.').try_fold(data, |value, name| value.get(name))?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Sets a timer, due at once, for every open wait that the event fits.
pub(super) async fn arrive(conn: &mut SqliteConnection, arrival: &Arrival) -> Result<(), sqlx::Error> {
    if !arrival.waited.contains(&arrival.event_type) {
        return Ok(());
    }
    let rows =
        sqlx::query("SELECT run, token, key, correlate FROM waits WHERE workspace = $1 AND event_type = $2")
            .bind(arrival.workspace.0)
            .bind(&arrival.event_type)
            .fetch_all(&mut *conn)
            .await?;
    for row in rows {
        let key: Option<String> = row.try_get("key")?;
        let correlate: Option<String> = row.try_get("correlate")?;
        let found = || correlated(correlate.as_deref(), arrival.subject.as_deref(), &arrival.data);
        if key.is_none() || found() == key {
            let run = RunId(row.try_get("run")?);
            set_timer(conn, run, row.try_get("token")?, arrival.at, arrival.position).await?;
        }
    }
    Ok(())
}

/// A wait that has just been opened.
pub(super) struct Opened<'a> {
    pub(super) workspace: WorkspaceId,
    pub(super) run: RunId,
    pub(super) token: Sequence,
    pub(super) event_type: &'a str,
    pub(super) key: Option<&'a str>,
    pub(super) correlate: Option<&'a str>,
    pub(super) at: Timestamp,
}

/// Sets a timer for the earliest event that fits, came after the run's own and was not taken by it.
pub(super) async fn look_back(conn: &mut SqliteConnection, wait: &Opened<'_>) -> Result<(), sqlx::Error> {
    if let Some(position) = missed(conn, wait).await? {
        set_timer(conn, wait.run, wait.token as i64, wait.at, position).await?;
    }
    Ok(())
}

async fn missed(conn: &mut SqliteConnection, wait: &Opened<'_>) -> Result<Option<i64>, sqlx::Error> {
    const SINCE: &str = "workspace = $1 AND type = $2 AND position > (SELECT event FROM runs WHERE id = $3) \
                         AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.run = $3 AND t.position = e.position)";
    let (Some(key), Some(path)) = (wait.key, wait.correlate) else {
        // By subject the index of subjects is the narrow one; the plus keeps SQLite off the other.
        let text = match wait.key {
            None => format!("SELECT min(position) FROM events e WHERE {SINCE}"),
            Some(_) => format!(
                "SELECT min(position) FROM events e WHERE {} AND subject = $4",
                SINCE.replace(" type", " +type")
            ),
        };
        return sqlx::query_scalar(sqlx::AssertSqlSafe(text))
            .bind(wait.workspace.0)
            .bind(wait.event_type)
            .bind(wait.run.0)
            .bind(wait.key)
            .fetch_one(conn)
            .await;
    };
    // A short body is stored plain, behind a byte 0; one that does not hold the key as it is
    // written in JSON needs no parsing.
    let written = Json::from(key).to_string();
    let written = written.trim_matches('"').as_bytes();
    let text = format!(
        "SELECT position, data FROM (SELECT position, data FROM events e WHERE {SINCE} ORDER BY position DESC LIMIT $5) \
         WHERE substr(data, 1, 1) <> x'00' OR instr(data, $4) > 0 ORDER BY position"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(text))
        .bind(wait.workspace.0)
        .bind(wait.event_type)
        .bind(wait.run.0)
        .bind(written)
        .bind(MOST_LOOKED_AT)
        .fetch_all(conn)
        .await?;
    for row in rows {
        let stored: Vec<u8> = row.try_get("data")?;
        let data = unpack(&stored).and_then(|data| serde_json::from_slice::<Json>(&data).ok());
        if data.is_some_and(|data| correlated(Some(path), None, &data).as_deref() == Some(key)) {
            return Ok(Some(row.try_get("position")?));
        }
    }
    Ok(None)
}

async fn set_timer(
    conn: &mut SqliteConnection,
    run: RunId,
    token: i64,
    due: Timestamp,
    position: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO timers (due, run, token, kind, payload, workspace) \
         SELECT $1, $2, $3, $4, $5, workspace FROM runs WHERE id = $2",
    )
    .bind(due.0)
    .bind(run.0)
    .bind(token)
    .bind(TimerKind::Event as i64)
    .bind(position)
    .execute(conn)
    .await?;
    Ok(())
}
