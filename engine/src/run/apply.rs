//! Facts change the state here and nowhere else, live and in replay alike.

use std::sync::Arc;

use super::{
    Command, Machine, Record, RunStatus, StepRef,
    state::{ForEachState, InstanceId, LoopState, NodeState},
    tokens::Work,
};
use crate::{Json, manifest::Role, node::Wait, plan::NodeIndex};

impl Machine {
    pub(super) fn apply(&mut self, record: &Record) {
        let sequence = self.next;
        self.next += 1;
        match record {
            Record::Started(header) => self.begin(&header.trigger),
            Record::Done { step, port, value, .. } => {
                if let Some((id, node)) = self.find_step(step) {
                    self.done(id, node, port, value.clone());
                }
            }
            Record::Intent { step, attempt, .. } => {
                if let Some((id, node, input)) = self.begun(step) {
                    self.set(id, node, NodeState::Running { input, attempt: *attempt, intended: true });
                }
            }
            Record::Failed { step, attempt, error, retry_at, fatal, .. } => {
                let Some((id, node, input)) = self.begun(step) else { return };
                match retry_at {
                    Some(due) => {
                        self.set(
                            id,
                            node,
                            NodeState::Retrying { input, attempt: *attempt, due: *due, token: sequence },
                        );
                        self.tokens.insert(sequence, (id, node));
                        self.command(Command::SetTimer { token: sequence, due: *due });
                    }
                    None => self.fail(id, node, *attempt, error, *fatal),
                }
            }
            Record::Waiting { step, wait, .. } => {
                let Some((id, node, input)) = self.begun(step) else { return };
                self.set(
                    id,
                    node,
                    NodeState::Waiting { input, wait: Box::new(wait.clone()), token: sequence },
                );
                self.tokens.insert(sequence, (id, node));
                self.announce_wait(id, node, sequence, wait.clone());
            }
            Record::Opened { step, items, parallel, on_error, .. } => {
                let Some((id, node, input)) = self.begun(step) else { return };
                let count = items.as_array().map_or(0, Vec::len);
                let each = ForEachState {
                    input,
                    items: items.clone(),
                    parallel: (*parallel).max(1),
                    on_error: *on_error,
                    next: 0,
                    open: Vec::new(),
                    results: vec![None; count],
                    errors: std::collections::BTreeMap::new(),
                };
                self.set(id, node, NodeState::ForEach(Box::new(each)));
                self.work.push(Work::Fill(id, node));
            }
            Record::Looping { step, bounds, .. } => {
                let Some((id, node, input)) = self.begun(step) else { return };
                let rounds = LoopState {
                    input: input.clone(),
                    bounds: bounds.clone(),
                    round: 0,
                    current: None,
                    again: None,
                    result: Arc::new(Json::Null),
                };
                self.set(id, node, NodeState::Loop(Box::new(rounds)));
                self.enter_round(id, node, 0, input);
            }
            Record::Round { step, .. } => {
                if let Some((id, node)) = self.find_step(step) {
                    self.closing.retain(|entry| *entry != (id, node));
                    self.next_round(id, node);
                }
            }
            Record::Closed { step, .. } => {
                if let Some((id, node)) = self.find_step(step)
                    && let Some(output) = self.loop_output(id, node)
                {
                    self.closing.retain(|entry| *entry != (id, node));
                    let port = self.done_port(node);
                    self.set(id, node, NodeState::Done { output: output.clone(), port });
                    self.deliver(id, node, port, &output);
                }
            }
            Record::Calling { step, call, .. } => {
                let Some((id, node, input)) = self.begun(step) else { return };
                self.set(id, node, NodeState::Calling { input, token: sequence });
                self.tokens.insert(sequence, (id, node));
                let step = self.id_of(id, node);
                self.command(Command::CallWorkflow { token: sequence, step, call: call.clone() });
            }
            Record::InDoubt { step, attempt, .. } => {
                if let Some((id, node, input)) = self.begun(step) {
                    self.set(id, node, NodeState::InDoubt { input, attempt: *attempt });
                }
            }
            Record::TryAgain { step, .. } => {
                let Some((id, node)) = self.find_step(step) else { return };
                let attempt = match self.node_state(id, node) {
                    Some(NodeState::InDoubt { attempt, .. }) => attempt.saturating_add(1),
                    _ => return,
                };
                self.make_ready(id, node, attempt);
            }
            Record::Resumed { .. } => self.resume(),
            Record::Ended { status, error, step, result, .. } => {
                self.end(*status, error.clone(), step.clone(), result.clone())
            }
        }
        self.settle();
    }

