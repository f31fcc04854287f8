//! Questions to the store. Each names its workspace.

use masar_crm_core::{Columns, Row, Value};
use masar_engine::{RunId, Sequence, Timestamp, WorkflowId, WorkspaceId};
use uuid::Uuid;

use super::{
    ACCEPTED, CredentialRow, DecisionRow, EventRow, HookCallRow, KeptAnswer, Origin, OutboxRow, RunRow,
    SegmentRow, Status, Store, StoreError, TimerKind, TimerRow, WaitKind, WaitRow, pack::unpack,
    query::query,
};

/// Where a page of a list goes on: before this run or position.
pub type Cursor<T> = Option<T>;

/// Which runs.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Of this workflow.
    pub workflow: Option<WorkflowId>,
    /// In one of these states; empty means any.
    pub status: Vec<Status>,
    /// Accepted at or after.
    pub from: Option<Timestamp>,
    /// Accepted before.
    pub until: Option<Timestamp>,
    /// About this subject.
    pub subject: Option<String>,
    /// Started by an event of this type.
    pub event_type: Option<String>,
    /// Failed at this step.
    pub node: Option<String>,
    /// Failed with this code.
    pub error_code: Option<String>,
    /// Tests only, or no tests.
    pub test: Option<bool>,
    /// Holding this text in subject, error or event type.
    pub text: Option<String>,
}

/// Which events.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Of this type.
    pub event_type: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// From this source.
    pub source: Option<String>,
    /// That came in this way.
    pub origin: Option<Origin>,
}

/// Which webhook calls.
#[derive(Debug, Clone, Default)]
pub struct CallFilter {
    /// At this path.
    pub path: Option<String>,
    /// Only accepted ones, or only others.
    pub accepted: Option<bool>,
}

const RUN: &str = "SELECT id, workspace, workflow, version, event, event_type, status, trigger_key, subject, test, parent, parent_step, replay_of, \
                   priority, key, depth, accepted_at, ended_at, error_code, error_node, error_message FROM runs ";
const EVENT: &str = "SELECT position, workspace, id, source, type, subject, time, received_at, origin, depth, data FROM events ";
const WAIT: &str = "SELECT id, workspace, workflow, run, token, step, kind, event_type, key, correlate, title, context, assignee, deadline, \
                    opened_at FROM waits ";

const CALL: &str = "SELECT position, code, status, event, workspace, path, method, query, at, detail, headers, remote, body, size FROM hook_calls";
const CREDENTIAL: &str =
    "SELECT id, workspace, name, kind, sealed, version, created_at, updated_at FROM credentials";

fn run_row(row: &Row) -> Result<RunRow, StoreError> {
    let mut columns = row.columns();
    let mut run = RunRow {
        id: RunId(columns.take()?),
        workspace: WorkspaceId(columns.take()?),
        workflow: WorkflowId(columns.take()?),
        version: columns.take()?,
        event: columns.take()?,
        event_type: columns.take()?,
        status: Status::from_code(columns.take()?),
        trigger: columns.take()?,
        subject: columns.take()?,
        test: columns.take()?,
        parent: columns.take::<Option<Uuid>>()?.map(|run| (RunId(run), String::new())),
        replay_of: None,
        priority: 0,
        key: None,
        depth: 0,
        accepted_at: Timestamp(0),
        ended_at: None,
        error_code: None,
        error_node: None,
        error_message: None,
    };
    let step: Option<String> = columns.take()?;
    if let Some(parent) = &mut run.parent {
        parent.1 = step.unwrap_or_default();
    }
    run.replay_of = columns.take::<Option<Uuid>>()?.map(RunId);
    run.priority = i8::try_from(columns.take::<i64>()?).unwrap_or(0);
    run.key = columns.take()?;
    run.depth = columns.take()?;
    run.accepted_at = Timestamp(columns.take()?);
    run.ended_at = columns.take::<Option<i64>>()?.map(Timestamp);
    run.error_code = columns.take()?;
    run.error_node = columns.take()?;
    run.error_message = columns.take()?;
    Ok(run)
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} cannot be unpacked: the database is damaged"))
}

