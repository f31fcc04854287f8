//! Family `webhook`: answering who called. The call itself is `trigger.webhook`.

use masar_engine::{Call, Json, Outcome, Output, Pure, StepError, manifest::Example};
use serde::Deserialize;
use serde_json::{Map, json};

use crate::{
    NodeType,
    declare::{any, declare, example, integer, key_value},
    node::invalid,
    prepare::resolved,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: Map<String, Json>,
    #[serde(default)]
    body: Json,
}

fn ok() -> u16 {
    200
}

pub(crate) fn respond() -> NodeType {
    declare(
        "webhook.respond",
        "reply",
        [
            "Answer the webhook",
            "Answers the caller who waits for this run.",
            "الرد على الويب هوك",
            "يجيب المستدعي الذي ينتظر هذا التشغيل.",
        ],
    )
    .parameters([
        integer("status", 200, 599, ["Status", "The HTTP status.", "الحالة", "حالة HTTP."]).default(200),
        key_value("headers", ["Headers", "Of the answer.", "الترويسات", "ترويسات الجواب."]),
        any(
            "body",
            ["Body", "Text goes as it is, everything else as JSON.", "المحتوى", "النص كما هو، وما عداه بصيغة JSON."],
        )
        .hint("code"),
    ])
    .output([
        integer("status", 200, 599, ["Status", "The HTTP status.", "الحالة", "حالة HTTP."]).required(),
        key_value("headers", ["Headers", "Of the answer.", "الترويسات", "ترويسات الجواب."]).required(),
        any("body", ["Body", "Of the answer.", "المحتوى", "محتوى الجواب."]),
    ])
    .responds()
    .search(["response", "reply", "return", "جواب", "استجابة"])
    .example(Example {
        input: json!({"id": 7}),
        port: Some("out".into()),
        output: Some(json!({"status": 201, "headers": {"x-lead": "7"}, "body": {"lead": 7}})),
        ..example(
            "With the new lead's number",
            json!({"status": 201, "headers": {"X-Lead": {"$template": "{{input.id}}"}}, "body": {"lead": {"$expr": "input.id"}}}),
        )
    })
    .example(Example {
        error: Some("parameter.invalid".into()),
        ..example("A line break in a header is refused", json!({"headers": {"X-Name": "a\r\nSet-Cookie: b"}}))
    })
    .pure(Respond)
}

struct Respond;

impl Pure for Respond {
    fn run(&self, call: &Call<'_>) -> Outcome {
        answer(call).map(Output::out).into()
    }
}

fn answer(call: &Call<'_>) -> Result<Json, StepError> {
    let Parameters { status, headers, body } = resolved(call)?;
    if !(200..=599).contains(&status) {
        return Err(invalid("status", format!("{status} cannot be answered; choose 200 to 599")));
    }
    let mut written = Map::new();
    for (name, value) in headers {
        let path = format!("headers.{name}");
        let text = match value {
            Json::Null => continue,
            Json::String(text) => text,
            Json::Number(_) | Json::Bool(_) => value.to_string(),
            _ => return Err(invalid(&path, format!("the header `{name}` must be text"))),
        };
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !is_name || text.contains(char::is_control) {
            return Err(invalid(
                &path,
                format!(
                    "`{name}` cannot be sent: names are Latin letters, digits and -, values have no line break"
                ),
            ));
        }
        let name = name.to_ascii_lowercase();
        if ["content-length", "transfer-encoding", "connection"].contains(&name.as_str()) {
            return Err(invalid(&path, format!("the header `{name}` is set by Masar itself; take it out")));
        }
        written.insert(name, text.into());
    }
    Ok(json!({"status": status, "headers": written, "body": body}))
}
