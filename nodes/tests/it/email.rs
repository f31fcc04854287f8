//! `email.send` against a server that speaks SMTP.

use base64::{Engine, prelude::BASE64_STANDARD};
use masar_engine::{Json, StepError};
use masar_nodes::World;
use serde_json::json;

use crate::{
    smtp::{CERTIFICATE, Security, SmtpPeer},
    world::{credential, run, world},
};

fn office(peer: &SmtpPeer, more: &[(&str, &str)]) -> World {
    let port = peer.address.port().to_string();
    let mut fields = vec![
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
        ("security", "none"),
        ("from", "متجر المسار <hello@masar.sa>"),
    ];
    fields.extend_from_slice(more);
    world(&["127.0.0.0/8"], credential("office", "smtp", &fields))
}

async fn send(world: &World, more: Json) -> Result<Json, StepError> {
    let mut parameters = json!({"credential": "office", "to": "a@example.sa", "subject": "s", "text": "t"});
    parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    run(world, "email.send", parameters).await.map(|output| (*output.value.unwrap()).clone())
}

/// The encoded words of a header (RFC 2047), read back.
fn unfolded(data: &str, name: &str) -> String {
    let head = data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap();
    let mut bytes = Vec::new();
    for word in line.split(' ') {
        match word.strip_prefix("=?utf-8?b?").and_then(|word| word.strip_suffix("?=")) {
            Some(encoded) => bytes.extend(BASE64_STANDARD.decode(encoded).unwrap()),
            None => bytes.extend(format!(" {word}").into_bytes()),
        }
    }
    String::from_utf8(bytes).unwrap().trim().to_owned()
}

#[tokio::test]
async fn an_arabic_message_arrives_as_it_was_written() {
    let peer = SmtpPeer::start(|_| "250 OK").await;
    let world = office(&peer, &[("username", "hello"), ("password", "right")]);
    let html = "<p dir=\"rtl\">أهلًا يا نورة</p>";
    let parameters = json!({
        "to": "نورة القحطاني <noura@example.sa>, ali@example.sa",
        "bcc": ["boss@example.sa"],
        "reply_to": "sales@masar.sa",
        "subject": "عرض السعر رقم ٤٢ جاهز للتحميل من الموقع",
        "text": "أهلًا يا نورة",
        "html": html,
        "attachments": [
            {"filename": "../عرض.pdf", "base64": "JVBERgD/", "content_type": "application/pdf"},
            {"filename": "note.txt", "text": ".dot\r\n"}
        ]
    });
    let output = send(&world, parameters.clone()).await.unwrap();
    let mail = &peer.taken()[0];
    assert_eq!(mail.login.as_deref(), Some("|hello|right"));
    assert_eq!(mail.from, "hello@masar.sa");
    assert_eq!(mail.to, ["noura@example.sa", "ali@example.sa", "boss@example.sa"]);
    assert_eq!(unfolded(&mail.data, "Subject"), "عرض السعر رقم ٤٢ جاهز للتحميل من الموقع");
    assert!(unfolded(&mail.data, "From").ends_with("<hello@masar.sa>"));
    assert!(unfolded(&mail.data, "To").contains("نورة القحطاني"));
    assert!(!mail.data.contains("boss@example.sa"));
    assert!(mail.data.contains("Reply-To: sales@masar.sa\r\n"));
    assert!(mail.data.contains("multipart/mixed") && mail.data.contains("multipart/alternative"));
    assert!(mail.data.contains("JVBERgD/") && !mail.data.contains("../"));
    let joined = mail.data.replace("\r\n", "");
    assert!(joined.contains(&BASE64_STANDARD.encode(html)), "{}", mail.data);

    // A second attempt of the same step carries the same id.
    let id = output["message_id"].as_str().unwrap();
    assert!(id.ends_with("@masar.sa>") && mail.data.contains(&format!("Message-ID: {id}\r\n")));
    assert_eq!(send(&world, parameters).await.unwrap()["message_id"], id);
    assert_eq!(output["accepted"], json!(["noura@example.sa", "ali@example.sa", "boss@example.sa"]));
    assert!(output["response"].as_str().unwrap().contains("taken as 42"));
}

