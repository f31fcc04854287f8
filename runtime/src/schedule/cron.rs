//! Schedules as people mean them, over the `cron` crate, whose own reading differs: it wants six
//! fields, counts Sunday as 1, and around a change of the clocks it skips days or fires twice.
//! So the crate sees naive local time only, and instants are made here.

use std::{str::FromStr as _, time::Duration};

use jiff::{civil, tz::TimeZone};
use masar_engine::Timestamp;

/// When a workflow is to be started.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// At the times that a cron expression names.
    Cron {
        /// The expression, over local time.
        times: Box<cron::Schedule>,
        /// Where local time is.
        zone: TimeZone,
        /// Whether the hour is fixed, so that a time that the clock shows twice counts once.
        fixed_hour: bool,
    },
    /// At equal distances from a moment.
    Interval {
        /// The distance, milliseconds.
        every_ms: u64,
        /// The moment.
        anchor: Timestamp,
    },
}

/// What becomes of firings that were missed while Masar was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missed {
    /// They are left out.
    Skip,
    /// The latest is made up for.
    #[default]
    Once,
    /// All are made up for, within bounds.
    All,
}

/// Why a schedule is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not five (or six) fields.
    #[error("\"{0}\" has {1} fields; a schedule has five: minute hour day month weekday")]
    Fields(String, usize),
    /// The crate cannot read it.
    #[error("\"{0}\" is not a schedule: {1}")]
    Syntax(String, String),
    /// Both day fields.
    #[error(
        "\"{0}\" names days of the month and days of the week; use one of the two and * for the other, or two schedules"
    )]
    BothDays(String),
    /// Never.
    #[error("\"{0}\" never comes")]
    Never(String),
    /// No such zone.
    #[error("there is no time zone \"{0}\"; use an IANA name such as Asia/Riyadh")]
    Zone(String),
}

/// Firings further apart than this are a late one that was missed.
const LATE_MS: u64 = 5_000;
/// At most so many missed firings are made up for.
const MOST_MISSED: usize = 10;

impl Schedule {
    /// Reads a cron expression of five fields (a sixth in front is seconds), with Unix weekdays
    /// (0 and 7 are Sunday), names, or a macro such as `@daily`.
    pub fn parse(text: &str, zone: &str) -> Result<Self, ScheduleError> {
        let zone = TimeZone::get(zone).map_err(|_| ScheduleError::Zone(zone.to_owned()))?;
        let expanded = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = expanded.split_whitespace().collect();
        let (second, rest) = match fields.as_slice() {
            [_, _, _, _, _] => ("0", fields.as_slice()),
            [second, rest @ ..] if rest.len() == 5 => (*second, rest),
            _ => return Err(ScheduleError::Fields(text.to_owned(), fields.len())),
        };
        let any = |field: &str| field == "*" || field == "?";
        if !any(rest[2]) && !any(rest[4]) {
            return Err(ScheduleError::BothDays(text.to_owned()));
        }
        let weekday = weekdays(rest[4]).ok_or_else(|| {
            ScheduleError::Syntax(text.to_owned(), format!("\"{}\" is not a weekday", rest[4]))
        })?;
        let six = format!("{second} {} {} {} {} {weekday}", rest[0], rest[1], rest[2], rest[3]);
        let times = cron::Schedule::from_str(&six)
            .map_err(|error| ScheduleError::Syntax(text.to_owned(), error.to_string()))?;
        // A list or range names its hours as much as a single one does.
        let fixed_hour = !rest[1].contains(['*', '/']);
        let schedule = Self::Cron { times: Box::new(times), zone, fixed_hour };
        // 2000-01-01: four years on cover every leap day.
        match schedule.next_after(Timestamp(946_684_800_000_000)) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never(text.to_owned())),
        }
    }

    /// Every `every_ms` milliseconds from `anchor`; at least one second.
    pub fn interval(every_ms: u64, anchor: Timestamp) -> Result<Self, String> {
        if every_ms < 1000 {
            return Err(format!("every_ms is {every_ms}; at least 1000 (one second) is possible"));
        }
        Ok(Self::Interval { every_ms, anchor })
    }

    /// The first firing after a moment.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Interval { every_ms, anchor } => {
                let step = i64::try_from(every_ms.saturating_mul(1000)).ok()?;
                let passed = after.0.saturating_sub(anchor.0).div_euclid(step);
                Some(Timestamp(anchor.0.checked_add(passed.checked_add(1)?.checked_mul(step)?)?))
            }
            Self::Cron { times, zone, fixed_hour } => {
                let local =
                    jiff::Timestamp::from_microsecond(after.0).ok()?.to_zoned(zone.clone()).datetime();
                // Two hours back, since the clock may just have been set: what is not later is passed over.
                let from = naive(local.checked_sub(jiff::Span::new().hours(3)).ok()?)?;
                let mut best: Option<Timestamp> = None;
                for time in times.after(&from).take(20_000) {
                    let moments = instants(civil_of(&time), zone, *fixed_hour);
                    best = moments.iter().filter(|at| **at > after).chain(&best).min().copied();
                    // First appearances ascend with local time; second ones, which come out of order
                    // where the clock is set back, belong to local times already seen.
                    if moments.first().is_some_and(|first| *first > after) {
                        break;
                    }
                }
                best
            }
        }
    }

    /// The next firings, for people.
    pub fn upcoming(&self, from: Timestamp, count: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_after(from), |last| self.next_after(*last)).take(count).collect()
    }
}

