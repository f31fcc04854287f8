//! A small SMTP server on loopback after RFC 5321: it reads the dialogue command by command, keeps
//! to the order that the standard demands, and stores what it took.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// Of `localhost`, signed by itself.
pub(crate) const CERTIFICATE: &str = include_str!("tls/certificate.pem");
const KEY: &str = include_str!("tls/key.pem");

/// How the peer secures its connections.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Security {
    None,
    StartTls,
    Tls,
}

fn acceptor() -> TlsAcceptor {
    masar_nodes::net::install_tls_provider();
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Mail {
    pub(crate) login: Option<String>,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Headers and body with CRLF, dots unstuffed.
    pub(crate) data: String,
}

#[derive(Clone)]
pub(crate) struct SmtpPeer {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Vec<Mail>>>,
    connections: Arc<Mutex<usize>>,
}

impl SmtpPeer {
    /// Without TLS. `recipient` answers each `RCPT TO`; an empty answer hangs up after the data.
    pub(crate) async fn start(recipient: impl Fn(&str) -> &'static str + Send + Sync + 'static) -> Self {
        Self::secured(Security::None, recipient).await
    }

    pub(crate) async fn secured(
        security: Security,
        recipient: impl Fn(&str) -> &'static str + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = Self {
            address: listener.local_addr().unwrap(),
            taken: Arc::default(),
            connections: Arc::default(),
        };
        let (kept, recipient) = (peer.clone(), Arc::new(recipient));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *kept.connections.lock().unwrap() += 1;
                let (taken, recipient) = (kept.taken.clone(), recipient.clone());
                tokio::spawn(async move {
                    match security {
                        Security::None => {
                            serve(stream, false, true, &taken, &*recipient).await;
                        }
                        Security::StartTls => {
                            if let Some(stream) = serve(stream, true, true, &taken, &*recipient).await
                                && let Ok(stream) = acceptor().accept(stream).await
                            {
                                serve(stream, false, false, &taken, &*recipient).await;
                            }
                        }
                        Security::Tls => {
                            if let Ok(stream) = acceptor().accept(stream).await {
                                serve(stream, false, true, &taken, &*recipient).await;
                            }
                        }
                    }
                });
            }
        });
        peer
    }

    pub(crate) fn taken(&self) -> Vec<Mail> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// Speaks until the client leaves; gives the stream back where TLS shall begin on it.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    offers_tls: bool,
    greets: bool,
    taken: &Mutex<Vec<Mail>>,
    recipient: &(impl Fn(&str) -> &'static str + Send + Sync),
) -> Option<S> {
    let mut stream = BufReader::new(stream);
    let mut mail = Mail::default();
    let mut greeted = false;
    let mut hang_up = false;
    if greets {
        stream.write_all(b"220 peer.test ESMTP\r\n").await.ok()?;
    }
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.strip_suffix("\r\n").expect("commands end in CRLF");
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let reply = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                greeted = true;
                let last = if offers_tls { "STARTTLS" } else { "AUTH PLAIN" };
                format!("250-peer.test\r\n250-8BITMIME\r\n250 {last}")
            }
            "STARTTLS" if offers_tls => {
                stream.write_all(b"220 go ahead\r\n").await.ok()?;
                return Some(stream.into_inner());
            }
            "AUTH" | "MAIL" if offers_tls => panic!("something was sent before TLS: {line}"),
            "NOOP" => "250 OK".into(),
            "RSET" => {
                mail = Mail { login: mail.login, ..Mail::default() };
                "250 OK".into()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await.ok()?;
                return None;
            }
            "AUTH" => {
                let secret = BASE64_STANDARD.decode(rest.strip_prefix("PLAIN ").unwrap()).unwrap();
                let login = String::from_utf8(secret).unwrap().replace('\0', "|");
                let good = login.ends_with("|right");
                mail.login = Some(login);
                if good { "235 welcome".into() } else { "535 5.7.8 wrong password".into() }
            }
            _ if !greeted => "503 EHLO first".into(),
            "MAIL" => {
                mail = Mail { login: mail.login, from: path(rest, "FROM:"), ..Mail::default() };
                "250 OK".into()
            }
            "RCPT" if mail.from.is_empty() => "503 MAIL first".into(),
            "RCPT" => {
                let to = path(rest, "TO:");
                let reply = recipient(&to);
                hang_up = reply.is_empty();
                mail.to.push(to);
                if hang_up { "250 OK".into() } else { reply.to_owned() }
            }
            "DATA" if mail.to.is_empty() => "503 RCPT first".into(),
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.ok()?;
                    if line == ".\r\n" {
                        break;
                    }
                    assert!(line.ends_with("\r\n") && line.len() <= 1_000, "RFC 5321 §4.5.3.1.6");
                    mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                taken.lock().unwrap().push(mail.clone());
                if hang_up {
                    return None;
                }
                "250 2.0.0 taken as 42".into()
            }
            _ => "500 what?".into(),
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
}

fn path(rest: &str, prefix: &str) -> String {
    let rest = rest.strip_prefix(prefix).unwrap();
    rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')).unwrap().0.to_owned()
}
