//! The one Rhai engine of the process: which parts of the language there are, and its limits.
//! Architecture invariant: nothing registered here reaches outside, reads a clock or draws a random number.

use std::sync::{Arc, OnceLock};

use rhai::{
    Dynamic, Engine, EvalAltResult, FLOAT, INT, ImmutableString, Map, OptimizationLevel, Position,
    packages::{
        ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
        BasicMathPackage, BasicStringPackage, LogicPackage, Package,
    },
};

use super::rewrite::DEFAULT;
use crate::value::{
    ValueError,
    convert::{self, Lazy, MAX_ITEMS},
    functions,
};

/// Operations that one evaluation may take.
pub(super) const MAX_OPERATIONS: u64 = 200_000;
/// Bytes of one text.
pub(super) const MAX_TEXT: usize = 64 * 1024;

static INTERRUPT: OnceLock<fn() -> bool> = OnceLock::new();

/// Sets a question that every evaluation asks now and then; `true` stops it. The engine has no
/// clock, so a deadline in wall time is the caller's to keep. The first one set stays.
pub fn set_interrupt(interrupt: fn() -> bool) {
    let _ = INTERRUPT.set(interrupt);
}

/// The engine.
pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(build)
}

type Raised<T> = Result<T, Box<EvalAltResult>>;

/// A value error as Rhai carries it.
pub(super) fn raise(error: ValueError) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE))
}

fn build() -> Engine {
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);

    // Not the language package: it brings `sleep` and `exit`, and disabling those symbols does not
    // disable functions, only keywords (measured).
    for symbol in ["eval", "import", "export", "print", "debug"] {
        engine.disable_symbol(symbol);
    }
    engine
        .set_optimization_level(OptimizationLevel::Simple)
        .set_strict_variables(true)
        .set_fail_on_invalid_map_property(true)
        .set_max_operations(MAX_OPERATIONS)
        .set_max_call_levels(32)
        .set_max_expr_depths(64, 32)
        .set_max_string_size(MAX_TEXT)
        .set_max_array_size(MAX_ITEMS)
        .set_max_map_size(MAX_ITEMS)
        .set_max_variables(256)
        .set_max_functions(64)
        .set_max_modules(0)
        .on_print(|_| {})
        .on_debug(|_, _, _| {})
        .on_progress(|operations| {
            let stop = operations % 512 == 0 && INTERRUPT.get().is_some_and(|interrupt| interrupt());
            stop.then_some(Dynamic::UNIT)
        });

    register_objects(&mut engine);
    register_numbers(&mut engine);
    functions::register(&mut engine);
    engine
}

