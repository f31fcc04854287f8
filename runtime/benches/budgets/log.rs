//! A log of a million runs and a thousand published workflows: the list of runs, and the start.

use std::time::{Duration, Instant};

use masar_engine::{RunId, Timestamp, WorkflowId, WorkspaceId};
use masar_runtime::store::{Packed, RunRow, Status, Store, Unit, Write};
use serde_json::json;
use uuid::Uuid;

use crate::{
    row,
    server::{Masar, workload},
};

const RUNS: u64 = 1_000_000;
const WORKFLOWS: u64 = 1_000;

/// Runs are written straight into the store: the figure is the reading.
async fn fill(folder: &std::path::Path) {
    let store = Store::open(&folder.join("masar.db"), |_, _| {}).await.unwrap();
    let start = 1_795_000_000_000_000i64;
    for chunk in 0..RUNS / 1000 {
        let mut writes = Vec::with_capacity(2000);
        for number in chunk * 1000..(chunk + 1) * 1000 {
            let at = Timestamp(start + number as i64 * 2_000);
            // Version 7: the first 48 bits are milliseconds (RFC 9562 §5.7).
            let id = Uuid::from_u128((at.0 as u128 / 1000) << 80 | 7 << 76 | 2 << 62 | u128::from(number));
            let failed = number % 50 == 0;
            writes.push(Write::RunInsert(Box::new(RunRow {
                id: RunId(id),
                workspace: WorkspaceId::FIRST,
                workflow: WorkflowId(Uuid::from_u128(u128::from(number % WORKFLOWS))),
                version: 1,
                event: number as i64,
                event_type: if number % 3 == 0 { "masar.hook" } else { "crm.lead.created" }.into(),
                status: if failed { Status::Failed } else { Status::Succeeded },
                trigger: "start".into(),
                subject: Some(format!("lead/{}", number % 5000)),
                test: false,
                parent: None,
                replay_of: None,
                priority: 0,
                key: None,
                depth: 0,
                accepted_at: at,
                ended_at: Some(at.plus_millis(1)),
                error_code: failed.then(|| "http.status".into()),
                error_node: failed.then(|| "send".into()),
                error_message: failed.then(|| "the server answered 503 Service Unavailable".into()),
            })));
            let body = Packed::new(
                format!("{{\"k\":\"ended\",\"t\":{},\"status\":\"succeeded\"}}\n", at.0).as_bytes(),
            );
            writes.push(Write::Journal { run: RunId(id), first: 0, count: 1, hash: [0; 32], body });
        }
        store.submit(Unit::of(writes)).await.unwrap();
    }
    store.close().await;
}

/// The list with filters, and the start of the server on such a folder.
pub(crate) async fn a_million_runs() {
    let masar = Masar::start();
    for number in 0..WORKFLOWS {
        let file = workload(|workflow| {
            workflow["name"] = json!(format!("leads {number}"));
            workflow["nodes"][0]["parameters"]["path"] = json!(format!("leads/{number}"));
        });
        masar.publish(&file).await;
    }
    let folder = masar.stop();
    fill(folder.path()).await;
    let masar = Masar::start_in(folder, &[]);
    let begun = Instant::now();
    masar.get("/api/v1/runs?limit=1").await;
    let answered = masar.started + begun.elapsed();
    row(
        "cold start to first answer, 1,000 published workflows, 1 M runs",
        format!("{:.0} ms", answered.as_secs_f64() * 1000.0),
        "≤ 500 ms",
    );
    let workflow = Uuid::from_u128(17);
    let questions = [
        "limit=50".to_owned(),
        "limit=50&status=failed".to_owned(),
        format!("limit=50&workflow={workflow}"),
        format!("limit=50&workflow={workflow}&status=failed"),
        "limit=50&subject=lead/4711".to_owned(),
        "limit=50&event_type=crm.lead.created&status=failed".to_owned(),
        "limit=50&error_code=http.status".to_owned(),
        "limit=50&from=2026-11-20T00:00:00Z&until=2026-11-20T00:10:00Z".to_owned(),
        "limit=50&q=lead/4711".to_owned(),
    ];
    let mut slowest = (Duration::ZERO, String::new());
    let mut all = Vec::new();
    for question in &questions {
        for _ in 0..20 {
            let begun = Instant::now();
            let answer = masar.get(&format!("/api/v1/runs?{question}")).await;
            let took = begun.elapsed();
            assert!(answer["items"].is_array(), "{question}: {answer}");
            all.push(took);
            if took > slowest.0 {
                slowest = (took, question.clone());
            }
        }
    }
    all.sort_unstable();
    let p99 = all[all.len() * 99 / 100];
    row(
        "runs list with filters, 1 M runs",
        format!("p99 {:.1} ms (slowest: {})", p99.as_secs_f64() * 1000.0, slowest.1),
        "p99 ≤ 50 ms",
    );
}
