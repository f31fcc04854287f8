//! Durations and moments as parameters hold them: `2h 30m`, `PT15M`, milliseconds; `2026-11-23`,
//! `2026-11-23T08:00:00+03:00`. Days and months are those of the calendar in the step's time zone.

use jiff::{Span, Zoned, tz::TimeZone};
use masar_engine::{
    Call, Json, StepError, Timestamp,
    value::functions::{arabic, date},
};

use crate::node::invalid;

/// Reads a duration.
pub(crate) fn span(value: &Json) -> Result<Span, String> {
    let wrong = || {
        format!("{value} is not a duration; write `90s`, `15m`, `2h 30m`, `3d`, or milliseconds as a number")
    };
    let span = match value {
        Json::Number(number) => {
            let millis = number.as_i64().filter(|millis| *millis >= 0).ok_or_else(wrong)?;
            Span::new().try_milliseconds(millis).map_err(|_| wrong())?
        }
        Json::String(text) => arabic::to_latin_digits(text.trim())
            .parse::<Span>()
            .ok()
            .filter(|span| !span.is_negative())
            .ok_or_else(wrong)?,
        _ => return Err(wrong()),
    };
    Ok(span)
}

fn now(call: &Call<'_>) -> Result<Zoned, StepError> {
    let zone = TimeZone::get(call.context.time_zone).map_err(|_| {
        StepError::new(
            "time.zone",
            format!("`{}` is not a time zone; write e.g. Asia/Riyadh", call.context.time_zone),
        )
        .permanent()
    })?;
    let now = jiff::Timestamp::from_microsecond(call.now().0)
        .map_err(|error| StepError::new("time.range", error.to_string()).permanent())?;
    Ok(now.to_zoned(zone))
}

/// The moment that lies the duration in `value` after now.
pub(crate) fn after(call: &Call<'_>, value: &Json, path: &str) -> Result<Timestamp, StepError> {
    let span = span(value).map_err(|message| invalid(path, message))?;
    let due = now(call)?
        .checked_add(span)
        .map_err(|_| invalid(path, format!("{value} reaches beyond the year 9999")))?;
    Ok(Timestamp(due.timestamp().as_microsecond()))
}

/// The moment in `value`.
pub(crate) fn at(call: &Call<'_>, value: &Json, path: &str) -> Result<Timestamp, StepError> {
    let moment = date::moment(value, now(call)?.time_zone()).map_err(|message| invalid(path, message))?;
    Ok(Timestamp(moment.timestamp().as_microsecond()))
}

/// A duration from now, or a moment.
pub(crate) fn after_or_at(call: &Call<'_>, value: &Json, path: &str) -> Result<Timestamp, StepError> {
    match span(value) {
        Ok(_) => after(call, value, path),
        Err(_) => at(call, value, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("2h 30m", 9_000), ("PT15M", 900), ("١٥ m", 900)]
        {
            let span = span(&text.into()).unwrap();
            assert_eq!(span.total(jiff::Unit::Second).unwrap() as i64, seconds, "{text}");
        }
        assert!(span(&1_500.into()).is_ok() && span(&"3d".into()).is_ok() && span(&"1mo".into()).is_ok());
        for wrong in [Json::from("soon"), "15".into(), "-5m".into(), (-1).into(), true.into()] {
            assert!(span(&wrong).is_err(), "{wrong}");
        }
    }
}
