//! `make bench`: the figures of the reference workload, measured on this machine with the load
//! generator on it. Starts the real release binary in a temporary folder.
//!
//! `cargo bench -p masar --bench budgets -- [seconds]`

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measurement that cannot be made shall say where and end with an error"
)]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const LEAD: &str = r#"{"name":"Abdullah Al Otaibi","phone":"+966501234567","city":"Jeddah","budget":75000,"source":"web","message":"I want a three bedroom flat near the sea, ready this year"}"#;

struct Masar {
    child: Child,
    address: String,
    folder: tempfile::TempDir,
    started: Duration,
}

impl Masar {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_masar"))
            .arg("--data")
            .arg(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--set", "log.level=error"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let started = begun.elapsed();
        std::thread::spawn(move || lines.for_each(drop));
        let address = first.strip_prefix("Masar listens at http://").unwrap().to_owned();
        Self { child, address, folder, started }
    }

    /// Resident memory, MB.
    fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|text| text.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
    }

    /// Bytes of the database with its log.
    fn disk(&self) -> u64 {
        std::fs::read_dir(self.folder.path())
            .unwrap()
            .filter_map(|entry| entry.ok()?.metadata().ok())
            .map(|data| data.len())
            .sum()
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("api-token")).unwrap()
    }

    async fn publish(&self, workflow: &Value) {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let base = format!("http://{}/api/v1/workflows", self.address);
        let made: Value = http
            .post(&base)
            .bearer_auth(self.token())
            .json(&json!({"draft": workflow}))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let publish = format!("{base}/{}/publish", made["id"].as_str().unwrap_or_else(|| panic!("{made}")));
        let answer = http.post(publish).bearer_auth(self.token()).json(&json!({})).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    async fn succeeded(&self) -> u64 {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let text =
            http.get(format!("http://{}/metrics", self.address)).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find(|line| line.starts_with("masar_runs_total{status=\"succeeded\"}"));
        line.and_then(|line| line.rsplit(' ').next()).and_then(|text| text.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Masar {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Load {
    done: u64,
    refused: u64,
    seconds: f64,
    micros: Vec<u32>,
}

impl Load {
    fn rate(&self) -> f64 {
        self.done as f64 / self.seconds
    }

    fn percentile(&self, part: f64) -> f64 {
        let place = ((self.micros.len() as f64 * part) as usize).min(self.micros.len().saturating_sub(1));
        self.micros.get(place).map_or(f64::NAN, |micros| f64::from(*micros) / 1000.0)
    }
}

/// One request and its answer over a kept connection; the status.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> std::io::Result<u16> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        let mut chunk = [0; 2048];
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        buffer.extend_from_slice(&chunk[..read]);
        let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0);
        if buffer.len() >= head + 4 + length {
            return Ok(text.get(9..12).and_then(|text| text.parse().ok()).unwrap_or(0));
        }
    }
}

/// Closed loop: each connection sends the next request when the last is answered.
async fn load(address: &str, path: &str, connections: usize, seconds: u64) -> Load {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{LEAD}",
        LEAD.len()
    );
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (address, request) = (address.to_owned(), request.clone());
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (mut done, mut refused, mut micros, mut buffer) = (0u64, 0u64, Vec::new(), Vec::new());
            while Instant::now() < until {
                let sent = Instant::now();
                match exchange(&mut stream, request.as_bytes(), &mut buffer).await.unwrap() {
                    200 | 202 => done += 1,
                    429 => refused += 1,
                    status => panic!("{status}: {}", String::from_utf8_lossy(&buffer)),
                }
                micros.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            (done, refused, micros)
        });
    }
    let mut total = Load { done: 0, refused: 0, seconds: 0.0, micros: Vec::new() };
    for (done, refused, micros) in tasks.join_all().await {
        total.done += done;
        total.refused += refused;
        total.micros.extend(micros);
    }
    total.seconds = begun.elapsed().as_secs_f64();
    total.micros.sort_unstable();
    total
}

fn workload(change: impl FnOnce(&mut Value)) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/lead-scoring/workflow.json");
    let mut workflow = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    change(&mut workflow);
    workflow
}

fn row(figure: &str, value: String, budget: &str) {
    println!("| {figure} | {value} | {budget} |");
}

