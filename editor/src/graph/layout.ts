// Tidying up: canonical left-to-right positions. The layout engine is fetched on first use.
import type { WorkflowFile } from "../api/shapes";
import { type Catalogue, drawnPorts, NODE_WIDTH, nodeHeight, portsOf } from "./catalogue";

export async function tidyPositions(
  file: WorkflowFile,
  catalogue: Catalogue,
  only: ReadonlySet<string> | null,
): Promise<Map<string, { x: number; y: number }>> {
  const dagre = await import("@dagrejs/dagre");
  const graph = new dagre.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 44, ranksep: 84, edgesep: 20 });
  graph.setDefaultEdgeLabel(() => ({}));
  const chosen = file.nodes.filter((node) => !only || only.has(node.id));
  for (const node of chosen) {
    const used = new Set(
      file.edges.filter((edge) => edge.source === node.id).map((edge) => edge.sourceHandle ?? ""),
    );
    const drawn = drawnPorts(portsOf(node, catalogue.get(node.type)), used);
    graph.setNode(node.id, { width: NODE_WIDTH, height: nodeHeight(drawn) });
  }
  for (const edge of file.edges) {
    if (edge.targetHandle === "again") continue;
    if (graph.hasNode(edge.source) && graph.hasNode(edge.target))
      graph.setEdge(edge.source, edge.target, {}, edge.id);
  }
  dagre.layout(graph);
  const anchor = {
    x: Math.min(...chosen.map((node) => node.position.x)),
    y: Math.min(...chosen.map((node) => node.position.y)),
  };
  const corner = (id: string) => {
    const box = graph.node(id);
    return { x: box.x - box.width / 2, y: box.y - box.height / 2 };
  };
  const left = Math.min(...chosen.map((node) => corner(node.id).x));
  const top = Math.min(...chosen.map((node) => corner(node.id).y));
  return new Map(
    chosen.map((node) => {
      const at = corner(node.id);
      return [node.id, { x: Math.round(anchor.x + at.x - left), y: Math.round(anchor.y + at.y - top) }];
    }),
  );
}
