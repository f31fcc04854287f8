//! Approvals: what waits for a person, and the decision.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use masar_engine::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Body, Problem, Shared, WORKSPACE, actor, id};
use crate::{
    execute::RunInput,
    store::{WaitKind, WaitRow},
};

fn view(row: &WaitRow) -> Value {
    json!({
        "id": row.id.to_string(), "run": row.run.to_string(), "workflow": row.workflow.to_string(), "step": row.step,
        "title": row.title, "context": row.context, "assignee": row.assignee,
        "deadline": row.deadline.map(Timestamp::to_rfc3339), "opened_at": row.opened_at.to_rfc3339(),
    })
}

/// Approvals that wait for a decision, newest first.
#[utoipa::path(get, path = "/api/v1/approvals", tag = "approvals", responses((status = 200, body = [Object])))]
pub(super) async fn list(State(app): State<Shared>) -> Result<Json<Vec<Value>>, Problem> {
    Ok(Json(app.core.store.approvals(WORKSPACE, 200).await?.iter().map(view).collect()))
}

/// A decision.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionRequest {
    approved: bool,
    #[serde(default)]
    comment: Option<String>,
    /// Who decides, until users exist.
    #[serde(default)]
    by: Option<String>,
}

/// Approves or rejects. The first decision counts.
#[utoipa::path(post, path = "/api/v1/approvals/{approval}", tag = "approvals", params(("approval", description = "Approval id")), request_body = DecisionRequest, responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn decide(
    State(app): State<Shared>,
    Path(approval): Path<String>,
    Body(request): Body<DecisionRequest>,
) -> Result<StatusCode, Problem> {
    let wait: Uuid = id(&approval, "approval")?;
    let found = app.core.store.wait(WORKSPACE, wait).await?.filter(|wait| wait.kind == WaitKind::Approval);
    let wait = found
        .ok_or_else(|| Problem::new("not_found", "there is no such approval, or it has been decided"))?;
    let (reply, answer) = oneshot::channel();
    let by = request.by.unwrap_or_else(actor);
    let input = RunInput::Approve {
        token: wait.token,
        approved: request.approved,
        by,
        via: "api",
        comment: request.comment,
        reply,
    };
    app.executor.deliver(WORKSPACE, wait.run, input);
    answer.await.map_err(|_| Problem::new("store", "the run could not be told; try again"))??;
    Ok(StatusCode::NO_CONTENT)
}
