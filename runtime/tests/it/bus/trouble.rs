//! What can be wrong with a broker: each is named with the way out, nothing is lost meanwhile, and the
//! server goes on by itself when it is right again.

use std::sync::Arc;

use serde_json::json;

use super::{Broker, Order, Setting, all_items_once, order, ready, shop};
use crate::server::{Server, masar};

/// What the server says instead of being ready.
async fn excuse(server: &Server, code: &str) -> String {
    loop {
        let (status, said) = server.call("GET", "/ready", None).await;
        let said = said.as_str().unwrap().to_owned();
        if status == 503 && said.contains(code) {
            return said;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_does_not_let_us_in_is_named_with_the_way_out() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().to_owned();
    let nobody = json!({"password": "p/w", "tags": ""});
    broker.manage("PUT", &format!("users/reader-{vhost}"), Some(nobody)).await;
    let read = json!({"configure": "^$", "write": "^$", "read": ".*"});
    broker.manage("PUT", &format!("permissions/{vhost}/reader-{vhost}"), Some(read)).await;

    let host = broker.url.split_once('@').unwrap().1.to_owned();
    let wrong = |login: &str, at: &str| format!("amqp.url=amqp://{login}@{at}");
    let shut = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, code) in [
        (wrong("guest:guest", &format!("{shut}/{vhost}")), "cannot be reached"),
        (wrong("guest:s3cret", &host), "refuses the user guest"),
        (wrong("guest:guest", &host.replace(&vhost, "nowhere")), "virtual host \"nowhere\""),
        (wrong(&format!("reader-{vhost}:p%2fw"), &host), "does not permit it"),
    ] {
        let server = Server::start_in(Arc::new(tempfile::tempdir().unwrap()), &[&url, "log.level=off"]);
        let said = excuse(&server, code).await;
        assert!(!said.contains("s3cret"), "{said}");
        // What comes by other ways is taken all the same.
        assert_eq!(server.call("POST", "/api/v1/events", Some(order(1))).await.0, 202);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_may_no_more_than_the_documentation_says_can_do_all() {
    let broker = Broker::shared().await;
    let vhost = broker.vhost().to_owned();
    broker.manage("PUT", &format!("users/masar-{vhost}"), Some(json!({"password": "m", "tags": ""}))).await;
    let own = r"^masar\.";
    let permitted = json!({"configure": own, "write": own, "read": own});
    broker.manage("PUT", &format!("permissions/{vhost}/masar-{vhost}"), Some(permitted)).await;
    let url = format!("amqp.url={}", broker.url.replace("guest:guest", &format!("masar-{vhost}:m")));
    let server = Server::start_in(Arc::new(tempfile::tempdir().unwrap()), &[&url]);
    ready(&server).await;
    shop(&server).await;
    assert_eq!(server.call("POST", "/api/v1/events", Some(order(1))).await.0, 202);
    all_items_once(&server, 1, Order::Kept).await;
    broker.send(&json!([{"key": "greeting", "content_type": "text/plain", "body": "hello"}]));
    server.until("/api/v1/dead-letters", |page| page["items"].as_array().unwrap().len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_laid_out_differently_is_named_and_taken_when_it_is_mended() {
    let setting = Setting::with(Some(Broker::shared().await));
    let broker = setting.broker.as_ref().unwrap();
    let path = format!("queues/{}/masar.work", broker.vhost());
    let other = json!({"durable": true, "arguments": {"x-queue-type": "quorum", "x-delivery-limit": 5, "x-dead-letter-exchange": "masar.dead", "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}});
    broker.manage("PUT", &path, Some(other)).await;
    let url = format!("amqp.url={}", broker.url);
    let server = Server::start_in(setting.folder.clone(), &[&url, "log.level=off"]);
    let said = excuse(&server, "laid out differently").await;
    assert!(said.contains("x-delivery-limit") && said.contains("amqp.delivery_limit"), "{said}");
    shop(&server).await;
    assert_eq!(server.call("POST", "/api/v1/events", Some(order(1))).await.0, 202);
    broker.manage("DELETE", &path, None).await;
    ready(&server).await;
    all_items_once(&server, 1, Order::Kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_no_queue_takes_is_seen_and_stays_until_one_does() {
    let setting = Setting::with(Some(Broker::shared().await));
    let broker = setting.broker.as_ref().unwrap();
    let server = setting.start().await;
    shop(&server).await;
    let binding = format!("bindings/{0}/e/masar.events/q/masar.work/%23", broker.vhost());
    broker.manage("DELETE", &binding, None).await;
    assert_eq!(server.call("POST", "/api/v1/events", Some(order(1))).await.0, 202);
    all_items_once(&server, 1, Order::Kept).await;
    let figures = server.call("GET", "/metrics", None).await.1;
    assert!(figures.as_str().unwrap().contains("masar_bus_total{what=\"returned\"}"), "{figures}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_somebody_deletes_is_laid_out_anew() {
    let setting = Setting::with(Some(Broker::shared().await));
    let broker = setting.broker.as_ref().unwrap();
    let server = setting.start().await;
    shop(&server).await;
    for queue in ["masar.work", "masar.dead"] {
        broker.manage("DELETE", &format!("queues/{}/{queue}", broker.vhost()), None).await;
    }
    assert_eq!(server.call("POST", "/api/v1/events", Some(order(1))).await.0, 202);
    all_items_once(&server, 1, Order::Kept).await;
    broker.send(&json!([{"key": "greeting", "content_type": "text/plain", "body": "hello"}]));
    server.until("/api/v1/dead-letters", |page| page["items"].as_array().unwrap().len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_under_load_loses_nothing_and_doubles_nothing() {
    let setting = Setting::with(Some(Broker::own()));
    let server = setting.start().await;
    shop(&server).await;
    setting.broker.as_ref().unwrap().restart();
    ready(&server).await;
    let mut sent = 0;
    for _ in 0..3 {
        let broker = setting.broker.as_ref().unwrap();
        let crash = async {
            tokio::task::block_in_place(|| {
                broker.ctl(&["close_all_connections", "cut by a test"]);
                broker.crash();
            });
        };
        let load = async {
            let mut statuses = Vec::new();
            for number in sent..sent + 100 {
                statuses.push(server.call("POST", "/api/v1/events", Some(order(number))).await.0);
            }
            statuses
        };
        // Events are on their way while connections are cut, while it dies, and while it is away.
        let (statuses, ()) = futures_util::future::join(load, crash).await;
        assert!(statuses.iter().all(|status| *status == 202), "{statuses:?}");
        sent += 100;
        ready(&server).await;
    }
    all_items_once(&server, sent, Order::Open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_short_of_memory_is_named_and_waited_for() {
    let setting = Setting::with(Some(Broker::own()));
    let broker = setting.broker.as_ref().unwrap();
    let server = setting.start().await;
    shop(&server).await;
    let limit = |limit: &[&str]| {
        tokio::task::block_in_place(|| broker.ctl(&[&["set_vm_memory_high_watermark"], limit].concat()));
    };
    limit(&["absolute", "1"]);
    for number in 0..20 {
        assert_eq!(server.call("POST", "/api/v1/events", Some(order(number))).await.0, 202);
    }
    let said = excuse(&server, "takes no events").await;
    assert!(said.contains("short of memory"), "{said}");
    limit(&["0.4"]);
    ready(&server).await;
    all_items_once(&server, 20, Order::Open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_connection_needs_a_certificate_that_is_trusted() {
    let (broker, authority, port) = Broker::own_with_tls();
    let url = format!("amqp.url=amqps://guest:guest@127.0.0.1:{port}/%2f");
    let server = Server::start_in(Arc::new(tempfile::tempdir().unwrap()), &[&url, "log.level=off"]);
    let said = excuse(&server, "cannot be reached").await;
    assert!(said.contains("trusts its certificate"), "{said}");
    let trust = [("SSL_CERT_FILE", authority.to_str().unwrap())];
    let server = Server::start_with(Arc::new(tempfile::tempdir().unwrap()), &[&url], &trust);
    ready(&server).await;
    shop(&server).await;
    assert_eq!(server.call("POST", "/api/v1/events", Some(order(1))).await.0, 202);
    all_items_once(&server, 1, Order::Kept).await;
    drop(broker);
}

#[test]
fn a_url_that_is_none_is_refused_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    for url in [
        "http://guest:s3cret@localhost",
        "amqp//s3cret",
        "localhost:5672/s3cret",
        "amqp://u:s3cret@host:port",
    ] {
        let done = masar(folder.path(), &["config", "--set", &format!("amqp.url={url}")]).output().unwrap();
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(!done.status.success() && said.contains("amqp.url: its value is not possible"), "{said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
    for (setting, said) in
        [("amqp.exchange=amq.topic", "amq."), ("amqp.prefetch=0", "1 to"), ("amqp.delivery_limit=x", "1 to")]
    {
        let done = masar(folder.path(), &["config", "--set", setting]).output().unwrap();
        assert!(String::from_utf8(done.stderr).unwrap().contains(said), "{setting}");
    }
    let done = masar(folder.path(), &["config", "--set", "amqp.url=amqps://u:s3cret@rabbit/masar"])
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(said.contains("amqp.url") && !said.contains("s3cret"), "{said}");
}
