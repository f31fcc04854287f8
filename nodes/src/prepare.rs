//! What pure nodes parse once, at compile time: conditions, and parameters that must be written out.
//! Faults are pairs of field path and message, as [`masar_engine::Pure::prepare`] gives them.

use std::{any::Any, sync::Arc};

use masar_engine::{
    Call, Json, StepError,
    node::Prepared,
    value::{Condition, Context, Parameter, ParameterFault, ValueError},
};
use serde::de::DeserializeOwned;

use crate::node::read_parameters;

pub(crate) type Faults = Vec<(String, String)>;

/// Rows of a condition, or one expression that gives true or false.
pub(crate) enum Test {
    Rows(Condition),
    Computed(Parameter),
}

impl Test {
    /// Compiles the condition at `path`.
    pub(crate) fn compile(parameter: &Parameter, path: &str) -> Result<Self, Faults> {
        match parameter {
            Parameter::Expression(_) => Ok(Self::Computed(parameter.clone())),
            rows => match Condition::compile_parameter(rows) {
                Ok(condition) => Ok(Self::Rows(condition)),
                Err(faults) => Err(faults.into_iter().map(|fault| placed(path, fault)).collect()),
            },
        }
    }

    pub(crate) fn holds(&self, context: &Context<'_>) -> Result<bool, ValueError> {
        match self {
            Self::Rows(condition) => condition.evaluate(context),
            Self::Computed(parameter) => match parameter.resolve_lent(context)?.as_json() {
                Json::Bool(holds) => Ok(*holds),
                other => Err(ValueError::new(
                    "value.type",
                    format!("the condition's expression gives {other}; it must give true or false"),
                )),
            },
        }
    }
}

fn placed(path: &str, fault: ParameterFault) -> (String, String) {
    let path = if fault.path.is_empty() { path.to_owned() } else { format!("{path}.{}", fault.path) };
    (path, fault.error.message)
}

/// An optional condition among the parameters.
pub(crate) fn optional_test(parameters: &Parameter, name: &str) -> Result<Option<Test>, Faults> {
    match parameters.get(name) {
        None => Ok(None),
        Some(parameter) if parameter.as_literal().is_some_and(Json::is_null) => Ok(None),
        Some(parameter) => Test::compile(&parameter, name).map(Some),
    }
}

/// The parameters as `T`, where all but those in `except` must be written out as plain values.
/// What is missing has been reported by the schema already and gives nothing.
pub(crate) fn literal<T: DeserializeOwned>(
    parameters: &Parameter,
    except: &[&str],
) -> Result<Option<T>, Faults> {
    let mut values = serde_json::Map::new();
    let mut faults = Faults::new();
    match parameters {
        Parameter::Literal(value) => {
            if let Json::Object(fields) = &**value {
                values = fields.clone();
            }
        }
        Parameter::Object(fields) => {
            for (name, field) in fields.iter().filter(|(name, _)| !except.contains(&name.as_str())) {
                match field.as_literal() {
                    Some(value) => {
                        values.insert(name.clone(), value.clone());
                    }
                    None => faults.push((
                        name.clone(),
                        "this is read before anything runs, so it cannot be computed; write the value itself"
                            .to_owned(),
                    )),
                }
            }
        }
        _ => {}
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    values.retain(|name, _| !except.contains(&name.as_str()));
    match read_parameters(Json::Object(values)) {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.message.contains("missing field") => Ok(None),
        Err(error) => {
            let path = error.details.get("path").and_then(Json::as_str).unwrap_or("").to_owned();
            Err(vec![(path, error.message)])
        }
    }
}

/// Wraps what was prepared.
pub(crate) fn keep<T: Any + Send + Sync>(prepared: T) -> Prepared {
    Some(Arc::new(prepared))
}

/// What [`masar_engine::Pure::prepare`] made.
pub(crate) fn prepared<'c, T: Any>(call: &Call<'c>) -> Result<&'c T, StepError> {
    call.prepared.as_ref().and_then(|prepared| prepared.downcast_ref()).ok_or_else(|| {
        StepError::new("node.not_prepared", "the node was not compiled; check the workflow again").permanent()
    })
}

/// The parameters, resolved and read into `T`; `null` counts as absent.
pub(crate) fn resolved<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, StepError> {
    read_parameters(call.parameters.resolve(call.context)?)
}
