//! Words for writing down what a node type declares: its texts in both languages, its parameters as
//! JSON Schema with the editor's hints, its examples. Used by every node's file.
//!
//! Beside the keywords that [`Manifest::parameters`] names, a field's schema has `x-order` (its place
//! in the form), `x-labels` (both languages' names of the values of an `enum`), `x-shown-if` (shown
//! only where another field has one of these values) and, where it holds a record's fields,
//! `x-entities` (the fields of every entity).

use std::sync::Arc;

use masar_engine::{
    Json, Manifest, Pure,
    manifest::{CredentialUse, Effect, Example, OnCrash, OutputShape, Ports, Role, Text, Texts},
};
use serde_json::{Map, json};

use crate::{Behaviour, External, NodeType, Transactional};

/// English and Arabic of a name and a sentence: `[name, sentence, اسم, جملة]`.
pub(crate) type Said = [&'static str; 4];

/// A node type in the making.
pub(crate) struct Declaration(Manifest);

/// An action with the port `out`, no parameters and an unknown output.
pub(crate) fn declare(node_type: &str, icon: &str, said: Said) -> Declaration {
    let [name, summary, ar_name, ar_summary] = said;
    let text = |name: &str, summary: &str| Text { name: name.to_owned(), summary: summary.to_owned() };
    Declaration(Manifest {
        node_type: node_type.to_owned(),
        version: 1,
        role: Role::Action,
        effect: Effect::Pure,
        on_crash: OnCrash::Retry,
        icon: icon.to_owned(),
        texts: Texts { en: text(name, summary), ar: text(ar_name, ar_summary) },
        parameters: object([]),
        ports: Ports::Fixed(vec!["out".to_owned()]),
        output: OutputShape::Any,
        event: None,
        credentials: Vec::new(),
        search: Vec::new(),
        responds: false,
        examples: Vec::new(),
    })
}

impl Declaration {
    pub(crate) fn role(mut self, role: Role) -> Self {
        self.0.role = role;
        self
    }

    pub(crate) fn ports<const N: usize>(mut self, ports: [&str; N]) -> Self {
        self.0.ports = Ports::Fixed(ports.map(str::to_owned).to_vec());
        self
    }

    pub(crate) fn ports_from_list(mut self, parameter: &str, last: &str) -> Self {
        self.0.ports = Ports::FromList { parameter: parameter.to_owned(), last: last.to_owned() };
        self
    }

    pub(crate) fn parameters<const N: usize>(mut self, fields: [Field; N]) -> Self {
        self.0.parameters = object(fields);
        self
    }

    pub(crate) fn output<const N: usize>(mut self, fields: [Field; N]) -> Self {
        self.0.output = OutputShape::Schema(object(fields));
        self
    }

    /// These fields and others that are not known here.
    pub(crate) fn open_output(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        let mut schema = object(fields);
        schema["additionalProperties"] = true.into();
        self.0.output = OutputShape::Schema(schema);
        self
    }

    /// Of a trigger: these fields are the data of its events, which it passes on.
    pub(crate) fn event<const N: usize>(self, fields: [Field; N]) -> Self {
        let mut declared = self.output(fields);
        if let OutputShape::Schema(schema) = &declared.0.output {
            declared.0.event = Some(schema.clone());
        }
        declared
    }

    /// The fields that the object parameter `parameter` names; beside those of the input where the
    /// parameter `beside_input` is true.
    pub(crate) fn output_fields(mut self, parameter: &str, beside_input: &str) -> Self {
        self.0.output = OutputShape::Fields {
            parameter: parameter.to_owned(),
            beside_input: Some(beside_input.to_owned()),
        };
        self
    }

    pub(crate) fn passes_input(mut self) -> Self {
        self.0.output = OutputShape::Input;
        self
    }

    pub(crate) fn credential<const N: usize>(
        mut self,
        parameter: &str,
        types: [&str; N],
        required: bool,
    ) -> Self {
        let types = types.map(str::to_owned).to_vec();
        self.0.credentials.push(CredentialUse { parameter: parameter.to_owned(), types, required });
        self
    }

    /// Extra words by which it is found.
    pub(crate) fn search<const N: usize>(mut self, words: [&str; N]) -> Self {
        self.0.search = words.map(str::to_owned).to_vec();
        self
    }

    pub(crate) fn responds(mut self) -> Self {
        self.0.responds = true;
        self
    }

    /// What must not happen twice: an unknown outcome is left to a person.
    pub(crate) fn in_doubt(mut self) -> Self {
        self.0.on_crash = OnCrash::InDoubt;
        self
    }

    pub(crate) fn example(mut self, example: Example) -> Self {
        self.0.examples.push(example);
        self
    }

    pub(crate) fn pure(self, node: impl Pure + 'static) -> NodeType {
        self.node(Behaviour::Pure(Arc::new(node)))
    }

    pub(crate) fn transactional(self, node: impl Transactional + 'static) -> NodeType {
        self.node(Behaviour::Transactional(Arc::new(node)))
    }

    pub(crate) fn external(self, node: impl External + 'static) -> NodeType {
        self.node(Behaviour::External(Arc::new(node)))
    }

    fn node(mut self, behaviour: Behaviour) -> NodeType {
        self.0.effect = behaviour.effect();
        NodeType { manifest: Arc::new(self.0), behaviour }
    }
}

/// A field of the parameters or the output.
pub(crate) struct Field {
    name: &'static str,
    required: bool,
    schema: Map<String, Json>,
}

fn field(name: &'static str, schema: Json, said: Said) -> Field {
    let mut schema = match schema {
        Json::Object(map) => map,
        _ => Map::new(),
    };
    for (key, text) in ["title", "description", "x-ar-title", "x-ar-description"].into_iter().zip(said) {
        schema.insert(key.to_owned(), text.into());
    }
    Field { name, required: false, schema }
}

pub(crate) fn text(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": "string"}), said).hint("text")
}

pub(crate) fn boolean(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": "boolean"}), said)
}

pub(crate) fn integer(name: &'static str, least: u64, most: u64, said: Said) -> Field {
    field(name, json!({"type": "integer", "minimum": least, "maximum": most}), said)
}

/// A whole number from 0.
pub(crate) fn count(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": "integer", "minimum": 0}), said)
}

/// A number of milliseconds, or text like `2h 30m`.
pub(crate) fn duration(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": ["string", "integer"]}), said).hint("duration")
}

pub(crate) fn any(name: &'static str, said: Said) -> Field {
    field(name, json!({}), said)
}

/// Names and values that the author chooses.
pub(crate) fn key_value(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": "object"}), said).hint("key_value")
}

pub(crate) fn condition(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": "object"}), said).hint("condition")
}

/// One of a few values; each with its name in both languages.
pub(crate) fn choice<const N: usize>(name: &'static str, values: [[&str; 3]; N], said: Said) -> Field {
    let names: Vec<&str> = values.iter().map(|[value, ..]| *value).collect();
    let labels: Map<String, Json> =
        values.iter().map(|[value, en, ar]| ((*value).to_owned(), json!({"en": en, "ar": ar}))).collect();
    field(name, json!({"type": "string", "enum": names, "x-labels": labels}), said)
}

/// An object with these fields and no others.
pub(crate) fn group<const N: usize>(name: &'static str, fields: [Field; N], said: Said) -> Field {
    field(name, object(fields), said)
}

/// A list of objects with these fields.
pub(crate) fn rows<const N: usize>(name: &'static str, fields: [Field; N], said: Said) -> Field {
    field(name, json!({"type": "array", "items": object(fields)}), said).hint("list")
}

/// A list of texts.
pub(crate) fn texts(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": "array", "items": {"type": "string"}}), said).hint("list")
}

/// A list of anything.
pub(crate) fn list(name: &'static str, said: Said) -> Field {
    field(name, json!({"type": "array"}), said).hint("list")
}

impl Field {
    pub(crate) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// How the editor asks for it.
    pub(crate) fn hint(self, hint: &str) -> Self {
        self.with("x-field", hint.into())
    }

    pub(crate) fn default(self, value: impl Into<Json>) -> Self {
        self.with("default", value.into())
    }

    /// What it may look like.
    pub(crate) fn sample(self, value: impl Into<Json>) -> Self {
        let value: Json = value.into();
        self.with("examples", json!([value]))
    }

    /// A list that may not be empty, or a text.
    pub(crate) fn not_empty(self) -> Self {
        let name = if self.schema.get("type") == Some(&json!("array")) { "minItems" } else { "minLength" };
        self.with(name, 1.into())
    }

    /// Shown only where another field has one of these values.
    pub(crate) fn shown_if<const N: usize>(self, other: &str, values: [&str; N]) -> Self {
        self.with("x-shown-if", json!({other: values.as_slice()}))
    }

    /// `null` is possible as well.
    pub(crate) fn or_null(self) -> Self {
        let kind = self.schema.get("type").cloned();
        match kind {
            Some(kind) => self.with("type", json!([kind, "null"])),
            None => self,
        }
    }

    /// Anything else that the editor may want to know.
    pub(crate) fn with(mut self, key: &str, value: Json) -> Self {
        self.schema.insert(key.to_owned(), value);
        self
    }
}

/// The JSON Schema of an object with these fields; `x-order` keeps their order, which JSON does not.
pub(crate) fn object(fields: impl IntoIterator<Item = Field>) -> Json {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (mut field, place) in fields.into_iter().zip(0_u32..) {
        if field.required {
            required.push(Json::from(field.name));
        }
        field.schema.insert("x-order".to_owned(), place.into());
        properties.insert(field.name.to_owned(), Json::Object(field.schema));
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// An example with parameters only; the rest by struct update.
pub(crate) fn example(title: &str, parameters: Json) -> Example {
    Example {
        title: title.to_owned(),
        parameters,
        trigger: Json::Null,
        input: Json::Null,
        port: None,
        output: None,
        error: None,
    }
}
