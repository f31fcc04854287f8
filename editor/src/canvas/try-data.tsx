// With which data a test runs: a past event, a saved sample, or what is typed.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { BookmarkPlus, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { eventQuery, eventsQuery, queryClient } from "../api/queries";
import type { Json } from "../api/shapes";
import { useDraft } from "../graph/draft";
import { CodeInput } from "../inspector/code/code-input";
import { useText } from "../text";
import { ago } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Segments } from "../ui/choice";
import { JsonView } from "../ui/json-view";
import { TextInput } from "../ui/page";
import { parse, removeSample, saveSample, useTrial } from "./trial";

export function TrialData() {
  const t = useText().canvas.try;
  const source = useTrial((trial) => trial.source);
  return (
    <div className="flex min-w-0 flex-col gap-2">
      <Segments
        label={t.source}
        value={source}
        onChange={(value) => useTrial.setState({ source: value })}
        options={[
          { value: "past", label: t.past },
          { value: "sample", label: t.sample },
          { value: "typed", label: t.typed },
        ]}
      />
      {source === "past" && <PastEvent />}
      {source === "sample" && <Samples />}
      {source === "typed" && <Typed />}
    </div>
  );
}

function Typed() {
  const t = useText().canvas.try;
  const typed = useTrial((trial) => trial.typed);
  const data = useMemo(() => parse(typed), [typed]);
  return (
    <div className="flex flex-col gap-2">
      <CodeInput
        label={t.typed}
        language="json"
        tall
        value={typed}
        invalid={data === undefined}
        onChange={(text) => useTrial.setState({ typed: text })}
      />
      {data === undefined ? <p className="text-2xs text-bad">{t.badJson}</p> : <SaveSample data={data} />}
    </div>
  );
}

function PastEvent() {
  const t = useText().canvas.try;
  const chosen = useTrial((trial) => trial.event);
  const events = useInfiniteQuery(eventsQuery({}));
  const detail = useQuery({ ...eventQuery(chosen ?? 0), enabled: chosen !== null });
  const list = events.data?.pages.flatMap((page) => page.items) ?? [];
  if (events.isSuccess && list.length === 0) return <p className="text-sm text-muted">{t.noEvents}</p>;
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
      {detail.data && (
        <div className="flex min-w-0 flex-col gap-2">
          <JsonView value={detail.data.data} className="max-h-44" />
          <SaveSample data={detail.data.data} />
        </div>
      )}
    </div>
  );
}

function Samples() {
  const t = useText().canvas.try;
  const chosen = useTrial((trial) => trial.sample);
  const samples = useDraft((state) => state.file.canvas?.samples);
  const sample = samples?.find((one) => one.id === chosen);
  if (!samples?.length) return <p className="text-sm text-muted">{t.noSamples}</p>;
  return (
    <div className="grid min-h-0 gap-2 sm:grid-cols-2">
      <ul className="scroll max-h-52 rounded-lg border border-line">
        {samples.map((one) => (
          <li key={one.id} className="flex items-center pe-1">
            <button
              type="button"
              aria-pressed={chosen === one.id}
              onClick={() => useTrial.setState({ sample: one.id })}
              className="min-h-8 min-w-0 flex-1 truncate px-2.5 text-start text-xs hover:bg-ink/5 aria-pressed:bg-accent-soft"
            >
              <bdi>{one.name}</bdi>
            </button>
            <IconButton
              icon={Trash2}
              size="sm"
              label={t.removeSample(one.name)}
              onClick={() => removeSample(one.id)}
            />
          </li>
        ))}
      </ul>
      {sample && <JsonView value={sample.data} className="max-h-52" />}
    </div>
  );
}

function SaveSample({ data }: { data: Json }) {
  const t = useText();
  const [name, setName] = useState("");
  const keep = () => {
    if (name.trim() && saveSample(name.trim(), data)) setName("");
  };
  return (
    <div className="flex items-center gap-2">
      <TextInput
        aria-label={t.canvas.try.sampleName}
        placeholder={t.canvas.try.sampleName}
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && keep()}
      />
      <Button size="sm" icon={BookmarkPlus} disabled={!name.trim()} onClick={keep} className="shrink-0">
        {t.canvas.try.saveSample}
      </Button>
    </div>
  );
}
