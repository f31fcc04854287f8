//! The CRM's nodes and `event.publish`, on a real database.

use masar_crm_core::Conn;
use masar_engine::{Json, StepError};
use masar_nodes::{Behaviour, Catalogue, Tx};
use serde_json::json;
use sqlx::{Connection, Row, SqliteConnection};
use uuid::Uuid;

use crate::world::call;

const TABLES: [&str; 2] = [
    include_str!("../../../migrations/sqlite/0002_outbox.sql"),
    include_str!("../../../migrations/sqlite/0010_crm.sql"),
];

struct Crm {
    conn: SqliteConnection,
    made: u128,
}

impl Crm {
    async fn open() -> Self {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        for table in TABLES {
            sqlx::raw_sql(table).execute(&mut conn).await.unwrap();
        }
        Self { conn, made: 0 }
    }

    async fn run(&mut self, node_type: &str, parameters: Json) -> Result<Json, StepError> {
        let catalogue = Catalogue::builtin();
        let node = catalogue.find_behaviour(node_type, None).unwrap();
        let Behaviour::Transactional(node) = &node.behaviour else {
            panic!("{node_type} is not transactional")
        };
        let made = &mut self.made;
        let mut ids = || {
            *made += 1;
            Uuid::from_u128(*made)
        };
        let mut tx = Tx { conn: Conn::Sqlite(&mut self.conn), ids: &mut ids };
        let output = node.run(&mut tx, &call(parameters)).await?;
        assert_eq!(output.port, "out");
        let value = (*output.value.unwrap()).clone();
        if let masar_engine::manifest::OutputShape::Schema(schema) =
            &catalogue.find_behaviour(node_type, None).unwrap().manifest.output
        {
            let validator = jsonschema::validator_for(schema).unwrap();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{node_type}: {errors:?}");
        }
        Ok(value)
    }

    async fn events(&mut self) -> Vec<(String, Json, i32)> {
        let rows = sqlx::query("SELECT type, data, depth FROM outbox ORDER BY position")
            .fetch_all(&mut self.conn)
            .await;
        rows.unwrap()
            .iter()
            .map(|row| (row.get(0), serde_json::from_str(row.get::<&str, _>(1)).unwrap(), row.get(2)))
            .collect()
    }
}

#[tokio::test]
async fn a_lead_is_made_changed_and_found_with_its_events() {
    let mut crm = Crm::open().await;
    let fields =
        json!({"title": "طلب عرض سعر", "name": "أحمد الهاشمي", "phone": "٠٥٠١٢٣٤٥٦٧", "budget": 80000});
    let lead = crm.run("crm.create", json!({"entity": "lead", "fields": fields})).await.unwrap();
    assert_eq!(
        (&lead["phone"], &lead["status"], &lead["version"]),
        (&json!("+966501234567"), &json!("new"), &json!(1))
    );

    let update = json!({"entity": "lead", "id": lead["id"], "fields": {"status": "contacted"}, "version": 1});
    assert_eq!(crm.run("crm.update", update.clone()).await.unwrap()["version"], 2);
    let error = crm.run("crm.update", update).await.unwrap_err();
    assert_eq!((error.code.as_str(), &error.details["found"]), ("crm.conflict", &json!(2)));
    let back = json!({"entity": "lead", "id": lead["id"], "fields": {"status": "new"}});
    let error = crm.run("crm.update", back).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.retryable), ("crm.move_not_allowed", false));

    let found = crm.run("crm.find", json!({"entity": "lead", "text": "احمد الهاشمى"})).await.unwrap();
    assert_eq!((&found["count"], &found["first"]["id"]), (&json!(1), &lead["id"]));
    let none =
        crm.run("crm.find", json!({"entity": "lead", "fields": {"status": "converted"}})).await.unwrap();
    assert_eq!((&none["count"], &none["first"]), (&json!(0), &Json::Null));

    let events = crm.events().await;
    let types: Vec<&str> = events.iter().map(|(event_type, ..)| event_type.as_str()).collect();
    assert_eq!(types, ["crm.lead.created", "crm.lead.updated", "crm.lead.status_changed"]);
    let (_, data, depth) = &events[0];
    assert_eq!((&data["actor"]["kind"], &data["actor"]["step"], *depth), (&json!("run"), &json!("send"), 1));
}

#[tokio::test]
async fn a_customer_is_found_by_any_spelling_of_the_number() {
    let mut crm = Crm::open().await;
    let ask = |phone: &str, update: bool| json!({"by": "phone", "fields": {"phone": phone, "name": "نورة", "city": "جدة"}, "update": update});
    let first = crm.run("crm.find_or_create", ask("0501234567", false)).await.unwrap();
    assert_eq!(first["created"], true);
    let again = crm.run("crm.find_or_create", ask("+966 50 123 4567", false)).await.unwrap();
    assert_eq!((&again["created"], &again["id"]), (&json!(false), &first["id"]));
    let mut moved = ask("00966501234567", true);
    moved["fields"]["city"] = "الدمام".into();
    let moved = crm.run("crm.find_or_create", moved).await.unwrap();
    assert_eq!((&moved["city"], &moved["version"]), (&json!("الدمام"), &json!(2)));
}

#[tokio::test]
async fn an_event_is_published_but_not_in_masars_name() {
    let mut crm = Crm::open().await;
    let parameters = json!({"type": "shop.order.packed", "subject": "order/42", "data": {"order": 42}});
    let output = crm.run("event.publish", parameters).await.unwrap();
    assert_eq!(output["type"], "shop.order.packed");
    assert_eq!(crm.events().await, [("shop.order.packed".to_owned(), json!({"order": 42}), 1)]);
    for wrong in ["crm.lead.created", "masar.run.failed", "", "a b"] {
        let error = crm.run("event.publish", json!({ "type": wrong })).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), ("parameter.invalid", false), "{wrong}");
    }
}

#[tokio::test]
async fn refusals_keep_their_code_and_field() {
    let mut crm = Crm::open().await;
    for (node_type, parameters, code) in [
        ("crm.create", json!({"entity": "lead", "fields": {}}), "crm.invalid_field"),
        ("crm.create", json!({"entity": "lead", "fields": {"titel": "x"}}), "crm.unknown_field"),
        ("crm.create", json!({"entity": "person", "fields": {}}), "parameter.invalid"),
        ("crm.update", json!({"entity": "lead", "id": "7", "fields": {}}), "parameter.invalid"),
        ("crm.update", json!({"entity": "lead", "id": Uuid::nil(), "fields": {}}), "crm.not_found"),
        ("crm.find_or_create", json!({"by": "phone", "fields": {"name": "x"}}), "crm.invalid_field"),
    ] {
        let error = crm.run(node_type, parameters).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.retryable), (code, false), "{node_type}: {error:?}");
    }
    assert!(crm.events().await.is_empty());
}
