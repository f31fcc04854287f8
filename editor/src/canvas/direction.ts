// The one place that knows how a canonical, left-to-right workflow is drawn for a reader from the
// right: x is mirrored, nodes hang on their right edge, flow leaves by the left.
import { Position } from "@xyflow/react";

export type Direction = "ltr" | "rtl";

export interface View {
  /** Canonical to drawn. Its own inverse. */
  x: (x: number) => number;
  /** React Flow's node origin, so that mirroring needs no widths. */
  origin: [number, number];
  /** The side by which the flow leaves a node, and by which it enters. */
  out: Position;
  in: Position;
  forwardKey: string;
  backKey: string;
}

const views: Record<Direction, View> = {
  ltr: {
    x: (x) => x,
    origin: [0, 0],
    out: Position.Right,
    in: Position.Left,
    forwardKey: "ArrowRight",
    backKey: "ArrowLeft",
  },
  rtl: {
    // Not -0: positions must stay byte-equal in both directions.
    x: (x) => (x === 0 ? 0 : -x),
    origin: [1, 0],
    out: Position.Left,
    in: Position.Right,
    forwardKey: "ArrowLeft",
    backKey: "ArrowRight",
  },
};

export function viewOf(direction: Direction): View {
  return views[direction];
}