/// The instants at which a clock in `zone` shows `local`: none that exists means the first after
/// the gap; two that exist mean both, or the first for a fixed hour.
fn instants(local: Option<civil::DateTime>, zone: &TimeZone, fixed_hour: bool) -> Vec<Timestamp> {
    let Some(local) = local else { return Vec::new() };
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let moment = |at: Result<jiff::Timestamp, jiff::Error>| at.ok().map(|at| Timestamp(at.as_microsecond()));
    match ambiguous.offset() {
        jiff::tz::AmbiguousOffset::Unambiguous { .. } => moment(ambiguous.compatible()).into_iter().collect(),
        jiff::tz::AmbiguousOffset::Gap { before, .. } => {
            // The end of the gap is the moment of the change itself.
            let Ok(later) = ambiguous.later() else { return Vec::new() };
            let change = zone
                .preceding(later + jiff::Span::new().hours(3))
                .find(|transition| transition.offset() != before);
            let change = change.map(|transition| transition.timestamp());
            change.map(|at| Timestamp(at.as_microsecond())).into_iter().collect()
        }
        jiff::tz::AmbiguousOffset::Fold { .. } => {
            let first = moment(ambiguous.earlier());
            let second = if fixed_hour { None } else { moment(zone.to_ambiguous_timestamp(local).later()) };
            first.into_iter().chain(second).collect()
        }
    }
}

fn naive(local: civil::DateTime) -> Option<chrono::DateTime<chrono::Utc>> {
    let seconds = TimeZone::UTC.to_timestamp(local).ok()?.as_second();
    chrono::DateTime::from_timestamp(seconds, 0)
}

fn civil_of(time: &chrono::DateTime<chrono::Utc>) -> Option<civil::DateTime> {
    Some(TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(time.timestamp()).ok()?))
}

/// Unix weekday numbers as the names that the crate takes.
fn weekdays(field: &str) -> Option<String> {
    const NAMES: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
    let name = |text: &str| -> Option<String> {
        match text.parse::<usize>() {
            Ok(number) => NAMES.get(number).map(|name| (*name).to_owned()),
            Err(_) => Some(text.to_uppercase()),
        }
    };
    if field == "*" || field == "?" {
        return Some("*".into());
    }
    let mut days = Vec::new();
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (item, None),
        };
        // 7 stays 7 here, so that 0-7 is the whole week.
        let place = |text: &str| match text.parse::<usize>() {
            Ok(number) => (number < NAMES.len()).then_some(number),
            Err(_) => NAMES.iter().position(|name| text.to_uppercase().starts_with(name)),
        };
        let (first, mut last) = match (range, range.split_once('-'), step) {
            ("*", ..) => (0, 6),
            (_, Some((first, last)), _) => (place(first)?, place(last)?),
            (first, None, Some(_)) => (place(first)?, 6),
            (single, None, None) => {
                days.push(name(single)?);
                continue;
            }
        };
        // A range over the weekend, e.g. Thursday to Sunday, goes round.
        if last < first {
            last += 7;
        }
        days.extend((first..=last).step_by(step.unwrap_or(1)).map(|day| NAMES[day % 7].to_owned()));
    }
    Some(days.join(","))
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Planned times to fire now, in order.
    pub fire: Vec<Timestamp>,
    /// Up to where the schedule has been looked at; absent where nothing was due.
    pub seen: Option<Timestamp>,
}

