//! `trigger.event`: something happened, here or elsewhere.

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
    declare::{condition, declare, example, text},
    node::{invalid, read_parameters},
    prepare::{Faults, literal, optional_test},
};

/// The parameters of `trigger.event`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTrigger {
    /// The whole type, or its beginning and a `*`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// A condition over `trigger` and `event`, as [`masar_engine::value::Condition`] reads it.
    #[serde(default)]
    pub filter: Option<Json>,
}

impl EventTrigger {
    /// Reads the parameters as a workflow holds them.
    ///
    /// # Errors
    /// `parameter.invalid` with the field's path.
    pub fn read(parameters: &Json) -> Result<Self, StepError> {
        let trigger: Self = read_parameters(parameters.clone())?;
        check_type(&trigger.event_type, "type")?;
        Ok(trigger)
    }

    /// The beginning that a type must have, where the trigger names one; else it names a whole type.
    pub fn prefix(&self) -> Option<&str> {
        self.event_type.strip_suffix('*')
    }

    /// Whether events of this type may start it.
    pub fn takes(&self, event_type: &str) -> bool {
        match self.prefix() {
            Some(prefix) => event_type.starts_with(prefix),
            None => self.event_type == event_type,
        }
    }
}

pub(super) fn check_type(event_type: &str, path: &str) -> Result<(), StepError> {
    let name = event_type.strip_suffix('*').unwrap_or(event_type);
    if event_type.is_empty() || name.contains('*') || name.contains(char::is_whitespace) {
        return Err(invalid(
            path,
            format!(
                "`{event_type}` is not a type of event; write all of it (crm.lead.created) or its beginning and one * (crm.lead.*)"
            ),
        ));
    }
    Ok(())
}

pub(crate) fn node() -> NodeType {
    declare(
        "trigger.event",
        "radio-tower",
        [
            "Event",
            "Starts when something happened: a lead came, a deal moved, another system said so.",
            "حدث",
            "يبدأ حين يقع شيء: وصول عميل محتمل، أو تحرّك صفقة، أو إبلاغ من نظام آخر.",
        ],
    )
    .role(Role::Trigger)
    .parameters([
        text(
            "type",
            [
                "Type of event",
                "The whole type, or its beginning and a star.",
                "نوع الحدث",
                "النوع كاملًا، أو بدايته ونجمة.",
            ],
        )
        .hint("event_type")
        .required()
        .not_empty()
        .sample("crm.lead.created"),
        condition(
            "filter",
            [
                "Only if",
                "Other events of the type start nothing; the decision is kept.",
                "فقط إذا",
                "ما سواه من أحداث النوع لا يبدأ شيئًا، ويُحفظ القرار.",
            ],
        ),
    ])
    .passes_input()
    .search(["crm", "listen", "changed", "إنصات", "تغيير", "عميل"])
    .example(Example {
        trigger: json!({"lead": {"name": "نورة", "budget": 80000}}),
        input: json!({"lead": {"name": "نورة", "budget": 80000}}),
        port: Some("out".into()),
        output: Some(json!({"lead": {"name": "نورة", "budget": 80000}})),
        ..example(
            "Large new leads only",
            json!({
                "type": "crm.lead.created",
                "filter": {"all": [{"value": {"$expr": "trigger.lead.budget"}, "operator": "gte", "to": 50000}]}
            }),
        )
    })
    .pure(Trigger)
}

struct Trigger;

impl Pure for Trigger {
    fn prepare(&self, parameters: &Parameter) -> Result<Prepared, Faults> {
        if let Some(trigger) = literal::<EventTrigger>(parameters, &["filter"])? {
            check_type(&trigger.event_type, "type")
                .map_err(|error| vec![("type".to_owned(), error.message)])?;
        }
        optional_test(parameters, "filter")?;
        Ok(None)
    }

    fn run(&self, _call: &Call<'_>) -> Outcome {
        super::pass()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_whole_or_a_beginning() {
        let exact = EventTrigger::read(&json!({"type": "crm.lead.created"})).unwrap();
        assert!(exact.takes("crm.lead.created") && !exact.takes("crm.lead.created.twice"));
        let prefix = EventTrigger::read(&json!({"type": "crm.lead.*"})).unwrap();
        assert!(
            prefix.takes("crm.lead.updated")
                && !prefix.takes("crm.leads")
                && prefix.prefix() == Some("crm.lead.")
        );
        for wrong in ["", "a b", "*.created", "crm.**"] {
            assert!(EventTrigger::read(&json!({ "type": wrong })).is_err(), "{wrong}");
        }
    }
}
