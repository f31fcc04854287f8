//! Dead letters: messages of RabbitMQ that could not be taken. Looking at them, sending them again
//! singly or all of one cause, throwing them away.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use masar_engine::WorkspaceId;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::{Problem, Shared, WORKSPACE, problem::wants_arabic};
use crate::{
    bus::{
        self,
        cloudevent::{self, Bounds},
        reason::Reason,
    },
    dispatch::Incoming,
    store::{DeadLetter, Origin},
};

/// Letters sent again or thrown away by one request.
const AT_ONCE: u32 = 1000;

/// What a code means and what to do about it, in the caller's language.
fn meaning(code: &str, headers: &HeaderMap) -> (&'static str, &'static str) {
    let Reason { title, mend, .. } = Reason::find(code);
    if wants_arabic(headers) { (title.ar, mend.ar) } else { (title.en, mend.en) }
}

fn view(found: &DeadLetter, headers: &HeaderMap) -> Value {
    let letter = &found.letter;
    let (title, mend) = meaning(&letter.code, headers);
    json!({
        "id": found.id, "at": letter.at.to_rfc3339(), "code": letter.code, "title": title, "mend": mend,
        "reason": letter.reason, "key": letter.routing_key,
        "content_type": letter.content_type, "headers": letter.headers, "size": found.size,
    })
}

/// Which dead letters.
#[derive(Deserialize, IntoParams)]
pub(super) struct Filter {
    /// Only with this reason, e.g. `bus.not_an_event`.
    code: Option<String>,
    /// Cursor of the last page.
    before: Option<i64>,
    /// At most 500.
    limit: Option<u32>,
}

/// Dead letters, newest first.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "events", params(Filter), responses((status = 200, description = "A page: items, next", body = Object)))]
pub(super) async fn list(
    State(app): State<Shared>,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Result<Json<Value>, Problem> {
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    let rows = app.core.store.dead_letters(WORKSPACE, filter.code.as_deref(), filter.before, limit).await?;
    let next = (rows.len() == limit as usize).then(|| rows.last().map(|row| row.id)).flatten();
    Ok(Json(json!({"items": rows.iter().map(|row| view(row, &headers)).collect::<Vec<_>>(), "next": next})))
}

/// Dead letters by their cause, the most frequent first.
#[utoipa::path(get, path = "/api/v1/dead-letters/causes", tag = "events", responses((status = 200, description = "Causes: code, its title and what to do, key, count, reason of the newest", body = [Object])))]
pub(super) async fn causes(State(app): State<Shared>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let causes = app.core.store.dead_causes(WORKSPACE).await?;
    let view = |cause: &crate::store::Cause| {
        let (title, mend) = meaning(&cause.code, &headers);
        json!({
            "code": cause.code, "title": title, "mend": mend, "key": cause.routing_key, "count": cause.count, "reason": cause.reason,
            "newest": cause.newest.to_rfc3339(),
        })
    };
    Ok(Json(causes.iter().map(view).collect()))
}

async fn find(app: &Shared, id: i64) -> Result<DeadLetter, Problem> {
    let letter = app.core.store.dead_letter(WORKSPACE, id).await?;
    letter.ok_or_else(|| Problem::not_found("dead letter"))
}

/// One dead letter with its body.
#[utoipa::path(get, path = "/api/v1/dead-letters/{id}", tag = "events", params(("id" = i64, Path)), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<i64>,
) -> Result<Json<Value>, Problem> {
    let found = find(&app, id).await?;
    let mut shown = view(&found, &headers);
    match std::str::from_utf8(&found.letter.body) {
        Ok(text) => shown["body"] = text.into(),
        Err(_) => shown["body_base64"] = STANDARD.encode(&found.letter.body).into(),
    }
    Ok(Json(shown))
}

