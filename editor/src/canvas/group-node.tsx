// A group: a frame with a title round its steps, or one box in their place.
import { Handle, type NodeProps } from "@xyflow/react";
import { ChevronsDownUp, ChevronsUpDown, Ungroup } from "lucide-react";
import { memo } from "react";
import type { Group } from "../api/shapes";
import { edit } from "../graph/draft";
import { changeGroup, ungroup } from "../graph/groups";
import { joined } from "../runs/replay";
import { useShownRun } from "../runs/run-store";
import { StepStateMark } from "../runs/status";
import { useText } from "../text";
import { cx } from "../ui/cx";
import { useCanvasMode } from "./canvas-mode";
import { viewOf } from "./direction";
import type { GroupNode as GroupNodeType } from "./flow-nodes";

export const GroupNode = memo(function GroupNode({ data }: NodeProps<GroupNodeType>) {
  return data.folded ? <Folded data={data} /> : <Frame data={data} />;
});

const button =
  "nodrag grid size-6 shrink-0 place-items-center rounded-md text-muted hover:bg-ink/10 hover:text-ink";

function Frame({ data }: { data: GroupNodeType["data"] }) {
  const { direction, editable } = useCanvasMode();
  return (
    <div
      dir={direction}
      data-group={data.group.id}
      className="pointer-events-none h-full rounded-2xl border border-line-strong bg-ink/[0.025]"
    >
      <div
        className={cx(
          "group-handle pointer-events-auto flex h-9 items-center gap-1 rounded-t-2xl ps-3 pe-1.5",
          editable && "cursor-grab",
        )}
      >
        <Title group={data.group} />
        <Buttons group={data.group} />
      </div>
    </div>
  );
}

function Title({ group }: { group: Group }) {
  const t = useText().canvas.group;
  const { editable } = useCanvasMode();
  if (!editable) return <bdi className="min-w-0 flex-1 truncate text-xs font-semibold">{group.title}</bdi>;
  return (
    <input
      dir="auto"
      aria-label={t.name}
      placeholder={t.untitled}
      value={group.title}
      onChange={(event) => {
        const title = event.target.value;
        edit(t.rename, (file) => changeGroup(file, group.id, { title }), `group ${group.id}`);
      }}
      className="nodrag h-7 min-w-0 flex-1 rounded-md border border-transparent bg-transparent px-1 text-xs font-semibold hover:border-line-strong focus:border-line-strong"
    />
  );
}

function Buttons({ group }: { group: Group }) {
  const t = useText().canvas.group;
  const { editable } = useCanvasMode();
  if (!editable) return null;
  const fold = group.collapsed ? t.unfold : t.fold;
  const Icon = group.collapsed ? ChevronsUpDown : ChevronsDownUp;
  return (
    <>
      <button
        type="button"
        tabIndex={-1}
        aria-label={fold}
        aria-expanded={!group.collapsed}
        title={fold}
        onClick={() => edit(fold, (file) => changeGroup(file, group.id, { collapsed: !group.collapsed }))}
        className={button}
      >
        <Icon aria-hidden className="size-4" />
      </button>
      <button
        type="button"
        tabIndex={-1}
        aria-label={t.dissolve}
        title={t.dissolve}
        onClick={() => edit(t.dissolve, (file) => ungroup(file, group.id))}
        className={button}
      >
        <Ungroup aria-hidden className="size-4" />
      </button>
    </>
  );
}

function Folded({ data }: { data: GroupNodeType["data"] }) {
  const t = useText();
  const { direction } = useCanvasMode();
  const { group, keys } = data;
  const view = viewOf(direction);
  const state = useShownRun((shown) =>
    joined(keys.flatMap((key) => shown.view?.byKey.get(key)?.at(-1) ?? [])),
  );
  return (
    <div
      dir={direction}
      data-group={group.id}
      data-folded
      className="group-handle relative h-full w-full rounded-[11px] border border-line-strong bg-surface text-start shadow-[4px_4px_0_-1px_var(--surface),4px_4px_0_0_var(--line-strong)]"
    >
      <Handle type="target" id="in" position={view.in} isConnectable={false} className="size-3! opacity-0" />
      <div className="flex h-full items-center gap-1 ps-3 pe-1.5">
        <span className="min-w-0 flex-1">
          <bdi className="aligned block truncate text-[0.82rem] leading-5 font-medium">
            {group.title || t.canvas.group.untitled}
          </bdi>
          <span className="block truncate text-2xs text-muted">{t.common.count.steps(keys.length)}</span>
        </span>
        {state && <StepStateMark state={state} />}
        <Buttons group={group} />
      </div>
      <Handle
        type="source"
        id="out"
        position={view.out}
        isConnectable={false}
        className="size-3! opacity-0"
      />
    </div>
  );
}
