//! Runs: the log, its verification, the live stream, and what people may do to a run.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt as _};
use masar_engine::{
    Event, RunId, Timestamp,
    run::{Decision, Pin, Record},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_stream::wrappers::BroadcastStream;
use utoipa::{IntoParams, ToSchema};

use super::{Body, Problem, Shared, WORKSPACE, actor, id};
use crate::{
    dispatch::{Incoming, Target, Test},
    execute::{InputError, RunInput},
    report,
    store::{Origin, RunFilter, RunRow, Status},
};

pub(super) fn summary(row: &RunRow) -> Value {
    json!({
        "id": row.id.to_string(), "workflow": row.workflow.to_string(), "version": row.version, "status": row.status.as_str(),
        "event": row.event, "event_type": row.event_type, "trigger": row.trigger, "subject": row.subject, "test": row.test,
        "parent": row.parent.as_ref().map(|(run, step)| json!({"run": run.to_string(), "step": step})),
        "replay_of": row.replay_of.map(|run| run.to_string()),
        "accepted_at": row.accepted_at.to_rfc3339(), "ended_at": row.ended_at.map(Timestamp::to_rfc3339),
        "error": row.error_code.as_ref().map(|code| json!({"code": code, "message": row.error_message, "step": row.error_node})),
    })
}

/// Which runs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Id of the workflow.
    workflow: Option<String>,
    /// One or several of queued, running, waiting, in_doubt, succeeded, failed, cancelled, comma between them.
    status: Option<String>,
    /// Accepted at or after, RFC 3339.
    from: Option<String>,
    /// Accepted before, RFC 3339.
    until: Option<String>,
    subject: Option<String>,
    event_type: Option<String>,
    /// Step that failed.
    node: Option<String>,
    error_code: Option<String>,
    test: Option<bool>,
    /// Text in subject, error or event type.
    q: Option<String>,
    /// Cursor of the last page.
    before: Option<String>,
    /// At most 200.
    limit: Option<u32>,
}

fn moment(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| {
        let at: jiff::Timestamp = text.parse().map_err(|_| {
            Problem::new("invalid", format!("\"{text}\" is not a time; write 2026-11-23T08:00:00+03:00"))
        })?;
        Ok(Timestamp(at.as_microsecond()))
    })
    .transpose()
}

/// Runs, newest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", params(Filter), responses((status = 200, description = "A page: items, next", body = Object), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>, Problem> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 200);
    let mut status = Vec::new();
    for word in filter.status.iter().flat_map(|text| text.split(',')).filter(|word| !word.is_empty()) {
        status.push(Status::parse(word).ok_or_else(|| {
            let known: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
            Problem::new("invalid", format!("\"{word}\" is not a status; there are {}", known.join(", ")))
        })?);
    }
    let wanted = RunFilter {
        workflow: filter.workflow.as_deref().map(super::workflows::workflow_id).transpose()?,
        status,
        from: moment(filter.from.as_deref())?,
        until: moment(filter.until.as_deref())?,
        subject: filter.subject,
        event_type: filter.event_type,
        node: filter.node,
        error_code: filter.error_code,
        test: filter.test,
        text: filter.q,
    };
    let before = filter.before.as_deref().map(|text| id(text, "run")).transpose()?;
    let rows = app.core.store.runs(WORKSPACE, &wanted, before, limit).await?;
    let next = (rows.len() == limit as usize).then(|| rows.last().map(|row| row.id.to_string())).flatten();
    Ok(Json(json!({"items": rows.iter().map(summary).collect::<Vec<_>>(), "next": next})))
}

async fn find(app: &Shared, text: &str) -> Result<RunRow, Problem> {
    let run: RunId = id(text, "run")?;
    app.core.store.run(WORKSPACE, run).await?.ok_or_else(|| Problem::not_found("run"))
}

