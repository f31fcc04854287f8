// The canvas: draws a workflow file, for editing or only for looking. Positions while dragging live
// here; the file hears of a drag once, when it ends.
import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  type FinalConnectionState,
  MiniMap,
  type NodeChange,
  type OnConnectEnd,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
} from "@xyflow/react";
import { type DragEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useCatalogue } from "../api/catalogue";
import type { WorkflowFile } from "../api/shapes";
import { categoryOf } from "../graph/catalogue";
import { edit } from "../graph/draft";
import { text, useText } from "../text";
import { useDirection } from "../text/preferences";
import * as actions from "./actions";
import { CanvasMenu } from "./canvas-menu";
import { type CanvasMode, CanvasModeContext } from "./canvas-mode";
import { viewOf } from "./direction";
import { ask, select, soleSelection, useEditor } from "./editor-state";
import { type FlowEdge, type FlowNode, flowEdges, flowNodes } from "./flow-nodes";
import { GroupNode } from "./group-node";
import { GuideLines } from "./guide-lines";
import { clearGuides, snap } from "./guides";
import { useCanvasKeys } from "./keyboard";
import { usePressed } from "./pointer";
import { StepEdge } from "./step-edge";
import { StepNode } from "./step-node";
import { RegionNode, StickyNode } from "./sticky-node";
import { CanvasTools } from "./tools";
import { centreOn, fromScreen, holdFlow, holdStill, inView, settlePane, showAll } from "./viewport";

const nodeTypes = { step: StepNode, sticky: StickyNode, region: RegionNode, group: GroupNode };
const edgeTypes = { step: StepEdge };
export const DRAG_TYPE = "application/x-masar-node";

interface Props {
  file: WorkflowFile;
  editable: boolean;
  diff?: CanvasMode["diff"];
}

export function FlowCanvas(props: Props) {
  const direction = useDirection();
  // A new provider for each direction: everything measured for the other one is void.
  return (
    <ReactFlowProvider key={direction}>
      <Inner {...props} direction={direction} />
    </ReactFlowProvider>
  );
}

