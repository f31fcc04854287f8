// What the home page does to whole workflows: make, copy, import, pause, remove.
import { ApiError, answer, client } from "../api/client";
import { queryClient, workflowQuery } from "../api/queries";
import type { WorkflowFile, WorkflowView } from "../api/shapes";
import { text } from "../text";

/** Makes a workflow; where its name is taken, a number is added. */
export async function createWorkflow(file: WorkflowFile): Promise<WorkflowView> {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? file.name : `${file.name} ${count}`;
    try {
      const draft = { ...file, name } as unknown as Record<string, unknown>;
      const made = await answer<WorkflowView>(client.POST("/api/v1/workflows", { body: { draft } }));
      await queryClient.invalidateQueries({ queryKey: ["workflows"] });
      return made;
    } catch (error) {
      if (!(error instanceof ApiError && error.code === "duplicate" && count < 100)) throw error;
    }
  }
}

export async function duplicateWorkflow(id: string): Promise<WorkflowView> {
  const { draft } = await queryClient.fetchQuery({ ...workflowQuery(id), staleTime: 0 });
  if (!draft) throw new Error(text().common.nothingFound);
  return createWorkflow({ ...draft, name: text().pages.home.copyOf(draft.name) });
}

export async function changeWorkflow(
  workflow: Pick<WorkflowView, "id" | "revision">,
  change: { paused?: boolean; folder?: string; tags?: string[] },
): Promise<void> {
  await client.PATCH("/api/v1/workflows/{workflow}", {
    params: { path: { workflow: workflow.id }, header: { "If-Match": `"${workflow.revision}"` } },
    body: change,
  });
  await queryClient.invalidateQueries({ queryKey: ["workflows"] });
}

export async function deleteWorkflow(id: string): Promise<void> {
  await client.DELETE("/api/v1/workflows/{workflow}", { params: { path: { workflow: id } } });
  await queryClient.invalidateQueries({ queryKey: ["workflows"] });
}

export function download(name: string, content: unknown): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${name.replace(/[\\/:*?"<>|]/g, "-")}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

/** Reads a workflow file that a person chose, with words for what is wrong with it. */
export async function readFile(file: File): Promise<WorkflowFile> {
  const t = text().pages.home;
  const value: unknown = await file
    .text()
    .then((content) => JSON.parse(content) as unknown)
    .catch(() => null);
  if (typeof value !== "object" || value === null || !("nodes" in value)) throw new Error(t.badFile);
  const read = value as WorkflowFile;
  if (typeof read.format === "number" && read.format > 1) throw new Error(t.newerFile);
  return { ...read, name: read.name || file.name.replace(/\.json$/, "") };
}