/// One run with its event and its steps.
#[utoipa::path(get, path = "/api/v1/runs/{run}", tag = "runs", params(("run", description = "Run id")), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn get(State(app): State<Shared>, Path(run): Path<String>) -> Result<Json<Value>, Problem> {
    let row = find(&app, &run).await?;
    let (records, _) = app.core.journal(row.id).await?;
    let mut view = summary(&row);
    let event = app.core.store.event(WORKSPACE, row.event).await?;
    if let Some(object) = view.as_object_mut() {
        object.insert("steps".into(), serde_json::to_value(report::steps(&records)).unwrap_or_default());
        object.insert("records".into(), records.len().into());
        let (data, envelope) = event.map_or((Value::Null, Value::Null), |row| {
            let event = masar_engine::Event {
                id: row.event_id,
                source: row.source,
                event_type: row.event_type,
                subject: row.subject,
                time: row.time,
                data: Arc::default(),
            };
            (serde_json::from_slice(&row.data).unwrap_or_default(), event.envelope())
        });
        object.insert("trigger_data".into(), data);
        object.insert("envelope".into(), envelope);
        // Where the nodes stand, and what each waits for.
        if let Ok(plan) = app.dispatcher.plan(WORKSPACE, row.workflow, row.version).await
            && let Ok((machine, _, _)) = app.core.replay(&row, plan).await
        {
            object.insert("nodes".into(), serde_json::to_value(machine.view()).unwrap_or_default());
        }
    }
    Ok(Json(view))
}

/// A stretch of a journal.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Stretch {
    /// Number of the last record that is known, from 0; the answer begins with the next one.
    after: Option<u64>,
    /// At most so many records, 10000 where only `after` is given.
    limit: Option<u64>,
}

/// Records of one answer, where a stretch is asked for.
const LONGEST_STRETCH: u64 = 10_000;

/// The run's journal, record by record, as it was written; whole, with its hash chain checked, or a stretch of it, for whoever follows a run and missed something.
#[utoipa::path(get, path = "/api/v1/runs/{run}/journal", tag = "runs", params(("run", description = "Run id"), Stretch), responses((status = 200, description = "Records in order", body = [Object]), (status = 404, body = Problem)))]
pub(super) async fn journal(
    State(app): State<Shared>,
    Path(run): Path<String>,
    Query(stretch): Query<Stretch>,
) -> Result<Json<Vec<Record>>, Problem> {
    let row = find(&app, &run).await?;
    if stretch.after.is_none() && stretch.limit.is_none() {
        return Ok(Json(app.core.journal(row.id).await?.0));
    }
    let from = stretch.after.map_or(0, |after| after.saturating_add(1));
    let most = stretch.limit.unwrap_or(LONGEST_STRETCH).clamp(1, LONGEST_STRETCH);
    let mut records = Vec::new();
    for segment in app.core.store.journal_from(row.id, from, most).await? {
        let lines = segment.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        for (number, line) in (segment.first..).zip(lines) {
            if number >= from && number - from < most {
                let record = serde_json::from_slice(line)
                    .map_err(|error| Problem::new("store_corrupt", format!("record {number}: {error}")))?;
                records.push(record);
            }
        }
    }
    Ok(Json(records))
}

/// Checks the run's hash chain.
#[utoipa::path(get, path = "/api/v1/runs/{run}/verify", tag = "runs", params(("run", description = "Run id")), responses((status = 200, description = "intact, records, head; or what was altered", body = Object), (status = 404, body = Problem)))]
pub(super) async fn verify(
    State(app): State<Shared>,
    Path(run): Path<String>,
) -> Result<Json<Value>, Problem> {
    let row = find(&app, &run).await?;
    Ok(Json(match crate::verify::run(&app.core.store, &row).await? {
        Ok(intact) => json!({"intact": true, "records": intact.records, "head": intact.head}),
        Err(fault) => json!({"intact": false, "detail": fault.to_string()}),
    }))
}

