// A code field. The editor behind it is heavy and comes when first needed; until then, and should it
// fail to load, a plain text area does the same work.
import { lazy, Suspense } from "react";
import { cx } from "../../ui/cx";

export interface CodeInputProps {
  id?: string;
  label: string;
  language: "rhai" | "template" | "json";
  value: string;
  tall?: boolean;
  invalid?: boolean;
  /** What the server's compiler says about this text. */
  problems?: {
    line?: number;
    column?: number;
    fragment?: string;
    severity: "error" | "warning";
    message: string;
  }[];
  onChange: (value: string) => void;
  /** Hands out a way to write at the cursor, each time the field takes the focus. */
  onInsert?: (insert: (text: string) => void) => void;
}

const Editor = lazy(() => import("./code-mirror").then((module) => ({ default: module.CodeMirrorInput })));

export function CodeInput(props: CodeInputProps) {
  return (
    <Suspense fallback={<Plain {...props} />}>
      <Editor {...props} />
    </Suspense>
  );
}

function Plain({ id, label, value, tall, invalid, onChange, language }: CodeInputProps) {
  return (
    <textarea
      id={id}
      dir={language === "template" ? "auto" : "ltr"}
      aria-label={label}
      aria-invalid={invalid}
      rows={tall ? 5 : 1}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className={cx("field resize-y font-mono text-xs", !tall && "min-h-8")}
    />
  );
}
