//! From the broker to the dispatcher: an event is acknowledged when it and its runs are durable.
//! Not here: what could not be taken, once it is a dead letter (`dead`).
//!
//! Order: deliveries of one subject are accepted one after the other, those of different subjects side
//! by side, so that one group commit takes many. Only while one process takes them, and none dies: what
//! a dead one had in hand comes back behind what the others took meanwhile.
//!
//! A message that brings the process down brings down with it whatever else was in hand, and the
//! broker counts that against all of it. So a session begins one at a time, and takes many at once
//! when what comes has not been handed out before: only the guilty one reaches the delivery limit.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, StreamExt as _};
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions,
    },
    types::{AMQPValue, FieldTable},
};
use masar_engine::WorkspaceId;
use tokio_util::sync::CancellationToken;

use super::{Lane, RabbitMq, Trouble, dead, sleep, topology};
use crate::{
    bus::{
        by_subject,
        cloudevent::{self, Bounds, short},
        dedup_key,
    },
    core::Core,
    dispatch::{Dispatcher, Incoming, IntakeError},
    execute::Executor,
    store::Origin,
};

/// Deliveries accepted together.
const CHUNK: usize = 256;
/// How often it is asked again whether there is room for more.
const ROOM: Duration = Duration::from_millis(10);
/// A store that refused is asked again after this.
const AGAIN: Duration = Duration::from_millis(500);

/// Takes events until the program is to stop or the connection fails.
pub(super) async fn session(
    broker: &RabbitMq,
    core: &Arc<Core>,
    dispatcher: &Arc<Dispatcher>,
    executor: &Arc<Executor>,
) -> Result<(), Trouble> {
    let explain = |error: lapin::Error| Trouble::explain(&error, broker);
    let connection = broker.connect("masar: events").await?;
    let channel = connection.create_channel().await.map_err(explain)?;
    topology::declare(&channel, broker).await?;
    let refusals = connection.create_channel().await.map_err(explain)?;
    refusals.confirm_select(ConfirmSelectOptions::default()).await.map_err(explain)?;
    let graveyard = connection.create_channel().await.map_err(explain)?;
    let taking = Taking { broker, core, dispatcher, executor, channel, refusals };
    // Neither half is cut off in the middle of what it does: an event that is being accepted is carried
    // on to its runs. Each ends the other by what it waits for.
    let over = CancellationToken::new();
    let events = async {
        let ended = taking.events().await;
        over.cancel();
        ended
    };
    let letters = async {
        let ended = dead::keep(broker, core, &graveyard, &over).await;
        if ended.is_err() {
            let _ = connection.close(200, short("beginning anew")).await;
        }
        ended
    };
    let (events, letters) = tokio::join!(events, letters);
    // The first cause: the other half only saw the connection close.
    letters?;
    events?;
    // What was handed out and not acknowledged goes back to the queue.
    let _ = connection.close(200, short("stopping")).await;
    Ok(())
}

/// Whether to go on.
enum Step {
    On,
    Stop,
}

struct Taking<'a> {
    broker: &'a RabbitMq,
    core: &'a Core,
    dispatcher: &'a Dispatcher,
    executor: &'a Executor,
    channel: Channel,
    /// Where what is no event is sent to the dead letters, with its reason.
    refusals: Channel,
}

