//! Dates and moments, with jiff. A moment is RFC 3339 text, a date (`2026-11-23`, its midnight in the
//! workspace's zone), a local date and time, or seconds (or milliseconds) since 1970. Results are
//! RFC 3339 with the zone's offset. `now` is a value that is given; nothing here reads a clock.
//! The week begins on Sunday and ends with Friday and Saturday, as in Saudi Arabia.

use jiff::{
    Span, Timestamp, Unit, Zoned,
    civil::{Date, DateTime, Time, Weekday},
    fmt::strtime,
    tz::TimeZone,
};

use super::{Arguments, Function, Given, arabic, function, wanted, zone};
use crate::Json;

pub(super) const MONTHS_AR: [&str; 12] = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
];
pub(super) const DAYS_EN: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(super) const DAYS_AR: [&str; 7] = ["الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"];

/// Working days that may be added or counted at once.
const MAX_DAYS: i64 = 10_000;

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "date",
            "parse_date",
            2..=2,
            "parse_date(text, format)",
            "A moment from text in a strftime format, in the workspace's zone unless the text names one.",
            "يقرأ التاريخ حسب صيغة معينة.",
            [
                ("parse_date(\"23/11/2026 14:30\", \"%d/%m/%Y %H:%M\")", "\"2026-11-23T14:30:00+03:00\""),
                ("parse_date(\"٢٣-١١-٢٠٢٦\", \"%d-%m-%Y\")", "\"2026-11-23T00:00:00+03:00\"")
            ],
            |a| parse(a.text(0)?, a.text(1)?)
        ),
        function!(
            "date",
            "format_date",
            1..=3,
            "format_date(date, format = \"%Y-%m-%d\", language = \"en\")",
            "A moment as text, in a strftime format; `ar` gives Arabic names of days and months.",
            "التاريخ كنص، بالعربية عند الحاجة.",
            [
                ("format_date(\"2026-11-23T08:00:00Z\", \"%d/%m/%Y %H:%M\")", "\"23/11/2026 11:00\""),
                ("format_date(\"2026-11-23\", \"%A %-d %B %Y\", \"ar\")", "\"الاثنين 23 نوفمبر 2026\"")
            ],
            |a| format(&at(a, 0)?, a.text_or(1, "%Y-%m-%d")?, a.text_or(2, "en")?)
        ),
        function!(
            "date",
            "date_add",
            3..=3,
            "date_add(date, amount, unit)",
            "Later by so many seconds, minutes, hours, days, weeks, months or years; negative is earlier.",
            "يضيف مدة إلى التاريخ.",
            [
                ("date_add(\"2026-11-23T08:00:00Z\", 2, \"days\")", "\"2026-11-25T11:00:00+03:00\""),
                ("date_add(\"2026-01-31\", 1, \"month\")", "\"2026-02-28T00:00:00+03:00\"")
            ],
            |a| shift(&at(a, 0)?, a.whole(1)?, a.text(2)?).map(|moment| iso(&moment).into())
        ),
        function!(
            "date",
            "date_sub",
            3..=3,
            "date_sub(date, amount, unit)",
            "Earlier by so much.",
            "يطرح مدة من التاريخ.",
            [("date_sub(\"2026-11-23\", 1, \"week\")", "\"2026-11-16T00:00:00+03:00\"")],
            |a| shift(&at(a, 0)?, a.whole(1)?.checked_neg().ok_or("argument 2 is too large")?, a.text(2)?)
                .map(|moment| iso(&moment).into())
        ),
        function!(
            "date",
            "date_diff",
            3..=3,
            "date_diff(from, to, unit)",
            "How many whole units lie between; negative where `to` is earlier.",
            "الفرق بين تاريخين.",
            [
                ("date_diff(\"2026-11-01\", \"2026-11-23\", \"days\")", "22"),
                ("date_diff(\"2026-11-23T10:00:00Z\", \"2026-11-23T08:30:00Z\", \"hours\")", "-1")
            ],
            |a| diff(&at(a, 0)?, &at(a, 1)?, unit(a.text(2)?)?).map(Into::into)
        ),
        function!(
            "date",
            "start_of",
            2..=2,
            "start_of(date, unit)",
            "The beginning of its hour, day, week (Sunday), month or year.",
            "بداية اليوم أو الأسبوع (الأحد) أو الشهر أو السنة.",
            [
                ("start_of(\"2026-11-25T15:20:00+03:00\", \"week\")", "\"2026-11-22T00:00:00+03:00\""),
                ("start_of(\"2026-11-25\", \"month\")", "\"2026-11-01T00:00:00+03:00\"")
            ],
            |a| start_of(&at(a, 0)?, unit(a.text(1)?)?).map(|moment| iso(&moment).into())
        ),
        function!(
            "date",
            "end_of",
            2..=2,
            "end_of(date, unit)",
            "The last second of its hour, day, week, month or year.",
            "نهاية اليوم أو الأسبوع أو الشهر أو السنة.",
            [("end_of(\"2026-02-10\", \"month\")", "\"2026-02-28T23:59:59+03:00\"")],
            |a| {
                let name = a.text(1)?;
                let next = shift(&start_of(&at(a, 0)?, unit(name)?)?, 1, name)?;
                shift(&next, -1, "second").map(|moment| iso(&moment).into())
            }
        ),
        function!(
            "date",
            "weekday",
            1..=2,
            "weekday(date, language = \"en\")",
            "The name of its day.",
            "اسم اليوم.",
            [("weekday(\"2026-11-23\")", "\"Monday\""), ("weekday(\"2026-11-23\", \"ar\")", "\"الاثنين\"")],
            |a| Ok(names(a.text_or(1, "en")?, DAYS_EN, DAYS_AR)?[day(&at(a, 0)?)].into())
        ),
        function!(
            "date",
            "is_workday",
            1..=1,
            "is_workday(date)",
            "Whether it is a day from Sunday to Thursday. Public holidays are not known.",
            "هل هو يوم عمل من الأحد إلى الخميس.",
            [("is_workday(\"2026-11-23\")", "true"), ("is_workday(\"2026-11-27\")", "false")],
            |a| Ok(is_workday(at(a, 0)?.date()).into())
        ),
        function!(
            "date",
            "add_workdays",
            2..=2,
            "add_workdays(date, days)",
            "Later by so many days from Sunday to Thursday.",
            "يضيف أيام عمل.",
            [("add_workdays(\"2026-11-26\", 1)", "\"2026-11-29T00:00:00+03:00\"")],
            |a| add_workdays(&at(a, 0)?, a.whole(1)?).map(|moment| iso(&moment).into())
        ),
        function!(
            "date",
            "in_zone",
            2..=2,
            "in_zone(date, zone)",
            "The same moment with another zone's clock; zones have IANA names.",
            "اللحظة نفسها بتوقيت آخر.",
            [("in_zone(\"2026-11-23T08:00:00Z\", \"Europe/London\")", "\"2026-11-23T08:00:00+00:00\"")],
            |a| {
                let name = a.text(1)?;
                let zone = TimeZone::get(name)
                    .map_err(|_| format!("there is no time zone `{name}`; e.g. Asia/Riyadh"))?;
                Ok(iso(&at(a, 0)?.with_time_zone(zone)).into())
            }
        ),
        function!(
            "date",
            "to_date",
            1..=1,
            "to_date(date)",
            "Its day, `2026-11-23`, in the workspace's zone.",
            "اليوم فقط.",
            [("to_date(\"2026-11-23T22:30:00Z\")", "\"2026-11-24\"")],
            |a| Ok(at(a, 0)?.date().to_string().into())
        ),
        function!(
            "date",
            "date_part",
            2..=2,
            "date_part(date, part)",
            "Its year, month, day, hour, minute, second, weekday (0 is Sunday) or day_of_year.",
            "جزء من التاريخ.",
            [
                ("date_part(\"2026-11-23T08:00:00Z\", \"hour\")", "11"),
                ("date_part(\"2026-11-22\", \"weekday\")", "0")
            ],
            |a| part(&at(a, 0)?, a.text(1)?).map(Into::into)
        ),
        function!(
            "date",
            "is_before",
            2..=2,
            "is_before(date, other)",
            "Whether the moment is before the other.",
            "هل التاريخ قبل الآخر.",
            [("is_before(\"2026-11-23T08:00:00Z\", \"2026-11-23T12:00:00+03:00\")", "true")],
            |a| Ok((at(a, 0)? < at(a, 1)?).into())
        ),
        function!(
            "date",
            "is_after",
            2..=2,
            "is_after(date, other)",
            "Whether the moment is after the other.",
            "هل التاريخ بعد الآخر.",
            [("is_after(\"2026-11-23\", \"2026-11-22\")", "true")],
            |a| Ok((at(a, 0)? > at(a, 1)?).into())
        ),
        function!(
            "date",
            "to_unix",
            1..=1,
            "to_unix(date)",
            "Seconds since 1970-01-01T00:00:00Z.",
            "الثواني منذ 1970.",
            [("to_unix(\"2026-11-23T08:00:00Z\")", "1795420800")],
            |a| Ok(at(a, 0)?.timestamp().as_second().into())
        ),
    ]
}

