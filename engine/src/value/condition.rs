//! Conditions: rows of value, operator and value in groups of `all` and `any`, as the editor builds
//! them. Evaluated natively, lazily and strictly: a row whose values do not fit its operator is an
//! error, never a silent `false`. Called by `flow.if`, `flow.switch` and the filters of triggers.
//!
//! ```json
//! {"all": [
//!   {"value": {"$expr": "trigger.body.budget"}, "operator": "gte", "to": 50000},
//!   {"value": {"$expr": "trigger.body.city"}, "operator": "in", "to": ["Riyadh", "Jeddah"], "fold": true}
//! ]}
//! ```

use std::{borrow::Cow, cmp::Ordering};

use regex::Regex;
use serde::Serialize;

use super::{
    Context, Lent, Parameter, ParameterFault, References, ValueError, excerpt,
    functions::{self, arabic, date, text},
    path::kind,
    suggest,
};
use crate::Json;

/// Groups inside groups.
const MAX_DEPTH: usize = 16;
/// Rows in the whole condition.
const MAX_ROWS: usize = 1_000;

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// The same value; numbers by size, so `1` equals `1.0`.
    Equals,
    /// Another value of the same kind.
    NotEquals,
    /// A greater number.
    Gt,
    /// A greater or the same number.
    Gte,
    /// A smaller number.
    Lt,
    /// A smaller or the same number.
    Lte,
    /// A number from the first to the second of two, both included.
    Between,
    /// Text with this part, or a list with this item.
    Contains,
    /// Text without this part, or a list without this item.
    NotContains,
    /// Text that begins so.
    StartsWith,
    /// Text that ends so.
    EndsWith,
    /// Text that a regular expression matches somewhere.
    Matches,
    /// One of a list.
    In,
    /// None of a list.
    NotIn,
    /// `null`, blank text, an empty list or object.
    IsEmpty,
    /// Anything else.
    IsNotEmpty,
    /// The path is there and not `null`. Never an error.
    Exists,
    /// The path is not there, or `null`. Never an error.
    NotExists,
    /// `true`.
    IsTrue,
    /// `false`.
    IsFalse,
    /// A moment before another.
    Before,
    /// A moment after another.
    After,
    /// A list with at least one of these items.
    HasAny,
    /// A list with every one of these items.
    HasAll,
    /// Text or a list of exactly this length.
    LengthEquals,
    /// Longer text or a longer list.
    LengthGt,
    /// As long or longer.
    LengthGte,
    /// Shorter text or a shorter list.
    LengthLt,
    /// As long or shorter.
    LengthLte,
}

/// What an operator wants on its right side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// One value.
    Value,
    /// A list of values.
    List,
    /// A list of exactly two numbers.
    Two,
}

/// An operator for the editor's menu.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct OperatorInfo {
    /// Its name in JSON.
    pub name: &'static str,
    /// Itself.
    pub operator: Operator,
    /// What it wants on its right side.
    pub takes: Takes,
    /// Whether `fold` means something to it.
    pub folds: bool,
    /// In English, between the two values.
    pub en: &'static str,
    /// In Arabic.
    pub ar: &'static str,
}

const fn row(
    name: &'static str,
    operator: Operator,
    takes: Takes,
    folds: bool,
    en: &'static str,
    ar: &'static str,
) -> OperatorInfo {
    OperatorInfo { name, operator, takes, folds, en, ar }
}