impl Taking<'_> {
    async fn events(&self) -> Result<(), Trouble> {
        let mut consumer = self.consume(1).await?;
        self.broker.up(Lane::Consume);
        // One at a time, while what comes has been handed out before.
        loop {
            let Some(chunk) = self.next(&mut consumer, 1).await? else { return Ok(()) };
            let before = chunk.iter().any(handed_out_before);
            if let Step::Stop = self.take(chunk).await? {
                return Ok(());
            }
            if !before {
                break;
            }
        }
        let explain = |error: lapin::Error| Trouble::explain(&error, self.broker);
        self.channel.basic_cancel(consumer.tag(), BasicCancelOptions::default()).await.map_err(explain)?;
        // One more may have been on its way.
        while let Some(delivery) = consumer.next().await {
            if let Step::Stop = self.take(vec![delivery.map_err(explain)?]).await? {
                return Ok(());
            }
        }
        let mut consumer = self.consume(self.broker.prefetch).await?;
        loop {
            let Some(chunk) = self.next(&mut consumer, CHUNK).await? else { return Ok(()) };
            if let Step::Stop = self.take(chunk).await? {
                return Ok(());
            }
        }
    }

    async fn consume(&self, prefetch: u16) -> Result<Consumer, Trouble> {
        let explain = |error: lapin::Error| Trouble::explain(&error, self.broker);
        self.channel.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(explain)?;
        let options = BasicConsumeOptions::default();
        let queue = short(&self.broker.work);
        self.channel.basic_consume(queue, short(""), options, FieldTable::default()).await.map_err(explain)
    }

    /// What has come, at least one; nothing where the program is to stop. While there is no room for
    /// more runs nothing is taken, and the broker, whose prefetch is used up, keeps the rest.
    async fn next(&self, consumer: &mut Consumer, most: usize) -> Result<Option<Vec<Delivery>>, Trouble> {
        while !self.executor.has_room() {
            if sleep(ROOM, &self.core.stopping).await {
                return Ok(None);
            }
        }
        let first = tokio::select! {
            first = consumer.next() => first,
            () = self.core.stopping.cancelled() => return Ok(None),
        };
        let mut chunk = Vec::new();
        let mut came = Some(first);
        while let Some(delivery) = came {
            match delivery {
                Some(Ok(delivery)) => chunk.push(delivery),
                Some(Err(error)) => return Err(Trouble::explain(&error, self.broker)),
                None => return Err(Trouble::lost(self.broker, "it hands nothing out any more")),
            }
            came = if chunk.len() < most { consumer.next().now_or_never() } else { None };
        }
        Ok(Some(chunk))
    }

    /// Accepts deliveries and acknowledges them.
    async fn take(&self, chunk: Vec<Delivery>) -> Result<Step, Trouble> {
        let Some(last) = chunk.last().map(|delivery| delivery.acker.clone()) else { return Ok(Step::On) };
        let limits = &self.core.config.limits;
        let bounds = Bounds { body: limits.body, depth: limits.depth };
        let mut events = Vec::with_capacity(chunk.len());
        for delivery in &chunk {
            match cloudevent::read(&delivery.properties, &delivery.data, bounds) {
                Ok(received) => events.push(received),
                Err(reason) => {
                    dead::bury(&self.refusals, self.broker, self.core, delivery, &reason).await?;
                }
            }
        }
        self.core.metrics.bus("received", events.len() as u64);
        let told = AtomicBool::new(false);
        let chains = by_subject(events.iter().map(|received| (received.event.subject.as_deref(), received)));
        let accepted = chains.into_iter().map(|chain| async {
            for received in chain {
                self.accept(received, &told).await?;
            }
            Ok(())
        });
        match futures_util::future::join_all(accepted).await.into_iter().collect() {
            Ok(()) => {}
            Err(Refusal::Stopping) => return Ok(Step::Stop),
            Err(Refusal::Lost) => return Err(Trouble::lost(self.broker, "it was closed")),
        }
        // All of the chunk and everything before it is durable or buried.
        let options = BasicAckOptions { multiple: true };
        match last.ack(options).await {
            Ok(true) => Ok(Step::On),
            // The channel it came on is gone; it comes again and is known.
            Ok(false) => Err(Trouble::lost(self.broker, "an acknowledgement came too late")),
            Err(error) => Err(Trouble::explain(&error, self.broker)),
        }
    }

    /// Accepts an event, however long it takes: while the store is in trouble it stays in hand, and
    /// nothing more is taken.
    async fn accept(&self, received: &cloudevent::Received, told: &AtomicBool) -> Result<(), Refusal> {
        loop {
            let incoming = Incoming {
                workspace: WorkspaceId::FIRST,
                event: received.event.clone(),
                origin: Origin::Bus,
                target: None,
                dedup: Some(dedup_key(&received.event.source, &received.event.id)),
                depth: received.depth,
                outbox: None,
                call: None,
            };
            let error = match self.dispatcher.accept(incoming, false, None).await {
                Ok(_) => return Ok(()),
                Err(IntakeError::Stopping) => return Err(Refusal::Stopping),
                Err(error) => error,
            };
            // One line for all that were in hand together.
            if !told.swap(true, Ordering::Relaxed) {
                tracing::error!(error = %error, "events of the bus cannot be kept; it is tried again until they can");
            }
            if sleep(AGAIN, &self.core.stopping).await {
                return Err(Refusal::Stopping);
            }
            if !self.channel.status().connected() {
                return Err(Refusal::Lost);
            }
        }
    }
}

/// Why an event in hand was not accepted.
enum Refusal {
    Stopping,
    /// The channel is gone; it comes again on another.
    Lost,
}

/// Whether a delivery was handed out before and came back: by a crash, or by a connection that broke.
fn handed_out_before(delivery: &Delivery) -> bool {
    let headers = delivery.properties.headers().as_ref().map(FieldTable::inner);
    let count = headers.and_then(|headers| headers.get("x-delivery-count"));
    delivery.redelivered
        || count.is_some_and(|count| match count {
            AMQPValue::LongLongInt(count) => *count > 0,
            AMQPValue::LongInt(count) => *count > 0,
            _ => false,
        })
}
