// One run, replayed on the canvas of its own version: a scrubber over the journal, the steps with
// their data, and what can be done about it. The address holds run, step and position.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Ban, ChevronLeft, Link2, Pencil, Play, RotateCw, ShieldCheck } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { answer, client } from "../api/client";
import { manifestsQuery, runQuery, versionQuery, workflowQuery } from "../api/queries";
import { useMay } from "../api/session";
import type { WorkflowFile } from "../api/shapes";
import { resetEditor, select, soleSelection, useEditor } from "../canvas/editor-state";
import { FlowCanvas } from "../canvas/flow-canvas";
import { centreOn } from "../canvas/viewport";
import { openDraft } from "../graph/draft";
import { useText } from "../text";
import { exact, number, span } from "../text/format";
import { Button, IconButton } from "../ui/button";
import { Failed, Loading, Mark, Page } from "../ui/page";
import { tellError, toast } from "../ui/toast";
import { RerunDialog } from "./rerun-dialog";
import { hideRun, moveTo, showRun, useShownRun } from "./run-store";
import { Scrubber } from "./scrubber";
import { RunStatusMark } from "./status";
import { StepDetail } from "./step-detail";
import { StepList } from "./step-list";

const route = getRouteApi("/runs/$run");

export function RunPage() {
  const { run } = route.useParams();
  const detail = useQuery(runQuery(run));
  const manifests = useQuery(manifestsQuery);
  if (detail.isError)
    return (
      <Page>
        <Failed error={detail.error} retry={() => void detail.refetch()} />
      </Page>
    );
  if (!detail.data || !manifests.data)
    return (
      <Page>
        <Loading />
      </Page>
    );
  return <WithVersion key={run} run={run} workflow={detail.data.workflow} version={detail.data.version} />;
}

/** The file the run ran on; a deleted workflow's run is still readable, without its drawing. */
function WithVersion({ run, workflow, version }: { run: string; workflow: string; version: number }) {
  const body = useQuery({ ...versionQuery(workflow, version), retry: false });
  const view = useQuery({ ...workflowQuery(workflow), retry: false });
  if (body.isPending)
    return (
      <Page>
        <Loading />
      </Page>
    );
  const read = body.data?.body;
  const file: WorkflowFile = {
    ...read,
    format: read?.format ?? 1,
    name: read?.name ?? "",
    nodes: read?.nodes ?? [],
    edges: read?.edges ?? [],
  };
  return (
    <Replay
      run={run}
      file={file}
      name={view.data?.name ?? file.name}
      workflow={view.data ? workflow : null}
    />
  );
}

function Replay({
  run,
  file: given,
  name,
  workflow,
}: {
  run: string;
  file: WorkflowFile;
  name: string;
  workflow: string | null;
}) {
  const search = route.useSearch();
  const navigate = useNavigate();
  // One object for the life of the page, so that the canvas is laid out once.
  const [file] = useState(given);
  const { view, at, atEnd } = useShownRun();
  const selected = useEditor(soleSelection);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the run is opened once, at the address's position
  useEffect(() => {
    resetEditor();
    useEditor.setState({ side: null });
    openDraft("", file);
    void showRun(run).then(() => {
      if (search.seq !== undefined) moveTo(search.seq);
      const { view: now } = useShownRun.getState();
      const wanted =
        search.step ?? now?.failedStep ?? now?.steps.find((step) => step.state === "failed")?.step;
      const node = file.nodes.find((other) => other.key === wanted?.slice(wanted.lastIndexOf(".") + 1));
      if (node) {
        select([node.id]);
        // Where the whole would be too small to read, the view goes to the step.
        setTimeout(() => centreOn(node.id), 150);
      }
    }, tellError);
    return () => {
      hideRun();
      resetEditor();
    };
  }, [run]);

  const key = file.nodes.find((node) => node.id === selected)?.key;
  useEffect(() => {
    const timer = setTimeout(() => {
      void navigate({
        to: "/runs/$run",
        params: { run },
        search: { seq: atEnd ? undefined : at, step: key },
        replace: true,
      });
    }, 250);
    return () => clearTimeout(timer);
  }, [at, atEnd, key, navigate, run]);

  return (
    <div className="flex h-full flex-col">
      <RunHeader run={run} file={file} name={name} workflow={workflow} failedAt={view?.failedStep ?? null} />
      <div className="flex min-h-0 flex-1 max-md:flex-col">
        <div className="flex min-w-0 flex-1 flex-col">
          <div className="relative min-h-0 flex-1 max-md:hidden">
            <FlowCanvas file={file} editable={false} />
          </div>
          <Scrubber />
        </div>
        <div className="flex w-[clamp(320px,34vw,460px)] shrink-0 flex-col border-s border-line bg-surface max-md:min-h-0 max-md:w-full max-md:flex-1">
          <StepList file={file} />
          <StepDetail file={file} run={run} />
        </div>
      </div>
    </div>
  );
}