/// Every operator, in the order of the declaration.
pub const OPERATORS: [OperatorInfo; 29] = [
    row("equals", Operator::Equals, Takes::Value, true, "equals", "يساوي"),
    row("not_equals", Operator::NotEquals, Takes::Value, true, "does not equal", "لا يساوي"),
    row("gt", Operator::Gt, Takes::Value, false, "is greater than", "أكبر من"),
    row("gte", Operator::Gte, Takes::Value, false, "is at least", "لا يقل عن"),
    row("lt", Operator::Lt, Takes::Value, false, "is less than", "أصغر من"),
    row("lte", Operator::Lte, Takes::Value, false, "is at most", "لا يزيد عن"),
    row("between", Operator::Between, Takes::Two, false, "is between", "بين"),
    row("contains", Operator::Contains, Takes::Value, true, "contains", "يحتوي على"),
    row("not_contains", Operator::NotContains, Takes::Value, true, "does not contain", "لا يحتوي على"),
    row("starts_with", Operator::StartsWith, Takes::Value, true, "begins with", "يبدأ بـ"),
    row("ends_with", Operator::EndsWith, Takes::Value, true, "ends with", "ينتهي بـ"),
    row("matches", Operator::Matches, Takes::Value, true, "matches", "يطابق"),
    row("in", Operator::In, Takes::List, true, "is one of", "واحد من"),
    row("not_in", Operator::NotIn, Takes::List, true, "is none of", "ليس من"),
    row("is_empty", Operator::IsEmpty, Takes::Nothing, false, "is empty", "فارغ"),
    row("is_not_empty", Operator::IsNotEmpty, Takes::Nothing, false, "is not empty", "غير فارغ"),
    row("exists", Operator::Exists, Takes::Nothing, false, "exists", "موجود"),
    row("not_exists", Operator::NotExists, Takes::Nothing, false, "does not exist", "غير موجود"),
    row("is_true", Operator::IsTrue, Takes::Nothing, false, "is true", "صحيح"),
    row("is_false", Operator::IsFalse, Takes::Nothing, false, "is false", "خطأ"),
    row("before", Operator::Before, Takes::Value, false, "is before", "قبل"),
    row("after", Operator::After, Takes::Value, false, "is after", "بعد"),
    row("has_any", Operator::HasAny, Takes::List, true, "has any of", "فيه أي من"),
    row("has_all", Operator::HasAll, Takes::List, true, "has all of", "فيه كل من"),
    row("length_equals", Operator::LengthEquals, Takes::Value, false, "has a length of", "طوله يساوي"),
    row("length_gt", Operator::LengthGt, Takes::Value, false, "is longer than", "أطول من"),
    row("length_gte", Operator::LengthGte, Takes::Value, false, "has a length of at least", "طوله لا يقل عن"),
    row("length_lt", Operator::LengthLt, Takes::Value, false, "is shorter than", "أقصر من"),
    row("length_lte", Operator::LengthLte, Takes::Value, false, "has a length of at most", "طوله لا يزيد عن"),
];

impl Operator {
    /// Its row in the table.
    pub fn info(self) -> &'static OperatorInfo {
        &OPERATORS[self as usize]
    }
}

/// A compiled condition.
#[derive(Debug, Clone)]
pub struct Condition(Node);

#[derive(Debug, Clone)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Row(Box<Row>),
}

#[derive(Debug, Clone)]
struct Row {
    /// Dotted path of the row in the condition, e.g. `all.0`.
    path: String,
    value: Parameter,
    operator: Operator,
    to: Parameter,
    fold: bool,
    /// The pattern of `matches`, where it is a literal.
    pattern: Option<Regex>,
    /// The literal right side folded once: one text, or a list's texts.
    folded: Option<Json>,
}

impl Condition {
    /// Compiles a condition as a workflow holds it; every fault at once.
    ///
    /// # Errors
    /// `condition.shape`, `condition.operator`, `condition.limit`, and those of parameters.
    pub fn compile(value: &Json) -> Result<Self, Vec<ParameterFault>> {
        Self::compile_parameter(&Parameter::compile(value)?)
    }

    /// As [`Self::compile`], from a parameter that is compiled already.
    pub fn compile_parameter(parameter: &Parameter) -> Result<Self, Vec<ParameterFault>> {
        let mut build = Build { faults: Vec::new(), path: Vec::new(), rows: 0 };
        let node = build.group(parameter);
        if build.faults.is_empty() { Ok(Self(node)) } else { Err(build.faults) }
    }

    /// Whether it holds. Rows after the one that decides are not looked at.
    ///
    /// # Errors
    /// Those of the values; `value.type` where a value does not fit its operator.
    pub fn evaluate(&self, context: &Context<'_>) -> Result<bool, ValueError> {
        self.0.holds(context)
    }

    /// Which row decided that it does not hold, in words; `None` where it holds.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn explain(&self, context: &Context<'_>) -> Result<Option<String>, ValueError> {
        self.0.explain(context)
    }

    /// Calls `visit` with the path and references of every expression and template.
    pub fn visit_references(&self, visit: &mut dyn FnMut(&str, &References)) {
        self.0.visit(visit);
    }
}

struct Build {
    faults: Vec<ParameterFault>,
    path: Vec<String>,
    rows: usize,
}

impl Build {
    fn fault(&mut self, code: &str, message: impl Into<String>) -> Node {
        self.faults.push(ParameterFault { path: self.path.join("."), error: ValueError::new(code, message) });
        Node::All(Vec::new())
    }

