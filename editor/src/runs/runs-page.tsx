// Every run, newest first, with filters that live in the address; new ones appear as they happen.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Activity, FlaskConical, Radio } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { follow } from "../api/live";
import { queryClient, type RunFilter, runsQuery, workflowsQuery } from "../api/queries";
import type { RunStatus, RunSummary } from "../api/shapes";
import { useText } from "../text";
import { ago, number, span } from "../text/format";
import { Button } from "../ui/button";
import { Select, Tick } from "../ui/choice";
import { Card, Empty, Failed, Loading, Mark, Page, PageHeader, Td, TextInput, Th } from "../ui/page";
import { RunStatusMark, runLook } from "./status";

const route = getRouteApi("/runs");
const ALL = "all";
const hours: Record<string, number> = { hour: 1, day: 24, week: 168 };

export function RunsPage() {
  const t = useText();
  const search = route.useSearch();
  const navigate = useNavigate();
  const workflows = useQuery(workflowsQuery);
  const [text, setText] = useState(search.q ?? "");
  const filter = useMemo<RunFilter>(() => {
    const since = search.period && hours[search.period];
    return {
      workflow: search.workflow,
      status: search.status,
      q: search.q,
      subject: search.subject,
      test: search.tests ? undefined : false,
      // Whole minutes, so that the question stays the same for a while.
      from: since
        ? new Date(Math.floor(Date.now() / 60_000) * 60_000 - since * 3_600_000).toISOString()
        : undefined,
    };
  }, [search]);
  const runs = useInfiniteQuery(runsQuery(filter));
  useLiveRuns();
  useEffect(() => {
    const timer = setTimeout(() => {
      if ((search.q ?? "") !== text)
        void navigate({ to: "/runs", search: { ...search, q: text || undefined }, replace: true });
    }, 300);
    return () => clearTimeout(timer);
  }, [text, search, navigate]);

  const names = new Map(workflows.data?.map((one) => [one.id, one.name]));
  const list = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const set = (part: Partial<typeof search>) =>
    void navigate({ to: "/runs", search: { ...search, ...part } });
  return (
    <Page wide>
      <PageHeader title={t.runs.title}>
        <Mark tone="good" icon={Radio}>
          {t.runs.live}
        </Mark>
      </PageHeader>
      <div className="flex flex-wrap items-center gap-2">
        <TextInput
          type="search"
          aria-label={t.runs.filterText}
          placeholder={t.runs.filterText}
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="max-w-64"
        />
        <Select
          label={t.runs.workflow}
          className="max-w-52"
          value={search.workflow ?? ALL}
          onChange={(value) => set({ workflow: value === ALL ? undefined : value })}
          options={[
            { value: ALL, label: t.runs.allWorkflows },
            ...(workflows.data ?? []).map((one) => ({ value: one.id, label: one.name })),
          ]}
        />
        <Select
          label={t.runs.state}
          className="max-w-44"
          value={search.status ?? ALL}
          onChange={(value) => set({ status: value === ALL ? undefined : value })}
          options={[
            { value: ALL, label: t.runs.allStates },
            ...(Object.keys(runLook) as RunStatus[]).map((status) => ({
              value: status as string,
              label: t.runs.status[status],
            })),
          ]}
        />
        <Select
          label={t.runs.period.any}
          className="max-w-44"
          value={search.period ?? ALL}
          onChange={(value) => set({ period: value === ALL ? undefined : value })}
          options={[
            { value: ALL, label: t.runs.period.any },
            { value: "hour", label: t.runs.period.hour },
            { value: "day", label: t.runs.period.day },
            { value: "week", label: t.runs.period.week },
          ]}
        />
        <Tick
          checked={search.tests ?? false}
          onChange={(tests) => set({ tests: tests || undefined })}
          label={t.runs.tests}
        />
      </div>
      {runs.isPending && <Loading />}
      {runs.isError && <Failed error={runs.error} retry={() => void runs.refetch()} />}
      {runs.isSuccess && list.length === 0 && (
        <Empty icon={Activity} title={t.runs.empty} text={t.runs.emptyText} />
      )}
      {list.length > 0 && (
        <Card className="scroll">
          <table className="w-full min-w-[720px] text-sm">
            <thead className="border-b border-line">
              <tr>
                <Th>{t.runs.state}</Th>
                <Th>{t.runs.workflow}</Th>
                <Th>{t.runs.trigger}</Th>
                <Th>{t.runs.error}</Th>
                <Th>{t.runs.started}</Th>
                <Th>{t.runs.took}</Th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {list.map((run) => (
                <Row key={run.id} run={run} name={names.get(run.workflow) ?? run.workflow.slice(-6)} />
              ))}
            </tbody>
          </table>
        </Card>
      )}
      {runs.hasNextPage && (
        <Button
          onClick={() => void runs.fetchNextPage()}
          disabled={runs.isFetchingNextPage}
          className="self-center"
        >
          {t.common.loadMore}
        </Button>
      )}
    </Page>
  );
}

function Row({ run, name }: { run: RunSummary; name: string }) {
  const t = useText();
  const took = run.ended_at ? (Date.parse(run.ended_at) - Date.parse(run.accepted_at)) * 1000 : null;
  return (
    <tr className="hover:bg-sunken">
      <Td>
        <Link to="/runs/$run" params={{ run: run.id }} className="flex min-h-7 items-center gap-2">
          <RunStatusMark status={run.status} />
          <span className="sr-only">
            {t.runs.one} {name}
          </span>
        </Link>
      </Td>
      <Td className="max-w-56">
        <Link
          to="/runs/$run"
          params={{ run: run.id }}
          className="flex min-h-7 items-center gap-2 font-medium hover:text-accent-ink"
        >
          <bdi className="truncate">{name}</bdi>
          {run.test ? (
            <Mark icon={FlaskConical}>{t.runs.test}</Mark>
          ) : (
            <span className="text-2xs font-normal text-muted">v{number(run.version)}</span>
          )}
        </Link>
      </Td>
      <Td className="max-w-48 text-xs text-muted">
        <span className="code block truncate">{run.subject ?? run.event_type}</span>
      </Td>
      <Td className="max-w-80 text-xs">
        {run.error && (
          <bdi className="aligned block truncate text-bad" title={run.error.message}>
            {run.error.step && <span className="code">{run.error.step}: </span>}
            {run.error.message}
          </bdi>
        )}
      </Td>
      <Td className="text-xs whitespace-nowrap text-muted">{ago(run.accepted_at, Date.now())}</Td>
      <Td className="text-xs whitespace-nowrap text-muted">{took === null ? "…" : span(took)}</Td>
    </tr>
  );
}

/** Asks for the list again as runs happen, at most every second. */
export function useLiveRuns(): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = null;
        void queryClient.invalidateQueries({ queryKey: ["runs"] });
      }, 1000);
    };
    const stop = follow({}, { records: soon, missed: soon });
    return () => {
      stop();
      if (timer) clearTimeout(timer);
    };
  }, []);
}
