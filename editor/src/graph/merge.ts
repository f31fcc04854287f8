// Two drafts that began as one, made one again: what only one side changed is taken from that side;
// where both changed the same thing, mine wins. Pure; no React.
import type { CanvasExtras, WorkflowFile } from "../api/shapes";

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
    canvas: mergeCanvas(base.canvas ?? {}, mine.canvas ?? {}, theirs.canvas ?? {}),
    nodes,
    edges,
  };
}

function mergeCanvas(base: CanvasExtras, mine: CanvasExtras, theirs: CanvasExtras): CanvasExtras {
  const merged: CanvasExtras = { ...theirs, ...mine };
  for (const part of ["labels", "pins"] as const) {
    const both = mergeRecords<unknown>(base[part] ?? {}, mine[part] ?? {}, theirs[part] ?? {});
    if (Object.keys(both).length > 0) Object.assign(merged, { [part]: both });
    else delete merged[part];
  }
  for (const part of ["stickies", "samples", "groups"] as const) {
    const lists = [base, mine, theirs].map((side): readonly { id: string }[] => side[part] ?? []);
    const both = mergeLists(lists[0] ?? [], lists[1] ?? [], lists[2] ?? []);
    if (both.length > 0) Object.assign(merged, { [part]: both });
    else delete merged[part];
  }
  return merged;
}

function mergeRecords<T>(
  base: Record<string, T>,
  mine: Record<string, T>,
  theirs: Record<string, T>,
): Record<string, T> {
  const asList = (record: Record<string, T>) => Object.entries(record).map(([id, value]) => ({ id, value }));
  const merged = mergeLists(asList(base), asList(mine), asList(theirs));
  return Object.fromEntries(merged.map(({ id, value }) => [id, value]));
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
