//! `trigger.message`: a message with certain words. Words are compared folded, so that `السعر؟` and
//! `اَلسِّعْر` are the same word. The dispatcher asks [`Matcher`], and so does the trigger's own run.

use masar_engine::{
    Call, Json, Outcome, Output, Pure, StepError,
    manifest::{Example, Role},
    node::Prepared,
    value::{Parameter, functions::arabic},
};
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::event::check_type;
use crate::{
    NodeType,
    declare::{any, choice, condition, declare, example, text, texts},
    node::{invalid, read_parameters},
    prepare::{Faults, keep, literal, optional_test, prepared},
};

/// The parameters of `trigger.message`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageTrigger {
    /// Type of event that carries a message, or its beginning and a `*`.
    #[serde(default = "message_received")]
    pub event_type: String,
    /// Words or patterns.
    pub keywords: Vec<String>,
    /// How they are looked for.
    #[serde(default)]
    pub mode: Mode,
    /// Dotted path to the text in the event's data.
    #[serde(default = "text_field")]
    pub field: String,
    /// A condition over `trigger` and `event`.
    #[serde(default)]
    pub filter: Option<Json>,
}

/// How keywords are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One of them, anywhere.
    #[default]
    Any,
    /// All of them, anywhere.
    All,
    /// One of them, as a word of its own.
    WholeWord,
    /// One of them as a regular expression.
    Regex,
}

fn message_received() -> String {
    "message.received".to_owned()
}

fn text_field() -> String {
    "text".to_owned()
}

impl MessageTrigger {
    /// Reads the parameters as a workflow holds them.
    ///
    /// # Errors
    /// `parameter.invalid` with the field's path.
    pub fn read(parameters: &Json) -> Result<Self, StepError> {
        let trigger: Self = read_parameters(parameters.clone())?;
        check_type(&trigger.event_type, "event_type")?;
        Ok(trigger)
    }

    /// Makes it ready to be asked often.
    ///
    /// # Errors
    /// `parameter.invalid`: no keywords, an empty one, or a pattern that cannot be read.
    pub fn matcher(&self) -> Result<Matcher, StepError> {
        if self.keywords.is_empty() {
            return Err(invalid("keywords", "without keywords no message can match"));
        }
        let words = match self.mode {
            Mode::Regex => Words::Patterns(
                self.keywords
                    .iter()
                    .enumerate()
                    .map(|(index, word)| pattern(word, index))
                    .collect::<Result<_, _>>()?,
            ),
            mode => {
                let fold = |(index, word): (usize, &String)| {
                    let folded = arabic::fold(word);
                    if folded.trim().is_empty() {
                        return Err(invalid(&format!("keywords.{index}"), "a keyword may not be empty"));
                    }
                    Ok((word.clone(), folded.trim().to_owned()))
                };
                Words::Plain(mode, self.keywords.iter().enumerate().map(fold).collect::<Result<_, _>>()?)
            }
        };
        let pointer = self
            .field
            .split('.')
            .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
            .collect();
        Ok(Matcher { pointer, words })
    }
}

/// ASCII is the pattern's syntax (`\D` is not `\d`) and stays; Arabic letters are folded as the text is.
fn pattern(source: &str, index: usize) -> Result<Regex, StepError> {
    let folded: String = source
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { arabic::fold(c.encode_utf8(&mut [0; 4])) })
        .collect();
    RegexBuilder::new(&folded).case_insensitive(true).size_limit(1 << 20).nest_limit(64).build().map_err(
        |error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
            invalid(&format!("keywords.{index}"), format!("the pattern `{source}` cannot be read: {reason}"))
        },
    )
}

/// A message trigger ready to be asked.
pub struct Matcher {
    pointer: String,
    words: Words,
}

enum Words {
    /// As written, and folded.
    Plain(Mode, Vec<(String, String)>),
    Patterns(Vec<Regex>),
}

impl Matcher {
    /// The text of a message, where its data has one.
    pub fn text<'d>(&self, data: &'d Json) -> Option<&'d str> {
        data.pointer(&self.pointer)?.as_str()
    }

    /// The keywords that are in the text, as their author wrote them (with patterns: what they found
    /// in the folded text); `None` where the trigger does not fire.
    pub fn matches(&self, text: &str) -> Option<Vec<String>> {
        let text = arabic::fold(text);
        let found: Vec<String> = match &self.words {
            Words::Patterns(patterns) => {
                patterns.iter().filter_map(|pattern| Some(pattern.find(&text)?.as_str().to_owned())).collect()
            }
            Words::Plain(mode, words) => {
                let is_in = |word: &str| match mode {
                    Mode::WholeWord => stands_alone(&text, word),
                    _ => text.contains(word),
                };
                let found: Vec<String> =
                    words.iter().filter(|(_, folded)| is_in(folded)).map(|(word, _)| word.clone()).collect();
                if *mode == Mode::All && found.len() < words.len() {
                    return None;
                }
                found
            }
        };
        (!found.is_empty()).then_some(found)
    }
}

