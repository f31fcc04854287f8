use super::*;
use serde_json::json;

/// What tests see: a lead from the web, one step done, inside a loop.
pub(crate) struct Fixture {
    pub(crate) trigger: Json,
}

struct Done;

impl Steps for Done {
    fn output(&self, key: &str) -> Option<Arc<Json>> {
        (key == "check").then(|| Arc::new(json!({"total": 3, "items": [{"name": "Sofa", "price": 1250.5}, {"name": "Desk", "price": 800}]})))
    }
}

pub(crate) fn lead() -> Json {
    json!({"body": {"name": "نورة العتيبي", "phone": "0501234567", "city": "Riyadh", "budget": 75000, "source": "web", "message": "كم السعر؟", "empty": null},
        "list": [1, 2, 3], "deep": {"a": {"b": [{"c": "x"}]}}})
}

impl Fixture {
    pub(crate) fn lead() -> Self {
        Self { trigger: lead() }
    }

    pub(crate) fn of(trigger: Json) -> Self {
        Self { trigger }
    }

    pub(crate) fn context(&self) -> Context<'static> {
        Context {
            trigger: Arc::new(self.trigger.clone()),
            event: Arc::new(json!({"id": "e1", "type": "lead.created", "source": "/hooks/main/leads"})),
            input: Arc::new(json!({"total": 12.5})),
            item: Some(Arc::new(json!({"name": "Sofa", "price": 1250}))),
            index: Some(1),
            vars: Arc::new(json!({"vat": 15, "company": "شركة المسار"})),
            run: Arc::new(json!({"id": "r1", "workflow": "w1", "version": 1, "test": false})),
            now: Timestamp(1_795_593_600_000_000),
            time_zone: "Asia/Riyadh",
            steps: &Done,
        }
    }
}
