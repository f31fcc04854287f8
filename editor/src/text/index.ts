// The one place of every text that the editor says: English and Arabic side by side, so that
// neither can be forgotten. `useText()` gives them in the reader's language.
import { canvas } from "./areas/canvas";
import { common } from "./areas/common";
import { crm } from "./areas/crm";
import { inspector } from "./areas/inspector";
import { pages } from "./areas/pages";
import { runs } from "./areas/runs";
import { type Language, usePreferences } from "./preferences";

type Pair = readonly [unknown, unknown];
type In<T> = T extends readonly [infer E, infer _A]
  ? E extends string
    ? string
    : E
  : { [K in keyof T]: In<T[K]> };

const areas = { common, canvas, inspector, runs, pages, crm };
export type Texts = In<typeof areas>;

function pick(value: unknown, index: 0 | 1): unknown {
  if (Array.isArray(value)) return (value as unknown as Pair)[index];
  return Object.fromEntries(
    Object.entries(value as object).map(([name, inner]) => [name, pick(inner, index)]),
  );
}

const spoken: Record<Language, Texts> = {
  en: pick(areas, 0) as Texts,
  ar: pick(areas, 1) as Texts,
};

/** The texts of one language, for tests. */
export function textsOf(language: Language): Texts {
  return spoken[language];
}

export function useText(): Texts {
  return spoken[usePreferences((preferences) => preferences.language)];
}

/** For code outside components: announcements, labels of undo steps. */
export function text(): Texts {
  return spoken[usePreferences.getState().language];
}

/** The one of two texts that the server sent. */
export function useSpoken(): <T>(texts: { en: T; ar: T }) => T {
  const language = usePreferences((preferences) => preferences.language);
  return (texts) => texts[language];
}
