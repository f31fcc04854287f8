//! A part of a workflow, for tests: up to a step, or from a step on. What is left is a workflow like
//! any other, compiled and run like any other. Not about runs that exist: those are run again from
//! their journal.

use std::collections::{BTreeSet, HashMap};

use super::Workflow;
use crate::plan::{AGAIN_PORT, BODY_PORT};

/// What is left of a workflow, and what in it may be given instead of computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The steps that the test needs, with the edges between them.
    pub workflow: Workflow,
    /// Keys of the steps that the test is about: their outputs are computed, never given.
    pub computed: BTreeSet<String>,
}

/// The step that a part was asked to begin or end with is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the workflow has no step \"{0}\"")]
pub struct NoSuchStep(pub String);

/// What leads to `until`, and of that what `from` leads to with all that it needs. Loops are kept
/// whole, except for one that holds `until`, whose rounds end there.
///
/// # Errors
/// Where there is no step of that key.
pub fn part(workflow: &Workflow, from: Option<&str>, until: Option<&str>) -> Result<Part, NoSuchStep> {
    let graph = Graph::new(workflow);
    let find = |key: Option<&str>| {
        key.map(|key| {
            let node = workflow.nodes.iter().find(|node| node.key == key);
            node.map(|node| node.id.as_str()).ok_or_else(|| NoSuchStep(key.to_owned()))
        })
        .transpose()
    };
    let (from, until) = (find(from)?, find(until)?);

    let everything: BTreeSet<&str> = workflow.nodes.iter().map(|node| node.id.as_str()).collect();
    let mut kept = until.map_or_else(|| everything.clone(), |until| graph.before(BTreeSet::from([until])));
    if until.is_some() {
        graph.complete_loops(&mut kept, until);
    }
    let mut computed = everything;
    if let Some(from) = from {
        computed = graph.after(from);
        let mut needed = graph.before(computed.iter().copied().filter(|id| kept.contains(id)).collect());
        graph.complete_loops(&mut needed, until);
        kept.retain(|id| needed.contains(id));
    }
    let mut left = workflow.clone();
    left.nodes.retain(|node| kept.contains(node.id.as_str()));
    left.edges.retain(|edge| kept.contains(edge.source.as_str()) && kept.contains(edge.target.as_str()));
    let computed = left.nodes.iter().filter(|node| computed.contains(node.id.as_str()));
    Ok(Part { computed: computed.map(|node| node.key.clone()).collect(), workflow: left })
}

struct Graph<'w> {
    into: HashMap<&'w str, Vec<&'w super::Edge>>,
    out_of: HashMap<&'w str, Vec<&'w super::Edge>>,
}

impl<'w> Graph<'w> {
    fn new(workflow: &'w Workflow) -> Self {
        let (mut into, mut out_of) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for edge in &workflow.edges {
            into.entry(edge.target.as_str()).or_default().push(edge);
            out_of.entry(edge.source.as_str()).or_default().push(edge);
        }
        Self { into, out_of }
    }

