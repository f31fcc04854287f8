// The form of a step, made from its type's JSON Schema: what is needed first, the rest on demand.
import { ChevronRight, Copy } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useCatalogue } from "../../api/catalogue";
import type { FieldSchema, FileNode, Json, JsonObject } from "../../api/shapes";
import { useEditor } from "../../canvas/editor-state";
import { useProblems } from "../../canvas/problems-store";
import { useSpoken, useText } from "../../text";
import { IconButton } from "../../ui/button";
import { cx } from "../../ui/cx";
import { tellError, toast } from "../../ui/toast";
import { useLoopItem } from "../data-pane";
import { useRunData } from "../sample";
import { Field } from "./field";
import { FormContext, type FormValues } from "./form-context";

export function NodeForm({ node }: { node: FileNode }) {
  const t = useText();
  const spoken = useSpoken();
  const manifest = useCatalogue().get(node.type);
  const list = useProblems((state) => state.list);
  const data = useRunData();
  const problems = useMemo(() => list.filter((problem) => problem.node === node.key), [list, node.key]);
  const item = useLoopItem(node.id);
  const scope = useMemo(() => {
    const seen = data?.scope(node.id);
    return seen ? { ...seen, ...(item === undefined ? {} : { item, index: 0 }) } : null;
  }, [data, node.id, item]);
  const box = useRef<HTMLDivElement>(null);
  useAim(node, box);

  if (!manifest) {
    return (
      <div className="p-4 text-sm">
        <p>{t.canvas.node.unknown}</p>
        <pre className="code mt-3 rounded-md bg-sunken p-3 text-2xs whitespace-pre-wrap">
          {JSON.stringify(node.parameters, null, 2)}
        </pre>
      </div>
    );
  }
  const form: FormValues = { node, manifest, scope, problems, fixedOnly: manifest.role === "trigger" };
  const general = problems.filter(
    (problem) =>
      !problem.field || !(problem.field.split(".")[0] ?? "" in (manifest.parameters.properties ?? {})),
  );
  return (
    <FormContext.Provider value={form}>
      <div ref={box} data-form className="flex flex-col gap-4 p-4">
        <p className="text-xs text-muted">{spoken(manifest.texts).summary}</p>
        {general.map((problem) => (
          <p
            key={problem.code + problem.field}
            role="alert"
            className="rounded-md bg-bad-soft px-2.5 py-1.5 text-2xs text-bad"
          >
            <bdi lang="en">{problem.message}</bdi>
          </p>
        ))}
        {node.type === "trigger.webhook" && <HookAddress path={node.parameters?.path} />}
        <FieldGroup schema={manifest.parameters} value={node.parameters ?? {}} path={[]} />
      </div>
    </FormContext.Provider>
  );
}

/** Where callers reach the webhook. */
function HookAddress({ path }: { path: Json | undefined }) {
  const t = useText();
  if (typeof path !== "string" || !path) return null;
  const address = `${window.location.origin}/hooks/main/${path}`;
  return (
    <div className="flex items-center gap-2 rounded-md bg-sunken py-1 ps-2.5 pe-1">
      <span className="code min-w-0 flex-1 text-2xs break-all">{address}</span>
      <IconButton
        icon={Copy}
        size="sm"
        label={t.common.copy}
        onClick={() =>
          void navigator.clipboard.writeText(address).then(() => toast(t.common.copied), tellError)
        }
      />
    </div>
  );
}

/** Scrolls to the field that a problem points at and puts the focus there. */
function useAim(node: FileNode, box: React.RefObject<HTMLDivElement | null>): void {
  const aimed = useEditor((state) => state.aimed);
  useEffect(() => {
    if (aimed?.node !== node.key) return;
    const timer = setTimeout(() => {
      const parts = aimed.field.split(".");
      for (let length = parts.length; length > 0; length -= 1) {
        const field = box.current?.querySelector<HTMLElement>(
          `[data-path="${CSS.escape(parts.slice(0, length).join("."))}"]`,
        );
        if (!field) continue;
        field.scrollIntoView({ block: "center" });
        field.querySelector<HTMLElement>("input, textarea, [contenteditable], button")?.focus();
        break;
      }
      useEditor.setState({ aimed: null });
    }, 60);
    return () => clearTimeout(timer);
  }, [aimed, node.key, box]);
}

function shown(schema: FieldSchema, holder: JsonObject, all: Record<string, FieldSchema>): boolean {
  return Object.entries(schema["x-shown-if"] ?? {}).every(([name, values]) =>
    values.includes(holder[name] ?? all[name]?.default ?? null),
  );
}

/** The fields of an object: needed and set ones, then the rest behind a button. */
export function FieldGroup({
  schema,
  value,
  path,
}: {
  schema: FieldSchema;
  value: JsonObject;
  path: (string | number)[];
}) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const properties = schema.properties ?? {};
  const names = Object.keys(properties)
    .filter((name) => shown(properties[name] ?? {}, value, properties))
    .sort((a, b) => (properties[a]?.["x-order"] ?? 99) - (properties[b]?.["x-order"] ?? 99));
  const required = new Set(schema.required ?? []);
  // A type without any mandatory field shows its first two.
  const front = names.filter(
    (name, index) =>
      required.has(name) ||
      name in value ||
      (properties[name]?.default !== undefined && index < 2) ||
      (required.size === 0 && index < 2),
  );
  const rest = names.filter((name) => !front.includes(name));
  if (names.length === 0) return <p className="text-xs text-muted">{t.inspector.noParameters}</p>;
  const field = (name: string) => (
    <Field
      key={name}
      schema={properties[name] ?? {}}
      name={name}
      value={value[name]}
      path={[...path, name]}
      required={required.has(name)}
    />
  );
  return (
    <>
      {front.map(field)}
      {rest.length > 0 && (
        <div>
          <button
            type="button"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className="flex min-h-7 items-center gap-1 text-xs text-muted hover:text-ink"
          >
            <ChevronRight aria-hidden className={cx("size-3.5", open ? "rotate-90" : "mirror")} />
            {t.inspector.moreOptions}
          </button>
          {open && <div className="mt-2 flex flex-col gap-4">{rest.map(field)}</div>}
        </div>
      )}
    </>
  );
}
