// What the node types mean for drawing: categories, ports, sizes, names. Pure; no React.
import type { FileNode, Json, JsonObject, Manifest } from "../api/shapes";
import type { Texts } from "../text";

export type Category = "trigger" | "flow" | "data" | "crm" | "connect" | "other";
export const CATEGORIES: Category[] = ["trigger", "flow", "data", "crm", "connect", "other"];

const families: Record<string, Category> = {
  trigger: "trigger",
  flow: "flow",
  data: "data",
  crm: "crm",
  email: "connect",
  http: "connect",
  event: "connect",
  webhook: "connect",
};

export function categoryOf(type: string): Category {
  return families[type.split(".")[0] ?? ""] ?? "other";
}

export type Catalogue = ReadonlyMap<string, Manifest>;

/** Output ports in order, `error` last where the node may fail. */
export function portsOf(node: Pick<FileNode, "parameters">, manifest: Manifest | undefined): string[] {
  if (!manifest) return ["out"];
  const ports = manifest.ports;
  const own =
    "fixed" in ports
      ? ports.fixed
      : [...listedPorts(node.parameters, ports.from_list.parameter), ports.from_list.last];
  // What only computes or waits has little to fail at; its error port is drawn once it is used.
  return manifest.effect !== "pure" && manifest.role === "action" ? [...own, "error"] : own;
}

function listedPorts(parameters: JsonObject | null | undefined, name: string): string[] {
  const list = parameters?.[name];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry) =>
    typeof entry === "object" && entry !== null && !Array.isArray(entry) && typeof entry.port === "string"
      ? [entry.port]
      : [],
  );
}

/** The port of an edge, with the default spelled out. */
export function edgePort(edge: { sourceHandle?: string | null }, ports: string[]): string {
  return edge.sourceHandle ?? ports[0] ?? "out";
}

export const NODE_WIDTH = 208;
const HEAD = 62;
const ROW = 24;

/** Ports drawn as rows with a label; a lone ordinary output needs none. */
export function drawnPorts(ports: string[], used: ReadonlySet<string>): string[] {
  return ports.filter((port) => port !== "error" || used.has("error"));
}

export function nodeHeight(drawn: string[]): number {
  return drawn.length <= 1 ? HEAD : HEAD + drawn.length * ROW + 6;
}

/** Where a port lies, from the node's top. */
export function portTop(drawn: string[], index: number): number {
  return drawn.length <= 1 ? HEAD / 2 : HEAD + ROW / 2 + index * ROW;
}

export function portLabel(port: string, t: Texts): string {
  const labels: Record<string, string> = t.canvas.node.port;
  return labels[port] ?? port;
}

/** The key that a new node of a type gets: `create`, `create_2`, … */
export function freshKey(type: string, taken: ReadonlySet<string>): string {
  const base = (type.split(".")[1] ?? "step").replace(/[^a-zA-Z0-9_]/g, "_");
  const plain = RESERVED.has(base) ? `${base}_step` : base;
  if (!taken.has(plain)) return plain;
  for (let count = 2; ; count += 1) {
    const key = `${plain}_${count}`;
    if (!taken.has(key)) return key;
  }
}

// Words that expressions already use.
const RESERVED = new Set([
  "if",
  "switch",
  "loop",
  "wait",
  "call",
  "set",
  "event",
  "for_each",
  "fail",
  "stop",
  "trigger",
]);

/** How a node is called: the author's label, else a telling key, else its type. */
export function titleOf(
  node: Pick<FileNode, "id" | "key" | "type">,
  labels: Record<string, string> | undefined,
  typeName: string,
): string {
  const label = labels?.[node.id];
  if (label) return label;
  const standard = freshKey(node.type, new Set());
  if (node.key === standard || node.key.startsWith(`${standard}_`)) return typeName;
  return node.key.replace(/_/g, " ");
}

/** A few words about what the node is set to do. */
export function summaryOf(node: Pick<FileNode, "type" | "parameters">, t: Texts): string {
  const p = node.parameters ?? {};
  const word = (value: Json | undefined): string => {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (typeof value.$expr === "string") return value.$expr;
      if (typeof value.$template === "string") return value.$template;
    }
    return "";
  };
  if (node.type.startsWith("crm.")) return one(t.crm.one, word(p.entity));
  switch (node.type) {
    case "trigger.webhook":
      return p.path ? `/${word(p.path)}` : "";
    case "trigger.event":
    case "event.publish":
      return word(p.type);
    case "trigger.schedule":
      return word(p.cron);
    case "trigger.message":
      return Array.isArray(p.keywords) ? p.keywords.map((entry) => word(entry)).join(", ") : "";
    case "email.send":
      return word(p.to);
    case "http.request":
      return `${word(p.method) || "GET"} ${word(p.url)}`;
    case "flow.wait":
      return word(p.for) || word(p.until);
    case "flow.approval":
      return word(p.title);
    case "flow.call":
      return word(p.workflow);
    case "flow.for_each":
      return word(p.items);
    case "flow.if":
      return conditionWords(p.condition);
    case "flow.switch":
      return Array.isArray(p.cases) ? String(p.cases.length) : "";
    case "data.set":
      return typeof p.values === "object" && p.values !== null ? Object.keys(p.values).join(", ") : "";
    default:
      return "";
  }
}

function one(names: Record<string, string>, name: string): string {
  return names[name] ?? name;
}

const signs: Record<string, string> = { gt: ">", gte: "≥", lt: "<", lte: "≤", equals: "=", not_equals: "≠" };

function conditionWords(condition: Json | undefined): string {
  if (typeof condition !== "object" || condition === null || Array.isArray(condition)) return "";
  const rows = condition.all ?? condition.any ?? [condition];
  if (!Array.isArray(rows)) return "";
  const row = rows[0];
  if (typeof row !== "object" || row === null || Array.isArray(row)) return "";
  const value = row.value;
  const left =
    typeof value === "object" && value !== null && !Array.isArray(value) && typeof value.$expr === "string"
      ? (value.$expr.split(".").pop() ?? "")
      : String(value ?? "");
  const operator = String(row.operator ?? "");
  const to = typeof row.to === "object" ? "" : String(row.to ?? "");
  const more = rows.length > 1 ? " …" : "";
  return `${left} ${signs[operator] ?? operator.replace(/_/g, " ")} ${to}${more}`.trim();
}
