//! Calling the nodes that reach outside the engine: which class a node is, what its call holds,
//! and what a call can come back with.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use masar_engine::{
    Effect, Json, Outcome, StepError, Timestamp,
    plan::PlanNode,
    run::{Machine, Resolved},
};
use masar_nodes::{Behaviour, ResolvedCall};

use super::task::RunInfo;
use crate::core::Core;

/// Whether a node's effect belongs into the transaction of its record.
pub(super) fn is_transactional(node: &PlanNode) -> bool {
    node.spec.manifest.effect == Effect::Transactional
}

/// What a node gets to see of its call.
pub(super) fn resolved_call(
    info: &RunInfo,
    machine: &Machine,
    resolved: &Resolved,
    attempt: u16,
    now: Timestamp,
) -> ResolvedCall {
    ResolvedCall {
        parameters: resolved.parameters.clone(),
        input: resolved.input.clone(),
        workspace: info.workspace.0,
        run: info.run.0,
        workflow: info.workflow.0,
        step: resolved.step.to_string(),
        idempotency_key: resolved.idempotency_key.clone(),
        attempt,
        now,
        time_zone: machine.header().zone.clone(),
        depth: info.depth,
        test: machine.header().test,
    }
}

/// Makes an external call: bounded in time, panics caught, secrets masked in what comes back.
pub(super) async fn call_external(
    core: &Arc<Core>,
    node: &PlanNode,
    call: ResolvedCall,
    allowed: bool,
) -> Outcome {
    let manifest = &node.spec.manifest;
    if !allowed {
        let message = format!(
            "{} reaches outside Masar, and this test run was not allowed to: allow it for the test, or pin an output",
            manifest.node_type
        );
        return Outcome::Failed(StepError::new("test.external_not_allowed", message).permanent());
    }
    let Some(found) = core.catalogue.find_behaviour(&manifest.node_type, Some(manifest.version)) else {
        return Outcome::Failed(
            StepError::new(
                "node.missing",
                format!("{} version {} is not installed", manifest.node_type, manifest.version),
            )
            .permanent(),
        );
    };
    let Behaviour::External(external) = &found.behaviour else {
        return Outcome::Failed(
            StepError::new("node.effect", format!("{} is not an external node", manifest.node_type))
                .permanent(),
        );
    };
    let limit = node.timeout_ms.map_or(core.config.execute.step_timeout, Duration::from_millis);
    let running = AssertUnwindSafe(external.run(&core.world, &call)).catch_unwind();
    let outcome = match tokio::time::timeout(limit, running).await {
        Err(_) => Err(StepError::new("step.timeout", format!("no answer within {} ms", limit.as_millis()))),
        Ok(Err(_panic)) => Err(StepError::new(
            "node.panicked",
            "the node stopped with an internal fault; the server's log has the details",
        )
        .permanent()),
        Ok(Ok(result)) => result,
    };
    outcome
        .map(|mut output| {
            output.value = output.value.map(|value| Arc::new(core.mask(&value)));
            output
        })
        .map_err(|mut error| {
            error.message = core.mask_text(&error.message);
            if error.details != Json::Null {
                error.details = core.mask(&error.details);
            }
            error
        })
        .into()
}