function Inner({ file, editable, diff, direction }: Props & { direction: "ltr" | "rtl" }) {
  const t = useText();
  const catalogue = useCatalogue();
  const view = viewOf(direction);
  const selected = useEditor((state) => state.selected);
  const selectedEdge = useEditor((state) => state.selectedEdge);
  const [nodes, setNodes] = useState<FlowNode[]>([]);
  const [edges, setEdges] = useState<FlowEdge[]>([]);
  const nodesNow = useRef(nodes);
  nodesNow.current = nodes;
  const fitted = useRef(false);
  const [ready, setReady] = useState(false);
  const pane = useRef<HTMLDivElement>(null);
  const keys = useCanvasKeys(catalogue, editable, direction);
  const mode = useMemo<CanvasMode>(() => ({ editable, direction, diff }), [editable, direction, diff]);

  useEffect(() => {
    setNodes((previous) => flowNodes(file, catalogue, view, selected, editable, previous));
  }, [file, catalogue, view, selected, editable]);
  useEffect(() => {
    setEdges((previous) => flowEdges(file, catalogue, selectedEdge, selected, previous));
  }, [file, catalogue, selectedEdge, selected]);
  useEffect(() => {
    if (fitted.current || !ready || nodes.length === 0) return;
    fitted.current = true;
    requestAnimationFrame(() => showAll(true));
  }, [nodes, ready]);

  useEffect(() => (pane.current ? holdStill(pane.current) : undefined), []);
  // Before the next click of a double click, not only before the next picture.
  useLayoutEffect(() => {
    if (pane.current) settlePane(pane.current);
  });
  useFollowSelection();

  const onNodesChange = useCallback((changes: NodeChange<FlowNode>[]) => {
    const chosen = changes.filter((change) => change.type === "select");
    if (chosen.length > 0) {
      const next = new Set(useEditor.getState().selected);
      for (const change of chosen) {
        if (change.selected) next.add(change.id);
        else next.delete(change.id);
      }
      useEditor.setState({ selected: next, ...(next.size > 0 ? { selectedEdge: null } : {}) });
    }
    const others = changes.filter((change) => change.type === "position" || change.type === "dimensions");
    if (others.length > 0) {
      setNodes((current) => {
        const dragged = others.filter((change) => change.type === "position" && change.dragging);
        const [only] = dragged;
        if (dragged.length === 1 && only?.type === "position" && only.position) {
          only.position = snap(only.id, only.position, current);
        }
        return applyNodeChanges([...others, ...carried(others, current)], current);
      });
    }
  }, []);

  const onNodeDragStop = useCallback(
    (_event: unknown, _node: FlowNode, dropped: FlowNode[]) => {
      clearGuides();
      // Where they are drawn, which is where they snapped to.
      const drawn = new Map(nodesNow.current.map((node) => [node.id, node]));
      const moved = dropped.map((node) => drawn.get(node.id) ?? node);
      const groups = moved.flatMap((node) => (node.type === "group" ? [node] : []));
      if (groups.length > 0) {
        edit(text().canvas.group.move, (draft) => {
          for (const { data, position } of groups) {
            const dx = Math.round(view.x(position.x)) - data.at.x;
            const dy = Math.round(position.y) - data.at.y;
            for (const node of draft.nodes) {
              if (!data.group.nodes.includes(node.id)) continue;
              node.position.x += dx;
              node.position.y += dy;
            }
          }
        });
        return;
      }
      const places = new Map(
        moved.map((node) => [
          node.id,
          { x: Math.round(view.x(node.position.x)), y: Math.round(node.position.y) },
        ]),
      );
      edit(text().canvas.step.move(places.size), (draft) => {
        for (const node of draft.nodes) {
          const place = places.get(node.id);
          if (place && (place.x !== node.position.x || place.y !== node.position.y)) node.position = place;
        }
        for (const sticky of draft.canvas?.stickies ?? []) {
          const place = places.get(sticky.id);
          if (place) Object.assign(sticky, place);
        }
      });
    },
    [view],
  );

  const onConnect = useCallback(
    ({ source, sourceHandle, target }: Connection) =>
      actions.link(catalogue, { node: source, port: sourceHandle ?? "out" }, target),
    [catalogue],
  );

  const onConnectEnd = useCallback<OnConnectEnd>(
    (event, state: FinalConnectionState) => {
      if (state.isValid || !state.fromNode || state.fromHandle?.type !== "source") return;
      if (state.toNode) {
        // Dropped on a step rather than on its port: that is clear enough.
        actions.link(
          catalogue,
          { node: state.fromNode.id, port: state.fromHandle.id ?? "out" },
          state.toNode.id,
        );
        return;
      }
      const point = "changedTouches" in event ? event.changedTouches[0] : event;
      if (!point) return;
      const over = document
        .elementFromPoint(point.clientX, point.clientY)
        ?.closest(".react-flow__node")
        ?.getAttribute("data-id");
      if (over && over !== state.fromNode.id) {
        actions.link(catalogue, { node: state.fromNode.id, port: state.fromHandle.id ?? "out" }, over);
        return;
      }
      const at = fromScreen({ x: point.clientX, y: point.clientY });
      ask({
        kind: "add",
        from: { node: state.fromNode.id, port: state.fromHandle.id ?? "out" },
        at: { x: at.x, y: at.y - 31 },
      });
    },
    [catalogue],
  );

  const onDrop = useCallback(
    (event: DragEvent) => {
      const type = event.dataTransfer.getData(DRAG_TYPE);
      if (!type) return;
      event.preventDefault();
      const point = { x: event.clientX, y: event.clientY };
      const edge = document
        .elementsFromPoint(point.x, point.y)
        .map((element) => element.closest(".react-flow__edge")?.getAttribute("data-id"))
        .find((id) => id);
      const at = fromScreen(point);
      if (edge) actions.add(catalogue, type, { intoEdge: edge });
      else actions.add(catalogue, type, { at: { x: at.x - 104, y: at.y - 31 } });
    },
    [catalogue],
  );

  return (
    <CanvasModeContext.Provider value={mode}>
      <CanvasMenu editable={editable}>
        <div
          // The canvas is one stop of the Tab key and has keys of its own, told in its description.
          role="application"
          aria-label={t.canvas.say.canvas}
          tabIndex={0}
          onKeyDown={keys}
          ref={pane}
          data-testid="canvas"
          className="@container relative h-full w-full -outline-offset-2"
        >
          <ReactFlow<FlowNode, FlowEdge>
            nodes={nodes}
            edges={edges}
            nodeTypes={nodeTypes}
            edgeTypes={edgeTypes}
            onInit={(instance) => {
              holdFlow(instance, direction);
              setReady(true);
            }}
            onNodesChange={onNodesChange}
            onNodeDragStop={onNodeDragStop}
            onSelectionDragStop={(event, moved) => onNodeDragStop(event, moved[0] as FlowNode, moved)}
            onConnect={onConnect}
            onConnectEnd={onConnectEnd}
            onNodeDoubleClick={(_event, node) => {
              if (node.type === "step") {
                select([node.id]);
                useEditor.setState({ wide: true });
              }
            }}
            onNodeContextMenu={(_event, node) => {
              if (!useEditor.getState().selected.has(node.id)) select([node.id]);
            }}
            onPaneContextMenu={() => select([])}
            onEdgeClick={(_event, edge) => useEditor.setState({ selectedEdge: edge.id, selected: new Set() })}
            onEdgeMouseEnter={(_event, edge) => useEditor.setState({ hoveredEdge: edge.id })}
            onEdgeMouseLeave={() => useEditor.setState({ hoveredEdge: null })}
            onPaneClick={(event) => {
              select([]);
              if (event.detail === 2 && editable) {
                const at = fromScreen({ x: event.clientX, y: event.clientY });
                ask({ kind: "add", at: { x: at.x - 104, y: at.y - 31 } });
              }
            }}
            onDragOver={(event) => event.preventDefault()}
            onDrop={onDrop}
            nodesDraggable={editable}
            nodesConnectable={editable}
            nodesFocusable={false}
            edgesFocusable={false}
            disableKeyboardA11y
            deleteKeyCode={null}
            selectionOnDrag={editable}
            selectionMode={SelectionMode.Partial}
            panOnDrag={editable ? [1] : true}
            panOnScroll
            zoomOnDoubleClick={false}
            multiSelectionKeyCode={["Shift", "Control", "Meta"]}
            selectionKeyCode={null}
            connectionRadius={28}
            nodeDragThreshold={3}
            minZoom={0.08}
            maxZoom={1.8}
            onlyRenderVisibleElements={nodes.length > 80}
            elevateEdgesOnSelect
            proOptions={{ hideAttribution: true }}
            nodeOrigin={view.origin}
          >
            <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} color="var(--line-strong)" />
            <GuideLines />
            {nodes.length > 3 && (
              <MiniMap<FlowNode>
                ariaLabel={null}
                position={direction === "rtl" ? "bottom-left" : "bottom-right"}
                pannable
                zoomable
                className="max-md:hidden @max-2xl:hidden"
                style={{ width: 150, height: 96 }}
                nodeBorderRadius={14}
                nodeColor={(node) =>
                  node.type === "step" ? `var(--cat-${categoryOf(node.data.node.type)})` : "transparent"
                }
              />
            )}
          </ReactFlow>
          <CanvasTools editable={editable} />
        </div>
      </CanvasMenu>
    </CanvasModeContext.Provider>
  );
}

