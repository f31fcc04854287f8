// Lists: of texts, edited as lines; of objects, each with its own fields.
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { FieldSchema, Json, JsonObject } from "../../api/shapes";
import { useText } from "../../text";
import { number } from "../../text/format";
import { Button, IconButton } from "../../ui/button";
import { changeField, type FieldPath, useForm } from "./form-context";
import { FieldGroup } from "./node-form";

interface Props {
  schema: FieldSchema;
  value: Json | undefined;
  path: FieldPath;
  label: string;
  onChange: (value: Json | undefined) => void;
}

export function ListField(props: Props) {
  return props.schema.items?.type === "object" ? <ObjectList {...props} /> : <LineList {...props} />;
}

function LineList({ value, onChange, label, schema }: Props) {
  const t = useText();
  const list = Array.isArray(value) ? value : [];
  const [draft, setDraft] = useState("");
  const example = schema.examples?.[0];
  const add = () => {
    const entries = draft
      .split(/[,،\n]/)
      .map((entry) => entry.trim())
      .filter(Boolean);
    if (entries.length > 0) onChange([...list, ...entries]);
    setDraft("");
  };
  return (
    <div className="field flex flex-wrap items-center gap-1 p-1">
      {list.map((entry, index) => (
        <span
          key={JSON.stringify(entry)}
          className="inline-flex h-6 items-center gap-1 rounded-md bg-accent-soft ps-2 text-xs text-accent-ink"
        >
          <bdi>{typeof entry === "string" ? entry : JSON.stringify(entry)}</bdi>
          <button
            type="button"
            aria-label={`${t.common.remove}: ${typeof entry === "string" ? entry : ""}`}
            onClick={() => {
              const rest = list.filter((_other, at) => at !== index);
              onChange(rest.length > 0 ? rest : undefined);
            }}
            className="grid size-6 place-items-center rounded-md hover:bg-ink/10"
          >
            ×
          </button>
        </span>
      ))}
      <input
        dir="auto"
        aria-label={label}
        value={draft}
        placeholder={list.length === 0 && Array.isArray(example) ? example.join(", ") : ""}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === "Enter" || event.key === "," || event.key === "،") {
            event.preventDefault();
            add();
          } else if (event.key === "Backspace" && !draft && list.length > 0) onChange(list.slice(0, -1));
        }}
        className="h-6 min-w-24 flex-1 bg-transparent px-1.5 outline-none"
      />
    </div>
  );
}

function ObjectList({ schema, value, path, label }: Props) {
  const t = useText();
  const { node } = useForm();
  const list = Array.isArray(value) ? value : [];
  return (
    <div className="flex flex-col gap-3">
      {list.map((entry, index) => (
        // Entries have no identity but their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the identity
        <div key={index} className="rounded-lg border border-line p-3">
          <div className="mb-2 flex items-center">
            <span className="flex-1 text-2xs font-medium text-muted">
              {t.inspector.entry} {number(index + 1)}
            </span>
            <IconButton
              icon={Trash2}
              size="sm"
              label={`${t.common.remove} ${number(index + 1)}`}
              onClick={() => changeField(node, [...path, index], undefined, label)}
            />
          </div>
          <div className="flex flex-col gap-3">
            <FieldGroup schema={schema.items ?? {}} value={entry as JsonObject} path={[...path, index]} />
          </div>
        </div>
      ))}
      <Button
        size="sm"
        icon={Plus}
        className="self-start"
        onClick={() => changeField(node, [...path, list.length], {}, label)}
      >
        {t.inspector.addItem}
      </Button>
    </div>
  );
}
