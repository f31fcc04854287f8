//! Errors as people and programs see them: RFC 9457 problem+json with a stable code.

mod codes;

use std::sync::Arc;

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use codes::page;
pub use codes::{CODES, Code, Words, markdown};

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
    /// What to do about it.
    #[serde(default)]
    pub mend: String,
    /// Compile problems and the like.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    #[schema(value_type = Object)]
    pub problems: serde_json::Value,
    /// Seconds to wait before trying again.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    /// A problem of [`CODES`].
    pub fn new(code: &str, detail: impl Into<String>) -> Self {
        let Code { code, status, title, mend } = *Code::find(code);
        Self {
            kind: format!("/api/problems#{code}"),
            code: code.to_owned(),
            status,
            title: title.en.to_owned(),
            detail: detail.into(),
            mend: mend.en.to_owned(),
            problems: serde_json::Value::Null,
            retry_after: matches!(status, 429 | 503 | 507).then_some(1),
        }
    }

    /// The same in Arabic; the detail, which names fields and values, stays as it is.
    fn in_arabic(mut self) -> Self {
        let Code { title, mend, .. } = *Code::find(&self.code);
        (self.title, self.mend) = (title.ar.to_owned(), mend.ar.to_owned());
        self
    }

    /// As an answer in Arabic or English.
    pub(super) fn answered(self, arabic: bool) -> Response {
        let mut response = if arabic { self.in_arabic() } else { self }.into_response();
        let language = HeaderValue::from_static(if arabic { "ar" } else { "en" });
        response.headers_mut().insert(header::CONTENT_LANGUAGE, language);
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language"));
        response
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
        let mut response = (status, Json(&self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        // For `in_the_callers_words`, which knows the request.
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Whether a caller prefers Arabic.
pub(super) fn wants_arabic(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).is_some_and(prefers_arabic)
}

/// Problems in the language that the caller prefers; and what the framework refuses by itself, e.g. a
/// query parameter that is no number, as a problem too.
pub(super) async fn in_the_callers_words(request: Request, next: Next) -> Response {
    let arabic = wants_arabic(request.headers());
    let ours = request.uri().path().starts_with("/api/v1");
    let response = next.run(request).await;
    let problem = response.extensions().get::<Arc<Problem>>().map(|problem| (**problem).clone());
    let (problem, allowed) = match problem {
        Some(problem) => (problem, None),
        None if ours && response.status().is_client_error() => {
            let allowed = response.headers().get(header::ALLOW).cloned();
            match framework_problem(response).await {
                Ok(problem) => (problem, allowed),
                Err(response) => return *response,
            }
        }
        None => return response,
    };
    let mut response = problem.answered(arabic);
    if let Some(allowed) = allowed {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}

async fn framework_problem(response: Response) -> Result<Problem, Box<Response>> {
    let code = match response.status().as_u16() {
        400 => "bad_request",
        404 => "not_found",
        405 => "method_not_allowed",
        413 => "too_large",
        415 => "media_type",
        422 => "invalid",
        _ => return Err(Box::new(response)),
    };
    // The framework's own texts are a line long.
    let text = axum::body::to_bytes(response.into_body(), 4096).await.unwrap_or_default();
    Ok(Problem::new(code, String::from_utf8_lossy(&text).into_owned()))
}

/// Whether Arabic has a higher weight than English (RFC 9110 section 12.5.4); the first of equals wins.
fn prefers_arabic(accepted: &str) -> bool {
    let mut best: Option<(f32, bool)> = None;
    for item in accepted.split(',') {
        let (tag, parameters) = item.split_once(';').unwrap_or((item, ""));
        let language = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |text| text.trim().parse().ok());
        let (Some(weight), "ar" | "en") = (weight, language.as_str()) else { continue };
        if weight > 0.0 && best.is_none_or(|(before, _)| weight > before) {
            best = Some((weight, language == "ar"));
        }
    }
    best.is_some_and(|(_, arabic)| arabic)
}

impl From<&StoreError> for Problem {
    fn from(error: &StoreError) -> Self {
        tracing::error!(error = %error, "the store refused");
        let code = match error {
            StoreError::DiskFull => "disk_full",
            StoreError::ReadOnly(_) => "store_read_only",
            StoreError::Corrupt { .. } => "store_corrupt",
            _ => "store",
        };
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        (&error).into()
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Overloaded => {
                Self::new("overloaded", "the store has more to write than it can take")
            }
            CommitError::Store(error) => error.into(),
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
            IntakeError::Stopping => Self::new("stopping", error.to_string()),
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
        if let Some(error) = error.downcast_ref::<StoreError>() {
            return error.into();
        }
        tracing::error!(error = %error, "a request failed");
        Self::new("internal", error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arabic_where_it_is_preferred() {
        for (accepted, arabic) in [
            ("ar", true),
            ("ar-SA,ar;q=0.9,en;q=0.8", true),
            ("en;q=0.5, ar;q=0.7", true),
            ("fr, AR;q=0.3", true),
            ("en, ar", false),
            ("en-GB,en;q=0.9,ar;q=0.8", false),
            ("ar;q=0", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(prefers_arabic(accepted), arabic, "{accepted}");
        }
    }
}
