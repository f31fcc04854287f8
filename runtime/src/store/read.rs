//! Questions to the store. Each names its workspace.

use masar_engine::{RunId, Sequence, Timestamp, WorkflowId, WorkspaceId};
use sqlx::{QueryBuilder, Row as _, Sqlite, TypeInfo as _, ValueRef as _, sqlite::SqliteRow};
use uuid::Uuid;

use super::{
    ACCEPTED, CredentialRow, DecisionRow, EventRow, HookCallRow, KeptAnswer, Origin, OutboxRow, RunRow,
    SegmentRow, Status, Store, StoreError, TimerKind, TimerRow, WaitKind, WaitRow, pack::unpack,
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

fn run_row(row: &SqliteRow) -> Result<RunRow, sqlx::Error> {
    let parent: Option<Uuid> = row.try_get("parent")?;
    let parent_step: Option<String> = row.try_get("parent_step")?;
    Ok(RunRow {
        id: RunId(row.try_get("id")?),
        workspace: WorkspaceId(row.try_get("workspace")?),
        workflow: WorkflowId(row.try_get("workflow")?),
        version: row.try_get("version")?,
        event: row.try_get("event")?,
        event_type: row.try_get("event_type")?,
        status: Status::from_code(row.try_get("status")?),
        trigger: row.try_get("trigger_key")?,
        subject: row.try_get("subject")?,
        test: row.try_get("test")?,
        parent: parent.map(|run| (RunId(run), parent_step.unwrap_or_default())),
        replay_of: row.try_get::<Option<Uuid>, _>("replay_of")?.map(RunId),
        priority: i8::try_from(row.try_get::<i64, _>("priority")?).unwrap_or(0),
        key: row.try_get("key")?,
        depth: row.try_get("depth")?,
        accepted_at: Timestamp(row.try_get("accepted_at")?),
        ended_at: row.try_get::<Option<i64>, _>("ended_at")?.map(Timestamp),
        error_code: row.try_get("error_code")?,
        error_node: row.try_get("error_node")?,
        error_message: row.try_get("error_message")?,
    })
}

fn damaged(what: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{what} cannot be unpacked: the database is damaged").into())
}

fn segment_row(row: &SqliteRow) -> Result<SegmentRow, StoreError> {
    let hash: Vec<u8> = row.try_get("hash")?;
    Ok(SegmentRow {
        first: row.try_get::<i64, _>("seq")? as Sequence,
        count: u32::try_from(row.try_get::<i64, _>("count")?).unwrap_or(0),
        hash: hash.try_into().map_err(|_| damaged("a hash"))?,
        body: unpack(&row.try_get::<Vec<u8>, _>("body")?).ok_or_else(|| damaged("a journal segment"))?,
    })
}

fn event_row(row: &SqliteRow) -> Result<EventRow, sqlx::Error> {
    Ok(EventRow {
        position: row.try_get("position")?,
        workspace: WorkspaceId(row.try_get("workspace")?),
        event_id: event_id(row)?,
        source: row.try_get("source")?,
        event_type: row.try_get("type")?,
        subject: row.try_get("subject")?,
        time: row.try_get("time")?,
        received_at: Timestamp(row.try_get("received_at")?),
        origin: Origin::from_code(row.try_get("origin")?).unwrap_or(Origin::Internal),
        depth: row.try_get("depth")?,
        data: unpack(&row.try_get::<Vec<u8>, _>("data")?).ok_or_else(|| damaged("an event"))?,
    })
}

/// Text, or the bytes of a UUID.
fn event_id(row: &SqliteRow) -> Result<String, sqlx::Error> {
    match row.try_get_unchecked::<Vec<u8>, _>("id")? {
        bytes if bytes.len() == 16 && row.try_get_raw("id")?.type_info().name() == "BLOB" => {
            Ok(Uuid::from_slice(&bytes).map_err(|_| damaged("an event's id"))?.to_string())
        }
        text => String::from_utf8(text).map_err(|_| damaged("an event's id")),
    }
}

fn wait_row(row: &SqliteRow) -> Result<WaitRow, sqlx::Error> {
    let context: Option<String> = row.try_get("context")?;
    Ok(WaitRow {
        id: row.try_get("id")?,
        workspace: WorkspaceId(row.try_get("workspace")?),
        workflow: WorkflowId(row.try_get("workflow")?),
        run: RunId(row.try_get("run")?),
        token: row.try_get::<i64, _>("token")? as Sequence,
        step: row.try_get("step")?,
        kind: WaitKind::from_code(row.try_get("kind")?).unwrap_or(WaitKind::Event),
        event_type: row.try_get("event_type")?,
        key: row.try_get("key")?,
        correlate: row.try_get("correlate")?,
        title: row.try_get("title")?,
        context: context.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
        assignee: row.try_get("assignee")?,
        deadline: row.try_get::<Option<i64>, _>("deadline")?.map(Timestamp),
        opened_at: Timestamp(row.try_get("opened_at")?),
    })
}

impl Store {
    /// One run.
    pub async fn run(&self, workspace: WorkspaceId, run: RunId) -> Result<Option<RunRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(RUN);
        query.push("WHERE id = ").push_bind(run.0).push(" AND workspace = ").push_bind(workspace.0);
        let row = query.build().fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(run_row).transpose()?)
    }

    /// Runs, newest first, at most `limit`, going on before `before`.
    pub async fn runs(
        &self,
        workspace: WorkspaceId,
        filter: &RunFilter,
        before: Cursor<RunId>,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(RUN);
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
            query.push(" AND test = ").push_bind(test);
        }
        if let Some(text) = &filter.text {
            let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
            query.push(" AND (subject LIKE ").push_bind(pattern.clone());
            query.push(" ESCAPE '\\' OR error_message LIKE ").push_bind(pattern.clone());
            query.push(" ESCAPE '\\' OR event_type LIKE ").push_bind(pattern).push(" ESCAPE '\\')");
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        Ok(rows.iter().map(run_row).collect::<Result<_, _>>()?)
    }

    /// Every run that is not over, oldest first, in pages.
    pub async fn open_runs(&self, after: Cursor<RunId>, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(RUN);
        query.push("WHERE status < 4 AND id > ").push_bind(after.map_or(Uuid::nil(), |run| run.0));
        query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        Ok(rows.iter().map(run_row).collect::<Result<_, _>>()?)
    }

    /// Runs of all workspaces in order of their ids, after this one; for a check of the whole log.
    pub async fn runs_after(&self, after: Cursor<RunId>, limit: u32) -> Result<Vec<RunRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(RUN);
        query.push("WHERE id > ").push_bind(after.map_or(Uuid::nil(), |run| run.0));
        query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        Ok(rows.iter().map(run_row).collect::<Result<_, _>>()?)
    }

    /// How many runs there are in all workspaces.
    pub async fn run_count(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM runs").fetch_one(&self.readers).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Journals whose run has no row, which no way of Masar leaves behind.
    pub async fn journals_without_run(&self, limit: u32) -> Result<Vec<RunId>, StoreError> {
        let text = "SELECT run FROM journal j WHERE seq = 0 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = j.run) LIMIT $1";
        let ids: Vec<Uuid> = sqlx::query_scalar(text).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        Ok(ids.into_iter().map(RunId).collect())
    }

    /// The run that this step called.
    pub async fn child(
        &self,
        workspace: WorkspaceId,
        parent: RunId,
        step: &str,
    ) -> Result<Option<RunId>, StoreError> {
        let id: Option<Uuid> = sqlx::query_scalar("SELECT id FROM runs WHERE parent = $1 AND parent_step = $2 AND workspace = $3 ORDER BY id DESC LIMIT 1")
            .bind(parent.0)
            .bind(step)
            .bind(workspace.0)
            .fetch_optional(&self.readers)
            .await?;
        Ok(id.map(RunId))
    }

    /// The runs that an event started.
    pub async fn runs_of_event(
        &self,
        workspace: WorkspaceId,
        position: i64,
    ) -> Result<Vec<RunRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(RUN);
        query
            .push("WHERE event = ")
            .push_bind(position)
            .push(" AND workspace = ")
            .push_bind(workspace.0)
            .push(" ORDER BY id");
        let rows = query.build().fetch_all(&self.readers).await?;
        Ok(rows.iter().map(run_row).collect::<Result<_, _>>()?)
    }

    /// Counts of runs by status of one workflow since a moment.
    pub async fn run_counts(
        &self,
        workspace: WorkspaceId,
        workflow: WorkflowId,
        since: Timestamp,
    ) -> Result<Vec<(Status, i64)>, StoreError> {
        let rows: Vec<(i64, i64)> =
            sqlx::query_as("SELECT status, count(*) FROM runs WHERE workflow = $1 AND workspace = $2 AND id >= $3 AND test = 0 GROUP BY status")
                .bind(workflow.0)
                .bind(workspace.0)
                .bind(id_at(since))
                .fetch_all(&self.readers)
                .await?;
        Ok(rows.into_iter().map(|(status, count)| (Status::from_code(status), count)).collect())
    }

    /// A run's journal, in order.
    pub async fn journal(&self, run: RunId) -> Result<Vec<SegmentRow>, StoreError> {
        let rows = sqlx::query("SELECT seq, count, hash, body FROM journal WHERE run = $1 ORDER BY seq")
            .bind(run.0)
            .fetch_all(&self.readers)
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
        let rows = sqlx::query("SELECT seq, count, hash, body FROM journal WHERE run = $1 AND seq + count > $2 AND seq < $3 ORDER BY seq")
            .bind(run.0)
            .bind(i64::try_from(from).unwrap_or(i64::MAX))
            .bind(i64::try_from(until).unwrap_or(i64::MAX))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(segment_row).collect()
    }

    /// One event.
    pub async fn event(&self, workspace: WorkspaceId, position: i64) -> Result<Option<EventRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(EVENT);
        query.push("WHERE position = ").push_bind(position).push(" AND workspace = ").push_bind(workspace.0);
        let row = query.build().fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(event_row).transpose()?)
    }

    /// Events, newest first.
    pub async fn events(
        &self,
        workspace: WorkspaceId,
        filter: &EventFilter,
        before: Cursor<i64>,
        limit: u32,
    ) -> Result<Vec<EventRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(EVENT);
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
        let rows = query.build().fetch_all(&self.readers).await?;
        Ok(rows.iter().map(event_row).collect::<Result<_, _>>()?)
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
        let mut query = QueryBuilder::<Sqlite>::new(
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
        let rows = query.build().fetch_all(&self.readers).await?;
        let read = |row: &SqliteRow| -> Result<DecisionRow, sqlx::Error> {
            Ok(DecisionRow {
                event: row.try_get("event")?,
                workflow: WorkflowId(row.try_get("workflow")?),
                trigger: row.try_get("trigger_key")?,
                code: row.try_get("code")?,
                detail: row.try_get("detail")?,
                subject: row.try_get("subject")?,
                at: Timestamp(row.try_get("at")?),
            })
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Timers that are due, earliest first.
    pub async fn timers_due(&self, now: Timestamp, limit: u32) -> Result<Vec<TimerRow>, StoreError> {
        let rows: Vec<(i64, i64, Uuid, i64, i64, i64)> =
            sqlx::query_as("SELECT workspace, due, run, token, kind, payload FROM timers WHERE due <= $1 ORDER BY due LIMIT $2")
                .bind(now.0)
                .bind(i64::from(limit))
                .fetch_all(&self.readers)
                .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(workspace, due, run, token, kind, payload)| {
                let kind = TimerKind::from_code(kind)?;
                Some(TimerRow {
                    workspace: WorkspaceId(workspace),
                    due: Timestamp(due),
                    run: RunId(run),
                    token: token as Sequence,
                    kind,
                    payload,
                })
            })
            .collect())
    }

    /// When the next timer after `now` is due.
    pub async fn next_timer(&self, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar("SELECT min(due) FROM timers WHERE due > $1")
            .bind(now.0)
            .fetch_one(&self.readers)
            .await?;
        Ok(due.map(Timestamp))
    }

    /// The wait that belongs to a token.
    pub async fn wait_of(
        &self,
        workspace: WorkspaceId,
        run: RunId,
        token: Sequence,
    ) -> Result<Option<WaitRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(WAIT);
        query
            .push("WHERE run = ")
            .push_bind(run.0)
            .push(" AND token = ")
            .push_bind(token as i64)
            .push(" AND workspace = ")
            .push_bind(workspace.0);
        let row = query.build().fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(wait_row).transpose()?)
    }

    /// One wait.
    pub async fn wait(&self, workspace: WorkspaceId, id: Uuid) -> Result<Option<WaitRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(WAIT);
        query.push("WHERE id = ").push_bind(id).push(" AND workspace = ").push_bind(workspace.0);
        let row = query.build().fetch_optional(&self.readers).await?;
        Ok(row.as_ref().map(wait_row).transpose()?)
    }

    /// Open approvals, newest first.
    pub async fn approvals(&self, workspace: WorkspaceId, limit: u32) -> Result<Vec<WaitRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(WAIT);
        query
            .push("WHERE workspace = ")
            .push_bind(workspace.0)
            .push(" AND kind = 1 ORDER BY id DESC LIMIT ")
            .push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&self.readers).await?;
        Ok(rows.iter().map(wait_row).collect::<Result<_, _>>()?)
    }

    /// Event types that somebody waits for.
    pub async fn waited_types(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT DISTINCT event_type FROM waits WHERE event_type IS NOT NULL")
            .fetch_all(&self.readers)
            .await?)
    }

    /// How many events wait in the outbox, and since when the oldest.
    pub async fn outbox_depth(&self) -> Result<(i64, Option<Timestamp>), StoreError> {
        let (count, oldest): (i64, Option<i64>) =
            sqlx::query_as("SELECT count(*), min(time) FROM outbox").fetch_one(&self.readers).await?;
        Ok((count, oldest.map(Timestamp)))
    }

    /// When the newest event was accepted.
    pub async fn newest_event(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> =
            sqlx::query_scalar("SELECT received_at FROM events ORDER BY position DESC LIMIT 1")
                .fetch_optional(&self.readers)
                .await?;
        Ok(at.map(Timestamp))
    }

    /// The head of the outbox.
    pub async fn outbox(&self, limit: u32) -> Result<Vec<(i64, OutboxRow)>, StoreError> {
        let rows = sqlx::query("SELECT position, workspace, event_id, source, type, subject, time, data, depth FROM outbox ORDER BY position LIMIT $1")
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await?;
        let read = |row: &SqliteRow| -> Result<(i64, OutboxRow), sqlx::Error> {
            let data: String = row.try_get("data")?;
            Ok((
                row.try_get("position")?,
                OutboxRow {
                    workspace: WorkspaceId(row.try_get("workspace")?),
                    event_id: row.try_get("event_id")?,
                    source: row.try_get("source")?,
                    event_type: row.try_get("type")?,
                    subject: row.try_get("subject")?,
                    time: Timestamp(row.try_get("time")?),
                    data: serde_json::from_str(&data).map_err(|error| sqlx::Error::Decode(error.into()))?,
                    depth: row.try_get("depth")?,
                },
            ))
        };
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Webhook calls, newest first.
    pub async fn hook_calls(
        &self,
        workspace: WorkspaceId,
        filter: &CallFilter,
        before: Cursor<i64>,
        limit: u32,
    ) -> Result<Vec<HookCallRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM hook_calls WHERE workspace = ");
        query.push_bind(workspace.0).push(" AND position < ").push_bind(before.unwrap_or(i64::MAX));
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
        let rows = query.build().fetch_all(&self.readers).await?;
        Ok(rows.iter().map(hook_row).collect::<Result<_, _>>()?)
    }

    /// One webhook call.
    pub async fn hook_call(
        &self,
        workspace: WorkspaceId,
        position: i64,
    ) -> Result<Option<HookCallRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM hook_calls WHERE workspace = $1 AND position = $2")
            .bind(workspace.0)
            .bind(position)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(hook_row).transpose()?)
    }

    /// When a schedule fired last.
    pub async fn last_fired(
        &self,
        workflow: WorkflowId,
        trigger: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> =
            sqlx::query_scalar("SELECT last_at FROM schedules WHERE workflow = $1 AND trigger_key = $2")
                .bind(workflow.0)
                .bind(trigger)
                .fetch_optional(&self.readers)
                .await?;
        Ok(at.map(Timestamp))
    }

    /// Credentials, by name.
    pub async fn credentials(&self, workspace: WorkspaceId) -> Result<Vec<CredentialRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM credentials WHERE workspace = $1 ORDER BY name")
            .bind(workspace.0)
            .fetch_all(&self.readers)
            .await?;
        Ok(rows.iter().map(credential_row).collect::<Result<_, _>>()?)
    }

    /// The credentials of all workspaces, for a change of the master key.
    pub async fn sealed(&self) -> Result<Vec<CredentialRow>, StoreError> {
        let rows = sqlx::query("SELECT * FROM credentials ORDER BY id").fetch_all(&self.readers).await?;
        Ok(rows.iter().map(credential_row).collect::<Result<_, _>>()?)
    }

    /// One credential, by name.
    pub async fn credential(
        &self,
        workspace: WorkspaceId,
        name: &str,
    ) -> Result<Option<CredentialRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM credentials WHERE workspace = $1 AND name = $2")
            .bind(workspace.0)
            .bind(name)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.as_ref().map(credential_row).transpose()?)
    }

    /// The workspace's variables, JSON text.
    pub async fn vars(&self, workspace: WorkspaceId) -> Result<String, StoreError> {
        let vars: Option<String> = sqlx::query_scalar("SELECT vars FROM workspaces WHERE id = $1")
            .bind(workspace.0)
            .fetch_optional(&self.readers)
            .await?;
        Ok(vars.unwrap_or_else(|| "{}".into()))
    }

    /// The kept answer to the request with this idempotency key.
    pub async fn idempotent(
        &self,
        workspace: WorkspaceId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let row: Option<(Vec<u8>, i64, String, String)> = sqlx::query_as(
            "SELECT request, status, headers, body FROM idempotency WHERE workspace = $1 AND key = $2 AND expires > $3",
        )
        .bind(workspace.0)
        .bind(key)
        .bind(now.0)
        .fetch_optional(&self.readers)
        .await?;
        let Some((request, status, headers, body)) = row else { return Ok(None) };
        let request = request.try_into().map_err(|_| damaged("an idempotency key"))?;
        Ok(Some(KeptAnswer { request, status: u16::try_from(status).unwrap_or(200), headers, body }))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let _: i64 = sqlx::query_scalar("SELECT 1").fetch_one(&self.readers).await?;
        Ok(())
    }
}

