//! The guard against requests into the machine's own network (server-side request forgery).
//! Every address that a name resolves to is checked, and the connection goes to exactly those
//! addresses: there is no second look-up that could answer differently.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

use super::address;

/// What may be reached beyond the public internet on ports 80 and 443.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    hosts: Vec<HostRule>,
    nets: Vec<IpNet>,
    any_port: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct HostRule {
    /// Lower case; after `*.` where `below`.
    name: String,
    /// Whether names below it are meant (`*.example.sa`), and not itself.
    below: bool,
    port: Option<u16>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Neither `http` nor `https`.
    #[error("`{0}:` is not possible; write an address that begins with http:// or https://")]
    Scheme(String),
    /// An address without a host.
    #[error("the address has no host")]
    NoHost,
    /// Not a usual port.
    #[error("port {port} of {host} is not allowed; an admin can add `{host}:{port}` to the allow list")]
    Port {
        /// Host.
        host: String,
        /// Port.
        port: u16,
    },
    /// Not the public internet.
    #[error(
        "{host} is at {address}, which is not the public internet ({kind}); an admin can add the host or its network to the allow list"
    )]
    Address {
        /// Host as it was asked for.
        host: String,
        /// Where it is.
        address: IpAddr,
        /// What this address is.
        kind: &'static str,
    },
}

/// A rule of the allow list that is none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "`{rule}` is not a rule of the allow list: write a host (crm.example.sa, *.example.sa, host:8443), an address or a network (10.1.0.0/16)"
)]
pub struct RuleError {
    /// The text.
    pub rule: String,
}

impl Guard {
    /// A guard that lets these through as well: hosts (`crm.local`, `*.example.sa`, `host:8443`),
    /// addresses and networks (`10.1.0.0/16`). A host or network on the list is open at every port,
    /// unless the rule names one. Metadata addresses are opened by a network rule only.
    ///
    /// # Errors
    /// The first rule that is none.
    pub fn allowing<S: AsRef<str>>(rules: impl IntoIterator<Item = S>) -> Result<Self, RuleError> {
        let mut guard = Self::default();
        for rule in rules {
            guard.allow(rule.as_ref().trim())?;
        }
        Ok(guard)
    }

    /// The same, open at every port of public hosts.
    pub fn with_any_port(mut self) -> Self {
        self.any_port = true;
        self
    }

    fn allow(&mut self, rule: &str) -> Result<(), RuleError> {
        if let Ok(net) = rule.parse::<IpNet>() {
            self.nets.push(net);
            return Ok(());
        }
        if let Ok(address) = rule.trim_matches(['[', ']']).parse::<IpAddr>() {
            self.nets.push(address.into());
            return Ok(());
        }
        let wrong = || RuleError { rule: rule.to_owned() };
        let (name, port) = match rule.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().map_err(|_| wrong())?)),
            None => (rule, None),
        };
        let (name, below) = match name.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (name, false),
        };
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || !name.chars().all(fits) {
            return Err(wrong());
        }
        self.hosts.push(HostRule { name: name.to_lowercase(), below, port });
        Ok(())
    }

    /// What can be told from the address of a request alone. Names are checked when they resolve.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme(url.scheme().to_owned()));
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(Refused::NoHost)?;
        let port = url.port_or_known_default().unwrap_or(0);
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let listed = match literal {
            Some(address) => self.in_nets(address),
            None => self.host_rule(host, Some(port)),
        };
        if !listed && !self.any_port && !matches!(port, 80 | 443) {
            return Err(Refused::Port { host: host.to_owned(), port });
        }
        // The resolver is not asked for literal addresses.
        literal.map_or(Ok(()), |address| self.check_address(host, address))
    }

    /// Whether an address that `host` stands for may be reached.
    pub(crate) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let Some(kind) = address::reserved(address) else { return Ok(()) };
        let metadata = address::is_metadata(address.to_canonical());
        if self.in_nets(address) || (!metadata && self.host_rule(host, None)) {
            return Ok(());
        }
        Err(Refused::Address { host: host.to_owned(), address, kind })
    }

    fn in_nets(&self, address: IpAddr) -> bool {
        // An IPv4 address in IPv6 clothes is judged as what it is.
        let address = address.to_canonical();
        self.nets.iter().any(|net| net.contains(&address))
    }

    fn host_rule(&self, host: &str, port: Option<u16>) -> bool {
        let host = host.trim_end_matches('.').to_lowercase();
        self.hosts.iter().any(|rule| {
            let named = if rule.below {
                host.strip_suffix(&rule.name).is_some_and(|rest| rest.ends_with('.'))
            } else {
                host == rule.name
            };
            named && (rule.port.is_none() || port.is_none() || rule.port == port)
        })
    }

    /// The addresses of `host`, all of them checked.
    ///
    /// # Errors
    /// That of the look-up, or [`Refused`] inside.
    pub(crate) async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            self.check_address(host, address)?;
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
        for address in &addresses {
            self.check_address(host, address.ip())?;
        }
        if addresses.is_empty() {
            return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address").into());
        }
        Ok(addresses)
    }
}

