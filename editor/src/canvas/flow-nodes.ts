// From a workflow file to what React Flow draws. A node whose part of the file did not change keeps
// its object, so that only what changed is drawn again.
import type { Edge, Node } from "@xyflow/react";
import { Position } from "@xyflow/react";
import type { FileNode, Sticky, WorkflowFile } from "../api/shapes";
import {
  type Catalogue,
  drawnPorts,
  edgePort,
  NODE_WIDTH,
  nodeHeight,
  portsOf,
  portTop,
} from "../graph/catalogue";
import { bodyOf } from "../graph/traverse";
import type { View } from "./direction";

export type StepNode = Node<
  { node: FileNode; label: string | undefined; ports: string[]; used: string },
  "step"
>;
export type StickyNode = Node<{ sticky: Sticky }, "sticky">;
export type RegionNode = Node<{ loop: string }, "region">;
export type FlowNode = StepNode | StickyNode | RegionNode;
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
  const steps = file.nodes.map((node): StepNode => {
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

export function flowEdges(
  file: WorkflowFile,
  catalogue: Catalogue,
  selected: string | null,
  previous: readonly FlowEdge[],
): FlowEdge[] {
  const old = new Map(previous.map((edge) => [edge.id, edge]));
  const byId = new Map(file.nodes.map((node) => [node.id, node]));
  return file.edges.map((edge) => {
    const source = byId.get(edge.source);
    const port = edgePort(edge, source ? portsOf(source, catalogue.get(source.type)) : []);
    const sourceKey = source?.key ?? "";
    const before = old.get(edge.id);
    const same =
      before &&
      before.source === edge.source &&
      before.target === edge.target &&
      before.sourceHandle === port &&
      before.data?.sourceKey === sourceKey &&
      before.selected === (selected === edge.id);
    if (same) return before;
    return {
      id: edge.id,
      type: "step",
      source: edge.source,
      sourceHandle: port,
      target: edge.target,
      targetHandle: "in",
      selected: selected === edge.id,
      focusable: false,
      data: { port, sourceKey },
    };
  });
}