#[tokio::test]
async fn tls_is_checked_against_the_name_though_an_address_is_dialled() {
    for (security, name) in [(Security::StartTls, "starttls"), (Security::Tls, "tls")] {
        let peer = SmtpPeer::secured(security, |_| "250 OK").await;
        let port = peer.address.port().to_string();
        let office = |host: &str, ca: &str| {
            let fields = [
                ("host", host),
                ("port", port.as_str()),
                ("security", name),
                ("username", "hello@masar.sa"),
                ("password", "right"),
                ("ca_certificate", ca),
            ];
            world(&["127.0.0.0/8", "::1/128"], credential("office", "smtp", &fields))
        };
        send(&office("localhost", CERTIFICATE), json!({})).await.unwrap();
        assert_eq!(peer.taken()[0].login.as_deref(), Some("|hello@masar.sa|right"));
        // Another name, and an authority that nobody knows.
        for (host, ca) in [("127.0.0.1", CERTIFICATE), ("localhost", "")] {
            let error = send(&office(host, ca), json!({})).await.unwrap_err();
            assert!(error.code == "email.connect" || error.code == "email.tls", "{name}: {error:?}");
        }
        assert_eq!(peer.taken().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_for_now_may_be_tried_again_and_one_for_ever_not() {
    let peer = SmtpPeer::start(|to| match to {
        "full@example.sa" => "452 4.2.2 mailbox full",
        "gone@example.sa" => "550 5.1.1 no such person",
        _ => "",
    })
    .await;
    let world = office(&peer, &[]);
    for (to, code, retryable) in [
        ("full@example.sa", "email.deferred", true),
        ("gone@example.sa", "email.rejected", false),
        // Hangs up after the data: nobody knows whether it was taken.
        ("cut@example.sa", "email.interrupted", false),
    ] {
        let error = send(&world, json!({ "to": to })).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), (code, retryable), "{error:?}");
        assert!(error.details["message_id"].is_string());
    }
}

#[tokio::test]
async fn no_password_goes_where_it_must_not() {
    let peer = SmtpPeer::start(|_| "250 OK").await;
    // STARTTLS is asked for, the server has none: nothing may be sent in the clear.
    let safe = office(&peer, &[("security", "starttls"), ("username", "hello"), ("password", "right")]);
    let error = send(&safe, json!({})).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("email.client", false), "{error:?}");
    let wrong = office(&peer, &[("username", "hello"), ("password", "my-wrong-one")]);
    let error = send(&wrong, json!({})).await.unwrap_err();
    assert_eq!(error.code, "email.rejected");
    assert!(!format!("{error:?}").contains("my-wrong-one"));
    assert!(peer.taken().is_empty());

    let fields = [("host", "127.0.0.1"), ("security", "none"), ("from", "a@b.sa")];
    let closed = world(&[], credential("office", "smtp", &fields));
    assert_eq!(send(&closed, json!({})).await.unwrap_err().code, "email.refused_host");
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    drop(silent);
    let gone = office(&peer, &[("port", &port)]);
    let error = send(&gone, json!({})).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("email.connect", true), "{error:?}");
}

#[tokio::test]
async fn wrong_messages_are_refused_before_anything_is_sent() {
    let peer = SmtpPeer::start(|_| "250 OK").await;
    let world = office(&peer, &[]);
    for (more, path) in [
        (json!({"to": ""}), "to"),
        (json!({"to": "noura"}), "to"),
        (json!({"subject": "a\r\nBcc: x@y.sa"}), "subject"),
        (json!({"text": null}), "html"),
        (json!({"attachments": [{"filename": "a", "base64": "?"}]}), "attachments.0.base64"),
        (json!({"attachments": [{"filename": "a"}]}), "attachments.0"),
    ] {
        let error = send(&world, more).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.details["path"].as_str()), ("parameter.invalid", Some(path)));
    }
    assert_eq!(peer.connections(), 0);
}
