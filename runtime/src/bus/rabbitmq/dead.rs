//! Dead letters: what is no event goes there with its reason, and what lies there is taken into the
//! store, where people look at it and send it again (`api::dead_letters`).

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use lapin::{
    BasicProperties, Channel, Confirmation,
    message::Delivery,
    options::{BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions},
    types::{AMQPValue, FieldTable},
};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::{CONFIRMED, RabbitMq, Trouble, sleep};
use crate::{
    bus::{
        cloudevent::{self, Malformed, short},
        reason::Reason,
    },
    core::Core,
    store::NewDeadLetter,
};

/// Dead letters in hand at once; they are rare, and may be large.
const PREFETCH: u16 = 16;
/// A store that refused is asked again after this.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(500);
/// Headers by which a reason travels with the message.
const CODE: &str = "masar-reason-code";
const REASON: &str = "masar-reason";
/// Names one burial, so that a second delivery of it is known.
const BURIAL: &str = "masar-burial";

/// Sends what is no event to the dead letters. When this returns, the broker has it.
pub(super) async fn bury(
    channel: &Channel,
    broker: &RabbitMq,
    core: &Core,
    delivery: &Delivery,
    reason: &Malformed,
) -> Result<(), Trouble> {
    let explain = |error: lapin::Error| Trouble::explain(&error, broker);
    tracing::warn!(code = reason.code, reason = %reason.message, key = %delivery.routing_key, "a message became a dead letter");
    let mut headers = delivery.properties.headers().clone().unwrap_or_default();
    let mut note = |name: &str, text: &str| {
        headers.insert(short(name), AMQPValue::LongString(text.into()));
    };
    note(CODE, reason.code);
    note(REASON, &reason.message);
    note(BURIAL, &core.ids.next(core.clock.now()).to_string());
    let properties = delivery.properties.clone().with_headers(headers).with_delivery_mode(2);
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let key = delivery.routing_key.clone();
    let burial = async {
        let confirm =
            channel.basic_publish(short(&broker.dead), key, options, &delivery.data, properties).await?;
        confirm.await
    };
    match tokio::time::timeout(CONFIRMED, burial).await {
        Ok(Ok(Confirmation::Ack(None))) => Ok(()),
        Ok(Ok(_)) => Err(Trouble::refused(broker, "of a dead letter")),
        Ok(Err(error)) => Err(explain(error)),
        Err(_) => Err(Trouble::unconfirmed(broker)),
    }
}

/// Takes dead letters into the store until the session is over.
pub(super) async fn keep(
    broker: &RabbitMq,
    core: &Core,
    channel: &Channel,
    over: &CancellationToken,
) -> Result<(), Trouble> {
    let explain = |error: lapin::Error| Trouble::explain(&error, broker);
    channel.basic_qos(PREFETCH, BasicQosOptions::default()).await.map_err(explain)?;
    let options = BasicConsumeOptions::default();
    let mut consumer = channel
        .basic_consume(short(&broker.dead), short(""), options, FieldTable::default())
        .await
        .map_err(explain)?;
    loop {
        let delivery = tokio::select! {
            delivery = consumer.next() => delivery,
            () = over.cancelled() => return Ok(()),
        };
        let delivery = delivery.ok_or_else(|| Trouble::lost(broker, "it hands nothing out any more"))?;
        let delivery = delivery.map_err(explain)?;
        let letter = letter(&delivery, core);
        while let Err(error) = core.store.add_dead_letter(letter.clone()).await {
            tracing::error!(error = %error, "a dead letter could not be kept; it is tried again");
            if sleep(AGAIN, over).await {
                return Ok(());
            }
        }
        core.metrics.bus("dead", 1);
        match delivery.ack(BasicAckOptions::default()).await {
            Ok(true) => {}
            Ok(false) => return Err(Trouble::lost(broker, "an acknowledgement came too late")),
            Err(error) => return Err(explain(error)),
        }
    }
}

fn letter(delivery: &Delivery, core: &Core) -> NewDeadLetter {
    let empty = FieldTable::default();
    let headers = delivery.properties.headers().as_ref().unwrap_or(&empty).inner();
    let texts: BTreeMap<String, String> = headers
        .iter()
        .filter(|(name, _)| {
            !matches!(name.as_str(), CODE | REASON | BURIAL) && !name.as_str().starts_with("x-")
        })
        .filter_map(|(name, value)| Some((name.to_string(), cloudevent::text(value)?)))
        .collect();
    let said = |name: &str| headers.get(name).and_then(cloudevent::text);
    let (code, reason) = match said(CODE) {
        Some(code) => (code, said(REASON).unwrap_or_default()),
        None => by_the_broker(&delivery.properties),
    };
    // A burial has its own name; what the broker buried is told apart by when and why.
    let key = said(BURIAL).unwrap_or_else(|| format!("{:?}", headers.get("x-death")));
    let mut digest = Sha256::new();
    digest.update(key.as_bytes());
    digest.update(format!("{texts:?}").as_bytes());
    digest.update(&delivery.data);
    NewDeadLetter {
        key: digest.finalize().into(),
        code,
        reason,
        routing_key: delivery.routing_key.to_string(),
        content_type: delivery.properties.content_type().as_ref().map(ToString::to_string),
        headers: texts,
        body: delivery.data.clone(),
        at: core.clock.now(),
    }
}

/// Why the broker itself put it there.
fn by_the_broker(properties: &BasicProperties) -> (String, String) {
    let headers = properties.headers().as_ref().map(FieldTable::inner);
    let why = headers
        .and_then(|headers| headers.get("x-first-death-reason"))
        .and_then(cloudevent::text)
        .unwrap_or_default();
    let row = Reason::find(&format!("bus.{why}"));
    (row.code.to_owned(), row.title.en.to_owned())
}
