// A run that is long and a run that is fast: every step arrives, and the page stays usable.
import { afterAll, beforeAll, expect, it } from "vitest";
import { textsOf } from "../src/text";
import { tried, workflow } from "./drawing";
import { type Masar, startMasar } from "./masar";

let masar: Masar;
beforeAll(async () => {
  masar = await startMasar();
});
afterAll(() => masar.stop());

/** A loop over the trigger's items; with `durable` every step is kept before the next begins. */
function loop(durable: boolean): object {
  const node = (id: string, key: string, type: string, x: number, parameters: object = {}) => ({
    id,
    key,
    type,
    position: { x, y: 0 },
    parameters,
  });
  return {
    settings: durable ? { durableSteps: true } : {},
    nodes: [
      node("n1", "start", "trigger.manual", 0),
      node("n2", "each", "flow.for_each", 300, { items: { $expr: "trigger.items" } }),
      node("n3", "step", "data.set", 600, { values: { at: { $expr: "index" } } }),
      node("n4", "after", "data.set", 600, { values: { done: true } }),
    ],
    edges: [
      { id: "e1", source: "n1", target: "n2" },
      { id: "e2", source: "n2", sourceHandle: "body", target: "n3" },
      { id: "e3", source: "n2", sourceHandle: "done", target: "n4" },
    ],
  };
}

it("shows two thousand steps as they happen and loses none", async () => {
  const t = textsOf("en");
  const items = Array.from({ length: 2000 }, (_none, index) => index);
  const id = await workflow(masar, loop(true));
  const page = await masar.open(`/workflows/${id}`);
  await page.locator('[data-step="step"]').waitFor();
  const { run } = await masar.api<{ run: string }>("POST", `/workflows/${id}/test`, { data: { items } });
  await page.goto(`${masar.url}/runs/${run}`);
  await page.getByRole("region", { name: t.runs.steps }).waitFor();
  const seen = await page.evaluate(async () => {
    const frames: number[] = [];
    const from = performance.now();
    let last = from;
    // Until the run is over, as the page tells it.
    while (!document.querySelector("[data-run-status=succeeded]") && performance.now() - from < 90_000) {
      await new Promise((drawn) => requestAnimationFrame(drawn));
      const now = performance.now();
      frames.push(now - last);
      last = now;
    }
    const took = last - from;
    frames.sort((a, b) => a - b);
    return { took, fps: frames.length / (took / 1000), p95: frames[Math.floor(frames.length * 0.95)] ?? 0 };
  });
  const records = await masar.api<object[]>("GET", `/runs/${run}/journal`);
  console.log(
    `${records.length} records live in ${(seen.took / 1000).toFixed(1)} s: ${seen.fps.toFixed(0)} fps, p95 ${seen.p95.toFixed(0)} ms a frame`,
  );
  await expect.poll(() => page.getByLabel(t.runs.position).getAttribute("max")).toBe(String(records.length));
  await page.getByText(t.common.count.items(2000)).first().waitFor();
  await page.context().close();
});

it("opens a run of ten thousand steps and goes to any of them", async () => {
  const t = textsOf("en");
  const id = await workflow(masar, loop(false));
  const items = Array.from({ length: 10_000 }, (_none, index) => index);
  const run = await tried(masar, id, { data: { items } });
  const page = await masar.open("/runs");
  const from = Date.now();
  await page.goto(`${masar.url}/runs/${run}`);
  await page.getByText(t.common.count.items(10_000)).first().waitFor();
  const took = Date.now() - from;
  const scrubber = page.getByLabel(t.runs.position);
  const most = Number(await scrubber.getAttribute("max"));
  expect(most).toBeGreaterThan(10_000);
  const moved = await scrubber.evaluate(async (field: HTMLInputElement) => {
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
    const last = Number(field.max);
    const took: number[] = [];
    for (let at = 1; at <= 20; at += 1) {
      const from = performance.now();
      set?.call(field, String(Math.floor((last * at) / 20)));
      field.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
      took.push(performance.now() - from);
    }
    return took.sort((a, b) => a - b)[18] ?? 0;
  });
  console.log(
    `a run of ${most} records: open in ${took} ms, a leap of the scrubber p95 ${moved.toFixed(0)} ms`,
  );
  expect(took).toBeLessThan(20_000);
  await page.context().close();
});
