// Two drafts that began as one, made one again: what only one side changed is taken from that side;
// where both changed the same thing, mine wins. Pure; no React.
import type { WorkflowFile } from "../api/shapes";

const equal = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

function mergeLists<T extends { id: string }>(
  base: readonly T[],
  mine: readonly T[],
  theirs: readonly T[],
): T[] {
  const old = new Map(base.map((entry) => [entry.id, entry]));
  const other = new Map(theirs.map((entry) => [entry.id, entry]));
  const own = new Map(mine.map((entry) => [entry.id, entry]));
  const merged: T[] = [];
  for (const entry of mine) {
    const before = old.get(entry.id);
    const there = other.get(entry.id);
    if (before && !there && equal(before, entry)) continue; // They removed it.
    merged.push(before && there && equal(before, entry) ? there : entry);
  }
  for (const entry of theirs) {
    if (own.has(entry.id)) continue;
    const before = old.get(entry.id);
    // New on their side, or removed on mine though they went on changing it.
    if (!before || !equal(before, entry)) merged.push(entry);
  }
  return merged;
}

export function mergeFiles(base: WorkflowFile, mine: WorkflowFile, theirs: WorkflowFile): WorkflowFile {
  const nodes = mergeLists(base.nodes, mine.nodes, theirs.nodes);
  const there = new Set(nodes.map((node) => node.id));
  const edges = mergeLists(base.edges, mine.edges, theirs.edges).filter(
    (edge) => there.has(edge.source) && there.has(edge.target),
  );
  return {
    ...theirs,
    ...mine,
    name: equal(base.name, mine.name) ? theirs.name : mine.name,
    settings: equal(base.settings, mine.settings) ? theirs.settings : mine.settings,
    canvas: equal(base.canvas, mine.canvas) ? theirs.canvas : mine.canvas,
    nodes,
    edges,
  };
}

export interface Difference {
  id: string;
  name: string;
  kind: "mine" | "theirs" | "both";
}

/** Where two drafts differ, node by node. */
export function differences(mine: WorkflowFile, theirs: WorkflowFile): Difference[] {
  const other = new Map(theirs.nodes.map((node) => [node.id, node]));
  const own = new Set(mine.nodes.map((node) => node.id));
  return [
    ...mine.nodes.flatMap((node): Difference[] => {
      const there = other.get(node.id);
      if (!there) return [{ id: node.id, name: node.key, kind: "mine" }];
      return equal(node, there) ? [] : [{ id: node.id, name: node.key, kind: "both" }];
    }),
    ...theirs.nodes
      .filter((node) => !own.has(node.id))
      .map((node): Difference => ({ id: node.id, name: node.key, kind: "theirs" })),
  ];
}
