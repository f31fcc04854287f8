//! Writes as statements: all rows for one table in as few statements as possible, since each
//! statement is a round trip to SQLite's thread.

use masar_engine::{RunId, Sequence, Timestamp, WorkflowId, WorkspaceId};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::{
    approvals,
    pack::pack,
    rows::{HookCallRow, OutboxRow, RunRow, Status, TimerKind, WaitKind, Write},
    waits::{self, Arrival},
};

/// Rows in one statement. Few sizes, so that the prepared statements stay cached.
const CHUNKS: [usize; 4] = [100, 20, 5, 1];

/// Status, end and error of a run that has moved on.
type RunUpdate = (RunId, Status, Option<Timestamp>, Option<String>, Option<String>, Option<String>);
/// Run, number of the first record, count, hash, body.
type SegmentWrite = (RunId, Sequence, u32, [u8; 32], Vec<u8>);

/// Rows by table, in the order in which they must be written.
#[derive(Default)]
pub(super) struct Batch {
    events: Vec<Write>,
    dedup: Vec<(WorkspaceId, [u8; 16], i64, Timestamp)>,
    runs: Vec<RunRow>,
    updates: Vec<RunUpdate>,
    journal: Vec<SegmentWrite>,
    timers: Vec<(Timestamp, RunId, Sequence, TimerKind, i64)>,
    arrivals: Vec<Arrival>,
    hook_calls: Vec<HookCallRow>,
    /// Rare rows, one statement each, in the order in which they came.
    rare: Vec<Write>,
    outbox: Vec<OutboxRow>,
    outbox_done: Vec<i64>,
    decisions: Vec<Write>,
}

impl Batch {
    pub(super) fn add(&mut self, write: Write) {
        match write {
            Write::EventInsert { position, workspace, dedup, .. } => {
                if let Some((key, expires)) = dedup {
                    self.dedup.push((workspace, key, position, expires));
                }
                self.events.push(write);
            }
            Write::RunInsert(row) => self.runs.push(*row),
            Write::RunUpdate { id, status, ended_at, error_code, error_node, error_message } => {
                // Within one group the newest word on a run wins, also over its own insertion.
                if let Some(row) = self.runs.iter_mut().rev().find(|row| row.id == id) {
                    (row.status, row.ended_at) = (status, ended_at);
                    (row.error_code, row.error_node, row.error_message) =
                        (error_code, error_node, error_message);
                } else {
                    self.updates.push((id, status, ended_at, error_code, error_node, error_message));
                }
            }
            Write::Journal { run, first, count, hash, body } => {
                self.journal.push((run, first, count, hash, body))
            }
            Write::TimerSet { due, run, token, kind, payload } => {
                self.timers.push((due, run, token, kind, payload))
            }
            Write::HookCall(call) => self.hook_calls.push(call),
            Write::EventArrived(arrival) => self.arrivals.push(arrival),
            Write::OutboxAppend(row) => self.outbox.push(row),
            Write::OutboxDelete { position } => self.outbox_done.push(position),
            Write::Decision { .. } => self.decisions.push(write),
            other => {
                // Timers are written last: one that is called off again within the group never is.
                match &other {
                    Write::TimerClear { run, token } => {
                        self.timers.retain(|(_, set, of, ..)| set != run || of != token)
                    }
                    Write::TimersClearRun { run } => self.timers.retain(|(_, set, ..)| set != run),
                    _ => {}
                }
                self.rare.push(other);
            }
        }
    }

