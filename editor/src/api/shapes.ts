// What the API's loosely described objects hold. Where the server's description says `object`,
// the shape stands here.
import type { components } from "./schema.gen";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

export type WorkflowView = Omit<components["schemas"]["View"], "draft"> & { draft?: WorkflowFile };
export type VersionView = Omit<components["schemas"]["Version"], "body"> & { body?: WorkflowFile };
export type Started = components["schemas"]["Started"];

export interface FileNode {
  id: string;
  key: string;
  type: string;
  typeVersion?: number | null;
  position: { x: number; y: number };
  parameters?: JsonObject | null;
  disabled?: boolean;
  join?: "all" | "first" | { atLeast: number };
  retry?: JsonObject | null;
  timeoutMs?: number | null;
  onCrash?: "retry" | "in_doubt" | null;
  notes?: string;
}

export interface FileEdge {
  id: string;
  source: string;
  sourceHandle?: string | null;
  target: string;
  targetHandle?: string | null;
}

/** A sticky note. */
export interface Sticky {
  id: string;
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
  tone: number;
}

/** What the editor keeps beside the graph. */
export interface CanvasExtras {
  labels?: Record<string, string>;
  stickies?: Sticky[];
  pins?: Record<string, { port: string; value: Json }>;
  /** Data for tests, kept with the draft; a published version does not hold them. */
  samples?: Sample[];
  groups?: Group[];
}

/** Steps that are framed together; folded, they are drawn as one box. */
export interface Group {
  id: string;
  title: string;
  /** Ids of its steps. */
  nodes: string[];
  collapsed?: boolean;
}

/** Data that a test can be started with. */
export interface Sample {
  id: string;
  name: string;
  data: Json;
}

export interface WorkflowFile {
  format: number;
  name: string;
  description?: string;
  nodes: FileNode[];
  edges: FileEdge[];
  settings?: JsonObject;
  canvas?: CanvasExtras;
}

export interface Problem {
  code: string;
  severity: "error" | "warning";
  node?: string;
  edge?: string;
  field?: string;
  line?: number;
  column?: number;
  fragment?: string;
  message: string;
  hint?: string;
}

export interface FieldSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  enum?: string[];
  default?: Json;
  examples?: Json[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  properties?: Record<string, FieldSchema>;
  required?: string[];
  items?: FieldSchema;
  additionalProperties?: boolean;
  "x-ar-title"?: string;
  "x-ar-description"?: string;
  "x-field"?: string;
  "x-order"?: number;
  "x-labels"?: Record<string, { en: string; ar: string }>;
  "x-shown-if"?: Record<string, Json[]>;
  "x-entities"?: Record<string, EntityField[]>;
}

export interface EntityField {
  name: string;
  kind: "text" | "phone" | "email" | "money" | "integer" | "moment" | "boolean" | "choice" | "reference";
  required: boolean;
  values?: string[];
}

export interface Manifest {
  type: string;
  version: number;
  role: "trigger" | "action" | "for_each" | "loop";
  effect: "pure" | "transactional" | "external";
  icon: string;
  texts: { en: { name: string; summary: string }; ar: { name: string; summary: string } };
  parameters: FieldSchema;
  ports: { fixed: string[] } | { from_list: { parameter: string; last: string } };
  output: "any" | "input" | { schema: FieldSchema };
  credentials: { parameter: string; types: string[]; required: boolean }[];
  search: string[];
  responds: boolean;
  examples: {
    title: string;
    parameters: Json;
    trigger: Json;
    input: Json;
    port?: string;
    output?: Json;
    error?: string;
  }[];
}

export interface HelperFunction {
  name: string;
  family: string;
  signature: string;
  en: string;
  ar: string;
  examples: { expression: string; result: string }[];
}

export type RunStatus = "queued" | "running" | "waiting" | "in_doubt" | "succeeded" | "failed" | "cancelled";

export interface StepFailure {
  code: string;
  message: string;
  retryable?: boolean;
  details?: Json;
}

export interface RunSummary {
  id: string;
  workflow: string;
  version: number;
  status: RunStatus;
  event: number;
  event_type: string;
  trigger: string;
  subject: string | null;
  test: boolean;
  parent: { run: string; step: string } | null;
  replay_of: string | null;
  accepted_at: string;
  ended_at: string | null;
  error: { code: string; message: string; step: string | null } | null;
}

export interface RunStep {
  step: string;
  node: string;
  state: StepState;
  attempts: number;
  started_at: string;
  ended_at?: string;
  took_us: number;
  port?: string;
  parameters?: Json;
  output?: Json;
  error?: StepFailure;
  retry_at?: string;
  by?: string;
  idempotency_key?: string;
}

export type StepState =
  | "done"
  | "failed"
  | "retrying"
  | "running"
  | "waiting"
  | "in_doubt"
  | "looping"
  | "skipped"
  | "pending";

export interface RunDetail extends RunSummary {
  steps: RunStep[];
  records: number;
  trigger_data: Json;
  /** What expressions see as `event`. */
  envelope: Json;
}

/** A record of the journal: `k` says which, `s` names the step, `t` is in microseconds. */
export interface JournalRecord {
  k: string;
  s?: string;
  t: number;
  d?: number;
  a?: number;
  p?: string;
  v?: Json;
  e?: StepFailure;
  status?: RunStatus;
  by?: string;
  retry_at?: number;
}

export interface LiveBatch {
  workflow: string;
  run: string;
  status: RunStatus;
  /** Number of the first record in the run's journal. */
  first: number;
  records: JournalRecord[];
}

export interface EventSummary {
  position: number;
  id: string;
  source: string;
  type: string;
  subject: string | null;
  time: string | null;
  received_at: string;
  origin: string;
}

export interface Decision {
  event: number;
  workflow: string;
  trigger: string;
  decision: string;
  detail: string;
  subject: string | null;
  at: string;
}

export interface EventDetail extends EventSummary {
  data: Json;
  runs: RunSummary[];
  decisions: Decision[];
}

export interface RefusedCall {
  position: number;
  path: string;
  method: string;
  at: string;
  status: number;
  reason: { code: string; detail: string } | null;
}

/** What a call brought; a body that is not text comes as base64. */
export interface CallDetail {
  headers: Record<string, string>;
  body?: Json;
  body_base64?: string;
}

export interface Approval {
  id: string;
  run: string;
  workflow: string;
  step: string;
  title: string;
  context: Json;
  assignee: string | null;
  deadline: string | null;
  opened_at: string;
}

export interface Credential {
  name: string;
  type: string;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface CredentialType {
  type: string;
  icon: string;
  en: string;
  ar: string;
  fields: {
    name: string;
    en: string;
    ar: string;
    secret: boolean;
    required: boolean;
    choices: string[];
    example: string;
  }[];
}

export interface CrmRecord {
  id: string;
  entity: string;
  version: number;
  created_at: number;
  updated_at: number;
  [field: string]: Json;
}

export interface Page<T, C = string> {
  items: T[];
  next: C | null;
}

export interface VersionDiff {
  nodes: DiffSide<FileNode>;
  edges: DiffSide<FileEdge>;
  workflow: FieldChange[];
}

export interface DiffSide<T> {
  added: T[];
  removed: T[];
  changed: { id: string; key?: string; fields: FieldChange[] }[];
}

export interface FieldChange {
  path: string;
  before: Json;
  after: Json;
}
