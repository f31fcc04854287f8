// From a workflow file to what React Flow draws. A node whose part of the file did not change keeps
// its object, so that only what changed is drawn again.
import type { Edge, Node } from "@xyflow/react";
import { Position } from "@xyflow/react";
import type { FileNode, Group, Sticky, WorkflowFile } from "../api/shapes";
import {
  type Catalogue,
  drawnPorts,
  edgePort,
  NODE_WIDTH,
  nodeHeight,
  portsOf,
  portTop,
} from "../graph/catalogue";
import { folded } from "../graph/groups";
import { bodyOf } from "../graph/traverse";
import type { View } from "./direction";

export type StepNode = Node<
  { node: FileNode; label: string | undefined; ports: string[]; used: string },
  "step"
>;
export type StickyNode = Node<{ sticky: Sticky }, "sticky">;
export type RegionNode = Node<{ loop: string }, "region">;
export type GroupNode = Node<
  {
    group: Group;
    folded: boolean;
    /** Keys of its steps. */
    keys: string[];
    /** Its canonical place, to tell how far it was dragged. */
    at: { x: number; y: number };
  },
  "group"
>;
export type FlowNode = StepNode | StickyNode | RegionNode | GroupNode;
export type FlowEdge = Edge<{ port: string; sourceKey: string }, "step">;

const DOT = 12;

function usedPorts(file: WorkflowFile): Map<string, Set<string>> {
  const used = new Map<string, Set<string>>();
  for (const edge of file.edges) {
    const set = used.get(edge.source) ?? new Set();
    set.add(edge.sourceHandle ?? "");
    used.set(edge.source, set);
  }
  return used;
}

const nobody: ReadonlySet<string> = new Set();

export function flowNodes(
  file: WorkflowFile,
  catalogue: Catalogue,
  view: View,
  selected: ReadonlySet<string>,
  editable: boolean,
  previous: readonly FlowNode[],
): FlowNode[] {
  const old = new Map(previous.map((node) => [node.id, node]));
  const used = usedPorts(file);
  const hidden = folded(file.canvas?.groups, selected);
  const seen = hidden.size > 0 ? file.nodes.filter((node) => !hidden.has(node.id)) : file.nodes;
  const steps = seen.map((node): StepNode => {
    const ports = drawnPorts(portsOf(node, catalogue.get(node.type)), used.get(node.id) ?? nobody);
    const label = file.canvas?.labels?.[node.id];
    const mine = [...(used.get(node.id) ?? [])].join("\n");
    const before = old.get(node.id);
    const x = view.x(node.position.x);
    if (
      before?.type === "step" &&
      before.data.node === node &&
      before.data.label === label &&
      before.data.used === mine &&
      before.origin?.[0] === view.origin[0]
    ) {
      const still = before.position.x === x && before.position.y === node.position.y;
      if (still && before.selected === selected.has(node.id)) return before;
      return { ...before, position: { x, y: node.position.y }, selected: selected.has(node.id) };
    }
    const height = nodeHeight(ports);
    return {
      id: node.id,
      type: "step",
      position: { x, y: node.position.y },
      origin: view.origin,
      width: NODE_WIDTH,
      height,
      selected: selected.has(node.id),
      draggable: editable,
      focusable: false,
      handles: handles(ports, catalogue.get(node.type)?.role === "trigger", view),
      data: { node, label, ports, used: mine },
    };
  });
  return [
    ...groups(file, catalogue, view, used, hidden, editable, old),
    ...regions(file, catalogue, view, steps),
    ...stickies(file, view, selected, editable, old),
    ...steps,
  ];
}

function handles(ports: string[], trigger: boolean, view: View): StepNode["handles"] {
  const outX = view.out === Position.Right ? NODE_WIDTH - DOT / 2 : -DOT / 2;
  const inX = view.in === Position.Left ? -DOT / 2 : NODE_WIDTH - DOT / 2;
  const box = { width: DOT, height: DOT };
  return [
    ...(trigger
      ? []
      : [{ ...box, id: "in", type: "target" as const, position: view.in, x: inX, y: 31 - DOT / 2 }]),
    ...ports.map((port, index) => ({
      ...box,
      id: port,
      type: "source" as const,
      position: view.out,
      x: outX,
      y: portTop(ports, index) - DOT / 2,
    })),
  ];
}

function stickies(
  file: WorkflowFile,
  view: View,
  selected: ReadonlySet<string>,
  editable: boolean,
  old: ReadonlyMap<string, FlowNode>,
): StickyNode[] {
  return (file.canvas?.stickies ?? []).map((sticky) => {
    const before = old.get(sticky.id);
    const x = view.x(sticky.x);
    if (
      before?.type === "sticky" &&
      before.data.sticky === sticky &&
      before.position.x === x &&
      before.selected === selected.has(sticky.id)
    ) {
      return before;
    }
    return {
      id: sticky.id,
      type: "sticky",
      position: { x, y: sticky.y },
      origin: view.origin,
      width: sticky.width,
      height: sticky.height,
      zIndex: -1,
      selected: selected.has(sticky.id),
      draggable: editable,
      focusable: false,
      data: { sticky },
    };
  });
}

