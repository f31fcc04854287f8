//! Money: exact decimals from text, Saudi riyals for reading, VAT, minor units. Amounts are JSON
//! numbers (exact to 15 digits) or decimal text; computing is decimal all through, never binary.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};

use super::{Arguments, Function, Given, arabic, date, function};
use crate::Json;

/// The Saudi rate of value-added tax since 1 July 2020, in percent.
pub const VAT_PERCENT: i64 = 15;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "money",
            "money",
            1..=1,
            "money(value)",
            "An exact decimal, from a number or text; Arabic digits and thousands separators understood.",
            "مبلغ عشري دقيق.",
            [("money(\"0.10\") + money(\"0.20\")", "0.3"), ("money(\"١٬٢٥٠٫٥٠\") * 2", "2501")],
            |a| Ok(Given::Decimal(amount(a, 0)?))
        ),
        function!(
            "money",
            "vat",
            1..=2,
            "vat(amount, percent = 15)",
            "The value-added tax on an amount without it, rounded to halalas (half away from zero).",
            "ضريبة القيمة المضافة على المبلغ.",
            [("vat(100)", "15"), ("vat(\"99.99\")", "15"), ("vat(200, 5)", "10")],
            |a| Ok(Given::Decimal(vat(amount(a, 0)?, percent(a, 1)?)?))
        ),
        function!(
            "money",
            "with_vat",
            1..=2,
            "with_vat(amount, percent = 15)",
            "An amount with its value-added tax.",
            "المبلغ شاملًا الضريبة.",
            [("with_vat(100)", "115"), ("with_vat(1250.5)", "1438.08")],
            |a| {
                let net = amount(a, 0)?;
                add(net, vat(net, percent(a, 1)?)?).map(Given::Decimal)
            }
        ),
        function!(
            "money",
            "without_vat",
            1..=2,
            "without_vat(amount, percent = 15)",
            "What remains of an amount that includes value-added tax.",
            "المبلغ بدون الضريبة.",
            [("without_vat(115)", "100")],
            |a| {
                let factor = Decimal::ONE + percent(a, 1)? / Decimal::ONE_HUNDRED;
                let net =
                    amount(a, 0)?.checked_div(factor).ok_or("the percentage leaves nothing to divide by")?;
                Ok(Given::Decimal(round(net, 2, "half_up")?))
            }
        ),
        function!(
            "money",
            "round_money",
            1..=3,
            "round_money(amount, digits = 2, mode = \"half_up\")",
            "Rounded to so many digits; `half_up` (away from zero), `half_even`, `up` or `down`.",
            "تقريب المبلغ.",
            [
                ("round_money(\"2.345\")", "2.35"),
                ("round_money(\"2.345\", 2, \"half_even\")", "2.34"),
                ("round_money(1234.5, 0, \"down\")", "1234")
            ],
            |a| {
                let digits = u32::try_from(a.whole_or(1, 2)?)
                    .ok()
                    .filter(|digits| *digits <= 28)
                    .ok_or("argument 2 goes from 0 to 28")?;
                Ok(Given::Decimal(round(amount(a, 0)?, digits, a.text_or(2, "half_up")?)?))
            }
        ),
        function!(
            "money",
            "format_money",
            1..=3,
            "format_money(amount, currency = \"SAR\", language = \"en\")",
            "For reading: two digits, thousands separated, the currency's name; `ar` with Arabic digits.",
            "المبلغ للقراءة مع العملة.",
            [
                ("format_money(75000)", "\"75,000.00 SAR\""),
                ("format_money(1250.5, \"SAR\", \"ar\")", "\"١٬٢٥٠٫٥٠ ر.س\""),
                ("format_money(\"-3\", \"USD\")", "\"-3.00 USD\"")
            ],
            |a| format(amount(a, 0)?, a.text_or(1, "SAR")?, date::names(a.text_or(2, "en")?, false, true)?)
                .map(Into::into)
        ),
        function!(
            "money",
            "format_number",
            1..=3,
            "format_number(number, digits = 0, language = \"en\")",
            "A number with separated thousands.",
            "الرقم مع فواصل الآلاف.",
            [("format_number(1234567)", "\"1,234,567\""), ("format_number(0.5, 1, \"ar\")", "\"٠٫٥\"")],
            |a| {
                let digits = u32::try_from(a.whole_or(1, 0)?)
                    .ok()
                    .filter(|digits| *digits <= 28)
                    .ok_or("argument 2 goes from 0 to 28")?;
                Ok(grouped(amount(a, 0)?, digits, date::names(a.text_or(2, "en")?, false, true)?)?.into())
            }
        ),
        function!(
            "money",
            "to_minor",
            1..=2,
            "to_minor(amount, digits = 2)",
            "In halalas (or another smallest unit), as payment providers want it; an error where that is not whole.",
            "المبلغ بالهللات.",
            [("to_minor(\"99.95\")", "9995")],
            |a| {
                let scaled = amount(a, 0)?.checked_mul(power(a, 1)?).ok_or("the amount is too large")?;
                if !scaled.is_integer() {
                    return Err(
                        "the amount has parts smaller than the smallest unit; round it first".to_owned()
                    );
                }
                Ok(scaled.to_i64().ok_or("the amount is too large")?.into())
            }
        ),
        function!(
            "money",
            "from_minor",
            1..=2,
            "from_minor(units, digits = 2)",
            "An amount from halalas (or another smallest unit).",
            "المبلغ من الهللات.",
            [("from_minor(9995)", "99.95")],
            |a| Ok(Given::Decimal(Decimal::from(a.whole(0)?) / power(a, 1)?))
        ),
        function!(
            "money",
            "percent_of",
            2..=2,
            "percent_of(part, whole)",
            "How many percent the part is, with two digits.",
            "النسبة المئوية.",
            [("percent_of(1, 3)", "33.33")],
            |a| {
                let share = amount(a, 0)?
                    .checked_mul(Decimal::ONE_HUNDRED)
                    .and_then(|share| share.checked_div(amount(a, 1).ok()?));
                Ok(Given::Decimal(round(
                    share.ok_or("argument 2 must be a number other than 0")?,
                    2,
                    "half_up",
                )?))
            }
        ),
    ]
}

