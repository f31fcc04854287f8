//! The example invoice-approval on a real server: a quotation is approved, one refused, one left to
//! expire, a small one goes through; who waits for the next working day outlives a crash.

use std::{path::Path, sync::Arc};

use jiff::{Timestamp, civil::Weekday, tz::TimeZone};
use serde_json::{Value, json};

use crate::{mail::mail_server, server::Server};

fn example(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/invoice-approval").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The example with one parameter of a node changed, under a name and a path of its own.
fn changed(name: &str, node: &str, parameter: &str, value: Value) -> Value {
    let mut workflow = example("workflow.json");
    workflow["name"] = name.into();
    let nodes = workflow["nodes"].as_array_mut().unwrap();
    nodes[0]["parameters"]["path"] = name.into();
    let node = nodes.iter_mut().find(|each| each["key"] == node).unwrap();
    node["parameters"][parameter] = value;
    workflow
}

/// Calls the webhook; gives the path of the run.
async fn quote(server: &Server, path: &str, quotation: &Value) -> String {
    let before = runs(server).await;
    let call = server.http.post(format!("{}/hooks/main/{path}", server.base)).json(quotation);
    assert_eq!(call.send().await.unwrap().status(), 202);
    let new: Vec<String> = runs(server).await.into_iter().filter(|run| !before.contains(run)).collect();
    assert_eq!(new.len(), 1);
    format!("/api/v1/runs/{}", new[0])
}

async fn runs(server: &Server) -> Vec<String> {
    let page = server.get("/api/v1/runs?limit=200").await;
    page["items"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
}

/// The open approval of this quotation.
async fn asked(server: &Server, number: &str) -> Value {
    let of_it = |row: &&Value| row["title"].as_str().unwrap().contains(number);
    let holds = |list: &Value| list.as_array().unwrap().iter().any(|row| of_it(&row));
    let list = server.until("/api/v1/approvals", holds).await;
    list.as_array().unwrap().iter().find(of_it).unwrap().clone()
}

async fn decide(server: &Server, approval: &Value, approved: bool) {
    let path = format!("/api/v1/approvals/{}", approval["id"].as_str().unwrap());
    let decision = json!({"approved": approved, "by": "manager@example.sa"});
    assert_eq!(server.call("POST", &path, Some(decision)).await.0, 204);
}

fn step<'r>(run: &'r Value, name: &str) -> &'r Value {
    let found = run["steps"].as_array().unwrap().iter().find(|step| step["step"] == name);
    found.unwrap_or_else(|| panic!("no step {name}: {run}"))
}

async fn deal_of(server: &Server, run: &Value) -> Value {
    server.get(&format!("/api/v1/crm/deal/{}", step(run, "deal")["output"]["id"].as_str().unwrap())).await
}

/// 09:00 of the first day from Sunday to Thursday after `from`, in Riyadh; worked out day by day.
fn next_morning(from: Timestamp) -> Timestamp {
    let zone = TimeZone::get("Asia/Riyadh").unwrap();
    let mut day = from.to_zoned(zone.clone()).date().tomorrow().unwrap();
    while matches!(day.weekday(), Weekday::Friday | Weekday::Saturday) {
        day = day.tomorrow().unwrap();
    }
    day.at(9, 0, 0, 0).to_zoned(zone).unwrap().timestamp()
}

/// The moment that the run's log says a step waits for, and since when.
async fn waits_until(server: &Server, run: &str, name: &str) -> (Timestamp, Timestamp) {
    let records = server.get(&format!("{run}/journal")).await;
    let waiting = |record: &&Value| record["k"] == "waiting" && record["s"] == name;
    let record = records.as_array().unwrap().iter().find(waiting).unwrap_or_else(|| panic!("{records}"));
    let micros = |value: &Value| Timestamp::from_microsecond(value.as_i64().unwrap()).unwrap();
    (micros(&record["v"]["due"]), micros(&record["t"]))
}

