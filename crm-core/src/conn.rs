//! A connection inside a transaction, and the narrow waist through which all SQL of this crate goes:
//! a text, values in, rows out. Not a query builder: the texts stand beside the questions in `sql.rs`.

use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

/// A connection of one of the databases.
pub enum Conn<'c> {
    /// SQLite, over its driver's own thread.
    Sqlite(&'c mut sqlx::SqliteConnection),
    /// SQLite, on the calling thread: no hop between threads for each statement, which is what
    /// a commit of many runs is made of.
    Embedded(&'c mut rusqlite::Connection),
    /// PostgreSQL.
    Postgres(&'c mut sqlx::PgConnection),
}

/// What the database said instead of doing it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct DatabaseError {
    /// In the database's words.
    pub message: String,
    /// Whether a unique index was in the way.
    pub unique: bool,
    /// SQLite's primary result code (sqlite.org/rescode.html), where it is SQLite.
    pub code: Option<i32>,
    /// Whether the same transaction may succeed when it is tried again: PostgreSQL ended it for the
    /// sake of another (SQLSTATE 40001, 40P01).
    pub again: bool,
    /// Whether the connection is gone, or none could be had: nothing was said about the statement.
    pub lost: bool,
    /// PostgreSQL's SQLSTATE, where it is PostgreSQL.
    pub state: Option<String>,
    /// The promise that was in the way, where the database names it: an index of PostgreSQL.
    pub constraint: Option<String>,
}

impl DatabaseError {
    pub(crate) fn unreadable(message: String) -> Self {
        Self { message, unique: false, code: None, again: false, lost: false, state: None, constraint: None }
    }
}

/// The primary result code, in the low byte of an extended one (sqlite.org/rescode.html).
fn primary(code: i32) -> i32 {
    match code {
        // SQLITE_IOERR_SHMSIZE: the file of the WAL's index could not grow. That is SQLITE_FULL.
        4874 => 13,
        code => code & 0xff,
    }
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let database = error.as_database_error();
        let state = database.and_then(|error| error.code());
        let again = matches!(state.as_deref(), Some("40001" | "40P01"));
        let constraint = database.and_then(|error| error.constraint()).map(str::to_owned);
        // SQLSTATE is made of digits too, and has five of them.
        let sqlite = state.as_ref().filter(|state| state.len() < 5);
        let code = sqlite.and_then(|state| state.parse::<i32>().ok());
        let lost = matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        );
        Self {
            again,
            lost,
            state: state.filter(|state| state.len() == 5).map(|state| state.into_owned()),
            constraint,
            unique: database.is_some_and(|error| error.is_unique_violation()),
            code: code.map(primary),
            message: error.to_string(),
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error();
        // SQLITE_CONSTRAINT_UNIQUE and SQLITE_CONSTRAINT_PRIMARYKEY.
        let unique = code.is_some_and(|code| matches!(code.extended_code, 2067 | 1555));
        Self {
            unique,
            code: code.map(|code| primary(code.extended_code)),
            again: false,
            lost: false,
            state: None,
            constraint: None,
            message: error.to_string(),
        }
    }
}

/// A value on its way into a statement or out of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number; also times and truth on SQLite.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(String),
    /// An id.
    Uuid(Uuid),
    /// Bytes.
    Blob(Vec<u8>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident),* $(,)?) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

value_from!(
    i64 => Int, i32 => Int, u32 => Int, i8 => Int, f64 => Real, bool => Bool, &str => Text, String => Text,
    &String => Text, Uuid => Uuid, Vec<u8> => Blob, [u8; 32] => Blob, [u8; 16] => Blob, &[u8] => Blob,
);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        value.as_ref().map_or(Self::Null, Into::into)
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// What it is called in an error.
    const WANTED: &'static str;

    /// The value, where it is of this type.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($to:ty, $wanted:literal: $($pattern:pat => $value:expr),+;)*) => {
        $(impl FromValue for $to {
            const WANTED: &'static str = $wanted;

            fn from_value(value: &Value) -> Option<Self> {
                match value { $($pattern => $value,)+ _ => None }
            }
        })*
    };
}

from_value! {
    i64, "a number": Value::Int(value) => Some(*value), Value::Bool(value) => Some(i64::from(*value));
    i32, "a small number": Value::Int(value) => i32::try_from(*value).ok();
    bool, "true or false": Value::Bool(value) => Some(*value), Value::Int(value) => Some(*value != 0);
    String, "a text": Value::Text(value) => Some(value.clone());
    // On SQLite each value has a type of its own, whatever its column says.
    Vec<u8>, "bytes": Value::Blob(value) => Some(value.clone()), Value::Text(value) => Some(value.clone().into_bytes());
    Uuid, "an id": Value::Uuid(value) => Some(*value), Value::Blob(bytes) => Uuid::from_slice(bytes).ok();
}

