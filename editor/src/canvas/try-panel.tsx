// Trying the draft: which data, what may really happen, and how it went, while it goes.
import { CircleX, Play, X } from "lucide-react";
import { useCatalogue } from "../api/catalogue";
import { useDraft } from "../graph/draft";
import { ErrorCard } from "../runs/error-card";
import { hideRun, useShownRun } from "../runs/run-store";
import { RunStatusMark, StepStateMark } from "../runs/status";
import { useText } from "../text";
import { span } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Segments, Select, Tick } from "../ui/choice";
import { JsonView } from "../ui/json-view";
import { Labelled } from "../ui/page";
import * as actions from "./actions";
import { select, useEditor } from "./editor-state";
import { hasGiven, isReady, reach, startTrial, useTrial } from "./trial";
import { TrialData } from "./try-data";
import { centreOn } from "./viewport";

export function TryPanel() {
  const t = useText();
  const shown = useShownRun((state) => state.run !== null);
  const showing = useTrial((trial) => trial.showing);
  return (
    <section
      aria-label={t.canvas.try.title}
      className="flex max-h-[46%] min-h-56 shrink-0 flex-col border-t border-line bg-surface max-md:max-h-[70%]"
    >
      <header className="flex h-10 shrink-0 items-center gap-2 ps-4 pe-2">
        <h2 className="text-xs font-semibold">{t.canvas.try.title}</h2>
        {shown && (
          <Segments
            small
            label={t.canvas.try.title}
            value={showing}
            onChange={(value) => useTrial.setState({ showing: value })}
            options={[
              { value: "setup", label: t.canvas.try.source },
              { value: "result", label: t.canvas.try.result },
            ]}
          />
        )}
        <PartChip />
        <div className="flex-1" />
        <IconButton
          icon={X}
          size="sm"
          label={t.common.close}
          onClick={() => {
            hideRun();
            useTrial.setState({ part: null });
            useEditor.setState({ trying: false });
          }}
        />
      </header>
      {showing === "setup" || !shown ? <Setup /> : <Result />}
    </section>
  );
}

/** Which part is tried, where it is not everything. */
function PartChip() {
  const t = useText().canvas.try.part;
  const catalogue = useCatalogue();
  const part = useTrial((trial) => trial.part);
  const node = useDraft((state) => state.file.nodes.find((other) => other.id === part?.node));
  if (!part || !node) return null;
  return (
    <span
      data-part={part.how}
      className="inline-flex h-7 min-w-0 items-center gap-1 rounded-full bg-accent-soft ps-3 pe-0.5 text-xs text-accent-ink"
    >
      <bdi className="truncate">{t[part.how](actions.nodeTitle(catalogue, node))}</bdi>
      <IconButton icon={X} size="sm" label={t.whole} onClick={() => useTrial.setState({ part: null })} />
    </span>
  );
}

function Setup() {
  const t = useText();
  const tr = t.canvas.try;
  const trial = useTrial();
  const { allow, part } = trial;
  const catalogue = useCatalogue();
  const file = useDraft((state) => state.file);
  const triggers = file.nodes.filter((node) => catalogue.get(node.type)?.role === "trigger");
  const from = trial.trigger ?? triggers[0]?.key ?? null;
  const { external, crm } = reach(file, catalogue, part);
  const ready = triggers.length > 0 && isReady(file, trial);
  const setAllow = (name: string, on: boolean) =>
    useTrial.setState({ allow: on ? [...allow, name] : allow.filter((other) => other !== name) });
  return (
    <div className="scroll grid min-h-0 flex-1 gap-5 px-4 pb-4 md:grid-cols-[minmax(0,1.5fr)_minmax(240px,1fr)]">
      {hasGiven(part) ? <p className="text-sm text-muted">{tr.part.given}</p> : <TrialData />}
      <div className="flex flex-col gap-3">
        {triggers.length > 1 && from && !part && (
          <Labelled label={tr.trigger}>
            {(id) => (
              <Select
                id={id}
                label={tr.trigger}
                value={from}
                onChange={(value) => useTrial.setState({ trigger: value })}
                options={triggers.map((node) => ({
                  value: node.key,
                  label: actions.nodeTitle(catalogue, node),
                }))}
              />
            )}
          </Labelled>
        )}
        {(external.length > 0 || crm) && (
          <fieldset>
            <legend className="text-xs font-medium">{tr.allow}</legend>
            {external.map((type) => (
              <Tick
                key={type}
                checked={allow.includes(type)}
                onChange={(on) => setAllow(type, on)}
                label={actions.typeName(catalogue, type)}
              />
            ))}
            {crm && (
              <Tick
                checked={allow.includes("crm")}
                onChange={(on) => setAllow("crm", on)}
                label={tr.allowCrm}
              />
            )}
            <p className="text-2xs text-muted">{tr.allowText}</p>
          </fieldset>
        )}
        <Button
          look="solid"
          icon={Play}
          disabled={!ready || trial.busy}
          onClick={() => void startTrial(catalogue)}
          className="self-start"
        >
          {tr.run}
        </Button>
      </div>
    </div>
  );
}

function Result() {
  const t = useText();
  const { view, detail } = useShownRun();
  const nodes = useDraft((state) => state.file.nodes);
  const catalogue = useCatalogue();
  if (!view || !detail) return <p className="px-4 text-sm text-muted">{t.canvas.try.running}</p>;
  const failed = view.steps.find((step) => step.state === "failed" && step.error);
  const go = (key: string) => {
    const node = nodes.find((other) => other.key === key);
    if (!node) return;
    select([node.id]);
    centreOn(node.id);
  };
  return (
    <div className="scroll grid min-h-0 flex-1 gap-4 px-4 pb-4 md:grid-cols-2">
      <div className="min-w-0">
        <div className="mb-2 flex items-center gap-3">
          <RunStatusMark status={view.status} />
          <span className="text-2xs text-muted">{t.common.count.steps(view.steps.length)}</span>
          <div className="flex-1" />
          <Button size="sm" icon={Play} onClick={() => useTrial.setState({ showing: "setup" })}>
            {t.canvas.try.again}
          </Button>
        </div>
        <ol className="flex flex-col">
          {view.steps.map((step) => {
            const node = nodes.find((other) => other.key === step.key);
            return (
              <li key={step.step}>
                <button
                  type="button"
                  onClick={() => go(step.key)}
                  className="flex min-h-8 w-full items-center gap-2 rounded-md px-1.5 text-start hover:bg-ink/5"
                >
                  <StepStateMark state={step.state} />
                  <bdi className="min-w-0 flex-1 truncate text-sm">
                    {node ? actions.nodeTitle(catalogue, node) : step.step}
                  </bdi>
                  <span className="shrink-0 text-2xs text-muted">{step.took > 0 ? span(step.took) : ""}</span>
                </button>
              </li>
            );
          })}
        </ol>
      </div>
      <div className="min-w-0">
        {failed?.error ? (
          <ErrorCard error={failed.error} step={failed.key} onOpen={() => go(failed.key)} />
        ) : view.error ? (
          <p className="flex items-center gap-2 text-sm text-bad">
            <CircleX aria-hidden className="size-4" />
            <bdi>{view.error.message}</bdi>
          </p>
        ) : (
          <JsonView
            value={view.steps.findLast((step) => step.output !== undefined)?.output}
            className="max-h-56"
          />
        )}
      </div>
    </div>
  );
}
