// What can be written at the cursor: paths of the data at hand with their values, and the helper
// functions with their documentation.
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useContext } from "react";
import { functionsQuery } from "../../api/queries";
import type { HelperFunction, Json } from "../../api/shapes";
import { readPath, type Scope } from "../../graph/references";
import { usePreferences } from "../../text/preferences";
import { useSources } from "../data-pane";
import { FormContext } from "../form/form-context";

type Language = "rhai" | "template" | "json";

function brief(value: Json): string {
  if (Array.isArray(value)) return `[${value.length}]`;
  if (typeof value === "object" && value !== null) return "{…}";
  return String(value).slice(0, 40);
}

export function useCompletion(language: Language): (context: CompletionContext) => CompletionResult | null {
  const form = useContext(FormContext);
  const sources = useSources(form?.node ?? nowhere);
  const functions = useQuery({ ...functionsQuery, enabled: language !== "json" }).data;
  const spoken = usePreferences((preferences) => preferences.language);

  return useCallback(
    (context) => {
      if (language === "json") return null;
      if (language === "template") {
        const before = context.state.sliceDoc(Math.max(0, context.pos - 200), context.pos);
        if (before.lastIndexOf("{{") <= before.lastIndexOf("}}")) return null;
      }
      const scope = scopeOf(sources);
      const path = context.matchBefore(/[A-Za-z_][\w.[\]]*\.?\w*$/);
      const text = path?.text ?? "";
      const dot = text.lastIndexOf(".");
      if (dot > 0) {
        const read = readPath(text.slice(0, dot), scope);
        if (!read.found || typeof read.value !== "object" || read.value === null || Array.isArray(read.value))
          return null;
        return {
          from: context.pos - (text.length - dot - 1),
          options: fields(read.value),
          validFor: /^\w*$/,
        };
      }
      if (!path && !context.explicit && language === "rhai") return null;
      return {
        from: context.pos - text.length,
        options: [...fields(scope), ...(functions ?? []).map((helper) => asOption(helper, spoken))],
        validFor: /^\w*$/,
      };
    },
    [language, sources, functions, spoken],
  );
}

const nowhere = { id: "", key: "", type: "", position: { x: 0, y: 0 } };

function scopeOf(sources: { name: string; path: string; value: Json }[]): Scope {
  const steps: { [name: string]: Json } = {};
  const scope: Scope = {};
  for (const source of sources) {
    if (source.path.startsWith("steps.")) steps[source.name] = source.value;
    else scope[source.name] = source.value;
  }
  return { ...scope, steps };
}

function fields(value: { [name: string]: Json }): Completion[] {
  return Object.entries(value)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
    .map(([name, inner]) => ({ label: name, detail: brief(inner), type: "property", boost: 2 }));
}

function asOption(helper: HelperFunction, spoken: "en" | "ar"): Completion {
  return {
    label: helper.name,
    apply: `${helper.name}(`,
    detail: helper.signature.slice(helper.name.length),
    type: "function",
    info: () => {
      const box = document.createElement("div");
      box.dir = spoken === "ar" ? "rtl" : "ltr";
      box.textContent = helper[spoken];
      const example = helper.examples[0];
      if (example) {
        const code = document.createElement("pre");
        code.dir = "ltr";
        code.style.whiteSpace = "pre-wrap";
        code.textContent = `${example.expression}\n→ ${example.result}`;
        box.append(code);
      }
      return box;
    },
  };
}
