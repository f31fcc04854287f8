//! `trigger.webhook`: another system calls us. How a call is checked and becomes an event is the hook
//! endpoint's business; here is what the author may say about it.

use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    manifest::{Example, Role},
    node::Prepared,
    value::Parameter,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    NodeType,
    declare::{any, choice, declare, example, group, integer, key_value, text, texts},
    node::{invalid, read_parameters},
    prepare::{Faults, keep, literal},
};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// The parameters of `trigger.webhook`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Below `/hooks/{workspace}/`, without a slash in front; see [`Webhook::read`].
    pub path: String,
    /// Methods that are taken, in capitals.
    #[serde(default = "post")]
    pub methods: Vec<String>,
    /// When the caller is answered.
    #[serde(default)]
    pub respond: Respond,
    /// How the caller proves who it is.
    #[serde(default)]
    pub auth: Auth,
    /// By what a repeated call is known.
    #[serde(default)]
    pub dedupe: Option<Dedupe>,
    /// Headers that become part of the event, in small letters; absent means all but those that
    /// hold secrets.
    #[serde(default)]
    pub keep_headers: Option<Vec<String>>,
    /// Largest body, bytes; absent means the installation's own.
    #[serde(default)]
    pub body_limit: Option<usize>,
}

/// When a webhook's caller is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Respond {
    /// 202 as soon as the event is durable.
    #[default]
    Immediately,
    /// By `webhook.respond`, or by the run's result.
    Workflow,
}

/// How a webhook's caller proves who it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Which way.
    #[serde(rename = "type", default)]
    pub kind: AuthKind,
    /// Credential of type `webhook_secret`.
    #[serde(default)]
    pub credential: Option<String>,
    /// Header that holds the secret (absent: `X-Webhook-Secret`) or the signature (absent: `X-Signature`).
    #[serde(default)]
    pub header: Option<String>,
    /// With which digest the signature is made.
    #[serde(default)]
    pub algorithm: Algorithm,
    /// How the signature is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// What stands before the signature, e.g. `sha256=`.
    #[serde(default)]
    pub prefix: String,
}