impl FromValue for Value {
    const WANTED: &'static str = "a value";

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const WANTED: &'static str = T::WANTED;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// Takes the columns of a row one after the other.
pub struct Columns<'r> {
    row: &'r Row,
    place: usize,
}

impl Columns<'_> {
    /// The next column.
    pub fn take<T: FromValue>(&mut self) -> Result<T, DatabaseError> {
        let place = self.place;
        self.place += 1;
        self.row.get(place)
    }
}

/// A row; columns are taken by their place.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(Vec<Value>);

impl Row {
    /// The column at a place.
    pub fn get<T: FromValue>(&self, place: usize) -> Result<T, DatabaseError> {
        self.0.get(place).and_then(T::from_value).ok_or_else(|| self.unfit(place, T::WANTED))
    }

    /// Its columns, in their order.
    pub fn columns(&self) -> Columns<'_> {
        Columns { row: self, place: 0 }
    }

    fn unfit(&self, place: usize, wanted: &str) -> DatabaseError {
        let message = format!("column {place} holds {:?}, not {wanted}", self.0.get(place));
        DatabaseError::unreadable(message)
    }

    /// A whole number.
    pub fn int(&self, place: usize) -> Result<i64, DatabaseError> {
        match self.0.get(place) {
            Some(Value::Int(value)) => Ok(*value),
            Some(Value::Bool(value)) => Ok(i64::from(*value)),
            _ => Err(self.unfit(place, "a number")),
        }
    }

    /// A text.
    pub fn text(&self, place: usize) -> Result<&str, DatabaseError> {
        match self.0.get(place) {
            Some(Value::Text(value)) => Ok(value),
            _ => Err(self.unfit(place, "a text")),
        }
    }

    /// A text, or nothing.
    pub fn text_or_none(&self, place: usize) -> Result<Option<&str>, DatabaseError> {
        match self.0.get(place) {
            Some(Value::Null) => Ok(None),
            _ => self.text(place).map(Some),
        }
    }

    /// An id.
    pub fn uuid(&self, place: usize) -> Result<Uuid, DatabaseError> {
        match self.0.get(place) {
            Some(Value::Uuid(value)) => Ok(*value),
            Some(Value::Blob(bytes)) => Uuid::from_slice(bytes).map_err(|_| self.unfit(place, "an id")),
            _ => Err(self.unfit(place, "an id")),
        }
    }
}

/// NULL of whatever type the place has.
struct Nothing;

impl sqlx::Type<sqlx::Sqlite> for Nothing {
    fn type_info() -> sqlx::sqlite::SqliteTypeInfo {
        <i64 as sqlx::Type<sqlx::Sqlite>>::type_info()
    }
}

impl sqlx::Encode<'_, sqlx::Sqlite> for Nothing {
    fn encode_by_ref(
        &self,
        _: &mut <sqlx::Sqlite as sqlx::Database>::ArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        Ok(sqlx::encode::IsNull::Yes)
    }
}

impl sqlx::Type<sqlx::Postgres> for Nothing {
    /// Type 0 leaves it to the server to find the type from the place (PostgreSQL, message Parse).
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        sqlx::postgres::PgTypeInfo::with_oid(sqlx::postgres::types::Oid(0))
    }
}

impl sqlx::Encode<'_, sqlx::Postgres> for Nothing {
    fn encode_by_ref(
        &self,
        _: &mut <sqlx::Postgres as sqlx::Database>::ArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        Ok(sqlx::encode::IsNull::Yes)
    }
}

fn bind<'q, DB: sqlx::Database>(
    query: sqlx::query::Query<'q, DB, DB::Arguments>,
    value: &Value,
) -> sqlx::query::Query<'q, DB, DB::Arguments>
where
    Option<i64>: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    i64: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    f64: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    bool: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    String: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    Uuid: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    Vec<u8>: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
    Nothing: sqlx::Encode<'q, DB> + sqlx::Type<DB>,
{
    match value {
        Value::Null => query.bind(Nothing),
        Value::Int(value) => query.bind(*value),
        Value::Real(value) => query.bind(*value),
        Value::Bool(value) => query.bind(*value),
        Value::Text(value) => query.bind(value.clone()),
        Value::Uuid(value) => query.bind(*value),
        Value::Blob(value) => query.bind(value.clone()),
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Uuid(value) => ValueRef::Blob(value.as_bytes()),
            Self::Blob(value) => ValueRef::Blob(value),
        }))
    }
}

