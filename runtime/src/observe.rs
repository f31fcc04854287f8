//! What an operator sees: figures for Prometheus and the log.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use masar_engine::run::{Machine, Record};

use crate::config::Log;

/// Upper bounds of the commit-time buckets, seconds.
const COMMIT_SECONDS: [f64; 8] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0];
/// Upper bounds of the buckets of an attempt's time, seconds: from a pure step to a slow model.
const STEP_SECONDS: [f64; 8] = [0.001, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0];
/// Upper bounds of the buckets of records in one commit of a run.
const RECORDS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 200.0, 1000.0];

/// How often values fell under each bound.
#[derive(Debug, Default, Clone, Copy)]
struct Histogram {
    buckets: [u64; 8],
    count: u64,
    sum: f64,
}

impl Histogram {
    fn note(&mut self, bounds: &[f64; 8], value: f64) {
        self.count += 1;
        self.sum += value;
        for (bound, bucket) in bounds.iter().zip(&mut self.buckets) {
            *bucket += u64::from(value <= *bound);
        }
    }

    /// `labels` come in front of `le`, each followed by a comma.
    fn render(&self, out: &mut String, name: &str, labels: &str, bounds: &[f64; 8]) {
        for (bound, bucket) in bounds.iter().zip(&self.buckets) {
            let _ = writeln!(out, "{name}_bucket{{{labels}le=\"{bound}\"}} {bucket}");
        }
        let outer = match labels.trim_end_matches(',') {
            "" => String::new(),
            labels => format!("{{{labels}}}"),
        };
        let Self { count, sum, .. } = self;
        let _ = writeln!(
            out,
            "{name}_bucket{{{labels}le=\"+Inf\"}} {count}\n{name}_sum{outer} {sum}\n{name}_count{outer} {count}"
        );
    }
}

