//! Expressions: `{"$expr": "…"}`. A plain dotted path is looked up natively and never meets Rhai;
//! everything else is Rhai, parsed once, with strict limits and without any way out.
//! Not a scripting host: custom nodes have their own.
//!
//! Rhai in one breath: `if a { b } else { c }` is the ternary, `1 / 2` is `0` (write `1.0 / 2`),
//! `==` between different types is `false`, text with fields is `` `Dear ${trigger.name}` ``.
//! What may be missing gets a default: `trigger.body.source ?? "web"`, `has(trigger.body.source)`,
//! `steps.check.get("a.b", 0)`. Without one, a missing field is an error that names the path.

mod choice;
mod engine;
mod rewrite;

use std::{collections::HashSet, fmt, sync::Arc};

use rhai::{AST, ASTNode, Dynamic, EvalAltResult, Expr, ParseErrorType, Position, Scope, Stmt};

pub use engine::set_interrupt;

use super::{
    Context, References, ValueError,
    convert::{self, Lazy, Link},
    excerpt, functions,
    path::{Path, ROOTS, Root},
    suggest,
};
use crate::Json;
use choice::Choice;
use engine::{MAX_OPERATIONS, MAX_TEXT, Source};
use rewrite::Variable;

/// Stack for scripts that repeat something. Rhai measures and drops values by recursion and bounds
/// no value's depth, so `loop { a = [a] }` nests as deep as the operations allow (measured: it ends
/// the process on a stack of 2 MiB). Pages that are not touched cost nothing.
const DEEP_STACK: usize = 128 * 1024 * 1024;

/// Bytes of an expression's text.
const MAX_SOURCE: usize = 64 * 1024;

/// A compiled expression.
pub struct Expression {
    source: Source,
    kind: Kind,
    references: References,
}

enum Kind {
    Path(Path),
    Script { ast: Box<AST>, inputs: Vec<Input>, repeats: bool, choice: Option<Choice> },
}

/// A path that the script reads, ready to be put into its scope.
struct Input {
    variable: Variable,
    /// What the root of the JSON is called, for errors from below it.
    holder: Arc<str>,
    link: Option<Arc<Link>>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// `expression.syntax`, `expression.unknown_name`, `expression.unknown_function`,
    /// `expression.dynamic_step`, `expression.limit`; with line, column and text.
    pub fn compile(source: &str) -> Result<Self, ValueError> {
        if source.len() > MAX_SOURCE {
            return Err(ValueError::new(
                "expression.limit",
                format!("an expression has at most {} KB", MAX_SOURCE / 1024),
            ));
        }
        if source.trim().is_empty() {
            return Err(ValueError::new("expression.syntax", "the expression is empty"));
        }
        if let Some(path) = Path::parse(source) {
            if path.root == Root::Steps && path.segments.is_empty() {
                return Err(dynamic_step(source, source.find("steps").unwrap_or(0)));
            }
            let mut references = References::default();
            references.add(path.names());
            return Ok(Self { source: source.into(), kind: Kind::Path(path), references });
        }
        Self::compile_script(source)
    }

    fn compile_script(source: &str) -> Result<Self, ValueError> {
        let mut rewritten = rewrite::rewrite(source, &HashSet::new());
        let mut ast = parse(source, &rewritten.text, &rewritten.variables)?;
        let declared = declared(&ast);
        if declared.iter().any(|name| Root::named(name).is_some()) {
            rewritten = rewrite::rewrite(source, &declared);
            ast = parse(source, &rewritten.text, &rewritten.variables)?;
        }
        if let Some(at) = rewritten.dynamic_steps {
            return Err(dynamic_step(source, at));
        }
        check_calls(source, &ast)?;

        let mut references = References::default();
        let inputs = rewritten.variables.into_iter().map(|variable| {
            references.add(variable.path.names());
            let path = &variable.path;
            // A step's output is a JSON of its own, so its key belongs to the name.
            let (holder, below): (Arc<str>, _) = match (path.root, path.segments.split_first()) {
                (Root::Steps, Some((key, rest))) => {
                    let mut name = "steps".to_owned();
                    key.write(&mut name);
                    (name.into(), rest)
                }
                _ => (path.names()[0].as_str().into(), path.segments.as_slice()),
            };
            let link = convert::chain(below);
            Input { holder, link, variable }
        });
        let inputs = inputs.collect();
        let repeats = repeats(&ast);
        Ok(Self {
            source: source.into(),
            kind: Kind::Script { ast: Box::new(ast), inputs, repeats, choice: Choice::parse(source) },
            references,
        })
    }

