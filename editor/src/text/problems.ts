// The compiler's codes in Arabic. The server speaks English; its own words stay beside these.
import type { Language } from "./preferences";

const arabic: Record<string, string> = {
  "node.id_twice": "معرّف مكرر لعقدتين.",
  "node.key_invalid": "المفتاح غير صالح: حروف لاتينية وأرقام و _ فقط.",
  "node.key_twice": "مفتاح مكرر لخطوتين.",
  "node.type_unknown": "نوع العقدة أو إصدارها غير مثبت.",
  "node.unreachable": "لا يصل إلى هذه الخطوة أي مُشغِّل.",
  "node.setting_invalid": "إعداد غير ممكن للإعادة أو المهلة أو الانتظار.",
  "workflow.no_trigger": "لا يوجد مُشغِّل؛ أضف ما يبدأ سير العمل.",
  "parameter.missing": "حقل مطلوب لم يُملأ.",
  "parameter.unknown": "حقل لا تعرفه هذه العقدة.",
  "parameter.invalid": "قيمة لا يقبلها هذا الحقل.",
  "expression.invalid": "تعبير أو قالب غير صحيح.",
  "reference.unknown": "إشارة إلى خطوة غير موجودة.",
  "reference.not_before": "إشارة إلى خطوة لا يمكن أن تكون قد نُفّذت قبلها.",
  "reference.inside_loop": "إشارة من خارج الحلقة إلى داخلها.",
  "reference.no_loop": "استُخدم item أو index خارج حلقة.",
  "reference.type": "مسار لا يوجد في ناتج تلك الخطوة.",
  "edge.id_twice": "معرّف مكرر لرابطين.",
  "edge.end_unknown": "رابط ينتهي إلى خطوة غير موجودة.",
  "edge.twice": "رُبط المنفذان مرتين.",
  "edge.port_unknown": "رابط على منفذ غير موجود.",
  "edge.into_trigger": "لا تقبل المُشغِّلات مدخلًا.",
  "graph.cycle": "مسار دائري؛ استخدم عقدة الحلقة للتكرار.",
  "graph.region_left": "رابط يخرج من جسم الحلقة.",
  "graph.again_from_outside": "رابط إلى «من جديد» من خارج الحلقة.",
  "graph.too_deep": "حلقات متداخلة أكثر من ثماني مرات.",
  "graph.join_impossible": "شرط انتظار لا يمكن أن يتحقق.",
};

export function problemWords(code: string, language: Language): string | null {
  return language === "ar" ? (arabic[code] ?? null) : null;
}

const faults: Record<string, string> = {
  "value.missing": "غير موجود في البيانات",
  "value.step_not_run": "الخطوة لم تُنفّذ في هذه البيانات",
  "value.type": "نوع القيمة لا يناسب هذا الموضع",
  "value.function": "الدالة لا تقبل هذه القيمة",
  "expression.syntax": "صياغة غير مفهومة",
  "expression.unknown_name": "اسم غير معروف",
  "expression.unknown_function": "دالة غير معروفة",
  "expression.dynamic_step": "يجب كتابة مفتاح الخطوة صراحةً",
  "expression.limit": "تجاوز الحدود المسموح بها",
  "expression.failed": "تعذّر الحساب",
  "expression.thrown": "أوقفه النص البرمجي نفسه",
  "template.syntax": "صياغة القالب غير مفهومة",
  "template.unknown_name": "اسم غير معروف",
  "template.unknown_function": "دالة غير معروفة",
  "template.refused": "غير متاح في القوالب",
};

/** A fault of an expression or template in Arabic, with the text that it is about. */
export function faultWords(code: string, language: Language, fragment?: string): string | null {
  const words = language === "ar" ? faults[code] : undefined;
  if (!words) return null;
  return fragment ? `${words}: ${fragment}` : `${words}.`;
}
