// The board: records in columns by stage, moved by drag, by menu or by keys. A move that the server
// refuses takes the card back.
import { Link } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import type { CrmRecord } from "../api/shapes";
import { useText } from "../text";
import { money, number } from "../text/format";
import { useDirection } from "../text/preferences";
import { announce } from "../ui/announce";
import { IconButton } from "../ui/button";
import { cx } from "../ui/cx";
import { Menu } from "../ui/menu";
import { tellError } from "../ui/toast";
import { changeRecord, nameOf, textOf } from "./model";

const CARD = "application/x-masar-record";

export function Board({
  records,
  field,
  columns,
}: {
  records: CrmRecord[];
  field: string;
  columns: string[];
}) {
  const t = useText();
  // Where cards are going, until the server has said yes.
  const [going, setGoing] = useState<Record<string, string>>({});
  const [over, setOver] = useState<string | null>(null);
  const words: Record<string, string> = t.crm.choice;
  const stageOf = (record: CrmRecord) => going[record.id] ?? textOf(record[field]);

  const move = async (id: string, to: string) => {
    const record = records.find((one) => one.id === id);
    if (!record || stageOf(record) === to || !columns.includes(to)) return;
    setGoing((old) => ({ ...old, [id]: to }));
    try {
      await changeRecord(record, { [field]: to });
      announce(t.crm.moved(nameOf(record), words[to] ?? to));
    } catch (error) {
      tellError(error);
    } finally {
      setGoing(({ [id]: _done, ...rest }) => rest);
    }
  };

  return (
    <div className="scroll flex min-h-0 flex-1 gap-3 pb-2">
      {columns.map((column) => {
        const list = records.filter((record) => stageOf(record) === column);
        const sum = list.reduce((total, record) => total + Number(record.amount ?? record.budget ?? 0), 0);
        return (
          <section
            key={column}
            aria-label={words[column] ?? column}
            onDragOver={(event) => {
              if (!event.dataTransfer.types.includes(CARD)) return;
              event.preventDefault();
              setOver(column);
            }}
            onDragLeave={() => setOver(null)}
            onDrop={(event) => {
              setOver(null);
              void move(event.dataTransfer.getData(CARD), column);
            }}
            className={cx(
              "flex min-w-52 max-w-80 flex-1 flex-col rounded-xl border bg-sunken",
              over === column ? "border-accent" : "border-line",
            )}
          >
            <header className="flex items-center gap-2 px-3 py-2.5">
              <h2 className="min-w-0 flex-1 truncate text-xs font-semibold">{words[column] ?? column}</h2>
              <span className="text-2xs text-muted">{number(list.length)}</span>
              {sum > 0 && <bdi className="text-2xs text-muted">{money(sum)}</bdi>}
            </header>
            <ul className="scroll flex min-h-16 flex-1 flex-col gap-2 px-2 pb-2">
              {list.map((record) => (
                <BoardCard
                  key={record.id}
                  record={record}
                  column={column}
                  columns={columns}
                  words={words}
                  onMove={(to) => void move(record.id, to)}
                />
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

function BoardCard(props: {
  record: CrmRecord;
  column: string;
  columns: string[];
  words: Record<string, string>;
  onMove: (to: string) => void;
}) {
  const t = useText();
  const direction = useDirection();
  const { record, column, columns, words } = props;
  const onKeyDown = (event: KeyboardEvent) => {
    if (!event.altKey || !event.key.startsWith("Arrow")) return;
    const forward = direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const step = event.key === forward ? 1 : event.key === "ArrowUp" || event.key === "ArrowDown" ? 0 : -1;
    const to = columns[columns.indexOf(column) + step];
    if (to && step !== 0) {
      event.preventDefault();
      props.onMove(to);
    }
  };
  const amount = record.amount ?? record.budget;
  return (
    <li
      draggable
      data-record={record.id}
      onDragStart={(event) => event.dataTransfer.setData(CARD, record.id)}
      onKeyDown={onKeyDown}
      className="group flex cursor-grab items-start gap-1 rounded-lg border border-line bg-surface p-2.5 shadow-card active:cursor-grabbing"
    >
      <Link
        to="/crm/$entity/$record"
        params={{ entity: record.entity, record: record.id }}
        draggable={false}
        className="min-w-0 flex-1"
      >
        <bdi className="aligned block truncate text-sm font-medium">{nameOf(record)}</bdi>
        {record.name && record.title ? (
          <bdi className="aligned block truncate text-2xs text-muted">{textOf(record.name)}</bdi>
        ) : null}
        <span className="mt-1 flex items-center gap-2 text-2xs text-muted">
          {typeof amount === "number" && (
            <bdi className="font-medium text-ink">{money(amount, textOf(record.currency) || "SAR")}</bdi>
          )}
          {record.owner ? <bdi className="truncate">{textOf(record.owner)}</bdi> : null}
        </span>
      </Link>
      <Menu
        trigger={<IconButton icon={Ellipsis} size="sm" label={`${t.crm.moveTo}: ${nameOf(record)}`} />}
        entries={columns
          .filter((to) => to !== column)
          .map((to) => ({
            id: to,
            label: `${t.crm.moveTo} ${words[to] ?? to}`,
            run: () => props.onMove(to),
          }))}
      />
    </li>
  );
}
