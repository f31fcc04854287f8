//! The catalogue, the helper functions, variables; and what is open to everybody: health, figures,
//! the API's description.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse},
    routing::get,
};
use masar_engine::Catalogue as _;

use super::{Body, Problem, Shared, WORKSPACE};

/// Every node type's manifest.
#[utoipa::path(get, path = "/api/v1/nodes", tag = "catalogue", responses((status = 200, description = "Manifests", body = [Object])))]
pub(super) async fn nodes(State(app): State<Shared>) -> impl IntoResponse {
    let catalogue = &app.core.catalogue;
    let mut manifests: Vec<_> = catalogue
        .names()
        .into_iter()
        .filter_map(|name| catalogue.find(&name, None))
        .map(|spec| spec.manifest)
        .collect();
    manifests.sort_by(|a, b| a.node_type.cmp(&b.node_type));
    Json(manifests)
}

/// The helper functions of expressions and templates.
#[utoipa::path(get, path = "/api/v1/functions", tag = "catalogue", responses((status = 200, description = "Functions with documentation", body = [Object])))]
pub(super) async fn functions() -> impl IntoResponse {
    Json(masar_engine::value::functions::registry())
}

/// The workspace's variables, which expressions see as `vars`.
#[utoipa::path(get, path = "/api/v1/variables", tag = "workspace", responses((status = 200, description = "An object", body = Object)))]
pub(super) async fn variables(State(app): State<Shared>) -> impl IntoResponse {
    Json((*app.core.vars()).clone())
}

/// Replaces the variables.
#[utoipa::path(put, path = "/api/v1/variables", tag = "workspace", request_body = Object, responses((status = 200, description = "The new variables", body = Object), (status = 422, body = Problem)))]
pub(super) async fn set_variables(
    State(app): State<Shared>,
    Body(vars): Body<serde_json::Value>,
) -> Result<impl IntoResponse, Problem> {
    if !vars.is_object() {
        return Err(Problem::new("invalid", "variables are an object: {\"name\": value, …}"));
    }
    app.core.store.set_vars(WORKSPACE, vars.to_string()).await?;
    app.core.set_vars(vars.clone());
    Ok(Json(vars))
}

const REFERENCE: &str = include_str!("../../../editor/reference.html");

/// What needs no token.
pub(super) fn open_routes(document: Arc<str>) -> Router<Shared> {
    Router::new()
        .route("/api", get(async || Html(REFERENCE)))
        .route("/api/problems", get(async || Html(super::problem::page())))
        .route(
            "/api/openapi.json",
            get(async move || ([(header::CONTENT_TYPE, "application/json")], document.to_string())),
        )
        .route("/health", get(async || "ok"))
        .route("/ready", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(app): State<Shared>) -> impl IntoResponse {
    // A balancer sends nobody here from now on.
    if app.core.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping: what is under way is being finished".to_owned());
    }
    match app.core.store.ping().await {
        Ok(()) => match app.bus.trouble() {
            None => (StatusCode::OK, "ready".to_owned()),
            Some(trouble) => (StatusCode::SERVICE_UNAVAILABLE, format!("the bus does not carry: {trouble}")),
        },
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("the store does not answer: {error}")),
    }
}

async fn metrics(State(app): State<Shared>) -> impl IntoResponse {
    let text = app.core.metrics.render(&app.commits, app.executor.backlog(), app.core.store.waiting());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
