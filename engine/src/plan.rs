//! The immutable compiled graph: indexes instead of names, parsed parameters, resolved node
//! types, loop regions, join arities. Made by [`crate::compile`], read by [`crate::run`].

use std::{collections::HashMap, sync::Arc};

use crate::{
    NodeSpec, VersionHash,
    manifest::{OnCrash, Role},
    node::Prepared,
    value::Parameter,
    workflow::{Join, Retry, Settings},
};

/// Position of a node in [`Plan::nodes`].
pub type NodeIndex = u32;
/// Position of an edge in [`Plan::edges`].
pub type EdgeIndex = u32;
/// Position of a scope in [`Plan::scopes`]; 0 is the workflow itself.
pub type ScopeIndex = u32;

/// The name of the port by which a failed step leaves.
pub const ERROR_PORT: &str = "error";
/// The input port of a loop by which the next round is asked for.
pub const AGAIN_PORT: &str = "again";
/// The port of a loop that runs its region.
pub const BODY_PORT: &str = "body";
/// The port of a loop that goes on when the region is through.
pub const DONE_PORT: &str = "done";

/// A workflow version, compiled.
pub struct Plan {
    /// The workflow's name.
    pub name: String,
    /// Content hash of the version.
    pub hash: VersionHash,
    /// Nodes in topological order.
    pub nodes: Vec<PlanNode>,
    /// Edges, those into `again` included.
    pub edges: Vec<PlanEdge>,
    /// The workflow (0) and one scope for each loop's region.
    pub scopes: Vec<PlanScope>,
    /// How runs are treated.
    pub settings: Settings,
    /// Whether an expression reads `vars`, so that a run must journal them.
    pub uses_vars: bool,
    pub(crate) by_key: HashMap<String, NodeIndex>,
}

/// A node, compiled.
pub struct PlanNode {
    /// Id in the workflow file.
    pub id: String,
    /// Key, shared by everything that names the node.
    pub key: Arc<str>,
    /// Type and code.
    pub spec: NodeSpec,
    /// Compiled parameters.
    pub parameters: Parameter,
    /// What the type prepared from them.
    pub prepared: Prepared,
    /// The scope that it runs in.
    pub scope: ScopeIndex,
    /// Its place among the scope's nodes.
    pub local: u32,
    /// The scope of its body, where it is a loop.
    pub body: Option<ScopeIndex>,
    /// Edges into it, `again` not counted, in the file's order.
    pub incoming: Vec<EdgeIndex>,
    /// Edges out of it, in the file's order.
    pub outgoing: Vec<EdgeIndex>,
    /// Output ports; `error` last for whatever can fail.
    pub ports: Vec<Arc<str>>,
    /// When it runs.
    pub join: Join,
    /// How often it is tried.
    pub retry: Option<Retry>,
    /// Longest attempt, milliseconds.
    pub timeout_ms: Option<u64>,
    /// What an unknown outcome leads to.
    pub on_crash: OnCrash,
    /// Whether it only passes its input on.
    pub disabled: bool,
    /// Whether an edge leaves by `error`.
    pub handles_error: bool,
}

/// An edge, compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanEdge {
    /// Id in the workflow file.
    pub id: String,
    /// Node that it leaves.
    pub source: NodeIndex,
    /// Index of the port in the source's [`PlanNode::ports`].
    pub port: u16,
    /// Node that it enters.
    pub target: NodeIndex,
    /// Whether it asks a loop for another round.
    pub again: bool,
}

/// Nodes that live and end together: the workflow, or the body of a loop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanScope {
    /// The loop whose body this is.
    pub owner: Option<NodeIndex>,
    /// The scope of the owner.
    pub parent: ScopeIndex,
    /// Its nodes; a node's [`PlanNode::local`] is its place here.
    pub nodes: Vec<NodeIndex>,
}

impl Plan {
    /// The node with this key.
    pub fn find(&self, key: &str) -> Option<NodeIndex> {
        self.by_key.get(key).copied()
    }

    /// The node at this index. Indexes come from this plan only.
    pub fn node(&self, index: NodeIndex) -> &PlanNode {
        &self.nodes[index as usize]
    }

    /// The triggers that can start a run.
    pub fn triggers(&self) -> impl Iterator<Item = &PlanNode> {
        self.nodes.iter().filter(|node| node.spec.manifest.role == Role::Trigger && !node.disabled)
    }

    /// How many loops a scope lies in.
    pub fn depth(&self, scope: ScopeIndex) -> usize {
        let mut depth = 0;
        let mut at = scope;
        while at != 0 {
            depth += 1;
            at = self.scopes[at as usize].parent;
        }
        depth
    }

    /// Nodes that can only run after `node`, itself included: what a re-run from it repeats.
    pub fn downstream(&self, node: NodeIndex) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        let mut stack = vec![node];
        while let Some(at) = stack.pop() {
            if std::mem::replace(&mut reached[at as usize], true) {
                continue;
            }
            for &edge in &self.node(at).outgoing {
                if !self.edges[edge as usize].again {
                    stack.push(self.edges[edge as usize].target);
                }
            }
            // What comes after the loop that holds this node comes after the node.
            if let Some(owner) = self.scopes[self.node(at).scope as usize].owner {
                for &edge in &self.node(owner).outgoing {
                    if &*self.node(owner).ports[self.edges[edge as usize].port as usize] != BODY_PORT {
                        stack.push(self.edges[edge as usize].target);
                    }
                }
            }
        }
        reached
    }
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("name", &self.name)
            .field("hash", &self.hash)
            .field("nodes", &self.nodes.iter().map(|node| &node.key).collect::<Vec<_>>())
            .field("edges", &self.edges.len())
            .field("scopes", &self.scopes.len())
            .finish()
    }
}
