// The scrubber over the journal: where in its life the run is shown.
import { Pause, Play, SkipBack, SkipForward, StepBack, StepForward, TriangleAlert } from "lucide-react";
import { useEffect, useState } from "react";
import { useText } from "../text";
import { exact, number } from "../text/format";
import { IconButton } from "../ui/button";
import { moveTo, useShownRun } from "./run-store";

export function Scrubber() {
  const t = useText();
  const { records, at } = useShownRun();
  const [playing, setPlaying] = useState(false);
  const last = records.length;
  const firstError = records.findIndex((record) => record.k === "failed") + 1;
  const now = records[at - 1];

  useEffect(() => {
    if (!playing) return;
    if (at >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => moveTo(at + 1), Math.max(60, Math.min(600, 8000 / last)));
    return () => clearTimeout(timer);
  }, [playing, at, last]);

  return (
    <div className="flex shrink-0 items-center gap-1 border-t border-line bg-surface px-3 py-1.5">
      {/* Time runs from the left in both languages, as on every player. */}
      <div dir="ltr" className="flex min-w-0 flex-1 items-center gap-1">
        <IconButton icon={SkipBack} size="sm" label={t.runs.fromStart} onClick={() => moveTo(0)} />
        <IconButton
          icon={StepBack}
          size="sm"
          label={t.runs.previous}
          disabled={at === 0}
          onClick={() => moveTo(at - 1)}
        />
        <IconButton
          icon={playing ? Pause : Play}
          size="sm"
          label={playing ? t.runs.pause : t.runs.play}
          onClick={() => {
            if (!playing && at >= last) moveTo(0);
            setPlaying(!playing);
          }}
        />
        <IconButton
          icon={StepForward}
          size="sm"
          label={t.runs.next}
          disabled={at >= last}
          onClick={() => moveTo(at + 1)}
        />
        <IconButton icon={SkipForward} size="sm" label={t.runs.end} onClick={() => moveTo(last)} />
        <input
          type="range"
          min={0}
          max={last}
          value={at}
          aria-label={t.runs.position}
          aria-valuetext={`${number(at)} / ${number(last)}`}
          onChange={(event) => {
            setPlaying(false);
            moveTo(Number(event.target.value));
          }}
          className="h-6 min-w-16 flex-1 accent-[var(--accent)]"
        />
      </div>
      {firstError > 0 && (
        <IconButton
          icon={TriangleAlert}
          size="sm"
          label={t.runs.firstError}
          onClick={() => moveTo(firstError)}
        />
      )}
      <span className="shrink-0 text-2xs text-muted tabular-nums max-sm:hidden">
        <bdi dir="ltr">
          {number(at)} / {number(last)}
        </bdi>
        {now && <span className="ms-2">{exact(now.t)}</span>}
      </span>
    </div>
  );
}
