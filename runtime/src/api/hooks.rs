//! Webhooks: `/hooks/{workspace}/{path}`. Raw bytes first, then the check of the sender, then the
//! parsing; an accepted call is an event, a refused one is kept with the reason.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{ConnectInfo, Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use masar_engine::Event;
use serde_json::{Map, Value, json};

use super::{Problem, Shared, WORKSPACE, problem::wants_arabic};
use crate::{
    dispatch::{HOOK_EVENT, Incoming, IntakeError, Listener, Target},
    execute::Answer,
    signature,
    store::{ACCEPTED, CommitError, HookCallRow, Origin, Unit, Write},
};

/// Headers that say nothing about what happened, or too much about who may do it.
const DROPPED: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "content-type",
    "accept",
    "accept-encoding",
    "user-agent",
    "authorization",
    "cookie",
    "proxy-authorization",
    "transfer-encoding",
    "idempotency-key",
];

/// What the row of an accepted call tells otherwise, or what is of no more interest with it.
const PLAIN: &[(&str, Option<&str>)] = &[
    ("host", None),
    ("connection", None),
    ("content-length", None),
    ("content-type", Some("application/json")),
];

/// How long a caller waits for a workflow's own answer.
const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// The route, as it is counted.
const ROUTE: &str = "/hooks/{workspace}/{*path}";

pub(super) fn routes() -> Router<Shared> {
    Router::new().route(ROUTE, any(call))
}

/// Bytes kept of the body of a call that led to no event.
const KEPT_BODY: usize = 64 << 10;

struct Call {
    path: String,
    method: Method,
    headers: HeaderMap,
    query: String,
    remote: String,
    body: Bytes,
}

