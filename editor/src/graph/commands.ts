// What can be done to a workflow file: functions that change an immer draft of it. Pure; no React.
import type { FileEdge, FileNode, Json, JsonObject, WorkflowFile } from "../api/shapes";
import { type Catalogue, edgePort, freshKey, NODE_WIDTH, portsOf } from "./catalogue";
import { forgetInGroups } from "./groups";
import { renameStep } from "./rewrite";

export function freshId(prefix: "n" | "e" | "s" | "d" | "g", taken: Iterable<{ id: string }>): string {
  let most = 0;
  for (const { id } of taken) {
    const count = id.startsWith(prefix) ? Number.parseInt(id.slice(1), 10) : 0;
    if (count > most) most = count;
  }
  return `${prefix}${most + 1}`;
}

const GAP = 84;

export interface Origin {
  node: string;
  port: string;
}

/** Adds a node; from a port it is linked and placed after it. Returns its id. */
export function addNode(
  file: WorkflowFile,
  catalogue: Catalogue,
  type: string,
  where: { at?: { x: number; y: number }; from?: Origin; intoEdge?: string },
): string {
  const manifest = catalogue.get(type);
  const id = freshId("n", file.nodes);
  const node: FileNode = {
    id,
    key: freshKey(type, new Set(file.nodes.map((other) => other.key))),
    type,
    typeVersion: manifest?.version ?? null,
    position: where.at ?? { x: 0, y: 0 },
    parameters: initialParameters(type),
  };
  const edge = where.intoEdge ? file.edges.find((other) => other.id === where.intoEdge) : undefined;
  const source = file.nodes.find((other) => other.id === (edge?.source ?? where.from?.node));
  const isTrigger = manifest?.role === "trigger";
  if (source && !where.at) {
    node.position = { x: source.position.x + NODE_WIDTH + GAP, y: source.position.y };
    if (edge) makeRoom(file, edge, node.position.x);
    else node.position.y = freeRow(file, node.position);
  } else if (!where.at) {
    const lowest = Math.max(-140, ...file.nodes.map((other) => other.position.y));
    const first = Math.min(0, ...file.nodes.map((other) => other.position.x));
    node.position = { x: first, y: lowest + 140 };
  }
  file.nodes.push(node);
  if (isTrigger) return id;
  if (edge) {
    const target = { target: edge.target, targetHandle: edge.targetHandle };
    edge.target = id;
    edge.targetHandle = null;
    const port = portsOf(node, manifest)[0];
    if (port && port !== "error")
      file.edges.push({ id: freshId("e", file.edges), source: id, sourceHandle: port, ...target });
  } else if (where.from) {
    connect(file, catalogue, where.from, id);
  }
  return id;
}

function initialParameters(type: string): JsonObject {
  return type === "flow.if" ? { condition: { all: [] } } : {};
}

/** Shifts what comes after an edge, so that a node fits between. */
function makeRoom(file: WorkflowFile, edge: FileEdge, from: number): void {
  const target = file.nodes.find((node) => node.id === edge.target);
  if (!target || target.position.x >= from + NODE_WIDTH + GAP / 2) return;
  const shift = from + NODE_WIDTH + GAP - target.position.x;
  const later = downstream(file, edge.target);
  for (const node of file.nodes) {
    if (later.has(node.id) && node.id !== edge.source) node.position.x += shift;
  }
}

/** The nearest free height in a column. */
function freeRow(file: WorkflowFile, at: { x: number; y: number }): number {
  let y = at.y;
  const near = (node: FileNode) =>
    Math.abs(node.position.x - at.x) < NODE_WIDTH && Math.abs(node.position.y - y) < 110;
  while (file.nodes.some(near)) y += 124;
  return y;
}

export function downstream(
  file: Pick<WorkflowFile, "edges"> | { edges: readonly FileEdge[] },
  start: string,
): Set<string> {
  const seen = new Set([start]);
  const queue = [start];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    for (const edge of file.edges) {
      if (edge.source === id && !seen.has(edge.target)) {
        seen.add(edge.target);
        queue.push(edge.target);
      }
    }
  }
  return seen;
}

export type Refusal = "circle" | "trigger" | "twice" | null;

/** Why two ports cannot be joined, or null. */
export function refusal(file: WorkflowFile, catalogue: Catalogue, from: Origin, target: string): Refusal {
  const node = file.nodes.find((other) => other.id === target);
  const manifest = node && catalogue.get(node.type);
  if (manifest?.role === "trigger") return "trigger";
  const source = file.nodes.find((other) => other.id === from.node);
  const ports = source ? portsOf(source, catalogue.get(source.type)) : [];
  const twice = file.edges.some(
    (edge) => edge.source === from.node && edge.target === target && edgePort(edge, ports) === from.port,
  );
  if (twice) return "twice";
  // A loop takes edges back at `again`.
  if (manifest?.role !== "loop" && downstream(file, target).has(from.node)) return "circle";
  return null;
}

