// Putting data into fields: by click (into the field that was last in use), by dragging, by typing.
import { create } from "zustand";
import type { Json } from "../api/shapes";
import { isPath } from "../graph/references";

export const PATH_TYPE = "application/x-masar-path";

interface Mapping {
  /** Takes a path where the person was writing; null while no field was used. */
  insert: ((path: string) => void) | null;
}

export const useMapping = create<Mapping>()(() => ({ insert: null }));

/** What a field holds after a path was put into it. */
export function withPath(value: Json | undefined, path: string, wantsText: boolean): Json {
  const mode = modeOf(value);
  const text = textOf(value);
  if (mode === "template") return { $template: `${text}{{${path}}}` };
  if (mode === "expr") return { $expr: text.trim() && !isPath(text) ? `${text}${path}` : path };
  if (wantsText && typeof value === "string" && value !== "") return { $template: `${value}{{${path}}}` };
  return { $expr: path };
}

export type Mode = "fixed" | "expr" | "template";

export function modeOf(value: Json | undefined): Mode {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    if ("$expr" in value) return "expr";
    if ("$template" in value) return "template";
  }
  return "fixed";
}

/** The text of an expression, a template, or a literal. */
export function textOf(value: Json | undefined): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const inner = value.$expr ?? value.$template;
    if (typeof inner === "string") return inner;
  }
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The same value said in another way, as far as that is possible. */
export function inMode(value: Json | undefined, mode: Mode): Json | undefined {
  const from = modeOf(value);
  if (from === mode) return value;
  const text = textOf(value);
  if (mode === "template")
    return { $template: from === "expr" && isPath(text) ? `{{${text}}}` : from === "expr" ? "" : text };
  if (mode === "expr") {
    const single = /^\{\{\s*([^{}]+?)\s*\}\}$/.exec(text);
    if (from === "template") return { $expr: single?.[1] ?? (text ? JSON.stringify(text) : "") };
    return { $expr: value === undefined || value === "" ? "" : JSON.stringify(value) };
  }
  // To fixed: a plain literal comes back as it was.
  if (from === "expr") {
    try {
      return JSON.parse(text) as Json;
    } catch {
      return undefined;
    }
  }
  return text || undefined;
}
