import { describe, expect, it } from "vitest";
import type { WorkflowFile } from "../api/shapes";
import { shapeOf } from "../graph/shape";
import { within } from "./evaluate";

describe("what is sent for a preview", () => {
  it("is only what the texts can reach", () => {
    const scope = { trigger: { a: 1 }, steps: { one: "1", two: "2", three: "3" }, input: [1], vars: {} };
    expect(within(scope, ["steps.one + trigger.a", "{{steps.three}}"])).toEqual({
      trigger: { a: 1 },
      steps: { one: "1", three: "3" },
    });
  });
});

describe("the shape of a graph", () => {
  it("stays the same while only parameters change, and not when a key does", () => {
    const node = { id: "n1", key: "a", type: "data.set", position: { x: 0, y: 0 } };
    const file: WorkflowFile = { format: 1, name: "w", nodes: [node], edges: [] };
    const typed = { ...file, nodes: [{ ...node, parameters: { values: {} } }] };
    const renamed = { ...file, nodes: [{ ...node, key: "b" }] };
    expect(shapeOf(typed)).toBe(shapeOf(file));
    expect(shapeOf(renamed)).not.toBe(shapeOf(file));
  });
});
