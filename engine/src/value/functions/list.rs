//! Lists and objects: what Rhai's own `map`, `filter`, `reduce`, `some`, `all`, `sort` leave to wish
//! for, also for templates. A field is named by a dotted path; an item without it counts as `null`.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::{Arguments, Function, Given, function, money};
use crate::{
    Json,
    value::{convert, path::Segment},
};

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "list",
            "first",
            1..=2,
            "first(list, default = null)",
            "The first item.",
            "العنصر الأول.",
            [("first([1, 2])", "1"), ("first([], 0)", "0")],
            |a| Ok(a.list(0)?.first().unwrap_or(a.at(1)).clone().into())
        ),
        function!(
            "list",
            "last",
            1..=2,
            "last(list, default = null)",
            "The last item.",
            "العنصر الأخير.",
            [("last([1, 2])", "2")],
            |a| Ok(a.list(0)?.last().unwrap_or(a.at(1)).clone().into())
        ),
        function!(
            "list",
            "unique",
            1..=2,
            "unique(list, field)",
            "Without repetitions, by the whole item or by a field; the first one stays.",
            "بدون تكرار.",
            [
                ("unique([1, 2, 1])", "[1,2]"),
                ("unique([#{a: 1, b: 1}, #{a: 1, b: 2}], \"a\")", "[{\"a\":1,\"b\":1}]")
            ],
            |a| {
                let mut seen = std::collections::HashSet::new();
                let items = a.list(0)?.iter();
                let kept = items.filter(|item| seen.insert(key(item, a.at(1)).to_string())).cloned();
                Ok(kept.collect::<Vec<_>>().into())
            }
        ),
        function!(
            "list",
            "pluck",
            2..=2,
            "pluck(list, field)",
            "One field of every item.",
            "حقل واحد من كل عنصر.",
            [("pluck([#{n: 1}, #{n: 2}], \"n\")", "[1,2]")],
            |a| {
                let field = a.text(1)?;
                Ok(a.list(0)?.iter().map(|item| at(item, field).clone()).collect::<Vec<_>>().into())
            }
        ),
        function!(
            "list",
            "sort_by",
            2..=3,
            "sort_by(list, field, direction = \"asc\")",
            "In order of a field; `desc` for the largest first. Null comes first, then booleans, numbers, text.",
            "ترتيب حسب حقل.",
            [
                ("sort_by([#{n: 2}, #{n: 1}], \"n\")", "[{\"n\":1},{\"n\":2}]"),
                ("pluck(sort_by([#{n: 1}, #{n: 2}], \"n\", \"desc\"), \"n\")", "[2,1]")
            ],
            |a| {
                let field = a.text(1)?;
                let descending = match a.text_or(2, "asc")? {
                    "asc" => false,
                    "desc" => true,
                    other => return Err(format!("the direction is `asc` or `desc`, not `{other}`")),
                };
                let mut items = a.list(0)?.to_vec();
                items.sort_by(|one, other| {
                    let order = order(at(one, field), at(other, field));
                    if descending { order.reverse() } else { order }
                });
                Ok(items.into())
            }
        ),
        function!(
            "list",
            "sum",
            1..=2,
            "sum(list, field)",
            "All numbers together, exactly; of a field where one is named.",
            "مجموع الأرقام.",
            [("sum([0.1, 0.2])", "0.3"), ("sum([#{p: 100}, #{p: 50.5}], \"p\")", "150.5"), ("sum([])", "0")],
            |a| Ok(Given::Decimal(total(a)?))
        ),
        function!(
            "list",
            "average",
            1..=2,
            "average(list, field)",
            "The mean of the numbers; null of an empty list.",
            "المتوسط.",
            [("average([1, 2])", "1.5"), ("average([])", "null")],
            |a| match a.list(0)?.len() {
                0 => Ok(Json::Null.into()),
                count => Ok(Given::Decimal((total(a)? / Decimal::from(count)).round_dp(12))),
            }
        ),
        function!(
            "list",
            "min_of",
            1..=2,
            "min_of(list, field)",
            "The smallest value; null of an empty list.",
            "أصغر قيمة.",
            [("min_of([3, 1, 2])", "1")],
            |a| extreme(a, Ordering::Less)
        ),
        function!(
            "list",
            "max_of",
            1..=2,
            "max_of(list, field)",
            "The largest value; null of an empty list.",
            "أكبر قيمة.",
            [("max_of([#{n: 3}, #{n: 9}], \"n\")", "9")],
            |a| extreme(a, Ordering::Greater)
        ),
        function!(
            "list",
            "group_by",
            2..=2,
            "group_by(list, field)",
            "An object of lists, by the text of a field.",
            "تجميع حسب حقل.",
            [("group_by([#{c: \"a\", n: 1}, #{c: \"b\", n: 2}], \"c\").a", "[{\"c\":\"a\",\"n\":1}]")],
            |a| {
                let field = a.text(1)?;
                let mut groups = serde_json::Map::new();
                for item in a.list(0)? {
                    let name = match at(item, field) {
                        Json::String(text) => text.clone(),
                        other => other.to_string(),
                    };
                    if let Json::Array(group) = groups.entry(name).or_insert_with(|| Json::Array(Vec::new()))
                    {
                        group.push(item.clone());
                    }
                }
                Ok(Json::Object(groups).into())
            }
        ),
        function!(
            "list",
            "chunk",
            2..=2,
            "chunk(list, size)",
            "Lists of at most so many items.",
            "تقسيم إلى مجموعات.",
            [("chunk([1, 2, 3], 2)", "[[1,2],[3]]")],
            |a| {
                let size = usize::try_from(a.whole(1)?)
                    .ok()
                    .filter(|size| *size > 0)
                    .ok_or("argument 2 must be at least 1")?;
                Ok(a.list(0)?
                    .chunks(size)
                    .map(|chunk| Json::Array(chunk.to_vec()))
                    .collect::<Vec<_>>()
                    .into())
            }
        ),
        function!(
            "list",
            "take_first",
            2..=2,
            "take_first(list, count)",
            "The first so many items.",
            "أول عدد من العناصر.",
            [("take_first([1, 2, 3], 2)", "[1,2]")],
            |a| {
                let count = usize::try_from(a.whole(1)?).map_err(|_| "argument 2 must not be negative")?;
                Ok(a.list(0)?.iter().take(count).cloned().collect::<Vec<_>>().into())
            }
        ),
        function!(
            "list",
            "flatten",
            1..=1,
            "flatten(list)",
            "One list of the items of its lists.",
            "دمج القوائم المتداخلة.",
            [("flatten([[1, 2], [3], 4])", "[1,2,3,4]")],
            |a| {
                let mut flat = Vec::new();
                for item in a.list(0)? {
                    match item {
                        Json::Array(items) => flat.extend(items.iter().cloned()),
                        other => flat.push(other.clone()),
                    }
                }
                Ok(flat.into())
            }
        ),
        function!(
            "list",
            "where",
            3..=3,
            "where(list, field, value)",
            "The items whose field has this value.",
            "العناصر التي يساوي حقلها قيمة معينة.",
            [("where([#{s: \"open\"}, #{s: \"won\"}], \"s\", \"won\")", "[{\"s\":\"won\"}]")],
            |a| {
                let field = a.text(1)?;
                Ok(a.list(0)?
                    .iter()
                    .filter(|item| at(item, field) == a.at(2))
                    .cloned()
                    .collect::<Vec<_>>()
                    .into())
            }
        ),
        function!(
            "list",
            "pick",
            2..=2,
            "pick(object, fields)",
            "Only these fields of an object.",
            "حقول محددة من الكائن.",
            [("pick(#{a: 1, b: 2}, [\"a\"])", "{\"a\":1}")],
            |a| {
                let fields = a.list(1)?;
                object(a, |name| fields.iter().any(|field| field == name))
            }
        ),
        function!(
            "list",
            "omit",
            2..=2,
            "omit(object, fields)",
            "An object without these fields.",
            "الكائن بدون حقول محددة.",
            [("omit(#{a: 1, b: 2}, [\"a\"])", "{\"b\":2}")],
            |a| {
                let fields = a.list(1)?;
                object(a, |name| !fields.iter().any(|field| field == name))
            }
        ),
    ]
}

