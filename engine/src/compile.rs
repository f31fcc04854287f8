//! From a workflow to a plan, or to every problem at once. A pass a file; each pass reports
//! what it finds and the next one works with what is left, so that one fault does not hide others.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sha2::{Digest, Sha256};

use crate::{
    Json, NodeKey, VersionHash,
    manifest::{Ports, Role},
    node::{Catalogue, NodeSpec},
    plan::{AGAIN_PORT, ERROR_PORT, Plan, PlanEdge, PlanNode, PlanScope},
    value::{Parameter, References},
    workflow::{Join, Node, Workflow},
};

mod problem;
mod references;
mod regions;
mod schema;
mod types;

use problem::nearest;
pub use problem::{Code, Place, Problem, Severity};

/// Compiles a workflow against the installed node types. Problems of severity warning do not
/// stand in the way and come back beside the plan.
pub fn compile(workflow: &Workflow, catalogue: &dyn Catalogue) -> Result<(Plan, Vec<Problem>), Vec<Problem>> {
    let mut problems = Vec::new();
    let drafts = nodes(workflow, catalogue, &mut problems);
    let edges = edges(workflow, &drafts, &mut problems);
    let order = regions::analyse(&drafts, &edges, &mut problems);
    if let Some(layout) = &order {
        references::check(&drafts, &edges, layout, &mut problems);
        types::check(&drafts, &edges, layout, &mut problems);
    }
    let fatal = problems.iter().any(|problem| problem.severity == Severity::Error);
    match order {
        Some(layout) if !fatal => {
            let plan = assemble(workflow, drafts, edges, layout);
            Ok((plan, problems))
        }
        _ => Err(problems),
    }
}

/// The content hash that names a version: SHA-256 of its JSON with sorted keys.
pub fn content_hash(workflow: &Workflow) -> VersionHash {
    // serde_json's Map is sorted (no `preserve_order` in the tree), so a value's text is canonical.
    let value = serde_json::to_value(workflow).unwrap_or(Json::Null);
    VersionHash(Sha256::digest(serde_json::to_vec(&value).unwrap_or_default()).into())
}

/// A node on its way into the plan.
struct DraftNode<'w> {
    node: &'w Node,
    spec: NodeSpec,
    parameters: Parameter,
    prepared: crate::node::Prepared,
    ports: Vec<Arc<str>>,
}

impl DraftNode<'_> {
    fn role(&self) -> Role {
        self.spec.manifest.role
    }

    /// Calls `visit` with the field and the references of everything that is computed in it.
    fn visit_references(&self, visit: &mut dyn FnMut(&str, &References)) {
        self.parameters.visit_references(visit);
        if let Some(pure) = &self.spec.pure {
            pure.visit_references(&self.prepared, visit);
        }
    }

    fn is_loop(&self) -> bool {
        matches!(self.role(), Role::ForEach | Role::Loop)
    }
}

fn nodes<'w>(
    workflow: &'w Workflow,
    catalogue: &dyn Catalogue,
    problems: &mut Vec<Problem>,
) -> Vec<DraftNode<'w>> {
    let mut drafts = Vec::with_capacity(workflow.nodes.len());
    let mut ids = HashSet::new();
    let mut keys = HashSet::new();
    for node in &workflow.nodes {
        if !ids.insert(node.id.as_str()) {
            problems.push(
                Problem::at_node(Code::NodeIdTwice, node, "id")
                    .says(format!("the id \"{}\" is used twice", node.id)),
            );
        }
        if !NodeKey::is_valid(&node.key) {
            problems.push(Problem::at_node(Code::NodeKeyInvalid, node, "key").says(format!(
                "\"{}\" cannot be a key: a letter or underscore first, then letters, digits and underscores, 64 at most",
                node.key
            )));
        } else if !keys.insert(node.key.as_str()) {
            problems.push(
                Problem::at_node(Code::NodeKeyTwice, node, "key")
                    .says(format!("two nodes have the key \"{}\"", node.key)),
            );
        }
        let Some(spec) = catalogue.find(&node.node_type, node.type_version) else {
            problems.push(unknown_type(node, catalogue));
            continue;
        };
        let parameters = parameters(node, &spec, problems);
        let prepared = match spec.pure.as_ref().map(|pure| pure.prepare(&parameters)) {
            None => None,
            Some(Ok(prepared)) => prepared,
            Some(Err(faults)) => {
                for (path, message) in faults {
                    problems.push(Problem::at_node(Code::ParameterInvalid, node, &path).says(message));
                }
                None
            }
        };
        settings(node, problems);
        let ports = ports(node, &spec);
        drafts.push(DraftNode { node, spec, parameters, prepared, ports });
    }
    if !drafts.iter().any(|draft| draft.role() == Role::Trigger) && drafts.len() == workflow.nodes.len() {
        problems.push(
            Problem::of_workflow(Code::NoTrigger, "nodes")
                .says("the workflow has no trigger, so nothing can start it")
                .hint("add a trigger, e.g. trigger.webhook or trigger.manual"),
        );
    }
    drafts
}

