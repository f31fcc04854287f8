//! What waits goes on after a crash: the reminder, the deadline, the moment, the event, the call.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::server::{Server, line};

async fn start(server: &Server, workflow: &str) -> String {
    let path = format!("/api/v1/workflows/{workflow}/start");
    let (status, started) = server.call("POST", &path, Some(json!({"data": {"order": 7}}))).await;
    assert_eq!(status, 202, "{started}");
    format!("/api/v1/runs/{}", started["run"].as_str().unwrap())
}

fn by_hand() -> (&'static str, &'static str, Value) {
    ("start", "trigger.manual", json!({}))
}

fn payment() -> (&'static str, &'static str, Value) {
    (
        "paid",
        "flow.wait_for_event",
        json!({"event_type": "payment.received", "key": {"$expr": "trigger.order"}, "correlate": "order"}),
    )
}

#[tokio::test]
async fn everything_that_waits_goes_on_after_a_kill() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_in(folder.clone(), &[]);
    let asks = |more: Value| {
        let mut parameters = json!({"title": "خصم؟"});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("ask", "flow.approval", parameters)
    };
    let reminded = server.publish(line("reminded", &[by_hand(), asks(json!({"remind": "3s"}))])).await;
    let expiring = server.publish(line("expiring", &[by_hand(), asks(json!({"deadline": "3s"}))])).await;
    let resting =
        server.publish(line("resting", &[by_hand(), ("rest", "flow.wait", json!({"for": "3s"}))])).await;
    let waiting = server.publish(line("waiting", &[by_hand(), payment()])).await;
    server.publish(line("child", &[("start", "trigger.called", json!({})), payment()])).await;
    let call = json!({"workflow": "child", "input": {"order": {"$expr": "trigger.order"}}});
    let calling = server.publish(line("calling", &[by_hand(), ("call", "flow.call", call)])).await;
    let mut runs = Vec::new();
    for workflow in [&reminded, &expiring, &resting, &waiting, &calling] {
        runs.push(start(&server, workflow).await);
    }
    // All five and the called one wait; the server dies, twice.
    let six = |page: &Value| page["items"].as_array().unwrap().len() == 6;
    server.until("/api/v1/runs?status=waiting", six).await;
    for _ in 0..2 {
        server.kill();
        server = Server::start_in(folder.clone(), &[]);
    }

    let payment =
        json!({"id": "p7", "source": "/bank", "type": "payment.received", "data": {"order": 7, "sum": 90}});
    assert_eq!(server.call("POST", "/api/v1/events", Some(payment)).await.0, 202);
    let paid = server.until(&runs[3], |run| run["status"] == "succeeded").await;
    assert_eq!(paid["steps"][1]["output"]["sum"], 90);
    let called = server.until(&runs[4], |run| run["status"] == "succeeded").await;
    assert!(called["steps"][1]["output"]["result"].to_string().contains("90"), "{called}");
    server.until(&runs[2], |run| run["status"] == "succeeded").await;
    let expired = server.until(&runs[1], |run| run["status"] == "succeeded").await;
    assert_eq!(expired["steps"][1]["port"], "expired");
    let reminders = "/api/v1/events?type=masar.approval.reminder";
    server.until(reminders, |page| !page["items"].as_array().unwrap().is_empty()).await;
    let left = server.get("/api/v1/approvals").await;
    assert_eq!(left.as_array().unwrap().len(), 1, "the reminded one still waits");
    let approval = format!("/api/v1/approvals/{}", left[0]["id"].as_str().unwrap());
    assert_eq!(server.call("POST", &approval, Some(json!({"approved": true}))).await.0, 204);
    server.until(&runs[0], |run| run["status"] == "succeeded").await;
    let events = server.get(reminders).await;
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "it is reminded of once");
}
