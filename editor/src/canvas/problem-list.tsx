// Everything the compiler found; a click goes to the step and the field.
import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { useCatalogue } from "../api/catalogue";
import type { Problem } from "../api/shapes";
import { useDraft } from "../graph/draft";
import { useText } from "../text";
import { usePreferences } from "../text/preferences";
import { problemWords } from "../text/problems";
import { cx } from "../ui/cx";
import * as actions from "./actions";
import { select, useEditor } from "./editor-state";
import { useProblems } from "./problems-store";
import { centreOn } from "./viewport";

export function goToProblem(problem: Problem): void {
  const { file } = useDraft.getState();
  if (problem.edge) {
    useEditor.setState({ selectedEdge: problem.edge, selected: new Set() });
    const edge = file.edges.find((other) => other.id === problem.edge);
    if (edge) centreOn(edge.source);
    return;
  }
  const node = file.nodes.find((other) => other.key === problem.node);
  if (!node) return;
  select([node.id]);
  centreOn(node.id);
  useEditor.setState({ aimed: { node: node.key, field: problem.field ?? "" } });
}

export function ProblemList() {
  const t = useText();
  const list = useProblems((state) => state.list);
  if (list.length === 0) {
    return (
      <p className="flex items-center gap-2 px-4 py-2 text-sm text-muted">
        <CircleCheck aria-hidden className="size-4 text-good" />
        {t.canvas.bar.noProblems}
      </p>
    );
  }
  return (
    <ul className="scroll min-h-0 flex-1 px-2 pb-4">
      {list.map((problem) => (
        <ProblemEntry key={JSON.stringify(problem)} problem={problem} />
      ))}
    </ul>
  );
}

export function ProblemEntry({ problem }: { problem: Problem }) {
  const catalogue = useCatalogue();
  const language = usePreferences((preferences) => preferences.language);
  const node = useDraft((state) => state.file.nodes.find((other) => other.key === problem.node));
  const words = problemWords(problem.code, language);
  const Icon = problem.severity === "error" ? CircleAlert : TriangleAlert;
  return (
    <li>
      <button
        type="button"
        onClick={() => goToProblem(problem)}
        className="flex w-full items-start gap-2 rounded-lg px-2 py-2 text-start hover:bg-ink/5"
      >
        <Icon
          aria-hidden
          className={cx("mt-0.5 size-4 shrink-0", problem.severity === "error" ? "text-bad" : "text-warn")}
        />
        <span className="min-w-0">
          {node && (
            <bdi className="aligned block text-2xs font-medium text-muted">
              {actions.nodeTitle(catalogue, node)}
              {problem.field ? ` · ${problem.field}` : ""}
            </bdi>
          )}
          {words && <span className="block text-sm">{words}</span>}
          <bdi
            lang="en"
            className={cx("aligned block break-words", words ? "text-2xs text-muted" : "text-sm")}
          >
            {problem.message}
          </bdi>
          {problem.hint && (
            <bdi lang="en" className="block text-2xs text-muted">
              {problem.hint}
            </bdi>
          )}
        </span>
      </button>
    </li>
  );
}
