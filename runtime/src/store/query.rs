//! A statement with its values, and the ways to run it: on a reading connection of the store or on
//! one inside a transaction. The texts serve both databases; where they cannot, the place that asks
//! chooses by [`Store::is_postgres`] or [`Conn::is_sqlite`].

use std::borrow::Cow;

use masar_crm_core::{Conn, DatabaseError, FromValue, Row, Value};

use super::{Store, StoreError};

/// A text with values for `$1`, `$2`, …
pub(super) struct Query {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// A statement without values yet.
pub(super) fn query(text: impl Into<Cow<'static, str>>) -> Query {
    Query { text: text.into(), values: Vec::new() }
}

impl Query {
    /// The value of the next number.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Adds to the text.
    pub(super) fn push(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.text.to_mut().push_str(text.as_ref());
        self
    }

    /// Adds the next number to the text, and its value.
    pub(super) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.values.push(value.into());
        let number = format!("${}", self.values.len());
        self.push(number)
    }

    /// Adds values to the text, with commas between them.
    pub(super) fn push_list<T: Into<Value>>(&mut self, values: impl IntoIterator<Item = T>) -> &mut Self {
        for (place, value) in values.into_iter().enumerate() {
            if place > 0 {
                self.push(", ");
            }
            self.push_bind(value);
        }
        self
    }

    /// Runs it; how many rows it touched.
    pub(super) async fn execute(&self, conn: &mut Conn<'_>) -> Result<u64, DatabaseError> {
        conn.execute(&self.text, &self.values).await
    }

    /// Its rows, inside a transaction.
    pub(super) async fn rows(&self, conn: &mut Conn<'_>) -> Result<Vec<Row>, DatabaseError> {
        conn.rows(&self.text, &self.values).await
    }

    /// The first column of its first row, inside a transaction.
    pub(super) async fn value<T: FromValue>(&self, conn: &mut Conn<'_>) -> Result<Option<T>, DatabaseError> {
        let row = conn.row(&self.text, &self.values).await?;
        row.map(|row| row.get(0)).transpose()
    }

    /// Its rows.
    pub(super) async fn all(&self, store: &Store) -> Result<Vec<Row>, StoreError> {
        let mut reader = store.reader().await?;
        Ok(self.rows(&mut reader.conn()).await?)
    }

    /// Its first row.
    pub(super) async fn first(&self, store: &Store) -> Result<Option<Row>, StoreError> {
        Ok(self.all(store).await?.into_iter().next())
    }

    /// The first column of its rows.
    pub(super) async fn column<T: FromValue>(&self, store: &Store) -> Result<Vec<T>, StoreError> {
        let rows = self.all(store).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
    }

    /// The first column of its first row.
    pub(super) async fn scalar<T: FromValue>(&self, store: &Store) -> Result<Option<T>, StoreError> {
        let row = self.first(store).await?;
        Ok(row.map(|row| row.get(0)).transpose()?)
    }
}
