//! CRM records: the same rules and events as for workflows.

use axum::{
    Json,
    extract::{Path, Query as UrlQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::future::BoxFuture;
use masar_crm_core::{
    Actor, Change, Conn, Entity, Error, Query, Record,
    custom::{self, CustomField, Schema},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{Body, Problem, Shared, WORKSPACE, actor, id};
use crate::store::StoreError;

fn entity(name: &str) -> Result<Entity, Problem> {
    Entity::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Entity::ALL.iter().map(|entity| entity.name()).collect();
        Problem::new("not_found", format!("\"{name}\" is not an entity; there are {}", names.join(", ")))
    })
}

fn refused(error: Error) -> Problem {
    let error = match error {
        Error::Database(error) => return StoreError::from(error).into(),
        error => error,
    };
    let code = match &error {
        Error::NotFound { .. } => "not_found",
        Error::Conflict { .. } => "precondition",
        Error::Duplicate { .. } => "duplicate",
        Error::InUse { .. } => "in_use",
        Error::Database(_) => "store",
        Error::InvalidField { .. } | Error::UnknownField { .. } | Error::MoveNotAllowed { .. } => "invalid",
    };
    let mut problem = Problem::new(code, error.to_string());
    if let Error::InvalidField { field, .. } | Error::UnknownField { field, .. } = &error {
        problem.problems = json!([{"field": field, "code": error.code(), "message": error.to_string()}]);
    }
    problem
}

fn shown(record: &Record, status: StatusCode) -> Response {
    (status, [(header::ETAG, format!("\"{}\"", record.version))], Json(record.to_json())).into_response()
}

/// Something to do in the writer's transaction; a refusal undoes it.
enum Deed {
    Create(Value),
    Update(Uuid, Value, Option<i64>),
    Delete(Uuid),
}

async fn carry_out(app: &Shared, entity: Entity, deed: Deed) -> Result<Option<Record>, Problem> {
    let core = app.core.clone();
    let done = in_transaction(app, move |mut conn| {
        Box::pin(async move {
            let now = core.clock.now();
            let mut ids = || core.ids.next(now);
            let actor = Actor { kind: "api", id: actor(), step: None };
            let mut change = Change { workspace: WORKSPACE.0, now: now.0, ids: &mut ids, actor, depth: 0 };
            match deed {
                Deed::Create(fields) => {
                    masar_crm_core::create(&mut conn, &mut change, entity, &fields).await.map(Some)
                }
                Deed::Update(id, patch, expected) => {
                    masar_crm_core::update(&mut conn, &mut change, entity, id, &patch, expected)
                        .await
                        .map(Some)
                }
                Deed::Delete(id) => {
                    masar_crm_core::delete(&mut conn, &mut change, entity, id).await.map(|()| None)
                }
            }
        })
    })
    .await?;
    app.core.effects_committed();
    Ok(done)
}

/// Runs something of the CRM in the writer's transaction.
async fn in_transaction<T, F>(app: &Shared, run: F) -> Result<T, Problem>
where
    F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    let (refusal, refused_with) = tokio::sync::oneshot::channel();
    let done = app.core.store.change(move |conn| {
        Box::pin(async move {
            run(conn).await.map_err(|error| {
                let text = error.to_string();
                // The exact refusal takes its own way out; the store only needs to undo.
                let _ = refusal.send(error);
                StoreError::Database(text)
            })
        })
    });
    match done.await {
        Ok(value) => Ok(value),
        Err(error) => Err(refused_with.await.map_or_else(|_| error.into(), refused)),
    }
}

/// The fields of an entity: its own, and those that the workspace gave it. The ETag is the version of
/// the latter.
#[utoipa::path(get, path = "/api/v1/crm/{entity}/fields", tag = "crm", params(("entity", description = "contact, lead, deal, ticket, task or note")), responses((status = 200, description = "`fields` of every workspace, `custom` of this one", body = Object)))]
pub(super) async fn fields(State(app): State<Shared>, Path(name): Path<String>) -> Result<Response, Problem> {
    let entity = entity(&name)?;
    let mut reader = app.core.store.reader().await?;
    let schema = custom::schema(&mut reader.conn(), WORKSPACE.0, entity).await.map_err(refused)?;
    Ok(fields_shown(entity, &schema))
}

fn fields_shown(entity: Entity, schema: &Schema) -> Response {
    let own = masar_nodes::crm_fields(entity);
    let body =
        json!({"entity": entity.name(), "fields": own, "custom": schema.fields, "version": schema.version});
    (StatusCode::OK, [(header::ETAG, format!("\"{}\"", schema.version))], Json(body)).into_response()
}

