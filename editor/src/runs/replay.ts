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

/**
 * The fold of a journal that is still growing: takes records as they come and costs what they cost,
 * not what came before. What it gives is never changed afterwards; only what was touched is new.
 */
export class Fold {
  #steps: StepView[] = [];
  readonly #places = new Map<string, number>();
  #byKey = new Map<string, StepView[]>();
  /** Where among its node's executions a step stands. */
  readonly #turns = new Map<string, number>();
  #left = new Map<string, number>();
  #status: RunStatus = "running";
  #error: StepFailure | null = null;
  #failedStep: string | null = null;
  #taken = 0;

  /** How many records it has taken. */
  get taken(): number {
    return this.#taken;
  }

  take(records: readonly JournalRecord[], until: number = records.length): RunView {
    const touched = new Set<string>();
    this.#steps = this.#steps.slice();
    this.#byKey = new Map(this.#byKey);
    this.#left = new Map(this.#left);
    for (let at = this.#taken; at < until; at += 1) {
      const record = records[at];
      if (record) this.#one(record, touched);
    }
    this.#taken = Math.max(this.#taken, until);
    let failedStep = this.#failedStep;
    if (failedStep === null && this.#status === "failed")
      failedStep = this.#steps.find((step) => step.state === "failed")?.step ?? null;
    return {
      status: this.#status,
      steps: this.#steps,
      byKey: this.#byKey,
      left: this.#left,
      error: this.#error,
      failedStep,
    };
  }

  #one(record: JournalRecord, touched: Set<string>): void {
    if (record.k === "ended") {
      this.#status = record.status ?? "succeeded";
      this.#error = record.e ?? null;
      this.#failedStep = record.s ?? null;
      return;
    }
    if (record.k === "resumed") {
      this.#status = "running";
      this.#error = null;
      return;
    }
    if (!record.s) return;
    const view = this.#step(record.s, record, touched);
    tell(view, record);
    if (record.k === "done" && record.p) {
      const name = `${view.key} ${record.p}`;
      this.#left.set(name, (this.#left.get(name) ?? 0) + 1);
    }
    if (record.k === "waiting") this.#status = "waiting";
    else if (record.k === "in_doubt") this.#status = "in_doubt";
    else if (this.#status !== "in_doubt" || record.k === "try_again") this.#status = "running";
  }

  /** The view of a step, made or copied, so that what was given before stays as it was. */
  #step(step: string, record: JournalRecord, touched: Set<string>): StepView {
    const place = this.#places.get(step);
    const before = place === undefined ? undefined : this.#steps[place];
    const key = before?.key ?? keyOf(step);
    let executions = this.#byKey.get(key) ?? [];
    if (!touched.has(key)) {
      touched.add(key);
      executions = executions.slice();
      this.#byKey.set(key, executions);
    }
    if (place !== undefined && before) {
      const copy = { ...before };
      this.#steps[place] = copy;
      executions[this.#turns.get(step) ?? 0] = copy;
      return copy;
    }
    const made: StepView = {
      step,
      key,
      state: "running",
      attempts: 0,
      startedAt: record.t - (record.d ?? 0),
      endedAt: null,
      took: 0,
      port: null,
    };
    this.#places.set(step, this.#steps.length);
    this.#turns.set(step, executions.length);
    this.#steps.push(made);
    executions.push(made);
    return made;
  }
}

/** Folds the first `upTo` records. */
export function stateAt(records: readonly JournalRecord[], upTo: number = records.length): RunView {
  return new Fold().take(records, upTo);
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
