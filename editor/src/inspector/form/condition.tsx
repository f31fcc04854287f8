// The condition builder: rows of value, comparison, value; all or any of them; groups inside groups.
import { Plus, Trash2 } from "lucide-react";
import type { FieldSchema, Json, JsonObject } from "../../api/shapes";
import { useText } from "../../text";
import { OPERATORS } from "../../text/operators";
import { usePreferences } from "../../text/preferences";
import { Button, IconButton } from "../../ui/button";
import { Segments, Select, Tick } from "../../ui/choice";
import { TextInput } from "../../ui/page";
import { modeOf } from "../mapping";
import { FieldProblems, ModeSwitch, ValueInput } from "./field";
import { type FieldPath, useForm } from "./form-context";
import { Verdict } from "./preview";

type Change = (value: Json | undefined) => void;
const plain: FieldSchema = { "x-field": "text" };

interface Group {
  how: "all" | "any";
  rows: Json[];
}

function asGroup(value: Json | undefined): Group {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    if (Array.isArray(value.any)) return { how: "any", rows: value.any };
    if (Array.isArray(value.all)) return { how: "all", rows: value.all };
    if ("operator" in value) return { how: "all", rows: [value] };
  }
  return { how: "all", rows: [] };
}

const isGroup = (row: Json): boolean =>
  typeof row === "object" && row !== null && !Array.isArray(row) && ("all" in row || "any" in row);

export function ConditionField({
  value,
  path,
  onChange,
}: {
  value: Json | undefined;
  path: FieldPath;
  onChange: Change;
}) {
  const { scope } = useForm();
  const group = asGroup(value);
  return (
    <>
      <GroupEditor group={group} path={path} onChange={onChange} depth={0} />
      {value !== undefined && group.rows.length > 0 && <Verdict condition={value} scope={scope} />}
    </>
  );
}

function GroupEditor({
  group,
  path,
  onChange,
  depth,
}: {
  group: Group;
  path: FieldPath;
  onChange: Change;
  depth: number;
}) {
  const t = useText().inspector.condition;
  const { how, rows } = group;
  const put = (next: Json[], as = how) => onChange({ [as]: next });
  const set = (index: number, row: Json | undefined) =>
    put(
      row === undefined
        ? rows.filter((_row, at) => at !== index)
        : rows.map((old, at) => (at === index ? row : old)),
    );
  return (
    <div className={depth > 0 ? "rounded-lg border border-dashed border-line-strong p-2" : ""}>
      {rows.length > 1 && (
        <div className="mb-2 flex items-center gap-2 text-xs">
          <span className="text-muted">{t.if}</span>
          <Segments
            small
            label={t.if}
            value={how}
            onChange={(as) => put(rows, as)}
            options={[
              { value: "all", label: t.all },
              { value: "any", label: t.any },
            ]}
          />
        </div>
      )}
      <div className="flex flex-col gap-2">
        {rows.map((row, index) => {
          const inner = [...path, how, index];
          // Rows have no identity but their place.
          const key = `${how} ${index}`;
          return isGroup(row) ? (
            <GroupEditor
              key={key}
              group={asGroup(row)}
              path={inner}
              depth={depth + 1}
              onChange={(next) => set(index, asGroup(next).rows.length > 0 ? next : undefined)}
            />
          ) : (
            <Row key={key} row={row as JsonObject} path={inner} onChange={(next) => set(index, next)} />
          );
        })}
        {rows.length === 0 && <p className="text-2xs text-muted">{t.empty}</p>}
      </div>
      <div className="mt-2 flex gap-2">
        <Button
          size="sm"
          icon={Plus}
          onClick={() => put([...rows, { value: { $expr: "" }, operator: "equals", to: "" }])}
        >
          {t.add}
        </Button>
        {depth < 2 && rows.length > 0 && (
          <Button
            size="sm"
            look="plain"
            onClick={() => put([...rows, { any: [{ value: { $expr: "" }, operator: "equals", to: "" }] }])}
          >
            {t.addGroup}
          </Button>
        )}
      </div>
    </div>
  );
}

