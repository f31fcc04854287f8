//! Writes as statements: the rows of all units of a group, one statement for each table, its columns as
//! arrays (UNNEST). Whatever the size of the group, it takes the same number of round trips.

use std::collections::HashMap;

use masar_engine::RunId;
use sqlx::{PgConnection, postgres::PgArguments, query::Query};
use uuid::Uuid;

use super::waits;
use crate::store::{
    approvals::LinkRow,
    batch::{Batch, Timer},
    rows::{ACCEPTED, OutboxRow, TimerKind, Write},
};

const DEDUP: &str = "INSERT INTO dedup (workspace, key, position, expires) \
     SELECT * FROM UNNEST($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[])";
const EVENT: &str = "INSERT INTO events (position, workspace, id, source, type, subject, time, received_at, origin, depth, data) \
     SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], \
     $9::bigint[], $10::bigint[], $11::bytea[])";
const RUN: &str = "INSERT INTO runs (id, workspace, workflow, version, event, event_type, status, trigger_key, subject, test, parent, \
     parent_step, replay_of, priority, key, depth, accepted_at, ended_at, error_code, error_node, error_message) \
     SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], \
     $9::text[], $10::bigint[], $11::uuid[], $12::text[], $13::uuid[], $14::bigint[], $15::text[], $16::bigint[], $17::bigint[], \
     $18::bigint[], $19::text[], $20::text[], $21::text[])";
const MOVED_ON: &str = "UPDATE runs SET status = u.status, ended_at = u.ended_at, error_code = u.code, error_node = u.node, error_message = u.message \
     FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[]) AS u (id, status, ended_at, code, node, message) \
     WHERE runs.id = u.id";
const JOURNAL: &str = "INSERT INTO journal (run, seq, count, hash, body) \
     SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[], $5::bytea[])";
// The workspace of a timer is its run's; a run is written before its timers.
const TIMER: &str = "INSERT INTO timers (due, run, token, kind, payload, workspace) \
     SELECT u.due, u.run, u.token, u.kind, u.payload, r.workspace \
     FROM UNNEST($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[]) AS u (due, run, token, kind, payload) \
     JOIN runs r ON r.id = u.run \
     ON CONFLICT (due, run, token, kind) DO UPDATE SET payload = excluded.payload";
const TIMER_OFF: &str = "DELETE FROM timers t USING UNNEST($1::uuid[], $2::bigint[]) AS u (run, token) \
     WHERE t.run = u.run AND t.token = u.token";
const TIMER_OFF_KIND: &str = "DELETE FROM timers t USING UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS u (run, token, kind) \
     WHERE t.run = u.run AND t.token = u.token AND t.kind = u.kind";
const TIMERS_OFF: &str = "DELETE FROM timers WHERE run = ANY ($1)";
const WAIT_OFF: &str = "DELETE FROM waits w USING UNNEST($1::uuid[], $2::bigint[]) AS u (run, token) \
     WHERE w.run = u.run AND w.token = u.token";
const WAITS_OFF: &str = "DELETE FROM waits WHERE run = ANY ($1)";
const TAKEN: &str =
    "INSERT INTO taken (run, position) SELECT * FROM UNNEST($1::uuid[], $2::bigint[]) ON CONFLICT DO NOTHING";
const OUTBOX: &str = "INSERT INTO outbox (workspace, event_id, source, type, subject, time, data, depth) \
     SELECT * FROM UNNEST($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[])";
const OUTBOX_OFF: &str = "DELETE FROM outbox WHERE position = ANY ($1)";
const DECISION: &str = "INSERT INTO decisions (event, workflow, trigger_key, workspace, code, detail, subject, at) \
     SELECT * FROM UNNEST($1::bigint[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::bigint[]) \
     ON CONFLICT DO NOTHING";
const HOOK_CALL: &str = "INSERT INTO hook_calls (position, workspace, path, method, query, at, status, code, detail, headers, remote, event, body, size) \
     SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], \
     $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bytea[], $14::bigint[])";