    pub(super) async fn write(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        if !self.dedup.is_empty() {
            self.write_dedup(conn).await?;
        }
        self.write_events(conn).await?;
        self.write_runs(conn).await?;
        insert(
            conn,
            "INSERT INTO journal (run, seq, count, hash, body) ",
            &self.journal,
            |mut row, (run, first, count, hash, body)| {
                row.push_bind(run.0)
                    .push_bind(*first as i64)
                    .push_bind(i64::from(*count))
                    .push_bind(hash.to_vec())
                    .push_bind(pack(body));
            },
        )
        .await?;
        for (id, status, ended_at, code, node, message) in &self.updates {
            sqlx::query("UPDATE runs SET status = $2, ended_at = $3, error_code = $4, error_node = $5, error_message = $6 WHERE id = $1")
                .bind(id.0)
                .bind(*status as i64)
                .bind(ended_at.map(|at| at.0))
                .bind(code)
                .bind(node)
                .bind(message)
                .execute(&mut *conn)
                .await?;
        }
        // Before the waits of this group open; those look back at these events themselves.
        for arrival in &self.arrivals {
            waits::arrive(conn, arrival).await?;
        }
        for write in &self.rare {
            rare(conn, write).await?;
        }
        // The workspace of a timer is its run's; a run is written before its timers.
        for (due, run, token, kind, payload) in &self.timers {
            sqlx::query(
                "INSERT OR REPLACE INTO timers (due, run, token, kind, payload, workspace) \
                 SELECT $1, $2, $3, $4, $5, workspace FROM runs WHERE id = $2",
            )
            .bind(due.0)
            .bind(run.0)
            .bind(*token as i64)
            .bind(*kind as i64)
            .bind(payload)
            .execute(&mut *conn)
            .await?;
        }
        insert(
            conn,
            "INSERT INTO outbox (workspace, event_id, source, type, subject, time, data, depth) ",
            &self.outbox,
            |mut row, event| {
                row.push_bind(event.workspace.0)
                    .push_bind(event.event_id)
                    .push_bind(event.source.clone())
                    .push_bind(event.event_type.clone())
                    .push_bind(event.subject.clone())
                    .push_bind(event.time.0)
                    .push_bind(event.data.to_string())
                    .push_bind(event.depth);
            },
        )
        .await?;
        insert(
            conn,
            "INSERT OR REPLACE INTO decisions (event, workflow, trigger_key, workspace, code, detail, subject, at) ",
            &self.decisions,
            |mut row, write| {
                if let Write::Decision { event, workspace, workflow, trigger, code, detail, subject, at } = write {
                    row.push_bind(*event)
                        .push_bind(workflow.0)
                        .push_bind(trigger.clone())
                        .push_bind(workspace.0)
                        .push_bind(*code)
                        .push_bind(detail.clone())
                        .push_bind(subject.clone())
                        .push_bind(at.0);
                }
            },
        )
        .await?;
        let head = "INSERT INTO hook_calls (workspace, path, method, query, at, status, code, detail, headers, remote, event, body, size) ";
        insert(conn, head, &self.hook_calls, |mut row, call| {
            row.push_bind(call.workspace.0)
                .push_bind(call.path.clone())
                .push_bind(call.method.clone())
                .push_bind(call.query.clone())
                .push_bind(call.at.0)
                .push_bind(i64::from(call.status))
                .push_bind(call.code.clone())
                .push_bind(call.detail.clone())
                .push_bind(call.headers.clone())
                .push_bind(call.remote.clone())
                .push_bind(call.event)
                .push_bind(call.body.clone())
                .push_bind(call.size as i64);
        })
        .await?;
        for chunk in self.outbox_done.chunks(100) {
            let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM outbox WHERE position IN (");
            let mut list = query.separated(", ");
            for position in chunk {
                list.push_bind(*position);
            }
            query.push(")").build().execute(&mut *conn).await?;
        }
        Ok(())
    }

    async fn write_dedup(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        insert(
            conn,
            "INSERT INTO dedup (workspace, key, position, expires) ",
            &self.dedup,
            |mut row, (workspace, key, position, expires)| {
                row.push_bind(workspace.0).push_bind(key.to_vec()).push_bind(*position).push_bind(expires.0);
            },
        )
        .await
    }

    async fn write_events(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let head = "INSERT INTO events (position, workspace, id, source, type, subject, time, received_at, origin, depth, data) ";
        insert(conn, head, &self.events, |mut row, write| {
            if let Write::EventInsert {
                position,
                workspace,
                event_id,
                source,
                event_type,
                subject,
                time,
                received_at,
                origin,
                data,
                depth,
                ..
            } = write
            {
                row.push_bind(*position)
                    .push_bind(workspace.0)
                    .push_bind(event_id.clone())
                    .push_bind(source.clone())
                    .push_bind(event_type.clone())
                    .push_bind(subject.clone())
                    .push_bind(time.clone())
                    .push_bind(received_at.0)
                    .push_bind(*origin as i64)
                    .push_bind(*depth)
                    .push_bind(pack(data));
            }
        })
        .await
    }

    async fn write_runs(&self, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let head = "INSERT INTO runs (id, workspace, workflow, version, event, event_type, status, trigger_key, subject, test, parent, \
                    parent_step, replay_of, priority, key, depth, accepted_at, ended_at, error_code, error_node, error_message) ";
        insert(conn, head, &self.runs, |mut row, run| {
            row.push_bind(run.id.0)
                .push_bind(run.workspace.0)
                .push_bind(run.workflow.0)
                .push_bind(run.version)
                .push_bind(run.event)
                .push_bind(run.event_type.clone())
                .push_bind(run.status as i64)
                .push_bind(run.trigger.clone())
                .push_bind(run.subject.clone())
                .push_bind(run.test)
                .push_bind(run.parent.as_ref().map(|(parent, _)| parent.0))
                .push_bind(run.parent.as_ref().map(|(_, step)| step.clone()))
                .push_bind(run.replay_of.map(|run| run.0))
                .push_bind(i64::from(run.priority))
                .push_bind(run.key.clone())
                .push_bind(run.depth)
                .push_bind(run.accepted_at.0)
                .push_bind(run.ended_at.map(|at| at.0))
                .push_bind(run.error_code.clone())
                .push_bind(run.error_node.clone())
                .push_bind(run.error_message.clone());
        })
        .await
    }
}

/// Inserts rows in statements of fixed sizes.
async fn insert<T>(
    conn: &mut SqliteConnection,
    head: &'static str,
    rows: &[T],
    bind: impl Fn(sqlx::query_builder::Separated<'_, Sqlite, &'static str>, &T),
) -> Result<(), sqlx::Error> {
    let mut rest = rows;
    for size in CHUNKS {
        while rest.len() >= size {
            let (chunk, more) = rest.split_at(size);
            rest = more;
            let mut query = QueryBuilder::<Sqlite>::new(head);
            query.push("VALUES ");
            for (index, row) in chunk.iter().enumerate() {
                query.push(if index == 0 { "(" } else { ", (" });
                bind(query.separated(", "), row);
                query.push(")");
            }
            query.build().execute(&mut *conn).await?;
        }
    }
    Ok(())
}

async fn rare(conn: &mut SqliteConnection, write: &Write) -> Result<(), sqlx::Error> {
    match write {
        Write::TimerClear { run, token } => {
            sqlx::query("DELETE FROM timers WHERE run = $1 AND token = $2")
                .bind(run.0)
                .bind(*token as i64)
                .execute(conn)
                .await?;
        }
        Write::TimerClearKind { run, token, kind } => {
            sqlx::query("DELETE FROM timers WHERE run = $1 AND token = $2 AND kind = $3")
                .bind(run.0)
                .bind(*token as i64)
                .bind(*kind as i64)
                .execute(conn)
                .await?;
        }
        Write::TimersClearRun { run } => {
            sqlx::query("DELETE FROM timers WHERE run = $1").bind(run.0).execute(conn).await?;
        }
        Write::WaitOpen {
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
        } => {
            let new = open_wait(
                conn,
                (*id, *workspace, *workflow, *run, *token, *kind),
                step,
                event_type,
                key,
                correlate,
                title,
                context,
                assignee,
                *deadline,
                *opened_at,
            )
            .await?;
            if let Some(approval) = approval.as_ref().filter(|_| new) {
                approvals::opened(conn, approval).await?;
            }
            if let Some(event_type) = event_type {
                let wait = waits::Opened {
                    workspace: *workspace,
                    run: *run,
                    token: *token,
                    event_type,
                    key: key.as_deref(),
                    correlate: correlate.as_deref(),
                    at: *opened_at,
                };
                waits::look_back(conn, &wait).await?;
            }
        }
        Write::ApprovalLink(link) => approvals::write_link(conn, link).await?,
        Write::EventTaken { run, position } => {
            sqlx::query("INSERT OR IGNORE INTO taken (run, position) VALUES ($1, $2)")
                .bind(run.0)
                .bind(position)
                .execute(conn)
                .await?;
        }
        Write::WaitClose { run, token } => {
            sqlx::query("DELETE FROM waits WHERE run = $1 AND token = $2")
                .bind(run.0)
                .bind(*token as i64)
                .execute(conn)
                .await?;
        }
        Write::WaitsCloseRun { run } => {
            sqlx::query("DELETE FROM waits WHERE run = $1").bind(run.0).execute(conn).await?;
        }
        Write::ScheduleFired { workflow, trigger, at } => {
            sqlx::query(
                "INSERT INTO schedules (workflow, trigger_key, last_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (workflow, trigger_key) DO UPDATE SET last_at = max(last_at, excluded.last_at)",
            )
            .bind(workflow.0)
            .bind(trigger)
            .bind(at.0)
            .execute(conn)
            .await?;
        }
        // The others have their own place in the batch.
        _ => {}
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
async fn open_wait(
    conn: &mut SqliteConnection,
    (id, workspace, workflow, run, token, kind): (Uuid, WorkspaceId, WorkflowId, RunId, Sequence, WaitKind),
    step: &str,
    event_type: &Option<String>,
    key: &Option<String>,
    correlate: &Option<String>,
    title: &Option<String>,
    context: &masar_engine::Json,
    assignee: &Option<String>,
    deadline: Option<Timestamp>,
    opened_at: Timestamp,
) -> Result<bool, sqlx::Error> {
    // A wait that is announced again, since its run was loaded anew, is the same wait.
    let done = sqlx::query(
        "INSERT INTO waits (id, workspace, workflow, run, token, step, kind, event_type, key, correlate, title, context, assignee, deadline, opened_at) \
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 \
         WHERE NOT EXISTS (SELECT 1 FROM waits WHERE run = $4 AND token = $5)",
    )
    .bind(id)
    .bind(workspace.0)
    .bind(workflow.0)
    .bind(run.0)
    .bind(token as i64)
    .bind(step)
    .bind(kind as i64)
    .bind(event_type)
    .bind(key)
    .bind(correlate)
    .bind(title)
    .bind(context.to_string())
    .bind(assignee)
    .bind(deadline.map(|at| at.0))
    .bind(opened_at.0)
    .execute(&mut *conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
