// The node catalogue: what every node type does, takes and gives, with worked examples; and the
// helper functions of expressions.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { functionsQuery, manifestsQuery } from "../api/queries";
import type { FieldSchema, Manifest } from "../api/shapes";
import { wordsOf } from "../canvas/palette";
import { CATEGORIES, categoryOf, portLabel, portsOf } from "../graph/catalogue";
import { useFieldText } from "../inspector/form/field";
import { useSpoken, useText } from "../text";
import { fold, number } from "../text/format";
import { cx } from "../ui/cx";
import { NamedIcon } from "../ui/icon";
import { JsonView } from "../ui/json-view";
import { Card, Failed, Loading, Mark, Page, PageHeader, TextInput } from "../ui/page";

const route = getRouteApi("/nodes");
const FUNCTIONS = "functions";

export function CataloguePage() {
  const t = useText();
  const c = t.pages.catalogue;
  const spoken = useSpoken();
  const search = route.useSearch();
  const navigate = useNavigate();
  const manifests = useQuery(manifestsQuery);
  const [query, setQuery] = useState("");
  const found = useMemo(() => {
    const words = fold(query).split(/\s+/).filter(Boolean);
    return (manifests.data ?? []).filter((one) => words.every((word) => fold(wordsOf(one)).includes(word)));
  }, [manifests.data, query]);
  if (manifests.isPending)
    return (
      <Page>
        <Loading />
      </Page>
    );
  if (manifests.isError)
    return (
      <Page>
        <Failed error={manifests.error} />
      </Page>
    );
  const chosen =
    manifests.data.find((one) => one.type === search.type) ?? (search.type === FUNCTIONS ? null : found[0]);
  const go = (type: string) => void navigate({ to: "/nodes", search: { type } });
  return (
    <Page wide>
      <PageHeader title={c.title} lead={c.lead} />
      <div className="grid items-start gap-6 lg:grid-cols-[260px_minmax(0,1fr)]">
        <nav aria-label={c.title} className="flex flex-col gap-1">
          <TextInput
            type="search"
            aria-label={t.canvas.palette.search}
            placeholder={t.canvas.palette.search}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            className="mb-2"
          />
          {CATEGORIES.map((category) => {
            const list = found.filter((one) => categoryOf(one.type) === category);
            if (list.length === 0) return null;
            return (
              <div key={category} className="mb-2">
                <p className="px-2 py-1 text-2xs font-medium text-muted">
                  {t.canvas.palette.category[category]}
                </p>
                {list.map((one) => (
                  <button
                    key={one.type}
                    type="button"
                    aria-current={one === chosen}
                    onClick={() => go(one.type)}
                    className={cx(
                      "flex min-h-8 w-full items-center gap-2.5 rounded-md px-2 text-start text-sm",
                      one === chosen ? "bg-accent-soft font-medium" : "hover:bg-ink/5",
                    )}
                  >
                    <NamedIcon
                      name={one.icon}
                      className="size-4 shrink-0"
                      style={{ color: `var(--cat-${category})` }}
                    />
                    <span className="truncate">{spoken(one.texts).name}</span>
                  </button>
                ))}
              </div>
            );
          })}
          <button
            type="button"
            aria-current={chosen === null}
            onClick={() => go(FUNCTIONS)}
            className={cx(
              "flex min-h-8 items-center rounded-md px-2 text-sm",
              chosen === null ? "bg-accent-soft font-medium" : "hover:bg-ink/5",
            )}
          >
            {c.functions}
          </button>
        </nav>
        {chosen === null ? (
          <Functions />
        ) : chosen ? (
          <NodePage manifest={chosen} />
        ) : (
          <p className="text-sm text-muted">{t.common.nothingFound}</p>
        )}
      </div>
    </Page>
  );
}

