//! The settings: defaults, then a file, then `MASAR_*` variables, then flags. One table says what
//! there is; reading, `masar config` and the reference page come from it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

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
    setting("server.listen", Kind::Text, "127.0.0.1:8080", "Address and port of the HTTP server."),
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
        "Days that ended runs and their events are kept, where their workflow does not say; 0 keeps them for ever.",
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
    setting("schedule.missed_window", Kind::Duration, "1h", "How far back missed firings are caught up."),
    Setting {
        key: "secrets.master_key",
        kind: Kind::Text,
        default: "",
        secret: true,
        help: "Key that seals credentials: base64 of 32 bytes. Empty: the file master.key in the data folder.",
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
    pub server: Server,
    pub log: Log,
    pub limits: LimitsConfig,
    pub execute: Execute,
    pub retention: Retention,
    pub workspace: Workspace,
    pub http: Http,
    pub schedule: Schedule,
    /// The master key, where it comes from the settings.
    pub master_key: Option<String>,
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
    Server { listen: String, public_url: String, }
    Log { level: String, format: String, }
    LimitsConfig { body: usize, depth: usize, queue: usize, dedup_window: Duration, }
    Execute { workers: usize, step_timeout: Duration, stop_grace: Duration, }
    Retention { days: u32, hook_hours: u32, }
    Workspace { time_zone: String, language: String, }
    Http { allow_private: Vec<String>, }
    Schedule { missed_window: Duration, }
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
const OTHER_VARIABLES: &[&str] =
    &["MASAR_CONFIG", "MASAR_TOKEN", "MASAR_URL", "MASAR_UPDATE", "MASAR_KILLS", "MASAR_SIM_SEEDS"];

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
            data: Data { folder: PathBuf::from(read.text("data.folder")) },
            server: Server { listen: read.text("server.listen"), public_url: read.text("server.public_url") },
            log: Log { level: read.text("log.level"), format: read.choice("log.format", &["text", "json"]) },
            limits: LimitsConfig {
                body: read.size("limits.body"),
                depth: read.number("limits.depth", 1),
                queue: read.number("limits.queue", 1),
                dedup_window: read.duration("limits.dedup_window"),
            },
            execute: Execute {
                workers: read.number("execute.workers", 1),
                step_timeout: read.duration("execute.step_timeout"),
                stop_grace: read.duration("execute.stop_grace"),
            },
            retention: Retention {
                days: u32::try_from(read.number("retention.days", 0)).unwrap_or(u32::MAX),
                hook_hours: u32::try_from(read.number("retention.hook_hours", 0)).unwrap_or(u32::MAX),
            },
            workspace: Workspace {
                time_zone: read.zone("workspace.time_zone"),
                language: read.choice("workspace.language", &["ar", "en"]),
            },
            http: Http { allow_private: read.list("http.allow_private") },
            schedule: Schedule { missed_window: read.duration("schedule.missed_window") },
            master_key: Some(read.text("secrets.master_key")).filter(|key| !key.is_empty()),
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

fn flatten(prefix: &str, table: &toml::Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
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

struct Reader<'a> {
    origins: &'a BTreeMap<&'static str, Origin>,
    errors: &'a mut Vec<ConfigError>,
}

impl Reader<'_> {
    fn text(&self, key: &str) -> String {
        self.origins.get(key).map(|origin| origin.value.clone()).unwrap_or_default()
    }

    fn refuse(&mut self, key: &str, expected: &str) {
        let Some(origin) = self.origins.get(key) else { return };
        let secret = SETTINGS.iter().any(|setting| setting.key == key && setting.secret);
        let value = if secret { "•••" } else { &origin.value };
        let message = format!("\"{value}\" is not possible; expected is {expected}");
        self.errors.push(ConfigError { source_name: origin.source.clone(), key: key.to_owned(), message });
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
        fallback: T,
    ) -> T {
        match parse(&self.text(key)) {
            Some(value) => value,
            None => {
                self.refuse(key, expected);
                fallback
            }
        }
    }

    fn number(&mut self, key: &str, least: usize) -> usize {
        self.parsed(
            key,
            &format!("a whole number of at least {least}"),
            |text| text.parse().ok().filter(|value| *value >= least),
            least,
        )
    }

    fn duration(&mut self, key: &str) -> Duration {
        self.parsed(key, "a time such as 500ms, 30s, 5m, 2h or 7d", parse_duration, Duration::ZERO)
    }

    fn size(&mut self, key: &str) -> usize {
        self.parsed(key, "a size such as 512, 64KiB or 1MiB", parse_size, 0)
    }

    fn choice(&mut self, key: &str, possible: &[&str]) -> String {
        let expected = possible.join(" or ");
        self.parsed(key, &expected, |text| possible.contains(&text).then(|| text.to_owned()), String::new())
    }

    fn zone(&mut self, key: &str) -> String {
        self.parsed(
            key,
            "an IANA time zone such as Asia/Riyadh",
            |text| jiff::tz::TimeZone::get(text).ok().map(|_| text.to_owned()),
            String::new(),
        )
    }

    fn list(&self, key: &str) -> Vec<String> {
        self.text(key).split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

/// Reads `500ms`, `30s`, `5m`, `2h`, `7d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
        let pairs = |list: &[(&str, &str)]| {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        Sources {
            file: Some(("masar.toml".into(), file.into())),
            variables: pairs(variables),
            flags: pairs(flags),
        }
    }

    #[test]
    fn later_sources_win_and_say_so() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\n[limits]\nqueue = 5\nbody = \"64KiB\"\n[http]\nallow_private = [\"10.0.0.0/8\", \"crm.local\"]";
        let config = Config::load(&sources(
            file,
            &[("MASAR_SERVER_LISTEN", "127.0.0.1:2"), ("MASAR_SECRETS_MASTER_KEY", "c2VjcmV0")],
            &[("server.listen", "127.0.0.1:3")],
        ))
        .unwrap();
        assert_eq!(
            (config.server.listen.as_str(), config.limits.queue, config.limits.body),
            ("127.0.0.1:3", 5, 65536)
        );
        assert_eq!(config.http.allow_private, ["10.0.0.0/8", "crm.local"]);
        let table = config.table();
        assert!(table.contains(&("server.listen", "127.0.0.1:3".into(), "flag".into())));
        assert!(table.contains(&("limits.queue", "5".into(), "masar.toml".into())));
        assert!(table.contains(&("secrets.master_key", "•••".into(), "MASAR_SECRETS_MASTER_KEY".into())));
    }

    #[test]
    fn a_syntax_error_names_the_line_and_does_not_quote_it() {
        let errors =
            Config::load(&sources("[secrets]\nmaster_key = hunter2-secret\n", &[], &[])).unwrap_err();
        let text = errors[0].to_string();
        assert!(text.starts_with("masar.toml: line 2: ") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let file =
            "[server]\nlisen = \"x\"\n[limits]\nqueue = \"many\"\n[workspace]\ntime_zone = \"Asia/Riyad\"";
        let errors = Config::load(&sources(
            file,
            &[("MASAR_LOG_LEVLE", "debug"), ("MASAR_EXECUTE_STOP_GRACE", "soon")],
            &[],
        ))
        .unwrap_err();
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "masar.toml: server.lisen: there is no such setting; did you mean server.listen?",
                "environment: MASAR_LOG_LEVLE: there is no such setting; did you mean MASAR_LOG_LEVEL?",
                "masar.toml: limits.queue: \"many\" is not possible; expected is a whole number of at least 1",
                "MASAR_EXECUTE_STOP_GRACE: execute.stop_grace: \"soon\" is not possible; expected is a time such as 500ms, 30s, 5m, 2h or 7d",
                "masar.toml: workspace.time_zone: \"Asia/Riyad\" is not possible; expected is an IANA time zone such as Asia/Riyadh",
            ]
        );
    }
}
