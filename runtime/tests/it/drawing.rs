//! What the editor asks for while somebody draws: a value while it is typed, a part of the draft
//! tried, a run followed without a gap.

use serde_json::{Value, json};

use crate::server::{Server, line};

async fn drawn(server: &Server) -> String {
    let draft = line(
        "drawn",
        &[
            ("start", "trigger.manual", json!({})),
            ("first", "data.set", json!({"values": {"name": {"$expr": "trigger.name"}}})),
            ("second", "data.set", json!({"values": {"loud": {"$expr": "upper(input.name)"}}})),
            ("third", "data.set", json!({"values": {"broken": {"$expr": "input.nothing"}}})),
        ],
    );
    let (status, made) = server.call("POST", "/api/v1/workflows", Some(json!({"draft": draft}))).await;
    assert_eq!(status, 201, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

async fn tried(server: &Server, id: &str, request: Value) -> Value {
    let (status, started) = server.call("POST", &format!("/api/v1/workflows/{id}/test"), Some(request)).await;
    assert_eq!(status, 202, "{started}");
    let run = started["run"].as_str().unwrap();
    server.until(&format!("/api/v1/runs/{run}"), |run| run["ended_at"].is_string()).await
}

#[tokio::test]
async fn a_part_of_a_draft_is_tried_with_what_lies_before_given() {
    let server = Server::start();
    let id = drawn(&server).await;
    let steps = |run: &Value| -> Vec<String> {
        run["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["step"].as_str().unwrap().to_owned())
            .collect()
    };
    let whole = tried(&server, &id, json!({"data": {"name": "sara"}})).await;
    assert_eq!(whole["status"], "failed");
    let until = tried(&server, &id, json!({"data": {"name": "sara"}, "until": "second"})).await;
    assert_eq!(
        (&until["status"], steps(&until)),
        (&json!("succeeded"), vec!["start".into(), "first".into(), "second".into()])
    );
    // One step alone, on an output that was given; its own output is computed whatever was given.
    let pins = json!({"first": {"value": {"name": "noura"}}, "second": {"value": "not this"}});
    let only = tried(&server, &id, json!({"from": "second", "until": "second", "pins": pins})).await;
    let journal = server.get(&format!("/api/v1/runs/{}/journal", only["id"].as_str().unwrap())).await;
    let second = journal.as_array().unwrap().iter().find(|record| record["s"] == "second").unwrap();
    assert_eq!(second["v"], json!({"loud": "NOURA"}));
    let (status, refused) =
        server.call("POST", &format!("/api/v1/workflows/{id}/test"), Some(json!({"until": "nobody"}))).await;
    assert_eq!((status, &refused["code"]), (422, &json!("invalid")));
}

#[tokio::test]
async fn a_journal_is_read_on_from_the_last_known_record() {
    let server = Server::start();
    let id = drawn(&server).await;
    let run = tried(&server, &id, json!({"data": {"name": "sara"}, "until": "second"})).await;
    let path = format!("/api/v1/runs/{}/journal", run["id"].as_str().unwrap());
    let whole = server.get(&path).await;
    let whole = whole.as_array().unwrap();
    assert_eq!(server.get(&format!("{path}?after=1&limit=2")).await, json!(whole[2..4]));
    assert_eq!(server.get(&format!("{path}?limit=1")).await, json!(whole[..1]));
    assert_eq!(server.get(&format!("{path}?after={}", whole.len() - 1)).await, json!([]));
}

#[tokio::test]
async fn a_field_is_evaluated_while_it_is_typed_within_limits() {
    let server = Server::start();
    let request = json!({
        "sources": [{"kind": "expr", "source": "trigger.budget * 2"}, {"kind": "expr", "source": "trigger."}],
        "scope": {"trigger": {"budget": 40}},
    });
    let (status, answers) = server.call("POST", "/api/v1/evaluate", Some(request)).await;
    assert_eq!((status, &answers[0]["value"]), (200, &json!(80)));
    assert_eq!((&answers[1]["error"]["compile"], &answers[1]["error"]["line"]), (&json!(true), &json!(1)));
    let many: Vec<Value> = (0..201).map(|_| json!({"kind": "expr", "source": "1"})).collect();
    let (status, refused) = server.call("POST", "/api/v1/evaluate", Some(json!({"sources": many}))).await;
    assert_eq!((status, &refused["code"]), (422, &json!("invalid")));
}
