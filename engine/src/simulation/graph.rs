//! A random workflow from a seed. Every one compiles: a node is joined only to what lies before it
//! in its own scope, and a loop's body is drawn from the loop's body port alone.

use serde_json::{Map, json};

use super::chance::Chance;
use crate::{Json, Workflow, workflow};

/// The most nodes of a drawn workflow.
const MOST: usize = 25;

/// Draws a workflow of at most `most` nodes (at least 3, at most 25 are taken). With `races` its
/// joins may be `first` and `atLeast`, whose outcome rightly depends on who is faster; without,
/// nothing in it does.
///
/// # Errors
/// Where the drawn JSON is no workflow, which would be a fault of this module.
pub fn draw(seed: u64, most: usize, races: bool) -> Result<Workflow, workflow::FormatError> {
    let mut chance = Chance::new(seed ^ 0x0067_7261_7068);
    let most = 3 + chance.below(most.clamp(3, MOST) - 2);
    let mut pen = Pen { chance, races, left: most, nodes: Vec::new(), edges: Vec::new() };
    let mut ends = vec![pen.node("trigger", json!({}), "out")];
    if pen.chance.once_in(4) && pen.left > 2 {
        ends.push(pen.node("trigger", json!({}), "out"));
    }
    pen.scope(ends, 0, most);
    workflow::parse_value(json!({"name": "drawn", "nodes": pen.nodes, "edges": pen.edges}))
}

/// A node's port, as something to go on from.
type End = (String, &'static str);

struct Pen {
    chance: Chance,
    races: bool,
    left: usize,
    nodes: Vec<Json>,
    edges: Vec<Json>,
}

impl Pen {
    fn node(&mut self, kind: &str, parameters: Json, port: &'static str) -> End {
        self.left = self.left.saturating_sub(1);
        let key = format!("{kind}{}", self.nodes.len());
        self.nodes.push(json!({"id": key, "key": key, "type": kind, "parameters": parameters}));
        (key, port)
    }

    fn edge(&mut self, from: &End, to: &str, input: &str) {
        let id = format!("e{}", self.edges.len());
        self.edges.push(
            json!({"id": id, "source": from.0, "sourceHandle": from.1, "target": to, "targetHandle": input}),
        );
    }

    fn set(&mut self, name: &str, value: Json) {
        if let Some(node) = self.nodes.last_mut().and_then(Json::as_object_mut) {
            node.insert(name.into(), value);
        }
    }

    /// Draws up to `most` nodes that go on from `ends`; gives back what may be gone on from.
    fn scope(&mut self, mut ends: Vec<End>, depth: usize, most: usize) -> Vec<End> {
        for _ in 0..most {
            if self.left == 0 {
                break;
            }
            let from = self.sources(&ends);
            let kind = *self
                .chance
                .pick(&[
                    "mix", "mix", "if", "if", "call", "call", "call", "pay", "write", "write", "pause",
                    "event", "approval", "each", "loop", "each", "loop",
                ])
                .unwrap_or(&"mix");
            // A loop needs room for a body.
            let is_loop = matches!(kind, "each" | "loop") && depth < 2 && self.left >= 3;
            let kind = if matches!(kind, "each" | "loop") && !is_loop { "call" } else { kind };
            let parameters = self.parameters(kind);
            let (key, _) = self.node(kind, parameters, "out");
            self.settings(kind, from.len());
            for end in &from {
                self.edge(end, &key, "in");
            }
            let ports: &[&'static str] = match kind {
                "if" => &["true", "false"],
                "event" => &["out", "timeout"],
                "approval" => &["approved", "rejected", "expired"],
                "call" | "pay" | "write" => &["out", "out", "error"],
                "each" | "loop" => &["done", "done", "error"],
                _ => &["out"],
            };
            ends.extend(ports.iter().map(|port| (key.clone(), *port)));
            if is_loop {
                self.body(&key, kind, depth + 1);
            }
        }
        ends
    }

    fn body(&mut self, owner: &str, kind: &str, depth: usize) {
        let most = 1 + self.chance.below(4);
        let reserved = usize::from(kind == "loop");
        let most = most.min(self.left.saturating_sub(reserved)).max(1);
        let ends = self.scope(vec![(owner.to_owned(), "body")], depth, most);
        if kind == "loop" {
            let from = self.sources(&ends);
            let parameters = json!({"rounds": 1 + self.chance.below(4)});
            let (key, port) = self.node("more", parameters, "true");
            for end in &from {
                self.edge(end, &key, "in");
            }
            self.edge(&(key, port), owner, "again");
        }
    }

    /// One to three different ends, the later ones more often.
    fn sources(&mut self, ends: &[End]) -> Vec<End> {
        let mut from: Vec<End> = Vec::new();
        for _ in 0..1 + self.chance.below(3) {
            let recent = ends.len().saturating_sub(5);
            let among = if self.chance.once_in(4) { ends } else { &ends[recent..] };
            if let Some(end) = self.chance.pick(among)
                && !from.contains(end)
            {
                from.push(end.clone());
            }
        }
        from
    }

    fn parameters(&mut self, kind: &str) -> Json {
        let chance = &mut self.chance;
        match kind {
            "mix" | "if" => json!({"salt": chance.below(1000)}),
            "pause" | "event" | "approval" => json!({"ms": 1 + chance.below(50)}),
            "each" => json!({
                "items": (0..chance.below(5)).collect::<Vec<_>>(),
                "parallel": 1 + chance.below(3),
                "on_error": chance.pick(&["stop", "continue", "collect"]),
            }),
            "loop" => json!({"max": 1 + chance.below(4)}),
            _ => Json::Object(Map::new()),
        }
    }

    fn settings(&mut self, kind: &str, arriving: usize) {
        if self.races && arriving > 1 && self.chance.once_in(2) {
            let join = if self.chance.once_in(2) {
                json!("first")
            } else {
                json!({"atLeast": 1 + self.chance.below(arriving)})
            };
            self.set("join", join);
        }
        if matches!(kind, "call" | "write") && !self.chance.once_in(3) {
            let backoff = if self.chance.once_in(2) { "fixed" } else { "exponential" };
            let retry = json!({"maxAttempts": 2 + self.chance.below(3), "delayMs": 1 + self.chance.below(20), "backoff": backoff});
            self.set("retry", retry);
        }
        if self.chance.once_in(20) && !matches!(kind, "each" | "loop" | "pause" | "event" | "approval") {
            self.set("disabled", json!(true));
        }
    }
}
