// What every field of a form needs to know: whose it is, what data there is, how to change it.
import { createContext, useContext } from "react";
import type { FileNode, Json, Manifest, Problem } from "../../api/shapes";
import { setParameter } from "../../graph/commands";
import { edit } from "../../graph/draft";
import type { Scope } from "../../graph/references";
import { text } from "../../text";

export type FieldPath = (string | number)[];

export interface FormValues {
  node: FileNode;
  manifest: Manifest;
  /** Real data for previews; null before the first run. */
  scope: Scope | null;
  problems: Problem[];
  /** Triggers are read before there is any data, so their values are fixed. */
  fixedOnly: boolean;
}

export const FormContext = createContext<FormValues | null>(null);

export function useForm(): FormValues {
  const form = useContext(FormContext);
  if (!form) throw new Error("a field stands outside a form");
  return form;
}

export function changeField(node: FileNode, path: FieldPath, value: Json | undefined, label: string): void {
  edit(
    text().canvas.step.parameter(label),
    (file) => {
      const mine = file.nodes.find((other) => other.id === node.id);
      if (mine) setParameter(mine, path, value);
    },
    `parameter ${node.id} ${path.join(".")}`,
  );
}

/** The problems of one field; those of its inner fields belong to these. */
export function problemsAt(problems: Problem[], path: FieldPath): Problem[] {
  const name = path.join(".");
  return problems.filter((problem) => (problem.field ?? "") === name);
}
