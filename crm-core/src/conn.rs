//! A connection of one of the two databases, and the statements that differ only in their driver.

/// A connection inside a transaction, of one of the two databases.
pub enum Conn<'c> {
    /// SQLite.
    Sqlite(&'c mut sqlx::SqliteConnection),
    /// PostgreSQL.
    Postgres(&'c mut sqlx::PgConnection),
}

/// Runs one expression over whichever connection it is: `$conn` is bound to the driver's own.
macro_rules! on {
    ($conn:expr, $bound:ident => $body:expr) => {
        match $conn {
            $crate::Conn::Sqlite($bound) => $body,
            $crate::Conn::Postgres($bound) => $body,
        }
    };
}
pub(crate) use on;
