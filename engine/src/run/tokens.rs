//! Tokens: inside one scope instance every edge carries exactly one token, live or ruled out.
//! A node whose edges are decided becomes ready or is skipped, and that spreads. Cascades run
//! over a work list, so a chain of ten thousand skipped nodes needs no stack.

use std::sync::Arc;

use super::{
    Command, Machine,
    state::{Arrivals, Class, ForEachState, Instance, InstanceId, NodeState},
};
use crate::{
    Json, StepError,
    manifest::Role,
    node::ItemFailure,
    plan::{BODY_PORT, DONE_PORT, ERROR_PORT, EdgeIndex, NodeIndex, ScopeIndex},
    workflow::Join,
};

/// What is still to be told to a node or an instance.
pub(super) enum Work {
    Arrive(InstanceId, EdgeIndex, Arc<Json>),
    RuleOut(InstanceId, EdgeIndex),
    /// Every node of the instance is at its end.
    Complete(InstanceId),
    /// A `for_each` may have room for more bodies.
    Fill(InstanceId, NodeIndex),
}

/// What [`Machine::settle`] found where a failure stops.
enum Catcher {
    Root,
    Item { owner: (InstanceId, NodeIndex), failed: InstanceId },
    ErrorPort { owner: (InstanceId, NodeIndex) },
}

