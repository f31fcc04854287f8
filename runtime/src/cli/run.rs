//! `masar run FILE --event FILE`: one run without a server, in a data folder of its own that is
//! gone afterwards.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use masar_engine::{
    Event, WorkflowId, WorkspaceId, compile, compile::content_hash, run::RunStatus, workflow,
};
use serde_json::Value;

use super::{PROBLEMS, RUN_FAILED, colours};
use crate::{
    app::App,
    config::Config,
    dispatch::{Incoming, Target, Test},
    report,
    store::{NewVersion, Origin, WorkflowRow},
};

pub(super) async fn run(
    mut config: Config,
    file: &Path,
    event: Option<&Path>,
    trigger: Option<String>,
    json: bool,
) -> anyhow::Result<u8> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let flow = workflow::parse(&text).with_context(|| file.display().to_string())?;
    let data = match event {
        None => Value::Null,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let value: Value =
                serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
            // A whole envelope, or the data alone.
            match value.get("data") {
                Some(data) if value.get("type").is_some() => data.clone(),
                _ => value,
            }
        }
    };
    let folder = std::env::temp_dir().join(format!("masar-run-{}", std::process::id()));
    config.data.folder = folder.clone();
    let code = carry(config, flow, data, trigger, json).await;
    // The folder was made for this run only.
    let _ = std::fs::remove_dir_all(folder);
    code
}

async fn carry(
    config: Config,
    flow: masar_engine::Workflow,
    data: Value,
    trigger: Option<String>,
    json: bool,
) -> anyhow::Result<u8> {
    let app = App::start(config).await?;
    let plan = match compile(&flow, app.core.catalogue.as_ref()) {
        Ok((plan, _)) => Arc::new(plan),
        Err(problems) => {
            problems.iter().for_each(|problem| eprintln!("{problem}"));
            app.stop().await;
            return Ok(PROBLEMS);
        }
    };
    let now = app.core.clock.now();
    let body = serde_json::to_string(&flow)?;
    let row = WorkflowRow {
        id: WorkflowId(app.core.ids.next(now)),
        workspace: WorkspaceId::FIRST,
        name: flow.name.clone(),
        folder: String::new(),
        tags: "[]".into(),
        draft: body.clone(),
        revision: 1,
        published: None,
        paused: false,
        created_at: now,
        updated_at: now,
    };
    app.core.store.create_workflow(row.clone()).await?;
    let version = app
        .core
        .store
        .add_version(NewVersion {
            workspace: WorkspaceId::FIRST,
            workflow: row.id,
            hash: content_hash(&flow),
            body,
            note: String::new(),
            by: "cli".into(),
            now,
            test: false,
        })
        .await?;
    // What the trigger would see: a webhook's call is wrapped as the server wraps it.
    let is_hook = |key: &str| {
        plan.find(key).is_some_and(|node| plan.node(node).spec.manifest.node_type == "trigger.webhook")
    };
    let chosen = trigger
        .clone()
        .or_else(|| plan.triggers().next().map(|node| node.key.to_string()))
        .unwrap_or_default();
    let data = match data.get("body") {
        None if is_hook(&chosen) => {
            serde_json::json!({"body": data, "headers": {}, "method": "POST", "query": {}})
        }
        _ => data,
    };
    let incoming = Incoming {
        workspace: WorkspaceId::FIRST,
        event: Event {
            id: app.core.ids.next(now).to_string(),
            source: "/cli".into(),
            event_type: "masar.manual".into(),
            subject: None,
            time: Some(now.to_rfc3339()),
            data: Arc::new(data),
        },
        origin: Origin::Api,
        target: Some(Target { workflow: row.id, trigger }),
        dedup: None,
        depth: 0,
        outbox: None,
        call: None,
    };
    let mut live = app.core.live.subscribe();
    let again = Test { version, plan, pins: Default::default(), allowed: Vec::new(), rerun_of: None };
    let again = Test { rerun_of: Some(masar_engine::RunId(uuid::Uuid::nil())), ..again };
    let accepted = app.dispatcher.accept(incoming, false, Some(again)).await?;
    let run = *accepted.runs.first().context("nothing was started")?;
    // Until it is over, or waits for something that a single run cannot bring.
    loop {
        let row =
            app.core.store.run(WorkspaceId::FIRST, run).await?.context("the run is not in the store")?;
        if row.status.is_over() || matches!(row.status, crate::store::Status::InDoubt) {
            break;
        }
        let (records, _) = app.core.journal(run).await?;
        let waits = records.iter().rev().find_map(|record| match record {
            masar_engine::run::Record::Waiting { wait, .. } => {
                Some(!matches!(wait, masar_engine::node::Wait::Until { .. }))
            }
            _ => None,
        });
        if row.status == crate::store::Status::Waiting && waits == Some(true) {
            eprintln!("the run waits for an event or a person, which it cannot meet here");
            break;
        }
        // Lagging behind only means looking again.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(200), live.recv()).await;
    }
    let (records, _) = app.core.journal(run).await?;
    let failed = records.iter().any(|record| matches!(record, masar_engine::run::Record::Ended { status, .. } if *status != RunStatus::Succeeded));
    if json {
        println!("{}", serde_json::to_string_pretty(&records)?);
    } else {
        print!("{}", report::tree(&records, colours()));
    }
    app.stop().await;
    Ok(if failed { RUN_FAILED } else { 0 })
}
