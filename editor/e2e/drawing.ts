// What the browser tests do again and again with a workflow: make one, look at its draft, wait until
// it is saved, choose from a picker, write into a code field.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import type { Masar } from "./masar";

export interface File {
  name?: string;
  nodes: {
    id: string;
    key: string;
    type: string;
    position: { x: number; y: number };
    parameters?: unknown;
    disabled?: boolean;
  }[];
  edges: { id: string; source: string; sourceHandle?: string; target: string }[];
  canvas?: { labels?: Record<string, string> };
}

let count = 0;

/** A workflow of its own name; nodes in a row, one after another, where only they are given. */
export async function workflow(masar: Masar, draft: object = {}): Promise<string> {
  count += 1;
  const made = await masar.api<{ id: string }>("POST", "/workflows", {
    draft: { format: 1, nodes: [], edges: [], ...draft, name: `w${count} ${Date.now()}` },
  });
  return made.id;
}

/** Steps joined one after another. */
export function line(...steps: [key: string, type: string, parameters?: object][]): File {
  const nodes = steps.map(([key, type, parameters], index) => ({
    id: `n${index + 1}`,
    key,
    type,
    position: { x: index * 300, y: 0 },
    parameters: parameters ?? {},
  }));
  const edges = nodes
    .slice(1)
    .map((node, index) => ({ id: `e${index + 1}`, source: `n${index + 1}`, target: node.id }));
  return { nodes, edges };
}

export async function draftOf(masar: Masar, id: string): Promise<File> {
  return (await masar.api<{ draft: File }>("GET", `/workflows/${id}`)).draft;
}

export async function example(name = "real-estate-lead"): Promise<File> {
  const url = new URL(`../../examples/${name}/workflow.json`, import.meta.url);
  return JSON.parse(await readFile(url, "utf8")) as File;
}

export const saved = (page: Page): Promise<void> => page.locator("[data-save=saved]").waitFor();

export async function pick(page: Page, words: string): Promise<void> {
  await page.getByRole("dialog").getByRole("combobox").fill(words);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

/** Replaces what stands in the code field of a form field. */
export async function writeCode(page: Page, path: string, text: string): Promise<void> {
  await page.locator(`[data-path="${path}"] [data-code] .cm-content`).first().click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(text);
}

/** Tries the draft as a program would, and waits until the run is over. */
export async function tried(masar: Masar, id: string, test: object): Promise<string> {
  const { run } = await masar.api<{ run: string }>("POST", `/workflows/${id}/test`, test);
  for (let tries = 0; tries < 400; tries += 1) {
    const { ended_at } = await masar.api<{ ended_at: string | null }>("GET", `/runs/${run}`);
    if (ended_at) return run;
    await new Promise((wake) => setTimeout(wake, 25));
  }
  throw new Error(`the test run of ${id} does not end`);
}
