//! Functions on text: what ops staff do to names, codes and messages. Positions and lengths count
//! characters, never bytes. Not here: what is particular to Arabic ([`super::arabic`]).

use std::{cell::RefCell, collections::HashMap};

use base64::Engine as _;
use regex::Regex;
use sha2::{Digest, Sha256};

use super::{Arguments, Function, Given, function};
use crate::Json;

pub use super::arabic::fold;

/// Bytes of text that a function may give.
const MAX_TEXT: usize = 64 * 1024;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "text",
            "trim",
            1..=1,
            "trim(text)",
            "Without white space at both ends.",
            "يحذف المسافات من الطرفين.",
            [("trim(\"  Noura  \")", "\"Noura\"")],
            |a| Ok(a.text(0)?.trim().into())
        ),
        function!(
            "text",
            "upper",
            1..=1,
            "upper(text)",
            "In capital letters.",
            "بأحرف كبيرة.",
            [("upper(\"sar\")", "\"SAR\"")],
            |a| Ok(a.text(0)?.to_uppercase().into())
        ),
        function!(
            "text",
            "lower",
            1..=1,
            "lower(text)",
            "In small letters.",
            "بأحرف صغيرة.",
            [("lower(\"Info@Example.SA\")", "\"info@example.sa\"")],
            |a| Ok(a.text(0)?.to_lowercase().into())
        ),
        function!(
            "text",
            "title",
            1..=1,
            "title(text)",
            "Every word with a capital first letter.",
            "كل كلمة تبدأ بحرف كبير.",
            [("title(\"abdullah AL-harbi\")", "\"Abdullah Al-Harbi\"")],
            |a| Ok(title(a.text(0)?).into())
        ),
        function!(
            "text",
            "replace",
            3..=3,
            "replace(text, old, new)",
            "With every `old` replaced by `new`.",
            "يستبدل كل ظهور لنص بآخر.",
            [("replace(\"a-b-c\", \"-\", \"/\")", "\"a/b/c\"")],
            |a| {
                let (text, old, new) = (a.text(0)?, a.text(1)?, a.text(2)?);
                let count = if old.is_empty() { text.len() + 1 } else { text.matches(old).count() };
                bounded(text.len().saturating_add(count.saturating_mul(new.len())))?;
                Ok(text.replace(old, new).into())
            }
        ),
        function!(
            "text",
            "split",
            2..=2,
            "split(text, separator)",
            "The parts between separators, as a list.",
            "يقسم النص إلى قائمة.",
            [("split(\"Riyadh,Jeddah\", \",\")", "[\"Riyadh\",\"Jeddah\"]")],
            |a| {
                let separator = a.text(1)?;
                if separator.is_empty() {
                    return Err("argument 2 must not be empty".to_owned());
                }
                Ok(a.text(0)?.split(separator).map(Json::from).collect::<Vec<_>>().into())
            }
        ),
        function!(
            "text",
            "join",
            1..=2,
            "join(list, separator = \", \")",
            "A list as one text.",
            "يجمع القائمة في نص واحد.",
            [
                ("join([\"Riyadh\", \"Jeddah\"], \" و \")", "\"Riyadh و Jeddah\""),
                ("join([1, 2])", "\"1, 2\"")
            ],
            |a| {
                let separator = a.text_or(1, ", ")?;
                let parts = a.list(0)?.iter().map(|part| {
                    Ok(crate::value::template::shown(part, "item")
                        .map_err(|error| error.message)?
                        .into_owned())
                });
                let parts = parts.collect::<Result<Vec<_>, String>>()?;
                bounded(parts.iter().map(|part| part.len() + separator.len()).sum())?;
                Ok(parts.join(separator).into())
            }
        ),
        function!(
            "text",
            "contains",
            2..=2,
            "contains(text or list, part)",
            "Whether the part is in it.",
            "هل يحتوي على الجزء.",
            [("contains(\"invoice 42\", \"42\")", "true"), ("contains([1, 2], 3)", "false")],
            |a| match a.at(0) {
                Json::Array(list) => Ok(list.contains(a.at(1)).into()),
                Json::Object(map) => Ok(map.contains_key(a.text(1)?).into()),
                _ => Ok(a.text(0)?.contains(a.text(1)?).into()),
            }
        ),
        function!(
            "text",
            "starts_with",
            2..=2,
            "starts_with(text, part)",
            "Whether it begins with the part.",
            "هل يبدأ بالجزء.",
            [("starts_with(\"+966501234567\", \"+966\")", "true")],
            |a| Ok(a.text(0)?.starts_with(a.text(1)?).into())
        ),
        function!(
            "text",
            "ends_with",
            2..=2,
            "ends_with(text, part)",
            "Whether it ends with the part.",
            "هل ينتهي بالجزء.",
            [("ends_with(\"offer.pdf\", \".pdf\")", "true")],
            |a| Ok(a.text(0)?.ends_with(a.text(1)?).into())
        ),
        function!(
            "text",
            "index_of",
            2..=2,
            "index_of(text or list, part)",
            "Where the part begins, from 0; -1 where it is not.",
            "موضع الجزء بدءًا من 0، أو -1.",
            [("index_of(\"مرحبا\", \"ح\")", "2")],
            |a| Ok(match a.at(0) {
                Json::Array(list) =>
                    list.iter().position(|item| item == a.at(1)).map_or(-1, |at| at as i64).into(),
                _ => {
                    let text = a.text(0)?;
                    text.find(a.text(1)?).map_or(-1, |at| text[..at].chars().count() as i64).into()
                }
            })
        ),
        function!(
            "text",
            "len",
            1..=1,
            "len(text or list or object)",
            "How many characters, items or fields.",
            "عدد الأحرف أو العناصر أو الحقول.",
            [("len(\"سلام\")", "4"), ("len([1, 2])", "2")],
            |a| Ok(match a.at(0) {
                Json::Array(list) => list.len().into(),
                Json::Object(map) => map.len().into(),
                _ => a.text(0)?.chars().count().into(),
            })
        ),
        function!(
            "text",
            "is_empty",
            1..=1,
            "is_empty(value)",
            "Whether it is null, blank text, or an empty list or object.",
            "هل القيمة فارغة.",
            [("is_empty(\"  \")", "true"), ("is_empty([0])", "false")],
            |a| Ok(crate::value::condition::is_empty(a.at(0)).into())
        ),
        function!(
            "text",
            "pad",
            2..=3,
            "pad(text, width, fill = \" \")",
            "Filled at the left up to a width.",
            "يكمل النص من البداية حتى طول معين.",
            [("pad(\"42\", 5, \"0\")", "\"00042\"")],
            |a| pad(a, true)
        ),
        function!(
            "text",
            "pad_end",
            2..=3,
            "pad_end(text, width, fill = \" \")",
            "Filled at the right up to a width.",
            "يكمل النص من النهاية حتى طول معين.",
            [("pad_end(\"ab\", 4, \".\")", "\"ab..\"")],
            |a| pad(a, false)
        ),
        function!(
            "text",
            "truncate",
            2..=3,
            "truncate(text, length, end = \"…\")",
            "At most so many characters, the end included.",
            "يقصر النص إلى طول معين.",
            [("truncate(\"Thank you for your enquiry\", 10)", "\"Thank you…\"")],
            |a| {
                let (text, end) = (a.text(0)?, a.text_or(2, "…")?);
                let length = size(a, 1)?;
                if text.chars().count() <= length {
                    return Ok(text.into());
                }
                let kept: String = text.chars().take(length.saturating_sub(end.chars().count())).collect();
                Ok(format!("{}{end}", kept.trim_end()).into())
            }
        ),
        function!(
            "text",
            "substring",
            2..=3,
            "substring(text, start, length = rest)",
            "A part by position, from 0.",
            "جزء من النص حسب الموضع.",
            [("substring(\"SA4420000001234567891234\", 0, 2)", "\"SA\"")],
            |a| {
                let count = if a.at(2).is_null() { usize::MAX } else { size(a, 2)? };
                Ok(a.text(0)?.chars().skip(size(a, 1)?).take(count).collect::<String>().into())
            }
        ),
        function!(
            "text",
            "slug",
            1..=1,
            "slug(text)",
            "Small letters and digits joined by dashes, for links; Arabic letters stay.",
            "نص صالح للروابط.",
            [
                ("slug(\"  Summer Offer: 50%! \")", "\"summer-offer-50\""),
                ("slug(\"عرض الصيف\")", "\"عرض-الصيف\"")
            ],
            |a| {
                let folded: String = a
                    .text(0)?
                    .to_lowercase()
                    .chars()
                    .map(|c| if c.is_alphanumeric() { c } else { ' ' })
                    .collect();
                Ok(folded.split_whitespace().collect::<Vec<_>>().join("-").into())
            }
        ),
        function!(
            "text",
            "matches",
            2..=2,
            "matches(text, pattern)",
            "Whether a regular expression matches somewhere.",
            "هل يطابق التعبير النمطي.",
            [("matches(\"ORD-1042\", \"^ORD-\\\\d+$\")", "true")],
            |a| Ok(with_regex(a.text(1)?, |regex| Ok(regex.is_match(a.text(0)?)))?.into())
        ),
        function!(
            "text",
            "extract",
            2..=3,
            "extract(text, pattern, group = 0)",
            "What a regular expression (or its group) matched first; null where nothing.",
            "يستخرج أول ما يطابق التعبير.",
            [
                ("extract(\"order ORD-1042 paid\", \"ORD-(\\\\d+)\", 1)", "\"1042\""),
                ("extract(\"none\", \"\\\\d\")", "null")
            ],
            |a| {
                let group = usize::try_from(a.whole_or(2, 0)?)
                    .map_err(|_| "argument 3 must not be negative".to_owned())?;
                with_regex(a.text(1)?, |regex| {
                    let found = regex
                        .captures(a.text(0)?)
                        .and_then(|captures| captures.get(group).map(|part| part.as_str().to_owned()));
                    Ok(Given::Json(found.map_or(Json::Null, Json::String)))
                })
            }
        ),
        function!(
            "text",
            "replace_pattern",
            3..=3,
            "replace_pattern(text, pattern, new)",
            "With every match of a regular expression replaced; `$1` is its first group.",
            "يستبدل كل ما يطابق التعبير.",
            [("replace_pattern(\"05 0-123\", \"[^0-9]\", \"\")", "\"050123\"")],
            |a| {
                let (text, new) = (a.text(0)?, a.text(2)?);
                with_regex(a.text(1)?, |regex| {
                    bounded(
                        text.len().saturating_add(regex.find_iter(text).count().saturating_mul(new.len())),
                    )?;
                    let replaced = regex.replace_all(text, new);
                    bounded(replaced.len())?;
                    Ok(replaced.into_owned().into())
                })
            }
        ),
        function!(
            "text",
            "lines",
            1..=1,
            "lines(text)",
            "Its lines, as a list.",
            "أسطر النص كقائمة.",
            [("lines(\"one\\ntwo\")", "[\"one\",\"two\"]")],
            |a| Ok(a.text(0)?.lines().map(Json::from).collect::<Vec<_>>().into())
        ),
        function!(
            "text",
            "words",
            1..=1,
            "words(text)",
            "Its words, as a list.",
            "كلمات النص كقائمة.",
            [("words(\" Noura  Al-Otaibi \")", "[\"Noura\",\"Al-Otaibi\"]")],
            |a| Ok(a.text(0)?.split_whitespace().map(Json::from).collect::<Vec<_>>().into())
        ),
        function!(
            "text",
            "to_text",
            1..=1,
            "to_text(value)",
            "Any value as text; objects and lists as JSON.",
            "أي قيمة كنص.",
            [("to_text(42)", "\"42\""), ("to_text(())", "\"\"")],
            |a| Ok(match crate::value::template::shown(a.at(0), "value") {
                Ok(text) => text.into_owned().into(),
                Err(_) => a.at(0).to_string().into(),
            })
        ),
        function!(
            "text",
            "to_number",
            1..=2,
            "to_number(value, default)",
            "A number from text, Arabic digits and thousands separators understood; the default where it is none.",
            "يحوّل النص إلى رقم ويفهم الأرقام العربية.",
            [("to_number(\"١٬٢٥٠٫٥\")", "1250.5"), ("to_number(\"n/a\", 0)", "0")],
            |a| match (super::arabic::number(a.at(0)), a.len()) {
                (Some(number), _) => Ok(number.into()),
                (None, 2) => Ok(a.at(1).clone().into()),
                (None, _) =>
                    Err(format!("argument 1 is not a number: {}; give a default as argument 2", a.at(0))),
            }
        ),
        function!(
            "text",
            "default",
            2..=2,
            "default(value, default)",
            "The value, or the default where it is missing or null.",
            "القيمة، أو البديل إن كانت غير موجودة.",
            [("default((), \"web\")", "\"web\""), ("default(trigger.missing, 1)", "1")],
            |a| Ok(if a.at(0).is_null() { a.at(1).clone().into() } else { a.at(0).clone().into() })
        ),
        function!(
            "text",
            "has",
            1..=1,
            "has(path)",
            "Whether the path is there and not null.",
            "هل المسار موجود وليس فارغًا.",
            [("has(trigger.missing)", "false")],
            |a| Ok((!a.at(0).is_null()).into())
        ),
        function!(
            "text",
            "coalesce",
            1..=8,
            "coalesce(a, b, …)",
            "The first value that is neither null nor blank.",
            "أول قيمة غير فارغة.",
            [("coalesce((), \"\", \"web\")", "\"web\"")],
            |a| Ok(a
                .iter()
                .find(|value| !crate::value::condition::is_empty(value))
                .cloned()
                .unwrap_or(Json::Null)
                .into())
        ),
        function!(
            "text",
            "json",
            1..=2,
            "json(value, pretty = false)",
            "A value as JSON text.",
            "القيمة كنص JSON.",
            [("json(#{a: [1, ()]})", "\"{\\\"a\\\":[1,null]}\"")],
            |a| {
                let pretty = a.at(1).as_bool().unwrap_or(false);
                let text = if pretty {
                    serde_json::to_string_pretty(a.at(0))
                } else {
                    serde_json::to_string(a.at(0))
                };
                text.map(Given::from).map_err(|error| error.to_string())
            }
        ),
        function!(
            "text",
            "from_json",
            1..=1,
            "from_json(text)",
            "The value that a JSON text holds.",
            "القيمة داخل نص JSON.",
            [("from_json(\"{\\\"a\\\": 1}\").a", "1")],
            |a| {
                serde_json::from_str::<Json>(a.text(0)?)
                    .map(Given::Json)
                    .map_err(|error| format!("argument 1 is not JSON: {error}"))
            }
        ),
        function!(
            "text",
            "base64",
            1..=1,
            "base64(text)",
            "Text in Base64 (RFC 4648).",
            "ترميز Base64.",
            [("base64(\"مسار\")", "\"2YXYs9in2LE=\"")],
            |a| Ok(base64::engine::general_purpose::STANDARD.encode(a.text(0)?).into())
        ),
        function!(
            "text",
            "from_base64",
            1..=1,
            "from_base64(text)",
            "The text that was put in Base64.",
            "فك ترميز Base64.",
            [("from_base64(\"2YXYs9in2LE=\")", "\"مسار\"")],
            |a| {
                let bytes = base64::engine::general_purpose::STANDARD
                    .decode(a.text(0)?.trim())
                    .map_err(|error| format!("argument 1 is not Base64: {error}"))?;
                String::from_utf8(bytes)
                    .map(Given::from)
                    .map_err(|_| "the decoded bytes are not text".to_owned())
            }
        ),
        function!(
            "text",
            "sha256",
            1..=1,
            "sha256(text)",
            "The SHA-256 of the text's UTF-8, in hexadecimal.",
            "بصمة SHA-256.",
            [("sha256(\"masar\")", "\"8fdcd86698a147bc647c836b3e0a655df2574d685ecae300e7e629741136df86\"")],
            |a| {
                Ok(Sha256::digest(a.text(0)?)
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect::<String>()
                    .into())
            }
        ),
        function!(
            "text",
            "url_encode",
            1..=1,
            "url_encode(text)",
            "Text for one component of a link.",
            "ترميز النص داخل رابط.",
            [("url_encode(\"a b&ج\")", "\"a%20b%26%D8%AC\"")],
            |a| Ok(crate::value::Escape::Url.apply(a.text(0)?).into_owned().into())
        ),
        function!(
            "text",
            "html_escape",
            1..=1,
            "html_escape(text)",
            "Text that stays text inside HTML.",
            "نص آمن داخل HTML.",
            [("html_escape(\"<b>\")", "\"&lt;b&gt;\"")],
            |a| Ok(crate::value::Escape::Html.apply(a.text(0)?).into_owned().into())
        ),
    ]
}

