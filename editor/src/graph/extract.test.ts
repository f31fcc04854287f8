// Steps taken out into a workflow of their own, and groups.
import { describe, expect, it } from "vitest";
import type { Manifest, WorkflowFile } from "../api/shapes";
import type { Catalogue } from "./catalogue";
import { removeNodes } from "./commands";
import { endsOf, extraction } from "./extract";
import { folded, groupOf, makeGroup } from "./groups";

const type = (name: string, role: Manifest["role"], ports: string[], output: Manifest["output"] = "any") =>
  [
    name,
    {
      type: name,
      version: 1,
      role,
      effect: "pure",
      icon: "",
      parameters: {},
      ports: { fixed: ports },
      output,
    },
  ] as unknown as [string, Manifest];

const catalogue: Catalogue = new Map([
  type("trigger.manual", "trigger", ["out"]),
  type("flow.if", "action", ["true", "false"], "input"),
  type("flow.for_each", "for_each", ["body", "done"]),
  type("flow.call", "action", ["out"]),
  type("data.set", "action", ["out"]),
  type("data.rhai", "action", ["out"]),
]);

function file(): WorkflowFile {
  const node = (id: string, key: string, kind: string, x: number, values: object = {}) => ({
    id,
    key,
    type: kind,
    position: { x, y: 0 },
    parameters: { values } as never,
  });
  return {
    format: 1,
    name: "orders",
    nodes: [
      node("n1", "start", "trigger.manual", 0),
      node("n2", "lead", "data.set", 300, { name: { $expr: "trigger.name" } }),
      node("n3", "price", "data.set", 600, { net: { $expr: "input.net + steps.lead.fee" } }),
      node("n4", "tax", "data.set", 900, { all: { $template: "{{steps.price.net}} {{trigger.note}}" } }),
      node("n5", "letter", "data.set", 1200, { text: { $expr: "input.all + steps.price.net" } }),
    ],
    edges: [1, 2, 3, 4].map((at) => ({ id: `e${at}`, source: `n${at}`, target: `n${at + 1}` })),
  };
}

describe("steps taken out", () => {
  it("get what they reach for as input, and give back what others reach for", () => {
    const taken = extraction(file(), catalogue, new Set(["n3", "n4"]), "Price");
    if (typeof taken === "string") throw new Error(taken);
    const { child } = taken;
    expect(child.nodes.map((node) => node.type)).toEqual([
      "data.set",
      "data.set",
      "trigger.called",
      "data.rhai",
      "flow.stop",
    ]);
    expect(child.nodes[0]?.parameters).toEqual({
      values: { net: { $expr: "input.net + trigger.lead.fee" } },
    });
    expect(child.nodes[1]?.parameters).toEqual({
      values: { all: { $template: "{{steps.price.net}} {{trigger.trigger.note}}" } },
    });
    expect(child.nodes[4]?.parameters).toEqual({
      value: { price: { $expr: "steps.price" }, tax: { $expr: "steps.tax" } },
    });

    const after = file();
    const call = taken.putCall(after, "Price");
    expect(after.nodes.map((node) => node.type)).toEqual([
      "trigger.manual",
      "data.set",
      "data.set",
      "flow.call",
      "data.rhai",
    ]);
    expect(after.nodes.find((node) => node.id === call)?.parameters).toEqual({
      workflow: "Price",
      input: { input: { $expr: "input" }, lead: { $expr: "steps.lead" }, trigger: { $expr: "trigger" } },
    });
    // Who reads the edge finds the value there; who names a step finds it in the result.
    expect(after.nodes[4]?.parameters).toEqual({ script: "steps.call_step.result.tax" });
    expect(after.nodes[2]?.parameters).toEqual({
      values: { text: { $expr: "input.all + steps.call_step.result.price.net" } },
    });
    expect(after.edges.map((edge) => `${edge.source}-${edge.target}`)).toEqual([
      "n1-n2",
      "n2-n6",
      "n6-n7",
      "n7-n5",
    ]);
  });

  it("stay where taking them out would change what happens", () => {
    const flow = file();
    expect(endsOf(flow, catalogue, new Set(["n1", "n2"]))).toBe("trigger");
    expect(endsOf(flow, catalogue, new Set(["n2", "n4"]))).toBe("entries");
    const branching = file();
    const branch = branching.nodes[2];
    const edge = branching.edges[2];
    if (!branch || !edge) throw new Error("the third step");
    branch.type = "flow.if";
    edge.sourceHandle = "true";
    expect(endsOf(branching, catalogue, new Set(["n3", "n4"]))).toBe("branch");
    expect(endsOf(branching, catalogue, new Set(["n3", "n4", "n5"]))).toEqual({ entry: "n3", exit: null });
    const looping = file();
    const each = looping.nodes[1];
    const body = looping.edges[1];
    if (!each || !body) throw new Error("the second step");
    each.type = "flow.for_each";
    body.sourceHandle = "body";
    expect(endsOf(looping, catalogue, new Set(["n2", "n3"]))).toBe("loop");
    expect(endsOf(looping, catalogue, new Set(["n4", "n5"]))).toEqual({ entry: "n4", exit: null });
  });
});

describe("a group", () => {
  it("hides its steps when folded, opens for what is selected, and forgets what is deleted", () => {
    const flow = file();
    makeGroup(flow, new Set(["n2", "n3"]), "first");
    makeGroup(flow, new Set(["n3", "n4"]), "second");
    expect(groupOf(flow, "n3")?.title).toBe("second");
    expect(groupOf(flow, "n2")?.nodes).toEqual(["n2"]);
    const second = groupOf(flow, "n3");
    if (second) second.collapsed = true;
    expect([...folded(flow.canvas?.groups, new Set()).keys()]).toEqual(["n3", "n4"]);
    expect(folded(flow.canvas?.groups, new Set(["n4"])).size).toBe(0);
    removeNodes(flow, new Set(["n2"]));
    expect(flow.canvas?.groups?.map((group) => group.title)).toEqual(["second"]);
  });
});
