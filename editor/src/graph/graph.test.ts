// What can be done to a workflow, and taken back.
import { beforeEach, describe, expect, it } from "vitest";
import type { Manifest, WorkflowFile } from "../api/shapes";
import { type Catalogue, portsOf } from "./catalogue";
import { copyText, pastePiece, readPiece } from "./clipboard";
import { addNode, connect, refusal, removeNodes, renameKey, setParameter } from "./commands";
import { edit, openDraft, redo, undo, useDraft } from "./draft";
import { mergeFiles } from "./merge";
import { fillTemplate, isPath, readPath } from "./references";
import { renameStep } from "./rewrite";
import { bodyOf, loopsAround, readingOrder, upstream } from "./traverse";

const texts = { en: { name: "", summary: "" }, ar: { name: "", summary: "" } };

function type(
  name: string,
  role: Manifest["role"],
  ports: Manifest["ports"],
  effect: Manifest["effect"] = "pure",
): [string, Manifest] {
  return [
    name,
    {
      type: name,
      version: 1,
      role,
      effect,
      icon: "",
      texts,
      parameters: {},
      ports,
      output: "any",
      credentials: [],
      search: [],
      responds: false,
      examples: [],
    },
  ];
}

const catalogue: Catalogue = new Map([
  type("trigger.manual", "trigger", { fixed: ["out"] }),
  type("flow.if", "action", { fixed: ["true", "false"] }),
  type("flow.switch", "action", { from_list: { parameter: "cases", last: "default" } }),
  type("flow.for_each", "for_each", { fixed: ["body", "done"] }),
  type("flow.loop", "loop", { fixed: ["body", "done"] }),
  type("data.set", "action", { fixed: ["out"] }),
  type("http.request", "action", { fixed: ["out"] }, "external"),
]);

function empty(): WorkflowFile {
  return { format: 1, name: "test", nodes: [], edges: [] };
}

function chain(...types: string[]): WorkflowFile {
  const file = empty();
  let last: string | undefined;
  for (const name of types) {
    const before = file.nodes.find((node) => node.id === last);
    const port = before && portsOf(before, catalogue.get(before.type))[0];
    last = addNode(file, catalogue, name, last && port ? { from: { node: last, port } } : {});
  }
  return file;
}

describe("adding", () => {
  it("links a step to the port it was asked from, beside it, without overlap", () => {
    const file = chain("trigger.manual", "flow.if");
    addNode(file, catalogue, "data.set", { from: { node: "n2", port: "true" } });
    addNode(file, catalogue, "data.set", { from: { node: "n2", port: "false" } });
    const [yes, no] = file.nodes.slice(2);
    expect(file.edges.map((edge) => [edge.source, edge.sourceHandle, edge.target])).toEqual([
      ["n1", "out", "n2"],
      ["n2", "true", "n3"],
      ["n2", "false", "n4"],
    ]);
    expect(yes?.position.x).toBe(no?.position.x);
    expect(Math.abs((yes?.position.y ?? 0) - (no?.position.y ?? 0))).toBeGreaterThan(100);
    expect(new Set(file.nodes.map((node) => node.key)).size).toBe(4);
  });

  it("puts a step into a connection and makes room", () => {
    const file = chain("trigger.manual", "data.set");
    const before = file.nodes[1]?.position.x ?? 0;
    addNode(file, catalogue, "flow.if", { intoEdge: "e1" });
    expect(file.edges.map((edge) => [edge.source, edge.target])).toEqual([
      ["n1", "n3"],
      ["n3", "n2"],
    ]);
    expect(file.nodes[1]?.position.x).toBeGreaterThan(before);
  });
});

describe("connecting", () => {
  it("refuses triggers, doubles and circles, but lets a loop be closed", () => {
    const file = chain("trigger.manual", "data.set", "data.set");
    expect(refusal(file, catalogue, { node: "n3", port: "out" }, "n1")).toBe("trigger");
    expect(refusal(file, catalogue, { node: "n1", port: "out" }, "n2")).toBe("twice");
    expect(refusal(file, catalogue, { node: "n3", port: "out" }, "n2")).toBe("circle");
    const loop = chain("trigger.manual", "flow.loop", "data.set");
    connect(loop, catalogue, { node: "n3", port: "out" }, "n2");
    expect(loop.edges.at(-1)).toMatchObject({ target: "n2", targetHandle: "again" });
  });

  it("reads ports from a switch's cases, and gives what may fail an error port", () => {
    const node = { parameters: { cases: [{ port: "north" }, { port: "south" }] } };
    expect(portsOf(node, catalogue.get("flow.switch"))).toEqual(["north", "south", "default"]);
    expect(portsOf({}, catalogue.get("http.request"))).toEqual(["out", "error"]);
  });
});

describe("renaming", () => {
  it("takes every reference along, and no other word", () => {
    const file = chain("trigger.manual", "data.set", "data.set");
    const [, first, second] = file.nodes;
    if (!first || !second) throw new Error("three steps");
    setParameter(second, ["values", "a"], {
      $expr: `steps.${first.key}.total + steps["${first.key}"].x + steps.${first.key}_2`,
    });
    setParameter(second, ["values", "b"], { $template: `{{steps.${first.key}.name}}` });
    setParameter(second, ["values", "c"], `steps.${first.key} is text`);
    const old = first.key;
    renameKey(file, first.id, "offer");
    expect(second.parameters).toEqual({
      values: {
        a: { $expr: `steps.offer.total + steps.offer.x + steps.${old}_2` },
        b: { $template: "{{steps.offer.name}}" },
        c: `steps.${old} is text`,
      },
    });
    const script = {
      type: "data.rhai",
      parameters: { script: 'steps.a + steps["a"] + steps.ab + "steps.a"' },
    };
    expect(renameStep(script, "a", "b")).toEqual({ script: 'steps.b + steps.b + steps.ab + "steps.a"' });
  });
});

