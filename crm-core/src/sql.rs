//! The questions to the database. Where the two dialects agree, one text serves both.

use serde_json::Value as Json;
use uuid::Uuid;

use crate::{
    Conn, DatabaseError, Entity, Error, Query, Record,
    conn::{Row, Value, values},
    fold,
};

const COLUMNS: &str = "id, version, fields, created_at, updated_at";

const INSERT: &str = "INSERT INTO crm_records (id, workspace, entity, version, phone, email, contact, stage, owner, search, fields, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE crm_records SET version = $4, phone = $5, email = $6, contact = $7, stage = $8, owner = $9, search = $10, fields = $11, \
     updated_at = $12 WHERE id = $1 AND workspace = $2 AND entity = $3 AND version = $13";
const GET: &str = "SELECT id, version, fields, created_at, updated_at FROM crm_records WHERE id = $1 AND workspace = $2 AND entity = $3";
const BY_PHONE: &str = "SELECT id, version, fields, created_at, updated_at FROM crm_records WHERE workspace = $1 AND entity = $2 AND phone = $3 ORDER BY id LIMIT 1";
const BY_EMAIL: &str = "SELECT id, version, fields, created_at, updated_at FROM crm_records WHERE workspace = $1 AND entity = $2 AND email = $3 ORDER BY id LIMIT 1";
const DELETE: &str = "DELETE FROM crm_records WHERE id = $1 AND workspace = $2 AND entity = $3";

fn record(entity: Entity, row: &Row) -> Result<Record, Error> {
    let fields = serde_json::from_str(row.text(2)?).map_err(|error| {
        DatabaseError::unreadable(format!("the fields of a {} are not readable: {error}", entity.name()))
    })?;
    Ok(Record {
        entity,
        id: row.uuid(0)?,
        version: row.int(1)?,
        fields,
        created_at: row.int(3)?,
        updated_at: row.int(4)?,
    })
}

fn contact(record: &Record) -> Option<Uuid> {
    record.text("contact").and_then(|text| Uuid::parse_str(text).ok())
}

fn stage(record: &Record) -> Option<&str> {
    record.entity.moving_field().and_then(|field| record.text(field))
}

/// Whether it was inserted; not, where a unique index has such a record.
pub(crate) async fn insert(conn: &mut Conn<'_>, workspace: i64, record: &Record) -> Result<bool, Error> {
    let values = values![
        record.id,
        workspace,
        record.entity as i64,
        record.version,
        record.text("phone"),
        record.text("email"),
        contact(record),
        stage(record),
        record.text("owner"),
        record.search(),
        Json::Object(record.fields.clone()).to_string(),
        record.created_at,
    ];
    Ok(conn.execute(INSERT, values).await? == 1)
}

/// Whether it was updated; not, where another version is current.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    workspace: i64,
    record: &Record,
    old: i64,
) -> Result<bool, Error> {
    let values = values![
        record.id,
        workspace,
        record.entity as i64,
        record.version,
        record.text("phone"),
        record.text("email"),
        contact(record),
        stage(record),
        record.text("owner"),
        record.search(),
        Json::Object(record.fields.clone()).to_string(),
        record.updated_at,
        old,
    ];
    let rows = conn.execute(UPDATE, values).await.map_err(|error| duplicate(record, error))?;
    Ok(rows == 1)
}

fn duplicate(record: &Record, error: DatabaseError) -> Error {
    if !error.unique {
        return error.into();
    }
    let field = if error.message.contains("email") { "email" } else { "phone" };
    Error::Duplicate { entity: record.entity.name(), field }
}

pub(crate) async fn get(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    id: Uuid,
) -> Result<Option<Record>, Error> {
    let row = conn.row(GET, values![id, workspace, entity as i64]).await?;
    row.map(|row| record(entity, &row)).transpose()
}

pub(crate) async fn by_key(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    by: &str,
    key: &str,
) -> Result<Option<Record>, Error> {
    let text = if by == "phone" { BY_PHONE } else { BY_EMAIL };
    let row = conn.row(text, values![workspace, entity as i64, key]).await?;
    row.map(|row| record(entity, &row)).transpose()
}

pub(crate) async fn delete(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    id: Uuid,
) -> Result<(), Error> {
    conn.execute(DELETE, values![id, workspace, entity as i64]).await?;
    Ok(())
}

/// Whether there is such a record.
pub(crate) async fn exists(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    id: Uuid,
) -> Result<bool, Error> {
    const EXISTS: &str = "SELECT version FROM crm_records WHERE id = $1 AND workspace = $2 AND entity = $3";
    Ok(conn.row(EXISTS, values![id, workspace, entity as i64]).await?.is_some())
}

