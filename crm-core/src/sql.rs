//! The questions to the database. Where the two dialects agree, one text serves both.

use serde_json::Value;
use sqlx::Row as _;
use uuid::Uuid;

use crate::{Conn, Entity, Error, Query, Record, conn::on, fold};

const COLUMNS: &str = "id, version, fields, created_at, updated_at";

const INSERT: &str = "INSERT INTO crm_records (id, workspace, entity, version, phone, email, contact, stage, owner, search, fields, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE crm_records SET version = $4, phone = $5, email = $6, contact = $7, stage = $8, owner = $9, search = $10, fields = $11, \
     updated_at = $12 WHERE id = $1 AND workspace = $2 AND entity = $3 AND version = $13";
const GET: &str = "SELECT id, version, fields, created_at, updated_at FROM crm_records WHERE id = $1 AND workspace = $2 AND entity = $3";
const BY_PHONE: &str = "SELECT id, version, fields, created_at, updated_at FROM crm_records WHERE workspace = $1 AND entity = $2 AND phone = $3 ORDER BY id LIMIT 1";
const BY_EMAIL: &str = "SELECT id, version, fields, created_at, updated_at FROM crm_records WHERE workspace = $1 AND entity = $2 AND email = $3 ORDER BY id LIMIT 1";
const DELETE: &str = "DELETE FROM crm_records WHERE id = $1 AND workspace = $2 AND entity = $3";

type Raw = (Uuid, i64, String, i64, i64);

fn record(entity: Entity, (id, version, fields, created_at, updated_at): Raw) -> Result<Record, Error> {
    let fields = serde_json::from_str(&fields).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Record { entity, id, version, fields, created_at, updated_at })
}

fn contact(record: &Record) -> Option<Uuid> {
    record.text("contact").and_then(|text| Uuid::parse_str(text).ok())
}

fn stage(record: &Record) -> Option<&str> {
    record.entity.moving_field().and_then(|field| record.text(field))
}

/// Whether it was inserted; not, where a unique index has such a record.
pub(crate) async fn insert(conn: &mut Conn<'_>, workspace: i64, record: &Record) -> Result<bool, Error> {
    let fields = Value::Object(record.fields.clone()).to_string();
    let rows = on!(conn, conn => sqlx::query(INSERT)
        .bind(record.id)
        .bind(workspace)
        .bind(record.entity as i64)
        .bind(record.version)
        .bind(record.text("phone"))
        .bind(record.text("email"))
        .bind(contact(record))
        .bind(stage(record))
        .bind(record.text("owner"))
        .bind(record.search())
        .bind(&fields)
        .bind(record.created_at)
        .execute(&mut **conn)
        .await?
        .rows_affected());
    Ok(rows == 1)
}

/// Whether it was updated; not, where another version is current.
pub(crate) async fn update(
    conn: &mut Conn<'_>,
    workspace: i64,
    record: &Record,
    old: i64,
) -> Result<bool, Error> {
    let fields = Value::Object(record.fields.clone()).to_string();
    let rows = on!(conn, conn => sqlx::query(UPDATE)
        .bind(record.id)
        .bind(workspace)
        .bind(record.entity as i64)
        .bind(record.version)
        .bind(record.text("phone"))
        .bind(record.text("email"))
        .bind(contact(record))
        .bind(stage(record))
        .bind(record.text("owner"))
        .bind(record.search())
        .bind(&fields)
        .bind(record.updated_at)
        .bind(old)
        .execute(&mut **conn)
        .await
        .map_err(|error| duplicate(record, error))?
        .rows_affected());
    Ok(rows == 1)
}

fn duplicate(record: &Record, error: sqlx::Error) -> Error {
    match error.as_database_error() {
        Some(cause) if cause.is_unique_violation() => {
            let field = if cause.message().contains("email") { "email" } else { "phone" };
            Error::Duplicate { entity: record.entity.name(), field }
        }
        _ => error.into(),
    }
}

pub(crate) async fn get(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    id: Uuid,
) -> Result<Option<Record>, Error> {
    let raw: Option<Raw> = on!(conn, conn => sqlx::query_as(GET).bind(id).bind(workspace).bind(entity as i64).fetch_optional(&mut **conn).await?);
    raw.map(|raw| record(entity, raw)).transpose()
}

pub(crate) async fn by_key(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    by: &str,
    key: &str,
) -> Result<Option<Record>, Error> {
    let text = if by == "phone" { BY_PHONE } else { BY_EMAIL };
    let raw: Option<Raw> = on!(conn, conn => sqlx::query_as(text).bind(workspace).bind(entity as i64).bind(key).fetch_optional(&mut **conn).await?);
    raw.map(|raw| record(entity, raw)).transpose()
}

pub(crate) async fn delete(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    id: Uuid,
) -> Result<(), Error> {
    on!(conn, conn => { sqlx::query(DELETE).bind(id).bind(workspace).bind(entity as i64).execute(&mut **conn).await?; });
    Ok(())
}

/// Builds the list question for one driver. Values are bound, names come from the entity's table.
macro_rules! list {
    ($database:ty, $conn:expr, $workspace:expr, $entity:expr, $query:expr, $path:expr) => {{
        let mut text = sqlx::QueryBuilder::<$database>::new("SELECT ");
        text.push(COLUMNS)
            .push(" FROM crm_records WHERE workspace = ")
            .push_bind($workspace)
            .push(" AND entity = ")
            .push_bind($entity as i64);
        if let Some(before) = $query.before {
            text.push(" AND id < ").push_bind(before);
        }
        for (name, value) in &$query.equal {
            match name.as_str() {
                "phone" | "email" | "owner" => text.push(format!(" AND {name} = ")),
                name => text.push($path(name)),
            };
            match value {
                Value::String(value) => text.push_bind(value.clone()),
                Value::Bool(value) => text.push_bind(*value),
                Value::Number(value) => text.push_bind(value.as_f64().unwrap_or_default()),
                other => text.push_bind(other.to_string()),
            };
        }
        for word in $query
            .text
            .iter()
            .flat_map(|text| fold::fold(text).split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        {
            let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            text.push(" AND search LIKE ").push_bind(format!("%{escaped}%")).push(" ESCAPE '\\'");
        }
        text.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from($query.limit.clamp(1, 500)));
        let mut found = Vec::new();
        for row in text.build().fetch_all(&mut **$conn).await? {
            found.push(record(
                $entity,
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?),
            )?);
        }
        found
    }};
}

pub(crate) async fn find(
    conn: &mut Conn<'_>,
    workspace: i64,
    entity: Entity,
    query: &Query,
) -> Result<Vec<Record>, Error> {
    Ok(match conn {
        Conn::Sqlite(conn) => list!(sqlx::Sqlite, conn, workspace, entity, query, |name: &str| format!(
            " AND fields ->> '$.{name}' = "
        )),
        Conn::Postgres(conn) => list!(sqlx::Postgres, conn, workspace, entity, query, |name: &str| format!(
            " AND fields::jsonb ->> '{name}' = "
        )),
    })
}
