//! The fields that a workspace gives an entity beside those that it has: their definitions, and what
//! they let in. A record keeps their values under `custom`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Conn, Entity, Error, Kind,
    fields::{latin, near, value_of},
    sql,
};

/// Most own fields of an entity.
const MOST: usize = 100;
/// Most choices of a field.
const CHOICES: usize = 200;

/// What an own field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomKind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// An amount with at most two decimals.
    Money,
    /// True or false.
    Boolean,
    /// A day, `2026-11-23`.
    Date,
    /// A moment, RFC 3339.
    Moment,
    /// A phone number, kept as E.164.
    Phone,
    /// An e-mail address.
    Email,
    /// An http or https address.
    Url,
    /// One of `choices`.
    Choice,
    /// Some of `choices`.
    Choices,
}

/// A label in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// English.
    pub en: String,
    /// Arabic.
    pub ar: String,
}

/// The definition of an own field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomField {
    /// By which records and expressions know it: a letter, then letters, digits and `_`.
    pub key: String,
    /// What it takes.
    pub kind: CustomKind,
    /// What people read.
    pub label: Label,
    /// Whether a new record needs it.
    #[serde(default)]
    pub required: bool,
    /// What it can be, where it is a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
}

/// The own fields of an entity in a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Counts its changes; 0 where there never was one.
    pub version: i64,
    /// The fields, in the order in which people see them.
    pub fields: Vec<CustomField>,
}

/// The own fields of an entity.
pub async fn schema(conn: &mut Conn<'_>, workspace: i64, entity: Entity) -> Result<Schema, Error> {
    let Some((version, text)) = sql::schema(conn, workspace, entity).await? else {
        return Ok(Schema::default());
    };
    let fields = serde_json::from_str(&text).map_err(|error| {
        crate::DatabaseError::unreadable(format!(
            "the own fields of {} are not readable: {error}",
            entity.name()
        ))
    })?;
    Ok(Schema { version, fields })
}

/// Replaces the own fields of an entity, while version `expected` is current. Records keep what they
/// have; a value whose field is gone goes with the next change of its record.
pub async fn set_schema(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    expected: i64,
    fields: Vec<CustomField>,
) -> Result<Schema, Error> {
    check(entity, &fields)?;
    let text = serde_json::to_string(&fields).unwrap_or_default();
    if !sql::set_schema(conn, workspace, entity, expected, &text).await? {
        let found = schema(conn, workspace, entity).await?.version;
        return Err(Error::Conflict { expected, found });
    }
    Ok(Schema { version: expected + 1, fields })
}

/// Whether the definitions can stand.
fn check(entity: Entity, fields: &[CustomField]) -> Result<(), Error> {
    if fields.len() > MOST {
        return Err(Error::invalid("fields", format!("an entity has at most {MOST} own fields")));
    }
    for (place, field) in fields.iter().enumerate() {
        let at = |name: &str| format!("fields.{place}.{name}");
        let key = &field.key;
        let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && key.len() <= 64;
        if !plain {
            let message =
                format!("\"{key}\" is not a key: a Latin letter, then letters, digits and _, at most 64");
            return Err(Error::invalid(&at("key"), message));
        }
        if entity.fields().iter().any(|own| own.name == key) {
            return Err(Error::invalid(
                &at("key"),
                format!("every {} has a field {key} already", entity.name()),
            ));
        }
        if fields[..place].iter().any(|other| other.key == *key) {
            return Err(Error::invalid(&at("key"), format!("{key} is there twice")));
        }
        if field.label.en.trim().is_empty() || field.label.ar.trim().is_empty() {
            return Err(Error::invalid(&at("label"), "people read it: give it in both languages, en and ar"));
        }
        let chosen = matches!(field.kind, CustomKind::Choice | CustomKind::Choices);
        if chosen == field.choices.is_empty() || field.choices.len() > CHOICES {
            let message = format!("a choice has 1 to {CHOICES} choices, other fields have none");
            return Err(Error::invalid(&at("choices"), message));
        }
    }
    Ok(())
}

