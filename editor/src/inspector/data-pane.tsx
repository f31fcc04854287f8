// The data round a step: what earlier steps gave, and what it gave itself.
import { useQuery } from "@tanstack/react-query";
import { Pin, PinOff } from "lucide-react";
import { useMemo, useState } from "react";
import { useCatalogue } from "../api/catalogue";
import { variablesQuery } from "../api/queries";
import type { FieldSchema, FileNode, Json, Manifest } from "../api/shapes";
import * as actions from "../canvas/actions";
import { portsOf } from "../graph/catalogue";
import { useDraft } from "../graph/draft";
import { shapeOf } from "../graph/shape";
import { loopsAround, readingOrder, upstream } from "../graph/traverse";
import type { RunData } from "../runs/replay";
import { useText } from "../text";
import { IconButton } from "../ui/button";
import { Segments } from "../ui/choice";
import { JsonView } from "../ui/json-view";
import { TextInput } from "../ui/page";
import { DataTree } from "./data-tree";
import { useRunData } from "./sample";

interface Source {
  name: string;
  path: string;
  title: string;
  value: Json;
  /** From the node type's declaration, because it has not run. */
  declared: boolean;
}

/** An example value in the shape that a node type declares. */
function fromSchema(schema: FieldSchema | undefined): Json | undefined {
  if (!schema?.properties) return undefined;
  return Object.fromEntries(
    Object.entries(schema.properties).map(([name, inner]) => [
      name,
      fromSchema(inner) ?? (Array.isArray(inner.type) ? (inner.type[0] ?? null) : (inner.type ?? null)),
    ]),
  );
}

function declared(manifest: Manifest | undefined): Json | undefined {
  return manifest && typeof manifest.output === "object" ? fromSchema(manifest.output.schema) : undefined;
}

/** Everything that expressions of a step can reach. */
export function useSources(node: FileNode): Source[] {
  const t = useText();
  const catalogue = useCatalogue();
  const file = useDraft((state) => state.file);
  const data = useRunData();
  const vars = useQuery(variablesQuery).data;
  return useMemo(() => {
    const before = upstream(file, node.id);
    const sources: Source[] = [];
    const add = (name: string, path: string, title: string, real: Json | undefined, shape?: Json) => {
      if (real !== undefined && real !== null)
        sources.push({ name, path, title, value: real, declared: false });
      else if (shape !== undefined) sources.push({ name, path, title, value: shape, declared: true });
    };
    const trigger = file.nodes.find(
      (other) =>
        catalogue.get(other.type)?.role === "trigger" && (before.has(other.id) || other.id === node.id),
    );
    add(
      "trigger",
      "trigger",
      t.inspector.io.trigger,
      data?.trigger ?? manualSample(trigger),
      declared(trigger && catalogue.get(trigger.type)),
    );
    const isLoop = (other: FileNode) => catalogue.get(other.type)?.role === "for_each";
    if (loopsAround(file, node.id, isLoop).length > 0) {
      const loop = loopsAround(file, node.id, isLoop).at(-1);
      add("item", "item", t.inspector.io.loop, loopItem(loop?.key, data), "…");
    }
    for (const other of readingOrder(file).toReversed()) {
      const manifest = catalogue.get(other.type);
      // What only passes its input on would show the same data once more.
      if (!before.has(other.id) || manifest?.role === "trigger" || manifest?.output === "input") continue;
      add(
        other.key,
        `steps.${other.key}`,
        actions.nodeTitle(catalogue, other),
        data?.output(other.key),
        declared(catalogue.get(other.type)),
      );
    }
    if (vars && Object.keys(vars).length > 0) add("vars", "vars", t.inspector.io.variables, vars);
    return sources;
  }, [file, node, catalogue, data, vars, t]);
}

/** The first item of the innermost loop round a step; undefined outside of loops and before a run. */
export function useLoopItem(id: string): Json | undefined {
  const catalogue = useCatalogue();
  const shape = useDraft((state) => shapeOf(state.file));
  const data = useRunData();
  return useMemo(() => {
    const loop = loopsAround(shape, id, (node) => catalogue.get(node.type)?.role === "for_each").at(-1);
    return loop && loopItem(loop.key, data);
  }, [shape, id, catalogue, data]);
}

function manualSample(trigger: FileNode | undefined): Json | undefined {
  return trigger?.type === "trigger.manual" ? trigger.parameters?.sample : undefined;
}

function loopItem(loop: string | undefined, data: RunData | null): Json | undefined {
  const output = loop === undefined ? undefined : data?.output(loop);
  if (typeof output === "object" && output !== null && !Array.isArray(output) && Array.isArray(output.items))
    return output.items[0];
  return undefined;
}

