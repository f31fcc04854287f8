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
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use uuid::Uuid;

use super::{pack::unpack, rows::TimerKind, sql::TIMER};

/// Events that a wait with a path looks at when it opens: the newest. Reading one that holds the
/// value takes about ten microseconds, and the committer does nothing else meanwhile.
pub(super) const MOST_LOOKED_AT: i64 = 5_000;

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
pub(super) fn correlated(correlate: Option<&str>, subject: Option<&str>, data: &Json) -> Option<String> {
    let Some(path) = correlate else { return subject.map(str::to_owned) };
    let value = path.split('.').try_fold(data, |value, name| value.get(name))?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn id(row: &Row<'_>, column: &str) -> Result<RunId> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(RunId(Uuid::from_bytes(bytes)))
}

/// Sets a timer, due at once, for every open wait that the event fits.
pub(super) fn arrive(conn: &Connection, arrival: &Arrival) -> Result<()> {
    if !arrival.waited.contains(&arrival.event_type) {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(
        "SELECT run, token, key, correlate FROM waits WHERE workspace = ? AND event_type = ?",
    )?;
    let mut rows = statement.query(params![arrival.workspace.0, arrival.event_type])?;
    while let Some(row) = rows.next()? {
        let key: Option<String> = row.get("key")?;
        let correlate: Option<String> = row.get("correlate")?;
        let found = || correlated(correlate.as_deref(), arrival.subject.as_deref(), &arrival.data);
        if key.is_none() || found() == key {
            set_timer(conn, id(row, "run")?, row.get("token")?, arrival.at, arrival.position)?;
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
pub(super) fn look_back(conn: &Connection, wait: &Opened<'_>) -> Result<()> {
    match missed(conn, wait)? {
        Some(position) => set_timer(conn, wait.run, wait.token as i64, wait.at, position),
        None => Ok(()),
    }
}

fn missed(conn: &Connection, wait: &Opened<'_>) -> Result<Option<i64>> {
    // The index of types leaves calls of webhooks out, for which no run can wait.
    const SINCE: &str = "workspace = ?1 AND type = ?2 AND type <> 'masar.hook' AND position > (SELECT event FROM runs WHERE id = ?3) \
                         AND NOT EXISTS (SELECT 1 FROM taken t WHERE t.run = ?3 AND t.position = e.position)";
    let run = wait.run.0.as_bytes();
    let (Some(key), Some(path)) = (wait.key, wait.correlate) else {
        // By subject the index of subjects is the narrow one; the plus keeps SQLite off the other.
        return match wait.key {
            None => conn
                .prepare_cached(&format!("SELECT min(position) FROM events e WHERE {SINCE}"))?
                .query_row(params![wait.workspace.0, wait.event_type, run], |row| row.get(0)),
            Some(subject) => conn
                .prepare_cached(&format!(
                    "SELECT min(position) FROM events e WHERE {} AND subject = ?4",
                    SINCE.replace(" type", " +type")
                ))?
                .query_row(params![wait.workspace.0, wait.event_type, run, subject], |row| row.get(0)),
        }
        .optional()
        .map(Option::flatten);
    };
    // A short body is stored plain, behind a byte 0; one that does not hold the key as it is
    // written in JSON needs no parsing.
    let written = Json::from(key).to_string();
    let written = written.trim_matches('"').as_bytes();
    let mut statement = conn.prepare_cached(&format!(
        "SELECT position, data FROM (SELECT position, data FROM events e WHERE {SINCE} ORDER BY position DESC LIMIT ?5) \
         WHERE substr(data, 1, 1) <> x'00' OR instr(data, ?4) > 0 ORDER BY position"
    ))?;
    let values = params![wait.workspace.0, wait.event_type, run, written, MOST_LOOKED_AT];
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        let stored: Vec<u8> = row.get(1)?;
        let data = unpack(&stored).and_then(|data| serde_json::from_slice::<Json>(&data).ok());
        if data.is_some_and(|data| correlated(Some(path), None, &data).as_deref() == Some(key)) {
            return row.get(0);
        }
    }
    Ok(None)
}

fn set_timer(conn: &Connection, run: RunId, token: i64, due: Timestamp, position: i64) -> Result<()> {
    conn.prepare_cached(TIMER)?
        .execute(params![due.0, run.0.as_bytes(), token, TimerKind::Event as i64, position])
        .map(|_| ())
}