    /// What it gives in this context.
    ///
    /// # Errors
    /// `value.missing`, `value.step_not_run`, `value.type`, `value.function`, `expression.limit`,
    /// `expression.failed`; with line, column and text where they are known.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<Json, ValueError> {
        match &self.kind {
            Kind::Path(path) => path
                .look_up(context)
                .map(super::path::Found::into_json)
                .map_err(|error| error.at(Some(1), Some(1), None)),
            Kind::Script { choice: Some(choice), ast, inputs, .. } => match choice.evaluate(context) {
                Some(value) => Ok(value),
                None => self.run(ast, inputs, context),
            },
            Kind::Script { ast, inputs, repeats: false, .. } => self.run(ast, inputs, context),
            Kind::Script { ast, inputs, .. } => stacker::grow(DEEP_STACK, || self.run(ast, inputs, context)),
        }
    }

    fn run(&self, ast: &AST, inputs: &[Input], context: &Context<'_>) -> Result<Json, ValueError> {
        functions::enter(context.time_zone);
        let mut scope = Scope::new();
        for input in inputs {
            if let Some(value) = input.value(context).map_err(|error| self.place(input, error))? {
                scope.push_dynamic(input.variable.name.as_str(), value);
            }
        }
        let result: Result<Dynamic, _> = engine::engine().eval_ast_with_scope(&mut scope, ast);
        match result {
            Ok(value) => convert::from_dynamic(value),
            Err(error) => Err(self.explain(*error, inputs, context)),
        }
    }

    /// The path, where it is nothing but one.
    pub(crate) fn as_path(&self) -> Option<&Path> {
        match &self.kind {
            Kind::Path(path) => Some(path),
            Kind::Script { .. } => None,
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

    /// Puts an error that a path caused where the path first stands.
    fn place(&self, input: &Input, error: ValueError) -> ValueError {
        let (line, column) =
            position_of(&self.source, self.source.find(&*input.variable.path.text).unwrap_or(0));
        error.at(Some(line), Some(column), Some(input.variable.path.text.to_string()))
    }

    fn explain(&self, error: EvalAltResult, inputs: &[Input], context: &Context<'_>) -> ValueError {
        let position = error.position();
        let (line, column) = (position.line(), position.position());
        match error {
            EvalAltResult::ErrorInFunctionCall(_, _, inner, outer) => {
                self.explain(*inner, inputs, context).at(outer.line(), outer.position(), None)
            }
            EvalAltResult::ErrorVariableNotFound(name, _) => {
                let input = inputs.iter().find(|input| input.variable.name == name);
                match input.and_then(|input| input.variable.path.look_up(context).err()) {
                    Some(error) => error.at(line, column, None),
                    None => ValueError::new("expression.failed", format!("`{name}` is not there")).at(
                        line,
                        column,
                        Some(name),
                    ),
                }
            }
            EvalAltResult::ErrorRuntime(value, _) => {
                let fragment = fragment(&self.source, position);
                match value.clone().try_cast::<ValueError>() {
                    Some(error) => error.at(line, column, fragment),
                    None => {
                        ValueError::new("expression.thrown", value.to_string()).at(line, column, fragment)
                    }
                }
            }
            other => {
                let (code, message) = describe(&other);
                ValueError::new(code, message).at(line, column, fragment(&self.source, position))
            }
        }
    }
}

impl Input {
    /// The value for the scope; `None` where there is none, which is an error only if the script gets there.
    fn value(&self, context: &Context<'_>) -> Result<Option<Dynamic>, ValueError> {
        let absent = || Ok(self.variable.optional.then_some(Dynamic::UNIT));
        let path = &self.variable.path;
        // Scalars are read in place; only what holds more keeps the root alive.
        let Some(found) = path.find(context) else { return absent() };
        let value = found.as_json();
        if !value.is_object() && !value.is_array() {
            return convert::to_dynamic(value, &|| unreachable_holder(&self.holder)).map(Some);
        }
        let Ok((root, _)) = path.root_in(context) else { return absent() };
        convert::to_dynamic(value, &|| {
            Lazy::new(Arc::clone(&root), Arc::clone(&self.holder), self.link.clone())
        })
        .map(Some)
    }
}

/// Scalars have no holder; this is what would be there.
fn unreachable_holder(name: &Arc<str>) -> Lazy {
    Lazy::new(Arc::new(Json::Null), Arc::clone(name), None)
}

fn parse(source: &str, text: &str, variables: &[Variable]) -> Result<AST, ValueError> {
    let mut scope = Scope::new();
    for name in ROOTS.into_iter().chain(variables.iter().map(|variable| variable.name.as_str())) {
        scope.push_dynamic(name, Dynamic::UNIT);
    }
    engine::engine().compile_with_scope(&scope, text).map_err(|error| {
        let position = error.position();
        let (code, message) = match error.err_type() {
            ParseErrorType::VariableUndefined(name) => ("expression.unknown_name", unknown_name(name)),
            ParseErrorType::ExprTooDeep
            | ParseErrorType::LiteralTooLarge(..)
            | ParseErrorType::TooManyFunctions => {
                ("expression.limit", format!("the expression is too deep or too large: {}", error.err_type()))
            }
            other => ("expression.syntax", format!("the expression cannot be read: {other}")),
        };
        ValueError::new(code, message).at(position.line(), position.position(), fragment(source, position))
    })
}

fn unknown_name(name: &str) -> String {
    match suggest(name, ROOTS.into_iter()) {
        Some(near) => format!("`{name}` is not known; did you mean `{near}`?"),
        None => format!(
            "`{name}` is not known; an expression sees {}, and text stands in quotes: \"{name}\"",
            ROOTS.join(", ")
        ),
    }
}

fn dynamic_step(source: &str, at: usize) -> ValueError {
    let (line, column) = position_of(source, at);
    ValueError::new(
        "expression.dynamic_step",
        "`steps` needs the key of a step written out, `steps.<key>`, so that it can be checked before anything runs",
    )
    .at(Some(line), Some(column), Some("steps".to_owned()))
}

/// Names that the expression declares: variables, loop variables, parameters of closures.
fn declared(ast: &AST) -> HashSet<String> {
    let mut names: HashSet<String> =
        ast.iter_functions().flat_map(|function| function.params.into_iter().map(str::to_owned)).collect();
    ast.walk(&mut |nodes| {
        match nodes.last() {
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                names.insert(variable.0.name.to_string());
            }
            Some(ASTNode::Stmt(Stmt::For(variable, ..))) => {
                names.insert(variable.0.name.to_string());
                names.extend(variable.1.as_ref().map(|counter| counter.name.to_string()));
            }
            Some(ASTNode::Stmt(Stmt::TryCatch(flow, ..))) => {
                if let Expr::Variable(variable, ..) = &flow.expr {
                    names.insert(variable.1.to_string());
                }
            }
            _ => {}
        }
        true
    });
    names
}

