//! `masar doctor`: each thing that can be wrong is named with what to do, and nothing is touched.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::{Broker, Setting, order, ready, shop};
use crate::server::{alter, masar};

/// What it finds: exit code, and what was seen by subject.
async fn examine(
    folder: &std::path::Path,
    settings: &[&str],
) -> (Option<i32>, Vec<(String, String, String)>) {
    let mut arguments = vec!["doctor", "--json"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let mut command = masar(folder, &arguments);
    let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let found: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let found = found.iter().map(|finding| {
        let said = format!("{} → {}", text(finding, "seen"), text(finding, "mend"));
        (text(finding, "about"), text(finding, "grade"), said)
    });
    (done.status.code(), found.collect())
}

fn has(found: &[(String, String, String)], about: &str, grade: &str, words: &str) {
    let hit = found.iter().any(|(a, g, said)| a == about && g == grade && said.contains(words));
    assert!(hit, "{about} {grade} {words}: {found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_names_what_is_wrong_and_what_to_do() {
    let setting = Setting::with(Some(Broker::shared().await));
    let broker = setting.broker.as_ref().unwrap();
    let url = format!("amqp.url={}", broker.url);
    let fresh = tempfile::tempdir().unwrap();
    let (code, found) = examine(&fresh.path().join("data"), &[&url]).await;
    has(&found, "folder", "warning", "is not there yet");
    has(&found, "queue", "warning", "masar.work is not there yet");
    has(&found, "server", "warning", "`masar serve`");
    has(&found, "broker", "good", "RabbitMQ 3.");
    assert_eq!(code, Some(0), "nothing is broken: {found:#?}");
    assert!(!fresh.path().join("data").exists(), "it only looks");

    let server = setting.start().await;
    shop(&server).await;
    broker.send(&json!([{"key": "greeting", "content_type": "text/plain", "body": "hello"}]));
    server.until("/api/v1/dead-letters", |page| page["items"].as_array().unwrap().len() == 1).await;
    let listen = format!("server.listen={}", server.base.strip_prefix("http://").unwrap());
    let (code, found) = examine(setting.folder.path(), &[&url, &listen]).await;
    has(&found, "server", "good", "ready at");
    has(&found, "dead letters", "warning", "masar dead list");
    has(&found, "queue", "good", "taken by 1");
    has(&found, "disk", "good", "free at");
    has(&found, "clock", "good", "later than all");
    assert_eq!(code, Some(0), "{found:#?}");

    let (code, found) = examine(setting.folder.path(), &[&url, &listen, "amqp.delivery_limit=3"]).await;
    has(&found, "queue", "bad", "amqp.delivery_limit");
    assert_eq!(code, Some(1));
    let wrong = url.replace("guest:guest", "guest:s3cret");
    let (code, found) = examine(setting.folder.path(), &[&wrong, &listen]).await;
    has(&found, "broker", "bad", "refuses the user guest");
    assert!(code == Some(1) && !format!("{found:?}").contains("s3cret"));

    std::fs::set_permissions(setting.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(server);
    let (_, found) = examine(setting.folder.path(), &[&url]).await;
    has(&found, "folder", "warning", "chmod 700");
    // The broker notices a moment later that the server has gone.
    while !examine(setting.folder.path(), &[&url])
        .await
        .1
        .iter()
        .any(|found| found.2.contains("nobody takes them"))
    {}

    // Written while the clock was ahead.
    let server = setting.start().await;
    assert_eq!(server.call("POST", "/api/v1/events", Some(order(1))).await.0, 202);
    ready(&server).await;
    drop(server);
    alter(setting.folder.path(), "UPDATE events SET received_at = received_at + 600000000").await;
    let (code, found) = examine(setting.folder.path(), &[&url]).await;
    has(&found, "clock", "bad", "time server");
    assert_eq!(code, Some(1));
}
