//! Reading workflow files of any age: an older one is migrated, a newer one is refused.

use crate::{Json, Workflow, workflow::FORMAT};

/// Why a file is not a workflow.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FormatError {
    /// Not JSON at all.
    #[error("not JSON: {message} (line {line}, column {column})")]
    Json {
        /// From the parser.
        message: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// JSON, but not of the format.
    #[error("{path}: {message}")]
    Shape {
        /// Where.
        path: String,
        /// What.
        message: String,
    },
    /// Written by a newer Masar.
    #[error(
        "this file has format {found}, but this Masar reads up to {FORMAT}: update Masar, or export the workflow from an older one"
    )]
    Newer {
        /// The file's format.
        found: u64,
    },
}

/// Reads a workflow file.
pub fn parse(text: &str) -> Result<Workflow, FormatError> {
    let value: Json = serde_json::from_str(text).map_err(|error| FormatError::Json {
        message: error.to_string(),
        line: error.line(),
        column: error.column(),
    })?;
    parse_value(value)
}

/// Reads a workflow from JSON; absent `format` means the first.
pub fn parse_value(mut value: Json) -> Result<Workflow, FormatError> {
    let Some(object) = value.as_object_mut() else {
        return Err(FormatError::Shape {
            path: String::new(),
            message: "a workflow is a JSON object".into(),
        });
    };
    let found = match object.get("format") {
        None => 1,
        Some(format) => format.as_u64().ok_or_else(|| FormatError::Shape {
            path: "format".into(),
            message: "the format is a whole number".into(),
        })?,
    };
    if found > u64::from(FORMAT) {
        return Err(FormatError::Newer { found });
    }
    object.insert("format".into(), FORMAT.into());
    Workflow::deserialize_with_path(value)
}

impl Workflow {
    fn deserialize_with_path(value: Json) -> Result<Self, FormatError> {
        serde_path_to_error::deserialize(value).map_err(|error| FormatError::Shape {
            path: error.path().to_string(),
            message: error.inner().to_string(),
        })
    }
}