#[tokio::main]
async fn main() {
    masar_nodes::net::install_tls_provider();
    let seconds: u64 = std::env::args().filter_map(|text| text.parse().ok()).next().unwrap_or(5);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("")
        .trim_start_matches(['\t', ' ', ':'])
        .to_owned();
    println!("{cores} cores, {model}; {seconds} s each; the load generator runs on the same machine\n");
    println!("| figure | measured | budget |\n| --- | --- | --- |");

    let echo = Router::new().route("/", post(async |Json(value): Json<Value>| Json(value)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move { axum::serve(listener, echo).await });
    let bare = load(&address, "/", 64, seconds).await;
    serving.abort();
    row("bare axum echo, 64 connections", format!("{:.0}/s", bare.rate()), "(the ceiling of the path)");

    let masar = Masar::start();
    row(
        "cold start to listening, empty folder",
        format!("{:.0} ms", masar.started.as_secs_f64() * 1000.0),
        "≤ 100 ms",
    );
    row("memory idle", format!("{:.0} MB", masar.memory()), "≤ 40 MB");
    masar.publish(&workload(|_| {})).await;
    load(&masar.address, "/hooks/main/leads", 16, 1).await;
    let before = masar.disk();
    let w1 = load(&masar.address, "/hooks/main/leads", 64, seconds).await;
    row("W1, durable, 64 connections", format!("{:.0} runs/s", w1.rate()), "≥ 20,000 runs/s");
    row("W1 against the bare echo", format!("{:.0} %", 100.0 * w1.rate() / bare.rate()), "≥ 15 %");
    row(
        "W1 p50 / p99 at saturation",
        format!("{:.1} / {:.1} ms", w1.percentile(0.5), w1.percentile(0.99)),
        "p99 ≤ 10 ms",
    );
    row("memory under W1", format!("{:.0} MB", masar.memory()), "≤ 120 MB");
    row(
        "disk per W1 run",
        format!("{:.0} bytes", (masar.disk() - before) as f64 / w1.done as f64),
        "≤ 700 bytes",
    );
    drop(masar);

    let masar = Masar::start();
    masar.publish(&workload(|workflow| workflow["settings"] = json!({"durableSteps": true}))).await;
    let steps = load(&masar.address, "/hooks/main/leads", 64, seconds).await;
    row("W1, every step durable before the next", format!("{:.0} runs/s", steps.rate()), "≥ 10,000 runs/s");
    drop(masar);

    let masar = Masar::start();
    masar
        .publish(&workload(|workflow| workflow["nodes"][0]["parameters"]["respond"] = "immediately".into()))
        .await;
    let begun = Instant::now();
    let accepted = load(&masar.address, "/hooks/main/leads", 64, seconds).await;
    let memory = masar.memory();
    // Every accepted run is waited for; the bound keeps a stuck one from hanging the table.
    while masar.succeeded().await < accepted.done && begun.elapsed() < Duration::from_secs(seconds * 20) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let finished = masar.succeeded().await;
    row(
        "W1-async",
        format!(
            "{:.0} finished/s ({} accepted, {} refused with 429)",
            finished as f64 / begun.elapsed().as_secs_f64(),
            accepted.done,
            accepted.refused
        ),
        "≥ 20,000 finished/s",
    );
    row("memory under W1-async", format!("{memory:.0} MB"), "≤ 250 MB");
    drop(masar);

    let masar = Masar::start();
    let crm = workload(|workflow| {
        let nodes = workflow["nodes"].as_array_mut().unwrap();
        nodes.push(json!({"id": "c1", "key": "contact", "type": "crm.find_or_create", "parameters": {"by": "phone", "fields": {"name": {"$expr": "trigger.body.name"}, "phone": {"$expr": "trigger.body.phone"}}}}));
        nodes.push(json!({"id": "c2", "key": "ticket", "type": "crm.create", "parameters": {"entity": "ticket", "fields": {"subject": {"$expr": "steps.letter.text"}, "contact": {"$expr": "steps.contact.id"}}}}));
        let edges = workflow["edges"].as_array_mut().unwrap();
        edges.retain(|edge| edge["target"] != "n6");
        for (source, target) in [("n5", "c1"), ("c1", "c2"), ("c2", "n6")] {
            edges.push(json!({"id": format!("{source}-{target}"), "source": source, "target": target}));
        }
    });
    masar.publish(&crm).await;
    let w2 = load(&masar.address, "/hooks/main/leads", 64, seconds).await;
    row(
        "W2 (two CRM changes, exactly once)",
        format!("{:.0} runs/s, p99 {:.1} ms", w2.rate(), w2.percentile(0.99)),
        "≥ 5,000 runs/s",
    );
    drop(masar);

    let size = std::fs::metadata(env!("CARGO_BIN_EXE_masar")).map_or(0, |data| data.len());
    row("binary of this profile", format!("{:.0} MB", size as f64 / 1e6), "≤ 40 MB (release, stripped)");
}
