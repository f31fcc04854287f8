// The run that the canvas shows, if any: its journal, the position in it, and the fold of both.
// Live events make it read the journal again, at most a few times a second.
import { create } from "zustand";
import { follow } from "../api/live";
import { journalQuery, queryClient, runQuery } from "../api/queries";
import type { JournalRecord, Json, RunDetail } from "../api/shapes";
import { type RunView, stateAt } from "./replay";

interface ShownRun {
  run: string | null;
  detail: RunDetail | null;
  records: JournalRecord[];
  /** How many records are folded; follows the end while `live`. */
  at: number;
  atEnd: boolean;
  view: RunView | null;
  trigger: Json;
}

const nothing: ShownRun = {
  run: null,
  detail: null,
  records: [],
  at: 0,
  atEnd: true,
  view: null,
  trigger: null,
};

export const useShownRun = create<ShownRun>()(() => nothing);

let unfollow: (() => void) | null = null;
let pending: ReturnType<typeof setTimeout> | null = null;

async function load(run: string): Promise<void> {
  const [records, detail] = await Promise.all([
    queryClient.fetchQuery({ ...journalQuery(run), staleTime: 0 }),
    queryClient.fetchQuery({ ...runQuery(run), staleTime: 0 }),
  ]);
  if (useShownRun.getState().run !== run) return;
  useShownRun.setState((state) => {
    const at = state.atEnd ? records.length : Math.min(state.at, records.length);
    return { detail, records, at, view: stateAt(records, at), trigger: detail.trigger_data };
  });
}

function loadSoon(run: string): void {
  pending ??= setTimeout(() => {
    pending = null;
    void load(run).catch(() => undefined);
  }, 120);
}

/** Shows a run and follows it until it is over or hidden. */
export async function showRun(run: string): Promise<void> {
  hideRun();
  useShownRun.setState({ ...nothing, run });
  unfollow = follow({ run }, { records: () => loadSoon(run), missed: () => loadSoon(run) });
  await load(run);
}

export function hideRun(): void {
  unfollow?.();
  unfollow = null;
  if (pending) clearTimeout(pending);
  pending = null;
  useShownRun.setState(nothing);
}

export function moveTo(at: number): void {
  useShownRun.setState((state) => {
    const bounded = Math.max(0, Math.min(at, state.records.length));
    return { at: bounded, atEnd: bounded === state.records.length, view: stateAt(state.records, bounded) };
  });
}
