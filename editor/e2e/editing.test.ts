// Editing for real: without a mouse, from the right, with somebody else, without a server.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textsOf } from "../src/text";
import { type Language, type Masar, startMasar } from "./masar";

let masar: Masar;
beforeAll(async () => {
  masar = await startMasar();
});
afterAll(() => masar.stop());

interface File {
  nodes: {
    id: string;
    key: string;
    type: string;
    position: { x: number; y: number };
    parameters?: unknown;
  }[];
  edges: { source: string; sourceHandle?: string; target: string }[];
}

let count = 0;
async function workflow(draft?: object): Promise<string> {
  count += 1;
  const made = await masar.api<{ id: string }>("POST", "/workflows", {
    draft: { format: 1, nodes: [], edges: [], ...draft, name: `w${count}` },
  });
  return made.id;
}

const draftOf = async (id: string) => (await masar.api<{ draft: File }>("GET", `/workflows/${id}`)).draft;
const example = async () =>
  JSON.parse(
    await readFile(new URL("../../examples/real-estate-lead/workflow.json", import.meta.url), "utf8"),
  ) as File;
const saved = (page: Page) => page.locator("[data-save=saved]").waitFor();

async function pick(page: Page, words: string): Promise<void> {
  await page.getByRole("dialog").getByRole("combobox").fill(words);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

describe.each<Language>(["en", "ar"])("in %s", (language) => {
  const t = textsOf(language);
  const forward = language === "ar" ? "ArrowLeft" : "ArrowRight";
  const back = language === "ar" ? "ArrowRight" : "ArrowLeft";

  it("draws, connects and mends without a mouse", async () => {
    const id = await workflow();
    const page = await masar.open(`/workflows/${id}`, { language });
    await page.getByTestId("canvas").focus();
    await page.keyboard.press("n");
    await pick(page, "webhook");
    await page.keyboard.press("n");
    await pick(page, "set fields");
    await page.keyboard.press("n");
    await pick(page, "e-mail");
    // Back to the beginning, and a second way to the letter.
    await page.keyboard.press(back);
    await page.keyboard.press(back);
    await page.keyboard.press("c");
    await pick(page, "send");
    await saved(page);
    let file = await draftOf(id);
    expect(file.nodes.map((node) => node.type)).toEqual(["trigger.webhook", "data.set", "email.send"]);
    expect(file.edges.map((edge) => `${edge.source}-${edge.target}`).sort()).toEqual([
      "n1-n2",
      "n1-n3",
      "n2-n3",
    ]);
    // The announcer says where one is.
    await page.keyboard.press(forward);
    await expect
      .poll(() => page.getByTestId("announcer").textContent())
      .toContain(language === "ar" ? "الخطوة 2 من 3" : "step 2 of 3");
    // Away with it, and back again.
    const before = await draftOf(id);
    await page.keyboard.press("Delete");
    await page.locator("[data-step]").nth(2).waitFor({ state: "detached" });
    await page.keyboard.press("Control+z");
    await page.locator("[data-step]").nth(2).waitFor();
    await saved(page);
    file = await draftOf(id);
    expect(file).toEqual(before);
    expect(await page.evaluate(() => document.activeElement?.tagName)).not.toBe("BODY");
    await page.context().close();
  });

  it("edits through the outline", async () => {
    const id = await workflow(await example());
    const page = await masar.open(`/workflows/${id}`, { language });
    await page.getByRole("button", { name: t.canvas.bar.outline, exact: true }).click();
    await page.getByRole("treeitem").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("d");
    await saved(page);
    const disabled = (await draftOf(id)).nodes.filter((node) => "disabled" in node).map((node) => node.key);
    expect(disabled).toHaveLength(1);
    await page.context().close();
  });

  it("drags a connection into the open, and a node without touching canonical places of others", async () => {
    const id = await workflow(await example());
    const page = await masar.open(`/workflows/${id}`, { language });
    const node = page.locator('[data-step="thanks"]');
    await node.waitFor();
    const before = await draftOf(id);
    const place = (file: File) => file.nodes.find((one) => one.key === "thanks")?.position.x ?? 0;
    // The view comes to rest first: a pointer aims at where the node is, not at where it was.
    let box = await node.boundingBox();
    let rests = 0;
    await expect
      .poll(
        async () => {
          const last = JSON.stringify(box);
          box = await node.boundingBox();
          rests = JSON.stringify(box) === last ? rests + 1 : 0;
          return rests;
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(4);
    if (!box) throw new Error("the node is drawn");
    await page.mouse.move(box.x + box.width / 2, box.y + 30);
    await page.mouse.down();
    const away = language === "ar" ? -60 : 60;
    await page.mouse.move(box.x + box.width / 2 + away, box.y + 90, { steps: 8 });
    await page.mouse.up();
    await saved(page);
    await expect.poll(async () => place(await draftOf(id))).toBeGreaterThan(place(before));
    const after = await draftOf(id);
    const others = (file: File) =>
      file.nodes.filter((one) => one.key !== "thanks").map((one) => JSON.stringify(one.position));
    expect(others(after)).toEqual(others(before));

    const handle = node.locator(".react-flow__handle.source").first();
    const from = await handle.boundingBox();
    if (!from) throw new Error("the port is drawn");
    await page.mouse.move(from.x + 6, from.y + 6);
    await page.mouse.down();
    await page.mouse.move(from.x + away, from.y + 70, { steps: 8 });
    await page.mouse.up();
    await pick(page, "set fields");
    await saved(page);
    const last = (await draftOf(id)).edges.at(-1);
    expect(last).toMatchObject({ source: "n8", target: "n9" });
    await page.context().close();
  });
});

it("draws from the right what it keeps from the left", async () => {
  const id = await workflow(await example());
  const page = await masar.open(`/workflows/${id}`, { language: "en" });
  const order = async () => {
    const boxes = await Promise.all(
      ["portal", "contact", "lead"].map(
        async (key) => (await page.locator(`[data-step="${key}"]`).boundingBox())?.x ?? 0,
      ),
    );
    return Math.sign((boxes[1] ?? 0) - (boxes[0] ?? 0)) + Math.sign((boxes[2] ?? 0) - (boxes[1] ?? 0));
  };
  await page.locator('[data-step="lead"]').waitFor();
  expect(await order()).toBe(2);
  const before = JSON.stringify((await draftOf(id)).nodes);
  await page.getByLabel(textsOf("en").canvas.bar.rename).fill("renamed");
  await page.keyboard.press("Control+k");
  await pick(page, "العربية");
  await page.locator("html[dir=rtl]").waitFor();
  await expect.poll(order).toBe(-2);
  await saved(page);
  const after = await masar.api<{ name: string; draft: File }>("GET", `/workflows/${id}`);
  expect(after.name).toBe("renamed");
  expect(JSON.stringify(after.draft.nodes)).toBe(before);
  await page.context().close();
});

it("maps data into a field by click and by typing, and shows its value", async () => {
  const id = await workflow(await example());
  const t = textsOf("en");
  const data = {
    body: {
      name: "نورة",
      phone: "0551234567",
      city: "الرياض",
      district: "النرجس",
      budget: 10,
      reference: "1",
    },
  };
  await masar.api("POST", `/workflows/${id}/test`, { data });
  const page = await masar.open(`/workflows/${id}?node=lead`, { language: "en" });
  await page.locator("[data-inspector]").waitFor();
  await page.getByRole("button", { name: t.inspector.widen }).click();
  const field = page.locator('[data-path="fields.source"]');
  await field.locator("input").focus();
  await page
    .getByRole("region", { name: t.inspector.io.available })
    .getByText("city", { exact: true })
    .first()
    .click();
  await field.locator("[data-preview]").getByText("الرياض").waitFor();
  await saved(page);
  const lead = (await draftOf(id)).nodes.find((node) => node.key === "lead");
  expect(lead?.parameters).toMatchObject({
    fields: { source: { $template: "portal{{steps.contact.city}}" } },
  });
  await page.context().close();
});

it("loses nothing when two edit, and merges them", async () => {
  const id = await workflow(await example());
  const t = textsOf("en");
  const page = await masar.open(`/workflows/${id}?node=lead`);
  await page.locator("[data-inspector]").waitFor();
  // Meanwhile somebody else changes another step.
  const view = await masar.api<{ draft: File & { nodes: { notes?: string }[] }; revision: number }>(
    "GET",
    `/workflows/${id}`,
  );
  const theirs = structuredClone(view.draft);
  if (theirs.nodes[0]) theirs.nodes[0].notes = "theirs";
  const response = await fetch(`${masar.url}/api/v1/workflows/${id}`, {
    method: "PATCH",
    headers: {
      authorization: `Bearer ${masar.token}`,
      "content-type": "application/json",
      "if-match": `"${view.revision}"`,
    },
    body: JSON.stringify({ draft: theirs }),
  });
  expect(response.status).toBe(200);
  await page.getByLabel(t.inspector.label, { exact: true }).fill("My lead");
  await page.getByRole("dialog", { name: t.canvas.conflict.title }).waitFor();
  await page.getByRole("button", { name: t.canvas.conflict.merge }).click();
  await saved(page);
  const merged = (await draftOf(id)) as File & {
    canvas?: { labels?: Record<string, string> };
    nodes: { notes?: string }[];
  };
  expect(merged.nodes[0]?.notes).toBe("theirs");
  expect(merged.canvas?.labels).toEqual({ n3: "My lead" });
  await page.context().close();
});

it("keeps what was written while the server is away", async () => {
  const id = await workflow(await example());
  const t = textsOf("en");
  const page = await masar.open(`/workflows/${id}`);
  await page.locator('[data-step="lead"]').click();
  await masar.stopServer();
  await page.getByLabel(t.inspector.label, { exact: true }).fill("Written offline");
  await page.locator("[data-save=offline]").waitFor();
  await masar.startServer();
  await saved(page);
  const file = (await draftOf(id)) as File & { canvas?: { labels?: Record<string, string> } };
  expect(file.canvas?.labels).toEqual({ n3: "Written offline" });
  await page.context().close();
});

it("asks for the token again when the session ends, and goes on with the work", async () => {
  const id = await workflow(await example());
  const t = textsOf("en");
  const page = await masar.open(`/workflows/${id}?node=lead`);
  await page.getByLabel(t.inspector.label, { exact: true }).waitFor();
  await page.route("**/api/v1/**", (route) =>
    route.fulfill({
      status: 401,
      contentType: "application/json",
      body: JSON.stringify({ type: "", code: "unauthorized", status: 401, title: "no" }),
    }),
  );
  await page.getByLabel(t.inspector.label, { exact: true }).fill("After the end");
  const dialog = page.getByRole("dialog", { name: t.common.signIn.title });
  await dialog.waitFor();
  await page.unrouteAll();
  await dialog.getByLabel(t.common.signIn.token).fill(masar.token);
  await dialog.getByRole("button", { name: t.common.signIn.enter }).click();
  await dialog.waitFor({ state: "detached" });
  await saved(page);
  const file = (await draftOf(id)) as File & { canvas?: { labels?: Record<string, string> } };
  expect(file.canvas?.labels).toEqual({ n3: "After the end" });
  await page.context().close();
});

it("takes garbage from the clipboard politely, and keeps unknown node types whole", async () => {
  const t = textsOf("en");
  const strange = {
    id: "n9",
    key: "strange",
    type: "acme.fax",
    position: { x: 0, y: 300 },
    parameters: { to: "<script>alert(1)</script>" },
  };
  const file = await example();
  const id = await workflow({ ...file, nodes: [...file.nodes, strange] });
  const page = await masar.open(`/workflows/${id}`);
  await page.locator('[data-step="strange"]').waitFor();
  await page.evaluate(() => navigator.clipboard.writeText("no workflow at all"));
  await page.getByTestId("canvas").focus();
  await page.keyboard.press("Control+v");
  await page.getByText(t.canvas.say.badPaste).first().waitFor();
  // Copied as text, pasted with keys of its own.
  await page.locator('[data-step="lead"]').click();
  await page.getByTestId("canvas").focus();
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+v");
  await page.locator('[data-step="lead_step"], [data-step="lead_2"]').first().waitFor();
  await saved(page);
  const after = await draftOf(id);
  expect(after.nodes.find((node) => node.key === "strange")?.parameters).toEqual(strange.parameters);
  expect(after.nodes).toHaveLength(10);
  await page.context().close();
});
