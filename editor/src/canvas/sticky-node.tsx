// A sticky note, and the frame round a loop's body.
import { type NodeProps, NodeResizer } from "@xyflow/react";
import { Repeat } from "lucide-react";
import { memo } from "react";
import { edit } from "../graph/draft";
import { useText } from "../text";
import { cx } from "../ui/cx";
import { useCanvasMode } from "./canvas-mode";
import type { RegionNode as RegionNodeType, StickyNode as StickyNodeType } from "./flow-nodes";

const tones = ["bg-warn-soft border-warn/25", "bg-busy-soft border-busy/25", "bg-good-soft border-good/25"];

export const StickyNode = memo(function StickyNode({ id, data, selected }: NodeProps<StickyNodeType>) {
  const t = useText();
  const { editable, direction } = useCanvasMode();
  const change = (recipe: (sticky: StickyNodeType["data"]["sticky"]) => void, merge?: string) =>
    edit(
      t.canvas.step.note,
      (file) => {
        const sticky = file.canvas?.stickies?.find((other) => other.id === id);
        if (sticky) recipe(sticky);
      },
      merge,
    );
  return (
    <div
      dir={direction}
      className={cx(
        "h-full rounded-lg border p-2.5",
        tones[data.sticky.tone % tones.length],
        selected && "ring-2 ring-accent/40",
      )}
    >
      {editable && selected && (
        <NodeResizer
          minWidth={140}
          minHeight={70}
          onResizeEnd={(_event, size) =>
            change((sticky) => {
              sticky.width = Math.round(size.width);
              sticky.height = Math.round(size.height);
            })
          }
        />
      )}
      <textarea
        dir="auto"
        aria-label={t.canvas.step.note}
        readOnly={!editable}
        tabIndex={selected ? 0 : -1}
        value={data.sticky.text}
        onChange={(event) => {
          const text = event.target.value;
          change((sticky) => {
            sticky.text = text;
          }, `sticky ${id}`);
        }}
        className="nodrag nowheel h-full w-full resize-none bg-transparent text-sm outline-none"
      />
    </div>
  );
});

export const RegionNode = memo(function RegionNode(_props: NodeProps<RegionNodeType>) {
  const t = useText();
  const { direction } = useCanvasMode();
  return (
    <div
      dir={direction}
      className="pointer-events-none h-full rounded-2xl border-2 border-dashed border-[var(--cat-flow)]/45 bg-[var(--cat-flow)]/5"
    >
      <span className="flex items-center gap-1 px-3 pt-1.5 text-2xs font-medium text-[var(--cat-flow)]">
        <Repeat aria-hidden className="size-3.5" />
        {t.canvas.node.port.body}
      </span>
    </div>
  );
});
