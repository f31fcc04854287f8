//! What needs no server: the engine alone, compilation, the dispatcher's index.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use masar_engine::{
    Event, Plan, RunId, Timestamp, WorkflowId, WorkspaceId, compile,
    run::{EventRef, Header, Machine, RunStatus},
    workflow,
};
use masar_runtime::{dispatch::Index, execute::Journal, store::Published};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{load::LEAD, row, server::workload};

/// The mean of as many repetitions as fit into two seconds, µs; the first tenth warms up.
fn mean(mut work: impl FnMut()) -> f64 {
    let warm = Instant::now();
    while warm.elapsed() < Duration::from_millis(200) {
        work();
    }
    let begun = Instant::now();
    let mut times = 0u32;
    while begun.elapsed() < Duration::from_secs(2) {
        work();
        times += 1;
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(times)
}

fn plan(file: &Value) -> Plan {
    let file = workflow::parse(&file.to_string()).unwrap();
    compile(&file, &masar_nodes::Catalogue::builtin()).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

/// W1's five steps: start, drive, and the records as bytes with their hashes.
pub(crate) fn engine() {
    let plan = Arc::new(plan(&workload(|_| {})));
    let body: Value = serde_json::from_str(LEAD).unwrap();
    let event = Event {
        id: Uuid::from_u128(1).to_string(),
        source: "/hooks/main/leads".into(),
        event_type: "masar.hook".into(),
        subject: None,
        time: None,
        data: Arc::new(json!({"body": body, "headers": {}, "method": "POST", "query": {}})),
    };
    let now = Timestamp(1_795_000_000_000_000);
    let run = RunId(Uuid::from_u128(7));
    let begin = || {
        let header = Header {
            at: now,
            run,
            workflow: WorkflowId(Uuid::from_u128(2)),
            version: plan.hash.to_string(),
            number: 1,
            event: EventRef {
                id: event.id.clone(),
                source: event.source.clone(),
                event_type: event.event_type.clone(),
            },
            digest: "0".repeat(64),
            trigger: "lead".into(),
            test: false,
            vars: None,
            zone: "Asia/Riyadh".into(),
            pins: Default::default(),
            parent: None,
            replay_of: None,
        };
        let mut machine = Machine::start(plan.clone(), header, &event).unwrap();
        machine.drive(now, 512);
        assert_eq!(machine.status(), RunStatus::Succeeded);
        machine
    };
    let steps = mean(|| {
        black_box(begin());
    });
    row("engine alone, W1's five steps in memory, one core", format!("{steps:.1} µs"), "≤ 10 µs");
    let journal = mean(|| {
        let mut machine = begin();
        black_box(Journal::new(run).append(&machine.take_records()));
    });
    row("the same with its journal written and hashed", format!("{journal:.1} µs"), "");
}

/// Compilation from the text of the file.
pub(crate) fn compile_times() {
    let catalogue = masar_nodes::Catalogue::builtin();
    let time = |file: &Value| {
        let text = file.to_string();
        mean(|| {
            let file = workflow::parse(&text).unwrap();
            black_box(compile(&file, &catalogue).unwrap());
        })
    };
    row("compile W1", format!("{:.2} ms", time(&workload(|_| {})) / 1000.0), "≤ 0.3 ms");
    let mut nodes = vec![json!({"id": "n0", "key": "start", "type": "trigger.manual", "parameters": {}})];
    let mut edges = Vec::new();
    for number in 1..1000 {
        let before = if number == 1 { "trigger.n".to_owned() } else { format!("steps.k{}.n", number - 1) };
        nodes.push(json!({
            "id": format!("n{number}"), "key": format!("k{number}"), "type": "data.set",
            "parameters": {"values": {"n": {"$expr": format!("{before} + 1")}, "text": {"$template": "{{trigger.name}}"}}},
        }));
        edges.push(json!({"id": format!("e{number}"), "source": format!("n{}", number - 1), "target": format!("n{number}")}));
    }
    let large = json!({"format": 1, "name": "large", "nodes": nodes, "edges": edges});
    row("compile a workflow of 1,000 nodes", format!("{:.1} ms", time(&large) / 1000.0), "≤ 20 ms");
}

/// 10,000 published workflows that listen to different events.
pub(crate) fn dispatch() {
    let published: Vec<Published> = (0..10_000u128)
        .map(|number| Published {
            workspace: WorkspaceId::FIRST,
            workflow: WorkflowId(Uuid::from_u128(number)),
            name: format!("w{number}"),
            version: 1,
            body: json!({
                "format": 1, "name": format!("w{number}"), "edges": [],
                "nodes": [{"id": "1", "key": "start", "type": "trigger.event", "parameters": {"type": format!("shop.order.{number}")}}],
            })
            .to_string(),
            paused: false,
        })
        .collect();
    let index = Index::build(&published);
    let types: Vec<String> = (0..10_000).map(|number| format!("shop.order.{number}")).collect();
    let mut next = 0;
    let time = mean(|| {
        next = (next + 7919) % types.len();
        assert_eq!(index.matching(WorkspaceId::FIRST, &types[next]).len(), 1);
    });
    row("dispatch an event among 10,000 workflows", format!("{time:.2} µs"), "≤ 5 µs");
}
