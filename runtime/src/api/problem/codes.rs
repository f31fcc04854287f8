//! Every error code of the API, once: status, title and what to do, in both languages. Problems, the
//! page `/api/problems` and docs/problems.md come from here. Not here: what happened in one case.

use std::fmt::Write as _;

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Arabic.
    pub ar: &'static str,
}

/// A code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code; stable.
    pub code: &'static str,
    /// Its HTTP status.
    pub status: u16,
    /// What it means.
    pub title: Words,
    /// What to do about it.
    pub mend: Words,
}

const fn row(code: &'static str, status: u16, title: [&'static str; 2], mend: [&'static str; 2]) -> Code {
    let [en, ar] = title;
    let title = Words { en, ar };
    let [en, ar] = mend;
    Code { code, status, title, mend: Words { en, ar } }
}

/// Every code, by status.
pub const CODES: &[Code] = &[
    row(
        "bad_request",
        400,
        ["The request cannot be read.", "تعذّرت قراءة الطلب."],
        [
            "Mend what the detail names: a query parameter, a header, or a body that broke off.",
            "صحّح ما تذكره التفاصيل: معامل في الرابط أو ترويسة أو محتوى انقطع قبل تمامه.",
        ],
    ),
    row(
        "body_not_json",
        400,
        ["The body is not JSON.", "محتوى الطلب ليس بصيغة JSON."],
        [
            "Send valid JSON; the detail names the line and column of the first fault.",
            "أرسل JSON صحيحًا؛ وفي التفاصيل سطر أول خطأ وعموده.",
        ],
    ),
    row(
        "body_not_utf8",
        400,
        ["The body is not valid UTF-8.", "محتوى الطلب ليس بترميز UTF-8 صحيح."],
        [
            "Encode the text as UTF-8; the detail names the first byte that is not.",
            "رمّز النص بترميز UTF-8؛ وفي التفاصيل موضع أول بايت مخالف.",
        ],
    ),
    row(
        "body_too_deep",
        400,
        ["The JSON is nested too deeply.", "تداخل JSON أعمق من المسموح."],
        [
            "Send a flatter value, or raise the setting limits.depth.",
            "أرسل قيمة أقل تداخلًا، أو ارفع الإعداد limits.depth.",
        ],
    ),
    row(
        "unauthorized",
        401,
        ["The access token is missing or wrong.", "رمز الوصول مفقود أو غير صحيح."],
        [
            "Send `Authorization: Bearer TOKEN`; the token is in the data folder, in the file api-token.",
            "أرسل الترويسة `Authorization: Bearer TOKEN`؛ والرمز في مجلد البيانات في الملف api-token.",
        ],
    ),
    row(
        "signature",
        401,
        [
            "The signature or the shared secret is wrong or missing.",
            "التوقيع أو السر المشترك غير صحيح أو مفقود.",
        ],
        [
            "Compare the secret on both sides, the header, the algorithm, and the clocks.",
            "طابق السر لدى الطرفين، واسم الترويسة، والخوارزمية، وضبط الساعتين.",
        ],
    ),
    row(
        "not_found",
        404,
        ["There is nothing here.", "لا يوجد شيء هنا."],
        [
            "Check the id and the path. A webhook answers only while its workflow is published.",
            "تحقق من المعرّف والمسار. ولا يستجيب الويب هوك إلا وسير عمله منشور.",
        ],
    ),
    row(
        "method_not_allowed",
        405,
        ["This path does not take this method.", "هذا المسار لا يقبل هذه الطريقة."],
        [
            "Use a method that the API's description names for the path, or the webhook's own.",
            "استعمل طريقة يذكرها وصف الواجهة لهذا المسار، أو الطريقة المحددة للويب هوك.",
        ],
    ),
    row(
        "conflict",
        409,
        ["Somebody else changed it in the meantime.", "غيّره شخص آخر في هذه الأثناء."],
        ["Read it again, and make your change anew.", "اقرأه من جديد، ثم أعد تغييرك."],
    ),
    row(
        "in_use",
        409,
        ["It cannot be done while it is in use.", "لا يمكن تنفيذ ذلك وهو قيد الاستعمال."],
        [
            "End what uses it, which the detail names, or wait until that is over.",
            "أنهِ ما يستعمله، وهو مذكور في التفاصيل، أو انتظر حتى ينتهي.",
        ],
    ),
    row(
        "duplicate",
        409,
        ["It exists already.", "موجود من قبل."],
        ["Choose another name, or change the one that is there.", "اختر اسمًا آخر، أو غيّر الموجود."],
    ),
    row(
        "idempotency_in_progress",
        409,
        [
            "A request with this idempotency key is still being carried out.",
            "ما زال طلب بمفتاح عدم التكرار هذا قيد التنفيذ.",
        ],
        [
            "Wait a moment and send the same again: it gets the first one's answer.",
            "انتظر قليلًا وأعد الإرسال نفسه: فيصلك جواب الطلب الأول.",
        ],
    ),
    row(
        "not_waiting",
        409,
        ["The run does not wait for this (any more).", "التشغيل لا ينتظر هذا، أو لم يعد ينتظره."],
        [
            "Read the run: it has gone on, was decided by somebody else, or has ended.",
            "اقرأ التشغيل: فقد مضى قدمًا، أو بتّ فيه غيرك، أو انتهى.",
        ],
    ),
    row(
        "precondition",
        412,
        [
            "The version named by If-Match is not the current one.",
            "النسخة المذكورة في If-Match ليست الحالية.",
        ],
        [
            "Read it again, and send the change with the new ETag.",
            "اقرأه من جديد، وأرسل التغيير مع قيمة ETag الجديدة.",
        ],
    ),
    row(
        "too_large",
        413,
        ["The body is larger than allowed.", "محتوى الطلب أكبر من المسموح."],
        [
            "Send less, or raise limits.body or the webhook's own body_limit.",
            "أرسل محتوى أصغر، أو ارفع limits.body أو حد الويب هوك body_limit.",
        ],
    ),
    row(
        "media_type",
        415,
        ["The content type is not supported here.", "نوع المحتوى غير مدعوم هنا."],
        [
            "Send JSON (`application/json`); webhooks take forms and text too.",
            "أرسل JSON بالنوع `application/json`؛ ويقبل الويب هوك النماذج والنصوص أيضًا.",
        ],
    ),
    row(
        "invalid",
        422,
        [
            "The request was understood, but something in it is not possible.",
            "الطلب مفهوم، لكن فيه ما لا يمكن.",
        ],
        [
            "Change the field that the detail names to one of the values that it offers.",
            "غيّر الحقل المذكور في التفاصيل إلى قيمة مما تعرضه.",
        ],
    ),
    row(
        "workflow_invalid",
        422,
        [
            "The workflow has problems and cannot be published or run.",
            "في سير العمل مشكلات تمنع نشره أو تشغيله.",
        ],
        [
            "Mend every entry of `problems`: each names its node, its field and a hint.",
            "أصلح كل بند في `problems`: ففي كل منها العقدة والحقل وإرشاد.",
        ],
    ),
    row(
        "idempotency_mismatch",
        422,
        ["This idempotency key belongs to another request.", "مفتاح عدم التكرار هذا يخص طلبًا آخر."],
        [
            "Give every request a key of its own; repeat a request only with the very same body.",
            "اجعل لكل طلب مفتاحًا خاصًا به؛ ولا تكرر طلبًا إلا بالمحتوى نفسه تمامًا.",
        ],
    ),
    row(
        "precondition_required",
        428,
        [
            "Changing this needs an If-Match header with the current ETag.",
            "تغيير هذا يتطلب ترويسة If-Match بقيمة ETag الحالية.",
        ],
        [
            "Read it first, and send its ETag in If-Match with the change.",
            "اقرأه أولًا، ثم أرسل قيمة ETag في If-Match مع التغيير.",
        ],
    ),
    row(
        "overloaded",
        429,
        ["Too much is waiting; nothing was accepted.", "المنتظر أكثر من اللازم؛ ولم يُقبل شيء."],
        [
            "Send the same again after the seconds in Retry-After.",
            "أعد الإرسال نفسه بعد الثواني المذكورة في Retry-After.",
        ],
    ),
    row(
        "internal",
        500,
        ["Masar failed.", "حدث خلل داخلي في مسار."],
        [
            "Look into the server's log at this time; send the same again, it is safe with the same id.",
            "راجع سجل الخادم في هذا الوقت؛ وأعد الإرسال نفسه، فهو آمن ما دام المعرّف نفسه.",
        ],
    ),
    row(
        "store",
        503,
        ["The store is not able to keep this now.", "المخزن لا يستطيع حفظ هذا الآن."],
        [
            "Nothing was accepted: send the same again. If it stays so, the server's log has the reason.",
            "لم يُقبل شيء: أعد الإرسال نفسه. فإن استمر الأمر فالسبب في سجل الخادم.",
        ],
    ),
    row(
        "store_read_only",
        503,
        ["The database cannot be written.", "لا يمكن الكتابة في قاعدة البيانات."],
        [
            "Nothing was accepted. Give the data folder back its owner, its permissions and its writable mount.",
            "لم يُقبل شيء. أعد إلى مجلد البيانات مالكه وأذوناته ووصله القابل للكتابة.",
        ],
    ),
    row(
        "store_corrupt",
        503,
        ["The database is damaged.", "قاعدة البيانات تالفة."],
        [
            "Nothing was accepted. Stop the server, keep a copy of the data folder, and restore a backup.",
            "لم يُقبل شيء. أوقف الخادم، واحتفظ بنسخة من مجلد البيانات، ثم استعد نسخة احتياطية.",
        ],
    ),
    row(
        "stopping",
        503,
        ["The server is being stopped.", "الخادم في طور الإيقاف."],
        [
            "Nothing was accepted: send the same again after the seconds in Retry-After.",
            "لم يُقبل شيء: أعد الإرسال نفسه بعد الثواني المذكورة في Retry-After.",
        ],
    ),
    row(
        "disk_full",
        507,
        ["The disk is full.", "القرص ممتلئ."],
        [
            "Nothing was accepted and nothing is lost. Make space where the data folder is; work then goes on by itself.",
            "لم يُقبل شيء ولم يضع شيء. أفسح مساحة حيث مجلد البيانات، وسيتابع العمل من تلقاء نفسه.",
        ],
    ),
];

