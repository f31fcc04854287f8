//! `masar verify`: the logs of a data folder, checked without a server; one may be running on it.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};
use masar_engine::WorkspaceId;

use super::LOG_ALTERED;
use crate::{config::Config, store::Store, verify};

/// Runs that are read at once.
const PAGE: u32 = 500;

pub(super) async fn verify(config: &Config, run: Option<&str>) -> anyhow::Result<u8> {
    let store = Store::configured_to_read(config).await?;
    if let Some(run) = run {
        let id = run.parse().map_err(|_| anyhow::anyhow!("\"{run}\" is not the id of a run"))?;
        let row = store.run(WorkspaceId::FIRST, id).await?;
        let place = || {
            config
                .database
                .url
                .as_ref()
                .map_or_else(|| config.data.folder.display().to_string(), |_| "the database".into())
        };
        let row = row.ok_or_else(|| anyhow::anyhow!("run {run} is not in {}", place()))?;
        return Ok(match verify::run(&store, &row).await? {
            Ok(intact) => {
                println!("intact: {} records, head {}", intact.records, intact.head);
                0
            }
            Err(fault) => {
                println!("ALTERED: {fault}");
                LOG_ALTERED
            }
        });
    }
    let bar = bar(store.run_count().await?);
    let (mut after, mut runs, mut records, mut altered) = (None, 0_u64, 0, 0_u64);
    loop {
        let rows = store.runs_after(after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows {
            runs += 1;
            match verify::run(&store, &row).await? {
                Ok(intact) => records += intact.records,
                Err(fault) => {
                    altered += 1;
                    bar.suspend(|| println!("ALTERED: {fault}"));
                }
            }
            bar.inc(1);
        }
    }
    for run in store.journals_without_run(PAGE).await? {
        altered += 1;
        bar.suspend(|| println!("ALTERED: {}", verify::Fault::NoRow(run)));
    }
    bar.finish_and_clear();
    if altered > 0 {
        println!("{altered} of {runs} runs are altered");
        return Ok(LOG_ALTERED);
    }
    println!("intact: {runs} runs, {records} records");
    Ok(0)
}

/// On a terminal only.
fn bar(length: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} runs, {eta} left") {
        bar.set_style(style);
    }
    bar
}
