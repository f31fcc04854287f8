//! What a node type declares about itself: everything but the code that runs.
//! The form in the editor, the generated documentation, completion and validation
//! all read this; built-in and custom nodes differ in nothing here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Json;

/// What a node does to the world; decides how it is executed and what a crash can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: may be recomputed at will.
    Pure,
    /// Writes to Masar's own database, in the transaction of its journal record: once or not at all.
    Transactional,
    /// Reaches outside: intent first, then the call with an idempotency key, then the outcome.
    External,
}

/// What follows when an external step's outcome is unknown after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "snake_case")]
pub enum OnCrash {
    /// Tried again with the same idempotency key.
    #[default]
    Retry,
    /// Parked as in doubt until a person decides.
    InDoubt,
}

/// The role of a node in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Starts runs; has no input.
    Trigger,
    /// Runs once per arrival.
    Action,
    /// Runs its body once per item: ports `body` and `done`, input `again` unused.
    ForEach,
    /// Runs its body until no edge reaches `again`: ports `body` and `done`.
    Loop,
}

/// Where a node's output ports come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ports {
    /// Always these. The first is the usual one. `error` is added to every action and need not be listed.
    Fixed(Vec<String>),
    /// One for each entry of the list parameter `parameter` (its field `port`), then `last`.
    FromList {
        /// Name of the list parameter.
        parameter: String,
        /// A port that is always there, e.g. `default`.
        last: String,
    },
}

/// A name and a sentence in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// What the palette calls it.
    pub name: String,
    /// One sentence: what it does for the user.
    pub summary: String,
}

/// The texts of a node type in the languages that every node speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Texts {
    /// English.
    pub en: Text,
    /// Arabic.
    pub ar: Text,
}

/// A credential that a node may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CredentialUse {
    /// The parameter that holds the credential's name.
    pub parameter: String,
    /// Types of credential that fit, e.g. `smtp`.
    pub types: Vec<String>,
    /// Whether the node cannot work without.
    pub required: bool,
}

/// A worked use of the node. Examples are documentation and tests at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Example {
    /// What it shows, in English.
    pub title: String,
    /// Parameters as a workflow would hold them.
    pub parameters: Json,
    /// What `trigger` holds.
    #[serde(default)]
    pub trigger: Json,
    /// What came over the edge.
    #[serde(default)]
    pub input: Json,
    /// The port it leaves by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The output, where the example is executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Json>,
    /// The error's code, where it shows a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The shape of a node's output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputShape {
    /// Always this JSON Schema.
    Schema(Json),
    /// What came in, unchanged.
    Input,
    /// An object with a field for each entry of the object parameter `parameter`.
    Fields {
        /// Name of the parameter.
        parameter: String,
        /// Name of the parameter that adds the fields of the input, where it is true.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beside_input: Option<String>,
    },
    /// Not known before it ran.
    Any,
}

/// What a node type declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// `family.name`, e.g. `crm.create`.
    #[serde(rename = "type")]
    pub node_type: String,
    /// Contract version, from 1. A version lives for ever.
    pub version: u16,
    /// Role in the graph.
    pub role: Role,
    /// Effect on the world.
    pub effect: Effect,
    /// For external effects: what an unknown outcome leads to, unless the node's settings say otherwise.
    #[serde(default)]
    pub on_crash: OnCrash,
    /// Name of the Lucide icon.
    pub icon: String,
    /// Texts in both languages.
    pub texts: Texts,
    /// JSON Schema of the parameters. `title` and `description` are English, `x-ar-title` and
    /// `x-ar-description` Arabic; `x-field` is the editor's field hint (`text`, `code`, `condition`,
    /// `credential`, `duration`, `template`, `html`, `key_value`, `list`, `event_type`, `workflow`, `entity`, `cron`).
    pub parameters: Json,
    /// Output ports.
    pub ports: Ports,
    /// Shape of the output.
    pub output: OutputShape,
    /// Of a trigger: JSON Schema of the data of its events, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Json>,
    /// Credentials that it may use.
    #[serde(default)]
    pub credentials: Vec<CredentialUse>,
    /// Extra words by which it is found, both languages.
    #[serde(default)]
    pub search: Vec<String>,
    /// Whether its output answers a waiting webhook caller.
    #[serde(default)]
    pub responds: bool,
    /// Worked examples.
    #[serde(default)]
    pub examples: Vec<Example>,
}
