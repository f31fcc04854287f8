//! `trigger.schedule`: at set times. When exactly is the scheduler's business; here is what the
//! author may say about it.

use jiff::tz::TimeZone;
use masar_engine::{
    Call, Json, Outcome, Pure, StepError,
    manifest::{Example, Role},
    node::Prepared,
    value::Parameter,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    NodeType,
    declare::{choice, declare, example, integer, text},
    node::{invalid, read_parameters},
    prepare::{Faults, keep, literal},
};

/// The parameters of `trigger.schedule`. Exactly one of `cron` and `every_ms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Five fields (minute hour day month weekday), or six with seconds in front.
    #[serde(default)]
    pub cron: Option<String>,
    /// An interval in milliseconds.
    #[serde(default)]
    pub every_ms: Option<u64>,
    /// IANA name; absent means the workflow's or workspace's own.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// What becomes of firings that nobody was awake for.
    #[serde(default)]
    pub missed: Missed,
}

/// What becomes of firings that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// They are left out.
    Skip,
    /// One run makes up for all of them.
    #[default]
    Once,
    /// Each is made up for.
    All,
}

impl Schedule {
    /// Reads the parameters as a workflow holds them. The fields of `cron` are counted here and read
    /// by the scheduler.
    ///
    /// # Errors
    /// `parameter.invalid` with the field's path.
    pub fn read(parameters: &Json) -> Result<Self, StepError> {
        read_parameters::<Self>(parameters.clone())?.checked()
    }

    fn checked(self) -> Result<Self, StepError> {
        match (&self.cron, self.every_ms) {
            (Some(cron), None) => {
                let fields = cron.split_whitespace().count();
                if !(5..=6).contains(&fields) && !cron.trim().starts_with('@') {
                    return Err(invalid(
                        "cron",
                        format!(
                            "`{cron}` has {fields} fields; there are five (minute hour day month weekday), or six with seconds in front"
                        ),
                    ));
                }
            }
            (None, Some(every)) if every < 1_000 => {
                return Err(invalid("every_ms", "the shortest interval is 1000 ms"));
            }
            (None, Some(_)) => {}
            _ => return Err(invalid("cron", "say either `cron` or `every_ms`")),
        }
        if let Some(zone) = &self.time_zone
            && TimeZone::get(zone).is_err()
        {
            return Err(invalid("time_zone", format!("`{zone}` is not a time zone; write e.g. Asia/Riyadh")));
        }
        Ok(self)
    }
}

pub(crate) fn node() -> NodeType {
    declare(
        "trigger.schedule",
        "calendar-clock",
        ["Schedule", "Starts at set times.", "جدول زمني", "يبدأ في أوقات محددة."],
    )
    .role(Role::Trigger)
    .parameters([
        text(
            "cron",
            [
                "Times (cron)",
                "Minute, hour, day, month, weekday; e.g. 0 8 * * SUN-THU for workdays at eight.",
                "الأوقات (cron)",
                "دقيقة وساعة ويوم وشهر ويوم أسبوع؛ مثل 0 8 * * SUN-THU لأيام العمل الثامنة صباحًا.",
            ],
        )
        .hint("cron")
        .sample("0 8 * * SUN-THU"),
        integer(
            "every_ms",
            1_000,
            31_536_000_000,
            ["Every (ms)", "An interval instead of times.", "كل (ملّي ثانية)", "فترة بدل الأوقات."],
        ),
        text(
            "time_zone",
            ["Time zone", "Without one the workspace's own.", "المنطقة الزمنية", "بدونها منطقة مساحة العمل."],
        )
        .sample("Asia/Riyadh"),
        choice(
            "missed",
            [
                ["skip", "Leave out", "تُترك"],
                ["once", "Make up once", "تُعوض مرة"],
                ["all", "Make up each", "تُعوض كلها"],
            ],
            [
                "Missed times",
                "What happens when Masar was not running then.",
                "الأوقات الفائتة",
                "ماذا يحدث إن لم يكن مسار يعمل حينها.",
            ],
        )
        .default("once"),
    ])
    .event([
        text(
            "planned",
            [
                "Planned time",
                "The moment that this firing was planned for, RFC 3339.",
                "الوقت المخطط",
                "اللحظة التي خُطط لها هذا التشغيل، بصيغة RFC 3339.",
            ],
        )
        .required(),
        text("schedule", ["Schedule", "Key of this trigger.", "الجدول", "مفتاح هذا المشغّل."]),
    ])
    .search(["cron", "timer", "daily", "interval", "مؤقت", "يومي", "موعد"])
    .example(Example {
        trigger: json!({"planned": "2026-11-23T05:00:00Z", "schedule": "every_morning"}),
        input: json!({"planned": "2026-11-23T05:00:00Z", "schedule": "every_morning"}),
        port: Some("out".into()),
        output: Some(json!({"planned": "2026-11-23T05:00:00Z", "schedule": "every_morning"})),
        ..example(
            "Workdays at eight in Riyadh",
            json!({"cron": "0 8 * * SUN-THU", "time_zone": "Asia/Riyadh"}),
        )
    })
    .pure(ScheduleTrigger)
}

struct ScheduleTrigger;

impl Pure for ScheduleTrigger {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        let Some(schedule) = literal::<Schedule>(parameters, &[])? else { return Ok(None) };
        let schedule = schedule.checked().map_err(|error| {
            let path = error.details.get("path").and_then(Json::as_str).unwrap_or("").to_owned();
            vec![(path, error.message)]
        })?;
        Ok(keep(schedule))
    }

    fn run(&self, _call: &Call<'_>) -> Outcome {
        super::pass()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_says_one_thing() {
        assert!(Schedule::read(&json!({"cron": "0 8 * * SUN"})).is_ok());
        assert!(Schedule::read(&json!({"every_ms": 60_000, "missed": "all"})).is_ok());
        for (parameters, path) in [
            (json!({}), "cron"),
            (json!({"cron": "0 8 * * *", "every_ms": 5_000}), "cron"),
            (json!({"cron": "8 o'clock"}), "cron"),
            (json!({"every_ms": 10}), "every_ms"),
            (json!({"cron": "0 8 * * *", "time_zone": "Riyadh"}), "time_zone"),
        ] {
            assert_eq!(Schedule::read(&parameters).unwrap_err().details["path"], path, "{parameters}");
        }
    }
}
