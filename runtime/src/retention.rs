//! How long things are kept: ended runs, decisions and events by the days of their workflow or of
//! the installation, webhook calls by hours. Runs in the background as long as the server does.

use std::{sync::Arc, time::Duration};

use masar_engine::{Timestamp, WorkflowId};
use tokio_util::sync::CancellationToken;

use crate::{
    core::Core,
    store::{Forgotten, StoreError},
};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// Time between two rounds.
const PAUSE: Duration = Duration::from_secs(300);
/// Rows in one piece: a few milliseconds of the writer.
const PIECE: u32 = 200;
/// Between two pieces, so that a long backlog of old data does not take the disk from intake.
const BREATH: Duration = Duration::from_millis(20);

/// Forgets until told to stop; the first round begins at once.
pub async fn run(core: Arc<Core>, stop: CancellationToken) {
    loop {
        let round = async {
            if let Err(error) = round(&core).await {
                tracing::error!(error = %error, "old data could not be removed; it is tried again");
            }
            tokio::time::sleep(PAUSE).await;
        };
        tokio::select! {
            () = round => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Before this many milliseconds ago.
fn before(now: Timestamp, millis: i64) -> Timestamp {
    Timestamp(now.0.saturating_sub(millis.saturating_mul(1000)))
}

async fn round(core: &Core) -> Result<(), StoreError> {
    let store = &core.store;
    let now = core.clock.now();
    let hooks = before(now, i64::from(core.config.retention.hook_hours) * HOUR_MS);
    while store.forget_expired(now, hooks, PIECE).await? >= u64::from(PIECE) {
        tokio::time::sleep(BREATH).await;
    }
    let usual = core.config.retention.days;
    let own = store.keep_days().await?;
    // Whole weeks go at once where nothing in them is kept for longer.
    let longest =
        own.values().copied().chain([usual]).try_fold(0, |most, days| (days > 0).then_some(days.max(most)));
    store.keep_partitions(now, longest.map(|days| before(now, i64::from(days) * DAY_MS))).await?;
    for workflow in store.logged_workflows().await? {
        let days = own.get(&workflow).copied().unwrap_or(usual);
        if days > 0 {
            forget_workflow(core, workflow, before(now, i64::from(days) * DAY_MS)).await?;
        }
    }
    if usual > 0 {
        let cut = before(now, i64::from(usual) * DAY_MS);
        while store.forget_dead_letters(cut, PIECE).await? >= u64::from(PIECE) {
            tokio::time::sleep(BREATH).await;
        }
        let bound = store.position_at(cut).await?;
        let mut next = Some(0);
        while let Some(after) = next {
            Forgotten { next, .. } = store.forget_events(cut, after, bound, PIECE).await?;
            tokio::time::sleep(BREATH).await;
        }
    }
    Ok(())
}

/// Decisions first: an event goes with the last run or decision that refers to it.
async fn forget_workflow(core: &Core, workflow: WorkflowId, cut: Timestamp) -> Result<(), StoreError> {
    let bound = core.store.position_at(cut).await?;
    while core.store.forget_decisions(workflow, bound, PIECE).await? >= u64::from(PIECE) {
        tokio::time::sleep(BREATH).await;
    }
    let (mut after, mut gone) = (None, 0);
    loop {
        let piece = core.store.forget_runs(workflow, cut, after, PIECE).await?;
        gone += piece.gone;
        after = piece.next;
        if after.is_none() {
            break;
        }
        tokio::time::sleep(BREATH).await;
    }
    if gone > 0 {
        tracing::info!(workflow = %workflow, runs = gone, "old runs were removed");
    }
    Ok(())
}