/** A frame that is dragged takes its steps along. */
function carried(changes: NodeChange<FlowNode>[], current: readonly FlowNode[]): NodeChange<FlowNode>[] {
  return changes.flatMap((change): NodeChange<FlowNode>[] => {
    if (change.type !== "position" || !change.position) return [];
    const frame = current.find((node) => node.id === change.id);
    if (frame?.type !== "group" || frame.data.folded) return [];
    const dx = change.position.x - frame.position.x;
    const dy = change.position.y - frame.position.y;
    const members = new Set(frame.data.group.nodes);
    return current.flatMap((node): NodeChange<FlowNode>[] =>
      members.has(node.id)
        ? [{ id: node.id, type: "position", position: { x: node.position.x + dx, y: node.position.y + dy } }]
        : [],
    );
  });
}

/** A selected step that a panel has come to cover is brought into view, but never under a pressed pointer. */
function useFollowSelection(): void {
  const sole = useEditor(soleSelection);
  const wide = useEditor((state) => state.wide);
  const pressed = usePressed((state) => state.pressed);
  // biome-ignore lint/correctness/useExhaustiveDependencies: widening the panel is a reason to look again
  useEffect(() => {
    if (!sole || pressed) return;
    const timer = setTimeout(() => {
      if (!usePressed.getState().pressed && !inView(sole)) centreOn(sole);
    }, 250);
    return () => clearTimeout(timer);
  }, [sole, wide, pressed]);
}