async fn call(
    State(app): State<Shared>,
    Path((workspace, path)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    let method = request.method().clone();
    let response = answer(&app, &workspace, path, request).await;
    app.core.metrics.request(method.as_str(), ROUTE, response.status().as_u16());
    response
}

async fn answer(app: &Shared, workspace: &str, path: String, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let remote = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let mut call = Call {
        path,
        method: parts.method,
        headers: parts.headers,
        query: parts.uri.query().unwrap_or_default().to_owned(),
        remote: remote.map(|info| info.0.to_string()).unwrap_or_default(),
        body: Bytes::new(),
    };
    let mut body = Some(body);
    let result = if workspace == "main" {
        take(app, &mut call, &mut body).await
    } else {
        Err(Problem::not_found("workspace"))
    };
    match result {
        Ok(response) => {
            app.core.metrics.hook("accepted");
            response
        }
        Err(problem) => {
            app.core.metrics.hook(if problem.status == 429 { "overloaded" } else { "refused" });
            // What is refused for overload, or because nothing can be kept, is not kept either.
            if !matches!(problem.status, 429 | 503 | 507) {
                // A call that nobody listened to is read for the inbox, from which it can be sent again.
                if let Some(body) = body
                    && let Ok(body) = Limited::new(body, KEPT_BODY).collect().await
                {
                    call.body = body.to_bytes();
                }
                keep(
                    app,
                    HookCallRow {
                        status: problem.status,
                        code: problem.code.clone(),
                        detail: problem.detail.clone(),
                        ..call.row(app, None)
                    },
                )
                .await;
            }
            problem.answered(wants_arabic(&call.headers))
        }
    }
}

/// The trigger that listens where the call goes.
fn listener(app: &Shared, call: &Call) -> Result<Arc<Listener>, Problem> {
    if call.path.split('/').any(|part| part.is_empty() || part == "." || part == "..")
        || call.path.len() > 200
    {
        return Err(Problem::new("not_found", "a hook's path has plain parts: no empty ones, no . or .."));
    }
    let index = app.dispatcher.index();
    let listeners = index.hook(WORKSPACE, &call.path);
    if listeners.is_empty() {
        return Err(Problem::new("not_found", format!("no published workflow listens at {}", call.path)));
    }
    let takes = |listener: &&Arc<Listener>| {
        methods(&listener.parameters).iter().any(|method| method == call.method.as_str())
    };
    let found = listeners.iter().find(takes).cloned();
    found
        .ok_or_else(|| Problem::new("method_not_allowed", format!("this hook does not take {}", call.method)))
}

async fn take(app: &Shared, call: &mut Call, unread: &mut Option<Body>) -> Result<Response, Problem> {
    let listener = listener(app, call)?;
    let parameters = &listener.parameters;
    if !app.executor.has_room() {
        return Err(Problem::new("overloaded", "too many runs are waiting for their turn"));
    }
    let limit = parameters
        .get("body_limit")
        .and_then(Value::as_u64)
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(app.core.config.limits.body);
    call.body = match Limited::new(unread.take().unwrap_or_default(), limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(Problem::new("too_large", format!("this hook takes bodies of up to {limit} bytes")));
        }
        Err(error) => return Err(Problem::new("bad_request", error.to_string())),
    };
    authenticate(app, &listener, call).await?;
    let event = event(app, parameters, call)?;
    let dedup = duplicate_key(parameters, &call.headers, &event.data)?
        .map(|key| format!("hook\n{}\n{key}", call.path));
    let waits = parameters.get("respond").and_then(Value::as_str) == Some("workflow");
    let target = Some(Target { workflow: listener.workflow, trigger: Some(listener.key.clone()) });
    let row = call.row(app, Some(&event));
    // Only a repeated call is written apart from its event.
    let repeated = dedup.is_some().then(|| row.clone());
    let incoming = Incoming {
        workspace: WORKSPACE,
        event,
        origin: Origin::Hook,
        target,
        dedup,
        depth: 0,
        outbox: None,
        call: Some(Box::new(row)),
    };
    let accepted = app.dispatcher.accept(incoming, waits, None).await?;
    if accepted.duplicate {
        if let Some(row) = repeated {
            let (status, event) = (200, Some(accepted.position));
            keep(app, HookCallRow { status, code: "duplicate".into(), event, ..row }).await;
        }
        return Ok(
            (StatusCode::OK, Json(json!({"duplicate": true, "event": accepted.position}))).into_response()
        );
    }
    let Some(answer) = accepted.answer else {
        return Ok((StatusCode::ACCEPTED, Json(json!({"event": accepted.position}))).into_response());
    };
    match tokio::time::timeout(ANSWER_WITHIN, answer.wait()).await {
        Ok(Ok(answer)) => Ok(respond(answer)),
        Ok(Err(CommitError::Lost)) => Err(Problem::new("store", "the call could not be kept; try again")),
        Ok(Err(error)) => Err(IntakeError::from(error).into()),
        Err(_) => Ok((
            StatusCode::ACCEPTED,
            Json(json!({"event": accepted.position, "run": accepted.runs.first().map(ToString::to_string)})),
        )
            .into_response()),
    }
}

fn methods(parameters: &Value) -> Vec<String> {
    match parameters.get("method").or_else(|| parameters.get("methods")) {
        Some(Value::String(method)) => vec![method.to_uppercase()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(str::to_uppercase).collect(),
        _ => vec!["POST".into()],
    }
}

async fn authenticate(app: &Shared, listener: &Listener, call: &Call) -> Result<(), Problem> {
    let Some(auth) = listener
        .parameters
        .get("auth")
        .filter(|auth| auth.get("type").and_then(Value::as_str).is_some_and(|kind| kind != "none"))
    else {
        return Ok(());
    };
    let name = auth.get("credential").and_then(Value::as_str).unwrap_or_default();
    let opened = app.core.world.vault.open(WORKSPACE.0, name, &["webhook_secret"]).await;
    let opened = opened.map_err(|error| {
        Problem::new("signature", format!("this hook cannot check its callers: {}", error.message))
    })?;
    let secret = opened.need("secret").map_err(|error| Problem::new("signature", error.message))?;
    let secrets: Vec<&str> = std::iter::once(secret).chain(opened.get("previous")).collect();
    let header = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    signature::check(auth, &secrets, &header, &call.body, app.core.clock.now())
        .map_err(|error| Problem::new("signature", error.to_string()))
}

/// The event of a call: `body`, `query`, `headers`, `method`.
fn event(app: &Shared, parameters: &Value, call: &Call) -> Result<Event, Problem> {
    let now = app.core.clock.now();
    let body = parse_body(call, app.core.config.limits.depth)?;
    let mut query = Map::new();
    for (name, value) in form(&call.query) {
        query.insert(name, value.into());
    }
    let keep: Option<Vec<String>> = parameters
        .get("keep_headers")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_lowercase).collect());
    let mut headers = Map::new();
    for (name, value) in &call.headers {
        let name = name.as_str();
        let kept = match &keep {
            Some(names) => names.iter().any(|kept| kept == name),
            None => !DROPPED.contains(&name) && shown(name),
        };
        if let (true, Ok(value)) = (kept, value.to_str()) {
            headers.insert(name.to_owned(), value.into());
        }
    }
    let mut data = Map::new();
    data.insert("body".into(), body);
    data.insert("headers".into(), headers.into());
    data.insert("method".into(), call.method.as_str().into());
    data.insert("query".into(), query.into());
    Ok(Event {
        id: app.core.ids.next(now).to_string(),
        source: format!("/hooks/main/{}", call.path),
        event_type: HOOK_EVENT.into(),
        subject: None,
        time: None,
        data: Arc::new(Value::Object(data)),
    })
}