    fn begin(&mut self, trigger: &str) {
        let plan = self.plan.clone();
        let root = self.spawn(0, None, 0, None);
        for (node, index) in plan.nodes.iter().zip(0..) {
            if node.spec.manifest.role != Role::Trigger {
                continue;
            }
            if &*node.key == trigger {
                let input = self.trigger.clone();
                self.set(root, index, NodeState::Ready { input, attempt: 1 });
                self.ready.push_back((root, index));
            } else {
                self.skip(root, index);
            }
        }
    }

    fn done(&mut self, id: InstanceId, node: NodeIndex, port: &str, value: Option<Arc<Json>>) {
        let Some(input) = self.node_state(id, node).and_then(NodeState::input).cloned() else { return };
        let output = value.unwrap_or(input);
        let port = self.port_index(node, port);
        // Only `flow.stop` has no port to leave by.
        let index = port.unwrap_or(u16::MAX);
        self.set(id, node, NodeState::Done { output: output.clone(), port: index });
        self.deliver(id, node, index, &output);
    }

    /// A step that has begun and not ended, with its input.
    fn begun(&self, step: &StepRef) -> Option<(InstanceId, NodeIndex, Arc<Json>)> {
        let (id, node) = self.find_step(step)?;
        let input = self.node_state(id, node)?.input()?.clone();
        Some((id, node, input))
    }

    pub(super) fn make_ready(&mut self, id: InstanceId, node: NodeIndex, attempt: u16) {
        let Some(input) = self.node_state(id, node).and_then(NodeState::input).cloned() else { return };
        self.set(id, node, NodeState::Ready { input, attempt });
        self.ready.push_back((id, node));
    }

    pub(super) fn announce_wait(&mut self, id: InstanceId, node: NodeIndex, token: u64, wait: Wait) {
        let due = match &wait {
            Wait::Until { due } => Some(*due),
            Wait::Event { deadline, .. } | Wait::Approval { deadline, .. } => *deadline,
        };
        if !matches!(wait, Wait::Until { .. }) {
            let step = self.id_of(id, node);
            self.command(Command::OpenWait { token, step, wait });
        }
        if let Some(due) = due {
            self.command(Command::SetTimer { token, due });
        }
    }

    /// Every unhandled failure is tried again, and what the failure had stopped goes on.
    fn resume(&mut self) {
        self.status = RunStatus::Running;
        self.failing = None;
        self.error = None;
        let plan = self.plan.clone();
        let mut again = Vec::new();
        for (slot, instance) in self.instances.iter().enumerate() {
            let Some(instance) = instance else { continue };
            let id =
                InstanceId { slot: u32::try_from(slot).unwrap_or(u32::MAX), generation: instance.generation };
            for (state, &node) in instance.nodes.iter().zip(&plan.scopes[instance.scope as usize].nodes) {
                match state {
                    NodeState::Failed { attempt, handled: false, .. } => {
                        again.push((id, node, attempt.saturating_add(1)))
                    }
                    NodeState::Running { attempt, .. } => again.push((id, node, attempt.saturating_add(1))),
                    NodeState::Ready { attempt, .. } => again.push((id, node, *attempt)),
                    _ => {}
                }
            }
        }
        for (id, node, attempt) in again {
            self.make_ready(id, node, attempt);
        }
        self.reopen_waits();
    }

    fn end(
        &mut self,
        status: RunStatus,
        error: Option<crate::StepError>,
        step: Option<StepRef>,
        result: Option<Arc<Json>>,
    ) {
        self.status = status;
        self.failing = None;
        self.result = match (status, result) {
            (_, Some(result)) => Some(result),
            (RunStatus::Succeeded, None) => Some(self.result_of(InstanceId { slot: 0, generation: 0 })),
            _ => None,
        };
        self.error = error.map(|error| (step, error));
        for step in self.running_steps() {
            self.command(Command::Cancel { step });
        }
        self.command(Command::Ended { status });
    }
}
