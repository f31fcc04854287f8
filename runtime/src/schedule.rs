//! What happens because of the clock: schedules fire.

pub mod cron;

use std::{sync::Arc, time::Duration};

use masar_engine::{Event, Json, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    core::Core,
    dispatch::{Dispatcher, Incoming, Listener, Target},
    store::{Origin, Unit, Write},
};
use cron::{Missed, Schedule};

/// Schedules are looked at this often; a firing is late by at most that.
const TICK: Duration = Duration::from_millis(500);

/// Fires schedules until told to stop. A firing is an event whose id is made from the schedule and
/// the planned time, so that it happens once however often it is tried.
pub async fn run(core: Arc<Core>, dispatcher: Arc<Dispatcher>, stop: CancellationToken) {
    loop {
        for listener in dispatcher
            .index()
            .all()
            .filter(|listener| listener.node_type == "trigger.schedule" && !listener.paused)
        {
            if let Err(error) = fire(&core, &dispatcher, listener).await {
                tracing::error!(workflow = %listener.workflow, trigger = listener.key, error = %error, "a schedule could not fire; it is tried again");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(TICK) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// The schedule of a trigger, from its parameters.
pub fn schedule_of(parameters: &Json, default_zone: &str) -> Result<(Schedule, Missed), String> {
    let zone = parameters.get("time_zone").and_then(Json::as_str).unwrap_or(default_zone);
    let missed = match parameters.get("missed").and_then(Json::as_str) {
        Some("skip") => Missed::Skip,
        Some("all") => Missed::All,
        _ => Missed::Once,
    };
    if let Some(every) = parameters.get("every_ms").and_then(Json::as_u64) {
        return Schedule::interval(every, Timestamp(0)).map(|schedule| (schedule, missed));
    }
    let text =
        parameters.get("cron").and_then(Json::as_str).ok_or("a schedule takes `cron` or `every_ms`")?;
    Schedule::parse(text, zone).map(|schedule| (schedule, missed)).map_err(|error| error.to_string())
}

async fn fire(core: &Arc<Core>, dispatcher: &Arc<Dispatcher>, listener: &Listener) -> anyhow::Result<()> {
    let (schedule, missed) =
        schedule_of(&listener.parameters, &core.config.workspace.time_zone).map_err(anyhow::Error::msg)?;
    let now = core.clock.now();
    let Some(last) = core.store.last_fired(listener.workflow, &listener.key).await? else {
        // The first sight of a schedule is its beginning.
        let write =
            Write::ScheduleFired { workflow: listener.workflow, trigger: listener.key.clone(), at: now };
        core.store.submit(Unit::of(vec![write])).await?;
        return Ok(());
    };
    let due = cron::due(&schedule, last, now, missed, core.config.schedule.missed_window);
    for planned in &due.fire {
        let id = format!("{}/{}/{}", listener.workflow, listener.key, planned.to_rfc3339());
        let event = Event {
            id: id.clone(),
            source: format!("/schedules/{}", listener.workflow),
            event_type: "masar.schedule.fired".into(),
            subject: None,
            time: Some(planned.to_rfc3339()),
            data: Arc::new(serde_json::json!({"planned": planned.to_rfc3339(), "schedule": listener.key})),
        };
        let incoming = Incoming {
            workspace: listener.workspace,
            event,
            origin: Origin::Schedule,
            target: Some(Target { workflow: listener.workflow, trigger: Some(listener.key.clone()) }),
            dedup: Some(format!("schedule\n{id}")),
            depth: 0,
            outbox: None,
            call: None,
        };
        dispatcher.accept(incoming, false, None).await?;
    }
    if let Some(at) = due.seen {
        let write = Write::ScheduleFired { workflow: listener.workflow, trigger: listener.key.clone(), at };
        core.store.submit(Unit::of(vec![write])).await?;
    }
    Ok(())
}
