//! What a store can answer other than yes.

/// Why the store cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be used at all.
    #[error(
        "{file} is not a usable database: {message}. Restore it from a backup, or move it away to begin anew"
    )]
    Corrupt {
        /// The file.
        file: String,
        /// What SQLite says.
        message: String,
    },
    /// Written by a newer Masar.
    #[error(
        "the database is at migration {found}, this Masar knows up to {known}: it was written by a newer Masar; update the program"
    )]
    Newer {
        /// In the file.
        found: i64,
        /// In the program.
        known: i64,
    },
    /// The disk is full.
    #[error("the disk is full; nothing is lost, and work goes on when there is space again")]
    DiskFull,
    /// The folder or file cannot be written.
    #[error("the database cannot be written: {0}. Check the owner and the permissions of the data folder")]
    ReadOnly(String),
    /// The linked SQLite has a known fault.
    #[error("SQLite {0} can corrupt a database in WAL mode; 3.51.3 or newer is needed")]
    OldSqlite(String),
    /// Another revision is current.
    #[error("revision {expected} is no longer current; it is {found} now")]
    Conflict {
        /// What the caller had.
        expected: i64,
        /// What is current.
        found: i64,
    },
    /// The name is taken.
    #[error("the name \"{0}\" is taken")]
    Taken(String),
    /// It is not there.
    #[error("there is no such {0}")]
    Gone(&'static str),
    /// What is stored is not what was written.
    #[error("{0}")]
    Damaged(String),
    /// The database cannot be reached, or refuses us.
    #[error("{0}")]
    Unreachable(String),
    /// Another process writes to the database now.
    #[error("another Masar has taken the database over; this one writes nothing any more: stop it")]
    Superseded,
    /// Anything else that the database says.
    #[error("the database failed: {0}")]
    Database(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        masar_crm_core::DatabaseError::from(error).into()
    }
}

impl From<masar_crm_core::DatabaseError> for StoreError {
    fn from(error: masar_crm_core::DatabaseError) -> Self {
        match error.state.as_deref() {
            None if error.lost => {
                Self::Unreachable(format!("the database cannot be reached: {}", error.message))
            }
            None => Self::from_code(error.code, &error.message),
            // PostgreSQL, appendix A: disk_full; read_only_sql_transaction; data_corrupted, index_corrupted.
            Some(super::postgres::SUPERSEDED) => Self::Superseded,
            Some("53100") => Self::DiskFull,
            Some("25006") => Self::ReadOnly(error.message),
            Some("XX001" | "XX002") => Self::Corrupt { file: "the database".into(), message: error.message },
            // Class 08, connection exceptions; 53300, too_many_connections; 57P0x, the server stops or starts.
            Some(state) if state.starts_with("08") || state.starts_with("57P") || state == "53300" => {
                Self::Unreachable(format!("the database does not serve us: {}", error.message))
            }
            Some(_) => Self::Database(error.message),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        masar_crm_core::DatabaseError::from(error).into()
    }
}

impl StoreError {
    /// From SQLite's primary result code and its words.
    pub(super) fn from_code(code: Option<i32>, message: &str) -> Self {
        match code {
            Some(13) => Self::DiskFull,
            Some(8 | 14) => Self::ReadOnly(message.to_owned()),
            Some(11 | 26) => Self::Corrupt { file: "the database".into(), message: message.to_owned() },
            _ => Self::Database(message.to_owned()),
        }
    }
}

/// Why a unit was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Too much is waiting to be written.
    #[error("too much is waiting to be written")]
    Overloaded,
    /// A record with this number exists: another owner has the run.
    #[error("another owner has the run")]
    Fenced,
    /// The event came before.
    #[error("the event came before, at position {position}")]
    Duplicate {
        /// Where the first one is.
        position: i64,
    },
    /// The store failed; nothing of the unit was kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The committer is gone.
    #[error("the store has been closed")]
    Closed,
    /// The work did not come back.
    #[error("the work of a unit was lost")]
    Lost,
}
