// One record: its fields, what happened to it, and the runs that its events started.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import {
  eventsQuery,
  manifestsQuery,
  queryClient,
  recordQuery,
  runsQuery,
  workflowsQuery,
} from "../api/queries";
import type { CrmRecord, EntityField, JsonObject } from "../api/shapes";
import { RunStatusMark } from "../runs/status";
import { useText } from "../text";
import { ago, moment } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Confirm } from "../ui/dialog";
import { Card, Failed, Loading, Page, PageHeader } from "../ui/page";
import { tellError, toast } from "../ui/toast";
import { changedElsewhere, changeRecord, deleteRecord, fieldsOf, isEntity, nameOf } from "./model";
import { RecordField } from "./record-field";

const route = getRouteApi("/crm/$entity/$record");

export function RecordPage() {
  const { entity, record: id } = route.useParams();
  const record = useQuery(recordQuery(entity, id));
  const manifests = useQuery(manifestsQuery);
  if (record.isPending || manifests.isPending)
    return (
      <Page>
        <Loading />
      </Page>
    );
  if (record.isError)
    return (
      <Page>
        <Failed error={record.error} retry={() => void record.refetch()} />
      </Page>
    );
  return (
    <RecordView record={record.data} fields={isEntity(entity) ? fieldsOf(manifests.data, entity) : []} />
  );
}

function RecordView({ record, fields }: { record: CrmRecord; fields: EntityField[] }) {
  const t = useText();
  const navigate = useNavigate();
  const [changes, setChanges] = useState<JsonObject>({});
  const [deleting, setDeleting] = useState(false);
  const names: Record<string, string> = t.crm.one;
  // A newer state from the server makes room for itself only where nothing was typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a saved version clears what was typed
  useEffect(() => setChanges({}), [record.version]);
  const save = () =>
    void changeRecord(record, changes).then(
      () => toast(t.crm.saved),
      (error) => {
        if (changedElsewhere(error)) toast(t.crm.changedElsewhere, { bad: true });
        else tellError(error);
      },
    );
  return (
    <Page>
      <PageHeader
        title={<bdi>{nameOf(record)}</bdi>}
        lead={
          <>
            <Link to="/crm" search={{ entity: record.entity }} className="underline">
              {names[record.entity]}
            </Link>{" "}
            · {t.crm.created} {moment(record.created_at)}
          </>
        }
      >
        <IconButton icon={Trash2} label={t.common.delete} onClick={() => setDeleting(true)} />
        <Button look="solid" disabled={Object.keys(changes).length === 0} onClick={save}>
          {t.common.save}
        </Button>
      </PageHeader>
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <Card className="flex flex-col gap-4 p-4">
          <h2 className="text-sm font-semibold">{t.crm.details}</h2>
          {[...fields, { name: "owner", kind: "text", required: false } satisfies EntityField].map((field) =>
            field.kind === "reference" ? (
              <Reference key={field.name} field={field} record={record} />
            ) : (
              <RecordField
                key={field.name}
                field={field}
                value={field.name in changes ? changes[field.name] : record[field.name]}
                onChange={(value) => setChanges((old) => ({ ...old, [field.name]: value }))}
              />
            ),
          )}
        </Card>
        <div className="flex flex-col gap-5">
          <Timeline record={record} />
          <TouchingRuns record={record} />
        </div>
      </div>
      <Confirm
        open={deleting}
        onClose={() => setDeleting(false)}
        onConfirm={() =>
          void deleteRecord(record).then(() => {
            queryClient.removeQueries({ queryKey: ["record", record.entity, record.id] });
            void navigate({ to: "/crm", search: { entity: record.entity } });
          }, tellError)
        }
        title={t.crm.deleteTitle}
        text={t.crm.deleteText}
        action={t.common.delete}
      />
    </Page>
  );
}

function Reference({ field, record }: { field: EntityField; record: CrmRecord }) {
  const names: Record<string, string> = useText().crm.field;
  const id = record[field.name];
  const linked = useQuery({ ...recordQuery("contact", String(id)), enabled: typeof id === "string" });
  if (typeof id !== "string") return null;
  return (
    <p className="text-sm">
      <span className="text-xs font-medium">{names[field.name] ?? field.name}: </span>
      <Link
        to="/crm/$entity/$record"
        params={{ entity: "contact", record: id }}
        className="text-accent-ink underline"
      >
        <bdi>{linked.data ? nameOf(linked.data) : id.slice(-6)}</bdi>
      </Link>
    </p>
  );
}

function Timeline({ record }: { record: CrmRecord }) {
  const t = useText();
  const words: Record<string, string> = t.crm.event;
  const events = useInfiniteQuery(eventsQuery({ subject: `${record.entity}/${record.id}` }));
  const list = events.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card className="p-4">
      <h2 className="mb-2 text-sm font-semibold">{t.crm.timeline}</h2>
      {list.length === 0 && <p className="text-xs text-muted">{t.crm.timelineEmpty}</p>}
      <ol className="ms-1.5 border-s-2 border-line">
        {list.map((event) => (
          <li key={event.position} className="relative ps-4 pb-3 last:pb-0">
            <span className="absolute -start-[5px] top-1.5 size-2 rounded-full bg-accent" />
            <Link to="/events" search={{ event: event.position }} className="text-sm hover:text-accent-ink">
              {words[event.type.split(".").at(-1) ?? ""] ?? <span className="code">{event.type}</span>}
            </Link>
            <p className="text-2xs text-muted">{moment(event.received_at)}</p>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function TouchingRuns({ record }: { record: CrmRecord }) {
  const t = useText();
  const runs = useInfiniteQuery(runsQuery({ subject: `${record.entity}/${record.id}` }, 20));
  const names = new Map(useQuery(workflowsQuery).data?.map((one) => [one.id, one.name]));
  const list = runs.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card className="p-4">
      <h2 className="mb-2 text-sm font-semibold">{t.crm.runs}</h2>
      {list.length === 0 && <p className="text-xs text-muted">{t.pages.home.noRuns}</p>}
      <ul>
        {list.map((run) => (
          <li key={run.id}>
            <Link
              to="/runs/$run"
              params={{ run: run.id }}
              className="flex min-h-8 items-center gap-2 rounded-md px-1 text-sm hover:bg-sunken"
            >
              <RunStatusMark status={run.status} />
              <bdi className="min-w-0 flex-1 truncate">
                {names.get(run.workflow) ?? run.workflow.slice(-6)}
              </bdi>
              <span className="text-2xs text-muted">{ago(run.accepted_at, Date.now())}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
