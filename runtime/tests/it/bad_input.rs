//! Bad input gets a clear answer.

use std::sync::Arc;

use serde_json::json;

use crate::server::{Server, line, masar};

#[tokio::test]
async fn webhooks_refuse_what_they_cannot_take_and_keep_the_reason() {
    let server = Server::start();
    server
        .publish(line(
            "hook",
            &[
                ("start", "trigger.webhook", json!({"path": "in", "body_limit": 1000})),
                ("a", "data.set", json!({"values": {"x": 1}})),
            ],
        ))
        .await;
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let cases: Vec<(&str, &str, Vec<u8>, u16, &str)> = vec![
        ("POST", "in", b"{\"a\": ".to_vec(), 400, "body_not_json"),
        ("POST", "in", b"{\"a\": \"\xff\"}".to_vec(), 400, "body_not_utf8"),
        ("POST", "in", deep.into_bytes(), 400, "body_too_deep"),
        ("POST", "in", vec![b' '; 2000], 413, "too_large"),
        ("GET", "in", Vec::new(), 405, "method_not_allowed"),
        ("POST", "nothing", b"{}".to_vec(), 404, "not_found"),
        ("POST", "a/..%2f..%2fetc/passwd", b"{}".to_vec(), 404, "not_found"),
    ];
    for (method, path, body, status, code) in &cases {
        let response = server
            .http
            .request(method.parse().unwrap(), format!("{}/hooks/main/{path}", server.base))
            .header("content-type", "application/json")
            .body(body.clone())
            .send()
            .await
            .unwrap();
        let found = response.status().as_u16();
        let text = response.text().await.unwrap();
        assert!(found == *status && text.contains(code), "{method} {path}: {found} {text}");
    }
    let refused = server.get("/api/v1/hooks/refused").await;
    assert_eq!(refused["items"].as_array().unwrap().len(), cases.len(), "each is kept with its reason");
}

