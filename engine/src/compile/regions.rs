//! The shape of the graph: order, cycles, reach, and the bodies of loops by dominators
//! (the body is what the loop's body port dominates).

use petgraph::{
    algo::{dominators::simple_fast, tarjan_scc, toposort},
    graph::{DiGraph, NodeIndex as Pet},
};

use super::{
    DraftNode,
    problem::{Code, Problem},
};
use crate::{
    manifest::Role,
    plan::{BODY_PORT, PlanEdge},
    workflow::Join,
};

/// Loops may be nested this deep.
const MAX_DEPTH: usize = 8;

/// What the passes after this one need to know of the graph's shape.
pub(super) struct Layout {
    /// Nodes in topological order.
    pub(super) order: Vec<u32>,
    /// The scope in which each node lies.
    pub(super) scope_of: Vec<u32>,
    /// The scope of each loop's body.
    pub(super) body_of: Vec<Option<u32>>,
    /// The loop that owns each scope; none for the first.
    pub(super) owners: Vec<Option<u32>>,
}

/// Finds the layout; `None` where the graph is so wrong that none can be told.
pub(super) fn analyse(
    drafts: &[DraftNode<'_>],
    edges: &[PlanEdge],
    problems: &mut Vec<Problem>,
) -> Option<Layout> {
    let mut graph: DiGraph<(), ()> = DiGraph::with_capacity(drafts.len() * 2, edges.len() * 2);
    let nodes: Vec<Pet> = drafts.iter().map(|_| graph.add_node(())).collect();
    let root = graph.add_node(());
    // A body port is a node of its own, so that dominance can be asked of it.
    let bodies: Vec<Option<Pet>> =
        drafts.iter().map(|draft| draft.is_loop().then(|| graph.add_node(()))).collect();
    for (draft, &node) in drafts.iter().zip(&nodes) {
        if draft.role() == Role::Trigger {
            graph.add_edge(root, node, ());
        }
    }
    for (body, &node) in bodies.iter().zip(&nodes) {
        if let Some(body) = body {
            graph.add_edge(node, *body, ());
        }
    }
    let leaves_by_body =
        |edge: &PlanEdge| &*drafts[edge.source as usize].ports[edge.port as usize] == BODY_PORT;
    for edge in edges.iter().filter(|edge| !edge.again) {
        let source = match bodies[edge.source as usize] {
            Some(body) if leaves_by_body(edge) => body,
            _ => nodes[edge.source as usize],
        };
        graph.add_edge(source, nodes[edge.target as usize], ());
    }

    let order: Vec<u32> = match toposort(&graph, None) {
        Ok(order) => order
            .into_iter()
            .map(Pet::index)
            .filter(|at| *at < drafts.len())
            .filter_map(|at| u32::try_from(at).ok())
            .collect(),
        Err(_) => {
            report_cycles(&graph, drafts, problems);
            return None;
        }
    };

    let dominators = simple_fast(&graph, root);
    let mut unreachable = false;
    for (draft, &node) in drafts.iter().zip(&nodes) {
        let reached = node == root || dominators.immediate_dominator(node).is_some();
        if !reached {
            unreachable = true;
            problems.push(
                Problem::at_node(Code::NodeUnreachable, draft.node, "")
                    .says("no trigger leads to this node, so it would never run")
                    .hint("join it to the flow, or delete or move it into a sticky note"),
            );
        }
    }
    if unreachable {
        return None;
    }

    // The scope of a node is the innermost body that dominates it. Walking in topological
    // order, a node's immediate dominator has its scope already.
    let mut owners = vec![None];
    let mut scope_of = vec![0u32; drafts.len()];
    let mut parents = vec![0u32];
    let mut body_of = vec![None; drafts.len()];
    let body_owner = |pet: Pet| bodies.iter().position(|body| *body == Some(pet));
    let owner_of_body: std::collections::HashMap<Pet, usize> =
        bodies.iter().flatten().filter_map(|&pet| body_owner(pet).map(|owner| (pet, owner))).collect();
    for &at in &order {
        let dominator = dominators.immediate_dominator(nodes[at as usize]);
        let scope = match dominator {
            None => 0,
            Some(pet) if pet == root => 0,
            Some(pet) => match owner_of_body.get(&pet) {
                Some(&owner) => body_of[owner].unwrap_or(0),
                None => scope_of[pet.index()],
            },
        };
        scope_of[at as usize] = scope;
        if drafts[at as usize].is_loop() {
            let body = u32::try_from(owners.len()).unwrap_or(u32::MAX);
            body_of[at as usize] = Some(body);
            owners.push(Some(at));
            parents.push(scope);
        }
    }
    let layout = Layout { order, scope_of, body_of, owners };
    check_edges(drafts, edges, &layout, problems);
    check_joins(drafts, edges, problems);
    for (scope, owner) in layout.owners.iter().enumerate() {
        let mut depth = 0;
        let mut at = scope;
        while at != 0 {
            depth += 1;
            at = parents[at] as usize;
        }
        if let (true, Some(owner)) = (depth == MAX_DEPTH + 1, owner) {
            problems.push(
                Problem::at_node(Code::TooDeep, drafts[*owner as usize].node, "")
                    .says(format!("loops are nested deeper than {MAX_DEPTH}"))
                    .hint("move the inner ones into a workflow of their own and call it with flow.call"),
            );
        }
    }
    Some(layout)
}

fn report_cycles(graph: &DiGraph<(), ()>, drafts: &[DraftNode<'_>], problems: &mut Vec<Problem>) {
    for component in tarjan_scc(graph) {
        let members: Vec<usize> =
            component.iter().map(|pet| pet.index()).filter(|at| *at < drafts.len()).collect();
        let turns_on_itself = component.iter().any(|&pet| graph.contains_edge(pet, pet));
        if component.len() < 2 && !turns_on_itself {
            continue;
        }
        let Some(&first) = members.iter().min() else { continue };
        let mut keys: Vec<&str> = members.iter().map(|&at| drafts[at].node.key.as_str()).collect();
        keys.sort_unstable();
        let shown = if keys.len() > 8 {
            format!("{}, … ({} nodes)", keys[..8].join(", "), keys.len())
        } else {
            keys.join(", ")
        };
        problems.push(
            Problem::at_node(Code::Cycle, drafts[first].node, "")
                .says(format!("these nodes lead back to themselves: {shown}"))
                .hint("repeat with a flow.loop: put the nodes behind its body port and lead back to its input again"),
        );
    }
}

fn check_edges(drafts: &[DraftNode<'_>], edges: &[PlanEdge], layout: &Layout, problems: &mut Vec<Problem>) {
    let inside = |mut scope: u32, outer: u32| {
        loop {
            if scope == outer {
                return true;
            }
            match layout.owners[scope as usize] {
                Some(owner) => scope = layout.scope_of[owner as usize],
                None => return false,
            }
        }
    };
    for edge in edges {
        let (source, target) = (&drafts[edge.source as usize], &drafts[edge.target as usize]);
        let from = match layout.body_of[edge.source as usize] {
            Some(body) if &*source.ports[edge.port as usize] == BODY_PORT => body,
            _ => layout.scope_of[edge.source as usize],
        };
        if edge.again {
            let body = layout.body_of[edge.target as usize].unwrap_or(0);
            if from != body {
                let problem = Problem::at_edge_id(Code::AgainFromOutside, &edge.id, "target");
                problems.push(if inside(from, body) {
                    problem
                        .says(format!(
                            "{} lies in an inner loop and cannot ask {} for another round",
                            source.node.key, target.node.key
                        ))
                        .hint("lead back from a node behind the inner loop's done port")
                } else {
                    problem
                        .says(format!("{} does not lie in the body of {}", source.node.key, target.node.key))
                        .hint("only nodes behind the loop's body port may lead back to again")
                });
            }
        } else if from != layout.scope_of[edge.target as usize] {
            let owner =
                layout.owners[from as usize].map_or("", |owner| drafts[owner as usize].node.key.as_str());
            problems.push(
                Problem::at_edge_id(Code::RegionLeft, &edge.id, "target")
                    .says(format!("this edge leaves the body of {owner} for {}", target.node.key))
                    .hint(format!("lead to {} from the done port of {owner} instead", target.node.key)),
            );
        }
    }
}

fn check_joins(drafts: &[DraftNode<'_>], edges: &[PlanEdge], problems: &mut Vec<Problem>) {
    for (draft, index) in drafts.iter().zip(0u32..) {
        if let Join::AtLeast(wanted) = draft.node.join {
            let arriving = edges.iter().filter(|edge| edge.target == index && !edge.again).count();
            if (wanted as usize) > arriving {
                problems.push(
                    Problem::at_node(Code::JoinImpossible, draft.node, "join")
                        .says(format!("the join wants {wanted} arrivals, but {arriving} edges lead here")),
                );
            }
        }
    }
}
