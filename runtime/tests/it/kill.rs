//! `kill -9` at any moment loses nothing and does nothing twice: the real binary is fed events,
//! killed at random, started again, and then asked what there is; and so is its database.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, http::HeaderMap, routing::post};
use serde_json::{Value, json};

use crate::server::{Server, line};

type Ledger = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

/// The outside world: counts calls by lead and notes the key that came with each.
async fn outside() -> (String, Ledger, Arc<AtomicUsize>) {
    let ledger = Ledger::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let app = Router::new()
        .route(
            "/notify",
            post(async move |State(ledger): State<Ledger>, headers: HeaderMap, body: axum::Json<Value>| {
                count.fetch_add(1, Ordering::Relaxed);
                let key = headers
                    .get("idempotency-key")
                    .and_then(|key| key.to_str().ok())
                    .unwrap_or("none")
                    .to_owned();
                ledger.lock().unwrap().entry(body["lead"].to_string()).or_default().insert(key);
                "ok"
            }),
        )
        .with_state(ledger.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (base, ledger, calls)
}

/// How often something is killed.
fn kills() -> usize {
    std::env::var("MASAR_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// Pauses between two kills, milliseconds from 20 to 200: the same in every run.
fn pauses() -> impl Iterator<Item = Duration> {
    let mut chance = 0x2545_f491_4f6c_dd1du64;
    std::iter::repeat_with(move || {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        Duration::from_millis(20 + chance % 180)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_nothing_and_does_nothing_twice() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut load = Load::begin(Server::start_in(folder.clone(), &[])).await;
    for pause in pauses().take(kills()) {
        tokio::time::sleep(pause).await;
        load.server.kill();
        load.goes_on(Server::start_in(folder.clone(), &[]));
    }
    println!("{} kills of the server, {}", kills(), load.end().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_killed_under_load_loses_nothing_and_doubles_nothing() {
    let place = tempfile::tempdir().unwrap();
    // The database runs as a user of its own.
    std::fs::set_permissions(place.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let database = PrivatePostgres::start(place.path());
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let variables = [("MASAR_DATABASE_URL", database.url.as_str())];
    let load = Load::begin(Server::start_with(folder, &[], &variables)).await;
    let kills = (kills() / 10).max(1);
    for pause in pauses().take(kills) {
        tokio::time::sleep(pause).await;
        database.kill_and_start();
        // It is killed under load, not while nobody has come back yet.
        load.until_one_more_is_accepted().await;
    }
    println!("{kills} kills of the database, {}", load.end().await);
}

/// A server of the test's own (deploy/scripts/postgres.sh), stopped with the test.
struct PrivatePostgres {
    folder: PathBuf,
    url: String,
}

impl PrivatePostgres {
    fn start(place: &Path) -> Self {
        let mut it = Self { folder: place.join("server"), url: String::new() };
        it.url = it.script("start");
        it
    }

    fn script(&self, command: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/scripts/postgres.sh");
        let done = Command::new("sh").arg(script).arg(command).arg(&self.folder).output().unwrap();
        assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// Kills all of its processes at once, as when the machine goes (one that is left would write beside
    /// the next), and starts it again.
    fn kill_and_start(&self) {
        let pid = std::fs::read_to_string(self.folder.join("pid")).unwrap();
        let pid = pid.trim();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let all: Vec<&str> = std::iter::once(pid).chain(children.split_whitespace()).collect();
        Command::new("kill").arg("-9").args(&all).status().unwrap();
        while all.iter().any(|pid| Path::new("/proc").join(pid).join("fd/0").exists()) {
            std::thread::yield_now();
        }
        self.script("start");
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.script("stop");
    }
}

/// Leads that come in all the time, each to make a contact, a ticket and a call to the outside; and the
/// account of what became of them.
struct Load {
    server: Server,
    base: Arc<Mutex<String>>,
    enough: Arc<AtomicBool>,
    accepted: Arc<AtomicU64>,
    feeders: Vec<tokio::task::JoinHandle<()>>,
    ledger: Ledger,
    calls: Arc<AtomicUsize>,
}

impl Load {
    async fn begin(server: Server) -> Self {
        let (outside, ledger, calls) = outside().await;
        server
        .publish(line(
            "kill",
            &[
                ("start", "trigger.event", json!({"type": "test.lead"})),
                ("contact", "crm.find_or_create", json!({"by": "phone", "fields": {"name": {"$expr": "trigger.name"}, "phone": {"$expr": "trigger.phone"}}})),
                ("ticket", "crm.create", json!({"entity": "ticket", "fields": {"subject": {"$template": "lead {{trigger.number}}"}, "contact": {"$expr": "steps.contact.id"}}})),
                ("notify", "http.request", json!({"method": "POST", "url": format!("{outside}/notify"), "body": {"lead": {"$expr": "trigger.number"}}})),
                ("done", "data.set", json!({"values": {"ok": true}})),
            ],
        ))
        .await;

        // The feeder sends one event after the other, and the same again until it is acknowledged.
        let base = Arc::new(Mutex::new(server.base.clone()));
        let enough = Arc::new(AtomicBool::new(false));
        let accepted = Arc::new(AtomicU64::new(0));
        let token = server.token();
        let feeders: Vec<_> = (0..4u64)
        .map(|feeder| {
            let (base, enough, accepted) = (base.clone(), enough.clone(), accepted.clone());
            let (token, http) = (token.clone(), server.http.clone());
            tokio::spawn(async move {
                let mut sent = 0u64;
                while !enough.load(Ordering::Relaxed) {
                    let number = sent * 4 + feeder;
                    let event = json!({"id": format!("lead-{number}"), "source": "/test", "type": "test.lead", "subject": format!("lead/{number}"),
                        "data": {"number": number, "name": "عميل", "phone": format!("05{:08}", number % 50)}});
                    let to = base.lock().unwrap().clone();
                    let answer = http.post(format!("{to}/api/v1/events")).bearer_auth(&token).timeout(Duration::from_secs(5)).json(&event).send().await;
                    match answer.map(|answer| answer.status().as_u16()) {
                        Ok(200 | 202) => {
                            sent += 1;
                            accepted.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(status @ 400..=428) => panic!("refused with {status}"),
                        // Not acknowledged: whether it was kept is unknown, so it is sent again.
                        _ => tokio::time::sleep(Duration::from_millis(5)).await,
                    }
                }
            })
        })
        .collect();

        Self { server, base, enough, accepted, feeders, ledger, calls }
    }

    /// Another process serves from now on.
    fn goes_on(&mut self, server: Server) {
        *self.base.lock().unwrap() = server.base.clone();
        self.server = server;
    }

    async fn until_one_more_is_accepted(&self) {
        let before = self.accepted.load(Ordering::Relaxed);
        while self.accepted.load(Ordering::Relaxed) == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// No more comes in; what came is counted from all sides, told in the end.
    async fn end(self) -> String {
        let Self { server, enough, accepted, feeders, ledger, calls, .. } = self;
        enough.store(true, Ordering::Relaxed);
        for feeder in feeders {
            feeder.await.unwrap();
        }
        let accepted = accepted.load(Ordering::Relaxed);

        // Every run comes to its end.
        server
            .until("/api/v1/runs?status=queued,running,waiting&limit=1", |page| {
                page["items"].as_array().unwrap().is_empty()
            })
            .await;
        let mut leads: BTreeMap<String, usize> = BTreeMap::new();
        let mut unwell = Vec::new();
        let mut before = String::new();
        loop {
            let page = server.get(&format!("/api/v1/runs?limit=200{before}")).await;
            for run in page["items"].as_array().unwrap() {
                *leads.entry(run["subject"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
                if run["status"] != "succeeded" {
                    unwell.push(run.clone());
                }
            }
            match page["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => break,
            }
        }
        assert!(unwell.is_empty(), "{} runs did not succeed, e.g. {}", unwell.len(), unwell[0]);
        assert!(
            leads.len() as u64 >= accepted,
            "{accepted} events were acknowledged, {} led to runs",
            leads.len()
        );
        assert!(leads.values().all(|runs| *runs == 1), "an event led to several runs");

        // Every CRM change happened once.
        let mut tickets: BTreeMap<String, usize> = BTreeMap::new();
        let mut before = String::new();
        loop {
            let page = server.get(&format!("/api/v1/crm/ticket?limit=500{before}")).await;
            for ticket in page["items"].as_array().unwrap() {
                *tickets.entry(ticket["subject"].as_str().unwrap().to_owned()).or_default() += 1;
            }
            match page["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => break,
            }
        }
        assert_eq!(tickets.len(), leads.len(), "tickets and runs");
        assert!(tickets.values().all(|tickets| *tickets == 1), "a ticket was made twice");
        let contacts = server.get("/api/v1/crm/contact?limit=500").await;
        assert_eq!(contacts["items"].as_array().unwrap().len(), 50.min(leads.len()), "one contact a phone");

        // And its event, once each.
        let mut created = 0;
        let mut subjects = BTreeSet::new();
        let mut before = String::new();
        loop {
            let page = server.get(&format!("/api/v1/events?type=crm.ticket.created&limit=500{before}")).await;
            for event in page["items"].as_array().unwrap() {
                created += 1;
                subjects.insert(event["subject"].as_str().unwrap().to_owned());
            }
            match page["next"].as_i64() {
                Some(next) => before = format!("&before={next}"),
                None if created < leads.len() => {
                    // The last of them are still on their way out of the outbox.
                    (created, before) = (0, String::new());
                    subjects.clear();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                None => break,
            }
        }
        assert_eq!(
            (created, subjects.len()),
            (leads.len(), leads.len()),
            "an outbox event was lost or sent twice"
        );

        // The outside was called at least once each, always with one key.
        let ledger = ledger.lock().unwrap();
        assert_eq!(ledger.len(), leads.len(), "calls and runs");
        assert!(
            ledger.values().all(|keys| keys.len() == 1 && !keys.contains("none")),
            "a repeated call came with another key"
        );
        format!(
            "{} runs, {} outside calls for {} leads",
            leads.len(),
            calls.load(Ordering::Relaxed),
            ledger.len()
        )
    }
}
