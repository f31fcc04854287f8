//! A run's journal as people read it: one entry a step, with attempts, times, output and error.
//! Used by the API and by the command line.

use std::{collections::HashMap, fmt::Write as _};

use masar_engine::{
    Json, Timestamp,
    node::Wait,
    run::{Record, RunStatus},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One step of a run.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The step: a node's key, with its iterations: `each[3].check`.
    pub step: String,
    /// The node's key.
    pub node: String,
    /// `done`, `failed`, `retrying`, `running`, `waiting`, `in_doubt`, `looping`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u16,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When it ended, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// How long its last attempt took, microseconds.
    pub took_us: u64,
    /// The port it left by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// Resolved parameters of an external call, secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Json>,
    /// Its output; absent where it passed its input on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output: Option<Json>,
    /// Why it failed (last).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub error: Option<Json>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<String>,
    /// Who or what ended its wait; `pin` for a pinned output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Its idempotency key, where it called outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// The steps of a journal, in the order in which they were first heard of.
pub fn steps(records: &[Record]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for record in records {
        let (Some(step), false) = (record.step(), matches!(record, Record::Ended { .. })) else { continue };
        let place = *places.entry(step.to_string()).or_insert_with(|| {
            let text = step.to_string();
            steps.push(Step {
                node: text.rsplit('.').next().unwrap_or(&text).to_owned(),
                step: text,
                state: "running".into(),
                attempts: 0,
                started_at: record.at().to_rfc3339(),
                ended_at: None,
                took_us: 0,
                port: None,
                parameters: None,
                output: None,
                error: None,
                retry_at: None,
                by: None,
                idempotency_key: None,
            });
            steps.len() - 1
        });
        tell(&mut steps[place], record);
    }
    steps
}

fn tell(entry: &mut Step, record: &Record) {
    match record {
        Record::Done { at, took, attempt, port, value, by, .. } => {
            entry.state = "done".into();
            entry.attempts = entry.attempts.max(*attempt);
            (entry.ended_at, entry.took_us) = (Some(at.to_rfc3339()), *took);
            entry.port = Some(port.clone()).filter(|port| !port.is_empty());
            entry.output = value.as_deref().cloned();
            (entry.by, entry.error, entry.retry_at) = (by.clone(), None, None);
        }
        Record::Intent { attempt, key, parameters, .. } => {
            entry.state = "running".into();
            entry.attempts = *attempt;
            entry.parameters = Some((**parameters).clone());
            entry.idempotency_key = Some(key.clone());
        }
        Record::Failed { at, took, attempt, error, retry_at, .. } => {
            entry.state = if retry_at.is_some() { "retrying" } else { "failed" }.into();
            entry.attempts = entry.attempts.max(*attempt);
            (entry.ended_at, entry.took_us) = (Some(at.to_rfc3339()), *took);
            entry.error = serde_json::to_value(error).ok();
            entry.retry_at = retry_at.map(Timestamp::to_rfc3339);
        }
        Record::Waiting { .. } | Record::Calling { .. } => {
            entry.state = "waiting".into();
            entry.attempts = entry.attempts.max(1);
        }
        Record::Opened { .. } | Record::Looping { .. } | Record::Round { .. } => {
            entry.state = "looping".into()
        }
        Record::Closed { at, .. } => {
            entry.state = "done".into();
            entry.ended_at = Some(at.to_rfc3339());
            entry.port = Some("done".into());
        }
        Record::InDoubt { .. } => entry.state = "in_doubt".into(),
        Record::TryAgain { .. } => entry.state = "running".into(),
        Record::Started(_) | Record::Resumed { .. } | Record::Ended { .. } => {}
    }
}

/// A run as a readable tree; `colours` for a terminal.
pub fn tree(records: &[Record], colours: bool) -> String {
    let paint =
        |code: &str, text: &str| if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
    let mut out = String::new();
    if let Some(Record::Started(header)) = records.first() {
        let test = if header.test { " (test)" } else { "" };
        let _ = writeln!(out, "run {}{test}", header.run);
        let _ = writeln!(
            out,
            "  event {} from {}, trigger {}, version {} ({})",
            header.event.event_type,
            header.event.source,
            header.trigger,
            header.number,
            &header.version[..12.min(header.version.len())]
        );
    }
    for step in steps(records) {
        let mark = match step.state.as_str() {
            "done" => paint("32", "✓"),
            "failed" => paint("31", "✗"),
            "waiting" | "retrying" => paint("33", "…"),
            "in_doubt" => paint("35", "?"),
            _ => paint("36", "•"),
        };
        let depth = step.step.matches("].").count();
        let _ = write!(out, "  {}{mark} {}", "  ".repeat(depth), paint("1", &step.step));
        if let Some(port) = step.port.filter(|port| port != "out") {
            let _ = write!(out, " → {port}");
        }
        if step.attempts > 1 {
            let _ = write!(out, " ({} attempts)", step.attempts);
        }
        if step.took_us >= 1000 {
            let _ = write!(out, " {:.1} ms", step.took_us as f64 / 1000.0);
        }
        if let Some(by) = step.by {
            let _ = write!(out, " by {by}");
        }
        out.push('\n');
        for (name, value) in [("output", step.output), ("error", step.error)] {
            if let Some(value) = value {
                let _ = writeln!(out, "  {}    {name} {}", "  ".repeat(depth), shorten(&value.to_string()));
            }
        }
    }
    if let Some(Record::Ended { status, error, step, .. }) =
        records.iter().rev().find(|record| matches!(record, Record::Ended { .. }))
    {
        let word = match status {
            RunStatus::Succeeded => paint("32", "succeeded"),
            RunStatus::Failed => paint("31", "failed"),
            RunStatus::Cancelled => paint("33", "cancelled"),
            RunStatus::Running => "running".to_owned(),
        };
        let _ = write!(out, "  {word}");
        if let Some(error) = error {
            let place = step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
            let _ = write!(out, "{place}: {error}");
        }
        out.push('\n');
    }
    out
}

/// The time of day of a moment, e.g. `14:03:07`.
pub fn clock(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    jiff::Timestamp::from_microsecond(at.0)
        .map(|moment| moment.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string())
        .unwrap_or_default()
}

/// A record as one line; none for those that tell people nothing.
pub fn line(record: &Record, zone: &jiff::tz::TimeZone, colours: bool) -> Option<String> {
    let paint =
        |code: &str, text: &str| if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
    let step = record.step().map(ToString::to_string).unwrap_or_default();
    let until = |moment: &Option<Timestamp>| {
        moment.map(|moment| format!(" until {}", clock(moment, zone))).unwrap_or_default()
    };
    Some(match record {
        Record::Started(header) => {
            format!("{} {} by {}", paint("1", "started"), header.event.event_type, header.trigger)
        }
        Record::Done { took, attempt, port, by, .. } => {
            let port = if port == "out" || port.is_empty() { String::new() } else { format!(" → {port}") };
            let tries = if *attempt > 1 { format!(" at try {attempt}") } else { String::new() };
            let took =
                if *took >= 1000 { format!(" {:.1} ms", *took as f64 / 1000.0) } else { String::new() };
            let by = by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!("{} {step}{port}{tries}{took}{by}", paint("32", "✓"))
        }
        Record::Intent { attempt, .. } => format!("{} {step} calls outside, try {attempt}", paint("36", "•")),
        Record::Failed { error, retry_at, .. } => {
            let again = retry_at.map(|at| format!("; again at {}", clock(at, zone))).unwrap_or_default();
            format!("{} {step} {error}{again}", paint("31", "✗"))
        }
        Record::Waiting { wait, .. } => {
            let what = match wait {
                Wait::Until { due } => format!("waits until {}", clock(*due, zone)),
                Wait::Event { event_type, deadline, .. } => {
                    format!("waits for {event_type}{}", until(deadline))
                }
                Wait::Approval { title, deadline, .. } => {
                    format!("waits for approval: {title}{}", until(deadline))
                }
            };
            format!("{} {step} {what}", paint("33", "…"))
        }
        Record::Calling { call, .. } => format!("{} {step} calls {}", paint("36", "•"), call.workflow),
        Record::Round { .. } => format!("{} {step} another round", paint("36", "↻")),
        Record::InDoubt { .. } => format!("{} {step} is in doubt: decide what happened", paint("35", "?")),
        Record::Ended { status, error, .. } => {
            let error = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            match status {
                RunStatus::Succeeded => paint("32", "succeeded"),
                RunStatus::Failed => paint("31", "failed") + error.as_str(),
                RunStatus::Cancelled => paint("33", "cancelled"),
                RunStatus::Running => return None,
            }
        }
        _ => return None,
    })
}

fn shorten(text: &str) -> String {
    const MOST: usize = 400;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
