//! Templates: `{"$template": "…"}`, text in Handlebars with the [functions](super::functions) as
//! helpers. Text with fields and function calls is rendered natively; blocks (`if`, `unless`,
//! `each`, `with`) go to Handlebars with a view of only the paths that the template names.
//! Not here: partials and decorators (a partial that includes itself ends the process), files.
//!
//! A missing field is an error that names the path. Two exceptions, both meant: `{{#if path}}` and
//! `{{#unless path}}` take a missing path as false, and `{{default path "…"}}` and `{{has path}}`
//! are there for it. `null` prints nothing; an object or a list is refused (use `json` or `join`).
//! Inside `each` and `with`, names belong to the item; the rest is reached as `@root.trigger.name`.

mod helpers;
mod scan;

use std::{borrow::Cow, fmt};

use handlebars::{
    PathSeg, RenderContext, RenderError, RenderErrorReason, Renderable, Template as Parsed,
    template::{HelperTemplate, Parameter, TemplateElement},
};

use super::expression::position_of;
use super::{
    Context, References, ValueError,
    functions::{self, Function},
    path::{Path, ROOTS, Root, Segment, kind},
    suggest,
};
use crate::Json;

/// Bytes of text that a template may give.
pub const MAX_OUTPUT: usize = 256 * 1024;

/// What a template's fields must not break out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Plain text: nothing is escaped.
    Text,
    /// HTML text and quoted attributes.
    Html,
    /// One component of a URL (RFC 3986: all but the unreserved characters).
    Url,
    /// The inside of a JSON string.
    Json,
}

impl Escape {
    const ALL: [(&'static str, Self); 4] =
        [("text", Self::Text), ("html", Self::Html), ("url", Self::Url), ("json", Self::Json)];

    /// By the name that a workflow uses.
    pub fn named(name: &str) -> Result<Self, ValueError> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, escape)| *escape).ok_or_else(|| {
            ValueError::new(
                "parameter.marker",
                format!("`escape` is `text`, `html`, `url` or `json`, not `{name}`"),
            )
        })
    }

    /// The text so that it stays text there.
    pub fn apply<'t>(self, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::Text => Cow::Borrowed(text),
            Self::Html => escape_with(text, |c| {
                Some(match c {
                    '<' => "&lt;".into(),
                    '>' => "&gt;".into(),
                    '"' => "&quot;".into(),
                    '&' => "&amp;".into(),
                    '\'' => "&#x27;".into(),
                    '`' => "&#x60;".into(),
                    '=' => "&#x3D;".into(),
                    _ => return None,
                })
            }),
            Self::Url => escape_with(text, |c| {
                if c.is_ascii_alphanumeric() || "-._~".contains(c) {
                    return None;
                }
                Some(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("%{byte:02X}")).collect())
            }),
            Self::Json => escape_with(text, |c| {
                Some(match c {
                    '"' => "\\\"".into(),
                    '\\' => "\\\\".into(),
                    '\n' => "\\n".into(),
                    '\r' => "\\r".into(),
                    '\t' => "\\t".into(),
                    c if c < ' ' => format!("\\u{:04x}", c as u32),
                    _ => return None,
                })
            }),
        }
    }
}

