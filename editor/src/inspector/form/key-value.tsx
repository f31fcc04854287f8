// Names with values, each value in its own mode. For CRM records the names come from the entity.
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { EntityField, FieldSchema, Json, JsonObject } from "../../api/shapes";
import { edit } from "../../graph/draft";
import { useText } from "../../text";
import { Button, IconButton } from "../../ui/button";
import { Menu } from "../../ui/menu";
import { FieldProblems, ModeSwitch, ValueInput } from "./field";
import { changeField, type FieldPath, useForm } from "./form-context";

/** How a field of an entity is entered. */
function schemaOf(field: EntityField | undefined, words: Record<string, string>): FieldSchema {
  if (!field) return { "x-field": "text" };
  if (field.kind === "choice") {
    return {
      type: "string",
      enum: field.values ?? [],
      "x-labels": Object.fromEntries(
        (field.values ?? []).map((value) => [
          value,
          { en: words[value] ?? value, ar: words[value] ?? value },
        ]),
      ),
    };
  }
  if (field.kind === "integer" || field.kind === "money") return { type: "number" };
  if (field.kind === "boolean") return { type: "boolean" };
  return { type: "string", "x-field": "text" };
}

export function KeyValueField({
  schema,
  value,
  path,
  label,
}: {
  schema: FieldSchema;
  value: Json | undefined;
  path: FieldPath;
  label: string;
}) {
  const t = useText();
  const { node } = useForm();
  const holder = (
    typeof value === "object" && value !== null && !Array.isArray(value) ? value : {}
  ) as JsonObject;
  const entity = typeof node.parameters?.entity === "string" ? node.parameters.entity : "contact";
  const known = schema["x-entities"]?.[entity];
  const names: Record<string, string> = t.crm.field;
  const free = known?.filter((field) => !(field.name in holder)) ?? [];
  const common = ["owner"].filter((name) => known && !(name in holder));

  return (
    <div className="flex flex-col gap-2.5">
      {Object.entries(holder).map(([name, inner]) => (
        <Row
          key={name}
          name={name}
          label={known ? (names[name] ?? name) : name}
          value={inner}
          path={[...path, name]}
          schema={
            known
              ? schemaOf(
                  known.find((field) => field.name === name),
                  t.crm.choice,
                )
              : { "x-field": "text" }
          }
          renamable={!known}
          parent={path}
          title={label}
        />
      ))}
      {known ? (
        <Menu
          trigger={
            <Button size="sm" icon={Plus} className="self-start">
              {t.inspector.addField}
            </Button>
          }
          entries={[...free.map((field) => field.name), ...common].map((name) => ({
            id: name,
            label: names[name] ?? name,
            run: () => changeField(node, [...path, name], "", label),
          }))}
        />
      ) : (
        <Button
          size="sm"
          icon={Plus}
          className="self-start"
          onClick={() => changeField(node, [...path, freshName(holder)], "", label)}
        >
          {t.inspector.addField}
        </Button>
      )}
    </div>
  );
}

function freshName(holder: JsonObject): string {
  for (let count = 1; ; count += 1) {
    const name = `field_${count}`;
    if (!(name in holder)) return name;
  }
}

function Row(props: {
  name: string;
  label: string;
  value: Json;
  path: FieldPath;
  parent: FieldPath;
  schema: FieldSchema;
  renamable: boolean;
  title: string;
}) {
  const t = useText();
  const { node } = useForm();
  const change = (value: Json | undefined) => changeField(node, props.path, value ?? "", props.label);
  return (
    <div data-path={props.path.join(".")} className="rounded-lg border border-line p-2">
      <div className="mb-1 flex items-center gap-1.5">
        {props.renamable ? (
          <NameInput name={props.name} parent={props.parent} title={props.title} />
        ) : (
          <span className="min-w-0 flex-1 truncate text-xs font-medium">{props.label}</span>
        )}
        <ModeSwitch schema={props.schema} value={props.value} onChange={change} />
        <IconButton
          icon={Trash2}
          size="sm"
          label={`${t.common.remove}: ${props.label}`}
          onClick={() => changeField(node, props.path, undefined, props.label)}
        />
      </div>
      <ValueInput
        schema={props.schema}
        value={props.value}
        path={props.path}
        onChange={change}
        label={props.label}
      />
      <FieldProblems path={props.path} />
    </div>
  );
}

/** Renaming keeps the order of the fields. */
function NameInput({ name, parent, title }: { name: string; parent: FieldPath; title: string }) {
  const t = useText();
  const { node } = useForm();
  const [text, setText] = useState(name);
  const commit = () => {
    if (!text.trim() || text === name) {
      setText(name);
      return;
    }
    edit(t.canvas.step.parameter(title), (file) => {
      let holder: Json | undefined = file.nodes.find((other) => other.id === node.id)?.parameters;
      for (const part of parent.slice(0, -1)) holder = (holder as JsonObject | undefined)?.[part];
      const last = parent.at(-1);
      const box = holder as JsonObject | undefined;
      if (!box || last === undefined) return;
      box[last] = Object.fromEntries(
        Object.entries(box[last] as JsonObject).map(([key, value]) => [
          key === name ? text.trim() : key,
          value,
        ]),
      );
    });
  };
  return (
    <input
      dir="auto"
      aria-label={t.inspector.fieldName}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
      className="h-6 min-w-0 flex-1 rounded-md border border-transparent bg-transparent px-1 font-mono text-xs hover:border-line-strong focus:border-line-strong"
    />
  );
}
