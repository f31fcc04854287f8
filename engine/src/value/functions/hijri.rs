//! The Hijri calendar in its Umm al-Qura form, the civil calendar of Saudi Arabia. Month lengths
//! come from ICU4X, which carries the published tables for 1300-1600 AH; outside of them dates are
//! refused rather than computed, since no rule yields them. For past years the tables are the calendar
//! as published; on single days the announced beginning of a month differed from it.

use icu_calendar::{
    Date,
    cal::{Hijri, hijri::UmmAlQura},
    types::Month,
};

use super::{Arguments, Function, arabic, date, function, wanted};
use crate::Json;

/// First and last year that the tables hold.
const YEARS: std::ops::RangeInclusive<i32> = 1300..=1600;

const MONTHS_EN: [&str; 12] = [
    "Muharram",
    "Safar",
    "Rabi al-Awwal",
    "Rabi al-Thani",
    "Jumada al-Ula",
    "Jumada al-Akhirah",
    "Rajab",
    "Shaban",
    "Ramadan",
    "Shawwal",
    "Dhu al-Qadah",
    "Dhu al-Hijjah",
];
const MONTHS_AR: [&str; 12] = [
    "محرم",
    "صفر",
    "ربيع الأول",
    "ربيع الآخر",
    "جمادى الأولى",
    "جمادى الآخرة",
    "رجب",
    "شعبان",
    "رمضان",
    "شوال",
    "ذو القعدة",
    "ذو الحجة",
];

pub(super) fn functions() -> Vec<Function> {
    vec![
        function!(
            "hijri",
            "to_hijri",
            1..=1,
            "to_hijri(date)",
            "Its day in the Umm al-Qura calendar, `1448-06-13`, by the workspace's zone.",
            "التاريخ الهجري حسب أم القرى.",
            [("to_hijri(\"2026-11-23\")", "\"1448-06-13\""), ("to_hijri(\"2024-03-11\")", "\"1445-09-01\"")],
            |a| {
                let (year, month, day) = to_hijri(date::at(a, 0)?.date())?;
                Ok(format!("{year:04}-{month:02}-{day:02}").into())
            }
        ),
        function!(
            "hijri",
            "from_hijri",
            1..=1,
            "from_hijri(text)",
            "The Gregorian day of an Umm al-Qura date `1445-09-01`.",
            "يحوّل التاريخ الهجري إلى ميلادي.",
            [
                ("from_hijri(\"1445-09-01\")", "\"2024-03-11\""),
                ("from_hijri(\"١٤٤٥/٩/١\")", "\"2024-03-11\"")
            ],
            |a| from_hijri(a.text(0)?).map(|date| date.to_string().into())
        ),
        function!(
            "hijri",
            "format_hijri",
            1..=2,
            "format_hijri(date, language = \"ar\")",
            "Its Umm al-Qura day in words.",
            "التاريخ الهجري بالكلمات.",
            [
                ("format_hijri(\"2024-03-11\")", "\"1 رمضان 1445 هـ\""),
                ("format_hijri(\"2024-03-11\", \"en\")", "\"1 Ramadan 1445 AH\"")
            ],
            |a| {
                let (year, month, day) = to_hijri(date::at(a, 0)?.date())?;
                let (names, era) = date::names(a.text_or(1, "ar")?, (MONTHS_EN, "AH"), (MONTHS_AR, "هـ"))?;
                Ok(format!("{day} {} {year} {era}", names[usize::from(month) - 1]).into())
            }
        ),
        function!(
            "hijri",
            "hijri_part",
            2..=2,
            "hijri_part(date, part)",
            "Its Umm al-Qura year, month or day.",
            "السنة أو الشهر أو اليوم الهجري.",
            [("hijri_part(\"2024-03-11\", \"month\")", "9")],
            |a| {
                let (year, month, day) = to_hijri(date::at(a, 0)?.date())?;
                Ok(Json::from(match a.text(1)? {
                    "year" => year,
                    "month" => month.into(),
                    "day" => day.into(),
                    other => return Err(format!("`{other}` is not a part; there are year, month, day")),
                })
                .into())
            }
        ),
        function!(
            "hijri",
            "hijri_month_length",
            2..=2,
            "hijri_month_length(year, month)",
            "29 or 30, by the published tables.",
            "عدد أيام الشهر الهجري.",
            [("hijri_month_length(1445, 9)", "30")],
            |a| {
                let (year, month) = (a.whole(0)?, a.whole(1)?);
                let year = i32::try_from(year).map_err(|_| wanted(0, "a Hijri year", a.at(0)))?;
                let month = u8::try_from(month).map_err(|_| wanted(1, "a month from 1 to 12", a.at(1)))?;
                Ok(i64::from(hijri(year, month, 1)?.days_in_month()).into())
            }
        ),
    ]
}

