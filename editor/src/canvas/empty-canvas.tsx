// What an empty canvas says: begin with a trigger.
import { useCatalogue } from "../api/catalogue";
import { categoryOf } from "../graph/catalogue";
import { useSpoken, useText } from "../text";
import { NamedIcon } from "../ui/icon";
import * as actions from "./actions";

const first = ["trigger.event", "trigger.webhook", "trigger.message", "trigger.schedule", "trigger.manual"];

export function EmptyCanvas() {
  const t = useText();
  const spoken = useSpoken();
  const catalogue = useCatalogue();
  return (
    <div className="pointer-events-none absolute inset-0 grid place-items-center p-6 pb-24">
      <div className="pointer-events-auto w-full max-w-md rounded-xl border border-line bg-surface p-6 shadow-card">
        <h2 className="text-base font-semibold">{t.canvas.empty.title}</h2>
        <p className="mt-1 text-sm text-muted">{t.canvas.empty.text}</p>
        <ul className="mt-4 flex flex-col gap-1">
          {first.flatMap((type) => {
            const manifest = catalogue.get(type);
            if (!manifest) return [];
            const colour = `var(--cat-${categoryOf(type)})`;
            return (
              <li key={type}>
                <button
                  type="button"
                  onClick={() => actions.add(catalogue, type, {})}
                  className="flex w-full items-center gap-3 rounded-lg px-2 py-1.5 text-start hover:bg-accent-soft"
                >
                  <span
                    className="grid size-8 shrink-0 place-items-center rounded-lg"
                    style={{ color: colour, background: `color-mix(in srgb, ${colour} 13%, transparent)` }}
                  >
                    <NamedIcon name={manifest.icon} className="size-4" />
                  </span>
                  <span className="min-w-0">
                    <span className="block text-sm font-medium">{spoken(manifest.texts).name}</span>
                    <span className="block truncate text-2xs text-muted">
                      {spoken(manifest.texts).summary}
                    </span>
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