describe("copying", () => {
  it("pastes with ids, keys and references of its own", () => {
    const file = chain("trigger.manual", "data.set", "data.set");
    const [, first, second] = file.nodes;
    if (!first || !second) throw new Error("three steps");
    second.parameters = { values: { a: { $expr: `steps.${first.key}.x` } } };
    const piece = readPiece(copyText(file, new Set([first.id, second.id])));
    if (!piece) throw new Error("a piece");
    const ids = pastePiece(file, piece, null);
    expect(ids).toHaveLength(2);
    const pasted = file.nodes.filter((node) => ids.includes(node.id));
    expect(pasted[1]?.parameters).toEqual({ values: { a: { $expr: `steps.${pasted[0]?.key}.x` } } });
    expect(file.edges.filter((edge) => ids.includes(edge.source))).toHaveLength(1);
    expect(new Set(file.nodes.map((node) => node.key)).size).toBe(5);
  });

  it("knows garbage when it sees it", () => {
    for (const text of ["", "hello", "[]", '{"nodes":[]}', '{"nodes":[{"id":1}]}', "null"])
      expect(readPiece(text)).toBeNull();
  });
});

describe("walking", () => {
  it("reads along the edges, finds what lies before, and the bodies of loops", () => {
    const file = chain("trigger.manual", "flow.for_each", "data.set", "data.set");
    const after = addNode(file, catalogue, "data.set", { from: { node: "n2", port: "done" } });
    expect(
      readingOrder(file)
        .map((node) => node.id)
        .slice(0, 3),
    ).toEqual(["n1", "n2", "n3"]);
    expect([...upstream(file, "n4")].sort()).toEqual(["n1", "n2", "n3"]);
    expect([...bodyOf(file, "n2")].sort()).toEqual(["n3", "n4"]);
    expect(loopsAround(file, "n4", (node) => node.type === "flow.for_each").map((node) => node.id)).toEqual([
      "n2",
    ]);
    expect(loopsAround(file, after, (node) => node.type === "flow.for_each")).toEqual([]);
  });
});

describe("history", () => {
  beforeEach(() => openDraft("w", chain("trigger.manual", "flow.if", "data.set")));

  it("takes back and does again, any number of acts, to the letter", () => {
    const states = [useDraft.getState().file];
    // The same pseudo-random acts each time.
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let count = 0; count < 40; count += 1) {
      edit("act", (file) => {
        const node = file.nodes[random(file.nodes.length)];
        switch (random(5)) {
          case 0:
            addNode(file, catalogue, "data.set", {});
            break;
          case 1:
            if (node && file.nodes.length > 2) removeNodes(file, new Set([node.id]));
            break;
          case 2:
            if (node) node.position = { x: random(500), y: random(500) };
            break;
          case 3:
            if (node) setParameter(node, ["values", `f${random(4)}`], random(100));
            break;
          default:
            file.name = `name ${random(1000)}`;
        }
      });
      if (states.at(-1) !== useDraft.getState().file) states.push(useDraft.getState().file);
    }
    const acts = states.length - 1;
    for (let count = acts; count > 0; count -= 1) undo();
    expect(useDraft.getState().file).toEqual(states[0]);
    for (let count = acts; count > 0; count -= 1) redo();
    expect(useDraft.getState().file).toEqual(states.at(-1));
  });

  it("makes one step of typing in one field, and none of an act that changes nothing", () => {
    for (const name of ["a", "ab", "abc"]) {
      edit(
        "name",
        (file) => {
          file.name = name;
        },
        "name",
      );
    }
    edit("nothing", () => undefined);
    expect(useDraft.getState().past).toHaveLength(1);
    expect(undo()).toBe("name");
    expect(useDraft.getState().file.name).toBe("test");
  });
});

describe("merging", () => {
  it("keeps what either side did, and mine where both did", () => {
    const base = chain("trigger.manual", "data.set", "data.set");
    const mine = structuredClone(base);
    const theirs = structuredClone(base);
    const [a, b] = [mine.nodes[1], theirs.nodes[2]];
    if (!a || !b) throw new Error("three steps");
    a.notes = "mine";
    b.notes = "theirs";
    addNode(theirs, catalogue, "flow.if", {});
    removeNodes(theirs, new Set(["n1"]));
    const merged = mergeFiles(base, mine, theirs);
    expect(merged.nodes.map((node) => [node.id, node.notes])).toEqual([
      ["n2", "mine"],
      ["n3", "theirs"],
      ["n4", undefined],
    ]);
    expect(merged.edges.every((edge) => edge.source !== "n1")).toBe(true);
  });
});

describe("previews", () => {
  const scope = { trigger: { body: { name: "نورة", items: [{ n: 2 }] } } };
  it("reads plain paths and fills plain templates, and says what is missing", () => {
    expect(isPath("trigger.body.items[0].n")).toBe(true);
    expect(isPath("trigger.body + 1")).toBe(false);
    expect(readPath("trigger.body.items[0].n", scope)).toEqual({ found: true, value: 2 });
    expect(readPath("trigger.body.phone", scope)).toEqual({ found: false, path: "trigger.body.phone" });
    expect(fillTemplate("أهلًا {{trigger.body.name}}", scope)).toEqual({ found: true, value: "أهلًا نورة" });
    expect(fillTemplate("{{trigger.x}}", scope)).toEqual({ found: false, path: "trigger.x" });
    expect(fillTemplate("{{upper trigger.body.name}}", scope)).toBeNull();
  });
});
