// Why a step failed: the error, where, and what can be done about it.
import { CircleX, Lightbulb } from "lucide-react";
import type { StepFailure } from "../api/shapes";
import { type Texts, useText } from "../text";
import { Button } from "../ui/button";

function advice(error: StepFailure, t: Texts): string {
  const m = t.runs.mend;
  const code = error.code;
  if (code === "test.external_not_allowed") return m.test;
  if (code.includes("credential")) return m.credential;
  if (
    code.includes("missing") ||
    code.startsWith("expression") ||
    code.startsWith("template") ||
    code.startsWith("value.")
  )
    return m.missing;
  if (
    code.startsWith("http") ||
    code.startsWith("net") ||
    code.startsWith("email") ||
    code.includes("timeout")
  )
    return m.network;
  return m.other;
}

export function ErrorCard({
  error,
  step,
  onOpen,
}: {
  error: StepFailure;
  step: string;
  onOpen?: () => void;
}) {
  const t = useText();
  return (
    <div role="alert" className="rounded-lg border border-bad/40 bg-bad-soft p-3">
      <p className="flex items-start gap-2 text-sm">
        <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
        <span className="min-w-0">
          <bdi className="aligned block font-medium break-words">{error.message}</bdi>
          <span className="code text-2xs text-muted">
            {step} · {error.code}
          </span>
        </span>
      </p>
      <p className="mt-2 flex items-start gap-2 text-xs">
        <Lightbulb aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
        <span>
          <span className="sr-only">{t.runs.cause}: </span>
          {advice(error, t)}
        </span>
      </p>
      {onOpen && (
        <Button size="sm" className="mt-2" onClick={onOpen}>
          {t.canvas.node.open}
        </Button>
      )}
    </div>
  );
}
