// Home: every workflow with its state and how its last runs went.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { FileUp, Plus, Search, Workflow } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { approvalsQuery, runsQuery, workflowsQuery } from "../api/queries";
import type { RunSummary, WorkflowView } from "../api/shapes";
import { useText } from "../text";
import { fold, number } from "../text/format";
import { Button } from "../ui/button";
import { Card, Empty, Failed, Loading, Page, PageHeader, TextInput, Th } from "../ui/page";
import { tellError } from "../ui/toast";
import { Welcome } from "./welcome";
import { createWorkflow, readFile } from "./workflow-actions";
import { WorkflowRow } from "./workflow-row";

export function Home() {
  const t = useText();
  const navigate = useNavigate();
  const workflows = useQuery(workflowsQuery);
  const runs = useInfiniteQuery({ ...runsQuery({}, 200), refetchInterval: 15_000 });
  const [query, setQuery] = useState("");
  const chooser = useRef<HTMLInputElement>(null);
  const all = workflows.data ?? [];
  const byWorkflow = useMemo(() => group(runs.data?.pages.flatMap((page) => page.items) ?? []), [runs.data]);
  const shown = useMemo(() => narrow(all, query), [all, query]);

  const open = (id: string) => void navigate({ to: "/workflows/$workflow", params: { workflow: id } });
  const create = () =>
    createWorkflow({ format: 1, name: t.pages.home.untitled, nodes: [], edges: [] }).then(
      (made) => open(made.id),
      tellError,
    );
  const importFile = (file: File | undefined) => {
    if (file)
      readFile(file)
        .then(createWorkflow)
        .then((made) => open(made.id), tellError);
  };

  if (workflows.isPending)
    return (
      <Page>
        <Loading />
      </Page>
    );
  if (workflows.isError)
    return (
      <Page>
        <Failed error={workflows.error} retry={() => workflows.refetch()} />
      </Page>
    );
  if (all.length === 0) return <Welcome onBlank={create} />;

  return (
    <Page wide>
      <PageHeader title={t.pages.home.title}>
        <input
          ref={chooser}
          type="file"
          accept="application/json,.json"
          className="hidden"
          onChange={(event) => {
            importFile(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
        <Button icon={FileUp} onClick={() => chooser.current?.click()}>
          {t.pages.home.import}
        </Button>
        <Button look="solid" icon={Plus} onClick={create}>
          {t.pages.home.new}
        </Button>
      </PageHeader>
      <Figures workflows={all} runs={runs.data?.pages.flatMap((page) => page.items) ?? []} />
      <div className="relative max-w-sm">
        <Search aria-hidden className="pointer-events-none absolute start-2.5 top-2 size-4 text-muted" />
        <TextInput
          type="search"
          aria-label={t.pages.home.search}
          placeholder={t.pages.home.search}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          className="ps-8"
        />
      </div>
      {shown.length === 0 ? (
        <Empty icon={Workflow} title={t.common.nothingFound} />
      ) : (
        folders(shown).map(([folder, list]) => (
          <section key={folder} aria-label={folder || t.pages.home.noFolder}>
            {folder && (
              <h2 className="mb-1.5 text-xs font-medium text-muted" dir="auto">
                {folder}
              </h2>
            )}
            <Card className="scroll">
              <table className="w-full min-w-[640px] text-sm">
                <thead className="border-b border-line">
                  <tr>
                    <Th>{t.common.name}</Th>
                    <Th>{t.pages.home.state}</Th>
                    <Th>{t.pages.home.lastRuns}</Th>
                    <Th>{t.pages.home.changed}</Th>
                    <Th>
                      <span className="sr-only">{t.common.moreActions}</span>
                    </Th>
                  </tr>
                </thead>
                <tbody className="divide-y divide-line">
                  {list.map((workflow) => (
                    <WorkflowRow
                      key={workflow.id}
                      workflow={workflow}
                      runs={byWorkflow.get(workflow.id) ?? []}
                    />
                  ))}
                </tbody>
              </table>
            </Card>
          </section>
        ))
      )}
      {all.length < 4 && <Welcome small onBlank={create} />}
    </Page>
  );
}

function Figures({ workflows, runs }: { workflows: WorkflowView[]; runs: RunSummary[] }) {
  const t = useText().pages.home.stats;
  const approvals = useQuery(approvalsQuery);
  const since = Date.now() - 86_400_000;
  const recent = runs.filter((run) => !run.test && Date.parse(run.accepted_at) > since);
  const figures = [
    { label: t.live, value: workflows.filter((workflow) => workflow.published && !workflow.paused).length },
    { label: t.today, value: recent.length },
    { label: t.failed, value: recent.filter((run) => run.status === "failed").length, bad: true },
    { label: t.waiting, value: approvals.data?.length ?? 0 },
  ];
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-xl border border-line bg-line lg:grid-cols-4">
      {figures.map((figure) => (
        <div key={figure.label} className="flex flex-col-reverse bg-surface px-4 py-3">
          <dt className="text-xs text-muted">{figure.label}</dt>
          <dd
            className={`text-xl font-semibold tabular-nums ${figure.bad && figure.value > 0 ? "text-bad" : ""}`}
          >
            {number(figure.value)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function group(runs: RunSummary[]): Map<string, RunSummary[]> {
  const map = new Map<string, RunSummary[]>();
  for (const run of runs) {
    if (run.test) continue;
    const list = map.get(run.workflow);
    if (list) list.push(run);
    else map.set(run.workflow, [run]);
  }
  return map;
}

function narrow(workflows: WorkflowView[], query: string): WorkflowView[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return workflows.filter((workflow) => {
    const text = fold(`${workflow.name} ${workflow.folder} ${workflow.tags.join(" ")}`);
    return words.every((word) => text.includes(word));
  });
}

function folders(workflows: WorkflowView[]): [string, WorkflowView[]][] {
  const map = new Map<string, WorkflowView[]>();
  for (const workflow of workflows) map.set(workflow.folder, [...(map.get(workflow.folder) ?? []), workflow]);
  return [...map].sort(([a], [b]) => a.localeCompare(b));
}
