//! A caller that tries again, because an answer was lost on its way, does nothing twice.

use serde_json::{Value, json};

use crate::server::{Server, line};

async fn post(server: &Server, path: &str, key: &str, body: &Value) -> (u16, Value, bool, Option<String>) {
    let request = server.http.post(format!("{}{path}", server.base)).bearer_auth(server.token());
    let answer = request.header("Idempotency-Key", key).json(body).send().await.unwrap();
    let replayed = answer.headers().contains_key("idempotent-replayed");
    let etag = answer.headers().get("etag").map(|etag| etag.to_str().unwrap().to_owned());
    (answer.status().as_u16(), answer.json().await.unwrap(), replayed, etag)
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_carried_out_once() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(folder.clone(), &[]);
    let draft = json!({"draft": line("once", &[("start", "trigger.manual", json!({}))])});
    let first = post(&server, "/api/v1/workflows", "\"key-1\"", &draft).await;
    assert_eq!((first.0, first.2, first.3.is_some()), (201, false, true), "{}", first.1);
    server.kill();
    let server = Server::start_in(folder, &[]);
    let again = post(&server, "/api/v1/workflows", "key-1", &draft).await;
    assert_eq!((again.0, again.2), (201, true));
    assert_eq!((&again.1, &again.3), (&first.1, &first.3), "the first answer, also after a crash");
    assert_eq!(server.get("/api/v1/workflows").await.as_array().unwrap().len(), 1);

    let other = json!({"draft": line("other", &[("start", "trigger.manual", json!({}))])});
    let (status, problem, ..) = post(&server, "/api/v1/workflows", "key-1", &other).await;
    assert_eq!((status, &problem["code"]), (422, &json!("idempotency_mismatch")));
    let (status, problem, ..) = post(&server, "/api/v1/validate", "key-1", &draft).await;
    assert_eq!((status, &problem["code"]), (422, &json!("idempotency_mismatch")), "an address is part of it");
    let (status, problem, ..) = post(&server, "/api/v1/workflows", &"k".repeat(300), &draft).await;
    assert_eq!((status, &problem["code"]), (400, &json!("bad_request")));

    // A refusal is an answer too.
    let refused = post(&server, "/api/v1/workflows", "key-2", &draft).await;
    let again = post(&server, "/api/v1/workflows", "key-2", &draft).await;
    assert_eq!((refused.0, refused.2, again.0, again.2), (409, false, 409, true));
    assert_eq!(refused.1, again.1);
}

#[tokio::test]
async fn callers_at_the_same_moment_start_one_run() {
    let server = Server::start();
    let id = server.publish(line("one", &[("start", "trigger.manual", json!({}))])).await;
    let path = format!("/api/v1/workflows/{id}/start");
    let body = json!({"data": {}});
    let answers = futures_util::future::join_all((0..16).map(|_| post(&server, &path, "go", &body))).await;
    for (status, body, ..) in &answers {
        match status {
            202 => assert_eq!(body["run"], answers.iter().find(|answer| answer.0 == 202).unwrap().1["run"]),
            409 => assert_eq!(body["code"], "idempotency_in_progress"),
            other => panic!("{other}: {body}"),
        }
    }
    assert_eq!(server.get("/api/v1/runs").await["items"].as_array().unwrap().len(), 1);
}
