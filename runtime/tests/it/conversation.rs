//! What users do: import, call, read the log, approve, retry, verify.

use serde_json::{Value, json};

use crate::server::{Server, line, masar};

#[tokio::test]
async fn a_lead_is_scored_and_the_log_tells_it() {
    let server = Server::start();
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let import =
        masar(server.folder.path(), &["import", examples]).env("MASAR_URL", &server.base).output().unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
    let again =
        masar(server.folder.path(), &["import", examples]).env("MASAR_URL", &server.base).output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout).into_owned();
    assert!(
        said.lines().all(|line| line.ends_with(": unchanged")),
        "importing again changes nothing:\n{said}"
    );

    let lead = json!({"name": "عبدالله العتيبي", "phone": "+966501234567", "city": "Jeddah", "budget": 75000, "source": "web"});
    let answer: Value = server
        .http
        .post(format!("{}/hooks/main/leads", server.base))
        .json(&lead)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((&answer["score"], &answer["priority"]), (&json!(85), &json!("hot")));
    let runs = server.get("/api/v1/runs").await;
    let id = runs["items"][0]["id"].as_str().unwrap();
    let run = server.get(&format!("/api/v1/runs/{id}")).await;
    let steps: Vec<&str> =
        run["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["lead", "check", "hot", "letter", "answer"]);
    assert_eq!(server.get(&format!("/api/v1/runs/{id}/verify")).await["intact"], true);
    let shown =
        masar(server.folder.path(), &["runs", "show", id]).env("MASAR_URL", &server.base).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("✓ check → true") && shown.contains("succeeded"), "{shown}");
}