#[tokio::test]
async fn a_quotation_is_approved_and_the_call_waits_for_the_next_working_day_through_a_crash() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(folder.clone(), &[]);
    let mut mails = mail_server(&server).await;
    server.publish(example("workflow.json")).await;
    server.publish(changed("hurried", "next_day", "until", json!({"$expr": "now"}))).await;

    let mut quotation = example("event.json");
    quotation["customer"]["email"] = "office@rawabi.example.sa".into();
    let run = quote(&server, "quotations", &quotation).await;
    let approval = asked(&server, "Q-2026-118").await;
    let title = approval["title"].as_str().unwrap();
    assert!(title.contains("٢٥٬٠٩١٫٨٠ ر.س") && title.contains("25,091.80 SAR"), "{title}");
    assert_eq!(approval["context"]["ضريبة القيمة المضافة 15٪ · VAT 15 %"], "3,272.84 SAR");
    assert_eq!(deal_of(&server, &server.get(&run).await).await["stage"], "proposal", "nothing goes out yet");
    decide(&server, &approval, true).await;
    let letter = mails.recv().await.unwrap();
    assert!(
        letter.contains("<sales@example.sa>") && letter.contains("<office@rawabi.example.sa>"),
        "{letter}"
    );

    // Approved: the quotation is out, and the run rests until the morning of a working day.
    let out = |run: &Value| run["status"] == "waiting" && run["steps"].to_string().contains("message_id");
    let waiting = server.until(&run, out).await;
    assert_eq!(deal_of(&server, &waiting).await["stage"], "negotiation");
    let (due, since) = waits_until(&server, &run, "next_day").await;
    assert_eq!(due, next_morning(since));
    server.kill();
    let server = Server::start_in(folder, &[]);
    assert_eq!(server.get(&run).await["status"], "waiting");
    assert_eq!(waits_until(&server, &run, "next_day").await.0, due);
    assert_eq!(server.get(&format!("{run}/verify")).await["intact"], true);

    // The same quotation again is the same; with a morning that has come, the salesperson gets the task.
    let call = server.http.post(format!("{}/hooks/main/quotations", server.base)).json(&quotation);
    assert!(call.send().await.unwrap().status().is_success());
    assert_eq!(runs(&server).await.len(), 1);
    quotation["customer"]["email"] = Value::Null;
    let run = quote(&server, "hurried", &quotation).await;
    decide(&server, &asked(&server, "Q-2026-118").await, true).await;
    let done = server.until(&run, |run| run["status"] == "succeeded").await;
    let task = &step(&done, "call")["output"];
    assert_eq!(task["owner"], "khalid@example.sa");
    assert!(task["title"].as_str().unwrap().contains("مؤسسة روابي نجد"), "{task}");
    assert!(mails.try_recv().is_err(), "no address, no letter; and none goes out twice");
}

#[tokio::test]
async fn a_refused_quotation_goes_back_an_expired_one_is_told_and_a_small_one_needs_nobody() {
    let server = Server::start();
    server.publish(example("workflow.json")).await;
    server.publish(changed("impatient", "ask", "deadline", json!("200ms"))).await;

    let run = quote(&server, "quotations", &example("event.json")).await;
    decide(&server, &asked(&server, "Q-2026-118").await, false).await;
    let done = server.until(&run, |run| run["status"] == "succeeded").await;
    let task = &step(&done, "revise")["output"];
    assert_eq!(
        (&task["owner"], &task["contact"]),
        (&json!("khalid@example.sa"), &step(&done, "customer")["output"]["id"])
    );
    assert!(task["title"].as_str().unwrap().contains("manager@example.sa"), "{task}");
    assert_eq!(deal_of(&server, &done).await["stage"], "proposal");

    let small = quote(&server, "quotations", &example("event.en.json")).await;
    let small = server.until(&small, |run| run["status"] == "succeeded").await;
    let deal = deal_of(&server, &small).await;
    assert_eq!((&deal["stage"], &deal["amount"]), (&json!("negotiation"), &json!(6511.9)));

    let run = quote(&server, "impatient", &example("event.json")).await;
    let late = server.until(&run, |run| run["status"] == "succeeded").await;
    assert_eq!(step(&late, "ask")["port"], "expired");
    let events = server.get("/api/v1/events?type=sales.quotation.expired").await;
    let event = server.get(&format!("/api/v1/events/{}", events["items"][0]["position"])).await;
    assert_eq!(
        (&event["data"]["number"], &event["data"]["total"]),
        (&json!("Q-2026-118"), &json!(25091.8)),
        "{event}"
    );
}