/// A value as a moment in a zone.
///
/// # Errors
/// In words, what it is instead.
pub fn moment(value: &Json, zone: &TimeZone) -> Result<Zoned, String> {
    let refuse = || {
        format!(
            "{value} is not a date; write 2026-11-23 or 2026-11-23T08:00:00+03:00, or read it with `parse_date`"
        )
    };
    match value {
        Json::String(text) => {
            let text = arabic::to_latin_digits(text.trim());
            if let Ok(moment) = text.parse::<Timestamp>() {
                return Ok(moment.to_zoned(zone.clone()));
            }
            // A bare number of digits is no date, though it could be read as one.
            if !text.contains('-') {
                return Err(refuse());
            }
            let local = text
                .parse::<DateTime>()
                .or_else(|_| text.parse::<Date>().map(|date| date.to_datetime(Time::midnight())));
            local.and_then(|local| local.to_zoned(zone.clone())).map_err(|_| refuse())
        }
        Json::Number(number) => {
            // Milliseconds from 1973 on are larger than seconds until the year 5138.
            const MILLISECONDS: f64 = 1e11;
            let seconds = number.as_f64().ok_or_else(refuse)?;
            let micros = if seconds.abs() >= MILLISECONDS { seconds * 1e3 } else { seconds * 1e6 };
            Timestamp::from_microsecond(micros as i64)
                .map(|moment| moment.to_zoned(zone.clone()))
                .map_err(|_| refuse())
        }
        _ => Err(refuse()),
    }
}