/// Counts by method and status.
type ByAnswer = BTreeMap<(&'static str, u16), u64>;

/// The figures of this process.
#[derive(Debug, Default)]
pub struct Metrics {
    events: Mutex<BTreeMap<String, u64>>,
    steps: Mutex<BTreeMap<(String, &'static str), u64>>,
    runs: Mutex<BTreeMap<&'static str, u64>>,
    hooks: Mutex<BTreeMap<&'static str, u64>>,
    seconds: Mutex<BTreeMap<String, Histogram>>,
    records: Mutex<Histogram>,
    /// By route, then by method and status.
    requests: Mutex<BTreeMap<String, ByAnswer>>,
    duplicates: AtomicU64,
}

/// The figures of the committer, shared with the store.
#[derive(Debug, Default)]
pub struct CommitMetrics {
    groups: AtomicU64,
    units: AtomicU64,
    micros: AtomicU64,
    buckets: [AtomicU64; 8],
}

impl CommitMetrics {
    /// Notes a group commit.
    pub fn note(&self, units: usize, seconds: f64) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.units.fetch_add(units as u64, Ordering::Relaxed);
        self.micros.fetch_add((seconds * 1e6) as u64, Ordering::Relaxed);
        for (bound, bucket) in COMMIT_SECONDS.iter().zip(&self.buckets) {
            if seconds <= *bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn render(&self, out: &mut String) {
        let load = |value: &AtomicU64| value.load(Ordering::Relaxed);
        let _ = writeln!(
            out,
            "# HELP masar_commit_seconds Time of a group commit.\n# TYPE masar_commit_seconds histogram"
        );
        for (bound, bucket) in COMMIT_SECONDS.iter().zip(&self.buckets) {
            let _ = writeln!(out, "masar_commit_seconds_bucket{{le=\"{bound}\"}} {}", load(bucket));
        }
        let _ = writeln!(
            out,
            "masar_commit_seconds_bucket{{le=\"+Inf\"}} {0}\nmasar_commit_seconds_count {0}",
            load(&self.groups)
        );
        let _ = writeln!(out, "masar_commit_seconds_sum {}", load(&self.micros) as f64 / 1e6);
        let _ = writeln!(
            out,
            "# HELP masar_commit_units_total Units made durable.\n# TYPE masar_commit_units_total counter\nmasar_commit_units_total {}",
            load(&self.units)
        );
    }
}

fn count<K: Ord>(map: &Mutex<BTreeMap<K, u64>>, key: K) {
    *map.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
}

impl Metrics {
    /// An event was accepted.
    pub fn event(&self, event_type: &str) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        // Types come from outside: a bound keeps the page finite.
        let full = events.len() >= 500;
        match events.get_mut(event_type) {
            Some(count) => *count += 1,
            None => *events.entry(if full { "other" } else { event_type }.to_owned()).or_default() += 1,
        }
    }

    /// An event came a second time.
    pub fn duplicate_event(&self) {
        self.duplicates.fetch_add(1, Ordering::Relaxed);
    }

    /// A webhook call was answered.
    pub fn hook(&self, outcome: &'static str) {
        count(&self.hooks, outcome);
    }

    /// A request was answered. `route` is the pattern, e.g. `/api/v1/runs/{id}`, so that there are
    /// only so many.
    pub fn request(&self, method: &str, route: &str, status: u16) {
        // Anybody can make a method up.
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        let method = known.into_iter().find(|known| *known == method).unwrap_or("other");
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        // A route is new once and asked for often.
        match requests.get_mut(route) {
            Some(counts) => *counts.entry((method, status)).or_default() += 1,
            None => {
                requests.insert(route.to_owned(), BTreeMap::from([((method, status), 1)]));
            }
        }
    }

    /// Records of a run became durable together.
    pub fn committed(&self, machine: &Machine, records: &[Record]) {
        if !records.is_empty() {
            let mut sizes = self.records.lock().unwrap_or_else(PoisonError::into_inner);
            sizes.note(&RECORDS, records.len() as f64);
        }
        records.iter().for_each(|record| self.record(machine, record));
    }

    fn record(&self, machine: &Machine, record: &Record) {
        let outcome = match record {
            Record::Done { .. } => "done",
            Record::Failed { retry_at: Some(_), .. } => "retried",
            Record::Failed { .. } => "failed",
            Record::Ended { status, .. } => {
                let status = match status {
                    masar_engine::run::RunStatus::Succeeded => "succeeded",
                    masar_engine::run::RunStatus::Failed => "failed",
                    masar_engine::run::RunStatus::Cancelled => "cancelled",
                    masar_engine::run::RunStatus::Running => return,
                };
                return count(&self.runs, status);
            }
            _ => return,
        };
        let Some(step) = record.step() else { return };
        let key = step.0.rsplit('.').next().unwrap_or(&step.0);
        if let Some(node) = machine.plan().find(key) {
            let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
            let node_type = machine.plan().node(node).spec.manifest.node_type.clone();
            if let Record::Done { took, .. } | Record::Failed { took, .. } = record {
                let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
                let took = *took as f64 / 1e6;
                match seconds.get_mut(&node_type) {
                    Some(known) => known.note(&STEP_SECONDS, took),
                    None => seconds.entry(node_type.clone()).or_default().note(&STEP_SECONDS, took),
                }
            }
            *steps.entry((node_type, outcome)).or_default() += 1;
        }
    }

    /// The page for Prometheus (text exposition format 0.0.4).
    pub fn render(&self, commits: &CommitMetrics, backlog: usize, waiting: usize) -> String {
        let mut out = String::new();
        let _ =
            writeln!(out, "# HELP masar_events_total Events accepted.\n# TYPE masar_events_total counter");
        for (name, count) in self.events.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(out, "masar_events_total{{type=\"{}\"}} {count}", label(name));
        }
        let _ = writeln!(out, "# HELP masar_runs_total Runs ended.\n# TYPE masar_runs_total counter");
        for (status, count) in self.runs.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(out, "masar_runs_total{{status=\"{status}\"}} {count}");
        }
        let _ =
            writeln!(out, "# HELP masar_steps_total Attempts of steps.\n# TYPE masar_steps_total counter");
        for ((node_type, outcome), count) in self.steps.lock().unwrap_or_else(PoisonError::into_inner).iter()
        {
            let _ = writeln!(
                out,
                "masar_steps_total{{type=\"{}\",outcome=\"{outcome}\"}} {count}",
                label(node_type)
            );
        }
        let _ = writeln!(
            out,
            "# HELP masar_hooks_total Webhook calls answered.\n# TYPE masar_hooks_total counter"
        );
        for (outcome, count) in self.hooks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(out, "masar_hooks_total{{outcome=\"{outcome}\"}} {count}");
        }
        let duplicates = self.duplicates.load(Ordering::Relaxed);
        let _ = writeln!(
            out,
            "# HELP masar_duplicate_events_total Events that had come before.\n# TYPE masar_duplicate_events_total counter\nmasar_duplicate_events_total {duplicates}"
        );
        let _ = writeln!(
            out,
            "# HELP masar_queue_depth Runs waiting for their turn.\n# TYPE masar_queue_depth gauge\nmasar_queue_depth {backlog}"
        );
        let _ = writeln!(
            out,
            "# HELP masar_commit_queue_depth Units waiting to be written.\n# TYPE masar_commit_queue_depth gauge\nmasar_commit_queue_depth {waiting}"
        );
        commits.render(&mut out);
        let _ = writeln!(
            out,
            "# HELP masar_commit_records Records of a run that became durable together.\n# TYPE masar_commit_records histogram"
        );
        let sizes = *self.records.lock().unwrap_or_else(PoisonError::into_inner);
        sizes.render(&mut out, "masar_commit_records", "", &RECORDS);
        let _ = writeln!(
            out,
            "# HELP masar_step_seconds Time of an attempt of a step.\n# TYPE masar_step_seconds histogram"
        );
        for (node_type, seconds) in self.seconds.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let labels = format!("type=\"{}\",", label(node_type));
            seconds.render(&mut out, "masar_step_seconds", &labels, &STEP_SECONDS);
        }
        let _ = writeln!(
            out,
            "# HELP masar_http_requests_total Requests answered.\n# TYPE masar_http_requests_total counter"
        );
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let counts =
            requests.iter().flat_map(|(route, counts)| counts.iter().map(move |count| (route, count)));
        for (route, ((method, status), count)) in counts {
            let route = label(route);
            let _ = writeln!(
                out,
                "masar_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        out
    }
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Starts the log on standard error. An unusable filter is an error that names it.
pub fn start_log(config: &Log) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.level)
        .map_err(|error| anyhow::anyhow!("log.level \"{}\": {error}", config.level))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let started = if config.format == "json" {
        builder.json().try_init()
    } else {
        builder.with_ansi(colours).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))
}
