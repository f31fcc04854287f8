// The shape of a graph: which steps there are, under which keys, and how they are joined. It stays
// the same object while only parameters, names or places change, so that what depends on it alone
// rests while somebody types. Pure; no React.
import type { FileEdge, FileNode, WorkflowFile } from "../api/shapes";

export interface Shape {
  nodes: readonly Pick<FileNode, "id" | "key" | "type">[];
  edges: readonly FileEdge[];
}

function alike(shape: Shape, file: WorkflowFile): boolean {
  return (
    shape.edges === file.edges &&
    shape.nodes.length === file.nodes.length &&
    shape.nodes.every((node, index) => {
      const other = file.nodes[index];
      return node === other || (node.id === other?.id && node.key === other.key && node.type === other.type);
    })
  );
}

let last: Shape = { nodes: [], edges: [] };
const known = new WeakMap<WorkflowFile, Shape>();

export function shapeOf(file: WorkflowFile): Shape {
  let shape = known.get(file);
  if (!shape) {
    shape = alike(last, file) ? last : { nodes: file.nodes, edges: file.edges };
    known.set(file, shape);
    last = shape;
  }
  return shape;
}