fn unknown_type(node: &Node, catalogue: &dyn Catalogue) -> Problem {
    if let (Some(version), Some(newest)) = (node.type_version, catalogue.find(&node.node_type, None)) {
        return Problem::at_node(Code::NodeTypeUnknown, node, "typeVersion").says(format!(
            "{} has no version {version} here; the newest is {}",
            node.node_type, newest.manifest.version
        ));
    }
    let problem = Problem::at_node(Code::NodeTypeUnknown, node, "type")
        .says(format!("the node type \"{}\" is not installed", node.node_type));
    match nearest(&node.node_type, catalogue.names().iter().map(String::as_str)) {
        Some(name) => problem.hint(format!("did you mean \"{name}\"?")),
        None => problem.hint("install the node, or choose another type"),
    }
}

fn parameters(node: &Node, spec: &NodeSpec, problems: &mut Vec<Problem>) -> Parameter {
    let empty = Json::Object(serde_json::Map::new());
    let value = if node.parameters.is_null() { &empty } else { &node.parameters };
    schema::check(node, &spec.manifest, value, problems);
    match Parameter::compile_with(value, &schema::html_fields(&spec.manifest)) {
        Ok(parameters) => parameters,
        Err(faults) => {
            for fault in faults {
                problems.push(
                    Problem::at_node(Code::ExpressionInvalid, node, &fault.path)
                        .says(fault.error.message.clone())
                        .at(fault.error.line, fault.error.column, fault.error.fragment.clone()),
                );
            }
            Parameter::Literal(Arc::new(empty))
        }
    }
}

fn settings(node: &Node, problems: &mut Vec<Problem>) {
    if let Some(retry) = &node.retry
        && !(1..=100).contains(&retry.max_attempts)
    {
        problems.push(
            Problem::at_node(Code::SettingInvalid, node, "retry.maxAttempts")
                .says(format!("maxAttempts is {}, but 1 to 100 are possible", retry.max_attempts)),
        );
    }
    if node.timeout_ms == Some(0) {
        problems.push(
            Problem::at_node(Code::SettingInvalid, node, "timeoutMs")
                .says("a timeout of 0 would fail every attempt"),
        );
    }
    if node.join == Join::AtLeast(0) {
        problems.push(Problem::at_node(Code::SettingInvalid, node, "join").says("atLeast counts from 1"));
    }
}

fn ports(node: &Node, spec: &NodeSpec) -> Vec<Arc<str>> {
    let mut ports: Vec<Arc<str>> = match &spec.manifest.ports {
        Ports::Fixed(names) => names.iter().map(|name| Arc::from(name.as_str())).collect(),
        Ports::FromList { parameter, last } => {
            let entries = node.parameters.get(parameter).and_then(Json::as_array);
            let named = entries.into_iter().flatten().filter_map(|entry| entry.get("port")?.as_str());
            named.chain([last.as_str()]).map(Arc::from).collect()
        }
    };
    if spec.manifest.role != Role::Trigger && !ports.iter().any(|port| &**port == ERROR_PORT) {
        ports.push(Arc::from(ERROR_PORT));
    }
    ports
}