fn segment_row(row: &Row) -> Result<SegmentRow, StoreError> {
    let mut columns = row.columns();
    Ok(SegmentRow {
        first: columns.take::<i64>()? as Sequence,
        count: u32::try_from(columns.take::<i64>()?).unwrap_or(0),
        hash: columns.take::<Vec<u8>>()?.try_into().map_err(|_| damaged("a hash"))?,
        body: unpack(&columns.take::<Vec<u8>>()?).ok_or_else(|| damaged("a journal segment"))?,
    })
}

fn event_row(row: &Row) -> Result<EventRow, StoreError> {
    let mut columns = row.columns();
    Ok(EventRow {
        position: columns.take()?,
        workspace: WorkspaceId(columns.take()?),
        event_id: event_id(&mut columns)?,
        source: columns.take()?,
        event_type: columns.take()?,
        subject: columns.take()?,
        time: columns.take()?,
        received_at: Timestamp(columns.take()?),
        origin: Origin::from_code(columns.take()?).unwrap_or(Origin::Internal),
        depth: columns.take()?,
        data: unpack(&columns.take::<Vec<u8>>()?).ok_or_else(|| damaged("an event"))?,
    })
}

/// Text, or the bytes of a UUID.
fn event_id(columns: &mut Columns<'_>) -> Result<String, StoreError> {
    match columns.take()? {
        Value::Text(text) => Ok(text),
        Value::Blob(bytes) => Ok(Uuid::from_slice(&bytes).map_err(|_| damaged("an event's id"))?.to_string()),
        _ => Err(damaged("an event's id")),
    }
}

fn wait_row(row: &Row) -> Result<WaitRow, StoreError> {
    let mut columns = row.columns();
    Ok(WaitRow {
        id: columns.take()?,
        workspace: WorkspaceId(columns.take()?),
        workflow: WorkflowId(columns.take()?),
        run: RunId(columns.take()?),
        token: columns.take::<i64>()? as Sequence,
        step: columns.take()?,
        kind: WaitKind::from_code(columns.take()?).unwrap_or(WaitKind::Event),
        event_type: columns.take()?,
        key: columns.take()?,
        correlate: columns.take()?,
        title: columns.take()?,
        context: columns
            .take::<Option<String>>()?
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
        assignee: columns.take()?,
        deadline: columns.take::<Option<i64>>()?.map(Timestamp),
        opened_at: Timestamp(columns.take()?),
    })
}

impl Store {
    /// One run.
    pub async fn run(&self, workspace: WorkspaceId, run: RunId) -> Result<Option<RunRow>, StoreError> {
        let mut query = query(RUN);
        query.push("WHERE id = ").push_bind(run.0).push(" AND workspace = ").push_bind(workspace.0);
        let row = query.first(self).await?;
        row.as_ref().map(run_row).transpose()
    }

