//! The HTTP client: guarded, bounded in time and size, redirects followed by hand so that every hop
//! is checked and credentials stay with the host they are for. Never a proxy from the environment.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use masar_engine::StepError;
use reqwest::{
    StatusCode,
    header::{
        AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, LOCATION,
        PROXY_AUTHORIZATION,
    },
    redirect::Policy,
};

use super::guard::{Guard, GuardedResolver, Refused};

pub use reqwest::{Method, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_REDIRECTS: usize = 5;

/// The guarded HTTP client. Cheap to clone; connections are shared.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    guard: Arc<Guard>,
}

/// A request. Its body is whole, so that it can be sent again after a redirect.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers.
    pub headers: HeaderMap,
    /// Headers that carry a credential: dropped when a redirect leads to another origin.
    pub sensitive: Vec<HeaderName>,
    /// Body.
    pub body: Option<Bytes>,
    /// Longest time with all redirects and the whole body.
    pub timeout: Duration,
    /// Most bytes of the response's body.
    pub max_bytes: usize,
    /// Whether redirects are followed.
    pub follow: bool,
}

impl Request {
    /// A request with the usual bounds: 30 seconds, 5 MiB, redirects followed.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            sensitive: Vec::new(),
            body: None,
            timeout: Duration::from_secs(30),
            max_bytes: 5 << 20,
            follow: true,
        }
    }
}

/// A response that has arrived as a whole.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Where it came from, after redirects.
    pub url: Url,
    /// Body.
    pub body: Bytes,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The guard said no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// No connection: name, network or TLS.
    #[error("{host} could not be reached: {reason}")]
    Connect {
        /// Host.
        host: String,
        /// Why.
        reason: String,
    },
    /// It took too long.
    #[error("{host} did not answer within {} ms", .after.as_millis())]
    Timeout {
        /// Host.
        host: String,
        /// The bound.
        after: Duration,
    },
    /// The connection broke in the middle.
    #[error("the connection to {host} broke: {reason}")]
    Broken {
        /// Host.
        host: String,
        /// Why.
        reason: String,
    },
    /// The body is too large.
    #[error("the response of {host} is larger than {limit} bytes")]
    TooLarge {
        /// Host.
        host: String,
        /// The bound.
        limit: usize,
    },
    /// Redirects without end.
    #[error("{host} redirects more than {MAX_REDIRECTS} times")]
    Redirects {
        /// Host of the last hop.
        host: String,
    },
    /// A redirect to nowhere.
    #[error("{host} redirects to `{location}`, which is not an address")]
    Location {
        /// Host.
        host: String,
        /// What it said.
        location: String,
    },
}

impl From<NetError> for StepError {
    fn from(error: NetError) -> Self {
        let (code, retryable) = match &error {
            NetError::Refused(_) => ("http.refused", false),
            NetError::Connect { .. } => ("http.connect", true),
            NetError::Timeout { .. } => ("http.timeout", true),
            NetError::Broken { .. } => ("http.broken", true),
            NetError::TooLarge { .. } => ("http.too_large", false),
            NetError::Redirects { .. } | NetError::Location { .. } => ("http.redirect", false),
        };
        let step = Self::new(code, error.to_string());
        if retryable { step } else { step.permanent() }
    }
}

impl Client {
    /// A client behind this guard. [`super::install_tls_provider`] must have been called.
    ///
    /// # Errors
    /// The TLS roots of the system could not be read.
    pub fn new(guard: Guard) -> Result<Self, reqwest::Error> {
        let guard = Arc::new(guard);
        let http = reqwest::Client::builder()
            .dns_resolver(GuardedResolver(guard.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(16)
            .user_agent(concat!("Masar/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { http, guard })
    }

    /// The guard.
    pub fn guard(&self) -> &Arc<Guard> {
        &self.guard
    }

    /// Sends a request and reads the whole response.
    ///
    /// # Errors
    /// [`NetError`]; a status that means failure is not one.
    pub async fn send(&self, request: Request) -> Result<Response, NetError> {
        let host = host_of(&request.url);
        let after = request.timeout;
        tokio::time::timeout(after, self.follow(request))
            .await
            .unwrap_or(Err(NetError::Timeout { host, after }))
    }

    async fn follow(&self, mut request: Request) -> Result<Response, NetError> {
        for _ in 0..=MAX_REDIRECTS {
            self.guard.check_url(&request.url)?;
            let host = host_of(&request.url);
            let mut hop = self
                .http
                .request(request.method.clone(), request.url.clone())
                .headers(request.headers.clone());
            if let Some(body) = &request.body {
                hop = hop.body(body.clone());
            }
            let response = hop.send().await.map_err(|error| failure(&host, &error, request.timeout))?;
            let status = response.status();
            let location = response.headers().get(LOCATION).filter(|_| request.follow && is_redirect(status));
            let Some(location) = location else {
                let headers = response.headers().clone();
                let body = read(response, &host, &request).await?;
                return Ok(Response { status, headers, url: request.url, body });
            };
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            let next = request.url.join(&location).map_err(|_| NetError::Location { host, location })?;
            redirect(&mut request, status, next);
        }
        Err(NetError::Redirects { host: host_of(&request.url) })
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The next hop, RFC 9110 §15.4: 303, and by custom 301 and 302 of a POST, become a GET.
fn redirect(request: &mut Request, status: StatusCode, next: Url) {
    let to_get = match status.as_u16() {
        303 => request.method != Method::HEAD,
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if to_get {
        request.method = Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
        request.headers.remove(CONTENT_LENGTH);
    }
    if !same_origin(&request.url, &next) {
        for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].iter().chain(&request.sensitive) {
            request.headers.remove(name);
        }
    }
    request.url = next;
}

/// Whether a credential for the one may go to the other.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

async fn read(mut response: reqwest::Response, host: &str, request: &Request) -> Result<Bytes, NetError> {
    let limit = request.max_bytes;
    let too_large = || NetError::TooLarge { host: host.to_owned(), limit };
    let announced = response.content_length().unwrap_or(0);
    if request.method != Method::HEAD && announced > limit as u64 {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(host, &error, request.timeout))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

pub(crate) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("").to_owned()
}

/// Finds out what a failed request died of. The address is left out: its query may hold a secret.
fn failure(host: &str, error: &reqwest::Error, after: Duration) -> NetError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    let mut reason = String::new();
    while let Some(inner) = source {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return NetError::Refused(refused.clone());
        }
        reason = inner.to_string();
        source = inner.source();
    }
    if reason.is_empty() {
        reason = if error.is_timeout() { "time-out".into() } else { "unknown".into() };
    }
    let host = host.to_owned();
    if error.is_connect() {
        NetError::Connect { host, reason }
    } else if error.is_timeout() {
        NetError::Timeout { host, after }
    } else {
        NetError::Broken { host, reason }
    }
}