fn edges(workflow: &Workflow, drafts: &[DraftNode<'_>], problems: &mut Vec<Problem>) -> Vec<PlanEdge> {
    let by_id: HashMap<&str, u32> =
        drafts.iter().zip(0..).map(|(draft, index)| (draft.node.id.as_str(), index)).collect();
    let known: HashSet<&str> = workflow.nodes.iter().map(|node| node.id.as_str()).collect();
    let mut edges: Vec<PlanEdge> = Vec::with_capacity(workflow.edges.len());
    let mut ids = HashSet::new();
    let mut pairs = HashSet::new();
    for edge in &workflow.edges {
        if !ids.insert(edge.id.as_str()) {
            problems.push(
                Problem::at_edge(Code::EdgeIdTwice, edge, "id")
                    .says(format!("the id \"{}\" is used twice", edge.id)),
            );
        }
        let mut end = |field: &str, id: &str| {
            let found = by_id.get(id).copied();
            // An edge to a node whose type is unknown is not a second fault.
            if found.is_none() && !known.contains(id) {
                let problem = Problem::at_edge(Code::EdgeEndUnknown, edge, field)
                    .says(format!("there is no node with the id \"{id}\""));
                problems.push(match nearest(id, known.iter().copied()) {
                    Some(name) => problem.hint(format!("did you mean \"{name}\"?")),
                    None => problem,
                });
            }
            found
        };
        let (source, target) = (end("source", &edge.source), end("target", &edge.target));
        let (Some(source), Some(target)) = (source, target) else { continue };
        let from = &drafts[source as usize];
        let port = match &edge.source_handle {
            None => Some(0),
            Some(name) => from.ports.iter().position(|port| **port == **name),
        };
        let Some(port) = port.filter(|port| *port < from.ports.len()) else {
            let name = edge.source_handle.as_deref().unwrap_or("");
            let problem = Problem::at_edge(Code::PortUnknown, edge, "sourceHandle")
                .says(format!("{} has no output port \"{name}\"", from.node.key));
            problems.push(match nearest(name, from.ports.iter().map(|port| &**port)) {
                Some(near) => problem.hint(format!("did you mean \"{near}\"?")),
                None => problem.hint(format!("its ports: {}", from.ports.join(", "))),
            });
            continue;
        };
        let to = &drafts[target as usize];
        let again = match edge.target_handle.as_deref() {
            None | Some("in") => false,
            Some(AGAIN_PORT) if to.role() == Role::Loop => true,
            Some(name) => {
                problems.push(
                    Problem::at_edge(Code::PortUnknown, edge, "targetHandle")
                        .says(format!("{} has no input port \"{name}\"", to.node.key))
                        .hint(if to.role() == Role::Loop {
                            "its inputs: in, again"
                        } else {
                            "its input: in"
                        }),
                );
                continue;
            }
        };
        if to.role() == Role::Trigger {
            problems.push(
                Problem::at_edge(Code::TriggerHasInput, edge, "target").says(format!(
                    "{} is a trigger: it starts runs and nothing can lead into it",
                    to.node.key
                )),
            );
            continue;
        }
        if !pairs.insert((source, port, target, again)) {
            problems.push(
                Problem::at_edge(Code::EdgeTwice, edge, "target")
                    .says(format!("{} and {} are joined twice by the same port", from.node.key, to.node.key)),
            );
            continue;
        }
        edges.push(PlanEdge {
            id: edge.id.clone(),
            source,
            port: u16::try_from(port).unwrap_or(u16::MAX),
            target,
            again,
        });
    }
    edges
}

fn assemble(
    workflow: &Workflow,
    drafts: Vec<DraftNode<'_>>,
    edges: Vec<PlanEdge>,
    layout: regions::Layout,
) -> Plan {
    let mut place = vec![0u32; drafts.len()];
    for (new, &old) in layout.order.iter().enumerate() {
        place[old as usize] = u32::try_from(new).unwrap_or(u32::MAX);
    }
    let mut scopes = vec![PlanScope::default(); layout.owners.len()];
    for (scope, owner) in scopes.iter_mut().zip(&layout.owners) {
        scope.owner = owner.map(|old| place[old as usize]);
        scope.parent = owner.map_or(0, |old| layout.scope_of[old as usize]);
    }
    let mut drafts: Vec<Option<DraftNode<'_>>> = drafts.into_iter().map(Some).collect();
    let mut nodes = Vec::with_capacity(drafts.len());
    let mut uses_vars = false;
    for &old in &layout.order {
        let Some(draft) = drafts[old as usize].take() else { continue };
        draft.visit_references(&mut |_, references| {
            uses_vars |= references.paths.iter().any(|path| path.first().is_some_and(|root| root == "vars"));
        });
        let scope = layout.scope_of[old as usize];
        let local = scopes[scope as usize].nodes.len();
        scopes[scope as usize].nodes.push(place[old as usize]);
        nodes.push(PlanNode {
            id: draft.node.id.clone(),
            key: Arc::from(draft.node.key.as_str()),
            on_crash: draft.node.on_crash.unwrap_or(draft.spec.manifest.on_crash),
            spec: draft.spec,
            parameters: draft.parameters,
            prepared: draft.prepared,
            scope,
            local: u32::try_from(local).unwrap_or(u32::MAX),
            body: layout.body_of[old as usize],
            incoming: Vec::new(),
            outgoing: Vec::new(),
            ports: draft.ports,
            join: draft.node.join,
            retry: draft.node.retry.clone(),
            timeout_ms: draft.node.timeout_ms,
            disabled: draft.node.disabled,
            handles_error: false,
        });
    }
    let edges: Vec<PlanEdge> = edges
        .into_iter()
        .map(|edge| PlanEdge {
            source: place[edge.source as usize],
            target: place[edge.target as usize],
            ..edge
        })
        .collect();
    for (edge, index) in edges.iter().zip(0..) {
        let source: &mut PlanNode = &mut nodes[edge.source as usize];
        source.outgoing.push(index);
        source.handles_error |= &*source.ports[edge.port as usize] == ERROR_PORT;
        if !edge.again {
            nodes[edge.target as usize].incoming.push(index);
        }
    }
    let by_key = nodes.iter().zip(0..).map(|(node, index)| (node.key.to_string(), index)).collect();
    Plan {
        name: workflow.name.clone(),
        hash: content_hash(workflow),
        nodes,
        edges,
        scopes,
        settings: workflow.settings.clone(),
        uses_vars,
        by_key,
    }
}
