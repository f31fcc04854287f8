//! JSON to Rhai and back. Objects stay JSON and are read field by field ([`Lazy`]), so that an
//! expression over a large event costs what it touches; on the way back, what is not JSON is refused
//! with its path, and size and depth are bounded.

use std::sync::Arc;

use rhai::{Array, Dynamic, Map};
use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    ValueError,
    path::{self, Segment},
};
use crate::Json;

/// Bytes of JSON that an expression may give.
pub(crate) const MAX_RESULT_BYTES: usize = 256 * 1024;
/// Levels of JSON that an expression may give.
pub(crate) const MAX_RESULT_DEPTH: usize = 32;
/// Items of a list that an expression may work on.
pub(crate) const MAX_ITEMS: usize = 10_000;

/// Digits that every f64 carries exactly.
const EXACT_DIGITS: usize = 15;

/// One segment of the way from the root to an object, shared by everything below it.
#[derive(Debug)]
pub(crate) struct Link {
    parent: Option<Arc<Link>>,
    segment: Segment,
}

/// A JSON object that an expression holds without having read it.
#[derive(Debug, Clone)]
pub(crate) struct Lazy {
    root: Arc<Json>,
    /// What the author calls the root: `trigger`, `steps.check`.
    name: Arc<str>,
    link: Option<Arc<Link>>,
}

fn descend<'j>(root: &'j Json, link: Option<&Arc<Link>>) -> Option<&'j Json> {
    match link {
        None => Some(root),
        Some(link) => link.segment.of(descend(root, link.parent.as_ref())?),
    }
}

/// The chain for these segments.
pub(crate) fn chain(segments: &[Segment]) -> Option<Arc<Link>> {
    segments.iter().fold(None, |parent, segment| Some(Arc::new(Link { parent, segment: segment.clone() })))
}

impl Lazy {
    pub(crate) fn new(root: Arc<Json>, name: Arc<str>, link: Option<Arc<Link>>) -> Self {
        Self { root, name, link }
    }

    /// The object itself.
    pub(crate) fn json(&self) -> &Json {
        static NULL: Json = Json::Null;
        descend(&self.root, self.link.as_ref()).unwrap_or(&NULL)
    }

    fn child(&self, segment: Segment) -> Self {
        let link = Some(Arc::new(Link { parent: self.link.clone(), segment }));
        Self { root: Arc::clone(&self.root), name: Arc::clone(&self.name), link }
    }

    /// A field; `None` where it is not there.
    pub(crate) fn field(&self, key: &str) -> Option<Result<Dynamic, ValueError>> {
        let value = self.json().get(key)?;
        Some(to_dynamic(value, &|| self.child(Segment::Key(key.to_owned()))))
    }

    /// What a dotted path below it leads to; `None` where there is nothing.
    pub(crate) fn below(&self, dotted: &str) -> Option<Result<Dynamic, ValueError>> {
        let mut here = self.clone();
        let mut value = self.json();
        for segment in segments(dotted) {
            value = segment.of(value)?;
            here = here.child(segment);
        }
        Some(to_dynamic(value, &|| here.clone()))
    }

    /// The error for a field that is not there.
    pub(crate) fn missing(&self, key: &str) -> ValueError {
        let whole = self.text();
        let mut fragment = whole.clone();
        let segment = Segment::Key(key.to_owned());
        segment.write(&mut fragment);
        path::missing(&whole, self.json(), &[segment]).at(None, None, Some(fragment))
    }

    /// How the author would write it.
    pub(crate) fn text(&self) -> String {
        fn write(link: Option<&Arc<Link>>, text: &mut String) {
            if let Some(link) = link {
                write(link.parent.as_ref(), text);
                link.segment.write(text);
            }
        }
        let mut text = self.name.to_string();
        write(self.link.as_ref(), &mut text);
        text
    }
}

/// `a.b.0` or `a.b[0]` as segments; digits are an index.
pub(crate) fn segments(dotted: &str) -> impl Iterator<Item = Segment> + '_ {
    dotted.split(['.', '[', ']']).filter(|part| !part.is_empty()).map(|part| match part.parse() {
        Ok(index) => Segment::Index(index),
        Err(_) => Segment::Key(part.trim_matches('"').to_owned()),
    })
}

/// A JSON value for Rhai. `holder` names where it lies; it is asked only for objects and lists.
pub(crate) fn to_dynamic(value: &Json, holder: &dyn Fn() -> Lazy) -> Result<Dynamic, ValueError> {
    match value {
        Json::Object(_) => Ok(Dynamic::from(holder())),
        Json::Array(list) => {
            let holder = holder();
            if list.len() > MAX_ITEMS {
                return Err(ValueError::new(
                    "expression.limit",
                    format!(
                        "`{}` has {} items; an expression works on at most {MAX_ITEMS}: go through it with a for_each",
                        holder.text(),
                        list.len()
                    ),
                ));
            }
            let items = list.iter().enumerate();
            items
                .map(|(index, item)| to_dynamic(item, &|| holder.child(Segment::Index(index))))
                .collect::<Result<Array, _>>()
                .map(Dynamic::from_array)
        }
        scalar => Ok(scalar_to_dynamic(scalar)),
    }
}

fn scalar_to_dynamic(value: &Json) -> Dynamic {
    match value {
        Json::Bool(value) => Dynamic::from_bool(*value),
        Json::String(text) => text.as_str().into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Dynamic::from_int(number),
            (_, Some(number)) => Dynamic::from_decimal(number.into()),
            _ => Dynamic::from_float(number.as_f64().unwrap_or(f64::NAN)),
        },
        _ => Dynamic::UNIT,
    }
}

