// Walking the graph: the order in which steps read, and what lies before a step. Pure; no React.
import type { FileEdge, FileNode, WorkflowFile } from "../api/shapes";
import type { Shape } from "./shape";

interface Index {
  from: ReadonlyMap<string, FileEdge[]>;
  to: ReadonlyMap<string, FileEdge[]>;
}

// A list of edges is never changed, only replaced; so is what is known about it.
const indexes = new WeakMap<readonly FileEdge[], Index>();

function grouped(edges: readonly FileEdge[], end: "source" | "target"): Map<string, FileEdge[]> {
  const map = new Map<string, FileEdge[]>();
  for (const edge of edges) {
    const list = map.get(edge[end]);
    if (list) list.push(edge);
    else map.set(edge[end], [edge]);
  }
  return map;
}

function indexOf(edges: readonly FileEdge[]): Index {
  const known = indexes.get(edges);
  if (known) return known;
  const made = { from: grouped(edges, "source"), to: grouped(edges, "target") };
  // A draft in the making is still changing.
  if (Object.isFrozen(edges)) indexes.set(edges, made);
  return made;
}

const none: FileEdge[] = [];

/** Nodes in reading order: along the edges, ties from top to bottom. */
export function readingOrder(file: Pick<WorkflowFile, "nodes" | "edges">): FileNode[] {
  const incoming = new Map(file.nodes.map((node) => [node.id, 0]));
  for (const edge of file.edges) {
    if (edge.targetHandle !== "again" && incoming.has(edge.target)) {
      incoming.set(edge.target, (incoming.get(edge.target) ?? 0) + 1);
    }
  }
  const { from } = indexOf(file.edges);
  const byId = new Map(file.nodes.map((node) => [node.id, node]));
  const before = (a: FileNode, b: FileNode) => a.position.x - b.position.x || a.position.y - b.position.y;
  const ready = file.nodes.filter((node) => incoming.get(node.id) === 0).sort(before);
  const order: FileNode[] = [];
  const placed = new Set<string>();
  while (order.length < file.nodes.length) {
    // A circle that is not a loop is an error, but is drawn and listed all the same.
    const next = ready.shift() ?? file.nodes.filter((node) => !placed.has(node.id)).sort(before)[0];
    if (!next) break;
    if (placed.has(next.id)) continue;
    placed.add(next.id);
    order.push(next);
    const opened: FileNode[] = [];
    for (const edge of from.get(next.id) ?? none) {
      if (edge.targetHandle === "again") continue;
      const left = (incoming.get(edge.target) ?? 0) - 1;
      incoming.set(edge.target, left);
      const node = byId.get(edge.target);
      if (left === 0 && node && !placed.has(node.id)) opened.push(node);
    }
    ready.push(...opened.sort((a, b) => a.position.y - b.position.y));
  }
  return order;
}

/** Ids of every node that may have run before this one. */
export function upstream(file: Pick<Shape, "edges">, id: string): Set<string> {
  const { to } = indexOf(file.edges);
  const seen = new Set<string>();
  const queue = [id];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const edge of to.get(at) ?? none) {
      if (!seen.has(edge.source) && edge.source !== id) {
        seen.add(edge.source);
        queue.push(edge.source);
      }
    }
  }
  return seen;
}

/** The nodes that only the `body` port of a loop leads to. */
export function bodyOf(file: Shape, loop: string): Set<string> {
  const { from, to } = indexOf(file.edges);
  const walk = (skip: boolean): Set<string> => {
    const roots = file.nodes.filter((node) => !to.has(node.id)).map((node) => node.id);
    const seen = new Set(skip ? roots : [loop]);
    const queue = [...seen];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (const edge of from.get(at) ?? none) {
        if (edge.targetHandle === "again" || seen.has(edge.target)) continue;
        if (at === loop && (edge.sourceHandle === "body") === skip) continue;
        seen.add(edge.target);
        queue.push(edge.target);
      }
    }
    return seen;
  };
  // Reached through the body port, and in no other way.
  const inside = walk(false);
  const outside = walk(true);
  return new Set([...inside].filter((id) => id !== loop && !outside.has(id)));
}

/** The loops whose body a node is in, outermost first. */
export function loopsAround<Step extends Shape["nodes"][number]>(
  file: { nodes: readonly Step[]; edges: readonly FileEdge[] },
  id: string,
  isLoop: (node: Step) => boolean,
): Step[] {
  return file.nodes
    .filter((node) => isLoop(node) && node.id !== id)
    .map((node) => ({ node, body: bodyOf(file, node.id) }))
    .filter(({ body }) => body.has(id))
    .sort((a, b) => b.body.size - a.body.size)
    .map(({ node }) => node);
}
