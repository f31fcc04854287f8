//! Programs of other people on the same broker: their events start runs, ours reach them, and what
//! is no event becomes a dead letter that says why.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Broker, Setting, broker::Listening, pages, shop};
use crate::server::{Server, line, masar};

fn lead(number: u32) -> Value {
    json!({"number": number, "name": "نورة القحطاني"})
}

fn binary(prefix: &str, id: &str, data: &Value) -> Value {
    json!({"key": "test.lead", "content_type": "application/json; charset=utf-8", "body": data.to_string(), "headers": {
        format!("{prefix}specversion"): "1.0", format!("{prefix}id"): id, format!("{prefix}source"): "/pos",
        format!("{prefix}type"): "test.lead", format!("{prefix}subject"): "lead/1",
    }})
}

fn structured(id: &str, data: &Value) -> Value {
    let event = json!({"specversion": "1.0", "id": id, "source": "/pos", "type": "test.lead", "subject": "lead/1", "data": data});
    json!({"key": "test.lead", "content_type": "application/cloudevents+json", "body": event.to_string()})
}

async fn leads(server: &Server) {
    let nodes = [
        ("start", "trigger.event", json!({"type": "test.lead"})),
        ("note", "data.set", json!({"values": {"name": {"$expr": "trigger.name"}}})),
    ];
    server.publish(line("leads", &nodes)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_a_foreign_program_start_runs_in_either_mode_and_once() {
    let setting = Setting::with(Some(Broker::shared().await));
    let server = setting.start().await;
    leads(&server).await;
    let broker = setting.broker.as_ref().unwrap();
    let again = binary("cloudEvents:", "1", &lead(1));
    let strange = json!({"key": "pos.till.opened", "content_type": "text/plain", "body": "الصندوق", "headers": {
        "cloudEvents:specversion": "1.0", "cloudEvents:id": "9", "cloudEvents:source": "/pos", "cloudEvents:type": "pos.till.opened",
    }});
    broker.send(&json!([
        binary("cloudEvents:", "1", &lead(1)),
        binary("cloudEvents_", "2", &lead(2)),
        structured("3", &lead(3)),
        again,
        structured("1", &lead(1)),
        strange,
    ]));
    // The last one is of a type that nobody knows: it is kept, and starts nothing.
    let unknown = |page: &Value| page["items"].as_array().unwrap().len() == 1;
    let kept = server.until("/api/v1/events?type=pos.till.opened", unknown).await;
    let kept = server.get(&format!("/api/v1/events/{}", kept["items"][0]["position"])).await;
    assert_eq!(
        (&kept["data"], &kept["runs"], &kept["origin"]),
        (&json!("الصندوق"), &json!([]), &json!("bus"))
    );
    server.until("/api/v1/events?type=test.lead", |page| page["items"].as_array().unwrap().len() == 3).await;
    let events = pages(&server, "/api/v1/events?type=test.lead").await;
    let ids: Vec<&str> = events.iter().rev().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["1", "2", "3"], "in their order, each once");
    server.until("/api/v1/runs?status=succeeded", |page| page["items"].as_array().unwrap().len() == 3).await;
    // The second arrivals are counted, and there are no more of them.
    loop {
        let figures = server.call("GET", "/metrics", None).await.1;
        if figures.as_str().unwrap().contains("masar_duplicate_events_total 2") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(pages(&server, "/api/v1/runs?status=succeeded").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_workflow_publishes_reaches_a_foreign_program() {
    let setting = Setting::with(Some(Broker::shared().await));
    let server = setting.start().await;
    shop(&server).await;
    let listening: Listening = setting.broker.as_ref().unwrap().listen("masar.events", "shop.*", 4);
    for number in 0..2 {
        assert_eq!(server.call("POST", "/api/v1/events", Some(super::order(number))).await.0, 202);
    }
    let heard = tokio::task::spawn_blocking(|| listening.heard()).await.unwrap();
    let mut items: Vec<(Value, Value)> = heard
        .iter()
        .map(|event| (event["headers"]["cloudEvents:subject"].clone(), event["body"].clone()))
        .collect();
    items.sort_by_key(|(subject, body)| (subject.to_string(), body.to_string()));
    let expected = |number: u32| {
        [1, 2].map(|item| (json!(format!("customer/{number}")), json!({"order": number, "item": item})))
    };
    assert_eq!(items, [expected(0), expected(1)].concat());
    let headers = &heard[0]["headers"];
    assert_eq!(
        (&heard[0]["key"], &heard[0]["content_type"]),
        (&json!("shop.item"), &json!("application/json"))
    );
    assert_eq!(
        (&headers["cloudEvents:specversion"], &headers["cloudEvents:type"]),
        (&json!("1.0"), &json!("shop.item"))
    );
    assert!(headers["cloudEvents:source"].as_str().unwrap().starts_with('/'), "{headers}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_can_be_carried_out_stays_with_the_broker() {
    let setting = Setting::with(Some(Broker::shared().await));
    let broker = setting.broker.as_ref().unwrap();
    let url = format!("amqp.url={}", broker.url);
    let narrow = [url.as_str(), "execute.workers=1", "limits.queue=2", "amqp.prefetch=5"];
    let server = Server::start_in(setting.folder.clone(), &narrow);
    super::ready(&server).await;
    leads(&server).await;
    let many: Vec<Value> =
        (0..200).map(|number| binary("cloudEvents:", &number.to_string(), &lead(number))).collect();
    broker.send(&Value::from(many));
    server
        .until("/api/v1/runs?status=succeeded&limit=500", |page| {
            page["items"].as_array().unwrap().len() == 200
        })
        .await;
    assert_eq!(server.get("/api/v1/dead-letters").await["items"], json!([]), "held, not refused");
    let figures = server.call("GET", "/metrics", None).await.1;
    assert!(
        figures.as_str().unwrap().contains("masar_duplicate_events_total 0"),
        "taken once each: {figures}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_dies_again_and_again_makes_no_dead_letters_of_innocent_events() {
    let setting = Setting::with(Some(Broker::shared().await));
    let broker = setting.broker.as_ref().unwrap();
    let url = format!("amqp.url={}", broker.url);
    let settings = [url.as_str(), "amqp.delivery_limit=3", "limits.queue=100000"];
    let mut server = Server::start_in(setting.folder.clone(), &settings);
    super::ready(&server).await;
    leads(&server).await;
    server.kill();
    let many: Vec<Value> =
        (0..4000).map(|number| binary("cloudEvents:", &number.to_string(), &lead(number))).collect();
    broker.send(&Value::from(many));
    // More deaths than the limit; each with hundreds of events handed out, of which few were finished.
    for _ in 0..10 {
        server = Server::start_in(setting.folder.clone(), &settings);
        super::ready(&server).await;
        tokio::time::sleep(std::time::Duration::from_millis(40)).await;
        server.kill();
    }
    let server = Server::start_in(setting.folder.clone(), &settings);
    loop {
        let events = pages(&server, "/api/v1/events?type=test.lead").await.len();
        let dead = server.get("/api/v1/dead-letters/causes").await;
        assert_eq!(dead, json!([]));
        if events == 4000 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let over = |page: &Value| page["items"].as_array().unwrap().is_empty();
    server.until("/api/v1/runs?status=queued,running&limit=1", over).await;
    assert_eq!(pages(&server, "/api/v1/runs?status=succeeded").await.len(), 4000);
}

/// What `masar` says to a command, and its exit code.
async fn says(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = masar(server.folder.path(), arguments);
    command.env("MASAR_URL", &server.base);
    let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_event_becomes_a_dead_letter_with_its_reason_and_can_be_sent_again() {
    let setting = Setting::with(Some(Broker::shared().await));
    let server = setting.start().await;
    leads(&server).await;
    let mut late = binary("cloudEvents:", "5", &lead(5));
    late["headers"]["cloudEvents:specversion"] = "2.0".into();
    let mut nameless = binary("cloudEvents:", "6", &lead(6));
    nameless["headers"].as_object_mut().unwrap().remove("cloudEvents:id");
    let mut torn = binary("cloudEvents:", "7", &lead(7));
    torn["body"] = "{\"number\": 7".into();
    let mut bytes = binary("cloudEvents:", "8", &lead(8));
    bytes["content_type"] = "application/octet-stream".into();
    let mut deep = binary("cloudEvents:", "9", &lead(9));
    deep["body"] = format!("{}1{}", "[".repeat(100), "]".repeat(100)).into();
    // A large one: valid, and longer than limits.body permits; blanks behind JSON are JSON.
    let mut large = structured("10", &lead(10));
    large["body"] = format!("{}{}", large["body"].as_str().unwrap(), " ".repeat(10_000_000)).into();
    let plain = json!({"key": "greeting", "content_type": "text/plain", "body": "hello"});
    let batch =
        json!({"key": "test.lead", "content_type": "application/cloudevents-batch+json", "body": "[]"});
    let broker = setting.broker.as_ref().unwrap();
    broker.send(&json!([
        plain,
        plain,
        late,
        nameless,
        torn,
        bytes,
        deep,
        batch,
        large,
        structured("11", &lead(11))
    ]));

    // The good one behind them all is not held up.
    server.until("/api/v1/runs?status=succeeded", |page| page["items"].as_array().unwrap().len() == 1).await;
    let all = server.until("/api/v1/dead-letters", |page| page["items"].as_array().unwrap().len() == 9).await;
    let reasons: BTreeMap<&str, &str> = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| (letter["code"].as_str().unwrap(), letter["reason"].as_str().unwrap()))
        .collect();
    insta::assert_json_snapshot!(reasons);
    // Each code has its row in the table, in both languages.
    for code in reasons.keys() {
        let row = masar_runtime::bus::reason::Reason::find(code);
        assert!(row.code == *code && row.title.ar != row.title.en && !row.mend.ar.is_empty());
    }
    let arabic = server
        .http
        .get(format!("{}/api/v1/dead-letters?code=bus.batch", server.base))
        .bearer_auth(server.token());
    let arabic = arabic.header("accept-language", "ar").send().await.unwrap().text().await.unwrap();
    assert!(arabic.contains("عدة أحداث في رسالة واحدة"), "{arabic}");
    let causes = server.get("/api/v1/dead-letters/causes").await;
    assert_eq!((&causes[0]["code"], &causes[0]["count"]), (&json!("bus.not_an_event"), &json!(2)));

    // Singly: what is still wrong is refused again; with a larger limit the large one is an event.
    let of = |code: &str| {
        all["items"].as_array().unwrap().iter().find(|letter| letter["code"] == code).unwrap()["id"]
            .to_string()
    };
    let shown = server.get(&format!("/api/v1/dead-letters/{}", of("bus.not_an_event"))).await;
    assert_eq!(shown["body"], "hello");
    let (status, refused) =
        server.call("POST", &format!("/api/v1/dead-letters/{}/resend", of("bus.version")), None).await;
    assert_eq!(status, 422, "{refused}");
    let large = of("bus.too_large");
    drop(server);
    let url = format!("amqp.url={}", broker.url);
    let server = Server::start_in(setting.folder.clone(), &[&url, "limits.body=16MiB"]);
    let (code, said) = says(&server, &["dead", "resend", &large]).await;
    assert_eq!(code, Some(0), "{said}");
    server.until("/api/v1/runs?status=succeeded", |page| page["items"].as_array().unwrap().len() == 2).await;

    // In bulk, from the command line.
    let (code, said) = says(&server, &["dead", "list"]).await;
    assert!(code == Some(0) && said.lines().next().unwrap().contains("2  bus.not_an_event"), "{said}");
    let (code, said) = says(&server, &["dead", "resend", "--code", "bus.not_an_event"]).await;
    assert!(code == Some(1) && said.ends_with("0 sent, 2 refused\n"), "{said}");
    let (code, said) = says(&server, &["dead", "delete", "--code", "bus.not_an_event"]).await;
    assert_eq!((code, said.as_str()), (Some(0), "2 deleted\n"));
    assert_eq!(server.get("/api/v1/dead-letters").await["items"].as_array().unwrap().len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_handed_out_again_and_again_becomes_a_dead_letter_and_can_be_sent_again() {
    let setting = Setting::with(Some(Broker::shared().await));
    let broker = setting.broker.as_ref().unwrap();
    let mut server = setting.start().await;
    leads(&server).await;
    server.kill();
    broker.send(&json!([binary("cloudEvents:", "1", &lead(1))]));
    // As if each process that takes it ended before it could say that it has it.
    let mut taking = broker.foreign(&["return", "masar.work", "21"]);
    assert!(tokio::task::spawn_blocking(move || taking.wait().unwrap().success()).await.unwrap());
    let server = setting.start().await;
    let found =
        server.until("/api/v1/dead-letters", |page| page["items"].as_array().unwrap().len() == 1).await;
    assert_eq!(found["items"][0]["code"], "bus.delivery_limit", "{found}");
    let path = format!("/api/v1/dead-letters/{}/resend", found["items"][0]["id"]);
    assert_eq!(server.call("POST", &path, None).await.0, 202);
    server.until("/api/v1/runs?status=succeeded", |page| page["items"].as_array().unwrap().len() == 1).await;
    assert_eq!(server.get("/api/v1/dead-letters").await["items"], json!([]));
}
