//! `kill -9` at any moment loses nothing and does nothing twice: the real binary is fed events,
//! killed at random, started again, and then asked what there is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use serde_json::{Value, json};

use crate::server::{Server, line};

type Ledger = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

/// The outside world: counts calls by lead and notes the key that came with each.
async fn outside() -> (String, Ledger, Arc<AtomicUsize>) {
    let ledger = Ledger::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let app = Router::new()
        .route(
            "/notify",
            post(async move |State(ledger): State<Ledger>, headers: HeaderMap, body: axum::Json<Value>| {
                count.fetch_add(1, Ordering::Relaxed);
                let key = headers
                    .get("idempotency-key")
                    .and_then(|key| key.to_str().ok())
                    .unwrap_or("none")
                    .to_owned();
                ledger.lock().unwrap().entry(body["lead"].to_string()).or_default().insert(key);
                "ok"
            }),
        )
        .with_state(ledger.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (base, ledger, calls)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_nothing_and_does_nothing_twice() {
    let kills: usize = std::env::var("MASAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let (outside, ledger, calls) = outside().await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(folder.clone(), &[]);
    server
        .publish(line(
            "kill",
            &[
                ("start", "trigger.event", json!({"type": "test.lead"})),
                ("contact", "crm.find_or_create", json!({"by": "phone", "fields": {"name": {"$expr": "trigger.name"}, "phone": {"$expr": "trigger.phone"}}})),
                ("ticket", "crm.create", json!({"entity": "ticket", "fields": {"subject": {"$template": "lead {{trigger.number}}"}, "contact": {"$expr": "steps.contact.id"}}})),
                ("notify", "http.request", json!({"method": "POST", "url": format!("{outside}/notify"), "body": {"lead": {"$expr": "trigger.number"}}})),
                ("done", "data.set", json!({"values": {"ok": true}})),
            ],
        ))
        .await;

    // The feeder sends one event after the other, and the same again until it is acknowledged.
    let base = Arc::new(Mutex::new(server.base.clone()));
    let enough = Arc::new(AtomicBool::new(false));
    let token = server.token();
    let feeders: Vec<_> = (0..4u64)
        .map(|feeder| {
            let (base, enough, token, http) = (base.clone(), enough.clone(), token.clone(), server.http.clone());
            tokio::spawn(async move {
                let mut sent = 0u64;
                while !enough.load(Ordering::Relaxed) {
                    let number = sent * 4 + feeder;
                    let event = json!({"id": format!("lead-{number}"), "source": "/test", "type": "test.lead", "subject": format!("lead/{number}"),
                        "data": {"number": number, "name": "عميل", "phone": format!("05{:08}", number % 50)}});
                    let to = base.lock().unwrap().clone();
                    let answer = http.post(format!("{to}/api/v1/events")).bearer_auth(&token).timeout(Duration::from_secs(5)).json(&event).send().await;
                    match answer.map(|answer| answer.status().as_u16()) {
                        Ok(200 | 202) => sent += 1,
                        Ok(status @ 400..=428) => panic!("refused with {status}"),
                        // Not acknowledged: whether it was kept is unknown, so it is sent again.
                        _ => tokio::time::sleep(Duration::from_millis(5)).await,
                    }
                }
                sent
            })
        })
        .collect();

    let mut chance = 0x2545_f491_4f6c_dd1du64;
    for _ in 0..kills {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        tokio::time::sleep(Duration::from_millis(20 + chance % 180)).await;
        server.kill();
        server = Server::start_in(folder.clone(), &[]);
        *base.lock().unwrap() = server.base.clone();
    }
    enough.store(true, Ordering::Relaxed);
    let mut accepted = 0;
    for feeder in feeders {
        accepted += feeder.await.unwrap();
    }

    // Every run comes to its end.
    server
        .until("/api/v1/runs?status=queued,running,waiting&limit=1", |page| {
            page["items"].as_array().unwrap().is_empty()
        })
        .await;
    let mut leads: BTreeMap<String, usize> = BTreeMap::new();
    let mut unwell = Vec::new();
    let mut before = String::new();
    loop {
        let page = server.get(&format!("/api/v1/runs?limit=200{before}")).await;
        for run in page["items"].as_array().unwrap() {
            *leads.entry(run["subject"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
            if run["status"] != "succeeded" {
                unwell.push(run.clone());
            }
        }
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert!(unwell.is_empty(), "{} runs did not succeed, e.g. {}", unwell.len(), unwell[0]);
    assert!(
        leads.len() as u64 >= accepted,
        "{accepted} events were acknowledged, {} led to runs",
        leads.len()
    );
    assert!(leads.values().all(|runs| *runs == 1), "an event led to several runs");

    // Every CRM change happened once.
    let mut tickets: BTreeMap<String, usize> = BTreeMap::new();
    let mut before = String::new();
    loop {
        let page = server.get(&format!("/api/v1/crm/ticket?limit=500{before}")).await;
        for ticket in page["items"].as_array().unwrap() {
            *tickets.entry(ticket["subject"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        match page["next"].as_str() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    assert_eq!(tickets.len(), leads.len(), "tickets and runs");
    assert!(tickets.values().all(|tickets| *tickets == 1), "a ticket was made twice");
    let contacts = server.get("/api/v1/crm/contact?limit=500").await;
    assert_eq!(contacts["items"].as_array().unwrap().len(), 50.min(leads.len()), "one contact a phone");

    // And its event, once each.
    let mut created = 0;
    let mut subjects = BTreeSet::new();
    let mut before = String::new();
    loop {
        let page = server.get(&format!("/api/v1/events?type=crm.ticket.created&limit=500{before}")).await;
        for event in page["items"].as_array().unwrap() {
            created += 1;
            subjects.insert(event["subject"].as_str().unwrap().to_owned());
        }
        match page["next"].as_i64() {
            Some(next) => before = format!("&before={next}"),
            None if created < leads.len() => {
                // The last of them are still on their way out of the outbox.
                (created, before) = (0, String::new());
                subjects.clear();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            None => break,
        }
    }
    assert_eq!(
        (created, subjects.len()),
        (leads.len(), leads.len()),
        "an outbox event was lost or sent twice"
    );

    // The outside was called at least once each, always with one key.
    let ledger = ledger.lock().unwrap();
    assert_eq!(ledger.len(), leads.len(), "calls and runs");
    assert!(
        ledger.values().all(|keys| keys.len() == 1 && !keys.contains("none")),
        "a repeated call came with another key"
    );
    println!(
        "{kills} kills, {} runs, {} outside calls for {} leads",
        leads.len(),
        calls.load(Ordering::Relaxed),
        ledger.len()
    );
}
