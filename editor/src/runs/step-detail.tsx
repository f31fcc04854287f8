// One step of the run: why it failed, what came in, what went out, what was sent.

import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { answer, client } from "../api/client";
import type { Json, WorkflowFile } from "../api/shapes";
import { soleSelection, useEditor } from "../canvas/editor-state";
import { ValueView } from "../inspector/data-pane";
import { useText } from "../text";
import { exact, number, span } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Tabs } from "../ui/choice";
import { tellError, toast } from "../ui/toast";
import { ErrorCard } from "./error-card";
import { RunData } from "./replay";
import { showRun, useShownRun } from "./run-store";
import { StepStateMark } from "./status";

type Tab = "input" | "output" | "parameters";

export function StepDetail({ file, run }: { file: WorkflowFile; run: string }) {
  const t = useText();
  const selected = useEditor(soleSelection);
  const { view, trigger } = useShownRun();
  const data = useMemo(() => (view ? new RunData(file, view, trigger) : null), [file, view, trigger]);
  const node = file.nodes.find((other) => other.id === selected);
  const executions = (node && view?.byKey.get(node.key)) ?? [];
  const [at, setAt] = useState(-1);
  const [tab, setTab] = useState<Tab>("output");
  // biome-ignore lint/correctness/useExhaustiveDependencies: another step begins with its last execution
  useEffect(() => setAt(-1), [selected]);
  const failed = executions.at(-1)?.state === "failed";
  useEffect(() => setTab(failed ? "input" : "output"), [failed]);
  const step = executions.at(at);

  if (!node || !step) {
    return (
      <div className="scroll min-h-0 flex-1 p-4">
        <h2 className="mb-2 text-xs font-semibold">{t.inspector.io.trigger}</h2>
        <ValueView value={trigger} path="trigger" />
      </div>
    );
  }
  const index = at < 0 ? executions.length + at : at;
  const value: Record<Tab, Json | undefined> = {
    input: data?.input(node.id, at),
    output: data?.output(node.key, at),
    parameters: step.parameters,
  };
  const passed = step.state === "done" && step.output === undefined;
  return (
    <section aria-label={node.key} className="flex min-h-0 flex-1 flex-col">
      <header className="flex flex-wrap items-center gap-2 px-4 pt-3 pb-2">
        <h2 className="code min-w-0 flex-1 truncate text-xs font-semibold">{step.step}</h2>
        {executions.length > 1 && (
          <span className="flex items-center text-2xs">
            <IconButton
              icon={ChevronLeft}
              mirror
              size="sm"
              label={t.runs.previous}
              disabled={index === 0}
              onClick={() => setAt(index - 1)}
            />
            {t.runs.iteration} {number(index + 1)} / {number(executions.length)}
            <IconButton
              icon={ChevronRight}
              mirror
              size="sm"
              label={t.runs.next}
              disabled={index + 1 >= executions.length}
              onClick={() => setAt(index + 1)}
            />
          </span>
        )}
        <StepStateMark state={step.state} />
        <p className="w-full text-2xs text-muted">
          {exact(step.startedAt)}
          {step.took > 0 && ` · ${span(step.took)}`} · {t.runs.attempt(number(step.attempts))}
          {step.port && (
            <>
              {" "}
              · {t.runs.leftBy} <span className="code">{step.port}</span>
            </>
          )}
        </p>
      </header>
      {step.error && (
        <div className="px-4 pb-2">
          <ErrorCard error={step.error} step={step.step} />
        </div>
      )}
      {step.state === "in_doubt" && <Decide run={run} step={step.step} />}
      <Tabs<Tab>
        value={tab}
        onChange={setTab}
        className="min-h-0 flex-1"
        tabs={[
          { value: "input", label: t.runs.input },
          { value: "output", label: t.runs.output },
          ...(step.parameters === undefined
            ? []
            : [{ value: "parameters" as const, label: t.runs.parameters }]),
        ]}
      >
        <div className="flex h-full flex-col p-4">
          {tab === "output" && passed && <p className="mb-2 text-2xs text-muted">{t.runs.passedOn}</p>}
          {value[tab] === undefined ? (
            <p className="text-2xs text-muted">{t.runs.noOutput}</p>
          ) : (
            <ValueView value={value[tab]} path={tab} />
          )}
        </div>
      </Tabs>
    </section>
  );
}

/** A call whose outcome nobody knows: a person looks and decides. */
function Decide({ run, step }: { run: string; step: string }) {
  const t = useText();
  const d = t.runs.decide;
  const decide = (decision: "happened" | "try_again" | "failed") =>
    void answer(
      client.POST("/api/v1/runs/{run}/decide", { params: { path: { run } }, body: { step, decision } }),
    ).then(() => {
      toast(t.runs.sentAgain);
      void showRun(run);
    }, tellError);
  return (
    <div className="mx-4 mb-2 rounded-lg border border-warn/40 bg-warn-soft p-3">
      <p className="text-sm font-medium">{d.title}</p>
      <p className="mt-0.5 text-xs">{d.text}</p>
      <div className="mt-2 flex flex-wrap gap-2">
        <Button size="sm" onClick={() => decide("happened")}>
          {d.happened}
        </Button>
        <Button size="sm" onClick={() => decide("try_again")}>
          {d.again}
        </Button>
        <Button size="sm" onClick={() => decide("failed")}>
          {d.failed}
        </Button>
      </div>
    </div>
  );
}
