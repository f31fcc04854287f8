// The helper lines over the canvas.
import { ViewportPortal } from "@xyflow/react";
import { useGuides } from "./guides";

const LONG = 20_000;

export function GuideLines() {
  const { x, y } = useGuides();
  if (x === null && y === null) return null;
  return (
    <ViewportPortal>
      {x !== null && (
        <div
          className="pointer-events-none absolute w-px bg-accent"
          style={{ transform: `translate(${x}px, ${-LONG / 2}px)`, height: LONG }}
        />
      )}
      {y !== null && (
        <div
          className="pointer-events-none absolute h-px bg-accent"
          style={{ transform: `translate(${-LONG / 2}px, ${y + 31}px)`, width: LONG }}
        />
      )}
    </ViewportPortal>
  );
}