/// Takes a letter in as if it came now. It goes when its event is durable.
async fn again(app: &Shared, found: &DeadLetter) -> Result<Value, Problem> {
    let limits = &app.core.config.limits;
    let bounds = Bounds { body: limits.body, depth: limits.depth };
    let letter = &found.letter;
    let properties = cloudevent::properties(letter.content_type.as_deref(), &letter.headers);
    let received = cloudevent::read(&properties, &letter.body, bounds).map_err(|reason| {
        Problem::new("invalid", format!("it would become a dead letter again: {reason}"))
    })?;
    let incoming = Incoming {
        workspace: WorkspaceId::FIRST,
        dedup: Some(bus::dedup_key(&received.event.source, &received.event.id)),
        event: received.event,
        origin: Origin::Bus,
        target: None,
        depth: received.depth,
        outbox: None,
        call: None,
    };
    let accepted = app.dispatcher.accept(incoming, false, None).await?;
    app.core.store.delete_dead_letter(WORKSPACE, found.id).await?;
    let runs: Vec<String> = accepted.runs.iter().map(ToString::to_string).collect();
    Ok(json!({"event": accepted.position, "runs": runs, "duplicate": accepted.duplicate}))
}

/// Sends a dead letter again: its event is accepted as if it came now, and the letter goes.
#[utoipa::path(post, path = "/api/v1/dead-letters/{id}/resend", tag = "events", params(("id" = i64, Path)), responses((status = 202, description = "Accepted: event, runs", body = Object), (status = 404, body = Problem), (status = 422, description = "What was wrong with it is still wrong", body = Problem)))]
pub(super) async fn resend(
    State(app): State<Shared>,
    Path(id): Path<i64>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let found = find(&app, id).await?;
    Ok((StatusCode::ACCEPTED, Json(again(&app, &found).await?)))
}

/// Of which cause.
#[derive(Deserialize, IntoParams)]
pub(super) struct OfCause {
    /// The code of the reason.
    code: String,
    /// Only those sent under this key.
    key: Option<String>,
    /// Only those after this one: the `next` of the answer before.
    after: Option<i64>,
}

/// Sends the dead letters of one cause again, oldest first, at most 1000 a request.
#[utoipa::path(post, path = "/api/v1/dead-letters/resend", tag = "events", params(OfCause), responses((status = 200, description = "sent, refused (id, reason), next", body = Object)))]
pub(super) async fn resend_all(
    State(app): State<Shared>,
    Query(cause): Query<OfCause>,
) -> Result<Json<Value>, Problem> {
    let ids = of_cause(&app, &cause).await?;
    let mut sent = 0;
    let mut refused = Vec::new();
    for id in &ids {
        // Somebody else may have been faster.
        let Ok(found) = find(&app, *id).await else { continue };
        match again(&app, &found).await {
            Ok(_) => sent += 1,
            Err(problem) if problem.status == 422 => {
                refused.push(json!({"id": id, "reason": problem.detail}));
            }
            Err(problem) => return Err(problem),
        }
    }
    let next = (ids.len() == AT_ONCE as usize).then(|| ids.last()).flatten();
    Ok(Json(json!({"sent": sent, "refused": refused, "next": next})))
}

async fn of_cause(app: &Shared, cause: &OfCause) -> Result<Vec<i64>, Problem> {
    let (code, key) = (&cause.code, cause.key.as_deref());
    Ok(app.core.store.dead_of_cause(WORKSPACE, code, key, cause.after.unwrap_or(0), AT_ONCE).await?)
}

/// Throws a dead letter away.
#[utoipa::path(delete, path = "/api/v1/dead-letters/{id}", tag = "events", params(("id" = i64, Path)), responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(State(app): State<Shared>, Path(id): Path<i64>) -> Result<StatusCode, Problem> {
    match app.core.store.delete_dead_letter(WORKSPACE, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("dead letter")),
    }
}

/// Throws the dead letters of one cause away, oldest first, at most 1000 a request.
#[utoipa::path(delete, path = "/api/v1/dead-letters", tag = "events", params(OfCause), responses((status = 200, description = "deleted, next", body = Object)))]
pub(super) async fn delete_all(
    State(app): State<Shared>,
    Query(cause): Query<OfCause>,
) -> Result<Json<Value>, Problem> {
    let ids = of_cause(&app, &cause).await?;
    let mut deleted = 0;
    for id in &ids {
        deleted += u32::from(app.core.store.delete_dead_letter(WORKSPACE, *id).await?);
    }
    let next = (ids.len() == AT_ONCE as usize).then(|| ids.last()).flatten();
    Ok(Json(json!({"deleted": deleted, "next": next})))
}
