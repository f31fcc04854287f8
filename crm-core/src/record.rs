//! Records: made, changed, found. One way for all entities; what differs is in [`crate::entity`]
//! and [`crate::rules`].

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Conn, Entity, Error, Kind, custom,
    fields::clean,
    fold,
    outbox::{self, OutboxEvent},
    rules, sql,
};

/// Who changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `run`, `person` or `api`.
    pub kind: &'static str,
    /// Which one.
    pub id: String,
    /// The step of the run.
    pub step: Option<String>,
}

/// What a change needs: where, when, by whom, and new ids.
pub struct Change<'a> {
    /// The workspace.
    pub workspace: i64,
    /// Now, microseconds since 1970.
    pub now: i64,
    /// Makes a new id.
    pub ids: &'a mut (dyn FnMut() -> Uuid + Send),
    /// Who.
    pub actor: Actor,
    /// How many runs led to it, one after the other.
    pub depth: i32,
}

/// A record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What it is.
    pub entity: Entity,
    /// Its id.
    pub id: Uuid,
    /// Counts its changes.
    pub version: i64,
    /// Its fields, `owner`, `tags` and `custom` among them.
    pub fields: Map<String, Value>,
    /// When it was made, microseconds since 1970.
    pub created_at: i64,
    /// When it was changed.
    pub updated_at: i64,
}

impl Record {
    /// Flat: id, version, fields, times (microseconds since 1970).
    pub fn to_json(&self) -> Value {
        let mut flat = self.fields.clone();
        for field in self.entity.fields() {
            flat.entry(field.name).or_insert(Value::Null);
        }
        flat.insert("id".into(), self.id.to_string().into());
        flat.insert("entity".into(), self.entity.name().into());
        flat.insert("version".into(), self.version.into());
        flat.insert("created_at".into(), self.created_at.into());
        flat.insert("updated_at".into(), self.updated_at.into());
        Value::Object(flat)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Every text of the record, folded, for searching.
    pub(crate) fn search(&self) -> String {
        let own = self
            .fields
            .get("custom")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(_, value)| value);
        let tags = self.fields.get("tags").and_then(Value::as_array).into_iter().flatten();
        let texts: Vec<&str> =
            self.fields.values().chain(own).chain(tags).filter_map(Value::as_str).collect();
        fold::fold(&texts.join(" "))
    }
}

/// Which records.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Fields that must have these values.
    pub equal: Map<String, Value>,
    /// Words that must all be in it, however they are written.
    pub text: Option<String>,
    /// Before this record (newest first).
    pub before: Option<Uuid>,
    /// How many, at most 500.
    pub limit: u32,
}

fn event(change: &mut Change<'_>, record: &Record, what: &str, details: Value) -> OutboxEvent {
    let mut data = json!({
        "record": record.to_json(),
        "actor": {"kind": change.actor.kind, "id": change.actor.id, "step": change.actor.step},
    });
    if let (Some(data), Value::Object(details)) = (data.as_object_mut(), details) {
        data.extend(details);
    }
    OutboxEvent {
        id: (change.ids)(),
        source: "/crm".into(),
        event_type: format!("crm.{}.{what}", record.entity.name()),
        subject: Some(format!("{}/{}", record.entity.name(), record.id)),
        time: change.now,
        data,
        depth: change.depth + 1,
    }
}

/// A new record, checked against its entity, the workspace's own fields and what it refers to.
async fn fresh(
    conn: &mut Conn<'_>,
    change: &mut Change<'_>,
    entity: Entity,
    fields: &Value,
) -> Result<Record, Error> {
    let mut fields = clean(entity, fields)?;
    let given = fields.remove("custom").unwrap_or(Value::Null);
    if let Some(own) = custom::on_new(conn, change.workspace, entity, &given).await? {
        fields.insert("custom".into(), own.into());
    }
    check_references(conn, change.workspace, entity, &fields).await?;
    for field in entity.fields() {
        if field.required
            && fields.get(field.name).is_none_or(|value| value.is_null() || value.as_str() == Some(""))
        {
            return Err(Error::invalid(field.name, format!("a new {} needs it", entity.name())));
        }
        if !field.default.is_empty() {
            fields.entry(field.name).or_insert_with(|| field.default.into());
        }
    }
    Ok(Record {
        entity,
        id: (change.ids)(),
        version: 1,
        fields,
        created_at: change.now,
        updated_at: change.now,
    })
}

/// What a field refers to must be there, in the same workspace.
async fn check_references(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    fields: &Map<String, Value>,
) -> Result<(), Error> {
    for field in entity.fields().iter().filter(|field| field.kind == Kind::Reference) {
        let Some(id) = fields.get(field.name).and_then(Value::as_str) else { continue };
        let found = match Uuid::parse_str(id) {
            Ok(id) => sql::exists(conn, workspace, Entity::Contact, id).await?,
            Err(_) => false,
        };
        if !found {
            return Err(Error::invalid(field.name, format!("there is no contact {id}")));
        }
    }
    Ok(())
}

/// Makes a record.
pub async fn create(
    conn: &mut Conn<'_>,
    change: &mut Change<'_>,
    entity: Entity,
    fields: &Value,
) -> Result<Record, Error> {
    let record = fresh(conn, change, entity, fields).await?;
    if !sql::insert(conn, change.workspace, &record).await? {
        // Two indexes can refuse it; the one that is named must be the one that did.
        let by_phone = match record.text("phone") {
            Some(phone) => sql::by_key(conn, change.workspace, entity, "phone", phone).await?.is_some(),
            None => false,
        };
        return Err(Error::Duplicate {
            entity: entity.name(),
            field: if by_phone { "phone" } else { "email" },
        });
    }
    let created = event(change, &record, "created", Value::Null);
    outbox::append(conn, change.workspace, &created).await?;
    Ok(record)
}

