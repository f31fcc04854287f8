//! Writes as statements: the rows of all units of a group, table by table, each table's statement
//! prepared once. Runs on the writer's own thread and connection.

use rusqlite::{CachedStatement, Connection, Result, params, types::Value};
use uuid::Uuid;

use super::{
    approvals,
    batch::Batch,
    rows::{ACCEPTED, OutboxRow, Write},
    waits,
};

const DEDUP: &str = "INSERT INTO dedup (workspace, key, position, expires) VALUES (?, ?, ?, ?)";
const EVENT: &str = "INSERT INTO events (position, workspace, id, source, type, subject, time, received_at, origin, depth, data) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const RUN: &str = "INSERT INTO runs (id, workspace, workflow, version, event, event_type, status, trigger_key, subject, test, parent, \
     parent_step, replay_of, priority, key, depth, accepted_at, ended_at, error_code, error_node, error_message) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const MOVED_ON: &str = "UPDATE runs SET status = ?2, ended_at = ?3, error_code = ?4, error_node = ?5, error_message = ?6 WHERE id = ?1";
const JOURNAL: &str = "INSERT INTO journal (run, seq, count, hash, body) VALUES (?, ?, ?, ?, ?)";
// The workspace of a timer is its run's; a run is written before its timers.
pub(super) const TIMER: &str = "INSERT OR REPLACE INTO timers (due, run, token, kind, payload, workspace) \
     SELECT ?1, ?2, ?3, ?4, ?5, workspace FROM runs WHERE id = ?2";
const TIMER_OFF: &str = "DELETE FROM timers WHERE run = ? AND token = ?";
const TIMER_OFF_KIND: &str = "DELETE FROM timers WHERE run = ? AND token = ? AND kind = ?";
const TIMERS_OFF: &str = "DELETE FROM timers WHERE run = ?";
// A wait that is announced again, since its run was loaded anew, is the same wait.
const WAIT: &str = "INSERT INTO waits (id, workspace, workflow, run, token, step, kind, event_type, key, correlate, title, context, assignee, deadline, opened_at) \
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 \
     WHERE NOT EXISTS (SELECT 1 FROM waits WHERE run = ?4 AND token = ?5)";
const TAKEN: &str = "INSERT OR IGNORE INTO taken (run, position) VALUES (?, ?)";
const WAIT_OFF: &str = "DELETE FROM waits WHERE run = ? AND token = ?";
const WAITS_OFF: &str = "DELETE FROM waits WHERE run = ?";
pub(super) const OUTBOX: &str = "INSERT INTO outbox (workspace, event_id, source, type, subject, time, data, depth) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const OUTBOX_OFF: &str = "DELETE FROM outbox WHERE position = ?";
const DECISION: &str = "INSERT OR REPLACE INTO decisions (event, workflow, trigger_key, workspace, code, detail, subject, at) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
const HOOK_CALL: &str = "INSERT INTO hook_calls (position, workspace, path, method, query, at, status, code, detail, headers, remote, event, body, size) \
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const SCHEDULE: &str = "INSERT INTO schedules (workflow, trigger_key, last_at) VALUES (?, ?, ?) \
     ON CONFLICT (workflow, trigger_key) DO UPDATE SET last_at = max(last_at, excluded.last_at)";