/// Gives an entity its own fields in this workspace, in place of those that it had. Records keep their values.
#[utoipa::path(put, path = "/api/v1/crm/{entity}/fields", tag = "crm", params(("entity", description = "contact, lead, deal, ticket, task or note"), ("If-Match" = String, Header, description = "The ETag that was read; \"0\" where there never were any")), request_body(content = [Object], description = "A list of `key`, `kind` (text, integer, number, money, boolean, date, moment, phone, email, url, choice, choices), `label` (`en`, `ar`), `required`, `choices`"), responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(super) async fn set_fields(
    State(app): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(given): Body<Vec<CustomField>>,
) -> Result<Response, Problem> {
    let entity = entity(&name)?;
    let expected = if_match(&headers)?
        .ok_or_else(|| Problem::new("precondition_required", "send the ETag of the fields that you read"))?;
    let schema = in_transaction(&app, move |mut conn| {
        Box::pin(async move { custom::set_schema(&mut conn, WORKSPACE.0, entity, expected, given).await })
    })
    .await?;
    Ok(fields_shown(entity, &schema))
}

fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(text) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) else {
        return Ok(None);
    };
    let version = text.trim_matches('"').parse();
    version.map(Some).map_err(|_| Problem::new("precondition", format!("{text} is not an ETag of this")))
}

/// Which records; any other parameter is a field and the value that it must have.
#[derive(Deserialize, IntoParams)]
pub(super) struct Filter {
    /// Words that must all be in it; Arabic spellings count as one.
    q: Option<String>,
    /// Cursor of the last page.
    before: Option<String>,
    /// At most 500.
    limit: Option<u32>,
    #[serde(flatten)]
    #[param(ignore)]
    fields: std::collections::BTreeMap<String, String>,
}

/// Records of an entity, newest first.
#[utoipa::path(get, path = "/api/v1/crm/{entity}", tag = "crm", params(("entity", description = "contact, lead, deal, ticket, task or note"), Filter), responses((status = 200, description = "A page: items, next", body = Object), (status = 422, body = Problem)))]
pub(super) async fn list(
    State(app): State<Shared>,
    Path(name): Path<String>,
    UrlQuery(filter): UrlQuery<Filter>,
) -> Result<Json<Value>, Problem> {
    let entity = entity(&name)?;
    let equal: Map<String, Value> =
        filter.fields.into_iter().map(|(name, value)| (name, value.into())).collect();
    let limit = filter.limit.unwrap_or(50).clamp(1, 500);
    let query = Query {
        equal,
        text: filter.q,
        before: filter.before.as_deref().map(|text| id(text, "record")).transpose()?,
        limit,
    };
    let mut reader = app.core.store.reader().await?;
    let records =
        masar_crm_core::find(&mut reader.conn(), WORKSPACE.0, entity, &query).await.map_err(refused)?;
    let next = (records.len() == limit as usize)
        .then(|| records.last().map(|record| record.id.to_string()))
        .flatten();
    Ok(Json(json!({"items": records.iter().map(Record::to_json).collect::<Vec<_>>(), "next": next})))
}

/// Makes a record.
#[utoipa::path(post, path = "/api/v1/crm/{entity}", tag = "crm", params(("entity", description = "contact, lead, deal, ticket, task or note")), request_body = Object, responses((status = 201, body = Object), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(app): State<Shared>,
    Path(name): Path<String>,
    Body(fields): Body<Value>,
) -> Result<Response, Problem> {
    let record = carry_out(&app, entity(&name)?, Deed::Create(fields)).await?;
    record.map(|record| shown(&record, StatusCode::CREATED)).ok_or_else(|| Problem::not_found("record"))
}

/// One record.
#[utoipa::path(get, path = "/api/v1/crm/{entity}/{record}", tag = "crm", params(("entity", description = "contact, lead, deal, ticket, task or note"), ("record", description = "Record id")), responses((status = 200, body = Object), (status = 404, body = Problem)))]
pub(super) async fn get(
    State(app): State<Shared>,
    Path((name, record)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let record: Uuid = id(&record, "record")?;
    let mut reader = app.core.store.reader().await?;
    let found = masar_crm_core::get(&mut reader.conn(), WORKSPACE.0, entity(&name)?, record)
        .await
        .map_err(refused)?;
    found.map(|record| shown(&record, StatusCode::OK)).ok_or_else(|| Problem::not_found("record"))
}

/// Changes fields; null empties one. With If-Match, only while that version is current.
#[utoipa::path(patch, path = "/api/v1/crm/{entity}/{record}", tag = "crm", params(("entity", description = "contact, lead, deal, ticket, task or note"), ("record", description = "Record id"), ("If-Match" = Option<String>, Header, description = "The ETag that was read")), request_body = Object, responses((status = 200, body = Object), (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn update(
    State(app): State<Shared>,
    Path((name, record)): Path<(String, String)>,
    headers: HeaderMap,
    Body(patch): Body<Value>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let record =
        carry_out(&app, entity(&name)?, Deed::Update(id(&record, "record")?, patch, expected)).await?;
    record.map(|record| shown(&record, StatusCode::OK)).ok_or_else(|| Problem::not_found("record"))
}

/// Removes a record.
#[utoipa::path(delete, path = "/api/v1/crm/{entity}/{record}", tag = "crm", params(("entity", description = "contact, lead, deal, ticket, task or note"), ("record", description = "Record id")), responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path((name, record)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    carry_out(&app, entity(&name)?, Deed::Delete(id(&record, "record")?)).await?;
    Ok(StatusCode::NO_CONTENT)
}
