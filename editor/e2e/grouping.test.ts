// Groups that fold, and steps taken out into a workflow of their own without a change of result.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textsOf } from "../src/text";
import { draftOf, line, saved, tried, workflow } from "./drawing";
import { type Language, type Masar, startMasar } from "./masar";

let masar: Masar;
beforeAll(async () => {
  masar = await startMasar();
});
afterAll(() => masar.stop());

const draft = line(
  ["start", "trigger.manual"],
  ["lead", "data.set", { values: { name: { $expr: "trigger.name" }, fee: 5 } }],
  ["price", "data.set", { values: { net: { $expr: "trigger.net + steps.lead.fee" } } }],
  ["tax", "data.set", { values: { all: { $expr: "input.net * 2" } } }],
  [
    "letter",
    "data.set",
    { values: { text: { $template: "{{input.all}} {{steps.price.net}} {{steps.lead.name}}" } } },
  ],
);
const data = { name: "نورة", net: 10 };

interface Record {
  s?: string;
  k: string;
  v?: unknown;
}

async function letter(run: string): Promise<unknown> {
  const records = await masar.api<Record[]>("GET", `/runs/${run}/journal`);
  return records.find((one) => one.k === "done" && one.s === "letter")?.v;
}

describe.each<Language>(["en", "ar"])("in %s", (language) => {
  const t = textsOf(language);

  it("folds a group into one box and opens it for what is selected", async () => {
    const id = await workflow(masar, draft);
    const page = await masar.open(`/workflows/${id}`, { language });
    await page.locator('[data-step="price"]').click();
    await page.locator('[data-step="tax"]').click({ modifiers: ["Shift"] });
    await page.getByTestId("canvas").focus();
    await page.keyboard.press("Control+g");
    const group = page.locator("[data-group=g1]");
    await group.getByLabel(t.canvas.group.name).fill("Prices");
    await page.keyboard.press("Escape");
    await page.getByTestId("canvas").focus();
    await page.keyboard.press("Escape");
    await group.getByRole("button", { name: t.canvas.group.fold }).click();
    await page.locator('[data-step="price"]').waitFor({ state: "detached" });
    await group.getByText("Prices").waitFor();
    // The connections lead to the box: in at one side, out at the other.
    expect(await page.locator(".react-flow__edge").count()).toBe(3);
    await saved(page);
    const file = (await draftOf(masar, id)) as { canvas?: { groups?: object[] } };
    expect(file.canvas?.groups).toEqual([
      { id: "g1", title: "Prices", nodes: ["n3", "n4"], collapsed: true },
    ]);
    // Found by its name, a step comes to light.
    await page.getByTestId("canvas").focus();
    await page.keyboard.press("Control+f");
    await page.getByRole("combobox").fill("tax");
    await page.keyboard.press("Enter");
    await page.locator('[data-step="tax"]').waitFor();
    await page.context().close();
  });

  it("takes steps out into a workflow of their own, and nothing changes but the place", async () => {
    const id = await workflow(masar, draft);
    const before = await letter(await tried(masar, id, { data }));
    const page = await masar.open(`/workflows/${id}`, { language });
    await page.locator('[data-step="price"]').click();
    await page.locator('[data-step="tax"]').click({ modifiers: ["Shift"] });
    await page.getByTestId("canvas").focus();
    await page.keyboard.press("Alt+x");
    const dialog = page.getByRole("dialog", { name: t.canvas.extract.title });
    await dialog.getByLabel(t.canvas.extract.name).fill(`Price ${language}`);
    await dialog.getByRole("button", { name: t.canvas.extract.go }).click();
    await page.locator('[data-step="call_step"]').waitFor();
    await saved(page);
    const file = await draftOf(masar, id);
    expect(file.nodes.some((node) => node.key === "price")).toBe(false);
    const after = await letter(await tried(masar, id, { data }));
    expect(after).toEqual(before);
    // One step back, and everything is as it was.
    await page.getByTestId("canvas").focus();
    await page.keyboard.press("Control+z");
    await page.locator('[data-step="price"]').waitFor();
    await saved(page);
    expect((await draftOf(masar, id)).nodes.map((node) => node.key)).toEqual(
      draft.nodes.map((node) => node.key),
    );
    await page.context().close();
  });
});

it("says why steps cannot be taken out", async () => {
  const t = textsOf("en");
  const id = await workflow(masar, draft);
  const page = await masar.open(`/workflows/${id}`);
  await page.locator('[data-step="lead"]').click();
  await page.locator('[data-step="tax"]').click({ modifiers: ["Shift"] });
  await page.getByTestId("canvas").focus();
  await page.keyboard.press("Alt+x");
  await page.getByText(t.canvas.extract.refused.entries).first().waitFor();
  expect((await draftOf(masar, id)).nodes).toHaveLength(5);
  await page.context().close();
});
