// What a person does on the canvas: each an edit with a name, and a word for the screen reader.
import type { FileNode, Json } from "../api/shapes";
import { type Catalogue, titleOf } from "../graph/catalogue";
import { copyText, pastePiece, readPiece } from "../graph/clipboard";
import {
  type Alignment,
  addNode,
  align,
  connect,
  freshId,
  type Origin,
  refusal,
  removeNodes,
  replaceType,
} from "../graph/commands";
import { edit, redo, undo, useDraft } from "../graph/draft";
import { endsOf } from "../graph/extract";
import { groupOf, makeGroup, ungroup } from "../graph/groups";
import { tidyPositions } from "../graph/layout";
import { text } from "../text";
import { usePreferences } from "../text/preferences";
import { announce } from "../ui/announce";
import { toast } from "../ui/toast";
import { ask, none, select, useEditor } from "./editor-state";
import { centreOn, showAll } from "./viewport";

export function typeName(catalogue: Catalogue, type: string): string {
  return catalogue.get(type)?.texts[usePreferences.getState().language].name ?? type;
}

export function nodeTitle(catalogue: Catalogue, node: FileNode): string {
  return titleOf(node, useDraft.getState().file.canvas?.labels, typeName(catalogue, node.type));
}

function nodeById(id: string): FileNode | undefined {
  return useDraft.getState().file.nodes.find((node) => node.id === id);
}

export function add(
  catalogue: Catalogue,
  type: string,
  where: { at?: { x: number; y: number }; from?: Origin; intoEdge?: string },
): void {
  const t = text();
  const name = typeName(catalogue, type);
  let id = "";
  edit(t.canvas.step.add(name), (file) => {
    id = addNode(file, catalogue, type, where);
  });
  select([id]);
  announce(t.canvas.say.added(name));
  requestAnimationFrame(() => requestAnimationFrame(() => centreOn(id)));
}

export function link(catalogue: Catalogue, from: Origin, target: string): void {
  const t = text();
  const refused = refusal(useDraft.getState().file, catalogue, from, target);
  if (refused === "twice") return;
  if (refused) {
    toast(refused === "trigger" ? t.canvas.say.triggerInput : t.canvas.say.badConnect, { bad: true });
    return;
  }
  edit(t.canvas.step.connect, (file) => connect(file, catalogue, from, target));
  const [a, b] = [nodeById(from.node), nodeById(target)];
  if (a && b) announce(t.canvas.say.connected(nodeTitle(catalogue, a), nodeTitle(catalogue, b)));
}

export function removeSelected(): void {
  const t = text();
  const { selected, selectedEdge } = useEditor.getState();
  if (selectedEdge) {
    edit(t.canvas.step.disconnect, (file) => {
      file.edges = file.edges.filter((edge) => edge.id !== selectedEdge);
    });
    useEditor.setState({ selectedEdge: null });
    return;
  }
  if (selected.size === 0) return;
  // The focus goes to a neighbour, not into nowhere.
  const { file } = useDraft.getState();
  const before = file.edges.find((edge) => selected.has(edge.target) && !selected.has(edge.source))?.source;
  edit(t.canvas.step.delete(selected.size), (draft) => removeNodes(draft, selected));
  announce(t.canvas.say.deleted(selected.size));
  select(before ? [before] : []);
}

export function toggleDisabled(): void {
  const t = text();
  const { selected } = useEditor.getState();
  const { file } = useDraft.getState();
  const chosen = file.nodes.filter((node) => selected.has(node.id));
  if (chosen.length === 0) return;
  const disable = chosen.some((node) => !node.disabled);
  edit(disable ? t.canvas.step.disable : t.canvas.step.enable, (draft) => {
    for (const node of draft.nodes) {
      if (!selected.has(node.id)) continue;
      if (disable) node.disabled = true;
      else delete node.disabled;
    }
  });
}

export async function copySelected(): Promise<void> {
  const { selected } = useEditor.getState();
  if (selected.size === 0) return;
  await navigator.clipboard.writeText(copyText(useDraft.getState().file, selected));
  announce(text().canvas.say.copied(selected.size));
}

