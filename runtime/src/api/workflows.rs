//! Workflows: drafts, versions, publishing, starting by hand, testing.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use masar_engine::{Event, Workflow, WorkflowId, compile, compile::content_hash, run::Pin, workflow};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{Body, Problem, Shared, WORKSPACE, actor, id};
use crate::{
    dispatch::{Incoming, Target, Test},
    store::{DraftChange, NewVersion, Origin, VersionRow, WorkflowRow},
};

/// A workflow as the API shows it.
#[derive(Serialize, ToSchema)]
pub(super) struct View {
    id: String,
    name: String,
    folder: String,
    #[schema(value_type = Vec<String>)]
    tags: Value,
    /// Counts changes of the draft; the ETag.
    revision: i64,
    /// Number of the live version.
    published: Option<i64>,
    paused: bool,
    created_at: String,
    updated_at: String,
    /// The draft; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    draft: Option<Value>,
}

fn view(row: WorkflowRow, with_draft: bool) -> View {
    View {
        id: row.id.to_string(),
        name: row.name,
        folder: row.folder,
        tags: serde_json::from_str(&row.tags).unwrap_or_default(),
        revision: row.revision,
        published: row.published,
        paused: row.paused,
        created_at: row.created_at.to_rfc3339(),
        updated_at: row.updated_at.to_rfc3339(),
        draft: with_draft.then(|| serde_json::from_str(&row.draft).unwrap_or_default()),
    }
}

fn with_etag(view: View, status: StatusCode) -> Response {
    let etag = HeaderValue::from_str(&format!("\"{}\"", view.revision));
    let mut response = (status, Json(view)).into_response();
    if let Ok(etag) = etag {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

async fn find(app: &Shared, text: &str) -> Result<WorkflowRow, Problem> {
    let row = match text.parse::<WorkflowId>() {
        Ok(id) => app.core.store.workflow(WORKSPACE, id).await?,
        // A name is taken as well, so that people can use what they see.
        Err(_) => app.core.store.workflow_named(WORKSPACE, text).await?,
    };
    row.ok_or_else(|| Problem::not_found("workflow"))
}

fn read(draft: Value) -> Result<Workflow, Problem> {
    workflow::parse_value(draft).map_err(|error| Problem::new("invalid", error.to_string()))
}

/// The revision that a change is based on. An edit needs to say it, so that nobody's work is lost.
fn expected(headers: &HeaderMap) -> Result<i64, Problem> {
    let value = headers
        .get(header::IF_MATCH)
        .ok_or_else(|| Problem::new("precondition_required", "send If-Match with the ETag that you read"))?;
    let text = value.to_str().unwrap_or_default().trim_matches('"');
    text.parse().map_err(|_| Problem::new("precondition", format!("\"{text}\" is not an ETag of a workflow")))
}

/// Every workflow, by name.
#[utoipa::path(get, path = "/api/v1/workflows", tag = "workflows", responses((status = 200, body = [View])))]
pub(super) async fn list(State(app): State<Shared>) -> Result<Json<Vec<View>>, Problem> {
    Ok(Json(app.core.store.workflows(WORKSPACE).await?.into_iter().map(|row| view(row, false)).collect()))
}

/// A workflow to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    /// The workflow file; its name must be free.
    #[schema(value_type = Object)]
    draft: Value,
    #[serde(default)]
    folder: String,
    #[serde(default)]
    tags: Vec<String>,
}

/// Makes a workflow from a draft, which may still have problems.
#[utoipa::path(post, path = "/api/v1/workflows", tag = "workflows", request_body = New, responses((status = 201, body = View), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(State(app): State<Shared>, Body(new): Body<New>) -> Result<Response, Problem> {
    let file = read(new.draft)?;
    let now = app.core.clock.now();
    let row = WorkflowRow {
        id: WorkflowId(app.core.ids.next(now)),
        workspace: WORKSPACE,
        name: file.name.clone(),
        folder: new.folder,
        tags: serde_json::to_string(&new.tags).unwrap_or_default(),
        draft: serde_json::to_string(&file).unwrap_or_default(),
        revision: 1,
        published: None,
        paused: false,
        created_at: now,
        updated_at: now,
    };
    app.core.store.create_workflow(row.clone()).await.map_err(named)?;
    Ok(with_etag(view(row, true), StatusCode::CREATED))
}

fn named(error: crate::store::StoreError) -> Problem {
    match error {
        crate::store::StoreError::Taken(_) => Problem::new("duplicate", error.to_string()),
        crate::store::StoreError::Conflict { .. } => Problem::new("precondition", error.to_string()),
        error => error.into(),
    }
}