/// The firings between `last` and `now`, by the policy for missed ones: those older than a few
/// seconds count as missed, those older than `window` are left out in any case.
pub fn due(schedule: &Schedule, last: Timestamp, now: Timestamp, missed: Missed, window: Duration) -> Due {
    let window = i64::try_from(window.as_micros()).unwrap_or(i64::MAX);
    let horizon = Timestamp(last.0.max(now.0.saturating_sub(window)));
    let planned: Vec<Timestamp> =
        std::iter::successors(schedule.next_after(horizon), |at| schedule.next_after(*at))
            .take_while(|at| *at <= now)
            .take(100_000)
            .collect();
    let Some(seen) = planned.last().copied() else {
        return Due { fire: Vec::new(), seen: None };
    };
    let late = |at: &Timestamp| at.plus_millis(LATE_MS) < now;
    let (old, fresh): (Vec<Timestamp>, Vec<Timestamp>) = planned.into_iter().partition(late);
    let mut fire: Vec<Timestamp> = match missed {
        Missed::Skip => Vec::new(),
        Missed::Once if fresh.is_empty() => old.last().copied().into_iter().collect(),
        Missed::Once => Vec::new(),
        Missed::All => old[old.len().saturating_sub(MOST_MISSED)..].to_vec(),
    };
    fire.extend(fresh);
    Due { fire, seen: Some(seen) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn upcoming(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        Schedule::parse(cron, zone)
            .unwrap()
            .upcoming(at(from), count)
            .into_iter()
            .map(Timestamp::to_rfc3339)
            .collect()
    }

    #[test]
    fn unix_fields_and_weekdays() {
        // 2026-11-22 is a Sunday; Riyadh is three hours ahead of UTC.
        assert_eq!(upcoming("0 8 * * 0", "Asia/Riyadh", "2026-11-23T00:00:00Z", 1), ["2026-11-29T05:00:00Z"]);
        assert_eq!(upcoming("0 8 * * 7", "Asia/Riyadh", "2026-11-23T00:00:00Z", 1), ["2026-11-29T05:00:00Z"]);
        assert_eq!(upcoming("0 8 * * 1", "Asia/Riyadh", "2026-11-22T00:00:00Z", 1), ["2026-11-23T05:00:00Z"]);
        let week = upcoming("30 7 * * SUN-THU", "Asia/Riyadh", "2026-11-25T12:00:00Z", 3);
        assert_eq!(
            week,
            ["2026-11-26T04:30:00Z", "2026-11-29T04:30:00Z", "2026-11-30T04:30:00Z"],
            "Friday and Saturday are the weekend"
        );
        assert_eq!(upcoming("@daily", "Asia/Riyadh", "2026-11-23T00:00:00Z", 1), ["2026-11-23T21:00:00Z"]);
    }

    #[test]
    fn around_a_change_of_the_clocks() {
        // The clocks go forward: 02:30 does not exist, the day is not lost.
        assert_eq!(
            upcoming("30 2 * * *", "America/New_York", "2025-03-08T12:00:00Z", 2),
            ["2025-03-09T07:00:00Z", "2025-03-10T06:30:00Z"]
        );
        // They go back: 01:30 comes twice, the job once.
        assert_eq!(
            upcoming("30 1 * * *", "America/New_York", "2025-11-01T12:00:00Z", 2),
            ["2025-11-02T05:30:00Z", "2025-11-03T06:30:00Z"]
        );
        // Every half hour means every half hour.
        let halves = upcoming("*/30 * * * *", "America/New_York", "2025-11-02T04:45:00Z", 5);
        assert_eq!(
            halves,
            [
                "2025-11-02T05:00:00Z",
                "2025-11-02T05:30:00Z",
                "2025-11-02T06:00:00Z",
                "2025-11-02T06:30:00Z",
                "2025-11-02T07:00:00Z"
            ]
        );
        assert_eq!(
            upcoming("30 0 * * *", "Africa/Cairo", "2026-04-23T12:00:00Z", 1),
            ["2026-04-23T22:00:00Z"]
        );
        assert_eq!(
            upcoming("30 23 * * *", "Africa/Cairo", "2026-10-29T12:00:00Z", 2),
            ["2026-10-29T20:30:00Z", "2026-10-30T21:30:00Z"]
        );
    }

    #[test]
    fn nothing_is_lost_while_the_clock_is_set_back() {
        // Four hours around the change, in real time: every five minutes is every five minutes.
        for (zone, from) in
            [("America/New_York", "2025-11-02T04:00:00Z"), ("Africa/Cairo", "2026-10-29T19:00:00Z")]
        {
            for (cron, minutes) in [("* * * * *", 1), ("*/5 * * * *", 5), ("*/7 * * * *", 7)] {
                let schedule = Schedule::parse(cron, zone).unwrap();
                let zone = TimeZone::get(zone).unwrap();
                let wanted: Vec<Timestamp> = (1..=240)
                    .map(|minute| at(from).plus_millis(minute * 60_000))
                    .filter(|moment| {
                        let local = jiff::Timestamp::from_microsecond(moment.0).unwrap();
                        let minute = zone.to_datetime(local).minute();
                        minute % minutes == 0
                    })
                    .collect();
                assert_eq!(schedule.upcoming(at(from), wanted.len()), wanted, "{cron}");
            }
        }
        // Hours that are named fire once each.
        assert_eq!(
            upcoming("30 1,13 * * *", "America/New_York", "2025-11-02T04:00:00Z", 2),
            ["2025-11-02T05:30:00Z", "2025-11-02T18:30:00Z"]
        );
    }

    #[test]
    fn weekday_ranges_and_steps() {
        let days = |cron: &str| {
            let times = upcoming(cron, "UTC", "2026-11-21T12:00:00Z", 7);
            times.iter().map(|time| time[8..10].to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(days("0 8 * * 0-7"), "22 23 24 25 26 27 28");
        assert_eq!(days("0 8 * * 7-1"), "22 23 29 30 06 07 13");
        assert_eq!(days("0 8 * * 1/2"), "23 25 27 30 02 04 07");
        assert_eq!(days("0 8 * * THU-SUN/3"), "22 26 29 03 06 10 13");
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_reason() {
        let text = |cron: &str, zone: &str| Schedule::parse(cron, zone).unwrap_err().to_string();
        assert_eq!(
            text("0 8 *", "Asia/Riyadh"),
            "\"0 8 *\" has 3 fields; a schedule has five: minute hour day month weekday"
        );
        assert!(text("0 8 13 * FRI", "Asia/Riyadh").contains("use one of the two"));
        assert_eq!(text("0 0 31 2 *", "Asia/Riyadh"), "\"0 0 31 2 *\" never comes");
        assert!(text("0 8 * * *", "Asia/Riyad").contains("no time zone"));
        assert!(text("0 8 * * 9", "Asia/Riyadh").contains("not a weekday"));
        assert!(Schedule::interval(10, Timestamp(0)).is_err());
    }

    #[test]
    fn missed_firings_by_policy() {
        let hourly = Schedule::parse("0 * * * *", "Asia/Riyadh").unwrap();
        let (last, now) = (at("2026-11-23T00:00:00Z"), at("2026-11-23T05:00:01Z"));
        let window = Duration::from_secs(3 * 3600);
        let hours =
            |list: &[Timestamp]| list.iter().map(|at| at.to_rfc3339()[11..13].to_owned()).collect::<Vec<_>>();
        assert_eq!(hours(&due(&hourly, last, now, Missed::Skip, window).fire), ["05"]);
        assert_eq!(
            hours(&due(&hourly, last, now, Missed::Once, window).fire),
            ["05"],
            "the one that is on time makes up for the others"
        );
        assert_eq!(hours(&due(&hourly, last, at("2026-11-23T05:30:00Z"), Missed::Once, window).fire), ["05"]);
        assert_eq!(hours(&due(&hourly, last, now, Missed::All, window).fire), ["03", "04", "05"]);
        assert_eq!(due(&hourly, now, now, Missed::All, window), Due { fire: vec![], seen: None });
    }
}
