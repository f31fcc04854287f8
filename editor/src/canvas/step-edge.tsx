// A connection: its path, what went over it in the shown run, and a plus and a cross on hover.
import { BaseEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { Plus, X } from "lucide-react";
import { memo } from "react";
import { removeEdges } from "../graph/commands";
import { edit } from "../graph/draft";
import { useShownRun } from "../runs/run-store";
import { useText } from "../text";
import { number } from "../text/format";
import { cx } from "../ui/cx";
import { useCanvasMode } from "./canvas-mode";
import { ask, useEditor } from "./editor-state";
import type { FlowEdge } from "./flow-nodes";

export const StepEdge = memo(function StepEdge(props: EdgeProps<FlowEdge>) {
  const { id, data, selected } = props;
  const t = useText();
  const { editable } = useCanvasMode();
  const count = useShownRun((state) => state.view?.left.get(`${data?.sourceKey} ${data?.port}`) ?? 0);
  const running = useShownRun((state) => state.view !== null);
  const hovered = useEditor((state) => editable && state.hoveredEdge === id);
  const [path, x, y] = getBezierPath({ ...props, curvature: 0.3 });
  const passed = count > 0;
  const error = data?.port === "error";
  const colour =
    selected || hovered
      ? "var(--accent)"
      : passed
        ? "var(--good)"
        : error
          ? "var(--bad)"
          : "var(--line-strong)";
  return (
    <>
      <BaseEdge
        id={id}
        path={path}
        interactionWidth={30}
        style={{
          stroke: colour,
          strokeWidth: selected || hovered || passed ? 2.25 : 1.75,
          strokeDasharray: error && !passed ? "5 4" : undefined,
          opacity: running && !passed ? 0.5 : 1,
        }}
      />
      {(passed || hovered || selected) && (
        <EdgeLabelRenderer>
          <div
            className="nodrag nopan pointer-events-auto absolute flex items-center gap-1"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)`, zIndex: 5 }}
            onPointerEnter={() => useEditor.setState({ hoveredEdge: id })}
            onPointerLeave={() => useEditor.setState({ hoveredEdge: null })}
          >
            {passed && !hovered && !selected && (
              <span
                className={cx(
                  "rounded-full border border-good/30 bg-good-soft px-2 text-2xs font-medium text-good",
                )}
              >
                {t.common.count.items(count)}
              </span>
            )}
            {editable && (hovered || selected) && (
              <>
                <EdgeButton label={t.canvas.edge.insert} onClick={() => ask({ kind: "add", intoEdge: id })}>
                  <Plus aria-hidden className="size-3.5" />
                </EdgeButton>
                <EdgeButton
                  label={t.canvas.edge.delete}
                  onClick={() => edit(t.canvas.step.disconnect, (file) => removeEdges(file, new Set([id])))}
                >
                  <X aria-hidden className="size-3.5" />
                </EdgeButton>
              </>
            )}
            {!editable && hovered && <span className="sr-only">{number(count)}</span>}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

function EdgeButton(props: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={props.label}
      title={props.label}
      onClick={(event) => {
        event.stopPropagation();
        props.onClick();
      }}
      className="grid size-6 place-items-center rounded-full border border-line-strong bg-surface text-muted shadow-card hover:border-accent hover:text-accent"
    >
      {props.children}
    </button>
  );
}
