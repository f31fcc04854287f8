//! `masar events send --lines`: many events from a file or a pipe, one JSON a line. Bounded work at
//! once, in any order; a bad line is told and does not lose the others. Called by `cli/remote.rs`.

use std::{
    io::{BufRead as _, BufReader, IsTerminal as _, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use futures_util::StreamExt as _;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::remote::{Answer, Client, explain};

/// What to send, and how lines become events.
#[derive(Args)]
pub(super) struct Send {
    /// The file; - reads standard input.
    file: PathBuf,
    /// The file holds one JSON a line: many events.
    #[arg(long)]
    lines: bool,
    /// A line is only the data; this is the type of its event.
    #[arg(long = "type", requires = "lines", value_name = "TYPE")]
    kind: Option<String>,
    /// Where the events come from [default: /lines/ and the file's name].
    #[arg(long, requires = "kind")]
    source: Option<String>,
    /// Field of the data that makes the event's id, as a.b.c; absent: all of the data does.
    #[arg(long, requires = "kind", value_name = "PATH")]
    id_field: Option<String>,
    /// Field of the data that is the event's subject.
    #[arg(long, requires = "kind", value_name = "PATH")]
    subject_field: Option<String>,
    /// How many are on their way at once; 1 keeps the order of the lines.
    #[arg(long, requires = "lines", default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    at_once: u16,
}

/// Lines read ahead of the sending: enough that reading never holds it up.
const AHEAD: usize = 256;
/// A line longer than this cannot be an event: a file without line ends must not fill the memory.
const LONGEST: u64 = 64 * 1024 * 1024;
/// How often a server that does not answer is asked again, each time after twice the wait of before.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(250);

impl Send {
    /// The single event that the file holds, where it is not read by lines.
    pub(super) fn single(&self) -> anyhow::Result<Option<Value>> {
        if self.lines {
            return Ok(None);
        }
        let mut text = String::new();
        open(&self.file)?.read_to_string(&mut text).with_context(|| self.file.display().to_string())?;
        serde_json::from_str(&text).map(Some).context("the event is not JSON; one event a line: --lines")
    }

    /// The event of a line, or what is wrong with the line.
    fn event(&self, line: &[u8]) -> Result<Value, String> {
        let data: Value = serde_json::from_slice(line).map_err(|error| format!("not JSON: {error}"))?;
        let Some(kind) = &self.kind else { return Ok(data) };
        let id = match &self.id_field {
            Some(path) => text_at(&data, path)?,
            // serde_json keeps an object's names in order: the same data is the same text.
            None => hex(&Sha256::digest(data.to_string())),
        };
        let subject = self.subject_field.as_ref().map(|path| text_at(&data, path)).transpose()?;
        let source = self.source.clone().unwrap_or_else(|| {
            let name = self.file.file_name().unwrap_or_default().to_string_lossy();
            format!("/lines/{}", if name == "-" { "stdin".into() } else { name })
        });
        // The server takes id and source together. The type is in the id, so that two kinds of
        // events about the same customer are two events.
        Ok(
            json!({"id": format!("{kind}/{id}"), "source": source, "type": kind, "subject": subject, "data": data}),
        )
    }
}

/// The text or number at a path; a field whose own name holds the dots comes first.
fn text_at(data: &Value, path: &str) -> Result<String, String> {
    let found = data.get(path).or_else(|| path.split('.').try_fold(data, |value, name| value.get(name)));
    match found {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        Some(_) => Err(format!("its field \"{path}\" is neither text nor a number")),
        None => Err(format!("it has no field \"{path}\"")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn open(file: &Path) -> anyhow::Result<Box<dyn Read + std::marker::Send>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(std::io::stdin()));
    }
    Ok(Box::new(std::fs::File::open(file).with_context(|| file.display().to_string())?))
}

/// A line with its number, from 1.
struct Line {
    number: u64,
    bytes: Vec<u8>,
}

/// Reads lines on a thread of its own: standard input cannot be awaited.
fn read(source: Box<dyn Read + std::marker::Send>) -> mpsc::Receiver<std::io::Result<Line>> {
    let (lines, receiver) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let mut source = BufReader::new(source);
        for number in 1.. {
            let mut bytes = Vec::new();
            let read = match (&mut source).take(LONGEST).read_until(b'\n', &mut bytes) {
                Ok(0) => return,
                Ok(read) if read as u64 == LONGEST => Err(std::io::Error::other(format!(
                    "line {number} is longer than 64 MiB; is this a file of JSON lines?"
                ))),
                Ok(_) => Ok(Line { number, bytes }),
                Err(error) => Err(error),
            };
            let last = read.is_err();
            // Nobody listens any more: the sending has stopped.
            if lines.blocking_send(read).is_err() || last {
                return;
            }
        }
    });
    receiver
}