/// The own fields of a new record; none where the entity has none and none were given.
pub(crate) async fn on_new(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    given: &Value,
) -> Result<Option<Map<String, Value>>, Error> {
    let schema = schema(conn, workspace, entity).await?;
    let own = schema.merge(entity, given, None)?;
    if let Some(missing) = schema.fields.iter().find(|field| field.required && !own.contains_key(&field.key))
    {
        let name = format!("custom.{}", missing.key);
        return Err(Error::invalid(&name, format!("a new {} needs it", entity.name())));
    }
    Ok((!own.is_empty()).then_some(own))
}

/// The own fields of a record after a change: what is given is set, null takes away, the rest stays.
pub(crate) async fn on_change(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    given: &Value,
    before: Option<&Map<String, Value>>,
) -> Result<Map<String, Value>, Error> {
    let schema = schema(conn, workspace, entity).await?;
    let own = schema.merge(entity, given, before)?;
    let emptied = |field: &&CustomField| {
        field.required
            && !own.contains_key(&field.key)
            && before.is_some_and(|old| old.contains_key(&field.key))
    };
    if let Some(missing) = schema.fields.iter().find(emptied) {
        return Err(Error::invalid(
            &format!("custom.{}", missing.key),
            "it is required and cannot be emptied",
        ));
    }
    Ok(own)
}

impl Schema {
    fn merge(
        &self,
        entity: Entity,
        given: &Value,
        before: Option<&Map<String, Value>>,
    ) -> Result<Map<String, Value>, Error> {
        let known = |key: &str| self.fields.iter().find(|field| field.key == key);
        let mut own: Map<String, Value> = before
            .into_iter()
            .flatten()
            .filter(|(key, _)| known(key).is_some())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        for (key, value) in given.as_object().into_iter().flatten() {
            let field = known(key).ok_or_else(|| self.unknown(entity, key))?;
            match field.clean(value)? {
                Value::Null => own.remove(key),
                value => own.insert(key.clone(), value),
            };
        }
        Ok(own)
    }

    fn unknown(&self, entity: Entity, key: &str) -> Error {
        let names = || self.fields.iter().map(|field| field.key.as_str());
        let hint = match near(key, names()) {
            Some(near) => format!("; did you mean \"custom.{near}\"?"),
            None if self.fields.is_empty() => "; this workspace has given it no own fields".to_owned(),
            None => format!("; its own fields are {}", names().collect::<Vec<_>>().join(", ")),
        };
        Error::UnknownField { entity: entity.name(), field: format!("custom.{key}"), hint }
    }
}

impl CustomField {
    fn clean(&self, value: &Value) -> Result<Value, Error> {
        let name = format!("custom.{}", self.key);
        let refuse = |expected: &str| Error::invalid(&name, format!("{value} is not {expected}"));
        if value.is_null() {
            return Ok(Value::Null);
        }
        let chosen = |value: &Value| {
            let text =
                value.as_str().map(str::trim).filter(|text| self.choices.iter().any(|choice| choice == text));
            text.map(Value::from).ok_or_else(|| refuse(&format!("one of {}", self.choices.join(", "))))
        };
        let kind = match self.kind {
            CustomKind::Text => Kind::Text,
            CustomKind::Integer => Kind::Integer,
            CustomKind::Money => Kind::Money,
            CustomKind::Boolean => Kind::Bool,
            CustomKind::Moment => Kind::Moment,
            CustomKind::Phone => Kind::Phone,
            CustomKind::Email => Kind::Email,
            CustomKind::Number if value.is_number() => return Ok(value.clone()),
            CustomKind::Number => return Err(refuse("a number")),
            CustomKind::Date => {
                let day = latin(value.as_str().unwrap_or_default().trim());
                let fits = day.len() == 10 && day.parse::<jiff::civil::Date>().is_ok();
                return if fits { Ok(day.into()) } else { Err(refuse("a day such as 2026-11-23")) };
            }
            CustomKind::Url => {
                let address = value.as_str().unwrap_or_default().trim();
                let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
                let fits =
                    rest.is_some_and(|rest| !rest.is_empty()) && !address.contains(char::is_whitespace);
                return if fits {
                    Ok(address.into())
                } else {
                    Err(refuse("an address such as https://example.com"))
                };
            }
            CustomKind::Choice => return chosen(value),
            CustomKind::Choices => {
                let list = value.as_array().ok_or_else(|| refuse("a list of choices"))?;
                return list.iter().map(chosen).collect::<Result<Vec<_>, _>>().map(Value::from);
            }
        };
        value_of(&name, kind, value)
    }
}