    fn group(&mut self, parameter: &Parameter) -> Node {
        if self.path.len() > 2 * MAX_DEPTH {
            return self.fault("condition.limit", format!("a condition nests at most {MAX_DEPTH} groups"));
        }
        let Some(fields) = fields(parameter) else {
            return self.fault("condition.shape", "a condition is {\"all\": [rows]} or {\"any\": [rows]}");
        };
        if fields.iter().any(|(name, _)| name == "operator" || name == "value") {
            return self.row(&fields);
        }
        let [(name, rows)] = fields.as_slice() else {
            return self.fault(
                "condition.shape",
                "a group has one field, `all` or `any`; a row has `value`, `operator` and `to`",
            );
        };
        if name != "all" && name != "any" {
            return self
                .fault("condition.shape", format!("`{name}` is not known: a group is `all` or `any`"));
        }
        self.path.push(name.clone());
        let node = match items(rows) {
            None => self.fault("condition.shape", format!("`{name}` holds a list of rows and groups")),
            Some(rows) if rows.is_empty() && name == "any" => {
                self.fault("condition.shape", "`any` without rows can never hold; add a row, or use `all`")
            }
            Some(rows) => {
                let mut nodes = Vec::with_capacity(rows.len());
                for (index, row) in rows.iter().enumerate() {
                    self.path.push(index.to_string());
                    nodes.push(self.group(row));
                    self.path.pop();
                }
                if name == "all" { Node::All(nodes) } else { Node::Any(nodes) }
            }
        };
        self.path.pop();
        node
    }

