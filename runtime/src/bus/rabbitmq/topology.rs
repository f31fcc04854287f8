//! What Masar lays out on a broker: one exchange for events, one queue of work, one place for what
//! could not be taken. Laying it out again changes nothing. Not here: messages.

use lapin::{
    Channel, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};

use super::{RabbitMq, Trouble};
use crate::bus::cloudevent::short;

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

/// Lays everything out.
pub(super) async fn declare(channel: &Channel, broker: &RabbitMq) -> Result<(), Trouble> {
    lay_out(channel, broker).await.map_err(|error| Trouble::explain(&error, broker))
}

async fn lay_out(channel: &Channel, broker: &RabbitMq) -> lapin::Result<()> {
    let (events, work, dead) = (short(&broker.exchange), short(&broker.work), short(&broker.dead));
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare(events.clone(), ExchangeKind::Topic, durable, FieldTable::default()).await?;
    channel.exchange_declare(dead.clone(), ExchangeKind::Fanout, durable, FieldTable::default()).await?;

    // Quorum: a confirmed event is on disk on a majority of the broker's nodes.
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(dead.clone(), durable, arguments.clone()).await?;
    channel
        .queue_bind(dead.clone(), dead, short(""), QueueBindOptions::default(), FieldTable::default())
        .await?;

    arguments.insert(
        "x-delivery-limit".into(),
        AMQPValue::LongInt(i32::try_from(broker.delivery_limit).unwrap_or(i32::MAX)),
    );
    arguments.insert("x-dead-letter-exchange".into(), text(&broker.dead));
    // On the way to the dead letters nothing may be lost either; RabbitMQ asks for both together
    // (its page "Quorum queues", at-least-once dead lettering).
    arguments.insert("x-dead-letter-strategy".into(), text("at-least-once"));
    arguments.insert("x-overflow".into(), text("reject-publish"));
    channel.queue_declare(work.clone(), durable, arguments).await?;
    channel.queue_bind(work, events, short("#"), QueueBindOptions::default(), FieldTable::default()).await
}