fn hook_row(row: &SqliteRow) -> Result<HookCallRow, sqlx::Error> {
    let position = row.try_get("position")?;
    let filled = |column: &str, otherwise: &str| {
        let text: String = row.try_get(column)?;
        Ok::<_, sqlx::Error>(if text.is_empty() { otherwise.to_owned() } else { text })
    };
    let code = filled("code", ACCEPTED)?;
    let accepted = code == ACCEPTED;
    Ok(HookCallRow {
        position,
        workspace: WorkspaceId(row.try_get("workspace")?),
        path: row.try_get("path")?,
        method: filled("method", "POST")?,
        query: row.try_get("query")?,
        at: Timestamp(row.try_get("at")?),
        status: if accepted { 202 } else { u16::try_from(row.try_get::<i64, _>("status")?).unwrap_or(0) },
        code,
        detail: row.try_get("detail")?,
        headers: filled("headers", "{}")?,
        remote: row.try_get("remote")?,
        event: if accepted { Some(position) } else { row.try_get("event")? },
        body: row.try_get("body")?,
        size: row.try_get::<i64, _>("size")? as u64,
    })
}

fn credential_row(row: &SqliteRow) -> Result<CredentialRow, sqlx::Error> {
    Ok(CredentialRow {
        id: row.try_get("id")?,
        workspace: WorkspaceId(row.try_get("workspace")?),
        name: row.try_get("name")?,
        kind: row.try_get("kind")?,
        sealed: row.try_get("sealed")?,
        version: row.try_get("version")?,
        created_at: Timestamp(row.try_get("created_at")?),
        updated_at: Timestamp(row.try_get("updated_at")?),
    })
}

/// The smallest UUIDv7 of a moment.
pub(super) fn id_at(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.0 / 1000).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}
