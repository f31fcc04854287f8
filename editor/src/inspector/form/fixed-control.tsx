// Controls for fixed values, chosen by the schema and its hints.
import { useMemo, useState } from "react";
import type { FieldSchema, Json, JsonObject } from "../../api/shapes";
import { useText } from "../../text";
import { usePreferences } from "../../text/preferences";
import { Select, Switch } from "../../ui/choice";
import { TextInput } from "../../ui/page";
import { CodeInput } from "../code/code-input";
import { type Source, useEvaluated } from "../evaluate";
import { ConditionField } from "./condition";
import { CronField } from "./cron";
import { type FieldPath, problemsAt, useForm } from "./form-context";
import { KeyValueField } from "./key-value";
import { ListField } from "./list";
import { FieldGroup } from "./node-form";
import { lintOf, Preview } from "./preview";
import { CredentialField, EventTypeField, WorkflowField } from "./references";

interface Props {
  id?: string;
  schema: FieldSchema;
  value: Json | undefined;
  path: FieldPath;
  onChange: (value: Json | undefined) => void;
  label: string;
  invalid?: boolean;
}

/** Composite fields whose parts each have their own mode. */
export function hasOwnModes(schema: FieldSchema): boolean {
  const hint = schema["x-field"];
  return (
    hint === "condition" ||
    hint === "key_value" ||
    hint === "credential" ||
    (hint === "code" && schema.type === "string") ||
    (schema.type === "object" && schema.properties !== undefined) ||
    (schema.type === "array" && schema.items?.type === "object")
  );
}

export function FixedControl(props: Props) {
  const { id, schema, value, path, onChange, label, invalid } = props;
  const language = usePreferences((preferences) => preferences.language);
  const words = useText().common;
  const hint = schema["x-field"];
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  const example = schema.examples?.[0];

  if (hint === "condition") return <ConditionField value={value} path={path} onChange={onChange} />;
  if (hint === "key_value") return <KeyValueField schema={schema} value={value} path={path} label={label} />;
  if (hint === "credential")
    return <CredentialField id={id} path={path} value={value} onChange={onChange} label={label} />;
  if (hint === "workflow") return <WorkflowField id={id} value={value} onChange={onChange} label={label} />;
  if (hint === "event_type")
    return <EventTypeField id={id} value={value} onChange={onChange} label={label} />;
  if (hint === "cron") return <CronField id={id} value={value} onChange={onChange} label={label} />;
  if (schema.type === "object" && schema.properties) {
    return (
      <div className="flex flex-col gap-3 border-s-2 border-line ps-3">
        <FieldGroup schema={schema} value={(value as JsonObject | undefined) ?? {}} path={path} />
      </div>
    );
  }
  if (type === "array")
    return <ListField schema={schema} value={value} path={path} label={label} onChange={onChange} />;
  if (hint === "code" && schema.type === "string") return <ScriptField {...props} />;
  if (hint === "code") return <JsonField id={id} value={value} onChange={onChange} label={label} />;
  if (schema.enum) {
    const labels = schema["x-labels"];
    return (
      <Select
        id={id}
        label={label}
        value={typeof value === "string" ? value : typeof schema.default === "string" ? schema.default : null}
        placeholder={words.choose}
        options={schema.enum.map((entry) => ({ value: entry, label: labels?.[entry]?.[language] ?? entry }))}
        onChange={(next) => onChange(next)}
      />
    );
  }
  if (type === "boolean") {
    return (
      <Switch
        id={id}
        label={label}
        checked={value === true || (value === undefined && schema.default === true)}
        onChange={onChange}
      />
    );
  }
  if (type === "integer" || type === "number") {
    return (
      <TextInput
        id={id}
        aria-label={id ? undefined : label}
        type="number"
        dir="ltr"
        min={schema.minimum}
        max={schema.maximum}
        aria-invalid={invalid}
        placeholder={schema.default === undefined ? undefined : String(schema.default)}
        value={typeof value === "number" ? value : ""}
        onChange={(event) => onChange(event.target.value === "" ? undefined : Number(event.target.value))}
      />
    );
  }
  const shared = {
    id,
    "aria-label": id ? undefined : label,
    "aria-invalid": invalid,
    placeholder: example === undefined ? undefined : String(example),
    value: typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value),
  };
  if (hint === "template" || hint === "html") {
    return (
      <textarea
        dir="auto"
        rows={1}
        className="field max-h-72 resize-none [field-sizing:content]"
        {...shared}
        onChange={(event) => onChange(plainOrTemplate(event.target.value))}
      />
    );
  }
  return <TextInput {...shared} onChange={(event) => onChange(plainOrTemplate(event.target.value))} />;
}

/** A script: the compiler's faults are underlined while it is written, and its value stands below. */
function ScriptField({ id, label, value, path, invalid, onChange }: Props) {
  const { problems, scope } = useForm();
  const text = typeof value === "string" ? value : "";
  const source: Source | null = text.trim() ? { kind: "script", source: text } : null;
  const evaluated = useEvaluated(source, scope);
  const mine = useMemo(() => problemsAt(problems, path), [problems, path]);
  const lint = useMemo(() => lintOf(mine, evaluated), [mine, evaluated]);
  return (
    <>
      <CodeInput
        id={id}
        label={label}
        language="rhai"
        problems={lint}
        tall
        value={text}
        invalid={invalid}
        onChange={(next) => onChange(next || undefined)}
      />
      <Preview source={source} scope={scope} evaluated={evaluated} problems={mine} />
    </>
  );
}

/** Typing `{{` says that data is meant. */
function plainOrTemplate(text: string): Json | undefined {
  if (text.includes("{{")) return { $template: text };
  return text === "" ? undefined : text;
}

/** JSON typed by hand; kept as text until it reads as JSON. */
function JsonField({
  id,
  value,
  onChange,
  label,
}: {
  id?: string;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  label: string;
}) {
  const t = useText();
  const [text, setText] = useState(value === undefined ? "" : JSON.stringify(value, null, 2));
  const [bad, setBad] = useState(false);
  return (
    <>
      <CodeInput
        id={id}
        label={label}
        language="json"
        tall
        value={text}
        invalid={bad}
        onChange={(next) => {
          setText(next);
          if (!next.trim()) {
            setBad(false);
            onChange(undefined);
            return;
          }
          try {
            onChange(JSON.parse(next) as Json);
            setBad(false);
          } catch {
            setBad(true);
          }
        }}
      />
      {bad && (
        <p role="alert" className="mt-1 text-2xs text-bad">
          {t.inspector.jsonBad}
        </p>
      )}
    </>
  );
}