fn escape_with(text: &str, escape: impl Fn(char) -> Option<String>) -> Cow<'_, str> {
    let Some(first) = text.char_indices().find(|(_, c)| escape(*c).is_some()).map(|(at, _)| at) else {
        return Cow::Borrowed(text);
    };
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(&text[..first]);
    for c in text[first..].chars() {
        match escape(c) {
            Some(replacement) => escaped.push_str(&replacement),
            None => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// A compiled template.
pub struct Template {
    source: String,
    escape: Escape,
    body: Body,
    references: References,
}

enum Body {
    /// Text, fields and function calls.
    Pieces(Vec<Piece>),
    /// With blocks: for Handlebars, with the paths that it needs to see.
    Blocks { parsed: Box<Parsed>, view: Vec<Path> },
}

enum Piece {
    Text(String),
    Value { operand: Operand, escaped: bool, line: usize, column: usize },
}

enum Operand {
    Path(Path),
    Literal(Json),
    Call(&'static Function, Vec<Operand>),
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.source).field(&self.escape).finish()
    }
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// `template.syntax`, `template.refused`, `template.unknown_name`, `template.unknown_function`,
    /// `template.limit`; with line, column and text.
    pub fn compile(source: &str, escape: Escape) -> Result<Self, ValueError> {
        Self::compile_as(source, escape, true)
    }

    fn compile_as(source: &str, escape: Escape, native: bool) -> Result<Self, ValueError> {
        if native
            && source.len() <= PLAIN
            && let Some((pieces, references)) = plain(source)
        {
            return Ok(Self { source: source.to_owned(), escape, body: Body::Pieces(pieces), references });
        }
        scan::scan(source)?;
        let mut parsed = Parsed::compile(source).map_err(|error| syntax(source, &error))?;
        let mut walk = Walk { source, paths: Vec::new(), references: References::default() };
        walk.template(&mut parsed, 0)?;
        let Walk { paths, references, .. } = walk;
        let pieces = if native { pieces(&parsed) } else { None };
        let body = match pieces {
            Some(pieces) => Body::Pieces(pieces),
            None => Body::Blocks { parsed: Box::new(parsed), view: outermost(paths) },
        };
        Ok(Self { source: source.to_owned(), escape, body, references })
    }

    /// Its text in this context.
    ///
    /// # Errors
    /// `value.missing`, `value.step_not_run`, `value.type`, `value.function`, `template.too_large`;
    /// with line, column and text.
    pub fn render(&self, context: &Context<'_>) -> Result<String, ValueError> {
        match &self.body {
            Body::Pieces(pieces) => self.write(pieces, context),
            Body::Blocks { parsed, view } => self.render_blocks(parsed, view, context),
        }
    }

    /// What it reaches for.
    pub fn references(&self) -> &References {
        &self.references
    }

    /// Its text.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn write(&self, pieces: &[Piece], context: &Context<'_>) -> Result<String, ValueError> {
        let mut output = String::with_capacity(self.source.len() + 32);
        for piece in pieces {
            match piece {
                Piece::Text(text) => output.push_str(text),
                Piece::Value { operand, escaped, line, column } => {
                    let escape = if *escaped { self.escape } else { Escape::Text };
                    self.write_value(operand, escape, context, &mut output).map_err(|error| {
                        error.at(Some(*line), Some(*column), tag_at(&self.source, *line, *column))
                    })?;
                }
            }
            if output.len() > MAX_OUTPUT {
                return Err(too_large());
            }
        }
        Ok(output)
    }

    fn write_value(
        &self,
        operand: &Operand,
        escape: Escape,
        context: &Context<'_>,
        output: &mut String,
    ) -> Result<(), ValueError> {
        match operand {
            Operand::Path(path) => {
                let found = path.look_up(context)?;
                push_shown(found.as_json(), &path.text, escape, output)
            }
            Operand::Literal(value) => push_shown(value, "the literal", escape, output),
            Operand::Call(function, arguments) => {
                functions::enter(context.time_zone);
                push_shown(&call(function, arguments, context)?, function.name, escape, output)
            }
        }
    }

    fn render_blocks(
        &self,
        parsed: &Parsed,
        view: &[Path],
        context: &Context<'_>,
    ) -> Result<String, ValueError> {
        functions::enter(context.time_zone);
        let data = handlebars::Context::from(view_of(view, context));
        let mut output = helpers::Bounded::new(MAX_OUTPUT);
        let registry = helpers::registry(self.escape);
        let rendered = parsed.render(registry, &data, &mut RenderContext::new(None), &mut output);
        if output.is_full() {
            return Err(too_large());
        }
        match rendered {
            Ok(()) => Ok(output.into_text()),
            Err(error) => Err(self.explain(&error, context)),
        }
    }

    fn explain(&self, error: &RenderError, context: &Context<'_>) -> ValueError {
        let explained = match error.reason() {
            RenderErrorReason::NestedError(inner) => match inner.downcast_ref::<ValueError>() {
                Some(error) => error.clone(),
                None => match inner.downcast_ref::<helpers::Missing>() {
                    Some(missing) => missing_in(&missing.0, context),
                    None => ValueError::new("template.failed", inner.to_string()),
                },
            },
            RenderErrorReason::MissingVariable(Some(path)) => missing_in(path, context),
            RenderErrorReason::MissingVariable(None) => {
                ValueError::new("value.missing", "a field is missing")
            }
            RenderErrorReason::ParamNotFoundForIndex(helper, index) => ValueError::new(
                "value.missing",
                format!(
                    "`{helper}`: its argument {} is missing; write `(default path \"…\")` if it may be absent",
                    index + 1
                ),
            ),
            RenderErrorReason::InvalidJsonIndex(name) => ValueError::new(
                "value.missing",
                format!(
                    "a list has no field `{name}`; name an item first: `list.0.{name}`, or go through it with `each`"
                ),
            ),
            other => ValueError::new("template.failed", other.to_string()),
        };
        let fragment =
            error.line_no.zip(error.column_no).and_then(|(line, column)| tag_at(&self.source, line, column));
        explained.at(error.line_no, error.column_no, fragment)
    }
}

