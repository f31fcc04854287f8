//! The words and the HTML of the approval page, in English and Arabic.

use std::fmt::Write as _;

use masar_engine::Timestamp;
use serde_json::Value;

use crate::store::{LinkRow, WaitRow};

/// Languages of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Arabic,
}

impl Language {
    /// `ar`, `en`, or one of their regional forms.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
            "ar" => Some(Self::Arabic),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The preferred one of an `Accept-Language` header (RFC 9110 section 12.5.4).
    pub(super) fn accepted(header: &str) -> Option<Self> {
        let mut wanted: Vec<(f32, Self)> = header
            .split(',')
            .filter_map(|part| {
                let mut pieces = part.split(';');
                let language = Self::parse(pieces.next()?)?;
                let weight = pieces.find_map(|piece| piece.trim().strip_prefix("q="));
                let weight = weight.map_or(Some(1.0), |text| text.trim().parse().ok())?;
                (weight > 0.0).then_some((weight, language))
            })
            .collect();
        // Stable: of equals the first one named.
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        wanted.first().map(|(_, language)| *language)
    }

    fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Arabic => "ar",
        }
    }

    fn direction(self) -> &'static str {
        match self {
            Self::English => "ltr",
            Self::Arabic => "rtl",
        }
    }

    fn pick(self, english: &'static str, arabic: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::Arabic => arabic,
        }
    }
}

/// How an approval ended.
#[derive(Debug, Clone)]
pub(super) struct Decided {
    pub(super) title: String,
    /// `approved`, `rejected`, `expired`, or `stopped` where the run ended otherwise.
    pub(super) port: String,
    pub(super) by: Option<String>,
    pub(super) at: Option<Timestamp>,
    /// By this very request.
    pub(super) now: bool,
}

