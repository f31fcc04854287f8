//! The HTTP API: one file a resource. Handlers translate between HTTP and the other parts and
//! decide nothing themselves.

mod approvals;
mod approve;
mod credentials;
mod crm;
mod dead_letters;
mod editor;
mod evaluate;
mod events;
mod hooks;
mod idempotency;
mod problem;
mod runs;
mod system;
mod webhook_calls;
mod workflows;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequest, MatchedPath, Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use masar_engine::WorkspaceId;
use serde::de::DeserializeOwned;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use problem::{CODES, Code, Problem, Words, markdown as problems};
pub(crate) use workflows::differences;

use crate::app::App;
pub(crate) use hooks::deeper;

/// What handlers share.
pub type Shared = Arc<App>;

/// The workspace of a request; there is one until users come.
const WORKSPACE: WorkspaceId = WorkspaceId::FIRST;

#[derive(OpenApi)]
#[openapi(
    info(title = "Masar", description = "Workflow automation engine. Errors are problem+json with a stable `code`; lists are pages with a `next` cursor."),
    security(("token" = [])),
    modifiers(&Security)
)]
struct Description;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_with(Default::default).add_security_scheme("token", scheme);
    }
}

fn described() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(workflows::list, workflows::create))
        .routes(routes!(workflows::get, workflows::change, workflows::delete))
        .routes(routes!(workflows::validate))
        .routes(routes!(workflows::publish))
        .routes(routes!(workflows::roll_back))
        .routes(routes!(workflows::versions))
        .routes(routes!(workflows::version))
        .routes(routes!(workflows::diff))
        .routes(routes!(workflows::start))
        .routes(routes!(workflows::test))
        .routes(routes!(workflows::decisions))
        .routes(routes!(runs::list))
        .routes(routes!(runs::get))
        .routes(routes!(runs::journal))
        .routes(routes!(runs::verify))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::retry))
        .routes(routes!(runs::decide))
        .routes(routes!(runs::rerun))
        .routes(routes!(runs::live))
        .routes(routes!(events::list, events::send))
        .routes(routes!(events::get))
        .routes(routes!(events::resend))
        .routes(routes!(dead_letters::list, dead_letters::delete_all))
        .routes(routes!(dead_letters::causes))
        .routes(routes!(dead_letters::resend_all))
        .routes(routes!(dead_letters::get, dead_letters::delete))
        .routes(routes!(dead_letters::resend))
        .routes(routes!(webhook_calls::list))
        .routes(routes!(webhook_calls::get))
        .routes(routes!(webhook_calls::resend))
        .routes(routes!(approvals::list))
        .routes(routes!(approvals::decide))
        .routes(routes!(credentials::list))
        .routes(routes!(credentials::set, credentials::delete))
        .routes(routes!(credentials::types))
        .routes(routes!(crm::list, crm::create))
        .routes(routes!(crm::fields, crm::set_fields))
        .routes(routes!(crm::get, crm::update, crm::delete))
        .routes(routes!(system::nodes))
        .routes(routes!(system::functions))
        .routes(routes!(evaluate::evaluate))
        .routes(routes!(system::variables, system::set_variables))
}

/// The OpenAPI document, as served and as checked in.
pub fn openapi() -> String {
    let (_, mut document) = described().split_for_parts();
    idempotency::describe(&mut document);
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Everything that the server answers.
pub fn router(app: Shared) -> Router {
    let (api, mut document) = described().split_for_parts();
    idempotency::describe(&mut document);
    let body = app.core.config.limits.body;
    let largest = body.max(8 << 20);
    let keeper = idempotency::Keeper::new(app.clone(), largest);
    let document: Arc<str> = Arc::from(document.to_pretty_json().unwrap_or_default());
    let api = api
        .route_layer(middleware::from_fn_with_state(keeper, idempotency::once))
        .route_layer(middleware::from_fn_with_state(app.clone(), authorise))
        .layer(DefaultBodyLimit::max(largest));
    Router::new()
        .merge(api)
        .merge(system::open_routes(document))
        .merge(approve::routes())
        .fallback(editor::page)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(problem::in_the_callers_words))
        .layer(middleware::from_fn_with_state(app.clone(), counted))
        // Webhooks count and translate for themselves: most of what comes in comes here, and each
        // layer costs it a few allocations.
        .merge(hooks::routes().layer(CatchPanicLayer::custom(panicked)))
        .with_state(app)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::new("internal", "the request ran into an internal fault; the server's log has the details")
        .into_response()
}

/// Every answer is counted under the pattern of its route.
async fn counted(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    app.core.metrics.request(method.as_str(), route, response.status().as_u16());
    response
}

/// Only with the token.
async fn authorise(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match given {
        Some(token) if app.token.matches(token) => next.run(request).await,
        Some(_) => Problem::new("unauthorized", "the access token is wrong").into_response(),
        None => Problem::new("unauthorized", "send the access token: `Authorization: Bearer …`; it is in the data folder, in the file api-token").into_response(),
    }
}

/// A JSON body, with errors that say where.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Shared) -> Result<Self, Problem> {
        let bytes = bytes::Bytes::from_request(request, state).await.map_err(|rejection| match rejection
            .status()
            .as_u16()
        {
            413 => Problem::new("too_large", "the body is larger than this server takes"),
            _ => Problem::new("bad_request", rejection.to_string()),
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            Problem::new("body_not_utf8", format!("the byte at {} is not UTF-8", error.valid_up_to()))
        })?;
        let depth = state.core.config.limits.depth;
        if nesting(text) > depth {
            return Err(Problem::new("body_too_deep", format!("JSON may be nested {depth} deep")));
        }
        serde_json::from_str(text).map(Self).map_err(|error| {
            use serde_json::error::Category;
            match error.classify() {
                Category::Data => Problem::new("invalid", error.to_string()),
                _ => Problem::new("body_not_json", error.to_string()),
            }
        })
    }
}

/// How deep arrays and objects are nested, told before anything is built from them.
fn nesting(json: &str) -> usize {
    let (mut depth, mut most, mut inside, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ if inside => {}
            b'[' | b'{' => {
                depth += 1;
                most = most.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// An id in a path.
fn id<T: std::str::FromStr>(text: &str, what: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::new("not_found", format!("\"{text}\" is not the id of a {what}")))
}

/// Who acts, for the log.
fn actor() -> String {
    "token".to_owned()
}