fn too_large() -> ValueError {
    ValueError::new(
        "template.too_large",
        format!("the template gives more than {} KB of text", MAX_OUTPUT / 1024),
    )
}

/// Why a path of a block is missing.
fn missing_in(raw: &str, context: &Context<'_>) -> ValueError {
    let plain = raw.trim_start_matches("../").trim_start_matches("@root.").trim_start_matches("this.");
    let anchored = raw.starts_with("@root.") || raw.starts_with("../");
    let path = Path::parse(plain);
    let there = path.as_ref().and_then(|path| path.look_up(context).err());
    match (there, path) {
        (Some(error), _) => error,
        (None, Some(path)) if !anchored => ValueError::new(
            "value.missing",
            format!("`{raw}` is not in the item of this block; outside the item write `@root.{}`", path.text),
        ),
        _ => ValueError::new(
            "value.missing",
            format!("`{raw}` is missing in the item of this block; write `{{{{default {raw} \"…\"}}}}` if it may be absent"),
        ),
    }
    .at(None, None, Some(raw.to_owned()))
}

/// A JSON value as text in a template.
pub(crate) fn shown<'v>(value: &'v Json, name: &str) -> Result<Cow<'v, str>, ValueError> {
    Ok(match value {
        Json::Null => Cow::Borrowed(""),
        Json::Bool(true) => Cow::Borrowed("true"),
        Json::Bool(false) => Cow::Borrowed("false"),
        Json::Number(number) => Cow::Owned(number.to_string()),
        Json::String(text) => Cow::Borrowed(text),
        Json::Array(_) | Json::Object(_) => {
            return Err(ValueError::new(
                "value.type",
                format!(
                    "`{name}` is {}, which is not text: choose a field, `{{{{join {name} \", \"}}}}` a list, or print it with `{{{{json {name}}}}}`",
                    kind(value)
                ),
            )
            .at(None, None, Some(name.to_owned())));
        }
    })
}

fn push_shown(value: &Json, name: &str, escape: Escape, output: &mut String) -> Result<(), ValueError> {
    if let Json::Number(number) = value {
        use fmt::Write;
        // Writing to a String cannot fail; numbers need no escaping.
        let _ = write!(output, "{number}");
        return Ok(());
    }
    output.push_str(&escape.apply(&shown(value, name)?));
    Ok(())
}

