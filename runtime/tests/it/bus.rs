//! The bus as users meet it: one suite for the embedded one and for RabbitMQ, with real brokers and a
//! foreign program; then what only a broker can get wrong.

mod broker;
mod doctor;
mod others;
mod trouble;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};

use crate::server::{Server, line};
use broker::Broker;

/// Masar on one of the buses.
struct Setting {
    broker: Option<Broker>,
    folder: Arc<tempfile::TempDir>,
}

impl Setting {
    fn with(broker: Option<Broker>) -> Self {
        Self { broker, folder: Arc::new(tempfile::tempdir().unwrap()) }
    }

    async fn start(&self) -> Server {
        let server = match &self.broker {
            None => Server::start_in(self.folder.clone(), &[]),
            Some(broker) => Server::start_in(self.folder.clone(), &[&format!("amqp.url={}", broker.url)]),
        };
        ready(&server).await;
        server
    }
}

async fn ready(server: &Server) {
    while server.call("GET", "/ready", None).await.0 != 200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

macro_rules! on_both_buses {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Setting::with(None)).await;
            })*
        }
        mod rabbitmq {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Setting::with(Some(super::Broker::shared().await))).await;
            })*
        }
    };
}

on_both_buses![
    what_a_workflow_publishes_starts_others_once_and_in_order,
    a_process_that_is_killed_loses_no_event_and_starts_nothing_twice,
    a_stop_finishes_what_is_in_hand_and_leaves_the_rest_to_the_next_start,
    a_change_of_the_crm_reaches_whoever_listens,
    events_that_lead_to_one_another_in_a_circle_end,
];

/// An order with two items: each is an event about the order, which another workflow takes.
async fn shop(server: &Server) {
    let item = |number: u32| json!({"type": "shop.item", "subject": {"$expr": "event.subject"}, "data": {"order": {"$expr": "trigger.number"}, "item": number}});
    server
        .publish(line(
            "order",
            &[
                ("start", "trigger.event", json!({"type": "shop.order"})),
                ("first", "event.publish", item(1)),
                ("second", "event.publish", item(2)),
            ],
        ))
        .await;
    server
        .publish(line(
            "item",
            &[
                ("start", "trigger.event", json!({"type": "shop.item"})),
                ("note", "data.set", json!({"values": {"item": {"$expr": "trigger.item"}}})),
            ],
        ))
        .await;
}

fn order(number: usize) -> Value {
    json!({"id": format!("order-{number}"), "source": "/test", "type": "shop.order", "subject": format!("customer/{}", number % 5), "data": {"number": number}})
}

/// Whether the items of an order are known to come in their order.
#[derive(PartialEq)]
enum Order {
    Kept,
    /// What a process or a broker had in hand when it died comes back behind what was taken meanwhile.
    Open,
}