pub(super) fn at(arguments: &[Json], index: usize) -> Result<Zoned, String> {
    match arguments.at(index) {
        value @ (Json::String(_) | Json::Number(_)) => moment(value, &zone()),
        other => Err(wanted(index, "a date", other)),
    }
}

/// RFC 3339 with the offset of its zone.
pub(super) fn iso(moment: &Zoned) -> String {
    moment.timestamp().display_with_offset(moment.offset()).to_string()
}

fn parse(text: &str, format: &str) -> Result<Given, String> {
    let text = arabic::to_latin_digits(text.trim());
    let parsed = strtime::parse(format, &text)
        .map_err(|error| format!("`{text}` does not fit `{format}`: {error}"))?;
    let local = |error: jiff::Error| format!("`{text}` is not a date: {error}");
    let moment = match parsed.to_timestamp() {
        Ok(moment) => moment.to_zoned(zone()),
        Err(_) => {
            let date = parsed.to_date().map_err(local)?;
            date.to_datetime(parsed.to_time().unwrap_or(Time::midnight())).to_zoned(zone()).map_err(local)?
        }
    };
    Ok(iso(&moment).into())
}

pub(super) fn names<T>(language: &str, en: T, ar: T) -> Result<T, String> {
    match language {
        "en" => Ok(en),
        "ar" => Ok(ar),
        other => Err(format!("the language is `en` or `ar`, not `{other}`")),
    }
}

