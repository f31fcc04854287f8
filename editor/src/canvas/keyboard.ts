// The keys of the canvas: walking along connections, and every edit without a mouse.
import { type KeyboardEvent, useCallback } from "react";
import type { FileNode } from "../api/shapes";
import { type Catalogue, portsOf } from "../graph/catalogue";
import { edit, useDraft } from "../graph/draft";
import { readingOrder } from "../graph/traverse";
import { text } from "../text";
import { announce } from "../ui/announce";
import * as actions from "./actions";
import { type Direction, viewOf } from "./direction";
import { ask, select, soleSelection, useEditor } from "./editor-state";
import { centreOn, showAll, zoom } from "./viewport";

/** Says where one is: name, kind, place, and where it leads. */
export function describe(catalogue: Catalogue, node: FileNode): string {
  const t = text().canvas.say;
  const { file } = useDraft.getState();
  const order = readingOrder(file);
  const at = order.findIndex((other) => other.id === node.id) + 1;
  const next = file.edges
    .filter((edge) => edge.source === node.id)
    .flatMap((edge) => file.nodes.find((other) => other.id === edge.target) ?? []);
  const goes =
    next.length > 0
      ? t.goesTo(next.map((other) => actions.nodeTitle(catalogue, other)).join(", "))
      : t.goesNowhere;
  const name = actions.nodeTitle(catalogue, node);
  return `${t.nodeOf(name, at, order.length, actions.typeName(catalogue, node.type))}; ${goes}`;
}

function go(catalogue: Catalogue, node: FileNode | undefined): void {
  if (!node) return;
  select([node.id]);
  centreOn(node.id);
  announce(describe(catalogue, node));
}

function walk(catalogue: Catalogue, current: FileNode, how: "forward" | "back" | "up" | "down"): void {
  const { file } = useDraft.getState();
  const byId = new Map(file.nodes.map((node) => [node.id, node]));
  const byHeight = (a: FileNode, b: FileNode) => a.position.y - b.position.y;
  if (how === "forward" || how === "back") {
    const ends = file.edges.flatMap((edge) => {
      if (how === "forward" && edge.source === current.id) return byId.get(edge.target) ?? [];
      if (how === "back" && edge.target === current.id) return byId.get(edge.source) ?? [];
      return [];
    });
    go(catalogue, ends.sort(byHeight)[0]);
    return;
  }
  // Up and down: the nearest step on that side, columns before distance.
  const side = how === "up" ? -1 : 1;
  const candidates = file.nodes.filter((node) => (node.position.y - current.position.y) * side > 4);
  const cost = (node: FileNode) =>
    Math.abs(node.position.x - current.position.x) * 2 + Math.abs(node.position.y - current.position.y);
  go(catalogue, candidates.sort((a, b) => cost(a) - cost(b))[0]);
}

function nudge(dx: number, dy: number): void {
  const { selected } = useEditor.getState();
  edit(
    text().canvas.step.move(selected.size),
    (file) => {
      for (const node of file.nodes) {
        if (selected.has(node.id)) {
          node.position.x += dx;
          node.position.y += dy;
        }
      }
    },
    "nudge",
  );
}

function addAfter(catalogue: Catalogue): void {
  const { file } = useDraft.getState();
  const current = file.nodes.find((node) => node.id === soleSelection(useEditor.getState()));
  if (!current) {
    ask({ kind: "add" });
    return;
  }
  const ports = portsOf(current, catalogue.get(current.type));
  const free = ports.find(
    (port) =>
      !file.edges.some((edge) => edge.source === current.id && (edge.sourceHandle ?? ports[0]) === port),
  );
  const port = free && free !== "error" ? free : ports[0];
  if (port) ask({ kind: "add", from: { node: current.id, port } });
}