/// How many records belong to a contact, and what one of them is.
pub(crate) async fn of_contact(
    conn: &mut Conn<'_>,
    workspace: i64,
    id: Uuid,
) -> Result<(i64, Option<Entity>), Error> {
    const OF_CONTACT: &str = "SELECT count(*), min(entity) FROM crm_records WHERE contact = $1 AND workspace = $2 HAVING count(*) > 0";
    let Some(row) = conn.row(OF_CONTACT, values![id, workspace]).await? else { return Ok((0, None)) };
    let entity = row.int(1)?;
    Ok((row.int(0)?, Entity::ALL.into_iter().find(|known| *known as i64 == entity)))
}

/// Whoever asks for the same key at the same time goes on when this transaction has ended. SQLite has
/// one writer anyway.
pub(crate) async fn one_at_a_time(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    key: &str,
) -> Result<(), Error> {
    if !conn.is_sqlite() {
        let text = "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 0))";
        conn.rows(text, values![format!("{workspace}/{}/{key}", entity.name())]).await?;
    }
    Ok(())
}

/// The workspace's own fields of an entity: version and definitions as JSON.
pub(crate) async fn schema(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
) -> Result<Option<(i64, String)>, Error> {
    const SCHEMA: &str = "SELECT version, fields FROM crm_schemas WHERE workspace = $1 AND entity = $2";
    let row = conn.row(SCHEMA, values![workspace, entity as i64]).await?;
    Ok(match row {
        Some(row) => Some((row.int(0)?, row.text(1)?.to_owned())),
        None => None,
    })
}

/// Whether it was kept; not, where another version is current.
pub(crate) async fn set_schema(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    old: i64,
    fields: &str,
) -> Result<bool, Error> {
    const INSERT: &str = "INSERT INTO crm_schemas (workspace, entity, version, fields) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    const UPDATE: &str = "UPDATE crm_schemas SET version = $3, fields = $4 WHERE workspace = $1 AND entity = $2 AND version = $5";
    let values = values![workspace, entity as i64, old + 1, fields, old];
    let rows = match old {
        0 => conn.execute(INSERT, &values[..4]).await?,
        _ => conn.execute(UPDATE, values).await?,
    };
    Ok(rows == 1)
}

/// The list question: values are bound, names come from the entity's table.
pub(crate) async fn find(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    query: &Query,
) -> Result<Vec<Record>, Error> {
    let mut values = vec![Value::from(workspace), Value::from(entity as i64)];
    let mut text = format!("SELECT {COLUMNS} FROM crm_records WHERE workspace = $1 AND entity = $2");
    let mut and = |condition: String, value: Value| {
        values.push(value);
        text.push_str(" AND ");
        text.push_str(&condition.replace("$?", &format!("${}", values.len())));
    };
    if let Some(before) = query.before {
        and("id < $?".into(), before.into());
    }
    for (name, value) in &query.equal {
        // What has a column has an index.
        if name == "contact" {
            let contact = value.as_str().and_then(|text| Uuid::parse_str(text).ok());
            and("contact = $?".into(), contact.into());
            continue;
        }
        let column = match (name.as_str(), conn.is_sqlite()) {
            ("phone" | "email" | "owner", _) => name.clone(),
            (name, _) if entity.moving_field() == Some(name) => "stage".into(),
            (_, true) => format!("fields ->> '$.{name}'"),
            // Compared as JSON, where 1 and 1.0 are the same number.
            (name, false) => {
                and(format!("fields::jsonb -> '{name}' = $?::jsonb"), value.to_string().into());
                continue;
            }
        };
        let value = match value {
            Json::String(value) => Value::from(value),
            Json::Bool(value) => Value::from(*value),
            Json::Number(value) => Value::from(value.as_f64().unwrap_or_default()),
            other => Value::from(other.to_string()),
        };
        and(format!("{column} = $?"), value);
    }
    for word in query.text.iter().flat_map(|text| words(text)) {
        let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        and("search LIKE $? ESCAPE '\\'".into(), format!("%{escaped}%").into());
    }
    text.push_str(&format!(" ORDER BY id DESC LIMIT {}", query.limit.clamp(1, 500)));
    conn.rows(&text, &values).await?.iter().map(|row| record(entity, row)).collect()
}

fn words(text: &str) -> Vec<String> {
    fold::fold(text).split_whitespace().map(str::to_owned).collect()
}