fn amount(arguments: &[Json], index: usize) -> Result<Decimal, String> {
    decimal(arguments.at(index))
        .ok_or_else(|| format!("argument {} is not an amount: {}", index + 1, arguments.at(index)))
}

/// A number or decimal text, with Arabic digits and separators, as an exact decimal.
pub fn decimal(value: &Json) -> Option<Decimal> {
    let text = match value {
        Json::Number(number) => number.to_string(),
        Json::String(text) => arabic::to_latin_digits(text.trim())
            .chars()
            .filter(|c| !matches!(c, ',' | '٬' | ' ' | '\u{00A0}' | '\u{202F}'))
            .map(|c| if c == '٫' { '.' } else { c })
            .collect(),
        _ => return None,
    };
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

fn percent(arguments: &[Json], index: usize) -> Result<Decimal, String> {
    if arguments.at(index).is_null() { Ok(VAT_PERCENT.into()) } else { amount(arguments, index) }
}

fn power(arguments: &[Json], index: usize) -> Result<Decimal, String> {
    match arguments.whole_or(index, 2)? {
        digits @ 0..=6 => Ok(Decimal::from(10_i64.pow(digits as u32))),
        _ => Err(format!("argument {} goes from 0 to 6", index + 1)),
    }
}

fn add(one: Decimal, other: Decimal) -> Result<Decimal, String> {
    one.checked_add(other).ok_or_else(|| "the amount is too large".to_owned())
}

fn vat(net: Decimal, percent: Decimal) -> Result<Decimal, String> {
    let tax = net
        .checked_mul(percent)
        .and_then(|tax| tax.checked_div(Decimal::ONE_HUNDRED))
        .ok_or("the amount is too large")?;
    round(tax, 2, "half_up")
}

fn round(amount: Decimal, digits: u32, mode: &str) -> Result<Decimal, String> {
    let strategy = match mode {
        "half_up" => RoundingStrategy::MidpointAwayFromZero,
        "half_even" => RoundingStrategy::MidpointNearestEven,
        "up" => RoundingStrategy::AwayFromZero,
        "down" => RoundingStrategy::ToZero,
        other => {
            return Err(format!("`{other}` is not a way to round; there are half_up, half_even, up, down"));
        }
    };
    Ok(amount.round_dp_with_strategy(digits, strategy))
}

fn grouped(amount: Decimal, digits: u32, arabic: bool) -> Result<String, String> {
    let mut rounded = round(amount, digits, "half_up")?;
    rounded.rescale(digits);
    let text = rounded.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::with_capacity(text.len() * 2);
    if rounded.is_sign_negative() && !rounded.is_zero() {
        grouped.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(if arabic { '٬' } else { ',' });
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push(if arabic { '٫' } else { '.' });
        grouped.push_str(fraction);
    }
    Ok(if arabic { arabic::to_arabic_digits(&grouped) } else { grouped })
}

fn format(amount: Decimal, currency: &str, arabic: bool) -> Result<String, String> {
    // Dinars have three digits.
    let digits = if matches!(currency, "KWD" | "BHD" | "OMR" | "JOD") { 3 } else { 2 };
    let name = match (arabic, currency) {
        (true, "SAR") => "ر.س",
        (true, "AED") => "د.إ",
        (true, "KWD") => "د.ك",
        (true, "BHD") => "د.ب",
        (true, "QAR") => "ر.ق",
        (true, "OMR") => "ر.ع",
        _ => currency,
    };
    Ok(format!("{} {name}", grouped(amount, digits, arabic)?))
}
