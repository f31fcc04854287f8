//! Pooled SMTP transports, one per credential. A transport speaks to an address that the guard has
//! checked; its certificate is still checked against the name.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    AsyncSmtpTransport, Tokio1Executor,
    transport::smtp::{
        PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use masar_engine::StepError;
use sha2::{Digest, Sha256};

use crate::{
    Opened,
    net::{Guard, ResolveError},
};

pub(super) type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// How long the server may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long one of several addresses may take to accept a connection.
const PROBE: Duration = Duration::from_secs(5);
/// Connections to one server.
const CONNECTIONS: u32 = 4;
/// Transports that are kept; beyond that all are made anew.
const MOST_TRANSPORTS: usize = 64;

/// Out by SMTP, past the guard.
pub struct Mailer {
    guard: Arc<Guard>,
    /// By credential id, with a digest of its fields: a changed credential gets a new transport.
    transports: Mutex<HashMap<String, ([u8; 32], Transport)>>,
}

impl Mailer {
    /// A mailer behind this guard. [`crate::net::install_tls_provider`] must have been called.
    pub fn new(guard: Arc<Guard>) -> Self {
        Self { guard, transports: Mutex::default() }
    }

    /// The transport of a credential of type `smtp`.
    pub(super) async fn transport(&self, credential: &Opened) -> Result<Transport, StepError> {
        let digest = digest(credential);
        if let Some((known, transport)) = self.lock().get(&credential.id)
            && *known == digest
        {
            return Ok(transport.clone());
        }
        let transport = self.connect(credential).await?;
        let mut transports = self.lock();
        if transports.len() >= MOST_TRANSPORTS {
            transports.clear();
        }
        transports.insert(credential.id.clone(), (digest, transport.clone()));
        Ok(transport)
    }

    /// Forgets a credential's transport, so that the next message looks its host up again.
    pub(super) fn forget(&self, credential: &Opened) {
        self.lock().remove(&credential.id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, ([u8; 32], Transport)>> {
        self.transports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, credential: &Opened) -> Result<Transport, StepError> {
        let wrong = |field: &str, why: String| {
            StepError::new("credential.field", format!("`{field}` of the mail server's credential: {why}"))
                .permanent()
        };
        let host = credential.need("host")?;
        let security = credential.get("security").unwrap_or("starttls");
        let port = match credential.get("port") {
            Some(port) => {
                port.trim().parse().map_err(|_| wrong("port", format!("`{port}` is not a port")))?
            }
            None if security == "tls" => 465,
            None if security == "none" => 25,
            None => 587,
        };
        let addresses = self.guard.resolve(host, port).await.map_err(|error| match error {
            ResolveError::Refused(refused) => {
                StepError::new("email.refused_host", refused.to_string()).permanent()
            }
            ResolveError::Lookup(_) => StepError::new("email.connect", format!("{host}: {error}")),
        })?;
        let address = reachable(&addresses).await.ip().to_string();
        let parameters = || {
            let mut builder = TlsParameters::builder(host.to_owned());
            if let Some(pem) = credential.get("ca_certificate") {
                let certificate = Certificate::from_pem(pem.as_bytes())
                    .map_err(|error| wrong("ca_certificate", error.to_string()))?;
                builder = builder.add_root_certificate(certificate);
            }
            builder.build().map_err(|error| wrong("ca_certificate", error.to_string()))
        };
        let tls = match security {
            "tls" => Tls::Wrapper(parameters()?),
            "starttls" => Tls::Required(parameters()?),
            "none" => Tls::None,
            other => return Err(wrong("security", format!("`{other}` is not starttls, tls or none"))),
        };
        let mut builder = Transport::builder_dangerous(address)
            .port(port)
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS));
        if let Some(username) = credential.get("username") {
            let password = credential.get("password").unwrap_or("");
            builder = builder.credentials(Credentials::new(username.to_owned(), password.to_owned()));
        }
        Ok(builder.build())
    }
}

/// The first address that takes a connection; a name often has one that this machine has no way to.
async fn reachable(addresses: &[SocketAddr]) -> SocketAddr {
    let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
    let first = addresses.first().copied().unwrap_or(unspecified);
    if addresses.len() > 1 {
        for address in addresses {
            let connecting = tokio::net::TcpStream::connect(address);
            if let Ok(Ok(_)) = tokio::time::timeout(PROBE, connecting).await {
                return *address;
            }
        }
    }
    first
}

fn digest(credential: &Opened) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (name, value) in &credential.fields {
        for part in [name.as_str(), value.expose()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
    }
    hasher.finalize().into()
}