export function connect(file: WorkflowFile, catalogue: Catalogue, from: Origin, target: string): void {
  if (refusal(file, catalogue, from, target)) return;
  const node = file.nodes.find((other) => other.id === target);
  const loops = node && catalogue.get(node.type)?.role === "loop" && downstream(file, target).has(from.node);
  file.edges.push({
    id: freshId("e", file.edges),
    source: from.node,
    sourceHandle: from.port,
    target,
    ...(loops ? { targetHandle: "again" } : {}),
  });
}

/** Removes nodes with their edges; a middle node's neighbours are joined where that is plain. */
export function removeNodes(file: WorkflowFile, ids: ReadonlySet<string>): void {
  file.nodes = file.nodes.filter((node) => !ids.has(node.id));
  file.edges = file.edges.filter((edge) => !ids.has(edge.source) && !ids.has(edge.target));
  for (const id of ids) {
    if (file.canvas?.labels) delete file.canvas.labels[id];
    if (file.canvas?.pins) delete file.canvas.pins[id];
  }
  forgetInGroups(file, ids);
  if (file.canvas?.stickies)
    file.canvas.stickies = file.canvas.stickies.filter((sticky) => !ids.has(sticky.id));
}

export function removeEdges(file: WorkflowFile, ids: ReadonlySet<string>): void {
  file.edges = file.edges.filter((edge) => !ids.has(edge.id));
}

export function validKey(file: WorkflowFile, id: string, key: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key) &&
    !file.nodes.some((node) => node.key === key && node.id !== id)
  );
}

/** Renames a key and every reference to it. */
export function renameKey(file: WorkflowFile, id: string, key: string): void {
  const node = file.nodes.find((other) => other.id === id);
  if (!node || node.key === key) return;
  const old = node.key;
  node.key = key;
  for (const other of file.nodes) {
    if (other.parameters) other.parameters = renameStep(other, old, key);
  }
}

export function setLabel(file: WorkflowFile, id: string, label: string): void {
  file.canvas ??= {};
  file.canvas.labels ??= {};
  if (label.trim()) file.canvas.labels[id] = label;
  else delete file.canvas.labels[id];
}

/** Sets a parameter by path; `undefined` takes it away. Objects on the way are made. */
export function setParameter(node: FileNode, path: (string | number)[], value: Json | undefined): void {
  node.parameters ??= {};
  let holder: Json = node.parameters;
  path.forEach((part, index) => {
    if (typeof holder !== "object" || holder === null) return;
    const box = holder as Record<string | number, Json>;
    if (index === path.length - 1) {
      if (value === undefined) {
        if (Array.isArray(holder)) holder.splice(Number(part), 1);
        else delete box[part];
      } else box[part] = value;
      return;
    }
    if (typeof box[part] !== "object" || box[part] === null)
      box[part] = typeof path[index + 1] === "number" ? [] : {};
    holder = box[part] as Json;
  });
}

export function replaceType(file: WorkflowFile, catalogue: Catalogue, id: string, type: string): void {
  const node = file.nodes.find((other) => other.id === id);
  const manifest = catalogue.get(type);
  if (!node || !manifest) return;
  node.type = type;
  node.typeVersion = manifest.version;
  // What the new type also knows is kept.
  const known = new Set(Object.keys(manifest.parameters.properties ?? {}));
  node.parameters = Object.fromEntries(
    Object.entries(node.parameters ?? {}).filter(([name]) => known.has(name)),
  );
  const ports = portsOf(node, manifest);
  for (const edge of file.edges) {
    if (edge.source === id && edge.sourceHandle && !ports.includes(edge.sourceHandle))
      edge.sourceHandle = ports[0] ?? null;
  }
}

export type Alignment = "top" | "row" | "column" | "distribute";

export function align(file: WorkflowFile, ids: ReadonlySet<string>, how: Alignment): void {
  const nodes = file.nodes.filter((node) => ids.has(node.id));
  if (nodes.length < 2) return;
  const xs = nodes.map((node) => node.position.x);
  const ys = nodes.map((node) => node.position.y);
  if (how === "top") for (const node of nodes) node.position.y = Math.min(...ys);
  if (how === "row") {
    const middle = ys.reduce((sum, y) => sum + y, 0) / ys.length;
    for (const node of nodes) node.position.y = Math.round(middle);
  }
  if (how === "column") for (const node of nodes) node.position.x = Math.min(...xs);
  if (how === "distribute") {
    const sorted = [...nodes].sort((a, b) => a.position.x - b.position.x);
    const [first, last] = [Math.min(...xs), Math.max(...xs)];
    const step = Math.max((last - first) / (sorted.length - 1), NODE_WIDTH + GAP);
    sorted.forEach((node, index) => {
      node.position.x = Math.round(first + index * step);
    });
  }
}