/// Whether what one round makes can go into the next, so that the text does not bound how deep a
/// value gets: loops, `reduce`, and closures that change something outside of themselves.
fn repeats(ast: &AST) -> bool {
    const CHANGING: [&str; 11] = [
        "push",
        "insert",
        "append",
        "set",
        "pad",
        "mixin",
        "fill_with",
        "splice",
        "merge",
        "for_each",
        "drain",
    ];
    let functions = ast.iter_functions().next().is_some();
    !ast.walk(&mut |nodes| match nodes.last() {
        Some(ASTNode::Stmt(Stmt::While(..) | Stmt::Do(..) | Stmt::For(..))) => false,
        Some(ASTNode::Stmt(Stmt::Assignment(..))) => !functions,
        Some(
            ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
            | ASTNode::Stmt(Stmt::FnCall(call, _)),
        ) => {
            let name = call.name.as_str();
            !(name.starts_with("reduce") || (functions && CHANGING.contains(&name)))
        }
        _ => true,
    })
}

/// Every function that is called by name is there.
fn check_calls(source: &str, ast: &AST) -> Result<(), ValueError> {
    let own: HashSet<&str> = ast.iter_functions().map(|function| function.name).collect();
    let names = engine::function_names();
    let mut unknown = None;
    ast.walk(&mut |nodes| {
        let (call, position) = match nodes.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position) | Expr::MethodCall(call, position))) => {
                (call, position)
            }
            Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => (call, position),
            _ => return true,
        };
        let name = call.name.as_str();
        let known = call.is_operator_call()
            || own.contains(name)
            || !name.starts_with(|c: char| c.is_alphabetic())
            || names.binary_search_by(|known| known.as_str().cmp(name)).is_ok();
        if !known {
            unknown = Some((name.to_owned(), *position));
        }
        known
    });
    let Some((name, position)) = unknown else { return Ok(()) };
    let hint = match suggest(&name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "see the list of functions".to_owned(),
    };
    Err(ValueError::new("expression.unknown_function", format!("there is no function `{name}`; {hint}")).at(
        position.line(),
        position.position(),
        fragment(source, position),
    ))
}

