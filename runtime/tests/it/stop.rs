//! Stopping: what is under way is finished or left to its journal, and nobody is kept waiting.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, routing::post};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::server::{Server, line, masar};

/// A server outside that answers a call only when it is allowed to.
pub(crate) async fn slow() -> (String, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (allowed, calls) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (gate, count) = (allowed.clone(), calls.clone());
    let answer = async move || {
        count.fetch_add(1, Ordering::Relaxed);
        gate.acquire().await.unwrap().forget();
        "done"
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
    (base, allowed, calls)
}

async fn with_work_in_hand(settings: &[&str]) -> (Server, Arc<Semaphore>, Arc<AtomicUsize>) {
    let (outside, allowed, calls) = slow().await;
    let server = Server::start_in(Arc::new(tempfile::tempdir().unwrap()), settings);
    let call = json!({"method": "POST", "url": outside});
    let flow = line(
        "slow",
        &[
            ("start", "trigger.event", json!({"type": "test.lead"})),
            ("call", "http.request", call),
            ("after", "data.set", json!({"values": {"x": 1}})),
        ],
    );
    server.publish(flow).await;
    let event = json!({"id": "1", "source": "/test", "type": "test.lead", "data": {}});
    assert_eq!(server.call("POST", "/api/v1/events", Some(event)).await.0, 202);
    while calls.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    (server, allowed, calls)
}

/// What `masar ready` says, as a container's health check asks.
fn ready(server: &Server) -> (Option<i32>, String) {
    let output = masar(server.folder.path(), &["ready"]).env("MASAR_URL", &server.base).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

async fn until_it_stops(server: &Server) {
    loop {
        let ready = server.http.get(format!("{}/ready", server.base)).send().await.unwrap();
        if ready.status() == 503 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_finishes_what_is_under_way_and_takes_nothing_new() {
    let (mut server, allowed, calls) = with_work_in_hand(&["execute.stop_grace=5m"]).await;
    assert_eq!(ready(&server), (Some(0), "ready\n".to_owned()));
    server.signal("TERM");
    until_it_stops(&server).await;
    let (code, said) = ready(&server);
    assert!(code == Some(1) && said.starts_with("stopping"), "{said}");
    let event = json!({"id": "2", "source": "/test", "type": "test.lead", "data": {}});
    let (status, problem) = server.call("POST", "/api/v1/events", Some(event)).await;
    assert_eq!((status, &problem["code"]), (503, &json!("stopping")), "{problem}");
    allowed.add_permits(1);
    assert_eq!(server.ended(), Some(0));
    assert_eq!(ready(&server), (Some(1), String::new()), "nobody answers");

    let server = Server::start_in(server.folder.clone(), &[]);
    let runs = server.get("/api/v1/runs").await;
    let runs = runs["items"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["status"]), (1, &json!("succeeded")), "{runs:?}");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_at_once_and_the_next_start_goes_on() {
    let (mut server, allowed, _) = with_work_in_hand(&["execute.stop_grace=5m"]).await;
    server.signal("TERM");
    until_it_stops(&server).await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(1));
    allowed.add_permits(2);
    let server = Server::start_in(server.folder.clone(), &[]);
    server.until("/api/v1/runs", |page| page["items"][0]["status"] == "succeeded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_outlasts_the_grace_period_is_left_to_its_journal() {
    let (mut server, allowed, _) = with_work_in_hand(&["execute.stop_grace=50ms"]).await;
    server.signal("INT");
    assert_eq!(server.ended(), Some(0));
    allowed.add_permits(2);
    let server = Server::start_in(server.folder.clone(), &[]);
    server.until("/api/v1/runs", |page| page["items"][0]["status"] == "succeeded").await;
}
