// The comparisons of conditions, as the engine's table has them (engine/src/value/condition.rs);
// `check-source.mjs` tells when the two differ.

export interface OperatorInfo {
  name: string;
  takes: "nothing" | "value" | "list" | "two";
  folds: boolean;
  en: string;
  ar: string;
}

export const OPERATORS: readonly [OperatorInfo, ...OperatorInfo[]] = [
  { name: "equals", takes: "value", folds: true, en: "equals", ar: "يساوي" },
  { name: "not_equals", takes: "value", folds: true, en: "does not equal", ar: "لا يساوي" },
  { name: "gt", takes: "value", folds: false, en: "is greater than", ar: "أكبر من" },
  { name: "gte", takes: "value", folds: false, en: "is at least", ar: "لا يقل عن" },
  { name: "lt", takes: "value", folds: false, en: "is less than", ar: "أصغر من" },
  { name: "lte", takes: "value", folds: false, en: "is at most", ar: "لا يزيد عن" },
  { name: "between", takes: "two", folds: false, en: "is between", ar: "بين" },
  { name: "contains", takes: "value", folds: true, en: "contains", ar: "يحتوي على" },
  { name: "not_contains", takes: "value", folds: true, en: "does not contain", ar: "لا يحتوي على" },
  { name: "starts_with", takes: "value", folds: true, en: "begins with", ar: "يبدأ بـ" },
  { name: "ends_with", takes: "value", folds: true, en: "ends with", ar: "ينتهي بـ" },
  { name: "matches", takes: "value", folds: true, en: "matches", ar: "يطابق" },
  { name: "in", takes: "list", folds: true, en: "is one of", ar: "واحد من" },
  { name: "not_in", takes: "list", folds: true, en: "is none of", ar: "ليس من" },
  { name: "is_empty", takes: "nothing", folds: false, en: "is empty", ar: "فارغ" },
  { name: "is_not_empty", takes: "nothing", folds: false, en: "is not empty", ar: "غير فارغ" },
  { name: "exists", takes: "nothing", folds: false, en: "exists", ar: "موجود" },
  { name: "not_exists", takes: "nothing", folds: false, en: "does not exist", ar: "غير موجود" },
  { name: "is_true", takes: "nothing", folds: false, en: "is true", ar: "صحيح" },
  { name: "is_false", takes: "nothing", folds: false, en: "is false", ar: "خطأ" },
  { name: "before", takes: "value", folds: false, en: "is before", ar: "قبل" },
  { name: "after", takes: "value", folds: false, en: "is after", ar: "بعد" },
  { name: "has_any", takes: "list", folds: true, en: "has any of", ar: "فيه أي من" },
  { name: "has_all", takes: "list", folds: true, en: "has all of", ar: "فيه كل من" },
  { name: "length_equals", takes: "value", folds: false, en: "has a length of", ar: "طوله يساوي" },
  { name: "length_gt", takes: "value", folds: false, en: "is longer than", ar: "أطول من" },
  { name: "length_gte", takes: "value", folds: false, en: "has a length of at least", ar: "طوله لا يقل عن" },
  { name: "length_lt", takes: "value", folds: false, en: "is shorter than", ar: "أقصر من" },
  { name: "length_lte", takes: "value", folds: false, en: "has a length of at most", ar: "طوله لا يزيد عن" },
];
