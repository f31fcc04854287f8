// The journal folded up to a position: what each step did, what went over each edge. One pure
// reducer for live tests, for the replay of old runs and for the data panes.
import type { FileEdge, JournalRecord, Json, RunStatus, StepFailure, StepState } from "../api/shapes";
import type { Shape } from "../graph/shape";

/** One execution of a node: in a loop there are several. */
export interface StepView {
  /** `check`, or `each[3].check`. */
  step: string;
  key: string;
  state: StepState;
  attempts: number;
  startedAt: number;
  endedAt: number | null;
  took: number;
  port: string | null;
  parameters?: Json;
  /** Absent where the input was passed on. */
  output?: Json;
  error?: StepFailure;
  by?: string;
}

export interface RunView {
  status: RunStatus;
  steps: StepView[];
  /** The executions of each node by key, in order. */
  byKey: ReadonlyMap<string, StepView[]>;
  /** How often each port of each node was left by: `key port` → count. */
  left: ReadonlyMap<string, number>;
  error: StepFailure | null;
  failedStep: string | null;
}

export function keyOf(step: string): string {
  return step.slice(step.lastIndexOf(".") + 1);
}

const byRecord: Record<string, StepState> = {
  intent: "running",
  waiting: "waiting",
  calling: "waiting",
  opened: "looping",
  looping: "looping",
  round: "looping",
  in_doubt: "in_doubt",
  try_again: "running",
};

/** Folds the first `upTo` records. */
export function stateAt(records: readonly JournalRecord[], upTo: number = records.length): RunView {
  const steps: StepView[] = [];
  const places = new Map<string, StepView>();
  const left = new Map<string, number>();
  let status: RunStatus = "running";
  let error: StepFailure | null = null;
  let failedStep: string | null = null;

  for (const record of records.slice(0, upTo)) {
    if (record.k === "ended") {
      status = record.status ?? "succeeded";
      error = record.e ?? null;
      failedStep = record.s ?? null;
      continue;
    }
    if (record.k === "resumed") {
      status = "running";
      error = null;
      continue;
    }
    if (!record.s) continue;
    let view = places.get(record.s);
    if (!view) {
      view = {
        step: record.s,
        key: keyOf(record.s),
        state: "running",
        attempts: 0,
        startedAt: record.t - (record.d ?? 0),
        endedAt: null,
        took: 0,
        port: null,
      };
      places.set(record.s, view);
      steps.push(view);
    }
    tell(view, record);
    if (record.k === "done" && record.p) {
      const name = `${view.key} ${record.p}`;
      left.set(name, (left.get(name) ?? 0) + 1);
    }
    if (record.k === "waiting") status = "waiting";
    else if (record.k === "in_doubt") status = "in_doubt";
    else if (status !== "in_doubt" || record.k === "try_again") status = "running";
  }

  const byKey = new Map<string, StepView[]>();
  for (const view of steps) {
    const list = byKey.get(view.key);
    if (list) list.push(view);
    else byKey.set(view.key, [view]);
    if (view.state === "failed" && status === "failed") failedStep ??= view.step;
  }
  return { status, steps, byKey, left, error, failedStep };
}

function tell(view: StepView, record: JournalRecord): void {
  view.attempts = Math.max(view.attempts, record.a ?? 1);
  switch (record.k) {
    case "done":
      view.state = "done";
      view.endedAt = record.t;
      view.took = record.d ?? 0;
      view.port = record.p ?? null;
      view.output = record.v;
      view.by = record.by;
      view.error = undefined;
      break;
    case "closed":
      view.state = "done";
      view.endedAt = record.t;
      break;
    case "failed":
      view.state = record.retry_at ? "retrying" : "failed";
      view.endedAt = record.t;
      view.took = record.d ?? 0;
      view.error = record.e;
      break;
    case "intent":
      view.state = "running";
      view.parameters = record.v;
      break;
    default:
      view.state = byRecord[record.k] ?? view.state;
  }
}

/** Several executions of one node as one state: the worst that is still true. */
export function joined(views: readonly StepView[] | undefined): StepState | null {
  if (!views?.length) return null;
  for (const state of ["in_doubt", "failed", "retrying", "running", "waiting", "looping"] as const) {
    if (views.some((view) => view.state === state)) return state;
  }
  return "done";
}

/** What the steps gave, with passed-on inputs followed back to where they came from. */
export class RunData {
  readonly #view: RunView;
  readonly #trigger: Json;
  readonly #envelope: Json;
  readonly #shape: Shape;
  readonly #ids = new Map<string, string>();
  readonly #incoming = new Map<string, { edge: FileEdge; key: string }[]>();

  constructor(shape: Shape, view: RunView, trigger: Json, envelope: Json = null) {
    this.#shape = shape;
    this.#view = view;
    this.#trigger = trigger;
    this.#envelope = envelope;
    const keys = new Map<string, string>();
    for (const node of shape.nodes) {
      keys.set(node.id, node.key);
      this.#ids.set(node.key, node.id);
    }
    for (const edge of shape.edges) {
      const key = keys.get(edge.source);
      if (key === undefined) continue;
      const list = this.#incoming.get(edge.target);
      if (list) list.push({ edge, key });
      else this.#incoming.set(edge.target, [{ edge, key }]);
    }
  }

  get trigger(): Json {
    return this.#trigger;
  }

  output(key: string, iteration = -1, depth = 0): Json | undefined {
    const view = this.#view.byKey.get(key)?.at(iteration);
    if (view?.state !== "done") return undefined;
    if (view.output !== undefined) return view.output;
    const id = this.#ids.get(key);
    if (id === undefined || depth > 60) return undefined;
    return this.input(id, iteration, depth + 1);
  }

  input(id: string, iteration = -1, depth = 0): Json | undefined {
    const edges = this.#incoming.get(id);
    const arrived = (edges ?? []).flatMap(({ edge, key }) => {
      const view = this.#view.byKey.get(key)?.at(iteration);
      if (!view) return [];
      if (view.port && edge.sourceHandle && view.port !== edge.sourceHandle) return [];
      const value = this.output(key, iteration, depth);
      return value === undefined ? [] : [[key, value] as const];
    });
    const single = arrived[0];
    if (arrived.length > 1) return Object.fromEntries(arrived);
    if (single) return single[1];
    return edges ? undefined : this.#trigger;
  }

  /** What expressions of a step see. */
  scope(id: string): { [name: string]: Json } {
    const steps: { [name: string]: Json } = {};
    for (const node of this.#shape.nodes) {
      const value = this.output(node.key);
      if (value !== undefined) steps[node.key] = value;
    }
    const scope: { [name: string]: Json } = { trigger: this.#trigger, steps };
    if (this.#envelope !== null) scope.event = this.#envelope;
    const input = this.input(id);
    if (input !== undefined) scope.input = input;
    return scope;
  }
}
