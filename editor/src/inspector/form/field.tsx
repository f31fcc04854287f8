// One field: its label, how its value is given, the control, a preview on real data, its problems.
import { Braces, Quote, Type } from "lucide-react";
import { useId, useMemo, useState } from "react";
import type { FieldSchema, Json } from "../../api/shapes";
import { useText } from "../../text";
import { usePreferences } from "../../text/preferences";
import { problemWords } from "../../text/problems";
import { Segments } from "../../ui/choice";
import { cx } from "../../ui/cx";
import { CodeInput } from "../code/code-input";
import { type Source, useEvaluated } from "../evaluate";
import { inMode, type Mode, modeOf, PATH_TYPE, textOf, useMapping, withPath } from "../mapping";
import { FixedControl, hasOwnModes } from "./fixed-control";
import { changeField, type FieldPath, problemsAt, useForm } from "./form-context";
import { lintOf, Preview } from "./preview";

export function useFieldText(schema: FieldSchema, name: string): { label: string; help: string } {
  const language = usePreferences((preferences) => preferences.language);
  if (language === "ar") {
    return {
      label: schema["x-ar-title"] ?? schema.title ?? name,
      help: schema["x-ar-description"] ?? schema.description ?? "",
    };
  }
  return { label: schema.title ?? name, help: schema.description ?? "" };
}

interface Props {
  schema: FieldSchema;
  name: string;
  value: Json | undefined;
  path: FieldPath;
  required?: boolean;
}

export function Field({ schema, name, value, path, required }: Props) {
  const t = useText();
  const { node, problems } = useForm();
  const { label, help } = useFieldText(schema, name);
  const id = useId();
  const change = (next: Json | undefined) => changeField(node, path, next, label);
  const mine = problemsAt(problems, path);
  const plain = hasOwnModes(schema);
  return (
    <div data-path={path.join(".")} className="flex flex-col gap-1">
      <div className="flex min-h-6 items-center gap-2">
        <label htmlFor={id} className="min-w-0 flex-1 text-xs font-medium">
          {label}
          {required && (
            <span className="text-bad" title={t.common.required}>
              {" "}
              *
            </span>
          )}
        </label>
        {!plain && <ModeSwitch schema={schema} value={value} onChange={change} />}
      </div>
      <ValueInput
        id={id}
        schema={schema}
        value={value}
        path={path}
        onChange={change}
        label={label}
        invalid={mine.length > 0}
      />
      <FieldProblems path={path} />
      {help && mine.length === 0 && <p className="text-2xs text-muted">{help}</p>}
    </div>
  );
}

export function FieldProblems({ path }: { path: FieldPath }) {
  const { problems } = useForm();
  const language = usePreferences((preferences) => preferences.language);
  return problemsAt(problems, path).map((problem) => (
    <p
      key={problem.code + problem.message}
      role="alert"
      className={cx("text-2xs", problem.severity === "error" ? "text-bad" : "text-warn")}
    >
      {problemWords(problem.code, language) ?? <bdi lang="en">{problem.message}</bdi>}
      {problem.line !== undefined && (
        <bdi className="code">
          {" "}
          {problem.line}:{problem.column}
        </bdi>
      )}
      {problem.hint && (
        <bdi lang="en" className="block text-muted">
          {problem.hint}
        </bdi>
      )}
    </p>
  ));
}

function wantsText(schema: FieldSchema): boolean {
  const type = schema.type;
  return type === undefined || type === "string" || (Array.isArray(type) && type.includes("string"));
}

export function ModeSwitch({
  schema,
  value,
  onChange,
}: {
  schema: FieldSchema;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
}) {
  const t = useText().inspector.mode;
  const { fixedOnly } = useForm();
  if (fixedOnly) return null;
  const modes = [
    { value: "fixed" as Mode, label: t.fixed, icon: Type, hint: `${t.fixed}: ${t.fixedHint}` },
    { value: "expr" as Mode, label: t.expr, icon: Braces, hint: `${t.expr}: ${t.exprHint}` },
    ...(wantsText(schema) && !schema.enum
      ? [
          {
            value: "template" as Mode,
            label: t.template,
            icon: Quote,
            hint: `${t.template}: ${t.templateHint}`,
          },
        ]
      : []),
  ];
  return (
    <Segments
      small
      label={t.label}
      value={modeOf(value)}
      options={modes}
      onChange={(mode) => onChange(inMode(value, mode))}
    />
  );
}

/** What the server evaluates for a value; nothing for one that is fixed or still empty. */
function sourceOf(value: Json | undefined, schema: FieldSchema): Source | null {
  const mode = modeOf(value);
  const source = textOf(value);
  if (mode === "fixed" || !source.trim()) return null;
  if (mode === "expr") return { kind: "expr", source };
  return { kind: "template", source, ...(schema["x-field"] === "html" ? { escape: "html" } : {}) };
}

/** The control for a value in whatever way it is given; takes dropped and clicked paths. */
export function ValueInput(props: {
  id?: string;
  schema: FieldSchema;
  value: Json | undefined;
  path: FieldPath;
  onChange: (value: Json | undefined) => void;
  label: string;
  invalid?: boolean;
}) {
  const { schema, value, onChange } = props;
  const { scope, fixedOnly, problems } = useForm();
  const mine = useMemo(() => problemsAt(problems, props.path), [problems, props.path]);
  const [over, setOver] = useState(false);
  const mode = modeOf(value);
  const take = (path: string) => onChange(withPath(value, path, wantsText(schema)));
  const mappable = !fixedOnly && !hasOwnModes(schema);
  const source = sourceOf(value, schema);
  const evaluated = useEvaluated(source, scope);
  const lint = useMemo(() => lintOf(mine, evaluated), [mine, evaluated]);
  return (
    // Dropping has a twin: a click on the data while the field is in use.
    // biome-ignore lint/a11y/noStaticElementInteractions: only a drop target
    <div
      className={cx("rounded-md", over && "outline-2 outline-offset-2 outline-accent")}
      onFocus={mappable ? () => useMapping.setState({ insert: take }) : undefined}
      onDragOver={(event) => {
        if (!mappable || !event.dataTransfer.types.includes(PATH_TYPE)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const path = event.dataTransfer.getData(PATH_TYPE);
        if (!mappable || !path) return;
        event.preventDefault();
        event.stopPropagation();
        take(path);
      }}
    >
      {mode === "fixed" ? (
        <FixedControl {...props} />
      ) : (
        <>
          <CodeInput
            id={props.id}
            label={props.label}
            language={mode === "expr" ? "rhai" : "template"}
            value={textOf(value)}
            tall={mode === "template" && (schema["x-field"] === "template" || schema["x-field"] === "html")}
            invalid={props.invalid}
            problems={lint}
            onChange={(text) => onChange(mode === "expr" ? { $expr: text } : { $template: text })}
            onInsert={(insert) =>
              useMapping.setState({ insert: (path) => insert(mode === "expr" ? path : `{{${path}}}`) })
            }
          />
          <Preview source={source} scope={scope} evaluated={evaluated} problems={mine} />
        </>
      )}
    </div>
  );
}
