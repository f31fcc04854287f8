//! `email.send`: one message to one or more people, as HTML, text or both, with attachments.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use lettre::{
    AsyncTransport, Message,
    message::{Attachment, Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp,
};
use masar_engine::{Json, Output, StepError, manifest::Example};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::address::{mailbox, mailboxes};
use crate::{
    External, NodeType, ResolvedCall, World,
    declare::{any, declare, example, list, rows, text},
    http::decode,
    node::invalid,
    world::Mask,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    credential: String,
    from: Option<String>,
    to: Json,
    #[serde(default)]
    cc: Json,
    #[serde(default)]
    bcc: Json,
    #[serde(default)]
    reply_to: Json,
    subject: String,
    text: Option<String>,
    html: Option<String>,
    #[serde(default)]
    attachments: Vec<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    filename: String,
    content_type: Option<String>,
    base64: Option<String>,
    text: Option<String>,
}

pub(crate) fn node() -> NodeType {
    declare(
        "email.send",
        "mail",
        ["Send e-mail", "Sends a message by your mail server.", "إرسال بريد", "يرسل رسالة عبر خادم بريدك."],
    )
    .parameters([
        text(
            "credential",
            ["Mail server", "The server that sends it.", "خادم البريد", "الخادم الذي يرسلها."],
        )
        .hint("credential")
        .required(),
        any(
            "to",
            ["To", "Addresses: text with commas, or a list.", "إلى", "العناوين: نص تفصله فواصل، أو قائمة."],
        )
        .hint("text")
        .required()
        .sample("نورة القحطاني <noura@example.sa>"),
        text("subject", ["Subject", "One line.", "الموضوع", "سطر واحد."]).hint("template").required(),
        text(
            "html",
            [
                "Message (HTML)",
                "What is filled in is escaped, so that nobody's name can become markup.",
                "الرسالة (HTML)",
                "ما يُملأ فيها يُهرّب حتى لا يصير اسم أحد وسمًا.",
            ],
        )
        .hint("html"),
        text(
            "text",
            [
                "Message (text)",
                "For who reads no HTML; alone, or beside it.",
                "الرسالة (نص)",
                "لمن لا يقرأ HTML؛ وحدها أو بجانبه.",
            ],
        )
        .hint("template"),
        text("from", ["From", "Another sender than the mail server's own.", "من", "مرسل غير مرسل الخادم."])
            .sample("متجر المسار <hello@example.sa>"),
        any("cc", ["Copy", "Addresses that see a copy.", "نسخة", "عناوين تصلها نسخة."]).hint("text"),
        any("bcc", ["Blind copy", "Addresses that nobody else sees.", "نسخة مخفية", "عناوين لا يراها غيرها."])
            .hint("text"),
        any("reply_to", ["Reply to", "Where answers go.", "الرد إلى", "أين تذهب الردود."]).hint("text"),
        rows(
            "attachments",
            [
                text("filename", ["File name", "As the reader sees it.", "اسم الملف", "كما يراه القارئ."])
                    .required()
                    .not_empty(),
                text(
                    "base64",
                    ["Content (base64)", "The bytes of the file.", "المحتوى (base64)", "بايتات الملف."],
                ),
                text("text", ["Content (text)", "Of a text file.", "المحتوى (نص)", "لملف نصي."]),
                text("content_type", ["Type", "Its media type.", "النوع", "نوع الوسائط."])
                    .sample("application/pdf"),
            ],
            ["Attachments", "Files that go with it.", "المرفقات", "ملفات ترافق الرسالة."],
        ),
    ])
    .output([
        text(
            "message_id",
            [
                "Message id",
                "Made from the step, so that a repeated sending can be recognised.",
                "معرّف الرسالة",
                "مشتق من الخطوة ليُعرف التكرار.",
            ],
        )
        .required(),
        list(
            "accepted",
            ["Accepted", "Addresses that it went to.", "المقبولة", "العناوين التي أُرسلت إليها."],
        )
        .required(),
        text("response", ["Answer", "The server's own words.", "الجواب", "جواب الخادم بنصه."]).required(),
    ])
    .credential("credential", ["smtp"], true)
    .search(["mail", "smtp", "message", "ايميل", "بريد الكتروني", "رسالة"])
    .in_doubt()
    .example(Example {
        trigger: json!({"body": {"name": "نورة", "email": "noura@example.sa"}}),
        ..example(
            "Thanks a new lead",
            json!({
                "credential": "office_mail",
                "to": {"$expr": "trigger.body.email"},
                "subject": {"$template": "أهلًا {{trigger.body.name}}"},
                "html": {"$template": "<p dir=\"rtl\">شكرًا لتواصلك معنا يا {{trigger.body.name}}.</p>"}
            }),
        )
    })
    .external(EmailSend)
}