/// What a function gives for these arguments.
fn call(
    function: &'static Function,
    arguments: &[Operand],
    context: &Context<'_>,
) -> Result<Json, ValueError> {
    let mut values = Vec::with_capacity(arguments.len());
    for argument in arguments {
        values.push(match argument {
            Operand::Literal(value) => value.clone(),
            Operand::Call(function, arguments) => call(function, arguments, context)?,
            Operand::Path(path) => match path.look_up(context) {
                Ok(found) => found.into_json(),
                Err(_) if function.takes_missing() => Json::Null,
                Err(error) => return Err(error),
            },
        });
    }
    function.call(&values)
}

/// The template as pieces, where it has no blocks and no helpers but functions.
fn pieces(parsed: &Parsed) -> Option<Vec<Piece>> {
    let mut pieces = Vec::with_capacity(parsed.elements.len());
    for (index, element) in parsed.elements.iter().enumerate() {
        match element {
            TemplateElement::RawString(text) => pieces.push(Piece::Text(text.clone())),
            TemplateElement::Comment(_) => {}
            TemplateElement::Expression(tag) | TemplateElement::HtmlExpression(tag) => {
                let mapping = parsed.mapping.get(index)?;
                let escaped = matches!(element, TemplateElement::Expression(_));
                pieces.push(Piece::Value {
                    operand: tag_operand(tag)?,
                    escaped,
                    line: mapping.0,
                    column: mapping.1,
                });
            }
            _ => return None,
        }
    }
    Some(pieces)
}

/// Bytes of a template that is looked at for being plain.
const PLAIN: usize = 4096;

/// Text with nothing but fields in it, which most templates are: they need no grammar.
fn plain(source: &str) -> Option<(Vec<Piece>, References)> {
    let mut pieces = Vec::new();
    let mut references = References::default();
    let mut at = 0;
    while let Some(length) = source[at..].find("{{") {
        let open = at + length;
        if source[..open].ends_with('\\') {
            return None;
        }
        let close = open + source[open..].find("}}")?;
        let path = Path::parse(&source[open + 2..close])?;
        if (path.root == Root::Steps && path.segments.is_empty()) || path.text.contains('[') {
            return None;
        }
        if open > at {
            pieces.push(Piece::Text(source[at..open].to_owned()));
        }
        references.add(path.names());
        let (line, column) = position_of(source, open);
        pieces.push(Piece::Value { operand: Operand::Path(path), escaped: true, line, column });
        at = close + 2;
    }
    if source[at..].contains("}}") || source.contains("}}}") {
        return None;
    }
    if at < source.len() {
        pieces.push(Piece::Text(source[at..].to_owned()));
    }
    Some((pieces, references))
}

fn tag_operand(tag: &HelperTemplate) -> Option<Operand> {
    let name = tag.name.as_name()?;
    if name == helpers::SHOW {
        return operand(tag.params.first()?);
    }
    let function = functions::find(name)?;
    let arguments = tag.params.iter().map(operand).collect::<Option<_>>()?;
    Some(Operand::Call(function, arguments))
}

fn operand(parameter: &Parameter) -> Option<Operand> {
    match parameter {
        Parameter::Literal(value) => Some(Operand::Literal(value.clone())),
        Parameter::Path(path) => anchored(path).map(Operand::Path),
        Parameter::Subexpression(inner) => match inner.as_element() {
            TemplateElement::Expression(tag) => tag_operand(tag),
            _ => None,
        },
        _ => None,
    }
}

/// The path from a root, where it begins with one. `../` and `@root` are looked through: a block's
/// own field of that name only makes the view larger than it need be.
fn anchored(path: &handlebars::Path) -> Option<Path> {
    let handlebars::Path::Relative((segments, _)) = path else { return None };
    let mut names = segments.iter().filter_map(|segment| match segment {
        PathSeg::Named(name) => Some(name.as_str()),
        _ => None,
    });
    let root_name = names.next()?;
    let root = Root::named(root_name)?;
    let segments: Vec<Segment> = names
        .map(|name| match name.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key(name.to_owned()),
        })
        .collect();
    let mut text = root_name.to_owned();
    segments.iter().for_each(|segment| segment.write(&mut text));
    Some(Path { root, segments, text: text.into() })
}