impl Code {
    /// The row of a code; `internal` for one that is not in the table.
    pub fn find(code: &str) -> &'static Self {
        const INTERNAL: &Code = &row("internal", 500, ["Masar failed.", "حدث خلل داخلي في مسار."], ["", ""]);
        let named = |name: &str| CODES.iter().find(|row| row.code == name);
        named(code).or_else(|| named("internal")).unwrap_or(INTERNAL)
    }
}

/// docs/problems.md.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Problems\n\nEvery error of the API is `application/problem+json` (RFC 9457): `code` is stable, `detail` says what \
         happened, `mend` what to do. With `Accept-Language: ar`, `title` and `mend` come in Arabic. A running server shows \
         this table at `/api/problems`.\n",
    );
    for row in CODES {
        let Code { code, status, title, mend } = row;
        let _ = write!(
            text,
            "\n## `{code}` ({status})\n\n{} {}\n\n<p dir=\"rtl\" lang=\"ar\">{} {}</p>\n",
            title.en, mend.en, title.ar, mend.ar
        );
    }
    text
}

/// The page `/api/problems`; a problem's `type` leads to its row.
pub(crate) fn page() -> String {
    let mut rows = String::new();
    for row in CODES {
        let Code { code, status, title, mend } = row;
        let _ = writeln!(
            rows,
            "<section id=\"{code}\"><h2><a href=\"#{code}\">{code}</a> <small>{status}</small></h2>\
             <p><strong>{}</strong> {}</p><p lang=\"ar\" dir=\"rtl\"><strong>{}</strong> {}</p></section>",
            title.en, mend.en, title.ar, mend.ar
        );
    }
    include_str!("../../../../editor/problems.html").replace("<!-- rows -->", &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_says_what_and_what_to_do_in_both_languages() {
        for (place, row) in CODES.iter().enumerate() {
            assert!(CODES[..place].iter().all(|before| before.code != row.code), "{} twice", row.code);
            assert!(
                CODES[..place].iter().all(|before| before.status <= row.status),
                "{} by status",
                row.code
            );
            for text in [row.title.en, row.mend.en, row.title.ar, row.mend.ar] {
                assert!(text.ends_with('.'), "{}: {text}", row.code);
            }
            let arabic = |text: &str| text.chars().any(|c| ('\u{600}'..='\u{6ff}').contains(&c));
            assert!(arabic(row.title.ar) && arabic(row.mend.ar) && !arabic(row.title.en), "{}", row.code);
        }
        assert_eq!(Code::find("no such code").code, "internal");
    }
}
