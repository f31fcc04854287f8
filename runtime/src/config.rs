//! The settings: defaults, then a file, then `MASAR_*` variables, then flags. One table says what
//! there is; reading, `masar config` and the reference page come from it.

mod reader;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use lapin::uri::AMQPUri;
use reader::Reader;
/// The JSON reader stops at this depth whatever the settings say.
const DEEPEST: usize = 127;

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `500ms`, `30s`, `5m`, `2h`, `7d`.
    Duration,
    /// `512`, `64KiB`, `1MiB`.
    Size,
    /// Texts separated by commas.
    List,
}

/// A setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Dotted key, as in the file: `[server] listen`.
    pub key: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// The default.
    pub default: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it does.
    pub help: &'static str,
}

const fn setting(key: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Setting {
    Setting { key, kind, default, secret: false, help }
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    setting("data.folder", Kind::Text, "./data", "Folder of the database, the keys and the token."),
    Setting {
        key: "database.url",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "PostgreSQL that holds everything, `postgres://user:password@host:5432/database`. Empty: SQLite in the data folder.",
    },
    setting("server.listen", Kind::Text, "127.0.0.1:8080", "Address and port of the HTTP server."),
    Setting {
        key: "server.token",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "Access token of the API. Empty: the file api-token in the data folder, made at the first start.",
    },
    setting(
        "server.public_url",
        Kind::Text,
        "",
        "How others reach this server; for links in messages. Empty: from `server.listen`.",
    ),
    setting(
        "log.level",
        Kind::Text,
        "info",
        "error, warn, info, debug, trace, or a filter such as `masar_runtime=debug`.",
    ),
    setting("log.format", Kind::Text, "text", "text or json."),
    setting("limits.body", Kind::Size, "1MiB", "Largest body of a webhook call or API request."),
    setting("limits.depth", Kind::Number, "64", "Deepest nesting of JSON that comes in."),
    setting(
        "limits.queue",
        Kind::Number,
        "10000",
        "Runs that may wait for their turn; beyond that intake answers 429.",
    ),
    setting(
        "limits.dedup_window",
        Kind::Duration,
        "7d",
        "How long a second arrival of an event is recognised.",
    ),
    setting("execute.workers", Kind::Number, "512", "Runs that are carried out at the same time."),
    setting(
        "execute.step_timeout",
        Kind::Duration,
        "5m",
        "Longest attempt of an external step that sets none itself.",
    ),
    setting("execute.stop_grace", Kind::Duration, "10s", "How long a stop waits for steps under way."),
    setting(
        "retention.days",
        Kind::Number,
        "30",
        "Days that ended runs and their events are kept, where their workflow does not say, and dead letters; 0 keeps them for ever.",
    ),
    setting("retention.hook_hours", Kind::Number, "72", "Hours that webhook calls are kept in the inbox."),
    setting("workspace.time_zone", Kind::Text, "Asia/Riyadh", "Time zone of schedules and dates."),
    setting("workspace.language", Kind::Text, "ar", "Language of a new visitor: ar or en."),
    setting(
        "http.allow_private",
        Kind::List,
        "",
        "Private hosts and networks (CIDR) that HTTP and mail nodes may reach.",
    ),
    Setting {
        key: "amqp.url",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "RabbitMQ that carries events, `amqp://user:password@host:5672/vhost` or `amqps://…`. Empty: they travel within this process.",
    },
    setting(
        "amqp.exchange",
        Kind::Text,
        "masar.events",
        "Topic exchange of the events; the queues are named after it, `masar.work` and `masar.dead`.",
    ),
    setting(
        "amqp.prefetch",
        Kind::Number,
        "500",
        "Events that RabbitMQ hands to this process before the first of them is acknowledged.",
    ),
    setting(
        "amqp.delivery_limit",
        Kind::Number,
        "20",
        "How often an event is handed out again after a crash before it becomes a dead letter.",
    ),
    setting("schedule.missed_window", Kind::Duration, "1h", "How far back missed firings are caught up."),
    Setting {
        key: "secrets.master_key",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "Key that seals credentials: base64 of 32 bytes. Empty: the file master.key in the data folder.",
    },
    Setting {
        key: "secrets.previous_master_key",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "The master key before: only opens. For the time until `masar secrets rotate` is done.",
    },
];

impl Setting {
    /// The name of its variable, e.g. `MASAR_SERVER_LISTEN`.
    pub fn variable(&self) -> String {
        format!("MASAR_{}", self.key.replace('.', "_").to_uppercase())
    }
}

/// The settings in force.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "SETTINGS says what each is")]
pub struct Config {
    pub data: Data,
    pub database: Database,
    pub server: Server,
    pub log: Log,
    pub limits: LimitsConfig,
    pub execute: Execute,
    pub retention: Retention,
    pub workspace: Workspace,
    pub http: Http,
    pub schedule: Schedule,
    pub amqp: Amqp,
    /// The master key, where it comes from the settings.
    pub master_key: Option<String>,
    /// The master key before it, during a change.
    pub previous_master_key: Option<String>,
    /// Where each value came from, by key.
    pub origins: BTreeMap<&'static str, Origin>,
}

macro_rules! sections {
    ($($name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            /// See [`SETTINGS`].
            #[derive(Debug, Clone)]
            #[expect(missing_docs, reason = "SETTINGS says what each is")]
            pub struct $name { $(pub $field: $type,)* }
        )*
    };
}

sections! {
    Data { folder: PathBuf, }
    Database { url: Option<String>, }
    Server { listen: String, public_url: String, token: Option<String>, }
    Log { level: String, format: String, }
    LimitsConfig { body: usize, depth: usize, queue: usize, dedup_window: Duration, }
    Execute { workers: usize, step_timeout: Duration, stop_grace: Duration, }
    Retention { days: u32, hook_hours: u32, }
    Workspace { time_zone: String, language: String, }
    Http { allow_private: Vec<String>, }
    Schedule { missed_window: Duration, }
    Amqp { url: Option<AMQPUri>, exchange: String, prefetch: u16, delivery_limit: u32, }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The value as written.
    pub value: String,
    /// `default`, the file's name, the variable's name, or the flag.
    pub source: String,
}

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{source_name}: {key}: {message}")]
pub struct ConfigError {
    /// File, variable or flag.
    pub source_name: String,
    /// The setting.
    pub key: String,
    /// What is wrong, and what is expected.
    pub message: String,
}

/// Where settings are read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Name and text of the file.
    pub file: Option<(String, String)>,
    /// The environment.
    pub variables: Vec<(String, String)>,
    /// Flags: key and value.
    pub flags: Vec<(String, String)>,
}

