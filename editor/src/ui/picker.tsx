// A searchable list in a dialogue: adding a step, connecting, commands, finding. Typing filters,
// arrows move, Enter takes; spelling is folded for Arabic and Latin.
import { Dialog } from "@base-ui/react/dialog";
import { Search } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { useText } from "../text";
import { fold } from "../text/format";
import { cx } from "./cx";

export interface Pick {
  id: string;
  label: string;
  note?: string;
  group?: string;
  icon?: ReactNode;
  /** Further words by which it is found. */
  words?: string;
  keys?: string;
  run: () => void;
}

/** What matches, best first: beginnings before middles, labels before other words. */
export function matching(picks: Pick[], query: string): Pick[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return picks;
  const scored = picks.flatMap((pick) => {
    const label = fold(pick.label);
    const all = `${label} ${fold(`${pick.words ?? ""} ${pick.note ?? ""}`)}`;
    if (!words.every((word) => all.includes(word))) return [];
    const first = words[0] ?? "";
    const score = label.startsWith(first)
      ? 0
      : label.includes(` ${first}`)
        ? 1
        : label.includes(first)
          ? 2
          : 3;
    return [{ pick, score }];
  });
  return scored.sort((a, b) => a.score - b.score).map((entry) => entry.pick);
}

export function PickerList({ picks, onDone, hint }: { picks: Pick[]; onDone: () => void; hint: string }) {
  const t = useText();
  const listId = useId();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => matching(picks, query).slice(0, 200), [picks, query]);
  const current = Math.min(at, shown.length - 1);

  useEffect(() => {
    list.current?.querySelector(`[data-at="${current}"]`)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const take = (pick: Pick | undefined) => {
    if (!pick) return;
    onDone();
    pick.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((current + step + shown.length) % Math.max(shown.length, 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(shown[current]);
    }
  };

  return (
    <>
      <div className="flex h-12 shrink-0 items-center gap-2.5 border-b border-line px-4">
        <Search aria-hidden className="size-4 text-muted" />
        <input
          // The list was opened to type into.
          // biome-ignore lint/a11y/noAutofocus: focus belongs here the moment it opens
          autoFocus
          dir="auto"
          role="combobox"
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={shown[current] ? `${listId}-${current}` : undefined}
          aria-label={hint}
          placeholder={hint}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-full min-w-0 flex-1 bg-transparent text-sm outline-none"
        />
      </div>
      <div ref={list} id={listId} role="listbox" aria-label={hint} className="scroll min-h-0 flex-1 p-1.5">
        {shown.map((pick, index) => (
          <div key={pick.id} role="presentation">
            {!query && pick.group && pick.group !== shown[index - 1]?.group && (
              <div role="presentation" className="px-2.5 pt-2 pb-1 text-2xs font-medium text-muted">
                {pick.group}
              </div>
            )}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: keys work from the input above */}
            <div
              id={`${listId}-${index}`}
              data-at={index}
              role="option"
              tabIndex={-1}
              aria-selected={index === current}
              onPointerMove={() => setAt(index)}
              onClick={() => take(pick)}
              className={cx(
                "flex min-h-9 cursor-default items-center gap-2.5 rounded-md px-2.5 py-1",
                index === current && "bg-accent-soft",
              )}
            >
              {pick.icon}
              <span className="min-w-0 flex-1">
                <bdi className="aligned block truncate text-sm">{pick.label}</bdi>
                {pick.note && <bdi className="aligned block truncate text-2xs text-muted">{pick.note}</bdi>}
              </span>
              {pick.keys && (
                <kbd dir="ltr" className="font-sans text-2xs text-muted">
                  {pick.keys}
                </kbd>
              )}
            </div>
          </div>
        ))}
      </div>
      {shown.length === 0 && (
        <p className="px-4 pb-5 text-center text-sm text-muted">{t.common.nothingFound}</p>
      )}
    </>
  );
}

export function Picker(props: {
  open: boolean;
  onClose: () => void;
  picks: Pick[];
  title: string;
  hint: string;
}) {
  return (
    <Dialog.Root open={props.open} onOpenChange={(next) => !next && props.onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/25 dark:bg-black/50" />
        <Dialog.Popup className="fixed start-1/2 top-[12vh] z-50 flex max-h-[66vh] w-[min(94vw,560px)] -translate-x-1/2 flex-col overflow-hidden rounded-xl border border-line bg-raised shadow-pop outline-none animate-[pop_110ms_ease-out] rtl:translate-x-1/2">
          <Dialog.Title className="sr-only">{props.title}</Dialog.Title>
          <PickerList picks={props.picks} onDone={props.onClose} hint={props.hint} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
