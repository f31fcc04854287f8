//! What the expressions of a step see.

use std::sync::Arc;

use super::{
    Machine,
    state::{InstanceId, NodeState},
};
use crate::{
    Json, Timestamp,
    value::{Context, Steps},
};

/// Outputs as seen from one instance: its own scope, then those around it.
pub(super) struct View<'m> {
    pub(super) machine: &'m Machine,
    pub(super) instance: InstanceId,
}

impl Steps for View<'_> {
    fn output(&self, key: &str) -> Option<Arc<Json>> {
        let machine = self.machine;
        let node = machine.plan.find(key)?;
        let scope = machine.plan.node(node).scope;
        let mut at = machine.instance(self.instance)?;
        while at.scope != scope {
            at = machine.instance(at.owner?.0)?;
        }
        match at.nodes.get(machine.plan.node(node).local as usize)? {
            NodeState::Done { output, .. } => Some(output.clone()),
            NodeState::Failed { error, handled: true, .. } => {
                serde_json::to_value(&**error).ok().map(|error| {
                    let mut object = serde_json::Map::new();
                    object.insert("error".into(), error);
                    Arc::new(Json::Object(object))
                })
            }
            _ => None,
        }
    }
}

impl Machine {
    pub(super) fn context<'m>(
        &'m self,
        view: &'m View<'m>,
        input: &Arc<Json>,
        now: Timestamp,
    ) -> Context<'m> {
        let (mut item, mut index) = (None, None);
        if let Some(instance) = self.instance(view.instance)
            && instance.owner.is_some()
        {
            item = instance.item.clone();
            index = Some(u64::from(instance.index));
        }
        Context {
            trigger: self.trigger.clone(),
            event: self.envelope.clone(),
            input: input.clone(),
            item,
            index,
            vars: self.vars.clone(),
            run: self.run_info.clone(),
            now,
            time_zone: &self.time_zone,
            steps: view,
        }
    }
}