    fn row(&mut self, fields: &[(String, Parameter)]) -> Node {
        self.rows += 1;
        if self.rows > MAX_ROWS {
            return self.fault("condition.limit", format!("a condition has at most {MAX_ROWS} rows"));
        }
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let literal = |name: &str| field(name).and_then(Parameter::as_literal);
        if let Some((name, _)) =
            fields.iter().find(|(name, _)| !["value", "operator", "to", "fold"].contains(&name.as_str()))
        {
            return self.fault(
                "condition.shape",
                format!("`{name}` is not known: a row has `value`, `operator`, `to` and `fold`"),
            );
        }
        let Some(value) = field("value").cloned() else {
            return self.fault("condition.shape", "the row has no `value`");
        };
        let Some(name) = literal("operator").and_then(Json::as_str) else {
            return self.fault("condition.operator", "the row has no `operator`");
        };
        let Some(info) = OPERATORS.iter().find(|info| info.name == name) else {
            let hint = match suggest(name, OPERATORS.iter().map(|info| info.name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", OPERATORS.map(|info| info.name).join(", ")),
            };
            return self.fault("condition.operator", format!("there is no operator `{name}`; {hint}"));
        };
        let fold = match literal("fold") {
            None | Some(Json::Null) if field("fold").is_none_or(|fold| fold.as_literal().is_some()) => false,
            Some(Json::Bool(fold)) => *fold,
            _ => return self.fault("condition.shape", "`fold` is `true` or `false`"),
        };
        let to = match field("to") {
            Some(to) => to.clone(),
            None if info.takes == Takes::Nothing => Parameter::Literal(Json::Null.into()),
            None => return self.fault("condition.shape", format!("`{name}` needs a `to` to compare with")),
        };
        if let Some(to) = to.as_literal() {
            let wanted = match (info.takes, to) {
                (Takes::List, Json::Array(_)) | (Takes::Nothing | Takes::Value, _) => None,
                (Takes::Two, Json::Array(bounds)) if bounds.len() == 2 => None,
                (Takes::Two, _) => Some("a list of two numbers"),
                (Takes::List, _) => Some("a list"),
            };
            if let Some(wanted) = wanted {
                return self.fault(
                    "condition.shape",
                    format!("`to` of `{name}` must be {wanted}, not {}", kind(to)),
                );
            }
        }
        let mut pattern = None;
        if let (Operator::Matches, Some(to)) = (info.operator, to.as_literal()) {
            match to.as_str().map(|to| compile_pattern(to, fold)) {
                Some(Ok(regex)) => pattern = Some(regex),
                Some(Err(why)) => return self.fault("condition.pattern", why),
                None => return self.fault("condition.shape", "`to` of `matches` must be text"),
            }
        }
        let folded = (fold && pattern.is_none()).then(|| to.as_literal().map(fold_json)).flatten();
        let path = self.path.join(".");
        Node::Row(Box::new(Row { path, value, operator: info.operator, to, fold, pattern, folded }))
    }
}

/// The fields of an object, computed or not.
fn fields(parameter: &Parameter) -> Option<Vec<(String, Parameter)>> {
    match parameter {
        Parameter::Object(fields) => Some(fields.clone()),
        Parameter::Literal(value) => {
            let fields = value.as_object()?.iter();
            Some(
                fields
                    .map(|(name, value)| (name.clone(), Parameter::Literal(value.clone().into())))
                    .collect(),
            )
        }
        _ => None,
    }
}

fn items(parameter: &Parameter) -> Option<Vec<Parameter>> {
    match parameter {
        Parameter::List(items) => Some(items.clone()),
        Parameter::Literal(value) => {
            Some(value.as_array()?.iter().map(|value| Parameter::Literal(value.clone().into())).collect())
        }
        _ => None,
    }
}

/// With `fold`, letters of any case match, and Arabic letters match in any form.
fn compile_pattern(pattern: &str, fold: bool) -> Result<Regex, String> {
    if !fold {
        return text::compile_regex(pattern);
    }
    // ASCII is the pattern's syntax (`\D` is not `\d`) and stays.
    let folded: String = pattern
        .chars()
        .map(|c| {
            if c.is_ascii() {
                Cow::Owned(c.to_string())
            } else {
                Cow::Owned(arabic::fold(c.encode_utf8(&mut [0; 4])))
            }
        })
        .collect();
    text::compile_regex(&format!("(?i){folded}"))
}

fn fold_json(value: &Json) -> Json {
    match value {
        Json::String(text) => Json::String(arabic::fold(text)),
        Json::Array(items) => Json::Array(items.iter().map(fold_json).collect()),
        other => other.clone(),
    }
}

impl Node {
    fn holds(&self, context: &Context<'_>) -> Result<bool, ValueError> {
        match self {
            Self::Row(row) => row.holds(context),
            Self::All(nodes) => {
                for node in nodes {
                    if !node.holds(context)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(nodes) => {
                for node in nodes {
                    if node.holds(context)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    fn explain(&self, context: &Context<'_>) -> Result<Option<String>, ValueError> {
        match self {
            Self::Row(row) => Ok(if row.holds(context)? { None } else { Some(row.words(context)) }),
            Self::All(nodes) => {
                for node in nodes {
                    if let Some(why) = node.explain(context)? {
                        return Ok(Some(why));
                    }
                }
                Ok(None)
            }
            Self::Any(nodes) => {
                let mut why = Vec::with_capacity(nodes.len());
                for node in nodes {
                    match node.explain(context)? {
                        Some(reason) => why.push(reason),
                        None => return Ok(None),
                    }
                }
                Ok(Some(why.join("; and ")))
            }
        }
    }

    fn visit(&self, visit: &mut dyn FnMut(&str, &References)) {
        match self {
            Self::Row(row) => {
                for (field, parameter) in [("value", &row.value), ("to", &row.to)] {
                    parameter.visit_references(&mut |path, references| {
                        let whole: Vec<&str> = [row.path.as_str(), field, path]
                            .into_iter()
                            .filter(|part| !part.is_empty())
                            .collect();
                        visit(&whole.join("."), references);
                    });
                }
            }
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.visit(visit)),
        }
    }
}

impl Row {
    fn holds(&self, context: &Context<'_>) -> Result<bool, ValueError> {
        if let Operator::Exists | Operator::NotExists = self.operator {
            let there = match self.value.resolve_lent(context) {
                Ok(value) => !value.as_json().is_null(),
                Err(error) if matches!(error.code.as_str(), "value.missing" | "value.step_not_run") => false,
                Err(error) => return Err(error),
            };
            return Ok(there == (self.operator == Operator::Exists));
        }
        let value = self.value.resolve_lent(context).map_err(|error| self.place(error))?;
        let to = match &self.folded {
            Some(_) => None,
            None => Some(self.to.resolve_lent(context).map_err(|error| self.place(error))?),
        };
        let to = match (&self.folded, &to) {
            (Some(folded), _) => folded,
            (None, Some(to)) => to.as_json(),
            (None, None) => &Json::Null,
        };
        self.compare(value.as_json(), to, context)
    }

    fn compare(&self, value: &Json, to: &Json, context: &Context<'_>) -> Result<bool, ValueError> {
        use Operator as Op;
        match self.operator {
            Op::Equals => self.equal(value, to),
            Op::NotEquals => self.equal(value, to).map(|equal| !equal),
            Op::Gt => self.order(value, to).map(Ordering::is_gt),
            Op::Gte => self.order(value, to).map(Ordering::is_ge),
            Op::Lt => self.order(value, to).map(Ordering::is_lt),
            Op::Lte => self.order(value, to).map(Ordering::is_le),
            Op::Between => match self.list(to)? {
                [low, high] => Ok(self.order(value, low)?.is_ge() && self.order(value, high)?.is_le()),
                _ => Err(self.misfit("`to` of `between` must be a list of two numbers")),
            },
            Op::Contains => self.contains(value, to),
            Op::NotContains => self.contains(value, to).map(|contains| !contains),
            Op::StartsWith => {
                Ok(self.folded_text(value, "value")?.starts_with(&*self.folded_text(to, "to")?))
            }
            Op::EndsWith => Ok(self.folded_text(value, "value")?.ends_with(&*self.folded_text(to, "to")?)),
            Op::Matches => {
                let value = self.folded_text(value, "value")?;
                match &self.pattern {
                    Some(pattern) => Ok(pattern.is_match(&value)),
                    None => {
                        let pattern = self.text(to, "to")?;
                        compile_pattern(pattern, self.fold)
                            .map(|regex| regex.is_match(&value))
                            .map_err(|why| self.misfit(&why))
                    }
                }
            }
            Op::In => self.one_of(value, self.list(to)?),
            Op::NotIn => self.one_of(value, self.list(to)?).map(|found| !found),
            Op::IsEmpty => Ok(is_empty(value)),
            Op::IsNotEmpty => Ok(!is_empty(value)),
            Op::IsTrue | Op::IsFalse => match value {
                Json::Bool(value) => Ok(*value == (self.operator == Op::IsTrue)),
                other => Err(self.misfit(&format!("{} is {}, not true or false", self.name(), kind(other)))),
            },
            Op::Before => Ok(self.moment(value, context)? < self.moment(to, context)?),
            Op::After => Ok(self.moment(value, context)? > self.moment(to, context)?),
            Op::HasAny => {
                let items = self.list_value(value)?;
                any(self.list(to)?, |wanted| self.one_of(wanted, items))
            }
            Op::HasAll => {
                let items = self.list_value(value)?;
                any(self.list(to)?, |wanted| self.one_of(wanted, items).map(|found| !found))
                    .map(|lacking| !lacking)
            }
            Op::LengthEquals => self.length(value, to).map(Ordering::is_eq),
            Op::LengthGt => self.length(value, to).map(Ordering::is_gt),
            Op::LengthGte => self.length(value, to).map(Ordering::is_ge),
            Op::LengthLt => self.length(value, to).map(Ordering::is_lt),
            Op::LengthLte => self.length(value, to).map(Ordering::is_le),
            Op::Exists | Op::NotExists => Ok(value.is_null() != (self.operator == Op::Exists)),
        }
    }

    /// Equal, where the kinds can be compared; `null` can be compared with everything.
    fn equal(&self, value: &Json, to: &Json) -> Result<bool, ValueError> {
        match same(value, to, self.fold) {
            Some(same) => Ok(same),
            None => Err(self.kinds(value, to)),
        }
    }

    fn order(&self, value: &Json, to: &Json) -> Result<Ordering, ValueError> {
        match (value, to) {
            (Json::Number(value), Json::Number(to)) => Ok(order(value, to)),
            _ => Err(self.kinds(value, to)),
        }
    }

    fn contains(&self, value: &Json, to: &Json) -> Result<bool, ValueError> {
        match value {
            Json::Array(items) => self.one_of(to, items),
            _ => Ok(self.folded_text(value, "value")?.contains(&*self.folded_text(to, "to")?)),
        }
    }

    /// Whether `value` is in `list`. Items of another kind are passed over, unless all are.
    fn one_of(&self, value: &Json, list: &[Json]) -> Result<bool, ValueError> {
        // One side is the literal that was folded once; folding again changes nothing but costs.
        let value = if self.fold { Cow::Owned(fold_json(value)) } else { Cow::Borrowed(value) };
        let fold_items = self.fold
            && !self.folded.as_ref().is_some_and(|folded| {
                folded.as_array().is_some_and(|items| std::ptr::eq(items.as_slice(), list))
            });
        let mut comparable = list.is_empty();
        for item in list {
            match same(&value, item, fold_items) {
                Some(true) => return Ok(true),
                Some(false) => comparable = true,
                None => {}
            }
        }
        if comparable { Ok(false) } else { Err(self.kinds(&value, &list[0])) }
    }

    fn length(&self, value: &Json, to: &Json) -> Result<Ordering, ValueError> {
        let length = match value {
            Json::String(text) => text.chars().count(),
            Json::Array(items) => items.len(),
            Json::Object(fields) => fields.len(),
            other => {
                return Err(self.misfit(&format!("{} is {}, which has no length", self.name(), kind(other))));
            }
        };
        match to.as_u64() {
            Some(to) => Ok((length as u64).cmp(&to)),
            None => Err(self.misfit("a length is compared with a whole number")),
        }
    }

    fn moment(&self, value: &Json, context: &Context<'_>) -> Result<jiff::Timestamp, ValueError> {
        functions::enter(context.time_zone);
        date::moment(value, &functions::zone())
            .map(|moment| moment.timestamp())
            .map_err(|why| self.misfit(&why))
    }

    fn list<'j>(&self, to: &'j Json) -> Result<&'j [Json], ValueError> {
        match to {
            Json::Array(items) => Ok(items),
            other => Err(self.misfit(&format!("`to` must be a list, not {}", kind(other)))),
        }
    }

    fn list_value<'j>(&self, value: &'j Json) -> Result<&'j [Json], ValueError> {
        match value {
            Json::Array(items) => Ok(items),
            other => Err(self.misfit(&format!("{} is {}, not a list", self.name(), kind(other)))),
        }
    }

    fn text<'j>(&self, value: &'j Json, side: &str) -> Result<&'j str, ValueError> {
        value.as_str().ok_or_else(|| {
            let name = if side == "value" { self.name() } else { format!("`{side}`") };
            self.misfit(&format!("{name} is {}, not text", kind(value)))
        })
    }