function NodePage({ manifest }: { manifest: Manifest }) {
  const t = useText();
  const c = t.pages.catalogue;
  const spoken = useSpoken();
  const { name, summary } = spoken(manifest.texts);
  const properties = Object.entries(manifest.parameters.properties ?? {}).sort(
    ([, a], [, b]) => (a["x-order"] ?? 99) - (b["x-order"] ?? 99),
  );
  const required = new Set(manifest.parameters.required ?? []);
  const ports = portsOf({ parameters: {} }, manifest);
  return (
    <article className="flex min-w-0 flex-col gap-5">
      <header className="flex items-start gap-4">
        <span
          className="grid size-12 shrink-0 place-items-center rounded-xl"
          style={{
            color: `var(--cat-${categoryOf(manifest.type)})`,
            background: `color-mix(in srgb, var(--cat-${categoryOf(manifest.type)}) 13%, transparent)`,
          }}
        >
          <NamedIcon name={manifest.icon} className="size-6" />
        </span>
        <div className="min-w-0">
          <h2 className="text-lg font-semibold">{name}</h2>
          <p className="text-sm text-muted">{summary}</p>
          <div className="mt-2 flex flex-wrap gap-1.5">
            <Mark>
              <span className="code">{manifest.type}</span>
            </Mark>
            <Mark>
              {c.version} {number(manifest.version)}
            </Mark>
            <Mark tone={manifest.effect === "external" ? "warn" : "quiet"}>{c.effects[manifest.effect]}</Mark>
          </div>
        </div>
      </header>
      {properties.length > 0 && (
        <Card className="p-4">
          <h3 className="mb-2 text-sm font-semibold">{c.parameters}</h3>
          <dl className="divide-y divide-line">
            {properties.map(([field, schema]) => (
              <Parameter key={field} name={field} schema={schema} required={required.has(field)} />
            ))}
          </dl>
        </Card>
      )}
      {ports.length > 0 && (
        <Card className="p-4">
          <h3 className="mb-2 text-sm font-semibold">{c.outputs}</h3>
          <div className="flex flex-wrap gap-2">
            {ports.map((port) => (
              <Mark key={port} tone={port === "error" ? "bad" : "quiet"}>
                {portLabel(port, t)} <span className="code">{port}</span>
              </Mark>
            ))}
          </div>
        </Card>
      )}
      {manifest.examples.length > 0 && (
        <section className="flex flex-col gap-3">
          <h3 className="text-sm font-semibold">{c.examples}</h3>
          {manifest.examples.map((example) => (
            <Card key={example.title} className="p-4">
              <p lang="en" dir="ltr" className="aligned mb-2 text-sm">
                {example.title}
              </p>
              <div className="grid gap-3 md:grid-cols-2">
                <JsonView value={example.parameters} className="max-h-72" />
                {example.output !== undefined && example.output !== null && (
                  <div>
                    <p className="mb-1 text-2xs text-muted">{c.gives}</p>
                    <JsonView value={example.output} className="max-h-64" />
                  </div>
                )}
              </div>
            </Card>
          ))}
        </section>
      )}
    </article>
  );
}

function Parameter({ name, schema, required }: { name: string; schema: FieldSchema; required: boolean }) {
  const t = useText();
  const { label, help } = useFieldText(schema, name);
  return (
    <div className="grid gap-x-4 py-2 sm:grid-cols-[220px_minmax(0,1fr)]">
      <dt className="text-sm font-medium">
        {label} <span className="code text-2xs text-muted">{name}</span>
        {required && <span className="text-2xs text-bad"> {t.common.required}</span>}
      </dt>
      <dd className="text-sm text-muted">{help}</dd>
    </div>
  );
}

function Functions() {
  const c = useText().pages.catalogue;
  const spoken = useSpoken();
  const functions = useQuery(functionsQuery).data ?? [];
  return (
    <Card className="p-4">
      <h2 className="mb-2 text-sm font-semibold">{c.functions}</h2>
      <dl className="divide-y divide-line">
        {functions.map((one) => (
          <div key={one.name} className="grid gap-x-4 py-2 md:grid-cols-[minmax(0,280px)_minmax(0,1fr)]">
            <dt className="code aligned text-xs font-medium">{one.signature}</dt>
            <dd className="text-sm text-muted">
              {spoken(one)}
              {one.examples[0] && (
                <span className="code aligned block text-2xs">
                  {one.examples[0].expression} → {one.examples[0].result}
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
