// Every page and the dialogues, in both languages and themes: nothing serious from axe, no sideways
// scrolling, a heading of the first level, no error in the console.

import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { textsOf } from "../src/text";
import { findings } from "./axe";
import { type Language, type Masar, startMasar, type Theme } from "./masar";

let masar: Masar;
let workflow = "";
let run = "";
let deal = "";

beforeAll(async () => {
  masar = await startMasar();
  const file = await readFile(
    new URL("../../examples/real-estate-lead/workflow.json", import.meta.url),
    "utf8",
  );
  workflow = (await masar.api<{ id: string }>("POST", "/workflows", { draft: JSON.parse(file) })).id;
  await masar.api("POST", `/workflows/${workflow}/publish`, { note: "first" });
  const body = {
    reference: "A1",
    name: "نورة",
    phone: "0551234567",
    city: "الرياض",
    district: "النرجس",
    budget: 1_850_000,
    email: "n@example.sa",
  };
  await fetch(`${masar.url}/hooks/main/portal`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await fetch(`${masar.url}/hooks/main/nowhere`, { method: "POST", body: "{}" });
  const approval = {
    format: 1,
    name: "approval",
    nodes: [
      { id: "n1", key: "asked", type: "trigger.manual" },
      {
        id: "n2",
        key: "manager",
        type: "flow.approval",
        parameters: { title: "Discount of 18 %?", context: { customer: "شركة الأفق", amount: 42_000 } },
      },
    ],
    edges: [{ id: "e1", source: "n1", target: "n2" }],
  };
  const asking = (await masar.api<{ id: string }>("POST", "/workflows", { draft: approval })).id;
  await masar.api("POST", `/workflows/${asking}/publish`, {});
  await masar.api("POST", `/workflows/${asking}/start`, { data: {} });
  await masar.api("PUT", "/credentials/key", { type: "generic", fields: { value: "x" } });
  await masar.api("PUT", "/variables", { target: 50_000 });
  deal = (
    await masar.api<{ id: string }>("POST", "/crm/deal", {
      title: "عقد صيانة",
      amount: 120_000,
      stage: "proposal",
    })
  ).id;
  await vi.waitFor(
    async () => {
      const { items } = await masar.api<{ items: { id: string }[] }>("GET", "/runs?status=failed");
      run = items[0]?.id ?? "";
      if (!run) throw new Error("no run has failed yet");
    },
    { timeout: 20_000, interval: 200 },
  );
});
afterAll(() => masar.stop());

const looks: [Language, Theme][] = [
  ["en", "light"],
  ["en", "dark"],
  ["ar", "light"],
  ["ar", "dark"],
];

/** Data has come and is drawn. */
async function settled(page: Page): Promise<void> {
  await page.locator(".pulse").first().waitFor({ state: "detached" });
  await page.evaluate(() =>
    document.fonts.ready.then(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    ),
  );
}

async function unsound(page: Page, what: string): Promise<string[]> {
  const said = (await findings(page)).map((finding) => `${what}: ${finding}`);
  const sideways = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  return sideways === 0 ? said : [...said, `${what} scrolls sideways by ${sideways} pixels`];
}

describe.each(looks)("in %s, %s", (language, theme) => {
  const t = textsOf(language);

  it("every page is sound", async () => {
    const page = await masar.open("/", { language, theme });
    const said: string[] = [];
    const found: string[] = [];
    page.on("console", (message) => message.type() === "error" && said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    const addresses = [
      "/",
      `/workflows/${workflow}`,
      "/runs",
      `/runs/${run}`,
      "/approvals",
      "/attention",
      "/crm?entity=deal",
      "/crm?entity=contact",
      `/crm/deal/${deal}`,
      "/events?event=1",
      "/events?tab=refused",
      "/events?tab=why",
      "/credentials",
      "/nodes?type=flow.if",
      "/nodes?type=functions",
      "/settings",
      "/not-there",
    ];
    for (const address of addresses) {
      await page.goto(masar.url + address);
      await page.locator("h1").first().waitFor({ state: "attached" });
      await settled(page);
      found.push(...(await unsound(page, address)));
    }
    expect(found).toEqual([]);
    expect(said).toEqual([]);
    await page.context().close();
  });

  it("the editor's panels and dialogues are sound", async () => {
    const found: string[] = [];
    const page = await masar.open(`/workflows/${workflow}?node=large`, { language, theme });
    await page.locator("[data-inspector]").waitFor();
    found.push(...(await unsound(page, "inspector")));
    await page.getByRole("tab", { name: t.inspector.data }).click();
    found.push(...(await unsound(page, "data")));
    await page.getByRole("tab", { name: t.inspector.behaviour }).click();
    found.push(...(await unsound(page, "behaviour")));
    await page.getByRole("button", { name: t.inspector.widen }).click();
    found.push(...(await unsound(page, "workbench")));
    await page.getByRole("button", { name: t.inspector.narrow }).click();
    for (const panel of [t.canvas.bar.palette, t.canvas.bar.outline, t.canvas.bar.versions]) {
      await page.getByRole("button", { name: panel, exact: true }).click();
      found.push(...(await unsound(page, panel)));
    }
    await page.getByRole("button", { name: t.canvas.bar.try, exact: true }).click();
    found.push(...(await unsound(page, "try")));
    await page.getByRole("button", { name: t.canvas.bar.publish, exact: true }).click();
    await page.getByRole("dialog").waitFor();
    found.push(...(await unsound(page, "publish")));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    found.push(...(await unsound(page, "commands")));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+/");
    await page.getByRole("dialog").waitFor();
    found.push(...(await unsound(page, "keys")));
    expect(found).toEqual([]);
    await page.context().close();
  });

  it("approving works on a phone", async () => {
    const found: string[] = [];
    const page = await masar.open("/approvals", { language, theme, size: [390, 844] });
    await page.getByRole("button", { name: t.pages.approvals.approve }).waitFor();
    found.push(...(await unsound(page, "approvals on a phone")));
    await page.goto(`${masar.url}/runs/${run}`);
    await page.getByRole("region", { name: t.runs.steps }).waitFor();
    found.push(...(await unsound(page, "a run on a phone")));
    expect(found).toEqual([]);
    await page.context().close();
  });
});
