//! What fields let in: those of every workspace, and a workspace's own.

use masar_crm_core::{
    Entity, Error, Query, create,
    custom::{CustomField, schema, set_schema},
    delete, find, update,
};
use serde_json::{Value, json};

use crate::{
    base::{Backend, Base, Link, on_every_database},
    change, counter,
};

on_every_database![
    a_workspace_gives_an_entity_its_own_fields,
    definitions_that_cannot_stand_are_refused,
    values_are_checked_and_a_contact_that_others_belong_to_stays,
    what_is_filtered_by_has_an_index,
];

fn definitions() -> Vec<CustomField> {
    serde_json::from_value(json!([
        {"key": "segment", "kind": "choice", "label": {"en": "Segment", "ar": "الشريحة"}, "choices": ["أفراد", "شركات"], "required": true},
        {"key": "visited", "kind": "date", "label": {"en": "Visited", "ar": "تاريخ الزيارة"}},
        {"key": "interests", "kind": "choices", "label": {"en": "Interests", "ar": "الاهتمامات"}, "choices": ["villa", "flat"]},
        {"key": "site", "kind": "url", "label": {"en": "Site", "ar": "الموقع"}},
        {"key": "income", "kind": "money", "label": {"en": "Income", "ar": "الدخل"}},
    ]))
    .unwrap()
}

async fn a_workspace_gives_an_entity_its_own_fields(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut conn = link.conn();
    let mut ids = counter(0);
    let made = set_schema(&mut conn, 1, Entity::Lead, 0, definitions()).await.unwrap();
    assert_eq!(made.version, 1);
    assert!(matches!(
        set_schema(&mut conn, 1, Entity::Lead, 0, Vec::new()).await,
        Err(Error::Conflict { expected: 0, found: 1 })
    ));
    assert_eq!(schema(&mut conn, 2, Entity::Lead).await.unwrap().fields, [], "of this workspace alone");

    let fields = json!({"title": "شقة", "custom": {"segment": " أفراد ", "visited": "٢٠٢٦-١١-٢٣", "interests": ["flat"]}});
    let lead = create(&mut conn, &mut change(&mut ids), Entity::Lead, &fields).await.unwrap();
    assert_eq!(
        lead.fields["custom"],
        json!({"segment": "أفراد", "visited": "2026-11-23", "interests": ["flat"]})
    );
    let patch = json!({"custom": {"visited": null, "site": "https://example.sa"}});
    let lead =
        update(&mut conn, &mut change(&mut ids), Entity::Lead, lead.id, &patch, Some(1)).await.unwrap();
    assert_eq!(
        lead.fields["custom"],
        json!({"segment": "أفراد", "interests": ["flat"], "site": "https://example.sa"}),
        "what is not named stays"
    );
    let query = Query { text: Some("افراد".into()), limit: 10, ..Query::default() };
    assert_eq!(find(&mut conn, 1, Entity::Lead, &query).await.unwrap().len(), 1, "own fields are searched");

    for (custom, said) in [
        (json!({}), "custom.segment: a new lead needs it"),
        (json!({"segment": "حكومة"}), "custom.segment: \"حكومة\" is not one of أفراد, شركات"),
        (
            json!({"segment": "شركات", "segmnt": 1}),
            "lead has no field \"custom.segmnt\"; did you mean \"custom.segment\"?",
        ),
        (
            json!({"segment": "شركات", "visited": "2026-02-30"}),
            "custom.visited: \"2026-02-30\" is not a day such as 2026-11-23",
        ),
        (
            json!({"segment": "شركات", "site": "example"}),
            "custom.site: \"example\" is not an address such as https://example.com",
        ),
        (json!({"segment": "شركات", "income": -1}), "custom.income: -1 is below 0; an amount is 0 or more"),
    ] {
        let fields = json!({"title": "x", "custom": custom});
        let error = create(&mut conn, &mut change(&mut ids), Entity::Lead, &fields).await.unwrap_err();
        assert_eq!(error.to_string(), said);
    }
    let emptied = json!({"custom": {"segment": null}});
    let error =
        update(&mut conn, &mut change(&mut ids), Entity::Lead, lead.id, &emptied, None).await.unwrap_err();
    assert_eq!(error.to_string(), "custom.segment: it is required and cannot be emptied");
}

async fn definitions_that_cannot_stand_are_refused(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut conn = link.conn();
    let field = |key: &str, kind: &str, more: Value| {
        let mut field = json!({"key": key, "kind": kind, "label": {"en": "A", "ar": "أ"}});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        field
    };
    for (fields, at) in [
        (json!([field("الشريحة", "text", json!({}))]), "fields.0.key"),
        (json!([field("title", "text", json!({}))]), "fields.0.key"),
        (json!([field("a", "text", json!({})), field("a", "text", json!({}))]), "fields.1.key"),
        (json!([field("a", "choice", json!({}))]), "fields.0.choices"),
        (json!([field("a", "text", json!({"choices": ["b"]}))]), "fields.0.choices"),
        (json!([field("a", "text", json!({"label": {"en": "A", "ar": " "}}))]), "fields.0.label"),
    ] {
        let fields = serde_json::from_value(fields).unwrap();
        let error = set_schema(&mut conn, 1, Entity::Lead, 0, fields).await.unwrap_err();
        assert!(error.to_string().starts_with(at), "{at}: {error}");
    }
}

