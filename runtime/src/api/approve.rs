//! `/approve/{token}`: the page behind the link of an approval. Opening it decides nothing, since
//! mail scanners and previews open links; only its form does. It works without scripts and
//! without an account: the token is the permission, for one approval.

mod page;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use masar_engine::{Timestamp, run::Record};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::{Problem, Shared};
use crate::{
    approval,
    execute::{InputError, RunInput},
    store::{LinkRow, WaitRow},
};
use page::{Decided, Language, Page};

/// A form with a comment is small.
const FORM_LIMIT: usize = 64 << 10;
/// Longest comment, in characters.
const COMMENT_LIMIT: usize = 4_000;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/approve/{token}", get(show).post(decide)).layer(DefaultBodyLimit::max(FORM_LIMIT))
}

#[derive(Deserialize)]
struct Asked {
    lang: Option<String>,
}

/// What the form sends.
#[derive(Default)]
struct Decision {
    decision: String,
    name: String,
    comment: String,
    lang: Option<String>,
}

impl Decision {
    fn read(body: &[u8]) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.into_owned();
            match name.as_ref() {
                "decision" => read.decision = value,
                "name" => read.name = value,
                "comment" => read.comment = value,
                "lang" => read.lang = Some(value),
                _ => {}
            }
        }
        read
    }
}

/// What is behind a link.
enum Found {
    /// No link of ours.
    Unknown,
    /// Somebody decided, or time did.
    Over(Decided),
    /// It waits.
    Open(LinkRow, Box<WaitRow>),
}

async fn show(
    State(app): State<Shared>,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let language = language(&app, asked.lang.as_deref(), &headers);
    match find(&app, &token).await {
        Ok(found) => answer(&app, language, &found),
        Err(problem) => failed(language, problem),
    }
}

async fn decide(
    State(app): State<Shared>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Decision::read(&body);
    let language = language(&app, form.lang.as_deref(), &headers);
    match take(&app, &token, form).await {
        Ok(found) => answer(&app, language, &found),
        Err(problem) => failed(language, problem),
    }
}

/// Decides, and gives what is behind the link afterwards.
async fn take(app: &Shared, token: &str, form: Decision) -> Result<Found, Problem> {
    let approved = match form.decision.as_str() {
        "approved" => true,
        "rejected" => false,
        _ => return Err(Problem::new("invalid", "the decision is `approved` or `rejected`")),
    };
    let found = find(app, token).await?;
    let Found::Open(link, wait) = found else { return Ok(found) };
    let name: String = form.name.trim().chars().take(200).collect();
    let by = if name.is_empty() { wait.assignee.clone().unwrap_or_else(|| "link".into()) } else { name };
    let comment: String = form.comment.trim().chars().take(COMMENT_LIMIT).collect();
    let (reply, answer) = oneshot::channel();
    let input = RunInput::Approve {
        token: link.token,
        approved,
        by: by.clone(),
        via: "link",
        comment: Some(comment).filter(|comment| !comment.is_empty()),
        reply,
    };
    app.executor.deliver(link.workspace, link.run, input);
    match answer.await.map_err(|_| Problem::new("store", "the run could not be told; try again"))? {
        Ok(()) => Ok(Found::Over(Decided {
            title: link.title,
            port: if approved { "approved" } else { "rejected" }.into(),
            by: Some(by),
            at: Some(app.core.clock.now()),
            now: true,
        })),
        // Somebody was faster.
        Err(InputError::NotWaiting | InputError::NoRun) => find(app, token).await,
        Err(error) => Err(error.into()),
    }
}

async fn find(app: &Shared, token: &str) -> Result<Found, Problem> {
    let Some(link) = app.core.store.approval_link(approval::hash(token)).await? else {
        return Ok(Found::Unknown);
    };
    if let Some(wait) = app.core.store.wait_of(link.workspace, link.run, link.token).await? {
        // The timer may be a moment late.
        if link.deadline.is_some_and(|deadline| deadline <= app.core.clock.now()) {
            let at = link.deadline;
            return Ok(Found::Over(Decided {
                title: link.title,
                port: "expired".into(),
                by: None,
                at,
                now: false,
            }));
        }
        return Ok(Found::Open(link, Box::new(wait)));
    }
    // The journal knows how it ended.
    let (records, _) = app.core.journal(link.run).await?;
    let ended =
        records.into_iter().skip(usize::try_from(link.token).unwrap_or(0)).find_map(|record| match record {
            Record::Done { step, at, port, by, .. } if step.0.as_ref() == link.step => Some((port, by, at)),
            _ => None,
        });
    let (port, by, at) = match ended {
        Some((port, by, at)) => (port, by.filter(|by| by != "timer"), Some(at)),
        None => ("stopped".to_owned(), None, None),
    };
    Ok(Found::Over(Decided { title: link.title, port, by, at, now: false }))
}

fn language(app: &Shared, asked: Option<&str>, headers: &HeaderMap) -> Language {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked
        .and_then(Language::parse)
        .or_else(|| accepted.and_then(Language::accepted))
        .or_else(|| Language::parse(&app.core.config.workspace.language))
        .unwrap_or(Language::Arabic)
}

fn answer(app: &Shared, language: Language, found: &Found) -> Response {
    let zone = &app.core.config.workspace.time_zone;
    let shown = |at: Timestamp| moment(at, zone);
    match found {
        Found::Unknown => page(StatusCode::NOT_FOUND, Page::unknown(language)),
        Found::Over(decided) => {
            // A link that was used up is gone; the answer to the decision itself is not.
            let status = if decided.now { StatusCode::OK } else { StatusCode::GONE };
            page(status, Page::over(language, decided, &shown))
        }
        Found::Open(link, wait) => page(StatusCode::OK, Page::open(language, link, wait, &shown)),
    }
}

fn failed(language: Language, problem: Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    page(status, Page::failed(language, &problem.title))
}

fn page(status: StatusCode, page: Page) -> Response {
    let mut response = (status, Html(page.into_html())).into_response();
    // The address is a secret: it is not cached, not told to other sites, not framed, not indexed.
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// A moment as people read it, in the workspace's time zone.
fn moment(at: Timestamp, zone: &str) -> String {
    let Ok(moment) = jiff::Timestamp::from_microsecond(at.0) else { return at.to_rfc3339() };
    match moment.in_tz(zone) {
        Ok(local) => local.strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => at.to_rfc3339(),
    }
}