/// Why a name gave no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the name could not be looked up: {0}")]
    Lookup(#[from] std::io::Error),
}

/// The guard as the HTTP client's resolver.
pub(super) struct GuardedResolver(pub(super) Arc<Guard>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            // Port 0 is replaced by the request's own.
            match guard.resolve(name.as_str(), 0).await {
                Ok(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                Err(ResolveError::Refused(refused)) => Err(refused.into()),
                Err(ResolveError::Lookup(error)) => Err(error.into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &Guard, url: &str) -> Result<(), Refused> {
        guard.check_url(&Url::parse(url).unwrap())
    }

    #[test]
    fn literal_addresses_in_every_spelling_are_refused() {
        let guard = Guard::default();
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.0.0.8/",
            "http://0/",
        ] {
            assert!(matches!(check(&guard, url), Err(Refused::Address { .. })), "{url}");
        }
        assert_eq!(check(&guard, "ftp://example.com/"), Err(Refused::Scheme("ftp".into())));
        assert_eq!(
            check(&guard, "http://example.com:22/"),
            Err(Refused::Port { host: "example.com".into(), port: 22 })
        );
        assert_eq!(check(&guard, "https://example.com/"), Ok(()));
    }

    #[test]
    fn the_allow_list_opens_hosts_and_networks_and_nothing_else() {
        let guard = Guard::allowing(["10.1.0.0/16", "crm.local:8069", "*.example.sa"]).unwrap();
        assert_eq!(check(&guard, "http://10.1.2.3:9000/"), Ok(()));
        assert!(check(&guard, "http://10.2.2.3/").is_err());
        assert_eq!(check(&guard, "http://crm.local:8069/"), Ok(()));
        assert!(check(&guard, "http://crm.local:8070/").is_err());
        assert_eq!(check(&guard, "http://erp.example.sa:8443/"), Ok(()));
        assert!(check(&guard, "http://badexample.sa:8443/").is_err());
        let private = "192.168.7.7".parse().unwrap();
        assert_eq!(guard.check_address("crm.local", private), Ok(()));
        assert!(guard.check_address("other.local", private).is_err());
        // A name on the list cannot point at the metadata service.
        assert!(guard.check_address("crm.local", "169.254.169.254".parse().unwrap()).is_err());
        assert!(Guard::allowing(["http://x"]).is_err());
        assert!(Guard::allowing(["10.0.0.0/40"]).is_err());
    }

    #[tokio::test]
    async fn a_name_that_resolves_inwards_is_refused() {
        let error = Guard::default().resolve("localhost", 80).await.unwrap_err();
        assert!(matches!(error, ResolveError::Refused(Refused::Address { .. })), "{error}");
        assert!(Guard::allowing(["localhost"]).unwrap().resolve("localhost", 80).await.is_ok());
    }
}
