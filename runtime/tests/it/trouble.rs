//! When the machine fails: a full disk, a folder that cannot be written, a damaged file. The answer is
//! clear, what was acknowledged is there, and work goes on when the cause is gone.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    os::unix::fs::PermissionsExt as _,
    sync::Arc,
};

use serde_json::{Value, json};

use crate::server::{Server, line, masar};

fn lead(id: u64) -> Value {
    let note = "اتصل بي بعد العصر ".repeat(60);
    json!({"id": format!("lead-{id}"), "source": "/test", "type": "test.lead", "subject": format!("lead/{id}"), "data": {"note": note}})
}

fn flow() -> Value {
    line(
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
    )
}

/// How many tickets each lead has led to.
async fn tickets(server: &Server) -> BTreeMap<String, usize> {
    let page = server.get("/api/v1/crm/ticket?limit=500").await;
    assert!(page["next"].is_null());
    let mut found = BTreeMap::new();
    for ticket in page["items"].as_array().unwrap() {
        *found.entry(ticket["subject"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    found
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_work_goes_on_when_there_is_space() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let Some(server) = Server::start_on("mount -t tmpfs -o size=24m tmpfs \"$D\"", folder) else { return };
    server.publish(flow()).await;
    let mut accepted = Vec::new();
    for id in 0..20 {
        assert_eq!(server.call("POST", "/api/v1/events", Some(lead(id))).await.0, 202);
        accepted.push(id);
    }
    // Somebody else fills the disk.
    let filler = server.inside().join("filler");
    let mut out = fs::File::create(&filler).unwrap();
    while out.write_all(&[7; 4096]).is_ok() {}
    let mut refused = None;
    for id in 20..200 {
        let (status, answer) = server.call("POST", "/api/v1/events", Some(lead(id))).await;
        match status {
            // What the files had kept in reserve.
            202 => accepted.push(id),
            _ => refused = Some((id, status, answer)),
        }
        if refused.is_some() {
            break;
        }
    }
    let (id, status, problem) = refused.expect("a full disk takes no event");
    assert_eq!((status, &problem["code"]), (507, &json!("disk_full")), "{problem}");
    assert!(problem["mend"].as_str().unwrap().contains("Make space"));
    // Reading goes on.
    assert_eq!(server.call("GET", "/api/v1/runs", None).await.0, 200);

    fs::remove_file(&filler).unwrap();
    drop(out);
    loop {
        let (status, problem) = server.call("POST", "/api/v1/events", Some(lead(id))).await;
        match status {
            202 => break,
            507 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            _ => panic!("{status} {problem}"),
        }
    }
    accepted.push(id);
    server
        .until("/api/v1/runs?status=queued,running,waiting&limit=1", |page| {
            page["items"].as_array().unwrap().is_empty()
        })
        .await;
    let expected: BTreeMap<String, usize> = accepted.iter().map(|id| (format!("lead-{id}"), 1)).collect();
    assert_eq!(tickets(&server).await, expected, "one ticket for every event that was accepted");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_with_the_way_out() {
    let fails = |mut command: std::process::Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked"), "{said}");
        said
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let said = fails(masar(&file.join("data"), &serve));
    assert!(said.contains("cannot be made") && said.contains("data"), "{said}");
    let said = fails(masar(&file, &serve));
    assert!(said.contains("cannot be made"), "{said}");

    // Everything is there, and the disk is mounted read-only.
    let mut server = Server::start();
    server.kill();
    let script = "mount --bind \"$D\" \"$D\" && mount -o remount,bind,ro \"$D\" && exec \"$@\"";
    let mut probe = std::process::Command::new("unshare");
    probe.args(["-rm", "sh", "-c", script, "sh", "true"]).env("D", server.folder.path());
    if probe.output().is_ok_and(|output| output.status.success()) {
        let plain = masar(server.folder.path(), &serve);
        let mut command = std::process::Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, "sh"]).arg(plain.get_program()).args(plain.get_args());
        command.env("D", server.folder.path());
        let said = fails(command);
        assert!(said.contains("cannot be written: check its owner and permissions"), "{said}");
    }
    // The database alone is protected; its owner may not be bound by that when that is root.
    let database = server.folder.path().join("masar.db");
    fs::set_permissions(&database, fs::Permissions::from_mode(0o400)).unwrap();
    if OpenOptions::new().write(true).open(&database).is_err() {
        let said = fails(masar(server.folder.path(), &serve));
        assert!(said.contains("Check the owner and the permissions of the data folder"), "{said}");
    }
}

/// Brings what the write-ahead log holds into the database file.
async fn into_one_file(folder: &std::path::Path) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("masar.db"));
    let mut conn = options.connect().await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// Writes nonsense over all of the database but its first page.
fn damage(folder: &std::path::Path) {
    let mut file = OpenOptions::new().write(true).open(folder.join("masar.db")).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0x5a; usize::try_from(length - 4096).unwrap()]).unwrap();
    file.sync_all().unwrap();
}

