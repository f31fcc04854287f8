// Trying the draft: which data, what may really happen, and how it went, while it goes.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { CircleX, Play, X } from "lucide-react";
import { useMemo, useState } from "react";
import { create } from "zustand";
import { useCatalogue } from "../api/catalogue";
import { ApiError, answer, client } from "../api/client";
import { eventQuery, eventsQuery, queryClient } from "../api/queries";
import type { Json, Problem, Started } from "../api/shapes";
import { useDraft } from "../graph/draft";
import { CodeInput } from "../inspector/code/code-input";
import { ErrorCard } from "../runs/error-card";
import { hideRun, showRun, useShownRun } from "../runs/run-store";
import { RunStatusMark, StepStateMark } from "../runs/status";
import { useText } from "../text";
import { ago, span } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Segments, Select, Tick } from "../ui/choice";
import { JsonView } from "../ui/json-view";
import { Labelled } from "../ui/page";
import { tellError, toast } from "../ui/toast";
import * as actions from "./actions";
import { save } from "./autosave";
import { select, useEditor } from "./editor-state";
import { useProblems } from "./problems-store";
import { centreOn } from "./viewport";

interface Trial {
  source: "past" | "typed";
  typed: string;
  event: number | null;
  allow: string[];
}

export const useTrial = create<Trial>()(() => ({
  source: "past",
  typed: "{\n  \n}",
  event: null,
  allow: [],
}));

export function TryPanel({ workflow }: { workflow: string }) {
  const t = useText();
  const shown = useShownRun((state) => state.run !== null);
  const [setup, setSetup] = useState(() => useShownRun.getState().run === null);
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
            value={setup ? "setup" : "result"}
            onChange={(value) => setSetup(value === "setup")}
            options={[
              { value: "setup", label: t.canvas.try.source },
              { value: "result", label: t.canvas.try.result },
            ]}
          />
        )}
        <div className="flex-1" />
        <IconButton
          icon={X}
          size="sm"
          label={t.common.close}
          onClick={() => {
            hideRun();
            useEditor.setState({ trying: false });
          }}
        />
      </header>
      {setup || !shown ? (
        <Setup workflow={workflow} onStarted={() => setSetup(false)} />
      ) : (
        <Result onAgain={() => setSetup(true)} />
      )}
    </section>
  );
}

function Setup({ workflow, onStarted }: { workflow: string; onStarted: () => void }) {
  const t = useText();
  const tr = t.canvas.try;
  const { source, typed, event, allow } = useTrial();
  const catalogue = useCatalogue();
  const nodes = useDraft((state) => state.file.nodes);
  const pins = useDraft((state) => state.file.canvas?.pins);
  const triggers = nodes.filter((node) => catalogue.get(node.type)?.role === "trigger");
  const [trigger, setTrigger] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const from = trigger ?? triggers[0]?.key ?? null;
  const external = [
    ...new Set(
      nodes
        .filter((node) => catalogue.get(node.type)?.effect === "external" && !pins?.[node.id])
        .map((node) => node.type),
    ),
  ];
  const touchesCrm = nodes.some((node) => node.type.startsWith("crm."));
  const data = useMemo(() => parse(typed), [typed]);
  const ready = triggers.length > 0 && (source === "past" ? event !== null : data !== undefined);
  const setAllow = (name: string, on: boolean) =>
    useTrial.setState({ allow: on ? [...allow, name] : allow.filter((other) => other !== name) });

  const run = async () => {
    setBusy(true);
    try {
      await save();
      const byKey = Object.fromEntries(
        Object.entries(pins ?? {}).flatMap(([id, pin]) => {
          const key = nodes.find((node) => node.id === id)?.key;
          return key ? [[key, pin]] : [];
        }),
      );
      const started = await answer<Started>(
        client.POST("/api/v1/workflows/{workflow}/test", {
          params: { path: { workflow } },
          body: {
            trigger: from,
            allow,
            pins: byKey,
            ...(source === "past" ? { event } : { data: data as Record<string, unknown> }),
          },
        }),
      );
      if (started.run) {
        await showRun(started.run);
        onStarted();
      }
    } catch (error) {
      if (error instanceof ApiError && error.code === "workflow_invalid") {
        useProblems.setState({ list: (error.problems as Problem[] | undefined) ?? [] });
        useEditor.setState({ side: "problems" });
        toast(tr.problems, { bad: true });
      } else tellError(error);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div className="scroll grid min-h-0 flex-1 gap-5 px-4 pb-4 md:grid-cols-[minmax(0,1.5fr)_minmax(240px,1fr)]">
      <div className="flex min-w-0 flex-col gap-2">
        <Segments
          label={tr.source}
          value={source}
          onChange={(value) => useTrial.setState({ source: value })}
          options={[
            { value: "past", label: tr.past },
            { value: "typed", label: tr.typed },
          ]}
        />
        {source === "past" ? (
          <PastEvent chosen={event} />
        ) : (
          <div>
            <CodeInput
              label={tr.typed}
              language="json"
              tall
              value={typed}
              invalid={data === undefined}
              onChange={(text) => useTrial.setState({ typed: text })}
            />
            {data === undefined && <p className="mt-1 text-2xs text-bad">{tr.badJson}</p>}
          </div>
        )}
      </div>
      <div className="flex flex-col gap-3">
        {triggers.length > 1 && from && (
          <Labelled label={tr.trigger}>
            {(id) => (
              <Select
                id={id}
                label={tr.trigger}
                value={from}
                onChange={setTrigger}
                options={triggers.map((node) => ({
                  value: node.key,
                  label: actions.nodeTitle(catalogue, node),
                }))}
              />
            )}
          </Labelled>
        )}
        {(external.length > 0 || touchesCrm) && (
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
            {touchesCrm && (
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
          disabled={!ready || busy}
          onClick={() => void run()}
          className="self-start"
        >
          {tr.run}
        </Button>
      </div>
    </div>
  );
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function PastEvent({ chosen }: { chosen: number | null }) {
  const t = useText();
  const events = useInfiniteQuery(eventsQuery({}));
  const detail = useQuery({ ...eventQuery(chosen ?? 0), enabled: chosen !== null });
  const list = events.data?.pages.flatMap((page) => page.items) ?? [];
  if (events.isSuccess && list.length === 0)
    return <p className="text-sm text-muted">{t.canvas.try.noEvents}</p>;
  return (
    <div className="grid min-h-0 gap-2 sm:grid-cols-2">
      <ul className="scroll max-h-52 rounded-lg border border-line">
        {list.map((event) => (
          <li key={event.position}>
            <button
              type="button"
              aria-pressed={chosen === event.position}
              onClick={() => {
                useTrial.setState({ event: event.position });
                void queryClient.prefetchQuery(eventQuery(event.position));
              }}
              className="flex min-h-8 w-full items-center gap-2 px-2.5 text-start text-xs hover:bg-ink/5 aria-pressed:bg-accent-soft"
            >
              <span className="code min-w-0 flex-1 truncate">{event.type}</span>
              <span className="shrink-0 text-2xs text-muted">{ago(event.received_at, Date.now())}</span>
            </button>
          </li>
        ))}
      </ul>
      {detail.data && <JsonView value={detail.data.data} className="max-h-52" />}
    </div>
  );
}

function Result({ onAgain }: { onAgain: () => void }) {
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
          <Button size="sm" icon={Play} onClick={onAgain}>
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
