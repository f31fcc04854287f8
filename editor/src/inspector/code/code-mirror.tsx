// CodeMirror 6 as a field: colours, brackets, completion from the data at hand and the helper
// functions. Loaded on first use.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Text } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import { cx } from "../../ui/cx";
import type { CodeInputProps } from "./code-input";
import { useCompletion } from "./completion";
import { rhai, template } from "./languages";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--cat-flow)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--cat-trigger)" },
  { tag: tags.comment, color: "var(--muted)" },
  { tag: tags.propertyName, color: "var(--cat-data)" },
  { tag: tags.function(tags.variableName), color: "var(--cat-connect)" },
  { tag: tags.special(tags.string), color: "var(--cat-data)", fontWeight: "500" },
  { tag: tags.bracket, color: "var(--muted)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "0.8rem", background: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-content": { fontFamily: "var(--font-mono, monospace)", padding: "3px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 2px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 28%, transparent) !important",
  },
  ".cm-placeholder": { color: "var(--muted)" },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "8px",
    background: "var(--raised)",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent-soft)", color: "var(--ink)" },
  ".cm-completionInfo": {
    background: "var(--raised)",
    padding: "8px 10px",
    maxWidth: "280px",
    fontFamily: "var(--font-sans, sans-serif)",
  },
});

export function CodeMirrorInput(props: CodeInputProps) {
  const { id, label, language, value, tall, invalid, problems, onChange, onInsert } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const complete = useCompletion(language);
  // Always the latest callbacks, without building the editor anew.
  const calls = useRef({ onChange, onInsert, complete });
  calls.current = { onChange, onInsert, complete };

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once for a language; values are brought in below
  useEffect(() => {
    if (!host.current) return;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          history(),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          closeBrackets(),
          bracketMatching(),
          indentOnInput(),
          EditorView.lineWrapping,
          language === "json" ? json() : language === "template" ? template : rhai,
          language === "json"
            ? []
            : autocompletion({ override: [(context) => calls.current.complete(context)], icons: false }),
          syntaxHighlighting(colours),
          // Prose takes the direction of each line; code reads from the left.
          language === "template" ? EditorView.perLineTextDirection.of(true) : [],
          EditorView.contentAttributes.of({
            "aria-label": label,
            ...(id ? { id } : {}),
            ...(language === "template" ? { dir: "auto" } : {}),
          }),
          language === "rhai" && !tall ? placeholder("trigger.…") : [],
          EditorView.updateListener.of((update) => {
            if (update.docChanged) calls.current.onChange(update.state.doc.toString());
            if (update.focusChanged && update.view.hasFocus) {
              calls.current.onInsert?.((text) => {
                const { from, to } = update.view.state.selection.main;
                update.view.dispatch({
                  changes: { from, to, insert: text },
                  selection: { anchor: from + text.length },
                });
                update.view.focus();
              });
            }
          }),
          look,
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [language]);

  useEffect(() => {
    const current = view.current;
    if (!current) return;
    const text = current.state.doc.toString();
    if (text !== value) current.dispatch({ changes: { from: 0, to: text.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const current = view.current;
    if (!current) return;
    current.dispatch(
      setDiagnostics(
        current.state,
        (problems ?? []).map((problem) => diagnostic(current.state.doc, problem)),
      ),
    );
  }, [problems]);

  return (
    <div
      ref={host}
      dir="ltr"
      data-code={language}
      aria-invalid={invalid}
      className={cx(
        "field overflow-hidden",
        tall ? "[&_.cm-editor]:max-h-80 [&_.cm-content]:min-h-24" : "[&_.cm-editor]:max-h-40",
      )}
    />
  );
}

/** Where in the text a problem is: its line and column, else the whole. */
function diagnostic(text: Text, problem: NonNullable<CodeInputProps["problems"]>[number]): Diagnostic {
  const { severity, message } = problem;
  // Scripts tell the place in words only.
  const told = /^line (\d+), column (\d+)/.exec(message);
  const row = problem.line ?? Number(told?.[1] ?? 0);
  const column = problem.column ?? Number(told?.[2] ?? 1);
  if (row < 1 || row > text.lines) return { from: 0, to: text.length, severity, message };
  const line = text.line(row);
  const from = Math.min(line.from + Math.max(column - 1, 0), line.to);
  const to = Math.min(from + (problem.fragment?.length || 1), line.to);
  return from < to ? { from, to, severity, message } : { from: line.from, to: line.to, severity, message };
}
