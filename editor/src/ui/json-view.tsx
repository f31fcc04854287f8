// JSON as text, cut where it would slow the page down.
import { useMemo } from "react";
import type { Json } from "../api/shapes";
import { useText } from "../text";
import { cx } from "./cx";

const MOST = 60_000;

export function JsonView({ value, className }: { value: Json | undefined; className?: string }) {
  const t = useText();
  const text = useMemo(() => JSON.stringify(value ?? null, null, 2), [value]);
  return (
    <>
      {/* Scrolls by keyboard, so it takes the focus. */}
      <pre
        tabIndex={0}
        className={cx(
          "code scroll rounded-md bg-sunken p-3 text-2xs leading-relaxed break-words whitespace-pre-wrap",
          className,
        )}
      >
        {text.slice(0, MOST)}
      </pre>
      {text.length > MOST && <p className="mt-1 text-2xs text-muted">{t.inspector.io.large}</p>}
    </>
  );
}