fn format(moment: &Zoned, format: &str, language: &str) -> Result<Given, String> {
    if format.len() > 1024 {
        return Err("the format is too long".to_owned());
    }
    let arabic = names(language, false, true)?;
    let mut format = format.to_owned();
    if arabic {
        let month = MONTHS_AR[(moment.month() - 1) as usize];
        let half = if moment.hour() < 12 { "ص" } else { "م" };
        for (code, text) in [
            ("%A", DAYS_AR[day(moment)]),
            ("%a", DAYS_AR[day(moment)]),
            ("%B", month),
            ("%b", month),
            ("%p", half),
        ] {
            format = format.replace(code, text);
        }
    }
    strtime::format(&format, moment)
        .map(Given::from)
        .map_err(|error| format!("the format `{format}` cannot be used: {error}"))
}

fn unit(name: &str) -> Result<Unit, String> {
    Ok(match name.strip_suffix('s').unwrap_or(name) {
        "second" => Unit::Second,
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Month,
        "year" => Unit::Year,
        _ => {
            return Err(format!(
                "`{name}` is not a unit; there are second, minute, hour, day, week, month, year"
            ));
        }
    })
}

fn shift(moment: &Zoned, amount: i64, name: &str) -> Result<Zoned, String> {
    let span = Span::new();
    let span = match unit(name)? {
        Unit::Second => span.try_seconds(amount),
        Unit::Minute => span.try_minutes(amount),
        Unit::Hour => span.try_hours(amount),
        Unit::Day => span.try_days(amount),
        Unit::Week => span.try_weeks(amount),
        Unit::Month => span.try_months(amount),
        _ => span.try_years(amount),
    };
    span.and_then(|span| moment.checked_add(span))
        .map_err(|_| format!("{amount} {name} from there is outside of the calendar"))
}

fn diff(from: &Zoned, to: &Zoned, unit: Unit) -> Result<i64, String> {
    let span = from.until((unit, to)).map_err(|error| error.to_string())?;
    Ok(match unit {
        Unit::Second => span.get_seconds(),
        Unit::Minute => span.get_minutes(),
        Unit::Hour => span.get_hours().into(),
        Unit::Day => span.get_days().into(),
        Unit::Week => span.get_weeks().into(),
        Unit::Month => span.get_months().into(),
        _ => span.get_years().into(),
    })
}

fn start_of(moment: &Zoned, unit: Unit) -> Result<Zoned, String> {
    let date = moment.date();
    let start = match unit {
        Unit::Second | Unit::Minute | Unit::Hour => {
            return moment
                .round(jiff::ZonedRound::new().smallest(unit).mode(jiff::RoundMode::Trunc))
                .map_err(|error| error.to_string());
        }
        Unit::Week => {
            date.checked_sub(Span::new().days(day(moment) as i64)).map_err(|error| error.to_string())?
        }
        Unit::Month => date.first_of_month(),
        Unit::Year => date.first_of_year(),
        _ => date,
    };
    start
        .to_datetime(Time::midnight())
        .to_zoned(moment.time_zone().clone())
        .map_err(|error| error.to_string())
}

fn day(moment: &Zoned) -> usize {
    moment.weekday().to_sunday_zero_offset() as usize
}

/// Sunday to Thursday.
pub fn is_workday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Friday | Weekday::Saturday)
}

fn add_workdays(moment: &Zoned, days: i64) -> Result<Zoned, String> {
    if days.abs() > MAX_DAYS {
        return Err(format!("at most {MAX_DAYS} days"));
    }
    let mut moment = moment.clone();
    let mut left = days.abs();
    while left > 0 {
        moment = shift(&moment, days.signum(), "day")?;
        left -= i64::from(is_workday(moment.date()));
    }
    Ok(moment)
}

fn part(moment: &Zoned, name: &str) -> Result<i64, String> {
    Ok(match name {
        "year" => moment.year().into(),
        "month" => moment.month().into(),
        "day" => moment.day().into(),
        "hour" => moment.hour().into(),
        "minute" => moment.minute().into(),
        "second" => moment.second().into(),
        "weekday" => day(moment) as i64,
        "day_of_year" => moment.day_of_year().into(),
        _ => {
            return Err(format!(
                "`{name}` is not a part; there are year, month, day, hour, minute, second, weekday, day_of_year"
            ));
        }
    })
}
