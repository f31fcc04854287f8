//! The editor's built files, embedded by the build script: whoever asks for a page gets the
//! application, which finds its way by the address. Not the API; needs no token.

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};

use super::Problem;

/// One built file.
pub(super) struct File {
    path: &'static str,
    bytes: &'static [u8],
    /// The same, compressed once at build time.
    brotli: Option<&'static [u8]>,
    tag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/editor.rs"));

const PLACEHOLDER: &str = include_str!("../../../editor/placeholder.html");

/// Scripts come from here alone; styles may stand in the page, because the code editor and the
/// canvas write them.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Whatever no other route took: a built file, or a page of the application.
pub(super) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let reads = method == Method::GET || method == Method::HEAD;
    if !reads || path.starts_with("api/") || path.starts_with("hooks/") {
        return Problem::not_found("page").into_response();
    }
    let find = |path: &str| FILES.iter().find(|file| file.path == path);
    match find(path) {
        Some(file) => send(file, &headers),
        None if path.starts_with("assets/") => Problem::not_found("file").into_response(),
        None => {
            find("index.html").map_or_else(|| Html(PLACEHOLDER).into_response(), |file| send(file, &headers))
        }
    }
}

fn send(file: &File, asked: &HeaderMap) -> Response {
    let says = |name: header::HeaderName, word: &str| {
        asked.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(word))
    };
    let tag = HeaderValue::from_static(file.tag);
    // Names in assets/ carry a hash of what is in them.
    let keep = match file.path.starts_with("assets/") {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    if says(header::IF_NONE_MATCH, file.tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let (bytes, packed) = match file.brotli.filter(|_| says(header::ACCEPT_ENCODING, "br")) {
        Some(packed) => (packed, true),
        None => (file.bytes, false),
    };
    let mut response = Bytes::from_static(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(file.path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::ETAG, tag);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    if file.path == "index.html" {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}