struct EmailSend;

#[async_trait]
impl External for EmailSend {
    async fn run(&self, world: &World, call: &ResolvedCall) -> Result<Output, StepError> {
        let parameters: Parameters = call.parameters()?;
        let credential = world.vault.open(call.workspace, &parameters.credential, &["smtp"]).await?;
        let from = match parameters.from.as_deref() {
            Some(from) => mailbox(from, "from")?,
            None => match credential.get("from").or_else(|| credential.get("username")) {
                Some(from) => mailbox(from, "from")?,
                None => return Err(invalid("from", "neither the node nor its mail server names a sender")),
            },
        };
        let (message, message_id) = message(&parameters, from, call, world.limits.mail_bytes)?;
        let accepted: Vec<String> = message.envelope().to().iter().map(ToString::to_string).collect();
        let mut mask = Mask::default();
        if let Some(password) = credential.get("password") {
            mask.add(password);
        }
        let transport = world.mail.transport(&credential).await?;
        match transport.send(message).await {
            Ok(response) => Ok(Output::out(json!({
                "message_id": message_id,
                "accepted": accepted,
                "response": format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" ")).trim(),
            }))),
            Err(error) => {
                if is_connection(&error) {
                    world.mail.forget(&credential);
                }
                Err(mask.error(failure(&error, credential.get("host").unwrap_or(""), &message_id)))
            }
        }
    }
}

fn message(
    parameters: &Parameters,
    from: Mailbox,
    call: &ResolvedCall,
    most_bytes: usize,
) -> Result<(Message, String), StepError> {
    let digest = Sha256::digest(call.idempotency_key.as_bytes());
    let local: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let message_id = format!("<{local}@{}>", from.email.domain());
    if parameters.subject.contains(['\r', '\n']) {
        return Err(invalid("subject", "the subject has a line break; it must be one line"));
    }
    // The same moment over all attempts would be truer still, but a late mail with an old date looks like spam.
    let date = SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(call.now.0).unwrap_or(0));
    let mut builder = Message::builder()
        .from(from)
        .subject(parameters.subject.clone())
        .message_id(Some(message_id.clone()))
        .date(date);
    let to = mailboxes(&parameters.to, "to")?;
    if to.is_empty() {
        return Err(invalid("to", "there is nobody to send it to"));
    }
    builder = to.into_iter().fold(builder, lettre::message::MessageBuilder::to);
    builder = mailboxes(&parameters.cc, "cc")?.into_iter().fold(builder, lettre::message::MessageBuilder::cc);
    builder =
        mailboxes(&parameters.bcc, "bcc")?.into_iter().fold(builder, lettre::message::MessageBuilder::bcc);
    builder = mailboxes(&parameters.reply_to, "reply_to")?
        .into_iter()
        .fold(builder, lettre::message::MessageBuilder::reply_to);

    let body = match (&parameters.text, &parameters.html) {
        (Some(text), Some(html)) => Body::Both(MultiPart::alternative_plain_html(text.clone(), html.clone())),
        (Some(text), None) => Body::One(SinglePart::plain(text.clone())),
        (None, Some(html)) => Body::One(SinglePart::html(html.clone())),
        (None, None) => return Err(invalid("html", "the message is empty; write `html`, `text` or both")),
    };
    let mut bytes =
        parameters.text.as_ref().map_or(0, String::len) + parameters.html.as_ref().map_or(0, String::len);
    let mut files = Vec::with_capacity(parameters.attachments.len());
    for (file, index) in parameters.attachments.iter().zip(0..) {
        let (part, size) = attachment(file, &format!("attachments.{index}"))?;
        bytes += size;
        files.push(part);
    }
    if bytes > most_bytes {
        let error = format!("the message has {bytes} bytes with its attachments; {most_bytes} are possible");
        return Err(StepError::new("email.too_large", error).permanent());
    }
    let whole = if files.is_empty() {
        match body {
            Body::One(part) => builder.singlepart(part),
            Body::Both(part) => builder.multipart(part),
        }
    } else {
        let mixed = match body {
            Body::One(part) => MultiPart::mixed().singlepart(part),
            Body::Both(part) => MultiPart::mixed().multipart(part),
        };
        builder.multipart(files.into_iter().fold(mixed, MultiPart::singlepart))
    };
    let message = whole.map_err(|error| StepError::new("email.message", error.to_string()).permanent())?;
    Ok((message, message_id))
}

