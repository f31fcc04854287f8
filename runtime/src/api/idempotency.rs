//! `Idempotency-Key` on every POST of the API (IETF draft-ietf-httpapi-idempotency-key-header): the
//! same request with the same key is carried out once and answered with the same answer. One
//! layer around all handlers; none of them knows of it.
//!
//! What it cannot promise: where the server dies between the deed and the keeping of its answer,
//! the next request with that key is carried out again. Events have ids for that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Problem, Shared, WORKSPACE};
use crate::store::KeptAnswer;

/// How long an answer is kept.
const KEPT_MS: u64 = 24 * 3_600_000;
/// Longest key.
const LONGEST: usize = 255;
/// The header's name, as documented.
pub(super) const HEADER: &str = "Idempotency-Key";
/// Headers of an answer that belong to it as much as its body.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

type Digest = [u8; 32];

/// The requests that are being carried out, by key.
#[derive(Default)]
struct InProgress(Mutex<HashMap<String, Digest>>);

/// What the layer holds.
#[derive(Clone)]
pub(super) struct Keeper {
    app: Shared,
    in_progress: Arc<InProgress>,
    body_limit: usize,
}

impl Keeper {
    pub(super) fn new(app: Shared, body_limit: usize) -> Self {
        Self { app, in_progress: Arc::default(), body_limit }
    }
}

/// A key that is in use until this is dropped.
struct Claim {
    key: String,
    keys: Arc<InProgress>,
}

impl Claim {
    fn take(keys: &Arc<InProgress>, key: &str, digest: Digest) -> Result<Self, Problem> {
        let mut held = keys.0.lock().unwrap_or_else(PoisonError::into_inner);
        match held.get(key) {
            Some(other) if *other != digest => return Err(mismatch()),
            Some(_) => {
                return Err(Problem::new(
                    "idempotency_in_progress",
                    "the first request with this key has not been answered yet",
                ));
            }
            None => held.insert(key.to_owned(), digest),
        };
        Ok(Self { key: key.to_owned(), keys: keys.clone() })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.keys.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

fn mismatch() -> Problem {
    Problem::new("idempotency_mismatch", "this key came with another method, address or body before")
}

/// The layer.
pub(super) async fn once(State(keeper): State<Keeper>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    match key_of(request.headers()) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => {
            keeper.keyed(key, request, next).await.unwrap_or_else(|problem| problem.into_response())
        }
        Err(problem) => problem.into_response(),
    }
}

/// The key: a structured string with its quotes, or the bare text that most clients send.
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if values.next().is_some() || bare.is_empty() || bare.len() > LONGEST {
        let what = format!("{HEADER} is one text of 1 to {LONGEST} ASCII characters, e.g. a UUID");
        return Err(Problem::new("bad_request", what));
    }
    Ok(Some(bare.to_owned()))
}

impl Keeper {
    async fn keyed(&self, key: String, request: Request, next: Next) -> Result<Response, Problem> {
        let (parts, body) = request.into_parts();
        let too_large = |_| Problem::new("too_large", "the body is larger than this server takes");
        let body = to_bytes(body, self.body_limit).await.map_err(too_large)?;
        let mut digest = Sha256::new();
        digest.update(parts.method.as_str());
        digest.update([0]);
        digest.update(parts.uri.path_and_query().map_or("/", |path| path.as_str()));
        digest.update([0]);
        digest.update(&body);
        let digest: Digest = digest.finalize().into();
        let claim = Claim::take(&self.in_progress, &key, digest)?;
        let now = self.app.core.clock.now();
        if let Some(kept) = self.app.core.store.idempotent(WORKSPACE, &key, now).await? {
            return if kept.request == digest { Ok(replay(kept)) } else { Err(mismatch()) };
        }
        // A caller that hangs up does not stop the deed: it goes on, and its answer is kept.
        let keeper = self.clone();
        let request = Request::from_parts(parts, Body::from(body));
        let task = tokio::spawn(async move {
            let response = next.run(request).await;
            let response = keeper.keep(&key, digest, response).await;
            drop(claim);
            response
        });
        task.await.map_err(|_| Problem::new("internal", "the request ran into an internal fault"))
    }

    /// Keeps an answer that would be the same next time. A refusal for load or a fault of the
    /// server is not one: then trying again is right.
    async fn keep(&self, key: &str, digest: Digest, response: Response) -> Response {
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            return Problem::new("internal", "the answer could not be made").into_response();
        };
        let headers: Map<String, Value> = KEPT_HEADERS
            .iter()
            .filter_map(|name| {
                Some((name.as_str().to_owned(), parts.headers.get(name)?.to_str().ok()?.into()))
            })
            .collect();
        if let Ok(text) = std::str::from_utf8(&body) {
            let kept = KeptAnswer {
                request: digest,
                status: status.as_u16(),
                headers: Value::Object(headers).to_string(),
                body: text.to_owned(),
            };
            let core = &self.app.core;
            let expires = core.clock.now().plus_millis(KEPT_MS);
            if let Err(error) = core.store.keep_idempotent(WORKSPACE, key.to_owned(), kept, expires).await {
                tracing::error!(error = %error, "the answer to an idempotency key could not be kept");
            }
        }
        Response::from_parts(parts, Body::from(body))
    }
}

fn replay(kept: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    let headers: Map<String, Value> = serde_json::from_str(&kept.headers).unwrap_or_default();
    for name in KEPT_HEADERS {
        let value = headers.get(name.as_str()).and_then(Value::as_str);
        if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}

/// Documents the header at every POST.
pub(super) fn describe(document: &mut utoipa::openapi::OpenApi) {
    use utoipa::openapi::{
        Required,
        path::{ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
    };
    let parameter = ParameterBuilder::new()
        .name(HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Makes trying again harmless: within 24 hours the same request with the same key gets the first answer \
             (`Idempotent-Replayed: true`), another request with it 422 `idempotency_mismatch`, a request while the first \
             one runs 409 `idempotency_in_progress`.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST))))
        .build();
    for item in document.paths.paths.values_mut() {
        if let Some(post) = &mut item.post {
            post.parameters.get_or_insert_default().push(utoipa::openapi::RefOr::T(parameter.clone()));
        }
    }
}
