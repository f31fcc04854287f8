//! The inbox of webhooks: every call as it came, what was decided about it, sending it again.

use axum::{
    Json,
    extract::{Path, Query, State},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use super::{Problem, Shared, WORKSPACE};
use crate::store::{CallFilter, HookCallRow};

fn view(row: &HookCallRow) -> Value {
    let (decision, reason) = match row.code.as_str() {
        "accepted" | "duplicate" => (row.code.as_str(), Value::Null),
        code => ("refused", json!({"code": code, "detail": row.detail})),
    };
    json!({
        "position": row.position, "at": row.at.to_rfc3339(), "method": row.method, "path": row.path, "remote": row.remote,
        "size": row.size, "status": row.status, "decision": decision, "reason": reason, "event": row.event,
    })
}

/// Which calls.
#[derive(Deserialize, IntoParams)]
pub(super) struct Filter {
    /// Below `/hooks/main/`.
    path: Option<String>,
    /// `true`: only accepted calls; `false`: only refused ones and duplicates.
    accepted: Option<bool>,
    /// Cursor of the last page.
    before: Option<i64>,
    /// At most 500.
    limit: Option<u32>,
}

/// Webhook calls, accepted and refused, newest first.
#[utoipa::path(get, path = "/api/v1/webhook-calls", tag = "webhooks", params(Filter), responses((status = 200, description = "A page: items, next", body = Object)))]
pub(super) async fn list(
    State(app): State<Shared>,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>, Problem> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    let wanted = CallFilter { path: filter.path, accepted: filter.accepted };
    let rows = app.core.store.hook_calls(WORKSPACE, &wanted, filter.before, limit).await?;
    let next = (rows.len() == limit as usize).then(|| rows.last().map(|row| row.position)).flatten();
    let items: Vec<Value> = rows.iter().map(view).collect();
    Ok(Json(json!({"items": items, "next": next})))
}

async fn find(app: &Shared, position: i64) -> Result<HookCallRow, Problem> {
    let row = app.core.store.hook_call(WORKSPACE, position).await?;
    row.ok_or_else(|| Problem::not_found("webhook call"))
}

/// One call with query, headers and body, and the runs that it started. Headers that authenticate are not kept.
#[utoipa::path(get, path = "/api/v1/webhook-calls/{position}", tag = "webhooks", params(("position" = i64, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(position): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let row = find(&app, position).await?;
    let store = &app.core.store;
    let mut shown = view(&row);
    let mut headers: Map<String, Value> = serde_json::from_str(&row.headers).unwrap_or_default();
    let mut body = match std::str::from_utf8(&row.body) {
        Ok(text) => json!({"body": text}),
        Err(_) => json!({"body_base64": STANDARD.encode(&row.body)}),
    };
    // What an accepted call has in common with its event is kept there.
    if let Some(position) = row.event {
        let runs = store.runs_of_event(WORKSPACE, position).await?;
        let decisions = store.decisions(WORKSPACE, Some(position), None, None, 500).await?;
        shown["runs"] = runs.iter().map(|run| Value::from(run.id.to_string())).collect();
        shown["decisions"] = decisions.into_iter().map(super::events::decision_view).collect();
        let event = store.event(WORKSPACE, position).await?;
        let data = event.and_then(|event| serde_json::from_slice::<Value>(&event.data).ok());
        if let Some(Value::Object(mut data)) = data {
            if let Some(Value::Object(kept)) = data.remove("headers") {
                headers.extend(kept);
            }
            body = json!({"body": data.remove("body").unwrap_or_default()});
        }
    }
    shown["query"] = row.query.into();
    shown["headers"] = headers.into();
    if let (Value::Object(shown), Value::Object(body)) = (&mut shown, body) {
        shown.extend(body);
    }
    Ok(Json(shown))
}

/// Sends a call again, as a new event for whoever listens at its path now. The sender is not checked again.
#[utoipa::path(post, path = "/api/v1/webhook-calls/{position}/resend", tag = "webhooks", params(("position" = i64, Path)), responses((status = 202, description = "Accepted: event, runs", body = Object), (status = 404, description = "No such call, or nobody listens there", body = Problem), (status = 422, description = "The call cannot be accepted as it is", body = Problem)))]
pub(super) async fn resend(
    State(app): State<Shared>,
    Path(position): Path<i64>,
) -> Result<Response, Problem> {
    let row = find(&app, position).await?;
    match row.event {
        None => super::hooks::again(&app, row).await,
        Some(position) => {
            let event = app.core.store.event(WORKSPACE, position).await?;
            super::events::again(&app, event.ok_or_else(|| Problem::not_found("event any more"))?).await
        }
    }
}
