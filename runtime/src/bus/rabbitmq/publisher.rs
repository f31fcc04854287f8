//! From the outbox to the broker: published in order, confirmed in a window, and only then removed.
//! Not here: writing to the outbox, which whoever changes something does in its own transaction.
//!
//! Order: all events of a process go over one channel, in the order of the outbox; what is not
//! confirmed when a connection breaks is published again from the first of it. So whoever reads the
//! queue and knows events by their id sees each subject's events in order.

use std::{collections::HashSet, time::Duration};

use lapin::{
    Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};

use super::{CONFIRMED, Lane, RabbitMq, Trouble, sleep, topology};
use crate::{
    bus::cloudevent::{self, short},
    core::Core,
    store::{OutboxRow, Unit, Write},
};

/// Events on their way without a confirmation. Measured: 500 in flight carry twenty times what
/// waiting for each does, and more carry no more.
const WINDOW: u32 = 512;
/// Without news the outbox and the connection are looked at this often.
const FLOOR: Duration = Duration::from_secs(1);

/// Carries events until the program is to stop or the connection fails.
pub(super) async fn session(broker: &RabbitMq, core: &Core) -> Result<(), Trouble> {
    let explain = |error: lapin::Error| Trouble::explain(&error, broker);
    let connection = broker.connect("masar: outbox").await?;
    let channel = connection.create_channel().await.map_err(explain)?;
    topology::declare(&channel, broker).await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(explain)?;
    broker.up(Lane::Publish);
    loop {
        if core.stopping.is_cancelled() {
            // What is still in the outbox goes out with the next process.
            let _ = connection.close(200, short("stopping")).await;
            return Ok(());
        }
        match core.store.outbox(WINDOW).await {
            Ok(rows) if rows.is_empty() => {
                tokio::select! {
                    () = tokio::time::sleep(FLOOR) => {}
                    () = core.outbox.notified() => {}
                    () = core.stopping.cancelled() => {}
                }
                if !channel.status().connected() {
                    return Err(Trouble::lost(broker, "it was closed"));
                }
            }
            Ok(rows) => {
                let carried = tokio::time::timeout(CONFIRMED, carry(&channel, broker, &rows));
                let mut carried = std::pin::pin!(carried);
                let carried = loop {
                    tokio::select! {
                        carried = &mut carried => break carried,
                        // Said at once, though there is patience for more.
                        () = tokio::time::sleep(FLOOR) => if connection.status().blocked() {
                            broker.down(Lane::Publish, Trouble::unconfirmed(broker));
                        },
                    }
                };
                let Carried { confirmed, trouble } = carried.map_err(|_| Trouble::unconfirmed(broker))?;
                if trouble.is_none() {
                    broker.up(Lane::Publish);
                }
                core.metrics.bus("published", confirmed.len() as u64);
                let writes = confirmed.into_iter().map(|position| Write::OutboxDelete { position }).collect();
                if let Err(error) = core.store.submit(Unit::of(writes)).await {
                    // They are published again, and known by their ids.
                    tracing::error!(error = %error, "published events could not be removed from the outbox");
                    sleep(FLOOR, &core.stopping).await;
                }
                if let Some(trouble) = trouble {
                    if trouble.code == "bus.unroutable" {
                        core.metrics.bus("returned", 1);
                    }
                    return Err(trouble);
                }
            }
            Err(error) => {
                tracing::error!(error = %error, "the outbox could not be read");
                sleep(FLOOR, &core.stopping).await;
            }
        }
    }
}

/// What became of a window.
struct Carried {
    /// Positions that are safe with the broker.
    confirmed: Vec<i64>,
    /// Why the others are not.
    trouble: Option<Trouble>,
}

async fn carry(channel: &Channel, broker: &RabbitMq, rows: &[(i64, OutboxRow)]) -> Carried {
    let mut trouble = None;
    let mut under_way = Vec::with_capacity(rows.len());
    for (position, row) in rows {
        let (properties, key, body) = cloudevent::write(row);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        match channel.basic_publish(short(&broker.exchange), key, options, &body, properties).await {
            Ok(confirm) => under_way.push((*position, row, confirm)),
            Err(error) => {
                trouble = Some(Trouble::explain(&error, broker));
                break;
            }
        }
    }
    let mut acknowledged = Vec::with_capacity(under_way.len());
    let mut returned = HashSet::new();
    for (position, row, confirm) in under_way {
        match confirm.await {
            Ok(Confirmation::Ack(message)) => {
                acknowledged.push((position, row.event_id));
                // An unroutable message is acknowledged too. Which acknowledgement it comes with is
                // not certain when many are under way; its id is.
                if let Some(message) = message {
                    let id = message.properties.message_id().as_ref().map(ToString::to_string);
                    trouble = Some(Trouble::returned(
                        broker,
                        message.routing_key.as_str(),
                        message.reply_text.as_str(),
                    ));
                    returned.insert(id.unwrap_or_default());
                }
            }
            Ok(_) => trouble = Some(Trouble::refused(broker, &row.event_type)),
            Err(error) => {
                trouble.get_or_insert_with(|| Trouble::explain(&error, broker));
            }
        }
    }
    let confirmed = acknowledged
        .into_iter()
        .filter(|(_, id)| !returned.contains(&id.to_string()))
        .map(|(position, _)| position)
        .collect();
    Carried { confirmed, trouble }
}
