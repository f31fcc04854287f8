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
    let refused = server.get("/api/v1/webhook-calls?accepted=false").await;
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
    // Few operations, each of them slow.
    let slow = "let t = pad(\"\", 15000, \"أ\"); let n = 0; while n < 30000 { fold(t); n += 1; } n";
    let slow = json!({"values": {"x": {"$expr": slow}}});
    for (name, parameters) in [("spin", spin), ("grow", grow), ("slow", slow)] {
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

/// A request as bytes, since an honest client would not send these; the first line of the answer, and
/// the rest.
async fn raw(server: &Server, head: &str, body: &[u8]) -> (String, String) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head =
        format!("{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that has heard enough may close while the rest is on its way.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (first, rest) = text.split_once("\r\n").unwrap_or((&text, ""));
    (first.to_owned(), rest.to_owned())
}

#[tokio::test]
async fn no_path_leads_out_of_the_hooks() {
    let server = Server::start();
    server.publish(line("hook", &[("start", "trigger.webhook", json!({"path": "in"}))])).await;
    for path in [
        "/hooks/main/../../etc/passwd",
        "/hooks/main/..%2f..%2fapi-token",
        "/hooks/main/%2e%2e/%2e%2e/api-token",
        "/hooks/main/..%5c..%5capi-token",
        "/hooks/main//in",
        "/hooks/main/./in",
        "/hooks/main/in/",
        "/hooks/main/in%00",
        "/hooks/main/%ff",
        "/hooks/../api/v1/runs",
        "/hooks/other/in",
        &format!("/hooks/main/{}", "a/".repeat(3000)),
    ] {
        let (first, rest) = raw(&server, &format!("POST {path} HTTP/1.1"), b"{}").await;
        assert!(
            ["HTTP/1.1 404", "HTTP/1.1 400"].iter().any(|code| first.starts_with(code)),
            "{path}: {first}"
        );
        assert!(!rest.contains("masar_") && !rest.contains("root:"), "{path}: {rest}");
    }
    assert!(raw(&server, "POST /hooks/main/in HTTP/1.1", b"{}").await.0.starts_with("HTTP/1.1 202"));
}

#[tokio::test]
async fn what_is_too_large_or_too_deep_is_refused_before_it_costs_anything() {
    let server = Server::start();
    server.publish(line("hook", &[("start", "trigger.webhook", json!({"path": "in"}))])).await;
    let text = |length: usize| format!("\"{}\"", "a".repeat(length)).into_bytes();
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth)).into_bytes();
    let keys = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)).into_bytes();
    let event = |data: Vec<u8>| {
        let data = String::from_utf8(data).unwrap();
        format!("{{\"id\": \"1\", \"source\": \"/[\\\"{{\", \"type\": \"t\", \"data\": {data}}}").into_bytes()
    };
    let bearer = format!("Authorization: Bearer {}", server.token());
    for (path, body, status, code) in [
        ("/hooks/main/in", text(10 << 20), "413", "too_large"),
        ("/api/v1/events", text(10 << 20), "413", "too_large"),
        ("/hooks/main/in", deep(65), "400", "body_too_deep"),
        ("/hooks/main/in", deep(400_000), "400", "body_too_deep"),
        ("/hooks/main/in", keys(100_000), "400", "body_too_deep"),
        ("/api/v1/events", event(deep(64)), "400", "body_too_deep"),
        ("/api/v1/events", event(deep(200_000)), "400", "body_too_deep"),
        ("/api/v1/events", b"{\"id\": \"\xc3\x28\"}".to_vec(), "400", "body_not_utf8"),
        ("/api/v1/events", b"{\"id\": \"1\",}".to_vec(), "400", "body_not_json"),
        ("/api/v1/events", b"[]".to_vec(), "422", "invalid"),
    ] {
        let head = format!("POST {path} HTTP/1.1\r\n{bearer}\r\nContent-Type: application/json");
        let (first, rest) = raw(&server, &head, &body).await;
        assert!(
            first.starts_with(&format!("HTTP/1.1 {status}")) && rest.contains(code),
            "{path} {code}: {first} {rest}"
        );
    }
    let head = format!("POST /api/v1/events HTTP/1.1\r\n{bearer}");
    assert!(raw(&server, &head, &event(deep(63))).await.0.starts_with("HTTP/1.1 202"));
    assert!(raw(&server, "POST /hooks/main/in HTTP/1.1", &deep(64)).await.0.starts_with("HTTP/1.1 202"));
}

