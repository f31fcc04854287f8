//! What the world tells a run.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{
    Machine, Record, RunStatus, StepId, StepRef,
    context::View,
    state::{InstanceId, NodeState},
};
use crate::{
    Json, Outcome, Output, Sequence, StepError, Timestamp, node::Wait, plan::NodeIndex, workflow::Backoff,
};

/// The input came too late or was meant for another: nothing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the run no longer waits for this")]
pub struct Ignored;

/// A step about to be executed, its parameters resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The step as text.
    pub step: StepRef,
    /// The parameters, every expression and template evaluated.
    pub parameters: Json,
    /// What came in.
    pub input: Arc<Json>,
    /// The same over retries and crashes of this step.
    pub idempotency_key: String,
}

/// What a person decides about a step in doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It happened; this is its output.
    Happened(Json),
    /// It did not happen (or repeating is harmless): try again.
    TryAgain,
    /// It failed.
    Failed(String),
}

/// What a person says about an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Yes or no.
    pub approved: bool,
    /// Who.
    pub by: &'a str,
    /// How it reached the run: `api`, `link`.
    pub via: &'a str,
    /// In their own words.
    pub comment: Option<&'a str>,
}

impl Machine {
    /// Resolves the parameters of a step that [`super::Command::Execute`] named.
    pub fn resolve(&self, step: &StepId, now: Timestamp) -> Result<Result<Resolved, StepError>, Ignored> {
        let id = self.locate(step).ok_or(Ignored)?;
        let input = self.node_state(id, step.node).and_then(NodeState::input).ok_or(Ignored)?.clone();
        let view = View { machine: self, instance: id };
        let context = self.context(&view, &input, now);
        let text = self.step_ref(step);
        Ok(self.plan.node(step.node).parameters.resolve(&context).map_err(StepError::from).map(
            |parameters| {
                let idempotency_key = self.idempotency_key(&text);
                Resolved { step: text, parameters, input, idempotency_key }
            },
        ))
    }

