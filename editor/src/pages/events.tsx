// What came in and what became of it; what was refused; and why a workflow did not run.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Inbox, RotateCw } from "lucide-react";
import { useState } from "react";
import { answer, client } from "../api/client";
import {
  callQuery,
  decisionsQuery,
  eventQuery,
  eventsQuery,
  queryClient,
  refusedQuery,
  workflowsQuery,
} from "../api/queries";
import type { Decision, RefusedCall } from "../api/shapes";
import { RunStatusMark } from "../runs/status";
import { useText } from "../text";
import { ago, moment, number } from "../text/format";
import { Button } from "../ui/button";
import { Segments, Select } from "../ui/choice";
import { cx } from "../ui/cx";
import { JsonView } from "../ui/json-view";
import { Card, Empty, Failed, Loading, Mark, Page, PageHeader, TextInput } from "../ui/page";
import { tellError, toast } from "../ui/toast";

const route = getRouteApi("/events");
type Tab = "received" | "refused" | "why";

export function EventsPage() {
  const t = useText();
  const e = t.pages.events;
  const search = route.useSearch();
  const navigate = useNavigate();
  const tab: Tab = search.tab === "refused" || search.tab === "why" ? search.tab : "received";
  return (
    <Page wide>
      <PageHeader title={e.title} />
      <Segments<Tab>
        label={e.title}
        value={tab}
        onChange={(next) =>
          void navigate({ to: "/events", search: { tab: next === "received" ? undefined : next } })
        }
        options={[
          { value: "received", label: e.received },
          { value: "refused", label: e.refused },
          { value: "why", label: e.why },
        ]}
      />
      {tab === "received" && <Received />}
      {tab === "refused" && <Refused />}
      {tab === "why" && <Why />}
    </Page>
  );
}

function Received() {
  const t = useText();
  const e = t.pages.events;
  const search = route.useSearch();
  const navigate = useNavigate();
  const [type, setType] = useState("");
  const events = useInfiniteQuery({ ...eventsQuery(type ? { type } : {}), refetchInterval: 5000 });
  const list = events.data?.pages.flatMap((page) => page.items) ?? [];
  if (events.isPending) return <Loading />;
  if (events.isError) return <Failed error={events.error} retry={() => void events.refetch()} />;
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
      <div className="flex min-w-0 flex-col gap-3">
        <TextInput
          type="search"
          dir="ltr"
          aria-label={e.filterType}
          placeholder={e.filterType}
          value={type}
          onChange={(event) => setType(event.target.value)}
        />
        {list.length === 0 ? (
          <Empty icon={Inbox} title={e.empty} text={e.emptyText} />
        ) : (
          <Card>
            <ul className="divide-y divide-line">
              {list.map((event) => (
                <li key={event.position}>
                  <button
                    type="button"
                    aria-pressed={search.event === event.position}
                    onClick={() =>
                      void navigate({ to: "/events", search: { ...search, event: event.position } })
                    }
                    className={cx(
                      "flex min-h-11 w-full items-center gap-3 px-3 text-start",
                      search.event === event.position ? "bg-accent-soft" : "hover:bg-sunken",
                    )}
                  >
                    <span className="min-w-0 flex-1">
                      <span className="code aligned block truncate text-xs font-medium">{event.type}</span>
                      <span className="code aligned block truncate text-2xs text-muted">
                        {event.subject ?? event.source}
                      </span>
                    </span>
                    <span className="shrink-0 text-2xs text-muted">{ago(event.received_at, Date.now())}</span>
                  </button>
                </li>
              ))}
            </ul>
          </Card>
        )}
        {events.hasNextPage && (
          <Button onClick={() => void events.fetchNextPage()} className="self-center">
            {t.common.loadMore}
          </Button>
        )}
      </div>
      {search.event === undefined ? (
        <p className="p-6 text-center text-sm text-muted max-lg:hidden">{e.pick}</p>
      ) : (
        <EventDetails position={search.event} />
      )}
    </div>
  );
}

