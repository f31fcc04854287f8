//! Phone numbers in E.164 (`+966501234567`), from what people write: `050 123 4567`, `00966…`,
//! `٠٥٠١٢٣٤٥٦٧`. National rules are known for the Gulf and a few neighbours; other countries are
//! checked for length only (ITU-T E.164: at most 15 digits). Not a full numbering-plan library.

use super::{Arguments, Function, arabic, function};

/// Country, calling code, trunk prefix, and lengths of the national number; first digits of mobiles.
struct Plan {
    country: &'static str,
    code: &'static str,
    trunk: &'static str,
    lengths: &'static [usize],
    mobile: &'static [&'static str],
}

const PLANS: [Plan; 12] = [
    // Saudi Arabia: mobiles 5XXXXXXXX, land lines 1XXXXXXXX, 800/9200 numbers (CST numbering plan).
    Plan { country: "SA", code: "966", trunk: "0", lengths: &[9, 10], mobile: &["5"] },
    Plan { country: "AE", code: "971", trunk: "0", lengths: &[8, 9], mobile: &["5"] },
    Plan { country: "KW", code: "965", trunk: "", lengths: &[8], mobile: &["5", "6", "9"] },
    Plan { country: "BH", code: "973", trunk: "", lengths: &[8], mobile: &["3", "66"] },
    Plan { country: "QA", code: "974", trunk: "", lengths: &[8], mobile: &["3", "5", "6", "7"] },
    Plan { country: "OM", code: "968", trunk: "", lengths: &[8], mobile: &["7", "9"] },
    Plan { country: "YE", code: "967", trunk: "0", lengths: &[7, 8, 9], mobile: &["7"] },
    Plan { country: "EG", code: "20", trunk: "0", lengths: &[8, 9, 10], mobile: &["1"] },
    Plan { country: "JO", code: "962", trunk: "0", lengths: &[8, 9], mobile: &["7"] },
    Plan { country: "IN", code: "91", trunk: "0", lengths: &[10], mobile: &["6", "7", "8", "9"] },
    Plan { country: "PK", code: "92", trunk: "0", lengths: &[9, 10], mobile: &["3"] },
    Plan { country: "GB", code: "44", trunk: "0", lengths: &[9, 10], mobile: &["7"] },
];

/// The country of a workspace that has not said otherwise.
pub const DEFAULT_COUNTRY: &str = "SA";

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "phone",
            "phone",
            1..=2,
            "phone(text, country = \"SA\")",
            "In E.164, for storing and comparing; an error where it is no phone number.",
            "الرقم بالصيغة الدولية للحفظ والمقارنة.",
            [
                ("phone(\"050 123 4567\")", "\"+966501234567\""),
                ("phone(\"٠٠٩٦٦-٥٠-١٢٣٤٥٦٧\")", "\"+966501234567\""),
                ("phone(\"501234567\")", "\"+966501234567\""),
                ("phone(\"055 123 4567\", \"AE\")", "\"+971551234567\"")
            ],
            |a| normalise(&given(a)?, a.text_or(1, DEFAULT_COUNTRY)?).map(Into::into)
        ),
        function!(
            "phone",
            "is_phone",
            1..=2,
            "is_phone(text, country = \"SA\")",
            "Whether it can be a phone number.",
            "هل يصلح أن يكون رقم هاتف.",
            [("is_phone(\"0501234567\")", "true"), ("is_phone(\"12\")", "false"), ("is_phone(())", "false")],
            |a| Ok(given(a).and_then(|text| normalise(&text, a.text_or(1, DEFAULT_COUNTRY)?)).is_ok().into())
        ),
        function!(
            "phone",
            "is_mobile",
            1..=2,
            "is_mobile(text, country = \"SA\")",
            "Whether it is a mobile number of a country whose plan is known.",
            "هل هو رقم جوال.",
            [("is_mobile(\"0501234567\")", "true"), ("is_mobile(\"0112345678\")", "false")],
            |a| Ok(given(a)
                .and_then(|text| normalise(&text, a.text_or(1, DEFAULT_COUNTRY)?))
                .is_ok_and(|number| is_mobile(&number))
                .into())
        ),
        function!(
            "phone",
            "format_phone",
            1..=2,
            "format_phone(text, country = \"SA\")",
            "For reading: in groups, with the country's code.",
            "الرقم في مجموعات للقراءة.",
            [("format_phone(\"0501234567\")", "\"+966 50 123 4567\"")],
            |a| normalise(&given(a)?, a.text_or(1, DEFAULT_COUNTRY)?).map(|number| format(&number).into())
        ),
        function!(
            "phone",
            "phone_country",
            1..=2,
            "phone_country(text, country = \"SA\")",
            "The country's two letters, where its code is known, else null.",
            "رمز الدولة.",
            [("phone_country(\"+971551234567\")", "\"AE\"")],
            |a| normalise(&given(a)?, a.text_or(1, DEFAULT_COUNTRY)?)
                .map(|number| plan_of(&number).map_or(crate::Json::Null, |plan| plan.country.into()).into())
        ),
    ]
}

/// Numbers are taken too: a form may have dropped the leading zero.
fn given(arguments: &[crate::Json]) -> Result<String, String> {
    match arguments.at(0) {
        crate::Json::Number(number) => Ok(number.to_string()),
        _ => arguments.text(0).map(str::to_owned),
    }
}

