// Two states of a workflow as one drawing: what was removed is put back in its old place, and every
// node says what became of it. Pure; no React.
import type { FileNode, WorkflowFile } from "../api/shapes";

export type Mark = "added" | "removed" | "changed" | "moved";

export interface Comparison {
  file: WorkflowFile;
  marks: ReadonlyMap<string, Mark>;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** Equal but for the order of names and for what is absent or null. */
export function alike(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

const content = ({ position: _position, ...rest }: FileNode) => rest;

export function compare(before: WorkflowFile, after: WorkflowFile): Comparison {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const now = new Map(after.nodes.map((node) => [node.id, node]));
  const marks = new Map<string, Mark>();
  for (const node of after.nodes) {
    const was = old.get(node.id);
    if (!was || was.type !== node.type) marks.set(node.id, "added");
    else if (!alike(content(was), content(node))) marks.set(node.id, "changed");
    else if (was.position.x !== node.position.x || was.position.y !== node.position.y)
      marks.set(node.id, "moved");
  }
  const removed = before.nodes.filter((node) => !now.has(node.id));
  for (const node of removed) marks.set(node.id, "removed");
  const gone = new Set(removed.map((node) => node.id));
  const lost = before.edges.filter((edge) => gone.has(edge.source) || gone.has(edge.target));
  return {
    file: {
      ...after,
      nodes: [...after.nodes, ...removed],
      edges: [...after.edges, ...lost.map((edge) => ({ ...edge, id: `${edge.id}-` }))],
    },
    marks,
  };
}