#[tokio::test]
async fn a_workflow_with_problems_is_not_published_and_tells_them_all() {
    let server = Server::start();
    let mut broken = line(
        "broken",
        &[
            ("start", "trigger.manual", json!({})),
            ("a", "data.sett", json!({})),
            ("b", "data.set", json!({"values": {"x": {"$expr": "1 +"}}})),
        ],
    );
    broken["edges"].as_array_mut().unwrap().push(json!({"id": "back", "source": "b", "target": "b"}));
    let (status, made) = server.call("POST", "/api/v1/workflows", Some(json!({"draft": broken}))).await;
    assert_eq!(status, 201, "a draft may have problems");
    let (status, refused) = server
        .call("POST", &format!("/api/v1/workflows/{}/publish", made["id"].as_str().unwrap()), Some(json!({})))
        .await;
    assert_eq!((status, &refused["code"]), (422, &json!("workflow_invalid")));
    let codes: Vec<&str> = refused["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["code"].as_str().unwrap())
        .collect();
    assert!(
        codes.contains(&"node.type_unknown")
            && codes.contains(&"expression.invalid")
            && codes.contains(&"graph.cycle"),
        "{codes:?}"
    );
    let (status, wrong) = server
        .call(
            "PATCH",
            &format!("/api/v1/workflows/{}", made["id"].as_str().unwrap()),
            Some(json!({"folder": "x"})),
        )
        .await;
    assert_eq!((status, &wrong["code"]), (428, &json!("precondition_required")));
    let denied = server.http.get(format!("{}/api/v1/runs", server.base)).send().await.unwrap();
    assert_eq!(denied.status(), 401);
}

#[test]
fn starting_where_it_cannot_says_why() {
    let server = Server::start();
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    let other = tempfile::tempdir().unwrap();
    let fails = |folder: &std::path::Path, arguments: &[&str]| {
        let output = masar(folder, arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let taken = fails(other.path(), &["serve", "--listen", &format!("127.0.0.1:{port}")]);
    assert!(taken.contains("taken by another program"), "{taken}");
    let used = fails(server.folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(used.contains("already in use by process"), "{used}");
    let unknown = fails(other.path(), &["--set", "server.lisen=x", "config"]);
    assert!(unknown.contains("did you mean server.listen"), "{unknown}");
    let bytes = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff");
    let output = masar(other.path(), &["config"]).env("MASAR_LOG_LEVEL", bytes as &std::ffi::OsStr).output();
    let odd = String::from_utf8_lossy(&output.unwrap().stderr).into_owned();
    assert!(odd.contains("environment: MASAR_LOG_LEVEL: its value is not valid UTF-8"), "{odd}");
    std::fs::write(other.path().join("masar.db"), vec![7u8; 5000]).unwrap();
    let corrupt = fails(other.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(corrupt.contains("is not a usable database"), "{corrupt}");
}

#[test]
fn a_database_of_a_newer_masar_is_refused() {
    let mut server = Server::start();
    server.kill();
    let folder = Arc::clone(&server.folder);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{ConnectOptions as _, Connection as _};
        let mut conn = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(folder.path().join("masar.db"))
            .connect()
            .await
            .unwrap();
        sqlx::query("INSERT INTO migrations VALUES (999, 'future', x'00')").execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    });
    let output = masar(folder.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("written by a newer Masar"), "{said}");
}

#[tokio::test]
async fn an_expression_that_never_ends_fails_its_step_and_harms_no_other_run() {
    let server = Server::start();
    let spin = json!({"values": {"x": {"$expr": "let n = 0; loop { n += 1; }"}}});
    let grow = json!({"values": {"x": {"$expr": "let t = \"مسار\"; while true { t += t; } t"}}});
    for (name, parameters) in [("spin", spin), ("grow", grow)] {
        let id = server
            .publish(line(name, &[("start", "trigger.manual", json!({})), ("work", "data.set", parameters)]))
            .await;
        let (_, started) =
            server.call("POST", &format!("/api/v1/workflows/{id}/start"), Some(json!({}))).await;
        let run = format!("/api/v1/runs/{}", started["run"].as_str().unwrap());
        let run = server.until(&run, |run| run["status"] == "failed").await;
        assert_eq!(run["error"]["code"], "expression.limit", "{name}: {run}");
    }
}

#[tokio::test]
async fn problems_come_in_the_callers_language_and_lead_to_their_row() {
    let server = Server::start();
    let ask = |path: &str, language: &str| {
        let request = server.http.get(format!("{}{path}", server.base)).bearer_auth(server.token());
        request.header("accept-language", language.to_owned()).send()
    };
    let answer = ask("/api/v1/runs/nothing", "ar-SA,ar;q=0.9,en;q=0.5").await.unwrap();
    assert_eq!(answer.headers()["content-language"], "ar");
    let problem: serde_json::Value = answer.json().await.unwrap();
    assert_eq!((&problem["code"], &problem["title"]), (&json!("not_found"), &json!("لا يوجد شيء هنا.")));
    assert!(problem["mend"].as_str().unwrap().contains("تحقق من المعرّف"));
    let page = server.http.get(format!("{}/api/problems", server.base)).send().await.unwrap();
    let page = page.text().await.unwrap();
    let row = problem["type"].as_str().unwrap().strip_prefix("/api/problems#").unwrap();
    assert!(page.contains(&format!("<section id=\"{row}\">")) && page.contains("لا يوجد شيء هنا."));
    // What the framework refuses by itself is a problem too.
    for (method, path, status, code) in [
        ("GET", "/api/v1/runs?limit=many", 400, "bad_request"),
        ("GET", "/api/v1/events/first", 400, "bad_request"),
        ("DELETE", "/api/v1/events", 405, "method_not_allowed"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
    ] {
        let (found, problem) = server.call(method, path, None).await;
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{method} {path}: {problem}");
        assert!(problem["mend"].as_str().is_some_and(|mend| !mend.is_empty()), "{problem}");
    }
}

#[tokio::test]
async fn an_event_without_id_is_refused_and_one_that_comes_twice_takes_no_place() {
    let server = Server::start();
    let mut flow = line("one at a time", &[("start", "trigger.event", json!({"type": "test.order"}))]);
    flow["settings"] = json!({"concurrency": {"limit": 1}});
    server.publish(flow).await;
    let event = |id: &str| json!({"id": id, "source": "/test", "type": "test.order", "data": {}});
    for missing in ["id", "source", "type"] {
        let mut event = event("order-0");
        event.as_object_mut().unwrap().remove(missing);
        let (status, problem) = server.call("POST", "/api/v1/events", Some(event)).await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid")));
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("needs a \"{missing}\"")), "{detail}");
    }
    let (status, first) = server.call("POST", "/api/v1/events", Some(event("order-1"))).await;
    assert_eq!((status, &first["duplicate"]), (202, &json!(false)));
    let ended = |count: usize| {
        move |page: &serde_json::Value| {
            let items = page["items"].as_array().unwrap();
            items.len() == count && items.iter().all(|run| run["status"] == "succeeded")
        }
    };
    server.until("/api/v1/runs", ended(1)).await;
    for _ in 0..3 {
        let (status, again) = server.call("POST", "/api/v1/events", Some(event("order-1"))).await;
        assert_eq!((status, &again["duplicate"], &again["event"]), (200, &json!(true), &first["event"]));
    }
    // The place of the run that never was is free for the next.
    let (status, _) = server.call("POST", "/api/v1/events", Some(event("order-2"))).await;
    assert_eq!(status, 202);
    server.until("/api/v1/runs", ended(2)).await;
}
