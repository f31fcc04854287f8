// The panel of the selected step: settings, data, behaviour; widened, input and output beside them.
import { Ellipsis, PanelRightClose, PanelRightOpen, X } from "lucide-react";
import { useEffect, useLayoutEffect, useState } from "react";
import { useCatalogue } from "../api/catalogue";
import type { FileNode } from "../api/shapes";
import { nodeTitle } from "../canvas/actions";
import { select, soleSelection, useEditor } from "../canvas/editor-state";
import { useNodeMenu } from "../canvas/node-menu";
import { usePressed } from "../canvas/pointer";
import { categoryOf } from "../graph/catalogue";
import { renameKey, setLabel, validKey } from "../graph/commands";
import { edit, useDraft } from "../graph/draft";
import { useSpoken, useText } from "../text";
import { IconButton } from "../ui/button";
import { Tabs } from "../ui/choice";
import { cx } from "../ui/cx";
import { NamedIcon } from "../ui/icon";
import { Menu } from "../ui/menu";
import { Behaviour } from "./behaviour";
import { AvailableData, OutputPane } from "./data-pane";
import { NodeForm } from "./form/node-form";

type Tab = "settings" | "data" | "behaviour";

export function Inspector() {
  const sole = useEditor(soleSelection);
  const pressed = usePressed((state) => state.pressed);
  const [id, setId] = useState(sole);
  // A panel that opened during a drag would move the canvas under the pointer.
  useLayoutEffect(() => {
    if (!pressed) setId(sole);
  }, [sole, pressed]);
  const node = useDraft((state) => state.file.nodes.find((other) => other.id === id));
  if (!node) return null;
  return <NodePanel key={node.id} node={node} />;
}

function NodePanel({ node }: { node: FileNode }) {
  const t = useText();
  const wide = useEditor((state) => state.wide);
  const aimed = useEditor((state) => state.aimed);
  const [tab, setTab] = useState<Tab>("settings");
  useEffect(() => {
    if (aimed?.node === node.key) setTab("settings");
  }, [aimed, node.key]);

  const settings = <NodeForm node={node} />;
  return (
    <aside
      data-inspector
      aria-label={t.inspector.title}
      className={cx(
        "flex shrink-0 flex-col border-s border-line bg-surface",
        "max-md:absolute max-md:inset-x-0 max-md:bottom-0 max-md:z-20 max-md:max-h-[70%] max-md:rounded-t-xl max-md:border-t max-md:shadow-pop",
        wide ? "w-[min(78vw,1180px)]" : "w-[clamp(320px,30vw,410px)]",
        "max-md:w-full",
      )}
    >
      <Header node={node} />
      {wide ? (
        <div className="grid min-h-0 flex-1 grid-cols-[minmax(0,1fr)_minmax(320px,1.15fr)_minmax(0,1fr)] divide-x divide-line border-t border-line rtl:divide-x-reverse max-md:grid-cols-1">
          <AvailableData node={node} />
          <div className="scroll min-h-0">
            {settings}
            <Behaviour node={node} />
          </div>
          <OutputPane node={node} />
        </div>
      ) : (
        <Tabs<Tab>
          value={tab}
          onChange={setTab}
          className="flex-1"
          tabs={[
            { value: "settings", label: t.inspector.settings },
            { value: "data", label: t.inspector.data },
            { value: "behaviour", label: t.inspector.behaviour },
          ]}
        >
          {tab === "settings" && settings}
          {tab === "data" && (
            <div className="flex h-full flex-col divide-y divide-line">
              <OutputPane node={node} />
              <AvailableData node={node} />
            </div>
          )}
          {tab === "behaviour" && <Behaviour node={node} />}
        </Tabs>
      )}
    </aside>
  );
}

function Header({ node }: { node: FileNode }) {
  const t = useText();
  const spoken = useSpoken();
  const catalogue = useCatalogue();
  const wide = useEditor((state) => state.wide);
  const label = useDraft((state) => state.file.canvas?.labels?.[node.id] ?? "");
  const menu = useNodeMenu(node.id);
  const manifest = catalogue.get(node.type);
  const colour = `var(--cat-${categoryOf(node.type)})`;
  return (
    <header className="flex shrink-0 items-start gap-2.5 px-4 pt-3 pb-2">
      <span
        className="mt-0.5 grid size-9 shrink-0 place-items-center rounded-lg"
        style={{ color: colour, background: `color-mix(in srgb, ${colour} 13%, transparent)` }}
      >
        <NamedIcon name={manifest?.icon ?? "puzzle"} className="size-[1.15rem]" />
      </span>
      <div className="min-w-0 flex-1">
        <input
          data-field="label"
          dir="auto"
          aria-label={t.inspector.label}
          value={label}
          placeholder={nodeTitle(catalogue, node)}
          onChange={(event) => {
            const value = event.target.value;
            edit(t.canvas.step.rename, (file) => setLabel(file, node.id, value), `label ${node.id}`);
          }}
          className="-ms-1.5 h-6 w-full rounded-md border border-transparent bg-transparent px-1.5 text-sm font-semibold placeholder:text-ink placeholder:opacity-100 hover:border-line focus:border-line-strong"
        />
        <div className="flex items-center gap-2 text-2xs text-muted">
          <span className="truncate">{manifest ? spoken(manifest.texts).name : node.type}</span>
          <KeyField node={node} />
        </div>
      </div>
      <div className="flex shrink-0">
        <IconButton
          icon={wide ? PanelRightClose : PanelRightOpen}
          mirror
          size="sm"
          label={wide ? t.inspector.narrow : t.inspector.widen}
          onClick={() => useEditor.setState({ wide: !wide })}
          className="max-md:hidden"
        />
        <Menu trigger={<IconButton icon={Ellipsis} size="sm" label={t.canvas.node.menu} />} entries={menu} />
        <IconButton icon={X} size="sm" label={t.common.close} onClick={() => select([])} />
      </div>
    </header>
  );
}

/** The key, taken over when it is good and the field is left. */
function KeyField({ node }: { node: FileNode }) {
  const t = useText();
  const [text, setText] = useState(node.key);
  useEffect(() => setText(node.key), [node.key]);
  const good = validKey(useDraft.getState().file, node.id, text);
  const commit = () => {
    if (good && text !== node.key) edit(t.canvas.step.rename, (file) => renameKey(file, node.id, text));
    else setText(node.key);
  };
  return (
    <input
      dir="ltr"
      aria-label={t.inspector.key}
      aria-invalid={!good}
      title={good ? t.inspector.keyHint : t.inspector.keyBad}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
      className={cx(
        "h-6 min-w-10 max-w-40 rounded-md border bg-sunken px-1.5 font-mono text-2xs [field-sizing:content]",
        good ? "border-transparent hover:border-line-strong" : "border-bad",
      )}
    />
  );
}