/// A page to be.
pub(super) struct Page {
    language: Language,
    heading: String,
    body: String,
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#16201d;--paper:#f7f8f6;--card:#fff;--yes:#0b7a5b;--no:#a8342b;--line:#cfd6d2;--on:#fff}\
@media(prefers-color-scheme:dark){:root{--ink:#e8edea;--paper:#121715;--card:#1a211e;--yes:#4cc29c;--no:#f08a80;--line:#3a4540;--on:#101513}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--paper);color:var(--ink);font:1.05rem/1.7 system-ui,'Noto Sans Arabic',sans-serif}\
main{max-inline-size:36rem;margin-inline:auto;padding:1.25rem}\
header{display:flex;justify-content:space-between;gap:1rem}\
a{color:inherit}\
article{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.25rem}\
h1{font-size:1.35rem;line-height:1.5;margin:0 0 .75rem;overflow-wrap:anywhere}\
dl{margin:0 0 1rem}dt{opacity:.75;font-size:.9rem}dd{margin:0 0 .6rem;overflow-wrap:anywhere}\
pre{white-space:pre-wrap;margin:0;font-size:.9rem}\
label{display:block;margin-block:.75rem .25rem}\
input,textarea{inline-size:100%;font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:.6rem .75rem}\
.actions{display:grid;grid-template-columns:1fr 1fr;gap:.75rem;margin-block-start:1rem}\
button{font:inherit;font-weight:600;min-block-size:3rem;border-radius:10px;border:2px solid;cursor:pointer}\
.yes{background:var(--yes);border-color:var(--yes);color:var(--on)}.no{background:transparent;border-color:var(--no);color:var(--no)}\
:focus-visible{outline:3px solid var(--yes);outline-offset:2px}";

impl Page {
    fn new(language: Language, heading: impl Into<String>) -> Self {
        Self { language, heading: heading.into(), body: String::new() }
    }

    fn text(mut self, text: &str) -> Self {
        let _ = write!(self.body, "<p><bdi>{}</bdi></p>", escaped(text));
        self
    }

    /// No link of ours.
    pub(super) fn unknown(language: Language) -> Self {
        Self::new(language, language.pick("This link is not valid", "هذا الرابط غير صالح")).text(
            language.pick(
                "Check that the whole link was opened, or ask for a new one.",
                "تأكد من فتح الرابط كاملًا، أو اطلب رابطًا جديدًا.",
            ),
        )
    }

    /// The server could not.
    pub(super) fn failed(language: Language, what: &str) -> Self {
        let heading = language.pick("That did not work", "تعذّر تنفيذ الطلب");
        let hint = language.pick(
            "Nothing was decided. Go back and try again in a moment.",
            "لم يُسجَّل أي قرار. ارجع وحاول مرة أخرى بعد قليل.",
        );
        Self::new(language, heading).text(hint).text(what)
    }

    /// It has been decided.
    pub(super) fn over(language: Language, decided: &Decided, shown: &dyn Fn(Timestamp) -> String) -> Self {
        let heading = match (decided.port.as_str(), decided.now) {
            ("approved", true) => language.pick("Approved. Thank you.", "تمت الموافقة. شكرًا لك."),
            ("rejected", true) => language.pick("Rejected. Thank you.", "تم الرفض. شكرًا لك."),
            ("approved", false) => {
                language.pick("This has already been approved", "سبقت الموافقة على هذا الطلب")
            }
            ("rejected", false) => language.pick("This has already been rejected", "سبق رفض هذا الطلب"),
            ("expired", _) => language.pick("The time to decide is over", "انتهت مهلة اتخاذ القرار"),
            _ => language.pick("This is no longer needed", "لم يعد هذا القرار مطلوبًا"),
        };
        let mut page = Self::new(language, heading).text(&decided.title);
        page.body.push_str("<dl>");
        if let Some(by) = &decided.by {
            page.row(language.pick("By", "صاحب القرار"), &format!("<bdi>{}</bdi>", escaped(by)));
        }
        if let Some(at) = decided.at {
            page.row(language.pick("At", "الوقت"), &format!("<bdi>{}</bdi>", shown(at)));
        }
        page.body.push_str("</dl>");
        page
    }

    /// It waits for a decision.
    pub(super) fn open(
        language: Language,
        link: &LinkRow,
        wait: &WaitRow,
        shown: &dyn Fn(Timestamp) -> String,
    ) -> Self {
        let mut page = Self::new(language, link.title.clone());
        page.body.push_str("<dl>");
        match &wait.context {
            Value::Null => {}
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| page.row(name, &value_html(value)))
            }
            other => page.row(language.pick("To look at", "للاطلاع"), &value_html(other)),
        }
        if let Some(deadline) = link.deadline {
            page.row(
                language.pick("Decide before", "القرار قبل"),
                &format!("<bdi>{}</bdi>", shown(deadline)),
            );
        }
        let _ = write!(
            page.body,
            "</dl><form method=\"post\"><input type=\"hidden\" name=\"lang\" value=\"{lang}\">\
             <label for=\"name\">{name}</label><input id=\"name\" name=\"name\" dir=\"auto\" maxlength=\"200\" autocomplete=\"name\" value=\"{assignee}\">\
             <label for=\"comment\">{comment}</label><textarea id=\"comment\" name=\"comment\" dir=\"auto\" rows=\"3\" maxlength=\"4000\"></textarea>\
             <div class=\"actions\"><button class=\"yes\" name=\"decision\" value=\"approved\">{yes}</button>\
             <button class=\"no\" name=\"decision\" value=\"rejected\">{no}</button></div></form>",
            lang = language.code(),
            name = language.pick("Your name", "اسمك"),
            assignee = escaped(wait.assignee.as_deref().unwrap_or_default()),
            comment = language.pick("Comment (optional)", "ملاحظة (اختيارية)"),
            yes = language.pick("Approve", "موافقة"),
            no = language.pick("Reject", "رفض"),
        );
        page
    }

    fn row(&mut self, name: &str, value: &str) {
        let _ = write!(self.body, "<dt><bdi>{}</bdi></dt><dd>{value}</dd>", escaped(name));
    }

    /// The whole document.
    pub(super) fn into_html(self) -> String {
        let Self { language, heading, body } = self;
        let (other, named) = match language {
            Language::English => ("ar", "العربية"),
            Language::Arabic => ("en", "English"),
        };
        let heading = escaped(&heading);
        format!(
            "<!doctype html><html lang=\"{lang}\" dir=\"{dir}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{heading}</title><style>{STYLE}</style></head>\
             <body><main><header><span>{product}</span><a href=\"?lang={other}\" lang=\"{other}\" hreflang=\"{other}\">{named}</a></header>\
             <article><h1><bdi>{heading}</bdi></h1>{body}</article></main></body></html>\n",
            lang = language.code(),
            dir = language.direction(),
            product = language.pick("Masar", "مسار"),
        )
    }
}

/// A value of the context: text as it is, the rest as JSON. `bdi` keeps each text's own direction
/// inside, while the page's direction says where lines begin.
fn value_html(value: &Value) -> String {
    match value {
        Value::String(text) => format!("<bdi>{}</bdi>", escaped(text).replace('\n', "<br>")),
        Value::Array(_) | Value::Object(_) => {
            let text = serde_json::to_string_pretty(value).unwrap_or_default();
            format!("<pre dir=\"ltr\">{}</pre>", escaped(&text))
        }
        Value::Null => "-".into(),
        other => format!("<bdi>{other}</bdi>"),
    }
}

/// Text that cannot become markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_wins() {
        for (header, language) in [
            ("ar-SA,ar;q=0.9,en;q=0.8", Some(Language::Arabic)),
            ("fr, en;q=0.7, ar;q=0.9", Some(Language::Arabic)),
            ("en-GB", Some(Language::English)),
            ("ar;q=0, en;q=0.1", Some(Language::English)),
            ("de, *;q=0.5", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }
}