/// Binds values to `$1`, `$2`, … by their numbers, as the other drivers do.
fn bind_embedded(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let value = values.get(number.unwrap_or(place).wrapping_sub(1)).unwrap_or(&Value::Null);
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

fn embedded_row(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Row> {
    use rusqlite::types::ValueRef;
    let values = (0..columns).map(|place| {
        Ok(match row.get_ref(place)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Real(value) => Value::Real(value),
            ValueRef::Text(bytes) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        })
    });
    values.collect::<rusqlite::Result<_>>().map(Row)
}

fn sqlite_row(row: &sqlx::sqlite::SqliteRow) -> Result<Row, sqlx::Error> {
    let values = (0..row.len()).map(|place| {
        let raw = row.try_get_raw(place)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let kind = raw.type_info();
        Ok(match kind.name() {
            "INTEGER" => Value::Int(row.try_get_unchecked(place)?),
            "REAL" => Value::Real(row.try_get_unchecked(place)?),
            "TEXT" => Value::Text(row.try_get_unchecked(place)?),
            _ => Value::Blob(row.try_get_unchecked(place)?),
        })
    });
    values.collect::<Result<_, _>>().map(Row)
}

fn postgres_row(row: &sqlx::postgres::PgRow) -> Result<Row, sqlx::Error> {
    let values = row.columns().iter().map(|column| {
        let place = column.ordinal();
        if row.try_get_raw(place)?.is_null() {
            return Ok(Value::Null);
        }
        Ok(match column.type_info().name() {
            "INT8" => Value::Int(row.try_get(place)?),
            "INT4" => Value::Int(i64::from(row.try_get::<i32, _>(place)?)),
            "INT2" => Value::Int(i64::from(row.try_get::<i16, _>(place)?)),
            "FLOAT8" => Value::Real(row.try_get(place)?),
            "BOOL" => Value::Bool(row.try_get(place)?),
            "UUID" => Value::Uuid(row.try_get(place)?),
            "BYTEA" => Value::Blob(row.try_get(place)?),
            _ => Value::Text(row.try_get(place)?),
        })
    });
    values.collect::<Result<_, _>>().map(Row)
}

impl Conn<'_> {
    /// The same connection for a shorter while.
    pub fn reborrow(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Embedded(conn) => Conn::Embedded(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }

    /// Whether it is SQLite: for the few questions whose texts differ.
    pub fn is_sqlite(&self) -> bool {
        !matches!(self, Self::Postgres(_))
    }

    /// Runs a statement; how many rows it touched.
    pub async fn execute(&mut self, text: &str, values: &[Value]) -> Result<u64, DatabaseError> {
        let safe = sqlx::AssertSqlSafe(text.to_owned());
        Ok(match self {
            Self::Sqlite(conn) => {
                let query = values.iter().fold(sqlx::query(safe), bind);
                query.execute(&mut **conn).await?.rows_affected()
            }
            Self::Embedded(conn) => {
                let mut statement = conn.prepare_cached(text)?;
                bind_embedded(&mut statement, values)?;
                statement.raw_execute()? as u64
            }
            Self::Postgres(conn) => {
                let query = values.iter().fold(sqlx::query(safe), bind);
                query.execute(&mut **conn).await?.rows_affected()
            }
        })
    }

    /// The rows that a question gives.
    pub async fn rows(&mut self, text: &str, values: &[Value]) -> Result<Vec<Row>, DatabaseError> {
        let safe = sqlx::AssertSqlSafe(text.to_owned());
        Ok(match self {
            Self::Sqlite(conn) => {
                let query = values.iter().fold(sqlx::query(safe), bind);
                let rows = query.fetch_all(&mut **conn).await?;
                rows.iter().map(sqlite_row).collect::<Result<_, _>>()?
            }
            Self::Embedded(conn) => {
                let mut statement = conn.prepare_cached(text)?;
                bind_embedded(&mut statement, values)?;
                let columns = statement.column_count();
                let mut rows = statement.raw_query();
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(embedded_row(row, columns)?);
                }
                found
            }
            Self::Postgres(conn) => {
                let query = values.iter().fold(sqlx::query(safe), bind);
                let rows = query.fetch_all(&mut **conn).await?;
                rows.iter().map(postgres_row).collect::<Result<_, _>>()?
            }
        })
    }

    /// The first row, where there is one.
    pub async fn row(&mut self, text: &str, values: &[Value]) -> Result<Option<Row>, DatabaseError> {
        Ok(self.rows(text, values).await?.into_iter().next())
    }
}

/// A list of values from anything that can be one.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::conn::Value::from($value)),*]
    };
}
pub(crate) use values;
