// What the editor shows but never saves: selection, panels, pickers.
import { create } from "zustand";
import type { Origin } from "../graph/commands";
import type { Comparison } from "../graph/diff";

export type SidePanel = "palette" | "outline" | "versions" | "problems" | null;

export type Asking =
  | { kind: "add"; from?: Origin; intoEdge?: string; at?: { x: number; y: number } }
  | { kind: "connect"; from: string }
  | { kind: "disconnect"; node: string }
  | { kind: "replace"; node: string }
  | { kind: "find" }
  | { kind: "keys" }
  | { kind: "publish" }
  | { kind: "settings" }
  | { kind: "extract" }
  | null;

interface EditorState {
  selected: ReadonlySet<string>;
  selectedEdge: string | null;
  hoveredEdge: string | null;
  side: SidePanel;
  wide: boolean;
  trying: boolean;
  asking: Asking;
  /** The field that a problem or a link points at. */
  aimed: { node: string; field: string } | null;
  /** The draft beside an older version, drawn instead of the draft alone. */
  comparison: (Comparison & { version: number }) | null;
  /** Nodes that were just changed by undo, to be seen. */
  flash: ReadonlySet<string>;
}

export const none: ReadonlySet<string> = new Set();

export const useEditor = create<EditorState>()(() => ({
  selected: none,
  selectedEdge: null,
  hoveredEdge: null,
  side: "palette",
  wide: false,
  trying: false,
  asking: null,
  aimed: null,
  comparison: null,
  flash: none,
}));

export function select(ids: Iterable<string>): void {
  useEditor.setState({ selected: new Set(ids), selectedEdge: null });
}

export function ask(asking: Asking): void {
  useEditor.setState({ asking });
}

export function resetEditor(): void {
  useEditor.setState({
    selected: none,
    selectedEdge: null,
    hoveredEdge: null,
    asking: null,
    aimed: null,
    trying: false,
    comparison: null,
  });
}

/** The one selected step, where it is one. */
export function soleSelection(state: EditorState): string | null {
  return state.selected.size === 1 ? ([...state.selected][0] ?? null) : null;
}
