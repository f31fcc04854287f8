//! Events: what came in, what became of it, sending and sending again.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use masar_engine::Event;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{Body, Problem, Shared, WORKSPACE};
use crate::{
    dispatch::Incoming,
    store::{DecisionRow, EventFilter, EventRow, Origin},
};

pub(super) fn decision_view(row: DecisionRow) -> Value {
    json!({
        "event": row.event, "workflow": row.workflow.to_string(), "trigger": row.trigger, "decision": row.code,
        "detail": row.detail, "subject": row.subject, "at": row.at.to_rfc3339(),
    })
}

fn view(row: &EventRow, with_data: bool) -> Value {
    let mut view = json!({
        "position": row.position, "id": row.event_id, "source": row.source, "type": row.event_type, "subject": row.subject,
        "time": row.time, "received_at": row.received_at.to_rfc3339(), "origin": row.origin.as_str(),
    });
    if with_data && let Some(object) = view.as_object_mut() {
        object.insert("data".into(), serde_json::from_slice(&row.data).unwrap_or_default());
    }
    view
}

/// Which events.
#[derive(Deserialize, IntoParams)]
pub(super) struct Filter {
    r#type: Option<String>,
    subject: Option<String>,
    source: Option<String>,
    /// Cursor of the last page.
    before: Option<i64>,
    /// At most 500.
    limit: Option<u32>,
}

/// Accepted events, newest first.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(Filter), responses((status = 200, description = "A page: items, next", body = Object)))]
pub(super) async fn list(
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>, Problem> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    let wanted = EventFilter {
        event_type: filter.r#type,
        subject: filter.subject,
        source: filter.source,
        origin: None,
    };
    let rows = app.core.store.events(WORKSPACE, &wanted, filter.before, limit).await?;
    let next = (rows.len() == limit as usize).then(|| rows.last().map(|row| row.position)).flatten();
    Ok(Json(json!({"items": rows.iter().map(|row| view(row, false)).collect::<Vec<_>>(), "next": next})))
}

/// One event with its data, its runs, and why other triggers did not start.
#[utoipa::path(get, path = "/api/v1/events/{position}", tag = "events", params(("position" = i64, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(position): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let store = &app.core.store;
    let row = store.event(WORKSPACE, position).await?.ok_or_else(|| Problem::not_found("event"))?;
    let runs = store.runs_of_event(WORKSPACE, position).await?;
    let decisions = store.decisions(WORKSPACE, Some(position), None, None, 500).await?;
    let mut view = view(&row, true);
    if let Some(object) = view.as_object_mut() {
        object.insert("runs".into(), runs.iter().map(super::runs::summary).collect());
        object.insert("decisions".into(), decisions.into_iter().map(decision_view).collect());
    }
    Ok(Json(view))
}

/// An event to send: a CloudEvents 1.0 envelope.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewEvent {
    /// Makes a second sending of the same event harmless. Mandatory.
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    r#type: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    data: Value,
}

fn mandatory(value: Option<String>, name: &str) -> Result<String, Problem> {
    value.filter(|text| !text.is_empty() && text.len() <= 512).ok_or_else(|| {
        Problem::new("invalid", format!("an event needs a \"{name}\" of 1 to 512 bytes (CloudEvents 1.0); with the same id and source it counts as the same event"))
    })
}

/// Sends an event. The same id and source again is a duplicate and starts nothing.
#[utoipa::path(post, path = "/api/v1/events", tag = "events", request_body = NewEvent, responses((status = 202, description = "Accepted: position, runs", body = Object), (status = 200, description = "A duplicate", body = Object), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub(super) async fn send(State(app): State<Shared>, Body(new): Body<NewEvent>) -> Result<Response, Problem> {
    let event = Event {
        id: mandatory(new.id, "id")?,
        source: mandatory(new.source, "source")?,
        event_type: mandatory(new.r#type, "type")?,
        subject: new.subject,
        time: new.time,
        data: Arc::new(new.data),
    };
    let dedup = Some(crate::bus::dedup_key(&event.source, &event.id));
    accept(&app, event, dedup).await
}

async fn accept(app: &Shared, event: Event, dedup: Option<String>) -> Result<Response, Problem> {
    let incoming = Incoming {
        workspace: WORKSPACE,
        event,
        origin: Origin::Api,
        target: None,
        dedup,
        depth: 0,
        outbox: None,
        call: None,
    };
    let accepted = app.dispatcher.accept(incoming, false, None).await?;
    let runs: Vec<String> = accepted.runs.iter().map(ToString::to_string).collect();
    let status = if accepted.duplicate { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(json!({"event": accepted.position, "runs": runs, "duplicate": accepted.duplicate})))
        .into_response())
}

/// Sends a past event again, as a new one.
#[utoipa::path(post, path = "/api/v1/events/{position}/resend", tag = "events", params(("position" = i64, Path)), responses((status = 202, body = Object), (status = 404, body = Problem)))]
pub(super) async fn resend(
    State(app): State<Shared>,
    Path(position): Path<i64>,
) -> Result<Response, Problem> {
    let row = app.core.store.event(WORKSPACE, position).await?.ok_or_else(|| Problem::not_found("event"))?;
    again(&app, row).await
}

/// A past event as a new one, to whom it went then.
pub(super) async fn again(app: &Shared, row: EventRow) -> Result<Response, Problem> {
    let now = app.core.clock.now();
    let data =
        serde_json::from_slice(&row.data).map_err(|error| Problem::new("internal", error.to_string()))?;
    let hook = row
        .source
        .strip_prefix("/hooks/")
        .and_then(|rest| rest.split_once('/'))
        .map(|(_, path)| path.to_owned());
    let event = Event {
        id: app.core.ids.next(now).to_string(),
        source: row.source,
        event_type: row.event_type,
        subject: row.subject,
        time: Some(now.to_rfc3339()),
        data: Arc::new(data),
    };
    match hook.filter(|_| row.origin == Origin::Hook) {
        Some(path) => super::hooks::resend(app, &path, event).await,
        None => accept(app, event, None).await,
    }
}
