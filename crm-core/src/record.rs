//! Records: made, changed, found. One way for all entities; what differs is in [`crate::entity`]
//! and [`crate::rules`].

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    Conn, Entity, Error, Field, Kind, fold,
    outbox::{self, OutboxEvent},
    phone, rules, sql,
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
        let texts: Vec<&str> = self.fields.values().filter_map(Value::as_str).collect();
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

/// Fields that every entity has.
const COMMON: [&str; 3] = ["owner", "tags", "custom"];

/// Checks fields and brings them into the form in which they are kept.
fn clean(entity: Entity, given: &Value) -> Result<Map<String, Value>, Error> {
    let given = given
        .as_object()
        .ok_or_else(|| Error::invalid("fields", "this should be an object: {\"name\": value, …}"))?;
    let mut kept = Map::new();
    for (name, value) in given {
        if COMMON.contains(&name.as_str()) {
            kept.insert(name.clone(), common(name, value)?);
            continue;
        }
        let field =
            entity.fields().iter().find(|field| field.name == name).ok_or_else(|| unknown(entity, name))?;
        kept.insert(name.clone(), value_of(field, value)?);
    }
    Ok(kept)
}

fn unknown(entity: Entity, name: &str) -> Error {
    let names = || entity.fields().iter().map(|field| field.name).chain(COMMON);
    let alike = |candidate: &&str| {
        let shared = candidate.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
        shared >= 3 || candidate.contains(name) || name.contains(*candidate)
    };
    let hint = match names().find(alike) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => format!("; it has {}", names().collect::<Vec<_>>().join(", ")),
    };
    Error::UnknownField { entity: entity.name(), field: name.to_owned(), hint }
}

fn common(name: &str, value: &Value) -> Result<Value, Error> {
    let fits = value.is_null()
        || match name {
            "owner" => value.is_string(),
            "tags" => value.as_array().is_some_and(|tags| tags.iter().all(Value::is_string)),
            _ => value.is_object(),
        };
    let expected = match name {
        "owner" => "text",
        "tags" => "a list of texts",
        _ => "an object",
    };
    if fits { Ok(value.clone()) } else { Err(Error::invalid(name, format!("this should be {expected}"))) }
}

fn value_of(field: &Field, value: &Value) -> Result<Value, Error> {
    let refuse = |expected: &str| Error::invalid(field.name, format!("{value} is not {expected}"));
    if value.is_null() {
        return Ok(Value::Null);
    }
    let text = value.as_str().map(str::trim);
    Ok(match field.kind {
        Kind::Text => text.ok_or_else(|| refuse("text"))?.into(),
        Kind::Integer => match value
            .as_i64()
            .or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64))
        {
            Some(number) => number.into(),
            None => return Err(refuse("a whole number")),
        },
        Kind::Money => match value.as_f64() {
            Some(amount) if (amount * 100.0 - (amount * 100.0).round()).abs() < 1e-6 => value.clone(),
            _ => return Err(refuse("an amount with at most two decimals")),
        },
        Kind::Moment | Kind::Reference if text.is_some_and(|text| !text.is_empty()) => {
            let text = text.unwrap_or_default();
            if field.kind == Kind::Reference && Uuid::parse_str(text).is_err() {
                return Err(refuse("the id of a record"));
            }
            text.into()
        }
        Kind::Moment => return Err(refuse("a time such as 2026-11-23T08:00:00+03:00")),
        Kind::Reference => return Err(refuse("the id of a record")),
        Kind::Phone => phone::normalise(text.ok_or_else(|| refuse("a phone number as text"))?)
            .map_err(|message| Error::invalid(field.name, message))?
            .into(),
        Kind::Email => {
            let address = text.unwrap_or_default().to_lowercase();
            let fits =
                address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
                    && !address.contains(char::is_whitespace);
            if fits { address.into() } else { return Err(refuse("an e-mail address")) }
        }
        Kind::Bool => value.as_bool().ok_or_else(|| refuse("true or false"))?.into(),
        Kind::Choice(possible) => {
            let chosen = text.filter(|text| possible.contains(text));
            chosen.ok_or_else(|| refuse(&format!("one of {}", possible.join(", "))))?.into()
        }
    })
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

fn fresh(change: &mut Change<'_>, entity: Entity, fields: &Value) -> Result<Record, Error> {
    let mut fields = clean(entity, fields)?;
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

/// Makes a record.
pub async fn create(
    conn: &mut Conn<'_>,
    change: &mut Change<'_>,
    entity: Entity,
    fields: &Value,
) -> Result<Record, Error> {
    let record = fresh(change, entity, fields)?;
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
    let patch = clean(entity, patch)?;
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

/// Removes a record.
pub async fn delete(
    conn: &mut Conn<'_>,
    change: &mut Change<'_>,
    entity: Entity,
    id: Uuid,
) -> Result<(), Error> {
    let old = get(conn, change.workspace, entity, id)
        .await?
        .ok_or_else(|| Error::NotFound { entity: entity.name(), id: id.to_string() })?;
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
    query.equal = clean(entity, &Value::Object(query.equal))?;
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
    if let Some(found) = sql::by_key(conn, change.workspace, entity, by, key).await? {
        return Ok((found, false));
    }
    let record = fresh(change, entity, fields)?;
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