impl Machine {
    pub(super) fn spawn(
        &mut self,
        scope: ScopeIndex,
        owner: Option<(InstanceId, NodeIndex)>,
        index: u32,
        item: Option<Arc<Json>>,
    ) -> InstanceId {
        let count = self.plan.scopes[scope as usize].nodes.len();
        let nodes = (0..count).map(|_| NodeState::Idle(Arrivals::default())).collect();
        // The first instance is the workflow itself: slot 0, generation 0, never freed.
        let generation = self.generation;
        self.generation = self.generation.wrapping_add(1);
        let open = u32::try_from(count).unwrap_or(u32::MAX);
        let instance = Instance { generation, scope, owner, index, item, nodes, open };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.instances[slot as usize] = Some(instance);
                slot
            }
            None => {
                self.instances.push(Some(instance));
                u32::try_from(self.instances.len() - 1).unwrap_or(u32::MAX)
            }
        };
        InstanceId { slot, generation }
    }

    /// Opens a loop's body for one item or round and sends the tokens of the body port.
    fn open_body(
        &mut self,
        owner: (InstanceId, NodeIndex),
        index: u32,
        item: Arc<Json>,
    ) -> Option<InstanceId> {
        let plan = self.plan.clone();
        let node = plan.node(owner.1);
        let scope = node.body?;
        let instance = self.spawn(scope, Some(owner), index, Some(item.clone()));
        for &edge in &node.outgoing {
            if &*node.ports[plan.edges[edge as usize].port as usize] == BODY_PORT {
                self.work.push(Work::Arrive(instance, edge, item.clone()));
            }
        }
        if plan.scopes[scope as usize].nodes.is_empty() {
            self.work.push(Work::Complete(instance));
        }
        Some(instance)
    }

    /// Ends an instance with everything in it.
    pub(super) fn drop_instance(&mut self, id: InstanceId) {
        let plan = self.plan.clone();
        let Some(instance) = self.instances.get_mut(id.slot as usize).and_then(Option::take) else { return };
        if instance.generation != id.generation {
            self.instances[id.slot as usize] = Some(instance);
            return;
        }
        self.free.push(id.slot);
        for (state, &node) in instance.nodes.iter().zip(&plan.scopes[instance.scope as usize].nodes) {
            self.leave(state.class());
            match state {
                NodeState::Running { .. } => {
                    // The path is gone with the instance; what the executor holds is found by owner and index.
                    let mut step = self.id_of(id, node);
                    if let Some((outer, owner)) = instance.owner {
                        step = self.id_of(outer, owner);
                        step.node = node;
                        step.path.push(instance.index);
                    }
                    self.command(Command::Cancel { step });
                }
                NodeState::Retrying { token, .. }
                | NodeState::Waiting { token, .. }
                | NodeState::Calling { token, .. } => {
                    self.tokens.remove(token);
                    self.command(Command::CloseWait { token: *token });
                }
                NodeState::ForEach(each) => {
                    each.open.iter().for_each(|(_, inner)| self.drop_instance(*inner))
                }
                NodeState::Loop(rounds) => {
                    rounds.current.into_iter().for_each(|inner| self.drop_instance(inner))
                }
                _ => {}
            }
        }
    }

    fn enter(&mut self, class: Class) {
        match class {
            Class::Busy => self.activity.busy += 1,
            Class::Waiting => self.activity.waiting += 1,
            Class::Doubtful => self.activity.doubtful += 1,
            Class::Quiet | Class::Ended => {}
        }
    }

    fn leave(&mut self, class: Class) {
        match class {
            Class::Busy => self.activity.busy -= 1,
            Class::Waiting => self.activity.waiting -= 1,
            Class::Doubtful => self.activity.doubtful -= 1,
            Class::Quiet | Class::Ended => {}
        }
    }

    /// Puts a node into a new state, keeps the counts, and notices when its instance is through.
    pub(super) fn set(&mut self, id: InstanceId, node: NodeIndex, state: NodeState) -> Option<NodeState> {
        let local = self.plan.node(node).local as usize;
        let after = state.class();
        let instance = self.instance_mut(id)?;
        let old = std::mem::replace(instance.nodes.get_mut(local)?, state);
        let before = old.class();
        if after == Class::Ended && before != Class::Ended {
            instance.open -= 1;
            if instance.open == 0 {
                self.work.push(Work::Complete(id));
            }
        }
        self.leave(before);
        self.enter(after);
        if let NodeState::Retrying { token, .. }
        | NodeState::Waiting { token, .. }
        | NodeState::Calling { token, .. } = &old
        {
            self.tokens.remove(token);
        }
        Some(old)
    }

    /// Sends the tokens of a node that left by `port` with `output`.
    pub(super) fn deliver(&mut self, id: InstanceId, node: NodeIndex, port: u16, output: &Arc<Json>) {
        let plan = self.plan.clone();
        let source = plan.node(node);
        for &index in &source.outgoing {
            let edge = &plan.edges[index as usize];
            if &*source.ports[edge.port as usize] == BODY_PORT && source.body.is_some() {
                continue;
            }
            if edge.again {
                if edge.port == port {
                    self.ask_again(id, output);
                }
            } else if edge.port == port {
                self.work.push(Work::Arrive(id, index, output.clone()));
            } else {
                self.work.push(Work::RuleOut(id, index));
            }
        }
    }

    fn ask_again(&mut self, body: InstanceId, value: &Arc<Json>) {
        let Some((id, node)) = self.instance(body).and_then(|instance| instance.owner) else { return };
        let local = self.plan.node(node).local as usize;
        if let Some(NodeState::Loop(rounds)) =
            self.instance_mut(id).and_then(|instance| instance.nodes.get_mut(local))
        {
            rounds.again = Some(value.clone());
        }
    }

    /// Rules a node out.
    pub(super) fn skip(&mut self, id: InstanceId, node: NodeIndex) {
        let plan = self.plan.clone();
        self.set(id, node, NodeState::Skipped);
        for &index in &plan.node(node).outgoing {
            let edge = &plan.edges[index as usize];
            let body =
                plan.node(node).body.is_some() && &*plan.node(node).ports[edge.port as usize] == BODY_PORT;
            if !edge.again && !body {
                self.work.push(Work::RuleOut(id, index));
            }
        }
    }

    /// Works the list off.
    pub(super) fn settle(&mut self) {
        while let Some(work) = self.work.pop() {
            match work {
                Work::Arrive(id, edge, value) => self.arrive(id, edge, Some(value)),
                Work::RuleOut(id, edge) => self.arrive(id, edge, None),
                Work::Complete(id) => self.complete(id),
                Work::Fill(id, node) => self.fill(id, node),
            }
        }
    }

    fn arrive(&mut self, id: InstanceId, edge: EdgeIndex, value: Option<Arc<Json>>) {
        let plan = self.plan.clone();
        let target = plan.edges[edge as usize].target;
        let node = plan.node(target);
        let Some(instance) = self.instance_mut(id) else { return };
        // A node that ran on an earlier arrival drops what comes later.
        let Some(NodeState::Idle(arrivals)) = instance.nodes.get_mut(node.local as usize) else { return };
        match value {
            Some(value) => arrivals.values.push((edge, value)),
            None => arrivals.ruled_out += 1,
        }
        let live = arrivals.values.len();
        let decided = live + arrivals.ruled_out as usize == node.incoming.len();
        let wanted = match node.join {
            Join::All => usize::MAX,
            Join::First => 1,
            Join::AtLeast(count) => count as usize,
        };
        if live >= wanted || (decided && live > 0 && node.join == Join::All) {
            let input = combine(&plan, node, &mut arrivals.values);
            self.set(id, target, NodeState::Ready { input, attempt: 1 });
            self.ready.push_back((id, target));
        } else if decided {
            self.skip(id, target);
        }
    }

    fn complete(&mut self, id: InstanceId) {
        let Some(instance) = self.instance(id) else { return };
        let Some((outer, owner)) = instance.owner else { return };
        let index = instance.index;
        let result = self.result_of(id);
        let local = self.plan.node(owner).local as usize;
        let Some(state) = self.instance_mut(outer).and_then(|instance| instance.nodes.get_mut(local)) else {
            return;
        };
        match state {
            NodeState::ForEach(each) => {
                each.results[index as usize] = Some(result);
                each.open.retain(|(open, _)| *open != index);
                self.work.push(Work::Fill(outer, owner));
            }
            NodeState::Loop(rounds) => {
                rounds.result = result;
                rounds.current = None;
                self.closing.push_back((outer, owner));
            }
            _ => {}
        }
        self.drop_instance(id);
    }

    fn fill(&mut self, id: InstanceId, node: NodeIndex) {
        let local = self.plan.node(node).local as usize;
        let Some(NodeState::ForEach(each)) =
            self.instance_mut(id).and_then(|instance| instance.nodes.get_mut(local))
        else {
            return;
        };
        let total = each.len();
        if each.next < total {
            if each.open.len() < each.parallel as usize {
                let index = each.next;
                each.next += 1;
                let item = Arc::new(each.items.get(index as usize).cloned().unwrap_or(Json::Null));
                let more = each.open.len() + 1 < each.parallel as usize && each.next < total;
                if more {
                    self.work.push(Work::Fill(id, node));
                }
                if let Some(body) = self.open_body((id, node), index, item)
                    && let Some(each) = self.for_each_mut(id, node)
                {
                    each.open.push((index, body));
                }
            }
        } else if each.open.is_empty() {
            self.closing.push_back((id, node));
        }
    }

    pub(super) fn for_each_mut(&mut self, id: InstanceId, node: NodeIndex) -> Option<&mut ForEachState> {
        let local = self.plan.node(node).local as usize;
        match self.instance_mut(id)?.nodes.get_mut(local)? {
            NodeState::ForEach(each) => Some(each),
            _ => None,
        }
    }

    pub(super) fn next_round(&mut self, id: InstanceId, node: NodeIndex) {
        let local = self.plan.node(node).local as usize;
        let Some(NodeState::Loop(rounds)) =
            self.instance_mut(id).and_then(|instance| instance.nodes.get_mut(local))
        else {
            return;
        };
        let Some(item) = rounds.again.take() else { return };
        rounds.round += 1;
        let round = rounds.round;
        self.enter_round(id, node, round, item);
    }

    pub(super) fn enter_round(&mut self, id: InstanceId, node: NodeIndex, round: u32, item: Arc<Json>) {
        let body = self.open_body((id, node), round, item);
        let local = self.plan.node(node).local as usize;
        if let Some(NodeState::Loop(rounds)) =
            self.instance_mut(id).and_then(|instance| instance.nodes.get_mut(local))
        {
            rounds.current = body;
        }
    }

    /// The collected output of a loop that is through.
    pub(super) fn loop_output(&mut self, id: InstanceId, node: NodeIndex) -> Option<Arc<Json>> {
        let local = self.plan.node(node).local as usize;
        let value = match self.instance_mut(id)?.nodes.get_mut(local)? {
            NodeState::ForEach(each) => {
                // Taken, not copied: nobody but this output needs them any more.
                let results = std::mem::take(&mut each.results).into_iter();
                let results = results.map(|result| result.map_or(Json::Null, Arc::unwrap_or_clone)).collect();
                let mut output = serde_json::Map::new();
                output.insert("count".into(), each.len().into());
                output.insert("results".into(), Json::Array(results));
                if each.on_error == ItemFailure::Collect {
                    let errors = each
                        .errors
                        .iter()
                        .map(|(index, error)| serde_json::json!({"index": index, "error": error}));
                    output.insert("errors".into(), errors.collect());
                }
                Json::Object(output)
            }
            NodeState::Loop(rounds) => serde_json::json!({
                "rounds": rounds.round + 1,
                "result": *rounds.result,
                "exhausted": rounds.again.is_some(),
            }),
            _ => return None,
        };
        Some(Arc::new(value))
    }

    /// The output of an instance: of the nodes whose port led nowhere, one as it is, several by key.
    pub(super) fn result_of(&self, id: InstanceId) -> Arc<Json> {
        let Some(instance) = self.instance(id) else { return Arc::new(Json::Null) };
        let scope = &self.plan.scopes[instance.scope as usize];
        let mut found: Vec<(&str, &Arc<Json>)> = Vec::new();
        for (state, &node) in instance.nodes.iter().zip(&scope.nodes) {
            let node = self.plan.node(node);
            let NodeState::Done { output, port } = state else { continue };
            let edges = || node.outgoing.iter().map(|edge| &self.plan.edges[*edge as usize]);
            if !edges().any(|edge| edge.port == *port && !edge.again) {
                found.push((&node.key, output));
            }
        }
        match found.as_slice() {
            [] => Arc::new(Json::Null),
            [(_, output)] => (*output).clone(),
            several => Arc::new(Json::Object(
                several.iter().map(|(key, output)| ((*key).to_owned(), (***output).clone())).collect(),
            )),
        }
    }

    /// A step failed for good: its own error port, a loop around it, or the run takes it up.
    pub(super) fn fail(
        &mut self,
        id: InstanceId,
        node: NodeIndex,
        attempt: u16,
        error: &StepError,
        fatal: bool,
    ) {
        let plan = self.plan.clone();
        let input = self.node_state(id, node).and_then(NodeState::input).cloned().unwrap_or_default();
        let handled = plan.node(node).handles_error && !fatal;
        let step = self.ref_of(id, node);
        self.set(id, node, NodeState::Failed { input, error: Box::new(error.clone()), attempt, handled });
        if handled {
            self.leave_by_error(id, node, error);
            return;
        }
        match if fatal { Catcher::Root } else { self.catcher(id) } {
            Catcher::Root => self.failing = Some((step, error.clone())),
            Catcher::Item { owner: (outer, owner), failed } => {
                let index = self.instance(failed).map_or(0, |instance| instance.index);
                if let Some(each) = self.for_each_mut(outer, owner) {
                    each.open.retain(|(open, _)| *open != index);
                    if each.on_error == ItemFailure::Collect {
                        each.errors.insert(index, error.clone());
                    }
                }
                self.drop_instance(failed);
                self.work.push(Work::Fill(outer, owner));
            }
            Catcher::ErrorPort { owner: (outer, owner) } => {
                let input =
                    self.node_state(outer, owner).and_then(NodeState::input).cloned().unwrap_or_default();
                let state =
                    NodeState::Failed { input, error: Box::new(error.clone()), attempt: 1, handled: true };
                match self.set(outer, owner, state) {
                    Some(NodeState::ForEach(each)) => {
                        each.open.iter().for_each(|(_, inner)| self.drop_instance(*inner))
                    }
                    Some(NodeState::Loop(rounds)) => {
                        rounds.current.into_iter().for_each(|inner| self.drop_instance(inner))
                    }
                    _ => {}
                }
                self.leave_by_error(outer, owner, error);
            }
        }
    }

    fn leave_by_error(&mut self, id: InstanceId, node: NodeIndex, error: &StepError) {
        let plan = self.plan.clone();
        let Some(port) = plan.node(node).ports.iter().position(|port| &**port == ERROR_PORT) else { return };
        let mut value = serde_json::to_value(error).unwrap_or_default();
        if let Some(object) = value.as_object_mut() {
            object.insert("node".into(), plan.node(node).key.to_string().into());
        }
        self.deliver(id, node, u16::try_from(port).unwrap_or(u16::MAX), &Arc::new(value));
    }

    fn catcher(&self, mut id: InstanceId) -> Catcher {
        loop {
            let Some((outer, owner)) = self.instance(id).and_then(|instance| instance.owner) else {
                return Catcher::Root;
            };
            if let Some(NodeState::ForEach(each)) = self.node_state(outer, owner)
                && each.on_error != ItemFailure::Stop
            {
                return Catcher::Item { owner: (outer, owner), failed: id };
            }
            if self.plan.node(owner).handles_error {
                return Catcher::ErrorPort { owner: (outer, owner) };
            }
            id = outer;
        }
    }

    /// The index of a port, or of the port that stands for it.
    pub(super) fn port_index(&self, node: NodeIndex, port: &str) -> Option<u16> {
        let found = self.plan.node(node).ports.iter().position(|name| &**name == port)?;
        u16::try_from(found).ok()
    }

    pub(super) fn done_port(&self, node: NodeIndex) -> u16 {
        debug_assert!(matches!(self.plan.node(node).spec.manifest.role, Role::ForEach | Role::Loop));
        self.port_index(node, DONE_PORT).unwrap_or(1)
    }
}

/// The input of a node: the single arrival, or an object by source key when several arrived.
fn combine(
    plan: &crate::Plan,
    node: &crate::plan::PlanNode,
    values: &mut [(EdgeIndex, Arc<Json>)],
) -> Arc<Json> {
    if let [(_, value)] = values {
        return value.clone();
    }
    // The order of arrival must not show.
    values.sort_by_key(|(edge, _)| node.incoming.iter().position(|incoming| incoming == edge));
    let by_key = values.iter().map(|(edge, value)| {
        let source = plan.edges[*edge as usize].source;
        (plan.node(source).key.to_string(), (**value).clone())
    });
    Arc::new(Json::Object(by_key.collect()))
}