/** Groups as frames or as boxes. */
function groups(
  file: WorkflowFile,
  catalogue: Catalogue,
  view: View,
  used: ReadonlyMap<string, Set<string>>,
  hidden: ReadonlyMap<string, string>,
  editable: boolean,
  old: ReadonlyMap<string, FlowNode>,
): GroupNode[] {
  const list = file.canvas?.groups;
  if (!list?.length) return [];
  const byId = new Map(file.nodes.map((node) => [node.id, node]));
  return list.flatMap((group): GroupNode[] => {
    const members = group.nodes.flatMap((id) => byId.get(id) ?? []);
    const first = members[0];
    if (!first) return [];
    const isFolded = hidden.has(first.id);
    const left = Math.min(...members.map((node) => node.position.x));
    const top = Math.min(...members.map((node) => node.position.y));
    const bottom = (node: FileNode) =>
      node.position.y +
      nodeHeight(drawnPorts(portsOf(node, catalogue.get(node.type)), used.get(node.id) ?? nobody));
    const at = isFolded ? { x: left, y: top } : { x: left - 22, y: top - 48 };
    const width = isFolded
      ? NODE_WIDTH
      : Math.max(...members.map((node) => node.position.x)) + NODE_WIDTH + 22 - at.x;
    const height = isFolded ? 62 : Math.max(...members.map(bottom)) + 22 - at.y;
    const keys = members.map((node) => node.key);
    const before = old.get(group.id);
    const same =
      before?.type === "group" &&
      before.data.group === group &&
      before.data.folded === isFolded &&
      before.data.keys.join() === keys.join() &&
      before.position.x === view.x(at.x) &&
      before.position.y === at.y &&
      before.width === width &&
      before.height === height;
    if (same) return [before];
    return [
      {
        id: group.id,
        type: "group",
        position: { x: view.x(at.x), y: at.y },
        origin: view.origin,
        width,
        height,
        zIndex: isFolded ? 0 : -3,
        draggable: editable,
        dragHandle: ".group-handle",
        selectable: false,
        focusable: false,
        handles: isFolded ? handles(["out"], false, view) : [],
        data: { group, folded: isFolded, keys, at },
      },
    ];
  });
}

/** A frame round the body of every loop. */
function regions(file: WorkflowFile, catalogue: Catalogue, view: View, steps: StepNode[]): RegionNode[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return file.nodes.flatMap((node): RegionNode[] => {
    const role = catalogue.get(node.type)?.role;
    if (role !== "for_each" && role !== "loop") return [];
    const body = [...bodyOf(file, node.id)].flatMap((id) => byId.get(id) ?? []);
    if (body.length === 0) return [];
    const xs = body.map((step) => step.data.node.position.x);
    const ys = body.map((step) => step.data.node.position.y);
    const left = Math.min(...xs) - 26;
    const top = Math.min(...ys) - 38;
    const width = Math.max(...xs) + NODE_WIDTH + 26 - left;
    const height =
      Math.max(...body.map((step) => step.data.node.position.y + (step.height ?? 62))) + 26 - top;
    return [
      {
        id: `region ${node.id}`,
        type: "region",
        position: { x: view.x(left), y: top },
        origin: view.origin,
        width,
        height,
        zIndex: -2,
        draggable: false,
        selectable: false,
        focusable: false,
        data: { loop: node.id },
      },
    ];
  });
}

/** Connections; those of a folded group's steps are drawn to its box. */
export function flowEdges(
  file: WorkflowFile,
  catalogue: Catalogue,
  selected: string | null,
  chosen: ReadonlySet<string>,
  previous: readonly FlowEdge[],
): FlowEdge[] {
  const hidden = folded(file.canvas?.groups, chosen);
  const old = new Map(previous.map((edge) => [edge.id, edge]));
  const byId = new Map(file.nodes.map((node) => [node.id, node]));
  return file.edges.flatMap((edge): FlowEdge[] => {
    const from = hidden.get(edge.source);
    const to = hidden.get(edge.target);
    if (from !== undefined && from === to) return [];
    const source = byId.get(edge.source);
    const port = edgePort(edge, source ? portsOf(source, catalogue.get(source.type)) : []);
    const sourceKey = source?.key ?? "";
    const before = old.get(edge.id);
    const same =
      before &&
      before.source === (from ?? edge.source) &&
      before.target === (to ?? edge.target) &&
      before.sourceHandle === (from ? "out" : port) &&
      before.data?.port === port &&
      before.data?.sourceKey === sourceKey &&
      before.selected === (selected === edge.id);
    if (same) return [before];
    return [
      {
        id: edge.id,
        type: "step",
        source: from ?? edge.source,
        sourceHandle: from ? "out" : port,
        target: to ?? edge.target,
        targetHandle: "in",
        selected: selected === edge.id,
        focusable: false,
        data: { port, sourceKey },
      },
    ];
  });
}
