//! What can be wrong with a workflow: stable codes, the place, the message, the hint.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::workflow::{Edge, Node};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal,)*) => {
        /// Stable codes of problems; API, editor and documentation use the text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $code)] $name,)*
        }

        impl Code {
            /// Every code, for the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

codes! {
    /// Two nodes share an id.
    NodeIdTwice = "node.id_twice",
    /// A key that expressions could not name.
    NodeKeyInvalid = "node.key_invalid",
    /// Two nodes share a key.
    NodeKeyTwice = "node.key_twice",
    /// The node type, or its version, is not installed.
    NodeTypeUnknown = "node.type_unknown",
    /// A node that no trigger leads to.
    NodeUnreachable = "node.unreachable",
    /// A retry, timeout or join that cannot be.
    SettingInvalid = "node.setting_invalid",
    /// No trigger at all.
    NoTrigger = "workflow.no_trigger",
    /// A mandatory parameter is missing.
    ParameterMissing = "parameter.missing",
    /// A parameter that the type does not know.
    ParameterUnknown = "parameter.unknown",
    /// A value that the type's schema refuses.
    ParameterInvalid = "parameter.invalid",
    /// An expression or template that does not parse.
    ExpressionInvalid = "expression.invalid",
    /// A reference to a node that is not there.
    ReferenceUnknown = "reference.unknown",
    /// A reference to a node that cannot have run before.
    ReferenceNotBefore = "reference.not_before",
    /// A reference from outside into a loop's body.
    ReferenceInsideLoop = "reference.inside_loop",
    /// `item` or `index` outside a loop.
    ReferenceNoLoop = "reference.no_loop",
    /// A path that the type of the output rules out.
    ReferenceType = "reference.type",
    /// Two edges share an id.
    EdgeIdTwice = "edge.id_twice",
    /// An edge whose end is not there.
    EdgeEndUnknown = "edge.end_unknown",
    /// The same two ports joined twice.
    EdgeTwice = "edge.twice",
    /// An edge to or from a port that is not there.
    PortUnknown = "edge.port_unknown",
    /// An edge into a trigger.
    TriggerHasInput = "edge.into_trigger",
    /// A cycle that is not a loop's.
    Cycle = "graph.cycle",
    /// An edge that leaves a loop's body other than through the loop.
    RegionLeft = "graph.region_left",
    /// An edge to `again` from outside the loop's body.
    AgainFromOutside = "graph.again_from_outside",
    /// Loops nested deeper than 8.
    TooDeep = "graph.too_deep",
    /// A join that can never be satisfied.
    JoinImpossible = "graph.join_impossible",
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Cannot be published.
    Error,
    /// Can run, but is probably not meant.
    Warning,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Key of the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Id of the edge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<String>,
    /// Dotted path of the field; for parameters without the word `parameters`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Line in an expression or template, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The offending text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fragment: Option<String>,
}

/// One thing that is wrong with a workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Stable code.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    fn new(code: Code, place: Place) -> Self {
        Self { code, severity: Severity::Error, place, message: String::new(), hint: None }
    }

    pub(super) fn of_workflow(code: Code, field: &str) -> Self {
        Self::new(code, Place { field: field.into(), ..Place::default() })
    }

    pub(super) fn at_node(code: Code, node: &Node, field: &str) -> Self {
        Self::new(code, Place { node: Some(node.key.clone()), field: field.into(), ..Place::default() })
    }

    pub(super) fn at_edge(code: Code, edge: &Edge, field: &str) -> Self {
        Self::at_edge_id(code, &edge.id, field)
    }

    pub(super) fn at_edge_id(code: Code, edge: &str, field: &str) -> Self {
        Self::new(code, Place { edge: Some(edge.into()), field: field.into(), ..Place::default() })
    }

    pub(super) fn says(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// It can run, but is probably not meant.
    pub(super) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    pub(super) fn at(mut self, line: Option<usize>, column: Option<usize>, fragment: Option<String>) -> Self {
        self.place.line = line;
        self.place.column = column;
        self.place.fragment = fragment;
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}]", self.code.as_str())?;
        if let Some(node) = &self.place.node {
            write!(f, " node {node}")?;
        }
        if let Some(edge) = &self.place.edge {
            write!(f, " edge {edge}")?;
        }
        if !self.place.field.is_empty() {
            write!(f, ", {}", self.place.field)?;
        }
        if let (Some(line), Some(column)) = (self.place.line, self.place.column) {
            write!(f, " (line {line}, column {column})")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " - {hint}"),
            None => Ok(()),
        }
    }
}

/// The candidate that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