/// One workflow with its draft, by id or name.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}", tag = "workflows", params(("workflow", description = "Id or name")), responses((status = 200, body = View), (status = 404, body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
) -> Result<Response, Problem> {
    Ok(with_etag(view(find(&app, &workflow).await?, true), StatusCode::OK))
}

/// What to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    draft: Option<Value>,
    #[serde(default)]
    folder: Option<String>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// A paused workflow starts nothing.
    #[serde(default)]
    paused: Option<bool>,
}

/// Changes the draft, the folder, the tags, or pauses. Needs If-Match.
#[utoipa::path(patch, path = "/api/v1/workflows/{workflow}", tag = "workflows", params(("workflow", description = "Id or name"), ("If-Match" = String, Header, description = "The ETag that was read")), request_body = Change, responses((status = 200, body = View), (status = 412, body = Problem)))]
pub(super) async fn change(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    headers: HeaderMap,
    Body(change): Body<Change>,
) -> Result<Response, Problem> {
    let row = find(&app, &workflow).await?;
    let expected = expected(&headers)?;
    let file = change.draft.map(read).transpose()?;
    let change = DraftChange {
        name: file.as_ref().map(|file| file.name.clone()),
        folder: change.folder,
        tags: change.tags.map(|tags| serde_json::to_string(&tags).unwrap_or_default()),
        draft: file.map(|file| serde_json::to_string(&file).unwrap_or_default()),
        paused: change.paused,
    };
    app.core
        .store
        .change_workflow(WORKSPACE, row.id, Some(expected), change, app.core.clock.now())
        .await
        .map_err(named)?;
    app.dispatcher.reload().await?;
    let row = find(&app, &row.id.to_string()).await?;
    Ok(with_etag(view(row, true), StatusCode::OK))
}

/// What becomes of runs that are under way.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(rename_all = "camelCase")]
pub(super) struct Delete {
    /// Takes the workflow off the air and stops its runs first.
    #[serde(default)]
    cancel_runs: bool,
}

/// Open runs that a refusal names.
const NAMED_RUNS: u32 = 100;
/// Runs accepted while others are being stopped are stopped in the next round.
const ROUNDS: u32 = 20;

/// Removes a workflow without open runs. Its runs and versions stay readable in the log.
#[utoipa::path(delete, path = "/api/v1/workflows/{workflow}", tag = "workflows", params(("workflow", description = "Id or name"), Delete), responses((status = 204), (status = 404, body = Problem), (status = 409, description = "Runs are open; `problems` lists up to 100 of them", body = Problem)))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    Query(delete): Query<Delete>,
) -> Result<StatusCode, Problem> {
    let row = find(&app, &workflow).await?;
    let store = &app.core.store;
    let mut open = Vec::new();
    for round in 0..ROUNDS {
        open = store.delete_workflow(WORKSPACE, row.id, NAMED_RUNS).await?;
        if open.is_empty() {
            app.dispatcher.reload().await?;
            return Ok(StatusCode::NO_CONTENT);
        }
        if !delete.cancel_runs {
            break;
        }
        if round == 0 {
            store.set_published(WORKSPACE, row.id, None, app.core.clock.now()).await?;
            app.dispatcher.reload().await?;
        }
        for run in &open {
            super::runs::stop(&app, *run).await?;
        }
    }
    let runs: Vec<Value> = open.iter().map(|run| Value::from(run.to_string())).collect();
    let what =
        format!("\"{}\" has open runs; wait for them, cancel them, or send ?cancelRuns=true", row.name);
    Err(Problem::new("in_use", what).with(runs))
}

/// All problems of a workflow file, without keeping it.
#[utoipa::path(post, path = "/api/v1/validate", tag = "workflows", request_body = Object, responses((status = 200, description = "The problems; empty means that it can be published", body = [Object]), (status = 422, body = Problem)))]
pub(super) async fn validate(
    State(app): State<Shared>,
    Body(draft): Body<Value>,
) -> Result<Response, Problem> {
    let file = read(draft)?;
    let problems = match compile(&file, app.core.catalogue.as_ref()) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    Ok(Json(problems).into_response())
}

/// What to say about a version.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Note {
    note: String,
}

/// A version as the API shows it.
#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    number: i64,
    /// Content hash, hexadecimal.
    hash: String,
    note: String,
    by: String,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    body: Option<Value>,
}

fn version_view(row: VersionRow, with_body: bool) -> Version {
    Version {
        number: row.number,
        hash: crate::dispatch::hex(&row.hash),
        note: row.note,
        by: row.by,
        at: row.at.to_rfc3339(),
        body: with_body.then(|| serde_json::from_str(&row.body).unwrap_or_default()),
    }
}