/// The ways to prove it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// Not at all; the path must be hard to guess.
    #[default]
    None,
    /// The secret itself stands in a header.
    Secret,
    /// HMAC over the raw body.
    Hmac,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature` over `id.timestamp.body`.
    StandardWebhooks,
    /// `X-Hub-Signature-256: sha256=…` over the body.
    Github,
    /// The same, by Meta (WhatsApp).
    Meta,
    /// `Stripe-Signature: t=…,v1=…` over `t.body`.
    Stripe,
    /// `X-Slack-Signature: v0=…` over `v0:timestamp:body`.
    Slack,
}

/// The digest inside an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// SHA-1, for older systems that offer nothing else.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal, either case.
    #[default]
    Hex,
    /// Base64.
    Base64,
}

/// By what a repeated call is known. Exactly one of the two.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dedupe {
    /// A header.
    #[serde(default)]
    pub header: Option<String>,
    /// A dotted path in the JSON body.
    #[serde(default)]
    pub path: Option<String>,
}

fn post() -> Vec<String> {
    vec!["POST".to_owned()]
}

impl Webhook {
    /// Reads the parameters as a workflow holds them, in one form: no slash in front of the path,
    /// methods in capitals, headers in small letters.
    ///
    /// # Errors
    /// `parameter.invalid` with the field's path.
    pub fn read(parameters: &Json) -> Result<Self, StepError> {
        read_parameters::<Self>(parameters.clone())?.normal()
    }

    fn normal(mut self) -> Result<Self, StepError> {
        self.path = self.path.trim().trim_matches('/').to_owned();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        let segment =
            |part: &str| !part.is_empty() && part.chars().all(fits) && !part.chars().all(|c| c == '.');
        if self.path.len() > 200 || !self.path.split('/').all(segment) {
            return Err(invalid(
                "path",
                format!(
                    "`{}` cannot be a path; write Latin letters, digits, - _ . ~ and / between parts",
                    self.path
                ),
            ));
        }
        for method in &mut self.methods {
            method.make_ascii_uppercase();
        }
        if let Some(method) = self.methods.iter().find(|method| !METHODS.contains(&method.as_str())) {
            return Err(invalid(
                "methods",
                format!("`{method}` is not possible; there are {}", METHODS.join(", ")),
            ));
        }
        if self.methods.is_empty() {
            return Err(invalid("methods", "without a method nothing can be taken; leave it out for POST"));
        }
        for header in self.keep_headers.iter_mut().flatten() {
            header.make_ascii_lowercase();
        }
        if self.auth.kind != AuthKind::None && self.auth.credential.is_none() {
            return Err(invalid("auth.credential", "the check needs a credential of type webhook_secret"));
        }
        if self.dedupe.as_ref().is_some_and(|dedupe| dedupe.header.is_some() == dedupe.path.is_some()) {
            return Err(invalid("dedupe", "name either a `header` or a `path`"));
        }
        Ok(self)
    }
}

pub(crate) fn node() -> NodeType {
    declare(
        "trigger.webhook",
        "webhook",
        [
            "Webhook",
            "Starts when another system calls your address.",
            "ويب هوك",
            "يبدأ حين يستدعي نظام آخر عنوانك.",
        ],
    )
    .role(Role::Trigger)
    .parameters([
        text(
            "path",
            [
                "Path",
                "The end of the address, e.g. leads. Hard to guess, where nothing is checked.",
                "المسار",
                "نهاية العنوان، مثل leads. اجعله صعب التخمين إن لم يكن هناك تحقق.",
            ],
        )
        .required()
        .not_empty()
        .sample("leads"),
        texts(
            "methods",
            [
                "Methods",
                "Which are taken; POST, where none is named.",
                "الطرق",
                "ما يُقبل منها؛ POST إن لم تُحدد.",
            ],
        )
        .default(json!(["POST"])),
        choice(
            "respond",
            [
                ["immediately", "At once, with 202", "فورًا بالحالة 202"],
                ["workflow", "By the workflow", "من سير العمل"],
            ],
            [
                "Answer",
                "At once when the event is safe, or what the workflow answers.",
                "الجواب",
                "فورًا بعد حفظ الحدث، أو ما يجيب به سير العمل.",
            ],
        )
        .default("immediately"),
        group(
            "auth",
            [
                choice(
                    "type",
                    [
                        ["none", "No check", "بلا تحقق"],
                        ["secret", "Secret in a header", "سر في ترويسة"],
                        ["hmac", "Signature (HMAC)", "توقيع (HMAC)"],
                        ["standard_webhooks", "Standard Webhooks", "Standard Webhooks"],
                        ["github", "GitHub", "GitHub"],
                        ["meta", "Meta (WhatsApp)", "ميتا (واتساب)"],
                        ["stripe", "Stripe", "Stripe"],
                        ["slack", "Slack", "Slack"],
                    ],
                    ["Check", "How the caller proves who it is.", "التحقق", "كيف يثبت المستدعي هويته."],
                )
                .default("none"),
                text(
                    "credential",
                    ["Secret", "Credential with the secret.", "السر", "بيانات الاعتماد التي فيها السر."],
                )
                .hint("credential")
                .shown_if(
                    "type",
                    ["secret", "hmac", "standard_webhooks", "github", "meta", "stripe", "slack"],
                ),
                text(
                    "header",
                    [
                        "Header",
                        "That holds it; without one X-Webhook-Secret, or X-Signature.",
                        "الترويسة",
                        "التي تحمله؛ وبدونها X-Webhook-Secret أو X-Signature.",
                    ],
                )
                .sample("X-Signature")
                .shown_if("type", ["secret", "hmac"]),
                choice(
                    "algorithm",
                    [
                        ["sha256", "SHA-256", "SHA-256"],
                        ["sha512", "SHA-512", "SHA-512"],
                        ["sha1", "SHA-1", "SHA-1"],
                    ],
                    [
                        "Algorithm",
                        "With which digest the other system signs; SHA-1 only where it offers nothing else.",
                        "الخوارزمية",
                        "الخوارزمية التي يوقّع بها النظام الآخر؛ ولا تُستعمل SHA-1 إلا إن لم يوفّر غيرها.",
                    ],
                )
                .default("sha256")
                .shown_if("type", ["hmac"]),
                choice(
                    "encoding",
                    [["hex", "Hexadecimal", "ست عشري"], ["base64", "Base64", "Base64"]],
                    ["Written as", "How the signature is written.", "الصيغة", "كيف يُكتب التوقيع."],
                )
                .default("hex")
                .shown_if("type", ["hmac"]),
                text(
                    "prefix",
                    ["Before it", "What stands before the signature.", "قبله", "ما يسبق التوقيع."],
                )
                .sample("sha256=")
                .shown_if("type", ["hmac"]),
            ],
            [
                "Check of the caller",
                "Refuses who cannot prove it.",
                "التحقق من المستدعي",
                "يرفض من لا يثبت هويته.",
            ],
        ),
        group(
            "dedupe",
            [
                text(
                    "header",
                    ["Header", "That is the same in a repeated call.", "الترويسة", "المتطابقة عند التكرار."],
                )
                .sample("X-Request-Id"),
                text(
                    "path",
                    ["Path", "In the JSON body, e.g. order.id.", "المسار", "في محتوى JSON، مثل order.id."],
                )
                .sample("order.id"),
            ],
            [
                "Repeated calls",
                "By what a call is known that came before; it starts nothing again.",
                "الاستدعاءات المكررة",
                "ما يُعرف به استدعاء سبق وصوله؛ فلا يبدأ شيئًا من جديد.",
            ],
        ),
        texts(
            "keep_headers",
            [
                "Headers to keep",
                "Become part of the event; without a list all but those that hold secrets.",
                "الترويسات المحفوظة",
                "تصير جزءًا من الحدث؛ وبلا قائمة تُحفظ كلها إلا ما يحمل أسرارًا.",
            ],
        ),
        integer(
            "body_limit",
            1,
            10_485_760,
            [
                "Largest body (bytes)",
                "Larger calls are refused; without one the installation's own limit.",
                "أكبر محتوى (بايت)",
                "يُرفض ما هو أكبر؛ وبدونه حد المنظومة.",
            ],
        ),
    ])
    .event([
        text("method", ["Method", "In capitals.", "الطريقة", "بأحرف كبيرة."]).required(),
        key_value("query", ["Query", "Names and values.", "الاستعلام", "أسماء وقيم."]).required(),
        key_value(
            "headers",
            ["Headers", "Those that are kept, in small letters.", "الترويسات", "المحفوظة منها بأحرف صغيرة."],
        )
        .required(),
        any(
            "body",
            ["Body", "JSON or form as a value, else text.", "المحتوى", "قيمة من JSON أو نموذج، وإلا فنص."],
        ),
    ])
    .credential("auth.credential", ["webhook_secret"], false)
    .search(["http", "hook", "callback", "form", "نموذج", "استقبال", "رابط"])
    .example(Example {
        trigger: json!({"method": "POST", "query": {}, "headers": {}, "body": {"name": "نورة"}}),
        input: json!({"method": "POST", "query": {}, "headers": {}, "body": {"name": "نورة"}}),
        port: Some("out".into()),
        output: Some(json!({"method": "POST", "query": {}, "headers": {}, "body": {"name": "نورة"}})),
        ..example(
            "Takes leads from a web form, each once",
            json!({
                "path": "leads",
                "auth": {"type": "secret", "credential": "form_secret", "header": "X-Form-Secret"},
                "dedupe": {"path": "submission_id"}
            }),
        )
    })
    .pure(WebhookTrigger)
}

struct WebhookTrigger;

impl Pure for WebhookTrigger {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let Some(webhook) = literal::<Webhook>(parameters, &[])? else { return Ok(None) };
        let webhook = webhook.normal().map_err(|error| {
            let path = error.details.get("path").and_then(Json::as_str).unwrap_or("").to_owned();
            vec![(path, error.message)]
        })?;
        Ok(keep(webhook))
    }

    fn run(&self, _call: &Call<'_>) -> Outcome {
        super::pass()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_come_in_one_form_or_name_their_fault() {
        let parameters = json!({"path": "/crm/leads/", "methods": ["post"], "keep_headers": ["X-Trace"]});
        let hook = Webhook::read(&parameters).unwrap();
        assert_eq!((hook.path.as_str(), hook.auth.kind), ("crm/leads", AuthKind::None));
        assert_eq!(
            (hook.methods, hook.keep_headers),
            (vec!["POST".to_owned()], Some(vec!["x-trace".to_owned()]))
        );
        for (parameters, path) in [
            (json!({"path": "../admin"}), "path"),
            (json!({"path": "a//b"}), "path"),
            (json!({"path": "عملاء"}), "path"),
            (json!({"path": "a", "methods": ["BREW"]}), "methods"),
            (json!({"path": "a", "auth": {"type": "stripe"}}), "auth.credential"),
            (json!({"path": "a", "auth": {"type": "magic"}}), "auth.type"),
            (json!({"path": "a", "dedupe": {}}), "dedupe"),
        ] {
            let error = Webhook::read(&parameters).unwrap_err();
            assert_eq!(error.details["path"], path, "{parameters}");
        }
    }
}