#[tokio::test]
async fn a_person_approves_a_failed_run_goes_on_and_a_test_changes_nothing() {
    let server = Server::start();
    let approval = server
        .publish(line(
            "approval",
            &[
                ("start", "trigger.manual", json!({})),
                ("ask", "flow.approval", json!({"title": {"$template": "خصم {{trigger.percent}} %"}, "context": {"percent": {"$expr": "trigger.percent"}}})),
            ],
        ))
        .await;
    let (status, started) = server
        .call("POST", &format!("/api/v1/workflows/{approval}/start"), Some(json!({"data": {"percent": 15}})))
        .await;
    assert_eq!(status, 202, "{started}");
    let waiting = server.until("/api/v1/approvals", |list| !list.as_array().unwrap().is_empty()).await;
    assert_eq!((&waiting[0]["title"], &waiting[0]["context"]["percent"]), (&json!("خصم 15 %"), &json!(15)));
    let path = format!("/api/v1/approvals/{}", waiting[0]["id"].as_str().unwrap());
    assert_eq!(server.call("POST", &path, Some(json!({"approved": true, "by": "sara"}))).await.0, 204);
    assert_eq!(
        server.call("POST", &path, Some(json!({"approved": false}))).await.0,
        404,
        "the first decision counts"
    );
    let run = started["run"].as_str().unwrap();
    let run = server.until(&format!("/api/v1/runs/{run}"), |run| run["status"] == "succeeded").await;
    assert_eq!((&run["steps"][1]["port"], &run["steps"][1]["by"]), (&json!("approved"), &json!("sara")));

    // A CRM change that the rules refuse fails the run; once the record is right, it goes on.
    let (_, deal) =
        server.call("POST", "/api/v1/crm/deal", Some(json!({"title": "فيلا", "stage": "won"}))).await;
    let update = server
        .publish(line(
            "update",
            &[
                ("start", "trigger.manual", json!({})),
                ("note", "crm.create", json!({"entity": "note", "fields": {"body": "once"}})),
                ("move", "crm.update", json!({"entity": "deal", "id": {"$expr": "trigger.deal"}, "fields": {"stage": "proposal"}})),
            ],
        ))
        .await;
    let (_, started) = server
        .call(
            "POST",
            &format!("/api/v1/workflows/{update}/start"),
            Some(json!({"data": {"deal": deal["id"]}})),
        )
        .await;
    let run = format!("/api/v1/runs/{}", started["run"].as_str().unwrap());
    let failed = server.until(&run, |run| run["status"] == "failed").await;
    assert_eq!(
        (&failed["error"]["code"], &failed["error"]["step"]),
        (&json!("crm.move_not_allowed"), &json!("move"))
    );
    let deal = format!("/api/v1/crm/deal/{}", deal["id"].as_str().unwrap());
    assert_eq!(server.call("PATCH", &deal, Some(json!({"stage": "negotiation"}))).await.0, 200);
    assert_eq!(server.call("POST", &format!("{run}/retry"), None).await.0, 204);
    server.until(&run, |run| run["status"] == "succeeded").await;
    assert_eq!(server.get(&deal).await["stage"], "proposal");
    assert_eq!(
        server.get("/api/v1/crm/note").await["items"].as_array().unwrap().len(),
        1,
        "what was done is not done again"
    );

    // A test of the draft: the CRM change is undone, the log says that it was a test.
    let (_, started) = server
        .call(
            "POST",
            &format!("/api/v1/workflows/{update}/test"),
            Some(json!({"data": {"deal": "x"}, "pins": {"move": {"value": {}}}})),
        )
        .await;
    let run = server
        .until(&format!("/api/v1/runs/{}", started["run"].as_str().unwrap()), |run| {
            run["status"] == "succeeded"
        })
        .await;
    assert_eq!((&run["test"], &run["steps"][2]["by"]), (&json!(true), &json!("pin")));
    assert_eq!(server.get("/api/v1/crm/note").await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_event_tells_what_it_started_and_why_others_did_not_run() {
    let server = Server::start();
    let condition = json!({"all": [{"value": {"$expr": "trigger.amount"}, "operator": "gt", "to": 1000}]});
    let big = server
        .publish(line(
            "big",
            &[
                ("start", "trigger.event", json!({"type": "order.*", "filter": condition})),
                ("a", "data.set", json!({"values": {"x": 1}})),
            ],
        ))
        .await;
    let event = |id: &str, amount: u32| json!({"id": id, "source": "/shop", "type": "order.paid", "subject": "order/7", "data": {"amount": amount}});
    let (status, small) = server.call("POST", "/api/v1/events", Some(event("1", 10))).await;
    assert_eq!((status, small["runs"].as_array().unwrap().len()), (202, 0));
    let (_, large) = server.call("POST", "/api/v1/events", Some(event("2", 5000))).await;
    assert_eq!(large["runs"].as_array().unwrap().len(), 1);
    let (status, again) = server.call("POST", "/api/v1/events", Some(event("2", 5000))).await;
    assert_eq!((status, &again["duplicate"], &again["event"]), (200, &json!(true), &large["event"]));
    let seen = server.get(&format!("/api/v1/events/{}", small["event"])).await;
    assert_eq!(seen["decisions"][0]["decision"], "filtered");
    assert!(seen["decisions"][0]["detail"].as_str().unwrap().contains("1000"), "{seen}");
    let why = server.get(&format!("/api/v1/workflows/{big}/decisions?subject=order/7")).await;
    assert_eq!(why.as_array().unwrap().len(), 1);
    assert_eq!(
        server.call("POST", "/api/v1/events", Some(json!({"type": "x"}))).await.1["code"],
        "invalid",
        "an event needs an id"
    );
}

#[tokio::test]
async fn a_workflow_with_open_runs_is_deleted_only_on_purpose_and_its_log_stays() {
    let server = Server::start();
    let nodes = [("start", "trigger.manual", json!({})), ("rest", "flow.wait", json!({"for": "1h"}))];
    let workflow = server.publish(line("slow", &nodes)).await;
    let start = format!("/api/v1/workflows/{workflow}/start");
    let (_, started) = server.call("POST", &start, Some(json!({"data": {}}))).await;
    let run = format!("/api/v1/runs/{}", started["run"].as_str().unwrap());
    server.until(&run, |run| run["status"] == "waiting").await;

    let path = format!("/api/v1/workflows/{workflow}");
    let (status, refused) = server.call("DELETE", &path, None).await;
    assert_eq!((status, &refused["code"], &refused["problems"][0]), (409, &json!("in_use"), &started["run"]));
    assert_eq!(server.get(&path).await["published"], 1, "a refusal changes nothing");
    assert_eq!(server.call("DELETE", &format!("{path}?cancelRuns=true"), None).await.0, 204);
    assert_eq!(server.call("GET", &path, None).await.0, 404);

    let log = server.get(&run).await;
    assert_eq!((&log["status"], &log["steps"][1]["step"]), (&json!("cancelled"), &json!("rest")));
    assert_eq!(server.get(&format!("{run}/verify")).await["intact"], true);
    assert_eq!(
        server.get(&format!("/api/v1/runs?workflow={workflow}")).await["items"].as_array().unwrap().len(),
        1
    );
    server.publish(line("slow", &nodes)).await;
}

#[tokio::test]
async fn figures_tell_of_steps_commits_and_requests() {
    let server = Server::start();
    let id = server
        .publish(line(
            "figures",
            &[("start", "trigger.manual", json!({})), ("set", "data.set", json!({"values": {"x": 1}}))],
        ))
        .await;
    server.call("POST", &format!("/api/v1/workflows/{id}/start"), Some(json!({}))).await;
    server.until("/api/v1/runs", |page| page["items"][0]["status"] == "succeeded").await;
    server.call("GET", "/api/v1/runs/nothing", None).await;
    server.call("GET", "/api/v1/no/such/page", None).await;
    let text =
        server.http.get(format!("{}/metrics", server.base)).send().await.unwrap().text().await.unwrap();
    for line in [
        "masar_step_seconds_bucket{type=\"data.set\",le=\"+Inf\"} 1",
        "masar_step_seconds_count{type=\"data.set\"} 1",
        "masar_commit_records_bucket{le=\"+Inf\"} ",
        "masar_commit_records_count ",
        "masar_http_requests_total{method=\"POST\",route=\"/api/v1/workflows\",status=\"201\"} 1",
        "masar_http_requests_total{method=\"GET\",route=\"/api/v1/runs/{run}\",status=\"404\"} 1",
        "masar_http_requests_total{method=\"GET\",route=\"other\",status=\"404\"} 1",
    ] {
        assert!(text.lines().any(|found| found.starts_with(line)), "{line} is not in\n{text}");
    }
}
