// Pieces of workflows as JSON text, so that copying works between workflows, windows and chats.
// Names of credentials travel, their secrets never do: they are not in the file.
import type { FileEdge, FileNode, WorkflowFile } from "../api/shapes";
import { freshKey } from "./catalogue";
import { freshId } from "./commands";
import { renameStep } from "./rewrite";

const KIND = "masar/steps";

export function copyText(file: WorkflowFile, ids: ReadonlySet<string>): string {
  const nodes = file.nodes.filter((node) => ids.has(node.id));
  const edges = file.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target));
  const labels = Object.fromEntries(Object.entries(file.canvas?.labels ?? {}).filter(([id]) => ids.has(id)));
  return JSON.stringify({ masar: KIND, format: 1, nodes, edges, labels }, null, 2);
}

export interface Piece {
  nodes: FileNode[];
  edges: FileEdge[];
  labels: Record<string, string>;
}

/** Reads a piece, or a whole workflow file; null where the text is neither. */
export function readPiece(text: string): Piece | null {
  try {
    const value = JSON.parse(text) as Partial<Piece & WorkflowFile>;
    if (!Array.isArray(value.nodes) || value.nodes.length === 0) return null;
    const good = value.nodes.every(
      (node) => typeof node?.id === "string" && typeof node.key === "string" && typeof node.type === "string",
    );
    if (!good) return null;
    return {
      nodes: value.nodes.map((node) => ({ ...node, position: node.position ?? { x: 0, y: 0 } })),
      edges: Array.isArray(value.edges) ? value.edges : [],
      labels: value.labels ?? value.canvas?.labels ?? {},
    };
  } catch {
    return null;
  }
}

/** Puts a piece into a file with ids and keys of its own; gives the new ids. */
export function pastePiece(file: WorkflowFile, piece: Piece, at: { x: number; y: number } | null): string[] {
  const left = Math.min(...piece.nodes.map((node) => node.position.x));
  const top = Math.min(...piece.nodes.map((node) => node.position.y));
  const shift = at ? { x: at.x - left, y: at.y - top } : { x: 48, y: 96 };
  const ids = new Map<string, string>();
  const keys = new Map<string, string>();
  for (const node of piece.nodes) {
    const id = freshId("n", file.nodes);
    const taken = new Set(file.nodes.map((other) => other.key));
    const key = taken.has(node.key) ? freshKey(`x.${node.key.replace(/_\d+$/, "")}`, taken) : node.key;
    ids.set(node.id, id);
    keys.set(node.key, key);
    file.nodes.push({
      ...structuredClone(node),
      id,
      key,
      position: { x: Math.round(node.position.x + shift.x), y: Math.round(node.position.y + shift.y) },
    });
    const label = piece.labels[node.id];
    if (label) {
      file.canvas ??= {};
      file.canvas.labels = { ...file.canvas.labels, [id]: label };
    }
  }
  // Two passes, so that keys that swap names do not meet half way.
  for (const id of ids.values()) {
    const node = file.nodes.find((other) => other.id === id);
    if (!node?.parameters) continue;
    for (const [old, key] of keys) {
      if (old !== key) node.parameters = renameStep(node, old, key);
    }
  }
  for (const edge of piece.edges) {
    const source = ids.get(edge.source);
    const target = ids.get(edge.target);
    if (source && target) file.edges.push({ ...edge, id: freshId("e", file.edges), source, target });
  }
  return [...ids.values()];
}
