// The palette: every node type, found by words of both languages, dragged, clicked or typed in.
import { Search, Star } from "lucide-react";
import { useMemo, useState } from "react";
import { useCatalogue } from "../api/catalogue";
import type { Manifest } from "../api/shapes";
import { CATEGORIES, categoryOf } from "../graph/catalogue";
import { useSpoken, useText } from "../text";
import { fold } from "../text/format";
import { usePreferences } from "../text/preferences";
import { cx } from "../ui/cx";
import { NamedIcon } from "../ui/icon";
import { TextInput } from "../ui/page";
import * as actions from "./actions";
import { DRAG_TYPE } from "./flow-canvas";

export function wordsOf(manifest: Manifest): string {
  const { en, ar } = manifest.texts;
  return [en.name, ar.name, en.summary, ar.summary, manifest.type, ...manifest.search].join(" ");
}

export function Palette() {
  const t = useText();
  const catalogue = useCatalogue();
  const favourites = usePreferences((preferences) => preferences.favourites);
  const [query, setQuery] = useState("");
  const found = useMemo(() => {
    const words = fold(query).split(/\s+/).filter(Boolean);
    return [...catalogue.values()].filter((manifest) => {
      const text = fold(wordsOf(manifest));
      return words.every((word) => text.includes(word));
    });
  }, [catalogue, query]);
  const groups = [
    {
      id: "favourites",
      label: t.canvas.palette.favourites,
      list: found.filter((one) => favourites.includes(one.type)),
    },
    ...CATEGORIES.map((category) => ({
      id: category,
      label: t.canvas.palette.category[category],
      list: found.filter((one) => categoryOf(one.type) === category),
    })),
  ].filter((group) => group.list.length > 0);

  return (
    <>
      <div className="relative px-3 pb-2">
        <Search aria-hidden className="pointer-events-none absolute start-5.5 top-2 size-4 text-muted" />
        <TextInput
          type="search"
          aria-label={t.canvas.palette.search}
          placeholder={t.canvas.palette.search}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            const only = found[0];
            if (event.key === "Enter" && only) actions.add(catalogue, only.type, {});
          }}
          className="ps-8"
        />
      </div>
      <div className="scroll min-h-0 flex-1 px-2 pb-4">
        {groups.map((group) => (
          <section key={group.id}>
            <h3 className="px-2 pt-2.5 pb-1 text-2xs font-medium text-muted">{group.label}</h3>
            <ul>
              {group.list.map((manifest) => (
                <Entry
                  key={manifest.type}
                  manifest={manifest}
                  favourite={favourites.includes(manifest.type)}
                />
              ))}
            </ul>
          </section>
        ))}
        {groups.length === 0 && (
          <p className="px-2 py-6 text-center text-sm text-muted">{t.common.nothingFound}</p>
        )}
      </div>
    </>
  );
}

function Entry({ manifest, favourite }: { manifest: Manifest; favourite: boolean }) {
  const t = useText();
  const spoken = useSpoken();
  const catalogue = useCatalogue();
  const { favourites, set } = usePreferences();
  const { name, summary } = spoken(manifest.texts);
  const colour = `var(--cat-${categoryOf(manifest.type)})`;
  return (
    <li className="group flex items-center rounded-lg hover:bg-ink/5">
      <button
        type="button"
        draggable
        title={summary}
        onDragStart={(event) => {
          event.dataTransfer.setData(DRAG_TYPE, manifest.type);
          event.dataTransfer.effectAllowed = "copy";
        }}
        onClick={() => actions.add(catalogue, manifest.type, {})}
        className="flex min-h-9 min-w-0 flex-1 cursor-grab items-center gap-2.5 rounded-lg px-2 text-start active:cursor-grabbing"
      >
        <span
          className="grid size-7 shrink-0 place-items-center rounded-md"
          style={{ color: colour, background: `color-mix(in srgb, ${colour} 13%, transparent)` }}
        >
          <NamedIcon name={manifest.icon} className="size-4" />
        </span>
        <span className="truncate text-sm">{name}</span>
      </button>
      <button
        type="button"
        aria-label={`${favourite ? t.canvas.palette.unfavourite : t.canvas.palette.favourite}: ${name}`}
        aria-pressed={favourite}
        onClick={() =>
          set({
            favourites: favourite
              ? favourites.filter((type) => type !== manifest.type)
              : [...favourites, manifest.type],
          })
        }
        className={cx(
          "me-1 grid size-6 shrink-0 place-items-center rounded-md text-muted hover:text-warn",
          favourite ? "text-warn" : "opacity-0 group-hover:opacity-100 focus-visible:opacity-100",
        )}
      >
        <Star aria-hidden className="size-3.5" fill={favourite ? "currentColor" : "none"} />
      </button>
    </li>
  );
}
