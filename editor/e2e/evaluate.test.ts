// What a field gives, told while it is written: by the server, on the data of the last run.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textsOf } from "../src/text";
import { line, tried, workflow, writeCode } from "./drawing";
import { type Language, type Masar, startMasar } from "./masar";

let masar: Masar;
beforeAll(async () => {
  masar = await startMasar();
});
afterAll(() => masar.stop());

const draft = line(
  ["start", "trigger.manual"],
  ["prices", "data.set", { values: { list: { $expr: "trigger.prices" }, name: { $expr: "trigger.name" } } }],
  ["sum", "data.rhai", { script: "input" }],
  ["letter", "data.set", { values: { text: { $expr: "steps.prices.name" } } }],
  [
    "large",
    "flow.if",
    { condition: { all: [{ value: { $expr: "trigger.prices.len()" }, operator: "gt", to: 5 }] } },
  ],
);
const data = { prices: [100, 250], name: "نورة" };

describe.each<Language>(["en", "ar"])("in %s", (language) => {
  const t = textsOf(language);

  it("shows what an expression and a template compute, and the fault where the data does not fit", async () => {
    const id = await workflow(masar, draft);
    await tried(masar, id, { data });
    const page = await masar.open(`/workflows/${id}?node=letter`, { language });
    const field = page.locator('[data-path="values.text"]');
    await field.locator("[data-preview=now]").getByText("نورة").waitFor();
    await writeCode(page, "values.text", "steps.prices.list.len() * 1000 + 7");
    await field.locator("[data-preview=now]").getByText("2007").waitFor();
    await writeCode(page, "values.text", "steps.prices.nmae");
    await field.locator("[data-fault]").getByText("nmae").first().waitFor();
    await writeCode(page, "values.text", "steps.prices.list[0] +");
    await field.locator(".cm-lintRange-error").waitFor();
    await page.context().close();
  });

  it("underlines a script's fault within half a second, at its line", async () => {
    const id = await workflow(masar, draft);
    await tried(masar, id, { data });
    const page = await masar.open(`/workflows/${id}?node=sum`, { language });
    await page.locator('[data-path="script"] [data-code] .cm-content').waitFor();
    await writeCode(
      page,
      "script",
      "let total = 0;\nfor price in input.list {\n    total += pirce;\n}\ntotal",
    );
    const from = Date.now();
    const mark = page.locator('[data-path="script"] .cm-lintRange-error');
    await mark.waitFor();
    const took = Date.now() - from;
    expect(await mark.textContent()).toContain("pirce");
    console.log(`from the last key to the underlined fault: ${took} ms`);
    // The gate is half a second; a shared machine gets room.
    expect(took).toBeLessThan(2000);
    await writeCode(
      page,
      "script",
      "let total = 0;\nfor price in input.list {\n    total += price;\n}\ntotal",
    );
    await page.locator('[data-path="script"] [data-preview=now]').getByText("350").waitFor();
    await mark.waitFor({ state: "detached" });
    await page.context().close();
  });

  it("says whether a condition holds on the data at hand", async () => {
    const id = await workflow(masar, draft);
    await tried(masar, id, { data });
    const page = await masar.open(`/workflows/${id}?node=large`, { language });
    await page.locator("[data-verdict=false]").getByText(t.inspector.condition.fails).waitFor();
    await page.locator('[data-path="condition.all.0"]').getByLabel(t.inspector.condition.right).fill("1");
    await page.locator("[data-verdict=true]").getByText(t.inspector.condition.holds).waitFor();
    await page.context().close();
  });
});

it("asks for what changed only, and gives up what nobody waits for", async () => {
  const id = await workflow(masar, draft);
  await tried(masar, id, { data });
  const page = await masar.open(`/workflows/${id}?node=letter`);
  const field = page.locator('[data-path="values.text"]');
  await field.locator("[data-preview=now]").waitFor();
  const asked: { sources: { source: string }[]; scope: { steps: object } }[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/evaluate")) asked.push(request.postDataJSON());
  });
  await writeCode(page, "values.text", "");
  await page.keyboard.type("steps.prices.name + '!'.to_upper()", { delay: 5 });
  await field.locator("[data-preview=now], [data-fault]").first().waitFor();
  await expect
    .poll(() => asked.at(-1)?.sources.map((one) => one.source))
    .toEqual(["steps.prices.name + '!'.to_upper()"]);
  expect(asked.length).toBeLessThan(12);
  expect(Object.keys(asked.at(-1)?.scope.steps ?? {})).toEqual(["prices"]);
  await page.context().close();
});
