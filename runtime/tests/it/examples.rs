//! Every example runs as its folder says: each sample event alone, and the telco customers as a crowd.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::{
    mail::mail_server,
    server::{Server, masar},
};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

fn read(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The records of one run of the folder's workflow on one of its events, without a server.
fn records(folder: &Path, event: &str) -> Vec<Value> {
    let data = tempfile::tempdir().unwrap();
    let (file, event) = (folder.join("workflow.json"), folder.join(event));
    let output =
        masar(data.path(), &["run", file.to_str().unwrap(), "--event", event.to_str().unwrap(), "--json"])
            .output()
            .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{}: {error} {said}", event.display()))
}

#[test]
fn every_sample_event_of_every_example_runs_as_it_says() {
    let mut tried = 0;
    for entry in std::fs::read_dir(examples()).unwrap() {
        let folder = entry.unwrap().path();
        assert!(folder.join("README.md").exists(), "{} tells nobody what it is", folder.display());
        for (event, expected) in read(&folder.join("expected.json")).as_object().unwrap() {
            let what = format!("{} {event}", folder.display());
            let records = records(&folder, event);
            let done = |record: &&Value| record["k"] == "done";
            let mut steps: Vec<&str> =
                records.iter().filter(done).map(|record| record["s"].as_str().unwrap()).collect();
            let mut wanted: Vec<&str> =
                expected["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
            steps.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(steps, wanted, "{what}: {records:#?}");
            let ended = records.iter().rev().find(|record| record["k"] == "ended");
            let status = ended.map_or(json!("waiting"), |record| record["status"].clone());
            assert_eq!(status, expected["status"], "{what}: {ended:?}");
            for (step, output) in expected["outputs"].as_object().into_iter().flatten() {
                let record = records.iter().filter(done).find(|record| record["s"] == *step).unwrap();
                assert_eq!(record["v"], *output, "{what}: {record}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 11);
}

/// All pages of a list.
async fn all(server: &Server, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{path}{cursor}")).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match &page["next"] {
            Value::Null => return items,
            Value::String(next) => cursor = format!("&before={next}"),
            next => cursor = format!("&before={next}"),
        }
    }
}

/// How many of each.
fn count(words: impl Iterator<Item = String>) -> Value {
    let mut counted = BTreeMap::<String, u64>::new();
    for word in words {
        *counted.entry(word).or_default() += 1;
    }
    json!(counted)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// An amount of a step's output in halalas.
fn halalas(amount: &Value) -> i64 {
    (amount.as_f64().unwrap() * 100.0).round() as i64
}

/// Sends the customers to a server and tells what came of them, in the words of `expect.py`.
async fn reviewed(lines: &Path) -> Value {
    let server = Server::start();
    let run = |arguments: &[&str]| {
        let output = masar(server.folder.path(), arguments).env("MASAR_URL", &server.base).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["import", examples().join("telco-churn").to_str().unwrap()]);
    let send = [
        "events",
        "send",
        "--lines",
        lines.to_str().unwrap(),
        "--type",
        "customer.reviewed",
        "--id-field",
        "rownames",
        "--subject-field",
        "rownames",
    ];
    let lines = std::fs::read_to_string(lines).unwrap().lines().count();
    assert_eq!(run(&send), format!("sent {lines}, duplicates 0, refused 0\n"));
    assert_eq!(run(&send), format!("sent 0, duplicates {lines}, refused 0\n"), "the night's file once more");
    let open = "/api/v1/runs?status=queued,running,waiting,in_doubt&limit=1";
    server.until(open, |page| page["items"].as_array().unwrap().is_empty()).await;

    let runs = all(&server, "/api/v1/runs?status=succeeded&limit=200").await;
    let details: Vec<Value> = futures_util::stream::iter(&runs)
        .map(|run| {
            let path = format!("/api/v1/runs/{}", run["id"].as_str().unwrap());
            let server = &server;
            async move { Ok::<_, std::convert::Infallible>(server.get(&path).await) }
        })
        .buffer_unordered(8)
        .try_collect()
        .await
        .unwrap();
    let steps: Vec<&Value> = details.iter().flat_map(|run| run["steps"].as_array().unwrap()).collect();
    let named = |name: &'static str| steps.iter().filter(move |step| step["step"] == name);
    let contacts = all(&server, "/api/v1/crm/contact?limit=500").await;
    let tickets = all(&server, "/api/v1/crm/ticket?limit=500").await;
    let sum = |step: &'static str, field: &str| -> i64 {
        named(step).map(|step| halalas(&step["output"][field])).sum()
    };
    json!({
        "runs": runs.len(),
        "ways": count(named("segment").map(|step| text(&step["port"]))),
        "steps": count(steps.iter().map(|step| text(&step["step"]))),
        "contacts": count(contacts.iter().flat_map(|row| row["tags"].as_array().unwrap()).map(text)),
        "tickets": count(tickets.iter().map(|row| text(&row["priority"]))),
        "published": all(&server, "/api/v1/events?type=retention.requested&limit=500").await.len(),
        "scores": sum("score", "score") / 100,
        "bills": sum("offer", "bill"),
        "offers": sum("offer", "total"),
    })
}

#[tokio::test]
async fn telco_customers_go_the_ways_that_were_worked_out_without_masar() {
    let folder = examples().join("telco-churn");
    assert_eq!(reviewed(&folder.join("sample.jsonl")).await, read(&folder.join("sample.expected.json")));
    // All 7,043 of the public table: MASAR_TELCO names the file that fetch.py made.
    if let Some(lines) = std::env::var_os("MASAR_TELCO") {
        assert_eq!(reviewed(Path::new(&lines)).await, read(&folder.join("full.expected.json")));
    }
}

#[tokio::test]
async fn a_portal_lead_with_an_address_gets_a_letter_and_a_repeated_call_none() {
    let server = Server::start();
    let mut mails = mail_server(&server).await;
    let folder = examples().join("real-estate-lead");
    server.publish(read(&folder.join("workflow.json"))).await;
    let mut lead = read(&folder.join("event.json"));
    lead["email"] = "Noura@Example.sa".into();
    for _ in 0..2 {
        let call = server.http.post(format!("{}/hooks/main/portal", server.base)).json(&lead);
        assert!(call.send().await.unwrap().status().is_success());
    }
    let runs = server.until("/api/v1/runs?status=succeeded", |page| page["items"][0].is_object()).await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 1);
    let envelope = mails.recv().await.unwrap().to_lowercase();
    assert!(envelope.contains("<noura@example.sa>"), "{envelope}");
    assert!(mails.try_recv().is_err(), "the call came twice, the letter goes once");
    let leads = server.get("/api/v1/crm/lead").await;
    assert_eq!(leads["items"][0]["email"], "noura@example.sa");
    let event = server.get("/api/v1/events?type=sales.lead.ready").await;
    let event = server.get(&format!("/api/v1/events/{}", event["items"][0]["position"])).await;
    assert_eq!(event["data"]["transaction_tax"], 92_500, "5 % of 1,850,000 riyals");
}
