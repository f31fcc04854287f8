//! What the CRM can refuse, with a stable code each.

/// Why a change or a question was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such record.
    #[error("there is no {entity} {id}")]
    NotFound {
        /// Its entity.
        entity: &'static str,
        /// What was asked for.
        id: String,
    },
    /// Somebody else changed it.
    #[error("version {expected} was changed, but {found} is current: read it again and repeat the change")]
    Conflict {
        /// What the caller had.
        expected: i64,
        /// What is current.
        found: i64,
    },
    /// A value that a field does not take.
    #[error("{field}: {message}")]
    InvalidField {
        /// The field.
        field: String,
        /// What is wrong and what is expected.
        message: String,
    },
    /// A field that is not there.
    #[error("{entity} has no field \"{field}\"{hint}")]
    UnknownField {
        /// The entity.
        entity: &'static str,
        /// The field.
        field: String,
        /// A suggestion.
        hint: String,
    },
    /// A move that the rules do not allow.
    #[error("{field} cannot go from {from} to {to}; possible from there: {allowed}")]
    MoveNotAllowed {
        /// The field.
        field: &'static str,
        /// Where it is.
        from: String,
        /// Where it was to go.
        to: String,
        /// Where it may go.
        allowed: String,
    },
    /// Another record has this phone or address.
    #[error("another {entity} has this {field}")]
    Duplicate {
        /// The entity.
        entity: &'static str,
        /// The field.
        field: &'static str,
    },
    /// Other records belong to it.
    #[error("{count} records belong to the {entity} {id}, a {by} among them: move or remove them first")]
    InUse {
        /// The entity.
        entity: &'static str,
        /// The record.
        id: String,
        /// How many.
        count: i64,
        /// What one of them is.
        by: &'static str,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] crate::DatabaseError),
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "crm.not_found",
            Self::Conflict { .. } => "crm.conflict",
            Self::InvalidField { .. } => "crm.invalid_field",
            Self::UnknownField { .. } => "crm.unknown_field",
            Self::MoveNotAllowed { .. } => "crm.move_not_allowed",
            Self::Duplicate { .. } => "crm.duplicate",
            Self::InUse { .. } => "crm.in_use",
            Self::Database(_) => "crm.database",
        }
    }

    pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::InvalidField { field: field.to_owned(), message: message.into() }
    }
}