/// What became of a line.
enum Outcome {
    Blank,
    Sent,
    Duplicate,
    Refused(String),
    /// Nothing can be sent any more.
    Broken(anyhow::Error),
}

/// Sends one event until the server has taken or refused it.
async fn deliver(client: &Client, event: &Value, bar: &ProgressBar) -> Outcome {
    let mut tried = 0;
    loop {
        let wait = match client.try_post("/api/v1/events", event).await {
            Ok(Answer { status: 202, .. }) => return Outcome::Sent,
            Ok(Answer { status: 200, .. }) => return Outcome::Duplicate,
            // Too many at once, and it says when to come again: as often as it takes.
            Ok(Answer { status: 429, retry_after, .. }) => {
                bar.set_message(" (the server asks to wait)");
                tokio::time::sleep(retry_after.unwrap_or(FIRST_WAIT)).await;
                continue;
            }
            Ok(answer @ Answer { status: 502..=504, .. }) => {
                if tried == TRIES {
                    return Outcome::Broken(anyhow::anyhow!(explain(&answer.body)));
                }
                answer.retry_after.unwrap_or(FIRST_WAIT * 2u32.pow(tried))
            }
            Ok(answer @ Answer { status: 400 | 409 | 413 | 415 | 422, .. }) => {
                return Outcome::Refused(explain(&answer.body));
            }
            Ok(answer) => return Outcome::Broken(anyhow::anyhow!(explain(&answer.body))),
            Err(error) if tried == TRIES => return Outcome::Broken(error),
            Err(_) => FIRST_WAIT * 2u32.pow(tried),
        };
        tried += 1;
        tokio::time::sleep(wait).await;
    }
}

/// Sends every line of the file; says what was sent, known already and refused.
pub(super) async fn send_lines(client: &Client, send: &Send) -> anyhow::Result<u8> {
    let source = open(&send.file)?;
    // No server at all, or a wrong address, is told at once; one that starts anew meanwhile is waited for.
    client.get("/health").await?;
    let bar = bar(&send.file);
    let lines = tokio_stream::wrappers::ReceiverStream::new(read(source));
    let outcomes = lines.map(|line| {
        let bar = &bar;
        async move {
            let Line { number, bytes } = match line {
                Ok(line) => line,
                Err(error) => return (0, 0, Outcome::Broken(error.into())),
            };
            let mut text = bytes.as_slice();
            if number == 1 {
                text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
            }
            let outcome = if text.trim_ascii().is_empty() {
                Outcome::Blank
            } else {
                match send.event(text) {
                    Ok(event) => deliver(client, &event, bar).await,
                    Err(wrong) => Outcome::Refused(wrong),
                }
            };
            (number, bytes.len() as u64, outcome)
        }
    });
    let mut outcomes = std::pin::pin!(outcomes.buffer_unordered(send.at_once.into()));
    let (mut sent, mut duplicates, mut refused, mut broken) = (0u64, 0u64, 0u64, None);
    while let Some((number, length, outcome)) = outcomes.next().await {
        match outcome {
            Outcome::Blank => {}
            Outcome::Sent => sent += 1,
            Outcome::Duplicate => duplicates += 1,
            Outcome::Refused(why) => {
                refused += 1;
                bar.suspend(|| eprintln!("line {number}: {why}"));
            }
            Outcome::Broken(error) => {
                broken = Some(error);
                break;
            }
        }
        bar.set_message("");
        bar.inc(length);
    }
    bar.finish_and_clear();
    println!("sent {sent}, duplicates {duplicates}, refused {refused}");
    match broken {
        Some(error) => Err(error.context("stopped; send the file again, what was taken is not taken twice")),
        None => Ok(u8::from(refused > 0)),
    }
}

/// On a terminal only: by the file's length where it is known.
fn bar(file: &Path) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let length = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{bar:32} {bytes}/{total_bytes}, {eta} left{msg}"),
        None => (ProgressBar::new_spinner(), "{spinner} {bytes} in {elapsed}{msg}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