/// Publishes the draft as the next version and makes it live. Refused while it has problems.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow}/publish", tag = "workflows", params(("workflow", description = "Id or name")), request_body = Note, responses((status = 201, body = Version), (status = 422, description = "The draft has problems", body = Problem)))]
pub(super) async fn publish(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    Body(note): Body<Note>,
) -> Result<Response, Problem> {
    let row = find(&app, &workflow).await?;
    let number = publish_draft(&app, &row, note.note).await?;
    let version = app
        .core
        .store
        .version(WORKSPACE, row.id, number)
        .await?
        .ok_or_else(|| Problem::not_found("version"))?;
    Ok((StatusCode::CREATED, Json(version_view(version, false))).into_response())
}

/// A draft without the samples that tests were made with: they may hold people's data, and a version
/// can never be taken back.
fn without_samples(draft: &str) -> Result<Workflow, Problem> {
    let mut file = workflow::parse(draft).map_err(|error| Problem::new("invalid", error.to_string()))?;
    if let Some(canvas) = file.canvas.as_object_mut() {
        canvas.remove("samples");
    }
    Ok(file)
}

/// Compiles and publishes a draft.
pub(crate) async fn publish_draft(app: &Shared, row: &WorkflowRow, note: String) -> Result<i64, Problem> {
    let file = without_samples(&row.draft)?;
    let body = serde_json::to_string(&file).map_err(|error| Problem::new("internal", error.to_string()))?;
    let (plan, _) = compile(&file, app.core.catalogue.as_ref()).map_err(|problems| {
        Problem::new("workflow_invalid", format!("{} problems", problems.len())).with(problems)
    })?;
    for node in plan.triggers().filter(|node| node.spec.manifest.node_type == "trigger.schedule") {
        let parameters = node.parameters.as_literal().cloned().unwrap_or_default();
        crate::schedule::schedule_of(&parameters, &app.core.config.workspace.time_zone)
            .map_err(|message| Problem::new("workflow_invalid", format!("{}: {message}", node.key)))?;
    }
    let number = app
        .core
        .store
        .add_version(NewVersion {
            workspace: WORKSPACE,
            workflow: row.id,
            hash: content_hash(&file),
            body,
            note,
            by: actor(),
            now: app.core.clock.now(),
            test: false,
        })
        .await?;
    app.dispatcher.reload().await?;
    Ok(number)
}

/// A version to go back to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RollBack {
    /// The version; absent takes the workflow off the air.
    #[serde(default)]
    version: Option<i64>,
}

/// Makes an older version live again, or none.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow}/roll-back", tag = "workflows", params(("workflow", description = "Id or name")), request_body = RollBack, responses((status = 200, body = View), (status = 404, body = Problem)))]
pub(super) async fn roll_back(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    Body(to): Body<RollBack>,
) -> Result<Response, Problem> {
    let row = find(&app, &workflow).await?;
    if let Some(number) = to.version {
        app.core
            .store
            .version(WORKSPACE, row.id, number)
            .await?
            .filter(|version| version.number > 0)
            .ok_or_else(|| Problem::not_found("version"))?;
    }
    app.core.store.set_published(WORKSPACE, row.id, to.version, app.core.clock.now()).await?;
    app.dispatcher.reload().await?;
    Ok(with_etag(view(find(&app, &row.id.to_string()).await?, true), StatusCode::OK))
}

/// The versions of a workflow, newest first.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}/versions", tag = "workflows", params(("workflow", description = "Id or name")), responses((status = 200, body = [Version])))]
pub(super) async fn versions(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
) -> Result<Json<Vec<Version>>, Problem> {
    let row = find(&app, &workflow).await?;
    Ok(Json(
        app.core
            .store
            .versions(WORKSPACE, row.id)
            .await?
            .into_iter()
            .map(|row| version_view(row, false))
            .collect(),
    ))
}

/// One version with its workflow file.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}/versions/{number}", tag = "workflows", params(("workflow", description = "Id or name"), ("number" = i64, Path)), responses((status = 200, body = Version), (status = 404, body = Problem)))]
pub(super) async fn version(
    State(app): State<Shared>,
    Path((workflow, number)): Path<(String, i64)>,
) -> Result<Json<Version>, Problem> {
    let row = find(&app, &workflow).await?;
    let version = app
        .core
        .store
        .version(WORKSPACE, row.id, number)
        .await?
        .ok_or_else(|| Problem::not_found("version"))?;
    Ok(Json(version_view(version, true)))
}