#[tokio::test]
async fn unknown_workflows_and_runs_are_named() {
    let server = Server::start();
    let unknown = "01a20942-6dd2-7000-bd61-ec6c672a37da";
    for (method, path) in [
        ("GET", format!("/api/v1/workflows/{unknown}")),
        ("POST", format!("/api/v1/workflows/{unknown}/publish")),
        ("POST", format!("/api/v1/workflows/{unknown}/start")),
        ("GET", format!("/api/v1/runs/{unknown}")),
        ("POST", format!("/api/v1/runs/{unknown}/cancel")),
        ("GET", "/api/v1/runs/..".to_owned()),
        ("GET", "/api/v1/workflows/no-id".to_owned()),
        ("GET", "/api/v1/events/999999".to_owned()),
    ] {
        let body = (method == "POST").then(|| json!({}));
        let (status, problem) = server.call(method, &path, body).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{method} {path}: {problem}");
    }
}

#[tokio::test]
async fn a_graph_of_ten_thousand_nodes_is_compiled_and_run() {
    let server = Server::start_in(Arc::new(tempfile::tempdir().unwrap()), &["limits.body=8MiB"]);
    let keys: Vec<String> = (0..9_999).map(|number| format!("n{number}")).collect();
    let mut nodes = vec![("start", "trigger.manual", json!({}))];
    nodes.extend(keys.iter().map(|key| (key.as_str(), "data.set", json!({"values": {"x": 1}}))));
    let id = server.publish(line("long", &nodes)).await;
    let (_, started) = server.call("POST", &format!("/api/v1/workflows/{id}/start"), Some(json!({}))).await;
    let run = format!("/api/v1/runs/{}", started["run"].as_str().unwrap());
    let run = server.until(&run, |run| run["status"] != "queued" && run["status"] != "running").await;
    assert_eq!(run["status"], "succeeded", "{}", run["error"]);
}

#[tokio::test]
async fn a_template_that_expands_without_end_fails_its_step() {
    let server = Server::start();
    let nested =
        |open: &str, close: &str, depth: usize| format!("{}مسار{}", open.repeat(depth), close.repeat(depth));
    let many = nested("{{#each @root.trigger.list}}", "{{/each}}", 4);
    let deep = nested("{{#if trigger.list}}", "{{/if}}", 2000);
    let id = server
        .publish(line(
            "grow",
            &[("start", "trigger.manual", json!({})), ("text", "data.template", json!({"template": many}))],
        ))
        .await;
    let list: Vec<u32> = (0..200).collect();
    let (_, started) = server
        .call("POST", &format!("/api/v1/workflows/{id}/start"), Some(json!({"data": {"list": list}})))
        .await;
    let run = server
        .until(&format!("/api/v1/runs/{}", started["run"].as_str().unwrap()), |run| run["status"] == "failed")
        .await;
    assert_eq!(run["error"]["code"], "template.too_large", "{run}");
    let draft = line(
        "deep",
        &[("start", "trigger.manual", json!({})), ("text", "data.template", json!({"template": deep}))],
    );
    let (_, made) = server.call("POST", "/api/v1/workflows", Some(json!({"draft": draft}))).await;
    let (status, refused) = server
        .call("POST", &format!("/api/v1/workflows/{}/publish", made["id"].as_str().unwrap()), Some(json!({})))
        .await;
    assert_eq!((status, &refused["code"]), (422, &json!("workflow_invalid")), "{refused}");
    assert_eq!(refused["problems"][0]["node"], "text", "{refused}");
}