    /// The key of a step: run, step and iterations, the same over retries and crashes.
    pub fn idempotency_key(&self, step: &StepRef) -> String {
        let mut digest = Sha256::new();
        digest.update(self.header.run.0.as_bytes());
        digest.update(step.0.as_bytes());
        let hash = digest.finalize();
        hash.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Records that an external call is about to be made. To be durable before the first byte goes out.
    /// `shown` are the parameters with secrets masked.
    pub fn intend(
        &mut self,
        resolved: &Resolved,
        attempt: u16,
        shown: Json,
        now: Timestamp,
    ) -> Result<(), Ignored> {
        let (id, node) = self.find_step(&resolved.step).ok_or(Ignored)?;
        match self.node_state(id, node) {
            Some(NodeState::Running { attempt: current, .. }) if *current == attempt => {}
            _ => return Err(Ignored),
        }
        self.emit(Record::Intent {
            step: resolved.step.clone(),
            at: now,
            attempt,
            key: resolved.idempotency_key.clone(),
            parameters: Arc::new(shown),
        });
        Ok(())
    }

    /// Reports the outcome of an executed step. `took` is in microseconds.
    pub fn finish(
        &mut self,
        step: &StepId,
        attempt: u16,
        outcome: Outcome,
        now: Timestamp,
        took: u64,
    ) -> Result<(), Ignored> {
        if self.status != RunStatus::Running {
            return Err(Ignored);
        }
        let id = self.locate(step).ok_or(Ignored)?;
        match self.node_state(id, step.node) {
            Some(NodeState::Running { attempt: current, .. }) if *current == attempt => {}
            _ => return Err(Ignored),
        }
        self.conclude(id, step.node, attempt, outcome, now, took);
        Ok(())
    }

    /// A timer is due: a retry, a wait, a deadline.
    pub fn timer_fired(&mut self, token: Sequence, now: Timestamp) -> Result<(), Ignored> {
        let (id, node) = self.waiting(token)?;
        match self.node_state(id, node) {
            Some(NodeState::Retrying { attempt, .. }) => {
                let attempt = attempt.saturating_add(1);
                self.make_ready(id, node, attempt);
            }
            Some(NodeState::Waiting { wait, .. }) => {
                let port = match **wait {
                    Wait::Until { .. } => "out",
                    Wait::Event { .. } => "timeout",
                    Wait::Approval { .. } => "expired",
                };
                self.wake(id, node, Output::pass(port), "timer".into(), now);
            }
            _ => return Err(Ignored),
        }
        Ok(())
    }

    /// The event that a step waited for has come.
    pub fn event_arrived(
        &mut self,
        token: Sequence,
        event_id: &str,
        data: Arc<Json>,
        now: Timestamp,
    ) -> Result<(), Ignored> {
        let (id, node) = self.waiting(token)?;
        match self.node_state(id, node) {
            Some(NodeState::Waiting { wait, .. }) if matches!(**wait, Wait::Event { .. }) => {
                let output = Output { port: "out".into(), value: Some(data) };
                self.wake(id, node, output, format!("event {event_id}"), now);
                Ok(())
            }
            _ => Err(Ignored),
        }
    }

    /// A person approved or rejected.
    pub fn approve(&mut self, token: Sequence, verdict: Verdict<'_>, now: Timestamp) -> Result<(), Ignored> {
        let Verdict { approved, by, via, comment } = verdict;
        let (id, node) = self.waiting(token)?;
        match self.node_state(id, node) {
            Some(NodeState::Waiting { wait, .. }) if matches!(**wait, Wait::Approval { .. }) => {
                let port = if approved { "approved" } else { "rejected" };
                let value = serde_json::json!({"decision": port, "by": by, "via": via, "comment": comment, "at": now.to_rfc3339()});
                self.wake(id, node, Output::new(port, value), by.to_owned(), now);
                Ok(())
            }
            _ => Err(Ignored),
        }
    }

    /// A called workflow is over, or (for a call that does not wait) has begun.
    pub fn call_ended(
        &mut self,
        token: Sequence,
        result: Result<Json, StepError>,
        now: Timestamp,
    ) -> Result<(), Ignored> {
        let (id, node) = self.waiting(token)?;
        if !matches!(self.node_state(id, node), Some(NodeState::Calling { .. })) {
            return Err(Ignored);
        }
        self.conclude(id, node, 1, result.map(Output::out).into(), now, 0);
        Ok(())
    }

    /// A person decided about a step in doubt.
    pub fn decide(
        &mut self,
        step: &StepRef,
        decision: Decision,
        by: &str,
        now: Timestamp,
    ) -> Result<(), Ignored> {
        let (id, node) = self.find_step(step).ok_or(Ignored)?;
        let Some(NodeState::InDoubt { attempt, .. }) = self.node_state(id, node) else { return Err(Ignored) };
        let attempt = *attempt;
        match decision {
            Decision::Happened(value) => {
                let port =
                    self.plan.node(node).ports.first().map_or_else(String::new, |port| port.to_string());
                self.wake(id, node, Output::new(port, value), by.to_owned(), now);
            }
            Decision::TryAgain => {
                self.emit(Record::TryAgain { step: step.clone(), at: now, by: by.to_owned() })
            }
            Decision::Failed(reason) => {
                let error = StepError::new("step.decided_failed", reason).permanent();
                self.emit(Record::Failed {
                    step: step.clone(),
                    at: now,
                    took: 0,
                    attempt,
                    error,
                    retry_at: None,
                    fatal: false,
                });
            }
        }
        Ok(())
    }

    /// Stops the run.
    pub fn cancel(&mut self, by: &str, now: Timestamp) -> Result<(), Ignored> {
        if self.status != RunStatus::Running {
            return Err(Ignored);
        }
        self.emit(Record::Ended {
            at: now,
            status: RunStatus::Cancelled,
            error: None,
            step: None,
            result: None,
            by: Some(by.to_owned()),
        });
        Ok(())
    }

    /// Ends the run as failed from outside: its time is up, or it cannot go on.
    pub fn abort(&mut self, error: StepError, now: Timestamp) -> Result<(), Ignored> {
        if self.status != RunStatus::Running {
            return Err(Ignored);
        }
        self.emit(Record::Ended {
            at: now,
            status: RunStatus::Failed,
            error: Some(error),
            step: None,
            result: None,
            by: None,
        });
        Ok(())
    }

    /// Lets a failed run go on from where it failed.
    pub fn resume_failed(&mut self, by: &str, now: Timestamp) -> Result<(), Ignored> {
        if self.status != RunStatus::Failed {
            return Err(Ignored);
        }
        self.emit(Record::Resumed { at: now, by: by.to_owned() });
        Ok(())
    }

    fn waiting(&self, token: Sequence) -> Result<(InstanceId, NodeIndex), Ignored> {
        if self.status != RunStatus::Running {
            return Err(Ignored);
        }
        self.tokens.get(&token).copied().ok_or(Ignored)
    }

    fn wake(&mut self, id: InstanceId, node: NodeIndex, output: Output, by: String, now: Timestamp) {
        if let Some(NodeState::Waiting { token, .. }) = self.node_state(id, node) {
            let token = *token;
            self.command(super::Command::CloseWait { token });
        }
        let step = self.ref_of(id, node);
        self.emit(Record::Done {
            step,
            at: now,
            took: 0,
            attempt: 1,
            port: output.port,
            value: output.value,
            by: Some(by),
        });
    }

    pub(super) fn retry_at(
        &self,
        node: NodeIndex,
        step: &StepRef,
        attempt: u16,
        error: &StepError,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let retry = self.plan.node(node).retry.as_ref()?;
        let listed = retry.on.iter().any(|code| match code.strip_suffix('*') {
            Some(prefix) => error.code.starts_with(prefix),
            None => *code == error.code,
        });
        if attempt >= retry.max_attempts || !(listed || retry.on.is_empty() && error.retryable) {
            return None;
        }
        let pause = match retry.backoff {
            Backoff::Fixed => retry.delay_ms,
            Backoff::Exponential => {
                let grown = retry
                    .delay_ms
                    .saturating_mul(1u64 << u32::from(attempt - 1).min(32))
                    .min(retry.max_delay_ms);
                // Full jitter over the upper half; drawn from the run and the step, so that replay draws the same.
                let mut digest = Sha256::new();
                digest.update(self.header.run.0.as_bytes());
                digest.update(step.0.as_bytes());
                digest.update(attempt.to_be_bytes());
                let drawn =
                    digest.finalize().iter().take(4).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
                grown / 2 + (grown / 2 + 1) * drawn / (1 << 32)
            }
        };
        Some(now.plus_millis(pause.max(error.retry_after_ms.unwrap_or(0))))
    }
}