/// One record.
pub async fn get(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    id: Uuid,
) -> Result<Option<Record>, Error> {
    sql::get(conn, workspace, entity, id).await
}

/// Changes the given fields; `null` empties one. With `expected`, only while that version is current.
pub async fn update(
    conn: &mut Conn<'_>,
    change: &mut Change<'_>,
    entity: Entity,
    id: Uuid,
    patch: &Value,
    expected: Option<i64>,
) -> Result<Record, Error> {
    let old = get(conn, change.workspace, entity, id)
        .await?
        .ok_or_else(|| Error::NotFound { entity: entity.name(), id: id.to_string() })?;
    if let Some(expected) = expected.filter(|expected| *expected != old.version) {
        return Err(Error::Conflict { expected, found: old.version });
    }
    let mut patch = clean(entity, patch)?;
    if let Some(given) = patch.remove("custom") {
        let before = old.fields.get("custom").and_then(Value::as_object);
        let own = custom::on_change(conn, change.workspace, entity, &given, before).await?;
        patch.insert("custom".into(), own.into());
    }
    check_references(conn, change.workspace, entity, &patch).await?;
    let changed: Vec<&String> = patch
        .iter()
        .filter(|(name, value)| old.fields.get(*name).unwrap_or(&Value::Null) != *value)
        .map(|(name, _)| name)
        .collect();
    if changed.is_empty() {
        return Ok(old);
    }
    let mut new = old.clone();
    new.fields.extend(patch.clone());
    new.version += 1;
    new.updated_at = change.now;
    if let Some(field) = entity.moving_field() {
        rules::check_move(
            entity,
            field,
            old.text(field).unwrap_or_default(),
            new.text(field).unwrap_or_default(),
        )?;
    }
    if entity == Entity::Deal
        && new.text("stage") == Some("lost")
        && new.text("lost_reason").is_none_or(str::is_empty)
    {
        return Err(Error::invalid("lost_reason", "a lost deal needs a reason"));
    }
    if !sql::update(conn, change.workspace, &new, old.version).await? {
        return Err(Error::Conflict { expected: old.version, found: old.version + 1 });
    }
    let side = |record: &Record| {
        changed
            .iter()
            .map(|name| ((*name).clone(), record.fields.get(*name).cloned().unwrap_or(Value::Null)))
            .collect::<Map<_, _>>()
    };
    let details = json!({"changed": changed, "before": side(&old), "after": side(&new)});
    let updated = event(change, &new, "updated", details.clone());
    outbox::append(conn, change.workspace, &updated).await?;
    if let Some(field) = entity.moving_field().filter(|field| changed.iter().any(|name| name == field)) {
        let moved = event(
            change,
            &new,
            &format!("{field}_changed"),
            json!({"before": old.fields.get(field), "after": new.fields.get(field)}),
        );
        outbox::append(conn, change.workspace, &moved).await?;
    }
    Ok(new)
}

/// Removes a record. A contact that other records belong to stays.
pub async fn delete(
    conn: &mut Conn<'_>,
    change: &mut Change<'_>,
    entity: Entity,
    id: Uuid,
) -> Result<(), Error> {
    let old = get(conn, change.workspace, entity, id)
        .await?
        .ok_or_else(|| Error::NotFound { entity: entity.name(), id: id.to_string() })?;
    if entity == Entity::Contact {
        let (count, first) = sql::of_contact(conn, change.workspace, id).await?;
        if let Some(first) = first {
            return Err(Error::InUse { entity: entity.name(), id: id.to_string(), count, by: first.name() });
        }
    }
    sql::delete(conn, change.workspace, entity, id).await?;
    let deleted = event(change, &old, "deleted", Value::Null);
    outbox::append(conn, change.workspace, &deleted).await
}

/// Records, newest first.
pub async fn find(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    query: &Query,
) -> Result<Vec<Record>, Error> {
    let mut query = query.clone();
    query.equal = crate::fields::clean_filter(entity, &query.equal)?;
    sql::find(conn, workspace, entity, &query).await
}

/// The record with this phone or e-mail, or a new one; the flag tells whether it is new. Two who
/// ask at the same time get the same contact: the unique index decides.
pub async fn find_or_create(
    conn: &mut Conn<'_>,
    change: &mut Change<'_>,
    entity: Entity,
    by: &str,
    fields: &Value,
) -> Result<(Record, bool), Error> {
    if !matches!(by, "phone" | "email") || !entity.fields().iter().any(|field| field.name == by) {
        return Err(Error::invalid(
            "by",
            format!("a {} is found by phone or email, where it has them", entity.name()),
        ));
    }
    let cleaned = clean(entity, fields)?;
    let key = cleaned
        .get(by)
        .and_then(Value::as_str)
        .ok_or_else(|| Error::invalid(by, "this is what it is found by, and it is missing"))?;
    // Contacts are kept single by an index; leads may share a number, so two who ask at once wait here.
    sql::one_at_a_time(conn, change.workspace, entity, key).await?;
    if let Some(found) = sql::by_key(conn, change.workspace, entity, by, key).await? {
        return Ok((found, false));
    }
    let record = fresh(conn, change, entity, fields).await?;
    if sql::insert(conn, change.workspace, &record).await? {
        let created = event(change, &record, "created", Value::Null);
        outbox::append(conn, change.workspace, &created).await?;
        return Ok((record, true));
    }
    let other = if by == "phone" { "email" } else { "phone" };
    match sql::by_key(conn, change.workspace, entity, by, key).await? {
        Some(found) => Ok((found, false)),
        None => Err(Error::Duplicate { entity: entity.name(), field: other }),
    }
}
