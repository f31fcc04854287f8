// Rewriting what expressions, templates and scripts reach for: `steps.key` and the other roots. Text
// in quotes stays as it is. Pure; no React.
import type { FileNode, Json, JsonObject } from "../api/shapes";

type Kind = "expr" | "template";
type Rewrite = (text: string, kind: Kind) => string;

/** A root with, for `steps`, the key behind it. */
export interface Root {
  name: "trigger" | "event" | "input" | "item" | "index" | "steps";
  key?: string;
}

const ROOT =
  /(?<![\w.])(?:steps(?:\.([A-Za-z_]\w*)|\[(["'])([A-Za-z_]\w*)\2\])|(trigger|event|input|item|index)\b)(?!\s*:(?!:))/g;

/** Replaces every root in a piece of code; `null` leaves it. */
function rootsIn(code: string, change: (root: Root) => string | null): string {
  // Quoted text is skipped; `…${code}…` is code again inside its braces.
  return code.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`]+/g, (piece) => {
    if (piece.startsWith('"')) return piece;
    if (piece.startsWith("`"))
      return piece.replace(/\$\{([^}]*)\}/g, (_whole, inner: string) => `\${${rootsIn(inner, change)}}`);
    return piece.replace(
      ROOT,
      (whole, dotted?: string, _quote?: string, bracketed?: string, name?: string) => {
        const key = dotted ?? bracketed;
        const root: Root = key ? { name: "steps", key } : { name: name as Root["name"] };
        return change(root) ?? whole;
      },
    );
  });
}

/** Replaces roots in the text of an expression or a template. `steps["key"]` counts as code, not as quoted. */
export function rewriteRoots(text: string, kind: Kind, change: (root: Root) => string | null): string {
  const plain = text.replace(/\bsteps\[(["'])([A-Za-z_]\w*)\1\]/g, "steps.$2");
  const found =
    kind === "expr" ? rootsIn(plain, change) : plain.replace(/\{\{[^}]*\}\}/g, (tag) => rootsIn(tag, change));
  return found === plain ? text : found;
}

function inside(value: Json, rewrite: Rewrite): Json {
  if (Array.isArray(value)) return value.map((entry) => inside(entry, rewrite));
  if (typeof value !== "object" || value === null) return value;
  const changed: JsonObject = {};
  for (const [name, inner] of Object.entries(value)) {
    if (name === "$expr" && typeof inner === "string") changed[name] = rewrite(inner, "expr");
    else if (name === "$template" && typeof inner === "string") changed[name] = rewrite(inner, "template");
    else changed[name] = inside(inner, rewrite);
  }
  return changed;
}

/** A step's parameters with every expression, template and script rewritten. */
export function rewriteParameters(node: Pick<FileNode, "type" | "parameters">, rewrite: Rewrite): JsonObject {
  const parameters = inside(node.parameters ?? {}, rewrite) as JsonObject;
  if (node.type === "data.rhai" && typeof parameters.script === "string")
    parameters.script = rewrite(parameters.script, "expr");
  return parameters;
}

/** The same with one step renamed. */
export function renameStep(
  node: Pick<FileNode, "type" | "parameters">,
  old: string,
  key: string,
): JsonObject {
  return rewriteParameters(node, (text, kind) =>
    rewriteRoots(text, kind, (root) => (root.key === old ? `steps.${key}` : null)),
  );
}

/** Every root that a step reaches for. */
export function rootsOf(node: Pick<FileNode, "type" | "parameters">): Root[] {
  const found = new Map<string, Root>();
  rewriteParameters(node, (text, kind) =>
    rewriteRoots(text, kind, (root) => {
      found.set(`${root.name} ${root.key ?? ""}`, root);
      return null;
    }),
  );
  return [...found.values()];
}
