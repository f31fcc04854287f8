// A hand on the canvas for code that is not inside it: centring, zooming, where new steps land.
import type { ReactFlowInstance } from "@xyflow/react";
import { viewOf } from "./direction";
import type { FlowEdge, FlowNode } from "./flow-nodes";

type Flow = ReactFlowInstance<FlowNode, FlowEdge>;
let flow: Flow | null = null;
let direction: "ltr" | "rtl" = "ltr";

export function holdFlow(instance: Flow | null, dir: "ltr" | "rtl"): void {
  flow = instance;
  direction = dir;
}

const calm = () => (window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 220);

let paneLeft: number | null = null;

/** Keeps what is drawn where it is on the screen when a panel has opened or closed at the canvas's left. */
export function settlePane(pane: HTMLElement): void {
  const now = pane.getBoundingClientRect().left;
  const shift = paneLeft === null ? 0 : now - paneLeft;
  paneLeft = now;
  if (!flow || shift === 0) return;
  const { x, y, zoom: scale } = flow.getViewport();
  void flow.setViewport({ x: x - shift, y, zoom: scale });
}

/** Watches the canvas for such shifts until stopped. */
export function holdStill(pane: HTMLElement): () => void {
  paneLeft = pane.getBoundingClientRect().left;
  const observer = new ResizeObserver(() => settlePane(pane));
  observer.observe(pane);
  return () => {
    observer.disconnect();
    paneLeft = null;
  };
}

/** Whether a node is wholly inside the canvas. */
export function inView(id: string): boolean {
  const node = document
    .querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`)
    ?.getBoundingClientRect();
  const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
  if (!node || !pane) return false;
  return (
    node.left >= pane.left && node.right <= pane.right && node.top >= pane.top && node.bottom <= pane.bottom
  );
}

/** Shows everything, but never larger than life: a small workflow need not be blown up. */
export function showAll(atOnce = false): void {
  const nodes = flow?.getNodes() ?? [];
  if (!flow || nodes.length === 0) return;
  const bounds = flow.getNodesBounds(nodes);
  const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
  if (!pane) return;
  const margin = 64;
  const scale = Math.min(
    (pane.width - 2 * margin) / bounds.width,
    (pane.height - 2 * margin - 40) / bounds.height,
    1,
  );
  const middle = { x: bounds.x + bounds.width / 2, y: bounds.y + bounds.height / 2 };
  void flow.setCenter(middle.x, middle.y, { zoom: Math.max(scale, 0.08), duration: atOnce ? 0 : calm() });
}

export function zoom(by: "in" | "out" | "one"): void {
  if (by === "one") void flow?.zoomTo(1, { duration: calm() });
  else void (by === "in" ? flow?.zoomIn({ duration: calm() }) : flow?.zoomOut({ duration: calm() }));
}

export function centreOn(id: string): void {
  const node = flow?.getInternalNode(id);
  if (!flow || !node) return;
  const { x, y } = node.internals.positionAbsolute;
  const zoomNow = Math.max(flow.getZoom(), 0.7);
  void flow.setCenter(x + (node.width ?? 0) / 2, y + (node.height ?? 0) / 2, {
    zoom: zoomNow,
    duration: calm(),
  });
}

/** A point of the screen as a canonical position. */
export function fromScreen(point: { x: number; y: number }): { x: number; y: number } {
  const at = flow?.screenToFlowPosition(point) ?? point;
  return { x: Math.round(viewOf(direction).x(at.x)), y: Math.round(at.y) };
}
