// Numbers, money, dates and spans of time as the reader's language and preferences write them.
import { usePreferences } from "./preferences";

const tags = () => {
  const { language, digits } = usePreferences.getState();
  return `${language === "ar" ? "ar-SA" : "en-GB"}-u-nu-${digits}`;
};

export function number(value: number): string {
  return new Intl.NumberFormat(tags()).format(value);
}

export function money(value: number, currency = "SAR"): string {
  try {
    return new Intl.NumberFormat(tags(), { style: "currency", currency, maximumFractionDigits: 0 }).format(
      value,
    );
  } catch {
    return `${number(value)} ${currency}`;
  }
}

function toDate(at: string | number): Date {
  // Numbers are the journal's and the CRM's microseconds.
  return new Date(typeof at === "number" ? at / 1000 : at);
}

function write(at: Date, options: Intl.DateTimeFormatOptions, timeZone?: string): string {
  const { calendar } = usePreferences.getState();
  const one = (name: string) =>
    new Intl.DateTimeFormat(`${tags()}-ca-${name}`, { ...options, timeZone }).format(at);
  if (calendar === "gregory") return one("gregory");
  if (calendar === "hijri") return one("islamic-umalqura");
  return `${one("gregory")} · ${new Intl.DateTimeFormat(`${tags()}-ca-islamic-umalqura`, { day: "numeric", month: "long", year: "numeric", timeZone }).format(at)}`;
}

export function moment(at: string | number): string {
  return write(toDate(at), { dateStyle: "medium", timeStyle: "short" });
}

export function exact(at: string | number): string {
  return write(toDate(at), { dateStyle: "medium", timeStyle: "medium" });
}

export function day(at: string | number): string {
  return write(toDate(at), { dateStyle: "medium" });
}

export function ago(at: string | number, now: number): string {
  const seconds = Math.round((toDate(at).getTime() - now) / 1000);
  const relative = new Intl.RelativeTimeFormat(tags(), { numeric: "auto", style: "short" });
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(Math.min(seconds, 0), "second");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), "hour");
  if (size < 30 * 86_400) return relative.format(Math.round(seconds / 86_400), "day");
  return day(at);
}

/** A span of time given in microseconds. */
export function span(microseconds: number): string {
  const unit = (value: number, name: string, digits = 0) =>
    new Intl.NumberFormat(tags(), {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value);
  if (microseconds < 1000) return unit(microseconds, "microsecond");
  if (microseconds < 1_000_000) return unit(microseconds / 1000, "millisecond");
  if (microseconds < 60_000_000) return unit(microseconds / 1_000_000, "second", 1);
  if (microseconds < 3_600_000_000) return unit(microseconds / 60_000_000, "minute", 1);
  return unit(microseconds / 3_600_000_000, "hour", 1);
}

/** Folds Arabic and Latin text so that spellings of one word are found as one. */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f\u064b-\u0655\u0640\u0670]/g, "")
    .replace(/[أإآٱ]/g, "ا")
    .replace(/ى/g, "ي")
    .replace(/ة/g, "ه")
    .replace(/[ؤئ]/g, "ء")
    .toLowerCase()
    .replace(/[_.]/g, " ")
    .trim();
}