/// Runs one statement for each of some rows; nothing is prepared where there are none.
fn each<T>(
    conn: &Connection,
    text: &str,
    rows: &[T],
    run: impl Fn(&mut CachedStatement<'_>, &T) -> Result<usize>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(text)?;
    rows.iter().try_for_each(|row| run(&mut statement, row).map(|_| ()))
}

/// One text for every kind of write of a list: rows of another kind are not in it.
macro_rules! row {
    ($statement:expr, $write:expr, $pattern:pat => $($value:expr),* $(,)?) => {
        match $write {
            $pattern => $statement.execute(params![$($value),*]),
            _ => Ok(0),
        }
    };
}

impl Batch<'_> {
    pub(super) fn write(mut self, conn: &Connection) -> Result<()> {
        self.write_events(conn)?;
        self.write_runs(conn)?;
        self.write_waking(conn)?;
        each(conn, OUTBOX, &self.outbox, |statement, event| append(statement, event))?;
        each(conn, OUTBOX_OFF, &self.outbox_off, |statement, position| statement.execute([position]))?;
        each(
            conn,
            SCHEDULE,
            &self.schedules,
            |statement, write| row!(statement, write, Write::ScheduleFired { workflow, trigger, at } => workflow.0.as_bytes(), trigger, at.0),
        )
    }

    fn write_events(&self, conn: &Connection) -> Result<()> {
        each(conn, DEDUP, &self.dedup, |statement, write| {
            row!(
                statement, write,
                Write::EventInsert { workspace, position, dedup: Some((key, expires)), .. }
                    => workspace.0, key, position, expires.0
            )
        })?;
        each(conn, EVENT, &self.events, |statement, write| {
            row!(
                statement, write,
                Write::EventInsert {
                    position, workspace, event_id, source, event_type, subject, time, received_at, origin, data, depth, ..
                } => position, workspace.0, short_id(event_id), source, event_type, subject, time, received_at.0, *origin as i64, depth, data.0
            )
        })?;
        each(conn, DECISION, &self.decisions, |statement, write| {
            row!(
                statement, write,
                Write::Decision { event, workspace, workflow, trigger, code, detail, subject, at }
                    => event, workflow.0.as_bytes(), trigger, workspace.0, code, detail, subject, at.0
            )
        })?;
        each(conn, HOOK_CALL, &self.hook_calls, |statement, call| {
            // What an accepted call has in common with the others takes no room.
            let accepted = call.code == ACCEPTED;
            statement.execute(params![
                call.position,
                call.workspace.0,
                call.path,
                if call.method == "POST" { "" } else { &call.method },
                call.query,
                call.at.0,
                if accepted { 0 } else { call.status },
                if accepted { "" } else { &call.code },
                call.detail,
                if call.headers == "{}" { "" } else { &call.headers },
                call.remote,
                if accepted { None } else { call.event },
                call.body,
                call.size as i64
            ])
        })
    }

    fn write_runs(&mut self, conn: &Connection) -> Result<()> {
        // In the order of their keys: the pages fill up instead of being split.
        self.runs.sort_unstable_by_key(|row| row.id);
        each(conn, RUN, &self.runs, |statement, run| {
            statement.execute(params![
                run.id.0.as_bytes(),
                run.workspace.0,
                run.workflow.0.as_bytes(),
                run.version,
                run.event,
                run.event_type,
                run.status as i64,
                run.trigger,
                run.subject,
                run.test,
                run.parent.as_ref().map(|(run, _)| run.0.as_bytes()),
                run.parent.as_ref().map(|(_, step)| step),
                run.replay_of.as_ref().map(|run| run.0.as_bytes()),
                run.priority,
                run.key,
                run.depth,
                run.accepted_at.0,
                run.ended_at.map(|at| at.0),
                run.error_code,
                run.error_node,
                run.error_message
            ])
        })?;
        self.journal.sort_by_key(|write| match write {
            Write::Journal { run, first, .. } => Some((*run, *first)),
            _ => None,
        });
        each(conn, JOURNAL, &self.journal, |statement, write| {
            row!(
                statement, write,
                Write::Journal { run, first, count, hash, body } => run.0.as_bytes(), *first as i64, count, hash, body.0
            )
        })?;
        each(conn, MOVED_ON, &self.moved_on, |statement, write| {
            row!(
                statement, write,
                Write::RunUpdate { id, status, ended_at, error_code, error_node, error_message }
                    => id.0.as_bytes(), *status as i64, ended_at.map(|at| at.0), error_code, error_node, error_message
            )
        })
    }

    fn write_waking(&self, conn: &Connection) -> Result<()> {
        for write in &self.timers_off {
            match write {
                Write::TimerClear { run, token } => {
                    conn.prepare_cached(TIMER_OFF)?.execute(params![run.0.as_bytes(), *token as i64])?;
                }
                Write::TimerClearKind { run, token, kind } => {
                    let values = params![run.0.as_bytes(), *token as i64, *kind as i64];
                    conn.prepare_cached(TIMER_OFF_KIND)?.execute(values)?;
                }
                Write::TimersClearRun { run } => {
                    conn.prepare_cached(TIMERS_OFF)?.execute([run.0.as_bytes()])?;
                }
                _ => {}
            }
        }
        each(conn, WAIT_OFF, &self.waits_off, |statement, (run, token)| {
            statement.execute(params![run.0.as_bytes(), *token as i64])
        })?;
        each(conn, WAITS_OFF, &self.waits_off_run, |statement, run| statement.execute([run.0.as_bytes()]))?;
        // What a run has taken is known before its next wait looks back.
        each(
            conn,
            TAKEN,
            &self.taken,
            |statement, write| row!(statement, write, Write::EventTaken { run, position } => run.0.as_bytes(), position),
        )?;
        // Before the waits of this group open; those look back at these events themselves.
        for arrival in &self.arrivals {
            waits::arrive(conn, arrival)?;
        }
        self.waits.iter().try_for_each(|write| open_wait(conn, write))?;
        self.links.iter().try_for_each(|link| approvals::write_link(conn, link))?;
        each(conn, TIMER, &self.timers, |statement, (due, run, token, kind, payload)| {
            statement.execute(params![due.0, run.0.as_bytes(), *token as i64, *kind as i64, payload])
        })
    }
}

/// An event's id: the bytes of a UUID, which most are, take less than half the room of its text.
fn short_id(id: &str) -> Value {
    match Uuid::try_parse(id) {
        Ok(uuid) if uuid.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()) == id => {
            Value::Blob(uuid.as_bytes().to_vec())
        }
        _ => Value::Text(id.to_owned()),
    }
}

/// Opens a wait, where it is not open already, with what goes with it.
fn open_wait(conn: &Connection, write: &Write) -> Result<()> {
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
        return Ok(());
    };
    let new = conn.prepare_cached(WAIT)?.execute(params![
        id.as_bytes(),
        workspace.0,
        workflow.0.as_bytes(),
        run.0.as_bytes(),
        *token as i64,
        step,
        *kind as i64,
        event_type,
        key,
        correlate,
        title,
        context.to_string(),
        assignee,
        deadline.map(|at| at.0),
        opened_at.0
    ])?;
    if let Some(approval) = approval.as_ref().filter(|_| new > 0) {
        approvals::opened(conn, approval)?;
    }
    let Some(event_type) = event_type else { return Ok(()) };
    waits::look_back(
        conn,
        &waits::Opened {
            workspace: *workspace,
            run: *run,
            token: *token,
            event_type,
            key: key.as_deref(),
            correlate: correlate.as_deref(),
            at: *opened_at,
        },
    )
}

/// Adds an event to the outbox.
pub(super) fn append(statement: &mut CachedStatement<'_>, event: &OutboxRow) -> Result<usize> {
    statement.execute(params![
        event.workspace.0,
        event.event_id.as_bytes(),
        event.source,
        event.event_type,
        event.subject,
        event.time.0,
        event.data.to_string(),
        event.depth
    ])
}
