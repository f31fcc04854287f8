// Under a field: what it gives on the data at hand, or why it cannot.
import { CircleCheck, CircleX } from "lucide-react";
import { useRef } from "react";
import type { Json, Problem } from "../../api/shapes";
import { fillTemplate, isPath, type Read, readPath, type Scope } from "../../graph/references";
import { useText } from "../../text";
import { usePreferences } from "../../text/preferences";
import { faultWords } from "../../text/problems";
import { type Evaluated, type Source, useEvaluated } from "../evaluate";

type Fault = NonNullable<Evaluated["error"]>;

/** What the code editor underlines: the server's fault in this text, beside what validation says. */
export function lintOf(problems: Problem[], evaluated: Evaluated | null | undefined): Problem[] {
  if (!evaluated) return problems;
  const others = problems.filter(
    (problem) => problem.code !== "expression.invalid" && !placedInWords(problem),
  );
  const { error } = evaluated;
  if (!error) return others;
  const { code, message, line, column, fragment, compile } = error;
  return [
    ...others,
    {
      code,
      message,
      severity: compile ? "error" : "warning",
      line: line ?? undefined,
      column: column ?? undefined,
      fragment: fragment ?? undefined,
    },
  ];
}

/** Scripts are compiled with their parameters, which tell the place in words only. */
function placedInWords(problem: Problem): boolean {
  return problem.code === "parameter.invalid" && /^line \d+/.test(problem.message);
}

/** A plain path or a template of such can be read here, before the server has answered. */
function atOnce(source: Source, scope: Scope): Read | null {
  if (source.kind === "template") return fillTemplate(source.source, scope);
  if (source.kind === "condition" || !isPath(source.source)) return null;
  return readPath(source.source, scope);
}

function shownText(value: Json | undefined): string {
  return (typeof value === "string" ? value : JSON.stringify(value ?? null)).slice(0, 400);
}

export function Preview({
  source,
  scope,
  evaluated,
  problems,
}: {
  source: Source | null;
  scope: Scope | null;
  evaluated: Evaluated | null | undefined;
  problems: Problem[];
}) {
  const t = useText().inspector;
  const last = useRef<string | null>(null);
  if (!source) return null;
  const fault = evaluated?.error;
  if (fault) {
    last.current = null;
    // What cannot be read is told as a problem of the field as soon as the draft is checked.
    const told = fault.compile && problems.length > 0;
    return told ? null : <FaultLine fault={fault} />;
  }
  if (!scope) return <p className="mt-1 text-2xs text-muted">{t.previewNone}</p>;
  let text: string | null = null;
  if (evaluated) text = shownText(evaluated.value as Json | undefined);
  else {
    const read = atOnce(source, scope);
    if (read && !read.found && evaluated === null) {
      return (
        <p className="mt-1 text-2xs text-warn">
          <bdi>{t.previewMissing(read.path)}</bdi>
        </p>
      );
    }
    if (read?.found) text = shownText(read.value);
  }
  if (text !== null) last.current = text;
  const shown = text ?? last.current;
  if (shown === null)
    return evaluated === null ? null : <p className="mt-1 text-2xs text-muted">{t.previewWait}</p>;
  return (
    <p data-preview={evaluated ? "now" : "soon"} className="mt-1 flex gap-1.5 text-2xs">
      <span className="shrink-0 text-muted">{t.preview}:</span>
      <bdi className="line-clamp-3 min-w-0 break-words whitespace-pre-wrap text-good">
        {shown === "" ? <span className="text-muted">{t.previewEmpty}</span> : shown}
      </bdi>
    </p>
  );
}

function FaultLine({ fault }: { fault: Fault }) {
  const language = usePreferences((preferences) => preferences.language);
  const words = faultWords(fault.code, language, fault.fragment ?? undefined);
  return (
    <p data-fault className={fault.compile ? "mt-1 text-2xs text-bad" : "mt-1 text-2xs text-warn"}>
      {words && <bdi className="block">{words}</bdi>}
      <bdi lang="en" className={words ? "block text-muted" : "block"}>
        {fault.message}
      </bdi>
      {fault.compile && fault.line && (
        <bdi className="code">
          {fault.line}:{fault.column}
        </bdi>
      )}
    </p>
  );
}

/** Whether a whole condition holds on the data at hand, and if not, which row decided. */
export function Verdict({ condition, scope }: { condition: Json; scope: Scope | null }) {
  const t = useText().inspector.condition;
  const evaluated = useEvaluated(scope ? { kind: "condition", condition: condition as never } : null, scope);
  if (!evaluated || evaluated.error) return null;
  const holds = (evaluated.value as Json | undefined) === true;
  const Mark = holds ? CircleCheck : CircleX;
  return (
    <p
      data-verdict={holds}
      className={`mt-2 flex items-start gap-1.5 text-2xs ${holds ? "text-good" : "text-warn"}`}
    >
      <Mark aria-hidden className="mt-px size-3.5 shrink-0" />
      <span className="min-w-0">
        {holds ? t.holds : t.fails}
        {evaluated.because && (
          <bdi lang="en" dir="ltr" className="block break-words text-muted">
            {evaluated.because}
          </bdi>
        )}
      </span>
    </p>
  );
}
