//! Many events from the command line: none twice, a bad line costs only itself.

use std::{io::Write as _, process::Stdio};

use serde_json::{Value, json};

use crate::server::{Server, line, masar};

/// `masar events send --lines …` with this on standard input: exit code, what it said, what it complained of.
fn send(server: &Server, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = masar(server.folder.path(), &["events", "send", "--lines"]);
    command.args(arguments).env("MASAR_URL", &server.base);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn ended(count: usize) -> impl Fn(&Value) -> bool {
    move |page| page["items"].as_array().unwrap().len() == count
}

#[tokio::test]
async fn a_file_sent_twice_starts_nothing_twice_and_bad_lines_are_told() {
    let server = Server::start();
    let keeps = json!({"values": {"city": {"$expr": "trigger.city"}}});
    server
        .publish(line(
            "reviews",
            &[("start", "trigger.event", json!({"type": "customer.reviewed"})), ("keep", "data.set", keeps)],
        ))
        .await;
    let file = server.folder.path().join("customers.jsonl");
    let lines = "\u{feff}{\"customer\": {\"id\": 7}, \"city\": \"الرياض\"}\n\
        {\"customer\": {\"id\": 8}, \"city\": \r\n\
        \n\
        {\"customer\": {}, \"city\": \"Abha\"}\n\
        {\"customer\": {\"id\": \"C-9\"}, \"city\": \"جدة\"}";
    std::fs::write(&file, lines).unwrap();
    let file = file.to_str().unwrap();
    let wrapped =
        [file, "--type", "customer.reviewed", "--id-field", "customer.id", "--subject-field", "customer.id"];
    for (sent, duplicates) in [(2, 0), (0, 2)] {
        let (code, said, complained) = send(&server, &wrapped, "");
        assert_eq!(
            (code, said),
            (Some(1), format!("sent {sent}, duplicates {duplicates}, refused 2\n")),
            "{complained}"
        );
        assert!(complained.contains("line 2: not JSON"), "{complained}");
        assert!(complained.contains("line 4: it has no field \"customer.id\""), "{complained}");
    }
    let runs = server.until("/api/v1/runs?status=succeeded", ended(2)).await;
    let mut subjects: Vec<&str> =
        runs["items"].as_array().unwrap().iter().map(|run| run["subject"].as_str().unwrap()).collect();
    subjects.sort_unstable();
    assert_eq!(subjects, ["7", "C-9"]);
    let events = server.get("/api/v1/events?type=customer.reviewed").await;
    assert_eq!(events["items"][0]["source"], "/lines/customers.jsonl");

    // Whole envelopes from a pipe: what the server refuses is told by line, too.
    let envelopes = format!(
        "{}\n{}\n",
        json!({"id": "a", "source": "/shop", "type": "customer.reviewed", "data": {"city": "Abha"}}),
        json!({"source": "/shop", "type": "customer.reviewed", "data": {"city": "Abha"}})
    );
    let (code, said, complained) = send(&server, &["-"], &envelopes);
    assert_eq!((code, said.as_str()), (Some(1), "sent 1, duplicates 0, refused 1\n"));
    assert!(complained.starts_with("line 2: invalid: an event needs a \"id\""), "{complained}");
    server.until("/api/v1/runs?status=succeeded", ended(3)).await;

    // Without an id of its own, the data is the event: the same line again is the same.
    let (code, said, _) =
        send(&server, &["-", "--type", "customer.seen"], "{\"n\": 1}\n{\"n\": 2}\n{\"n\":1}\n");
    assert_eq!((code, said.as_str()), (Some(0), "sent 2, duplicates 1, refused 0\n"));
}

#[tokio::test]
async fn a_server_that_has_too_much_to_do_gets_every_event_in_the_end() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let server = Server::start_in(folder, &["limits.queue=2", "execute.workers=1"]);
    let busy = line(
        "busy",
        &[
            ("start", "trigger.event", json!({"type": "order.placed"})),
            ("count", "data.rhai", json!({"script": "let n = 0; while n < 20000 { n += 1; } n"})),
        ],
    );
    server.publish(busy).await;
    let orders: String = (0..20).map(|order| format!("{{\"order\": {order}}}\n")).collect();
    let arguments = ["-", "--type", "order.placed", "--id-field", "order", "--at-once", "8"];
    let (code, said, complained) = send(&server, &arguments, &orders);
    assert_eq!(
        (code, said.as_str(), complained.as_str()),
        (Some(0), "sent 20, duplicates 0, refused 0\n", "")
    );
    server.until("/api/v1/runs?status=succeeded&limit=100", ended(20)).await;
    let metrics = server.get("/metrics").await;
    assert!(metrics.as_str().unwrap().contains("status=\"429\""), "it was asked to wait: {metrics}");
}

#[tokio::test]
async fn without_a_server_nothing_is_tried() {
    let mut server = Server::start();
    server.kill();
    let (code, said, complained) = send(&server, &["-", "--type", "x", "--at-once", "1"], "{}\n{}\n");
    assert_eq!((code, said.as_str()), (Some(1), ""));
    assert!(complained.contains("no server answers at"), "{complained}");
}
