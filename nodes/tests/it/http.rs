//! `http.request` and the guard, against a real server.

use masar_engine::Json;
use masar_nodes::net::{Client, Guard, Method, NetError, Refused, Request, Url, install_tls_provider};
use serde_json::json;

use crate::{
    peer::{Answer, Peer, answer},
    world::{TestVault, credential, run, world},
};

const LOOPBACK: &[&str] = &["127.0.0.0/8"];
const JSON: &str = "application/json";

fn ok() -> Answer {
    answer(200, JSON, r#"{"ok": true}"#)
}

#[tokio::test]
async fn a_request_carries_what_its_author_wrote() {
    let peer =
        Peer::start(|_| answer(201, "application/json; charset=utf-8", r#"{"id": 7, "name": "نورة"}"#)).await;
    let world =
        world(LOOPBACK, credential("crm", "http_basic", &[("username", "api"), ("password", "s3cret!")]));
    let parameters = json!({
        "method": "POST",
        "url": peer.url("/v1/leads?source=web"),
        "query": {"tag": ["vip", "الرياض"], "page": 2, "none": null},
        "headers": {"X-Trace": "abc"},
        "body": {"name": "نورة"},
        "credential": "crm"
    });
    let output = run(&world, "http.request", parameters).await.unwrap();
    let value = output.value.unwrap();
    assert_eq!(output.port, "out");
    assert_eq!(value["status"], 201);
    assert_eq!(value["body"], json!({"id": 7, "name": "نورة"}));
    assert_eq!(value["headers"]["content-type"], "application/json; charset=utf-8");
    let asked = &peer.asked()[0];
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.target, "/v1/leads?source=web&page=2&tag=vip&tag=%D8%A7%D9%84%D8%B1%D9%8A%D8%A7%D8%B6");
    assert_eq!(asked.headers["authorization"], "Basic YXBpOnMzY3JldCE=");
    assert_eq!(asked.headers["idempotency-key"], "0199-run/send/0");
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(asked.headers["x-trace"], "abc");
    assert_eq!(asked.text(), r#"{"name":"نورة"}"#);
}

#[tokio::test]
async fn every_kind_of_body_is_written_as_its_standard_says() {
    let peer = Peer::start(|_| ok()).await;
    let world = world(LOOPBACK, TestVault::default());
    let send = async |kind: &str, body: Json| {
        let parameters = json!({"method": "PUT", "url": peer.url("/"), "body_type": kind, "body": body});
        run(&world, "http.request", parameters).await.unwrap();
        peer.asked().pop().unwrap()
    };
    let form = send("form", json!({"a b": "1&2", "c": ["x", "y"]})).await;
    assert_eq!(form.text(), "a+b=1%262&c=x&c=y");
    assert_eq!(form.headers["content-type"], "application/x-www-form-urlencoded");
    let raw = send("raw", json!({"base64": "AAEC"})).await;
    assert_eq!(
        (raw.body.as_slice(), raw.headers["content-type"].as_str()),
        (&[0, 1, 2][..], "application/octet-stream")
    );
    let parts = json!([{"name": "note", "value": "مرحبا"}, {"name": "file", "base64": "aGk=", "filename": "a\"b.txt", "content_type": "text/plain"}]);
    let multipart = send("multipart", parts).await;
    let boundary =
        multipart.headers["content-type"].strip_prefix("multipart/form-data; boundary=").unwrap().to_owned();
    let expected = [
        format!("--{boundary}"),
        "Content-Disposition: form-data; name=\"note\"".into(),
        String::new(),
        "مرحبا".into(),
        format!("--{boundary}"),
        "Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.txt\"".into(),
        "Content-Type: text/plain".into(),
        String::new(),
        "hi".into(),
        format!("--{boundary}--\r\n"),
    ];
    assert_eq!(multipart.text(), expected.join("\r\n"));
}

#[tokio::test]
async fn statuses_tell_whether_trying_again_could_help() {
    let peer = Peer::start(|asked| {
        let status = asked.target.trim_start_matches('/').parse().unwrap();
        answer(status, "text/plain", format!("no: {}", asked.headers["x-api-key"])).with("retry-after", "7")
    })
    .await;
    let world =
        world(LOOPBACK, credential("key", "http_header", &[("name", "X-Api-Key"), ("value", "topsecret")]));
    for (status, retryable) in
        [(400, false), (401, false), (404, false), (408, true), (429, true), (500, true), (503, true)]
    {
        let parameters = json!({"url": peer.url(&format!("/{status}")), "credential": "key"});
        let error = run(&world, "http.request", parameters).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("http.status", retryable), "{status}");
        assert_eq!(error.retry_after_ms, Some(7_000));
        assert_eq!(error.details["status"], status);
        // The other side sent the secret back; it stops here.
        assert_eq!(error.details["body"], "no: •••");
        assert!(!format!("{error:?}").contains("topsecret"));
    }
    let parameters = json!({"url": peer.url("/404"), "credential": "key", "success": ["2xx", 404]});
    assert_eq!(run(&world, "http.request", parameters).await.unwrap().value.unwrap()["body"], "no: •••");
}

#[tokio::test]
async fn the_inside_is_refused_directly_by_name_and_behind_a_redirect() {
    let inner = Peer::start(|_| ok()).await;
    let to = inner.url("/secret").replace("127.0.0.1", "127.0.0.2");
    let outer = Peer::start(move |_| answer(302, JSON, "").with("location", to.clone())).await;

    let closed = world(&[], TestVault::default());
    for url in [
        inner.url("/"),
        format!("http://localhost:{}/", inner.address.port()),
        "http://169.254.169.254/".into(),
    ] {
        let error = run(&closed, "http.request", json!({"url": url})).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("http.refused", false), "{url}");
    }
    // A name is refused when it resolves, not by its look.
    let by_name = world(&["localhost"], TestVault::default());
    let parameters = json!({"url": format!("http://localhost:{}/", inner.address.port())});
    assert!(run(&by_name, "http.request", parameters).await.is_ok());

    // The first hop is allowed, the second is not.
    let half = world(&["127.0.0.1/32"], TestVault::default());
    let error = run(&half, "http.request", json!({"url": outer.url("/")})).await.unwrap_err();
    assert_eq!(error.code, "http.refused");
    assert!(error.message.contains("127.0.0.2"), "{error}");
    assert_eq!(inner.asked().len(), 1);
}

#[tokio::test]
async fn a_name_is_judged_by_the_addresses_that_the_connection_would_go_to() {
    install_tls_provider();
    let peer = Peer::start(|_| ok()).await;
    let client = Client::new(Guard::default().with_any_port()).unwrap();
    let url = Url::parse(&format!("http://localhost:{}/", peer.address.port())).unwrap();
    let refused = client.send(Request::new(Method::GET, url)).await.unwrap_err();
    assert!(matches!(refused, NetError::Refused(Refused::Address { .. })), "{refused:?}");
    assert!(peer.asked().is_empty());
}

#[tokio::test]
async fn a_credential_stays_with_its_origin_when_redirected() {
    let other = Peer::start(|_| ok()).await;
    let elsewhere = other.url("/other");
    let peer = Peer::start(move |asked| match asked.target.as_str() {
        "/same" => answer(307, JSON, "").with("location", "/landed"),
        "/away" => answer(303, JSON, "").with("location", elsewhere.clone()),
        "/round" => answer(302, JSON, "").with("location", "/round"),
        _ => ok(),
    })
    .await;
    let world =
        world(LOOPBACK, credential("token", "http_bearer", &[("token", "abcdef"), ("hosts", "127.0.0.1")]));
    let send = async |path: &str| {
        let parameters =
            json!({"method": "POST", "url": peer.url(path), "body": {"a": 1}, "credential": "token"});
        run(&world, "http.request", parameters).await
    };
    send("/same").await.unwrap();
    let landed = peer.asked().pop().unwrap();
    assert_eq!((landed.method.as_str(), landed.text().as_str()), ("POST", r#"{"a":1}"#));
    assert_eq!(landed.headers["authorization"], "Bearer abcdef");

    send("/away").await.unwrap();
    let away = other.asked().pop().unwrap();
    assert_eq!((away.method.as_str(), away.text().as_str()), ("GET", ""));
    assert!(!away.headers.contains_key("authorization"));

    let before = peer.asked().len();
    assert_eq!(send("/round").await.unwrap_err().code, "http.redirect");
    assert_eq!(peer.asked().len() - before, 6);

    let foreign = json!({"url": "http://example.com/", "credential": "token"});
    assert_eq!(run(&world, "http.request", foreign).await.unwrap_err().code, "credential.host");
}

#[tokio::test]
async fn answers_are_read_by_type_and_bounded() {
    let peer = Peer::start(|asked| match asked.target.as_str() {
        "/png" => answer(200, "image/png", [0x89, b'P']),
        "/text" => answer(200, "text/plain; charset=windows-1256", [0xE3, 0xD1, 0xCD, 0xC8, 0xC7]),
        "/broken" => answer(200, JSON, "{"),
        "/big" => answer(200, "text/plain", vec![b'x'; 2_000]),
        _ => answer(204, JSON, "").with("set-cookie", "session=1"),
    })
    .await;
    let world = world(LOOPBACK, TestVault::default());
    let get = async |path: &str, more: Json| {
        let mut parameters = json!({"url": peer.url(path), "max_bytes": 1_000});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        run(&world, "http.request", parameters).await.map(|output| output.value.unwrap())
    };
    let none = json!({});
    assert_eq!(
        get("/png", none.clone()).await.unwrap()["body"],
        json!({"base64": "iVA=", "bytes": 2, "content_type": "image/png"})
    );
    assert_eq!(get("/text", none.clone()).await.unwrap()["body"], "مرحبا");
    assert_eq!(get("/broken", none.clone()).await.unwrap()["body"], "{");
    assert_eq!(get("/broken", json!({"response": "json"})).await.unwrap_err().code, "http.body");
    let empty = get("/", none.clone()).await.unwrap();
    assert_eq!((&empty["body"], empty["headers"].get("set-cookie")), (&Json::Null, None));
    let error = get("/big", none).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("http.too_large", false));
}

#[tokio::test]
async fn what_does_not_answer_may_be_tried_again() {
    // Bound but never accepting: the handshake succeeds and nothing follows.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = world(LOOPBACK, TestVault::default());
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let error = run(&world, "http.request", json!({"url": url, "timeout_ms": 100})).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("http.timeout", true));
    drop(silent);
    let error = run(&world, "http.request", json!({"url": url})).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("http.connect", true));
}

