//! Credentials at rest: the master key is changed, and nothing that a crash leaves loses one.

use std::{path::Path, sync::Arc};

use serde_json::json;

use crate::server::{Server, line, masar};

async fn takes_calls(server: &Server) {
    let call = server
        .http
        .post(format!("{}/hooks/main/in", server.base))
        .header("X-Webhook-Secret", "form-secret-1");
    let response = call.json(&json!({})).send().await.unwrap();
    assert_eq!(response.status(), 202, "{}", response.text().await.unwrap());
}

fn rotate(folder: &Path, settings: &[&str]) -> String {
    let settings: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    let output = masar(folder, &[&["secrets", "rotate"], &settings[..]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_master_key_is_changed_and_a_crash_in_between_loses_nothing() {
    let mut server = Server::start();
    let credential = json!({"type": "webhook_secret", "fields": {"secret": "form-secret-1"}});
    let (status, _) = server.call("PUT", "/api/v1/credentials/form", Some(credential)).await;
    assert_eq!(status, 200);
    let auth = json!({"type": "secret", "credential": "form"});
    server.publish(line("hook", &[("start", "trigger.webhook", json!({"path": "in", "auth": auth}))])).await;
    takes_calls(&server).await;
    let folder = Arc::clone(&server.folder);
    let (file, next) = (folder.path().join("master.key"), folder.path().join("master.key.next"));
    let refused = masar(folder.path(), &["secrets", "rotate"]).output().unwrap();
    assert!(String::from_utf8_lossy(&refused.stderr).contains("already in use by process"));

    server.kill();
    let first = std::fs::read_to_string(&file).unwrap();
    assert!(rotate(folder.path(), &[]).starts_with("1 credentials moved"));
    let second = std::fs::read_to_string(&file).unwrap();
    assert!(first != second && !next.exists());
    server = Server::start_in(folder.clone(), &[]);
    takes_calls(&server).await;

    // As a crash leaves it after the rows have moved, before the new key is in its place.
    server.kill();
    std::fs::rename(&file, &next).unwrap();
    std::fs::write(&file, &first).unwrap();
    std::fs::set_permissions(&file, std::fs::metadata(&next).unwrap().permissions()).unwrap();
    server = Server::start_in(folder.clone(), &[]);
    takes_calls(&server).await;
    server.kill();
    assert!(rotate(folder.path(), &[]).starts_with("0 credentials moved"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), second);

    // From the file to the settings.
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let setting = format!("secrets.master_key={key}");
    assert!(rotate(folder.path(), &[&setting]).starts_with("1 credentials moved"));
    std::fs::remove_file(&file).unwrap();
    server = Server::start_in(folder.clone(), &[&setting]);
    takes_calls(&server).await;

    // Without its key nothing is made anew behind the owner's back.
    server.kill();
    let output = masar(folder.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is missing, and 1 credentials are sealed under it: restore it"), "{said}");
}