enum Body {
    One(SinglePart),
    Both(MultiPart),
}

fn attachment(file: &File, path: &str) -> Result<(SinglePart, usize), StepError> {
    let (bytes, usual) = match (&file.base64, &file.text) {
        (Some(base64), None) => (decode(base64, &format!("{path}.base64"))?, "application/octet-stream"),
        (None, Some(text)) => (text.clone().into_bytes(), "text/plain; charset=utf-8"),
        _ => return Err(invalid(path, format!("`{path}` needs either `base64` or `text`"))),
    };
    let kind = file.content_type.as_deref().unwrap_or(usual);
    let kind = ContentType::parse(kind)
        .map_err(|_| invalid(&format!("{path}.content_type"), format!("`{kind}` is not a media type")))?;
    // A path would be a hint to where the reader should write it.
    let name = file.filename.rsplit(['/', '\\']).next().unwrap_or("").replace(['\r', '\n', '"'], "_");
    let size = bytes.len();
    Ok((Attachment::new(name).body(bytes, kind), size))
}

/// Whether the message cannot have been taken, because there was no connection yet.
fn is_connection(error: &smtp::Error) -> bool {
    // The library has no other way to tell; a test holds it to it.
    error.to_string().starts_with("Connection error")
}

fn failure(error: &smtp::Error, host: &str, message_id: &str) -> StepError {
    let mut reason = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let inner_reason = inner.to_string();
        if !reason.contains(&inner_reason) {
            reason = format!("{reason}: {inner_reason}");
        }
        source = inner.source();
    }
    let details = json!({"status": error.status().map(|code| code.to_string()), "message_id": message_id});
    let step = |code: &str, message: String| StepError::new(code, message).with_details(details.clone());
    // RFC 5321 §4.2.1: 4yz may pass by itself, 5yz does not.
    if error.is_permanent() {
        step("email.rejected", format!("{host} refused the message: {reason}")).permanent()
    } else if error.is_transient() {
        step("email.deferred", format!("{host} did not take the message now: {reason}"))
    } else if is_connection(error) {
        step("email.connect", format!("{host} could not be reached: {reason}"))
    } else if error.is_tls() {
        step("email.tls", format!("no safe connection to {host}: {reason}")).permanent()
    } else if error.is_client() {
        step("email.client", format!("{host} cannot be used like this: {reason}")).permanent()
    } else {
        // It may have been taken all the same; sending it once more is for a person to decide.
        step(
            "email.interrupted",
            format!("the connection to {host} broke while sending; the message may have arrived: {reason}"),
        )
        .permanent()
    }
}
