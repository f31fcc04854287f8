// One workflow in the list of the home page.
import { Link, useNavigate } from "@tanstack/react-router";
import { Copy, Download, Ellipsis, Pause, Play, Tags, Trash2 } from "lucide-react";
import { useState } from "react";
import { queryClient, workflowQuery } from "../api/queries";
import type { RunSummary, WorkflowView } from "../api/shapes";
import { RunStatusMark } from "../runs/status";
import { useText } from "../text";
import { ago } from "../text/format";
import { IconButton } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { Menu } from "../ui/menu";
import { Mark, Td } from "../ui/page";
import { tellError } from "../ui/toast";
import { OrganiseDialog } from "./organise";
import { changeWorkflow, deleteWorkflow, download, duplicateWorkflow } from "./workflow-actions";

export function WorkflowRow({ workflow, runs }: { workflow: WorkflowView; runs: RunSummary[] }) {
  const t = useText();
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"delete" | "organise" | null>(null);
  const last = runs[0];
  const exportFile = async () => {
    const whole = await queryClient.fetchQuery({ ...workflowQuery(workflow.id), staleTime: 0 });
    download(workflow.name, whole.draft);
  };
  return (
    <tr className="hover:bg-sunken">
      <Td className="max-w-80">
        <Link
          to="/workflows/$workflow"
          params={{ workflow: workflow.id }}
          className="flex min-h-7 items-center gap-2 font-medium hover:text-accent-ink"
        >
          <bdi className="truncate">{workflow.name}</bdi>
          {workflow.tags.map((tag) => (
            <Mark key={tag}>{tag}</Mark>
          ))}
        </Link>
      </Td>
      <Td>
        {workflow.paused ? (
          <Mark tone="warn" icon={Pause}>
            {t.pages.home.paused}
          </Mark>
        ) : workflow.published ? (
          <Mark tone="good" icon={Play}>
            {t.pages.home.live}
          </Mark>
        ) : (
          <Mark>{t.pages.home.draft}</Mark>
        )}
      </Td>
      <Td>
        {last ? (
          <Link to="/runs" search={{ workflow: workflow.id }} className="flex min-h-7 items-center gap-3">
            <span className="sr-only">{t.common.count.runs(runs.length)}, </span>
            <Spark runs={runs.slice(0, 24)} />
            <RunStatusMark status={last.status} />
            <span className="text-xs text-muted">{ago(last.accepted_at, Date.now())}</span>
          </Link>
        ) : (
          <span className="text-xs text-muted">{t.pages.home.noRuns}</span>
        )}
      </Td>
      <Td className="text-xs whitespace-nowrap text-muted">{ago(workflow.updated_at, Date.now())}</Td>
      <Td className="w-10 text-end">
        <Menu
          trigger={<IconButton icon={Ellipsis} label={`${t.common.moreActions}: ${workflow.name}`} />}
          entries={[
            {
              id: "pause",
              label: workflow.paused ? t.pages.home.resume : t.pages.home.pause,
              icon: workflow.paused ? Play : Pause,
              run: () => void changeWorkflow(workflow, { paused: !workflow.paused }).catch(tellError),
            },
            {
              id: "duplicate",
              label: t.pages.home.duplicate,
              icon: Copy,
              run: () =>
                void duplicateWorkflow(workflow.id).then(
                  (made) => navigate({ to: "/workflows/$workflow", params: { workflow: made.id } }),
                  tellError,
                ),
            },
            { id: "organise", label: t.pages.home.organise, icon: Tags, run: () => setAsking("organise") },
            {
              id: "export",
              label: t.pages.home.export,
              icon: Download,
              run: () => void exportFile().catch(tellError),
            },
            {
              id: "delete",
              label: t.common.delete,
              icon: Trash2,
              danger: true,
              apart: true,
              run: () => setAsking("delete"),
            },
          ]}
        />
        <Confirm
          open={asking === "delete"}
          onClose={() => setAsking(null)}
          onConfirm={() => void deleteWorkflow(workflow.id).catch(tellError)}
          title={t.pages.home.deleteTitle(workflow.name)}
          text={t.pages.home.deleteText}
          action={t.common.delete}
        />
        {asking === "organise" && <OrganiseDialog workflow={workflow} onClose={() => setAsking(null)} />}
      </Td>
    </tr>
  );
}

/** The last runs as bars, oldest first; height says how long one took. */
function Spark({ runs }: { runs: RunSummary[] }) {
  const took = runs.map((run) =>
    Math.max(1, Date.parse(run.ended_at ?? run.accepted_at) - Date.parse(run.accepted_at)),
  );
  const most = Math.max(...took);
  return (
    <svg aria-hidden="true" width={runs.length * 5} height="20" className="mirror shrink-0">
      {runs.map((run, index) => {
        const height = 5 + 13 * (Math.log1p(took[index] ?? 1) / Math.log1p(most));
        const colour =
          run.status === "failed" ? "var(--bad)" : run.status === "succeeded" ? "var(--good)" : "var(--busy)";
        return (
          <rect
            key={run.id}
            x={(runs.length - 1 - index) * 5}
            y={20 - height}
            width="3.5"
            height={height}
            rx="1"
            fill={colour}
            opacity="0.75"
          />
        );
      })}
    </svg>
  );
}
