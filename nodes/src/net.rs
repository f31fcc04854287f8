//! Out into the network, past one guard: no node can be talked into reaching the machine's own
//! network. Not here: what is sent. Used by `http.request` and `email.send`.

mod address;
mod client;
mod guard;

pub use client::{Client, Method, NetError, Request, Response, Url};
pub(crate) use client::{host_of, same_origin};
pub(crate) use guard::ResolveError;
pub use guard::{Guard, Refused, RuleError};

/// Makes ring the process's TLS provider. Call it once at start, before the first client; a second
/// call does nothing.
pub fn install_tls_provider() {
    // The only possible failure is that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