function RunHeader(props: {
  run: string;
  file: WorkflowFile;
  name: string;
  workflow: string | null;
  failedAt: string | null;
}) {
  const t = useText();
  const may = useMay("run.act");
  const { detail, view } = useShownRun();
  const [rerunning, setRerunning] = useState(false);
  const [verdict, setVerdict] = useState<boolean | null>(null);
  const status = detail?.ended_at ? detail.status : (view?.status ?? detail?.status);
  const path = { params: { path: { run: props.run } } };
  const act = (call: Promise<unknown>, done: string) =>
    void call.then(() => {
      toast(done);
      void showRun(props.run);
    }, tellError);
  const took = useMemo(
    () =>
      detail?.ended_at ? span((Date.parse(detail.ended_at) - Date.parse(detail.accepted_at)) * 1000) : null,
    [detail],
  );
  const failed = view?.steps.find((step) => step.state === "failed");

  return (
    <header className="flex min-h-13 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-surface px-3 py-1.5">
      <Link
        to="/runs"
        aria-label={t.runs.title}
        className="grid size-8 place-items-center rounded-md hover:bg-ink/5"
      >
        <ChevronLeft aria-hidden className="mirror size-4 text-muted" />
      </Link>
      <div className="min-w-0 flex-1">
        <h1 className="flex items-center gap-2 text-sm font-semibold">
          <bdi className="truncate">{props.name}</bdi>
          {status && <RunStatusMark status={status} />}
          {detail?.test && <Mark>{t.runs.test}</Mark>}
        </h1>
        {detail && (
          <p className="flex flex-wrap gap-x-2 text-2xs text-muted">
            <span>{exact(detail.accepted_at)}</span>
            {took && <span>· {took}</span>}
            {detail.version > 0 && (
              <span>
                · {t.runs.version} {number(detail.version)}
              </span>
            )}
            <span>
              · <span className="code">{detail.subject ?? detail.event_type}</span>
            </span>
            {detail.replay_of && (
              <Link to="/runs/$run" params={{ run: detail.replay_of }} className="underline">
                {t.runs.replayOf} …{detail.replay_of.slice(-6)}
              </Link>
            )}
          </p>
        )}
      </div>
      <IconButton
        icon={ShieldCheck}
        label={verdict === null ? t.runs.verify.check : verdict ? t.runs.verify.intact : t.runs.verify.broken}
        active={verdict ?? undefined}
        onClick={() =>
          void answer<{ intact: boolean }>(client.GET("/api/v1/runs/{run}/verify", path)).then(
            ({ intact }) => {
              setVerdict(intact);
              toast(intact ? t.runs.verify.intact : t.runs.verify.broken, { bad: !intact });
            },
            tellError,
          )
        }
      />
      <IconButton
        icon={Link2}
        label={t.runs.share}
        onClick={() =>
          void navigator.clipboard
            .writeText(window.location.href)
            .then(() => toast(t.common.copied), tellError)
        }
      />
      {props.workflow && (
        <Link
          to="/workflows/$workflow"
          params={{ workflow: props.workflow }}
          search={{ node: failed?.key, run: props.run }}
          className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line-strong bg-surface px-3 text-sm hover:bg-sunken"
        >
          <Pencil aria-hidden className="size-4" />
          <span className="max-lg:sr-only">{t.runs.openEditor}</span>
        </Link>
      )}
      {may && status && ["queued", "running", "waiting", "in_doubt"].includes(status) && (
        <Button
          icon={Ban}
          onClick={() => act(client.POST("/api/v1/runs/{run}/cancel", path), t.runs.cancelled)}
        >
          {t.runs.cancelRun}
        </Button>
      )}
      {may && props.workflow && (
        <Button icon={Play} onClick={() => setRerunning(true)}>
          {t.runs.rerun}
        </Button>
      )}
      {may && status === "failed" && !detail?.test && (
        <Button
          look="solid"
          icon={RotateCw}
          onClick={() => act(client.POST("/api/v1/runs/{run}/retry", path), t.runs.sentAgain)}
        >
          {t.runs.retryFrom}
        </Button>
      )}
      {rerunning && (
        <RerunDialog
          run={props.run}
          file={props.file}
          from={failed?.key ?? null}
          onClose={() => setRerunning(false)}
        />
      )}
    </header>
  );
}