/// A JSON value of our own as a Rhai value, objects as maps: for what functions give.
pub(crate) fn owned_to_dynamic(value: Json) -> Dynamic {
    match value {
        Json::Object(map) => Dynamic::from_map(
            map.into_iter().map(|(key, value)| (key.into(), owned_to_dynamic(value))).collect::<Map>(),
        ),
        Json::Array(list) => Dynamic::from_array(list.into_iter().map(owned_to_dynamic).collect()),
        Json::String(text) => Dynamic::from(text),
        scalar => scalar_to_dynamic(&scalar),
    }
}

/// A decimal as JSON: a number where an f64 holds it exactly (15 significant digits), else text.
pub(crate) fn decimal_to_json(decimal: Decimal) -> Json {
    let decimal = decimal.normalize();
    if let Some(whole) = decimal.is_integer().then(|| decimal.to_i64()).flatten() {
        return whole.into();
    }
    let digits = decimal.mantissa().unsigned_abs().to_string().len();
    let number = (digits <= EXACT_DIGITS).then(|| decimal.to_string().parse::<f64>().ok()).flatten();
    match number.and_then(serde_json::Number::from_f64) {
        Some(number) => Json::Number(number),
        None => Json::String(decimal.to_string()),
    }
}

/// A float as JSON: a whole number without a fraction is written as such (`75`, not `75.0`).
pub(crate) fn float_to_json(number: f64) -> Option<Json> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        return Some(Json::from(number as i64));
    }
    serde_json::Number::from_f64(number).map(Json::Number)
}

/// A Rhai value as JSON.
pub(crate) fn from_dynamic(value: Dynamic) -> Result<Json, ValueError> {
    Writer { bytes: 0, path: String::new() }.write(value, 0)
}

struct Writer {
    bytes: usize,
    path: String,
}

impl Writer {
    fn write(&mut self, value: Dynamic, depth: usize) -> Result<Json, ValueError> {
        let value = value.flatten();
        self.count(8)?;
        self.check_depth(depth)?;
        if value.is_unit() {
            return Ok(Json::Null);
        }
        if let Ok(flag) = value.as_bool() {
            return Ok(flag.into());
        }
        if let Ok(number) = value.as_int() {
            return Ok(number.into());
        }
        if let Ok(number) = value.as_float() {
            return float_to_json(number)
                .ok_or_else(|| self.refuse(if number.is_nan() { "not a number (NaN)" } else { "infinite" }));
        }
        if let Ok(text) = value.as_immutable_string_ref() {
            self.count(text.len())?;
            return Ok(Json::String(text.to_string()));
        }
        if let Ok(character) = value.as_char() {
            return Ok(Json::String(character.to_string()));
        }
        if let Ok(decimal) = value.as_decimal() {
            return Ok(decimal_to_json(decimal));
        }
        if value.is_array() {
            let list = value.cast::<Array>();
            let length = self.path.len();
            let mut items = Vec::with_capacity(list.len().min(MAX_ITEMS));
            for (index, item) in list.into_iter().enumerate() {
                Segment::Index(index).write(&mut self.path);
                items.push(self.write(item, depth + 1)?);
                self.path.truncate(length);
            }
            return Ok(Json::Array(items));
        }
        if value.is_map() {
            let length = self.path.len();
            let mut map = serde_json::Map::new();
            for (key, item) in value.cast::<Map>() {
                self.count(key.len())?;
                Segment::Key(key.to_string()).write(&mut self.path);
                map.insert(key.to_string(), self.write(item, depth + 1)?);
                self.path.truncate(length);
            }
            return Ok(Json::Object(map));
        }
        let name = value.type_name().to_owned();
        match value.try_cast::<Lazy>() {
            Some(lazy) => {
                self.measure(lazy.json(), depth)?;
                Ok(lazy.json().clone())
            }
            None => Err(self.refuse(match name.as_str() {
                "Fn" => "a function",
                "range" | "range=" => "a range (go through it with `for`, or write a list)",
                _ => "not JSON",
            })),
        }
    }

    fn measure(&mut self, value: &Json, depth: usize) -> Result<(), ValueError> {
        self.count(8)?;
        self.check_depth(depth)?;
        match value {
            Json::String(text) => self.count(text.len()),
            Json::Array(list) => list.iter().try_for_each(|item| self.measure(item, depth + 1)),
            Json::Object(map) => map.iter().try_for_each(|(key, item)| {
                self.count(key.len())?;
                self.measure(item, depth + 1)
            }),
            _ => Ok(()),
        }
    }

    fn count(&mut self, bytes: usize) -> Result<(), ValueError> {
        self.bytes += bytes;
        if self.bytes <= MAX_RESULT_BYTES {
            return Ok(());
        }
        Err(ValueError::new(
            "expression.limit",
            format!(
                "the result is larger than {} KB; choose the fields that are needed",
                MAX_RESULT_BYTES / 1024
            ),
        ))
    }

    fn check_depth(&self, depth: usize) -> Result<(), ValueError> {
        if depth <= MAX_RESULT_DEPTH {
            return Ok(());
        }
        Err(ValueError::new(
            "expression.limit",
            format!("the result nests deeper than {MAX_RESULT_DEPTH} levels"),
        ))
    }

    fn refuse(&self, what: &str) -> ValueError {
        let at = if self.path.is_empty() {
            "the result".to_owned()
        } else {
            format!("`{}` of the result", self.path)
        };
        ValueError::new("value.type", format!("{at} is {what}, which JSON cannot hold"))
    }
}