/// Waits until all orders and items have had their runs: each once.
async fn all_items_once(server: &Server, orders: usize, kept: Order) {
    let expected = (orders * 2) as u64;
    loop {
        let ended = count(server, "/api/v1/runs?status=succeeded").await;
        if ended >= expected + orders as u64 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut seen: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for event in pages(server, "/api/v1/events?type=shop.item").await {
        let position = event["position"].as_i64().unwrap();
        let whole = server.get(&format!("/api/v1/events/{position}")).await;
        assert_eq!(whole["runs"].as_array().unwrap().len(), 1, "{whole}");
        let data = &whole["data"];
        seen.entry(event["subject"].as_str().unwrap().to_owned())
            .or_default()
            .push((data["order"].as_u64().unwrap(), data["item"].as_u64().unwrap()));
    }
    let items: Vec<&(u64, u64)> = seen.values().flatten().collect();
    let distinct: BTreeSet<&(u64, u64)> = items.iter().copied().collect();
    assert_eq!((items.len() as u64, distinct.len() as u64), (expected, expected), "lost or doubled");
    for (subject, newest_first) in seen.iter().filter(|_| kept == Order::Kept) {
        let mut second_seen = BTreeSet::new();
        for (order, item) in newest_first {
            if *item == 2 {
                second_seen.insert(*order);
            } else {
                assert!(
                    second_seen.contains(order),
                    "{subject}: of order {order} the second item came first"
                );
            }
        }
    }
    assert_eq!(count(server, "/api/v1/runs?status=failed,queued,running,waiting").await, 0);
}

async fn pages(server: &Server, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut before = String::new();
    loop {
        let page = server.get(&format!("{path}&limit=200{before}")).await;
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"]
            .as_str()
            .map(str::to_owned)
            .or_else(|| page["next"].as_i64().map(|next| next.to_string()))
        else {
            return all;
        };
        before = format!("&before={next}");
    }
}

async fn count(server: &Server, path: &str) -> u64 {
    pages(server, path).await.len() as u64
}

async fn what_a_workflow_publishes_starts_others_once_and_in_order(setting: Setting) {
    let server = setting.start().await;
    shop(&server).await;
    let sent = (0..60).map(|number| {
        let server = &server;
        async move { server.call("POST", "/api/v1/events", Some(order(number))).await.0 }
    });
    let sent = futures_util::future::join_all(sent).await;
    assert!(sent.iter().all(|status| *status == 202), "{sent:?}");
    all_items_once(&server, 60, Order::Kept).await;
}

async fn a_process_that_is_killed_loses_no_event_and_starts_nothing_twice(setting: Setting) {
    let mut server = setting.start().await;
    shop(&server).await;
    let mut sent = 0;
    for kill in 0..12u64 {
        for _ in 0..8 {
            assert_eq!(server.call("POST", "/api/v1/events", Some(order(sent))).await.0, 202);
            sent += 1;
        }
        // At another place each time: with events in the outbox, on the broker, in hand.
        tokio::time::sleep(Duration::from_millis(kill * 3)).await;
        server.kill();
        server = setting.start().await;
    }
    let order = if setting.broker.is_none() { Order::Kept } else { Order::Open };
    all_items_once(&server, sent, order).await;
}

async fn a_stop_finishes_what_is_in_hand_and_leaves_the_rest_to_the_next_start(setting: Setting) {
    let mut server = setting.start().await;
    shop(&server).await;
    for round in 0..3 {
        for number in 0..20 {
            assert_eq!(server.call("POST", "/api/v1/events", Some(order(round * 20 + number))).await.0, 202);
        }
        server.signal("TERM");
        assert_eq!(server.ended(), Some(0));
        server = setting.start().await;
    }
    let order = if setting.broker.is_none() { Order::Kept } else { Order::Open };
    all_items_once(&server, 60, order).await;
}

async fn a_change_of_the_crm_reaches_whoever_listens(setting: Setting) {
    let server = setting.start().await;
    server
        .publish(line(
            "welcome",
            &[
                ("start", "trigger.event", json!({"type": "crm.contact.created"})),
                ("note", "data.set", json!({"values": {"name": {"$expr": "trigger.record.name"}}})),
            ],
        ))
        .await;
    let contact = json!({"name": "نورة القحطاني", "phone": "0501234567"});
    let (status, made) = server.call("POST", "/api/v1/crm/contact", Some(contact)).await;
    assert_eq!(status, 201, "{made}");
    let runs = server
        .until("/api/v1/runs?status=succeeded", |page| page["items"].as_array().unwrap().len() == 1)
        .await;
    assert_eq!(runs["items"][0]["subject"], format!("contact/{}", made["id"].as_str().unwrap()));
}

async fn events_that_lead_to_one_another_in_a_circle_end(setting: Setting) {
    let server = setting.start().await;
    server
        .publish(line(
            "circle",
            &[
                ("start", "trigger.event", json!({"type": "shop.again"})),
                ("again", "event.publish", json!({"type": "shop.again", "subject": "circle"})),
            ],
        ))
        .await;
    let event = json!({"id": "1", "source": "/test", "type": "shop.again"});
    assert_eq!(server.call("POST", "/api/v1/events", Some(event)).await.0, 202);
    let events = server
        .until("/api/v1/events?type=shop.again&limit=100", |page| {
            page["items"].as_array().unwrap().len() == 33
        })
        .await;
    let last = server.get(&format!("/api/v1/events/{}", events["items"][0]["position"])).await;
    assert_eq!(last["decisions"][0]["decision"], "loop", "{last}");
}
