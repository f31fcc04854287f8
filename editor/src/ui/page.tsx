// The furniture of every page: header, empty state, error, state marks, a labelled field.
import { CircleAlert, type LucideIcon } from "lucide-react";
import { type ComponentProps, type ReactNode, useId } from "react";
import { ApiError } from "../api/client";
import { useText } from "../text";
import { Button } from "./button";
import { cx } from "./cx";

export function Page({ children, wide }: { children: ReactNode; wide?: boolean }) {
  return (
    <div className="scroll h-full">
      <div
        className={cx("mx-auto flex flex-col gap-5 px-4 py-6 sm:px-8", wide ? "max-w-[1500px]" : "max-w-5xl")}
      >
        {children}
      </div>
    </div>
  );
}

export function PageHeader({
  title,
  lead,
  children,
}: {
  title: ReactNode;
  lead?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-3">
      <div className="min-w-0 flex-1">
        <h1 className="text-xl font-semibold">{title}</h1>
        {lead && <p className="mt-0.5 max-w-2xl text-sm text-muted">{lead}</p>}
      </div>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </header>
  );
}

export function Empty(props: { icon: LucideIcon; title: string; text?: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 rounded-xl border border-dashed border-line-strong px-6 py-12 text-center">
      <props.icon aria-hidden className="size-7 text-muted" strokeWidth={1.5} />
      <p className="font-medium">{props.title}</p>
      {props.text && <p className="max-w-md text-sm text-muted">{props.text}</p>}
      {props.children && <div className="mt-2 flex gap-2">{props.children}</div>}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useText();
  const code = error instanceof ApiError ? error.code : "";
  return (
    <div role="alert" className="flex items-start gap-3 rounded-lg border border-bad/40 bg-bad-soft p-4">
      <CircleAlert aria-hidden className="mt-0.5 size-5 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{t.common.error.title}</p>
        <p dir="auto" className="text-sm break-words">
          {code === "network"
            ? t.common.error.network
            : error instanceof Error
              ? error.message
              : String(error)}
        </p>
        {code && <p className="mt-1 text-2xs text-muted code">{code}</p>}
      </div>
      {retry && <Button onClick={retry}>{t.common.retry}</Button>}
    </div>
  );
}

export function Loading() {
  const t = useText();
  return (
    <div className="flex flex-col gap-2" role="status" aria-label={t.common.loading}>
      {[70, 92, 84].map((width) => (
        <div key={width} className="pulse h-10 rounded-lg bg-ink/6" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

export type Tone = "good" | "bad" | "warn" | "busy" | "quiet" | "accent";

const tones: Record<Tone, string> = {
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  busy: "bg-busy-soft text-busy",
  quiet: "bg-ink/7 text-muted",
  accent: "bg-accent-soft text-accent-ink",
};

export function Mark({
  tone = "quiet",
  icon: Icon,
  children,
}: {
  tone?: Tone;
  icon?: LucideIcon;
  children: ReactNode;
}) {
  return (
    <span
      className={cx(
        "inline-flex h-[1.4rem] shrink-0 items-center gap-1 rounded-full px-2 text-2xs font-medium whitespace-nowrap",
        tones[tone],
      )}
    >
      {Icon && <Icon aria-hidden className="size-3.5" />}
      {children}
    </span>
  );
}

/** A label over a control; the control gets the id. */
export function Labelled(props: {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  aside?: ReactNode;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <div className="flex min-h-6 items-center gap-2">
        <label htmlFor={id} className="min-w-0 flex-1 text-xs font-medium">
          {props.label}
        </label>
        {props.aside}
      </div>
      {props.children(id)}
      {props.error && (
        <p role="alert" className="text-2xs text-bad">
          {props.error}
        </p>
      )}
      {props.hint && <p className="text-2xs text-muted">{props.hint}</p>}
    </div>
  );
}

export function TextInput({ className, ...rest }: ComponentProps<"input">) {
  return (
    <input dir="auto" autoComplete="off" spellCheck={false} className={cx("field", className)} {...rest} />
  );
}

export function Card({ className, ...rest }: ComponentProps<"section">) {
  return <section className={cx("rounded-xl border border-line bg-surface", className)} {...rest} />;
}

export function Th({ children, className }: { children?: ReactNode; className?: string }) {
  return (
    <th scope="col" className={cx("px-3 py-2 text-start text-2xs font-medium text-muted", className)}>
      {children}
    </th>
  );
}

export function Td({ children, className }: { children?: ReactNode; className?: string }) {
  return <td className={cx("px-3 py-2 align-middle", className)}>{children}</td>;
}
