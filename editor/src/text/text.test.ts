// Both languages say everything, and say it in their own way.
import { describe, expect, it } from "vitest";
import { textsOf } from ".";
import { fold } from "./format";

function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, `${path}.${name}`));
}

describe("texts", () => {
  it("are Arabic in Arabic and Latin in English", () => {
    const names = new Set([".inspector.io.json"]);
    for (const [path, value] of leaves(textsOf("ar"))) {
      if (typeof value === "string" && !names.has(path)) expect(value, path).toMatch(/[\u0600-\u06ff]/);
    }
    for (const [path, value] of leaves(textsOf("en"))) {
      if (typeof value === "string") expect(value, path).not.toMatch(/[\u0621-\u064a]/);
    }
  });

  it("count as Arabic counts", () => {
    const { steps } = textsOf("ar").common.count;
    expect([0, 1, 2, 3, 11, 100].map(steps)).toEqual([
      "لا خطوات",
      "خطوة واحدة",
      "خطوتان",
      "3 خطوات",
      "11 خطوة",
      "100 خطوة",
    ]);
  });

  it("find words however they are spelt", () => {
    expect(fold("إِنشاء سجلّ")).toBe(fold("انشاء سجل"));
    expect(fold("Élan_one")).toBe("elan one");
    expect(fold("فاطمة")).toBe(fold("فاطمه"));
  });
});
