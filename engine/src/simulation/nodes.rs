//! The node types of the simulation. Pure ones compute here; what the others give is the
//! business of [`super::world`].

use std::sync::Arc;

use serde_json::json;

use super::chance::hash;
use crate::{
    Call, Catalogue, Effect, Json, Manifest, NodeSpec, Outcome, Output, Pure,
    manifest::{OnCrash, OutputShape, Ports, Role, Text, Texts},
    node::{ForEach, ItemFailure, LoopBounds, Wait},
};

type Run = fn(&Call<'_>) -> Outcome;

struct Code(Run);

impl Pure for Code {
    fn run(&self, call: &Call<'_>) -> Outcome {
        (self.0)(call)
    }
}

fn get(call: &Call<'_>, name: &str) -> Json {
    call.parameter(name).unwrap_or_default()
}

fn number(call: &Call<'_>, name: &str) -> u64 {
    get(call, name).as_u64().unwrap_or(1)
}

/// The value without moments: they differ with the order of events, and may.
pub(super) fn timeless(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != "at");
            Json::Object(kept.map(|(name, field)| (name.clone(), timeless(field))).collect())
        }
        Json::Array(items) => items.iter().map(timeless).collect(),
        other => other.clone(),
    }
}

/// A number in which everything that came in has a part.
fn mixed(call: &Call<'_>) -> u64 {
    hash(&timeless(&call.context.input).to_string(), number(call, "salt"))
}

fn pass(_: &Call<'_>) -> Outcome {
    Outcome::Done(Output::pass("out"))
}

fn mix(call: &Call<'_>) -> Outcome {
    Outcome::Done(Output::out(json!(mixed(call) % 10_000)))
}

fn branch(call: &Call<'_>) -> Outcome {
    Outcome::Done(Output::pass(if mixed(call).is_multiple_of(3) { "false" } else { "true" }))
}

fn more(call: &Call<'_>) -> Outcome {
    let another = call.context.index.unwrap_or(0) + 1 < number(call, "rounds");
    Outcome::Done(Output::pass(if another { "true" } else { "false" }))
}

fn each(call: &Call<'_>) -> Outcome {
    let on_error = match get(call, "on_error").as_str() {
        Some("continue") => ItemFailure::Continue,
        Some("collect") => ItemFailure::Collect,
        _ => ItemFailure::Stop,
    };
    let parallel = u32::try_from(number(call, "parallel")).unwrap_or(1);
    Outcome::ForEach(ForEach { items: get(call, "items").into(), parallel, on_error })
}

fn rounds(call: &Call<'_>) -> Outcome {
    let max_rounds = u32::try_from(number(call, "max")).unwrap_or(1);
    Outcome::Loop(LoopBounds { max_rounds, until: None })
}

fn pause(call: &Call<'_>) -> Outcome {
    Outcome::Wait(Wait::Until { due: call.now().plus_millis(number(call, "ms")) })
}

fn event(call: &Call<'_>) -> Outcome {
    let deadline = Some(call.now().plus_millis(number(call, "ms")));
    Outcome::Wait(Wait::Event { event_type: "reply".into(), key: None, correlate: None, deadline })
}

fn approval(call: &Call<'_>) -> Outcome {
    Outcome::Wait(Wait::Approval {
        title: "go on?".into(),
        context: Json::Null,
        assignee: None,
        deadline: Some(call.now().plus_millis(number(call, "ms"))),
        remind_at: None,
    })
}

/// Every type: its name, its role, its ports and its code where it is pure.
const TYPES: [(&str, Role, &[&str], Option<Run>); 13] = [
    ("trigger", Role::Trigger, &["out"], Some(pass)),
    ("mix", Role::Action, &["out"], Some(mix)),
    ("if", Role::Action, &["true", "false"], Some(branch)),
    ("more", Role::Action, &["true", "false"], Some(more)),
    ("each", Role::ForEach, &["body", "done"], Some(each)),
    ("loop", Role::Loop, &["body", "done"], Some(rounds)),
    ("pause", Role::Action, &["out"], Some(pause)),
    ("event", Role::Action, &["out", "timeout"], Some(event)),
    ("approval", Role::Action, &["approved", "rejected", "expired"], Some(approval)),
    ("call", Role::Action, &["out"], None),
    ("pay", Role::Action, &["out"], None),
    ("write", Role::Action, &["out"], None),
    ("pass", Role::Action, &["out"], Some(pass)),
];

/// The simulation's own catalogue. `call` is external and may be repeated, `pay` is external and
/// may not, `write` is transactional; all others are pure.
#[derive(Debug, Clone, Copy)]
pub struct Nodes;

impl Catalogue for Nodes {
    fn find(&self, node_type: &str, version: Option<u16>) -> Option<NodeSpec> {
        let &(name, role, ports, run) = TYPES.iter().find(|(name, ..)| *name == node_type)?;
        if version.is_some_and(|version| version != 1) {
            return None;
        }
        let text = || Text { name: name.to_owned(), summary: String::new() };
        let effect = match (run, name) {
            (Some(_), _) => Effect::Pure,
            (None, "write") => Effect::Transactional,
            (None, _) => Effect::External,
        };
        let manifest = Manifest {
            node_type: name.to_owned(),
            version: 1,
            role,
            effect,
            on_crash: if name == "pay" { OnCrash::InDoubt } else { OnCrash::Retry },
            icon: "box".into(),
            texts: Texts { en: text(), ar: text() },
            parameters: json!({"type": "object"}),
            ports: Ports::Fixed(ports.iter().map(|port| (*port).to_owned()).collect()),
            output: OutputShape::Any,
            event: None,
            credentials: Vec::new(),
            search: Vec::new(),
            responds: false,
            examples: Vec::new(),
        };
        let pure = run.map(|run| Arc::new(Code(run)) as Arc<dyn Pure>);
        Some(NodeSpec { manifest: Arc::new(manifest), pure })
    }

    fn names(&self) -> Vec<String> {
        TYPES.iter().map(|(name, ..)| (*name).to_owned()).collect()
    }
}
