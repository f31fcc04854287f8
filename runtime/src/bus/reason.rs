//! The reasons for which a message becomes a dead letter: one row a code, in both languages. Not here:
//! what exactly was wrong with a message, which goes with it. Read by `api::dead_letters`.

use crate::api::Words;

/// A reason.
#[derive(Debug, Clone, Copy)]
pub struct Reason {
    /// Stable code.
    pub code: &'static str,
    /// What it means.
    pub title: Words,
    /// What to do about it.
    pub mend: Words,
}

const fn reason(
    code: &'static str,
    [en, ar]: [&'static str; 2],
    [mend_en, mend_ar]: [&'static str; 2],
) -> Reason {
    Reason { code, title: Words { en, ar }, mend: Words { en: mend_en, ar: mend_ar } }
}

/// Every reason.
pub const REASONS: &[Reason] = &[
    reason(
        "bus.not_an_event",
        ["The message is not a CloudEvent", "الرسالة ليست حدثًا بصيغة CloudEvents"],
        [
            "Let its sender write the headers cloudEvents:id, source, type and specversion, or send application/cloudevents+json.",
            "ليضع مُرسلها الترويسات cloudEvents:id وsource وtype وspecversion، أو ليرسلها بنوع application/cloudevents+json.",
        ],
    ),
    reason(
        "bus.attribute",
        ["A mandatory attribute of the event is missing", "تنقص الحدثَ سمةٌ إلزامية"],
        ["Mend the sender.", "أصلح البرنامج المُرسل."],
    ),
    reason(
        "bus.version",
        ["The event is of another version of CloudEvents", "الحدث بإصدار آخر من CloudEvents"],
        ["Let its sender write version 1.0.", "ليكتب مُرسله الإصدار 1.0."],
    ),
    reason(
        "bus.invalid_json",
        ["The data is not valid JSON", "البيانات ليست JSON صحيحًا"],
        ["Mend the sender.", "أصلح البرنامج المُرسل."],
    ),
    reason(
        "bus.too_deep",
        ["The data is nested too deep", "البيانات متداخلة أعمق من المسموح"],
        [
            "Send flatter data, or raise limits.depth and send the letter again.",
            "أرسل بيانات أقل تداخلًا، أو ارفع limits.depth ثم أعد إرسال الرسالة.",
        ],
    ),
    reason(
        "bus.content_type",
        ["The data is neither JSON nor text", "البيانات ليست JSON ولا نصًا"],
        ["Let its sender write application/json.", "ليرسلها صاحبها بنوع application/json."],
    ),
    reason(
        "bus.batch",
        ["Several events in one message", "عدة أحداث في رسالة واحدة"],
        ["Send each event as a message of its own.", "أرسل كل حدث في رسالة مستقلة."],
    ),
    reason(
        "bus.too_large",
        ["The message is larger than is taken", "الرسالة أكبر من الحجم المقبول"],
        [
            "Raise limits.body and send the letter again, or let the sender put a reference in the place of the data.",
            "ارفع limits.body ثم أعد إرسال الرسالة، أو ليضع المُرسل مرجعًا مكان البيانات.",
        ],
    ),
    reason(
        "bus.delivery_limit",
        ["It was handed out again and again and never acknowledged", "سُلّمت مرة بعد مرة ولم يؤكَّد استلامها قط"],
        [
            "Each process that had it ended: see the log of that time, then send the letter again.",
            "كل عملية تسلّمتها انتهت قبل التأكيد: راجع سجل ذلك الوقت، ثم أعد إرسال الرسالة.",
        ],
    ),
    reason(
        "bus.rejected",
        ["Another reader of the queue refused it", "رفضها قارئ آخر للطابور"],
        ["Find out who else reads the queue.", "تحقق ممن يقرأ الطابور غير مسار."],
    ),
    reason(
        "bus.expired",
        ["Its time to live was over", "انتهت مدة صلاحيتها"],
        [
            "A policy or the sender bounds it: see `rabbitmqctl list_policies`.",
            "تحدّها سياسة في RabbitMQ أو المُرسل نفسه: راجع `rabbitmqctl list_policies`.",
        ],
    ),
    reason(
        "bus.maxlen",
        ["The queue was full", "كان الطابور ممتلئًا"],
        [
            "A policy bounds the queue: see `rabbitmqctl list_policies`; then send the letter again.",
            "تحدّ الطابورَ سياسةٌ في RabbitMQ: راجع `rabbitmqctl list_policies`، ثم أعد إرسال الرسالة.",
        ],
    ),
    reason(
        "bus.unknown",
        ["Somebody put it there without a reason", "وضعها أحدهم هناك دون سبب"],
        ["Look at it, then send it again or delete it.", "اطّلع عليها، ثم أعد إرسالها أو احذفها."],
    ),
];

impl Reason {
    /// The row of a code; one that is not in the table is unknown.
    pub fn find(code: &str) -> &'static Self {
        let row = REASONS.iter().find(|row| row.code == code);
        row.unwrap_or(&REASONS[REASONS.len() - 1])
    }
}
