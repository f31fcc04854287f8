//! `make bench`: the figures of docs/benchmarks.md, measured on this machine with the load generator
//! on it. Starts the real release binary in temporary folders.
//!
//! `make bench ARGS="5 w1 w2"`: seconds for each load, and only the sections that are named.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a measurement that cannot be made shall say where and end with an error"
)]

mod inside;
mod load;
mod log;
mod server;

use std::time::Duration;

use axum::{Json, Router, routing::post};
use serde_json::{Value, json};

use load::{closed, paced};
use server::{Masar, workload};

/// What the program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HOOK: &str = "/hooks/main/leads";

fn row(figure: &str, value: String, budget: &str) {
    println!("| {figure} | {value} | {budget} |");
}

/// Which sections run: all, unless some are named.
struct Chosen(Vec<String>);

impl Chosen {
    fn has(&self, section: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|name| name == section)
    }
}

#[tokio::main]
async fn main() {
    masar_nodes::net::install_tls_provider();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|text| !text.starts_with('-')).collect();
    let seconds: u64 = arguments.iter().find_map(|text| text.parse().ok()).unwrap_or(5);
    let chosen = Chosen(arguments.into_iter().filter(|text| text.parse::<u64>().is_err()).collect());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = model.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("");
    let model = model.trim_start_matches(['\t', ' ', ':']);
    println!("{cores} cores, {model}; {seconds} s each; the load generator runs on the same machine\n");
    println!("| figure | measured | budget |\n| --- | --- | --- |");
    if chosen.has("engine") {
        inside::engine();
    }
    if chosen.has("compile") {
        inside::compile_times();
    }
    if chosen.has("dispatch") {
        inside::dispatch();
    }
    let mut echo = f64::NAN;
    if chosen.has("echo") {
        echo = bare(seconds).await;
    }
    if chosen.has("w1") {
        w1(seconds, echo).await;
    }
    if chosen.has("steps") {
        steps(seconds).await;
    }
    if chosen.has("async") {
        in_background(seconds).await;
    }
    if chosen.has("w2") {
        w2(seconds).await;
    }
    if chosen.has("overload") {
        overload(seconds).await;
    }
    if chosen.has("each") {
        each().await;
    }
    if chosen.has("log") {
        log::a_million_runs().await;
    }
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_masar")).map_or(0, |data| data.len());
    row("binary, as built for this table", format!("{:.0} MB", size as f64 / 1e6), "≤ 40 MB");
}

