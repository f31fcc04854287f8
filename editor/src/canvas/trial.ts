// Trying the draft, without its panel: which data, which part, what may really happen; and the start.
import { create } from "zustand";
import { ApiError, answer, client } from "../api/client";
import type { Json, JsonObject, Problem, Started, WorkflowFile } from "../api/shapes";
import type { Catalogue } from "../graph/catalogue";
import { freshId } from "../graph/commands";
import { edit, useDraft } from "../graph/draft";
import { computedSteps, type Part } from "../graph/part";
import { shapeOf } from "../graph/shape";
import { useSample } from "../inspector/sample";
import { RunData } from "../runs/replay";
import { showRun } from "../runs/run-store";
import { text } from "../text";
import { tellError, toast } from "../ui/toast";
import { save } from "./autosave";
import { useEditor } from "./editor-state";
import { useProblems } from "./problems-store";

interface Trial {
  source: "past" | "sample" | "typed";
  typed: string;
  event: number | null;
  sample: string | null;
  /** Key of the trigger; null takes the first. */
  trigger: string | null;
  allow: string[];
  /** Absent runs everything. */
  part: Part | null;
  busy: boolean;
  /** What the panel shows. */
  showing: "setup" | "result";
}

export const useTrial = create<Trial>()(() => ({
  source: "past",
  typed: "{\n  \n}",
  event: null,
  sample: null,
  trigger: null,
  allow: [],
  part: null,
  busy: false,
  showing: "setup",
}));

export function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Steps that this trial computes; null means all of them. */
function computed(file: WorkflowFile, catalogue: Catalogue, part: Part | null): Set<string> | null {
  if (!part || !file.nodes.some((node) => node.id === part.node)) return null;
  const shape = shapeOf(file);
  const isLoop = (node: { type: string }) =>
    ["for_each", "loop"].includes(catalogue.get(node.type)?.role ?? "");
  return computedSteps(shape, part, isLoop);
}

/** What of this trial could reach outside: external types, and whether it touches customers. */
export function reach(file: WorkflowFile, catalogue: Catalogue, part: Part | null) {
  const pins = file.canvas?.pins;
  const some = computed(file, catalogue, part);
  const run = file.nodes.filter((node) => !node.disabled && !pins?.[node.id] && (!some || some.has(node.id)));
  const external = run.filter((node) => catalogue.get(node.type)?.effect === "external");
  return {
    external: [...new Set(external.map((node) => node.type))],
    crm: run.some((node) => node.type.startsWith("crm.")),
  };
}

/** Whether the data before the part is at hand, so that it need not be computed. */
export function hasGiven(part: Part | null): boolean {
  return part !== null && part.how !== "to" && useSample.getState().view !== null;
}

function chosenData(file: WorkflowFile, trial: Trial): JsonObject | null {
  if (hasGiven(trial.part)) return { data: useSample.getState().trigger };
  if (trial.source === "past") return trial.event === null ? null : { event: trial.event };
  if (trial.source === "sample") {
    const sample = file.canvas?.samples?.find((one) => one.id === trial.sample);
    return sample ? { data: sample.data } : null;
  }
  const data = parse(trial.typed);
  return data === undefined ? null : { data };
}

export function isReady(file: WorkflowFile, trial: Trial): boolean {
  return chosenData(file, trial) !== null;
}

/** Outputs given instead of computed: those pinned by hand, and for a part those of the last run. */
function pinsFor(file: WorkflowFile, catalogue: Catalogue, part: Part | null): JsonObject {
  const pins: JsonObject = {};
  if (part && hasGiven(part)) {
    const { view, trigger, envelope } = useSample.getState();
    const some = computed(file, catalogue, part);
    const data = view && new RunData(shapeOf(file), view, trigger, envelope);
    for (const node of file.nodes) {
      const last = view?.byKey.get(node.key)?.at(-1);
      if (some?.has(node.id) || !last?.port || catalogue.get(node.type)?.role === "trigger") continue;
      const value = data?.output(node.key);
      if (value !== undefined) pins[node.key] = { port: last.port, value };
    }
  }
  for (const node of file.nodes) {
    const pin = file.canvas?.pins?.[node.id];
    if (pin) pins[node.key] = { ...pin };
  }
  return pins;
}

export async function startTrial(catalogue: Catalogue): Promise<void> {
  const trial = useTrial.getState();
  if (trial.busy) return;
  useTrial.setState({ busy: true });
  try {
    await save();
    const { file, workflow } = useDraft.getState();
    const data = chosenData(file, trial);
    if (!workflow || !data) return;
    const key = file.nodes.find((node) => node.id === trial.part?.node)?.key;
    const triggers = file.nodes.filter((node) => catalogue.get(node.type)?.role === "trigger");
    const leads =
      key && trial.part ? triggers.filter((node) => leadsTo(file, catalogue, node.id, trial.part)) : triggers;
    const started = await answer<Started>(
      client.POST("/api/v1/workflows/{workflow}/test", {
        params: { path: { workflow } },
        body: {
          trigger: leads.find((node) => node.key === trial.trigger)?.key ?? leads[0]?.key ?? null,
          allow: trial.allow,
          pins: pinsFor(file, catalogue, trial.part) as never,
          until: key && trial.part?.how !== "from" ? key : null,
          from: key && trial.part?.how !== "to" ? key : null,
          ...(data as object),
        },
      }),
    );
    if (started.run) {
      await showRun(started.run);
      useTrial.setState({ showing: "result" });
    }
  } catch (error) {
    if (error instanceof ApiError && error.code === "workflow_invalid") {
      useProblems.setState({ list: (error.problems as Problem[] | undefined) ?? [] });
      useEditor.setState({ side: "problems" });
      toast(text().canvas.try.problems, { bad: true });
    } else tellError(error);
  } finally {
    useTrial.setState({ busy: false });
  }
}

function leadsTo(file: WorkflowFile, catalogue: Catalogue, trigger: string, part: Part | null): boolean {
  if (!part) return true;
  const before = computed(file, catalogue, { how: "to", node: part.node });
  return before?.has(trigger) ?? true;
}

/**
 * Runs a part of the draft. It starts at once where the data is at hand and nothing would reach
 * outside that was not allowed before; else the panel asks.
 */
export function tryPart(catalogue: Catalogue, part: Part | null): void {
  useTrial.setState({ part, showing: "setup" });
  useEditor.setState({ trying: true });
  const { file } = useDraft.getState();
  const trial = useTrial.getState();
  const { external, crm } = reach(file, catalogue, part);
  const asks = external.some((type) => !trial.allow.includes(type)) || (crm && !hasGiven(part));
  if (!asks && isReady(file, trial)) void startTrial(catalogue);
}

const LARGEST = 256 * 1024;

/** Keeps data with the draft, to be tried again. */
export function saveSample(name: string, data: Json): boolean {
  const t = text();
  if (JSON.stringify(data).length > LARGEST) {
    toast(t.canvas.try.sampleLarge, { bad: true });
    return false;
  }
  let id = "";
  edit(t.canvas.step.saveSample, (file) => {
    file.canvas ??= {};
    file.canvas.samples ??= [];
    id = freshId("d", file.canvas.samples);
    file.canvas.samples.push({ id, name, data });
  });
  useTrial.setState({ source: "sample", sample: id });
  toast(t.canvas.try.sampleSaved(name));
  return true;
}

export function removeSample(id: string): void {
  edit(text().canvas.step.removeSample, (file) => {
    if (file.canvas?.samples) file.canvas.samples = file.canvas.samples.filter((one) => one.id !== id);
  });
}