#[tokio::test]
async fn pages_are_read_to_the_end_in_four_ways() {
    let peer = Peer::start(|asked| {
        let page = asked.target.rsplit('=').next().unwrap().to_owned();
        let (kind, _) = asked.target.trim_start_matches('/').split_once('?').unwrap_or(("", ""));
        let body = match (kind, page.as_str()) {
            (_, "1") => json!({"data": [1, 2], "next": if kind == "cursor" { "2" } else { "/url?p=2" }}),
            (_, "2") => json!({"data": [3], "next": null}),
            _ => json!({"data": []}),
        };
        let reply = answer(200, JSON, body.to_string());
        if kind == "link" && page == "1" { reply.with("link", "</link?p=2>; rel=\"next\"") } else { reply }
    })
    .await;
    let world = world(LOOPBACK, TestVault::default());
    let read = async |path: &str, mut pagination: Json| {
        pagination["items"] = "data".into();
        let parameters = json!({"url": peer.url(path), "pagination": pagination});
        run(&world, "http.request", parameters).await.map(|output| output.value.unwrap())
    };
    let whole = json!([1, 2, 3]);
    let by_page = read("/page", json!({"by": "page", "parameter": "p"})).await.unwrap();
    assert_eq!(
        (&by_page["body"], &by_page["pages"], &by_page["complete"]),
        (&whole, &json!(3), &json!(true))
    );
    let keys: Vec<String> =
        peer.asked().iter().map(|asked| asked.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys, ["0199-run/send/0", "0199-run/send/0/page-2", "0199-run/send/0/page-3"]);
    for (path, pagination) in [
        ("/link?p=1", json!({"by": "link_header"})),
        ("/url?p=1", json!({"by": "next_url", "next": "next"})),
        ("/cursor?p=1", json!({"by": "cursor", "next": "next", "parameter": "p"})),
    ] {
        let value = read(path, pagination).await.unwrap();
        assert_eq!(
            (&value["body"], &value["pages"], &value["complete"]),
            (&whole, &json!(2), &json!(true)),
            "{path}"
        );
    }
    let cut = read("/url?p=1", json!({"by": "next_url", "next": "next", "max_pages": 1})).await.unwrap();
    assert_eq!((&cut["body"], &cut["complete"]), (&json!([1, 2]), &json!(false)));
}

#[tokio::test]
async fn wrong_parameters_name_their_field() {
    let world = world(LOOPBACK, TestVault::default());
    for (parameters, path) in [
        (json!({"url": "example.com/x"}), "url"),
        (json!({"url": "https://u:p@example.com/x"}), "url"),
        (json!({"url": "https://example.com", "headers": {"Host": "x"}}), "headers.Host"),
        (json!({"url": "https://example.com", "headers": {"X": "a\r\nb: c"}}), "headers.X"),
        (json!({"url": "https://example.com", "success": ["ok"]}), "success"),
        (json!({"url": "https://example.com", "pagination": {"by": "magic"}}), "pagination.by"),
        (json!({"url": "https://example.com", "timeout": 5}), "timeout"),
    ] {
        let error = run(&world, "http.request", parameters).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.details["path"].as_str()), ("parameter.invalid", Some(path)));
    }
}