function EventDetails({ position }: { position: number }) {
  const t = useText();
  const e = t.pages.events;
  const event = useQuery(eventQuery(position));
  const resend = () =>
    void answer(client.POST("/api/v1/events/{position}/resend", { params: { path: { position } } })).then(
      () => {
        toast(e.resent);
        void queryClient.invalidateQueries({ queryKey: ["events"] });
      },
      tellError,
    );
  if (event.isPending) return <Loading />;
  if (event.isError) return <Failed error={event.error} />;
  const { data, runs, decisions } = event.data;
  return (
    <Card className="flex flex-col gap-4 p-4">
      <header className="flex items-start gap-3">
        <div className="min-w-0 flex-1">
          <h2 className="code truncate text-sm font-semibold">{event.data.type}</h2>
          <p className="text-2xs text-muted">
            {moment(event.data.received_at)} · <span className="code">{event.data.source}</span>
          </p>
        </div>
        <Button icon={RotateCw} onClick={resend}>
          {e.resend}
        </Button>
      </header>
      <section>
        <h3 className="mb-1 text-xs font-semibold">{e.startedRuns}</h3>
        {runs.length === 0 && <p className="text-xs text-muted">{e.noRuns}</p>}
        <ul>
          {runs.map((run) => (
            <li key={run.id}>
              <Link
                to="/runs/$run"
                params={{ run: run.id }}
                className="flex min-h-8 items-center gap-2 rounded-md px-1 text-xs hover:bg-sunken"
              >
                <RunStatusMark status={run.status} />
                <WorkflowName id={run.workflow} />
              </Link>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3 className="mb-1 text-xs font-semibold">{e.decisions}</h3>
        {decisions.length === 0 ? (
          <p className="text-xs text-muted">{runs.length === 0 ? e.noDecisions : "—"}</p>
        ) : (
          <Decisions list={decisions} />
        )}
      </section>
      <section>
        <h3 className="mb-1 text-xs font-semibold">{e.data}</h3>
        <JsonView value={data} className="max-h-96" />
      </section>
    </Card>
  );
}

function WorkflowName({ id }: { id: string }) {
  const workflows = useQuery(workflowsQuery);
  return <bdi>{workflows.data?.find((one) => one.id === id)?.name ?? id.slice(-6)}</bdi>;
}

function Decisions({ list }: { list: Decision[] }) {
  const words: Record<string, string> = useText().pages.events.decision;
  return (
    <ul className="divide-y divide-line text-xs">
      {list.map((decision) => (
        <li
          key={`${decision.event} ${decision.workflow} ${decision.trigger} ${decision.decision}`}
          className="flex flex-wrap items-center gap-2 py-1.5"
        >
          <Mark tone="warn">{words[decision.decision] ?? decision.decision}</Mark>
          <WorkflowName id={decision.workflow} />
          <span className="code text-muted">{decision.trigger}</span>
          <Link to="/events" search={{ event: decision.event }} className="text-muted underline">
            {ago(decision.at, Date.now())}
          </Link>
          {decision.detail && (
            <bdi lang="en" className="aligned block w-full text-muted">
              {decision.detail}
            </bdi>
          )}
        </li>
      ))}
    </ul>
  );
}

function Refused() {
  const e = useText().pages.events;
  const refused = useQuery(refusedQuery);
  if (refused.isPending) return <Loading />;
  if (refused.isError) return <Failed error={refused.error} />;
  if (refused.data.items.length === 0) return <Empty icon={Inbox} title={e.emptyRefused} />;
  return (
    <ul className="flex flex-col gap-2">
      {refused.data.items.map((call) => (
        <RefusedCard key={call.position} call={call} />
      ))}
    </ul>
  );
}

export function RefusedCard({ call }: { call: RefusedCall }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <Card>
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary className="flex min-h-11 cursor-default flex-wrap items-center gap-2 px-3 py-2 text-sm">
            <Mark tone="bad">{number(call.status)}</Mark>
            <span className="code text-xs font-medium">
              {call.method} /hooks/main/{call.path}
            </span>
            <bdi lang="en" className="min-w-0 flex-1 truncate text-xs text-muted">
              {call.reason?.detail}
            </bdi>
            <span className="text-2xs text-muted">{ago(call.at, Date.now())}</span>
          </summary>
          {open && <CallContent position={call.position} />}
        </details>
      </Card>
    </li>
  );
}

function CallContent({ position }: { position: number }) {
  const call = useQuery(callQuery(position));
  if (call.isPending) return <Loading />;
  if (call.isError) return <Failed error={call.error} />;
  const { headers, body, body_base64 } = call.data;
  const text = typeof body === "string" ? body : (body_base64 ?? JSON.stringify(body, null, 2));
  return (
    <div className="grid gap-3 border-t border-line p-3 md:grid-cols-2">
      <JsonView value={headers} />
      <pre className="code scroll max-h-60 rounded-md bg-sunken p-3 text-2xs whitespace-pre-wrap">
        {(text ?? "").slice(0, 20_000)}
      </pre>
    </div>
  );
}

function Why() {
  const t = useText();
  const e = t.pages.events;
  const search = route.useSearch();
  const navigate = useNavigate();
  const workflows = useQuery(workflowsQuery);
  const chosen = search.workflow ?? null;
  const decisions = useQuery({ ...decisionsQuery(chosen ?? ""), enabled: chosen !== null });
  return (
    <div className="flex flex-col gap-4">
      <p className="text-sm text-muted">{e.whyText}</p>
      <Select
        label={e.chooseWorkflow}
        className="max-w-sm"
        value={chosen}
        placeholder={e.chooseWorkflow}
        onChange={(workflow) => void navigate({ to: "/events", search: { ...search, workflow } })}
        options={(workflows.data ?? []).map((one) => ({ value: one.id, label: one.name }))}
      />
      {decisions.isError && <Failed error={decisions.error} />}
      {decisions.data &&
        (decisions.data.length === 0 ? (
          <Empty icon={Inbox} title={e.noWhy} />
        ) : (
          <Card className="px-4 py-1">
            <Decisions list={decisions.data} />
          </Card>
        ))}
    </div>
  );
}