    /// Runs, newest first, at most `limit`, going on before `before`.
    pub async fn runs(
        &self,
        workspace: WorkspaceId,
        filter: &RunFilter,
        before: Cursor<RunId>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        let mut query = query(RUN);
        query.push("WHERE workspace = ").push_bind(workspace.0);
        if let Some(before) = before {
            query.push(" AND id < ").push_bind(before.0);
        }
        if let Some(workflow) = filter.workflow {
            query.push(" AND workflow = ").push_bind(workflow.0);
        }
        if let [status] = filter.status.as_slice() {
            // Literal, so that the partial indexes apply.
            query.push(format!(" AND status = {}", *status as i64));
            query.push(if *status as i64 > 4 {
                " AND status > 4"
            } else if (*status as i64) < 4 {
                " AND status < 4"
            } else {
                ""
            });
        } else if !filter.status.is_empty() {
            let codes: Vec<String> =
                filter.status.iter().map(|status| (*status as i64).to_string()).collect();
            query.push(format!(" AND status IN ({})", codes.join(", ")));
        }
        // Run ids sort by time: a bound on the time is a bound on the id.
        if let Some(from) = filter.from {
            query.push(" AND id >= ").push_bind(id_at(from)).push(" AND accepted_at >= ").push_bind(from.0);
        }
        if let Some(until) = filter.until {
            query
                .push(" AND id < ")
                .push_bind(id_at(until.plus_millis(1)))
                .push(" AND accepted_at < ")
                .push_bind(until.0);
        }
        for (column, value) in [
            ("subject", &filter.subject),
            ("event_type", &filter.event_type),
            ("error_node", &filter.node),
            ("error_code", &filter.error_code),
        ] {
            if let Some(value) = value {
                query.push(format!(" AND {column} = ")).push_bind(value.clone());
            }
        }
        if filter.node.is_some() || filter.error_code.is_some() {
            query.push(" AND status > 4");
        }
        if let Some(test) = filter.test {
            query.push(" AND test = ").push_bind(i64::from(test));
        }
        if let Some(text) = &filter.text {
            let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
            // SQLite's LIKE ignores the case of ASCII letters.
            let like = if self.is_postgres() { "ILIKE" } else { "LIKE" };
            query.push(format!(" AND (subject {like} ")).push_bind(pattern.clone());
            query.push(format!(" ESCAPE '\\' OR error_message {like} ")).push_bind(pattern.clone());
            query
                .push(format!(" ESCAPE '\\' OR event_type {like} "))
                .push_bind(pattern)
                .push(" ESCAPE '\\')");
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
        let rows = query.all(self).await?;
        rows.iter().map(run_row).collect()
    }

    /// Every run that is not over, oldest first, in pages.
    pub async fn open_runs(&self, after: Cursor<RunId>, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let mut query = query(RUN);
        query.push("WHERE status < 4 AND id > ").push_bind(after.map_or(Uuid::nil(), |run| run.0));
        query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
        let rows = query.all(self).await?;
        rows.iter().map(run_row).collect()
    }

    /// Runs of all workspaces in order of their ids, after this one; for a check of the whole log.
    pub async fn runs_after(&self, after: Cursor<RunId>, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let mut query = query(RUN);
        query.push("WHERE id > ").push_bind(after.map_or(Uuid::nil(), |run| run.0));
        query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
        let rows = query.all(self).await?;
        rows.iter().map(run_row).collect()
    }

    /// How many runs there are in all workspaces.
    pub async fn run_count(&self) -> Result<u64, StoreError> {
        let count: Option<i64> = query("SELECT count(*) FROM runs").scalar(self).await?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    /// Journals whose run has no row, which no way of Masar leaves behind.
    pub async fn journals_without_run(&self, limit: u32) -> Result<Vec<RunId>, StoreError> {
        let text = "SELECT run FROM journal j WHERE seq = 0 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = j.run) LIMIT $1";
        let ids: Vec<Uuid> = query(text).bind(limit).column(self).await?;
        Ok(ids.into_iter().map(RunId).collect())
    }

    /// The run that this step called.
    pub async fn child(
        &self,
        workspace: WorkspaceId,
        parent: RunId,
        step: &str,
    ) -> Result<Option<RunId>, StoreError> {
        let id: Option<Uuid> = query("SELECT id FROM runs WHERE parent = $1 AND parent_step = $2 AND workspace = $3 ORDER BY id DESC LIMIT 1")
            .bind(parent.0)
            .bind(step)
            .bind(workspace.0)
            .scalar(self)
            .await?;
        Ok(id.map(RunId))
    }

    /// The runs that an event started.
    pub async fn runs_of_event(
        &self,
        workspace: WorkspaceId,
        position: i64,
    ) -> Result<Vec<RunRow>, StoreError> {
        let mut query = query(RUN);
        query
            .push("WHERE event = ")
            .push_bind(position)
            .push(" AND workspace = ")
            .push_bind(workspace.0)
            .push(" ORDER BY id");
        let rows = query.all(self).await?;
        rows.iter().map(run_row).collect()
    }

    /// Counts of runs by status of one workflow since a moment.
    pub async fn run_counts(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        since: Timestamp,
    ) -> Result<Vec<(Status, i64)>, StoreError> {
        let rows =
            query("SELECT status, count(*) FROM runs WHERE workflow = $1 AND workspace = $2 AND id >= $3 AND test = 0 GROUP BY status")
                .bind(workflow.0)
                .bind(workspace.0)
                .bind(id_at(since))
                .all(self)
                .await?;
        rows.iter().map(|row| Ok((Status::from_code(row.get(0)?), row.get(1)?))).collect()
    }

    /// A run's journal, in order.
    pub async fn journal(&self, run: RunId) -> Result<Vec<SegmentRow>, StoreError> {
        let rows = query("SELECT seq, count, hash, body FROM journal WHERE run = $1 ORDER BY seq")
            .bind(run.0)
            .all(self)
            .await?;
        rows.iter().map(segment_row).collect()
    }

    /// The segments of a run from the one that holds record `from` on, until `most` records are there.
    pub async fn journal_from(
        &self,
        run: RunId,
        from: Sequence,
        most: u64,
    ) -> Result<Vec<SegmentRow>, StoreError> {
        let until = from.saturating_add(most);
        let rows = query("SELECT seq, count, hash, body FROM journal WHERE run = $1 AND seq + count > $2 AND seq < $3 ORDER BY seq")
            .bind(run.0)
            .bind(i64::try_from(from).unwrap_or(i64::MAX))
            .bind(i64::try_from(until).unwrap_or(i64::MAX))
            .all(self)
            .await?;
        rows.iter().map(segment_row).collect()
    }

    /// One event.
    pub async fn event(&self, workspace: WorkspaceId, position: i64) -> Result<Option<EventRow>, StoreError> {
        let mut query = query(EVENT);
        query.push("WHERE position = ").push_bind(position).push(" AND workspace = ").push_bind(workspace.0);
        let row = query.first(self).await?;
        row.as_ref().map(event_row).transpose()
    }

    /// Events, newest first.
    pub async fn events(
        &self,
        workspace: WorkspaceId,
        filter: &EventFilter,
        before: Cursor<i64>,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let mut query = query(EVENT);
        query.push("WHERE workspace = ").push_bind(workspace.0);
        if let Some(before) = before {
            query.push(" AND position < ").push_bind(before);
        }
        for (column, value) in
            [("type", &filter.event_type), ("subject", &filter.subject), ("source", &filter.source)]
        {
            if let Some(value) = value {
                query.push(format!(" AND {column} = ")).push_bind(value.clone());
            }
        }
        if let Some(origin) = filter.origin {
            query.push(" AND origin = ").push_bind(origin as i64);
        }
        query.push(" ORDER BY position DESC LIMIT ").push_bind(i64::from(limit));
        let rows = query.all(self).await?;
        rows.iter().map(event_row).collect()
    }

    /// Why triggers did not start runs: for one event, or for a workflow (and subject).
    pub async fn decisions(
        &self,
        workspace: WorkspaceId,
        event: Option<i64>,
        workflow: Option<WorkflowId>,
        subject: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        let mut query = query(
            "SELECT event, workflow, trigger_key, code, detail, subject, at FROM decisions WHERE workspace = ",
        );
        query.push_bind(workspace.0);
        if let Some(event) = event {
            query.push(" AND event = ").push_bind(event);
        }
        if let Some(workflow) = workflow {
            query.push(" AND workflow = ").push_bind(workflow.0);
        }
        if let Some(subject) = subject {
            query.push(" AND subject = ").push_bind(subject.to_owned());
        }
        query.push(" ORDER BY event DESC LIMIT ").push_bind(i64::from(limit));
        let rows = query.all(self).await?;
        let read = |row: &Row| -> Result<DecisionRow, StoreError> {
            let mut columns = row.columns();
            Ok(DecisionRow {
                event: columns.take()?,
                workflow: WorkflowId(columns.take()?),
                trigger: columns.take()?,
                code: columns.take()?,
                detail: columns.take()?,
                subject: columns.take()?,
                at: Timestamp(columns.take()?),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Timers that are due, earliest first.
    pub async fn timers_due(&self, now: Timestamp, limit: u32) -> Result<Vec<TimerRow>, StoreError> {
        let rows = query("SELECT workspace, due, run, token, kind, payload FROM timers WHERE due <= $1 ORDER BY due LIMIT $2")
            .bind(now.0)
            .bind(limit)
            .all(self)
            .await?;
        let read = |row: &Row| -> Result<Option<TimerRow>, StoreError> {
            let mut columns = row.columns();
            let (workspace, due, run) = (columns.take()?, columns.take()?, columns.take()?);
            let (token, kind, payload): (i64, i64, i64) = (columns.take()?, columns.take()?, columns.take()?);
            let Some(kind) = TimerKind::from_code(kind) else { return Ok(None) };
            Ok(Some(TimerRow {
                workspace: WorkspaceId(workspace),
                due: Timestamp(due),
                run: RunId(run),
                token: token as Sequence,
                kind,
                payload,
            }))
        };
        rows.iter().filter_map(|row| read(row).transpose()).collect()
    }

    /// When the next timer after `now` is due.
    pub async fn next_timer(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let text = "SELECT due FROM timers WHERE due > $1 ORDER BY due LIMIT 1";
        Ok(query(text).bind(now.0).scalar(self).await?.map(Timestamp))
    }

    /// The wait that belongs to a token.
    pub async fn wait_of(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        token: Sequence,
    ) -> Result<Option<WaitRow>, StoreError> {
        let mut query = query(WAIT);
        query
            .push("WHERE run = ")
            .push_bind(run.0)
            .push(" AND token = ")
            .push_bind(token as i64)
            .push(" AND workspace = ")
            .push_bind(workspace.0);
        let row = query.first(self).await?;
        row.as_ref().map(wait_row).transpose()
    }

    /// One wait.
    pub async fn wait(&self, workspace: WorkspaceId, id: Uuid) -> Result<Option<WaitRow>, StoreError> {
        let mut query = query(WAIT);
        query.push("WHERE id = ").push_bind(id).push(" AND workspace = ").push_bind(workspace.0);
        let row = query.first(self).await?;
        row.as_ref().map(wait_row).transpose()
    }

    /// Open approvals, newest first.
    pub async fn approvals(&self, workspace: WorkspaceId, limit: u32) -> Result<Vec<WaitRow>, StoreError> {
        let mut query = query(WAIT);
        query
            .push("WHERE workspace = ")
            .push_bind(workspace.0)
            .push(" AND kind = 1 ORDER BY id DESC LIMIT ")
            .push_bind(i64::from(limit));
        let rows = query.all(self).await?;
        rows.iter().map(wait_row).collect()
    }

    /// Event types that somebody waits for.
    pub async fn waited_types(&self) -> Result<Vec<String>, StoreError> {
        query("SELECT DISTINCT event_type FROM waits WHERE event_type IS NOT NULL").column(self).await
    }

    /// How many events wait in the outbox, and since when the oldest.
    pub async fn outbox_depth(&self) -> Result<(i64, Option<Timestamp>), StoreError> {
        let row = query("SELECT count(*), min(time) FROM outbox").first(self).await?;
        let Some(row) = row else { return Ok((0, None)) };
        Ok((row.get(0)?, row.get::<Option<i64>>(1)?.map(Timestamp)))
    }

    /// When the newest event was accepted.
    pub async fn newest_event(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> =
            query("SELECT received_at FROM events ORDER BY position DESC LIMIT 1").scalar(self).await?;
        Ok(at.map(Timestamp))
    }

    /// The head of the outbox.
    pub async fn outbox(&self, limit: u32) -> Result<Vec<(i64, OutboxRow)>, StoreError> {
        let rows = query("SELECT position, workspace, event_id, source, type, subject, time, data, depth FROM outbox ORDER BY position LIMIT $1")
            .bind(i64::from(limit))
            .all(self)
            .await?;
        let read = |row: &Row| -> Result<(i64, OutboxRow), StoreError> {
            let mut columns = row.columns();
            let position = columns.take()?;
            let event = OutboxRow {
                workspace: WorkspaceId(columns.take()?),
                event_id: columns.take()?,
                source: columns.take()?,
                event_type: columns.take()?,
                subject: columns.take()?,
                time: Timestamp(columns.take()?),
                data: serde_json::from_str(&columns.take::<String>()?).map_err(|error| {
                    StoreError::Damaged(format!("event {position} of the outbox: {error}"))
                })?,
                depth: columns.take()?,
            };
            Ok((position, event))
        };
        rows.iter().map(read).collect()
    }

    /// Webhook calls, newest first.
    pub async fn hook_calls(
        &self,
        workspace: WorkspaceId,
        filter: &CallFilter,
        before: Cursor<i64>,
        limit: u32,
    ) -> Result<Vec<HookCallRow>, StoreError> {
        let mut query = query(CALL);
        query
            .push(" WHERE workspace = ")
            .push_bind(workspace.0)
            .push(" AND position < ")
            .push_bind(before.unwrap_or(i64::MAX));
        if let Some(path) = &filter.path {
            query.push(" AND path = ").push_bind(path.clone());
        }
        // Literal, so that the partial index applies.
        match filter.accepted {
            Some(true) => query.push(" AND code = ''"),
            Some(false) => query.push(" AND code <> ''"),
            None => &mut query,
        };
        query.push(" ORDER BY position DESC LIMIT ").push_bind(i64::from(limit));
        let rows = query.all(self).await?;
        rows.iter().map(hook_row).collect()
    }

    /// One webhook call.
    pub async fn hook_call(
        &self,
        workspace: WorkspaceId,
        position: i64,
    ) -> Result<Option<HookCallRow>, StoreError> {
        let row = query(format!("{CALL} WHERE workspace = $1 AND position = $2"))
            .bind(workspace.0)
            .bind(position)
            .first(self)
            .await?;
        row.as_ref().map(hook_row).transpose()
    }

    /// When a schedule fired last.
    pub async fn last_fired(
        &self,
        workflow: WorkflowId,
        trigger: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = query("SELECT last_at FROM schedules WHERE workflow = $1 AND trigger_key = $2")
            .bind(workflow.0)
            .bind(trigger)
            .scalar(self)
            .await?;
        Ok(at.map(Timestamp))
    }

    /// Credentials, by name.
    pub async fn credentials(&self, workspace: WorkspaceId) -> Result<Vec<CredentialRow>, StoreError> {
        let rows = query(format!("{CREDENTIAL} WHERE workspace = $1 ORDER BY name"))
            .bind(workspace.0)
            .all(self)
            .await?;
        rows.iter().map(credential_row).collect()
    }

    /// The credentials of all workspaces, for a change of the master key.
    pub async fn sealed(&self) -> Result<Vec<CredentialRow>, StoreError> {
        let rows = query(format!("{CREDENTIAL} ORDER BY id")).all(self).await?;
        rows.iter().map(credential_row).collect()
    }

    /// One credential, by name.
    pub async fn credential(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<Option<CredentialRow>, StoreError> {
        let row = query(format!("{CREDENTIAL} WHERE workspace = $1 AND name = $2"))
            .bind(workspace.0)
            .bind(name)
            .first(self)
            .await?;
        row.as_ref().map(credential_row).transpose()
    }

    /// The workspace's variables, JSON text.
    pub async fn vars(&self, workspace: WorkspaceId) -> Result<String, StoreError> {
        let vars: Option<String> =
            query("SELECT vars FROM workspaces WHERE id = $1").bind(workspace.0).scalar(self).await?;
        Ok(vars.unwrap_or_else(|| "{}".into()))
    }

    /// The kept answer to the request with this idempotency key.
    pub async fn idempotent(
        &self,
        workspace: WorkspaceId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let row = query(
            "SELECT request, status, headers, body FROM idempotency WHERE workspace = $1 AND key = $2 AND expires > $3",
        )
        .bind(workspace.0)
        .bind(key)
        .bind(now.0)
        .first(self)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let mut columns = row.columns();
        Ok(Some(KeptAnswer {
            request: columns.take::<Vec<u8>>()?.try_into().map_err(|_| damaged("an idempotency key"))?,
            status: u16::try_from(columns.take::<i64>()?).unwrap_or(200),
            headers: columns.take()?,
            body: columns.take()?,
        }))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        query("SELECT 1").first(self).await.map(|_| ())
    }
}

fn hook_row(row: &Row) -> Result<HookCallRow, StoreError> {
    let mut columns = row.columns();
    let filled = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
    let position = columns.take()?;
    let code = filled(columns.take()?, ACCEPTED);
    let accepted = code == ACCEPTED;
    let status = columns.take::<i64>()?;
    let event = columns.take()?;
    Ok(HookCallRow {
        position,
        workspace: WorkspaceId(columns.take()?),
        path: columns.take()?,
        method: filled(columns.take()?, "POST"),
        query: columns.take()?,
        at: Timestamp(columns.take()?),
        status: if accepted { 202 } else { u16::try_from(status).unwrap_or(0) },
        code,
        detail: columns.take()?,
        headers: filled(columns.take()?, "{}"),
        remote: columns.take()?,
        event: if accepted { Some(position) } else { event },
        body: columns.take()?,
        size: columns.take::<i64>()? as u64,
    })
}

fn credential_row(row: &Row) -> Result<CredentialRow, StoreError> {
    let mut columns = row.columns();
    Ok(CredentialRow {
        id: columns.take()?,
        workspace: WorkspaceId(columns.take()?),
        name: columns.take()?,
        kind: columns.take()?,
        sealed: columns.take()?,
        version: columns.take()?,
        created_at: Timestamp(columns.take()?),
        updated_at: Timestamp(columns.take()?),
    })
}

/// The smallest UUIDv7 of a moment.
pub(super) fn id_at(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.0 / 1000).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
