// The data that previews and data panes show: the run on the canvas, else the workflow's last run.
import { useMemo } from "react";
import { create } from "zustand";
import { answer, client } from "../api/client";
import { journalQuery, queryClient, runQuery } from "../api/queries";
import type { Json, Page, RunSummary } from "../api/shapes";
import { useDraft } from "../graph/draft";
import { shapeOf } from "../graph/shape";
import { RunData, type RunView, stateAt } from "../runs/replay";
import { useShownRun } from "../runs/run-store";

interface Sample {
  view: RunView | null;
  trigger: Json;
  envelope: Json;
}

const nothing: Sample = { view: null, trigger: null, envelope: null };

export const useSample = create<Sample>()(() => nothing);

async function lastRun(workflow: string): Promise<void> {
  const page = await answer<Page<RunSummary>>(
    client.GET("/api/v1/runs", { params: { query: { workflow, limit: 1 } } }),
  );
  const run = page.items[0]?.id;
  if (!run || useDraft.getState().workflow !== workflow) return;
  const [records, detail] = await Promise.all([
    queryClient.fetchQuery(journalQuery(run)),
    queryClient.fetchQuery(runQuery(run)),
  ]);
  useSample.setState({ view: stateAt(records), trigger: detail.trigger_data, envelope: detail.envelope });
}

/** Data panes follow a run that goes on in leaps: nobody reads them sixteen times a second. */
const LEAP = 400;

/** Fetches the last run's data; a run shown later takes its place. */
export function startSampling(workflow: string): () => void {
  void lastRun(workflow).catch(() => undefined);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const take = () => {
    timer = undefined;
    const { view, trigger, detail } = useShownRun.getState();
    if (view) useSample.setState({ view, trigger, envelope: detail?.envelope ?? null });
  };
  const stop = useShownRun.subscribe(({ view }, before) => {
    if (!view || view === before.view) return;
    if (view.status === "running") timer ??= setTimeout(take, LEAP);
    else {
      clearTimeout(timer);
      take();
    }
  });
  return () => {
    stop();
    clearTimeout(timer);
    useSample.setState(nothing);
  };
}

export function useRunData(): RunData | null {
  const shape = useDraft((state) => shapeOf(state.file));
  const { view, trigger, envelope } = useSample();
  return useMemo(
    () => (view ? new RunData(shape, view, trigger, envelope) : null),
    [shape, view, trigger, envelope],
  );
}
