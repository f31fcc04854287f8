//! Settings from text to values: each kind is read in one place, and what is refused is told with
//! the reason and the way out. Not here: which settings there are. Called by `Config::load`.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use lapin::uri::AMQPUri;
use masar_nodes::net;

use super::{ConfigError, Origin, SETTINGS};
use crate::access::vault::Vault;

/// No time of the settings is longer: ten years.
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

pub(super) struct Reader<'a> {
    pub(super) origins: &'a BTreeMap<&'static str, Origin>,
    pub(super) errors: &'a mut Vec<ConfigError>,
}

impl Reader<'_> {
    pub(super) fn text(&self, key: &str) -> String {
        self.origins.get(key).map(|origin| origin.value.clone()).unwrap_or_default()
    }

    /// The value is not possible, for this reason; with what to do about it.
    fn refuse(&mut self, key: &str, reason: &str) {
        let Some(origin) = self.origins.get(key) else { return };
        let default =
            SETTINGS.iter().find(|setting| setting.key == key).map_or("", |setting| setting.default);
        let way_out = match default {
            "" => "remove it, it may be absent".to_owned(),
            default => format!("remove it for the default, {default}"),
        };
        let message = format!("{reason}; or {way_out}");
        self.errors.push(ConfigError { source_name: origin.source.clone(), key: key.to_owned(), message });
    }

    fn expect(&mut self, key: &str, expected: &str) {
        let secret = SETTINGS.iter().any(|setting| setting.key == key && setting.secret);
        let reason = match self.text(key).trim() {
            "" => format!("it is empty; give {expected}"),
            _ if secret => format!("its value is not possible; give {expected}"),
            value => format!("\"{value}\" is not possible; give {expected}"),
        };
        self.refuse(key, &reason);
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        fallback: T,
    ) -> T {
        match parse(self.text(key).trim()) {
            Some(value) => value,
            None => {
                self.expect(key, expected);
                fallback
            }
        }
    }

    pub(super) fn number(&mut self, key: &str, least: usize, most: usize) -> usize {
        self.parsed(
            key,
            &format!("a whole number from {least} to {most}"),
            |text| text.parse().ok().filter(|value| (least..=most).contains(value)),
            least,
        )
    }

    pub(super) fn duration(&mut self, key: &str, least: Duration) -> Duration {
        let bound = if least.is_zero() { "up to 3650d" } else { "more than 0, up to 3650d" };
        self.parsed(
            key,
            &format!("a time such as 500ms, 30s, 5m, 2h or 7d ({bound})"),
            |text| parse_duration(text).filter(|value| (least..=LONGEST).contains(value)),
            least,
        )
    }

    pub(super) fn size(&mut self, key: &str) -> usize {
        self.parsed(
            key,
            "a size such as 512, 64KiB or 1MiB (up to 1GiB)",
            |text| parse_size(text).filter(|value| (1..=1 << 30).contains(value)),
            1,
        )
    }

    pub(super) fn choice(&mut self, key: &str, possible: &[&str]) -> String {
        let expected = possible.join(" or ");
        self.parsed(key, &expected, |text| possible.contains(&text).then(|| text.to_owned()), String::new())
    }

    pub(super) fn zone(&mut self, key: &str) -> String {
        self.parsed(
            key,
            "an IANA time zone such as Asia/Riyadh",
            |text| jiff::tz::TimeZone::get(text).ok().map(|_| text.to_owned()),
            String::new(),
        )
    }

    pub(super) fn folder(&mut self, key: &str) -> PathBuf {
        // A path may begin or end with a blank; only an empty one is none.
        let text = self.text(key);
        self.parsed(key, "a folder such as ./data", |trimmed| (!trimmed.is_empty()).then_some(()), ());
        PathBuf::from(text)
    }

    pub(super) fn address(&mut self, key: &str) -> String {
        let expected = "an address and a port such as 127.0.0.1:8080, [::1]:8080 or localhost:8080";
        self.parsed(key, expected, |text| is_address(text).then(|| text.to_owned()), String::new())
    }

    pub(super) fn url(&mut self, key: &str) -> String {
        let usable = |text: &str| {
            reqwest::Url::parse(text)
                .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
        };
        self.parsed(
            key,
            "the beginning of a web address such as https://masar.example.com",
            |text| (text.is_empty() || usable(text)).then(|| text.trim_end_matches('/').to_owned()),
            String::new(),
        )
    }

    pub(super) fn database_url(&mut self, key: &str) -> Option<String> {
        let text = self.text(key);
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        // Only the shape: the reader's own words could quote the password.
        let usable = reqwest::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "postgres" | "postgresql")
                && text.parse::<sqlx::postgres::PgConnectOptions>().is_ok()
        });
        if !usable {
            self.expect(
                key,
                "an address such as postgres://masar:password@postgres.local:5432/masar (in the password, write / as %2f, @ as %40, : as %3a); or nothing for SQLite",
            );
        }
        usable.then(|| text.to_owned())
    }

    pub(super) fn token(&mut self, key: &str) -> Option<String> {
        let text = self.text(key);
        let text = text.trim();
        // A header carries it; a short one can be guessed.
        let usable = text.len() >= 20 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !text.is_empty() && !usable {
            self.expect(
                key,
                "at least 20 letters, digits and signs without spaces, as `openssl rand -hex 24` makes them",
            );
        }
        usable.then(|| text.to_owned())
    }

    pub(super) fn amqp_url(&mut self, key: &str) -> Option<AMQPUri> {
        let text = self.text(key);
        if text.trim().is_empty() {
            return None;
        }
        // Only the shape: the reader's own words could quote the password.
        let parsed = text.trim().parse::<AMQPUri>().ok().filter(|uri| !uri.authority.host.is_empty());
        if parsed.is_none() {
            self.expect(
                key,
                "an address such as amqp://user:password@rabbitmq.local:5672/vhost or amqps://… (in the password and the vhost, write / as %2f, @ as %40, : as %3a)",
            );
        }
        parsed
    }

    pub(super) fn exchange(&mut self, key: &str) -> String {
        // RabbitMQ keeps names that begin with amq. for itself; a name has at most 255 bytes, and the
        // queues' names are a little longer or shorter.
        let usable = |text: &str| {
            (1..=200).contains(&text.len())
                && !text.starts_with("amq.")
                && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'))
        };
        let expected = "1 to 200 Latin letters, digits and . - _ : that do not begin with amq.";
        self.parsed(key, expected, |text| usable(text).then(|| text.to_owned()), String::new())
    }

    pub(super) fn log_filter(&mut self, key: &str) -> String {
        let expected = "error, warn, info, debug, trace or off, or a filter such as info,masar_runtime=debug";
        self.parsed(key, expected, |text| is_log_filter(text).then(|| text.to_owned()), String::new())
    }

    pub(super) fn reachable(&mut self, key: &str) -> Vec<String> {
        let text = self.text(key);
        let items: Vec<String> =
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect();
        for item in items.iter().filter(|item| !is_reachable(item)) {
            let reason = format!(
                "\"{item}\" is not a host or a network; give items such as 10.1.2.3, 10.0.0.0/8, crm.local, crm.local:8443 or *.example.com"
            );
            self.refuse(key, &reason);
        }
        items
    }

    pub(super) fn master_key(&mut self, key: &str) -> Option<String> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        match Vault::with_key(&text) {
            Ok(_) => Some(text),
            Err(_) => {
                self.expect(key, "the base64 of 32 bytes: `openssl rand -base64 32` makes one");
                None
            }
        }
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
fn is_address(text: &str) -> bool {
    let name = |host: &str| {
        let label = |label: &str| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        // Only digits and dots: an address that is none, e.g. 127.0.0.300.
        host.split('.').all(label) && !host.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    let named = |(host, port): (&str, &str)| name(host) && port.parse::<u16>().is_ok();
    text.parse::<SocketAddr>().is_ok() || text.rsplit_once(':').is_some_and(named)
}

/// The filter's own reader takes any word for the name of a module and then logs nothing.
fn is_log_filter(text: &str) -> bool {
    let level = |text: &str| text.trim().parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    let part = |part: &str| match part.rsplit_once('=') {
        Some((_, after)) => level(after),
        None => !part.trim().bytes().all(|byte| byte.is_ascii_digit()) && level(part),
    };
    // Spans and fields, `[run{id=5}]=debug`, hold commas and signs of their own.
    let plain = !text.contains(['[', '{']);
    (!plain || text.split(',').all(part)) && tracing_subscriber::EnvFilter::try_new(text).is_ok()
}

fn is_reachable(rule: &str) -> bool {
    let host = rule.rsplit_once(':').map_or(rule, |(host, _)| host);
    let number = host.chars().all(|c| c.is_ascii_digit() || c == '.');
    let is_number = host.parse::<std::net::Ipv4Addr>().is_ok();
    (!number || is_number) && net::Guard::allowing([rule]).is_ok()
}

/// Reads `500ms`, `30s`, `5m`, `2h`, `7d`.
fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    let millis = match unit.trim() {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.checked_mul(millis)?))
}

fn parse_size(text: &str) -> Option<usize> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}