    fn folded_text<'j>(&self, value: &'j Json, side: &str) -> Result<Cow<'j, str>, ValueError> {
        let text = self.text(value, side)?;
        let done = !self.fold || (side == "to" && self.folded.is_some());
        Ok(if done { Cow::Borrowed(text) } else { Cow::Owned(arabic::fold(text)) })
    }

    fn kinds(&self, value: &Json, to: &Json) -> ValueError {
        let mut why =
            format!("{} is {} and cannot be compared with {}", self.name(), shown(value), shown(to));
        if [value, to].into_iter().any(|side| side.is_string() && arabic::number(side).is_some()) {
            why.push_str("; make a number of it first: {\"$expr\": \"to_number(…)\"}");
        } else if value.is_string() && to.is_string() {
            why.push_str("; dates are compared with `before` and `after`");
        }
        self.misfit(&why)
    }

    fn misfit(&self, why: &str) -> ValueError {
        self.place(ValueError::new("value.type", format!("`{}`: {why}", self.operator.info().name)))
    }

    fn place(&self, mut error: ValueError) -> ValueError {
        error.message = format!("row `{}`: {}", self.path, error.message);
        error
    }

    /// The left side as the author wrote it.
    fn name(&self) -> String {
        name_of(&self.value)
    }

    fn words(&self, context: &Context<'_>) -> String {
        let info = self.operator.info();
        let found = |parameter: &Parameter| parameter.resolve_lent(context).ok().map(Lent::into_json);
        let mut words = match (self.value.as_literal(), found(&self.value)) {
            (None, Some(value)) if info.takes != Takes::Nothing => {
                format!("{} is {}: not “{}", self.name(), shown(&value), info.en)
            }
            _ => format!("{}: not “{}", self.name(), info.en),
        };
        if let (true, Some(to)) = (info.takes != Takes::Nothing, found(&self.to)) {
            words.push_str(&format!(" {}", shown(&to)));
        }
        words.push('”');
        words
    }
}