async fn tell(
    app: &Shared,
    run: RunId,
    make: impl FnOnce(oneshot::Sender<Result<(), InputError>>) -> RunInput,
) -> Result<StatusCode, Problem> {
    let (reply, answer) = oneshot::channel();
    app.executor.deliver(WORKSPACE, run, make(reply));
    answer.await.map_err(|_| Problem::new("store", "the run could not be told; try again"))??;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops a run; steps under way are cancelled.
#[utoipa::path(post, path = "/api/v1/runs/{run}/cancel", tag = "runs", params(("run", description = "Run id")), responses((status = 204), (status = 409, body = Problem)))]
pub(super) async fn cancel(
    State(app): State<Shared>,
    Path(run): Path<String>,
) -> Result<StatusCode, Problem> {
    let row = find(&app, &run).await?;
    tell(&app, row.id, |reply| RunInput::Cancel { by: actor(), reply: Some(reply) }).await
}

/// Stops a run, if it has not ended by itself.
pub(super) async fn stop(app: &Shared, run: RunId) -> Result<(), Problem> {
    match tell(app, run, |reply| RunInput::Cancel { by: actor(), reply: Some(reply) }).await {
        Err(problem) if problem.code != "not_waiting" => Err(problem),
        _ => Ok(()),
    }
}

/// Lets a failed run go on from where it failed. What is done stays done.
#[utoipa::path(post, path = "/api/v1/runs/{run}/retry", tag = "runs", params(("run", description = "Run id")), responses((status = 204), (status = 409, body = Problem)))]
pub(super) async fn retry(State(app): State<Shared>, Path(run): Path<String>) -> Result<StatusCode, Problem> {
    let row = find(&app, &run).await?;
    tell(&app, row.id, |reply| RunInput::Resume { by: actor(), reply }).await
}

/// A decision about a step in doubt.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecideRequest {
    step: String,
    /// `happened`, `try_again` or `failed`.
    decision: String,
    /// Its output, where it happened.
    #[serde(default)]
    #[schema(value_type = Object)]
    output: Value,
    /// Why it failed.
    #[serde(default)]
    reason: String,
}

/// Decides about a step whose outcome is unknown.
#[utoipa::path(post, path = "/api/v1/runs/{run}/decide", tag = "runs", params(("run", description = "Run id")), request_body = DecideRequest, responses((status = 204), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn decide(
    State(app): State<Shared>,
    Path(run): Path<String>,
    Body(request): Body<DecideRequest>,
) -> Result<StatusCode, Problem> {
    let row = find(&app, &run).await?;
    let decision = match request.decision.as_str() {
        "happened" => Decision::Happened(request.output),
        "try_again" => Decision::TryAgain,
        "failed" => Decision::Failed(request.reason),
        other => {
            return Err(Problem::new(
                "invalid",
                format!("\"{other}\" is not a decision; there are happened, try_again, failed"),
            ));
        }
    };
    tell(&app, row.id, |reply| RunInput::Decide { step: request.step, decision, by: actor(), reply }).await
}

/// Where to run again from.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rerun {
    /// Key of the node from which everything is done anew; absent means from the start.
    from: Option<String>,
    /// Corrected trigger data; absent keeps the journaled.
    #[schema(value_type = Option<Object>)]
    data: Option<Value>,
    /// Corrected outputs of earlier nodes: key → value.
    #[schema(value_type = Object)]
    outputs: std::collections::BTreeMap<String, Value>,
}

