//! The one table of functions. Each row registers itself as a Rhai function and as a Handlebars
//! helper, feeds the editor's completion and the documentation, and carries examples that the tests
//! execute. Pure all through: no clock, no randomness; `now` is a value.

pub mod arabic;
pub mod date;
pub mod hijri;
pub mod list;
pub mod money;
pub mod phone;
pub mod text;

use std::{
    any::TypeId,
    cell::RefCell,
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Arc, OnceLock},
};

use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{ValueError, convert, path::kind};
use crate::Json;

/// An expression and what it gives.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Example {
    /// As one writes it.
    pub expression: &'static str,
    /// Its result, as JSON text.
    pub result: &'static str,
}

/// What a function gives: JSON, or an exact decimal that stays one inside an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    /// A JSON value.
    Json(Json),
    /// A decimal.
    Decimal(Decimal),
}

macro_rules! given_from {
    ($($type:ty),*) => {$(
        impl From<$type> for Given {
            fn from(value: $type) -> Self {
                Self::Json(value.into())
            }
        }
    )*};
}

given_from!(Json, bool, i64, usize, String, &str, Vec<Json>);

impl From<Given> for Json {
    fn from(given: Given) -> Self {
        match given {
            Given::Json(value) => value,
            Given::Decimal(decimal) => convert::decimal_to_json(decimal),
        }
    }
}

/// How a function is called: its arguments in order, already counted.
pub(crate) type Body = fn(&[Json]) -> Result<Given, String>;

/// A function that expressions and templates may call.
#[derive(Debug, Clone, Serialize)]
pub struct Function {
    /// Its name in both.
    pub name: &'static str,
    /// The family that it is documented under: `text`, `arabic`, `phone`, `date`, `hijri`, `money`, `list`.
    pub family: &'static str,
    /// How it is called: `pad(text, width, fill = " ")`.
    pub signature: &'static str,
    /// What it does, in English.
    pub en: &'static str,
    /// What it does, in Arabic.
    pub ar: &'static str,
    /// Worked uses, executed by the tests.
    pub examples: &'static [Example],
    #[serde(skip)]
    pub(crate) count: (usize, usize),
    #[serde(skip)]
    pub(crate) body: Body,
}

impl Function {
    /// Whether a missing path as argument is `null` rather than an error.
    pub(crate) fn takes_missing(&self) -> bool {
        matches!(self.name, "default" | "has")
    }

    /// How many arguments it takes.
    pub fn arguments(&self) -> RangeInclusive<usize> {
        self.count.0..=self.count.1
    }

    pub(crate) fn check_count(&self, count: usize) -> Result<(), ValueError> {
        if self.arguments().contains(&count) {
            return Ok(());
        }
        Err(ValueError::new(
            "value.function",
            format!("`{}` was given {count} arguments; it is called as `{}`", self.name, self.signature),
        ))
    }

    /// What it gives for these arguments.
    ///
    /// # Errors
    /// `value.function`: an argument that it cannot use.
    pub fn call(&self, arguments: &[Json]) -> Result<Json, ValueError> {
        self.give(arguments).map(Json::from)
    }

    fn give(&self, arguments: &[Json]) -> Result<Given, ValueError> {
        self.check_count(arguments.len())?;
        (self.body)(arguments).map_err(|why| {
            ValueError::new(
                "value.function",
                format!("`{}`: {why} (called as `{}`)", self.name, self.signature),
            )
        })
    }
}

/// A row of the table.
macro_rules! function {
    ($family:literal, $name:literal, $min:literal..=$max:literal, $signature:literal, $en:literal, $ar:literal,
     [$(($expression:literal, $result:literal)),* $(,)?], $body:expr) => {
        $crate::value::functions::Function {
            name: $name,
            family: $family,
            signature: $signature,
            en: $en,
            ar: $ar,
            examples: &[$($crate::value::functions::Example { expression: $expression, result: $result }),*],
            count: ($min, $max),
            body: $body,
        }
    };
}
pub(crate) use function;

