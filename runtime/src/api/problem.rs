//! Errors as people and programs see them: RFC 9457 problem+json with a stable code.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    dispatch::IntakeError,
    execute::InputError,
    store::{CommitError, StoreError},
};

/// What went wrong, where, and how to mend it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Where the code is explained.
    #[serde(rename = "type")]
    pub kind: String,
    /// Stable code, e.g. `not_found`.
    pub code: String,
    /// HTTP status.
    pub status: u16,
    /// What the code means.
    pub title: String,
    /// What happened here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Compile problems and the like.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    #[schema(value_type = Object)]
    pub problems: serde_json::Value,
    /// Seconds to wait before trying again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

/// Every code of the API with its status and meaning: the table that code and documentation share.
pub const CODES: &[(&str, u16, &str)] = &[
    ("bad_request", 400, "The request cannot be read."),
    ("body_not_json", 400, "The body is not JSON."),
    ("body_not_utf8", 400, "The body is not valid UTF-8."),
    ("body_too_deep", 400, "The JSON is nested too deeply."),
    ("unauthorized", 401, "The access token is missing or wrong."),
    ("signature", 401, "The signature or the shared secret is wrong or missing."),
    ("not_found", 404, "There is nothing here."),
    ("method_not_allowed", 405, "This path does not take this method."),
    ("conflict", 409, "Somebody else changed it in the meantime."),
    ("in_use", 409, "It cannot be done while it is in use."),
    ("duplicate", 409, "It exists already."),
    ("idempotency_in_progress", 409, "A request with this idempotency key is still being carried out."),
    ("not_waiting", 409, "The run does not wait for this (any more)."),
    ("precondition", 412, "The version named by If-Match is not the current one."),
    ("too_large", 413, "The body is larger than allowed."),
    ("media_type", 415, "The content type is not supported here."),
    ("invalid", 422, "The request was understood, but something in it is not possible."),
    ("workflow_invalid", 422, "The workflow has problems and cannot be published or run."),
    ("idempotency_mismatch", 422, "This idempotency key belongs to another request."),
    ("precondition_required", 428, "Changing this needs an If-Match header with the current ETag."),
    ("overloaded", 429, "Too much is waiting; nothing was accepted. Try again after the given time."),
    ("internal", 500, "Masar failed; the server's log has the details."),
    ("store", 503, "The store is not able to keep this now."),
];

impl Problem {
    /// A problem of [`CODES`].
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        let (_, status, title) = CODES.iter().find(|(known, ..)| *known == code).copied().unwrap_or((
            "internal",
            500,
            "Masar failed.",
        ));
        Self {
            kind: format!("/api/problems#{code}"),
            code: code.to_owned(),
            status,
            title: title.to_owned(),
            detail: detail.into(),
            problems: serde_json::Value::Null,
            retry_after: (status == 429 || status == 503).then_some(1),
        }
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new("not_found", format!("there is no such {what}"))
    }

    /// The same with a list of problems.
    pub fn with(mut self, problems: impl Serialize) -> Self {
        self.problems = serde_json::to_value(problems).unwrap_or_default();
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, "the store refused");
        Self::new("store", error.to_string())
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Overloaded => {
                Self::new("overloaded", "the store has more to write than it can take")
            }
            error => {
                tracing::error!(error = %error, "the store refused");
                Self::new("store", error.to_string())
            }
        }
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Overloaded => Self::new("overloaded", error.to_string()),
            IntakeError::NoTarget(what) => Self::new("not_found", what),
            IntakeError::Store(error) => error.into(),
            IntakeError::Commit(error) => error.into(),
            IntakeError::Broken { .. } => Self::new("workflow_invalid", error.to_string()),
        }
    }
}

impl From<InputError> for Problem {
    fn from(error: InputError) -> Self {
        match error {
            InputError::NoRun => Self::not_found("run"),
            InputError::NotWaiting => Self::new("not_waiting", error.to_string()),
            InputError::Store(what) => Self::new("store", what),
        }
    }
}

impl From<anyhow::Error> for Problem {
    fn from(error: anyhow::Error) -> Self {
        tracing::error!(error = %error, "a request failed");
        Self::new("internal", error.to_string())
    }
}