/// Variables that begin with `MASAR_` but are no settings.
const OTHER_VARIABLES: &[&str] = &[
    "MASAR_CONFIG",
    "MASAR_TOKEN",
    "MASAR_URL",
    "MASAR_UPDATE",
    "MASAR_KILLS",
    "MASAR_SIM_SEEDS",
    "MASAR_TELCO",
];

impl Config {
    /// Reads the settings; every error at once.
    pub fn load(sources: &Sources) -> Result<Self, Vec<ConfigError>> {
        let mut errors = Vec::new();
        let mut origins: BTreeMap<&'static str, Origin> = SETTINGS
            .iter()
            .map(|setting| (setting.key, Origin { value: setting.default.into(), source: "default".into() }))
            .collect();
        let mut take =
            |key: &str, value: String, source: String, errors: &mut Vec<ConfigError>| match SETTINGS
                .iter()
                .find(|setting| setting.key == key)
            {
                Some(setting) => {
                    origins.insert(setting.key, Origin { value, source });
                }
                None => {
                    errors.push(unknown(key, source, SETTINGS.iter().map(|setting| setting.key.to_owned())))
                }
            };
        if let Some((name, text)) = &sources.file {
            match text.parse::<toml::Table>() {
                Ok(table) => {
                    for (key, value) in flatten("", &table) {
                        take(&key, value, name.clone(), &mut errors);
                    }
                }
                // Only the place and the reason: the parser's own text quotes the line, which may hold a secret.
                Err(error) => {
                    let end = error.span().map_or(0, |span| span.start);
                    let before = text.as_bytes().get(..end).unwrap_or_default();
                    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                    errors.push(ConfigError {
                        source_name: name.clone(),
                        key: format!("line {line}"),
                        message: error.message().to_owned(),
                    });
                }
            }
        }
        for (name, value) in sources
            .variables
            .iter()
            .filter(|(name, _)| name.starts_with("MASAR_") && !OTHER_VARIABLES.contains(&name.as_str()))
        {
            match SETTINGS.iter().find(|setting| setting.variable() == *name) {
                Some(setting) => take(setting.key, value.clone(), name.clone(), &mut errors),
                None => {
                    errors.push(unknown(name, "environment".into(), SETTINGS.iter().map(Setting::variable)))
                }
            }
        }
        for (key, value) in &sources.flags {
            take(key, value.clone(), "flag".into(), &mut errors);
        }
        let mut read = Reader { origins: &origins, errors: &mut errors };
        let config = Self {
            data: Data { folder: read.folder("data.folder") },
            server: Server {
                listen: read.address("server.listen"),
                public_url: read.url("server.public_url"),
                token: read.token("server.token"),
            },
            database: Database { url: read.database_url("database.url") },
            log: Log {
                level: read.log_filter("log.level"),
                format: read.choice("log.format", &["text", "json"]),
            },
            limits: LimitsConfig {
                body: read.size("limits.body"),
                depth: read.number("limits.depth", 1, DEEPEST),
                queue: read.number("limits.queue", 1, 10_000_000),
                dedup_window: read.duration("limits.dedup_window", Duration::from_secs(1)),
            },
            execute: Execute {
                workers: read.number("execute.workers", 1, 65_536),
                step_timeout: read.duration("execute.step_timeout", Duration::from_millis(1)),
                stop_grace: read.duration("execute.stop_grace", Duration::from_millis(1)),
            },
            retention: Retention {
                days: u32::try_from(read.number("retention.days", 0, 36_500)).unwrap_or(u32::MAX),
                hook_hours: u32::try_from(read.number("retention.hook_hours", 0, 876_000))
                    .unwrap_or(u32::MAX),
            },
            workspace: Workspace {
                time_zone: read.zone("workspace.time_zone"),
                language: read.choice("workspace.language", &["ar", "en"]),
            },
            http: Http { allow_private: read.reachable("http.allow_private") },
            // None at all is a choice here: what was missed is then left out.
            schedule: Schedule { missed_window: read.duration("schedule.missed_window", Duration::ZERO) },
            amqp: Amqp {
                url: read.amqp_url("amqp.url"),
                exchange: read.exchange("amqp.exchange"),
                prefetch: u16::try_from(read.number("amqp.prefetch", 1, 10_000)).unwrap_or(u16::MAX),
                delivery_limit: u32::try_from(read.number("amqp.delivery_limit", 1, 1_000_000))
                    .unwrap_or(u32::MAX),
            },
            master_key: read.master_key("secrets.master_key"),
            previous_master_key: read.master_key("secrets.previous_master_key"),
            origins: BTreeMap::new(),
        };
        if errors.is_empty() { Ok(Self { origins, ..config }) } else { Err(errors) }
    }

