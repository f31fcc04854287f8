// A step on the canvas. Reads only its own slice of every store, so that one change draws one node.
import { Handle, type NodeProps, useStore } from "@xyflow/react";
import { CircleAlert, CircleOff, Minus, Pencil, Pin, Plus, TriangleAlert } from "lucide-react";
import { memo } from "react";
import { useCatalogue } from "../api/catalogue";
import { categoryOf, portLabel, portTop, summaryOf, titleOf } from "../graph/catalogue";
import { useDraft } from "../graph/draft";
import { joined } from "../runs/replay";
import { useShownRun } from "../runs/run-store";
import { stepLook } from "../runs/status";
import { useSpoken, useText } from "../text";
import { number, span } from "../text/format";
import { cx } from "../ui/cx";
import { NamedIcon } from "../ui/icon";
import { useCanvasMode } from "./canvas-mode";
import { viewOf } from "./direction";
import { ask, useEditor } from "./editor-state";
import type { StepNode as StepNodeType } from "./flow-nodes";
import { useProblems } from "./problems-store";

const FAR = 0.38;

export const StepNode = memo(function StepNode(props: NodeProps<StepNodeType>) {
  const far = useStore((state) => state.transform[2] < FAR);
  return far ? <FarStep {...props} /> : <NearStep {...props} />;
});

/** From afar a step is a coloured box with its state; drawing more would be noise and cost. */
function FarStep({ data, selected }: NodeProps<StepNodeType>) {
  const state = useShownRun((shown) => joined(shown.view?.byKey.get(data.node.key)));
  const colour = state
    ? `var(--${toneVariable[stepLook[state].tone] ?? "muted"})`
    : `var(--cat-${categoryOf(data.node.type)})`;
  return (
    <div
      className={cx("h-full rounded-lg border-4", selected && "outline-6 outline-accent")}
      style={{ borderColor: colour, background: `color-mix(in srgb, ${colour} 24%, var(--surface))` }}
    />
  );
}

const toneVariable: Record<string, string> = { good: "good", bad: "bad", warn: "warn", busy: "busy" };

function NearStep({ id, data, selected }: NodeProps<StepNodeType>) {
  const t = useText();
  const spoken = useSpoken();
  const { direction, editable, diff } = useCanvasMode();
  const manifest = useCatalogue().get(data.node.type);
  const shown = useShownRun((state) => state.view?.byKey.get(data.node.key));
  const running = useShownRun((state) => state.view !== null);
  const over = useShownRun((state) => state.view?.status === "succeeded" || state.view?.status === "failed");
  const flash = useEditor((state) => state.flash.has(id));
  const state = joined(shown) ?? (running && over ? "skipped" : null);
  const typeName = manifest ? spoken(manifest.texts).name : data.node.type;
  const title = titleOf(data.node, data.label ? { [id]: data.label } : undefined, typeName);
  const summary = summaryOf(data.node, t);
  const view = viewOf(direction);
  const mark = diff?.get(id);
  const colour = `var(--cat-${categoryOf(data.node.type)})`;
  const rows = data.ports.length > 1;

  return (
    <div
      dir={direction}
      data-step={data.node.key}
      data-state={state ?? undefined}
      className={cx(
        "group/step relative h-full w-full rounded-[11px] border bg-surface text-start shadow-card transition-[border-color,box-shadow]",
        selected ? "border-accent ring-2 ring-accent/35" : "border-line-strong hover:border-muted",
        state === "failed" && !selected && "border-bad",
        state === "running" && !selected && "border-busy",
        data.node.disabled && "border-dashed opacity-60",
        state === "skipped" && "opacity-55",
        flash && "ring-4 ring-warn/60",
        mark === "added" && "border-good ring-2 ring-good/50",
        mark === "removed" && "border-bad border-dashed ring-2 ring-bad/40",
        mark === "changed" && "border-warn ring-2 ring-warn/50",
        mark === "moved" && "border-line-strong ring-2 ring-line-strong",
      )}
    >
      <div className="flex h-[60px] items-center gap-2.5 ps-3 pe-2.5">
        <span
          className="grid size-9 shrink-0 place-items-center rounded-lg"
          style={{ color: colour, background: `color-mix(in srgb, ${colour} 13%, transparent)` }}
        >
          <NamedIcon name={manifest?.icon ?? "puzzle"} className="size-[1.15rem]" />
        </span>
        <span className="min-w-0 flex-1">
          <bdi className="aligned block truncate text-[0.82rem] leading-5 font-medium">{title}</bdi>
          <bdi className="aligned block truncate text-2xs text-muted">
            {manifest
              ? title === typeName
                ? summary || data.node.key
                : summary || typeName
              : t.canvas.node.unknown}
          </bdi>
        </span>
        <Badges node={data.node} id={id} unknown={!manifest} />
      </div>
      {state && <StateBadge state={state} count={shown?.length ?? 0} took={shown?.at(-1)?.took ?? 0} />}
      {mark && <DiffBadge mark={mark} />}
      {manifest?.role !== "trigger" && (
        <Handle
          type="target"
          id="in"
          position={view.in}
          isConnectable={editable}
          className="port"
          style={{ top: 31 }}
        />
      )}
      {rows && <div className="mx-3 border-t border-line" />}
      {data.ports.map((port, index) => (
        <div key={port}>
          {rows && (
            <span
              className={cx(
                "absolute end-4 flex h-6 items-center text-2xs",
                port === "error" ? "text-bad" : "text-muted",
              )}
              style={{ top: portTop(data.ports, index) - 12 }}
            >
              <bdi>{portLabel(port, t)}</bdi>
            </span>
          )}
          <Handle
            type="source"
            id={port}
            position={view.out}
            isConnectable={editable}
            className={cx("port", port === "error" && "port-error")}
            style={{ top: portTop(data.ports, index) }}
          />
          {editable &&
            !data.used.split("\n").some((used) => used === port || (used === "" && index === 0)) && (
              <button
                type="button"
                tabIndex={-1}
                aria-label={t.canvas.node.addTo(portLabel(port, t))}
                onClick={(event) => {
                  event.stopPropagation();
                  ask({ kind: "add", from: { node: id, port } });
                }}
                className={cx(
                  "nodrag nopan absolute grid size-6 -translate-y-1/2 place-items-center rounded-full border border-line-strong bg-surface text-muted opacity-0 transition-opacity group-hover/step:opacity-100 hover:border-accent hover:text-accent",
                  selected && "opacity-100",
                  direction === "rtl" ? "-left-10" : "-right-10",
                )}
                style={{ top: portTop(data.ports, index) }}
              >
                <Plus aria-hidden className="size-3.5" />
              </button>
            )}
        </div>
      ))}
    </div>
  );
}

