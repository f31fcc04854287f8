//! What a node's code may reach, by effect: a pure node nothing, a transactional one the database
//! transaction of its journal record, an external one the world. What a class may not do does not
//! compile. Called by the executor.

use std::sync::Arc;

use async_trait::async_trait;
use masar_crm_core::Conn;
use masar_engine::{Effect, Json, Output, Pure, StepError, Timestamp};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::World;

/// The code of a node type.
#[derive(Clone)]
pub enum Behaviour {
    /// Computes; may be repeated at will.
    Pure(Arc<dyn Pure>),
    /// Writes to Masar's own database: once, or not at all.
    Transactional(Arc<dyn Transactional>),
    /// Reaches outside.
    External(Arc<dyn External>),
}

impl Behaviour {
    /// The effect that follows from it.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Pure(_) => Effect::Pure,
            Self::Transactional(_) => Effect::Transactional,
            Self::External(_) => Effect::External,
        }
    }
}

/// A node that writes in the transaction of its own journal record.
#[async_trait]
pub trait Transactional: Send + Sync {
    /// Runs one attempt. Where it fails, the transaction's changes are rolled back to before it.
    async fn run(&self, tx: &mut Tx<'_>, call: &ResolvedCall) -> Result<Output, StepError>;
}

/// A node that reaches outside. Its intent is durable before it runs.
#[async_trait]
pub trait External: Send + Sync {
    /// Runs one attempt. It must be cancellable at every await.
    async fn run(&self, world: &World, call: &ResolvedCall) -> Result<Output, StepError>;
}

/// What a transactional node may use.
pub struct Tx<'c> {
    /// The open transaction.
    pub conn: Conn<'c>,
    /// Makes a new id.
    pub ids: &'c mut (dyn FnMut() -> Uuid + Send),
}

/// One attempt of a step whose expressions have all been resolved.
#[derive(Debug, Clone)]
pub struct ResolvedCall {
    /// The parameters as plain values.
    pub parameters: Json,
    /// What came over the edge.
    pub input: Arc<Json>,
    /// The workspace that the run belongs to.
    pub workspace: i64,
    /// The run.
    pub run: Uuid,
    /// Its workflow.
    pub workflow: Uuid,
    /// The step's printable id, unique in the run.
    pub step: String,
    /// The same over all attempts of the step, and only there.
    pub idempotency_key: String,
    /// From 1.
    pub attempt: u16,
    /// The moment of the attempt.
    pub now: Timestamp,
    /// IANA name of the time zone for dates.
    pub time_zone: String,
    /// How many runs called each other above this one; carried in events against endless chains.
    pub depth: i32,
    /// Whether this is a test run.
    pub test: bool,
}

impl ResolvedCall {
    /// The parameters as `T`.
    ///
    /// # Errors
    /// `parameter.invalid`, with the path of the field.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, StepError> {
        read_parameters(self.parameters.clone())
    }
}

/// Reads resolved parameters into `T`. A field that is `null` counts as absent, so that an
/// expression may leave a parameter to its default.
///
/// # Errors
/// `parameter.invalid`, with the path of the field.
pub fn read_parameters<T: DeserializeOwned>(mut parameters: Json) -> Result<T, StepError> {
    match &mut parameters {
        Json::Object(fields) => fields.retain(|_, value| !value.is_null()),
        Json::Null => parameters = Json::Object(serde_json::Map::new()),
        _ => {}
    }
    serde_path_to_error::deserialize(parameters).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let place = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
        invalid(&path, format!("{place}{}", error.inner()))
    })
}

/// `parameter.invalid` at a field; trying again cannot help.
pub(crate) fn invalid(path: &str, message: impl Into<String>) -> StepError {
    StepError::new("parameter.invalid", message).permanent().with_details(serde_json::json!({ "path": path }))
}