/// Every function, by family.
pub fn registry() -> &'static [Function] {
    static REGISTRY: OnceLock<Vec<Function>> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        [
            text::functions(),
            arabic::functions(),
            phone::functions(),
            date::functions(),
            hijri::functions(),
            money::functions(),
            list::functions(),
        ]
        .concat()
    })
}

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static Function>> = OnceLock::new();
    BY_NAME
        .get_or_init(|| registry().iter().map(|function| (function.name, function)).collect())
        .get(name)
        .copied()
}

/// Registers every function for every number of arguments that it takes.
pub(crate) fn register(engine: &mut Engine) {
    for function in registry() {
        // `has` and `default` are there already, for values that are no JSON yet.
        if function.takes_missing() {
            continue;
        }
        for count in function.arguments() {
            let types = vec![TypeId::of::<Dynamic>(); count];
            engine.register_raw_fn(
                function.name,
                types,
                move |_: NativeCallContext<'_>, arguments: &mut [&mut Dynamic]| {
                    let values = arguments
                        .iter_mut()
                        .map(|argument| convert::from_dynamic(argument.clone()))
                        .collect::<Result<Vec<_>, _>>()
                        .and_then(|values| function.give(&values));
                    match values {
                        Ok(Given::Json(value)) => Ok(convert::owned_to_dynamic(value)),
                        Ok(Given::Decimal(decimal)) => Ok(Dynamic::from_decimal(decimal)),
                        Err(error) => Err(Box::new(EvalAltResult::ErrorRuntime(
                            Dynamic::from(error),
                            rhai::Position::NONE,
                        ))),
                    }
                },
            );
        }
    }
}

thread_local! {
    static ZONE: RefCell<(Arc<str>, jiff::tz::TimeZone)> = RefCell::new(("UTC".into(), jiff::tz::TimeZone::UTC));
}

/// Makes `zone` the one that date functions mean, on this thread, until the next call. Every
/// evaluation begins with it; evaluations do not nest.
pub(crate) fn enter(zone: &str) {
    ZONE.with_borrow_mut(|current| {
        if &*current.0 != zone {
            let found = jiff::tz::TimeZone::get(zone).unwrap_or(jiff::tz::TimeZone::UTC);
            *current = (zone.into(), found);
        }
    });
}

/// The zone of the evaluation that runs.
pub(crate) fn zone() -> jiff::tz::TimeZone {
    ZONE.with_borrow(|current| current.1.clone())
}

/// The arguments as the kinds that a function wants; errors say which one was wrong.
pub(crate) trait Arguments {
    fn at(&self, index: usize) -> &Json;
    fn text(&self, index: usize) -> Result<&str, String>;
    fn text_or<'a>(&'a self, index: usize, default: &'a str) -> Result<&'a str, String>;
    fn whole(&self, index: usize) -> Result<i64, String>;
    fn whole_or(&self, index: usize, default: i64) -> Result<i64, String>;
    fn list(&self, index: usize) -> Result<&[Json], String>;
}

static NULL: Json = Json::Null;

impl Arguments for [Json] {
    fn at(&self, index: usize) -> &Json {
        self.get(index).unwrap_or(&NULL)
    }

    fn text(&self, index: usize) -> Result<&str, String> {
        self.at(index).as_str().ok_or_else(|| wanted(index, "text", self.at(index)))
    }

    fn text_or<'a>(&'a self, index: usize, default: &'a str) -> Result<&'a str, String> {
        if self.at(index).is_null() { Ok(default) } else { self.text(index) }
    }

    fn whole(&self, index: usize) -> Result<i64, String> {
        self.at(index).as_i64().ok_or_else(|| wanted(index, "a whole number", self.at(index)))
    }

    fn whole_or(&self, index: usize, default: i64) -> Result<i64, String> {
        if self.at(index).is_null() { Ok(default) } else { self.whole(index) }
    }

    fn list(&self, index: usize) -> Result<&[Json], String> {
        self.at(index).as_array().map(Vec::as_slice).ok_or_else(|| wanted(index, "a list", self.at(index)))
    }
}

/// "argument 2 must be text, not a list".
pub(crate) fn wanted(index: usize, what: &str, found: &Json) -> String {
    format!("argument {} must be {what}, not {}", index + 1, kind(found))
}

#[cfg(test)]
mod tests;
