//! Arabic text: one form for what is written in many ways, and both kinds of digits.
//! The same folding stands behind conditions with `fold`, keyword triggers and `contains_folded`.

use unicode_normalization::UnicodeNormalization;

use super::{Arguments, Function, function};
use crate::Json;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "arabic",
            "fold",
            1..=1,
            "fold(text)",
            "For comparing: without diacritics and tatweel, one form of alef, ya and ta marbuta, Latin digits, small letters, single spaces.",
            "للمقارنة: بلا تشكيل ولا تطويل، مع توحيد الألف والياء والتاء المربوطة والأرقام.",
            [
                ("fold(\"أحمدُ  الهاشمـــي\")", "\"احمد الهاشمي\""),
                ("fold(\"مدرسة ١٢٣ RIYADH\")", "\"مدرسه 123 riyadh\"")
            ],
            |a| Ok(fold(a.text(0)?).into())
        ),
        function!(
            "arabic",
            "contains_folded",
            2..=2,
            "contains_folded(text, part)",
            "Whether the part is in it, however both are written.",
            "هل يحتوي على الجزء مهما اختلفت الكتابة.",
            [("contains_folded(\"ما هي الأسعَار؟\", \"اسعار\")", "true")],
            |a| Ok(fold(a.text(0)?).contains(&fold(a.text(1)?)).into())
        ),
        function!(
            "arabic",
            "equals_folded",
            2..=2,
            "equals_folded(text, other)",
            "Whether both are the same, however they are written.",
            "هل النصان متساويان مهما اختلفت الكتابة.",
            [("equals_folded(\"مكة\", \"مكه\")", "true")],
            |a| Ok((fold(a.text(0)?) == fold(a.text(1)?)).into())
        ),
        function!(
            "arabic",
            "to_arabic_digits",
            1..=1,
            "to_arabic_digits(value)",
            "With Arabic-Indic digits.",
            "بالأرقام العربية المشرقية.",
            [("to_arabic_digits(\"2026-11-23\")", "\"٢٠٢٦-١١-٢٣\""), ("to_arabic_digits(45)", "\"٤٥\"")],
            |a| Ok(to_arabic_digits(
                &crate::value::template::shown(a.at(0), "argument 1").map_err(|error| error.message)?
            )
            .into())
        ),
        function!(
            "arabic",
            "to_latin_digits",
            1..=1,
            "to_latin_digits(text)",
            "With Latin digits for Arabic-Indic and Persian ones.",
            "بالأرقام اللاتينية.",
            [("to_latin_digits(\"٠٥٠۱۲۳\")", "\"050123\"")],
            |a| Ok(to_latin_digits(a.text(0)?).into())
        ),
        function!(
            "arabic",
            "is_arabic",
            1..=1,
            "is_arabic(text)",
            "Whether most of its letters are Arabic.",
            "هل معظم الأحرف عربية.",
            [("is_arabic(\"مرحبا Noura\")", "false"), ("is_arabic(\"السلام عليكم Ali\")", "true")],
            |a| Ok(is_arabic(a.text(0)?).into())
        ),
        function!(
            "arabic",
            "remove_diacritics",
            1..=1,
            "remove_diacritics(text)",
            "Without tashkil and tatweel; letters stay as they are.",
            "بلا تشكيل ولا تطويل.",
            [("remove_diacritics(\"مُحَمَّدٌ\")", "\"محمد\"")],
            |a| Ok(a.text(0)?.chars().filter(|c| !is_mark(*c)).collect::<String>().into())
        ),
    ]
}

/// Diacritics (harakat, Quranic marks, superscript alef), tatweel, and invisible direction marks.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}'
        | '\u{06DF}'..='\u{06E8}' | '\u{06EA}'..='\u{06ED}' | '\u{08D3}'..='\u{08FF}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// One form for what people write in many: NFKC (so that presentation forms become letters), no
/// diacritics or tatweel, one alef, `ى`/`ی` as `ي`, `ة` as `ه`, `ک` as `ك`, hamza carriers as their
/// carrier, Latin digits, small letters, single spaces.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut space = false;
    let mut push = |c: char| {
        if c.is_whitespace() {
            space = !folded.is_empty();
            return;
        }
        if std::mem::take(&mut space) {
            folded.push(' ');
        }
        folded.push(c);
    };
    if text.is_ascii() {
        text.chars().for_each(|c| push(c.to_ascii_lowercase()));
        return folded;
    }
    for c in text.nfkc().filter(|c| !is_mark(*c)) {
        match c {
            'أ' | 'إ' | 'آ' | 'ٱ' | 'ٲ' | 'ٳ' => push('ا'),
            'ى' | 'ی' | 'ې' | 'ئ' => push('ي'),
            'ؤ' => push('و'),
            'ة' | 'ۀ' | 'ہ' | 'ە' | 'ۃ' => push('ه'),
            'ک' | 'ڪ' => push('ك'),
            c => match latin_digit(c) {
                Some(digit) => push(digit),
                None => c.to_lowercase().for_each(&mut push),
            },
        }
    }
    folded
}

fn latin_digit(c: char) -> Option<char> {
    let digit = match c {
        '٠'..='٩' => c as u32 - '٠' as u32,
        '۰'..='۹' => c as u32 - '۰' as u32,
        _ => return None,
    };
    char::from_digit(digit, 10)
}

/// The text with Latin digits.
pub fn to_latin_digits(text: &str) -> String {
    text.chars().map(|c| latin_digit(c).unwrap_or(c)).collect()
}

/// The text with Arabic-Indic digits.
pub fn to_arabic_digits(text: &str) -> String {
    text.chars()
        .map(|c| c.to_digit(10).and_then(|digit| char::from_u32('٠' as u32 + digit)).unwrap_or(c))
        .collect()
}

/// Whether most of its letters are Arabic.
pub fn is_arabic(text: &str) -> bool {
    let letters = || text.chars().filter(|c| c.is_alphabetic());
    let arabic = letters().filter(|c| matches!(c, '\u{0600}'..='\u{06FF}' | '\u{0750}'..='\u{077F}' | '\u{08A0}'..='\u{08FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}')).count();
    arabic * 2 > letters().count()
}

/// A number, also from text with Arabic digits, separators and spaces around.
pub(crate) fn number(value: &Json) -> Option<Json> {
    match value {
        Json::Number(_) => Some(value.clone()),
        Json::String(text) => {
            let text: String = to_latin_digits(text.trim())
                .chars()
                .filter(|c| !matches!(c, ',' | '٬' | '\u{00A0}' | '\u{202F}'))
                .map(|c| if c == '٫' { '.' } else { c })
                .collect();
            match text.parse::<i64>() {
                Ok(whole) => Some(whole.into()),
                Err(_) => text
                    .parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .and_then(crate::value::convert::float_to_json),
            }
        }
        _ => None,
    }
}
