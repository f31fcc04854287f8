// JSON as a tree whose every entry can be clicked or dragged into a field as a path.
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import type { Json } from "../api/shapes";
import { joinPath } from "../graph/references";
import { useText } from "../text";
import { number } from "../text/format";
import { cx } from "../ui/cx";
import { PATH_TYPE, useMapping } from "./mapping";

const MOST = 60;

export function DataTree(props: {
  name: string;
  path: string;
  value: Json;
  open?: boolean;
  filter?: string;
  depth?: number;
  mappable?: boolean;
}) {
  const { name, path, value, depth = 0, mappable = true } = props;
  const t = useText();
  const branch = typeof value === "object" && value !== null;
  const [open, setOpen] = useState(props.open ?? depth < 1);
  const insert = useMapping((state) => state.insert);
  const entries: [string | number, Json][] = branch
    ? Array.isArray(value)
      ? value.map((entry, index) => [index, entry])
      : Object.entries(value)
    : [];
  const wanted = props.filter?.toLowerCase() ?? "";
  const shown = entries.slice(0, MOST);
  if (wanted && !matches(name, value, wanted)) return null;

  return (
    <li>
      <div
        className="group flex min-h-6 items-center gap-1 rounded-md hover:bg-ink/5"
        style={{ paddingInlineStart: depth * 12 }}
      >
        {branch ? (
          <button
            type="button"
            aria-expanded={open}
            aria-label={name}
            onClick={() => setOpen(!open)}
            className="grid size-6 shrink-0 place-items-center rounded text-muted"
          >
            <ChevronRight
              aria-hidden
              className={cx("size-3.5 transition-transform", open ? "rotate-90" : "mirror")}
            />
          </button>
        ) : (
          <span className="w-6 shrink-0" />
        )}
        <button
          type="button"
          draggable={mappable}
          disabled={!mappable}
          title={path}
          onDragStart={(event) => {
            event.dataTransfer.setData(PATH_TYPE, path);
            event.dataTransfer.setData("text/plain", path);
          }}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => insert?.(path)}
          className="flex min-h-6 min-w-0 flex-1 items-center gap-2 text-start"
        >
          <span
            dir="ltr"
            className="shrink-0 rounded bg-accent-soft px-1.5 font-mono text-2xs leading-5 text-accent-ink"
          >
            {name}
          </span>
          <span className="min-w-0 truncate text-2xs text-muted">
            {branch ? (
              Array.isArray(value) ? (
                t.common.count.items(value.length)
              ) : (
                t.common.count.fields(entries.length)
              )
            ) : (
              <Leaf value={value} />
            )}
          </span>
        </button>
      </div>
      {branch && (open || wanted) && (
        <ul>
          {shown.map(([key, inner]) => (
            <DataTree
              key={key}
              name={typeof key === "number" ? number(key) : key}
              path={joinPath(path, key)}
              value={inner}
              depth={depth + 1}
              filter={props.filter}
              mappable={mappable}
            />
          ))}
          {entries.length > MOST && (
            <li className="py-1 text-2xs text-muted" style={{ paddingInlineStart: depth * 12 + 24 }}>
              {t.inspector.io.large}
            </li>
          )}
        </ul>
      )}
    </li>
  );
}

function Leaf({ value }: { value: Json }) {
  if (typeof value === "string") return <bdi>{value.slice(0, 200)}</bdi>;
  return <span className="font-mono">{String(value)}</span>;
}

function matches(name: string, value: Json, wanted: string, depth = 0): boolean {
  if (name.toLowerCase().includes(wanted)) return true;
  if (depth > 4 || typeof value !== "object" || value === null) {
    return typeof value === "string" && value.toLowerCase().includes(wanted);
  }
  return Object.entries(value)
    .slice(0, MOST)
    .some(([key, inner]) => matches(key, inner, wanted, depth + 1));
}
