//! A small catalogue of node types, workflows in a few lines, and a hand that drives a run.

use std::{collections::BTreeMap, sync::Arc};

use masar_engine::{
    Call, Catalogue, Effect, Event, Json, Manifest, NodeSpec, Outcome, Output, Plan, Pure, RunId, StepError,
    Timestamp, Workflow, WorkflowId, compile,
    manifest::{OnCrash, OutputShape, Ports, Role, Text, Texts},
    node::{ForEach, ItemFailure, LoopBounds, Wait},
    run::{Command, EventRef, Header, Machine, Progress, Record, RunStatus, StepId},
    workflow,
};
use serde_json::json;
use uuid::Uuid;

type Run = fn(&Call<'_>) -> Outcome;

struct Code(Run);
impl Pure for Code {
    fn run(&self, call: &Call<'_>) -> Outcome {
        (self.0)(call)
    }
}

fn get(call: &Call<'_>, name: &str) -> Json {
    call.parameter(name).expect("test parameters resolve")
}

fn pass(_: &Call<'_>) -> Outcome {
    Outcome::Done(Output::pass("out"))
}

fn set(call: &Call<'_>) -> Outcome {
    match call.parameter("value") {
        Ok(value) => Outcome::Done(Output::out(value)),
        Err(error) => Outcome::Failed(error),
    }
}

fn choose(call: &Call<'_>) -> Outcome {
    let yes = get(call, "when").as_bool().unwrap_or(false);
    Outcome::Done(Output::pass(if yes { "true" } else { "false" }))
}

fn each(call: &Call<'_>) -> Outcome {
    let items = match call.parameter("items") {
        Ok(items) => items,
        Err(error) => return Outcome::Failed(error),
    };
    let on_error = match get(call, "on_error").as_str() {
        Some("continue") => ItemFailure::Continue,
        Some("collect") => ItemFailure::Collect,
        _ => ItemFailure::Stop,
    };
    let parallel = get(call, "parallel").as_u64().unwrap_or(1) as u32;
    Outcome::ForEach(ForEach { items: items.into(), parallel, on_error })
}

fn rounds(call: &Call<'_>) -> Outcome {
    Outcome::Loop(LoopBounds { max_rounds: get(call, "max").as_u64().unwrap_or(10) as u32, until: None })
}

/// Fails where the parameter `when` is true.
fn fail(call: &Call<'_>) -> Outcome {
    match get(call, "when") {
        Json::Bool(false) => Outcome::Done(Output::pass("out")),
        _ => Outcome::Failed(StepError::new("test.failed", "it failed")),
    }
}

fn wait(call: &Call<'_>) -> Outcome {
    match get(call, "kind").as_str() {
        Some("approval") => {
            let deadline = Some(call.now().plus_millis(1000));
            Outcome::Wait(Wait::Approval {
                title: "ok?".into(),
                context: Json::Null,
                assignee: None,
                deadline,
                remind_at: None,
            })
        }
        Some("event") => Outcome::Wait(Wait::Event {
            event_type: "paid".into(),
            key: None,
            correlate: None,
            deadline: None,
        }),
        _ => Outcome::Wait(Wait::Until { due: call.now().plus_millis(1000) }),
    }
}

fn stop(_: &Call<'_>) -> Outcome {
    Outcome::Stop(json!("stopped"))
}

fn abort(_: &Call<'_>) -> Outcome {
    Outcome::Abort(StepError::new("test.abort", "no further"))
}

pub(crate) struct TestCatalogue;

impl Catalogue for TestCatalogue {
    fn find(&self, node_type: &str, version: Option<u16>) -> Option<NodeSpec> {
        let (role, effect, ports, run): (Role, Effect, &[&str], Option<Run>) = match node_type {
            "trigger" => (Role::Trigger, Effect::Pure, &["out"], Some(pass)),
            "pass" => (Role::Action, Effect::Pure, &["out"], Some(pass)),
            "set" => (Role::Action, Effect::Pure, &["out"], Some(set)),
            "if" => (Role::Action, Effect::Pure, &["true", "false"], Some(choose)),
            "each" => (Role::ForEach, Effect::Pure, &["body", "done"], Some(each)),
            "loop" => (Role::Loop, Effect::Pure, &["body", "done"], Some(rounds)),
            "fail" => (Role::Action, Effect::Pure, &["out"], Some(fail)),
            "wait" => (
                Role::Action,
                Effect::Pure,
                &["out", "approved", "rejected", "expired", "timeout"],
                Some(wait),
            ),
            "stop" => (Role::Action, Effect::Pure, &[], Some(stop)),
            "abort" => (Role::Action, Effect::Pure, &["out"], Some(abort)),
            "call" | "pay" => (Role::Action, Effect::External, &["out"], None),
            "crm" => (Role::Action, Effect::Transactional, &["out"], None),
            _ => return None,
        };
        if version.is_some_and(|version| version != 1) {
            return None;
        }
        let text = || Text { name: node_type.to_owned(), summary: String::new() };
        let manifest = Manifest {
            node_type: node_type.to_owned(),
            version: 1,
            role,
            effect,
            on_crash: if node_type == "pay" { OnCrash::InDoubt } else { OnCrash::Retry },
            icon: "box".into(),
            texts: Texts { en: text(), ar: text() },
            parameters: json!({"type": "object", "properties": {"value": {}, "when": {}, "items": {}, "on_error": {"enum": ["stop", "continue", "collect"]},
                "parallel": {"type": "integer", "minimum": 1}, "max": {"type": "integer"}, "kind": {"type": "string"}},
                "required": if node_type == "each" { vec!["items"] } else { vec![] }, "additionalProperties": false}),
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
        [
            "trigger", "pass", "set", "if", "each", "loop", "fail", "wait", "stop", "abort", "call", "pay",
            "crm",
        ]
        .map(String::from)
        .to_vec()
    }
}

/// A workflow from `key: type {parameters}` and `from.port -> to` lines (`-> to.again` for rounds).
pub(crate) fn flow(nodes: &[(&str, &str, Json)], edges: &[&str]) -> Workflow {
    let nodes: Vec<Json> = nodes
        .iter()
        .map(|(key, kind, extra)| {
            let mut node = json!({"id": key, "key": key, "type": kind, "parameters": extra});
            // What is meant for the node itself is marked with @.
            let settings: Vec<(String, Json)> = extra
                .as_object()
                .into_iter()
                .flatten()
                .filter(|(name, _)| name.starts_with('@'))
                .map(|(n, v)| (n[1..].to_owned(), v.clone()))
                .collect();
            for (name, value) in settings {
                node["parameters"].as_object_mut().unwrap().remove(&format!("@{name}"));
                node[name] = value;
            }
            node
        })
        .collect();
    let edges: Vec<Json> = edges
        .iter()
        .enumerate()
        .map(|(index, line)| {
            let (from, to) = line.split_once(" -> ").unwrap();
            let (source, port) = from.split_once('.').map_or((from, None), |(node, port)| (node, Some(port)));
            let (target, input) = to.split_once('.').map_or((to, None), |(node, port)| (node, Some(port)));
            let mut edge = json!({"id": format!("e{index}"), "source": source, "target": target});
            if let Some(port) = port {
                edge["sourceHandle"] = port.into();
            }
            if let Some(input) = input {
                edge["targetHandle"] = input.into();
            }
            edge
        })
        .collect();
    workflow::parse_value(json!({"name": "test", "nodes": nodes, "edges": edges})).unwrap()
}

pub(crate) fn plan(nodes: &[(&str, &str, Json)], edges: &[&str]) -> Arc<Plan> {
    match compile(&flow(nodes, edges), &TestCatalogue) {
        Ok((plan, _)) => Arc::new(plan),
        Err(problems) => {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        }
    }
}

/// A run under the test's hand. Time stands still unless moved.
pub(crate) struct Hand {
    pub(crate) machine: Machine,
    pub(crate) event: Event,
    pub(crate) now: Timestamp,
    pub(crate) records: Vec<Record>,
    pub(crate) open: Vec<Command>,
}

impl Hand {
    pub(crate) fn start(plan: &Arc<Plan>, data: Json) -> Self {
        Self::start_at(plan, "start", data)
    }

    pub(crate) fn start_at(plan: &Arc<Plan>, trigger: &str, data: Json) -> Self {
        let event = Event {
            id: "1".into(),
            source: "/test".into(),
            event_type: "test".into(),
            subject: None,
            time: None,
            data: Arc::new(data),
        };
        let now = Timestamp(1_700_000_000_000_000);
        let header = Header {
            at: now,
            run: RunId(Uuid::from_u128(7)),
            workflow: WorkflowId(Uuid::nil()),
            version: plan.hash.to_string(),
            number: 1,
            event: EventRef { id: "1".into(), source: "/test".into(), event_type: "test".into() },
            digest: String::new(),
            trigger: trigger.into(),
            test: false,
            vars: None,
            zone: "Asia/Riyadh".into(),
            pins: BTreeMap::new(),
            parent: None,
            replay_of: None,
        };
        let machine = Machine::start(plan.clone(), header, &event).unwrap();
        let mut hand = Self { machine, event, now, records: Vec::new(), open: Vec::new() };
        hand.drive();
        hand
    }

    pub(crate) fn drive(&mut self) -> Progress {
        let progress = self.machine.drive(self.now, usize::MAX);
        self.records.extend(self.machine.take_records());
        for command in self.machine.take_commands() {
            match &command {
                Command::CloseWait { token: closed } => self.open.retain(|open| !matches!(open, Command::SetTimer { token, .. } | Command::OpenWait { token, .. } if token == closed)),
                Command::Cancel { step: cancelled } => self.open.retain(|open| !matches!(open, Command::Execute { step, .. } if step == cancelled)),
                _ => self.open.push(command),
            }
        }
        progress
    }

    /// The steps that wait to be executed, as text.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut steps: Vec<String> = self
            .open
            .iter()
            .filter_map(|command| {
                if let Command::Execute { step, .. } = command {
                    Some(self.machine.step_ref(step).to_string())
                } else {
                    None
                }
            })
            .collect();
        steps.sort();
        steps
    }

    fn take(&mut self, name: &str) -> (StepId, u16) {
        let place = self.open.iter().position(|command| matches!(command, Command::Execute { step, .. } if self.machine.step_ref(step).to_string() == name));
        let place = place.unwrap_or_else(|| panic!("{name} was not asked for; there are {:?}", self.asked()));
        let Command::Execute { step, attempt } = self.open.remove(place) else { unreachable!() };
        (step, attempt)
    }

    /// Executes an asked step with this outcome.
    pub(crate) fn finish(&mut self, name: &str, outcome: Outcome) {
        let (step, attempt) = self.take(name);
        self.machine.finish(&step, attempt, outcome, self.now, 5).unwrap();
        self.drive();
    }

    pub(crate) fn done(&mut self, name: &str, value: Json) {
        self.finish(name, Outcome::Done(Output::out(value)));
    }

    pub(crate) fn fails(&mut self, name: &str) {
        self.finish(name, Outcome::Failed(StepError::new("http.status", "503")));
    }

    /// Writes the intent of an asked step and leaves it under way.
    pub(crate) fn intend(&mut self, name: &str) -> String {
        let (step, attempt) = self.take(name);
        let resolved = self.machine.resolve(&step, self.now).unwrap().unwrap();
        self.machine.intend(&resolved, attempt, resolved.parameters.clone(), self.now).unwrap();
        self.records.extend(self.machine.take_records());
        self.open.push(Command::Execute { step, attempt });
        resolved.idempotency_key
    }

    /// Lets the earliest timer fire.
    pub(crate) fn timer(&mut self) {
        let timers = self.open.iter().enumerate().filter_map(|(place, command)| {
            if let Command::SetTimer { token, due } = command { Some((*due, *token, place)) } else { None }
        });
        let (due, token, place) = timers.min().expect("a timer is set");
        self.open.remove(place);
        self.now = due;
        self.machine.timer_fired(token, self.now).unwrap();
        self.drive();
    }

    pub(crate) fn wait_token(&self) -> u64 {
        self.open
            .iter()
            .find_map(
                |command| if let Command::OpenWait { token, .. } = command { Some(*token) } else { None },
            )
            .expect("a wait is open")
    }

    pub(crate) fn status(&self) -> RunStatus {
        self.machine.status()
    }

    /// `step` or `step>port` of everything that is done, in order.
    pub(crate) fn story(&self) -> Vec<String> {
        self.records
            .iter()
            .filter_map(|record| match record {
                Record::Done { step, port, .. } if port == "out" => Some(step.to_string()),
                Record::Done { step, port, .. } => Some(format!("{step}>{port}")),
                Record::Closed { step, .. } => Some(format!("{step}>done")),
                Record::Failed { step, retry_at, .. } => {
                    Some(format!("{step}{}", if retry_at.is_some() { "?" } else { "!" }))
                }
                _ => None,
            })
            .collect()
    }

    /// The run as its journal tells it, taken up by a new owner.
    pub(crate) fn crash(&self, plan: &Arc<Plan>, records: usize) -> Self {
        let kept: Vec<Record> = self.records[..records].to_vec();
        let mut machine = Machine::replay(plan.clone(), &self.event, kept.clone()).unwrap();
        machine.recover(self.now);
        Self { machine, event: self.event.clone(), now: self.now, records: kept, open: Vec::new() }
    }
}