fn title(text: &str) -> String {
    let mut first = true;
    let mut titled = String::with_capacity(text.len());
    for c in text.chars() {
        if first {
            titled.extend(c.to_uppercase());
        } else {
            titled.extend(c.to_lowercase());
        }
        first = !(c.is_alphanumeric() || c == '\'');
    }
    titled
}

fn bounded(bytes: usize) -> Result<(), String> {
    if bytes <= MAX_TEXT {
        Ok(())
    } else {
        Err(format!("the result would be larger than {} KB", MAX_TEXT / 1024))
    }
}

fn size(arguments: &[Json], index: usize) -> Result<usize, String> {
    usize::try_from(arguments.whole(index)?)
        .map_err(|_| format!("argument {} must not be negative", index + 1))
}

fn pad(arguments: &[Json], left: bool) -> Result<Given, String> {
    let text = super::super::template::shown(arguments.at(0), "argument 1").map_err(|error| error.message)?;
    let (width, fill) = (size(arguments, 1)?, arguments.text_or(2, " ")?);
    if fill.is_empty() {
        return Err("argument 3 must not be empty".to_owned());
    }
    bounded(width.saturating_mul(4))?;
    let missing = width.saturating_sub(text.chars().count());
    let filling: String = fill.chars().cycle().take(missing).collect();
    Ok(if left { format!("{filling}{text}") } else { format!("{text}{filling}") }.into())
}

/// Runs with a compiled pattern; the last few are kept per thread, since a pattern is mostly a literal.
pub(crate) fn with_regex<T>(
    pattern: &str,
    run: impl FnOnce(&Regex) -> Result<T, String>,
) -> Result<T, String> {
    const KEPT: usize = 32;
    thread_local! {
        static PATTERNS: RefCell<HashMap<String, Regex>> = RefCell::new(HashMap::new());
    }
    let known = PATTERNS.with_borrow(|patterns| patterns.get(pattern).cloned());
    let regex = match known {
        Some(regex) => regex,
        None => {
            let regex = compile_regex(pattern)?;
            PATTERNS.with_borrow_mut(|patterns| {
                if patterns.len() >= KEPT {
                    patterns.clear();
                }
                patterns.insert(pattern.to_owned(), regex.clone());
            });
            regex
        }
    };
    run(&regex)
}

/// A pattern of bounded size. The crate matches in linear time, so no pattern runs away.
pub(crate) fn compile_regex(pattern: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(pattern).size_limit(1 << 20).nest_limit(64).build().map_err(|error| {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("the pattern `{pattern}` cannot be read: {reason}")
    })
}
