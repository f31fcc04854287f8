//! What callers give, made into what is kept: every value checked against its field and brought into
//! one form. Not here: what the record's past allows ([`crate::rules`]), and whether a reference is there.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Entity, Error, Kind, fold, phone};

/// Longest text, characters.
const LONGEST: usize = 20_000;
/// Most tags of a record.
const TAGS: usize = 50;
/// Longest tag, characters.
const TAG: usize = 60;
/// Fields that every entity has.
const COMMON: [&str; 3] = ["owner", "tags", "custom"];

/// Checks fields and brings them into the form in which they are kept. `custom` is checked to be an
/// object and no more.
pub(crate) fn clean(entity: Entity, given: &Value) -> Result<Map<String, Value>, Error> {
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
        kept.insert(name.clone(), value_of(name, field.kind, value)?);
    }
    Ok(kept)
}

/// As [`clean`], for values to compare with: numbers and truth may come as text, since addresses have
/// nothing else.
pub(crate) fn clean_filter(entity: Entity, given: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let mut typed = given.clone();
    for field in entity.fields() {
        let Some(value) = typed.get_mut(field.name) else { continue };
        let Some(text) = value.as_str() else { continue };
        let plain = match field.kind {
            Kind::Integer | Kind::Money => serde_json::from_str::<Value>(text).ok().filter(Value::is_number),
            Kind::Bool => match text {
                "true" => Some(true.into()),
                "false" => Some(false.into()),
                _ => None,
            },
            _ => None,
        };
        if let Some(plain) = plain {
            *value = plain;
        }
    }
    clean(entity, &Value::Object(typed))
}

/// The name among `names` that was probably meant.
pub(crate) fn near<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let alike = |candidate: &&str| {
        let shared = candidate.chars().zip(name.chars()).take_while(|(a, b)| a == b).count();
        shared >= 3 || candidate.contains(name) || name.contains(*candidate)
    };
    { names }.find(alike)
}

fn unknown(entity: Entity, name: &str) -> Error {
    let names = || entity.fields().iter().map(|field| field.name).chain(COMMON);
    let hint = match near(name, names()) {
        Some(near) => format!("; did you mean \"{near}\"?"),
        None => format!("; it has {}", names().collect::<Vec<_>>().join(", ")),
    };
    Error::UnknownField { entity: entity.name(), field: name.to_owned(), hint }
}

fn common(name: &str, value: &Value) -> Result<Value, Error> {
    match (name, value) {
        (_, Value::Null) => Ok(Value::Null),
        ("owner", Value::String(owner)) => Ok(owner.trim().into()),
        ("owner", _) => Err(Error::invalid(name, "this should be text")),
        ("tags", Value::Array(given)) => tags(given),
        ("tags", _) => Err(Error::invalid(name, "this should be a list of texts")),
        (_, Value::Object(_)) => Ok(value.clone()),
        _ => Err(Error::invalid(name, "this should be an object")),
    }
}

/// Trimmed, each once however it is written.
fn tags(given: &[Value]) -> Result<Value, Error> {
    let mut kept: Vec<&str> = Vec::new();
    for tag in given {
        let tag = tag.as_str().ok_or_else(|| Error::invalid("tags", format!("{tag} is not text")))?.trim();
        if tag.chars().count() > TAG {
            return Err(Error::invalid("tags", format!("a tag has at most {TAG} characters")));
        }
        if !tag.is_empty() && !kept.iter().any(|other| fold::fold(other) == fold::fold(tag)) {
            kept.push(tag);
        }
    }
    if kept.len() > TAGS {
        return Err(Error::invalid("tags", format!("a record has at most {TAGS} tags")));
    }
    Ok(kept.into())
}

/// One value in the form in which it is kept; `name` is for the error.
pub(crate) fn value_of(name: &str, kind: Kind, value: &Value) -> Result<Value, Error> {
    let refuse = |expected: &str| Error::invalid(name, format!("{value} is not {expected}"));
    if value.is_null() {
        return Ok(Value::Null);
    }
    let text = value.as_str().map(str::trim);
    Ok(match kind {
        Kind::Text => {
            let text = text.ok_or_else(|| refuse("text"))?;
            if text.chars().count() > LONGEST {
                return Err(Error::invalid(name, format!("a text has at most {LONGEST} characters")));
            }
            text.into()
        }
        Kind::Integer => match value
            .as_i64()
            .or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64))
        {
            Some(number) => number.into(),
            None => return Err(refuse("a whole number")),
        },
        Kind::Money => match value.as_f64() {
            Some(amount) if amount < 0.0 => {
                return Err(Error::invalid(name, format!("{value} is below 0; an amount is 0 or more")));
            }
            Some(amount) if (amount * 100.0 - (amount * 100.0).round()).abs() < 1e-6 => value.clone(),
            _ => return Err(refuse("an amount with at most two decimals")),
        },
        Kind::Moment => match latin(text.unwrap_or_default()) {
            moment if moment.parse::<jiff::Timestamp>().is_ok() => moment.into(),
            _ => return Err(refuse("a time such as 2026-11-23T08:00:00+03:00")),
        },
        Kind::Reference => match text.map(Uuid::parse_str) {
            Some(Ok(id)) => id.to_string().into(),
            _ => return Err(refuse("the id of a record")),
        },
        Kind::Phone => phone::normalise(text.ok_or_else(|| refuse("a phone number as text"))?)
            .map_err(|message| Error::invalid(name, message))?
            .into(),
        Kind::Email => {
            let address = text.unwrap_or_default().to_lowercase();
            let fits = address.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && host.contains('.') && !host.contains('@') && !host.ends_with('.')
            }) && !address.contains(char::is_whitespace);
            if fits { address.into() } else { return Err(refuse("an e-mail address")) }
        }
        Kind::Bool => value.as_bool().ok_or_else(|| refuse("true or false"))?.into(),
        Kind::Choice(possible) => {
            let chosen = text.filter(|text| possible.contains(text));
            chosen.ok_or_else(|| refuse(&format!("one of {}", possible.join(", "))))?.into()
        }
    })
}

/// With Latin digits for Arabic-Indic ones.
pub(crate) fn latin(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '٠'..='٩' => char::from(b'0' + (c as u32 - '٠' as u32) as u8),
            '۰'..='۹' => char::from(b'0' + (c as u32 - '۰' as u32) as u8),
            c => c,
        })
        .collect()
}
