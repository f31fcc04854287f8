//! What expressions reach for: every `steps.<key>` must be a node that can have run before,
//! seen from where the expression stands.

use std::collections::HashMap;

use super::{
    DraftNode,
    problem::{Code, Problem, nearest},
    regions::Layout,
};
use crate::plan::PlanEdge;

/// Reports references that cannot be satisfied.
pub(super) fn check(
    drafts: &[DraftNode<'_>],
    edges: &[PlanEdge],
    layout: &Layout,
    problems: &mut Vec<Problem>,
) {
    let by_key: HashMap<&str, u32> =
        drafts.iter().zip(0..).map(|(draft, index)| (draft.node.key.as_str(), index)).collect();
    let mut incoming: Vec<Vec<u32>> = vec![Vec::new(); drafts.len()];
    for edge in edges.iter().filter(|edge| !edge.again) {
        incoming[edge.target as usize].push(edge.source);
    }
    for (draft, index) in drafts.iter().zip(0u32..) {
        let mut wanted: Vec<(String, Vec<String>)> = Vec::new();
        let mut collect = |field: &str, references: &crate::value::References| {
            wanted.extend(references.paths.iter().map(|path| (field.to_owned(), path.clone())));
        };
        draft.visit_references(&mut collect);
        if wanted.is_empty() {
            continue;
        }
        let mut before: Option<Vec<bool>> = None;
        for (field, path) in wanted {
            match path.first().map(String::as_str) {
                Some("item" | "index") if layout.scope_of[index as usize] == 0 => {
                    problems.push(
                        Problem::at_node(Code::ReferenceNoLoop, draft.node, &field)
                            .says(format!("\"{}\" exists only inside the body of a loop", path[0])),
                    );
                }
                Some("steps") => {
                    let Some(key) = path.get(1) else { continue };
                    let before = before.get_or_insert_with(|| ancestors(index, &incoming, layout));
                    step(draft, &field, key, index, &by_key, before, layout, problems);
                }
                _ => {}
            }
        }
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "one question with all that it depends on; a struct would only rename it"
)]
fn step(
    draft: &DraftNode<'_>,
    field: &str,
    key: &str,
    index: u32,
    by_key: &HashMap<&str, u32>,
    before: &[bool],
    layout: &Layout,
    problems: &mut Vec<Problem>,
) {
    let Some(&target) = by_key.get(key) else {
        let problem = Problem::at_node(Code::ReferenceUnknown, draft.node, field)
            .says(format!("there is no node with the key \"{key}\""));
        problems.push(match nearest(key, by_key.keys().copied()) {
            Some(near) => problem.hint(format!("did you mean steps.{near}?")),
            None => problem.hint("use the key of a node that runs before this one"),
        });
        return;
    };
    if target == index {
        problems.push(
            Problem::at_node(Code::ReferenceNotBefore, draft.node, field)
                .says("a node cannot read its own output")
                .hint("what came in is `input`"),
        );
        return;
    }
    // Seen from inside out: the target's scope must be one of those around this node.
    let mut scope = layout.scope_of[index as usize];
    let visible = loop {
        if scope == layout.scope_of[target as usize] {
            break true;
        }
        match layout.owners[scope as usize] {
            Some(owner) => scope = layout.scope_of[owner as usize],
            None => break false,
        }
    };
    if !visible {
        let owner = layout.owners[layout.scope_of[target as usize] as usize];
        let owner = owner.map_or("", |owner| draft_key(owner, by_key));
        problems.push(
            Problem::at_node(Code::ReferenceInsideLoop, draft.node, field)
                .says(format!(
                    "{key} runs inside the body of {owner}, once per round, and has no single output out here"
                ))
                .hint(format!("read the collected results: steps.{owner}.results")),
        );
    } else if !before[target as usize] {
        problems.push(
            Problem::at_node(Code::ReferenceNotBefore, draft.node, field)
                .says(format!("{key} cannot have run before {}", draft.node.key))
                .hint(format!("draw a path from {key} to this node, or read another step")),
        );
    }
}

fn draft_key<'k>(index: u32, by_key: &HashMap<&'k str, u32>) -> &'k str {
    by_key.iter().find(|(_, at)| **at == index).map_or("", |(key, _)| key)
}

/// Every node that can have run before `node`: its ancestors, and those of the loops around it.
fn ancestors(node: u32, incoming: &[Vec<u32>], layout: &Layout) -> Vec<bool> {
    let mut reached = vec![false; incoming.len()];
    let mut stack = vec![node];
    let mut seen = vec![false; incoming.len()];
    while let Some(at) = stack.pop() {
        if std::mem::replace(&mut seen[at as usize], true) {
            continue;
        }
        for &source in &incoming[at as usize] {
            reached[source as usize] = true;
            stack.push(source);
        }
        if let Some(owner) = layout.owners[layout.scope_of[at as usize] as usize] {
            stack.push(owner);
        }
    }
    reached
}