/// Two versions to compare; 0 is the draft.
#[derive(Deserialize, IntoParams)]
pub(super) struct Between {
    from: i64,
    to: i64,
}

/// What changed between two versions, node by node and edge by edge; version 0 is the draft.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}/diff", tag = "workflows", params(("workflow", description = "Id or name"), Between), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn diff(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    Query(between): Query<Between>,
) -> Result<Json<Value>, Problem> {
    let row = find(&app, &workflow).await?;
    let mut sides = Vec::new();
    for number in [between.from, between.to] {
        let body = match number {
            0 => row.draft.clone(),
            number => {
                app.core
                    .store
                    .version(WORKSPACE, row.id, number)
                    .await?
                    .ok_or_else(|| Problem::not_found("version"))?
                    .body
            }
        };
        sides.push(
            serde_json::from_str::<Value>(&body)
                .map_err(|error| Problem::new("internal", error.to_string()))?,
        );
    }
    Ok(Json(differences(&sides[0], &sides[1])))
}

/// Added, removed and changed nodes and edges by id, with the fields that changed.
pub(crate) fn differences(from: &Value, to: &Value) -> Value {
    let by_id = |side: &Value, list: &str| -> BTreeMap<String, Value> {
        let entries = side.get(list).and_then(Value::as_array).into_iter().flatten();
        entries.filter_map(|entry| Some((entry.get("id")?.as_str()?.to_owned(), entry.clone()))).collect()
    };
    let mut result = serde_json::Map::new();
    for list in ["nodes", "edges"] {
        let (old, new) = (by_id(from, list), by_id(to, list));
        let added: Vec<&Value> =
            new.iter().filter(|(id, _)| !old.contains_key(*id)).map(|(_, entry)| entry).collect();
        let removed: Vec<&Value> =
            old.iter().filter(|(id, _)| !new.contains_key(*id)).map(|(_, entry)| entry).collect();
        let mut changed = Vec::new();
        for (id, before) in &old {
            let Some(after) = new.get(id) else { continue };
            let mut fields = Vec::new();
            changes("", before, after, &mut fields);
            if !fields.is_empty() {
                changed.push(serde_json::json!({"id": id, "key": after.get("key"), "fields": fields}));
            }
        }
        result
            .insert(list.into(), serde_json::json!({"added": added, "removed": removed, "changed": changed}));
    }
    let mut fields = Vec::new();
    for name in ["name", "description", "settings"] {
        changes(
            name,
            from.get(name).unwrap_or(&Value::Null),
            to.get(name).unwrap_or(&Value::Null),
            &mut fields,
        );
    }
    result.insert("workflow".into(), fields.into());
    Value::Object(result)
}

fn changes(path: &str, before: &Value, after: &Value, found: &mut Vec<Value>) {
    if before == after {
        return;
    }
    if let (Value::Object(old), Value::Object(new)) = (before, after) {
        let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            changes(
                &path,
                old.get(name).unwrap_or(&Value::Null),
                new.get(name).unwrap_or(&Value::Null),
                found,
            );
        }
        return;
    }
    found.push(serde_json::json!({"path": path, "before": before, "after": after}));
}

/// Data for a start by hand.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Start {
    /// What the trigger gets.
    #[schema(value_type = Object)]
    data: Value,
    /// Key of the trigger; absent takes the manual one, or the first.
    trigger: Option<String>,
    subject: Option<String>,
}

/// The run that was started.
#[derive(Serialize, ToSchema)]
pub(super) struct Started {
    run: Option<String>,
    event: i64,
}

fn by_hand(app: &Shared, row: &WorkflowRow, start: Start) -> Incoming {
    let now = app.core.clock.now();
    Incoming {
        workspace: WORKSPACE,
        event: Event {
            id: app.core.ids.next(now).to_string(),
            source: "/api".into(),
            event_type: "masar.manual".into(),
            subject: start.subject,
            time: Some(now.to_rfc3339()),
            data: Arc::new(start.data),
        },
        origin: Origin::Api,
        target: Some(Target { workflow: row.id, trigger: start.trigger }),
        dedup: None,
        depth: 0,
        outbox: None,
        call: None,
    }
}

/// Starts the live version by hand.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow}/start", tag = "workflows", params(("workflow", description = "Id or name")), request_body = Start, responses((status = 202, body = Started), (status = 404, body = Problem)))]
pub(super) async fn start(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    Body(start): Body<Start>,
) -> Result<Response, Problem> {
    let row = find(&app, &workflow).await?;
    let accepted = app.dispatcher.accept(by_hand(&app, &row, start), false, None).await?;
    let run = accepted.runs.first().map(ToString::to_string);
    Ok((StatusCode::ACCEPTED, Json(Started { run, event: accepted.position })).into_response())
}

