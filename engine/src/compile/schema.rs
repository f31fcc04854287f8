//! Parameters against the type's JSON Schema, as far as they are literal: what an expression
//! will give is known only when it runs, and is checked there.

use super::problem::{Code, Problem, nearest};
use crate::{Json, Manifest, workflow::Node};

/// Names of the parameters whose templates end up in HTML.
pub(super) fn html_fields(manifest: &Manifest) -> Vec<String> {
    let properties = manifest.parameters.get("properties").and_then(Json::as_object);
    let is_html = |schema: &Json| schema.get("x-field").and_then(Json::as_str) == Some("html");
    properties
        .into_iter()
        .flatten()
        .filter(|(_, schema)| is_html(schema))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Reports what the schema refuses.
pub(super) fn check(node: &Node, manifest: &Manifest, value: &Json, problems: &mut Vec<Problem>) {
    let mut checker = Checker { node, root: &manifest.parameters, problems };
    checker.value(&manifest.parameters, value, "");
}

struct Checker<'a> {
    node: &'a Node,
    root: &'a Json,
    problems: &'a mut Vec<Problem>,
}

impl Checker<'_> {
    fn report(&mut self, code: Code, path: &str, message: String, hint: Option<String>) {
        let problem = Problem::at_node(code, self.node, path).says(message);
        self.problems.push(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    fn value(&mut self, schema: &Json, value: &Json, path: &str) {
        if is_computed(value) {
            return;
        }
        let root = self.root;
        let referred = schema.get("$ref").and_then(Json::as_str).and_then(|name| name.strip_prefix('#'));
        let schema = referred.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema);
        if let Some(allowed) = schema.get("enum").and_then(Json::as_array)
            && !allowed.contains(value)
        {
            let names: Vec<String> = allowed.iter().map(plain).collect();
            let hint = nearest(&plain(value), names.iter().map(String::as_str))
                .map(|name| format!("did you mean \"{name}\"?"));
            let message = format!("{} is not possible here; possible are {}", plain(value), names.join(", "));
            self.report(Code::ParameterInvalid, path, message, hint);
            return;
        }
        if let Some(wanted) = schema.get("type")
            && !fits(wanted, value)
        {
            let message = format!("this should be {}, but it is {}", type_words(wanted), word_of(value));
            self.report(Code::ParameterInvalid, path, message, None);
            return;
        }
        self.bounds(schema, value, path);
        match value {
            Json::Object(fields) => self.object(schema, fields, path),
            Json::Array(items) => {
                if let Some(item_schema) = schema.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.value(item_schema, item, &join(path, &index.to_string()));
                    }
                }
            }
            _ => {}
        }
    }

    fn bounds(&mut self, schema: &Json, value: &Json, path: &str) {
        let limit = |name: &str| schema.get(name).and_then(Json::as_f64);
        if let Some(number) = value.as_f64() {
            if let Some(minimum) = limit("minimum").filter(|minimum| number < *minimum) {
                self.report(
                    Code::ParameterInvalid,
                    path,
                    format!("{number} is less than {minimum}, the least possible"),
                    None,
                );
            }
            if let Some(maximum) = limit("maximum").filter(|maximum| number > *maximum) {
                self.report(
                    Code::ParameterInvalid,
                    path,
                    format!("{number} is more than {maximum}, the most possible"),
                    None,
                );
            }
        }
        if let Some(text) = value.as_str()
            && limit("minLength").is_some_and(|least| (text.chars().count() as f64) < least)
        {
            self.report(Code::ParameterInvalid, path, "this may not be empty".into(), None);
        }
        if let Some(list) = value.as_array()
            && limit("minItems").is_some_and(|least| (list.len() as f64) < least)
        {
            self.report(Code::ParameterInvalid, path, "this list may not be empty".into(), None);
        }
    }

    fn object(&mut self, schema: &Json, fields: &serde_json::Map<String, Json>, path: &str) {
        let required = schema.get("required").and_then(Json::as_array);
        for name in required.into_iter().flatten().filter_map(Json::as_str) {
            if fields.get(name).is_none_or(Json::is_null) {
                let message = format!("\"{name}\" is missing and has no default");
                self.report(Code::ParameterMissing, &join(path, name), message, None);
            }
        }
        let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return };
        let closed = schema.get("additionalProperties") == Some(&Json::Bool(false));
        for (name, value) in fields {
            match properties.get(name) {
                // An explicit null is an absent value; a mandatory one was reported above.
                Some(_) if value.is_null() => {}
                Some(property) => self.value(property, value, &join(path, name)),
                None if closed => {
                    let hint = match nearest(name, properties.keys().map(String::as_str)) {
                        Some(near) => format!("did you mean \"{near}\"?"),
                        None => format!(
                            "possible are {}",
                            properties.keys().cloned().collect::<Vec<_>>().join(", ")
                        ),
                    };
                    let message = format!("{} has no parameter \"{name}\"", self.node.node_type);
                    self.report(Code::ParameterUnknown, &join(path, name), message, Some(hint));
                }
                None => {}
            }
        }
    }
}

fn is_computed(value: &Json) -> bool {
    value.as_object().is_some_and(|object| object.contains_key("$expr") || object.contains_key("$template"))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn fits(wanted: &Json, value: &Json) -> bool {
    match wanted {
        Json::String(name) => match name.as_str() {
            "string" => value.is_string(),
            "integer" => {
                value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            "null" => value.is_null(),
            _ => true,
        },
        Json::Array(several) => several.iter().any(|one| fits(one, value)),
        _ => true,
    }
}

fn type_words(wanted: &Json) -> String {
    match wanted {
        Json::Array(several) => several.iter().map(type_words).collect::<Vec<_>>().join(" or "),
        other => match other.as_str().unwrap_or("") {
            "string" => "text".into(),
            "integer" => "a whole number".into(),
            "number" => "a number".into(),
            "boolean" => "true or false".into(),
            "object" => "an object".into(),
            "array" => "a list".into(),
            name => name.into(),
        },
    }
}

fn word_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "nothing (null)",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
