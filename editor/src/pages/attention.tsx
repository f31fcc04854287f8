// What stopped and needs a person: steps in doubt, failed runs, refused calls.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, RotateCw } from "lucide-react";
import { answer, client } from "../api/client";
import { queryClient, refusedQuery, runsQuery, workflowsQuery } from "../api/queries";
import type { RunSummary } from "../api/shapes";
import { RunStatusMark } from "../runs/status";
import { useText } from "../text";
import { ago } from "../text/format";
import { Button } from "../ui/button";
import { Card, Empty, Failed, Loading, Page, PageHeader } from "../ui/page";
import { tellError, toast } from "../ui/toast";
import { RefusedCard } from "./events";

export function AttentionPage() {
  const t = useText();
  const a = t.pages.attention;
  const doubtful = useInfiniteQuery(runsQuery({ status: "in_doubt", test: false }));
  const failed = useInfiniteQuery(runsQuery({ status: "failed", test: false }, 20));
  const refused = useQuery(refusedQuery);
  const inDoubt = doubtful.data?.pages.flatMap((page) => page.items) ?? [];
  const broken = failed.data?.pages.flatMap((page) => page.items) ?? [];
  const calls = refused.data?.items.slice(0, 20) ?? [];
  const loading = doubtful.isPending || failed.isPending || refused.isPending;
  const error = doubtful.error ?? failed.error ?? refused.error;
  return (
    <Page>
      <PageHeader title={a.title} lead={a.lead} />
      {loading && <Loading />}
      {error && <Failed error={error} />}
      {!loading && !error && inDoubt.length + broken.length + calls.length === 0 && (
        <Empty icon={CircleCheck} title={a.allGood} text={a.allGoodText} />
      )}
      {inDoubt.length > 0 && <Runs title={a.inDoubt} runs={inDoubt} />}
      {broken.length > 0 && <Runs title={a.failed} runs={broken} retry />}
      {calls.length > 0 && (
        <section>
          <h2 className="mb-2 text-sm font-semibold">{a.refused}</h2>
          <ul className="flex flex-col gap-2">
            {calls.map((call) => (
              <RefusedCard key={call.position} call={call} />
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}

function Runs({ title, runs, retry }: { title: string; runs: RunSummary[]; retry?: boolean }) {
  const t = useText();
  const names = new Map(useQuery(workflowsQuery).data?.map((one) => [one.id, one.name]));
  const again = (run: string) =>
    void answer(client.POST("/api/v1/runs/{run}/retry", { params: { path: { run } } })).then(() => {
      toast(t.runs.sentAgain);
      void queryClient.invalidateQueries({ queryKey: ["runs"] });
    }, tellError);
  return (
    <section>
      <h2 className="mb-2 text-sm font-semibold">{title}</h2>
      <Card>
        <ul className="divide-y divide-line">
          {runs.map((run) => (
            <li key={run.id} className="flex items-center gap-2 pe-3 hover:bg-sunken">
              <Link
                to="/runs/$run"
                params={{ run: run.id }}
                className="flex min-h-12 min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-0.5 px-3 py-2"
              >
                <RunStatusMark status={run.status} />
                <bdi className="text-sm font-medium">{names.get(run.workflow) ?? run.workflow.slice(-6)}</bdi>
                <span className="text-2xs text-muted">{ago(run.accepted_at, Date.now())}</span>
                {run.error && (
                  <bdi lang="en" className="aligned block w-full truncate text-xs text-bad">
                    {run.error.message}
                  </bdi>
                )}
              </Link>
              {retry && (
                <Button size="sm" icon={RotateCw} onClick={() => again(run.id)}>
                  <span className="max-sm:sr-only">{t.runs.retryFrom}</span>
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Card>
    </section>
  );
}