    /// Every setting with its value (secrets hidden) and where that came from.
    pub fn table(&self) -> Vec<(&'static str, String, String)> {
        let shown = |setting: &Setting| {
            let origin = self.origins.get(setting.key)?;
            let value = if setting.secret && !origin.value.is_empty() {
                "•••".to_owned()
            } else {
                origin.value.clone()
            };
            Some((setting.key, value, origin.source.clone()))
        };
        SETTINGS.iter().filter_map(shown).collect()
    }
}

fn unknown(key: &str, source: String, known: impl Iterator<Item = String>) -> ConfigError {
    let near = known.map(|name| (distance(key, &name), name)).min().filter(|(distance, _)| *distance <= 3);
    let message = match near {
        Some((_, name)) => format!("there is no such setting; did you mean {name}?"),
        None => "there is no such setting; `masar config` lists them all".into(),
    };
    ConfigError { source_name: source, key: key.to_owned(), message }
}

/// Levenshtein distance, for the one suggestion above.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(before + 1);
        }
    }
    row[b.len()]
}

fn is_section(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key.split_once('.').is_some_and(|(section, _)| section == name))
}

fn flatten(prefix: &str, table: &toml::Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            // A section without settings is named too, so that a misspelt one does not pass unseen.
            toml::Value::Table(inner) if inner.is_empty() && !is_section(&key) => {
                found.push((key, String::new()));
            }
            toml::Value::Table(inner) => found.extend(flatten(&key, inner)),
            toml::Value::String(text) => found.push((key, text.clone())),
            toml::Value::Array(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect();
                found.push((key, items.join(",")));
            }
            other => found.push((key, other.to_string())),
        }
    }
    found
}

#[cfg(test)]
mod tests;
