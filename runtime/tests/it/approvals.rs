//! A person decides, by the link that a workflow has sent.

use serde_json::{Value, json};

use crate::server::{Server, line};

/// The page behind a link, in a language.
async fn open(server: &Server, path: &str, language: &str) -> (u16, String) {
    let request = server.http.get(format!("{}{path}", server.base)).header("accept-language", language);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn press(server: &Server, path: &str, form: &str) -> (u16, String) {
    let request = server.http.post(format!("{}{path}", server.base));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The path of the link in the newest event of this type.
async fn link(server: &Server, kind: &str) -> (String, Value) {
    let path = format!("/api/v1/events?type={kind}");
    let events = server.until(&path, |page| page["items"][0].is_object()).await;
    let event = server.get(&format!("/api/v1/events/{}", events["items"][0]["position"])).await;
    let link = event["data"]["link"].as_str().unwrap();
    let path = link.strip_prefix("https://masar.example.sa").unwrap_or_else(|| panic!("{link}"));
    (path.to_owned(), event["data"].clone())
}

fn asks(name: &str, more: Value) -> Value {
    let mut parameters = json!({
        "title": {"$template": "خصم {{trigger.percent}}٪ للعميل {{trigger.customer}}؟"},
        "context": {"customer": {"$expr": "trigger.customer"}, "total": 1200}, "assignee": "سارة",
    });
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line(name, &[("start", "trigger.manual", json!({})), ("ask", "flow.approval", parameters)])
}

async fn start(server: &Server, workflow: &str) -> String {
    let body = json!({"data": {"percent": 15, "customer": "<b>نورة</b>"}});
    let (status, started) =
        server.call("POST", &format!("/api/v1/workflows/{workflow}/start"), Some(body)).await;
    assert_eq!(status, 202, "{started}");
    format!("/api/v1/runs/{}", started["run"].as_str().unwrap())
}

#[tokio::test]
async fn a_link_shows_the_question_and_only_pressing_a_button_decides() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let settings = ["server.public_url=https://masar.example.sa/"];
    let mut server = Server::start_in(folder.clone(), &settings);
    let workflow = server.publish(asks("discount", json!({"deadline": "2d"}))).await;
    let run = start(&server, &workflow).await;
    let (path, asked) = link(&server, "masar.approval.requested").await;
    assert_eq!(
        (&asked["assignee"], &asked["step"], &asked["workflow_name"]),
        (&json!("سارة"), &json!("ask"), &json!("discount"))
    );

    let (status, arabic) = open(&server, &path, "ar-SA,en;q=0.5").await;
    assert_eq!(status, 200);
    assert!(
        arabic.contains("dir=\"rtl\"") && arabic.contains("خصم 15٪") && arabic.contains("1200"),
        "{arabic}"
    );
    assert!(
        arabic.contains("&lt;b&gt;نورة") && !arabic.contains("<b>نورة"),
        "what the customer wrote is text: {arabic}"
    );
    let (_, english) = open(&server, &format!("{path}?lang=en"), "ar").await;
    assert!(english.contains("dir=\"ltr\"") && english.contains(">Approve<"), "{english}");
    assert_eq!(open(&server, "/approve/guess", "en").await.0, 404);
    assert_eq!(server.get(&run).await["status"], "waiting", "opening the link decides nothing");

    // The link outlives a crash; so does its approval's id.
    let listed = server.get("/api/v1/approvals").await;
    server.kill();
    let server = Server::start_in(folder, &settings);
    assert_eq!(press(&server, &path, "decision=perhaps").await.0, 422);
    let (status, said) =
        press(&server, &path, "decision=approved&name=&comment=%D8%AA%D9%85%D8%A7%D9%85&lang=en").await;
    assert_eq!((status, said.contains("Approved. Thank you.")), (200, true), "{said}");
    let done = server.until(&run, |run| run["status"] == "succeeded").await;
    let output = &done["steps"][1]["output"];
    assert_eq!(
        (&output["decision"], &output["by"], &output["via"], &output["comment"]),
        (&json!("approved"), &json!("سارة"), &json!("link"), &json!("تمام"))
    );
    assert!(output["at"].is_string());

    let (status, again) = press(&server, &path, "decision=rejected&lang=en").await;
    assert_eq!((status, again.contains("already been approved")), (410, true), "{again}");
    assert!(again.contains("سارة"), "it says by whom: {again}");
    assert_eq!(open(&server, &path, "en").await.0, 410);
    assert_eq!(listed[0]["assignee"], "سارة");
    let events = server.get("/api/v1/events?type=masar.approval.requested").await;
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "it is asked for once");
}

#[tokio::test]
async fn who_does_not_decide_is_reminded_and_then_it_expires() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let server = Server::start_in(folder, &["server.public_url=https://masar.example.sa"]);
    let workflow = server.publish(asks("slow", json!({"remind": "100ms", "deadline": "1500ms"}))).await;
    let run = start(&server, &workflow).await;
    let (first, _) = link(&server, "masar.approval.requested").await;
    let (second, reminded) = link(&server, "masar.approval.reminder").await;
    assert_ne!(first, second);
    assert!(reminded["title"].as_str().unwrap().contains("15"));
    let done = server.until(&run, |run| run["status"] == "succeeded").await;
    assert_eq!(done["steps"][1]["port"], "expired");
    for path in [first, second] {
        let (status, said) = press(&server, &path, "decision=approved&lang=en").await;
        assert_eq!((status, said.contains("The time to decide is over")), (410, true), "{said}");
    }
    let events = server.get("/api/v1/events?type=masar.approval.reminder").await;
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
}
