// The part of a workflow that a test runs: up to a step, from a step on, or one step alone. The
// server cuts it out; here it is told which steps will be computed. Pure; no React.
import type { FileNode } from "../api/shapes";
import { downstream } from "./commands";
import type { Shape } from "./shape";
import { bodyOf, loopsAround, upstream } from "./traverse";

export interface Part {
  how: "to" | "from" | "only";
  /** Id of the step. */
  node: string;
}

type IsLoop = (node: Pick<FileNode, "type">) => boolean;

/** Ids of the steps that such a test computes, where everything before them is given. */
export function computedSteps(shape: Shape, part: Part, isLoop: IsLoop): Set<string> {
  const around = loopsAround(shape, part.node, isLoop);
  const held = around.flatMap((loop) => [loop.id, ...bodyOf(shape, loop.id)]);
  if (part.how === "only") return new Set([part.node, ...held]);
  if (part.how === "from") {
    const after = downstream(shape, part.node);
    for (const loop of around) for (const id of downstream(shape, loop.id)) after.add(id);
    return new Set([...after, ...held]);
  }
  const before = upstream(shape, part.node).add(part.node);
  for (const node of shape.nodes) {
    if (before.has(node.id) && isLoop(node) && !around.some((loop) => loop.id === node.id))
      for (const id of bodyOf(shape, node.id)) before.add(id);
  }
  return before;
}
