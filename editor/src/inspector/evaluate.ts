// What a field's expression, template, condition or script gives on the data at hand, told by the
// server, which alone knows the language. Asked a moment after the last key, for what changed only;
// an answer that nobody waits for any more is given up.
import { useEffect, useMemo, useState } from "react";
import { ApiError, answer, client } from "../api/client";
import type { components } from "../api/schema.gen";
import type { Scope } from "../graph/references";

export type Source = components["schemas"]["Source"];
export type Evaluated = components["schemas"]["Evaluated"];

interface Question {
  source: Source;
  key: string;
  scope: Scope | null;
  give: (answer: Evaluated | null) => void;
}

const WAIT = 120;
/** A sample larger than this is not sent with every pause in typing. */
const LARGEST = 4_000_000;
/** Answers kept for one set of data; data that is replaced takes its answers along. */
const KEPT = 400;

const noData: Scope = {};
const answers = new WeakMap<Scope, Map<string, Evaluated>>();
let waiting: Question[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

function kept(scope: Scope | null): Map<string, Evaluated> {
  const holder = scope ?? noData;
  let map = answers.get(holder);
  if (!map || map.size > KEPT) {
    map = new Map();
    answers.set(holder, map);
  }
  return map;
}

/** The part of the data that these texts can reach: names that stand in none of them stay here. */
export function within(scope: Scope, texts: readonly string[]): Scope {
  const text = texts.join("\n");
  const words = new Set(text.match(/[A-Za-z_]\w*/g));
  const part: Scope = {};
  for (const [name, value] of Object.entries(scope)) {
    if (!words.has(name)) continue;
    const isSteps = name === "steps" && typeof value === "object" && value !== null && !Array.isArray(value);
    part[name] = isSteps
      ? Object.fromEntries(Object.entries(value).filter(([key]) => words.has(key)))
      : value;
  }
  return part;
}

function textIn(source: Source): string {
  return source.kind === "condition" ? JSON.stringify(source.condition) : source.source;
}

async function ask(questions: Question[], stop: AbortSignal): Promise<void> {
  const scope = questions[0]?.scope ?? null;
  const unique = [...new Map(questions.map((question) => [question.key, question.source])).entries()];
  const sources = unique.map(([, source]) => source);
  const body = JSON.stringify({ sources, ...(scope ? { scope: within(scope, sources.map(textIn)) } : {}) });
  if (body.length > LARGEST) {
    for (const question of questions) question.give(null);
    return;
  }
  const list = await answer<Evaluated[]>(
    client.POST("/api/v1/evaluate", { body: {} as never, bodySerializer: () => body, signal: stop }),
  );
  const map = kept(scope);
  unique.forEach(([key], index) => {
    const evaluated = list[index];
    if (evaluated) map.set(key, evaluated);
  });
  for (const question of questions) question.give(map.get(question.key) ?? null);
}

const underway = new Map<Question, { left: number; stop: AbortController }>();

function flush(): void {
  timer = undefined;
  const groups = new Map<Scope | null, Question[]>();
  for (const question of waiting) {
    const group = groups.get(question.scope);
    if (group) group.push(question);
    else groups.set(question.scope, [question]);
  }
  waiting = [];
  for (const questions of groups.values()) {
    for (let at = 0; at < questions.length; at += 100) {
      const some = questions.slice(at, at + 100);
      const request = { left: some.length, stop: new AbortController() };
      for (const question of some) underway.set(question, request);
      void ask(some, request.stop.signal)
        .catch((error: unknown) => {
          if (!(error instanceof ApiError) && !(error instanceof DOMException)) throw error;
          for (const question of some) question.give(null);
        })
        .finally(() => {
          for (const question of some) underway.delete(question);
        });
    }
  }
}

/** Asks; the returned function gives the question up. */
function put(question: Question): () => void {
  waiting.push(question);
  clearTimeout(timer);
  timer = setTimeout(flush, WAIT);
  return () => {
    question.give = () => undefined;
    const before = waiting.length;
    waiting = waiting.filter((other) => other !== question);
    if (waiting.length < before) return;
    const request = underway.get(question);
    if (!request) return;
    request.left -= 1;
    if (request.left === 0) request.stop.abort();
  };
}

/** What the server says of a source; `null` where it cannot tell, `undefined` until it has. */
export function useEvaluated(source: Source | null, scope: Scope | null): Evaluated | null | undefined {
  const key = source ? JSON.stringify(source) : "";
  // The same text is the same source, however often it is built.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the source
  const asked = useMemo(() => source, [key]);
  const [told, setTold] = useState<{ key: string; scope: Scope | null; answer: Evaluated | null }>();
  useEffect(() => {
    if (!asked || kept(scope).has(key)) return;
    return put({ source: asked, key, scope, give: (answer) => setTold({ key, scope, answer }) });
  }, [asked, key, scope]);
  if (!asked) return undefined;
  const known = kept(scope).get(key);
  if (known) return known;
  return told?.key === key && told.scope === scope ? told.answer : undefined;
}
