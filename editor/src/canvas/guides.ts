// Helper lines: a dragged step that nearly lines up with another snaps to it, and the line is shown.
import { create } from "zustand";
import type { FlowNode } from "./flow-nodes";

interface Guides {
  /** Drawn positions of the lines; null where there is none. */
  x: number | null;
  y: number | null;
}

export const useGuides = create<Guides>()(() => ({ x: null, y: null }));

const NEAR = 6;

/** The place that a dragged node snaps to. */
export function snap(
  id: string,
  at: { x: number; y: number },
  nodes: readonly FlowNode[],
): { x: number; y: number } {
  let x: number | null = null;
  let y: number | null = null;
  for (const node of nodes) {
    if (node.id === id || node.type !== "step") continue;
    if (Math.abs(node.position.x - at.x) < Math.abs((x ?? Number.POSITIVE_INFINITY) - at.x)) {
      if (Math.abs(node.position.x - at.x) <= NEAR) x = node.position.x;
    }
    if (Math.abs(node.position.y - at.y) < Math.abs((y ?? Number.POSITIVE_INFINITY) - at.y)) {
      if (Math.abs(node.position.y - at.y) <= NEAR) y = node.position.y;
    }
  }
  useGuides.setState({ x, y });
  return { x: x ?? at.x, y: y ?? at.y };
}

export function clearGuides(): void {
  useGuides.setState({ x: null, y: null });
}
