//! A run from its journal: fold the records, then say what the world has to be asked again.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use super::{
    Activity, Command, Header, Machine, Record, RunStatus, StepId, StepState, StepView,
    state::{InstanceId, NodeState},
};
use crate::{
    Event, Json, Timestamp,
    manifest::{OnCrash, Role},
    plan::Plan,
};

/// Why a journal cannot be replayed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// The first record is missing or is not a start.
    #[error("the journal does not begin with the start of the run")]
    NoStart,
    /// The plan is not the version that the run began with.
    #[error("the run began with version {expected}, but this plan is {found}")]
    OtherVersion {
        /// What the journal says.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The trigger that fired is not in the plan.
    #[error("the plan has no trigger \"{0}\"")]
    NoTrigger(String),
}

impl Machine {
    pub(super) fn blank(plan: Arc<Plan>, header: Header, event: &Event) -> Result<Self, ReplayError> {
        let found = plan.hash.to_string();
        if header.version != found {
            return Err(ReplayError::OtherVersion { expected: header.version, found });
        }
        let trigger = plan.find(&header.trigger).map(|index| plan.node(index).spec.manifest.role);
        if trigger != Some(Role::Trigger) {
            return Err(ReplayError::NoTrigger(header.trigger));
        }
        Ok(Self::empty(plan, header, event))
    }

    pub(super) fn empty(plan: Arc<Plan>, header: Header, event: &Event) -> Self {
        let run_info = serde_json::json!({
            "id": header.run.to_string(),
            "workflow": plan.name,
            "version": header.number,
            "test": header.test,
        });
        Self {
            trigger: event.data.clone(),
            envelope: Arc::new(event.envelope()),
            run_info: Arc::new(run_info),
            vars: header.vars.clone().unwrap_or_else(|| Arc::new(Json::Object(serde_json::Map::new()))),
            time_zone: Arc::from(header.zone.as_str()),
            plan,
            header,
            next: 0,
            status: RunStatus::Running,
            instances: Vec::new(),
            free: Vec::new(),
            generation: 0,
            ready: VecDeque::new(),
            closing: VecDeque::new(),
            work: Vec::new(),
            tokens: HashMap::new(),
            activity: Activity::default(),
            failing: None,
            result: None,
            error: None,
            commands: Vec::new(),
            records: Vec::new(),
            replaying: false,
        }
    }

    /// Folds a journal, or any prefix of one that holds its start.
    pub fn replay(
        plan: Arc<Plan>,
        event: &Event,
        records: impl IntoIterator<Item = Record>,
    ) -> Result<Self, ReplayError> {
        let mut records = records.into_iter();
        let Some(Record::Started(header)) = records.next() else { return Err(ReplayError::NoStart) };
        let mut machine = Self::blank(plan, (*header).clone(), event)?;
        machine.replaying = true;
        machine.apply(&Record::Started(header));
        for record in records {
            machine.apply(&record);
        }
        machine.replaying = false;
        Ok(machine)
    }

    /// After a replay: asks again for every wait and timer, and takes up what was under way when
    /// the last owner vanished. An external call whose outcome is unknown is tried again with the
    /// same key or parked in doubt, as its node declares.
    pub fn recover(&mut self, now: Timestamp) {
        if self.status != RunStatus::Running {
            return;
        }
        let plan = self.plan.clone();
        let mut unknown = Vec::new();
        for (id, node) in self.places() {
            if let Some(NodeState::Running { attempt, intended, .. }) = self.node_state(id, node) {
                unknown.push((id, node, *attempt, *intended));
            }
        }
        for (id, node, attempt, intended) in unknown {
            if intended && plan.node(node).on_crash == OnCrash::InDoubt {
                let step = self.ref_of(id, node);
                self.emit(Record::InDoubt { step, at: now, attempt });
            } else {
                self.make_ready(id, node, attempt);
            }
        }
        self.reopen_waits();
    }

    /// Commands anew for everything that waits.
    pub(super) fn reopen_waits(&mut self) {
        for (id, node) in self.places() {
            match self.node_state(id, node) {
                Some(NodeState::Retrying { due, token, .. }) => {
                    let (due, token) = (*due, *token);
                    self.command(Command::SetTimer { token, due });
                }
                Some(NodeState::Waiting { wait, token, .. }) => {
                    let (wait, token) = ((**wait).clone(), *token);
                    self.announce_wait(id, node, token, wait);
                }
                _ => {}
            }
        }
    }

    /// Every step that is with the executor.
    pub fn running_steps(&self) -> Vec<StepId> {
        let running = |place: &(InstanceId, u32)| {
            matches!(self.node_state(place.0, place.1), Some(NodeState::Running { .. }))
        };
        self.places().into_iter().filter(running).map(|(id, node)| self.id_of(id, node)).collect()
    }

    fn places(&self) -> Vec<(InstanceId, u32)> {
        let mut places = Vec::new();
        for (slot, instance) in self.instances.iter().enumerate() {
            let Some(instance) = instance else { continue };
            let id =
                InstanceId { slot: u32::try_from(slot).unwrap_or(u32::MAX), generation: instance.generation };
            places.extend(self.plan.scopes[instance.scope as usize].nodes.iter().map(|&node| (id, node)));
        }
        places
    }

    /// Where the nodes of the workflow's own scope stand, and what they wait for.
    pub fn view(&self) -> Vec<StepView> {
        let root = InstanceId { slot: 0, generation: 0 };
        let nodes = self.plan.scopes.first().map(|scope| scope.nodes.as_slice()).unwrap_or_default();
        nodes
            .iter()
            .map(|&index| {
                let node = self.plan.node(index);
                let mut waits_for = Vec::new();
                let state = match self.node_state(root, index) {
                    None => StepState::Pending,
                    Some(NodeState::Idle(arrivals)) => {
                        let undecided = |source: u32| {
                            !matches!(
                                self.node_state(root, source),
                                Some(
                                    NodeState::Done { .. }
                                        | NodeState::Skipped
                                        | NodeState::Failed { handled: true, .. }
                                )
                            )
                        };
                        waits_for = node
                            .incoming
                            .iter()
                            .filter(|edge| !arrivals.values.iter().any(|(arrived, _)| arrived == *edge))
                            .map(|edge| self.plan.edges[*edge as usize].source)
                            .filter(|source| undecided(*source))
                            .map(|source| self.plan.node(source).key.to_string())
                            .collect();
                        StepState::Pending
                    }
                    Some(NodeState::Ready { .. }) => StepState::Ready,
                    Some(NodeState::Running { .. }) => StepState::Running,
                    Some(NodeState::Retrying { .. }) => StepState::Retrying,
                    Some(NodeState::Waiting { .. } | NodeState::Calling { .. }) => StepState::Waiting,
                    Some(NodeState::InDoubt { .. }) => StepState::InDoubt,
                    Some(NodeState::ForEach(_) | NodeState::Loop(_)) => StepState::Looping,
                    Some(NodeState::Done { .. }) => StepState::Done,
                    Some(NodeState::Skipped) => StepState::Skipped,
                    Some(NodeState::Failed { .. }) => StepState::Failed,
                };
                StepView { node: node.key.to_string(), state, waits_for }
            })
            .collect()
    }
}
