//! What is old is forgotten, each workflow's runs after its own days.

use std::sync::Arc;

use serde_json::json;
use sqlx::Connection as _;
use uuid::Uuid;

use crate::server::{Server, line};

/// Moves everything that is stored this many days into the past, while the server is down.
async fn age(folder: &tempfile::TempDir, days: i64) {
    let file = folder.path().join("masar.db");
    let mut database =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let micros = days * 86_400_000_000;
    for text in [
        "UPDATE runs SET accepted_at = accepted_at - $1, ended_at = ended_at - $1",
        "UPDATE events SET received_at = received_at - $1",
        "UPDATE decisions SET at = at - $1",
        "UPDATE hook_calls SET at = at - $1",
        "UPDATE dead_letters SET at = at - $1",
    ] {
        sqlx::query(text).bind(micros).execute(&mut database).await.unwrap();
    }
    // Ids of runs hold their time too (UUIDv7: milliseconds in the first 48 bits).
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM runs").fetch_all(&mut database).await.unwrap();
    for id in ids {
        let older = Uuid::from_u128(id.as_u128() - ((micros as u128 / 1000) << 80));
        for text in ["UPDATE runs SET id = $2 WHERE id = $1", "UPDATE journal SET run = $2 WHERE run = $1"] {
            sqlx::query(text).bind(id).bind(older).execute(&mut database).await.unwrap();
        }
    }
    database.close().await.unwrap();
}

/// A message that could not be taken, as one came from a broker.
async fn dead_letter(folder: &tempfile::TempDir) {
    let file = folder.path().join("masar.db");
    let mut database =
        sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query(
        "INSERT INTO dead_letters (workspace, key, code, reason, routing_key, headers, body, at) \
         VALUES (1, x'01', 'bus.not_an_event', 'no CloudEvent', 'greeting', '{}', x'68', unixepoch() * 1000000)",
    )
    .execute(&mut database)
    .await
    .unwrap();
    database.close().await.unwrap();
}

#[tokio::test]
async fn every_workflow_keeps_its_runs_for_its_own_days() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(folder.clone(), &[]);
    let mut ids = Vec::new();
    for (name, days) in [("short", Some(1)), ("usual", None), ("long", Some(365)), ("ever", Some(0))] {
        let filter = json!({"all": [{"value": {"$expr": "trigger.ok"}, "operator": "is_true"}]});
        let start = json!({"type": format!("{name}.*"), "filter": filter});
        let mut workflow = line(name, &[("start", "trigger.event", start)]);
        if let Some(days) = days {
            workflow["settings"] = json!({"keepDays": days});
        }
        ids.push(server.publish(workflow).await);
    }
    for name in ["short", "usual", "long", "ever", "nobody"] {
        for (kind, ok) in [("ran", true), ("not", false)] {
            let event = json!({"id": format!("{name}-{kind}"), "source": "/t", "type": format!("{name}.{kind}"), "data": {"ok": ok}});
            assert_eq!(server.call("POST", "/api/v1/events", Some(event)).await.0, 202);
        }
    }
    assert_eq!(server.call("POST", "/hooks/main/nowhere", Some(json!({}))).await.0, 404);
    let all_over = |page: &serde_json::Value| {
        page["items"].as_array().unwrap().iter().filter(|run| run["status"] == "succeeded").count() == 4
    };
    server.until("/api/v1/runs", all_over).await;

    let left = async |server: &Server, runs: usize, events: usize| {
        let count = |page: &serde_json::Value| page["items"].as_array().unwrap().len();
        server.until("/api/v1/runs", |page| count(page) == runs).await;
        server.until("/api/v1/events", |page| count(page) == events).await;
    };
    server.kill();
    dead_letter(&folder).await;
    age(&folder, 2).await;
    let mut server = Server::start_in(folder.clone(), &[]);
    // The events of "short" went with its run and its decision.
    left(&server, 3, 9).await;
    assert!(
        server.get(&format!("/api/v1/workflows/{}/decisions", ids[0])).await.as_array().unwrap().is_empty()
    );
    assert_eq!(
        server.get(&format!("/api/v1/workflows/{}/decisions", ids[1])).await.as_array().unwrap().len(),
        1
    );
    assert_eq!(server.get("/api/v1/webhook-calls").await["items"].as_array().unwrap().len(), 1, "72 hours");
    let letters = server.get("/api/v1/dead-letters").await;
    assert_eq!(letters["items"].as_array().unwrap().len(), 1, "30 days");

    server.kill();
    age(&folder, 40).await;
    let mut server = Server::start_in(folder.clone(), &[]);
    left(&server, 2, 4).await;
    assert!(server.get("/api/v1/webhook-calls").await["items"].as_array().unwrap().is_empty());
    server.until("/api/v1/dead-letters", |page| page["items"].as_array().unwrap().is_empty()).await;
    server.kill();
    age(&folder, 4000).await;
    let server = Server::start_in(folder, &[]);
    left(&server, 1, 2).await;
    assert_eq!(
        server.get(&format!("/api/v1/runs?workflow={}", ids[3])).await["items"].as_array().unwrap().len(),
        1
    );
}