/// Reading JSON objects without converting them.
fn register_objects(engine: &mut Engine) {
    fn field(object: &mut Lazy, key: &str) -> Raised<Dynamic> {
        match object.field(key) {
            Some(value) => value.map_err(raise),
            None => Err(raise(object.missing(key))),
        }
    }
    fn below(object: &mut Lazy, path: &str, default: Dynamic) -> Raised<Dynamic> {
        match object.below(path) {
            Some(value) => value.map_err(raise).map(|value| if value.is_unit() { default } else { value }),
            None => Ok(default),
        }
    }
    fn to_map(object: &mut Lazy) -> Raised<Map> {
        let Some(fields) = object.json().as_object() else { return Ok(Map::new()) };
        fields.keys().map(|key| Ok((key.as_str().into(), field(&mut object.clone(), key)?))).collect()
    }
    fn equal(one: &mut Lazy, other: Map) -> Raised<bool> {
        Ok(*one.json() == convert::from_dynamic(Dynamic::from_map(other)).map_err(raise)?)
    }

    engine
        .register_type_with_name::<Lazy>("object")
        .register_indexer_get(|object: &mut Lazy, key: ImmutableString| field(object, &key))
        .register_fn("len", |object: &mut Lazy| object.json().as_object().map_or(0, |map| map.len() as INT))
        .register_fn("is_empty", |object: &mut Lazy| {
            object.json().as_object().is_none_or(|map| map.is_empty())
        })
        .register_fn("contains", |object: &mut Lazy, key: &str| object.json().get(key).is_some())
        .register_fn("keys", |object: &mut Lazy| -> rhai::Array {
            let fields = object.json().as_object();
            fields.map(|map| map.keys().map(|key| key.as_str().into()).collect()).unwrap_or_default()
        })
        .register_fn("values", |object: &mut Lazy| {
            to_map(object).map(|map| map.into_values().collect::<rhai::Array>())
        })
        .register_fn("to_map", to_map)
        .register_fn("get", |object: &mut Lazy, path: &str| below(object, path, Dynamic::UNIT))
        .register_fn("get", below)
        .register_fn("has", |object: &mut Lazy, path: &str| {
            below(object, path, Dynamic::UNIT).map(|value| !value.is_unit())
        })
        .register_fn("get", |map: &mut Map, key: &str, default: Dynamic| match map.get(key) {
            Some(value) if !value.is_unit() => value.clone(),
            _ => default,
        })
        .register_fn("has", |map: &mut Map, key: &str| map.get(key).is_some_and(|value| !value.is_unit()))
        .register_fn("has", |value: Dynamic| !value.is_unit())
        .register_fn(
            DEFAULT,
            |value: Dynamic, default: Dynamic| if value.is_unit() { default } else { value },
        )
        .register_fn("merge", |one: &mut Lazy, other: Map| {
            to_map(one).map(|mut map| {
                map.extend(other);
                map
            })
        })
        .register_fn("merge", |one: &mut Lazy, mut other: Lazy| -> Raised<Map> {
            let mut map = to_map(one)?;
            map.extend(to_map(&mut other)?);
            Ok(map)
        })
        .register_fn("==", |one: &mut Lazy, other: Lazy| one.json() == other.json())
        .register_fn("!=", |one: &mut Lazy, other: Lazy| one.json() != other.json())
        .register_fn("==", equal)
        .register_fn("!=", |one: &mut Lazy, other: Map| equal(one, other).map(|equal| !equal))
        .register_fn("==", |one: Map, mut other: Lazy| equal(&mut other, one))
        .register_fn("!=", |one: Map, mut other: Lazy| equal(&mut other, one).map(|equal| !equal))
        .register_fn("to_string", |object: &mut Lazy| object.json().to_string())
        .register_fn("to_debug", |object: &mut Lazy| object.json().to_string());
}

/// What people expect of numbers and Rhai leaves out: rounding that takes any number and gives a whole one.
fn register_numbers(engine: &mut Engine) {
    fn whole(number: FLOAT) -> Dynamic {
        if number.is_finite() && number.abs() < 9.0e15 {
            Dynamic::from_int(number as INT)
        } else {
            Dynamic::from_float(number)
        }
    }
    engine
        .register_fn("round", |number: INT| number)
        .register_fn("floor", |number: INT| number)
        .register_fn("ceiling", |number: INT| number)
        .register_fn("round", |number: FLOAT| whole(number.round()))
        .register_fn("floor", |number: FLOAT| whole(number.floor()))
        .register_fn("ceiling", |number: FLOAT| whole(number.ceil()))
        .register_fn("min", |one: INT, other: INT| one.min(other))
        .register_fn("max", |one: INT, other: INT| one.max(other))
        .register_fn("min", |one: FLOAT, other: FLOAT| one.min(other))
        .register_fn("max", |one: FLOAT, other: FLOAT| one.max(other))
        .register_fn("min", |one: INT, other: FLOAT| {
            if one as FLOAT <= other { Dynamic::from_int(one) } else { Dynamic::from_float(other) }
        })
        .register_fn("max", |one: INT, other: FLOAT| {
            if one as FLOAT >= other { Dynamic::from_int(one) } else { Dynamic::from_float(other) }
        })
        .register_fn("min", |one: FLOAT, other: INT| {
            if other as FLOAT <= one { Dynamic::from_int(other) } else { Dynamic::from_float(one) }
        })
        .register_fn("max", |one: FLOAT, other: INT| {
            if other as FLOAT >= one { Dynamic::from_int(other) } else { Dynamic::from_float(one) }
        });
}

/// Names that may be called: what is registered and what the language has.
pub(super) fn function_names() -> &'static [String] {
    static NAMES: OnceLock<Vec<String>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names: Vec<String> = engine()
            .gen_fn_signatures(true)
            .iter()
            .filter_map(|signature| signature.split('(').next())
            .map(|name| name.rsplit([' ', ':']).next().unwrap_or(name).to_owned())
            .chain(
                ["call", "curry", "Fn", "type_of", "is_def_var", "is_def_fn", "is_shared"].map(str::to_owned),
            )
            .collect();
        names.sort();
        names.dedup();
        names
    })
}

/// Shares text between an error and its expression.
pub(super) type Source = Arc<str>;