#[tokio::test]
async fn a_database_that_is_damaged_in_mid_life_is_named_and_the_server_lives() {
    let mut server = Server::start();
    server.publish(flow()).await;
    for id in 0..40 {
        assert_eq!(server.call("POST", "/api/v1/events", Some(lead(id))).await.0, 202);
    }
    let ended = |page: &Value| page["items"].as_array().unwrap().is_empty();
    server.until("/api/v1/runs?status=queued,running&limit=1", ended).await;
    // Ended runs' journals are read by nobody at a start: no connection holds their pages in memory.
    let runs = server.get("/api/v1/runs?limit=1").await;
    let journal = format!("/api/v1/runs/{}/journal", runs["items"][0]["id"].as_str().unwrap());
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    into_one_file(server.folder.path()).await;
    // Retention reads old events as soon as the server runs; what is in memory by then would be answered.
    let server = Server::start_in(server.folder.clone(), &["log.level=off", "retention.days=0"]);
    damage(server.folder.path());
    for (method, path, body) in [
        ("GET", "/api/v1/crm/ticket", None),
        ("GET", journal.as_str(), None),
        ("POST", "/api/v1/events", Some(lead(41))),
    ] {
        let (status, problem) = server.call(method, path, body).await;
        assert_eq!((status, &problem["code"]), (503, &json!("store_corrupt")), "{method} {path}: {problem}");
        assert!(problem["mend"].as_str().unwrap().contains("restore a backup"));
    }
    assert_eq!(server.http.get(format!("{}/health", server.base)).send().await.unwrap().status(), 200);

    let folder = server.folder.clone();
    drop(server);
    let output = masar(folder.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("masar.db is not a usable database") && said.contains("backup"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_run_that_cannot_be_read_goes_on_when_it_can_be_again() {
    use sqlx::{ConnectOptions as _, Connection as _};
    let mut server = Server::start();
    let payment =
        json!({"event_type": "payment.received", "key": {"$expr": "trigger.order"}, "correlate": "order"});
    let nodes = [("start", "trigger.manual", json!({})), ("paid", "flow.wait_for_event", payment)];
    let workflow = server.publish(line("orders", &nodes)).await;
    let start = format!("/api/v1/workflows/{workflow}/start");
    let (status, started) = server.call("POST", &start, Some(json!({"data": {"order": 7}}))).await;
    assert_eq!(status, 202, "{started}");
    let run = format!("/api/v1/runs/{}", started["run"].as_str().unwrap());
    server.until(&run, |run| run["status"] == "waiting").await;
    server.kill();

    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.folder.path().join("masar.db"));
    let mut conn = options.connect().await.unwrap();
    let whole: Vec<u8> = sqlx::query_scalar("SELECT body FROM journal").fetch_one(&mut conn).await.unwrap();
    sqlx::query("UPDATE journal SET body = x'00'").execute(&mut conn).await.unwrap();
    let server = Server::start_in(server.folder.clone(), &["log.level=off"]);
    let event = json!({"id": "p7", "source": "/bank", "type": "payment.received", "data": {"order": 7}});
    assert_eq!(server.call("POST", "/api/v1/events", Some(event)).await.0, 202);
    // Whoever asks for an answer is told; the event is kept for the run.
    let (status, problem) = server.call("POST", &format!("{run}/cancel"), Some(json!({}))).await;
    assert!(status >= 500, "{status} {problem}");
    assert_eq!(server.get("/api/v1/runs?status=waiting").await["items"].as_array().unwrap().len(), 1);

    sqlx::query("UPDATE journal SET body = ?").bind(whole).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    server.until(&run, |run| run["status"] == "succeeded").await;
}
