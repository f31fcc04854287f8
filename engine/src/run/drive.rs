//! Going on: pure steps run here, inline; the others are handed out as commands.

use super::{
    Command, Machine, Record, RunStatus,
    context::View,
    state::{InstanceId, NodeState},
};
use crate::{Call, Outcome, Output, StepError, Timestamp, node::ForEach, plan::NodeIndex};

/// What came of driving a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing more can be done without an input.
    Idle,
    /// The budget of steps is used up; there is more to do.
    More,
    /// The run is over.
    Ended,
}

impl Machine {
    /// Runs what can run without the world, at most `budget` steps, all at the moment `now`.
    pub fn drive(&mut self, now: Timestamp, budget: usize) -> Progress {
        let mut left = budget;
        loop {
            if self.status != RunStatus::Running {
                return Progress::Ended;
            }
            if let Some((step, error)) = self.failing.clone() {
                self.emit(Record::Ended {
                    at: now,
                    status: RunStatus::Failed,
                    error: Some(error),
                    step: Some(step),
                    result: None,
                    by: None,
                });
                return Progress::Ended;
            }
            if let Some(&(id, node)) = self.closing.front() {
                self.close(id, node, now);
                continue;
            }
            if left == 0 && !self.ready.is_empty() {
                return Progress::More;
            }
            let Some((id, node)) = self.ready.pop_front() else {
                let through =
                    self.instances.first().and_then(Option::as_ref).is_some_and(|root| root.open == 0);
                if !through {
                    return Progress::Idle;
                }
                // A caller reads the result off the last record, without folding the journal.
                let result = self
                    .header
                    .parent
                    .is_some()
                    .then(|| self.result_of(InstanceId { slot: 0, generation: 0 }));
                self.emit(Record::Ended {
                    at: now,
                    status: RunStatus::Succeeded,
                    error: None,
                    step: None,
                    result,
                    by: None,
                });
                return Progress::Ended;
            };
            let Some(NodeState::Ready { attempt, .. }) = self.node_state(id, node) else { continue };
            let attempt = *attempt;
            left -= 1;
            self.begin_step(id, node, attempt, now);
        }
    }

    fn begin_step(&mut self, id: InstanceId, node: NodeIndex, attempt: u16, now: Timestamp) {
        let plan = self.plan.clone();
        let planned = plan.node(node);
        if planned.scope == 0
            && let Some(pin) = self.header.pins.get(&*planned.key).cloned()
        {
            let step = self.ref_of(id, node);
            self.emit(Record::Done {
                step,
                at: now,
                took: 0,
                attempt,
                port: pin.port,
                value: Some(pin.value),
                by: Some("pin".into()),
            });
            return;
        }
        let outcome = if planned.disabled {
            Outcome::Done(Output::pass(planned.ports.first().map_or("out", |port| &**port)))
        } else if let Some(pure) = &planned.spec.pure {
            let Some(input) = self.node_state(id, node).and_then(NodeState::input).cloned() else { return };
            let view = View { machine: self, instance: id };
            let context = self.context(&view, &input, now);
            pure.run(&Call {
                parameters: &planned.parameters,
                context: &context,
                prepared: &planned.prepared,
            })
        } else {
            let Some(input) = self.node_state(id, node).and_then(NodeState::input).cloned() else { return };
            self.set(id, node, NodeState::Running { input, attempt, intended: false });
            let step = self.id_of(id, node);
            self.command(Command::Execute { step, attempt });
            return;
        };
        self.conclude(id, node, attempt, outcome, now, 0);
    }

    /// Turns an outcome into its record.
    pub(super) fn conclude(
        &mut self,
        id: InstanceId,
        node: NodeIndex,
        attempt: u16,
        outcome: Outcome,
        at: Timestamp,
        took: u64,
    ) {
        let step = self.ref_of(id, node);
        match outcome {
            Outcome::Done(output) => match self.port_index(node, &output.port) {
                Some(_) => self.emit(Record::Done {
                    step,
                    at,
                    took,
                    attempt,
                    port: output.port,
                    value: output.value,
                    by: None,
                }),
                None => {
                    let ports = self.plan.node(node).ports.join(", ");
                    let error = StepError::new(
                        "node.port_unknown",
                        format!("the node left by the port \"{}\"; its ports are {ports}", output.port),
                    );
                    self.failed(id, node, attempt, error.permanent(), at, took, false);
                }
            },
            Outcome::Failed(error) => self.failed(id, node, attempt, error, at, took, false),
            Outcome::Abort(error) => self.failed(id, node, attempt, error.permanent(), at, took, true),
            Outcome::Wait(wait) => self.emit(Record::Waiting { step, at, wait }),
            Outcome::ForEach(ForEach { items, parallel, on_error }) => {
                if items.is_array() {
                    self.emit(Record::Opened { step, at, items, parallel, on_error });
                } else {
                    let error = StepError::new(
                        "for_each.not_a_list",
                        "the items must be a list; give an expression that yields one",
                    );
                    self.failed(id, node, attempt, error.permanent(), at, took, false);
                }
            }
            Outcome::Loop(bounds) => self.emit(Record::Looping { step, at, bounds }),
            Outcome::Call(call) => self.emit(Record::Calling { step, at, call }),
            Outcome::Stop(value) => {
                let result = std::sync::Arc::new(value);
                self.emit(Record::Done {
                    step: step.clone(),
                    at,
                    took,
                    attempt,
                    port: String::new(),
                    value: Some(result.clone()),
                    by: None,
                });
                self.emit(Record::Ended {
                    at,
                    status: RunStatus::Succeeded,
                    error: None,
                    step: Some(step),
                    result: Some(result),
                    by: None,
                });
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one record")]
    fn failed(
        &mut self,
        id: InstanceId,
        node: NodeIndex,
        attempt: u16,
        error: StepError,
        at: Timestamp,
        took: u64,
        fatal: bool,
    ) {
        let step = self.ref_of(id, node);
        let retry_at = if fatal { None } else { self.retry_at(node, &step, attempt, &error, at) };
        self.emit(Record::Failed { step, at, took, attempt, error, retry_at, fatal });
    }

    fn close(&mut self, id: InstanceId, node: NodeIndex, at: Timestamp) {
        let step = self.ref_of(id, node);
        let another = match self.node_state(id, node) {
            Some(NodeState::Loop(rounds)) => {
                rounds.again.is_some()
                    && rounds.round + 1 < rounds.bounds.max_rounds
                    && rounds.bounds.until.is_none_or(|until| at < until)
            }
            Some(NodeState::ForEach(_)) => false,
            _ => {
                self.closing.pop_front();
                return;
            }
        };
        self.emit(if another { Record::Round { step, at } } else { Record::Closed { step, at } });
    }
}
