//! Dotted paths into what a step sees: `trigger.body.budget`, `steps.check.items[0].name`.
//! One look-up and one error for a missing field, shared by expressions, templates and conditions;
//! nothing is copied that is only looked at.

use std::sync::Arc;

use super::{Context, ValueError, suggest};
use crate::Json;

/// The names that begin every path.
pub const ROOTS: [&str; 9] = ["trigger", "event", "input", "item", "index", "vars", "run", "now", "steps"];

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    Trigger,
    Event,
    Input,
    Item,
    Index,
    Vars,
    Run,
    Now,
    Steps,
}

impl Root {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "trigger" => Self::Trigger,
            "event" => Self::Event,
            "input" => Self::Input,
            "item" => Self::Item,
            "index" => Self::Index,
            "vars" => Self::Vars,
            "run" => Self::Run,
            "now" => Self::Now,
            "steps" => Self::Steps,
            _ => return None,
        })
    }
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Key(String),
    Index(usize),
}

impl Segment {
    /// What it leads to.
    pub(crate) fn of<'j>(&self, value: &'j Json) -> Option<&'j Json> {
        match (self, value) {
            (Self::Key(key), Json::Object(map)) => map.get(key.as_str()),
            (Self::Index(index), Json::Array(list)) => list.get(*index),
            // Templates write `codes.7` for a field as well as for an item.
            (Self::Index(index), Json::Object(map)) => map.get(&index.to_string()),
            _ => None,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Key(key) => key.clone(),
            Self::Index(index) => index.to_string(),
        }
    }

    /// As it is written after what comes before it.
    pub(crate) fn write(&self, text: &mut String) {
        match self {
            Self::Key(key) if is_plain(key) => {
                text.push('.');
                text.push_str(key);
            }
            Self::Key(key) => text.push_str(&format!("[{key:?}]")),
            Self::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
}

fn is_plain(key: &str) -> bool {
    let mut chars = key.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_') && chars.all(is_word)
}

/// Whether `c` may stand inside a name.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || unicode_normalization::char::is_combining_mark(c)
}

/// A path that is known when it is compiled.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) root: Root,
    pub(crate) segments: Vec<Segment>,
    pub(crate) text: Arc<str>,
}

/// What a path led to.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    Borrowed(&'a Json),
    /// In another step's output, below these segments (all known to be there).
    Inside(Arc<Json>, &'a [Segment]),
    Owned(Json),
}

static NULL: Json = Json::Null;

impl Found<'_> {
    pub(crate) fn as_json(&self) -> &Json {
        match self {
            Self::Borrowed(value) => value,
            Self::Inside(root, segments) => descend(root, segments).unwrap_or(&NULL),
            Self::Owned(value) => value,
        }
    }

    pub(crate) fn into_json(self) -> Json {
        match self {
            Self::Owned(value) => value,
            Self::Inside(root, []) => Arc::unwrap_or_clone(root),
            lent => lent.as_json().clone(),
        }
    }
}

pub(crate) fn descend<'j>(mut value: &'j Json, segments: &[Segment]) -> Option<&'j Json> {
    for segment in segments {
        value = segment.of(value)?;
    }
    Some(value)
}

impl Path {
    /// The whole of `text` as a path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (path, length) = Self::scan(text)?;
        (length == text.len()).then_some(path)
    }

    /// The longest path at the beginning of `text` and its length in bytes. It ends before a method
    /// call, so that `input.items.len()` is the path `input.items`.
    pub(crate) fn scan(text: &str) -> Option<(Self, usize)> {
        let mut end = word_end(text, 0);
        let root = Root::named(&text[..end])?;
        let mut segments = Vec::new();
        while let Some((segment, next)) = scan_segment(text, end) {
            segments.push(segment);
            end = next;
        }
        Some((Self { root, segments, text: text[..end].into() }, end))
    }

    /// The names from the root.
    pub(crate) fn names(&self) -> Vec<String> {
        let root = &self.text[..word_end(&self.text, 0)];
        std::iter::once(root.to_owned()).chain(self.segments.iter().map(Segment::name)).collect()
    }

    /// The JSON that holds it, and the segments below that; an error where not even that is there.
    pub(crate) fn root_in(&self, context: &Context<'_>) -> Result<(Arc<Json>, &[Segment]), ValueError> {
        let segments = self.segments.as_slice();
        let root = match self.root {
            Root::Trigger => Arc::clone(&context.trigger),
            Root::Event => Arc::clone(&context.event),
            Root::Input => Arc::clone(&context.input),
            Root::Vars => Arc::clone(&context.vars),
            Root::Run => Arc::clone(&context.run),
            Root::Now => Arc::new(Json::String(context.now.to_rfc3339())),
            Root::Item => context.item.clone().ok_or_else(|| outside_loop(&self.text))?,
            Root::Index => Arc::new(context.index.ok_or_else(|| outside_loop(&self.text))?.into()),
            Root::Steps => return self.step(context),
        };
        Ok((root, segments))
    }

    fn step(&self, context: &Context<'_>) -> Result<(Arc<Json>, &[Segment]), ValueError> {
        match self.segments.split_first() {
            Some((Segment::Key(key), rest)) => match context.steps.output(key) {
                Some(output) => Ok((output, rest)),
                None => Err(ValueError::new(
                    "value.step_not_run",
                    format!(
                        "`{}`: the step `{key}` has not run on the way here (skipped, ruled out, or later than this one); \
                         write `{} ?? …` if that may happen",
                        self.text, self.text
                    ),
                )
                .at(None, None, Some(self.text.to_string()))),
            },
            _ => Err(ValueError::new("value.missing", "`steps` wants the key of a step: `steps.<key>`")
                .at(None, None, Some(self.text.to_string()))),
        }
    }

    /// What it leads to, or why there is nothing.
    pub(crate) fn look_up<'a>(&'a self, context: &'a Context<'_>) -> Result<Found<'a>, ValueError> {
        let root = match self.root {
            Root::Trigger => &*context.trigger,
            Root::Event => &*context.event,
            Root::Input => &*context.input,
            Root::Vars => &*context.vars,
            Root::Run => &*context.run,
            Root::Item if context.item.is_some() => context.item.as_deref().unwrap_or(&NULL),
            _ => {
                let (root, segments) = self.root_in(context)?;
                return match descend(&root, segments) {
                    Some(_) => Ok(Found::Inside(root, segments)),
                    None => Err(self.missing(&root, segments)),
                };
            }
        };
        match descend(root, &self.segments) {
            Some(value) => Ok(Found::Borrowed(value)),
            None => Err(self.missing(root, &self.segments)),
        }
    }

    /// What it leads to, where there is something.
    pub(crate) fn find<'a>(&'a self, context: &'a Context<'_>) -> Option<Found<'a>> {
        let root = match self.root {
            Root::Trigger => &*context.trigger,
            Root::Event => &*context.event,
            Root::Input => &*context.input,
            Root::Vars => &*context.vars,
            Root::Run => &*context.run,
            _ => {
                let (root, segments) = self.root_in(context).ok()?;
                descend(&root, segments)?;
                return Some(Found::Inside(root, segments));
            }
        };
        descend(root, &self.segments).map(Found::Borrowed)
    }

    fn missing(&self, root: &Json, segments: &[Segment]) -> ValueError {
        let mut base = self.text[..word_end(&self.text, 0)].to_owned();
        for segment in &self.segments[..self.segments.len() - segments.len()] {
            segment.write(&mut base);
        }
        missing(&base, root, segments).at(None, None, Some(self.text.to_string()))
    }
}