static NULL: Json = Json::Null;

fn at<'j>(item: &'j Json, field: &str) -> &'j Json {
    convert::segments(field).try_fold(item, |value, segment: Segment| segment.of(value)).unwrap_or(&NULL)
}

fn key<'j>(item: &'j Json, field: &Json) -> &'j Json {
    field.as_str().map_or(item, |field| at(item, field))
}

fn total(arguments: &[Json]) -> Result<Decimal, String> {
    let mut total = Decimal::ZERO;
    for (index, item) in arguments.list(0)?.iter().enumerate() {
        let value = key(item, arguments.at(1));
        let number = money::decimal(value).ok_or_else(|| format!("item {index} is not a number: {value}"))?;
        total = total.checked_add(number).ok_or("the sum is too large")?;
    }
    Ok(total)
}

fn extreme(arguments: &[Json], wanted: Ordering) -> Result<Given, String> {
    let mut best: Option<&Json> = None;
    for item in arguments.list(0)? {
        let value = key(item, arguments.at(1));
        if best.is_none_or(|best| order(value, best) == wanted) {
            best = Some(value);
        }
    }
    Ok(best.unwrap_or(&NULL).clone().into())
}

/// A total order over JSON: by kind, then by value.
fn order(one: &Json, other: &Json) -> Ordering {
    fn rank(value: &Json) -> u8 {
        match value {
            Json::Null => 0,
            Json::Bool(_) => 1,
            Json::Number(_) => 2,
            Json::String(_) => 3,
            Json::Array(_) => 4,
            Json::Object(_) => 5,
        }
    }
    match (one, other) {
        (Json::Bool(one), Json::Bool(other)) => one.cmp(other),
        (Json::Number(one), Json::Number(other)) => {
            one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal)
        }
        (Json::String(one), Json::String(other)) => one.cmp(other),
        _ => rank(one).cmp(&rank(other)),
    }
}

fn object(arguments: &[Json], keep: impl Fn(&str) -> bool) -> Result<Given, String> {
    let Json::Object(map) = arguments.at(0) else {
        return Err(super::wanted(0, "an object", arguments.at(0)));
    };
    Ok(Json::Object(
        map.iter()
            .filter(|(name, _)| keep(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
    .into())
}
