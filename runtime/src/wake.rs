//! Timers that are due: retries, waits, deadlines, matched events, ended calls, runs whose turn
//! has come. A timer is a row; the run that it wakes removes it in the commit that acts on it,
//! so a crash in between only wakes the run again.

use std::{collections::HashMap, sync::Arc, time::Duration};

use masar_engine::{RunId, Sequence, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    approval,
    core::Core,
    execute::{Executor, RunInput},
    store::{StoreError, TimerKind, TimerRow, Unit, Write},
};

/// Timers claimed in one go.
const BATCH: u32 = 512;
/// Without news the table is looked at this often.
const FLOOR: Duration = Duration::from_secs(1);
/// A timer that was delivered and is still there after this is delivered again.
const PATIENCE_MS: u64 = 60_000;

/// Wakes runs until told to stop.
pub async fn timers(core: Arc<Core>, executor: Arc<Executor>, stop: CancellationToken) {
    let mut delivered: HashMap<(RunId, Sequence, TimerKind), Timestamp> = HashMap::new();
    loop {
        let pause = match round(&core, &executor, &mut delivered).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(error = %error, "due timers could not be read");
                FLOOR
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = core.timers.notified() => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn round(
    core: &Arc<Core>,
    executor: &Arc<Executor>,
    delivered: &mut HashMap<(RunId, Sequence, TimerKind), Timestamp>,
) -> Result<Duration, StoreError> {
    let now = core.clock.now();
    delivered.retain(|_, at| at.plus_millis(PATIENCE_MS) > now);
    let due = core.store.timers_due(now, BATCH + u32::try_from(delivered.len()).unwrap_or(0)).await?;
    let full = due.len() >= BATCH as usize;
    for timer in due {
        if delivered.insert((timer.run, timer.token, timer.kind), now).is_some() {
            continue;
        }
        if let Err(error) = deliver(core, executor, &timer, now).await {
            tracing::error!(run = %timer.run, error = %error, "a due timer could not be delivered; it is tried again");
            delivered.remove(&(timer.run, timer.token, timer.kind));
        }
    }
    if full {
        return Ok(Duration::ZERO);
    }
    let next = core.store.next_timer(now).await?;
    Ok(next.map_or(FLOOR, |due| Duration::from_micros(due.micros_since(core.clock.now())).min(FLOOR)))
}

async fn deliver(
    core: &Arc<Core>,
    executor: &Arc<Executor>,
    timer: &TimerRow,
    now: Timestamp,
) -> anyhow::Result<()> {
    let (workspace, run, token) = (timer.workspace, timer.run, timer.token);
    match timer.kind {
        TimerKind::Timer => executor.deliver(workspace, run, RunInput::Timer { token }),
        TimerKind::Event => {
            let Some(row) = core.store.event(workspace, timer.payload).await? else {
                return clear(core, timer, Vec::new()).await;
            };
            let data = Arc::new(serde_json::from_slice(&row.data)?);
            executor.deliver(
                workspace,
                run,
                RunInput::Event { token, position: row.position, id: row.event_id, data },
            );
        }
        TimerKind::CallEnded => {
            let step = core.call_step(run, token).await?;
            let result = core.call_result(workspace, run, &step).await?;
            executor.deliver(workspace, run, RunInput::CallEnded { token, result });
        }
        TimerKind::Start => {
            clear(core, timer, Vec::new()).await?;
            executor.deliver(workspace, run, RunInput::Go);
        }
        TimerKind::RunTimeout => executor.deliver(workspace, run, RunInput::TimedOut),
        TimerKind::Remind => {
            let wait = core.store.wait_of(workspace, run, token).await?;
            let reminder = wait.map(|wait| approval::reminder(core, &wait, now)).unwrap_or_default();
            clear(core, timer, reminder).await?;
            core.effects_committed();
        }
    }
    Ok(())
}

async fn clear(core: &Arc<Core>, timer: &TimerRow, mut writes: Vec<Write>) -> anyhow::Result<()> {
    writes.push(Write::TimerClearKind { run: timer.run, token: timer.token, kind: timer.kind });
    core.store.submit(Unit::of(writes)).await?;
    Ok(())
}