/// Runs again, as a new run on the same version: what lies before `from` keeps its journaled (or corrected) outputs.
#[utoipa::path(post, path = "/api/v1/runs/{run}/rerun", tag = "runs", params(("run", description = "Run id")), request_body = Rerun, responses((status = 202, body = Object), (status = 404, body = Problem)))]
pub(super) async fn rerun(
    State(app): State<Shared>,
    Path(run): Path<String>,
    Body(request): Body<Rerun>,
) -> Result<Response, Problem> {
    let row = find(&app, &run).await?;
    let plan = app.dispatcher.plan(WORKSPACE, row.workflow, row.version).await?;
    let event =
        app.core.store.event(WORKSPACE, row.event).await?.ok_or_else(|| Problem::not_found("event"))?;
    let data = match request.data {
        Some(data) => data,
        None => serde_json::from_slice(&event.data)
            .map_err(|error| Problem::new("internal", error.to_string()))?,
    };
    let mut pins = std::collections::BTreeMap::new();
    if let Some(from) = &request.from {
        let node = plan
            .find(from)
            .ok_or_else(|| Problem::new("invalid", format!("the workflow has no node \"{from}\"")))?;
        let again = plan.downstream(node);
        let (records, _) = app.core.journal(row.id).await?;
        let mut last = data.clone();
        for record in &records {
            let Record::Done { step, port, value, .. } = record else { continue };
            let Some(index) = plan.find(&step.0).filter(|index| plan.node(*index).scope == 0) else {
                continue;
            };
            if let Some(value) = value {
                last = (**value).clone();
            }
            if !again[index as usize]
                && plan.node(index).spec.manifest.role != masar_engine::manifest::Role::Trigger
            {
                pins.insert(step.to_string(), Pin { port: port.clone(), value: Arc::new(last.clone()) });
            }
        }
    }
    for (key, value) in request.outputs {
        let port = pins.get(&key).map_or_else(|| "out".to_owned(), |pin| pin.port.clone());
        pins.insert(key, Pin { port, value: Arc::new(value) });
    }
    let now = app.core.clock.now();
    let incoming = Incoming {
        workspace: WORKSPACE,
        event: Event {
            id: app.core.ids.next(now).to_string(),
            source: format!("/runs/{}", row.id),
            event_type: event.event_type,
            subject: event.subject,
            time: Some(now.to_rfc3339()),
            data: Arc::new(data),
        },
        origin: Origin::Api,
        target: Some(Target { workflow: row.workflow, trigger: Some(row.trigger.clone()) }),
        dedup: None,
        depth: 0,
        outbox: None,
        call: None,
    };
    let again = Test { version: row.version, plan, pins, allowed: Vec::new(), rerun_of: Some(row.id) };
    let accepted = app.dispatcher.accept(incoming, false, Some(again)).await?;
    let run = accepted.runs.first().map(ToString::to_string);
    Ok((StatusCode::ACCEPTED, Json(json!({"run": run, "event": accepted.position}))).into_response())
}

/// Which runs to follow.
#[derive(Deserialize, IntoParams)]
pub(super) struct Follow {
    /// Only this run.
    run: Option<String>,
    /// Only runs of this workflow.
    workflow: Option<String>,
}

/// Runs as they happen, as server-sent events: `records` with what has just become durable; `missed` when the reader was too slow and should read the run anew.
#[utoipa::path(get, path = "/api/v1/live", tag = "runs", params(Follow), responses((status = 200, description = "text/event-stream", content_type = "text/event-stream")))]
pub(super) async fn live(
    State(app): State<Shared>,
    Query(follow): Query<Follow>,
) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let stream = BroadcastStream::new(app.core.live.subscribe()).filter_map(move |event| {
        let shown = match event {
            Ok(event) => {
                let wanted = event.workspace == WORKSPACE.0
                    && follow.run.as_ref().is_none_or(|run| *run == event.run)
                    && follow.workflow.as_ref().is_none_or(|workflow| *workflow == event.workflow);
                wanted.then(|| sse::Event::default().event("records").json_data(&event).unwrap_or_default())
            }
            Err(_) => Some(sse::Event::default().event("missed").data("{}")),
        };
        std::future::ready(shown.map(Ok))
    });
    // The stream ends with the server, so that a stop does not wait for its readers.
    let stopping = app.stopping();
    Sse::new(stream.take_until(async move { stopping.cancelled().await })).keep_alive(KeepAlive::default())
}