async fn bare(seconds: u64) -> f64 {
    let echo = Router::new().route("/", post(async |Json(value): Json<Value>| Json(value)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move { axum::serve(listener, echo).await });
    let load = closed(&address, "/", 64, seconds).await;
    serving.abort();
    row("bare axum echo, 64 connections", format!("{:.0}/s", load.rate()), "(the ceiling of the path)");
    load.rate()
}

async fn w1(seconds: u64, echo: f64) {
    let masar = Masar::start();
    let start = format!("{:.0} ms", masar.started.as_secs_f64() * 1000.0);
    row("cold start to listening, empty folder", start, "≤ 100 ms");
    row("memory idle", format!("{:.0} MB", masar.memory()), "≤ 40 MB");
    masar.publish(&workload(|_| {})).await;
    closed(&masar.address, HOOK, 16, 1).await;
    let slow = paced(&masar.address, HOOK, 32, 1000, seconds).await;
    row(
        "W1 p50 / p99 at 1,000/s",
        format!("{:.1} / {:.1} ms", slow.percentile(0.5), slow.percentile(0.99)),
        "p99 ≤ 3 ms",
    );
    let before = masar.usage();
    let load = closed(&masar.address, HOOK, 64, seconds).await;
    let after = masar.usage();
    row("W1, durable, 64 connections", format!("{:.0} runs/s", load.rate()), "≥ 20,000 runs/s");
    row("W1 against the bare echo", format!("{:.0} %", 100.0 * load.rate() / echo), "≥ 15 %");
    row(
        "W1 p50 / p99 at saturation",
        format!("{:.1} / {:.1} ms", load.percentile(0.5), load.percentile(0.99)),
        "p99 ≤ 10 ms",
    );
    row("memory under W1", format!("{:.0} MB", masar.memory()), "≤ 120 MB");
    let runs = load.done as f64;
    let disk = format!("{:.0} bytes", (after.disk - before.disk) as f64 / runs);
    row("disk per W1 run", disk, "≤ 700 bytes");
    let processor = format!("{:.0} µs", (after.processor - before.processor) * 1e6 / runs);
    row("processor time per W1 run, server alone", processor, "");
}

async fn steps(seconds: u64) {
    let masar = Masar::start();
    masar.publish(&workload(|workflow| workflow["settings"] = json!({"durableSteps": true}))).await;
    let before = masar.usage();
    let load = closed(&masar.address, HOOK, 64, seconds).await;
    row("W1, every step durable before the next", format!("{:.0} runs/s", load.rate()), "≥ 10,000 runs/s");
    let processor = (masar.usage().processor - before.processor) * 1e6 / load.done as f64;
    row("processor time per such run, server alone", format!("{processor:.0} µs"), "");
}

async fn in_background(seconds: u64) {
    let masar = Masar::start();
    masar
        .publish(&workload(|workflow| workflow["nodes"][0]["parameters"]["respond"] = "immediately".into()))
        .await;
    let begun = std::time::Instant::now();
    let accepted = closed(&masar.address, HOOK, 64, seconds).await;
    let memory = masar.memory();
    // Every accepted run is waited for; the bound keeps a stuck one from hanging the table.
    let finished = masar.finish(accepted.done, Duration::from_secs(seconds * 20)).await;
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
}

async fn w2(seconds: u64) {
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
    let before = masar.usage();
    let load = closed(&masar.address, HOOK, 64, seconds).await;
    row(
        "W2 (two CRM changes, exactly once)",
        format!("{:.0} runs/s, p99 {:.1} ms", load.rate(), load.percentile(0.99)),
        "≥ 5,000 runs/s",
    );
    let processor = (masar.usage().processor - before.processor) * 1e6 / load.done as f64;
    row("processor time per W2 run, server alone", format!("{processor:.0} µs"), "");
}

/// More connections than can be served in time.
async fn overload(seconds: u64) {
    let masar = Masar::start();
    masar.publish(&workload(|_| {})).await;
    let load = closed(&masar.address, HOOK, 4000, seconds).await;
    row(
        "overload, 4,000 connections at once",
        format!(
            "p99 of what was accepted {:.0} ms; {} accepted, {} refused with 429",
            load.percentile(0.99),
            load.done,
            load.refused
        ),
        "429 before p99 passes 250 ms",
    );
}

/// A list of 100,000 items, a pure step for each.
async fn each() {
    const ITEMS: u32 = 100_000;
    let masar = Masar::start();
    let workflow = json!({
        "format": 1, "name": "each",
        "nodes": [
            {"id": "1", "key": "start", "type": "trigger.manual", "parameters": {}},
            {"id": "2", "key": "each", "type": "flow.for_each", "parameters": {"items": {"$expr": "trigger.items"}, "parallel": 8}},
            {"id": "3", "key": "work", "type": "data.set", "parameters": {"values": {"n": {"$expr": "item.n"}}}},
        ],
        "edges": [
            {"id": "a", "source": "1", "target": "2"},
            {"id": "b", "source": "2", "sourceHandle": "body", "target": "3"},
        ],
    });
    let id = masar.publish(&workflow).await;
    let items: Vec<Value> = (0..ITEMS).map(|n| json!({ "n": n })).collect();
    let begun = std::time::Instant::now();
    masar.post(&format!("/api/v1/workflows/{id}/start"), &json!({"data": {"items": items}})).await;
    let mut peak = masar.memory();
    while masar.succeeded().await == 0 && begun.elapsed() < Duration::from_secs(120) {
        peak = peak.max(masar.memory());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // From the event to the end by the run's own clock: making and sending the list is not the run's.
    let run = masar.get("/api/v1/runs?limit=1").await["items"][0].clone();
    let moment =
        |name: &str| run[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let rate = f64::from(ITEMS) * 1e6 / (moment("ended_at") - moment("accepted_at")) as f64;
    row(
        "for_each over 100,000 items, pure body",
        format!("{rate:.0} items/s, memory {peak:.0} MB"),
        "≥ 200,000 items/s, ≤ 150 MB",
    );
}