function Row({ row, path, onChange }: { row: JsonObject; path: FieldPath; onChange: Change }) {
  const t = useText();
  const c = t.inspector.condition;
  const language = usePreferences((preferences) => preferences.language);
  const operator = OPERATORS.find((one) => one.name === row.operator) ?? OPERATORS[0];
  const set = (part: JsonObject) => onChange({ ...row, ...part });
  const choose = (name: string) => {
    const next = OPERATORS.find((one) => one.name === name);
    const { to: _to, ...rest } = row;
    if (next?.takes === "nothing") onChange({ ...rest, operator: name });
    else if (next?.takes === operator.takes) set({ operator: name });
    else onChange({ ...rest, operator: name, to: next?.takes === "value" ? "" : [] });
  };
  return (
    <div
      data-path={path.join(".")}
      className="flex flex-col gap-1.5 rounded-lg border border-line bg-sunken p-2"
    >
      <div className="flex items-center gap-1.5">
        <span className="flex-1 text-2xs text-muted">{c.left}</span>
        <ModeSwitch schema={plain} value={row.value} onChange={(value) => set({ value: value ?? "" })} />
        <IconButton icon={Trash2} size="sm" label={t.common.remove} onClick={() => onChange(undefined)} />
      </div>
      <ValueInput
        schema={plain}
        value={row.value}
        path={[...path, "value"]}
        label={c.left}
        onChange={(value) => set({ value: value ?? "" })}
      />
      <Select
        label={c.operator}
        value={operator.name}
        onChange={choose}
        options={OPERATORS.map((one) => ({ value: one.name, label: one[language] }))}
      />
      {operator.takes !== "nothing" && (
        <>
          <div className="flex items-center gap-1.5">
            <span className="flex-1 text-2xs text-muted">{c.right}</span>
            <ModeSwitch schema={plain} value={row.to} onChange={(to) => set({ to: to ?? "" })} />
          </div>
          <RightSide row={row} path={path} takes={operator.takes} onChange={(to) => set({ to: to ?? "" })} />
        </>
      )}
      {operator.folds && (
        <Tick
          checked={row.fold === true}
          onChange={(fold) => {
            const { fold: _fold, ...rest } = row;
            onChange(fold ? { ...rest, fold: true } : rest);
          }}
          label={<span className="text-xs text-muted">{c.fold}</span>}
        />
      )}
      <FieldProblems path={path} />
      <FieldProblems path={[...path, "value"]} />
      <FieldProblems path={[...path, "to"]} />
    </div>
  );
}

/** Typed values become numbers where they read as numbers: "50000" is meant as one. */
export function literal(text: string): Json {
  const western = text.replace(/[٠-٩]/g, (digit) => String("٠١٢٣٤٥٦٧٨٩".indexOf(digit)));
  const bare = western.replace(/(?<=\d)[,٬](?=\d{3}\b)/g, "");
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(bare.trim()) ? Number(bare) : text;
}

function RightSide({
  row,
  path,
  takes,
  onChange,
}: {
  row: JsonObject;
  path: FieldPath;
  takes: "value" | "list" | "two" | "nothing";
  onChange: Change;
}) {
  const t = useText().inspector.condition;
  if (modeOf(row.to) !== "fixed") {
    return (
      <ValueInput schema={plain} value={row.to} path={[...path, "to"]} label={t.right} onChange={onChange} />
    );
  }
  if (takes === "value") {
    return (
      <ValueInput
        schema={plain}
        value={typeof row.to === "number" ? String(row.to) : row.to}
        path={[...path, "to"]}
        label={t.right}
        onChange={(value) => onChange(typeof value === "string" ? literal(value) : value)}
      />
    );
  }
  const list = Array.isArray(row.to) ? row.to : [];
  if (takes === "two") {
    return (
      <div className="flex items-center gap-2">
        {[0, 1].map((index) => (
          <TextInput
            key={index}
            type="number"
            dir="ltr"
            aria-label={t.right}
            value={typeof list[index] === "number" ? list[index] : ""}
            onChange={(event) => {
              const next = [list[0] ?? 0, list[1] ?? 0];
              next[index] = Number(event.target.value);
              onChange(next);
            }}
          />
        ))}
      </div>
    );
  }
  return (
    <TextInput
      aria-label={t.right}
      placeholder={t.list}
      defaultValue={list.join("، ")}
      onBlur={(event) =>
        onChange(
          event.target.value
            .split(/[,،]/)
            .map((entry) => literal(entry.trim()))
            .filter((entry) => entry !== ""),
        )
      }
    />
  );
}
