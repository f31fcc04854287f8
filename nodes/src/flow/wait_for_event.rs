//! `flow.wait_for_event`: until something happens that belongs to this run.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    node::{Prepared, Wait},
    value::Parameter,
};
use serde::Deserialize;
use serde_json::json;

use super::wait::check_durations;
use crate::{
    NodeType,
    declare::{any, declare, duration, example, text},
    moment,
    node::invalid,
    prepare::{Faults, resolved},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    event_type: String,
    #[serde(default)]
    key: Json,
    correlate: Option<String>,
    timeout: Option<Json>,
}

pub(crate) fn node() -> NodeType {
    declare(
        "flow.wait_for_event",
        "bell-ring",
        [
            "Wait for an event",
            "Goes on when something happens that belongs to this run, with its data.",
            "انتظار حدث",
            "يكمل ببيانات الحدث حين يقع ما يخص هذا التشغيل.",
        ],
    )
    .parameters([
        text("event_type", ["Type of event", "The whole type.", "نوع الحدث", "النوع كاملًا."])
            .hint("event_type")
            .required()
            .not_empty()
            .sample("payment.received"),
        any(
            "key",
            [
                "Belongs to this run if it holds",
                "The value that tells this run's event from others', e.g. an order number. Without one any event of the type will do.",
                "يخص هذا التشغيل إن حمل",
                "القيمة التي تميز حدث هذا التشغيل عن غيره، مثل رقم الطلب. بدونها يكفي أي حدث من النوع.",
            ],
        )
        .hint("text"),
        text(
            "correlate",
            [
                "In",
                "Path to that value in the event's data; without one the event's subject.",
                "في",
                "مسار تلك القيمة في بيانات الحدث؛ وبدونه موضوع الحدث.",
            ],
        )
        .sample("order.id"),
        duration(
            "timeout",
            [
                "Give up after",
                "Then it leaves by `timeout`; without one it waits for ever.",
                "التوقف بعد",
                "ثم يخرج من timeout؛ وبدونه ينتظر بلا نهاية.",
            ],
        )
        .sample("3d"),
    ])
    .ports(["out", "timeout"])
    .search(["callback", "reply", "correlate", "رد", "دفع", "حدث"])
    .example(example(
        "The payment of this order, within three days",
        json!({
            "event_type": "payment.received",
            "key": {"$expr": "steps.order.id"},
            "correlate": "order.id",
            "timeout": "3d"
        }),
    ))
    .pure(WaitForEvent)
}

struct WaitForEvent;

impl Pure for WaitForEvent {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        check_durations(parameters, &["timeout"])
    }

    fn run(&self, call: &Call<'_>) -> Outcome {
        match wait(call) {
            Ok(wait) => Outcome::Wait(wait),
            Err(error) => Outcome::Failed(error),
        }
    }
}

fn wait(call: &Call<'_>) -> Result<Wait, StepError> {
    let parameters: Parameters = resolved(call)?;
    let key = match parameters.key {
        // An expression that gives nothing must not make the wait take everybody's event.
        Json::Null if call.parameters.get("key").is_some_and(|key| key.as_literal() != Some(&Json::Null)) => {
            return Err(invalid("key", "the key is null; it must tell this run's event from others'"));
        }
        Json::Null => None,
        Json::String(text) => Some(text),
        Json::Number(_) | Json::Bool(_) => Some(parameters.key.to_string()),
        _ => return Err(invalid("key", "the key must be text or a number")),
    };
    if parameters.event_type == "masar.hook" {
        let message = "a call of a webhook cannot be waited for: let the workflow that takes it publish an event, and wait for that";
        return Err(invalid("event_type", message));
    }
    let deadline = parameters.timeout.map(|value| moment::after(call, &value, "timeout")).transpose()?;
    Ok(Wait::Event { event_type: parameters.event_type, key, correlate: parameters.correlate, deadline })
}