    fn leaving(&self, id: &str) -> impl Iterator<Item = &&'w super::Edge> {
        self.out_of.get(id).into_iter().flatten()
    }

    /// These and everything that leads to them.
    fn before(&self, ends: BTreeSet<&'w str>) -> BTreeSet<&'w str> {
        let mut stack: Vec<&str> = ends.iter().copied().collect();
        let mut seen = ends;
        while let Some(at) = stack.pop() {
            for edge in self.into.get(at).into_iter().flatten() {
                if seen.insert(&edge.source) {
                    stack.push(&edge.source);
                }
            }
        }
        seen
    }

    /// This and everything that it leads to, with what comes after the loops that hold it.
    fn after(&self, start: &'w str) -> BTreeSet<&'w str> {
        let mut seen = BTreeSet::from([start]);
        let mut stack = vec![start];
        for owner in self.loops() {
            if self.region(owner).contains(start) && seen.insert(owner) {
                stack.extend(
                    self.leaving(owner).filter(|edge| !leaves_by_body(edge)).map(|edge| &*edge.target),
                );
            }
        }
        seen.extend(stack.iter().copied());
        while let Some(at) = stack.pop() {
            for edge in self.leaving(at).filter(|edge| edge.target_handle.as_deref() != Some(AGAIN_PORT)) {
                if seen.insert(&edge.target) {
                    stack.push(&edge.target);
                }
            }
        }
        seen
    }

    fn loops(&self) -> impl Iterator<Item = &'w str> {
        self.out_of
            .iter()
            .filter(|(_, edges)| edges.iter().any(|edge| leaves_by_body(edge)))
            .map(|(id, _)| *id)
    }

    /// What a loop repeats.
    fn region(&self, owner: &str) -> BTreeSet<&'w str> {
        let mut stack: Vec<&str> =
            self.leaving(owner).filter(|edge| leaves_by_body(edge)).map(|edge| &*edge.target).collect();
        let mut seen: BTreeSet<&str> = stack.iter().copied().collect();
        while let Some(at) = stack.pop() {
            for edge in self.leaving(at) {
                if edge.target != owner && seen.insert(&edge.target) {
                    stack.push(&edge.target);
                }
            }
        }
        seen
    }

    fn complete_loops(&self, kept: &mut BTreeSet<&'w str>, until: Option<&str>) {
        for owner in self.loops() {
            if kept.contains(owner) {
                let region = self.region(owner);
                if !until.is_some_and(|until| region.contains(until)) {
                    kept.extend(region);
                }
            }
        }
    }
}

fn leaves_by_body(edge: &super::Edge) -> bool {
    edge.source_handle.as_deref() == Some(BODY_PORT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `start → each (body: a → b) done → check → (yes: mail) (no: note)`, and `other` beside it all.
    fn orders() -> Workflow {
        let node = |key: &str| json!({"id": key, "key": key, "type": "data.set"});
        let edge = |source: &str, port: &str, target: &str| json!({"id": format!("{source}-{target}"), "source": source, "sourceHandle": port, "target": target});
        let nodes = ["start", "each", "a", "b", "check", "mail", "note", "other"].map(node);
        serde_json::from_value(json!({
            "format": 1, "name": "orders",
            "nodes": nodes,
            "edges": [
                edge("start", "out", "each"), edge("each", "body", "a"), edge("a", "out", "b"),
                edge("each", "done", "check"), edge("check", "true", "mail"), edge("check", "false", "note"),
                edge("start", "out", "other"),
            ],
        }))
        .unwrap()
    }

    fn keys(from: Option<&str>, until: Option<&str>) -> (String, String) {
        let part = part(&orders(), from, until).unwrap();
        let kept: Vec<&str> = part.workflow.nodes.iter().map(|node| node.key.as_str()).collect();
        (kept.join(" "), part.computed.into_iter().collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn up_to_a_step_is_what_leads_to_it_with_whole_loops() {
        assert_eq!(keys(None, Some("check")).0, "start each a b check");
        assert_eq!(keys(None, Some("start")).0, "start");
    }

    #[test]
    fn a_loop_that_holds_the_last_step_ends_its_rounds_there() {
        assert_eq!(keys(None, Some("a")).0, "start each a");
    }

    #[test]
    fn from_a_step_on_what_it_does_not_lead_to_stays_away_and_what_it_needs_may_be_given() {
        let (kept, computed) = keys(Some("check"), None);
        assert_eq!(kept, "start each a b check mail note");
        assert_eq!(computed, "check mail note");
        assert_eq!(keys(Some("check"), Some("check")).1, "check");
    }

    #[test]
    fn inside_a_loop_the_loop_itself_is_never_given() {
        assert_eq!(keys(Some("b"), None).1, "b check each mail note");
        assert_eq!(keys(Some("a"), Some("a")), ("start each a".into(), "a each".into()));
    }

    #[test]
    fn a_step_that_is_not_there_is_named() {
        assert_eq!(
            part(&orders(), None, Some("nobody")).unwrap_err().to_string(),
            "the workflow has no step \"nobody\""
        );
    }
}
