//! Runs that wait for an event: none is lost, none is taken twice.

use std::sync::Arc;

use axum::{Router, routing::get};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::server::{Server, line};

/// A peer that answers only once it is told to.
async fn slow_peer() -> (String, watch::Sender<bool>, watch::Receiver<u32>) {
    let (open, opened) = watch::channel(false);
    let (asked, asks) = watch::channel(0);
    let app = Router::new().route(
        "/",
        get(async move || {
            asked.send_modify(|asks| *asks += 1);
            let _ = opened.clone().wait_for(|open| *open).await;
            "ok"
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (base, open, asks)
}

async fn send(server: &Server, id: &str, kind: &str, subject: &str, data: Value) -> Value {
    let event = json!({"id": id, "source": "/shop", "type": kind, "subject": subject, "data": data});
    let (status, answer) = server.call("POST", "/api/v1/events", Some(event)).await;
    assert_eq!(status, 202, "{answer}");
    answer
}

#[tokio::test]
async fn an_event_that_comes_before_the_wait_opens_is_taken_and_only_once() {
    let server = Server::start();
    let (peer, open, mut asks) = slow_peer().await;
    let wait = |key: &str| json!({"event_type": "payment.received", "key": {"$expr": key}, "correlate": "order.number"});
    server
        .publish(line(
            "order",
            &[
                ("start", "trigger.event", json!({"type": "order.placed"})),
                ("reserve", "http.request", json!({"url": peer})),
                ("deposit", "flow.wait_for_event", wait("trigger.number")),
                ("rest", "flow.wait_for_event", wait("trigger.number")),
                ("note", "flow.wait_for_event", json!({"event_type": "note.added", "key": "order/7"})),
            ],
        ))
        .await;
    send(&server, "before", "payment.received", "x", json!({"order": {"number": 7}, "sum": 1})).await;
    let started = send(&server, "order", "order.placed", "order/7", json!({"number": 7})).await;
    let run = format!("/api/v1/runs/{}", started["runs"][0].as_str().unwrap());
    asks.wait_for(|asks| *asks == 1).await.unwrap();

    // While the stock is still being reserved, the customer pays twice and somebody writes a note.
    let long = "شكرًا ".repeat(100);
    for (id, number, sum) in [("other", 8, 2), ("deposit", 7, 30)] {
        send(&server, id, "payment.received", "x", json!({"order": {"number": number}, "sum": sum})).await;
    }
    send(&server, "rest", "payment.received", "x", json!({"order": {"number": 7}, "sum": 70, "words": long}))
        .await;
    send(&server, "note", "note.added", "order/7", json!({"text": "هدية"})).await;
    open.send(true).unwrap();

    let run = server.until(&run, |run| run["status"] == "succeeded").await;
    let step =
        |key: &str| run["steps"].as_array().unwrap().iter().find(|step| step["step"] == key).unwrap().clone();
    assert_eq!(
        (&step("deposit")["output"]["sum"], &step("deposit")["by"]),
        (&json!(30), &json!("event deposit"))
    );
    assert_eq!(step("rest")["output"]["sum"], 70, "an event is taken once");
    assert_eq!(step("note")["output"]["text"], "هدية");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_and_its_event_that_meet_at_the_same_moment_find_each_other() {
    let server = Arc::new(Server::start());
    server
        .publish(line(
            "race",
            &[
                ("start", "trigger.event", json!({"type": "order.placed"})),
                ("paid", "flow.wait_for_event", json!({"event_type": "payment.received", "key": {"$expr": "trigger.number"}, "correlate": "number"})),
            ],
        ))
        .await;
    let customers: Vec<_> = (0..8)
        .map(|customer| {
            let server = server.clone();
            tokio::spawn(async move {
                let mut runs = Vec::new();
                for order in 0..25 {
                    let number = customer * 100 + order;
                    let placed =
                        send(&server, &format!("o{number}"), "order.placed", "x", json!({"number": number}))
                            .await;
                    send(&server, &format!("p{number}"), "payment.received", "x", json!({"number": number}))
                        .await;
                    runs.push((placed["runs"][0].as_str().unwrap().to_owned(), number));
                }
                runs
            })
        })
        .collect();
    for customer in customers {
        for (run, number) in customer.await.unwrap() {
            let run = server.until(&format!("/api/v1/runs/{run}"), |run| run["status"] == "succeeded").await;
            assert_eq!(run["steps"][1]["output"]["number"], number, "every run its own payment");
        }
    }
}
