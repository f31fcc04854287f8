//! Naming one execution of one node: the node, and the iterations of the loops around it.

use std::{fmt::Write as _, sync::Arc};

use smallvec::SmallVec;

use super::{
    Machine, StepRef,
    state::{Instance, InstanceId, NodeState},
};
use crate::plan::NodeIndex;

/// A step: a node and the indexes of the iterations that it lies in, outermost first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StepId {
    /// The node.
    pub node: NodeIndex,
    /// Iterations, outermost first.
    pub path: SmallVec<[u32; 2]>,
}

impl Machine {
    /// The text of a step, as the journal and the API write it.
    pub fn step_ref(&self, step: &StepId) -> StepRef {
        let node = self.plan.node(step.node);
        if step.path.is_empty() {
            return StepRef(node.key.clone());
        }
        let mut owners: SmallVec<[NodeIndex; 2]> = SmallVec::new();
        let mut scope = node.scope;
        while let Some(owner) = self.plan.scopes[scope as usize].owner {
            owners.push(owner);
            scope = self.plan.node(owner).scope;
        }
        let mut text = String::with_capacity(node.key.len() + 24);
        for (owner, index) in owners.iter().rev().zip(&step.path) {
            let _ = write!(text, "{}[{index}].", self.plan.node(*owner).key);
        }
        text.push_str(&node.key);
        StepRef(Arc::from(text))
    }

    /// Reads a step's text; `None` where it names nothing in this plan.
    pub fn parse_step(&self, text: &str) -> Option<StepId> {
        let mut path = SmallVec::new();
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once("].") {
            let (key, index) = head.split_once('[')?;
            self.plan.find(key)?;
            path.push(index.parse().ok()?);
            rest = tail;
        }
        let node = self.plan.find(rest)?;
        (self.plan.depth(self.plan.node(node).scope) == path.len()).then_some(StepId { node, path })
    }

    pub(super) fn id_of(&self, instance: InstanceId, node: NodeIndex) -> StepId {
        let mut path: SmallVec<[u32; 2]> = SmallVec::new();
        let mut at = Some(instance);
        while let Some(instance) = at.and_then(|id| self.instance(id)) {
            if instance.owner.is_some() {
                path.push(instance.index);
            }
            at = instance.owner.map(|(id, _)| id);
        }
        path.reverse();
        StepId { node, path }
    }

    pub(super) fn ref_of(&self, instance: InstanceId, node: NodeIndex) -> StepRef {
        if instance.slot == 0 {
            return StepRef(self.plan.node(node).key.clone());
        }
        self.step_ref(&self.id_of(instance, node))
    }

    /// The instance in which a step runs, where it still does.
    pub(super) fn locate(&self, step: &StepId) -> Option<InstanceId> {
        let mut owners: SmallVec<[NodeIndex; 2]> = SmallVec::new();
        let mut scope = self.plan.node(step.node).scope;
        while let Some(owner) = self.plan.scopes[scope as usize].owner {
            owners.push(owner);
            scope = self.plan.node(owner).scope;
        }
        let mut at = InstanceId { slot: 0, generation: 0 };
        for (owner, index) in owners.iter().rev().zip(&step.path) {
            at = match self.node_state(at, *owner)? {
                NodeState::ForEach(state) => state.open.iter().find(|(open, _)| open == index)?.1,
                NodeState::Loop(state) if state.round == *index => state.current?,
                _ => return None,
            };
        }
        Some(at)
    }

    pub(super) fn find_step(&self, step: &StepRef) -> Option<(InstanceId, NodeIndex)> {
        if let Some(node) = self.plan.find(&step.0) {
            // A bare key names a step of the workflow's own scope.
            if self.plan.node(node).scope == 0 {
                return Some((InstanceId { slot: 0, generation: 0 }, node));
            }
        }
        let id = self.parse_step(&step.0)?;
        Some((self.locate(&id)?, id.node))
    }

    pub(super) fn instance(&self, id: InstanceId) -> Option<&Instance> {
        self.instances.get(id.slot as usize)?.as_ref().filter(|instance| instance.generation == id.generation)
    }

    pub(super) fn instance_mut(&mut self, id: InstanceId) -> Option<&mut Instance> {
        self.instances
            .get_mut(id.slot as usize)?
            .as_mut()
            .filter(|instance| instance.generation == id.generation)
    }

    pub(super) fn node_state(&self, id: InstanceId, node: NodeIndex) -> Option<&NodeState> {
        self.instance(id)?.nodes.get(self.plan.node(node).local as usize)
    }
}