export function useCanvasKeys(catalogue: Catalogue, editable: boolean, direction: Direction) {
  return useCallback(
    (event: KeyboardEvent<HTMLDivElement>) => {
      const target = event.target as HTMLElement;
      if (target.closest("input, textarea, select, [contenteditable], [role=toolbar], [role=menu]")) return;
      const { file } = useDraft.getState();
      const view = viewOf(direction);
      const current = file.nodes.find((node) => node.id === soleSelection(useEditor.getState()));
      const control = event.ctrlKey || event.metaKey;
      const done = () => event.preventDefault();

      if (event.altKey && event.shiftKey && event.code === "KeyT" && editable) {
        done();
        void actions.tidy(catalogue);
        return;
      }
      if (event.altKey && event.code === "KeyX" && editable) {
        done();
        actions.extractSelected(catalogue);
        return;
      }
      if (event.key.startsWith("Arrow")) {
        done();
        if (event.altKey && editable) {
          const far = event.shiftKey ? 60 : 12;
          if (event.key === view.forwardKey) nudge(far, 0);
          else if (event.key === view.backKey) nudge(-far, 0);
          else nudge(0, event.key === "ArrowUp" ? -far : far);
          return;
        }
        if (!current) go(catalogue, readingOrder(file)[0]);
        else if (event.key === view.forwardKey) walk(catalogue, current, "forward");
        else if (event.key === view.backKey) walk(catalogue, current, "back");
        else walk(catalogue, current, event.key === "ArrowUp" ? "up" : "down");
        return;
      }
      if ((event.key === "[" || event.key === "]") && current) {
        done();
        const parent = file.edges.find((edge) => edge.target === current.id)?.source;
        const siblings = file.edges.filter((edge) => edge.source === parent).map((edge) => edge.target);
        const at = siblings.indexOf(current.id) + (event.key === "]" ? 1 : -1);
        const next = siblings[(at + siblings.length) % Math.max(siblings.length, 1)];
        go(
          catalogue,
          file.nodes.find((node) => node.id === next),
        );
        return;
      }
      if (control) {
        const commands: Record<string, () => void> = editable
          ? {
              KeyC: () => void actions.copySelected(),
              KeyX: () => void actions.cutSelected(),
              KeyV: () => void actions.pasteClipboard(),
              KeyD: actions.duplicateSelected,
              KeyA: () => select(file.nodes.map((node) => node.id)),
              KeyF: () => ask({ kind: "find" }),
              KeyG: event.shiftKey ? actions.ungroupSelected : actions.groupSelected,
            }
          : { KeyF: () => ask({ kind: "find" }) };
        const command = commands[event.code];
        // While text is selected, copying means that text.
        if (command && !(event.code === "KeyC" && window.getSelection()?.toString())) {
          done();
          command();
        }
        return;
      }
      const plain: Record<string, () => void> = {
        Digit1: () => showAll(),
        Digit0: () => zoom("one"),
        Equal: () => zoom("in"),
        Minus: () => zoom("out"),
        Escape: () => select([]),
      };
      const editing: Record<string, () => void> = {
        KeyN: () => addAfter(catalogue),
        KeyD: actions.toggleDisabled,
        Delete: actions.removeSelected,
        Backspace: actions.removeSelected,
        KeyC: () => current && ask({ kind: "connect", from: current.id }),
        KeyX: () => current && ask({ kind: "disconnect", node: current.id }),
        KeyR: () => current && ask({ kind: "replace", node: current.id }),
        F2: () => focusInspector("label"),
      };
      const run = plain[event.code] ?? (editable ? editing[event.code] : undefined);
      if (run) {
        done();
        run();
      } else if (event.key === "Enter" && current) {
        done();
        focusInspector("first");
      }
    },
    [catalogue, editable, direction],
  );
}

/** Puts the focus into the inspector: on the name, or on the first field. */
export function focusInspector(where: "label" | "first"): void {
  const panel = document.querySelector<HTMLElement>("[data-inspector]");
  const field = panel?.querySelector<HTMLElement>(
    where === "label" ? "[data-field=label]" : "[data-form] :is(input, textarea, button, [contenteditable])",
  );
  (field ?? panel?.querySelector<HTMLElement>("[data-field=label]"))?.focus();
}