function Badges({ node, id, unknown }: { node: StepNodeType["data"]["node"]; id: string; unknown: boolean }) {
  const t = useText();
  const { editable } = useCanvasMode();
  const pinned = useDraft((state) => editable && state.file.canvas?.pins?.[id] !== undefined);
  const problem = useProblems((state) => {
    if (!editable) return null;
    const mine = state.list.filter((entry) => entry.node === node.key);
    return mine.some((entry) => entry.severity === "error") ? "error" : mine.length > 0 ? "warning" : null;
  });
  return (
    <span className="flex shrink-0 gap-1">
      {node.disabled && (
        <CircleOff role="img" aria-label={t.canvas.node.disabled} className="size-4 text-muted" />
      )}
      {pinned && <Pin role="img" aria-label={t.canvas.node.pinned} className="size-4 text-warn" />}
      {(problem === "error" || unknown) && (
        <CircleAlert role="img" aria-label={t.canvas.node.problems} className="size-4 text-bad" />
      )}
      {problem === "warning" && (
        <TriangleAlert role="img" aria-label={t.canvas.node.problems} className="size-4 text-warn" />
      )}
    </span>
  );
}

function StateBadge({ state, count, took }: { state: keyof typeof stepLook; count: number; took: number }) {
  const t = useText();
  const { icon: Icon, tone } = stepLook[state];
  const tones = {
    good: "bg-good-soft text-good border-good/30",
    bad: "bg-bad-soft text-bad border-bad/30",
    warn: "bg-warn-soft text-warn border-warn/30",
    busy: "bg-busy-soft text-busy border-busy/30",
    quiet: "bg-sunken text-muted border-line",
    accent: "bg-accent-soft text-accent-ink border-accent/30",
  };
  return (
    <span
      className={cx(
        "absolute -top-3 end-2.5 inline-flex h-6 items-center gap-1 rounded-full border px-2 text-2xs font-medium",
        tones[tone],
      )}
    >
      <Icon aria-hidden className={cx("size-3.5", state === "running" && "animate-spin")} />
      <span>{t.runs.step[state]}</span>
      {count > 1 && <span dir="ltr">×{number(count)}</span>}
      {state === "done" && took > 0 && count <= 1 && <bdi className="font-normal">{span(took)}</bdi>}
    </span>
  );
}

function DiffBadge({ mark }: { mark: "added" | "removed" | "changed" | "moved" }) {
  const t = useText().canvas.versions;
  const looks = {
    added: { icon: Plus, className: "bg-good-soft text-good" },
    removed: { icon: Minus, className: "bg-bad-soft text-bad" },
    changed: { icon: Pencil, className: "bg-warn-soft text-warn" },
    moved: { icon: Pencil, className: "bg-sunken text-muted" },
  };
  const { icon: Icon, className } = looks[mark];
  return (
    <span
      className={cx(
        "absolute -top-3 end-2.5 inline-flex h-6 items-center gap-1 rounded-full px-2 text-2xs font-medium",
        className,
      )}
    >
      <Icon aria-hidden className="size-3.5" />
      {t[mark]}
    </span>
  );
}