export function AvailableData({ node }: { node: FileNode }) {
  const t = useText();
  const sources = useSources(node);
  const [filter, setFilter] = useState("");
  return (
    <section aria-label={t.inspector.io.available} className="scroll min-h-40 min-w-0 flex-1 p-3">
      <h3 className="text-xs font-semibold">{t.inspector.io.available}</h3>
      {sources.length === 0 ? (
        <p className="mt-2 text-2xs text-muted">{t.inspector.io.noData}</p>
      ) : (
        <>
          <p className="mt-0.5 mb-2 text-2xs text-muted">{t.inspector.io.availableHint}</p>
          <TextInput
            type="search"
            aria-label={t.inspector.io.filter}
            placeholder={t.inspector.io.filter}
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          {sources.map((source, index) => (
            <div key={source.path} className="mt-3">
              <p className="flex items-center gap-2 px-1 text-2xs font-medium">
                <bdi className="truncate">{source.title}</bdi>
                {source.declared && (
                  <span className="font-normal text-muted">({t.inspector.io.declared})</span>
                )}
              </p>
              <ul>
                <DataTree
                  name={source.name}
                  path={source.path}
                  value={source.value}
                  open={index < 2}
                  filter={filter}
                />
              </ul>
            </div>
          ))}
        </>
      )}
    </section>
  );
}

export function OutputPane({ node }: { node: FileNode }) {
  const t = useText();
  const data = useRunData();
  const catalogue = useCatalogue();
  const pinned = useDraft((state) => state.file.canvas?.pins?.[node.id]);
  const output = pinned?.value ?? data?.output(node.key);
  const port = portsOf(node, catalogue.get(node.type))[0] ?? "out";
  return (
    <section aria-label={t.inspector.io.output} className="flex min-h-40 min-w-0 flex-1 flex-col p-3">
      <div className="mb-2 flex items-center gap-2">
        <h3 className="flex-1 text-xs font-semibold">{t.inspector.io.output}</h3>
        {(output !== undefined || pinned) && (
          <IconButton
            icon={pinned ? PinOff : Pin}
            size="sm"
            active={!!pinned}
            label={pinned ? t.canvas.node.unpin : t.canvas.node.pin}
            onClick={() => actions.pin(node.id, port, pinned ? undefined : output)}
          />
        )}
      </div>
      {pinned && (
        <p className="mb-2 rounded-md bg-warn-soft px-2 py-1 text-2xs text-warn">{t.inspector.io.pinned}</p>
      )}
      <ValueView value={output} path={`steps.${node.key}`} />
    </section>
  );
}

/** One value as tree, table or JSON. */
export function ValueView({
  value,
  path,
  mappable,
}: {
  value: Json | undefined;
  path: string;
  mappable?: boolean;
}) {
  const t = useText();
  const [how, setHow] = useState<"tree" | "table" | "json">("tree");
  if (value === undefined) return <p className="text-2xs text-muted">{t.inspector.io.noData}</p>;
  const rows = tableOf(value);
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <Segments
        small
        label={t.inspector.data}
        value={how}
        onChange={setHow}
        options={[
          { value: "tree", label: t.inspector.io.tree },
          ...(rows ? [{ value: "table" as const, label: t.inspector.io.table }] : []),
          { value: "json", label: t.inspector.io.json },
        ]}
      />
      <div className="scroll min-h-0 flex-1">
        {how === "tree" && (
          <ul>
            <DataTree
              name={path.split(".").at(-1) ?? path}
              path={path}
              value={value}
              open
              mappable={mappable ?? false}
            />
          </ul>
        )}
        {how === "table" && rows && <DataTable rows={rows} />}
        {how === "json" && <JsonView value={value} />}
      </div>
    </div>
  );
}

function tableOf(value: Json): { [name: string]: Json }[] | null {
  const list = Array.isArray(value)
    ? value
    : typeof value === "object" && value !== null
      ? Object.values(value).find((inner) => Array.isArray(inner))
      : null;
  if (!Array.isArray(list) || list.length === 0) return null;
  const rows = list.filter(
    (row): row is { [name: string]: Json } => typeof row === "object" && row !== null && !Array.isArray(row),
  );
  return rows.length === list.length ? rows.slice(0, 200) : null;
}

function DataTable({ rows }: { rows: { [name: string]: Json }[] }) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, 12);
  return (
    <table className="text-2xs">
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column} className="code border-b border-line px-2 py-1 font-medium">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          // Rows of data have no identity of their own.
          // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes order
          <tr key={index}>
            {columns.map((column) => (
              <td key={column} className="max-w-40 truncate border-b border-line px-2 py-1">
                <bdi>
                  {typeof row[column] === "object" ? JSON.stringify(row[column]) : String(row[column] ?? "")}
                </bdi>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
