//! Compiles and runs a pure node as the engine does.

use std::sync::Arc;

use masar_engine::{
    Call, Json, NodeSpec, Outcome, Timestamp,
    value::{Context, NoSteps, Parameter},
};
use masar_nodes::Catalogue;

/// 2026-11-23T11:00 in Riyadh.
pub(crate) const NOW: Timestamp = Timestamp(1_795_420_800_000_000);

/// The outcome, or the faults of compilation as `path: message`.
pub(crate) fn run(
    node_type: &str,
    parameters: &Json,
    trigger: &Json,
    input: &Json,
) -> Result<Outcome, Vec<String>> {
    let spec = masar_engine::Catalogue::find(&Catalogue::builtin(), node_type, None).unwrap();
    run_spec(&spec, parameters, trigger, input)
}

pub(crate) fn run_spec(
    spec: &NodeSpec,
    parameters: &Json,
    trigger: &Json,
    input: &Json,
) -> Result<Outcome, Vec<String>> {
    let pure = spec.pure.as_ref().unwrap();
    let parameters = Parameter::compile(parameters).map_err(|faults| {
        faults.into_iter().map(|fault| format!("{}: {}", fault.path, fault.error)).collect::<Vec<_>>()
    })?;
    let prepared = pure.prepare(&parameters).map_err(|faults| {
        faults.into_iter().map(|(path, message)| format!("{path}: {message}")).collect::<Vec<_>>()
    })?;
    let context = Context {
        trigger: Arc::new(trigger.clone()),
        event: Arc::default(),
        input: Arc::new(input.clone()),
        item: None,
        index: None,
        vars: Arc::default(),
        run: Arc::default(),
        now: NOW,
        time_zone: "Asia/Riyadh",
        steps: &NoSteps,
    };
    Ok(pure.run(&Call { parameters: &parameters, context: &context, prepared: &prepared }))
}