/// Checks a parsed template, learns its paths, and makes every plain field go through our own
/// printing, so that an object never becomes `[object]` and an item's field may be called `phone`.
struct Walk<'s> {
    source: &'s str,
    paths: Vec<Path>,
    references: References,
}

impl Walk<'_> {
    fn template(&mut self, template: &mut Parsed, depth: usize) -> Result<(), ValueError> {
        for (index, element) in template.elements.iter_mut().enumerate() {
            let (line, column) = template.mapping.get(index).map_or((1, 1), |mapping| (mapping.0, mapping.1));
            self.element(element, depth)
                .map_err(|error| error.at(Some(line), Some(column), tag_at(self.source, line, column)))?;
        }
        Ok(())
    }

    fn element(&mut self, element: &mut TemplateElement, depth: usize) -> Result<(), ValueError> {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(()),
            TemplateElement::Expression(tag) | TemplateElement::HtmlExpression(tag) => {
                if tag.params.is_empty() && tag.hash.is_empty() {
                    let path = std::mem::replace(&mut tag.name, Parameter::Name(helpers::SHOW.to_owned()));
                    self.field(&path, depth)?;
                    tag.params.push(path);
                    return Ok(());
                }
                self.helper(tag, depth)
            }
            TemplateElement::HelperBlock(block) => self.block(block, depth),
            _ => Err(ValueError::new(
                "template.refused",
                "partials (`{{> …}}`) and decorators (`{{* …}}`) are not available in templates",
            )),
        }
    }

    fn field(&mut self, parameter: &Parameter, depth: usize) -> Result<(), ValueError> {
        let Parameter::Path(path) = parameter else { return Ok(()) };
        let raw = parameter.as_name().unwrap_or_default();
        match anchored(path) {
            Some(path) if path.root == Root::Steps && path.segments.is_empty() => Err(ValueError::new(
                "expression.dynamic_step",
                "`steps` needs the key of a step written out: `steps.<key>`",
            )),
            Some(path) => {
                self.references.add(path.names());
                self.paths.push(path);
                Ok(())
            }
            // Outside of blocks there is nothing but the roots.
            None if depth == 0 => {
                let first = raw.split(['.', '/', '[']).next().unwrap_or_default();
                let hint = match suggest(first, ROOTS.into_iter()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a template sees {}", ROOTS.join(", ")),
                };
                Err(ValueError::new("template.unknown_name", format!("`{raw}` is not known; {hint}")).at(
                    None,
                    None,
                    Some(raw.to_owned()),
                ))
            }
            None => Ok(()),
        }
    }

    fn arguments(&mut self, tag: &mut HelperTemplate, depth: usize) -> Result<(), ValueError> {
        for parameter in tag.params.iter_mut().chain(tag.hash.values_mut()) {
            match parameter {
                Parameter::Path(_) => self.field(parameter, depth)?,
                Parameter::Subexpression(inner) => match inner.element.as_mut() {
                    TemplateElement::Expression(tag) => self.helper(tag, depth)?,
                    _ => {
                        return Err(ValueError::new(
                            "template.syntax",
                            "a sub-expression is a call in parentheses",
                        ));
                    }
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn helper(&mut self, tag: &mut HelperTemplate, depth: usize) -> Result<(), ValueError> {
        let name = tag.name.as_name().unwrap_or_default().to_owned();
        let function = functions::find(&name);
        if function.is_none() && !helpers::PLAIN.contains(&name.as_str()) {
            let names = functions::registry().iter().map(|function| function.name).chain(helpers::PLAIN);
            let hint = match suggest(&name, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "see the list of functions".to_owned(),
            };
            return Err(ValueError::new(
                "template.unknown_function",
                format!("there is no function `{name}`; {hint}"),
            )
            .at(None, None, Some(name)));
        }
        if let Some(function) = function {
            if !tag.hash.is_empty() {
                return Err(ValueError::new(
                    "template.syntax",
                    format!("`{name}` takes its arguments in order, without names: `{}`", function.signature),
                ));
            }
            function.check_count(tag.params.len())?;
        }
        self.arguments(tag, depth)
    }

    fn block(&mut self, block: &mut HelperTemplate, depth: usize) -> Result<(), ValueError> {
        let name = block.name.as_name().unwrap_or_default().to_owned();
        if !helpers::BLOCKS.contains(&name.as_str()) {
            return Err(ValueError::new(
                "template.refused",
                format!("`{{{{#{name}}}}}` is not a block; there are {}", helpers::BLOCKS.join(", ")),
            )
            .at(None, None, Some(name)));
        }
        if block.params.len() != 1 {
            return Err(ValueError::new("template.syntax", format!("`{{{{#{name} …}}}}` takes one value")));
        }
        self.arguments(block, depth)?;
        // `if` and `unless` leave names alone; the others make them the item's.
        let inner = depth + usize::from(matches!(name.as_str(), "each" | "with"));
        if let Some(template) = &mut block.template {
            self.template(template, inner)?;
        }
        if let Some(inverse) = &mut block.inverse {
            self.template(inverse, depth)?;
        }
        Ok(())
    }
}

/// The paths that are not inside another one, each cut before its first index: what Handlebars must see.
fn outermost(paths: Vec<Path>) -> Vec<Path> {
    let mut cut: Vec<Path> = paths
        .into_iter()
        .map(|mut path| {
            let first = path.segments.iter().position(|segment| matches!(segment, Segment::Index(_)));
            path.segments.truncate(first.unwrap_or(path.segments.len()));
            path
        })
        .collect();
    cut.sort_by_key(|path| path.segments.len());
    let mut kept: Vec<Path> = Vec::new();
    for path in cut {
        if !kept.iter().any(|outer| outer.root == path.root && path.segments.starts_with(&outer.segments)) {
            kept.push(path);
        }
    }
    kept
}

/// A JSON that holds these paths and nothing else; what is missing stays missing.
fn view_of(paths: &[Path], context: &Context<'_>) -> Json {
    let mut view = serde_json::Map::new();
    for path in paths {
        let Some(found) = path.find(context) else { continue };
        let names = path.names();
        let Some((last, holders)) = names.split_last() else { continue };
        let mut here = &mut view;
        for name in holders {
            let holder = here.entry(name.as_str()).or_insert_with(|| Json::Object(serde_json::Map::new()));
            // No path of a view lies inside another, so a holder is always an object.
            let Json::Object(map) = holder else { return Json::Object(view) };
            here = map;
        }
        here.insert(last.clone(), found.into_json());
    }
    Json::Object(view)
}

fn syntax(source: &str, error: &handlebars::TemplateError) -> ValueError {
    let (line, column) = error.pos().map_or((None, None), |(line, column)| (Some(line), Some(column)));
    let fragment = line.zip(column).and_then(|(line, column)| tag_at(source, line, column));
    // The reason of the parser is a drawing over several lines; its last line says what it wants.
    let reason = error.reason().to_string();
    let reason = reason.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    let reason = reason.trim_start_matches("= ").trim_start_matches("invalid handlebars syntax: ");
    ValueError::new("template.syntax", format!("the template cannot be read: {reason}"))
        .at(line, column, fragment)
}

/// The tag (or the rest of the line) at a position.
fn tag_at(source: &str, line: usize, column: usize) -> Option<String> {
    let line = source.lines().nth(line.checked_sub(1)?)?;
    let rest: String = line.chars().skip(column.saturating_sub(1)).collect();
    let end = rest
        .find("}}")
        .map_or(rest.len(), |end| rest[end..].find(|c| c != '}').map_or(rest.len(), |more| end + more));
    let text = if rest.trim().is_empty() { line.trim() } else { &rest[..end] };
    Some(super::excerpt(text).into_owned())
}

#[cfg(test)]
mod tests;