/// A test of the draft.
#[derive(Deserialize, ToSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TestRequest {
    /// What the trigger gets.
    #[schema(value_type = Object)]
    data: Value,
    /// A past event whose data it gets instead.
    event: Option<i64>,
    trigger: Option<String>,
    /// Outputs given instead of computed: node key → {port, value}.
    #[schema(value_type = Object)]
    pins: BTreeMap<String, PinRequest>,
    /// External node types that may really be called; `crm` lets CRM changes stay.
    allow: Vec<String>,
    /// Key of the step after which it ends: only what leads there is run.
    until: Option<String>,
    /// Key of the step with which it begins: what lies before takes its output from `pins` where it
    /// stands there. The same key in both runs that step alone.
    from: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PinRequest {
    #[serde(default = "out")]
    port: String,
    #[schema(value_type = Object)]
    value: Value,
}

fn out() -> String {
    "out".into()
}

/// Runs the draft on real or typed data. External effects happen only where allowed; CRM changes are undone unless `crm` is.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow}/test", tag = "workflows", params(("workflow", description = "Id or name")), request_body = TestRequest, responses((status = 202, body = Started), (status = 422, body = Problem)))]
pub(super) async fn test(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    Body(request): Body<TestRequest>,
) -> Result<Response, Problem> {
    let row = find(&app, &workflow).await?;
    let file = workflow::parse(&row.draft).map_err(|error| Problem::new("invalid", error.to_string()))?;
    let part = workflow::part(&file, request.from.as_deref(), request.until.as_deref())
        .map_err(|error| Problem::new("invalid", error.to_string()))?;
    let whole = part.workflow == file;
    let (plan, _) = compile(&part.workflow, app.core.catalogue.as_ref()).map_err(|problems| {
        Problem::new("workflow_invalid", format!("{} problems", problems.len())).with(problems)
    })?;
    // A run that is continued is compiled from what is kept, so a part is kept as the part that it is.
    let body = match whole {
        true => row.draft.clone(),
        false => serde_json::to_string(&part.workflow)
            .map_err(|error| Problem::new("internal", error.to_string()))?,
    };
    let mut start = Start { data: request.data, trigger: request.trigger, subject: None };
    if let Some(position) = request.event {
        let event =
            app.core.store.event(WORKSPACE, position).await?.ok_or_else(|| Problem::not_found("event"))?;
        start.data = serde_json::from_slice(&event.data).unwrap_or_default();
        start.subject = event.subject;
    }
    let version = app
        .core
        .store
        .add_version(NewVersion {
            workspace: WORKSPACE,
            workflow: row.id,
            hash: content_hash(&part.workflow),
            body,
            note: String::new(),
            by: actor(),
            now: app.core.clock.now(),
            test: true,
        })
        .await?;
    let given = |key: &String| request.from.is_none() || !part.computed.contains(key);
    let pins = request
        .pins
        .into_iter()
        .filter(|(key, _)| given(key))
        .map(|(key, pin)| (key, Pin { port: pin.port, value: Arc::new(pin.value) }))
        .collect();
    let test = Test { version, plan: Arc::new(plan), pins, allowed: request.allow, rerun_of: None };
    let accepted = app.dispatcher.accept(by_hand(&app, &row, start), false, Some(test)).await?;
    let run = accepted.runs.first().map(ToString::to_string);
    Ok((StatusCode::ACCEPTED, Json(Started { run, event: accepted.position })).into_response())
}

/// Narrows "why did it not run?".
#[derive(Deserialize, IntoParams)]
pub(super) struct Why {
    subject: Option<String>,
}

/// Why the workflow's triggers did not start runs, newest first.
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}/decisions", tag = "workflows", params(("workflow", description = "Id or name"), Why), responses((status = 200, body = [Object])))]
pub(super) async fn decisions(
    State(app): State<Shared>,
    Path(workflow): Path<String>,
    Query(why): Query<Why>,
) -> Result<Json<Vec<Value>>, Problem> {
    let row = find(&app, &workflow).await?;
    let decisions =
        app.core.store.decisions(WORKSPACE, None, Some(row.id), why.subject.as_deref(), 200).await?;
    Ok(Json(decisions.into_iter().map(super::events::decision_view).collect()))
}

/// The id in a path, for the other resources.
pub(super) fn workflow_id(text: &str) -> Result<WorkflowId, Problem> {
    id(text, "workflow")
}