fn parse_body(call: &Call, depth: usize) -> Result<Value, Problem> {
    if call.body.is_empty() {
        return Ok(Value::Null);
    }
    let kind =
        call.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("application/json");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = std::str::from_utf8(&call.body).map_err(|error| {
        Problem::new("body_not_utf8", format!("the byte at {} is not UTF-8", error.valid_up_to()))
    })?;
    if kind == "application/x-www-form-urlencoded" && !text.trim_start().starts_with('{') {
        return Ok(Value::Object(form(text).map(|(name, value)| (name, value.into())).collect()));
    }
    if kind.starts_with("text/") && kind != "text/json" {
        return Ok(text.into());
    }
    if !kind.ends_with("json") && kind != "application/x-www-form-urlencoded" {
        return Err(Problem::new("media_type", format!("a hook takes JSON, forms and text, not {kind}")));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| match error.to_string() {
        text if text.starts_with("recursion limit") => {
            Problem::new("body_too_deep", format!("JSON may be nested {depth} deep"))
        }
        text => Problem::new("body_not_json", text),
    })?;
    if deeper(&value, depth) {
        return Err(Problem::new("body_too_deep", format!("JSON may be nested {depth} deep")));
    }
    Ok(value)
}

/// Whether JSON is nested deeper than so many levels.
pub(crate) fn deeper(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(items) => left == 0 || items.iter().any(|item| deeper(item, left - 1)),
        Value::Object(fields) => left == 0 || fields.values().any(|field| deeper(field, left - 1)),
        _ => false,
    }
}

