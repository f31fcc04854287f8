//! The commonest expression after a plain path: one value of several. `trigger.body.source ?? "web"`,
//! `(steps.hot ?? steps.normal).score`. Evaluated natively, twenty times as fast as Rhai, and only
//! where it gives a value: what fails is left to Rhai, so that every error reads the same.

use crate::{
    Json,
    value::{
        Context,
        path::{Path, Segment},
    },
};

/// Paths in the order of preference, perhaps a last literal, and a path below what was chosen.
#[derive(Debug)]
pub(super) struct Choice {
    paths: Vec<Path>,
    otherwise: Option<Json>,
    below: Vec<Segment>,
}

impl Choice {
    /// The whole of `source` as a choice, where it is one.
    pub(super) fn parse(source: &str) -> Option<Self> {
        let source = source.trim();
        let (inner, below) = match source.strip_prefix('(') {
            // What is below is written as below a root.
            Some(rest) => {
                let (inner, below) = rest.split_once(')')?;
                let path = Path::parse(&format!("input{below}"))?;
                (inner, path.segments)
            }
            None => (source, Vec::new()),
        };
        let mut parts = inner.split("??").map(str::trim).peekable();
        let (mut paths, mut otherwise) = (Vec::new(), None);
        while let Some(part) = parts.next() {
            match Path::parse(part) {
                Some(path) => paths.push(path),
                None if parts.peek().is_none() && below.is_empty() => otherwise = Some(literal(part)?),
                None => return None,
            }
        }
        (paths.len() + usize::from(otherwise.is_some()) > 1).then_some(Self { paths, otherwise, below })
    }

    /// What it gives; `None` where that is for Rhai to say.
    pub(super) fn evaluate(&self, context: &Context<'_>) -> Option<Json> {
        let last = self.paths.len() - 1;
        for (number, path) in self.paths.iter().enumerate() {
            match path.find(context) {
                // The last of the paths is the value even where it is null.
                Some(found) if !found.as_json().is_null() || (number == last && self.otherwise.is_none()) => {
                    let value =
                        self.below.iter().try_fold(found.as_json(), |value, segment| segment.of(value));
                    return value.cloned();
                }
                Some(_) => {}
                None if number == last && self.otherwise.is_none() => return None,
                None => {}
            }
        }
        self.otherwise.clone()
    }
}

/// A scalar whose text means the same in JSON and in Rhai: no escapes, no fractions.
fn literal(text: &str) -> Option<Json> {
    match serde_json::from_str(text).ok()? {
        Json::Number(number) if number.as_i64().is_none() => None,
        value @ (Json::String(_) | Json::Bool(_) | Json::Number(_)) if !text.contains('\\') => Some(value),
        _ => None,
    }
}
