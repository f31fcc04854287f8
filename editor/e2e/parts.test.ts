// Trying a part of the draft: up to a step, from a step on, one step alone; and samples to try it with.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textsOf } from "../src/text";
import { draftOf, type File, line, saved, tried, workflow } from "./drawing";
import { type Language, type Masar, startMasar } from "./masar";

let masar: Masar;
beforeAll(async () => {
  masar = await startMasar();
});
afterAll(() => masar.stop());

const draft = line(
  ["start", "trigger.manual"],
  ["first", "data.set", { values: { at: { $expr: "now" }, name: { $expr: "trigger.name" } } }],
  ["second", "data.set", { values: { twice: { $template: "{{input.name}} {{input.name}}" } } }],
  ["third", "data.set", { values: { loud: { $expr: "upper(input.twice)" } } }],
);

interface Record {
  k: string;
  s?: string;
  v?: { at?: string };
  by?: string;
}

/** The steps of the newest run, and the journal that tells which of them were given. */
async function newest(
  id: string,
  before: string,
): Promise<{ run: string; steps: string[]; records: Record[] }> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { items } = await masar.api<{ items: { id: string; status: string }[] }>(
      "GET",
      `/runs?workflow=${id}&limit=1`,
    );
    const run = items[0];
    if (run && run.id !== before && run.status === "succeeded") {
      const records = await masar.api<Record[]>("GET", `/runs/${run.id}/journal`);
      return {
        run: run.id,
        records,
        steps: records.flatMap((one) => (one.k === "done" && one.s ? [one.s] : [])),
      };
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error("no run succeeded");
}

async function choose(page: Page, t: ReturnType<typeof textsOf>, entry: string): Promise<void> {
  await page.locator("[data-inspector]").getByRole("button", { name: t.canvas.node.menu }).click();
  await page.getByRole("menuitem", { name: entry, exact: true }).click();
}

describe.each<Language>(["en", "ar"])("in %s", (language) => {
  const t = textsOf(language);

  it("tries up to a step, one step alone, and from a step on with what lies before given", async () => {
    const id = await workflow(masar, draft);
    const whole = await tried(masar, id, { data: { name: "Sara" } });
    const at = (records: Record[]) => records.find((one) => one.k === "done" && one.s === "first")?.v?.at;
    const first = at(await masar.api<Record[]>("GET", `/runs/${whole}/journal`));

    const page = await masar.open(`/workflows/${id}?node=second`, { language });
    await page.locator("[data-inspector]").waitFor();
    // What came before is needed from the last run, which the editor reads on its own.
    await page.locator('[data-path="values.twice"] [data-preview=now]').waitFor();

    await choose(page, t, t.canvas.node.runOnly);
    const only = await newest(id, whole);
    expect(only.steps).toEqual(["start", "first", "second"]);
    expect(at(only.records)).toBe(first);
    await page.locator("[data-part=only]").waitFor();

    await choose(page, t, t.canvas.node.runFrom);
    const from = await newest(id, only.run);
    expect(from.steps).toEqual(["start", "first", "second", "third"]);
    expect(at(from.records)).toBe(first);

    // Up to here everything is computed, on data that is chosen first.
    await choose(page, t, t.canvas.node.runTo);
    const panel = page.getByRole("region", { name: t.canvas.try.title });
    await panel
      .getByRole("radio", { name: t.canvas.try.past })
      .or(panel.getByText(t.canvas.try.past))
      .first()
      .click();
    await panel.getByRole("listitem").first().getByRole("button").click();
    await panel.getByRole("button", { name: t.canvas.try.run, exact: true }).click();
    const to = await newest(id, from.run);
    expect(to.steps).toEqual(["start", "first", "second"]);
    expect(at(to.records)).not.toBe(first);
    await page.context().close();
  });

  it("keeps samples with the draft and not with a version", async () => {
    const id = await workflow(masar, draft);
    const page = await masar.open(`/workflows/${id}`, { language });
    await page.locator('[data-step="second"]').waitFor();
    await page.getByRole("button", { name: t.canvas.bar.try, exact: true }).click();
    const panel = page.getByRole("region", { name: t.canvas.try.title });
    await panel.getByText(t.canvas.try.typed, { exact: true }).click();
    await panel.locator("[data-code] .cm-content").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText('{"name": "نورة"}');
    await panel.getByLabel(t.canvas.try.sampleName).fill("A lead");
    await panel.getByRole("button", { name: t.canvas.try.saveSample }).click();
    await panel.getByRole("button", { name: "A lead", exact: true }).waitFor();
    await saved(page);
    const kept = (await draftOf(masar, id)) as File & {
      canvas: { samples: { name: string; data: object }[] };
    };
    expect(kept.canvas.samples).toEqual([{ id: "d1", name: "A lead", data: { name: "نورة" } }]);

    await panel.getByRole("button", { name: t.canvas.try.run, exact: true }).click();
    const run = await newest(id, "");
    expect(run.records.find((one) => one.s === "third")?.v).toEqual({ loud: "نورة نورة" });

    await masar.api("POST", `/workflows/${id}/publish`, { note: "" });
    const version = await masar.api<{ body: { canvas?: object } }>("GET", `/workflows/${id}/versions/1`);
    expect(version.body.canvas ?? {}).not.toHaveProperty("samples");
    await page.context().close();
  });
});