fn outside_loop(text: &str) -> ValueError {
    let root = &text[..word_end(text, 0)];
    ValueError::new(
        "value.missing",
        format!("`{text}`: there is an `{root}` only in the body of a for_each or loop"),
    )
    .at(None, None, Some(text.to_owned()))
}

/// Why `segments` lead nowhere from `root`, which is called `base`.
pub(crate) fn missing(base: &str, root: &Json, segments: &[Segment]) -> ValueError {
    let mut whole = base.to_owned();
    segments.iter().for_each(|segment| segment.write(&mut whole));
    let mut here = base.to_owned();
    let mut value = root;
    for segment in segments {
        let Some(next) = segment.of(value) else {
            let why = why_missing(&here, value, segment);
            let message = format!("`{whole}` is missing: {why}; write `{whole} ?? …` if it may be absent");
            return ValueError::new("value.missing", message);
        };
        segment.write(&mut here);
        value = next;
    }
    ValueError::new("value.missing", format!("`{whole}` is missing"))
}

fn why_missing(here: &str, value: &Json, segment: &Segment) -> String {
    match (segment, value) {
        (Segment::Key(key), Json::Object(map)) => {
            let mut why = format!("`{here}` has no field `{key}`");
            if let Some(near) = suggest(key, map.keys().map(String::as_str)) {
                why.push_str(&format!("; did you mean `{near}`?"));
            } else if map.is_empty() {
                why.push_str(" (it is empty)");
            } else {
                let names: Vec<_> = map.keys().take(8).map(|key| format!("`{key}`")).collect();
                let more = if map.len() > 8 { ", …" } else { "" };
                why.push_str(&format!(" (it has {}{more})", names.join(", ")));
            }
            why
        }
        (Segment::Index(index), Json::Array(list)) => {
            format!("`{here}` has {} items, so there is no number {index} (they count from 0)", list.len())
        }
        (Segment::Key(key), Json::Array(_)) => {
            format!("`{here}` is a list, so it has no field `{key}`; name an item first: `{here}[0]`")
        }
        (_, other) => format!("`{here}` is {}", kind(other)),
    }
}

/// The kind of a JSON value, in words.
pub(crate) fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// The end of the word that begins at `from`; `from` itself where none does.
pub(crate) fn word_end(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return from;
    }
    from + rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())
}

/// The segment that begins at `from`, and its end.
fn scan_segment(text: &str, from: usize) -> Option<(Segment, usize)> {
    let rest = &text[from..];
    if rest.starts_with('.') {
        let end = word_end(text, from + 1);
        let called = text[end..].trim_start().starts_with('(');
        return (end > from + 1 && !called).then(|| (Segment::Key(text[from + 1..end].to_owned()), end));
    }
    let inner = rest.strip_prefix('[')?;
    let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        let index = inner[..digits].parse().ok()?;
        return inner[digits..].starts_with(']').then_some((Segment::Index(index), from + digits + 2));
    }
    let quoted = inner.strip_prefix('"')?;
    let end = quoted.find(['"', '\\', '\n'])?;
    quoted[end..].starts_with("\"]").then(|| (Segment::Key(quoted[..end].to_owned()), from + 2 + end + 2))
}