async fn values_are_checked_and_a_contact_that_others_belong_to_stays(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut conn = link.conn();
    let mut ids = counter(0);
    let stranger = uuid::Uuid::from_u128(99).to_string();
    for (entity, fields, said) in [
        (Entity::Deal, json!({"title": "x", "amount": -5}), "amount: -5 is below 0; an amount is 0 or more"),
        (
            Entity::Task,
            json!({"title": "x", "due_at": "tomorrow"}),
            "due_at: \"tomorrow\" is not a time such as",
        ),
        (Entity::Ticket, json!({"subject": "x", "contact": stranger}), "contact: there is no contact 0000"),
        (
            Entity::Lead,
            json!({"title": "x", "email": "a@b@c.sa"}),
            "email: \"a@b@c.sa\" is not an e-mail address",
        ),
        (Entity::Lead, json!({"title": "x", "tags": ["ك".repeat(61)]}), "tags: a tag has at most 60"),
    ] {
        let error = create(&mut conn, &mut change(&mut ids), entity, &fields).await.unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
    let contact =
        json!({"name": "نورة القحطاني", "phone": "0501234567", "tags": [" مهم ", "مهمّ", "VIP", "vip"]});
    let contact = create(&mut conn, &mut change(&mut ids), Entity::Contact, &contact).await.unwrap();
    assert_eq!(contact.fields["tags"], json!(["مهم", "VIP"]), "each once, however it is written");
    let ticket = json!({"subject": "صيانة", "contact": contact.id.to_string()});
    let ticket = create(&mut conn, &mut change(&mut ids), Entity::Ticket, &ticket).await.unwrap();

    let of = |name: &str, value: &str| Query {
        equal: json!({ name: value }).as_object().unwrap().clone(),
        limit: 10,
        ..Query::default()
    };
    let id = contact.id.to_string();
    assert_eq!(find(&mut conn, 1, Entity::Ticket, &of("contact", &id)).await.unwrap().len(), 1);
    assert_eq!(find(&mut conn, 1, Entity::Ticket, &of("status", "open")).await.unwrap().len(), 1);

    let error = delete(&mut conn, &mut change(&mut ids), Entity::Contact, contact.id).await.unwrap_err();
    assert!(error.to_string().starts_with("1 records belong to the contact"), "{error}");
    delete(&mut conn, &mut change(&mut ids), Entity::Ticket, ticket.id).await.unwrap();
    delete(&mut conn, &mut change(&mut ids), Entity::Contact, contact.id).await.unwrap();
}

async fn what_is_filtered_by_has_an_index(backend: Backend) {
    let base = Base::new(backend).await;
    let mut link = base.connect().await;
    let mut ids = counter(0);
    let fields =
        json!({"title": "أرض", "phone": "0501234567", "owner": "sales", "budget": 900_000, "tags": ["a"]});
    let made = create(&mut link.conn(), &mut change(&mut ids), Entity::Lead, &fields).await.unwrap();
    for budget in ["900000", "900000.00", "1"] {
        let mut query = Query { limit: 10, ..Query::default() };
        query.equal = json!({"budget": budget, "phone": "+966501234567"}).as_object().unwrap().clone();
        let found = find(&mut link.conn(), 1, Entity::Lead, &query).await.unwrap();
        let expected: &[_] = if budget == "1" { &[] } else { std::slice::from_ref(&made) };
        assert_eq!(found, expected, "{budget}");
    }

    // A planner of PostgreSQL reads a table of one row whole; it is told not to.
    let (explain, some) = match &mut link {
        Link::Postgres(_) => ("EXPLAIN", "00000000-0000-0000-0000-000000000001"),
        _ => ("EXPLAIN QUERY PLAN", "x"),
    };
    if matches!(link, Link::Postgres(_)) {
        link.conn().execute("SET enable_seqscan = off", &[]).await.unwrap();
        link.conn().execute("SET enable_sort = off", &[]).await.unwrap();
    }
    for (column, index) in [
        ("phone", "crm_phone"),
        ("email", "crm_email"),
        ("stage", "crm_stage"),
        ("owner", "crm_owner"),
        ("contact", "crm_of_contact"),
    ] {
        let order = if matches!(column, "phone" | "email") { "" } else { "ORDER BY id DESC" };
        let text = format!(
            "{explain} SELECT id FROM crm_records WHERE workspace = 1 AND entity = 1 AND {column} = '{some}' {order} LIMIT 50"
        );
        let rows = link.conn().rows(&text, &[]).await.unwrap();
        let detail = if explain == "EXPLAIN" { 0 } else { 3 };
        let plan: Vec<&str> = rows.iter().map(|row| row.text(detail).unwrap()).collect();
        assert!(plan.concat().contains(index), "{column}: {plan:#?}");
    }
}
