//! The CRM over a real database.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall say where")]

mod base;
mod fields;
mod together;

use base::{Backend, Base, Link, on_every_database};
use masar_crm_core::{Actor, Change, Entity, Query, create, find, get, update};
use serde_json::json;
use uuid::Uuid;

on_every_database![
    every_change_leaves_its_event_in_the_same_transaction,
    wrong_input_is_refused_with_a_way_to_mend_it,
    search_folds_arabic_and_keeps_to_the_workspace,
    a_duplicate_names_the_field_that_is_taken,
];

fn change(ids: &mut (dyn FnMut() -> Uuid + Send)) -> Change<'_> {
    let actor = Actor { kind: "run", id: "r1".into(), step: Some("make".into()) };
    Change { workspace: 1, now: 1_700_000_000_000_000, ids, actor, depth: 0 }
}

fn counter(from: u128) -> impl FnMut() -> Uuid + Send {
    let mut next = from;
    move || {
        next += 1;
        Uuid::from_u128(next)
    }
}

async fn events(link: &mut Link) -> Vec<String> {
    link.texts("SELECT type FROM outbox ORDER BY position").await
}

async fn every_change_leaves_its_event_in_the_same_transaction(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut ids = counter(0);
    link.begin().await;
    let deal = create(
        &mut link.conn(),
        &mut change(&mut ids),
        Entity::Deal,
        &json!({"title": "فيلا في حي النرجس", "amount": 1_250_000}),
    )
    .await
    .unwrap();
    let won = update(
        &mut link.conn(),
        &mut change(&mut ids),
        Entity::Deal,
        deal.id,
        &json!({"stage": "won"}),
        Some(1),
    )
    .await
    .unwrap();
    assert_eq!((won.version, won.to_json()["stage"].clone()), (2, json!("won")));
    link.commit().await;
    assert_eq!(events(&mut link).await, ["crm.deal.created", "crm.deal.updated", "crm.deal.stage_changed"]);
    let data = link.texts("SELECT data FROM outbox WHERE type = 'crm.deal.stage_changed'").await;
    let data: serde_json::Value = serde_json::from_str(&data[0]).unwrap();
    assert_eq!(
        (&data["before"], &data["after"], &data["actor"]["step"]),
        (&json!("new"), &json!("won"), &json!("make"))
    );
    link.begin().await;
    create(&mut link.conn(), &mut change(&mut ids), Entity::Note, &json!({"body": "x"})).await.unwrap();
    link.rollback().await;
    assert_eq!(events(&mut link).await.len(), 3, "what is rolled back leaves nothing");
}

async fn wrong_input_is_refused_with_a_way_to_mend_it(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut ids = counter(0);
    let mut refused = Vec::new();
    for (entity, fields) in [
        (Entity::Contact, json!({"phone": "0501234567"})),
        (Entity::Contact, json!({"name": "سارة", "phne": "0501234567"})),
        (Entity::Contact, json!({"name": "سارة", "phone": "12"})),
        (Entity::Contact, json!({"name": "سارة", "email": "sara"})),
        (Entity::Ticket, json!({"subject": "x", "priority": "hot"})),
        (Entity::Deal, json!({"title": "x", "amount": 1.005})),
    ] {
        let error = create(&mut link.conn(), &mut change(&mut ids), entity, &fields).await.unwrap_err();
        refused.push(format!("{}: {error}", error.code()));
    }
    let deal =
        create(&mut link.conn(), &mut change(&mut ids), Entity::Deal, &json!({"title": "x"})).await.unwrap();
    for (patch, version) in [(json!({"stage": "lost"}), None), (json!({"title": "y"}), Some(9))] {
        let error = update(&mut link.conn(), &mut change(&mut ids), Entity::Deal, deal.id, &patch, version)
            .await
            .unwrap_err();
        refused.push(format!("{}: {error}", error.code()));
    }
    let ticket = create(
        &mut link.conn(),
        &mut change(&mut ids),
        Entity::Ticket,
        &json!({"subject": "x", "status": "closed"}),
    )
    .await
    .unwrap();
    let error = update(
        &mut link.conn(),
        &mut change(&mut ids),
        Entity::Ticket,
        ticket.id,
        &json!({"status": "open"}),
        None,
    )
    .await
    .unwrap_err();
    refused.push(format!("{}: {error}", error.code()));
    assert_eq!(
        refused,
        [
            "crm.invalid_field: name: a new contact needs it",
            "crm.unknown_field: contact has no field \"phne\"; it has name, phone, email, company, city, language, owner, tags, custom",
            "crm.invalid_field: phone: \"12\" is not a phone number; write it like +966501234567 or 0501234567",
            "crm.invalid_field: email: \"sara\" is not an e-mail address",
            "crm.invalid_field: priority: \"hot\" is not one of low, normal, high, urgent",
            "crm.invalid_field: amount: 1.005 is not an amount with at most two decimals",
            "crm.invalid_field: lost_reason: a lost deal needs a reason",
            "crm.conflict: version 9 was changed, but 1 is current: read it again and repeat the change",
            "crm.move_not_allowed: status cannot go from closed to open; possible from there: nowhere",
        ]
    );
}

async fn search_folds_arabic_and_keeps_to_the_workspace(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut ids = counter(0);
    for (name, city) in [("أحمد الغامدي", "الرياض"), ("احمد سالم", "جدة"), ("هدى", "الرياض")]
    {
        create(
            &mut link.conn(),
            &mut change(&mut ids),
            Entity::Contact,
            &json!({"name": name, "city": city}),
        )
        .await
        .unwrap();
    }
    let names = |records: Vec<masar_crm_core::Record>| {
        records.iter().map(|record| record.to_json()["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let text = |text: &str| Query { text: Some(text.into()), limit: 10, ..Query::default() };
    let found = find(&mut link.conn(), 1, Entity::Contact, &text("إحمد")).await.unwrap();
    assert_eq!(names(found), ["احمد سالم", "أحمد الغامدي"]);
    let city = Query {
        equal: json!({"city": "الرياض"}).as_object().unwrap().clone(),
        limit: 10,
        ..Query::default()
    };
    assert_eq!(
        names(find(&mut link.conn(), 1, Entity::Contact, &city).await.unwrap()),
        ["هدى", "أحمد الغامدي"]
    );
    assert!(find(&mut link.conn(), 2, Entity::Contact, &text("احمد")).await.unwrap().is_empty());
    assert!(get(&mut link.conn(), 2, Entity::Contact, Uuid::from_u128(1)).await.unwrap().is_none());
}

async fn a_duplicate_names_the_field_that_is_taken(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut ids = counter(0);
    let first = json!({"name": "سارة", "phone": "0501234567", "email": "sara@example.sa"});
    create(&mut link.conn(), &mut change(&mut ids), Entity::Contact, &first).await.unwrap();
    for (fields, taken) in [
        (
            json!({"name": "هند", "phone": "0507654321", "email": "Sara@example.sa"}),
            "another contact has this email",
        ),
        (
            json!({"name": "هند", "phone": "0501234567", "email": "hind@example.sa"}),
            "another contact has this phone",
        ),
    ] {
        let error =
            create(&mut link.conn(), &mut change(&mut ids), Entity::Contact, &fields).await.unwrap_err();
        assert_eq!(error.to_string(), taken);
    }
}
