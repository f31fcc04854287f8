//! The workflow format: what the editor saves, the API serves, git keeps and the engine compiles.
//! Nodes and edges use React Flow's names. Whether a workflow is *right* is [`crate::compile`]'s business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Json;

mod migrate;
mod part;
pub use migrate::{FormatError, parse, parse_value};
pub use part::{NoSuchStep, Part, part};

/// The format's own version, written into every file.
pub const FORMAT: u32 = 1;

/// A named graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// Format version, [`FORMAT`].
    pub format: u32,
    /// What people call it.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The boxes.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// The lines.
    #[serde(default)]
    pub edges: Vec<Edge>,
    /// How its runs are treated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: Settings,
    /// What the editor keeps beside the graph (sticky notes, groups, viewport); never executed.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub canvas: Json,
}

/// One box: an instance of a node type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Stable id, unique in the workflow; edges name it.
    pub id: String,
    /// Short readable name, unique in the workflow; expressions reach its output by it.
    pub key: String,
    /// Node type, e.g. `crm.create`.
    #[serde(rename = "type")]
    pub node_type: String,
    /// Contract version of the type; absent means the newest at the time of saving.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "typeVersion")]
    pub type_version: Option<u16>,
    /// Where it is drawn.
    #[serde(default)]
    pub position: Position,
    /// Parameters by name; each a literal, `{"$expr": "…"}` or `{"$template": "…"}`, at any depth.
    #[serde(default)]
    pub parameters: Json,
    /// A disabled node passes its input on by its first port, or starts nothing where it is a trigger.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disabled: bool,
    /// When it runs where several edges arrive.
    #[serde(default, skip_serializing_if = "is_default")]
    pub join: Join,
    /// How often it is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Longest time of one attempt, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "timeoutMs")]
    pub timeout_ms: Option<u64>,
    /// Overrides the type's answer to an unknown outcome after a crash.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "onCrash")]
    pub on_crash: Option<crate::manifest::OnCrash>,
    /// The author's notes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// A place on the canvas, in pixels; canonical left-to-right.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A line from an output port to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Stable id.
    pub id: String,
    /// Id of the node it leaves.
    pub source: String,
    /// Port it leaves by; absent means the node's first.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "sourceHandle")]
    pub source_handle: Option<String>,
    /// Id of the node it enters.
    pub target: String,
    /// Port it enters by: `in`, or `again` of a loop; absent means `in`.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "targetHandle")]
    pub target_handle: Option<String>,
}

/// When a node with several incoming edges runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Join {
    /// Once every edge has arrived or been ruled out.
    #[default]
    All,
    /// At the first arrival; what comes later is dropped.
    First,
    /// Once this many have arrived; what comes later is dropped.
    AtLeast(u32),
}

/// How often and how soon a failed step is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Retry {
    /// All tries together, the first included; 1 to 100.
    pub max_attempts: u16,
    /// How the pause grows.
    #[serde(default)]
    pub backoff: Backoff,
    /// First pause, milliseconds.
    #[serde(default = "default_delay")]
    pub delay_ms: u64,
    /// Longest pause, milliseconds.
    #[serde(default = "default_max_delay")]
    pub max_delay_ms: u64,
    /// Error codes (or prefixes ending in `.*`) that are tried again; empty means every retryable error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
}

fn default_delay() -> u64 {
    1000
}

fn default_max_delay() -> u64 {
    300_000
}

/// How pauses between tries grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Always the same.
    Fixed,
    /// Doubling, with full jitter.
    #[default]
    Exponential,
}

/// How a workflow's runs are treated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Settings {
    /// Longest time of a whole run, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How many runs at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    /// How many starts per time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
    /// Higher goes first; 0 is ordinary.
    #[serde(skip_serializing_if = "is_default")]
    pub priority: i8,
    /// Makes every step durable before the next begins.
    #[serde(skip_serializing_if = "is_default")]
    pub durable_steps: bool,
    /// Days that ended runs and the decisions about events are kept; 0 keeps them for ever, absent means
    /// the installation's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// IANA time zone of the workflow's schedules and dates; absent means the workspace's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// A bound on runs at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Concurrency {
    /// The bound, at least 1.
    pub limit: u32,
    /// Bound per value of this expression (over `trigger` and `event`) instead of per workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What becomes of a run beyond the bound.
    #[serde(default)]
    pub policy: Overflow,
}

/// What becomes of a run beyond a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// It waits for its turn, in order of acceptance.
    #[default]
    Queue,
    /// It is not started; the decision is kept.
    Skip,
    /// The oldest running one is cancelled.
    Replace,
}

/// A bound on starts per time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Rate {
    /// So many starts...
    pub limit: u32,
    /// ...in so many milliseconds.
    pub per_ms: u64,
    /// What becomes of a start beyond the bound (`replace` is not possible here).
    #[serde(default)]
    pub policy: Overflow,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