fn name_of(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Literal(value) => shown(value),
        Parameter::Expression(expression) => format!("`{}`", excerpt(expression.source().trim())),
        Parameter::Template(template) => format!("`{}`", excerpt(template.source())),
        _ => "the value".to_owned(),
    }
}

fn shown(value: &Json) -> String {
    excerpt(&value.to_string()).into_owned()
}

fn any(items: &[Json], mut test: impl FnMut(&Json) -> Result<bool, ValueError>) -> Result<bool, ValueError> {
    for item in items {
        if test(item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether two values are the same; `None` where their kinds cannot be compared.
fn same(value: &Json, to: &Json, fold: bool) -> Option<bool> {
    match (value, to) {
        (Json::Null, _) | (_, Json::Null) => Some(value.is_null() && to.is_null()),
        (Json::Number(value), Json::Number(to)) => Some(order(value, to).is_eq()),
        (Json::String(value), Json::String(to)) if fold && value != to => {
            Some(arabic::fold(value) == arabic::fold(to))
        }
        (Json::String(value), Json::String(to)) => Some(value == to),
        (Json::Bool(value), Json::Bool(to)) => Some(value == to),
        (Json::Array(_), Json::Array(_)) | (Json::Object(_), Json::Object(_)) => Some(value == to),
        _ => None,
    }
}

fn order(value: &serde_json::Number, to: &serde_json::Number) -> Ordering {
    match (value.as_i64(), to.as_i64()) {
        (Some(value), Some(to)) => value.cmp(&to),
        // JSON numbers are never NaN.
        _ => value.as_f64().partial_cmp(&to.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// `null`, blank text, an empty list or object.
pub(crate) fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::tests::Fixture;
    use serde_json::json;

    fn holds(condition: &Json) -> Result<bool, ValueError> {
        Condition::compile(condition).unwrap().evaluate(&Fixture::lead().context())
    }

    fn row(path: &str, operator: &str, to: Json) -> Json {
        json!({"value": {"$expr": path}, "operator": operator, "to": to})
    }

    #[test]
    fn the_table_is_in_the_order_of_the_operators() {
        for info in OPERATORS {
            assert_eq!(info.operator.info().name, info.name);
            assert_eq!(json!(info.operator), json!(info.name));
        }
    }

    #[test]
    fn operators() {
        for (path, operator, to, expected) in [
            ("trigger.body.budget", "gte", json!(75000), true),
            ("trigger.body.budget", "equals", json!(75000.0), true),
            ("trigger.body.budget", "between", json!([1, 74999.5]), false),
            ("trigger.body.city", "in", json!(["Jeddah", "Riyadh"]), true),
            ("trigger.body.city", "not_in", json!([]), true),
            ("trigger.body.city", "not_equals", json!("Jeddah"), true),
            ("trigger.body.message", "contains", json!("السعر"), true),
            ("trigger.list", "contains", json!(2), true),
            ("trigger.list", "has_all", json!([1, 3]), true),
            ("trigger.list", "has_any", json!([7, 8]), false),
            ("trigger.list", "length_gt", json!(2), true),
            ("trigger.body.phone", "matches", json!("^05\\d{8}$"), true),
            ("trigger.body.empty", "is_empty", json!(null), true),
            ("trigger.body.empty", "exists", json!(null), false),
            ("trigger.body.nowhere.at_all", "exists", json!(null), false),
            ("steps.never.total", "not_exists", json!(null), true),
            ("trigger.body.empty", "equals", json!("x"), false),
            ("now", "after", json!("2026-11-25"), true),
            ("now", "before", json!("2026-11-25T11:00:01+03:00"), true),
            ("trigger.body.budget > 1", "is_true", json!(null), true),
        ] {
            let condition = json!({"all": [row(path, operator, to.clone())]});
            assert_eq!(holds(&condition), Ok(expected), "{path} {operator} {to}");
        }
    }

    #[test]
    fn folding_compares_arabic_as_people_read_it() {
        let fixture = Fixture::of(json!({"city": "مكّة المكرمة", "code": "AB-١٢", "tags": ["أحمد", "هدى"]}));
        for (path, operator, to) in [
            ("trigger.city", "equals", json!("مكه  المكرمه")),
            ("trigger.city", "in", json!(["جدة", "مكة المكرمة"])),
            ("trigger.code", "equals", json!("ab-12")),
            ("trigger.tags", "has_any", json!(["احمد"])),
            ("trigger.tags", "contains", json!("هدي")),
            ("trigger.city", "matches", json!("^مكة\\s\\D+$")),
        ] {
            let mut condition = row(path, operator, to);
            condition["fold"] = json!(true);
            assert_eq!(
                Condition::compile(&condition).unwrap().evaluate(&fixture.context()),
                Ok(true),
                "{path} {operator}"
            );
            condition["fold"] = json!(false);
            assert_eq!(
                Condition::compile(&condition).unwrap().evaluate(&fixture.context()),
                Ok(false),
                "{path} {operator}"
            );
        }
    }

    #[test]
    fn groups_stop_at_the_row_that_decides() {
        let wrong = row("trigger.body.name", "gt", json!(1));
        let yes = row("trigger.body.budget", "gt", json!(1));
        let no = row("trigger.body.budget", "lt", json!(1));
        assert_eq!(holds(&json!({"all": [no, wrong]})), Ok(false));
        assert_eq!(holds(&json!({"any": [no, {"all": [yes]}, wrong]})), Ok(true));
        assert_eq!(holds(&json!({"all": []})), Ok(true));
        assert_eq!(holds(&json!({"all": [yes, wrong]})).unwrap_err().code, "value.type");
    }

    #[test]
    fn what_does_not_fit_is_an_error_with_a_hint() {
        let fixture = Fixture::of(json!({"budget": "٧٥٠٠٠"}));
        let condition =
            Condition::compile(&json!({"all": [row("trigger.budget", "gte", json!(50000))]})).unwrap();
        let error = condition.evaluate(&fixture.context()).unwrap_err();
        assert_eq!(error.code, "value.type");
        assert!(error.message.contains("row `all.0`") && error.message.contains("to_number"), "{error}");
        for (path, operator, to) in [
            ("trigger.body.city", "equals", json!(5)),
            ("trigger.body.city", "in", json!([1, 2])),
            ("trigger.body.budget", "contains", json!("7")),
            ("trigger.body.city", "is_true", json!(null)),
            ("trigger.body.city", "before", json!("2026-01-01")),
        ] {
            assert_eq!(
                holds(&json!({"all": [row(path, operator, to)]})).unwrap_err().code,
                "value.type",
                "{path} {operator}"
            );
        }
        assert_eq!(
            holds(&row("trigger.body.nowhere", "is_empty", json!(null))).unwrap_err().code,
            "value.missing"
        );
    }

    #[test]
    fn why_it_does_not_hold() {
        let condition = Condition::compile(&json!({"all": [
            row("trigger.body.city", "in", json!(["Riyadh"])),
            row("trigger.body.budget", "gte", json!(80000)),
        ]}))
        .unwrap();
        let fixture = Fixture::lead();
        assert_eq!(
            condition.explain(&fixture.context()).unwrap().unwrap(),
            "`trigger.body.budget` is 75000: not “is at least 80000”"
        );
        assert_eq!(Condition::compile(&json!({"all": []})).unwrap().explain(&fixture.context()), Ok(None));
    }

    #[test]
    fn every_fault_at_once() {
        let faults = Condition::compile(&json!({"all": [
            {"value": 1, "operator": "equal", "to": 1},
            {"value": 1, "operator": "gt"},
            {"operator": "gt", "to": 1},
            {"any": []},
            {"value": "a", "operator": "matches", "to": "("},
            {"value": 1, "operator": "between", "to": [1]},
            {"value": 1, "operator": "is_empty", "too": 1},
            {"every": []},
        ]}))
        .unwrap_err();
        let paths: Vec<_> =
            faults.iter().map(|fault| (fault.path.as_str(), fault.error.code.as_str())).collect();
        assert_eq!(
            paths,
            [
                ("all.0", "condition.operator"),
                ("all.1", "condition.shape"),
                ("all.2", "condition.shape"),
                ("all.3.any", "condition.shape"),
                ("all.4", "condition.pattern"),
                ("all.5", "condition.shape"),
                ("all.6", "condition.shape"),
                ("all.7", "condition.shape"),
            ]
        );
        assert!(faults[0].error.message.contains("`equals`"));
        let mut deep = json!({"all": []});
        for _ in 0..25 {
            deep = json!({"all": [deep]});
        }
        assert_eq!(Condition::compile(&deep).unwrap_err()[0].error.code, "condition.limit");
    }

    #[test]
    fn references_are_known_with_their_rows() {
        let condition = Condition::compile(
            &json!({"all": [row("steps.check.total", "gt", json!({"$expr": "vars.vat"}))]}),
        )
        .unwrap();
        let mut seen = Vec::new();
        condition.visit_references(&mut |path, references| {
            seen.push((path.to_owned(), references.paths[0].join(".")))
        });
        assert_eq!(
            seen,
            [
                ("all.0.value".to_owned(), "steps.check.total".to_owned()),
                ("all.0.to".to_owned(), "vars.vat".to_owned())
            ]
        );
    }
}