/// `text` in E.164; a number without a country's code belongs to `default_country` (`SA`, or `+966`).
///
/// # Errors
/// In words, why it is no phone number.
pub fn normalise(text: &str, default_country: &str) -> Result<String, String> {
    let latin = arabic::to_latin_digits(text.trim());
    let mut digits = String::with_capacity(16);
    let mut plus = false;
    for c in latin.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' | '＋' if digits.is_empty() && !plus => plus = true,
            ' ' | '-' | '(' | ')' | '.' | '/' | '\u{00A0}' | '\u{2010}'..='\u{2015}' => {}
            // Direction marks come along when numbers are copied out of Arabic text.
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {}
            '+' if digits.is_empty() => {}
            other => return Err(format!("`{text}` is not a phone number: it has `{other}`")),
        }
    }
    let wanted = default_country.trim_start_matches('+');
    let home = PLANS
        .iter()
        .find(|plan| plan.country.eq_ignore_ascii_case(wanted) || plan.code == wanted)
        .ok_or_else(|| {
            format!(
                "the country `{default_country}` is not known; there are {}",
                PLANS.map(|plan| plan.country).join(", ")
            )
        })?;
    let international = if plus { Some(digits.as_str()) } else { digits.strip_prefix("00") };
    let international = match international {
        Some(number) => number.to_owned(),
        // `966501234567` without a sign, where it would be too long for a national number.
        None if digits.starts_with(home.code)
            && home.lengths.contains(&(digits.len() - home.code.len()))
            && !home.lengths.contains(&digits.len()) =>
        {
            digits.clone()
        }
        None => {
            let national = if home.trunk.is_empty() {
                &digits
            } else {
                digits.strip_prefix(home.trunk).unwrap_or(&digits)
            };
            format!("{}{national}", home.code)
        }
    };
    // `+966 (0) 50 …`: the trunk prefix is for calls inside the country only.
    let international = match PLANS.iter().find(|plan| international.starts_with(plan.code)) {
        Some(plan) if !plan.trunk.is_empty() => {
            let national = &international[plan.code.len()..];
            format!("{}{}", plan.code, national.strip_prefix(plan.trunk).unwrap_or(national))
        }
        _ => international,
    };
    check(text, &international)?;
    Ok(format!("+{international}"))
}

fn check(text: &str, number: &str) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("`{text}` is not a phone number: {why}"));
    if number.len() < 7 {
        return refuse("it is too short");
    }
    if number.len() > 15 {
        return refuse("it is longer than 15 digits");
    }
    if number.starts_with('0') {
        return refuse("no country's code begins with 0");
    }
    let Some(plan) = PLANS.iter().find(|plan| number.starts_with(plan.code)) else { return Ok(()) };
    let national = &number[plan.code.len()..];
    let fits = match plan.country {
        "SA" => match national.as_bytes().first() {
            Some(b'5' | b'1') => national.len() == 9,
            // 9200 XXXXX unified numbers, 800 XXX XXXX free numbers.
            Some(b'9') => national.starts_with("9200") && national.len() == 9,
            Some(b'8') => national.starts_with("800") && national.len() == 10,
            _ => false,
        },
        _ => plan.lengths.contains(&national.len()),
    };
    if fits { Ok(()) } else { refuse(&format!("it does not fit the numbers of {}", plan.country)) }
}

fn plan_of(number: &str) -> Option<&'static Plan> {
    PLANS.iter().find(|plan| number[1..].starts_with(plan.code))
}

fn is_mobile(number: &str) -> bool {
    plan_of(number).is_some_and(|plan| {
        plan.mobile.iter().any(|prefix| number[1 + plan.code.len()..].starts_with(prefix))
    })
}

fn format(number: &str) -> String {
    let Some(plan) = plan_of(number) else { return number.to_owned() };
    let national = &number[1 + plan.code.len()..];
    let groups: &[usize] = match national.len() {
        8 => &[4, 4],
        9 => &[2, 3, 4],
        10 => &[3, 3, 4],
        length => &[length],
    };
    let mut formatted = format!("+{}", plan.code);
    let mut rest = national;
    for group in groups {
        let (part, after) = rest.split_at(*group);
        formatted.push(' ');
        formatted.push_str(part);
        rest = after;
    }
    formatted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write() {
        for text in [
            "0501234567",
            "501234567",
            "966501234567",
            "+966501234567",
            "00966501234567",
            "٠٥٠١٢٣٤٥٦٧",
            "۰۵۰۱۲۳۴۵۶۷",
            "+966 (0) 50-123-4567",
            "\u{202A}+966 50 123 4567\u{202C}",
            " 050.123.4567 ",
        ] {
            assert_eq!(normalise(text, "SA").as_deref(), Ok("+966501234567"), "{text}");
        }
        assert_eq!(normalise("0112345678", "+966").as_deref(), Ok("+966112345678"));
        assert_eq!(normalise("920012345", "SA").as_deref(), Ok("+966920012345"));
        assert_eq!(normalise("+14155552671", "SA").as_deref(), Ok("+14155552671"));
        for text in [
            "",
            "12",
            "05012345678",
            "call me",
            "0+501234567",
            "+9665012345",
            "+1234567890123456",
            "0201234567",
        ] {
            assert!(normalise(text, "SA").is_err(), "{text}");
        }
        assert!(normalise("0501234567", "XX").unwrap_err().contains("XX"));
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        for text in ["0501234567", "8001234567", "+971551234567", "+97333123456"] {
            let once = normalise(text, "SA").unwrap();
            assert_eq!(normalise(&once, "KW"), Ok(once));
        }
    }
}
