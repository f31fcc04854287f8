//! Commands that talk to a running server: `runs`, `events`, `credentials`.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use clap::Subcommand;
use futures_util::StreamExt as _;
use masar_engine::run::Record;
use serde_json::{Value, json};

use super::{
    colours,
    send::{Send, send_lines},
};
use crate::{config::Config, report};

#[derive(Subcommand)]
pub(super) enum Runs {
    /// The newest runs.
    List {
        /// Only in this state.
        #[arg(long)]
        status: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// One run's log.
    Show {
        /// Run id.
        run: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Follow runs as they happen.
    Tail,
    /// Let a failed run go on from where it failed.
    Retry {
        /// Run id.
        run: String,
    },
    /// Stop a run.
    Cancel {
        /// Run id.
        run: String,
    },
}

#[derive(Subcommand)]
pub(super) enum Events {
    /// Send an event from a file (a CloudEvents envelope), or with --lines one a line.
    Send(Send),
}

#[derive(Subcommand)]
pub(super) enum Credentials {
    /// The credentials, without their fields.
    List,
    /// Make or replace one; the fields come as JSON on standard input.
    Set {
        /// Its name.
        name: String,
        /// Its type, e.g. smtp.
        #[arg(long = "type")]
        kind: String,
    },
    /// Remove one.
    Remove {
        /// Its name.
        name: String,
    },
}

/// What the server said.
pub(super) struct Answer {
    pub(super) status: u16,
    /// When to come again, where it says so.
    pub(super) retry_after: Option<Duration>,
    pub(super) body: Value,
}

/// The problem that an answer tells, for people.
pub(super) fn explain(problem: &Value) -> String {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut message = format!(
        "{}: {}",
        problem["code"].as_str().unwrap_or("error"),
        problem["detail"].as_str().or(problem["title"].as_str()).unwrap_or_default()
    );
    if let Some(mend) = problem["mend"].as_str().filter(|mend| !mend.is_empty()) {
        message.push_str(&format!("\n  {mend}"));
    }
    for each in problem["problems"].as_array().into_iter().flatten() {
        message.push_str(&format!(
            "\n  {} {}: {}",
            text(each, "node"),
            text(each, "field"),
            text(each, "message")
        ));
    }
    message
}

/// Where the server answers: `MASAR_URL`, or what it listens at.
fn base(config: &Config) -> String {
    std::env::var("MASAR_URL").unwrap_or_else(|_| {
        // Every address of the machine is no address to call.
        let listen =
            config.server.listen.replacen("0.0.0.0:", "127.0.0.1:", 1).replacen("[::]:", "[::1]:", 1);
        format!("http://{listen}")
    })
}

/// Longest wait for the word of a server that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// `masar ready`: what the server says of itself. Needs no token.
pub(super) async fn ready(config: &Config) -> anyhow::Result<u8> {
    masar_nodes::net::install_tls_provider();
    let base = base(config);
    let http = reqwest::Client::builder().no_proxy().timeout(READY_WITHIN).build()?;
    let answer = http.get(format!("{base}/ready")).send().await;
    let answer = answer.with_context(|| format!("no server answers at {base} (another one: MASAR_URL)"))?;
    let ready = answer.status().is_success();
    println!("{}", answer.text().await?);
    Ok(u8::from(!ready))
}

/// A client of the server's own API.
pub(super) struct Client {
    base: String,
    token: String,
    http: reqwest::Client,
}

impl Client {
    pub(super) fn new(config: &Config) -> anyhow::Result<Self> {
        masar_nodes::net::install_tls_provider();
        let base = base(config);
        let file = config.data.folder.join("api-token");
        let token = match std::env::var("MASAR_TOKEN") {
            Ok(token) => token,
            Err(_) => std::fs::read_to_string(&file)
                .with_context(|| format!("there is no token in {}: start `masar serve` once, name its folder with --data, or set MASAR_TOKEN", file.display()))?,
        };
        Ok(Self {
            base,
            token: token.trim().to_owned(),
            http: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    /// Asks once; whatever the server says is an answer.
    async fn answer(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answer> {
        let response = request
            .bearer_auth(&self.token)
            .send()
            .await
            .with_context(|| format!("no server answers at {} (another one: MASAR_URL)", self.base))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(reqwest::header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
        let text = response.text().await?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        Ok(Answer { status, retry_after: retry_after.map(Duration::from_secs), body })
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        let answer = self.answer(request).await?;
        anyhow::ensure!((200..300).contains(&answer.status), explain(&answer.body));
        Ok(answer.body)
    }

    /// Like `post`, for who decides by the status.
    pub(super) async fn try_post(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.answer(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.http.delete(format!("{}{path}", self.base))).await
    }

    pub(super) async fn patch(&self, path: &str, revision: i64, body: &Value) -> anyhow::Result<Value> {
        self.send(
            self.http
                .patch(format!("{}{path}", self.base))
                .header("If-Match", format!("\"{revision}\""))
                .json(body),
        )
        .await
    }

    /// A workflow by name.
    pub(super) async fn find(&self, name: &str) -> anyhow::Result<Option<Value>> {
        let list = self.get("/api/v1/workflows").await?;
        let Some(row) = list.as_array().and_then(|rows| rows.iter().find(|row| row["name"] == name)) else {
            return Ok(None);
        };
        Ok(Some(self.get(&format!("/api/v1/workflows/{}", row["id"].as_str().unwrap_or_default())).await?))
    }
}

pub(super) async fn runs(config: &Config, command: Runs) -> anyhow::Result<u8> {
    let client = Client::new(config)?;
    match command {
        Runs::List { status, limit, json } => {
            let status = status.map(|status| format!("&status={status}")).unwrap_or_default();
            let page = client.get(&format!("/api/v1/runs?limit={limit}{status}")).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&page)?);
                return Ok(0);
            }
            for run in page["items"].as_array().into_iter().flatten() {
                let text = |name: &str| run[name].as_str().unwrap_or("-").to_owned();
                println!(
                    "{}  {:<10} {:<28} {} {}",
                    text("id"),
                    text("status"),
                    text("accepted_at"),
                    text("event_type"),
                    run["error"]["message"].as_str().unwrap_or_default()
                );
            }
        }
        Runs::Show { run, json } => {
            if json {
                println!(
                    "{}",
                    serde_json::to_string_pretty(&client.get(&format!("/api/v1/runs/{run}")).await?)?
                );
                return Ok(0);
            }
            let records =
                serde_json::from_value::<Vec<_>>(client.get(&format!("/api/v1/runs/{run}/journal")).await?)?;
            print!("{}", report::tree(&records, colours()));
        }
        Runs::Tail => tail(&client, &config.workspace.time_zone).await?,
        Runs::Retry { run } => drop(client.post(&format!("/api/v1/runs/{run}/retry"), &Value::Null).await?),
        Runs::Cancel { run } => drop(client.post(&format!("/api/v1/runs/{run}/cancel"), &Value::Null).await?),
    }
    Ok(0)
}

/// Names of the workflows by id.
async fn workflow_names(client: &Client) -> anyhow::Result<BTreeMap<String, String>> {
    let list = client.get("/api/v1/workflows").await?;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    Ok(list.as_array().into_iter().flatten().map(|row| (text(row, "id"), text(row, "name"))).collect())
}

/// Prints what happens, a line a record: time, the end of the run's id, the workflow, what happened.
async fn tail(client: &Client, zone: &str) -> anyhow::Result<()> {
    let zone = jiff::tz::TimeZone::get(zone)?;
    let mut names = workflow_names(client).await?;
    let response = client
        .http
        .get(format!("{}/api/v1/live", client.base))
        .bearer_auth(&client.token)
        .send()
        .await?
        .error_for_status()?;
    let mut stream = response.bytes_stream();
    let mut buffer = Vec::new();
    while let Some(chunk) = stream.next().await {
        buffer.extend_from_slice(&chunk?);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let Some(data) = line.strip_prefix(b"data: ") else { continue };
            let Ok(event) = serde_json::from_slice::<Value>(data) else { continue };
            let workflow = event["workflow"].as_str().unwrap_or_default();
            if !names.contains_key(workflow) {
                names = workflow_names(client).await?;
            }
            let name = names.get(workflow).map_or(workflow, String::as_str);
            let run = event["run"].as_str().unwrap_or_default();
            for record in event["records"].as_array().into_iter().flatten() {
                // A record of a newer server than this program is left out.
                let Ok(record) = serde_json::from_value::<Record>(record.clone()) else { continue };
                if let Some(line) = report::line(&record, &zone, colours()) {
                    let time = report::clock(record.at(), &zone);
                    println!(
                        "{time}  {}  {name}  {line}",
                        run.get(run.len().saturating_sub(8)..).unwrap_or(run)
                    );
                }
            }
        }
    }
    Ok(())
}

pub(super) async fn events(config: &Config, command: Events) -> anyhow::Result<u8> {
    let Events::Send(send) = command;
    let Some(event) = send.single()? else { return send_lines(&Client::new(config)?, &send).await };
    let answer = Client::new(config)?.post("/api/v1/events", &event).await?;
    println!("{}", serde_json::to_string_pretty(&answer)?);
    Ok(0)
}

pub(super) async fn credentials(config: &Config, command: Credentials) -> anyhow::Result<u8> {
    let client = Client::new(config)?;
    match command {
        Credentials::List => {
            for row in client.get("/api/v1/credentials").await?.as_array().into_iter().flatten() {
                println!(
                    "{:<24} {}",
                    row["name"].as_str().unwrap_or_default(),
                    row["type"].as_str().unwrap_or_default()
                );
            }
        }
        Credentials::Set { name, kind } => {
            let fields: BTreeMap<String, String> =
                serde_json::from_str(&std::io::read_to_string(std::io::stdin())?)
                    .context("the fields come as a JSON object of texts on standard input")?;
            let request = client
                .http
                .put(format!("{}/api/v1/credentials/{name}", client.base))
                .json(&json!({"type": kind, "fields": fields}));
            client.send(request).await?;
            println!("{name}: kept");
        }
        Credentials::Remove { name } => {
            client.send(client.http.delete(format!("{}/api/v1/credentials/{name}", client.base))).await?;
            println!("{name}: removed");
        }
    }
    Ok(0)
}