fn hijri(year: i32, month: u8, day: u8) -> Result<Date<Hijri<UmmAlQura>>, String> {
    if !YEARS.contains(&year) {
        return Err(outside());
    }
    if !(1..=12).contains(&month) {
        return Err(format!("there is no Hijri month {month}"));
    }
    Date::try_new(year.into(), Month::new(month), day, Hijri::new_umm_al_qura())
        .map_err(|_| format!("there is no day {day} in {} {year}", MONTHS_EN[usize::from(month) - 1]))
}

fn outside() -> String {
    format!("the Umm al-Qura tables go from {} to {} AH", YEARS.start(), YEARS.end())
}

/// Year, month and day in the Umm al-Qura calendar.
///
/// # Errors
/// In words, where the day lies outside of the tables.
pub fn to_hijri(date: jiff::civil::Date) -> Result<(i32, u8, u8), String> {
    let iso = Date::try_new_iso(date.year().into(), date.month() as u8, date.day() as u8)
        .map_err(|error| error.to_string())?;
    let hijri = iso.to_calendar(Hijri::new_umm_al_qura());
    let year = hijri.year().extended_year();
    if !YEARS.contains(&year) {
        return Err(outside());
    }
    Ok((year, hijri.month().ordinal, hijri.day_of_month().0))
}

/// The Gregorian day of `1445-09-01`, also with `/` or `.` and Arabic digits.
///
/// # Errors
/// In words, why it is no such date.
pub fn from_hijri(text: &str) -> Result<jiff::civil::Date, String> {
    let latin = arabic::to_latin_digits(text.trim());
    let parts: Vec<i32> = latin
        .split(['-', '/', '.'])
        .map(|part| part.trim().parse())
        .collect::<Result<_, _>>()
        .unwrap_or_default();
    let [year, month, day] = parts[..] else {
        return Err(format!("`{text}` is not a Hijri date; write 1445-09-01"));
    };
    let small = |number: i32| u8::try_from(number).unwrap_or(0);
    let iso = hijri(year, small(month), small(day))?.to_calendar(icu_calendar::Iso);
    let gregorian = jiff::civil::Date::new(
        i16::try_from(iso.year().extended_year()).unwrap_or_default(),
        iso.month().ordinal as i8,
        iso.day_of_month().0 as i8,
    );
    gregorian.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beginnings of Ramadan and of years that the Saudi calendar published.
    #[test]
    fn known_days() {
        for (hijri, gregorian) in [
            ("1420-09-01", "1999-12-09"),
            ("1434-09-01", "2013-07-09"),
            ("1443-09-01", "2022-04-02"),
            ("1444-09-01", "2023-03-23"),
            ("1446-09-01", "2025-03-01"),
            ("1445-01-01", "2023-07-19"),
        ] {
            assert_eq!(from_hijri(hijri).unwrap().to_string(), gregorian, "{hijri}");
        }
    }

    #[test]
    fn there_and_back_for_every_day_of_the_tables() {
        let mut date = from_hijri("1300-01-01").unwrap();
        let last = from_hijri("1600-12-29").unwrap();
        let mut before = (1299, 12, 30);
        while date <= last {
            let hijri = to_hijri(date).unwrap();
            assert!(hijri > before, "{date}");
            assert!((1..=30).contains(&hijri.2));
            assert_eq!(from_hijri(&format!("{}-{}-{}", hijri.0, hijri.1, hijri.2)), Ok(date));
            before = hijri;
            date = date.tomorrow().unwrap();
        }
        assert!(from_hijri("1601-01-01").is_err() && from_hijri("1299-12-01").is_err());
        assert!(
            from_hijri("1445-13-01").is_err()
                && from_hijri("1445-09-31").is_err()
                && from_hijri("x").is_err()
        );
    }
}
