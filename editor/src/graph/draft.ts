// The draft under edit and its history. Holds only what is saved; selection, viewport and
// measured sizes live elsewhere. Every act of the user is one `edit` with a name.
import { applyPatches, enablePatches, type Patch, produceWithPatches } from "immer";
import { create } from "zustand";
import type { WorkflowFile } from "../api/shapes";

enablePatches();

interface Entry {
  label: string;
  patches: Patch[];
  inverse: Patch[];
  /** Edits in a row with the same key are one step, e.g. typing in one field. */
  merge?: string;
  at: number;
}

interface DraftState {
  /** Id of the workflow under edit. */
  workflow: string | null;
  file: WorkflowFile;
  past: Entry[];
  future: Entry[];
  /** Counts changes, so that autosave knows what it has saved. */
  change: number;
}

const MOST = 200;
const MERGE_WITHIN = 1500;
const nothing: WorkflowFile = { format: 1, name: "", nodes: [], edges: [] };

export const useDraft = create<DraftState>()(() => ({
  workflow: null,
  file: nothing,
  past: [],
  future: [],
  change: 0,
}));

/** Begins with a workflow; history starts anew. */
export function openDraft(workflow: string, file: WorkflowFile): void {
  useDraft.setState({ workflow, file, past: [], future: [], change: 0 });
}

export function edit(label: string, recipe: (file: WorkflowFile) => void, merge?: string): void {
  useDraft.setState((state) => {
    const [file, patches, inverse] = produceWithPatches(state.file, (draft) => {
      recipe(draft);
    });
    if (patches.length === 0) return state;
    const last = state.past.at(-1);
    const now = Date.now();
    const joined =
      merge && last?.merge === merge && now - last.at < MERGE_WITHIN && state.future.length === 0;
    const past = joined
      ? [
          ...state.past.slice(0, -1),
          {
            ...last,
            patches: [...last.patches, ...patches],
            inverse: [...inverse, ...last.inverse],
            at: now,
          },
        ]
      : [...state.past.slice(-MOST + 1), { label, patches, inverse, merge, at: now }];
    return { file, past, future: [], change: state.change + 1 };
  });
}

/** Takes the last act back; gives its name. */
export function undo(): string | null {
  const { past, future, file, change } = useDraft.getState();
  const entry = past.at(-1);
  if (!entry) return null;
  useDraft.setState({
    file: applyPatches(file, entry.inverse),
    past: past.slice(0, -1),
    future: [...future, entry],
    change: change + 1,
  });
  return entry.label;
}

export function redo(): string | null {
  const { past, future, file, change } = useDraft.getState();
  const entry = future.at(-1);
  if (!entry) return null;
  useDraft.setState({
    file: applyPatches(file, entry.patches),
    past: [...past, { ...entry, merge: undefined }],
    future: future.slice(0, -1),
    change: change + 1,
  });
  return entry.label;
}
