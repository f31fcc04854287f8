// Settings: what a person prefers, and what the workspace shares.
import { useQuery } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { answer, client } from "../api/client";
import { queryClient, variablesQuery } from "../api/queries";
import type { Json, JsonObject } from "../api/shapes";
import { useText } from "../text";
import { moment, money } from "../text/format";
import { type Calendar, type Language, type Theme, usePreferences } from "../text/preferences";
import { Button, IconButton } from "../ui/button";
import { Segments } from "../ui/choice";
import { Card, Page, PageHeader, TextInput } from "../ui/page";
import { tellError, toast } from "../ui/toast";

export function SettingsPage() {
  const t = useText();
  const s = t.pages.settings;
  const preferences = usePreferences();
  return (
    <Page>
      <PageHeader title={s.title} />
      <Card className="divide-y divide-line">
        <Row label={s.language}>
          <Segments<Language>
            label={s.language}
            value={preferences.language}
            onChange={(language) => preferences.set({ language })}
            options={[
              { value: "en", label: "English" },
              { value: "ar", label: "العربية" },
            ]}
          />
        </Row>
        <Row label={s.theme}>
          <Segments<Theme>
            label={s.theme}
            value={preferences.theme}
            onChange={(theme) => preferences.set({ theme })}
            options={[
              { value: "system", label: s.system },
              { value: "light", label: s.light },
              { value: "dark", label: s.dark },
            ]}
          />
        </Row>
        <Row label={s.digits}>
          <Segments<"latn" | "arab">
            label={s.digits}
            value={preferences.digits}
            onChange={(digits) => preferences.set({ digits })}
            options={[
              { value: "latn", label: s.latin },
              { value: "arab", label: s.arabic },
            ]}
          />
        </Row>
        <Row label={s.calendar}>
          <Segments<Calendar>
            label={s.calendar}
            value={preferences.calendar}
            onChange={(calendar) => preferences.set({ calendar })}
            options={[
              { value: "gregory", label: s.gregorian },
              { value: "hijri", label: s.hijri },
              { value: "both", label: s.both },
            ]}
          />
        </Row>
        <Row label={s.sample}>
          <span className="text-sm text-muted">
            <bdi>{moment(new Date().toISOString())}</bdi> · <bdi>{money(50_000)}</bdi>
          </span>
        </Row>
        <Row label={s.timeZone} text={s.timeZoneText}>
          <span className="code text-xs">{Intl.DateTimeFormat().resolvedOptions().timeZone}</span>
        </Row>
      </Card>
      <Variables />
    </Page>
  );
}

function Row(props: { label: string; text?: string; children: React.ReactNode }) {
  return (
    <div className="flex flex-wrap items-center gap-x-6 gap-y-2 px-4 py-3">
      <div className="min-w-40 flex-1">
        <p className="text-sm font-medium">{props.label}</p>
        {props.text && <p className="max-w-md text-xs text-muted">{props.text}</p>}
      </div>
      {props.children}
    </div>
  );
}

interface Variable {
  id: number;
  name: string;
  value: string;
}

/** What was typed: JSON where it reads as JSON, else text. */
function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function Variables() {
  const t = useText();
  const s = t.pages.settings;
  const stored = useQuery(variablesQuery);
  const [rows, setRows] = useState<Variable[]>([]);
  useEffect(() => {
    const entries = Object.entries(stored.data ?? {});
    setRows(
      entries.map(([name, value], id) => ({
        id,
        name,
        value: typeof value === "string" ? value : JSON.stringify(value),
      })),
    );
  }, [stored.data]);

  const save = async () => {
    const body: JsonObject = Object.fromEntries(
      rows.filter((row) => row.name.trim()).map((row) => [row.name.trim(), parse(row.value)]),
    );
    try {
      queryClient.setQueryData(
        variablesQuery.queryKey,
        await answer<JsonObject>(client.PUT("/api/v1/variables", { body: body as Record<string, unknown> })),
      );
      toast(s.saved);
    } catch (error) {
      tellError(error);
    }
  };
  const change = (id: number, part: Partial<Variable>) =>
    setRows(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));

  return (
    <Card className="p-4">
      <h2 className="font-semibold">{s.variables}</h2>
      <p className="mb-3 text-xs text-muted">{s.variablesText}</p>
      <div className="flex flex-col gap-2">
        {rows.map((row) => (
          <div key={row.id} className="flex gap-2">
            <TextInput
              aria-label={t.common.name}
              dir="ltr"
              className="max-w-52 font-mono"
              value={row.name}
              onChange={(event) => change(row.id, { name: event.target.value })}
            />
            <TextInput
              aria-label={s.value}
              value={row.value}
              onChange={(event) => change(row.id, { value: event.target.value })}
            />
            <IconButton
              icon={Trash2}
              label={t.common.remove}
              onClick={() => setRows(rows.filter((other) => other.id !== row.id))}
            />
          </div>
        ))}
      </div>
      <div className="mt-3 flex gap-2">
        <Button
          icon={Plus}
          onClick={() =>
            setRows([...rows, { id: Math.max(0, ...rows.map((row) => row.id)) + 1, name: "", value: "" }])
          }
        >
          {s.addVariable}
        </Button>
        <Button look="solid" onClick={() => void save()}>
          {t.common.save}
        </Button>
      </div>
    </Card>
  );
}