export async function cutSelected(): Promise<void> {
  await copySelected();
  removeSelected();
}

export function pasteText(content: string, at: { x: number; y: number } | null): void {
  const t = text();
  const piece = readPiece(content);
  if (!piece) {
    toast(t.canvas.say.badPaste, { bad: true });
    return;
  }
  let ids: string[] = [];
  edit(t.canvas.step.paste(piece.nodes.length), (file) => {
    ids = pastePiece(file, piece, at);
  });
  select(ids);
}

export async function pasteClipboard(): Promise<void> {
  pasteText(await navigator.clipboard.readText(), null);
}

export function duplicateSelected(): void {
  const { selected } = useEditor.getState();
  if (selected.size > 0) pasteText(copyText(useDraft.getState().file, selected), null);
}

export async function tidy(catalogue: Catalogue): Promise<void> {
  const { selected } = useEditor.getState();
  const only = selected.size > 1 ? selected : null;
  const { file } = useDraft.getState();
  if (file.nodes.length === 0) return;
  const places = await tidyPositions(file, catalogue, only);
  edit(text().canvas.step.tidy, (draft) => {
    for (const node of draft.nodes) {
      const place = places.get(node.id);
      if (place) node.position = place;
    }
  });
  if (!only) requestAnimationFrame(() => showAll());
}

export function alignSelected(how: Alignment): void {
  const { selected } = useEditor.getState();
  edit(text().canvas.step.align, (file) => align(file, selected, how));
}

export function replaceWith(catalogue: Catalogue, id: string, type: string): void {
  edit(text().canvas.step.replace, (file) => replaceType(file, catalogue, id, type));
}

export function addSticky(at: { x: number; y: number }): void {
  let id = "";
  edit(text().canvas.step.addNote, (file) => {
    file.canvas ??= {};
    file.canvas.stickies ??= [];
    id = freshId("s", file.canvas.stickies);
    file.canvas.stickies.push({ id, text: "", x: at.x, y: at.y, width: 220, height: 120, tone: 0 });
  });
  select([id]);
}

export function pin(id: string, port: string, value: Json | undefined): void {
  edit(text().canvas.step.pin, (file) => {
    file.canvas ??= {};
    file.canvas.pins ??= {};
    if (value === undefined) delete file.canvas.pins[id];
    else file.canvas.pins[id] = { port, value };
  });
}

export function groupSelected(): void {
  const { selected } = useEditor.getState();
  const steps = useDraft.getState().file.nodes.filter((node) => selected.has(node.id));
  if (steps.length === 0) return;
  edit(text().canvas.group.make, (file) => void makeGroup(file, selected, ""));
}

/** Dissolves the groups that hold something selected. */
export function ungroupSelected(): void {
  const { selected } = useEditor.getState();
  edit(text().canvas.group.dissolve, (file) => {
    for (const id of selected) {
      const group = groupOf(file, id);
      if (group) ungroup(file, group.id);
    }
  });
}

/** Asks for a name, or says why these steps cannot be taken out. */
export function extractSelected(catalogue: Catalogue): void {
  const ends = endsOf(useDraft.getState().file, catalogue, useEditor.getState().selected);
  if (typeof ends === "string") toast(text().canvas.extract.refused[ends], { bad: true });
  else ask({ kind: "extract" });
}

/** Undo and redo show what they changed. */
export function travel(back: boolean): void {
  const before = useDraft.getState().file;
  const label = back ? undo() : redo();
  if (label === null) return;
  const after = useDraft.getState().file;
  const known = new Map(before.nodes.map((node) => [node.id, node]));
  const changed = after.nodes.filter((node) => known.get(node.id) !== node).map((node) => node.id);
  const t = text();
  announce(back ? t.canvas.say.undone(label) : t.canvas.say.redone(label));
  const there = new Set(after.nodes.map((node) => node.id));
  const kept = [...useEditor.getState().selected].filter((id) => there.has(id));
  useEditor.setState({ flash: new Set(changed), selected: new Set(kept) });
  setTimeout(() => useEditor.setState({ flash: none }), 900);
}
