// CRM records of one kind: as a board where they have stages, as a table always.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Columns3, Plus, Rows3, Users } from "lucide-react";
import { useState } from "react";
import { crmQuery, manifestsQuery } from "../api/queries";
import type { CrmRecord, EntityField } from "../api/shapes";
import { useText } from "../text";
import { ago, money } from "../text/format";
import { Button } from "../ui/button";
import { Segments } from "../ui/choice";
import { cx } from "../ui/cx";
import { Card, Empty, Failed, Loading, Mark, PageHeader, Td, TextInput, Th } from "../ui/page";
import { Board } from "./board";
import { boardField, ENTITIES, type Entity, fieldsOf, isEntity, nameOf, textOf } from "./model";
import { NewRecord } from "./new-record";

const route = getRouteApi("/crm");

export function CrmPage() {
  const t = useText();
  const search = route.useSearch();
  const navigate = useNavigate();
  const entity: Entity = isEntity(search.entity) ? search.entity : "lead";
  const stages = boardField(entity);
  const board = stages !== null && search.view !== "table";
  const [query, setQuery] = useState("");
  const [adding, setAdding] = useState(false);
  const fields = fieldsOf(useQuery(manifestsQuery).data, entity);
  const records = useQuery({
    ...crmQuery(entity, query ? { q: query } : {}),
    refetchInterval: 10_000,
    placeholderData: (old) => old,
  });
  const list = records.data?.items ?? [];
  return (
    <div className="flex h-full flex-col gap-4 px-4 py-6 sm:px-8">
      <PageHeader title={t.crm.title}>
        <Button look="solid" icon={Plus} onClick={() => setAdding(true)}>
          {t.crm.new(t.crm.one[entity])}
        </Button>
      </PageHeader>
      <div className="flex flex-wrap items-center gap-3">
        <nav aria-label={t.crm.title} className="flex flex-wrap gap-1">
          {ENTITIES.map((one) => (
            <Link
              key={one}
              to="/crm"
              search={{ entity: one }}
              aria-current={one === entity ? "page" : undefined}
              className={cx(
                "flex h-8 items-center rounded-md px-3 text-sm",
                one === entity
                  ? "bg-accent-soft font-medium text-accent-ink"
                  : "text-muted hover:bg-ink/5 hover:text-ink",
              )}
            >
              {t.crm.entity[one]}
            </Link>
          ))}
        </nav>
        <div className="flex-1" />
        <TextInput
          type="search"
          aria-label={t.crm.search}
          placeholder={t.crm.search}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          className="max-w-56"
        />
        {stages && (
          <Segments
            label={t.crm.title}
            value={board ? "board" : "table"}
            onChange={(view) =>
              void navigate({ to: "/crm", search: { entity, view: view === "board" ? undefined : view } })
            }
            options={[
              { value: "board", label: t.crm.board, icon: Columns3 },
              { value: "table", label: t.crm.table, icon: Rows3 },
            ]}
          />
        )}
      </div>
      {records.isPending && <Loading />}
      {records.isError && <Failed error={records.error} retry={() => void records.refetch()} />}
      {records.isSuccess && list.length === 0 && !board && (
        <Empty icon={Users} title={query ? t.common.nothingFound : t.crm.empty} />
      )}
      {records.isSuccess && board && stages && (
        <Board
          records={list}
          field={stages}
          columns={fields.find((one) => one.name === stages)?.values ?? []}
        />
      )}
      {!board && list.length > 0 && <RecordTable records={list} fields={fields} />}
      {adding && <NewRecord entity={entity} fields={fields} onClose={() => setAdding(false)} />}
    </div>
  );
}

function RecordTable({ records, fields }: { records: CrmRecord[]; fields: EntityField[] }) {
  const t = useText();
  const names: Record<string, string> = t.crm.field;
  const shown = fields
    .filter((one) => !["title", "name", "subject", "body", "contact", "description"].includes(one.name))
    .slice(0, 5);
  return (
    <Card className="scroll min-h-0">
      <table className="w-full min-w-[720px] text-sm">
        <thead className="sticky top-0 border-b border-line bg-surface">
          <tr>
            <Th>{t.common.name}</Th>
            {shown.map((field) => (
              <Th key={field.name}>{names[field.name] ?? field.name}</Th>
            ))}
            <Th>{t.crm.updated}</Th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {records.map((record) => (
            <tr key={record.id} className="hover:bg-sunken">
              <Td className="max-w-64 font-medium">
                <Link
                  to="/crm/$entity/$record"
                  params={{ entity: record.entity, record: record.id }}
                  className="flex min-h-7 items-center hover:text-accent-ink"
                >
                  <bdi className="truncate">{nameOf(record)}</bdi>
                </Link>
              </Td>
              {shown.map((field) => (
                <Td key={field.name} className="max-w-48 truncate">
                  <FieldValue field={field} record={record} />
                </Td>
              ))}
              <Td className="text-xs whitespace-nowrap text-muted">{ago(record.updated_at, Date.now())}</Td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

export function FieldValue({ field, record }: { field: EntityField; record: CrmRecord }) {
  const t = useText();
  const value = record[field.name];
  if (value === null || value === undefined || value === "") return <span className="text-muted">—</span>;
  if (field.kind === "choice") {
    const words: Record<string, string> = t.crm.choice;
    return <Mark>{words[textOf(value)] ?? textOf(value)}</Mark>;
  }
  if (field.kind === "money" && typeof value === "number")
    return <bdi>{money(value, textOf(record.currency) || "SAR")}</bdi>;
  if (field.kind === "boolean") return value ? t.common.yes : t.common.no;
  if (field.kind === "phone" || field.kind === "email") return <bdi dir="ltr">{textOf(value)}</bdi>;
  return <bdi>{textOf(value)}</bdi>;
}
