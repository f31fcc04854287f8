//! The embedded bus: the outbox table is the queue, and acceptance takes the row away. Not here:
//! anything between processes. Called by [`super::Bus`].

use std::{sync::Arc, time::Duration};

use masar_engine::Event;
use tokio_util::sync::CancellationToken;

use super::by_subject;
use crate::{
    core::Core,
    dispatch::{Dispatcher, Incoming, IntakeError},
    store::{Origin, OutboxRow},
};

/// Rows read in one go.
const BATCH: u32 = 512;
/// Without news the table is looked at this often.
const FLOOR: Duration = Duration::from_secs(1);

/// Carries what the outbox holds to the dispatcher, in order, until told to stop: the event, its
/// runs and the removal of the row are one commit.
pub(super) async fn relay(core: Arc<Core>, dispatcher: Arc<Dispatcher>, stop: CancellationToken) {
    loop {
        match core.store.outbox(BATCH).await {
            Ok(rows) if rows.is_empty() => {
                tokio::select! {
                    () = tokio::time::sleep(FLOOR) => {}
                    () = core.outbox.notified() => {}
                    () = stop.cancelled() => return,
                }
            }
            Ok(rows) => {
                // Subjects side by side, so that one group commit takes many.
                let subjects: Vec<Option<String>> = rows.iter().map(|(_, row)| row.subject.clone()).collect();
                let chains = by_subject(subjects.iter().map(Option::as_deref).zip(rows));
                let accepted = chains.into_iter().map(|chain| async {
                    for (position, row) in chain {
                        accept(&dispatcher, position, row).await?;
                    }
                    Ok::<_, IntakeError>(())
                });
                let accepted = futures_util::future::join_all(accepted).await;
                if let Some(error) = accepted.into_iter().find_map(Result::err) {
                    tracing::error!(error = %error, "events of the outbox could not be accepted; they stay there");
                    tokio::select! {
                        () = tokio::time::sleep(FLOOR) => {}
                        () = stop.cancelled() => return,
                    }
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "the outbox could not be read");
                tokio::select! {
                    () = tokio::time::sleep(FLOOR) => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }
}

async fn accept(dispatcher: &Dispatcher, position: i64, row: OutboxRow) -> Result<(), IntakeError> {
    let incoming = Incoming {
        workspace: row.workspace,
        event: Event {
            id: row.event_id.to_string(),
            source: row.source,
            event_type: row.event_type,
            subject: row.subject,
            time: Some(row.time.to_rfc3339()),
            data: Arc::new(row.data),
        },
        origin: Origin::Outbox,
        target: None,
        dedup: None,
        depth: row.depth,
        outbox: Some(position),
        call: None,
    };
    dispatcher.accept(incoming, false, None).await.map(|_| ())
}
