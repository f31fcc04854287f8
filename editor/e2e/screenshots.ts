// Makes the pictures of the documentation: the editor and a failed run, from both sides.
import { mkdir, readFile } from "node:fs/promises";
import { expect, it, vi } from "vitest";
import { textsOf } from "../src/text";
import { startMasar } from "./masar";

const folder = new URL("../../docs/images/", import.meta.url).pathname;

it("makes the pictures", async () => {
  const masar = await startMasar();
  await mkdir(folder, { recursive: true });
  const file = await readFile(
    new URL("../../examples/real-estate-lead/workflow.json", import.meta.url),
    "utf8",
  );
  const { id } = await masar.api<{ id: string }>("POST", "/workflows", { draft: JSON.parse(file) });
  await masar.api("POST", `/workflows/${id}/publish`, { note: "first" });
  const body = {
    reference: "AQ-20417",
    name: "نورة القحطاني",
    phone: "0551234567",
    city: "الرياض",
    district: "النرجس",
    budget: 1_850_000,
    email: "noura@example.sa",
  };
  await fetch(`${masar.url}/hooks/main/portal`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  let run = "";
  await vi.waitFor(
    async () => {
      run = (await masar.api<{ items: { id: string }[] }>("GET", "/runs?status=failed")).items[0]?.id ?? "";
      expect(run).not.toBe("");
    },
    { timeout: 20_000, interval: 200 },
  );
  const looks = [
    { language: "en", theme: "light" },
    { language: "ar", theme: "dark" },
  ] as const;
  for (const look of looks) {
    const t = textsOf(look.language);
    const page = await masar.open(`/workflows/${id}`, { ...look, size: [1440, 900] });
    await page.locator('[data-step="large"]').waitFor();
    await page.getByRole("button", { name: t.canvas.tools.tidy }).click();
    await page.getByTestId("canvas").focus();
    await page.keyboard.press("1");
    await page.locator('[data-step="large"]').click();
    await page.locator("[data-preview]").first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${folder}editor-${look.language}.png` });
    await page.goto(`${masar.url}/runs/${run}`);
    await page.getByRole("alert").first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${folder}run-${look.language}.png` });
    await page.context().close();
  }
  await masar.stop();
});
