//! The inbox of webhooks.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::{
    server::{Server, line},
    stop::slow,
};

async fn post(server: &Server, path: &str, body: &str) -> u16 {
    let request = server.http.post(format!("{}/hooks/main/{path}", server.base));
    let request = request.header("content-type", "application/json").header("x-api-key", "very-secret");
    request.header("user-agent", "shop/1").body(body.to_owned()).send().await.unwrap().status().as_u16()
}

async fn only(server: &Server, accepted: bool) -> Value {
    let page = server.get(&format!("/api/v1/webhook-calls?accepted={accepted}")).await;
    server.get(&format!("/api/v1/webhook-calls/{}", page["items"][0]["position"])).await
}

#[tokio::test]
async fn every_call_is_kept_and_can_be_sent_again() {
    let server = Server::start();
    let paid = r#"{"order": 7, "note": "شكرًا"}"#;
    assert_eq!(post(&server, "paid?shop=1", paid).await, 404, "nobody listens yet");
    let refused = only(&server, false).await;
    assert_eq!((&refused["decision"], &refused["reason"]["code"]), (&json!("refused"), &json!("not_found")));
    assert_eq!((&refused["body"], &refused["query"]), (&json!(paid), &json!("shop=1")));
    assert_eq!(refused["headers"]["user-agent"], "shop/1");
    assert!(refused["remote"].as_str().unwrap().starts_with("127.0.0.1:"), "{refused}");
    assert!(!refused.to_string().contains("very-secret"), "{refused}");
    let again = format!("/api/v1/webhook-calls/{}/resend", refused["position"]);
    assert_eq!(server.call("POST", &again, None).await.0, 404, "still nobody");

    let dedupe = json!({"path": "order"});
    server
        .publish(line("paid", &[("hook", "trigger.webhook", json!({"path": "paid", "dedupe": dedupe}))]))
        .await;
    let (status, sent) = server.call("POST", &again, None).await;
    assert_eq!(status, 202, "{sent}");
    assert_eq!(sent["runs"].as_array().unwrap().len(), 1);
    let data = server.get(&format!("/api/v1/events/{}", sent["event"])).await["data"].clone();
    assert_eq!((&data["body"]["order"], &data["query"]["shop"]), (&json!(7), &json!("1")));

    assert_eq!(post(&server, "paid", paid).await, 202);
    let accepted = only(&server, true).await;
    assert_eq!((&accepted["decision"], &accepted["reason"]), (&json!("accepted"), &Value::Null));
    assert_eq!(
        (&accepted["body"]["order"], &accepted["headers"]["user-agent"]),
        (&json!(7), &json!("shop/1"))
    );
    assert_eq!((accepted["runs"].as_array().unwrap().len(), &accepted["size"]), (1, &json!(paid.len())));
    assert!(!accepted.to_string().contains("very-secret"), "{accepted}");
    assert_eq!(post(&server, "paid", paid).await, 200);
    let repeated = only(&server, false).await;
    assert_eq!((&repeated["decision"], &repeated["event"]), (&json!("duplicate"), &accepted["event"]));

    let again = format!("/api/v1/webhook-calls/{}/resend", accepted["position"]);
    assert_eq!(
        server.call("POST", &again, None).await.0,
        202,
        "a call is sent again on purpose, so it is no duplicate"
    );
    let all = server.get("/api/v1/webhook-calls?path=paid&limit=2").await;
    assert_eq!((all["items"].as_array().unwrap().len(), all["next"].is_i64()), (2, true));
    assert_eq!(server.get("/api/v1/runs").await["items"].as_array().unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_when_its_caller_hangs_up() {
    let (outside, allowed, calls) = slow().await;
    let server = Server::start_in(std::sync::Arc::new(tempfile::tempdir().unwrap()), &[]);
    let flow = line(
        "asked",
        &[
            ("hook", "trigger.webhook", json!({"path": "asked", "respond": "workflow"})),
            ("call", "http.request", json!({"method": "POST", "url": outside})),
            ("answer", "webhook.respond", json!({"body": {"ok": true}})),
        ],
    );
    server.publish(flow).await;
    let caller = tokio::spawn(server.http.post(format!("{}/hooks/main/asked", server.base)).body("{}").send());
    while calls.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    allowed.add_permits(1);
    let runs = server.until("/api/v1/runs", |page| page["items"][0]["status"] == "succeeded").await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 1);
    assert_eq!(calls.load(Ordering::Relaxed), 1, "and nothing twice");
}