/// Code and words for an error of Rhai's own.
fn describe(error: &EvalAltResult) -> (&'static str, String) {
    match error {
        EvalAltResult::ErrorTooManyOperations(_) => (
            "expression.limit",
            format!("the expression took more than {MAX_OPERATIONS} operations; does a loop never end?"),
        ),
        EvalAltResult::ErrorTerminated(..) => {
            ("expression.limit", "the expression took too long and was stopped".to_owned())
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            ("expression.limit", "functions call each other too deeply".to_owned())
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => (
            "expression.limit",
            format!(
                "{what} grew too large: at most {} KB of text, {} items or fields",
                MAX_TEXT / 1024,
                convert::MAX_ITEMS
            ),
        ),
        EvalAltResult::ErrorTooManyVariables(_) | EvalAltResult::ErrorTooManyModules(_) => {
            ("expression.limit", "the expression declares too many variables".to_owned())
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => ("value.type", not_for_these(signature)),
        EvalAltResult::ErrorPropertyNotFound(name, _) => {
            let name = name.split_whitespace().next().unwrap_or_default().trim_matches('\'');
            (
                "value.missing",
                format!("there is no field `{name}`; write `.get(\"{name}\", default)` if it may be absent"),
            )
        }
        EvalAltResult::ErrorArrayBounds(length, index, _) => (
            "value.missing",
            format!("the list has {length} items, so there is no number {index} (they count from 0)"),
        ),
        EvalAltResult::ErrorDotExpr(..) | EvalAltResult::ErrorIndexingType(..) => {
            ("value.type", format!("this has no fields: {}", plain(error)))
        }
        _ => ("expression.failed", plain(error)),
    }
}

/// `+ (i64, string)` in words.
fn not_for_these(signature: &str) -> String {
    let signature = signature
        .replace("&str | ImmutableString | String", "text")
        .replace("string", "text")
        .replace("i64", "number")
        .replace("f64", "number with fraction")
        .replace("()", "nothing (null)");
    match signature.split_once('(') {
        Some((name, arguments)) if arguments.ends_with(')') => {
            let name = name.trim();
            let hint = if arguments.contains("nothing (null)") {
                "; give what may be null a default: `… ?? 0`"
            } else {
                ""
            };
            format!("`{name}` cannot be used with ({arguments}{hint}")
        }
        _ => format!("`{signature}` cannot be used like this"),
    }
}

/// Rhai's own words without its position.
fn plain(error: &EvalAltResult) -> String {
    let text = error.to_string();
    match text.rfind(" (line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// Line and column, from 1, of a byte in a text. Columns count characters.
pub(super) fn position_of(source: &str, at: usize) -> (usize, usize) {
    let before = &source[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// The text at a position, at most to the end of its line.
fn fragment(source: &str, position: Position) -> Option<String> {
    let line = source.lines().nth(position.line()? - 1)?;
    let rest: String = line.chars().skip(position.position().unwrap_or(1).saturating_sub(1)).collect();
    let text = if rest.trim().is_empty() { line.trim().to_owned() } else { rest };
    Some(excerpt(&text).into_owned())
}

#[cfg(test)]
mod tests;
