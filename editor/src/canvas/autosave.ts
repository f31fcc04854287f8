// Saves the draft by itself and loses nothing: a copy stays on the device until the server has it,
// a change made elsewhere is noticed and asked about, and an absent server is asked again.
import { create } from "zustand";
import { ApiError, answer, client } from "../api/client";
import { queryClient } from "../api/queries";
import type { WorkflowFile, WorkflowView } from "../api/shapes";
import { alike } from "../graph/diff";
import { edit, useDraft } from "../graph/draft";
import { mergeFiles } from "../graph/merge";
import { text } from "../text";

export type SaveState = "saved" | "saving" | "unsaved" | "offline" | "conflict" | "refused";

interface Saving {
  state: SaveState;
  /** What the server said where it refused. */
  reason: string;
  revision: number;
  /** The draft as the server has it, and as somebody else left it. */
  base: WorkflowFile | null;
  theirs: WorkflowView | null;
  recovered: boolean;
}

export const useSaving = create<Saving>()(() => ({
  state: "saved",
  reason: "",
  revision: 0,
  base: null,
  theirs: null,
  recovered: false,
}));

const WAIT = 600;
const copyKey = (workflow: string) => `masar.draft.${workflow}`;

interface LocalCopy {
  revision: number;
  file: WorkflowFile;
  base: WorkflowFile;
}

function keepCopy(): void {
  const { workflow, file } = useDraft.getState();
  const { revision, base } = useSaving.getState();
  if (!workflow || !base) return;
  try {
    localStorage.setItem(copyKey(workflow), JSON.stringify({ revision, file, base } satisfies LocalCopy));
  } catch {
    // The device is full; the server still gets the draft.
  }
}

let copying: ReturnType<typeof setTimeout> | undefined;

/** Soon, because writing a large draft takes its time and typing must not wait for it. */
function keepCopySoon(): void {
  clearTimeout(copying);
  copying = setTimeout(keepCopy, 200);
}

function readCopy(workflow: string): LocalCopy | null {
  try {
    return JSON.parse(localStorage.getItem(copyKey(workflow)) ?? "null") as LocalCopy | null;
  } catch {
    return null;
  }
}

let timer: ReturnType<typeof setTimeout> | undefined;
let underway: Promise<void> | null = null;
let pause = 1000;

/** Watches the open draft until stopped. Starts by bringing back what an earlier visit could not save. */
export function startSaving(view: WorkflowView, file: WorkflowFile): () => void {
  const workflow = view.id;
  useSaving.setState({
    state: "saved",
    reason: "",
    revision: view.revision,
    base: file,
    theirs: null,
    recovered: false,
  });
  const copy = readCopy(workflow);
  if (copy && !alike(copy.file, file)) {
    useDraft.setState({ file: copy.file, change: 1 });
    if (copy.revision === view.revision) useSaving.setState({ state: "unsaved", recovered: true });
    else useSaving.setState({ state: "conflict", base: copy.base, theirs: view });
  } else localStorage.removeItem(copyKey(workflow));

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void save(), WAIT);
  };
  if (useSaving.getState().state === "unsaved") soon();
  const stop = useDraft.subscribe((state, before) => {
    if (state.file === before.file || state.workflow !== workflow) return;
    keepCopySoon();
    if (useSaving.getState().state === "conflict") return;
    useSaving.setState({ state: "unsaved" });
    soon();
  });
  const online = () => void save();
  window.addEventListener("online", online);
  const leaving = () => {
    if (useSaving.getState().state !== "saved") keepCopy();
  };
  window.addEventListener("pagehide", leaving);
  return () => {
    stop();
    window.removeEventListener("online", online);
    window.removeEventListener("pagehide", leaving);
    leaving();
    clearTimeout(copying);
    clearTimeout(timer);
    void save();
  };
}

/** Saves now; resolves once the server has what was there when it was called, or cannot have it. */
export async function save(): Promise<void> {
  clearTimeout(timer);
  if (underway) await underway;
  const { workflow, file } = useDraft.getState();
  const { state, base, revision } = useSaving.getState();
  if (!workflow || state === "conflict" || state === "saved" || !base) return;
  underway = send(workflow, file, revision).finally(() => {
    underway = null;
  });
  await underway;
}

async function send(workflow: string, file: WorkflowFile, revision: number): Promise<void> {
  useSaving.setState({ state: "saving" });
  try {
    const view = await answer<WorkflowView>(
      client.PATCH("/api/v1/workflows/{workflow}", {
        params: { path: { workflow }, header: { "If-Match": `"${revision}"` } },
        body: { draft: file as unknown as Record<string, unknown> },
      }),
    );
    pause = 1000;
    const current = useDraft.getState().workflow === workflow && useDraft.getState().file === file;
    useSaving.setState({
      state: current ? "saved" : "unsaved",
      reason: "",
      revision: view.revision,
      base: file,
    });
    if (current) {
      clearTimeout(copying);
      localStorage.removeItem(copyKey(workflow));
    } else timer = setTimeout(() => void save(), WAIT);
    void queryClient.invalidateQueries({ queryKey: ["workflows"] });
  } catch (error) {
    await failed(workflow, file, error);
  }
}

async function failed(workflow: string, file: WorkflowFile, error: unknown): Promise<void> {
  keepCopy();
  if (error instanceof ApiError && error.code === "precondition") {
    const theirs = await answer<WorkflowView>(
      client.GET("/api/v1/workflows/{workflow}", { params: { path: { workflow } } }),
    );
    if (alike(theirs.draft, file)) {
      // Our own save, whose answer was lost on the way.
      useSaving.setState({ state: "saved", revision: theirs.revision, base: file });
      localStorage.removeItem(copyKey(workflow));
    } else if (alike(theirs.draft, useSaving.getState().base)) {
      // Only its folder, tags or pause changed.
      useSaving.setState({ state: "unsaved", revision: theirs.revision });
      timer = setTimeout(() => void save(), 0);
    } else useSaving.setState({ state: "conflict", theirs });
    return;
  }
  const waits =
    error instanceof ApiError && (error.code === "network" || error.status >= 500 || error.status === 401);
  useSaving.setState({
    state: waits ? "offline" : "refused",
    reason: error instanceof Error ? error.message : "",
  });
  if (waits) {
    timer = setTimeout(() => void save(), pause);
    pause = Math.min(pause * 2, 20_000);
  }
}

/** Ends a conflict: whose draft goes on, or both in one. */
export function settle(how: "mine" | "theirs" | "merge"): void {
  const { theirs, base } = useSaving.getState();
  if (!theirs?.draft || !base) return;
  const other = theirs.draft;
  useSaving.setState({ state: "unsaved", revision: theirs.revision, theirs: null, base: other });
  if (how !== "mine") {
    const mine = useDraft.getState().file;
    const next = how === "theirs" ? other : mergeFiles(base, mine, other);
    edit(text().canvas.step.merge, (file) => {
      Object.assign(file, structuredClone(next));
    });
  }
  void save();
}
