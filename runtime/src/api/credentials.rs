//! Credentials: set, listed, removed; never given back.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Body, Problem, Shared, WORKSPACE};
use crate::store::CredentialRow;

fn view(row: &CredentialRow) -> Value {
    json!({"name": row.name, "type": row.kind, "version": row.version, "created_at": row.created_at.to_rfc3339(), "updated_at": row.updated_at.to_rfc3339()})
}

/// The credentials by name, without their fields.
#[utoipa::path(get, path = "/api/v1/credentials", tag = "credentials", responses((status = 200, body = [Object])))]
pub(super) async fn list(State(app): State<Shared>) -> Result<Json<Vec<Value>>, Problem> {
    Ok(Json(app.core.store.credentials(WORKSPACE).await?.iter().map(view).collect()))
}

/// The types of credential and their fields.
#[utoipa::path(get, path = "/api/v1/credential-types", tag = "credentials", responses((status = 200, body = [Object])))]
pub(super) async fn types() -> impl IntoResponse {
    Json(masar_nodes::credential::TYPES)
}

/// A credential to keep.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCredential {
    /// Its type, e.g. `smtp`.
    r#type: String,
    /// Its fields by name.
    fields: BTreeMap<String, String>,
}

/// Makes or replaces a credential. Its fields are sealed and never given back.
#[utoipa::path(put, path = "/api/v1/credentials/{name}", tag = "credentials", params(("name", description = "Its name")), request_body = NewCredential, responses((status = 200, body = Object), (status = 422, body = Problem)))]
pub(super) async fn set(
    State(app): State<Shared>,
    Path(name): Path<String>,
    Body(new): Body<NewCredential>,
) -> Result<Json<Value>, Problem> {
    let kind = masar_nodes::credential::find(&new.r#type).ok_or_else(|| {
        let known: Vec<&str> = masar_nodes::credential::TYPES.iter().map(|kind| kind.name).collect();
        Problem::new(
            "invalid",
            format!("\"{}\" is not a type of credential; there are {}", new.r#type, known.join(", ")),
        )
    })?;
    for field in kind.fields.iter().filter(|field| field.required) {
        if new.fields.get(field.name).is_none_or(String::is_empty) {
            return Err(Problem::new(
                "invalid",
                format!("a credential of type {} needs the field \"{}\"", kind.name, field.name),
            ));
        }
    }
    let now = app.core.clock.now();
    let old = app.core.store.credential(WORKSPACE, &name).await?;
    let id = old.as_ref().map_or_else(|| app.core.ids.next(now), |row| row.id);
    let sealed = app
        .vault
        .seal(WORKSPACE, id, &new.fields)
        .map_err(|error| Problem::new("internal", error.to_string()))?;
    let version = old.as_ref().map_or(1, |row| row.version + 1);
    let created_at = old.map_or(now, |row| row.created_at);
    let row = CredentialRow {
        id,
        workspace: WORKSPACE,
        name,
        kind: new.r#type,
        sealed,
        version,
        created_at,
        updated_at: now,
    };
    app.core.store.set_credential(row.clone()).await?;
    Ok(Json(view(&row)))
}

/// Removes a credential. Nodes that use it fail from now on and say so.
#[utoipa::path(delete, path = "/api/v1/credentials/{name}", tag = "credentials", params(("name", description = "Its name")), responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    match app.core.store.delete_credential(WORKSPACE, name).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("credential")),
    }
}
