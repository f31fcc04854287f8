//! The log as evidence: `masar verify` on a data folder, without a server; and as it happens.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
};

use serde_json::json;

use crate::server::{Server, alter, line, masar};

fn verify(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = masar(folder, &[&["verify"], arguments].concat()).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn every_way_of_altering_the_log_is_named() {
    let mut server = Server::start();
    let flow = line(
        "leads",
        &[
            ("start", "trigger.event", json!({"type": "test.lead"})),
            (
                "ticket",
                "crm.create",
                json!({"entity": "ticket", "fields": {"subject": {"$expr": "event.id"}}}),
            ),
            ("done", "data.set", json!({"values": {"x": 1}})),
        ],
    );
    server.publish(flow).await;
    for id in 1..=5 {
        let event = json!({"id": id.to_string(), "source": "/test", "type": "test.lead", "subject": id.to_string(), "data": {"budget": id}});
        assert_eq!(server.call("POST", "/api/v1/events", Some(event)).await.0, 202);
    }
    let page = server
        .until("/api/v1/runs", |page| {
            page["items"].as_array().unwrap().iter().all(|run| run["status"] == "succeeded")
        })
        .await;
    let id = |subject: &str| {
        let runs = page["items"].as_array().unwrap();
        runs.iter().find(|run| run["subject"] == subject).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let folder = server.folder.clone();
    let (code, said) = verify(folder.path(), &[]);
    assert!(code == Some(0) && said.starts_with("intact: 5 runs, "), "beside a running server: {said}");
    server.kill();
    let (code, said) = verify(folder.path(), &[&id("3")]);
    assert!(code == Some(0) && said.starts_with("intact: ") && said.contains("head "), "{said}");

    for (sql, run, what) in [
        (
            "UPDATE events SET data = replace(data, '1', '9') WHERE subject = '1'",
            "1",
            "the event of run {} was altered",
        ),
        (
            "UPDATE journal SET body = (SELECT body FROM journal j WHERE j.run = (SELECT id FROM runs WHERE subject = '3') AND j.seq = journal.seq) WHERE seq > 0 AND run = (SELECT id FROM runs WHERE subject = '2')",
            "2",
            "the journal of run {} was altered at or before record",
        ),
        (
            "DELETE FROM journal WHERE run = (SELECT id FROM runs WHERE subject = '4') AND seq > 0",
            "4",
            "the journal of run {} was cut off: the run has succeeded",
        ),
        ("DELETE FROM runs WHERE subject = '5'", "5", "run {} has a journal, but its row was removed"),
    ] {
        assert!(alter(folder.path(), sql).await > 0, "{sql}");
        let (code, said) = verify(folder.path(), &[]);
        let what = what.replace("{}", &id(run));
        assert!(code == Some(5) && said.contains(&format!("ALTERED: {what}")), "{what}: {said}");
    }
    let (code, said) = verify(folder.path(), &[]);
    assert!(
        code == Some(5) && said.ends_with("4 of 4 runs are altered\n")
            || said.ends_with("4 of 5 runs are altered\n"),
        "{said}"
    );
    let (code, said) = verify(folder.path(), &[&id("3")]);
    assert!(code == Some(0) && said.starts_with("intact: "), "the others are not drawn in: {said}");
}

#[tokio::test]
async fn a_tail_reads_well() {
    let server = Server::start();
    let id = server
        .publish(line(
            "متابعة العملاء",
            &[("start", "trigger.manual", json!({})), ("stop", "flow.fail", json!({"message": "no budget"}))],
        ))
        .await;
    let mut tail = masar(server.folder.path(), &["runs", "tail"])
        .env("MASAR_URL", &server.base)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let start = format!("/api/v1/workflows/{id}/start");
    // The stream tells nothing of its beginning, so runs are started until one is seen.
    let (seen, mut heard) = tokio::sync::oneshot::channel();
    let reader = std::thread::spawn(move || {
        let first = lines.next().unwrap().unwrap();
        let _ = seen.send(());
        let mut text = vec![first];
        while !text.last().unwrap().contains("failed") {
            text.push(lines.next().unwrap().unwrap());
        }
        text
    });
    while heard.try_recv().is_err() {
        server.call("POST", &start, Some(json!({}))).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let text = reader.join().unwrap().join("\n");
    tail.kill().unwrap();
    tail.wait().unwrap();
    assert!(
        text.contains("  متابعة العملاء  ") && text.contains("failed: ") && text.contains("no budget"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}'), "plain where it is piped: {text}");
}
