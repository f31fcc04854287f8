// The fold of a journal.
import { describe, expect, it } from "vitest";
import type { JournalRecord, WorkflowFile } from "../api/shapes";
import { Fold, joined, RunData, stateAt } from "./replay";

const node = (id: string, key: string) => ({ id, key, type: "data.set", position: { x: 0, y: 0 } });
const file: WorkflowFile = {
  format: 1,
  name: "test",
  nodes: [node("n1", "start"), node("n2", "check"), node("n3", "send")],
  edges: [
    { id: "e1", source: "n1", sourceHandle: "out", target: "n2" },
    { id: "e2", source: "n2", sourceHandle: "true", target: "n3" },
  ],
};
const records: JournalRecord[] = [
  { k: "started", t: 1 },
  { k: "done", s: "start", t: 2, p: "out" },
  { k: "done", s: "check", t: 3, p: "true" },
  { k: "intent", s: "send", t: 4, a: 1, v: { to: "x" } },
  { k: "failed", s: "send", t: 5, a: 1, e: { code: "net", message: "no" }, retry_at: 9 },
  { k: "intent", s: "send", t: 9, a: 2, v: { to: "x" } },
  { k: "failed", s: "send", t: 10, a: 2, e: { code: "net", message: "no" } },
  { k: "ended", t: 11, status: "failed", e: { code: "net", message: "no" }, s: "send" },
];

describe("a run's state", () => {
  it("is what the records up to a position say", () => {
    const state = (at: number) => joined(stateAt(records, at).byKey.get("send"));
    expect([3, 4, 5, 6, 7].map(state)).toEqual([null, "running", "retrying", "running", "failed"]);
    const end = stateAt(records);
    expect(end).toMatchObject({ status: "failed", failedStep: "send" });
    expect(end.byKey.get("send")?.[0]?.attempts).toBe(2);
    expect(end.left.get("check true")).toBe(1);
  });

  it("follows passed-on data back to its source", () => {
    const data = new RunData(file, stateAt(records), { budget: 5 });
    expect(data.output("check")).toEqual({ budget: 5 });
    expect(data.input("n3")).toEqual({ budget: 5 });
    expect(data.output("send")).toBeUndefined();
  });

  it("counts the iterations of a loop under one node", () => {
    const loop: JournalRecord[] = [0, 1, 2].map((index) => ({
      k: "done",
      s: `each[${index}].check`,
      t: index,
      p: "out",
      v: index,
    }));
    const view = stateAt(loop);
    expect(view.byKey.get("check")).toHaveLength(3);
    expect(view.left.get("check out")).toBe(3);
  });

  it("grows with its records and never changes what it gave before", () => {
    const fold = new Fold();
    const some = fold.take(records, 4);
    const frozen = JSON.stringify(some.steps);
    const all = fold.take(records);
    expect(JSON.stringify(some.steps)).toBe(frozen);
    expect(all.steps).toEqual(stateAt(records).steps);
    expect(all.byKey.get("send")?.[0]).toBe(all.steps.at(-1));
    // What was not touched is the same object, so that nothing of it is drawn again.
    expect(all.byKey.get("start")).toBe(some.byKey.get("start"));
  });
});