const SCHEDULE: &str = "INSERT INTO schedules (workflow, trigger_key, last_at) VALUES ($1, $2, $3) \
     ON CONFLICT (workflow, trigger_key) DO UPDATE SET last_at = greatest(schedules.last_at, excluded.last_at)";
const LINK: &str = "INSERT INTO approval_links (secret, workspace, run, token, step, title, deadline, made_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Columns of rows, as arrays in the order of the statement.
macro_rules! columns {
    ($query:expr, $rows:expr, $($value:expr),+ $(,)?) => {{
        let query = $query;
        $(let query = query.bind($rows.iter().map($value).collect::<Vec<_>>());)+
        query
    }};
}

type Statement = Query<'static, sqlx::Postgres, PgArguments>;

async fn run(conn: &mut PgConnection, statement: Statement) -> Result<(), sqlx::Error> {
    statement.execute(conn).await.map(|_| ())
}

/// Fields of writes of one kind; a list of that kind holds no others.
macro_rules! fields {
    ($writes:expr, $pattern:pat => $value:expr) => {
        $writes
            .iter()
            .filter_map(|write| match write {
                $pattern => Some($value),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
}

/// Writes a batch inside a transaction.
pub(super) async fn batch(conn: &mut PgConnection, mut batch: Batch<'_>) -> Result<(), sqlx::Error> {
    waits::lock(conn, &batch).await?;
    events(conn, &batch).await?;
    runs(conn, &mut batch).await?;
    waking(conn, batch).await
}

async fn events(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
    if !batch.dedup.is_empty() {
        // In the order of the keys: two groups that share some cannot wait for each other.
        let mut rows = fields!(batch.dedup, Write::EventInsert { workspace, position, dedup: Some((key, expires)), .. }
            => (workspace.0, key.to_vec(), *position, expires.0));
        rows.sort();
        let query =
            columns!(sqlx::query(DEDUP), rows, |row| row.0, |row| row.1.clone(), |row| row.2, |row| row.3);
        run(conn, query).await?;
    }
    if !batch.events.is_empty() {
        let rows = fields!(batch.events, Write::EventInsert {
            position, workspace, event_id, source, event_type, subject, time, received_at, origin, data, depth, ..
        } => (
            (*position, workspace.0, event_id.clone(), source.clone(), event_type.clone(), subject.clone()),
            (time.clone(), received_at.0, *origin as i64, i64::from(*depth), data.0.clone()),
        ));
        let query = columns!(
            sqlx::query(EVENT),
            rows,
            |row| row.0.0,
            |row| row.0.1,
            |row| row.0.2.clone(),
            |row| row.0.3.clone(),
            |row| row.0.4.clone(),
            |row| row.0.5.clone(),
            |row| row.1.0.clone(),
            |row| row.1.1,
            |row| row.1.2,
            |row| row.1.3,
            |row| row.1.4.clone(),
        );
        run(conn, query).await?;
    }
    if !batch.decisions.is_empty() {
        let rows = fields!(batch.decisions, Write::Decision { event, workspace, workflow, trigger, code, detail, subject, at }
            => (*event, workflow.0, trigger.clone(), workspace.0, (*code).to_owned(), detail.clone(), subject.clone(), at.0));
        let query = columns!(
            sqlx::query(DECISION),
            rows,
            |row| row.0,
            |row| row.1,
            |row| row.2.clone(),
            |row| row.3,
            |row| row.4.clone(),
            |row| row.5.clone(),
            |row| row.6.clone(),
            |row| row.7,
        );
        run(conn, query).await?;
    }
    if !batch.hook_calls.is_empty() {
        // What an accepted call has in common with the others takes no room.
        let accepted = |code: &str| code == ACCEPTED;
        let query = columns!(
            sqlx::query(HOOK_CALL),
            batch.hook_calls,
            |call| call.position,
            |call| call.workspace.0,
            |call| call.path.clone(),
            |call| if call.method == "POST" { String::new() } else { call.method.clone() },
            |call| call.query.clone(),
            |call| call.at.0,
            |call| if accepted(&call.code) { 0 } else { i64::from(call.status) },
            |call| if accepted(&call.code) { String::new() } else { call.code.clone() },
            |call| call.detail.clone(),
            |call| if call.headers == "{}" { String::new() } else { call.headers.clone() },
            |call| call.remote.clone(),
            |call| if accepted(&call.code) { None } else { call.event },
            |call| call.body.clone(),
            |call| i64::try_from(call.size).unwrap_or(i64::MAX),
        );
        run(conn, query).await?;
    }
    Ok(())
}

async fn runs(conn: &mut PgConnection, batch: &mut Batch<'_>) -> Result<(), sqlx::Error> {
    if !batch.runs.is_empty() {
        batch.runs.sort_unstable_by_key(|row| row.id);
        let query = columns!(
            sqlx::query(RUN),
            batch.runs,
            |row| row.id.0,
            |row| row.workspace.0,
            |row| row.workflow.0,
            |row| row.version,
            |row| row.event,
            |row| row.event_type.clone(),
            |row| row.status as i64,
            |row| row.trigger.clone(),
            |row| row.subject.clone(),
            |row| i64::from(row.test),
            |row| row.parent.as_ref().map(|(run, _)| run.0),
            |row| row.parent.as_ref().map(|(_, step)| step.clone()),
            |row| row.replay_of.map(|run| run.0),
            |row| i64::from(row.priority),
            |row| row.key.clone(),
            |row| i64::from(row.depth),
            |row| row.accepted_at.0,
            |row| row.ended_at.map(|at| at.0),
            |row| row.error_code.clone(),
            |row| row.error_node.clone(),
            |row| row.error_message.clone(),
        );
        run(conn, query).await?;
    }
    if !batch.journal.is_empty() {
        let mut rows = fields!(batch.journal, Write::Journal { run, first, count, hash, body }
            => (run.0, *first as i64, i64::from(*count), hash.to_vec(), body.0.clone()));
        rows.sort_by_key(|row| (row.0, row.1));
        let query = columns!(
            sqlx::query(JOURNAL),
            rows,
            |row| row.0,
            |row| row.1,
            |row| row.2,
            |row| row.3.clone(),
            |row| row.4.clone(),
        );
        run(conn, query).await?;
    }
    if !batch.moved_on.is_empty() {
        // One statement changes a row once: what was said last is what counts.
        let mut last: HashMap<RunId, &Write> = HashMap::new();
        for write in &batch.moved_on {
            last.extend(write.run().map(|run| (run, *write)));
        }
        let mut rows = fields!(last.into_values().collect::<Vec<_>>(), Write::RunUpdate { id, status, ended_at, error_code, error_node, error_message }
            => (id.0, *status as i64, ended_at.map(|at| at.0), error_code.clone(), error_node.clone(), error_message.clone()));
        rows.sort_unstable_by_key(|row| row.0);
        let query = columns!(
            sqlx::query(MOVED_ON),
            rows,
            |row| row.0,
            |row| row.1,
            |row| row.2,
            |row| row.3.clone(),
            |row| row.4.clone(),
            |row| row.5.clone(),
        );
        run(conn, query).await?;
    }
    Ok(())
}

/// Timers, waits, outbox, schedules.
async fn waking(conn: &mut PgConnection, mut batch: Batch<'_>) -> Result<(), sqlx::Error> {
    timers_off(conn, &batch).await?;
    if !batch.waits_off.is_empty() {
        let query =
            columns!(sqlx::query(WAIT_OFF), batch.waits_off, |(run, _)| run.0, |(_, token)| *token as i64);
        run(conn, query).await?;
    }
    if !batch.waits_off_run.is_empty() {
        run(conn, columns!(sqlx::query(WAITS_OFF), batch.waits_off_run, |run| run.0)).await?;
    }
    // What a run has taken is known before its next wait looks back.
    if !batch.taken.is_empty() {
        let rows = fields!(batch.taken, Write::EventTaken { run, position } => (run.0, *position));
        run(conn, columns!(sqlx::query(TAKEN), rows, |row| row.0, |row| row.1)).await?;
    }
    // Before the waits of this group open; those look back at these events themselves.
    waits::arrive(conn, &mut batch).await?;
    let mut outbox: Vec<OutboxRow> = batch.outbox.iter().map(|row| (*row).clone()).collect();
    let mut links: Vec<LinkRow> = batch.links.iter().map(|link| (*link).clone()).collect();
    for write in std::mem::take(&mut batch.waits) {
        if let Some(opening) = waits::open(conn, write, &mut batch.timers).await? {
            links.push(opening.link.clone());
            outbox.extend(opening.requested.clone());
            let (run, token) = (opening.link.run, opening.link.token);
            batch.timers.extend(opening.remind.map(|due| (due, run, token, TimerKind::Remind, 0)));
        }
    }
    for link in &links {
        self::link(conn, link).await?;
    }
    set_timers(conn, batch.timers).await?;
    if !outbox.is_empty() {
        let query = columns!(
            sqlx::query(OUTBOX),
            outbox,
            |event| event.workspace.0,
            |event| event.event_id,
            |event| event.source.clone(),
            |event| event.event_type.clone(),
            |event| event.subject.clone(),
            |event| event.time.0,
            |event| event.data.to_string(),
            |event| i64::from(event.depth),
        );
        run(conn, query).await?;
    }
    if !batch.outbox_off.is_empty() {
        run(conn, sqlx::query(OUTBOX_OFF).bind(batch.outbox_off)).await?;
    }
    for (workflow, trigger, at) in fields!(batch.schedules, Write::ScheduleFired { workflow, trigger, at } => (workflow.0, trigger.clone(), at.0))
    {
        run(conn, sqlx::query(SCHEDULE).bind(workflow).bind(trigger).bind(at)).await?;
    }
    Ok(())
}

async fn timers_off(conn: &mut PgConnection, batch: &Batch<'_>) -> Result<(), sqlx::Error> {
    let rows = fields!(batch.timers_off, Write::TimerClear { run, token } => (run.0, *token as i64));
    if !rows.is_empty() {
        run(conn, columns!(sqlx::query(TIMER_OFF), rows, |row| row.0, |row| row.1)).await?;
    }
    let rows = fields!(batch.timers_off, Write::TimerClearKind { run, token, kind } => (run.0, *token as i64, *kind as i64));
    if !rows.is_empty() {
        run(conn, columns!(sqlx::query(TIMER_OFF_KIND), rows, |row| row.0, |row| row.1, |row| row.2)).await?;
    }
    let rows: Vec<Uuid> = fields!(batch.timers_off, Write::TimersClearRun { run } => run.0);
    if !rows.is_empty() {
        run(conn, sqlx::query(TIMERS_OFF).bind(rows)).await?;
    }
    Ok(())
}

async fn set_timers(conn: &mut PgConnection, timers: Vec<Timer>) -> Result<(), sqlx::Error> {
    if timers.is_empty() {
        return Ok(());
    }
    // One statement writes a row once: what was said last is what counts.
    let last: HashMap<_, _> = timers
        .into_iter()
        .map(|(due, run, token, kind, payload)| ((due.0, run.0, token as i64, kind as i64), payload))
        .collect();
    let mut rows: Vec<_> = last.into_iter().collect();
    rows.sort_unstable();
    let query = columns!(
        sqlx::query(TIMER),
        rows,
        |row| row.0.0,
        |row| row.0.1,
        |row| row.0.2,
        |row| row.0.3,
        |row| row.1,
    );
    run(conn, query).await
}

async fn link(conn: &mut PgConnection, link: &LinkRow) -> Result<(), sqlx::Error> {
    let query = sqlx::query(LINK)
        .bind(link.secret.to_vec())
        .bind(link.workspace.0)
        .bind(link.run.0)
        .bind(link.token as i64)
        .bind(link.step.clone())
        .bind(link.title.clone())
        .bind(link.deadline.map(|at| at.0))
        .bind(link.made_at.0);
    run(conn, query).await
}
