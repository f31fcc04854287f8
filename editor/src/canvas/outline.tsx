// The workflow as a list in reading order: the view of a screen reader and of small screens, from
// which every edit can be made.
import { useRef } from "react";
import { useCatalogue } from "../api/catalogue";
import type { FileNode } from "../api/shapes";
import { categoryOf, edgePort, portLabel, portsOf } from "../graph/catalogue";
import { useDraft } from "../graph/draft";
import { readingOrder } from "../graph/traverse";
import { useText } from "../text";
import { cx } from "../ui/cx";
import { NamedIcon } from "../ui/icon";
import { WithContextMenu } from "../ui/menu";
import * as actions from "./actions";
import { select, useEditor } from "./editor-state";
import { focusInspector, useCanvasKeys } from "./keyboard";
import { useNodeMenu } from "./node-menu";
import { centreOn } from "./viewport";

export function Outline() {
  const t = useText();
  const file = useDraft((state) => state.file);
  const catalogue = useCatalogue();
  const tree = useRef<HTMLUListElement>(null);
  const canvasKeys = useCanvasKeys(catalogue, true, "ltr");
  const order = readingOrder(file);
  const selected = useEditor((state) => state.selected);
  const current = order.find((node) => selected.has(node.id)) ?? order[0];
  if (order.length === 0) return <p className="px-4 text-sm text-muted">{t.canvas.outline.empty}</p>;

  const go = (node: FileNode | undefined) => {
    if (!node) return;
    select([node.id]);
    centreOn(node.id);
    tree.current?.querySelector<HTMLElement>(`[data-item="${node.id}"]`)?.focus();
  };
  return (
    <ul
      ref={tree}
      // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a tree is made of list items
      role="tree"
      aria-label={t.canvas.outline.title}
      className="scroll min-h-0 flex-1 px-2 pb-4"
      onKeyDown={(event) => {
        const at = order.findIndex((node) => node.id === current?.id);
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step) {
          event.preventDefault();
          go(order[at + step]);
        } else if (event.key === "Home" || event.key === "End") {
          event.preventDefault();
          go(event.key === "Home" ? order[0] : order.at(-1));
        } else if (event.key === "Enter") {
          event.preventDefault();
          focusInspector("first");
        } else if (!event.key.startsWith("Arrow")) {
          canvasKeys(event as unknown as React.KeyboardEvent<HTMLDivElement>);
        }
      }}
    >
      {order.map((node, index) => (
        <Item
          key={node.id}
          node={node}
          at={index}
          of={order.length}
          focusable={node.id === current?.id}
          selected={selected.has(node.id)}
          onGo={() => go(node)}
        />
      ))}
    </ul>
  );
}

function Item(props: {
  node: FileNode;
  at: number;
  of: number;
  focusable: boolean;
  selected: boolean;
  onGo: () => void;
}) {
  const t = useText();
  const { node } = props;
  const catalogue = useCatalogue();
  const file = useDraft((state) => state.file);
  const menu = useNodeMenu(node.id);
  const manifest = catalogue.get(node.type);
  const ports = portsOf(node, manifest);
  const next = file.edges
    .filter((edge) => edge.source === node.id)
    .flatMap((edge) => {
      const target = file.nodes.find((other) => other.id === edge.target);
      if (!target) return [];
      const label = ports.length > 1 ? `${portLabel(edgePort(edge, ports), t)}: ` : "";
      return `${label}${actions.nodeTitle(catalogue, target)}`;
    });
  return (
    <WithContextMenu entries={menu}>
      <li
        role="treeitem"
        data-item={node.id}
        aria-selected={props.selected}
        aria-posinset={props.at + 1}
        aria-setsize={props.of}
        tabIndex={props.focusable ? 0 : -1}
        onClick={props.onGo}
        onKeyDown={() => undefined}
        className={cx(
          "flex cursor-default items-start gap-2.5 rounded-lg px-2 py-1.5",
          props.selected ? "bg-accent-soft" : "hover:bg-ink/5",
        )}
      >
        <NamedIcon
          name={manifest?.icon ?? "puzzle"}
          className="mt-0.5 size-4 shrink-0"
          style={{ color: `var(--cat-${categoryOf(node.type)})` }}
        />
        <span className="min-w-0 flex-1">
          <bdi className={cx("aligned block truncate text-sm", node.disabled && "line-through")}>
            {actions.nodeTitle(catalogue, node)}
          </bdi>
          <span className="sr-only">
            {t.canvas.say.place(props.at + 1, props.of, actions.typeName(catalogue, node.type))}
            {next.length > 0 ? t.canvas.say.goesTo("") : t.canvas.say.goesNowhere}
          </span>
          {next.map((line) => (
            <bdi key={line} className="block truncate text-2xs text-muted">
              <span aria-hidden className="mirror inline-block">
                →
              </span>{" "}
              {line}
            </bdi>
          ))}
        </span>
      </li>
    </WithContextMenu>
  );
}
