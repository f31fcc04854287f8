// What a canvas is for; constant for its life, so that nothing above the nodes changes.
import { createContext, useContext } from "react";
import type { Direction } from "./direction";

export interface CanvasMode {
  editable: boolean;
  direction: Direction;
  /** Marks of a comparison by node id. */
  diff?: ReadonlyMap<string, "added" | "removed" | "changed" | "moved">;
}

export const CanvasModeContext = createContext<CanvasMode>({ editable: false, direction: "ltr" });

export function useCanvasMode(): CanvasMode {
  return useContext(CanvasModeContext);
}
