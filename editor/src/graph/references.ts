// Reading plain paths on real data, for completion and for the preview until the server has answered.
// Pure; no React.
import type { Json } from "../api/shapes";

export type Scope = { [name: string]: Json };
export type Read = { found: true; value: Json } | { found: false; path: string };

const PATH = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[(?:\d+|"[^"]*")\])*$/;

export function isPath(text: string): boolean {
  return PATH.test(text.trim());
}

/** Reads a plain path such as `trigger.body.items[0].name`. */
export function readPath(text: string, scope: Scope): Read {
  let value: Json = scope;
  let walked = "";
  for (const part of text.trim().matchAll(/\.?([A-Za-z_]\w*)|\[(\d+)\]|\["([^"]*)"\]/g)) {
    const name = part[1] ?? part[2] ?? part[3] ?? "";
    walked += part[0];
    if (typeof value !== "object" || value === null || !(name in value))
      return { found: false, path: walked };
    value = (value as { [name: string]: Json })[name] ?? null;
  }
  return { found: true, value };
}

/** What a template gives, where it only fills in plain paths; null where it needs the server. */
export function fillTemplate(template: string, scope: Scope): Read | null {
  let missing: string | null = null;
  let plain = true;
  const text = template.replace(/\{\{\{?([^}]*)\}?\}\}/g, (_whole, inner: string) => {
    const path = inner.trim();
    if (!isPath(path)) {
      plain = false;
      return "";
    }
    const read = readPath(path, scope);
    if (!read.found) {
      missing ??= read.path;
      return "";
    }
    return typeof read.value === "object" ? JSON.stringify(read.value) : String(read.value);
  });
  if (!plain) return null;
  return missing === null ? { found: true, value: text } : { found: false, path: missing };
}

/** The path to a field, written as expressions want it. */
export function joinPath(base: string, name: string | number): string {
  if (typeof name === "number") return `${base}[${name}]`;
  return /^[A-Za-z_]\w*$/.test(name) ? `${base}.${name}` : `${base}["${name}"]`;
}
