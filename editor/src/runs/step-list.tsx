// The steps of the shown run in the order in which they happened. Ten thousand of them cost as much
// as those in view.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useCatalogue } from "../api/catalogue";
import type { WorkflowFile } from "../api/shapes";
import { select, soleSelection, useEditor } from "../canvas/editor-state";
import { centreOn } from "../canvas/viewport";
import { categoryOf, titleOf } from "../graph/catalogue";
import { useSpoken, useText } from "../text";
import { number, span } from "../text/format";
import { cx } from "../ui/cx";
import { NamedIcon } from "../ui/icon";
import { useShownRun } from "./run-store";
import { StepStateMark } from "./status";

export function StepList({ file }: { file: WorkflowFile }) {
  const t = useText();
  const spoken = useSpoken();
  const catalogue = useCatalogue();
  const steps = useShownRun((state) => state.view?.steps) ?? [];
  const selected = useEditor(soleSelection);
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: steps.length,
    getScrollElement: () => box.current,
    estimateSize: () => 36,
    overscan: 12,
  });
  const byKey = new Map(file.nodes.map((node) => [node.key, node]));
  return (
    <section
      aria-label={t.runs.steps}
      className="flex max-h-[42%] min-h-32 shrink-0 flex-col border-b border-line"
    >
      <h2 className="flex h-9 shrink-0 items-center gap-2 px-4 text-xs font-semibold">
        {t.runs.steps}
        <span className="font-normal text-muted">{number(steps.length)}</span>
      </h2>
      <div ref={box} className="scroll min-h-0 flex-1 px-2 pb-2">
        <ol className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => {
            const step = steps[row.index];
            if (!step) return null;
            const node = byKey.get(step.key);
            const manifest = node && catalogue.get(node.type);
            const iteration = /\[(\d+)\]/.exec(step.step)?.[1];
            const title = node
              ? titleOf(node, file.canvas?.labels, manifest ? spoken(manifest.texts).name : node.type)
              : step.step;
            return (
              <li key={step.step} className="absolute inset-x-0" style={{ top: row.start, height: row.size }}>
                <button
                  type="button"
                  aria-pressed={node?.id === selected}
                  onClick={() => {
                    if (!node) return;
                    select([node.id]);
                    centreOn(node.id);
                  }}
                  className={cx(
                    "flex h-full w-full items-center gap-2.5 rounded-md px-2 text-start",
                    node?.id === selected ? "bg-accent-soft" : "hover:bg-ink/5",
                  )}
                >
                  <NamedIcon
                    name={manifest?.icon ?? "puzzle"}
                    className="size-4 shrink-0"
                    style={{ color: `var(--cat-${categoryOf(node?.type ?? "")})` }}
                  />
                  <bdi className="aligned min-w-0 flex-1 truncate text-sm">{title}</bdi>
                  {iteration !== undefined && (
                    <span className="text-2xs text-muted">#{number(Number(iteration) + 1)}</span>
                  )}
                  {step.attempts > 1 && (
                    <span className="text-2xs text-warn">{t.common.count.attempts(step.attempts)}</span>
                  )}
                  <span className="shrink-0 text-2xs text-muted">{step.took > 0 ? span(step.took) : ""}</span>
                  <StepStateMark state={step.state} />
                </button>
              </li>
            );
          })}
        </ol>
      </div>
    </section>
  );
}
