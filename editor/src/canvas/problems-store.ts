// What the server's compiler says about the draft, asked anew a moment after every change.
import { create } from "zustand";
import { answer, client } from "../api/client";
import type { Problem, WorkflowFile } from "../api/shapes";
import { useDraft } from "../graph/draft";

interface Problems {
  list: Problem[];
  /** The change of the draft that was checked. */
  checked: number;
}

export const useProblems = create<Problems>()(() => ({ list: [], checked: -1 }));

export function errors(list: Problem[]): Problem[] {
  return list.filter((problem) => problem.severity === "error");
}

const WAIT = 250;

/** Keeps the problems current until stopped. */
export function watchProblems(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  const check = async (file: WorkflowFile, change: number) => {
    asked += 1;
    const mine = asked;
    try {
      const list = await answer<Problem[]>(
        client.POST("/api/v1/validate", { body: file as unknown as Record<string, unknown> }),
      );
      if (mine === asked) useProblems.setState({ list, checked: change });
    } catch {
      // Away, or a draft so broken that it cannot be read: autosave tells of both.
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { file, change } = useDraft.getState();
      void check(file, change);
    }, WAIT);
  };
  soon();
  const stop = useDraft.subscribe((state, before) => {
    if (state.file !== before.file) soon();
  });
  return () => {
    clearTimeout(timer);
    asked += 1;
    stop();
    useProblems.setState({ list: [], checked: -1 });
  };
}