fn form(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    form_urlencoded::parse(text.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// What makes a second call the same one, where the trigger says so.
fn duplicate_key(parameters: &Value, headers: &HeaderMap, data: &Value) -> Result<Option<String>, Problem> {
    let Some(dedupe) = parameters.get("dedupe").filter(|dedupe| !dedupe.is_null()) else { return Ok(None) };
    if let Some(name) = dedupe.get("header").and_then(Value::as_str) {
        return Ok(headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned));
    }
    let Some(path) = dedupe.get("path").and_then(Value::as_str) else { return Ok(None) };
    let found =
        path.split('.').try_fold(data.get("body").unwrap_or(&Value::Null), |value, name| value.get(name));
    Ok(found
        .filter(|value| !value.is_null())
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}

/// The caller's answer: what the workflow's responding node gave, else how the run ended.
fn respond(answer: Answer) -> Response {
    let Some(response) = answer.response else {
        let status = if answer.error.is_some() { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
        let error = answer.error.map(|error| json!({"code": error.code, "message": error.message}));
        return (
            status,
            Json(json!({"run": answer.run.to_string(), "status": answer.status, "error": error})),
        )
            .into_response();
    };
    let status = response.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let mut out = match response.get("body") {
        None | Some(Value::Null) => status.into_response(),
        Some(Value::String(text)) => (status, text.clone()).into_response(),
        Some(body) => (status, Json(body)).into_response(),
    };
    for (name, value) in response.get("headers").and_then(Value::as_object).into_iter().flatten() {
        if let (Ok(name), Ok(value)) =
            (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str().unwrap_or_default()))
        {
            out.headers_mut().insert(name, value);
        }
    }
    out
}

/// Whether a header may be shown: one that authenticates its caller is not kept.
fn shown(name: &str) -> bool {
    !["authorization", "cookie", "secret", "token", "password", "api-key", "apikey", "signature"]
        .iter()
        .any(|part| name.contains(part))
}

impl Call {
    /// As the inbox keeps it: with its event only what that lacks.
    fn row(&self, app: &Shared, event: Option<&Event>) -> HookCallRow {
        let known = event.and_then(|event| event.data.get("headers")).and_then(Value::as_object);
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| shown(name) && known.is_none_or(|known| !known.contains_key(*name)))
            .filter(|(name, value)| event.is_none() || !is_plain(name, value))
            .filter_map(|(name, value)| Some((name.to_owned(), value.to_str().ok()?.into())))
            .collect();
        let kept = if event.is_some() { 0 } else { self.body.len().min(KEPT_BODY) };
        HookCallRow {
            position: 0,
            workspace: WORKSPACE,
            path: self.path.chars().take(500).collect(),
            method: self.method.to_string(),
            query: self.query.chars().take(2000).collect(),
            at: app.core.clock.now(),
            status: StatusCode::ACCEPTED.as_u16(),
            code: ACCEPTED.into(),
            detail: String::new(),
            headers: Value::Object(headers).to_string(),
            remote: self.remote.clone(),
            event: None,
            body: self.body.get(..kept).unwrap_or_default().to_vec(),
            size: self.body.len() as u64,
        }
    }
}

fn is_plain(name: &str, value: &HeaderValue) -> bool {
    PLAIN.iter().any(|(plain, usual)| *plain == name && usual.is_none_or(|usual| usual == value))
}

async fn keep(app: &Shared, mut row: HookCallRow) {
    row.position = app.core.store.next_position(row.at);
    if let Err(error) = app.core.store.submit(Unit::of(vec![Write::HookCall(row)])).await {
        tracing::warn!(error = %error, "a webhook call could not be kept");
    }
}

/// A call that led to no event once more, for whoever listens at its path now. Who may use the
/// API may send it: its sender is not checked again.
pub(super) async fn again(app: &Shared, row: HookCallRow) -> Result<Response, Problem> {
    if row.size > row.body.len() as u64 {
        let what = format!("only {} of its {} bytes were kept", row.body.len(), row.size);
        return Err(Problem::new("invalid", what));
    }
    let headers: Map<String, Value> = serde_json::from_str(&row.headers).unwrap_or_default();
    let header = |(name, value): (&String, &Value)| {
        let value = HeaderValue::from_str(value.as_str()?).ok()?;
        Some((HeaderName::try_from(name.as_str()).ok()?, value))
    };
    let call = Call {
        path: row.path,
        method: Method::from_bytes(row.method.as_bytes()).unwrap_or(Method::POST),
        headers: headers.iter().filter_map(header).collect(),
        query: row.query,
        remote: row.remote,
        body: Bytes::from(row.body),
    };
    let listener = listener(app, &call)?;
    let event = event(app, &listener.parameters, &call)?;
    resend(app, &call.path, event).await
}

/// A past call once more, as a new event for whoever listens at its path now.
pub(super) async fn resend(app: &Shared, path: &str, event: Event) -> Result<Response, Problem> {
    let index = app.dispatcher.index();
    let listener = index
        .hook(WORKSPACE, path)
        .first()
        .ok_or_else(|| Problem::new("not_found", format!("no published workflow listens at {path}")))?;
    let target = Some(Target { workflow: listener.workflow, trigger: Some(listener.key.clone()) });
    let incoming = Incoming {
        workspace: WORKSPACE,
        event,
        origin: Origin::Hook,
        target,
        dedup: None,
        depth: 0,
        outbox: None,
        call: None,
    };
    let accepted = app.dispatcher.accept(incoming, false, None).await?;
    let runs: Vec<String> = accepted.runs.iter().map(ToString::to_string).collect();
    Ok((StatusCode::ACCEPTED, Json(json!({"event": accepted.position, "runs": runs}))).into_response())
}
