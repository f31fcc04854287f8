//! The database: whether this program reads it, and what waits in it.

use masar_engine::{Timestamp, WorkspaceId};

use super::Finding;
use crate::{
    config::Config,
    store::{Store, StoreError},
};

/// Events in the outbox that are no cause for worry, by how long the oldest waits: it empties within
/// milliseconds while a server runs.
const WAITING_MS: u64 = 60_000;
/// A newest event further in the future than this comes from a clock that was set back.
const SKEW_MS: u64 = 2_000;

pub(super) async fn examine(config: &Config, now: Timestamp) -> Vec<Finding> {
    if config.database.url.is_none() && !config.data.folder.join("masar.db").exists() {
        return Vec::new();
    }
    match look(config, now).await {
        Ok(found) => found,
        Err(error @ StoreError::Newer { .. }) => {
            vec![Finding::bad("store", error.to_string(), "Start the newer program")]
        }
        Err(StoreError::Unreachable(what)) => {
            vec![Finding::bad("store", what, "Mend that; until then nothing is taken in and nothing goes on")]
        }
        Err(error) => vec![Finding::bad(
            "store",
            error.to_string(),
            "Run this as the user of the server; `masar verify` tells whether the logs are whole",
        )],
    }
}

async fn look(config: &Config, now: Timestamp) -> Result<Vec<Finding>, StoreError> {
    let store = Store::configured_to_read(config).await?;
    let what = store.described().await?;
    let mut found = vec![Finding::good("store", format!("{what}, {} runs", store.run_count().await?))];
    found.extend(store.clock_skew(now).await?.map(|skew| match skew.unsigned_abs() {
        0..=SKEW_MS => Finding::good("clocks", format!("{skew} ms apart from the database's")),
        _ => Finding::bad(
            "clocks",
            format!("this machine's clock and the database's are {} s apart", skew.unsigned_abs() / 1000),
            "Let both machines follow a time server",
        ),
    }));

    let newest = store.newest_event().await?;
    found.push(match newest {
        Some(at) if at > now.plus_millis(SKEW_MS) => Finding::bad(
            "clock",
            format!("the newest event is from {}, and it is {} now", at.to_rfc3339(), now.to_rfc3339()),
            "The clock of this machine was set back, or another one writes here: let both follow a time server",
        ),
        _ => Finding::good("clock", format!("it is {}, later than all that was written", now.to_rfc3339())),
    });

    let (waiting, oldest) = store.outbox_depth().await?;
    let late = oldest.is_some_and(|oldest| oldest.plus_millis(WAITING_MS) < now);
    found.push(if late {
        Finding::warning(
            "outbox",
            format!(
                "{waiting} events wait to be sent, the oldest since {}",
                oldest.unwrap_or(now).to_rfc3339()
            ),
            "A running server sends them; if one runs, see below what is wrong with the broker",
        )
    } else {
        Finding::good("outbox", format!("{waiting} events wait to be sent"))
    });

    let causes = store.dead_causes(WorkspaceId::FIRST).await?;
    let count: i64 = causes.iter().map(|cause| cause.count).sum();
    found.push(match causes.first() {
        Some(cause) => Finding::warning(
            "dead letters",
            format!("{count}, most of them {}: {}", cause.code, cause.reason),
            "Look at them with `masar dead list`; then `masar dead resend` or `masar dead delete`",
        ),
        None => Finding::good("dead letters", "none"),
    });
    store.close().await;
    Ok(found)
}