/// Whether `word` is in `text` with no letter or digit on either side.
fn stands_alone(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Whether a message's text starts a trigger with these parameters, and by which words.
///
/// # Errors
/// `parameter.invalid` with the field's path.
pub fn matches(parameters: &Json, text: &str) -> Result<Option<Vec<String>>, StepError> {
    Ok(MessageTrigger::read(parameters)?.matcher()?.matches(text))
}

pub(crate) fn node() -> NodeType {
    declare(
        "trigger.message",
        "message-square-text",
        [
            "Message with keywords",
            "Starts when a message says certain words, however they are written.",
            "رسالة بكلمات مفتاحية",
            "يبدأ حين ترد في رسالة كلمات معينة مهما اختلفت كتابتها.",
        ],
    )
    .role(Role::Trigger)
    .parameters([
        texts(
            "keywords",
            [
                "Keywords",
                "Arabic is compared without diacritics and with one form of alef, ya and ta marbuta.",
                "الكلمات المفتاحية",
                "تُقارن العربية بلا تشكيل وبصورة واحدة للألف والياء والتاء المربوطة.",
            ],
        )
        .required()
        .not_empty()
        .sample(json!(["السعر", "price"])),
        choice(
            "mode",
            [
                ["any", "Any of them", "أي منها"],
                ["all", "All of them", "كلها"],
                ["whole_word", "Any, as a whole word", "أي منها ككلمة مستقلة"],
                ["regex", "Patterns", "أنماط"],
            ],
            ["Look for", "How they are looked for.", "البحث عن", "كيف يُبحث عنها."],
        )
        .default("any"),
        text("event_type", ["Type of event", "Which events are messages.", "نوع الحدث", "أي الأحداث رسائل."])
            .hint("event_type")
            .default("message.received"),
        text(
            "field",
            ["Text in", "Path to the text in the event's data.", "النص في", "مسار النص في بيانات الحدث."],
        )
        .default("text"),
        condition(
            "filter",
            ["Only if", "Other messages start nothing.", "فقط إذا", "ما سواها من الرسائل لا يبدأ شيئًا."],
        ),
    ])
    .output([
        texts(
            "matched",
            ["Matched words", "As they are written above.", "الكلمات المطابقة", "كما كُتبت أعلاه."],
        )
        .required(),
        text("text", ["Text", "The message.", "النص", "الرسالة."]).required(),
        any("data", ["Data", "All of the event's data.", "البيانات", "بيانات الحدث كلها."]),
    ])
    .search(["keyword", "chat", "whatsapp", "كلمة", "محادثة", "واتساب"])
    .example(Example {
        trigger: json!({"from": "+966501234567", "text": "كم سِعر الباقة؟"}),
        input: json!({"from": "+966501234567", "text": "كم سِعر الباقة؟"}),
        port: Some("out".into()),
        output: Some(json!({
            "matched": ["سعر"],
            "text": "كم سِعر الباقة؟",
            "data": {"from": "+966501234567", "text": "كم سِعر الباقة؟"}
        })),
        ..example("Asks for the price", json!({"keywords": ["سعر", "price"]}))
    })
    .example(Example {
        trigger: json!({"text": "شكرًا"}),
        input: json!({"text": "شكرًا"}),
        error: Some("message.no_match".into()),
        ..example("Another message starts nothing", json!({"keywords": ["سعر", "price"]}))
    })
    .pure(Trigger)
}

struct Trigger;

impl Pure for Trigger {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        optional_test(parameters, "filter")?;
        let Some(trigger) = literal::<MessageTrigger>(parameters, &["filter"])? else { return Ok(None) };
        let checked = check_type(&trigger.event_type, "event_type").and_then(|()| trigger.matcher());
        let matcher = checked.map_err(|error| {
            let path = error.details.get("path").and_then(Json::as_str).unwrap_or("").to_owned();
            vec![(path, error.message)]
        })?;
        Ok(keep(matcher))
    }

    /// Fails with `message.no_match` where the message does not say it: so the dispatcher learns, and
    /// keeps, why nothing started.
    fn run(&self, call: &Call<'_>) -> Outcome {
        match_message(call).map(Output::out).into()
    }
}

fn match_message(call: &Call<'_>) -> Result<Json, StepError> {
    let matcher: &Matcher = prepared(call)?;
    let data = &call.context.trigger;
    let no_match = |message: String| StepError::new("message.no_match", message).permanent();
    let text = matcher
        .text(data)
        .ok_or_else(|| no_match("the event has no text where the trigger looks for it".to_owned()))?;
    let matched =
        matcher.matches(text).ok_or_else(|| no_match("the message does not say the keywords".to_owned()))?;
    Ok(json!({"matched": matched, "text": text, "data": &**data}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(keywords: &[&str], mode: &str, text: &str) -> Option<Vec<String>> {
        matches(&json!({"keywords": keywords, "mode": mode}), text).unwrap()
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        let text = "السلام عليكم، أبغى أعرف الأسعَــار لو سمحتوا PLEASE";
        assert_eq!(found(&["الاسعار", "خصم"], "any", text), Some(vec!["الاسعار".to_owned()]));
        assert_eq!(found(&["خصم"], "any", text), None);
        assert_eq!(found(&["اسعار", "please"], "all", text), Some(vec!["اسعار".into(), "please".into()]));
        assert_eq!(found(&["اسعار", "خصم"], "all", text), None);
        assert_eq!(found(&["اسعار"], "whole_word", text), None);
        assert_eq!(found(&["الأسعار"], "whole_word", text), Some(vec!["الأسعار".into()]));
        assert_eq!(found(&["طلب رقم \\d+"], "regex", "وين طلب رقم ١٢٣؟"), Some(vec!["طلب رقم 123".into()]));
        assert_eq!(found(&["^مكة$"], "regex", "مكه"), Some(vec!["مكه".into()]));
    }

    #[test]
    fn wrong_keywords_name_their_place() {
        for (keywords, mode, path) in [
            (vec![], "any", "keywords"),
            (vec!["a", " "], "any", "keywords.1"),
            (vec!["("], "regex", "keywords.0"),
        ] {
            let error = matches(&json!({"keywords": keywords, "mode": mode}), "x").unwrap_err();
            assert_eq!(error.details["path"], path);
        }
    }
}
