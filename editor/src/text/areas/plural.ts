// Counted nouns. Arabic has six forms; English two.
import { number } from "../format";

const arabic = new Intl.PluralRules("ar");

export interface ArabicForms {
  zero: string;
  one: string;
  two: string;
  few: string;
  many: string;
  other: string;
}

export const en = (one: string, many: string) => (count: number) =>
  `${number(count)} ${count === 1 ? one : many}`;

/** Forms where `#` stands for the number. */
export const ar = (forms: ArabicForms) => (count: number) =>
  forms[arabic.select(count)].replace("#", number(count));
